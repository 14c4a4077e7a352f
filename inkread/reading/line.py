"""A picture of one line to its digits, without cutting it into digits first."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkread.imaging.boxes import enclosing
from inkread.imaging.lines import Strip
from inkread.imaging.patch import patch
from inkread.imaging.strip import ROWS, NormalizedStrip, normalize_strip
from inkread.reading.confidence import calibrated, lifted
from inkread.reading.decode import Alignment, align, digit_lattice, n_best, softmax
from inkread.reading.model_file import open_model
from inkread.reading.wanted import ANYTHING, BROKEN, Wanted, wanted
from inkread.reading.written import likeliest
from inkread.results import Box, Digit, Line

__all__ = ["LineReader", "Whole", "spaced"]

_INK = 96  # of a strip's 255: above it a pixel is ink where boxes are measured
_EVEN = 16  # columns: strips are padded to a multiple of it
_TOGETHER = 16  # strips of one width that the network takes at once
_WIDE_GAP = 0.5 * ROWS  # columns between two digits that part groups, if also ...
_WIDER = 2.2  # ... so many times the usual gap of the line
_FAR = 1.2 * ROWS  # columns from its peak within which a digit's ink lies
_SURE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """A line and what the network makes of it.

    Attributes:
        strip: The line in the network's form.
        lattice: float64 (frames, classes), probabilities, the blank first.
        matrix: float64 (3, 3), takes points of what the strip was made of to points of the picture.
    """

    strip: NormalizedStrip
    lattice: NDArray[np.float64]
    matrix: NDArray[np.float64]


class LineReader:
    """Reads lines with one model; may be used by several threads.

    Args:
        model: The name of a shipped or local line model, or a path ending in `.onnx`.

    Raises:
        ModelNotFoundError: There is no such model.
        ModelError: It is no line model that this release can use.

    Example:
        >>> reader = LineReader("line")  # doctest: +SKIP
        >>> reader.read(gray).text  # doctest: +SKIP
        '22970'
    """

    def __init__(self, model: str | os.PathLike[str] = "line") -> None:
        self._file = open_model(model, kind="line")
        self.card = self._file.card

    def read(
        self,
        gray: NDArray[np.uint8],
        *,
        length: int | None = None,
        pattern: str | None = None,
        dark_ink: bool | None = None,
    ) -> Line | None:
        """Read a picture of one line.

        Args:
            gray: uint8 (H, W), upright, either polarity.
            length: How many digits there are.
            pattern: A regular expression that all digits together match.
            dark_ink: Whether ink is darker than paper, where that is known.

        Returns:
            The line, its boxes in pixels of `gray`; None when there is no digit on it.

        Raises:
            UsageError: A length that no line has, or no regular expression.
        """
        return self.read_many([gray], length=length, pattern=pattern, dark_ink=dark_ink)[0]

    def read_many(
        self,
        pictures: Sequence[NDArray[np.uint8]],
        *,
        length: int | None = None,
        pattern: str | None = None,
        dark_ink: bool | None = None,
    ) -> list[Line | None]:
        """Read several pictures of one line each; faster than one after the other. Arguments as for `read`."""
        allowed = wanted(length, pattern)
        strips = [normalize_strip(picture, dark_ink=dark_ink) for picture in pictures]
        seen = self._seen(strips, [np.eye(3)] * len(strips))
        return [None if whole is None else self.decode(whole, allowed) for whole in seen]

    def probability(self, gray: NDArray[np.uint8], text: str) -> float:
        """Return how likely a text is all there is on a picture of one line, uint8 (H, W)."""
        whole = self.see(gray)
        return 0.0 if whole is None else dict(n_best(digit_lattice(whole.lattice))).get(text, 0.0)

    def see(self, gray: NDArray[np.uint8]) -> Whole | None:
        """Return what the network makes of a picture of one line, uint8 (H, W); None when it is blank."""
        return self._seen([normalize_strip(gray)], [np.eye(3)])[0]

    def look(self, strips: Sequence[Strip]) -> list[Whole | None]:
        """Return what the network makes of lines that were found on pictures; None for those that are blank."""
        patches = [patch(strip) for strip in strips]
        return self._seen([normalize_strip(pixels) for pixels, _ in patches], [matrix for _, matrix in patches])

    def _seen(
        self, strips: Sequence[NormalizedStrip | None], matrices: Sequence[NDArray[np.float64]]
    ) -> list[Whole | None]:
        lattices = iter(self.lattices([strip.pixels for strip in strips if strip is not None]))
        return [
            None if strip is None else Whole(strip, next(lattices), matrix)
            for strip, matrix in zip(strips, matrices, strict=True)
        ]

    def lattices(self, strips: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.float64]]:
        """Return what the network makes of strips.

        Args:
            strips: uint8 (32, W) each.

        Returns:
            For each the probabilities (frames, classes), the blank first.
        """
        out: list[NDArray[np.float64]] = [np.zeros((0, self.card.outputs))] * len(strips)
        # Strips of different widths are not put together: a line shall read the same beside any other one.
        of_width: dict[int, list[int]] = {}
        for i, strip in enumerate(strips):
            of_width.setdefault(_padded(strip), []).append(i)
        for width, members in of_width.items():
            for first in range(0, len(members), _TOGETHER):
                part = members[first : first + _TOGETHER]
                padded = np.zeros((len(part), ROWS, width), np.uint8)
                for row, i in zip(padded, part, strict=True):
                    row[:, : strips[i].shape[1]] = strips[i]
                scores = self._file.session.run(None, {self._file.input: padded})[0]
                for i, frames in zip(part, softmax(scores), strict=True):
                    out[i] = frames
        return out

    def decode(self, whole: Whole, allowed: Wanted = ANYTHING) -> Line | None:
        """Return the likeliest line of what the network saw; None when there is no digit on it."""
        found = n_best(digit_lattice(whole.lattice), allowed=allowed)
        if not found or not found[0][0]:
            return None
        among = sum(p for _, p in found) if allowed.restricts else 1.0
        among += BROKEN * max(0.0, 1.0 - among)
        told = calibrated([(text, p / among) for text, p in found], self.card.calibration.temperature)
        return self.line(whole, *told[0], tuple((text, p) for text, p in told if text))

    def line(
        self,
        whole: Whole,
        text: str,
        confidence: float,
        alternatives: tuple[tuple[str, float], ...],
        possible: bool = True,
        written: Callable[[str], float] | None = None,
    ) -> Line:
        """Return the line that a text is.

        Args:
            whole: What the network saw.
            text: Its digits, one at least.
            confidence: Of the line.
            alternatives: Its readings with their probabilities.
            possible: Whether it may be what was asked for.
            written: How plausible it is that a line is written so; see `Wanted`.
        """
        path = align(whole.lattice, text, self.card.labels)
        per_frame = _padded(whole.strip.pixels) / len(whole.lattice)
        boxes = _boxes(whole.strip, path, per_frame)
        digits = tuple(
            _digit(path, k, whole.lattice, _box(whole, box), confidence)
            for k, box in enumerate(boxes)
            if path.symbols[k].isdigit()
        )
        spans = [box for box, symbol in zip(boxes, path.symbols, strict=True) if symbol.isdigit()]
        groups, box = _groups(text, spans), _box(whole, _around(spans))
        symbols = self._symbols(path, whole, written)
        return Line(digits, box, confidence, groups, spaced(symbols, groups), alternatives, possible)

    def transcript(
        self, whole: Whole, text: str, groups: Sequence[str], written: Callable[[str], float] | None = None
    ) -> str:
        """Return a text with the marks that stand on the line, its groups apart; arguments as for `line`."""
        return spaced(self._symbols(align(whole.lattice, text, self.card.labels), whole, written), groups)

    def _symbols(self, path: Alignment, whole: Whole, written: Callable[[str], float] | None) -> str:
        return path.symbols if written is None else likeliest(path, whole.lattice, self.card.labels, written)


def _digit(path: Alignment, k: int, lattice: NDArray[np.float64], box: Box, likely: float) -> Digit:
    """Return one digit: its probabilities are those of the frames around its peak."""
    value = int(path.symbols[k])
    begin = (path.peaks[k - 1] + path.peaks[k] + 1) // 2 if k else 0
    end = (path.peaks[k] + path.peaks[k + 1] + 1) // 2 if k + 1 < len(path.peaks) else len(lattice)
    begin, end = min(begin, path.frames[k][0]), max(end, path.frames[k][1])
    most = lattice[begin:end, 1:11].max(axis=0)  # how sure each digit shows there
    proba = lifted(most / max(float(most.sum()), _SURE), value, likely)
    return Digit(value, str(value), proba[value], proba, box)


def spaced(symbols: str, groups: Sequence[str]) -> str:
    """Put a space between two groups of digits where no mark stands there."""
    begins = set(itertools.accumulate(len(group) for group in groups))
    out, count = "", 0
    for symbol in symbols:
        if symbol.isdigit():
            out += " " if count in begins and out[-1:].isdigit() else ""
            count += 1
        out += symbol
    return out


Span = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels of a strip."""


def _padded(pixels: NDArray[np.uint8]) -> int:
    return -(-pixels.shape[1] // _EVEN) * _EVEN


def _box(whole: Whole, span: Span) -> Box:
    scale, (left, top) = whole.strip.scale, whole.strip.to_picture(span[0], span[1])
    return Box(*enclosing(whole.matrix, left, top, (span[2] - span[0]) / scale, (span[3] - span[1]) / scale))


def _around(spans: Sequence[Span]) -> Span:
    left, top, right, bottom = zip(*spans, strict=True)
    return min(left), min(top), max(right), max(bottom)


def _boxes(strip: NormalizedStrip, path: Alignment, per_frame: float) -> list[Span]:
    """Return the box of each symbol's ink: between two of them the line is parted where there is least ink."""
    ink = strip.pixels > _INK
    columns = ink.sum(axis=0)
    width = len(columns)
    peaks = [min(width - 1.0, (peak + 0.5) * per_frame) for peak in path.peaks]
    cuts = [max(0.0, peaks[0] - _FAR)]
    for a, b in itertools.pairwise(peaks):
        first, last = int(a) + 1, max(int(a) + 2, int(np.ceil(b)))
        part = columns[first:last]
        # Of the emptiest columns the one nearest to the middle.
        near = np.abs(np.arange(len(part)) - (len(part) - 1) / 2) * 1e-3
        cuts.append(first + float((part + near).argmin()) if len(part) else (a + b) / 2)
    cuts.append(min(float(width), peaks[-1] + _FAR))
    return [_tight(ink, round(a), round(b), peak) for a, b, peak in zip(cuts[:-1], cuts[1:], peaks, strict=True)]


def _tight(ink: NDArray[np.bool_], left: int, right: int, peak: float) -> Span:
    """Return the box of the ink between two columns; a small one at the peak where there is none."""
    right = max(right, left + 1)
    part = ink[:, left:right]
    x, y = np.flatnonzero(part.any(axis=0)), np.flatnonzero(part.any(axis=1))
    if len(x) == 0:
        return peak - 1.0, 0.25 * ROWS, peak + 1.0, 0.75 * ROWS
    return float(left + x[0]), float(y[0]), float(left + x[-1] + 1), float(y[-1] + 1)


def _groups(text: str, spans: Sequence[Span]) -> tuple[str, ...]:
    """Part the digits where a gap is wide, for itself and beside the usual gap of the line."""
    gaps = [b[0] - a[2] for a, b in itertools.pairwise(spans)]
    if not gaps:
        return (text,)
    wide = max(_WIDE_GAP, _WIDER * float(np.median(np.maximum(gaps, 0.0))))
    out, first = [], 0
    for i, gap in enumerate(gaps, 1):
        if gap > wide:
            out.append(text[first:i])
            first = i
    return (*out, text[first:])
