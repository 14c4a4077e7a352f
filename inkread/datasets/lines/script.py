"""A text in a hand: where each symbol stands, and its ink."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkread.datasets.lines.bank import FIELD, DigitBank, Glyphs
from inkread.datasets.lines.hand import Hand
from inkread.datasets.lines.signs import LETTERS, letter_size, letters, signs
from inkread.datasets.lines.strokes import Box, lay, stroke

__all__ = ["Placed", "Script", "place"]

_UPRIGHT = 3  # pixels of a field: what is narrower, as an l, is not stretched


@dataclass(slots=True)
class Placed:
    """One symbol and where it stands, in pixels before the slant, from the left end of the baseline, y downwards.

    Attributes:
        symbol: One of `SYMBOLS`.
        left: Of its strokes.
        width: Of its strokes.
        base: Its lower end.
        height: Of its strokes.
        glyph: Its index among `of`; None for marks that are drawn by strokes.
        of: The bank's glyphs, signs or letters.
        letter: Whether it is one, of a word.
    """

    symbol: str
    left: float
    width: float
    base: float
    height: float
    glyph: int | None = None
    of: Glyphs | None = None
    letter: bool = False


class Script:
    """A text placed in a hand, to be drawn on any canvas.

    Args:
        hand: How it is written.
        bank: Whose digits.
        placed: From left to right.
    """

    def __init__(self, hand: Hand, bank: DigitBank, placed: list[Placed]) -> None:
        self.hand, self.bank, self.placed = hand, bank, placed

    def extent(self) -> Box:
        """Return the box of all ink, slanted, from the left end of the baseline."""
        if not self.placed:
            return 0.0, -self.hand.height, self.hand.height, 0.0
        top = min(p.base - p.height for p in self.placed)
        bottom = max(p.base for p in self.placed)
        lefts = [p.left + min(-self._lean(p.base), -self._lean(p.base - p.height)) for p in self.placed]
        rights = [p.left + p.width + max(-self._lean(p.base), -self._lean(p.base - p.height)) for p in self.placed]
        half = self.hand.stroke / 2
        return min(lefts) - half, top - half, max(rights) + half, bottom + half

    def _lean(self, y: float) -> float:
        """Return how far left the slant moves what lies at a height."""
        return self.hand.slant * y

    def draw(
        self, canvas: NDArray[np.uint8], x: float, y: float, rng: np.random.Generator
    ) -> list[tuple[str, Box | None]]:
        """Draw the text.

        Args:
            canvas: uint8 (H, W), 255 for full ink; drawn into.
            x: Where the left end of the baseline lies.
            y: The same, downwards.
            rng: Where the wavering of each symbol is drawn from.

        Returns:
            Each symbol with the box of its ink on the canvas; None where it lies outside.
        """
        out: list[tuple[str, Box | None]] = []
        for i, p in enumerate(self.placed):
            box = self._mark(canvas, p, x, y, rng) if p.glyph is None else self._glyph(canvas, p, x, y, rng)
            out.append((p.symbol, box))
            if p.letter and self.hand.joined and i + 1 < len(self.placed) and self.placed[i + 1].letter:
                self._joint(canvas, p, self.placed[i + 1], x, y, rng)
            joined = p.symbol.isdigit() and i + 1 < len(self.placed) and self.placed[i + 1].symbol.isdigit()
            zeros = joined and p.symbol == self.placed[i + 1].symbol == "0"
            if joined and (self.hand.chain if zeros else self.hand.ligature) > rng.random():
                self._ligature(canvas, p, self.placed[i + 1], x, y, rng)
        return out

    def _glyph(self, canvas: NDArray[np.uint8], p: Placed, x: float, y: float, rng: np.random.Generator) -> Box | None:
        glyphs = p.of
        assert p.glyph is not None and glyphs is not None  # the caller saw to it
        left, top, right, bottom = (float(side) for side in glyphs.boxes[p.glyph])
        down = p.height / max(bottom - top, 1.0)
        across = p.width / (right - left) if right - left > _UPRIGHT else down
        own = float(glyphs.slants[p.glyph])
        lean = self.hand.slant + self.hand.wander * float(rng.standard_normal())
        turn = self.hand.turn * float(rng.standard_normal())
        shear = across * 0.8 * own - lean * down
        # x: undo the glyph's own slant, scale, then lean with the line around the baseline; y: scale, turn a little.
        x0 = x + p.left - across * (left + 0.8 * own * FIELD / 2) + lean * down * bottom - self.hand.slant * p.base
        y0 = y + p.base - down * bottom - across * turn * (left + right) / 2
        matrix = np.array([[across, shear, x0], [across * turn, down, y0]], np.float64)
        corners = matrix @ np.array([[left, right, left, right], [top, top, bottom, bottom], [1, 1, 1, 1]])
        reach = self.hand.stroke / 2 + 1.5 + abs(own) * (bottom - top) * across / 2
        span = (
            float(corners[0].min()) - reach,
            float(corners[1].min()) - reach,
            float(corners[0].max()) + reach,
            float(corners[1].max()) + reach,
        )
        hand, scale = self.hand, (down * across) ** 0.5
        if hand.contour:
            return lay(canvas, glyphs.contour[p.glyph], hand.around(scale), matrix, span)
        box = lay(canvas, glyphs.centre[p.glyph], hand.along(scale), matrix, span)
        if hand.filled and box:
            pen = float(glyphs.pens[p.glyph]) * scale / hand.height
            lay(canvas, glyphs.contour[p.glyph], hand.around(scale, max(pen, hand.pen)), matrix, span)
        return box

    def _mark(self, canvas: NDArray[np.uint8], p: Placed, x: float, y: float, rng: np.random.Generator) -> Box | None:
        jitter = 0.08 * p.width
        left, right = x + p.left - self._lean(p.base), x + p.left + p.width - self._lean(p.base)
        top, bottom = y + p.base - p.height, y + p.base
        tilt = float(rng.normal(0, 0.08)) * p.width
        width = self.hand.stroke
        if p.symbol == "-":
            bow = float(rng.normal(0, 0.05)) * p.width
            points = [(left, bottom + tilt), ((left + right) / 2, bottom + bow), (right, bottom - tilt)]
            return stroke(canvas, points, width)
        if p.symbol == "=":
            stroke(canvas, [(left, top + tilt), (right + float(rng.normal(0, 1)) * jitter, top - tilt)], width)
            lower = float(rng.normal(0, 1.5)) * jitter
            return stroke(canvas, [(left + lower, bottom + tilt), (right + lower, bottom - 0.5 * tilt)], width)
        if p.symbol == ".":
            size = width * self.hand.dot * float(np.exp(rng.normal(0, 0.15)))
            end = (left + float(rng.normal(0, 0.5)) * size, bottom + float(rng.normal(0, 0.3)) * size)
            return stroke(canvas, [(left, bottom), end] if rng.random() < 0.6 else [(left, bottom)], size)
        bow = float(rng.uniform(0, 0.25)) * p.width
        hook = (right + bow, (top + bottom) / 2)
        return stroke(canvas, [(right, top), hook, (left, bottom)], width * float(rng.uniform(0.9, 1.3)))

    def _ligature(
        self, canvas: NDArray[np.uint8], a: Placed, b: Placed, x: float, y: float, rng: np.random.Generator
    ) -> None:
        """Join two digits by a stroke from the one's foot or head to the other's."""
        from_y = a.base - a.height * float(rng.choice([0.05, 0.9]))
        to_y = b.base - b.height * float(rng.uniform(0.75, 1.0))
        start = (x + a.left + a.width * float(rng.uniform(0.6, 1.0)) - self._lean(from_y), y + from_y)
        end = (x + b.left + b.width * float(rng.uniform(0.0, 0.4)) - self._lean(to_y), y + to_y)
        sag = self.hand.height * float(rng.normal(0, 0.06))
        stroke(
            canvas,
            [start, ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2 + sag), end],
            0.8 * self.hand.stroke,
            float(rng.uniform(0.5, 1)),
        )

    def _joint(
        self, canvas: NDArray[np.uint8], a: Placed, b: Placed, x: float, y: float, rng: np.random.Generator
    ) -> None:
        """Join two letters by the upstroke from the one's foot to the other, unless a space parts them."""
        if b.left - a.left - a.width > 0.45 * self.hand.height:
            return
        from_y = a.base - 0.1 * a.height * float(rng.random())
        to_y = b.base - b.height * float(rng.uniform(0.1, 0.9))
        start = (x + a.left + a.width * float(rng.uniform(0.6, 1.0)) - self._lean(from_y), y + from_y)
        end = (x + b.left + b.width * float(rng.uniform(0.0, 0.3)) - self._lean(to_y), y + to_y)
        middle = ((start[0] + end[0]) / 2, max(start[1], end[1]) - 0.3 * abs(start[1] - end[1]))
        stroke(canvas, [start, middle, end], self.hand.stroke)


def place(text: str, hand: Hand, bank: DigitBank, rng: np.random.Generator, *, pitch: float | None = None) -> Script:
    """Set a text in a hand.

    Args:
        text: Of `SYMBOLS`, letters and spaces.
        hand: How it is written.
        bank: Whose digits are taken.
        rng: Where the choices are drawn from.
        pitch: Pixels from the middle of one symbol to that of the next, as the boxes of a form dictate; None where the
            hand decides.
    """
    placed: list[Placed] = []
    manner = int(rng.integers(1 << 16)) if any(symbol in LETTERS for symbol in text) else 0
    x, last = 0.0, None
    wide = 0.0
    for i, symbol in enumerate(text):
        if symbol == " ":
            wide += hand.height * float(rng.uniform(0.25, 0.7))
            continue
        p = _letter(symbol, hand, manner, rng) if symbol in LETTERS else _sized(symbol, hand, bank, rng, i)
        p.base += x * hand.rise + hand.bounce * hand.height * float(rng.standard_normal()) * 0.5
        if pitch is not None:
            p.left = (i + 0.5) * pitch - p.width / 2 + 0.06 * pitch * float(rng.standard_normal())
        elif last is not None:
            p.left = _next(last, p, hand, bank, rng) + wide
        wide = 0.0
        x = p.left + p.width
        last = p
        placed.append(p)
    return Script(hand, bank, placed)


def _sized(symbol: str, hand: Hand, bank: DigitBank, rng: np.random.Generator, i: int) -> Placed:
    """Return a symbol with its size, and its foot relative to the baseline."""
    height = hand.height * float(np.exp(hand.sizes * rng.standard_normal() + hand.drift * i))
    if symbol.isdigit():
        tall = height * hand.low_zero if symbol == "0" else height
        return _as_glyph(symbol, bank.glyphs, bank.draw(int(symbol), rng), tall, hand, rng)
    if symbol == "#":
        index = int(rng.integers(len(signs())))
        return _as_glyph(symbol, signs(), index, height * float(rng.uniform(0.7, 1.3)), hand, rng)
    return Placed(symbol, 0, *_mark_size(symbol, hand, height, rng))


def _letter(letter: str, hand: Hand, manner: int, rng: np.random.Generator) -> Placed:
    """Return a letter of a word, with its size and its foot relative to the baseline."""
    glyphs, index = letters()
    tall, below = letter_size(letter)
    height = hand.height * float(np.exp(0.5 * hand.sizes * rng.standard_normal()))
    p = _as_glyph("#", glyphs, index(letter, manner), tall * height, hand, rng)
    p.base, p.letter = below * height, True
    return p


def _mark_size(symbol: str, hand: Hand, height: float, rng: np.random.Generator) -> tuple[float, float, float]:
    """Return a mark's width, its lower end relative to the baseline, and its height."""
    u, v = (float(share) for share in rng.random(2))
    if symbol == ".":
        return hand.stroke * hand.dot, -hand.dot_rise * height + 0.04 * height * u, hand.stroke
    if symbol == ",":
        return height * 0.12 * u, height * (0.08 + 0.17 * v), height * (0.15 + 0.17 * u)
    if symbol == "'":
        return height * 0.1 * u, -height * (0.65 + 0.2 * v), height * (0.12 + 0.18 * u)
    if symbol == "-":
        length = hand.dash * float(np.exp(rng.normal(0, 0.15)))
        return max(length, 0.18) * height, -height * (0.12 + 0.5 * u), 0.0
    return max(0.2, min(hand.dash, 0.7)) * height, -height * (0.1 + 0.45 * u), height * (0.14 + 0.14 * v)


def _as_glyph(symbol: str, glyphs: Glyphs, index: int, height: float, hand: Hand, rng: np.random.Generator) -> Placed:
    left, top, right, bottom = glyphs.boxes[index]
    across, down = float(right - left), float(bottom - top)
    # What its source squeezed into a box because it was wide keeps its size there: twos and fours are not all as tall.
    tall = height * min(1.0, max(0.6, down / 40 + 0.15))
    width = across / max(down, 1.0) * tall * hand.width if down > 8 else 0.5 * height
    width *= float(np.exp(0.6 * hand.sizes * rng.standard_normal()))
    return Placed(symbol, 0, min(width, 1.4 * height * hand.width), 0, tall, index, glyphs)


def _next(last: Placed, p: Placed, hand: Hand, bank: DigitBank, rng: np.random.Generator) -> float:
    """Return where a symbol begins behind another one."""
    gap = hand.gap * hand.height + hand.stroke + hand.spread * hand.height * float(rng.standard_normal())
    end = last.left + last.width
    if p.letter and last.letter:
        near = (0.15 if hand.joined else 0.5) * hand.mark_gap * float(np.exp(0.3 * rng.standard_normal()))
        return end + hand.stroke + near * hand.height
    if not (p.symbol.isdigit() and last.symbol.isdigit()):
        near = max(hand.mark_gap * float(np.exp(0.4 * rng.standard_normal())), 0.02) * hand.height
        return end + hand.stroke + (near if rng.random() < 0.8 else max(near, gap))
    if hand.kerning == 0 or last.glyph is None or p.glyph is None:
        return end + gap
    glyphs = bank.glyphs
    a, b = glyphs.boxes[last.glyph], glyphs.boxes[p.glyph]
    before = glyphs.right[last.glyph] * (last.width / max(float(a[2] - a[0]), 1.0))
    behind = glyphs.left[p.glyph] * (p.width / max(float(b[2] - b[0]), 1.0))
    room = float((before + behind).min())
    closer = min(hand.kerning * room, 0.6 * min(last.width, p.width))
    # At least a third of what the two are wide stays free of each other: beyond that nobody could read them.
    return max(end + gap - closer, last.left + 0.35 * last.width)
