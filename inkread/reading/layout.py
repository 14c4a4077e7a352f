"""Whether a picture shows one digit or a number of several."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inkread.imaging.frame import SIZE
from inkread.results import Line

__all__ = ["is_one_digit", "is_plain_digit"]

_TINY = 24  # pixels of the longer side: on fewer nobody writes a number of several digits
_NARROW = 0.95  # width to height of a line that is rather one digit in two pieces
_SURE = 0.5  # of a line's confidence: a doubtful line of two digits is rather one digit that fell apart
_FEW = 2  # digits


def is_plain_digit(gray: NDArray[np.uint8]) -> bool:
    """Tell whether a picture is too small, or too much in MNIST's form, to hold more than one digit."""
    return max(gray.shape) <= _TINY or gray.shape == (SIZE, SIZE)


def is_one_digit(lines: tuple[Line, ...]) -> bool:
    """Tell whether what was read as lines is rather one digit: nothing, one, or two where one fell apart."""
    count = sum(len(line.digits) for line in lines)
    if count <= 1:
        return True
    if len(lines) > 1 or count > _FEW:
        return False
    box = lines[0].box
    return box.width < _NARROW * box.height or lines[0].confidence < _SURE
