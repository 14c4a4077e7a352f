"""Pictures of MNIST whose labels are disputed: a person reads them otherwise.

Those of the test set are the fifteen that human raters dispute, as the literature on label errors counts them
(Northcutt, Athalye and Mueller 2021). Those of the training set we found ourselves: of the 10,000 pictures that the
shipped model was calibrated on, all whose label a network contradicted with a confidence above 0.8 were looked at
enlarged, and the eight kept whose label nobody would guess. The list says nothing of the other 50,000.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from inkread.datasets.dataset import Dataset

__all__ = ["DISPUTED", "disputed"]

_TRAIN = (2148, 22779, 35310, 49960, 50340, 53396, 56596, 57744)
_TEST = (947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729)

DISPUTED = {
    "b70705df74f4d42fac1e00afa1fc24855eea257b5b554128eaa582d4dd0d736b": _TRAIN,
    "8a4c311f9bb2ada3efc96724702faa37f9480769ac2257aa917eabdda2edda21": _TEST,
}
"""Places of the pictures in the file, by the fingerprint of the data set."""

# BLAKE2b of the pixels of those in the training set, by which they are known in a part of it.
_DIGESTS = {
    "bb6a793a68f01d50",
    "8588a455e09c1069",
    "304cf69db94fbfe3",
    "d5eb0b7e60d00d1c",
    "a5f8311580cf95d6",
    "ec47abd88125173a",
    "feb0272e3c6e660a",
    "03c8991a8f922bea",
}


def disputed(dataset: Dataset) -> NDArray[np.bool_]:
    """Tell which pictures are those of MNIST's training set whose label is disputed.

    Args:
        dataset: The training set, a part of it, or any other.

    Returns:
        bool (N,).
    """
    digests = (hashlib.blake2b(image.tobytes(), digest_size=8).hexdigest() for image in dataset.images)
    return np.fromiter((digest in _DIGESTS for digest in digests), bool, len(dataset))
