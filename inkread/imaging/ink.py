"""Paper to ink: uneven light, noise, threshold, specks.

Thresholds below are shares of the picture or of the ink found, not pixels, so that one rule serves a 16-pixel bitmap
and a 12-megapixel photo. They were set on MNIST training pictures, turned, inverted, lit and textured, and looked at
on the development sets.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.imaging.components import labelled
from inkread.imaging.polarity import is_dark_on_light
from inkread.imaging.rules import without_rules
from inkread.imaging.scale import shrink
from inkread.imaging.sheet import find_sheet

__all__ = ["Ink", "find_ink"]

WORK = 512  # pixels of the longer side at which ink is looked for
_SMALLEST = 5  # pixels of the longer side: nobody writes a digit on fewer
FINE = 48  # ink smaller than this at that size is looked at again in the full picture
_LEAST_CONTRAST = 10.0  # gray levels between paper and ink
_EVEN = 2  # gray levels: paper that varies less along the whole edge was never lit
_LEAST_SEPARATION = 3.2  # the same in standard deviations of the paper; plain noise cut at its middle reaches 2.7
_NOISY = 32  # pixels of the longer side: on fewer, a stroke is as thin as the noise
_PAPER = 96  # pixels of the longer side at which the paper is estimated
_PIECE = 0.06  # a part of a digit has at least this share of the largest part's ink
_FAR = 0.35  # ... and lies nearer than this share of the largest part's longer side
_FRAGMENT = 0.35  # a neighbour cut off by the picture's edge has at most this share


@dataclass(frozen=True, slots=True, eq=False)
class Ink:
    """What is written on a picture.

    Attributes:
        level: uint8 (h, w), the ink inside the box: 0 paper, 255 full ink, in between at edges.
        box: (left, top, width, height) of that ink in pixels of the picture it was found on.
    """

    level: NDArray[np.uint8]
    box: tuple[float, float, float, float]


def find_ink(gray: NDArray[np.uint8], *, gaussian: bool = False) -> Ink | None:
    """Find the handwriting on a picture of one digit.

    Args:
        gray: uint8 (H, W), either polarity.
        gaussian: Filter noise with a Gaussian instead of the median.

    Returns:
        The ink, or None when the picture is blank.
    """
    height, width = gray.shape
    if max(height, width) < _SMALLEST:
        return None
    scale = min(1.0, WORK / max(height, width))
    if scale == 1.0:
        return _find(gray, gaussian)
    found = _find(shrink(gray, WORK), gaussian)
    if found is None:
        return None
    left, top, w, h = (side / scale for side in found.box)
    if max(found.box[2:]) >= FINE:
        return Ink(found.level, (left, top, w, h))
    margin = 0.5 * max(w, h)
    x0, y0 = max(0, int(left - margin)), max(0, int(top - margin))
    x1, y1 = min(width, int(left + w + margin) + 1), min(height, int(top + h + margin) + 1)
    closer = find_ink(gray[y0:y1, x0:x1], gaussian=gaussian)
    if closer is None:
        return Ink(found.level, (left, top, w, h))
    return Ink(closer.level, (closer.box[0] + x0, closer.box[1] + y0, *closer.box[2:]))


def _find(gray: NDArray[np.uint8], gaussian: bool) -> Ink | None:
    """Find the ink on a picture of working size."""
    if is_dark_on_light(gray):
        gray = cv2.bitwise_not(gray)
    light = _denoise(_without_paper(gray), gaussian)
    cut = _threshold(light)
    if cut is None:
        return _shaded(gray)
    return _inside(light, cut, cv2.threshold(light, cut, 255, cv2.THRESH_BINARY)[1])


def _shaded(light_ink: NDArray[np.uint8]) -> Ink | None:
    """Find ink where paper that is even, or a slope, leaves none: behind the edge of a shadow, as on a page."""
    sheet = find_sheet(light_ink, WORK)
    return None if sheet is None else _inside(sheet.level, 127.5, sheet.mask)


def _inside(light: NDArray[np.uint8], cut: float, mask: NDArray[np.uint8]) -> Ink | None:
    """Return the ink of a digit: `light` above a cut, where the mask has it."""
    mask = _without_specks(without_rules(mask))
    left, top, width, height = cv2.boundingRect(mask)
    if width == 0:
        return None
    inside = np.s_[top : top + height, left : left + width]
    near = cv2.dilate(mask, np.ones((3, 3), np.uint8))[inside]
    # Twice the distance to the cut: 127.5 stays where ink ends, full ink and paper saturate.
    level = cv2.convertScaleAbs(light[inside], alpha=127.5 / max(cut, 1.0))
    return Ink(cv2.bitwise_and(level, near), (float(left), float(top), float(width), float(height)))


def _without_paper(light_ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Subtract the paper from under light ink: what a wide opening leaves, smoothed."""
    height, width = light_ink.shape
    rim = np.concatenate([light_ink[0], light_ink[-1], light_ink[:, 0], light_ink[:, -1]])
    least, greatest = cv2.minMaxLoc(rim)[:2]
    if greatest - least <= _EVEN:
        return np.asarray(cv2.subtract(light_ink, least), dtype=np.uint8)
    small = shrink(light_ink, _PAPER).astype(np.float32)
    light = _plane(small)
    small -= light
    side = max(3, int(0.5 * max(small.shape)) | 1)
    # Mirrored, not repeated: a stroke along the edge of a tight picture would grow wide enough to pass for paper.
    reach = min(side, *small.shape)
    opened = cv2.morphologyEx(
        cv2.copyMakeBorder(small, reach, reach, reach, reach, cv2.BORDER_REFLECT),
        cv2.MORPH_OPEN,
        np.ones((side, side), np.uint8),
    )
    paper = light + cv2.blur(opened, (side, side))[reach:-reach, reach:-reach]
    paper = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.subtract(light_ink, paper, dtype=cv2.CV_8U), dtype=np.uint8)


def _plane(small: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the plane of light over a picture, by least squares through the paper of its rows and columns.

    Paper is the darkest twentieth of each: even a digit cut out tightly leaves that free in most rows. An opening
    alone would mistake the higher end of a steep slope for something that lies on the paper.
    """
    height, width = small.shape
    y, x = np.linspace(-1, 1, height, dtype=np.float32), np.linspace(-1, 1, width, dtype=np.float32)
    down = float(np.percentile(small, 5, axis=1) @ y) / max(float(y @ y), 1.0)
    across = float(np.percentile(small, 5, axis=0) @ x) / max(float(x @ x), 1.0)
    return np.asarray(down * y[:, None] + across * x[None, :], dtype=np.float32)


def _denoise(light: NDArray[np.uint8], gaussian: bool) -> NDArray[np.uint8]:
    """Filter what is finer than a pen: the ink is drawn anew on 20 pixels, so an 80th of it carries nothing."""
    side = max(light.shape)
    if side < _NOISY:
        return light
    if not gaussian:
        light = cv2.medianBlur(light, 3)
    return np.asarray(cv2.GaussianBlur(light, (0, 0), min(side / 80.0, 2.5)), dtype=np.uint8)


def _threshold(light: NDArray[np.uint8]) -> float | None:
    """Return the level above which a pixel is ink (Otsu 1979), or None when nothing stands out from the paper."""
    cut, mask = cv2.threshold(light, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    ink_mean = float(cv2.mean(light, mask)[0])
    mean, deviation = cv2.meanStdDev(light, mask=cv2.bitwise_not(mask))
    contrast = ink_mean - float(mean[0, 0])
    if contrast < _LEAST_CONTRAST or contrast < _LEAST_SEPARATION * float(deviation[0, 0]):
        return None
    return float(cut)


def _without_specks(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Keep the largest piece of ink and the pieces that can belong to the same digit."""
    labels, stats = labelled(mask)
    if len(stats) <= 2:
        return mask
    height, width = mask.shape
    left, top, w, h, area = (stats[1:, i].astype(np.float32) for i in range(5))
    right, bottom = left + w, top + h
    edges = (left <= 0).astype(int) + (top <= 0) + (right >= width) + (bottom >= height)
    thin = np.minimum(w / width, h / height) < 0.12
    rule = thin & (((w > 0.9 * width) & (w > 4 * h)) | ((h > 0.9 * height) & (h > 4 * w)))
    if rule.all():
        rule[:] = False
    main = int(np.argmax(np.where(rule, 0, area)))
    gap_x = np.maximum(0, np.maximum(left[main] - right, left - right[main]))
    gap_y = np.maximum(0, np.maximum(top[main] - bottom, top - bottom[main]))
    near = np.hypot(gap_x, gap_y) < _FAR * max(w[main], h[main])
    outside = (left >= right[main]) | (right <= left[main]) | (top >= bottom[main]) | (bottom <= top[main])
    above = (left + w / 2 >= left[main]) & (left + w / 2 <= right[main]) & (bottom <= top[main] + 0.2 * h[main])
    bar = above & (w > 2 * h)  # the head of a five or a seven, drawn apart
    fragment = (edges > 0) & outside & (area < _FRAGMENT * area[main]) & ~bar
    keep = (area >= _PIECE * area[main]) & near & ~fragment & ~rule
    keep[main] = True
    if keep.all():
        return mask
    return np.where(np.concatenate([[False], keep])[labels], mask, 0).astype(np.uint8)
