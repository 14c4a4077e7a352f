"""A sheet to its lines of writing, in reading order.

Pieces of ink as tall as digits are chained to their neighbours on the right; what is smaller belongs to the line that
it stands in, or is dirt.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.imaging.boxes import enclosing
from inkread.imaging.components import Components
from inkread.imaging.frame import pen_width
from inkread.imaging.ruling import digit_height, without_ruling
from inkread.imaging.sheet import Sheet

__all__ = ["Strip", "all_of", "find_lines", "in_reading_order", "one_line"]

TALL = 40  # pixels of a digit's height on a strip
_DIGIT = (0.42, 2.6)  # of the median height: what may be a digit, or several that touch
_SMALLEST = 6  # pixels of the sheet: nobody reads a digit on fewer
_BAND = 0.4  # of the lesser height that two neighbours on a line share
_APART = 4.0  # digit heights: a wider gap parts a row into columns
_MARKS = 1.6  # digit heights beside a line in which its marks may stand
_WIDEST = 40.0  # digit heights of one piece: longer ones are no writing
_LEVEL_PIECES = 3  # from how many pieces on a line's slope can be told
_PEN = 2.0  # pixels of a strip: the thinnest pen
_STEEPEST = 0.3  # slope of a line beyond that of the page


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """One line of writing, level and free of its surroundings.

    Attributes:
        level: uint8 (h, w), 0 paper, 127 where ink ends, 255 full ink.
        tall: The height of its digits in pixels of the strip.
        matrix: float64 (3, 3), takes points of the strip to points of the picture.
        gray: uint8 (H, W), the picture.
        dividers: Where it is parted into cells for one digit each, in pixels; empty where digits stand freely.
    """

    level: NDArray[np.uint8]
    tall: float
    matrix: NDArray[np.float64]
    gray: NDArray[np.uint8]
    dividers: tuple[float, ...] = ()

    def box(self, left: float, top: float, width: float, height: float) -> tuple[float, float, float, float]:
        """Return (left, top, width, height), in the picture, of what encloses a rectangle of the strip."""
        return enclosing(self.matrix, left, top, width, height)


def find_lines(sheet: Sheet) -> list[Strip]:
    """Find the lines of a sheet, each as a strip.

    Args:
        sheet: Upright, level within a few degrees.
    """
    pieces = without_ruling(sheet.mask)
    tall = digit_height(pieces)
    if tall < _SMALLEST:
        return []
    digits = _like_digits(pieces, tall)
    lines = [line for chain in _chains(pieces, digits, tall) for line in _parted(pieces, chain, tall)]
    if not lines:
        return []
    small = _others(pieces, digits)
    whole = _with_marks(pieces, lines, small, tall)
    boxes = [_box(pieces, line) for line in lines]
    return [_strip(sheet, pieces, lines[i], whole[i]) for i in in_reading_order(boxes, tall)]


def one_line(sheet: Sheet) -> list[Strip]:
    """Return all writing of a sheet as one line, wherever it stands; an empty list when there is none."""
    pieces = without_ruling(sheet.mask)
    tall = digit_height(pieces)
    digits = _like_digits(pieces, tall) if tall >= _SMALLEST else np.zeros(0, np.int64)
    if not len(digits):
        return []
    order = np.argsort(pieces.left[digits], kind="stable")
    line = [int(i) for i in digits[order]]
    small = _others(pieces, digits)
    return [_strip(sheet, pieces, line, _with_marks(pieces, [line], small, tall)[0])]


def all_of(gray: NDArray[np.uint8]) -> Strip:
    """Return a whole picture as a line of which no ink is known: where none could be told from the paper."""
    height, width = gray.shape
    columns = max(1, round(width * TALL / height))
    return Strip(np.zeros((TALL, columns), np.uint8), float(TALL), np.diag([width / columns, height / TALL, 1.0]), gray)


def _like_digits(pieces: Components, tall: float) -> NDArray[np.int64]:
    height = pieces.height
    right_size = (height >= max(_DIGIT[0] * tall, _SMALLEST)) & (height <= _DIGIT[1] * tall)
    filled = pieces.area / (pieces.width * height)
    bar = (filled > 0.9) & (height > 1.6 * tall)  # the dark rim of a sheet
    return np.flatnonzero(right_size & (pieces.width <= _WIDEST * tall) & ~bar)


def _others(pieces: Components, digits: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the pieces that are not among some."""
    other = np.ones(len(pieces), bool)
    other[digits] = False
    return np.flatnonzero(other)


def _chains(pieces: Components, digits: NDArray[np.int64], tall: float) -> list[list[int]]:
    """Chain pieces that stand beside each other."""
    left, right = pieces.left[digits], pieces.right[digits]
    top, bottom, height = pieces.top[digits], pieces.bottom[digits], pieces.height[digits]
    parent = list(range(len(digits)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i in range(len(digits)):
        shared = np.minimum(bottom, bottom[i]) - np.maximum(top, top[i])
        beside = shared >= _BAND * np.minimum(height, height[i])
        gap = left - right[i]
        after = beside & (left > left[i]) & (gap <= _APART * tall)
        after[i] = False
        if after.any():
            nearest = int(np.argmin(np.where(after, np.maximum(gap, -tall), np.inf)))
            parent[root(i)] = root(nearest)
        # Parts of one digit lie above each other.
        over = np.minimum(right, right[i]) - np.maximum(left, left[i])
        for j in np.flatnonzero((over > 0.3 * np.minimum(right - left, right[i] - left[i])) & (shared > -0.15 * tall)):
            parent[root(i)] = root(int(j))
    chains: dict[int, list[int]] = {}
    for i in np.argsort(left, kind="stable"):
        chains.setdefault(root(int(i)), []).append(int(digits[i]))
    return list(chains.values())


def _parted(pieces: Components, chain: list[int], tall: float) -> list[list[int]]:
    """Part a chain where it is two lines that touch: its pieces' centres fall into two bands."""
    if len(chain) < 4:
        return [chain]
    line = np.array(chain)
    x = pieces.left[line] + pieces.width[line] / 2
    y = pieces.top[line] + pieces.height[line] / 2
    order = np.argsort(y - _slope(x, y) * x)
    level = (y - _slope(x, y) * x)[order]
    jumps = np.diff(level)
    place = int(np.argmax(jumps))
    if jumps[place] < 0.8 * tall or min(place + 1, len(line) - place - 1) < 2:
        return [chain]
    upper, lower = line[order[: place + 1]], line[order[place + 1 :]]
    return [sorted(part.tolist(), key=lambda i: float(pieces.left[i])) for part in (upper, lower)]


def _with_marks(pieces: Components, lines: list[list[int]], small: NDArray[np.int64], tall: float) -> list[list[int]]:
    """Give each small piece to the line in whose band it stands."""
    whole = [list(line) for line in lines]
    boxes = np.array([_box(pieces, line) for line in lines])  # (n, 4): left, top, right, bottom
    for i in small:
        if pieces.height[i] > tall:  # too large for a mark, too large for a digit: no writing
            continue
        x, y = pieces.left[i] + pieces.width[i] / 2, pieces.top[i] + pieces.height[i] / 2
        beside = (x > boxes[:, 0] - _MARKS * tall) & (x < boxes[:, 2] + _MARKS * tall)
        inside = beside & (y > boxes[:, 1] - 0.15 * tall) & (y < boxes[:, 3] + 0.25 * tall)
        if inside.any():
            middle = (boxes[:, 1] + boxes[:, 3]) / 2
            whole[int(np.argmin(np.where(inside, np.abs(middle - y), np.inf)))].append(int(i))
    return whole


def _box(pieces: Components, line: list[int]) -> tuple[float, float, float, float]:
    """Return (left, top, right, bottom) of some pieces."""
    return (
        float(pieces.left[line].min()),
        float(pieces.top[line].min()),
        float(pieces.right[line].max()),
        float(pieces.bottom[line].max()),
    )


def in_reading_order(boxes: list[tuple[float, float, float, float]], tall: float) -> list[int]:
    """Order boxes (left, top, right, bottom) as one reads: column by column, row by row."""
    return _ordered(list(range(len(boxes))), boxes, tall)


def _ordered(chosen: list[int], boxes: list[tuple[float, float, float, float]], tall: float) -> list[int]:
    if len(chosen) < 2:
        return chosen
    for axis, least in ((0, 2), (1, 1)):
        parts = _gutters(chosen, boxes, axis, 0.8 * tall if axis == 0 else 0.0)
        if len(parts) > 1 and all(len(part) >= least for part in parts):
            return [i for part in parts for i in _ordered(part, boxes, tall)]
    return sorted(chosen, key=lambda i: (round((boxes[i][1] + boxes[i][3]) / (2 * max(tall, 1.0))), boxes[i][0]))


def _gutters(
    chosen: list[int], boxes: list[tuple[float, float, float, float]], axis: int, least: float
) -> list[list[int]]:
    """Part boxes along an axis (0 for columns, 1 for rows) wherever nothing stands in between."""
    order = sorted(chosen, key=lambda i: boxes[i][axis])
    parts, end = [[order[0]]], boxes[order[0]][axis + 2]
    for i in order[1:]:
        if boxes[i][axis] - end > least:
            parts.append([])
        parts[-1].append(i)
        end = max(end, boxes[i][axis + 2])
    return parts


def _slope(x: NDArray[np.float32], y: NDArray[np.float32]) -> float:
    """Return the slope of a line of pieces: the median over pairs that stand apart (Theil 1950, Sen 1968)."""
    i, j = np.triu_indices(len(x), 1)
    far = np.abs(x[j] - x[i]) > 1e-3
    if not far.any():
        return 0.0
    weight = np.abs(x[j] - x[i])[far]
    slopes = (y[j] - y[i])[far] / (x[j] - x[i])[far]
    order = np.argsort(slopes)
    total = np.cumsum(weight[order])
    return float(slopes[order][np.searchsorted(total, total[-1] / 2)])


def _strip(sheet: Sheet, pieces: Components, line: list[int], whole: list[int]) -> Strip:
    """Cut a line out of its sheet, level, with nothing on it but its own pieces."""
    main = np.array(line)
    x = pieces.left[main] + pieces.width[main] / 2
    slope = 0.0
    if len(main) >= _LEVEL_PIECES:
        slope = float(np.clip(_slope(x, pieces.top[main] + pieces.height[main] / 2), -_STEEPEST, _STEEPEST))
    tall = float(_height(pieces, main))
    left, top, right, bottom = _box(pieces, whole)
    scale = TALL / tall
    inside = np.s_[int(top) : int(bottom), int(left) : int(right)]
    mine = np.zeros(len(pieces) + 1, bool)
    mine[np.array(whole) + 1] = True
    own = (mine[pieces.labels[inside]]).astype(np.uint8) * 255
    own = cv2.copyMakeBorder(own, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    around = cv2.copyMakeBorder(sheet.level[inside], 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    others = cv2.copyMakeBorder(sheet.mask[inside], 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    rim = cv2.bitwise_and(cv2.dilate(own, np.ones((3, 3), np.uint8)), cv2.bitwise_or(own, cv2.bitwise_not(others)))
    level = _with_pen(cv2.bitwise_and(around, rim), own, scale)
    height, width = level.shape
    rise = slope * width
    # Sheared upright: y' = (y - slope x), moved so that all of it stays on the strip.
    shear = np.array([[scale, 0, 0], [-scale * slope, scale, scale * max(0.0, rise)], [0, 0, 1]])
    size = (max(1, round(scale * width)), max(1, round(scale * (height + abs(rise)))))
    if scale < 0.75:  # fewer pixels: the mean of what becomes one, not a sample of it
        level = cv2.GaussianBlur(level, (0, 0), 0.4 / scale)
    drawn = cv2.warpPerspective(level, shear, size, flags=cv2.INTER_LINEAR if scale < 1 else cv2.INTER_CUBIC)
    there = np.array([[1, 0, int(left) - 1], [0, 1, int(top) - 1], [0, 0, 1]], np.float64)
    matrix = sheet.matrix @ there @ np.linalg.inv(shear)
    return Strip(np.asarray(drawn, dtype=np.uint8), float(TALL), matrix, sheet.gray)


def _with_pen(level: NDArray[np.uint8], own: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """Thicken strokes that would be lost when their line is made smaller."""
    if scale >= 1.0:
        return level
    pen = scale * pen_width(own)
    missing = round((_PEN - pen) / scale) if pen > 0 else 0
    if missing < 1:
        return level
    round_pen = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (missing + 1, missing + 1))
    return np.asarray(cv2.dilate(level, round_pen), dtype=np.uint8)


def _height(pieces: Components, main: NDArray[np.int64]) -> float:
    """Return the height of a line's digits: the median, each piece by how many digits wide it is."""
    order = np.argsort(pieces.height[main])
    weight = np.maximum(1.0, pieces.width[main] / np.maximum(pieces.height[main], 1))[order]
    total = np.cumsum(weight)
    return float(pieces.height[main][order][np.searchsorted(total, 0.5 * total[-1])])
