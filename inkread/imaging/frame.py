"""Ink to the form of MNIST: 20 pixels, its pen, its centre.

MNIST's makers scaled each digit, keeping its aspect, into 20 x 20 pixels and laid its centre of mass on the centre of
28 x 28 (LeCun, Bottou, Bengio, Haffner 1998, section III.A).
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["BOX", "SIZE", "deskew", "frame", "pen_width"]

SIZE = 28  # pixels of a side of what the network sees
BOX = 20  # pixels of the ink's longer side in it
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
_SMOOTH = 0.3  # pixels of a small picture
_FINE = 4  # the digit is drawn this many times larger, and then reduced: that is what makes its edges smooth
_PEN = (2.1, 3.5)  # pixels, as `pen_width` measures: the pens of seven in ten of MNIST's training pictures


def frame(level: NDArray[np.uint8], *, pen: tuple[float, float] | None = _PEN) -> NDArray[np.uint8]:
    """Draw ink as MNIST would have it.

    Args:
        level: uint8 (h, w), the ink inside its box: above 127 is ink.
        pen: Least and greatest width of the pen in pixels of the result; None keeps it as it comes.

    Returns:
        uint8 (28, 28), ink 255 on 0.
    """
    side = BOX * _FINE
    scale = side / max(level.shape)
    shrinks = scale < 1.0
    if not shrinks:  # few pixels become many: their steps are smoothed away, which takes a pixel of room around them
        level = cv2.copyMakeBorder(level, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
        level = cv2.GaussianBlur(level, (3, 3), _SMOOTH)
    height, width = level.shape
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    fine = cv2.resize(level, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    margin = side // 8
    fine = cv2.copyMakeBorder(fine, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0)
    fine = cv2.threshold(fine, 127, 255, cv2.THRESH_BINARY)[1]
    if pen is not None:
        fine = _with_pen(fine, *pen)
    return _centred(fine)


def pen_width(mask: NDArray[np.uint8]) -> float:
    """Return the mean width of the strokes in pixels of `mask` (uint8, ink > 0).

    A stroke of width w and length l covers w l pixels, of which the two sides are 2 l.
    """
    ink = cv2.countNonZero(mask)
    sides = ink - cv2.countNonZero(cv2.erode(mask, _CROSS))
    return 2.0 * ink / sides if sides else 0.0


def deskew(level: NDArray[np.uint8], limit: float = 0.6) -> NDArray[np.uint8]:
    """Shear ink upright by its second moments.

    Args:
        level: uint8 (h, w), light ink on black.
        limit: The greatest shear, as the tangent of the slant, that is undone.

    Returns:
        uint8 (h, w'), as wide as the sheared ink needs.
    """
    moments = cv2.moments(level)
    if moments["mu02"] < 1e-3:
        return level
    slant = max(-limit, min(limit, moments["mu11"] / moments["mu02"]))
    height, width = level.shape
    extra = math.ceil(abs(slant) * height)
    shift = extra if slant > 0 else 0.0
    # Rows move against their slant; the inverse map is what warpAffine is given.
    matrix = np.array([[1.0, slant, -shift if slant > 0 else 0.0], [0.0, 1.0, 0.0]], np.float32)
    out = cv2.warpAffine(level, matrix, (width + extra, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return np.asarray(out, dtype=np.uint8)


def _with_pen(fine: NDArray[np.uint8], least: float, greatest: float) -> NDArray[np.uint8]:
    """Bring the strokes of a finely drawn digit into the range of pens, given in pixels of the result."""
    width = pen_width(fine) / _FINE
    if least <= width <= greatest or width == 0:
        return fine
    change = round(((least if width < least else greatest) - width) * _FINE)
    if change == 0:
        return fine
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (abs(change) + 1, abs(change) + 1))
    if change > 0:
        return np.asarray(cv2.dilate(fine, kernel), dtype=np.uint8)
    thinner = cv2.erode(fine, kernel)
    # A pen stroke that would vanish is left as it is.
    return np.asarray(thinner if cv2.countNonZero(thinner) * 4 > cv2.countNonZero(fine) else fine, dtype=np.uint8)


def _centred(fine: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Reduce a finely drawn digit to 20 pixels and lay its centre of mass on the centre."""
    left, top, width, height = cv2.boundingRect(fine)
    out = np.zeros((SIZE, SIZE), np.uint8)
    if width == 0:
        return out
    scale = BOX / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(fine[top : top + height, left : left + width], size, interpolation=cv2.INTER_AREA)
    moments = cv2.moments(small)
    mass = max(moments["m00"], 1.0)
    x = _start(moments["m10"] / mass, size[0])
    y = _start(moments["m01"] / mass, size[1])
    out[y : y + size[1], x : x + size[0]] = small
    return out


def _start(centre: float, length: int) -> int:
    """Return where a span of `length` begins whose centre of mass shall lie at 13.5, inside 28."""
    return min(max(0, round((SIZE - 1) / 2 - centre)), SIZE - length)
