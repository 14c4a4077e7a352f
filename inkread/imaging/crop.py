"""One digit, cut out of the picture of several."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inkread.errors import UsageError
from inkread.results import Box

__all__ = ["crop"]

_AROUND = 0.12  # of a digit's longer side: the paper that is cut out with it


def crop(pixels: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """Cut out a digit with a little of the paper around it.

    Args:
        pixels: uint8 (H, W) or (H, W, 3 or 4).
        box: Where the digit's ink is.

    Raises:
        UsageError: The box lies outside of the picture.
    """
    height, width = pixels.shape[:2]
    around = _AROUND * max(box.width, box.height)
    left, top = max(0, int(box.left - around)), max(0, int(box.top - around))
    right, bottom = int(box.left + box.width + around) + 1, int(box.top + box.height + around) + 1
    part = pixels[top : max(0, bottom), left : max(0, right)]
    if part.size == 0:
        raise UsageError(f"Expected a box on the picture of {width} x {height} pixels, got one outside: {box}.")
    return np.ascontiguousarray(part)
