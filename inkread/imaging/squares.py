"""Squared paper: how strong its rules are, so that a pen that is stronger can be told from them.

Between the rules lie cells, alike and side by side. They are found as holes of the ink, however the paper is turned or
seen; the ink between two of them is a rule.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.imaging.scale import strongest

__all__ = ["rule_strength"]

_SIDE = 1024  # pixels of the longer side at which squares are looked for
_STRONG = 99.0  # percent of a picture that is no stronger than the ink on it
_LEVELS = (0.08, 0.12, 0.18, 0.27)  # of that: where rules may begin, above the grain of the paper
_SMALLEST = 5  # pixels of a cell's side
_FILLED = 0.8  # of the rectangle around a cell that is paper
_SQUARE = 1.35  # greatest ratio of its sides
_ALIKE = 0.25  # of the usual side by which that of a cell may differ
_NEXT = 1.15  # sides to the right or below, where the middle part of the next cell is
_NEIGHBOURS = 2  # cells that have one to the right, and such that have one below, at least
_CELLS = 6  # the same, both together
_WALL = 0.4  # of a cell's side: how thick a rule may be
_STRONGER = 1.35  # times as strong as the rules: a pen's ink


def rule_strength(light: NDArray[np.uint8]) -> float | None:
    """Return the level that the rules of squared paper do not reach and a pen's ink does.

    Args:
        light: uint8 (h, w), how far each pixel is from paper.

    Returns:
        The level in those of `light`; None on paper without squares, or where nothing is stronger than its rules.
    """
    small = strongest(light, _SIDE)
    strong = _percentile(small, _STRONG)
    for share in _LEVELS:
        mask = cv2.threshold(small, share * strong, 255, cv2.THRESH_BINARY)[1]
        cells, side = _cells(mask)
        if cells is not None:
            return _above(small, _between(cells, side) & mask, side)
    return None


def _percentile(light: NDArray[np.uint8], percent: float) -> float:
    """Return the least level that so many percent of the pixels do not surpass."""
    count = np.cumsum(cv2.calcHist([light], [0], None, [256], [0, 256]), dtype=np.float64)
    return float(np.searchsorted(count, percent / 100 * light.size))


def _between(cells: NDArray[np.uint8], side: float) -> NDArray[np.uint8]:
    """Return what lies between cells, 255 in a picture (h, w)."""
    reach = 2 * max(1, round(_WALL * side / 2)) + 1
    closed = cv2.morphologyEx(cells, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    return np.asarray(cv2.subtract(closed, cells), dtype=np.uint8)


def _above(light: NDArray[np.uint8], rules: NDArray[np.uint8], side: float) -> float | None:
    """Return a level above that of rules; None when no ink as tall as a cell reaches it."""
    # Of a rule the middle counts, not how it pales to its sides; a pen crosses the lesser part of the cells.
    middle = cv2.dilate(light, np.ones((3, 3), np.uint8))[rules > 0]
    if not middle.size:
        return None
    level = _STRONGER * float(np.median(middle))
    pen = cv2.threshold(light, level, 255, cv2.THRESH_BINARY)[1]
    tall = cv2.connectedComponentsWithStats(pen)[2][1:, cv2.CC_STAT_HEIGHT]
    return level if (tall > side).any() else None


def _cells(mask: NDArray[np.uint8]) -> tuple[NDArray[np.uint8] | None, float]:
    """Return the cells of squared paper, 255 in a picture (h, w), and the side of one; None when there are too few."""
    count, labels, stats, centres = cv2.connectedComponentsWithStats(cv2.bitwise_not(mask), connectivity=4)
    if count <= _CELLS:  # the first one is the ink
        return None, 0.0
    width, height, area = (stats[:, i].astype(np.float32) for i in (2, 3, 4))
    cell = (np.minimum(width, height) >= _SMALLEST) & (area >= _FILLED * width * height)
    cell &= np.maximum(width, height) <= _SQUARE * np.minimum(width, height)
    cell[0] = False  # the ink
    if np.count_nonzero(cell) < _CELLS:
        return None, 0.0
    sides = np.sqrt(area)
    side = float(np.median(sides[cell]))
    cell &= np.abs(sides - side) <= _ALIKE * side
    beside = [_has_next(labels, centres, cell, step) for step in ((_NEXT * side, 0.0), (0.0, _NEXT * side))]
    few = min(np.count_nonzero(one) for one in beside) < _NEIGHBOURS
    if few or np.count_nonzero(beside[0] | beside[1]) < _CELLS:
        return None, 0.0
    return np.where(cell[labels], 255, 0).astype(np.uint8), side


def _has_next(
    labels: NDArray[np.int32], centres: NDArray[np.float64], cell: NDArray[np.bool_], step: tuple[float, float]
) -> NDArray[np.bool_]:
    """Tell for each piece of paper whether it is a cell with another one a step away, (n,)."""
    x, y = np.round(centres + step).astype(np.int64).T
    inside = (x < labels.shape[1]) & (y < labels.shape[0])
    there = labels[np.where(inside, y, 0), np.where(inside, x, 0)]
    return np.asarray(cell & inside & cell[there] & (there != np.arange(len(cell))))
