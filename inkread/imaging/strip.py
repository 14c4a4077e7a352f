"""A line of writing to a strip of fixed height: what the line reader sees, in training as in use.

Every line comes to 32 rows, whatever its size, polarity, light and paper: ink light on black, a digit about 22 rows
tall, the band of the digits in the middle. Rules, boxes and printed patterns stay where they are, weakened; to
overlook them is what the reader learns.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.imaging.scale import shrink

__all__ = ["ROWS", "STRIP_VERSION", "NormalizedStrip", "normalize_strip"]

STRIP_VERSION = 1  # of what a strip looks like; a line model is made for one
ROWS = 32
_DIGIT = 22.0  # rows of a digit
_BAND = 29.0  # rows at most of all digits together, where they do not stand on one line
_WORK = 72  # rows at which the band is looked for
_WIDEST = 4096  # columns of a strip at most
_LEAST_CONTRAST = 6.0  # gray levels between paper and ink
_LEAST_SEPARATION = 2.5  # the same in deviations of the paper
_RULE = 1.6  # a horizontal run this many times the picture's height is a rule, not a stroke
_TALL = 0.45  # of the height of most of the ink: what is lower is a mark or a speck


@dataclass(frozen=True, slots=True, eq=False)
class NormalizedStrip:
    """A normalised line.

    Attributes:
        pixels: uint8 (32, W), ink 255 on 0.
        scale: Rows of the strip per pixel of the picture.
        left: The column of the picture where the strip begins.
        top: The row of the picture where the strip begins; below zero where the strip reaches beyond it.
    """

    pixels: NDArray[np.uint8]
    scale: float
    left: float
    top: float

    def to_picture(self, x: float, y: float) -> tuple[float, float]:
        """Return the place on the picture of a place on the strip, both as (x, y)."""
        return x / self.scale + self.left, y / self.scale + self.top


def normalize_strip(gray: NDArray[np.uint8], *, dark_ink: bool | None = None) -> NormalizedStrip | None:
    """Bring a picture of one line into the form that the line reader takes.

    Args:
        gray: uint8 (H, W), one line of writing, upright, either polarity.
        dark_ink: Whether ink is darker than paper, where that is known.

    Returns:
        The strip; None when the picture is blank.
    """
    height, width = gray.shape
    small = gray if height <= _WORK else shrink(gray, max(1, round(_WORK * max(1.0, width / height))))
    paper = _paper(small)
    if dark_ink is None:
        dark_ink = _has_dark_ink(small, paper)
    found = _ink(small, paper, dark_ink)
    if found is None:
        return None
    top, bottom, digit = _band(found)
    to_gray = height / small.shape[0]
    middle, scale = (top + bottom) / 2 * to_gray, min(_DIGIT / digit, _BAND / (bottom - top)) / to_gray
    scale = min(scale, _WIDEST / width)
    first = middle - ROWS / 2 / scale
    cut = _resampled(gray, first, scale, max(1, round(width * scale)))
    ink = _ink(cut, _paper(cut), dark_ink)
    return None if ink is None else NormalizedStrip(ink, scale, 0.0, first)


def _resampled(gray: NDArray[np.uint8], first: float, scale: float, columns: int) -> NDArray[np.uint8]:
    """Return `ROWS` rows of a picture from the row `first` on, at another scale; the edge goes on beyond it."""
    begin, end = int(np.floor(first)) - 2, int(np.ceil(first + ROWS / scale)) + 2
    part = gray[max(0, begin) : min(gray.shape[0], end)]
    offset = first - max(0, begin)
    pre = 1.0
    while scale / pre < 0.5 and min(part.shape) >= 2:  # halve exactly, so that what remains needs no wider filter
        part = cv2.resize(part, (max(1, part.shape[1] // 2), max(1, part.shape[0] // 2)), interpolation=cv2.INTER_AREA)
        pre /= 2
    if scale < pre:
        part = cv2.GaussianBlur(part, (0, 0), 0.45 * (pre / scale - 1.0) + 0.05)
    here = scale / pre
    # Pixels are areas: the middle of the first one lies at 0.5.
    x0, y0 = 0.5 / here - 0.5, offset * pre + 0.5 / here - 0.5
    matrix = np.array([[1 / here, 0, x0], [0, 1 / here, y0]], np.float64)
    flags = cv2.WARP_INVERSE_MAP | (cv2.INTER_CUBIC if here > 1 else cv2.INTER_LINEAR)
    out = cv2.warpAffine(part, matrix, (columns, ROWS), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out, dtype=np.uint8)


def _paper(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the paper under the ink: the median of a neighbourhood as wide as the line is high."""
    height, width = gray.shape
    step = max(1, min(height, width) // 12)
    size = (max(1, width // step), max(1, height // step))
    small = cv2.resize(gray, size, interpolation=cv2.INTER_AREA) if step > 1 else gray
    side = min(max(3, int(1.1 * min(small.shape)) | 1), 127)
    median = cv2.blur(cv2.medianBlur(small, side), (3, 3))
    return np.asarray(cv2.resize(median, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def _has_dark_ink(gray: NDArray[np.uint8], paper: NDArray[np.uint8]) -> bool:
    """Tell the polarity of a line: ink is what lies farther from the paper, and there is less of it."""
    darker, lighter = cv2.subtract(paper, gray), cv2.subtract(gray, paper)
    weight = [float(np.square(side.astype(np.float32)).mean()) for side in (darker, lighter)]
    return weight[0] >= weight[1]


def _ink(gray: NDArray[np.uint8], paper: NDArray[np.uint8], dark: bool) -> NDArray[np.uint8] | None:
    """Return how much ink there is where, 0 to 255: paper and most of its texture come to 0; None when blank."""
    depth = cv2.subtract(paper, gray) if dark else cv2.subtract(gray, paper)
    smooth = cv2.blur(depth, (3, 3))
    _cut, mask = cv2.threshold(smooth, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    if not cv2.countNonZero(mask):
        return None
    full = float(cv2.mean(depth, mask)[0])
    mean, deviation = (float(v[0, 0]) for v in cv2.meanStdDev(depth, mask=cv2.bitwise_not(mask)))
    if full - mean < _LEAST_CONTRAST or full - mean < _LEAST_SEPARATION * deviation:
        return None
    low = min(mean + 0.7 * deviation, 0.35 * full)
    high = max(1.15 * full, low + 1.0)
    levels = (np.arange(256, dtype=np.float32) - low) * (255.0 / (high - low))
    return np.asarray(cv2.LUT(depth, np.clip(levels, 0, 255).astype(np.uint8)), dtype=np.uint8)


def _band(ink: NDArray[np.uint8]) -> tuple[float, float, float]:
    """Return top and bottom of the band that the digits fill, and the height of one of them, in rows."""
    height, width = ink.shape
    mask = cv2.threshold(ink, 120, 255, cv2.THRESH_BINARY)[1]
    mask = _without_long_runs(mask)
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count < 2:
        return 0.0, float(height), float(height)
    left, top, wide, tall, area = (stats[1:, i].astype(np.float64) for i in range(5))
    edge = (top <= 0) | (top + tall >= height)
    line = (tall >= 0.97 * height) & (wide < 0.06 * height) & ((left <= 2) | (left + wide >= width - 2))
    fragment = edge & (tall < 0.3 * height)
    weight = np.where(line, 0.0, area) * np.where(fragment, 0.1, 1.0)
    if not weight.any():
        weight, fragment = area, np.zeros_like(fragment)
    order = np.argsort(tall)
    sums = np.cumsum(weight[order])
    digit = float(tall[order[int(np.searchsorted(sums, 0.6 * sums[-1]))]])
    large = (tall >= _TALL * digit) & (weight > 0) & ~fragment
    if not large.any():
        large = tall >= digit
    first, last = float(top[large].min()), float((top + tall)[large].max())
    return first, last, max(digit, 3.0)


def _without_long_runs(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Remove horizontal runs longer than writing has them."""
    height, width = mask.shape
    length = int(_RULE * height)
    if length >= width:
        length = max(8, int(0.8 * width))
    thick = cv2.dilate(mask, np.ones((2, 1), np.uint8))
    runs = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    return np.asarray(cv2.subtract(mask, cv2.dilate(runs, np.ones((3, 3), np.uint8))), dtype=np.uint8)
