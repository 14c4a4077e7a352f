"""Convolutions, each followed by a maximum over 2 x 2 pixels, then dense layers: the shape LeCun et al. (1998) gave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkread.errors import UsageError
from inkread.training.networks.pictures import logits, pictures

if TYPE_CHECKING:
    import keras

__all__ = ["cnn_2conv", "cnn_3conv", "cnn_dropout", "lenet"]

_WIDEST = 16.0
_DEEPEST = 4

# Every builder takes the shape of one picture, (H, W) or (H, W, 3), the number of classes, and the dropout before the
# last dense layer, and returns a network from uint8 (N, *shape) to logits float32 (N, classes). The shapes at the line
# ends are those of 28 x 28 pictures.


def cnn_2conv(shape: tuple[int, ...], classes: int, dropout: float = 0.0) -> keras.Model:
    """Build two pooled convolutions and a dense layer of 128: 225,034 parameters for 28 x 28 and ten classes."""
    import keras
    from keras import layers

    given, x = pictures(shape)
    x = layers.Conv2D(32, 3, activation="relu")(x)  # (N, 26, 26, 32)
    x = layers.MaxPooling2D()(x)  # (N, 13, 13, 32)
    x = layers.Conv2D(64, 3, activation="relu")(x)  # (N, 11, 11, 64)
    x = layers.MaxPooling2D()(x)  # (N, 5, 5, 64)
    x = layers.Flatten()(x)  # (N, 1600)
    x = layers.Dense(128, activation="relu")(x)
    return keras.Model(given, logits(x, classes, dropout), name="cnn-2conv")


def cnn_3conv(shape: tuple[int, ...], classes: int, dropout: float = 0.0) -> keras.Model:
    """Build three convolutions, two of them pooled, and a dense layer of 64: 93,322 parameters."""
    import keras
    from keras import layers

    given, x = pictures(shape)
    x = layers.Conv2D(32, 3, activation="relu")(x)  # (N, 26, 26, 32)
    x = layers.MaxPooling2D()(x)  # (N, 13, 13, 32)
    x = layers.Conv2D(64, 3, activation="relu")(x)  # (N, 11, 11, 64)
    x = layers.MaxPooling2D()(x)  # (N, 5, 5, 64)
    x = layers.Conv2D(64, 3, activation="relu")(x)  # (N, 3, 3, 64)
    x = layers.Flatten()(x)  # (N, 576)
    x = layers.Dense(64, activation="relu")(x)
    return keras.Model(given, logits(x, classes, dropout), name="cnn-3conv")


def cnn_dropout(
    shape: tuple[int, ...], classes: int, dropout: float = 0.0, *, width: float = 1.0, depth: int = 2
) -> keras.Model:
    """Build two pooled convolutions and a dense layer of 256, half the dropout before it and all of it behind it.

    317,066 parameters for 28 x 28 and ten classes.

    Args:
        shape: Of one picture: (H, W) or (H, W, 3).
        classes: Number of outputs.
        dropout: Share of the inputs of the last dense layer left out in a step.
        width: Factor on the counts of filters and units, above 0.
        depth: Pooled convolutions, 1 to 4; each has twice the filters of the one before.

    Raises:
        UsageError: `width` or `depth` is out of range.
    """
    import keras
    from keras import layers

    if not (0 < width <= _WIDEST and 1 <= depth <= _DEEPEST):
        raise UsageError(
            f"Expected a network with width above 0 and at most {_WIDEST}, and depth from 1 to {_DEEPEST}; got width "
            f"{width:g} and depth {depth}."
        )
    given, x = pictures(shape)
    for place in range(depth):
        # What the first two leave of a digit is smaller than another kernel: the others pad.
        padding = "valid" if place < 2 else "same"
        filters = max(1, round(32 * 2**place * width))
        x = layers.Conv2D(filters, 5, activation="relu", padding=padding)(x)  # (N, 24, 24, 32), (N, 8, 8, 64)
        x = layers.MaxPooling2D()(x)  # (N, 12, 12, 32), (N, 4, 4, 64)
    x = layers.Flatten()(x)  # (N, 1024)
    if dropout > 0:
        x = layers.Dropout(dropout / 2)(x)
    x = layers.Dense(max(1, round(256 * width)), activation="relu")(x)
    return keras.Model(given, logits(x, classes, dropout), name="cnn-dropout")


def lenet(shape: tuple[int, ...], classes: int, dropout: float = 0.0) -> keras.Model:
    """Build LeNet-5 with maxima and rectifiers: 44,426 parameters for 28 x 28 and ten classes."""
    import keras
    from keras import layers

    given, x = pictures(shape)
    x = layers.Conv2D(6, 5)(x)  # (N, 24, 24, 6)
    x = layers.ReLU()(layers.MaxPooling2D()(x))  # (N, 12, 12, 6)
    x = layers.Conv2D(16, 5)(x)  # (N, 8, 8, 16)
    x = layers.ReLU()(layers.MaxPooling2D()(x))  # (N, 4, 4, 16)
    x = layers.Flatten()(x)  # (N, 256)
    x = layers.Dense(120, activation="relu")(x)
    x = layers.Dense(84, activation="relu")(x)
    return keras.Model(given, logits(x, classes, dropout), name="lenet")
