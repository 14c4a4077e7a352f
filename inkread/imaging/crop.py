"""One digit, cut out of the picture of several."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inkread.errors import UsageError
from inkread.results import Box

__all__ = ["crop"]

_AROUND = 0.12  # of a digit's longer side: the paper that is cut out with it


def crop(pixels: NDArray[np.uint8], box: Box, around: float = _AROUND) -> NDArray[np.uint8]:
    """Cut out a digit with a little of the paper around it.

    Args:
        pixels: uint8 (H, W) or (H, W, 3 or 4).
        box: Where the digit's ink is.
        around: How much paper, as a share of the digit's longer side.

    Raises:
        UsageError: The box lies outside of the picture.
    """
    height, width = pixels.shape[:2]
    margin = around * max(box.width, box.height)
    left, top = max(0, int(box.left - margin)), max(0, int(box.top - margin))
    right, bottom = int(box.left + box.width + margin) + 1, int(box.top + box.height + margin) + 1
    part = pixels[top : max(0, bottom), left : max(0, right)]
    if part.size == 0:
        raise UsageError(f"Expected a box on the picture of {width} x {height} pixels, got one outside: {box}.")
    return np.ascontiguousarray(part)
