"""Training: a dataset and a recipe to a run folder with a model file in it."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.datasets import Dataset, split
from inkread.errors import TrainingError
from inkread.imaging.frame import SIZE
from inkread.imaging.preprocess import VERSION, is_normalized
from inkread.training.backend import precision, predict_logits, require_keras
from inkread.training.batches import batches
from inkread.training.config import Config
from inkread.training.recipes import Recipe

if TYPE_CHECKING:
    import keras

__all__ = ["Epoch", "Fitted", "fit"]


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one pass over the training pictures gave.

    Attributes:
        number: From 1.
        loss: Mean over the training pictures as they were shown, augmented.
        accuracy: The same.
        validation_loss: On the validation pictures as they are.
        validation_accuracy: The same.
        seconds: Since the training began, compilation counted.
    """

    number: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A trained network, in float32, with what it was not trained on.

    Attributes:
        model: Keras, uint8 pictures to logits.
        validation: The pictures held out.
        training: Those it learned from.
        preprocessing: The version its pictures went through; None when they are used as they are.
        epochs: The history.
        seconds: From the building of the network to the last epoch's end.
    """

    model: keras.Model
    validation: Dataset
    training: Dataset
    preprocessing: int | None
    epochs: tuple[Epoch, ...]
    seconds: float


def fit(
    recipe: Recipe,
    dataset: Dataset,
    config: Config,
    *,
    folder: Path,
    report: Callable[[int, int, str], None] = lambda done, total, text: None,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
) -> Fitted:
    """Train a recipe.

    The last epoch counts; nothing is chosen by looking at the validation pictures. After each epoch the history and
    the weights so far are in the run folder.

    Args:
        recipe: The network.
        dataset: Training pictures; a validation part is split off by the configuration's split_seed.
        config: How to train.
        folder: The run folder, which exists.
        report: Called as (pictures shown, pictures to be shown, what is happening).
        on_epoch: Called after each epoch.

    Raises:
        MissingExtraError: Keras is not installed.
        TrainingError: The loss is no longer a number, or the pictures are too small for the network.
    """
    require_keras()
    import keras

    started = time.perf_counter()
    training, validation = split(dataset, _held_out(config.validation), config.split_seed)
    shape, classes = dataset.images.shape[1:], len(dataset.names)
    keras.utils.set_random_seed(config.seed)
    with precision(config.precision):
        model = _built(recipe, shape, classes)
    steps = -(-len(training) // config.batch_size)
    model.compile(
        optimizer=_optimizer(config, steps=steps * config.epochs),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=config.label_smoothing),
        metrics=["accuracy"],
    )
    plain = _built(recipe, shape, classes)
    watch = _watch(plain, validation, folder, started, len(training) * config.epochs, report, on_epoch)
    model.fit(
        batches(training, config),
        steps_per_epoch=steps,
        epochs=config.epochs,
        shuffle=False,
        verbose=0,
        callbacks=[watch],
    )
    plain.set_weights(model.get_weights())
    seconds = watch.epochs[-1].seconds
    return Fitted(plain, validation, training, _preprocessing(dataset), tuple(watch.epochs), seconds)


def _held_out(validation: float) -> float:
    return int(validation) if validation >= 1 else validation


def _built(recipe: Recipe, shape: tuple[int, ...], classes: int) -> keras.Model:
    try:
        return recipe.build(shape, classes)
    except ValueError as error:
        raise TrainingError(
            f"The recipe {recipe.name!r} cannot take pictures of shape {shape}: {str(error).splitlines()[0]}"
        ) from error


def _preprocessing(dataset: Dataset) -> int | None:
    """Tell whether pictures are digits in MNIST's form, as the preprocessing makes them, by the larger part of them."""
    if dataset.images.shape[1:] != (SIZE, SIZE):
        return None
    return VERSION if float(is_normalized(dataset.images).mean()) > 0.5 else None


def _optimizer(config: Config, steps: int) -> keras.optimizers.Optimizer:
    from inkread.training.muon import ConvolutionMuon
    from inkread.training.schedule import OneCycle

    return ConvolutionMuon(
        OneCycle(config.learning_rate, steps, config.warmup),
        weight_decay=config.weight_decay,
        adam_weight_decay=config.weight_decay,
        momentum=0.9,
    )


def _watch(
    plain: keras.Model,
    validation: Dataset,
    folder: Path,
    started: float,
    total: int,
    report: Callable[[int, int, str], None],
    on_epoch: Callable[[Epoch], None],
) -> Any:
    """Return the callback that reports, judges each epoch, and keeps history and weights on disk."""
    import keras

    class Watch(keras.callbacks.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.epochs: list[Epoch] = []
            self.shown = 0

        def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
            per_epoch = self.params["steps"]
            self.shown = round(total * (len(self.epochs) * per_epoch + batch + 1) / (self.params["epochs"] * per_epoch))
            if batch % 16 == 0:
                report(self.shown, total, f"epoch {len(self.epochs) + 1}")

        def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
            loss, accuracy = float((logs or {})["loss"]), float((logs or {})["accuracy"])
            if not np.isfinite(loss):
                kept = f" The weights of the epoch before are in {folder}." if epoch else ""
                raise TrainingError(
                    f"The loss is no longer a number in epoch {epoch + 1}: the steps are too large. Lower "
                    f"learning_rate.{kept}"
                )
            plain.set_weights(self.model.get_weights())
            judged = _judge(plain, validation)
            row = Epoch(epoch + 1, loss, accuracy, *judged, seconds=time.perf_counter() - started)
            self.epochs.append(row)
            _write_history(folder / "history.csv", self.epochs)
            _save(plain, folder / "weights.keras")
            on_epoch(row)

    return Watch()


def _judge(model: keras.Model, data: Dataset) -> tuple[float, float]:
    """Return loss and accuracy on pictures as they are."""
    logits = predict_logits(model, data.images)
    logits -= logits.max(axis=1, keepdims=True)
    loss = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(data)), data.labels]
    return float(loss.mean()), float((logits.argmax(axis=1) == data.labels).mean())


def _write_history(path: Path, epochs: list[Epoch]) -> None:
    partial = path.with_suffix(".part")
    with partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(Epoch.__slots__)
        writer.writerows([getattr(epoch, name) for name in Epoch.__slots__] for epoch in epochs)
    partial.replace(path)


def _save(model: keras.Model, path: Path) -> None:
    partial = path.with_name("weights.part.keras")
    model.save(partial)
    partial.replace(path)
