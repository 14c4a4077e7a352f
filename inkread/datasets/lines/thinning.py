"""Strokes to their middle lines, many pictures at once."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["thin"]

# The weight of each neighbour in the code of a pixel, P2 (above) to P9, clockwise.
_WEIGHTS = np.array([[128, 1, 2], [64, 0, 4], [32, 16, 8]], np.float32)
_MOST_ROUNDS = 64


def thin(masks: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Thin strokes to a width of one pixel (Zhang and Suen 1984).

    Args:
        masks: uint8 (N, H, W), ink 1 on 0; the outermost pixels of each must be 0.

    Returns:
        uint8 (N, H, W), 1 on the middle lines.
    """
    n, height, width = masks.shape
    tall = np.ascontiguousarray(masks.reshape(n * height, width))
    for _ in range(_MOST_ROUNDS):
        before = cv2.countNonZero(tall)
        for gone in _DELETED:
            codes = cv2.filter2D(tall, cv2.CV_8U, _WEIGHTS, borderType=cv2.BORDER_CONSTANT)
            tall = np.asarray(cv2.bitwise_and(tall, cv2.LUT(codes, gone)), dtype=np.uint8)
        if cv2.countNonZero(tall) == before:
            break
    return tall.reshape(masks.shape)


def _tables() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return, for either half of a round, what remains of a pixel by the code of its neighbours."""
    keep = np.ones((2, 256), np.uint8)
    for code in range(256):
        p = [code >> i & 1 for i in range(8)]  # P2 .. P9
        rises = sum(p[i] == 0 and p[(i + 1) % 8] == 1 for i in range(8))
        if 2 <= sum(p) <= 6 and rises == 1:
            above, right, below, left = p[0], p[2], p[4], p[6]
            keep[0, code] = bool(above * right * below or right * below * left)
            keep[1, code] = bool(above * right * left or above * below * left)
    return keep[0], keep[1]


_DELETED = _tables()
