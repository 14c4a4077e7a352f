"""How a training goes: a frozen dataclass, written into the run folder as TOML, which repeats the run."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, get_type_hints

from inkread.errors import UsageError, did_you_mean
from inkread.training.augment import Augmentation

__all__ = ["KEPT", "OPTIMIZERS", "PRECISIONS", "SCHEDULES", "Config", "config_from", "overridden", "to_toml"]

# Each with the learning rate and the weight decay that are usual for it: what a change of optimizer brings with it.
OPTIMIZERS = {
    "muon": (0.02, 0.01),
    "sgd": (0.05, 0.0),
    "adam": (0.001, 0.0),
    "adamw": (0.002, 0.01),
    "rmsprop": (0.001, 0.0),
}
SCHEDULES = ("constant", "cosine", "one-cycle")
KEPT = ("last", "best")
PRECISIONS = ("auto", "float32", "mixed_bfloat16")
# Of the augmentation: beyond it a picture has no size, the pen has no more to gain, a share is none.
_MOST = {
    "zoom": 0.9,
    "stretch": 0.9,
    "stroke": 2,
    "erase": 1,
    "neighbours": 1,
    "disturbed": 1,
    "flip_horizontal": 1,
    "flip_vertical": 1,
}
_OF_THE_WHOLE = ("seed", "split_seed", "validation", "keep", "patience", "precision", "dropout", "network", "ending")


@dataclass(frozen=True, slots=True)
class Config:
    """One training.

    Attributes:
        epochs: Passes over the training pictures, at most.
        batch_size: Pictures per step.
        optimizer: One of `OPTIMIZERS`: Muon on convolutions with AdamW on the rest (Jordan et al. 2024), SGD with
            momentum, Adam, AdamW, RMSprop.
        learning_rate: The peak of the schedule.
        momentum: Of Muon and SGD, Nesterov's.
        schedule: One of `SCHEDULES`; cosine and one-cycle (Smith and Topin 2018) end at a thousandth of the peak.
        warmup: Share of the steps until the peak; one-cycle's alone.
        weight_decay: Decoupled (Loshchilov and Hutter 2019), for every optimizer.
        dropout: Share of the inputs of the last dense layer that each step leaves out (Srivastava et al. 2014).
        label_smoothing: Share of the target spread over all classes (Szegedy et al. 2016).
        average: Decay per step of the exponential mean of the weights, which then is what counts; 0 for none.
        blend: Share that the trained weights have in what counts; the rest is that of the weights that the training, or
            its ending, began with (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models"). 1 is the trained
            ones alone.
        validation: Training pictures held out, as a share below 1 or as a count, to calibrate and to judge by; 0
            trains on all, and leaves the confidence as the network gives it.
        keep: Which epoch's weights count, the "last" or the "best" by validation accuracy.
        patience: Stop after so many epochs without a better one, and keep the best; 0 never stops.
        seed: Of everything random, but for the split.
        split_seed: Of the choice of the validation pictures.
        precision: "auto" is mixed bfloat16 where the processor has it, else float32.
        redrawn: How many doubles `styles.restyle` draws of each training picture, 0.4 of four in ten; a picture that
            has one is shown itself half of the time. Digits only.
        drawn: Share of the doubles that are drawn from templates of strokes, `templates.draw_digit`.
        photographed: Share of the doubles, and of the non-digits, that go over paper and camera and the whole
            preprocessing.
        non_digits: How many pictures that show no digit are added to each batch, as a share of it; above 0 the network
            learns to tell them. Digits only.
        teacher: Name or path of a model whose probabilities take the labels' place, for pictures that are shown
            themselves and not as a double; it sees them bent but not disturbed. Empty for none.
        augmentation: How each picture is changed each time it is shown.
        ending: How it ends: epochs more, and what is otherwise in them, such as the learning rate, the augmentation and
            the blend; empty for no more. The optimizer and its schedule begin anew with them.
        network: What the recipe's network is built with, by name, where its builder takes more than shape, classes and
            dropout: width and depth of cnn-dropout, for instance.
    """

    epochs: int = 10
    batch_size: int = 256
    optimizer: str = "muon"
    learning_rate: float = 0.008
    momentum: float = 0.9
    schedule: str = "one-cycle"
    warmup: float = 0.2
    weight_decay: float = 0.01
    dropout: float = 0.0
    label_smoothing: float = 0.05
    average: float = 0.0
    blend: float = 1.0
    validation: float = 1 / 12
    keep: str = "last"
    patience: int = 0
    seed: int = 0
    split_seed: int = 0
    precision: str = "auto"
    redrawn: float = 0.0
    drawn: float = 0.0
    photographed: float = 0.0
    non_digits: float = 0.0
    teacher: str = ""
    augmentation: Augmentation = field(default_factory=Augmentation)
    ending: Mapping[str, Any] = field(default_factory=dict)
    network: Mapping[str, float | str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what cannot be trained, all faults at once."""
        _refuse(_out_of_range({f.name: getattr(self, f.name) for f in fields(self)}))
        if self.ending:
            _refuse(_faults_of(self.ending))
            _refuse(_apart(self, self.parts[1]))

    @property
    def parts(self) -> tuple[Config, ...]:
        """The configurations of its parts, one after the other: without an ending it is one."""
        main = replace(self, ending={})
        return (main, config_from(self.ending, replace(main, blend=1.0))) if self.ending else (main,)

    @property
    def all_epochs(self) -> int:
        """The epochs of all parts, at most."""
        return sum(part.epochs for part in self.parts)

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as JSON and TOML values."""
        return asdict(self)

    def to_toml(self) -> str:
        """Return the configuration as TOML."""
        return to_toml(self.to_dict())

    @property
    def keeps_best(self) -> bool:
        """Whether the best epoch's weights count, not the last one's."""
        return self.keep == "best" or self.patience > 0


def to_toml(tables: Mapping[str, Any]) -> str:
    """Return values, and tables of values and tables, as TOML: numbers, texts and truths."""
    return "\n".join(_lines(tables)) + "\n"


def _lines(table: Mapping[str, Any], within: str = "") -> list[str]:
    flat = [f"{key} = {_toml(value)}" for key, value in table.items() if not isinstance(value, Mapping)]
    inner = {f"{within}{key}": value for key, value in table.items() if isinstance(value, Mapping)}
    return [*flat, *(line for name, one in inner.items() for line in (f"\n[{name}]", *_lines(one, f"{name}.")))]


def _out_of_range(config: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the values of a configuration whose types are right."""
    rules = {
        "epochs: a whole number from 1": config["epochs"] >= 1,
        "batch_size: a whole number from 1": config["batch_size"] >= 1,
        "learning_rate: above 0": 0 < config["learning_rate"] < math.inf,
        "momentum: 0 or more and below 1": 0 <= config["momentum"] < 1,
        "warmup: 0 or more and below 1": 0 <= config["warmup"] < 1,
        "weight_decay: 0 or more": 0 <= config["weight_decay"] < math.inf,
        "dropout: 0 or more and below 1": 0 <= config["dropout"] < 1,
        "label_smoothing: 0 or more and below 1": 0 <= config["label_smoothing"] < 1,
        "average: 0 or more and below 1": 0 <= config["average"] < 1,
        "blend: above 0, at most 1": 0 < config["blend"] <= 1,
        "validation: a share below 1 or a count, 0 or more": 0 <= config["validation"] < math.inf,
        "patience: a whole number from 0": config["patience"] >= 0,
        "seed: 0 or more": config["seed"] >= 0,
        "split_seed: 0 or more": config["split_seed"] >= 0,
        "redrawn: from 0 to 20": 0 <= config["redrawn"] <= 20,
        "drawn: a share from 0 to 1": 0 <= config["drawn"] <= 1,
        "photographed: a share from 0 to 1": 0 <= config["photographed"] <= 1,
        "non_digits: a share from 0 to 1": 0 <= config["non_digits"] <= 1,
    }
    faults = [f"{rule} (got {config[rule.split(':')[0]]!r})" for rule, kept in rules.items() if not kept]
    choices = {"optimizer": OPTIMIZERS, "schedule": SCHEDULES, "keep": KEPT, "precision": PRECISIONS}
    for name, known in choices.items():
        if config[name] not in known:
            near = did_you_mean(config[name], known)
            faults.append(f"{name}: one of {', '.join(known)} (got {config[name]!r})" + (f".{near}" if near else ""))
    if config["validation"] == 0 and (config["keep"] == "best" or config["patience"] > 0):
        faults.append("validation: above 0 for keep = 'best' or patience, which judge by it (got 0)")
    for f in fields(Augmentation):
        value, most = getattr(config["augmentation"], f.name), _MOST.get(f.name)
        if not (0 <= value < math.inf and (most is None or value <= most)):
            rule = "0 or more" if most is None else f"from 0 to {most}"
            faults.append(f"augmentation.{f.name}: {rule} (got {value!r})")
    faults += [
        f"network.{key}: a number, a text or a truth (got {value!r})"
        for key, value in config["network"].items()
        if not isinstance(value, (int, float, str))
    ]
    return faults


def _refuse(faults: Sequence[str]) -> None:
    if faults:
        raise UsageError("Expected another configuration:\n  " + "\n  ".join(faults))


def _faults_of(ending: Mapping[str, Any]) -> list[str]:
    """Return what an ending may not change, as it is the whole training's, and what it has to say."""
    whole = [f"ending.{key}: the same as before it, so leave it out" for key in _OF_THE_WHOLE if key in ending]
    return whole if "epochs" in ending else [*whole, "ending.epochs: a whole number from 1 (got none)"]


def _apart(main: Config, ending: Config) -> list[str]:
    if (main.non_digits > 0) == (ending.non_digits > 0):
        return []
    return [
        "ending.non_digits: above 0 where non_digits is, and only there: the network has an output for them "
        f"(got {main.non_digits!r} and {ending.non_digits!r})"
    ]


def _toml(value: object) -> str:
    if isinstance(value, (str, bool)):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # which JSON allows and TOML does not
    return repr(value)


def config_from(changes: Mapping[str, Any], base: Config) -> Config:
    """Return `base` with `changes`, nested as in the TOML.

    Another optimizer brings its usual learning rate and weight decay with it, unless `changes` has them too.

    Raises:
        UsageError: Unknown keys, values of a wrong type or out of range; all at once.
    """
    faults: list[str] = []
    given = {"augmentation": {}, "ending": base.ending, "network": base.network}
    tables = {name: changes.get(name, before) for name, before in given.items()}
    for name, table in tables.items():
        if not isinstance(table, Mapping):
            faults.append(f"{name}: a table (got {table!r})")
            tables[name] = {}
    augmentation, ending, network = tables.values()
    top = _checked({key: value for key, value in changes.items() if key not in tables}, Config, "", faults)
    inner = _checked(augmentation, Augmentation, "augmentation.", faults)
    bent = Augmentation(**(asdict(base.augmentation) | inner))
    kept = {f.name: getattr(base, f.name) for f in fields(base)}
    other = top.get("optimizer", base.optimizer)
    if other != base.optimizer and other in OPTIMIZERS:  # one optimizer's rate is another's ruin
        kept["learning_rate"], kept["weight_decay"] = OPTIMIZERS[other]
    values = kept | top | {"augmentation": bent, "ending": dict(ending), "network": dict(network)}
    _refuse(faults + _out_of_range(values))
    return Config(**values)


def overridden(changes: Mapping[str, Any], by: Mapping[str, Any]) -> dict[str, Any]:
    """Return `changes` with those of `by` before them; another optimizer leaves the rate of the one before behind."""
    kept = dict(changes)
    if by.get("optimizer", kept.get("optimizer")) != kept.get("optimizer"):
        kept = {key: value for key, value in kept.items() if key not in ("learning_rate", "weight_decay")}
    tables = {
        key: {**kept[key], **by[key]} for key in by if isinstance(by[key], dict) and isinstance(kept.get(key), dict)
    }
    return kept | dict(by) | tables


def _checked(given: Mapping[str, Any], kind: type, prefix: str, faults: list[str]) -> dict[str, Any]:
    """Return the values of known keys, as the type of their field; note what is wrong with the others."""
    types = {name: hint for name, hint in get_type_hints(kind).items() if name in {f.name for f in fields(kind)}}
    for table in ("augmentation", "ending", "network"):
        types.pop(table, None)
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
