"""A line read in two ways at once: as a whole, and piece by piece.

The two err differently. The reader of whole lines (`line`) has learned what touches, overlaps and hangs together; the
one of pieces (`segmented`) knows digits better, and what is none. A reading's weight is the product of what both give
it, with an exponent on the one (a product of experts: Hinton 2002). Most lines are clear as a whole, though: those are
read in a fifth of the time, and no worse, without a look at their pieces.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inkread.imaging.lines import Strip
from inkread.reading.card import Calibration
from inkread.reading.confidence import calibrated
from inkread.reading.decode import digit_lattice, n_best
from inkread.reading.lattice import Path
from inkread.reading.line import LineReader, Whole
from inkread.reading.segmented import Lattice, SegmentedReader, normalised
from inkread.reading.wanted import ANYTHING, BROKEN, Wanted
from inkread.reading.words import signs, whole_evidence
from inkread.results import Line

__all__ = ["CLEAR", "SURE", "CombinedReader", "is_clear", "shares"]

_READINGS = 12  # of each reader
_BEAM = 20
_SHOWN = 5  # readings of a line that are told
_ALONE = 0.4  # share from which a line is read of which no piece may be a digit; set by hand
# Where nobody said that there is a number, what looks like one may be a word or a shape; set by hand:
_UNSEEN = 0.03  # probability as a whole below which a reading by pieces is none
SURE = 0.9  # probability from which a line is clear, ...
_SEVERAL = 2  # ... with so many digits, ...
_SIGNS = 0.2  # ... and no more of other signs among all
# Chosen and fitted by research/line_confidence.py:
CLEAR = 0.7  # probability of a reading as a whole from which it is the line, without a look at pieces
_WEIGHT = 2.0  # of the reader of whole lines, beside that of pieces
# Temperatures: of the readings of a clear line, and of those of both readers together, which are not as independent as
# their product takes them for.
_OF_CLEAR, _OF_BOTH = 1.01, 5.57
_NOTHING = 1e-300
_LEAST = (-8.0, -10.0)  # nats: of a reading that one of the two does not have: by pieces, as a whole


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What both make of a line; either may see nothing.

    Attributes:
        whole: The line as a whole.
        texts: Its readings as that, with their probabilities, the best first.
        pieces: Its pieces.
        paths: Its readings by those, the best first.
    """

    whole: Whole | None
    texts: dict[str, float]
    pieces: Lattice | None
    paths: dict[str, Path]


class CombinedReader:
    """Reads strips in both ways; what is clear as a whole only in that.

    Args:
        pieces: Reads by pieces.
        whole: Reads whole lines.
    """

    def __init__(self, pieces: SegmentedReader, whole: LineReader) -> None:
        self._pieces, self._whole = pieces, whole

    @property
    def calibration(self) -> Calibration:
        """What can be promised of lines: nothing where the digit model is another than when that was found out."""
        card = self._whole.card
        known = card.data.get("calibrated_with") == self._pieces.model
        return card.calibration if known else Calibration(card.calibration.temperature)

    def at_once(self, gray: NDArray[np.uint8], wanted: Wanted = ANYTHING) -> Line | None:
        """Read a picture of one line as it is; None where it is not clear so and has to be looked for.

        Args:
            gray: uint8 (H, W), either polarity.
            wanted: What the line may be.
        """
        whole = self._whole.see(gray)
        return self._clear(whole, self._texts(whole, ANYTHING), wanted)

    def read(self, strips: Sequence[Strip], wanted: Wanted = ANYTHING) -> list[Line | None]:
        """Read lines.

        Args:
            strips: The lines, as `inkread.imaging.lines.find_lines` gives them.
            wanted: What each line may be.

        Returns:
            A line for each strip, with boxes in the picture; None where there is no number.
        """
        wholes = self._whole.look(strips)
        texts = [self._texts(whole, ANYTHING) for whole in wholes]
        # In boxes that are known, pieces know more: what belongs to each digit is certain.
        lines = [
            None if strip.dividers else self._clear(whole, readings, wanted)
            for strip, whole, readings in zip(strips, wholes, texts, strict=True)
        ]
        doubtful = [i for i, line in enumerate(lines) if line is None]
        lattices = self._pieces.lattices([strips[i] for i in doubtful]) if doubtful else []
        for i, pieces in zip(doubtful, lattices, strict=True):
            lines[i] = self._line(_Seen(wholes[i], texts[i], pieces, self._paths(pieces, ANYTHING)), wanted)
        return lines

    def both(
        self, gray: NDArray[np.uint8], strip: Strip
    ) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
        """Return readings with their probabilities: of a picture as it is, of its line as a whole, and by pieces.

        Args:
            gray: uint8 (H, W), of one line.
            strip: The line that was found on it.
        """
        (whole,), (pieces,) = self._whole.look([strip]), self._pieces.lattices([strip])
        at_once, as_whole = self._texts(self._whole.see(gray), ANYTHING), self._texts(whole, ANYTHING)
        return at_once, as_whole, normalised(self._paths(pieces, ANYTHING))

    def as_whole(self, gray: NDArray[np.uint8], text: str) -> float:
        """Return how likely a text is all there is on a picture of one line, to the reader of whole lines."""
        return self._whole.probability(gray, text)

    def _clear(self, whole: Whole | None, texts: dict[str, float], wanted: Wanted) -> Line | None:
        """Return the line where it is clear as a whole what it is, and may be that."""
        if whole is None or not is_clear(whole, texts, wanted.number):
            return None
        text = next(iter(texts))
        if not wanted.allows(text) or (wanted.likely is not None and not wanted.likely(text)):
            return None
        told = calibrated(list(texts.items()), _OF_CLEAR)
        return self._whole.line(whole, text, told[0][1], _alternatives(told), written=wanted.written)

    def _line(self, seen: _Seen, wanted: Wanted) -> Line | None:
        paths = seen.paths
        best = next(iter(paths), "")
        ranked = self._ranked(seen, wanted)
        possible = bool(ranked)
        ranked = ranked or shares(normalised(paths), seen.texts)
        if not ranked or not ranked[0][0]:
            return None
        text, share = ranked[0]
        asked = wanted.number or wanted.restricts
        unseen = bool(seen.whole) and not asked and seen.texts.get(text, 0.0) < _UNSEEN
        if unseen or (not paths and share < _ALONE):
            return None
        if best and seen.pieces:
            more = whole_evidence(seen.whole.lattice, share) if seen.whole else ()
            if not self._pieces.is_number(seen.pieces, paths[best], normalised(paths)[best], wanted, more):
                return None
        told = calibrated(ranked, _OF_BOTH)
        confidence, alternatives = told[0][1] if possible else 0.0, _alternatives(told)
        path = paths.get(text) or self._paths(seen.pieces, Wanted(among=frozenset([text]))).get(text)
        if path is None or seen.pieces is None:
            assert seen.whole is not None  # a text that does not come from the one comes from the other
            return self._whole.line(seen.whole, text, confidence, alternatives, possible, wanted.written)
        line = self._pieces.line(seen.pieces, path, confidence, alternatives, possible)
        if seen.whole is None:
            return line
        # Of marks the reader of whole lines knows more: they are classes of its own.
        return replace(line, transcript=self._whole.transcript(seen.whole, text, line.groups, wanted.written))

    def _ranked(self, seen: _Seen, wanted: Wanted) -> list[tuple[str, float]]:
        """Return the readings that are allowed, with their shares among all."""
        by_pieces, by_whole = normalised(seen.paths), dict(seen.texts)
        if wanted.restricts:
            by_pieces |= _beside(self._paths(seen.pieces, wanted), seen.paths)
            # A search that must give something finds even what is not there.
            found = self._texts(seen.whole, wanted).items()
            by_whole |= {text: p for text, p in found if math.log(p or _NOTHING) > _LEAST[1]}
        return shares(by_pieces, by_whole, wanted)

    def _paths(self, pieces: Lattice | None, wanted: Wanted) -> dict[str, Path]:
        return self._pieces.readings(pieces, wanted, _READINGS) if pieces else {}

    def _texts(self, whole: Whole | None, wanted: Wanted) -> dict[str, float]:
        return dict(n_best(digit_lattice(whole.lattice), _READINGS, beam=_BEAM, allowed=wanted)) if whole else {}


def is_clear(whole: Whole, texts: Mapping[str, float], asked: bool) -> bool:
    """Tell whether a line is clear as a whole.

    Args:
        whole: What the network saw.
        texts: Its readings with their probabilities, the best first.
        asked: Whether a number is asked for.
    """
    text, p = next(iter(texts.items()), ("", 0.0))
    if not text or p < CLEAR:
        return False
    return asked or (p >= SURE and len(text) >= _SEVERAL and signs(whole.lattice) <= _SIGNS)


def _alternatives(told: Sequence[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    return tuple((text, p) for text, p in told[:_SHOWN] if text)


def _beside(allowed: Mapping[str, Path], free: Mapping[str, Path]) -> dict[str, float]:
    """Return the probabilities of allowed readings among those that are free to be anything."""
    total = float(np.logaddexp.reduce([path.score for path in (free or allowed).values()] or [0.0]))
    return {text: min(1.0, math.exp(path.score - total)) for text, path in allowed.items()}


def shares(
    pieces: Mapping[str, float], whole: Mapping[str, float], wanted: Wanted = ANYTHING, exponent: float = _WEIGHT
) -> list[tuple[str, float]]:
    """Return readings with their shares of the weight of all, the best first.

    Args:
        pieces: Readings by pieces with their probabilities.
        whole: Those as a whole.
        wanted: What the line may be: other readings are left out, and count as lines that break it, of which there are
            few; so do those that are not likely, but are kept.
        exponent: Of the reader of whole lines.
    """
    texts = list(dict.fromkeys([*pieces, *whole]))
    if not texts:
        return []
    by_pieces, by_whole = (
        np.array([max(math.log(found.get(text, 0.0) or _NOTHING), least) for text in texts])
        for found, least in zip((pieces, whole), _LEAST, strict=True)
    )
    allows = np.array([not wanted.restricts or wanted.allows(text) for text in texts])
    breaks = ~allows | np.array([wanted.likely is not None and not wanted.likely(text) for text in texts])
    weight = by_pieces + exponent * by_whole + np.where(breaks, math.log(BROKEN), 0.0)
    share = np.exp(weight - np.logaddexp.reduce(weight))
    return [(texts[i], float(share[i])) for i in np.argsort(-share, kind="stable") if allows[i]]
