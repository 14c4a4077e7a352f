"""A line by its pieces: cut wherever it may be cut, classify whatever may be a digit, find the best way through.

All pieces of all lines of a page go through the network at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from inkread.imaging.lines import Strip
from inkread.reading.lattice import Edge, Path, best_paths
from inkread.reading.pieces import CutLine, Piece, cut_line, traits
from inkread.reading.predictor import Predictor
from inkread.reading.wanted import ANYTHING, Wanted
from inkread.reading.words import evidence, is_number
from inkread.results import Box, Digit, Line

__all__ = ["SegmentedReader", "lattice_edges"]

_GROUP = 1.1  # digit heights: a wider gap parts groups, if it is
_UNUSUAL = 2.0  # ... times as wide as the line's usual one
_CRUMB = -0.2  # what leaving ink unread costs that is too small for a digit
# How much each trait of a piece speaks for it, in nats; fitted by research/segmented_weights.py, for networks that can
# tell that a piece is no digit and for those that cannot.
_WEIGHTS = {
    True: (
        0.596, 0.461, 1.605, -0.520, 0.113, -0.593, -0.061, 0.027,
        -0.159, -1.886, -1.833, -0.540, -0.590, -0.811, -0.149, -1.656,
    ),
    False: (
        0.511, 1.495, 0.000, -0.966, 0.138, -1.531, -0.727, 0.040,
        -0.333, -2.019, -2.021, -0.417, -1.142, -0.955, -0.091, -1.656,
    ),
}  # fmt: skip
_CLASS = {True: 1.112, False: 1.071}  # how much the classes do
_UNREAD = {True: -2.728, False: -2.804}  # what leaving a piece unread costs


class SegmentedReader:
    """Reads strips by cutting them into digits.

    Args:
        predictor: The classifier of digits.
    """

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor

    def read(self, strips: Sequence[Strip], wanted: Wanted = ANYTHING) -> list[Line | None]:
        """Read lines.

        Args:
            strips: The lines, as `inkread.imaging.lines.find_lines` gives them.
            wanted: What each line may be.

        Returns:
            A line for each strip, with boxes in the picture; None where there is no number.
        """
        cut = [cut_line(strip) for strip in strips]
        pictures = [piece.picture for one in cut for piece in one.pieces]
        if not pictures:
            return [None] * len(strips)
        proba, none = self._weigh(pictures)
        lines, done = [], 0
        for one in cut:
            mine = slice(done, done + len(one.pieces))
            done = mine.stop
            lines.append(self._line(one, proba[mine], None if none is None else none[mine], wanted))
        return lines

    def _weigh(self, pictures: list[NDArray[np.uint8]]) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Return what the predictor says of pictures, of which many are the same."""
        place: dict[bytes, int] = {}
        of = [place.setdefault(picture.tobytes(), len(place)) for picture in pictures]
        x = np.frombuffer(b"".join(place), np.uint8).reshape(-1, *pictures[0].shape)
        proba, none = self._predictor.weigh(x)
        return proba[of], None if none is None else none[of]

    def _line(
        self, cut: CutLine, proba: NDArray[np.float32], none: NDArray[np.float32] | None, wanted: Wanted
    ) -> Line | None:
        if not cut.pieces:
            return None
        labels = self._predictor.labels
        edges = lattice_edges(cut, proba, none)
        paths = best_paths(edges, len(cut.cuts.paths), labels, wanted)
        impossible = not paths and wanted.restricts
        if impossible:
            paths = best_paths(edges, len(cut.cuts.paths), labels)
        paths = [path for path in paths if path.classes]
        if not paths:
            return None
        total = float(np.logaddexp.reduce([path.score for path in paths]))
        shares = [math.exp(path.score - total) for path in paths]
        if none is not None and _is_none(cut, edges, paths[0], shares[0], none, wanted):
            return None
        return _result(cut, proba, paths, shares, labels, impossible)


def _is_none(
    cut: CutLine, edges: list[Edge], path: Path, share: float, none: NDArray[np.float32], wanted: Wanted
) -> bool:
    """Tell a word or a scribble; where a number is wanted, only if most of what would be read is no digit."""
    if wanted.restricts:
        return bool(np.median(none[list(path.edges)]) > 0)
    return not is_number(evidence(cut, edges, path, share, none))


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


def _result(
    cut: CutLine,
    proba: NDArray[np.float32],
    paths: list[Path],
    shares: list[float],
    labels: Sequence[str],
    impossible: bool,
) -> Line:
    """Return the line that the best path reads, its boxes in the picture."""
    strip, best = cut.strip, paths[0]
    chosen = [cut.pieces[place] for place in best.edges]
    digits = tuple(
        Digit(c, labels[c], float(proba[place][c]), tuple(float(p) for p in proba[place]), Box(*strip.box(*piece.box)))
        for place, c, piece in zip(best.edges, best.classes, chosen, strict=True)
    )
    product = math.prod(digit.confidence for digit in digits)
    confidence = 0.0 if impossible else min(shares[0], product)
    groups, transcript = _written(cut, chosen, [labels[c] for c in best.classes])
    alternatives = tuple(
        ("".join(labels[c] for c in path.classes), share) for path, share in zip(paths, shares, strict=True)
    )
    left, top = min(c.box[0] for c in chosen), min(c.box[1] for c in chosen)
    right, bottom = max(c.box[0] + c.box[2] for c in chosen), max(c.box[1] + c.box[3] for c in chosen)
    box = Box(*strip.box(left, top, right - left, bottom - top))
    return Line(digits, box, confidence, groups, transcript, alternatives, not impossible)


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
