"""A picture of one line to its digits, without cutting it into digits first."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inkread.imaging.strip import ROWS, Strip, normalize_strip
from inkread.reading.decode import Alignment, align, digit_lattice, n_best, softmax
from inkread.reading.model_file import open_model
from inkread.reading.wanted import ANYTHING, Wanted, wanted
from inkread.results import Box, Digit, Line

__all__ = ["LineReader"]

_INK = 96  # of a strip's 255: above it a pixel is ink where boxes are measured
_EVEN = 16  # columns: strips are padded to a multiple of it
_TOGETHER = 16  # strips of one width that the network takes at once
_WIDE_GAP = 0.5 * ROWS  # columns between two digits that part groups, if also ...
_WIDER = 2.2  # ... so many times the usual gap of the line
_FAR = 1.2 * ROWS  # columns from its peak within which a digit's ink lies
_SURE = 1e-9


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
        known = [i for i, strip in enumerate(strips) if strip is not None]
        lattices = self.lattices([strip.pixels for strip in strips if strip is not None])
        out: list[Line | None] = [None] * len(pictures)
        for i, lattice in zip(known, lattices, strict=True):
            strip = strips[i]
            assert strip is not None  # those alone are known
            out[i] = self.decode(strip, lattice, allowed)
        return out

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

    def decode(self, strip: Strip, lattice: NDArray[np.float64], allowed: Wanted = ANYTHING) -> Line | None:
        """Return the line of a strip and its lattice; None when there is no digit on it."""
        found = n_best(digit_lattice(lattice), allowed=allowed)
        if not found or not found[0][0]:
            return None
        text, likely = found[0]
        path = align(lattice, text, self.card.labels)
        per_frame = _padded(strip.pixels) / len(lattice)
        boxes = _boxes(strip, path, per_frame)
        digits = tuple(
            self._digit(path, k, lattice, _box(strip, box), likely)
            for k, box in enumerate(boxes)
            if path.symbols[k].isdigit()
        )
        spans = [box for box, symbol in zip(boxes, path.symbols, strict=True) if symbol.isdigit()]
        alternatives = tuple((other, self._calibrated(p)) for other, p in found if other)
        return Line(
            digits=digits,
            box=_box(strip, _around(spans)),
            confidence=self._calibrated(likely),
            groups=_groups(text, spans),
            transcript=path.symbols,
            alternatives=alternatives,
        )

    def _calibrated(self, probability: float) -> float:
        """Return the probability that a reading is right: the log-odds divided by the card's temperature."""
        p = min(max(probability, _SURE), 1 - _SURE)
        return 1 / (1 + math.exp(-math.log(p / (1 - p)) / self.card.calibration.temperature))

    def _digit(self, path: Alignment, k: int, lattice: NDArray[np.float64], box: Box, likely: float) -> Digit:
        """Return one digit: its probabilities are those of the frames around its peak."""
        value = int(path.symbols[k])
        begin = (path.peaks[k - 1] + path.peaks[k] + 1) // 2 if k else 0
        end = (path.peaks[k] + path.peaks[k + 1] + 1) // 2 if k + 1 < len(path.peaks) else len(lattice)
        begin, end = min(begin, path.frames[k][0]), max(end, path.frames[k][1])
        most = lattice[begin:end, 1:11].max(axis=0)  # how sure each digit shows there
        share = most / max(float(most.sum()), _SURE)
        # A digit is right at least as often as the whole line is.
        sure = self._calibrated(max(float(share[value] * most[value]), likely))
        rest = share.copy()
        rest[value] = 0.0
        rest = (1.0 - sure) * (rest / rest.sum() if rest.any() else np.full(10, 1 / 9))
        rest[value] = sure
        return Digit(value, str(value), sure, tuple(float(p) for p in rest), box)


Span = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels of a strip."""


def _padded(pixels: NDArray[np.uint8]) -> int:
    return -(-pixels.shape[1] // _EVEN) * _EVEN


def _box(strip: Strip, span: Span) -> Box:
    left, top = strip.to_picture(span[0], span[1])
    return Box(left, top, (span[2] - span[0]) / strip.scale, (span[3] - span[1]) / strip.scale)


def _around(spans: Sequence[Span]) -> Span:
    left, top, right, bottom = zip(*spans, strict=True)
    return min(left), min(top), max(right), max(bottom)


def _boxes(strip: Strip, path: Alignment, per_frame: float) -> list[Span]:
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
