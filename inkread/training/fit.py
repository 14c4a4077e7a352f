"""Training: a dataset and a recipe to a run folder with a model file in it."""

from __future__ import annotations

import csv
import importlib.util
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inkread.datasets import Dataset, split
from inkread.errors import MissingExtraError, TrainingError
from inkread.imaging.frame import SIZE
from inkread.imaging.preprocess import VERSION, is_normalized
from inkread.training.augment import augment
from inkread.training.config import Config
from inkread.training.recipes import Recipe
from inkread.training.styles import restyle

if TYPE_CHECKING:
    import keras

__all__ = ["Epoch", "Fitted", "fit", "predict_logits", "require_keras"]

_BFLOAT16_FLAGS = ("avx512_bf16", "amx_bf16")
_DIGITS = tuple("0123456789")


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


def require_keras() -> None:
    """Import Keras, and say what to install where it is missing.

    Raises:
        MissingExtraError: Keras, or the backend that `KERAS_BACKEND` names, is not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    for module in ("keras", os.environ.get("KERAS_BACKEND", "tensorflow")):
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError("Training", "train", module)
    with _without_stderr():
        importlib.import_module("keras")


@contextmanager
def _without_stderr() -> Iterator[None]:
    """Silence what TensorFlow's C++ writes while it is imported, which no setting of its own does."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


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
    with _precision(config.precision):
        model = _built(recipe, shape, classes)
    steps = -(-len(training) // config.batch_size)
    model.compile(
        optimizer=_optimizer(config, steps=steps * config.epochs),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=config.label_smoothing),
        metrics=["accuracy"],
    )
    plain = _built(recipe, shape, classes)
    watch = _watch(plain, validation, folder, started, len(training) * config.epochs, report, on_epoch)
    batches = _batches(training, config)
    model.fit(batches, steps_per_epoch=steps, epochs=config.epochs, shuffle=False, verbose=0, callbacks=[watch])
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


@contextmanager
def _precision(wanted: str) -> Iterator[None]:
    """Set Keras' policy for the layers built inside."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(("mixed_bfloat16" if _has_bfloat16() else "float32") if wanted == "auto" else wanted)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _has_bfloat16() -> bool:
    """Tell whether the processor multiplies bfloat16; where it does not, it would be emulated, slowly."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="ignore")
    except OSError:
        return False
    return any(flag in flags for flag in _BFLOAT16_FLAGS)


def _optimizer(config: Config, steps: int) -> keras.optimizers.Optimizer:
    from inkread.training.muon import ConvolutionMuon
    from inkread.training.schedule import OneCycle

    return ConvolutionMuon(
        OneCycle(config.learning_rate, steps, config.warmup),
        weight_decay=config.weight_decay,
        adam_weight_decay=config.weight_decay,
        momentum=0.9,
    )


def _batches(training: Dataset, config: Config) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
    """Yield batches without end, epoch after epoch; batch k of epoch e is the same whenever the seed is."""
    images, size = training.images, config.batch_size
    targets = np.eye(len(training.names), dtype=np.float32)[training.labels]  # (N, C)
    places, doubles = _doubles(training, config)
    for epoch in count():
        order = np.random.default_rng([config.seed, epoch]).permutation(len(images))
        for start in range(0, len(images), size):
            chosen = order[start : start + size]
            rng = np.random.default_rng([config.seed, epoch, start])
            batch = images[chosen]
            if len(doubles):
                place = places[chosen, rng.integers(0, places.shape[1], len(chosen))]
                redrawn = np.flatnonzero((place >= 0) & (rng.random(len(chosen)) < 0.5))
                batch[redrawn] = doubles[place[redrawn]]
            yield augment(batch, config.augmentation, rng), targets[chosen]


def _doubles(training: Dataset, config: Config) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Redraw pictures; return the places (N, K) of the doubles of each, -1 where there is none, and the doubles."""
    n, columns = len(training), max(1, math.ceil(config.redrawn))
    places = np.full((n, columns), -1)
    if config.redrawn <= 0:
        return places, training.images[:0]
    if training.names != _DIGITS or training.images.shape[1:] != (SIZE, SIZE):
        raise TrainingError(
            f"Expected the digits 0 to 9 as {SIZE} x {SIZE} gray pictures to redraw, got classes "
            f"{', '.join(training.names[:12])} of shape {training.images.shape[1:]}. Set redrawn = 0."
        )
    rng = np.random.default_rng([config.seed, 2**31])
    chosen = np.concatenate([rng.permutation(n) for _ in range(columns)])[: round(config.redrawn * n)]
    places[chosen, np.arange(len(chosen)) // n] = np.arange(len(chosen))
    images, labels = training.images[chosen], training.labels[chosen]
    return places, restyle(images, labels, rng, photographed=config.photographed)


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
                raise TrainingError(
                    f"The loss is no longer a number in epoch {epoch + 1}: the steps are too large. Lower "
                    f"learning_rate. The weights of the epoch before are in {folder}."
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


def predict_logits(model: keras.Model, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the logits (N, C) of a Keras model for uint8 pictures."""
    import keras

    parts = [model(images[i : i + 1000], training=False) for i in range(0, len(images), 1000)]
    return np.concatenate([np.array(keras.ops.convert_to_numpy(part), dtype=np.float32) for part in parts])


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
