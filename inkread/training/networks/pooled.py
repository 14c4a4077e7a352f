"""Convolutions, each followed by a maximum over 2 x 2 pixels, then dense layers: the shape LeCun et al. (1998) gave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkread.training.networks.pictures import logits, pictures

if TYPE_CHECKING:
    import keras

__all__ = ["cnn_2conv", "cnn_3conv", "cnn_dropout", "lenet"]

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


def cnn_dropout(shape: tuple[int, ...], classes: int, dropout: float = 0.0) -> keras.Model:
    """Build two pooled convolutions and a dense layer of 256, half the dropout before it and all of it behind it.

    317,066 parameters for 28 x 28 and ten classes.
    """
    import keras
    from keras import layers

    given, x = pictures(shape)
    x = layers.Conv2D(32, 5, activation="relu")(x)  # (N, 24, 24, 32)
    x = layers.MaxPooling2D()(x)  # (N, 12, 12, 32)
    x = layers.Conv2D(64, 5, activation="relu")(x)  # (N, 8, 8, 64)
    x = layers.MaxPooling2D()(x)  # (N, 4, 4, 64)
    x = layers.Flatten()(x)  # (N, 1024)
    if dropout > 0:
        x = layers.Dropout(dropout / 2)(x)
    x = layers.Dense(256, activation="relu")(x)
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
