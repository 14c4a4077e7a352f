"""The network of the line reader: fully convolutional, from a strip of 32 rows to scores twice per four columns."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from inkread.datasets.lines import SYMBOLS
from inkread.imaging.strip import ROWS

__all__ = ["STRIDE", "build"]

STRIDE = 2  # columns of the strip per frame of scores


def build(width: float = 1.0, dropout: float = 0.1) -> keras.Model:
    """Return the network: uint8 (N, 32, W) to logits float32 (N, frames, 1 + symbols), the blank first.

    Two convolutions and a pooling bring the strip to 8 rows and a quarter of its columns, where most of the work is
    done; each column then gives two frames, so that equal digits four columns apart can still be told from one.

    Args:
        width: Factor on the channels of all layers.
        dropout: Share of whole channels left out before the scores.
    """
    stem, low, middle, high, wide = (8 * max(1, round(width * c / 8)) for c in (24, 40, 80, 96, 128))
    strip = keras.Input((ROWS, None), dtype="uint8", name="pictures")
    x = layers.Reshape((ROWS, -1, 1))(strip)
    x = layers.Rescaling(1 / 255)(x)
    x = _convolution(x, stem, (5, 5), strides=2)  # 16 rows
    x = _convolution(x, low, (3, 3))
    x = layers.MaxPooling2D((2, 2), padding="same")(x)  # 8 rows
    x = _convolution(x, middle, (3, 3))
    x = _convolution(x, middle, (3, 3))
    x = layers.MaxPooling2D((2, 1))(x)  # 4 rows
    x = _convolution(x, high, (3, 3))
    x = _convolution(x, high, (3, 3))
    x = _convolution(x, wide, (4, 1), padding="valid")  # 1 row
    for _ in range(2):
        x = layers.Add()([x, _convolution(x, wide, (1, 5))])
    x = layers.SpatialDropout2D(dropout)(x)
    classes = 1 + len(SYMBOLS)
    x = layers.Conv2D(2 * classes, (1, 3), padding="same", name="scores")(x)  # (N, 1, W / 4, 2 * classes)
    logits = layers.Reshape((-1, classes), dtype="float32", name="frames")(x)
    return keras.Model(strip, logits, name="line")


def _convolution(x: Any, filters: int, size: tuple[int, int], *, strides: int = 1, padding: str = "same") -> Any:
    x = layers.Conv2D(filters, size, strides=strides, padding=padding, use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.97, epsilon=1e-3)(x)
    return layers.ReLU()(x)
