"""Boxes seen through a transformation."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["enclosing"]

_LEAST = 1e-3  # pixels of a side: a box is never flat


def enclosing(
    matrix: NDArray[np.float64], left: float, top: float, width: float, height: float
) -> tuple[float, float, float, float]:
    """Return (left, top, width, height) of the upright rectangle around what a rectangle becomes.

    Args:
        matrix: (3, 3), takes points from where the rectangle is to where it is wanted.
        left: Of the rectangle, in pixels, as all that follow.
        top: The same.
        width: The same.
        height: The same.
    """
    corners = [[left, top], [left + width, top], [left + width, top + height], [left, top + height]]
    there = cv2.perspectiveTransform(np.array([corners], np.float64), matrix)[0]
    (x0, y0), (x1, y1) = there.min(axis=0), there.max(axis=0)
    return float(x0), float(y0), max(float(x1 - x0), _LEAST), max(float(y1 - y0), _LEAST)
