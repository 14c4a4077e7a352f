"""How a training goes: a frozen dataclass, written into the run folder as TOML, which repeats the run."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints

from inkread.errors import UsageError, did_you_mean
from inkread.training.augment import Augmentation

__all__ = ["PRECISIONS", "Config", "config_from", "read_config"]

PRECISIONS = ("auto", "float32", "mixed_bfloat16")
# Of the augmentation: beyond it a picture has no size, the pen has no more to gain, a share is none.
_MOST = {"zoom": 0.9, "stretch": 0.9, "stroke": 2, "erase": 1, "neighbours": 1}


@dataclass(frozen=True, slots=True)
class Config:
    """One training.

    Attributes:
        epochs: Passes over the training pictures.
        batch_size: Pictures per step.
        learning_rate: The peak of the one-cycle schedule (Smith and Topin 2018).
        warmup: Share of the steps until the peak.
        weight_decay: Decoupled, of AdamW and Muon alike.
        label_smoothing: Share of the target spread over all classes (Szegedy et al. 2016).
        validation: Training pictures held out, as a share below 1 or as a count, to calibrate and to judge by.
        seed: Of everything random, but for the split.
        split_seed: Of the choice of the validation pictures.
        precision: "auto" is mixed bfloat16 where the processor has it, else float32.
        redrawn: How many doubles `styles.restyle` draws of each training picture, 0.4 of four in ten; a picture that
            has one is shown itself half of the time. Digits only.
        photographed: Share of the doubles that go over paper and camera and the whole preprocessing.
        augmentation: How each picture is changed each time it is shown.
    """

    epochs: int = 10
    batch_size: int = 256
    learning_rate: float = 0.008
    warmup: float = 0.2
    weight_decay: float = 0.01
    label_smoothing: float = 0.05
    validation: float = 1 / 12
    seed: int = 0
    split_seed: int = 0
    precision: str = "auto"
    redrawn: float = 0.0
    photographed: float = 0.0
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        """Refuse what cannot be trained, all faults at once."""
        faults = _out_of_range({f.name: getattr(self, f.name) for f in fields(self)})
        if faults:
            raise UsageError("Expected another configuration:\n  " + "\n  ".join(faults))

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as JSON and TOML values."""
        return asdict(self)

    def to_toml(self) -> str:
        """Return the configuration as TOML."""
        flat = {k: v for k, v in self.to_dict().items() if k != "augmentation"}
        lines = [f"{key} = {_toml(value)}" for key, value in flat.items()]
        lines += ["", "[augmentation]", *(f"{k} = {_toml(v)}" for k, v in asdict(self.augmentation).items())]
        return "\n".join(lines) + "\n"


def _out_of_range(config: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the values of a configuration whose types are right."""
    rules = {
        "epochs: a whole number from 1": config["epochs"] >= 1,
        "batch_size: a whole number from 1": config["batch_size"] >= 1,
        "learning_rate: above 0": config["learning_rate"] > 0,
        "warmup: 0 or more and below 1": 0 <= config["warmup"] < 1,
        "weight_decay: 0 or more": config["weight_decay"] >= 0,
        "label_smoothing: 0 or more and below 1": 0 <= config["label_smoothing"] < 1,
        "validation: a share below 1 or a count, above 0": config["validation"] > 0,
        "seed: 0 or more": config["seed"] >= 0,
        "split_seed: 0 or more": config["split_seed"] >= 0,
        f"precision: one of {', '.join(PRECISIONS)}": config["precision"] in PRECISIONS,
        "redrawn: from 0 to 20": 0 <= config["redrawn"] <= 20,
        "photographed: a share from 0 to 1": 0 <= config["photographed"] <= 1,
    }
    faults = [f"{rule} (got {config[rule.split(':')[0]]!r})" for rule, kept in rules.items() if not kept]
    for f in fields(Augmentation):
        value, most = getattr(config["augmentation"], f.name), _MOST.get(f.name)
        if not (0 <= value < math.inf and (most is None or value <= most)):
            rule = "0 or more" if most is None else f"from 0 to {most}"
            faults.append(f"augmentation.{f.name}: {rule} (got {value!r})")
    return faults


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def read_config(path: Path, base: Config) -> Config:
    """Return `base` with what a TOML file changes of it.

    Raises:
        UsageError: The file cannot be read, or has keys or values that a configuration does not have; all at once.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"Cannot open the configuration {str(path)!r}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"Expected TOML in {str(path)!r}, got something else: {error}.") from error
    return config_from(data, base)


def config_from(changes: Mapping[str, Any], base: Config) -> Config:
    """Return `base` with `changes`, nested as in the TOML.

    Raises:
        UsageError: Unknown keys, values of a wrong type or out of range; all at once.
    """
    faults: list[str] = []
    augmentation = changes.get("augmentation", {})
    if not isinstance(augmentation, Mapping):
        faults.append(f"augmentation: a table (got {augmentation!r})")
        augmentation = {}
    outer = {key: value for key, value in changes.items() if key != "augmentation"}
    top = _checked(outer, Config, "", faults)
    inner = _checked(augmentation, Augmentation, "augmentation.", faults)
    bent = Augmentation(**(asdict(base.augmentation) | inner))
    kept = {f.name: getattr(base, f.name) for f in fields(base)}
    values = kept | top | {"augmentation": bent}
    faults += _out_of_range(values)
    if faults:
        raise UsageError("Expected another configuration:\n  " + "\n  ".join(faults))
    return Config(**values)


def _checked(given: Mapping[str, Any], kind: type, prefix: str, faults: list[str]) -> dict[str, Any]:
    """Return the values of known keys, as the type of their field; note what is wrong with the others."""
    types = {name: hint for name, hint in get_type_hints(kind).items() if name in {f.name for f in fields(kind)}}
    types.pop("augmentation", None)
    values: dict[str, Any] = {}
    for key, value in given.items():
        if key not in types:
            faults.append(f"{prefix}{key}: no such key.{did_you_mean(key, types)}")
        elif types[key] is float and isinstance(value, int) and not isinstance(value, bool):
            values[key] = float(value)
        elif type(value) is not types[key]:
            faults.append(f"{prefix}{key}: {types[key].__name__} (got {value!r})")
        else:
            values[key] = value
    return values
