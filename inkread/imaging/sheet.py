"""A picture with any amount of writing to its ink, at a size at which lines can be looked for.

A digit alone is cut by one threshold (`ink`). A page has shadows, pens of several strengths and mostly paper, so here
the threshold follows the writing around it, and what is far fainter than the rest (stains, the other side showing
through) is no ink.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.imaging.polarity import is_dark_on_light
from inkread.imaging.scale import shrink, strongest
from inkread.imaging.squares import rule_strength

__all__ = ["Sheet", "find_sheet", "transformed"]

WORK = 2048  # pixels of the longer side at which lines are looked for
_PAPER = 512  # pixels of the longer side at which the paper is estimated
_REACH = 10  # the paper is looked for within this part of the longer side ...
_LEAST_REACH = 15  # ... but in no less than so many pixels of the sheet, wider than a pen
_LEAST_CONTRAST = 10.0  # gray levels between paper and ink
_LEAST_SEPARATION = 3.2  # the same in deviations of the paper near the ink; noise cut at its middle reaches 2.7
_NOISE = 4.0  # deviations of the paper that a pixel of ink differs from it
_HALF = 0.5  # of the strength of the writing around: where a stroke ends
_FAINT = 0.35  # of the strength of the page's ink: fainter pieces are stains or the other side
_POLARITY = 128  # pixels of the longer side at which the polarity is decided
_LEAN = 0.4  # of the third moment that must lie on one side
_GRAIN = 0.8  # pixels: what is finer than this is noise of the camera


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """The ink of a picture.

    Attributes:
        level: uint8 (h, w), 0 paper, 127 where ink ends, 255 full ink.
        mask: uint8 (h, w), ink 255.
        matrix: float64 (3, 3), takes points of the sheet to points of the picture.
        gray: uint8 (H, W), the picture.
    """

    level: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    matrix: NDArray[np.float64]
    gray: NDArray[np.uint8]


def find_sheet(gray: NDArray[np.uint8], work: int = WORK) -> Sheet | None:
    """Find the ink on a picture.

    Args:
        gray: uint8 (H, W), either polarity.
        work: Pixels of the longer side of the sheet; smaller pictures keep their size.

    Returns:
        The sheet, or None when nothing stands out from the paper.
    """
    small = shrink(gray, work)
    if max(small.shape) < 5 or min(small.shape) < 3:
        return None
    light = cv2.bitwise_not(small) if _is_dark_on_light(small) else small
    light = cv2.GaussianBlur(_without_paper(light), (0, 0), _GRAIN)
    cut = _cuts(light)
    if cut is None:
        return None
    squares = rule_strength(light)
    if squares is not None:
        cut = np.maximum(cut, round(squares)).astype(np.uint8)
    # Twice the distance to the cut: 127.5 stays where ink ends, full ink and paper saturate.
    level = cv2.divide(light, np.maximum(cut, 1), scale=127.5)
    mask = _without_faint(cv2.threshold(level, 127, 255, cv2.THRESH_BINARY)[1], light)
    level = cv2.bitwise_and(level, cv2.dilate(mask, np.ones((3, 3), np.uint8)))
    scale_x, scale_y = gray.shape[1] / small.shape[1], gray.shape[0] / small.shape[0]
    return Sheet(np.asarray(level, dtype=np.uint8), mask, np.diag([scale_x, scale_y, 1.0]), gray)


def transformed(sheet: Sheet, matrix: NDArray[np.float64], size: tuple[int, int]) -> Sheet:
    """Return a sheet turned, sheared or seen from another side.

    Args:
        sheet: As it is.
        matrix: (3, 3), takes points of it to points of the new one.
        size: (width, height) of the new one.
    """
    level = cv2.warpPerspective(sheet.level, matrix, size, flags=cv2.INTER_LINEAR)
    mask = cv2.threshold(level, 127, 255, cv2.THRESH_BINARY)[1]
    return Sheet(np.asarray(level, dtype=np.uint8), mask, sheet.matrix @ np.linalg.inv(matrix), sheet.gray)


def _is_dark_on_light(gray: NDArray[np.uint8]) -> bool:
    """Tell the polarity of writing.

    Ink is the lesser part of a neighbourhood, and differs from its median more than the paper does: the third moment
    tells on which side. Where both sides weigh the same, it is decided as for a digit.
    """
    small = shrink(gray, _POLARITY)
    side = max(3, max(small.shape) // 4) | 1
    reach = side // 2
    border = cv2.BORDER_REFLECT_101 if min(small.shape) > side else cv2.BORDER_REPLICATE
    padded = cv2.copyMakeBorder(small, reach, reach, reach, reach, border)
    median = cv2.medianBlur(padded, side)[reach:-reach, reach:-reach]
    differs = small.astype(np.float32) - median
    cubes = differs**3
    lean = float(cubes.sum()) / max(float(np.abs(cubes).sum()), 1.0)
    return lean < 0 if abs(lean) > _LEAN else is_dark_on_light(gray)


def _without_paper(light_ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Subtract the paper from under light ink: what an opening wider than the pen leaves, smoothed."""
    height, width = light_ink.shape
    small = shrink(light_ink, _PAPER)
    scale = max(small.shape) / max(height, width)
    side = max(max(small.shape) // _REACH, round(_LEAST_REACH * scale), 3)
    side = min(side, max(3, min(small.shape) // 2)) | 1
    # Mirrored, not repeated: a stroke along the edge would grow wide enough to pass for paper.
    reach = min(side, *small.shape)
    padded = cv2.copyMakeBorder(small, reach, reach, reach, reach, cv2.BORDER_REFLECT)
    opened = cv2.morphologyEx(cv2.GaussianBlur(padded, (0, 0), 1.0), cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    paper = cv2.blur(opened, (side, side))[reach:-reach, reach:-reach]
    paper = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.subtract(light_ink, paper), dtype=np.uint8)


def _cuts(light: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """Return, for each pixel, the level above which it is ink; None when nothing stands out."""
    base, noise = _paper_noise(light)
    least = max(base + _NOISE * noise, base + _LEAST_CONTRAST)
    strong = cv2.threshold(light, min(254.0, least), 255, cv2.THRESH_BINARY)[1]
    if not cv2.countNonZero(strong):
        return None
    # Otsu's threshold near the ink, where it and the paper are about as much: on a page there is hardly any ink.
    values = _values(light, cv2.dilate(strong, np.ones((5, 5), np.uint8)))
    middle, _ = cv2.threshold(values, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    ink, paper = values[values > middle], values[values <= middle]
    if ink.size == 0 or paper.size == 0:
        return None
    contrast = float(ink.mean()) - base
    if contrast < _LEAST_CONTRAST or float(ink.mean() - paper.mean()) < _LEAST_SEPARATION * noise:
        return None
    around = _strength_around(light)
    return np.clip(_HALF * around, min(least, middle), middle).astype(np.uint8)


def _values(light: NDArray[np.uint8], mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the values of some pixels from the least to the greatest: by counting them, which is faster."""
    count = cv2.calcHist([light], [0], mask, [256], [0, 256]).ravel().astype(np.int64)
    return np.repeat(np.arange(256, dtype=np.uint8), count)


def _paper_noise(light: NDArray[np.uint8]) -> tuple[float, float]:
    """Return the level of the paper and its deviation, by the median: most of a page is paper."""
    step = max(1, max(light.shape) // 512)
    some = light[::step, ::step]
    base = float(np.median(some))
    below = some[some <= base].astype(np.float32)
    # Ink lies above the paper only, so what lies below tells the noise.
    deviation = float(np.sqrt(np.mean((below - base) ** 2))) if below.size else 0.0
    return base, max(1.0, deviation)


def _strength_around(light: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return how strong the writing around each pixel is."""
    small = strongest(light, 128)
    side = max(3, max(small.shape) // 10) | 1
    wide = cv2.dilate(small, np.ones((side, side), np.uint8))
    wide = cv2.blur(wide, (side, side)).astype(np.float32)
    return np.asarray(cv2.resize(wide, light.shape[::-1], interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _without_faint(mask: NDArray[np.uint8], light: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Take out pieces far fainter than the ink of the page."""
    count, labels = cv2.connectedComponents(mask, connectivity=8)
    if count <= 2:
        return mask
    ink = np.flatnonzero(mask > 0)
    piece = labels.ravel()[ink]
    peak = np.zeros(count, np.uint8)
    np.maximum.at(peak, piece, light.ravel()[ink])
    strong = float(np.percentile(peak[piece], 75))  # of the ink by its pixels
    faint = peak < _FAINT * strong
    if not faint[1:].any():
        return mask
    out = mask.copy()
    out.ravel()[ink[faint[piece]]] = 0
    return out
