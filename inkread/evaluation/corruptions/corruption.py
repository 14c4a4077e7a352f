"""What a corruption is: a function of pictures, severity and chance, with a card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["MU_GILMER", "OWN", "SEVERITIES", "Corrupt", "Corruption"]

Corrupt = Callable[[NDArray[np.uint8], int, np.random.Generator], NDArray[np.uint8]]
"""From uint8 (N, 28, 28), a severity 1..5 and a generator to uint8 (N, 28, 28); the input stays as it is."""

SEVERITIES = (1, 2, 3, 4, 5)
MU_GILMER = "Mu and Gilmer 2019, arXiv:1906.02337"
OWN = "inkread"


@dataclass(frozen=True)
class Corruption:
    """One way in which a picture can be worse than those of MNIST.

    Args:
        name: In the paper, or our own.
        family: "noise", "blur", "geometry", "light", "lines", "surface" or "pen".
        summary: What it does, with the parameter of the severities and its unit.
        source: Where the definition comes from.
        function: Pure: the same pictures, severity and state of the generator give the same bytes.
        released: The severity of the published set MNIST-C; None where the corruption is not part of it.
        random: Whether chance has a part in it.
    """

    name: str
    family: str
    summary: str
    source: str
    function: Corrupt
    released: int | None = None
    random: bool = True
