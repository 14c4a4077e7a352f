"""What the tests of the training half share: drawn digits, a network that trains in a second, and Keras."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from inkread.datasets import Dataset
from inkread.imaging.preprocess import normalize_batch
from inkread.training.config import Config
from inkread.training.recipe import Recipe


def draw_digits(labels, seed: int = 0, side: int = 72) -> np.ndarray:
    """Draw digits (N, side, side), light on black, each with a hand of its own."""
    rng = np.random.default_rng(seed)
    out = np.zeros((len(labels), side, side), np.uint8)
    for picture, label in zip(out, labels, strict=True):
        cv2.putText(
            picture,
            str(label),
            (18, 56),
            int(rng.choice([cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX])),
            float(rng.uniform(1.5, 2.0)),
            255,
            int(rng.integers(4, 7)),
            cv2.LINE_AA,
        )
        slant = np.array([[1, rng.uniform(-0.3, 0.3), 0], [rng.uniform(-0.1, 0.1), 1, 0]])
        slant[:, 2] = side / 2 - slant[:, :2] @ [side / 2, side / 2]
        picture[:] = cv2.warpAffine(picture, slant, (side, side))
    return out


@pytest.fixture(scope="session")
def drawn() -> Callable[..., Dataset]:
    """Return a function that makes a dataset of drawn digits in MNIST's form."""

    def make(count: int, classes: int = 10, seed: int = 0) -> Dataset:
        labels = np.arange(count) % classes
        names = tuple(str(label) for label in range(classes))
        return Dataset(normalize_batch(draw_digits(labels, seed)), labels, names, "drawn")

    return make


@pytest.fixture(scope="session")
def coloured() -> Dataset:
    """Return pictures (N, 28, 28, 3) of two classes that differ in colour alone."""
    rng = np.random.default_rng(0)
    labels = np.arange(240) % 2
    images = rng.integers(0, 60, (240, 28, 28, 3)).astype(np.uint8)
    images[np.arange(240), 8:20, 8:20, 2 * labels] += 190
    return Dataset(images, labels, ("ripe", "unripe"), "coloured")


@pytest.fixture(scope="session")
def keras():
    """Return Keras, imported once, quietly; without it the test is skipped."""
    if importlib.util.find_spec("keras") is None or importlib.util.find_spec("tensorflow") is None:
        pytest.skip("the extra [train] is not installed")
    from inkread.training.backend import require_keras

    require_keras()
    import keras

    return keras


def _tiny(shape, classes, dropout=0.0):
    import keras
    from keras import layers

    pictures = keras.Input(shape, dtype="uint8", name="pictures")
    x = layers.Reshape((*shape, 1))(pictures) if len(shape) == 2 else pictures
    x = layers.Rescaling(1 / 255)(x)
    x = layers.Conv2D(8, 5, strides=3)(x)
    x = layers.BatchNormalization(momentum=0.5)(x)
    x = layers.ReLU()(x)
    x = layers.Conv2D(16, 3)(x)  # sees eight channels: Muon's
    x = layers.Flatten()(layers.ReLU()(x))
    x = layers.Dropout(dropout)(x) if dropout else x
    return keras.Model(pictures, layers.Dense(classes, dtype="float32")(x))


@pytest.fixture(scope="session")
def tiny(keras) -> Recipe:
    """Return a recipe that trains in a second, in float32."""
    config = Config(epochs=1, batch_size=32, validation=0.2, precision="float32", learning_rate=0.01)
    return Recipe("tiny", "two convolutions", _tiny, config, 0)
