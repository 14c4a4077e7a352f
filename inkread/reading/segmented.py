"""A line by its pieces: cut wherever it may be cut, classify whatever may be a digit, find the best way through.

All pieces of all lines of a page go through the network at once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inkread.imaging.lines import Strip
from inkread.reading.confidence import lifted
from inkread.reading.lattice import Edge, Path, best_paths
from inkread.reading.pieces import CutLine, Piece, cut_line, traits
from inkread.reading.predictor import Predictor
from inkread.reading.wanted import ANYTHING, Wanted
from inkread.reading.words import evidence, is_number
from inkread.results import Box, Digit, Line

__all__ = ["Lattice", "SegmentedReader", "lattice_edges", "normalised"]

_GROUP = 1.1  # digit heights: a wider gap parts groups, if it is
_UNUSUAL = 2.0  # ... times as wide as the line's usual one
_READINGS = 5  # of a line that are kept
_CRUMB = -0.2  # what leaving ink unread costs that is too small for a digit
# How much each trait of a piece speaks for it, in nats; fitted by research/segmented_weights.py, for networks that can
# tell that a piece is no digit and for those that cannot.
_WEIGHTS = {
    True: (
        0.350, 0.660, 1.490, -0.589, 0.109, -0.582, 0.005, 0.029,
        -0.133, -2.003, -1.973, -0.560, -0.543, -0.848, -0.172, -1.619,
    ),
    False: (
        0.511, 1.495, 0.000, -0.966, 0.138, -1.531, -0.727, 0.040,
        -0.333, -2.019, -2.021, -0.417, -1.142, -0.955, -0.091, -1.656,
    ),
}  # fmt: skip
_CLASS = {True: 1.042, False: 1.071}  # how much the classes do
_UNREAD = {True: -2.816, False: -2.804}  # what leaving a piece unread costs


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """A line as pieces, and what the classifier says of each.

    Attributes:
        cut: The line, with n pieces, one at least.
        proba: float32 (n, C).
        none: float32 (n,), the log-odds that a piece is no digit; None when the classifier cannot tell.
        edges: An edge for each piece, then those that leave ink unread.
    """

    cut: CutLine
    proba: NDArray[np.float32]
    none: NDArray[np.float32] | None
    edges: list[Edge]


class SegmentedReader:
    """Reads strips by cutting them into digits.

    Args:
        predictor: The classifier of digits.
    """

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor

    @property
    def model(self) -> str:
        """Name and version of the digit model."""
        card = self._predictor.card
        return f"{card.name} {card.version}"

    def read(self, strips: Sequence[Strip], wanted: Wanted = ANYTHING) -> list[Line | None]:
        """Read lines.

        Args:
            strips: The lines, as `inkread.imaging.lines.find_lines` gives them.
            wanted: What each line may be.

        Returns:
            A line for each strip, with boxes in the picture; None where there is no number.
        """
        return [None if lattice is None else self._line(lattice, wanted) for lattice in self.lattices(strips)]

    def lattices(self, strips: Sequence[Strip]) -> list[Lattice | None]:
        """Cut lines and classify their pieces.

        Args:
            strips: The lines.

        Returns:
            None for a line without any piece.
        """
        cut = [cut_line(strip) for strip in strips]
        pictures = [piece.picture for one in cut for piece in one.pieces]
        if not pictures:
            return [None] * len(strips)
        proba, none = self._weigh(pictures)
        out: list[Lattice | None] = []
        done = 0
        for one in cut:
            mine = slice(done, done + len(one.pieces))
            done = mine.stop
            if not one.pieces:
                out.append(None)
                continue
            known = None if none is None else none[mine]
            out.append(Lattice(one, proba[mine], known, lattice_edges(one, proba[mine], known)))
        return out

    def _weigh(self, pictures: list[NDArray[np.uint8]]) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Return what the predictor says of pictures, of which many are the same."""
        place: dict[bytes, int] = {}
        of = [place.setdefault(picture.tobytes(), len(place)) for picture in pictures]
        x = np.frombuffer(b"".join(place), np.uint8).reshape(-1, *pictures[0].shape)
        proba, none = self._predictor.weigh(x)
        return proba[of], None if none is None else none[of]

    def readings(self, lattice: Lattice, wanted: Wanted = ANYTHING, most: int = _READINGS) -> dict[str, Path]:
        """Return the likeliest readings of a line that have a digit, the best first."""
        labels = self._predictor.labels
        paths = best_paths(lattice.edges, len(lattice.cut.cuts.paths), labels, wanted, most)
        return {"".join(labels[c] for c in path.classes): path for path in paths if path.classes}

    def is_number(self, lattice: Lattice, path: Path, share: float, wanted: Wanted, more: ArrayLike = ()) -> bool:
        """Tell a number from a word or a scribble; where one is wanted, it is none if most of its digits are none.

        Args:
            lattice: The line.
            path: How it is read.
            share: Of that reading among those by pieces.
            wanted: What the line may be.
            more: Evidence of the reader of whole lines, if there is one (`words.whole_evidence`).
        """
        if lattice.none is None:
            return True
        if wanted.restricts:
            return not np.median(lattice.none[list(path.edges)]) > 0
        found = evidence(lattice.cut, lattice.edges, path, share, lattice.none)
        return is_number(np.concatenate([found, np.asarray(more, np.float64)]), wanted.number)

    def line(
        self,
        lattice: Lattice,
        path: Path,
        confidence: float,
        alternatives: tuple[tuple[str, float], ...],
        possible: bool = True,
    ) -> Line:
        """Return the line that a reading is.

        Args:
            lattice: The line.
            path: How it is read.
            confidence: Of the line.
            alternatives: Its readings with their probabilities.
            possible: Whether it may be what was asked for.
        """
        strip, labels = lattice.cut.strip, self._predictor.labels
        chosen = [lattice.cut.pieces[place] for place in path.edges]
        digits = []
        for place, label, piece in zip(path.edges, path.classes, chosen, strict=True):
            proba = lifted(lattice.proba[place], label, confidence)
            digits.append(Digit(label, labels[label], proba[label], proba, Box(*strip.box(*piece.box))))
        groups, transcript = _written(lattice.cut, chosen, [digit.label for digit in digits])
        left, top = min(c.box[0] for c in chosen), min(c.box[1] for c in chosen)
        right, bottom = max(c.box[0] + c.box[2] for c in chosen), max(c.box[1] + c.box[3] for c in chosen)
        box = Box(*strip.box(left, top, right - left, bottom - top))
        return Line(tuple(digits), box, confidence, groups, transcript, alternatives, possible)

    def _line(self, lattice: Lattice, wanted: Wanted) -> Line | None:
        paths = self.readings(lattice, wanted)
        possible = bool(paths) or not wanted.restricts
        paths = paths or self.readings(lattice)
        if not paths:
            return None
        share, best = normalised(paths), next(iter(paths))
        if not self.is_number(lattice, paths[best], share[best], wanted):
            return None
        read = zip(paths[best].edges, paths[best].classes, strict=True)
        likely = math.prod(float(lattice.proba[place][c]) for place, c in read)
        confidence = min(share[best], likely) if possible else 0.0
        return self.line(lattice, paths[best], confidence, tuple(share.items()), possible)


def normalised(paths: Mapping[str, Path]) -> dict[str, float]:
    """Return the share of each reading in the weight of all."""
    total = float(np.logaddexp.reduce([path.score for path in paths.values()])) if paths else 0.0
    return {text: math.exp(path.score - total) for text, path in paths.items()}


def lattice_edges(line: CutLine, proba: NDArray[np.float32], none: NDArray[np.float32] | None) -> list[Edge]:
    """Return the lattice of a line: an edge for each of its pieces, then those that leave ink unread."""
    told = none is not None
    scores = _CLASS[told] * np.log(np.maximum(proba.astype(np.float64), 1e-9))
    worth = traits(line, proba, none) @ np.array(_WEIGHTS[told])
    edges = [Edge(piece.start, piece.end, float(worth[i]), scores[i]) for i, piece in enumerate(line.pieces)]
    # Anything may be left unread, at a price: a sign of a currency, a letter, what hangs in from another line.
    reached = {(piece.start, piece.end) for piece in line.pieces}
    for start in range(len(line.cuts.paths) - 1):
        price = _UNREAD[told] if (start, start + 1) in reached else _CRUMB
        edges.append(Edge(start, start + 1, price, None))
    return edges


def _written(cut: CutLine, chosen: list[Piece], texts: list[str]) -> tuple[tuple[str, ...], str]:
    """Return the groups of a line, and its text with its marks."""
    gaps = [b.box[0] - a.box[0] - a.box[2] for a, b in pairwise(chosen)]
    usual = float(np.median(gaps)) if gaps else 0.0
    groups = [texts[0]]
    signs: list[tuple[float, str]] = [(chosen[0].box[0] + chosen[0].box[2] / 2, texts[0])]
    for gap, piece, text in zip(gaps, chosen[1:], texts[1:], strict=True):
        if gap > _GROUP * cut.strip.tall and gap > _UNUSUAL * max(usual, 0.0):
            groups.append("")
            signs.append((piece.box[0] - gap / 2, " "))
        groups[-1] += text
        signs.append((piece.box[0] + piece.box[2] / 2, text))
    signs += [(mark.left + mark.width / 2, mark.sign) for mark in cut.marks]
    written = "".join(sign for _, sign in sorted(signs, key=lambda item: item[0]))
    return tuple(groups), written
