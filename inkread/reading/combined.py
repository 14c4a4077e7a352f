"""A line read in two ways at once: as a whole, and piece by piece.

The two err differently. The reader of whole lines (`line`) has learned what touches, overlaps and hangs together; the
one of pieces (`segmented`) knows digits better, and what is none. A reading's weight is the product of what both give
it, with an exponent on the one (a product of experts: Hinton 2002).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inkread.imaging.lines import Strip
from inkread.reading.confidence import tempered
from inkread.reading.decode import digit_lattice, n_best
from inkread.reading.line import LineReader, Whole
from inkread.reading.segmented import Lattice, Reading, SegmentedReader
from inkread.reading.wanted import ANYTHING, Wanted
from inkread.results import Line

__all__ = ["CombinedReader", "shares"]

_READINGS = 12  # of each reader
_BEAM = 20
_SHOWN = 5  # readings of a line that are told
_WEIGHT = 1.3  # of the reader of whole lines
_LEAST = (-8.0, -10.0)  # nats: of a reading that one of the two does not have: by pieces, as a whole


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What both make of a line; either may see nothing."""

    pieces: Lattice | None
    whole: Whole | None


class CombinedReader:
    """Reads strips in both ways.

    Args:
        pieces: Reads by pieces.
        whole: Reads whole lines.
    """

    def __init__(self, pieces: SegmentedReader, whole: LineReader) -> None:
        self._pieces, self._whole = pieces, whole

    def read(self, strips: Sequence[Strip], wanted: Wanted = ANYTHING) -> list[Line | None]:
        """Read lines.

        Args:
            strips: The lines, as `inkread.imaging.lines.find_lines` gives them.
            wanted: What each line may be.

        Returns:
            A line for each strip, with boxes in the picture; None where there is no number.
        """
        seen = zip(self._pieces.lattices(strips), self._whole.look(strips), strict=True)
        return [self._line(_Seen(*both), wanted) for both in seen]

    def _line(self, seen: _Seen, wanted: Wanted) -> Line | None:
        pieces, ranked = self._readings(seen, wanted)
        possible = bool(ranked) or not wanted.restricts
        if not ranked:
            pieces, ranked = self._readings(seen, ANYTHING)
        if not ranked or not ranked[0][0]:
            return None
        text, share = ranked[0]
        if pieces and seen.pieces and not self._pieces.is_number(seen.pieces, next(iter(pieces.values())), wanted):
            return None
        confidence = self._calibrated(share) if possible else 0.0
        alternatives = tuple((other, self._calibrated(p)) for other, p in ranked[:_SHOWN] if other)
        reading = pieces.get(text) or self._by_pieces(seen, text)
        if reading and seen.pieces:
            return self._pieces.line(seen.pieces, reading, confidence, alternatives, possible)
        assert seen.whole is not None  # a text that does not come from the one comes from the other
        return self._whole.line(seen.whole, text, confidence, alternatives, possible)

    def _readings(self, seen: _Seen, wanted: Wanted) -> tuple[dict[str, Reading], list[tuple[str, float]]]:
        """Return the readings by pieces, and those of both readers with their shares, the best first."""
        pieces = self._pieces.readings(seen.pieces, wanted, _READINGS) if seen.pieces else {}
        whole = {}
        if seen.whole:
            whole = dict(n_best(digit_lattice(seen.whole.lattice), _READINGS, beam=_BEAM, allowed=wanted))
        return pieces, shares({text: reading.share for text, reading in pieces.items()}, whole)

    def _by_pieces(self, seen: _Seen, text: str) -> Reading | None:
        """Return the way to cut a line into digits that were read as a whole, if there is one."""
        if seen.pieces is None:
            return None
        return self._pieces.readings(seen.pieces, Wanted(among=frozenset([text])), 1).get(text)

    def _calibrated(self, share: float) -> float:
        return tempered(share, self._whole.card.calibration.temperature)


def shares(pieces: dict[str, float], whole: dict[str, float]) -> list[tuple[str, float]]:
    """Return readings with their shares of the weight of all, the best first.

    Args:
        pieces: Readings by pieces with their probabilities.
        whole: Those as a whole.
    """
    texts = list(dict.fromkeys([*pieces, *whole]))
    if not texts:
        return []
    by_pieces, by_whole = (
        np.array([max(math.log(found.get(text, 0.0) or 1e-300), least) for text in texts])
        for found, least in zip((pieces, whole), _LEAST, strict=True)
    )
    weight = by_pieces + _WEIGHT * by_whole
    share = np.exp(weight - np.logaddexp.reduce(weight))
    return [(texts[i], float(share[i])) for i in np.argsort(-share, kind="stable")]
