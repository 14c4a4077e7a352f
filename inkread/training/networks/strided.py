"""Convolutions behind a strided stem.

A 5 x 5 convolution with stride 2 takes 28 x 28 to 12 x 12 at once: what follows costs a fifth of what it would at full
size, and MNIST's strokes are wide enough to lose nothing by it. The digit's place is forgotten by a global maximum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkread.training.networks.pictures import logits, pictures

if TYPE_CHECKING:
    import keras

__all__ = ["strided"]


def strided(shape: tuple[int, ...], classes: int, dropout: float = 0.0, width: float = 1.0) -> keras.Model:
    """Build the network.

    Args:
        shape: Of one picture: (H, W) or (H, W, 3), sides of at least 12 pixels.
        classes: Number of outputs.
        dropout: Share of the features left out before the last layer.
        width: How many times as many filters each convolution has.

    Returns:
        From uint8 (N, *shape) to logits float32 (N, classes); 136 thousand parameters and 3.4 million multiply-adds
        for 28 x 28, ten classes and a width of 1.
    """
    import keras
    from keras import layers

    def convolution(x: keras.KerasTensor, filters: int, kernel: int = 3, **kwargs: object) -> keras.KerasTensor:
        x = layers.Conv2D(max(1, round(width * filters)), kernel, use_bias=False, **kwargs)(x)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))

    given, x = pictures(shape)
    x = convolution(x, 16, 5, strides=2, padding="valid")  # (N, 12, 12, 16)
    x = convolution(x, 32, padding="same")
    x = layers.MaxPooling2D()(x)  # (N, 6, 6, 32)
    x = convolution(x, 64, padding="same")
    x = convolution(x, 64, padding="same")
    x = layers.MaxPooling2D()(x)  # (N, 3, 3, 64)
    x = convolution(x, 128, padding="same")
    x = layers.GlobalMaxPooling2D()(x)  # (N, 128)
    return keras.Model(given, logits(x, classes, dropout), name="strided")
