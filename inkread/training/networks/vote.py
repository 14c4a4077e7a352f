"""A vote of unlike networks in one: trained side by side, on the same batches, none of them seeing the others.

What they put out together is the mean of their log-probabilities. Its cross-entropy, not normalised over again, is the
mean of their own cross-entropies: each learns as if it were alone. (Normalised, it would also reward them for sharing
the work, and networks that share it vote worse: Jeffares, Liu, Crabbé, van der Schaar 2023, "Joint training of deep
ensembles fails due to learner collusion".)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkread.errors import UsageError
from inkread.training.networks.pictures import convolution, logits, pictures

if TYPE_CHECKING:
    import keras

__all__ = ["vote"]

_MOST = 8
_STEMS = ("pooled", "strided", "fine")


def vote(
    shape: tuple[int, ...], classes: int, dropout: float = 0.0, width: float = 1.0, members: int = 3
) -> keras.Model:
    """Build the vote.

    The members take turns in how they come from 28 x 28 to 12 x 12: by a convolution of 5 x 5 and a maximum, by one of
    5 x 5 with a stride of two, by two of 3 x 3 and a maximum. What follows is alike: two convolutions at 12 x 12, two
    at 6 x 6, a global maximum.

    Args:
        shape: Of one picture: (H, W) or (H, W, 3), sides of at least 12 pixels.
        classes: Number of outputs.
        dropout: Share of the features left out before the last layer of each.
        width: How many times as many filters each convolution has.
        members: Networks, 1 to 8.

    Returns:
        From uint8 (N, *shape) to log-probabilities float32 (N, classes), whose softmax is the normalised geometric mean
        of what the members give.

    Raises:
        UsageError: `members` is out of range.
    """
    import keras
    from keras import layers

    if not 1 <= members <= _MOST:
        raise UsageError(f"Expected a vote of 1 to {_MOST} members, got {members}.")

    def filters(count: int) -> int:
        return max(1, round(width * count))

    def stem(x: keras.KerasTensor, kind: str) -> keras.KerasTensor:
        if kind == "strided":
            return convolution(x, filters(32), 5, stride=2, padding="valid")
        if kind == "pooled":
            x = convolution(x, filters(16), 5, padding="valid")
        else:
            x = convolution(convolution(x, filters(16), padding="valid"), filters(24), padding="valid")
        return layers.MaxPooling2D()(x)

    given, whole = pictures(shape)
    votes = []
    for member in range(members):
        x = stem(whole, _STEMS[member % len(_STEMS)])  # (N, 12, 12, 16 to 32)
        x = convolution(convolution(x, filters(48)), filters(48))
        x = layers.MaxPooling2D()(x)  # (N, 6, 6, 48)
        x = convolution(convolution(x, filters(96)), filters(96))
        x = layers.GlobalMaxPooling2D()(x)  # (N, 96)
        votes.append(layers.Activation("log_softmax", dtype="float32")(logits(x, classes, dropout, f"logits_{member}")))
    mean = votes[0] if members == 1 else layers.Average(dtype="float32")(votes)
    return keras.Model(given, mean, name="vote")
