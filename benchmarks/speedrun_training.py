"""One training of the speed run, in a process of its own: `python -m benchmarks.speedrun_training NAME`.

The network is that of the recipe `default` in other widths, with one change: the maximum over 2 x 2 pixels is taken
before batch normalisation, not behind it, so that normalisation and rectifier see a quarter of the numbers. The loop is
a compiled step and a thread that prepares the next batches; `Model.fit` takes two seconds to begin.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.datasets import Dataset, mnist, split
from inkread.training.augment import Augmentation
from inkread.training.config import Config

if TYPE_CHECKING:
    import keras

    from inkread.training.batches import Batch

__all__ = ["ENTRIES", "HELD_OUT", "QUICK", "REFERENCES", "Entry"]

HELD_OUT = 10_000
QUICK = 4000  # training pictures with --quick
REFERENCES = ("cnn-2conv", "cnn-3conv")
_SHIFTS = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))
_PASSES = 3  # of the network for a picture: forwards, and backwards for what flows and for the weights


@dataclass(frozen=True, slots=True)
class Entry:
    """A training that is to reach a target.

    Attributes:
        target: Accuracy on the test pictures, of the mean over the seeds.
        loop: How many times sooner than the ten epochs of `cnn-2conv` its loop is wanted.
        process: The same of the whole process. Of both 0 where nothing is wanted.
        filters: Of the convolutions: the stem of 5 x 5 and stride 2, one at 12 x 12, two at 6 x 6, one at 3 x 3.
        config: Optimizer, schedule, batches and augmentation.
        shifts: Whether each picture is scored together with its four shifts by a pixel.
    """

    target: float
    loop: float
    process: float
    filters: tuple[int, int, int, int, int]
    config: Config
    shifts: bool = False


_MILD = Augmentation(shift=1.0, rotation=7, zoom=0.07, shear=0.1)
_BENT = Augmentation(shift=1.5, rotation=8, zoom=0.07, shear=0.1, stroke=0.4)
_BASE = Config(learning_rate=0.05, batch_size=256, validation=0)
ENTRIES = {
    "99.0": Entry(0.99, 0, 0, (16, 16, 32, 32, 64), replace(_BASE, epochs=1, batch_size=512)),
    "99.16": Entry(0.9916, 10, 6, (16, 32, 32, 32, 64), replace(_BASE, epochs=1)),
    "99.5": Entry(0.995, 10 / 2.5, 0, (16, 32, 32, 32, 64), replace(_BASE, epochs=3, augmentation=_MILD)),
    "99.7": Entry(
        0.997,
        10 / 12,
        0,
        (32, 48, 96, 96, 192),
        replace(_BASE, epochs=7, batch_size=512, augmentation=_BENT),
        shifts=True,
    ),
}


def _network(filters: tuple[int, ...]) -> keras.Model:
    """Build the network of an entry: uint8 (N, 28, 28) to logits float32 (N, 10)."""
    import keras
    from keras import layers

    from inkread.training.networks.pictures import logits, pictures

    given, x = pictures((28, 28))
    for place, count in enumerate(filters):
        stem = place == 0
        x = layers.Conv2D(count, 5 if stem else 3, 2 if stem else 1, "valid" if stem else "same", use_bias=False)(x)
        if place in (1, 3):
            x = layers.MaxPooling2D()(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    return keras.Model(given, logits(layers.GlobalMaxPooling2D()(x), 10, 0.0))


def _learn(model: keras.Model, train: Dataset, config: Config) -> None:
    """Go through all epochs of an entry."""
    import keras
    import tensorflow

    from inkread.training.batches import Batches
    from inkread.training.optimizers import optimizer_for

    optimizer = optimizer_for(config, steps=-(-len(train) // config.batch_size) * config.epochs)
    optimizer.build(model.trainable_variables)
    entropy = keras.losses.CategoricalCrossentropy(from_logits=True)

    def step(pictures: Any, targets: Any) -> None:
        with tensorflow.GradientTape() as tape:
            loss = entropy(targets, model(pictures, training=True))
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)

    shapes = tensorflow.TensorSpec((None, 28, 28), "uint8"), tensorflow.TensorSpec((None, 10), "float32")
    compiled = tensorflow.function(step, input_signature=shapes)
    for batch in _ahead(Batches(train, config).epochs()):
        compiled(*batch)


def _ahead(batches: Iterator[Batch], count: int = 4) -> Iterator[Batch]:
    """Yield batches, the next of which are being made in a thread."""
    with ThreadPoolExecutor(1) as thread:
        waiting = [thread.submit(next, batches, None) for _ in range(count)]
        while (batch := waiting.pop(0).result()) is not None:
            waiting.append(thread.submit(next, batches, None))
            yield batch


def _multiply_adds(model: keras.Model) -> int:
    """Return the products of one picture, in convolutions and dense layers."""
    from keras import layers

    products = 0
    for layer in model.layers:
        if isinstance(layer, layers.Conv2D):
            products += math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:3])
        elif isinstance(layer, layers.Dense):
            products += math.prod(layer.kernel.shape)
    return products


def _peak(kind: str) -> float:
    """Return the products a second of a large matrix product, the best of some."""
    from keras import ops

    side = 2048
    a = ops.cast(ops.convert_to_tensor(np.random.default_rng(0).random((side, side), np.float32)), kind)
    best = math.inf
    for _ in range(8):
        start = time.perf_counter()
        float(ops.cast(ops.matmul(a, a)[0, 0], "float32"))  # waits for the product
        best = min(best, time.perf_counter() - start)
    return side**3 / best


def _trained(name: str, train: Dataset, test: Dataset, seed: int, quick: bool) -> dict[str, float]:
    """Train, score; return what there is to say of it, `extra` seconds of it for the floor alone."""
    import keras

    from inkread.training.backend import precision, predict_logits
    from inkread.training.optimizers import optimizer_for
    from inkread.training.recipes import RECIPES

    keras.utils.set_random_seed(seed)
    if name in REFERENCES:
        recipe = RECIPES[name]
        config = replace(recipe.config, epochs=1 if quick else recipe.config.epochs)
        plain = model = recipe.build((28, 28), 10, config.dropout)
        loss = keras.losses.CategoricalCrossentropy(from_logits=True)
        model.compile(optimizer_for(config, steps=0), loss)
        fit: Any = model.fit
        targets = np.eye(10, dtype=np.float32)[train.labels]
        start = time.perf_counter()
        fit(train.images, targets, batch_size=config.batch_size, epochs=config.epochs, verbose=0)
        loop = time.perf_counter() - start
    else:
        entry = ENTRIES[name]
        config = replace(entry.config, seed=seed, epochs=1 if quick else entry.config.epochs)
        with precision(config.precision):
            model = _network(entry.filters)
        start = time.perf_counter()
        _learn(model, train, config)
        model.get_weights()  # waits for the last step
        loop = time.perf_counter() - start
        plain = _network(entry.filters)  # in float32, as it would ship
        plain.set_weights(model.get_weights())
    shifts = _SHIFTS if name in ENTRIES and ENTRIES[name].shifts else _SHIFTS[:1]
    scores = np.zeros((len(test), 10), np.float32)
    for shift in shifts:
        logits = predict_logits(plain, np.roll(test.images, shift, (1, 2)))
        scores += logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    accuracy = float((scores.argmax(axis=1) == test.labels).mean())
    start = time.perf_counter()
    kind = "float32" if model.dtype_policy.name == "float32" else "bfloat16"
    floor = _PASSES * _multiply_adds(plain) * len(train) * config.epochs / _peak(kind)
    extra = time.perf_counter() - start
    return {"epochs": config.epochs, "accuracy": accuracy, "loop": loop, "floor": floor, "extra": extra}


def _main() -> None:
    """Do one training in this process and write what it gave as JSON."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=(*ENTRIES, *REFERENCES))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--held-out", action="store_true")
    options = parser.parse_args()
    from inkread.training.backend import require_keras

    require_keras()
    train = mnist("train")
    if options.held_out:
        train, test = split(train, HELD_OUT, 0)
    else:
        test = mnist("test")
    if options.quick:
        train = train.subset(np.arange(QUICK))
    print(json.dumps(_trained(options.name, train, test, options.seed, options.quick)))


if __name__ == "__main__":
    _main()
