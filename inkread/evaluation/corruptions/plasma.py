"""Clouds by midpoint displacement (Fournier, Fussell and Carpenter 1982, the diamond-square algorithm)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["plasma"]

_SIDE = 256  # pixels of the whole sky, as in the released code of MNIST-C
_COARSE = 8  # pixels between the points at which all of the sky is known
_FIRST = 1e4
"""How far the first points lie apart: the released code multiplies 100 by a number between -100 and 100."""


def plasma(count: int, size: int, decay: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a corner of as many skies of 256 x 256 pixels, each of which goes from 0 to 1 and on around its edges.

    Only the corner is drawn in full. Lowest and highest point of a sky are looked for at every eighth pixel, which
    the steps left out there (below 3 % of the first) could shift no further than that.

    Args:
        count: Of skies, N.
        size: Of the corner, in pixels, at most 40.
        decay: What the displacement shrinks by, squared, from one halving of the distance to the next; above 1.
        rng: Where the displacements are drawn from.

    Returns:
        float32 (N, size, size), 0..1.
    """
    shrink = decay**2
    sky = np.zeros((count, 1, 1), np.float32)
    displacement = _FIRST
    while sky.shape[1] < _SIDE // _COARSE:
        sky = _halve(sky, displacement, rng)
        displacement /= shrink
    low, high = sky.min(axis=(1, 2), keepdims=True), sky.max(axis=(1, 2), keepdims=True)
    # The cut is treated as if it went on around its edges too: what is wrong by that stays in the margin.
    margin = 1
    cut = np.arange(-margin, -(-size // _COARSE) + 2 * margin)
    corner = sky[:, cut[:, None], cut]
    while corner.shape[1] < len(cut) * _COARSE:
        corner = _halve(corner, displacement, rng)
        displacement /= shrink
    start = margin * _COARSE
    corner = corner[:, start : start + size, start : start + size]
    return np.clip((corner - low) / (high - low), 0, 1)


def _halve(grid: NDArray[np.float32], displacement: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a grid with points between those of another: means of the four nearest, displaced by chance.

    Args:
        grid: (N, S, S), which goes on around its edges.
        displacement: The most that a new point is moved up or down.
        rng: Where that is drawn from.

    Returns:
        (N, 2 S, 2 S).
    """
    count, side = grid.shape[:2]
    moved = rng.random((3, count, side, side), dtype=np.float32)
    moved = (2 * moved - 1) * np.float32(displacement)
    pairs = grid + np.roll(grid, -1, axis=2)
    middle = (pairs + np.roll(pairs, -1, axis=1)) / 4 + moved[0]  # of the squares
    across = (pairs + middle + np.roll(middle, 1, axis=1)) / 4 + moved[1]  # between two points of a row
    down = (grid + np.roll(grid, -1, axis=1) + middle + np.roll(middle, 1, axis=2)) / 4 + moved[2]
    out = np.empty((count, 2 * side, 2 * side), np.float32)
    out[:, ::2, ::2], out[:, 1::2, 1::2] = grid, middle
    out[:, ::2, 1::2], out[:, 1::2, ::2] = across, down
    return out
