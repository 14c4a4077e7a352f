"""What networks share: from uint8 pictures to numbers in [0, 1], a normalised convolution, from features to logits."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

__all__ = ["convolution", "logits", "pictures"]


def pictures(shape: tuple[int, ...]) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Return the input, uint8 (N, *shape), and the same as numbers in [0, 1], (N, H, W, channels)."""
    import keras
    from keras import layers

    given = keras.Input(shape, dtype="uint8", name="pictures")
    x = layers.Reshape((*shape, 1))(given) if len(shape) == 2 else given
    return given, layers.Rescaling(1 / 255)(x)


def convolution(
    x: keras.KerasTensor, filters: int, kernel: int = 3, *, stride: int = 1, padding: str = "same"
) -> keras.KerasTensor:
    """Return a convolution with batch normalisation (Ioffe and Szegedy 2015), which is its bias, and a rectifier."""
    from keras import layers

    x = layers.Conv2D(filters, kernel, strides=stride, padding=padding, use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


def logits(x: keras.KerasTensor, classes: int, dropout: float, name: str = "logits") -> keras.KerasTensor:
    """Return the last dense layer, float32 (N, classes), with dropout before it."""
    from keras import layers

    if dropout > 0:
        x = layers.Dropout(dropout)(x)
    return layers.Dense(classes, dtype="float32", name=name)(x)
