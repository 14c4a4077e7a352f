"""One training from its configuration to its model file, in a run folder; and its resumption."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inkread.datasets import Dataset
from inkread.errors import TrainingError, UsageError
from inkread.evaluation import plots
from inkread.files import discard_parts, replacing
from inkread.reading.card import Card
from inkread.training.backend import require_keras
from inkread.training.batches import Batches
from inkread.training.cards import card_for
from inkread.training.checkpoint import Checkpoint, read_checkpoint
from inkread.training.config import Config
from inkread.training.export import export
from inkread.training.fit import Fitted, fit
from inkread.training.folder import Origin, RunFolder
from inkread.training.history import Epoch, best_epoch, columns
from inkread.training.listener import Listener
from inkread.training.recipe import Recipe
from inkread.training.recipes import find_recipe

__all__ = ["Run", "resume", "train"]

_LONGEST_NAME = 200  # bytes; what file systems take, less the ending
_SAMPLES = 1000  # augmented pictures of which the sheet shows ten a class


@dataclass(frozen=True, slots=True)
class Run:
    """A finished training.

    Attributes:
        folder: Everything about it, see `RunFolder`.
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
    weights: Path | None = None,
    listener: Listener | None = None,
) -> Run:
    """Train, calibrate, export.

    Args:
        recipe: What to train.
        dataset: Its training part; a validation part is split off.
        config: How.
        folder: The run folder, new or empty; by default a new one below `runs`.
        name: Of the model; by default the recipe's.
        weights: A run folder or a .keras file whose weights to begin with.
        listener: Who is told what happens.

    Raises:
        OutputError: The folder holds something, or cannot be written.
        TrainingError: The training cannot start or go on.
        UsageError: The weights are not there, or are to be blended and none are given; or an ending meets patience.
        MissingExtraError: Keras is not installed.
    """
    require_keras()
    start = _weights_file(weights) if weights else None
    if config.blend < 1 and not start:
        raise UsageError(
            f"Expected weights to begin with (--weights), of which a blend of {config.blend:g} keeps "
            f"{1 - config.blend:g}; got none. Name a run folder or a .keras file, or leave blend out."
        )
    if config.patience > 0 and config.ending:
        raise UsageError(
            f"Expected no patience with an ending, which would be left out when it is over; got patience "
            f"{config.patience}. Set it to 0, or leave the ending out."
        )
    _check_name(name or recipe.name)
    origin = Origin(
        recipe=f"{recipe.path}:{recipe.name}" if recipe.path else recipe.name,
        data=_absolute(dataset.source),
        fingerprint=dataset.fingerprint,
        name=name or recipe.name,
        weights=str(weights.resolve()) if weights else "",
    )
    room = RunFolder.new(folder or RunFolder.unused(Path("runs"), f"{recipe.name}-seed{config.seed}"))
    try:
        room.write_config(config, origin)
        return _trained(recipe, dataset, config, origin, room, start, listener or Listener())
    except BaseException:
        if not room.checkpoint.exists():  # nothing was learned: the folder stays free for the next try
            room.clear()
        raise


def resume(folder: Path, dataset: Dataset, *, listener: Listener | None = None) -> Run:
    """Go on with a training that was cut, to the same result as without the cut.

    Args:
        folder: The run folder.
        dataset: The training pictures that it began with; `RunFolder.read_config` tells their source.
        listener: Who is told what happens.

    Raises:
        UsageError: The folder is not a run's.
        TrainingError: The data is not what it was, the checkpoint is damaged, or as for `train`.
        OutputError, MissingExtraError: As for `train`.
    """
    require_keras()
    room = RunFolder(folder)
    config, origin = room.read_config()
    if dataset.fingerprint != origin.fingerprint:
        raise TrainingError(
            f"Expected the data that the run began with, but {dataset.source!r} is not the same: its fingerprint was "
            f"{origin.fingerprint[:12]}…, and is {dataset.fingerprint[:12]}… now. Put the data back, name its place "
            f"with --data, or begin a new run from the weights so far: inkread train --weights {folder}"
        )
    discard_parts(folder)
    start: Checkpoint | Path | None = read_checkpoint(room.checkpoint)
    if start is None and origin.weights:
        start = _weights_file(Path(origin.weights))
    return _trained(find_recipe(origin.recipe), dataset, config, origin, room, start, listener or Listener())


def _check_name(name: str) -> None:
    if Path(name).name != name or name.startswith(".") or len(name.encode()) > _LONGEST_NAME:
        raise UsageError(f"Expected the name of a model, such as 'digits', which names its file too; got {name!r}.")


def _weights_file(path: Path) -> Path:
    file = RunFolder(path).weights if path.is_dir() else path
    if not file.is_file():
        raise UsageError(f"Expected the folder of a run or a .keras file to take weights from, got {str(path)!r}.")
    return file


def _absolute(source: str) -> str:
    """Return a source that means the same from every folder."""
    path = Path(source).expanduser()
    return str(path.resolve()) if source != "mnist" and path.exists() else source


def _trained(
    recipe: Recipe,
    dataset: Dataset,
    config: Config,
    origin: Origin,
    room: RunFolder,
    start: Checkpoint | Path | None,
    listener: Listener,
) -> Run:
    listener.on_start(room.path, start.epochs if isinstance(start, Checkpoint) else ())
    fitted = fit(
        recipe,
        dataset,
        config,
        folder=room,
        start=start,
        listener=listener,
    )
    _draw(fitted, config, room)
    card = card_for(recipe, dataset, config, fitted, origin.name)
    with replacing(room.card) as part:
        part.write_text(card.to_json(), encoding="utf-8")
    path = room.model(origin.name)
    export(fitted.model, card, path, (fitted.validation or fitted.training).images[:256])
    return Run(room.path, path, card, fitted.epochs)


def _draw(fitted: Fitted, config: Config, room: RunFolder) -> None:
    """Draw the curves, and what the training looked at."""
    best = best_epoch(fitted.epochs) if config.keeps_best else None
    plots.save(plots.curves(columns(fitted.epochs), best=best.number if best else None), room.curves)
    every = len(fitted.training)
    few = fitted.training.subset(np.unique(np.linspace(0, every - 1, min(_SAMPLES, every)).round().astype(int)))
    images, targets = next(Batches(few, config).epoch(0))
    title = "What the training saw: augmented pictures"
    names = few.names if targets.shape[1] == len(few.names) else (*few.names, "none")
    plots.save(plots.sheet(images, targets.argmax(axis=1), names, title=title), room.samples)
