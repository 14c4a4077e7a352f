"""Dots, commas, dashes and "=" of a line, told from digits by their shape and place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkread.imaging.components import Components, components

__all__ = ["Mark", "part_marks"]

_DOT = 0.34  # of a digit's height: the greatest side of a dot
_DOT_PENS = 1.9  # pens: the same, for writing with a brush
_COMMA = (0.58, 0.36)  # of a digit's height: the greatest height and width of a comma
_LOW_START = 0.6  # of the band: what begins lower, and
_BELOW = 0.06  # ... reaches so many digit heights below it, and
_UPRIGHT = 1.2  # ... is so many times higher than wide, is a comma
_DASH = 0.32  # of a digit's height: the greatest height of a dash
_LONG = 1.5  # times as wide as high
_SPECK = 0.5  # square pens of ink: less is dirt
_LOW = 0.55  # of the band from the top of the digits to their foot: dots and commas lie below
_MIDDLE = (0.12, 0.92)  # dashes lie in between
_SHARED = 0.35  # of its width that a part of a digit shares with the rest of that digit


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark of a line.

    Attributes:
        sign: ".", ",", "-" or "=".
        left: Of its box in pixels of the strip.
        top: The same.
        width: The same.
        height: The same.
    """

    sign: str
    left: float
    top: float
    width: float
    height: float


def part_marks(mask: NDArray[np.uint8], tall: float, pen: float) -> tuple[NDArray[np.uint8], list[Mark]]:
    """Part the marks of a line from its digits.

    Args:
        mask: uint8 (h, w), ink 255.
        tall: The height of a digit, in pixels.
        pen: The width of the pen, in pixels.

    Returns:
        uint8 (h, w), the ink of the digits; and the marks from left to right.
    """
    pieces = components(mask)
    digits = pieces.height >= 0.5 * tall
    if not digits.any():
        return mask, []
    marks: list[Mark] = []
    gone = np.zeros(len(pieces) + 1, bool)
    for i in np.flatnonzero(~digits):
        verdict = _verdict(pieces, int(i), digits, tall, pen)
        if verdict is None:
            continue
        gone[i + 1] = True
        if verdict:
            box = (float(v[i]) for v in (pieces.left, pieces.top, pieces.width, pieces.height))
            marks.append(Mark(verdict, *box))
    if not gone.any():
        return mask, []
    marks.sort(key=lambda mark: mark.left)
    return np.where(gone[pieces.labels], 0, mask).astype(np.uint8), _equals(marks)


def _verdict(pieces: Components, i: int, digits: NDArray[np.bool_], tall: float, pen: float) -> str | None:
    """Return the sign that a small piece is, "" for dirt, None for a part of a digit."""
    left, width, height = float(pieces.left[i]), float(pieces.width[i]), float(pieces.height[i])
    if pieces.area[i] < _SPECK * pen * pen:
        return ""
    top, bottom = _band(pieces, digits, left + width / 2, tall)
    place = (float(pieces.top[i]) + height / 2 - top) / max(bottom - top, 1.0)  # 0 at the top of the digits, 1 at foot
    if _hangs(float(pieces.top[i]), width, height, (top, bottom), tall, pen):
        return ","
    # What stands over or under most of a digit, as the bar of a five, belongs to it.
    shared = np.minimum(pieces.right[digits], left + width) - np.maximum(pieces.left[digits], left)
    if (shared > _SHARED * width).any():
        dot = max(width, height) < 1.6 * pen
        return "" if place > 1.0 or (dot and height > width / _LONG) else None
    if width >= _LONG * height and height <= max(_DASH * tall, 1.3 * pen):
        low = width <= 2.5 * height and place > 0
        return "-" if _MIDDLE[0] <= place <= _MIDDLE[1] else "." if low else ""
    if max(width, height) <= max(_DOT * tall, _DOT_PENS * pen):
        hangs = place > 0.85 and height > 1.35 * width
        return "," if hangs else "." if place > _LOW else ""
    comma = height <= _COMMA[0] * tall and width <= max(_COMMA[1] * tall, 1.5 * pen) and place > 0.75
    return "," if comma else None


def _hangs(start: float, width: float, height: float, band: tuple[float, float], tall: float, pen: float) -> bool:
    """Tell a comma by its beginning at the foot of the digits and going on below, even under one that leans over it."""
    top, bottom = band
    small = height <= _COMMA[0] * tall and width <= max(_COMMA[1] * tall, 1.5 * pen)
    low = start > top + _LOW_START * (bottom - top) and start + height > bottom + _BELOW * tall
    return small and low and height > _UPRIGHT * width


def _band(pieces: Components, digits: NDArray[np.bool_], x: float, tall: float) -> tuple[float, float]:
    """Return top and foot of the digits near a place: hands drift upwards and downwards along a line."""
    centre = pieces.left[digits] + pieces.width[digits] / 2
    weight = np.exp(-np.maximum(0.0, np.abs(centre - x) - pieces.width[digits] / 2) / (1.5 * tall)) + 1e-6
    weight /= weight.sum()
    return float(weight @ pieces.top[digits]), float(weight @ pieces.bottom[digits])


def _equals(marks: list[Mark]) -> list[Mark]:
    """Join two dashes, one over the other, to "="."""
    out: list[Mark] = []
    for mark in marks:
        last = out[-1] if out else None
        if last and last.sign == mark.sign == "-":
            shared = min(last.left + last.width, mark.left + mark.width) - mark.left
            if shared > 0.5 * min(last.width, mark.width):
                top, left = min(last.top, mark.top), last.left
                right = max(last.left + last.width, mark.left + mark.width)
                bottom = max(last.top + last.height, mark.top + mark.height)
                out[-1] = Mark("=", left, top, right - left, bottom - top)
                continue
        out.append(mark)
    return out
