"""What can be compared: classic classifiers, recipes and model files, each measured in the same way."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkread import __version__
from inkread.datasets import Dataset, split
from inkread.errors import UsageError, did_you_mean
from inkread.evaluation import metrics
from inkread.evaluation.calibration import calibration_error, reliability
from inkread.evaluation.metrics import Share
from inkread.evaluation.prepare import prepare
from inkread.reading.model_file import find_model, is_model, local_models, shipped_models
from inkread.reading.predictor import Predictor
from inkread.training.classic import CLASSICS, Classic, fit_classic, require_sklearn
from inkread.training.config import Config, config_from
from inkread.training.listener import Listener
from inkread.training.recipe import Recipe
from inkread.training.recipes import RECIPES, find_recipe, local_recipes

__all__ = ["KINDS", "Contestant", "Measured", "contestants", "held_out_of"]

KINDS = ("classic", "recipe", "model")
VALIDATION = 1 / 12  # of the labelled pictures: MNIST's 60,000 leave 55,000 to train on
_SPLIT_SEED = 0
_REPEATED = 1.0  # seconds: what takes less is timed more than once
_RUNS = 5

Proba = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Measured:
    """What one training gave, or a finished model.

    Attributes:
        accuracy: On the test pictures.
        log_loss: On the test pictures, in nats.
        calibration_error: On the test pictures, in [0, 1].
        training_seconds: Of the training alone; None for a finished model.
        picture_seconds: For each of the test pictures, given all at once, on all processors.
        size: Bytes of the model file, or those that a classic classifier's arrays need.
        parameters: Numbers that the training set, or kept.
        trained_on: Pictures that it learned from; None for a finished model.
        confidence: How the probabilities come about.
    """

    accuracy: Share
    log_loss: float
    calibration_error: float
    training_seconds: float | None
    picture_seconds: float
    size: int
    parameters: int
    trained_on: int | None
    confidence: str


@dataclass(frozen=True, slots=True, eq=False)
class Contestant:
    """Something to be compared.

    Attributes:
        name: Of the classifier, recipe or model.
        kind: One of `KINDS`.
        summary: What it is, in a line.
        settings: What its results depend on beside the pictures and the seed, as JSON values; versions counted.
        measure: Called as measure(labelled pictures, test pictures, seed).
        limit: Labelled pictures at most, of which a twelfth is held out; None for any number.
        growth: The training time grows about as the number of pictures to this power.
    """

    name: str
    kind: str
    summary: str
    settings: Mapping[str, Any]
    measure: Callable[[Dataset, Dataset, int], Measured]
    limit: int | None = None
    growth: float = 1.0

    @property
    def title(self) -> str:
        """Its name, with its kind where the name alone could be another's."""
        return f"{self.name} (model)" if self.kind == "model" else self.name

    @property
    def learns(self) -> bool:
        """Whether it is trained; a finished model is measured alone."""
        return self.kind != "model"


def contestants(names: Sequence[str] = ()) -> list[Contestant]:
    """Return what the names mean; without names all classic classifiers, inkread's recipes and the shipped models.

    Args:
        names: Of classifiers, recipes and models, in any order; FILE.py and FILE.onnx too. A name that is both a
            recipe's and a model's stands for both: `recipe:default` and `model:default` are one of them.

    Raises:
        UsageError: A name is unknown; all of them at once.
        MissingExtraError: A classic classifier is among them, and scikit-learn is not installed.
        ModelError: A model file cannot be used.
    """
    if not names:
        names = [
            *CLASSICS,
            *(f"recipe:{name}" for name in RECIPES),
            *(f"model:{name}" for name in _of_digits(shipped_models())),
        ]
    found = [(kind, name) for text in names for kind, name in _meant(text)]
    unknown = [text for text in names if not _meant(text)]
    if unknown:
        known = [*CLASSICS, *RECIPES, *local_recipes(), *_of_digits(local_models() | shipped_models())]
        told = "; ".join(f"{name!r}.{did_you_mean(name, known)}" for name in unknown)
        raise UsageError(
            f"There is no classifier, recipe or model {told} Known are: {', '.join(dict.fromkeys(known))}."
        )
    make = {"classic": _classic, "recipe": _recipe, "model": _model}
    return [make[kind](name) for kind, name in dict.fromkeys(found)]


def held_out_of(pool: Dataset) -> int:
    """Return how many of the labelled pictures are held out: a twelfth, but one of each class at least."""
    return max(len(np.unique(pool.labels)), round(VALIDATION * len(pool)))


def _of_digits(models: Mapping[str, Path]) -> list[str]:
    """Return the names of those models that read one digit."""
    return [name for name, path in models.items() if is_model(path)]


def _meant(text: str) -> list[tuple[str, str]]:
    kind, _, name = text.partition(":")
    if kind in KINDS and name:
        return [(kind, name)] if kind != "classic" or name in CLASSICS else []
    kinds = {
        "classic": text in CLASSICS,
        "recipe": text in RECIPES or text in local_recipes() or ".py" in text,
        "model": text in shipped_models() or text in local_models() or text.lower().endswith(".onnx"),
    }
    return [(kind, text) for kind, fits in kinds.items() if fits]


def _classic(name: str) -> Contestant:
    require_sklearn()
    classic = CLASSICS[name]

    def measure(pool: Dataset, test: Dataset, seed: int) -> Measured:
        return _measured_classic(classic, pool, test, seed)

    settings = classic.settings() | {"versions": _versions("scikit-learn", "numpy")}
    limit = round(classic.max_training / (1 - VALIDATION)) if classic.max_training else None
    return Contestant(name, "classic", classic.summary, settings, measure, limit, classic.growth)


def _recipe(name: str) -> Contestant:
    recipe = find_recipe(name)

    def measure(pool: Dataset, test: Dataset, seed: int) -> Measured:
        return _measured_recipe(recipe, pool, test, seed)

    settings = recipe.config.to_dict() | {"versions": _versions("keras", "numpy", "onnxruntime")}
    if recipe.path:
        settings["file"] = _digest(Path(recipe.path))
    return Contestant(recipe.name, "recipe", recipe.summary, settings, measure)


def _model(name: str) -> Contestant:
    path = find_model(name)
    card = Predictor(path).card

    def measure(pool: Dataset, test: Dataset, seed: int) -> Measured:
        del pool, seed
        return _measured_model(path, test)

    settings = {"file": _digest(path), "versions": _versions("numpy", "onnxruntime")}
    return Contestant(Path(name).stem, "model", f"as it is, of recipe {card.recipe or 'unknown'}", settings, measure)


def _measured_classic(classic: Classic, pool: Dataset, test: Dataset, seed: int) -> Measured:
    training, validation = split(pool, held_out_of(pool), _SPLIT_SEED)
    fitted = fit_classic(classic, training, validation, seed)
    proba, seconds = _timed(lambda: fitted.predict_proba(test.images), len(test))
    return _judged(
        proba,
        test.labels,
        training_seconds=fitted.seconds,
        picture_seconds=seconds,
        size=fitted.size(),
        parameters=fitted.parameters,
        trained_on=len(training),
        confidence=fitted.confidence,
    )


def _measured_recipe(recipe: Recipe, pool: Dataset, test: Dataset, seed: int) -> Measured:
    """Train as the recipe says, but on the pictures that all learn from, and measure the model file that comes out."""
    from inkread.training.run import train

    config = compared_config(recipe.config, pool, seed)
    with tempfile.TemporaryDirectory(prefix="inkread-compare-") as folder:
        run = train(recipe, pool, config, folder=Path(folder) / "run", listener=Listener())
        measured = _measured_model(run.model, test)
    return replace(measured, training_seconds=run.epochs[-1].seconds, trained_on=len(pool) - held_out_of(pool))


def compared_config(config: Config, pool: Dataset, seed: int) -> Config:
    """Return a recipe's configuration with the split and the seed of a comparison."""
    return config_from({"validation": held_out_of(pool), "split_seed": _SPLIT_SEED, "seed": seed}, config)


def _measured_model(path: Path, test: Dataset) -> Measured:
    predictor = Predictor(path)
    card = predictor.card
    prepared = prepare(test, card)
    proba, seconds = _timed(lambda: predictor.predict_proba(prepared.images), len(test))
    set_on = f"softmax of its scores / {card.calibration.temperature:.3g}, set on {card.calibration.n:,} pictures"
    return _judged(
        proba,
        prepared.labels,
        training_seconds=None,
        picture_seconds=seconds,
        size=path.stat().st_size,
        parameters=card.parameters,
        trained_on=None,
        confidence=set_on if card.calibration.n else "its own",
    )


def _judged(proba: Proba, labels: NDArray[np.int64], **others: Any) -> Measured:
    right = proba.argmax(axis=1) == labels
    return Measured(
        accuracy=metrics.accuracy(proba, labels),
        log_loss=metrics.log_loss(proba, labels),
        calibration_error=calibration_error(reliability(proba.max(axis=1), right)),
        **others,
    )


def _timed(predict: Callable[[], Proba], pictures: int) -> tuple[Proba, float]:
    """Return the probabilities, and the median time for each picture; what takes long is done once."""
    took: list[float] = []
    while not took or (sum(took) < _REPEATED and len(took) < _RUNS):
        start = time.perf_counter()
        proba = predict()
        took.append(time.perf_counter() - start)
    # The first run allocates; where there are others it says little.
    return proba, median(took[1:] or took) / pictures


def _versions(*packages: str) -> dict[str, str]:
    found = {"inkread": __version__, "python": platform.python_version()}
    for package in packages:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:  # its use says what is missing
            found[package] = ""
    if "keras" in packages:
        found["backend"] = os.environ.get("KERAS_BACKEND", "tensorflow")
    return found


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fingerprint(contestant: Contestant, pool: Dataset, test: Dataset, seed: int) -> str:
    """Return what a result is known again by: sha256, in hex, of all that it depends on."""
    of_a_training = {"pictures": pool.fingerprint, "seed": seed} if contestant.learns else {}
    text = json.dumps(
        {
            "kind": contestant.kind,
            "name": contestant.name,
            "settings": dict(contestant.settings),
            "test": test.fingerprint,
            **of_a_training,
        },
        sort_keys=True,
    )
    return hashlib.sha256(text.encode()).hexdigest()
