"""Convolutions behind a strided stem.

A 5 x 5 convolution with stride 2 takes 28 x 28 to 12 x 12 at once: what follows costs a fifth of what it would at full
size, and MNIST's strokes are wide enough to lose nothing by it. The digit's place is forgotten by a global maximum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkread.training.networks.pictures import convolution, logits, pictures

if TYPE_CHECKING:
    import keras

__all__ = ["strided", "tiny"]


def strided(
    shape: tuple[int, ...], classes: int, dropout: float = 0.0, width: float = 1.0, depth: int = 1
) -> keras.Model:
    """Build the network.

    Args:
        shape: Of one picture: (H, W) or (H, W, 3), sides of at least 12 pixels.
        classes: Number of outputs.
        dropout: Share of the features left out before the last layer.
        width: How many times as many filters each convolution has.
        depth: Convolutions at 12 x 12, of which there are 1 or more.

    Returns:
        From uint8 (N, *shape) to logits float32 (N, classes); 136 thousand parameters and 3.4 million multiply-adds
        for 28 x 28, ten classes, a width and a depth of 1.
    """
    import keras
    from keras import layers

    def filters(count: int) -> int:
        return max(1, round(width * count))

    given, x = pictures(shape)
    x = convolution(x, filters(16), 5, stride=2, padding="valid")  # (N, 12, 12, 16)
    for _ in range(depth):
        x = convolution(x, filters(32))
    x = layers.MaxPooling2D()(x)  # (N, 6, 6, 32)
    x = convolution(x, filters(64))
    x = convolution(x, filters(64))
    x = layers.MaxPooling2D()(x)  # (N, 3, 3, 64)
    x = convolution(x, filters(128))
    x = layers.GlobalMaxPooling2D()(x)  # (N, 128)
    return keras.Model(given, logits(x, classes, dropout), name="strided")


def tiny(shape: tuple[int, ...], classes: int, dropout: float = 0.0) -> keras.Model:
    """Build the smallest network worth shipping: 9,816 parameters and 0.5 million multiply-adds for ten digits.

    Args:
        shape: Of one picture: (H, W) or (H, W, 3), sides of at least 8 pixels.
        classes: Number of outputs.
        dropout: Share of the features left out before the last layer.

    Returns:
        From uint8 (N, *shape) to logits float32 (N, classes).
    """
    import keras
    from keras import layers

    given, x = pictures(shape)
    x = convolution(x, 10, 5, stride=2, padding="valid")  # (N, 12, 12, 10)
    x = convolution(x, 16)
    x = layers.MaxPooling2D()(x)  # (N, 6, 6, 16)
    x = convolution(x, 24)
    x = convolution(x, 20)
    x = layers.GlobalMaxPooling2D()(x)  # (N, 20)
    return keras.Model(given, logits(x, classes, dropout), name="tiny")
