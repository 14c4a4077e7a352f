"""Pen: thinner or thicker than that of MNIST."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.evaluation.corruptions.corruption import OWN, Corruption

__all__ = ["CORRUPTIONS"]

_THINNER = (0.25, 0.5, 0.75, 1.0, 1.5)  # pixels taken off on either side of a stroke
_THICKER = (0.4, 0.8, 1.2, 1.6, 2.2)  # pixels added on either side
_FINE = 4  # points to a pixel in which the pen is redrawn
_FRAME = 5
"""Points of ground around each picture: two frames are more than the pen grows, so that no picture sees the next."""

_RING = np.array([[128, 1, 2], [64, 0, 4], [32, 16, 8]], np.float32)
"""What each neighbour of a point counts, so that the sum says which of them are ink."""

_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


def pen_thin(images: NDArray[np.uint8], severity: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Take ink off all strokes; a hair of three quarters of a pixel always stays, as a pen leaves no gaps."""
    del rng
    fine = _enlarged(images)
    depth = cv2.distanceTransform(fine, cv2.DIST_L2, cv2.DIST_MASK_5)
    left = (depth > _THINNER[severity - 1] * _FINE).astype(np.uint8)
    return _reduced(cv2.bitwise_or(left, cv2.dilate(_skeleton(fine), _CROSS)) & fine, images.shape)


def pen_thick(images: NDArray[np.uint8], severity: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Add ink on both sides of all strokes."""
    del rng
    fine = _enlarged(images)
    distance = cv2.distanceTransform(1 - fine, cv2.DIST_L2, cv2.DIST_MASK_5)
    return _reduced((distance <= _THICKER[severity - 1] * _FINE).astype(np.uint8), images.shape)


def _enlarged(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return all pictures four times as large in one tall one, 1 where there is ink and 0 elsewhere, each framed."""
    height, width = images.shape[1:]
    down, across = _between(height), _between(width)
    large = down @ images.astype(np.float32) @ across.T > 127.5
    framed = np.pad(large, ((0, 0), (_FRAME, _FRAME), (_FRAME, _FRAME)))
    return framed.reshape(-1, framed.shape[2]).astype(np.uint8)


def _between(size: int) -> NDArray[np.float32]:
    """Return (4 size, size): the weights of the pixels of a row at the points between them, linear, edges go on."""
    places = np.clip((np.arange(size * _FINE) + 0.5) / _FINE - 0.5, 0, size - 1)
    return np.maximum(0, 1 - np.abs(places[:, None] - np.arange(size))).astype(np.float32)


def _reduced(fine: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return the pictures of a tall one in their own size: each pixel is as light as it is covered."""
    count, height, width = shape
    framed = fine.reshape(count, height * _FINE + 2 * _FRAME, width * _FINE + 2 * _FRAME)
    points = framed[:, _FRAME:-_FRAME, _FRAME:-_FRAME].reshape(count, height, _FINE, width, _FINE)
    covered = points.sum(axis=(2, 4), dtype=np.float32)
    return np.rint(covered * (255 / _FINE**2)).astype(np.uint8)


def _skeleton(fine: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the middle of all strokes, a point wide and in one piece (Zhang and Suen 1984)."""
    tables = _removable()
    left, before = fine, -1
    while (count := cv2.countNonZero(left)) != before:
        before = count
        for table in tables:
            around = cv2.filter2D(left, -1, _RING, borderType=cv2.BORDER_CONSTANT)
            left = left & ~cv2.LUT(around, table)
    return left


@cache
def _removable() -> NDArray[np.uint8]:
    """Return (2, 256): whether a point goes in the first and the second half of a round, by its eight neighbours."""
    ring = np.arange(256)[:, None] >> np.arange(8) & 1  # (256, 8), clockwise from the north
    north, east, south, west = (ring[:, side] for side in (0, 2, 4, 6))
    number = ring.sum(axis=1)
    rim = (number >= 2) & (number <= 6) & ((np.roll(ring, -1, axis=1) > ring).sum(axis=1) == 1)
    south_east = (north & east & south == 0) & (east & south & west == 0)
    north_west = (north & east & west == 0) & (north & south & west == 0)
    return np.stack([rim & south_east, rim & north_west]).astype(np.uint8)


CORRUPTIONS = (
    Corruption(
        "pen_thin",
        "pen",
        "strokes 0.25, 0.5, 0.75, 1, 1.5 px thinner on either side, never below 0.75 px",
        OWN,
        pen_thin,
        random=False,
    ),
    Corruption(
        "pen_thick", "pen", "strokes 0.4, 0.8, 1.2, 1.6, 2.2 px thicker on either side", OWN, pen_thick, random=False
    ),
)
