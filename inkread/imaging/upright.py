"""A sheet turned upright and level."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from inkread.imaging.components import places
from inkread.imaging.sheet import Sheet, transformed

__all__ = ["levelled", "skew", "turned"]

_GREATEST = 15.0  # degrees that are undone
_LEAST = 0.8  # degrees: less is left to each line, whose slope is its own
_GAIN = 1.12  # times as sharp as it stands must the rows be when turned
_POINTS = 6000
_BINS = 256  # rows that the ink is counted in


def turned(sheet: Sheet, quarters: int) -> Sheet:
    """Return a sheet turned by so many quarters of a circle, clockwise."""
    height, width = sheet.level.shape
    turns = {
        0: (np.eye(3), (width, height)),
        1: (np.array([[0, -1, height - 1], [1, 0, 0], [0, 0, 1.0]]), (height, width)),
        2: (np.array([[-1, 0, width - 1], [0, -1, height - 1], [0, 0, 1.0]]), (width, height)),
        3: (np.array([[0, 1, 0], [-1, 0, width - 1], [0, 0, 1.0]]), (height, width)),
    }
    matrix, _ = turns[quarters % 4]
    level, mask = (np.ascontiguousarray(np.rot90(layer, -quarters)) for layer in (sheet.level, sheet.mask))
    return Sheet(level, mask, sheet.matrix @ np.linalg.inv(matrix), sheet.gray)


def levelled(sheet: Sheet) -> Sheet:
    """Return a sheet turned by its skew, or as it is when that is next to nothing."""
    angle = skew(sheet.mask)
    if abs(angle) < _LEAST:
        return sheet
    height, width = sheet.level.shape
    turn = math.radians(-angle)
    cos, sin = math.cos(turn), math.sin(turn)
    size = (round(abs(width * cos) + abs(height * sin)), round(abs(width * sin) + abs(height * cos)))
    rotation = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1.0]])
    centre = rotation @ np.array([width / 2, height / 2, 1.0])
    rotation[:2, 2] = np.array(size) / 2 - centre[:2]
    return transformed(sheet, rotation, size)


def skew(mask: NDArray[np.uint8]) -> float:
    """Return by how many degrees the lines fall to the right, from -15 to 15.

    At the right angle the rows are either full or empty: the sum of the squares of the ink in each is greatest.
    """
    y, x = places(mask)
    if len(x) < 20:
        return 0.0
    some = np.random.default_rng(0).permutation(len(x))[:_POINTS]
    points = np.stack([x[some], y[some]]).astype(np.float64)
    points -= points.mean(axis=1, keepdims=True)
    reach = float(np.abs(points).max()) * 1.5 + 1.0
    coarse = np.arange(-_GREATEST, _GREATEST + 0.1, 1.0)
    best = float(coarse[int(_sharpness(points, reach, coarse).argmax())])
    fine = np.arange(best - 1, best + 1.01, 0.2)
    *around, level = _sharpness(points, reach, np.append(fine, 0.0))
    if max(around) < _GAIN * level:
        return 0.0
    return float(np.clip(fine[int(np.argmax(around))], -_GREATEST, _GREATEST))


def _sharpness(points: NDArray[np.float64], reach: float, degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of the squares of the ink in each row, for each of some angles."""
    turn = np.radians(degrees)
    across = np.cos(turn)[:, None] * points[1] - np.sin(turn)[:, None] * points[0]  # (angles, points)
    across += reach
    across *= _BINS / (2 * reach)
    bins = across.astype(np.int64)
    bins += _BINS * np.arange(len(turn))[:, None]
    counts = np.bincount(bins.ravel(), minlength=_BINS * len(turn)).reshape(len(turn), _BINS)
    # Neighbouring rows together, so that where the bins begin does not matter.
    both = (counts[:, 1:] + counts[:, :-1]).astype(np.float64)
    return np.asarray(np.square(both).sum(axis=1), dtype=np.float64)
