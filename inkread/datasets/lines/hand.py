"""A hand: how one line is written, drawn once for all of its symbols."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkread.datasets.lines.bank import GRAIN

__all__ = ["Hand", "draw_hand"]

_CONTOUR = 96  # of a contour field, on the edge
_PEN = 0.125  # heights of a digit: about the pen of MNIST


@dataclass(frozen=True, slots=True)
class Hand:
    """How a line is written. Lengths are in heights of a digit unless said otherwise.

    Attributes:
        height: Of a digit, in pixels.
        pen: Width of the stroke.
        contour: Whether strokes keep the swelling of their source, instead of one width.
        filled: Whether loops that are filled stay so where strokes have one width: along its middle, an 8 with a filled
            head becomes a stick with a foot.
        slant: Tangent of the slant of the line, positive to the right.
        wander: Spread of the slant from digit to digit.
        gap: Mean distance between digits; below zero they overlap.
        spread: Spread of that distance.
        kerning: 0 when distances are kept between boxes, 1 when between the strokes.
        mark_gap: Distance around marks.
        rise: Slope of the baseline, pixels per pixel, positive downwards.
        bounce: Spread of the digits around the baseline.
        drift: Growth of the digits along the line, per symbol.
        sizes: Spread of the logarithm of their sizes.
        width: Factor on the width of all digits.
        low_zero: Factor on the height of zeros.
        ligature: Share of digits joined to the next one.
        chain: Share of neighbouring zeros joined, as a hand in a hurry does.
        turn: Spread of the rotation of single digits, radians.
        waver: How far strokes stray from their source's.
        dot: Size of dots, in widths of the pen.
        dash: Length of dashes.
        dot_rise: Where dots stand, above the baseline.
        joined: Whether the letters of a word hang together.
    """

    height: float
    pen: float
    contour: bool = False
    filled: bool = False
    slant: float = 0.0
    wander: float = 0.0
    gap: float = 0.2
    spread: float = 0.05
    kerning: float = 0.5
    mark_gap: float = 0.15
    rise: float = 0.0
    bounce: float = 0.0
    drift: float = 0.0
    sizes: float = 0.0
    width: float = 1.0
    low_zero: float = 1.0
    ligature: float = 0.0
    chain: float = 0.0
    turn: float = 0.0
    waver: float = 0.0
    dot: float = 1.3
    dash: float = 0.4
    dot_rise: float = 0.0
    joined: bool = False

    @property
    def stroke(self) -> float:
        """The width of the pen in pixels."""
        return self.pen * self.height

    def along(self, scale: float) -> NDArray[np.uint8]:
        """Return the ink (256,) by the distance to the middle of the strokes, all of one width.

        Args:
            scale: Pixels of the canvas per pixel of the field.
        """
        return _ink(np.arange(256, dtype=np.float32) / GRAIN * scale, self.stroke / 2)

    def around(self, scale: float, pen: float = _PEN) -> NDArray[np.uint8]:
        """Return the ink (256,) by the distance to the edge of the source's ink.

        Args:
            scale: As above.
            pen: The width of the source's strokes, in heights of a digit: ours differ by the same on either side.
        """
        away = (np.arange(256, dtype=np.float32) - _CONTOUR) / GRAIN * scale
        return _ink(away, (self.pen - pen) * self.height / 2)


def _ink(away: NDArray[np.floating], edge: float) -> NDArray[np.uint8]:
    return np.asarray(np.clip((edge - away + 0.5) * 255, 0, 255), dtype=np.uint8)


def draw_hand(rng: np.random.Generator) -> Hand:
    """Draw a hand: from wide and even to touching, from thin pens to thick ones, from upright to slanted."""

    def between(low: float, high: float) -> float:
        return low + (high - low) * float(rng.random())

    pen = math.exp(between(math.log(0.04), math.log(0.15)))
    contour = rng.random() < 0.3
    if contour:
        pen = between(0.09, 0.16)
    kind = rng.random()
    if kind < 0.2:
        gap = between(-0.1, 0.03)
    elif kind < 0.75:
        gap = between(0.02, 0.35)
    elif kind < 0.93:
        gap = between(0.3, 0.8)
    else:
        gap = between(0.8, 1.8)
    calm = between(0.2, 1.0)  # of the writer: all that varies varies with it
    slant = between(-0.1, 0.5) if rng.random() < 0.75 else between(-0.35, 0.8)
    return Hand(
        height=float(np.clip(math.exp(rng.normal(math.log(30), 0.3)), 13, 64)),
        pen=pen,
        contour=contour,
        filled=True,
        slant=slant,
        wander=0.1 * calm,
        gap=gap,
        spread=calm * (0.05 + 0.15 * max(gap, 0.0)),
        kerning=float(rng.random()) if gap > 0 else 1.0,
        mark_gap=between(0.0, 0.3) if rng.random() < 0.8 else between(0.2, 0.8),
        rise=float(rng.normal(0, 0.03)),
        bounce=0.1 * calm,
        drift=float(rng.normal(0, 0.015)),
        sizes=0.13 * calm,
        width=math.exp(between(-0.25, 0.4)),
        low_zero=between(0.55, 1.0) if rng.random() < 0.4 else 1.0,
        ligature=between(0.1, 0.5) if rng.random() < 0.15 else 0.0,
        chain=between(0.4, 1.0) if rng.random() < 0.25 else 0.0,
        turn=0.08 * calm,
        waver=between(0.0, 0.035) if rng.random() < 0.6 else 0.0,
        dot=between(0.9, 2.2),
        dash=math.exp(between(math.log(0.18), math.log(1.3))),
        dot_rise=0.0 if rng.random() < 0.6 else between(-0.12, 0.5),
        joined=rng.random() < 0.6,
    )
