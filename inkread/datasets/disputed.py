"""Pictures whose labels are disputed: a person reads them otherwise.

Those of MNIST's test set are the fifteen that human raters dispute, as the literature on label errors counts them
(Northcutt, Athalye and Mueller 2021). Those of the training set we found ourselves: of the 10,000 pictures that the
shipped model was calibrated on, all whose label a network contradicted with a confidence above 0.8 were looked at
enlarged, and the eight kept whose label nobody would guess. The list says nothing of the other 50,000.

Those of UNIPEN's digits one judge alone found: of the 7,730 pictures all that the shipped model misread or rejected,
178, were looked at enlarged, and the 34 kept that plainly do not show their label: a dot, a dash or another part of a
digit, several zeros, a scribble, or plainly another digit. What is only badly written stays. Nobody looked at what was
read right, so leaving them out can only better a figure: it is to be quoted beside the one of all pictures.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from inkread.datasets.dataset import Dataset

__all__ = ["DISPUTED", "DISPUTED_OF_UNIPEN", "disputed"]

_TRAIN = (2148, 22779, 35310, 49960, 50340, 53396, 56596, 57744)
_TEST = (947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729)

DISPUTED = {
    "b70705df74f4d42fac1e00afa1fc24855eea257b5b554128eaa582d4dd0d736b": _TRAIN,
    "8a4c311f9bb2ada3efc96724702faa37f9480769ac2257aa917eabdda2edda21": _TEST,
}
"""Places of MNIST's pictures in the file, by the fingerprint of the data set."""

DISPUTED_OF_UNIPEN = {
    "69bc1742f23d515192c43c83ab61bd00fb4939ac0e5fe73e5e1be29c7548e0d0": (
        *(671, 1328, 1436, 2596, 2597, 2600, 2601, 2697, 2703, 2726, 2749, 2870, 2872, 2875, 2876, 3110, 3111),
        *(3115, 3186, 3270, 3363, 4518, 4589, 6987, 7014, 7016, 7018, 7020, 7023, 7025, 7029, 7036, 7037, 7463),
    ),
}
"""The same of UNIPEN's digits; apart, because nobody but one judge says so."""

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
