"""Lines of handwritten numbers, composed from single digits, with the truth of every symbol."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.datasets.lines import printed
from inkread.datasets.lines.bank import DigitBank
from inkread.datasets.lines.camera import Look, develop, draw_look
from inkread.datasets.lines.hand import Hand, draw_hand
from inkread.datasets.lines.paper import smooth_noise
from inkread.datasets.lines.script import Script, place
from inkread.datasets.lines.strokes import Box
from inkread.datasets.lines.text import write

__all__ = ["ComposedLine", "Composer"]

_SHARE_SEEN = 0.6  # of a symbol's box must lie on the picture for the symbol to be in the truth


@dataclass(frozen=True, slots=True, eq=False)
class ComposedLine:
    """A picture of a line and what is on it.

    Attributes:
        pixels: uint8 (H, W), gray.
        symbols: From left to right, of `SYMBOLS`.
        boxes: float32 (n, 4), left, top, right, bottom of the ink of each symbol, in pixels.
    """

    pixels: NDArray[np.uint8]
    symbols: str
    boxes: NDArray[np.float32]

    @property
    def digits(self) -> str:
        """The digits alone."""
        return "".join(symbol for symbol in self.symbols if symbol.isdigit())


class Composer:
    """Composes lines.

    Args:
        bank: The digits.
        longest: The most digits of a line.
    """

    def __init__(self, bank: DigitBank, longest: int = 10) -> None:
        self.bank, self.longest = bank, longest

    def line(self, rng: np.random.Generator) -> ComposedLine:
        """Compose a line of any kind; the same state of `rng` gives the same line."""
        hand = draw_hand(rng)
        text = write(rng, self.longest)
        boxed = rng.random() < 0.1 and len(text) > 0
        return self.compose(text, hand, draw_look(rng, hand.height), rng, boxed=boxed, tidy=rng.random() < 0.15)

    def compose(
        self,
        text: str,
        hand: Hand,
        look: Look,
        rng: np.random.Generator,
        *,
        boxed: bool = False,
        tidy: bool = False,
    ) -> ComposedLine:
        """Compose a line.

        Args:
            text: Of `SYMBOLS`, letters and spaces.
            hand: How it is written.
            look: How paper and camera make it look.
            rng: Where everything else is drawn from.
            boxed: Whether each symbol stands in a printed box.
            tidy: Whether nothing else is on the picture: no rules, specks, cut edges.
        """
        pitch = hand.height * float(rng.uniform(0.85, 1.5)) if boxed else None
        if boxed:
            hand = replace(hand, slant=0.4 * hand.slant, width=min(hand.width, 1.0))
        script = place(text, hand, self.bank, rng, pitch=pitch)
        height, width, x, y = _frame(script, rng, tidy)
        ink = np.zeros((height, width), np.uint8)
        drawn = script.draw(ink, x, y, rng)
        if hand.waver > 0:
            ink = _wavered(ink, hand, rng)
        under = None
        if not tidy or boxed:
            under = np.zeros_like(ink)
            if pitch is not None:
                printed.boxes(under, y, hand.height, pitch, x, len(text), rng)
            elif rng.random() < 0.45:
                printed.rules(under, y, hand.height, rng)
            if rng.random() < 0.3:
                printed.crumbs(under, hand.height, rng)
            if rng.random() < 0.08:
                self._neighbours(ink, hand, rng)
        pixels = develop(ink, under, look, rng)
        kept = [(symbol, box) for symbol, box in drawn if box is not None and _seen(box, width, height)]
        pixels, scale = _resized(pixels, rng) if not tidy else (pixels, 1.0)
        boxes = np.array([box for _, box in kept], np.float32).reshape(-1, 4) * np.float32(scale)
        return ComposedLine(pixels, "".join(symbol for symbol, _ in kept), boxes)

    def _neighbours(self, ink: NDArray[np.uint8], hand: Hand, rng: np.random.Generator) -> None:
        """Let the feet or heads of a neighbouring line look in; no more of them than nobody would read."""
        height, width = ink.shape
        text = "".join(map(str, rng.integers(0, 10, int(rng.integers(1, 6))).tolist()))
        script = place(text, hand, self.bank, rng)
        reach = hand.height * float(rng.uniform(0.08, 0.25))
        y = reach if rng.random() < 0.5 else height + hand.height - reach
        script.draw(ink, float(rng.uniform(-0.2, 0.8)) * width, y, rng)


def _frame(script: Script, rng: np.random.Generator, tidy: bool) -> tuple[int, int, float, float]:
    """Return height and width of the canvas, and where on it the left end of the baseline lies."""
    left, top, right, bottom = script.extent()
    h = script.hand.height
    # A blank line still has a size.
    if right - left < 0.3 * h:
        right = left + h * float(rng.uniform(0.3, 4.0))
    if bottom - top < 0.9 * h:
        top = min(top, bottom - 0.9 * h)
    kind = rng.random()
    if tidy or kind < 0.25:
        around = rng.uniform(0.05, 1.2, 4)
    elif kind < 0.85:
        around = rng.uniform(0.0, 0.35, 4)
    else:  # cut out so tightly that some ink is lost
        around = rng.uniform(-0.08, 0.2, 4)
    before, above, behind, below = (float(side) * h for side in around)
    height, width = max(8, round(bottom - top + above + below)), max(8, round(right - left + before + behind))
    return height, width, before - left, above - top


def _wavered(ink: NDArray[np.uint8], hand: Hand, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Let strokes stray smoothly, each way for itself, by a few hundredths of a digit's height."""
    height, width = ink.shape
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(height, dtype=np.float32)[:, None]
    far = np.float32(hand.waver * hand.height)
    dx, dy = (far * smooth_noise((height, width), 0.45 * hand.height, rng) for _ in range(2))
    return np.asarray(cv2.remap(ink, x + dx, y + dy, cv2.INTER_LINEAR), dtype=np.uint8)


def _seen(box: Box, width: int, height: int) -> bool:
    """Tell whether enough of a symbol's box lies on the picture."""
    left, top, right, bottom = box
    inside = max(0.0, min(right, width) - max(left, 0)) * max(0.0, min(bottom, height) - max(top, 0))
    return inside >= _SHARE_SEEN * max((right - left) * (bottom - top), 1e-6)


def _resized(pixels: NDArray[np.uint8], rng: np.random.Generator) -> tuple[NDArray[np.uint8], float]:
    """Enlarge some pictures by what a scanner's or a program's scaling does."""
    if rng.random() > 0.15:
        return pixels, 1.0
    scale = float(rng.uniform(0.8, 1.6))
    size = (max(8, round(pixels.shape[1] * scale)), max(8, round(pixels.shape[0] * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, size, interpolation=how), dtype=np.uint8), scale
