"""Texts on a picture, each where it covers neither another nor what has to stay free."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

__all__ = ["Labels", "Rectangle"]

Rectangle = tuple[float, float, float, float]  # left, top, right, bottom
_PAPER = (255, 255, 255)
_SMALLER = (1.0, 0.8, 0.65, 0.5)  # of the size that is wished for, where there is no room
_LEAST = 10.0  # pixels of a font: smaller ones cannot be read
_ROWS = 3  # above and below, before a label is made smaller


class Labels:
    """Writes on a picture.

    Args:
        canvas: The picture, which is written on.
        taken: What no text may cover.
    """

    def __init__(self, canvas: Image.Image, taken: Iterable[Rectangle]) -> None:
        self._canvas = canvas
        self._pen = ImageDraw.Draw(canvas)
        self._taken = [*taken]

    def write(
        self, text: str, around: Rectangle, size: float, colour: tuple[int, int, int], *, below: bool = False
    ) -> None:
        """Write a text beside a rectangle: above it where there is room, else below, at its sides or smaller.

        Args:
            text: One line.
            around: What it belongs to.
            size: Of the font, in pixels; at least 10 are taken.
            colour: Of the text; a rim of white sets it off.
            below: Try below first.
        """
        rim = max(1, round(max(size, _LEAST) / 10))
        best: tuple[float, Rectangle, float] | None = None
        for tall in dict.fromkeys(max(_LEAST, share * size) for share in _SMALLER):
            box = self._pen.textbbox((0, 0), text, font=ImageFont.load_default(tall), stroke_width=rim)
            for spot in self._spots(around, (box[2] - box[0], box[3] - box[1]), rim, below=below):
                cost = self._covered(spot)
                if best is None or cost < best[0]:
                    best = cost, spot, tall
            if best is not None and best[0] == 0:
                break
        if best is None:
            return
        _, spot, tall = best
        font = ImageFont.load_default(tall)
        left, top, _, _ = self._pen.textbbox((0, 0), text, font=font, stroke_width=rim)
        place = spot[0] - left, spot[1] - top
        self._pen.text(place, text, fill=colour, font=font, stroke_width=rim, stroke_fill=_PAPER)
        self._taken.append(spot)

    def _spots(self, around: Rectangle, size: tuple[float, float], gap: float, *, below: bool) -> Iterable[Rectangle]:
        """Return where a text may stand, the best place first, as far as possible inside of the picture."""
        left, top, right, bottom = around
        width, height = size
        above = [(left, top - gap - row * height) for row in range(1, _ROWS + 1)]
        under = [(left, bottom + gap + row * height) for row in range(_ROWS)]
        first, second = (under, above) if below else (above, under)
        shifted = [(right - width, y) for _, y in (first[0], second[0])]
        sides = [(right + gap, top), (left - gap - width, top)]
        for x, y in (first[0], second[0], *shifted, *sides, *first[1:], *second[1:]):
            x0 = min(max(0.0, x), max(0.0, self._canvas.width - width))
            y0 = min(max(0.0, y), max(0.0, self._canvas.height - height))
            yield x0, y0, x0 + width, y0 + height

    def _covered(self, spot: Rectangle) -> float:
        """Return how many pixels of what is taken a text would cover."""
        return covered(spot, self._taken)


def covered(spot: Rectangle, others: Sequence[Rectangle]) -> float:
    """Return the area that a rectangle shares with others."""
    if not others:
        return 0.0
    left, top, right, bottom = np.asarray(others, np.float64).T
    across = np.minimum(right, spot[2]) - np.maximum(left, spot[0])
    down = np.minimum(bottom, spot[3]) - np.maximum(top, spot[1])
    return float((np.maximum(across, 0) * np.maximum(down, 0)).sum())
