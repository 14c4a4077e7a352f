"""Texts on a picture, each where it covers neither another nor what has to stay free."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont

__all__ = ["Labels", "Rectangle", "Where"]

Rectangle = tuple[float, float, float, float]  # left, top, right, bottom
Where = Literal["above", "below", "inside"]
_PAPER = (255, 255, 255)
_SMALLER = (1.0, 0.8, 0.65, 0.5, 0.35)  # of the size that is wished for, where there is no room
_LEAST = 10.0  # pixels of a font: smaller ones cannot be read
_GAP = 0.15  # of the font's size, between a text and what it belongs to
_TALLEST = "bp"  # from the highest stroke of small letters to the lowest
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
        self, text: str, around: Rectangle, size: float, colour: tuple[int, int, int], where: Where = "above"
    ) -> None:
        """Write a text at a rectangle: where it is wished for if there is room, else smaller or at another side.

        Args:
            text: One line.
            around: What it belongs to.
            size: Of the font, in pixels; at least 10 are taken.
            colour: Of the text; a rim of white sets it off.
            where: The side to try first. Into the rectangle a text goes smaller before it goes beside it.
        """
        best: tuple[float, Rectangle, float] | None = None
        for tall in dict.fromkeys(max(_LEAST, share * size) for share in _SMALLER):
            left, top, right, bottom = self._extent(text, tall)
            for spot, penalty in self._spots(around, (right - left, bottom - top), _GAP * tall, where):
                cost = penalty + _covered(spot, self._taken)
                if best is None or cost < best[0]:
                    best = cost, spot, tall
            if best is not None and best[0] == 0:
                break
        if best is None:
            return
        _, spot, tall = best
        left, top, _, _ = self._extent(text, tall)
        font, rim = ImageFont.load_default(tall), _rim(tall)
        place = spot[0] - left, spot[1] - top
        self._pen.text(place, text, fill=colour, font=font, stroke_width=rim, stroke_fill=_PAPER)
        self._taken.append(spot)

    def _extent(self, text: str, tall: float) -> Rectangle:
        """Return what a text takes; as high as any, so that the texts of one row stand on one line."""
        font, rim = ImageFont.load_default(tall), _rim(tall)
        left, top, right, bottom = self._pen.textbbox((0, 0), text, font=font, stroke_width=rim)
        _, least, _, most = self._pen.textbbox((0, 0), _TALLEST, font=font, stroke_width=rim)
        return left, min(top, least), right, max(bottom, most)

    def _spots(
        self, around: Rectangle, size: tuple[float, float], gap: float, where: Where
    ) -> Iterator[tuple[Rectangle, float]]:
        """Yield where a text may stand, the best place first, and what is to be said against it."""
        left, top, right, bottom = around
        width, height = size
        if where == "inside" and width <= right - left and height <= bottom - top:
            yield self._kept((left + right - width) / 2, (top + bottom - height) / 2, size), 0.0
        above = [(left, top - gap - row * height) for row in range(1, _ROWS + 1)]
        under = [(left, bottom + gap + row * height) for row in range(_ROWS)]
        first, second = (under, above) if where == "below" else (above, under)
        ends = [(right - width, y) for _, y in (first[0], second[0])]
        sides = [(right + gap, top), (left - gap - width, top)]
        for x, y in (first[0], second[0], *ends, *sides, *first[1:], *second[1:]):
            yield self._kept(x, y, size), height if where == "inside" else 0.0

    def _kept(self, x: float, y: float, size: tuple[float, float]) -> Rectangle:
        """Return a place, moved into the picture."""
        width, height = size
        x = min(max(0.0, x), max(0.0, self._canvas.width - width))
        y = min(max(0.0, y), max(0.0, self._canvas.height - height))
        return x, y, x + width, y + height


def _rim(tall: float) -> int:
    return max(1, round(tall / 10))


def _covered(spot: Rectangle, others: Sequence[Rectangle]) -> float:
    """Return the area that a rectangle shares with others."""
    if not others:
        return 0.0
    left, top, right, bottom = np.asarray(others, np.float64).T
    across = np.minimum(right, spot[2]) - np.maximum(left, spot[0])
    down = np.minimum(bottom, spot[3]) - np.maximum(top, spot[1])
    return float((np.maximum(across, 0) * np.maximum(down, 0)).sum())
