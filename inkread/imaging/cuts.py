"""Where a line of writing may be cut between its digits.

A cut is a path from the upper edge of the line to the lower one that crosses as little ink as it can, leaning where
the writing leans: between digits that stand apart it crosses none, through digits that touch it takes the thinnest
place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Cuts", "cuts_at", "find_cuts"]

_LEAN = 0.01  # pixels of ink that a step aside is worth
_APART = 0.1  # digit heights between cuts, at least
_THROUGH = 3.0  # pens that a cut may cross
_ONE = 0.6  # digit heights: a narrower piece that stands apart is one digit, if any
_FREE = 0.5  # pixels of ink: a cut that crosses less goes between digits


@dataclass(frozen=True, slots=True, eq=False)
class Cuts:
    """Cuts of a line from left to right, with one before the first digit and one after the last.

    Attributes:
        paths: int32 (n, h), where each cut is in each row: pixels left of it belong to what is before.
        crossed: float32 (n,), the ink each cut crosses, in widths of the pen.
        gap: float32 (n,), how wide the paper around each cut is, in pixels; 0 where it goes through ink.
    """

    paths: NDArray[np.int32]
    crossed: NDArray[np.float32]
    gap: NDArray[np.float32]


def find_cuts(mask: NDArray[np.uint8], tall: float, pen: float) -> Cuts:
    """Find where a line may be cut.

    Args:
        mask: uint8 (h, w), ink 255.
        tall: The height of a digit, in pixels.
        pen: The width of the pen, in pixels.
    """
    height, width = mask.shape
    # Paper on both sides, so that the outermost cuts are cuts like the others.
    ink = np.zeros((height, width + 2), np.float32)
    ink[:, 1:-1] = mask > 0
    middle = _middle(ink)
    down, came_down = _cheapest(ink[: middle + 1])
    up, came_up = _cheapest(ink[middle:][::-1])
    total = down + up - ink[middle]
    places, gaps = _places(total, tall, pen)
    upper, lower = _followed(came_down, places), _followed(came_up, places)
    paths = np.concatenate([upper, lower[:, ::-1][:, 1:]], axis=1) - 1
    paths = np.maximum.accumulate(np.clip(paths, 0, width), axis=0)  # cuts do not cross each other
    paths[0], paths[-1] = 0, width
    return Cuts(paths.astype(np.int32), (total[places] / max(pen, 1.0)).astype(np.float32), gaps)


def cuts_at(columns: Sequence[float], shape: tuple[int, int]) -> Cuts:
    """Return upright cuts at some columns of a line (height, width), whatever they go through."""
    height, width = shape
    inner = sorted(round(column) for column in columns if 0 < round(column) < width)
    paths = np.repeat(np.array([0, *inner, width], np.int32)[:, None], height, axis=1)
    return Cuts(paths, np.zeros(len(paths), np.float32), np.ones(len(paths), np.float32))


def _middle(ink: NDArray[np.float32]) -> int:
    """Return the row in which the ink has its centre of mass: the one that all digits reach."""
    rows = ink.sum(axis=1)
    return int(np.clip(round(float(rows @ np.arange(len(rows)) / max(float(rows.sum()), 1.0))), 0, len(rows) - 1))


def _cheapest(ink: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """Return, for each column of the last row, the least ink on a way down to it, and where each step came from."""
    height, width = ink.shape
    # What is beyond the edges cannot be reached.
    cost = np.full((height, width + 2), np.inf, np.float32)
    cost[0, 1:-1] = ink[0]
    least = np.empty(width, np.float64)
    for before, here, more in zip(cost[:-1], cost[1:, 1:-1], ink[1:], strict=True):
        np.minimum(before[:-2], before[2:], out=least)
        least += _LEAN
        np.minimum(before[1:-1], least, out=least)
        np.add(least, more, out=here, casting="same_kind")
    came = np.zeros(ink.shape, np.int8)
    straight, left, right = cost[:-1, 1:-1], cost[:-1, :-2], cost[:-1, 2:]
    aside = np.minimum(left, right) + np.float64(_LEAN)
    came[1:] = np.where(straight <= aside, 0, np.where(left <= right, -1, 1))
    return cost[-1, 1:-1], came


def _followed(came: NDArray[np.int8], places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the columns of the cheapest ways to some columns of the last row, (n, rows)."""
    out = np.zeros((len(places), len(came)), np.int64)
    at = places.copy()
    for y in range(len(came) - 1, -1, -1):
        out[:, y] = at
        at = at + came[y][at]
    return out


def _places(total: NDArray[np.float32], tall: float, pen: float) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Choose the columns at which to cut, and say how wide the paper around each is."""
    free = total < _FREE + _LEAN * tall
    edges = np.flatnonzero(np.diff(np.concatenate([[0], free.astype(np.int8), [0]])))
    starts, ends = edges[::2], edges[1::2]
    chosen = [(int((a + b - 1) // 2), float(b - a)) for a, b in zip(starts, ends, strict=True)]
    apart = max(2.0, _APART * tall)
    through = (total <= _THROUGH * pen + _LEAN * tall) & ~free & _wide(free, _ONE * tall)
    through &= _valleys(total, round(apart))
    reach = math.ceil(apart) - 1  # of the cuts that one makes superfluous
    for place, _ in chosen:
        through[max(0, place - reach) : place + reach + 1] = False
    left = np.flatnonzero(through)
    for place in left[np.argsort(total[left], kind="stable")].tolist():
        if through[place]:
            chosen.append((place, 0.0))
            through[max(0, place - reach) : place + reach + 1] = False
    chosen.sort()
    places = np.array([place for place, _ in chosen], np.int64)
    gaps = np.array([gap for _, gap in chosen], np.float32)
    # The outermost cuts are the edges of the line, wherever they were found.
    if len(places) == 0 or places[0] > 1:
        places, gaps = np.concatenate([[0], places]), np.concatenate([[0], gaps]).astype(np.float32)
    if places[-1] < len(total) - 2:
        places = np.concatenate([places, [len(total) - 1]])
        gaps = np.concatenate([gaps, [0]]).astype(np.float32)
    return places, gaps


def _wide(free: NDArray[np.bool_], least: float) -> NDArray[np.bool_]:
    """Tell which columns lie in a run of ink wider than one narrow digit: only such a run is cut through."""
    edges = np.flatnonzero(np.diff(np.concatenate([[1], free.astype(np.int8), [1]])))
    wide = np.zeros(len(free), bool)
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        wide[start:end] = end - start > least
    return wide


def _valleys(total: NDArray[np.float32], reach: int) -> NDArray[np.bool_]:
    """Tell at which columns no other within reach is cheaper to cut at."""
    least = cv2.erode(total[None], np.ones((1, 2 * reach + 1), np.uint8))[0]  # beyond the edges there is nothing
    return np.asarray(total <= least + np.float32(0.5))
