"""A picture with any number of lines to what stands on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from inkread.imaging.lines import Strip, all_of, find_lines, one_line
from inkread.imaging.sheet import Sheet, find_sheet
from inkread.imaging.upright import levelled, turned
from inkread.reading.wanted import Wanted
from inkread.results import Line

__all__ = ["LineReader", "read_line", "read_page"]

_CERTAIN = 0.88  # mean confidence of digits at which a page surely stands upright
_BETTER = 0.08  # ... and by how much another turn must surpass it
_TELLING = 1.5  # digits but ones of a line, on the mean, from which they tell which way up a page is
_LONGEST = 4  # lines that are read to tell which way up a page is


class LineReader(Protocol):
    """What reads strips: by cutting them into digits, or as a whole."""

    def read(self, strips: Sequence[Strip], wanted: Wanted) -> list[Line | None]:
        """Read lines.

        Args:
            strips: The lines, level and clean.
            wanted: What each line may be.

        Returns:
            For each strip a line with boxes in the picture, or None where there is no number.
        """


@runtime_checkable
class ReadsAtOnce(Protocol):
    """A reader of strips that reads some pictures of one line as they are, which is much faster."""

    def at_once(self, gray: NDArray[np.uint8], wanted: Wanted) -> Line | None:
        """Return the line on a picture, uint8 (H, W); None where it has to be looked for first."""


def read_line(gray: NDArray[np.uint8], reader: LineReader, wanted: Wanted) -> tuple[Line, ...]:
    """Read all writing on a picture as one line.

    Args:
        gray: uint8 (H, W), either polarity.
        reader: Of strips.
        wanted: What the line may be.
    """
    wanted = replace(wanted, number=True)
    line = reader.at_once(gray, wanted) if isinstance(reader, ReadsAtOnce) else None
    if line:
        return (line,)
    sheet = find_sheet(gray)
    strips = one_line(levelled(sheet)) if sheet else []
    return _kept(reader.read(strips or [all_of(gray)], wanted))


def read_page(gray: NDArray[np.uint8], reader: LineReader, wanted: Wanted) -> tuple[Line, ...]:
    """Read the lines of a picture, whichever side of it is up.

    Args:
        gray: uint8 (H, W), either polarity.
        reader: Of strips.
        wanted: What each line may be.
    """
    sheet = find_sheet(gray)
    if sheet is None:
        return ()
    lines = _read(sheet, reader, wanted)
    if _certainty(lines) >= _CERTAIN:
        return lines
    return _read_turned(sheet, lines, reader, wanted)


def _read(sheet: Sheet, reader: LineReader, wanted: Wanted) -> tuple[Line, ...]:
    strips = find_lines(levelled(sheet))
    return _kept(reader.read(strips, wanted)) if strips else ()


def _read_turned(sheet: Sheet, upright: tuple[Line, ...], reader: LineReader, wanted: Wanted) -> tuple[Line, ...]:
    """Read a page again with each other side up, if its longest lines are surer then."""
    # What turns a page must be certain in itself: words upside down look more like numbers than they do upright.
    best, least = 0, max(_CERTAIN, _certainty(_longest(upright)) + _BETTER)
    for quarters in (1, 2, 3):
        strips = sorted(find_lines(levelled(turned(sheet, quarters))), key=lambda strip: -strip.level.shape[1])
        strips = strips[:_LONGEST]
        read = reader.read(strips, wanted) if strips else []
        lines, sure = _kept(read), _certainty(_kept(read)) * _share_read(strips, read)
        # A column of digits has as many lines as digits: what it says is only believed where lines get longer. A
        # digit alone does not tell which side is up: many are another one, or nearly, when turned. Nor do ones: any
        # stroke may be one.
        if sure > least and _telling(lines) >= _TELLING and _length(lines) >= _length(_longest(upright)):
            best, least = quarters, sure
    return _read(turned(sheet, best), reader, wanted) if best else upright


def _kept(lines: Sequence[Line | None]) -> tuple[Line, ...]:
    return tuple(line for line in lines if line is not None)


def _share_read(strips: Sequence[Strip], read: Sequence[Line | None]) -> float:
    """Return the share of some lines, by their widths, that are numbers: on words that lie a few seem to be."""
    width = np.array([strip.level.shape[1] for strip in strips], np.float64)
    return float(width @ [line is not None for line in read] / max(1.0, float(width.sum())))


def _longest(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    return tuple(sorted(lines, key=lambda line: -len(line.digits))[:_LONGEST])


def _length(lines: tuple[Line, ...]) -> float:
    return float(np.mean([len(line.digits) for line in lines])) if lines else 0.0


def _telling(lines: tuple[Line, ...]) -> float:
    """Return how many digits that are no ones a line has, on the mean."""
    return float(np.mean([sum(digit.label != "1" for digit in line.digits) for line in lines])) if lines else 0.0


def _certainty(lines: tuple[Line, ...]) -> float:
    """Return how sure the digits are, on the mean; 0.0 without any."""
    sure = [digit.confidence * line.confidence ** (1 / len(line.digits)) for line in lines for digit in line.digits]
    return float(np.mean(sure)) if sure else 0.0
