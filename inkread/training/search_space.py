"""What tuning a recipe tries: the settings, their ranges, and the configuration that a choice of them makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inkread.training.config import OPTIMIZERS, Config, config_from
from inkread.training.network_options import options_of
from inkread.training.recipe import Recipe

if TYPE_CHECKING:
    import optuna

__all__ = ["Choice", "Range", "Space", "configured", "near", "space_for", "suggested"]

_BATCHES = (32, 64, 128, 256, 512)
_FACTOR = 10.0  # how far from the usual learning rate of an optimizer to look, up and down


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers between two ends, whole ones where both ends are.

    Attributes:
        low: The least.
        high: The greatest.
        log: Whether each factor is as likely as another.
    """

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few.

    Attributes:
        among: At least one.
    """

    among: tuple[int | str, ...]


Space = Mapping[str, Range | Choice]


def space_for(recipe: Recipe, base: Config, *, pictures: int, epochs: int) -> dict[str, Range | Choice]:
    """Return what is tried for a recipe, by name.

    Keys with a dot are settings of a table; `learning_rate` is a factor on the usual rate of the optimizer, so that
    what is learned of it holds for all of them. Width and depth are there where the recipe's network takes them.

    Args:
        recipe: Whose network is trained.
        base: The configuration to begin with.
        pictures: To train on.
        epochs: At most.
    """
    space: dict[str, Range | Choice] = {
        "learning_rate": Range(1 / _FACTOR, _FACTOR, log=True),
        "batch_size": Choice(tuple(size for size in _BATCHES if 4 * size <= pictures) or _BATCHES[:1]),
        "epochs": Range(max(1, epochs // 2), epochs),
        "optimizer": Choice(tuple(OPTIMIZERS)),
        "weight_decay": Range(1e-5, 0.1, log=True),
        "dropout": Range(0.0, 0.6),
        "label_smoothing": Range(0.0, 0.15),
        "augmentation.rotation": Range(0.0, 20.0),
        "augmentation.zoom": Range(0.0, 0.2),
        "augmentation.shift": Range(0.0, 3.0),
        "augmentation.shear": Range(0.0, 0.3),
    }
    known = options_of(recipe.build)
    usual = {**known, **base.network}
    if isinstance(known.get("width"), float):
        space["network.width"] = Range(0.5 * float(usual["width"]), 2.0 * float(usual["width"]), log=True)
    if isinstance(known.get("depth"), int):
        space["network.depth"] = Range(1, int(usual["depth"]) + 1)
    return space


def near(recipe: Recipe, base: Config, space: Space) -> dict[str, Any]:
    """Return the values within the space that are nearest to a configuration: where a search begins."""
    tables = {"augmentation": base.to_dict()["augmentation"], "network": {**options_of(recipe.build), **base.network}}
    values: dict[str, Any] = {}
    for name, reach in space.items():
        table, _, key = name.rpartition(".")
        value = 1.0 if name == "learning_rate" else tables[table][key] if table else getattr(base, name)
        if isinstance(reach, Range):
            values[name] = min(max(value, reach.low), reach.high)
        elif isinstance(value, str):
            values[name] = value
        else:
            distances = [abs(int(choice) - value) for choice in reach.among]
            values[name] = reach.among[distances.index(min(distances))]
    return values


def suggested(trial: optuna.Trial, space: Space) -> dict[str, Any]:
    """Return the values that a trial is to try."""
    values: dict[str, Any] = {}
    for name, reach in space.items():
        if isinstance(reach, Choice):
            values[name] = trial.suggest_categorical(name, reach.among)
        elif isinstance(reach.low, int) and isinstance(reach.high, int):
            values[name] = trial.suggest_int(name, reach.low, reach.high)
        else:
            values[name] = trial.suggest_float(name, reach.low, reach.high, log=reach.log)
    return values


def configured(values: Mapping[str, Any], base: Config) -> Config:
    """Return the configuration that values of a space make of another, its numbers rounded to what can matter."""
    changes: dict[str, Any] = {"augmentation": {}, "network": dict(base.network)}
    for name, value in values.items():
        table, _, key = name.rpartition(".")
        rounded = float(f"{value:.3g}") if isinstance(value, float) else value
        (changes[table] if table else changes)[key] = rounded
    optimizer = values["optimizer"]
    usual = base.learning_rate if optimizer == base.optimizer else OPTIMIZERS[optimizer][0]
    changes["learning_rate"] = float(f"{usual * values['learning_rate']:.3g}")
    return config_from(changes, base)
