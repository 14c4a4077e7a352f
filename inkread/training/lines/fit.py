"""The training of a line reader: composed lines to weights, resumable between two checkpoints."""

from __future__ import annotations

import math
import time
from collections import deque
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inkread.datasets import Dataset, mnist
from inkread.datasets.lines import SYMBOLS
from inkread.errors import TrainingError
from inkread.evaluation.strings import score_strings
from inkread.training.backend import make_deterministic, precision, require_keras
from inkread.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from inkread.training.history import Epoch, write_history
from inkread.training.lines.batches import Batch, batches, composer_for, pad, strips_of
from inkread.training.lines.config import LineConfig
from inkread.training.listener import Listener

if TYPE_CHECKING:
    import keras

__all__ = ["FittedLine", "Lines", "best_path", "fit_lines", "judge_lines", "validation_lines"]

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
        TrainingError: The loss is no longer a number, or the checkpoint is of another network.
        OutputError: The folder cannot be written to.
    """
    require_keras()
    import keras

    listener = listener or Listener()
    make_deterministic()
    keras.utils.set_random_seed(config.seed)
    model = _compiled(config)
    folder.mkdir(parents=True, exist_ok=True)
    start = read_checkpoint(folder / "checkpoint.npz")
    history: list[Epoch] = []
    if start:
        start.restore(model)
        history = list(start.epochs)
    step = history[-1].number if history else 0
    began = time.perf_counter() - (history[-1].seconds if history else 0.0)
    plain = _plain(config)
    last = min(config.steps, until or config.steps)
    if step >= last:
        if start is None or not start.kept:
            raise TrainingError(f"Expected a training of at least one step, got {last}. Give more steps.")
        plain.set_weights(start.kept)
        return FittedLine(plain, tuple(history), history[-1].seconds)
    judged = validation_lines(dataset or mnist("train"), config)
    recent: deque[Batch] = deque(maxlen=_STATISTICS)
    losses: list[float] = []
    with closing(batches(dataset, config, step)) as source:
        while step < last:
            batch = next(source)
            recent.append(batch)
            losses.append(_step(model, batch, step))
            step += 1
            listener.report(step, config.steps, f"loss {np.mean(losses[-50:]):.3f}")
            if step % config.every == 0 or step == last:
                _take_averages(model, plain, recent)
                right, error = judge_lines(plain, judged)
                seconds = time.perf_counter() - began
                history.append(Epoch(step, float(np.mean(losses)), math.nan, error, right, seconds))
                losses = []
                recent.clear()  # a training that was cut here has none of them either
                write_checkpoint(
                    folder / "checkpoint.npz", Checkpoint.of(model, history, [np.array(w) for w in plain.get_weights()])
                )
                write_history(folder / "history.csv", history)
                listener.on_epoch(history[-1])
    return FittedLine(plain, tuple(history), history[-1].seconds)


def _compiled(config: LineConfig) -> keras.Model:
    import keras

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
    model.compile(optimizer=optimizer, loss=keras.losses.CTC())
    model.optimizer.build(model.trainable_variables)
    return model


def _plain(config: LineConfig) -> keras.Model:
    from inkread.training.lines.network import build

    with precision("float32"):
        return build(config.width, config.dropout)


def _step(model: keras.Model, batch: Batch, step: int) -> float:
    loss = float(model.train_on_batch(*batch))
    if not math.isfinite(loss):
        raise TrainingError(f"The loss is no longer a number at step {step + 1}: lower learning_rate.")
    return loss


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
