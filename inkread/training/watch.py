"""What happens beside the steps of a training: reports, judgements, and everything that is kept on disk."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from inkread.datasets import Dataset
from inkread.errors import OutputError, TrainingError
from inkread.files import replacing
from inkread.training.backend import predict_logits
from inkread.training.batches import Batches
from inkread.training.checkpoint import Checkpoint, write_checkpoint
from inkread.training.config import Config
from inkread.training.folder import RunFolder
from inkread.training.history import Epoch, Events, best_epoch, write_history
from inkread.training.listener import Listener

__all__ = ["Watch", "learn_statistics"]

_STATISTICS_BATCHES = 16  # from which batch normalisation learns its statistics again, for averaged weights


class Watch(keras.callbacks.Callback):
    """Judges each epoch, keeps its state on disk, stops when there is reason to.

    Args:
        plain: The same network in float32, which is judged and kept.
        config: Of the whole training.
        folder: Where everything is kept.
        validation: The pictures to judge by, or None.
        start: Where the training goes on, or None.
        listener: Who is told.
        began: When the training began, by `time.perf_counter`.
    """

    def __init__(
        self,
        plain: keras.Model,
        config: Config,
        folder: RunFolder,
        validation: Dataset | None,
        start: Checkpoint | None,
        listener: Listener,
        began: float,
    ) -> None:
        super().__init__()
        self.epochs: list[Epoch] = list(start.epochs) if start else []
        self.kept = start.kept if start else []
        self._plain, self._config, self._folder = plain, config, folder
        self._validation, self._listener = validation, listener
        self._part, self._most = config, config.all_epochs
        self._first: list[NDArray[Any]] = []
        self._began = began - (self.epochs[-1].seconds if self.epochs else 0.0)
        self._events = Events(folder.events, self.epochs)

    def go_on(self, part: Config, batches: Batches, first: list[NDArray[Any]]) -> None:
        """Watch a part of the training from now on.

        Args:
            part: Its configuration.
            batches: What it is shown.
            first: The weights that it began with, where they are blended with; none elsewhere.
        """
        self._part, self._batches, self._first = part, batches, first

    @property
    def patience_is_over(self) -> bool:
        """Whether so many epochs brought nothing better that another one is not begun."""
        best = best_epoch(self.epochs)
        return best is not None and 0 < self._config.patience <= len(self.epochs) - best.number

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Report, and stop at a loss that is no number."""
        if not math.isfinite(float((logs or {})["loss"])):
            raise TrainingError(
                f"The loss is no longer a number in epoch {len(self.epochs) + 1}: the steps are too large. Lower "
                f"learning_rate.{self._safe()}"
            )
        if batch % 16 == 0:
            each, epoch = self._batches.pictures, len(self.epochs)
            done = each * epoch + min(each, (batch + 1) * self._part.batch_size)
            self._listener.report(done, each * self._most, f"epoch {epoch + 1}")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Judge the epoch and keep it."""
        self._take_weights()
        loss, accuracy = judge(self._plain, self._validation) if self._validation else (math.nan, math.nan)
        logs = logs or {}
        seconds = time.perf_counter() - self._began
        row = Epoch(epoch + 1, float(logs["loss"]), float(logs["accuracy"]), loss, accuracy, seconds)
        epochs = [*self.epochs, row]
        counts = not self._config.keeps_best or best_epoch(epochs) is row
        kept = self._plain.get_weights() if counts else self.kept
        try:
            # The checkpoint settles it: whatever else is on disk is made from it again when a cut falls in between.
            write_checkpoint(self._folder.checkpoint, Checkpoint.of(self.model, epochs, kept, self._first))
            self.epochs, self.kept = epochs, kept
            if counts:
                save(self._plain, self._folder)
            write_history(self._folder.history, epochs)
            self._events.add(row)
        except OSError as error:
            raise OutputError(f"{error}{self._safe()}") from error
        self._listener.on_epoch(row)
        self.model.stop_training = self.patience_is_over

    def close(self) -> None:
        """Close the events."""
        self._events.close()

    def _safe(self) -> str:
        """Say what is not lost."""
        if not self.epochs:
            return ""
        number = len(self.epochs)
        return f" The training up to epoch {number} is safe; go on with: inkread train --resume {self._folder.path}"

    def _take_weights(self) -> None:
        """Copy the weights that count to the plain network: those of the training or their average, blended."""
        self._plain.set_weights(self.model.get_weights())
        if self._part.average > 0:
            self.model.optimizer.finalize_variable_values(self._plain.trainable_variables)
            learn_statistics(self._plain, self._batches.epoch(len(self.epochs)))
        if self._first:
            share = np.float32(self._part.blend)
            pairs = zip(self._first, self._plain.get_weights(), strict=True)
            self._plain.set_weights([before + share * (after - before) for before, after in pairs])


def judge(model: keras.Model, data: Dataset) -> tuple[float, float]:
    """Return loss and accuracy on pictures as they are."""
    logits = predict_logits(model, data.images)[:, : len(data.names)]
    logits -= logits.max(axis=1, keepdims=True)
    loss = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(data)), data.labels]
    return float(loss.mean()), float((logits.argmax(axis=1) == data.labels).mean())


def save(model: keras.Model, folder: RunFolder) -> None:
    """Write the network with its weights."""
    with replacing(folder.weights) as part:
        model.save(part)


def learn_statistics(model: keras.Model, batches: Iterator[tuple[Any, Any]]) -> None:
    """Set the statistics of batch normalisation to their mean over some batches (Izmailov et al. 2018, section 3.2).

    Averaged weights have other activations than those whose statistics were gathered on the way.
    """
    layers = list(_normalizations(model))
    if not layers:
        return
    usual = [layer.momentum for layer in layers]
    for k, (pictures, _) in zip(range(_STATISTICS_BATCHES), batches, strict=False):
        for layer in layers:
            layer.momentum = k / (k + 1)
        model(pictures, training=True)
    for layer, momentum in zip(layers, usual, strict=True):
        layer.momentum = momentum


def _normalizations(layer: Any) -> Iterator[Any]:
    """Yield the batch normalisations of a model, those of models inside it too."""
    if isinstance(layer, keras.layers.BatchNormalization):
        yield layer
    for inner in getattr(layer, "layers", ()):
        yield from _normalizations(inner)
