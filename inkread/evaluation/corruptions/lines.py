"""Lines across the digit: scribbled, ruled, printed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkread.evaluation.corruptions.corruption import MU_GILMER, OWN, Corruption
from inkread.evaluation.corruptions.operations import box_of_ink, to_pixels, to_shares

__all__ = ["CORRUPTIONS"]

_REACH = (1.3, 1.8, 2.3, 3.0, 3.9)
"""Pixels from the middle of a scribbled line: it has faded to black at 0.63 of it. 2.3 is the published one."""

_DASH = 2  # pixels of a dash, and of the gap before it
_TOOTH = 2.0  # pixels that a zigzag goes up and down, and half of what a tooth is wide
_FIRST_COLUMN, _LAST_COLUMN = 2, 25  # of a zigzag

_RULE = ((0.6, 80), (0.8, 120), (1.0, 160), (1.3, 205), (1.7, 255))  # width in pixels, gray level
_MOST_TILT = 2.0  # degrees
_BOX = ((1, 0, 0.8), (2, 1, 1.0), (3, 2, 1.2), (4, 2, 1.4), (4, 3, 1.6))
"""Of a box: how many edges, how far inside the picture and how wide, both in pixels."""

_BOX_GRAY = 210


_Point = tuple[int | NDArray[Any], NDArray[Any]]
"""The column and the row of a point in each picture, (N, 1, 1) or one for all."""


def dotted_line(images: NDArray[np.uint8], severity: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw a dashed line from the left edge to the right one."""
    height, width = images.shape[1:]
    first, last = rng.integers(0, height - 1, (2, len(images), 1, 1))
    line = _segment((0, first), (width - 1, last), images.shape, _REACH[severity - 1])
    dashes = np.arange(width) // _DASH % 2 == 1
    return to_pixels(to_shares(images) + line * dashes)


def zigzag(images: NDArray[np.uint8], severity: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw a line of six teeth, one up, one down, from left to right, a little tilted."""
    start = rng.integers(0, images.shape[1] - 1, (len(images), 1, 1))
    rise = rng.integers(-5, 5, start.shape)
    run = _LAST_COLUMN - _FIRST_COLUMN
    angle = np.arctan2(rise, run)
    length = run / np.cos(angle)
    along, beside = _teeth(length)
    columns = _FIRST_COLUMN + along * np.cos(angle) - beside * np.sin(angle)
    rows = start + along * np.sin(angle) + beside * np.cos(angle)
    shares = to_shares(images)
    for i in range(len(columns) - 1):
        ends = (columns[i], rows[i]), (columns[i + 1], rows[i + 1])
        shares = np.minimum(1, shares + _segment(*ends, images.shape, _REACH[severity - 1]))
    return to_pixels(shares)


def _teeth(length: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the corners of a zigzag on a level line, (corners, N, 1, 1) each: how far along it and beside it.

    The last, short piece ends where the released code ends it: at the height of the last tooth over twice what is left.
    """
    number = int((length.min() - _TOOTH) // (2 * _TOOTH)) + 1
    peaks = (2 * np.arange(number) + 1) * _TOOTH
    heights = _TOOTH * (-1.0) ** np.arange(number)
    left = length - 2 * _TOOTH * (length // (2 * _TOOTH))
    along = [np.zeros_like(length), *(np.full_like(length, peak) for peak in peaks), length]
    beside = [np.zeros_like(length), *(np.full_like(length, height) for height in heights), heights[-1] / (2 * left)]
    return np.stack(along), np.stack(beside)


def _segment(start: _Point, end: _Point, shape: tuple[int, ...], reach: float) -> NDArray[np.float64]:
    """Return a line from one (column, row) to another to the right of it, for each picture: its shares of white.

    It fades with the distance d above or below as 1 + log(1 - d / reach), the profile of the released code.
    """
    row, column = np.arange(shape[1])[:, None], np.arange(shape[2])
    steep = (end[1] - start[1]) / (end[0] - start[0])
    distance = np.abs(row - (start[1] + steep * (column - start[0])))  # (N, H, W)
    left = np.maximum(1 - distance / reach, 1e-6)  # the logarithm of 0 is none; what is below exp(-1) is black anyway
    inside = (column >= np.floor(start[0])) & (column < np.ceil(end[0]))
    return np.maximum(0, 1 + np.log(left)) * inside


def ruled_line(images: NDArray[np.uint8], severity: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Print the line that the digit was written on: it runs through the foot of it, up to two degrees tilted."""
    width, gray = _RULE[severity - 1]
    _, bottom, _, _ = box_of_ink(images)
    at = bottom[:, None, None] + rng.uniform(-4, 1, (len(images), 1, 1))
    slope = np.tan(np.deg2rad(rng.uniform(-_MOST_TILT, _MOST_TILT, at.shape)))
    row, column = np.arange(images.shape[1])[:, None], np.arange(images.shape[2])
    distance = np.abs(row - at - slope * (column - (images.shape[2] - 1) / 2))
    return _printed(images, _covered(distance, width), gray)


def box_edge(images: NDArray[np.uint8], severity: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Leave edges of the box of a form in the picture, some of the four as chance has it."""
    edges, inset, thick = _BOX[severity - 1]
    height, width = images.shape[1:]
    shown = rng.random((len(images), 4)).argsort(axis=1).argsort(axis=1) < edges  # (N, top bottom left right)
    row, column = np.arange(height), np.arange(width)
    places = (row - inset, height - 1 - inset - row, column - inset, width - 1 - inset - column)
    top, bottom, left, right = (shown[:, i, None] * _covered(np.abs(place), thick) for i, place in enumerate(places))
    across, down = np.maximum(top, bottom)[:, :, None], np.maximum(left, right)[:, None, :]
    return _printed(images, np.maximum(across, down), _BOX_GRAY)


def _covered(distance: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """Return how much of a pixel a line of that width covers, by the distance of their middles."""
    return np.clip(width / 2 + 0.5 - distance, 0, min(1.0, width))


def _printed(images: NDArray[np.uint8], covered: NDArray[np.float64], gray: int) -> NDArray[np.uint8]:
    """Return pictures under print: where ink lies on print the lighter of both is seen, for light ink."""
    return np.maximum(images, np.rint(gray * covered).astype(np.uint8))


CORRUPTIONS = (
    Corruption(
        "dotted_line",
        "lines",
        "a dashed line 1.6, 2.3, 2.9, 3.8, 4.9 px wide; published is 2.9, the others are ours",
        MU_GILMER,
        dotted_line,
        released=3,
    ),
    Corruption(
        "zigzag",
        "lines",
        "a zigzag 1.6, 2.3, 2.9, 3.8, 4.9 px wide; published is 2.9, the others are ours",
        MU_GILMER,
        zigzag,
        released=3,
    ),
    Corruption("ruled_line", "lines", "a writing line 0.6, 0.8, 1, 1.3, 1.7 px wide, ever brighter", OWN, ruled_line),
    Corruption("box_edge", "lines", "1, 2, 3, 4, 4 edges of a box, 0, 1, 2, 2, 3 px inside, ever wider", OWN, box_edge),
)
