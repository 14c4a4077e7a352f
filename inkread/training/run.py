"""The run folder: one training from its configuration to its model file."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from inkread import __version__
from inkread.datasets import Dataset
from inkread.errors import OutputError
from inkread.evaluation.intervals import wilson
from inkread.reading.card import Card, Figure
from inkread.training.augment import augment
from inkread.training.backend import predict_logits, require_keras
from inkread.training.calibrate import calibrate
from inkread.training.config import Config
from inkread.training.export import export
from inkread.training.fit import Epoch, Fitted, fit
from inkread.training.recipes import Recipe
from inkread.training.styles import restyle

__all__ = ["Run", "train"]

_LICENCES = {"mnist": "CC BY-SA 3.0 (trained on MNIST, by Y. LeCun, C. Cortes and C. J. C. Burges)"}


@dataclass(frozen=True, slots=True)
class Run:
    """A finished training.

    Attributes:
        folder: config.toml, history.csv, weights.keras, card.json and the model file.
        model: The model file.
        card: From inside it.
        epochs: The history.
    """

    folder: Path
    model: Path
    card: Card
    epochs: tuple[Epoch, ...]


def train(
    recipe: Recipe,
    dataset: Dataset,
    config: Config,
    *,
    folder: Path | None = None,
    name: str = "",
    report: Callable[[int, int, str], None] = lambda done, total, text: None,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
) -> Run:
    """Train, calibrate, export.

    Args:
        recipe: What to train.
        dataset: Its training part; a validation part is split off.
        config: How.
        folder: The run folder, new or empty; by default a new one below `runs`.
        name: Of the model; by default the recipe's.
        report: Called as (pictures shown, pictures to be shown, what is happening).
        on_epoch: Called after each epoch.

    Raises:
        OutputError: The folder holds something, or cannot be written.
        TrainingError: The training cannot start or go on.
        MissingExtraError: Keras is not installed.
    """
    require_keras()
    name = name or recipe.name
    folder = _new_folder(folder or _free_name(Path("runs"), f"{recipe.name}-seed{config.seed}"))
    (folder / "config.toml").write_text(f"# recipe {recipe.name}\n{config.to_toml()}", encoding="utf-8")
    try:
        fitted = fit(recipe, dataset, config, folder=folder, report=report, on_epoch=on_epoch)
    except BaseException:
        if not (folder / "history.csv").exists():  # nothing was learned: the folder stays free for the next try
            (folder / "config.toml").unlink(missing_ok=True)
        raise
    card = _card(recipe, dataset, config, fitted, name)
    (folder / "card.json").write_text(card.to_json(), encoding="utf-8")
    path = folder / f"{name}.onnx"
    export(fitted.model, card, path, fitted.validation.images[:256])
    return Run(folder, path, card, fitted.epochs)


def _free_name(parent: Path, stem: str) -> Path:
    number = 1
    while (path := parent / f"{stem}-{number}").exists():
        number += 1
    return path


def _new_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise OutputError(f"Expected a new or empty folder for the run, got one with files: {str(folder)!r}.")
        if not os.access(folder, os.W_OK):
            raise OutputError(f"Cannot write into the folder {str(folder)!r}.")
    except (FileExistsError, NotADirectoryError, PermissionError) as error:
        raise OutputError(f"Cannot make the folder {str(folder)!r}: {error.strerror}.") from error
    return folder


def _card(recipe: Recipe, dataset: Dataset, config: Config, fitted: Fitted, name: str) -> Card:
    validation = fitted.validation
    clean = predict_logits(fitted.model, validation.images)
    logits, labels = [clean], [validation.labels]
    # Half of what the confidence is set on is harder than the validation pictures, as other people's digits are.
    shifted = _shifted(validation, config)
    logits.append(predict_logits(fitted.model, shifted))
    labels.append(validation.labels)
    right = int((clean.argmax(axis=1) == validation.labels).sum())
    low, high = wilson(right, len(validation))
    made_with = {m: importlib.metadata.version(m) for m in ("keras", "numpy", "onnx")}
    return Card(
        name=name,
        version=__version__,
        labels=dataset.names,
        shape=tuple(dataset.images.shape[1:]),
        preprocessing=fitted.preprocessing,
        parameters=int(sum(np.prod(w.shape) for w in fitted.model.trainable_weights)),
        calibration=calibrate(np.concatenate(logits), np.concatenate(labels)),
        recipe=recipe.name,
        config=config.to_dict(),
        data=_provenance(dataset, fitted),
        figures=(Figure("validation accuracy", right / len(validation), len(validation), low, high),),
        licence=_LICENCES.get(dataset.source, "that of the training data"),
        created=datetime.datetime.now(datetime.UTC).date().isoformat(),
        made_with=made_with | {"inkread": __version__, "python": platform.python_version()},
    )


def _shifted(validation: Dataset, config: Config) -> Any:
    """Return the validation pictures as the training would show them, doubles counted."""
    rng = np.random.default_rng([config.seed, 2**31 + 1])
    images = np.array(validation.images)
    if config.redrawn > 0:
        chosen = rng.permutation(len(images))[: len(images) // 2]
        images[chosen] = restyle(images[chosen], validation.labels[chosen], rng, photographed=config.photographed)
    return augment(images, config.augmentation, rng)


def _provenance(dataset: Dataset, fitted: Fitted) -> dict[str, Any]:
    parts = {"training": fitted.training, "validation": fitted.validation}
    return {
        "source": dataset.source,
        "fingerprint": dataset.fingerprint,
        "seconds": round(fitted.seconds, 1),
        "epochs": len(fitted.epochs),
        **{part: {"n": len(d), "fingerprint": d.fingerprint} for part, d in parts.items()},
    }
