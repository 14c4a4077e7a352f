"""One dense layer: every class weighs every pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkread.training.networks.pictures import logits, pictures

if TYPE_CHECKING:
    import keras

__all__ = ["dense"]


def dense(shape: tuple[int, ...], classes: int, dropout: float = 0.0) -> keras.Model:
    """Build a dense layer with a sigmoid for each class.

    The report's loss divides the sigmoids of the classes by their sum, which makes them probabilities. The softmax of
    the logarithms of the sigmoids is the same number, so the logarithms are this network's logits.

    Args:
        shape: Of one picture: (H, W) or (H, W, 3).
        classes: Number of outputs.
        dropout: Share of the pixels left out in a step.

    Returns:
        From uint8 (N, *shape) to logits float32 (N, classes); 7,850 parameters for 28 x 28 and ten classes.
    """
    import keras
    from keras import layers

    given, x = pictures(shape)
    x = layers.Flatten()(x)
    x = logits(x, classes, dropout)
    return keras.Model(given, layers.Activation("log_sigmoid", dtype="float32")(x), name="dense")
