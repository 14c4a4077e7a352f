"""The training of a line reader: composed lines to weights, resumable between two checkpoints."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inkread.datasets import Dataset, mnist
from inkread.datasets.lines import SYMBOLS
from inkread.errors import OutputError, TrainingError
from inkread.evaluation.strings import score_strings
from inkread.imaging.strip import ROWS
from inkread.training.backend import make_deterministic, precision, require_keras
from inkread.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from inkread.training.history import Epoch, write_history
from inkread.training.lines.batches import Batch, batches, composer_for, pad, strips_of
from inkread.training.lines.config import LineConfig
from inkread.training.listener import Listener

if TYPE_CHECKING:
    import keras

__all__ = [
    "FittedLine",
    "Lines",
    "averaged",
    "best_path",
    "fit_lines",
    "judge_lines",
    "made",
    "plain_network",
    "validation_lines",
]

_STATISTICS = 8  # batches from which batch normalisation learns its statistics again, for averaged weights
_HELD = 5000  # digits at most that those lines are composed of
_TOGETHER = 50  # lines of about one width that the network judges at once

Lines = list[tuple[NDArray[np.uint8], str]]
"""Strips (32, W), each with its symbols."""


@dataclass(frozen=True, slots=True, eq=False)
class FittedLine:
    """A trained line reader.

    Attributes:
        model: Keras, uint8 strips to logits, in float32, with the averaged weights.
        history: A row per checkpoint: its number is the step, its accuracy the share of strings right among composed
            lines of digits that were not trained on.
        seconds: Of the training.
    """

    model: keras.Model
    history: tuple[Epoch, ...]
    seconds: float


def fit_lines(
    config: LineConfig,
    folder: Path,
    *,
    dataset: Dataset | None = None,
    listener: Listener | None = None,
    until: int | None = None,
) -> FittedLine:
    """Train, or go on where the checkpoint in the folder ends.

    The same configuration gives the same weights, also when the training was cut: every batch is drawn from the seed
    and its number.

    Args:
        config: How.
        folder: Where checkpoint and history are kept; made when missing.
        dataset: The digits that lines are composed of; None for MNIST's training part.
        listener: Who is told what happens.
        until: The step to stop at, before the end; the schedule stays that of the whole training.

    Raises:
        MissingExtraError: Keras is not installed.
        TrainingError: The loss is no longer a number, the checkpoint or the weights to begin with are of another
            network, there are no such weights, or Keras runs on another backend than TensorFlow.
        OutputError: The folder cannot be written to.
    """
    model = _begun(config)
    start = read_checkpoint(folder / "checkpoint.npz")
    if start:
        start.restore(model)
    elif config.weights:
        _begin_with(model, Path(config.weights))
    history = list(start.epochs) if start else []
    step, seconds = (history[-1].number, history[-1].seconds) if history else (0, 0.0)
    plain = plain_network(config)
    if start:
        plain.set_weights(start.kept)
    last = min(config.steps, until or config.steps)
    if step < last:
        made(folder)
        keeper = _Keeper(config, folder, model, plain, history, dataset or mnist("train"))
        began = time.perf_counter() - seconds
        take = _step_of(model)
        listener = listener or Listener()
        with closing(batches(dataset, config, step)) as source:
            for batch in source:
                step += 1
                keeper.note(batch, take(batch))
                listener.report(step, config.steps, f"loss {keeper.loss:.3f}")
                if step % config.every == 0 or step == last:
                    listener.on_epoch(keeper.keep(step, time.perf_counter() - began))
                if step == last:
                    break
    if not history:
        raise TrainingError(f"Expected a training of at least one step, got {last}. Give more steps.")
    return FittedLine(plain, tuple(history), history[-1].seconds)


def averaged(config: LineConfig, folders: Sequence[Path], *, dataset: Dataset | None = None) -> FittedLine:
    """Return the mean of trainings that began with each other's weights, as `LineConfig.weights` lets them.

    Such a mean keeps much of what the first knew beyond its training, and has what the second learned (Wortsman et al.
    2022, "Robust fine-tuning of zero-shot models").

    Args:
        config: Of the last of them.
        folders: Where the trainings are.
        dataset: The digits that lines are composed of; None for MNIST's training part.

    Raises:
        TrainingError: A folder holds no such training.
    """
    require_keras()
    from inkread.training.watch import learn_statistics

    plain = plain_network(config)
    found = [_kept(folder, plain) for folder in folders]
    plain.set_weights([np.mean(weights, axis=0) for weights in zip(*(one.kept for one in found), strict=True)])
    with closing(batches(dataset, config)) as source:
        learn_statistics(plain, source)
    right, error = judge_lines(plain, validation_lines(dataset or mnist("train"), config))
    last = [one.epochs[-1] for one in found]
    steps, seconds = sum(epoch.number for epoch in last), sum(epoch.seconds for epoch in last)
    return FittedLine(plain, (Epoch(steps, last[-1].loss, math.nan, error, right, seconds),), seconds)


def made(folder: Path) -> Path:
    """Return a folder that is there now.

    Raises:
        OutputError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"Cannot make the folder {str(folder)!r}: {error.strerror}. Choose another place.") from error
    return folder


class _Keeper:
    """What stands beside the steps: judges the averaged weights now and then, and keeps everything on disk.

    Args:
        config: Of the training.
        folder: Where it is kept.
        model: What is trained.
        plain: The same network in float32, which gets the averaged weights.
        history: So far; goes on here.
        dataset: The digits that lines are composed of.
    """

    def __init__(
        self,
        config: LineConfig,
        folder: Path,
        model: keras.Model,
        plain: keras.Model,
        history: list[Epoch],
        dataset: Dataset,
    ) -> None:
        self.history = history
        self._folder, self._model, self._plain = folder, model, plain
        self._judged = validation_lines(dataset, config)
        self._recent: deque[Batch] = deque(maxlen=_STATISTICS)
        self._losses: list[float] = []

    @property
    def loss(self) -> float:
        """The mean over the last steps."""
        return float(np.mean(self._losses[-50:]))

    def note(self, batch: Batch, loss: float) -> None:
        """Take note of a step."""
        self._recent.append(batch)
        self._losses.append(loss)

    def keep(self, step: int, seconds: float) -> Epoch:
        """Judge, write the checkpoint and the history, return the new row."""
        _take_averages(self._model, self._plain, self._recent)
        right, error = judge_lines(self._plain, self._judged)
        self.history.append(Epoch(step, float(np.mean(self._losses)), math.nan, error, right, seconds))
        # A training that is cut here has none of them either when it goes on.
        self._losses.clear()
        self._recent.clear()
        kept = [np.array(weights) for weights in self._plain.get_weights()]
        write_checkpoint(self._folder / "checkpoint.npz", Checkpoint.of(self._model, self.history, kept))
        write_history(self._folder / "history.csv", self.history)
        return self.history[-1]


def _begun(config: LineConfig) -> keras.Model:
    """Return the network at the beginning of a training."""
    require_keras()
    import keras

    if keras.backend.backend() != "tensorflow":
        raise TrainingError(
            f"Expected TensorFlow as Keras' backend to train a line reader, got {keras.backend.backend()!r}. Set "
            "KERAS_BACKEND=tensorflow."
        )
    make_deterministic()
    keras.utils.set_random_seed(config.seed)
    return _compiled(config)


def _begin_with(model: keras.Model, folder: Path) -> None:
    """Give the network the averaged weights of another training."""
    model.set_weights(_kept(folder, model).kept)


def _kept(folder: Path, model: keras.Model) -> Checkpoint:
    """Return the checkpoint of a training of the same network."""
    other = read_checkpoint(folder / "checkpoint.npz")
    shapes = [tuple(w.shape) for w in model.weights]
    if other is None or [w.shape for w in other.kept] != shapes:
        found = "no checkpoint" if other is None else "those of another network"
        raise TrainingError(
            f"Expected the folder of a training of the same network to take weights from, got {found} in "
            f"{str(folder)!r}. Give the folder that such a training was written to."
        )
    return other


def _compiled(config: LineConfig) -> keras.Model:
    from inkread.training.lines.network import build
    from inkread.training.muon import ConvolutionMuon
    from inkread.training.schedule import OneCycle

    with precision(config.precision):
        model = build(config.width, config.dropout)
    optimizer = ConvolutionMuon(
        OneCycle(config.learning_rate, config.steps, config.warmup),
        weight_decay=config.weight_decay,
        adam_weight_decay=config.weight_decay,
        use_ema=True,
        ema_momentum=config.average,
    )
    model.compile(optimizer=optimizer)
    model.optimizer.build(model.trainable_variables)
    return model


def plain_network(config: LineConfig) -> keras.Model:
    """Return the network of a configuration in float32, its weights as they come."""
    from inkread.training.lines.network import build

    with precision("float32"):
        return build(config.width, config.dropout)


def _step_of(model: keras.Model) -> Callable[[Batch], float]:
    """Return one step of the training, which gives the loss.

    It is compiled once, for batches of any width: a step compiled anew for some widths adds up in another order, and a
    training that was cut would not go on to the same weights.
    """
    import tensorflow

    from inkread.training.lines.loss import ctc_loss

    strips = tensorflow.TensorSpec((None, ROWS, None), "uint8")
    classes = tensorflow.TensorSpec((None, None), "int32")

    def step(x: Any, y: Any) -> Any:
        with tensorflow.GradientTape() as tape:
            loss = ctc_loss(y, model(x, training=True))
        model.optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    compiled = tensorflow.function(step, input_signature=(strips, classes))

    def taken(batch: Batch) -> float:
        loss = float(compiled(*batch))
        if not math.isfinite(loss):
            raise TrainingError("The loss is no longer a number: the steps are too large. Lower learning_rate.")
        return loss

    return taken


def _take_averages(model: keras.Model, plain: keras.Model, recent: deque[Batch]) -> None:
    """Copy the averaged weights, and let batch normalisation learn its statistics for them."""
    from inkread.training.watch import learn_statistics

    plain.set_weights(model.get_weights())
    model.optimizer.finalize_variable_values(plain.trainable_variables)
    learn_statistics(plain, iter(recent))


def validation_lines(dataset: Dataset, config: LineConfig) -> Lines:
    """Return composed lines of digits that the training does not see, the widest last."""
    rng = np.random.default_rng([config.seed, 7])
    order = rng.permutation(len(dataset))
    held = order[config.digits :][:_HELD] if len(dataset) > config.digits + 100 else order
    other = dataset.subset(np.sort(held))
    composer = composer_for(other, replace(config, digits=len(other), restyled=min(config.restyled, 1), templates=0))
    lines = strips_of(composer, config.validation, np.random.default_rng([config.seed, 2]))
    return sorted(lines, key=lambda line: line[0].shape[1])


def judge_lines(model: keras.Model, lines: Lines) -> tuple[float, float]:
    """Return the share of lines whose digits are all right, and the character error rate of the digits."""
    read: list[str] = []
    for i in range(0, len(lines), _TOGETHER):
        logits = np.asarray(model(pad([strip for strip, _ in lines[i : i + _TOGETHER]]), training=False))
        read += [_digits(best_path(frames)) for frames in logits]
    score = score_strings(read, [_digits(symbols) for _, symbols in lines])
    return score.share, score.error_rate


def _digits(symbols: str) -> str:
    return "".join(filter(str.isdigit, symbols))


def best_path(logits: NDArray[np.float32]) -> str:
    """Return the symbols of the likeliest path through logits (frames, classes)."""
    best = logits.argmax(axis=1)
    changed = np.concatenate([[True], best[1:] != best[:-1]])
    return "".join(SYMBOLS[k - 1] for k in best[changed & (best > 0)])
