"""Whether what was read on a line is a number, or a word, a scribble, a texture read as one.

Any ink can be cut into what resembles digits: a word is full of ones. What gives it away is the line as a whole: its
pieces are poor digits, what stands apart in it is none, and much of its ink is left unread.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from inkread.imaging.cuts import Cuts
from inkread.reading.lattice import Edge, Path
from inkread.reading.pieces import CutLine

__all__ = ["EVIDENCE", "WHOLE", "evidence", "is_number", "signs", "whole_evidence"]

_CLEAR = 8.0  # nats: beyond, evidence counts no more
_WIDE = 1.1  # digit heights: what stands apart and is wider may be several digits
_LOW = 0.75  # of the line's height: most digits are no lower

EVIDENCE = (
    "worth of a digit",
    "its log-odds of being none",
    "the same of what stands apart",
    "share of ink unread",
    "low digits",
    "log share of the reading",
    "one by digits",
    "parts that stand apart by digits",
)
WHOLE = ("log-odds of no digit at all", "share of other signs", "log share among both readers'")
# Log-odds of a number by logistic regression, and from where on a line is one: of 1,000 composed lines 1 is lost where
# a number is asked for, else about 5. Fitted by research/number_or_words.py.
_WEIGHTS = (0.760, -1.316, -0.540, -14.934, -29.352, 0.324, -2.162, 0.981)
_BIAS = -4.643
_LEAST = {True: -2.256, False: -0.424}
# The same with what the reader of whole lines says, of lines that are not clear to it.
_WITH_WHOLE = (0.461, -0.586, -0.329, -7.596, -9.866, -0.588, -2.027, 0.827, -0.416, -6.979, 1.952)
_BIAS_WITH_WHOLE = -3.657
_LEAST_WITH_WHOLE = {True: -2.027, False: -0.200}


def evidence(
    cut: CutLine, edges: list[Edge], path: Path, share: float, none: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return what speaks for and against a line being a number.

    Args:
        cut: The line.
        edges: Its lattice, first an edge for each of its pieces.
        path: The best way through it.
        share: Of that reading among all.
        none: float32 (n,), the log-odds that a piece is no digit.

    Returns:
        float64 (len(EVIDENCE),).
    """
    read, count = list(path.edges), len(path.edges)
    worth = [_score(edges[place], c) for place, c in zip(path.edges, path.classes, strict=True)]
    bounded = np.clip(none, -_CLEAR, _CLEAR)
    apart = _spans_apart(cut.cuts)
    alone = [i for i, p in enumerate(cut.pieces) if (p.start, p.end) in apart and p.box[2] <= _WIDE * cut.strip.tall]
    height = np.array([cut.pieces[i].box[3] for i in read]) / cut.strip.tall
    return np.array(
        [
            float(np.clip(worth, -_CLEAR, None).mean()),
            float(bounded[read].mean()),
            float(bounded[alone or read].mean()),
            _unread(cut, read),
            float(np.maximum(0.0, _LOW - height).mean()),
            float(np.log(share)),
            1 / count,
            len(apart) / count,
        ]
    )


def whole_evidence(lattice: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Return what a reader of whole lines says for and against a line being a number.

    Args:
        lattice: (frames, classes), probabilities: the blank, the ten digits, marks, and last any other sign.
        share: Of the reading among those of both readers.

    Returns:
        float64 (len(WHOLE),).
    """
    none = float(np.log(np.maximum(1.0 - lattice[:, 1:11].sum(axis=1), 1e-9)).sum())
    odds = none - np.log(-np.expm1(min(none, -1e-9)))
    return np.array([float(np.clip(odds, -_CLEAR, _CLEAR)), signs(lattice), float(np.log(share))])


def signs(lattice: NDArray[np.float64]) -> float:
    """Return the share of other signs among them and digits, in what a reader of whole lines sees; as above."""
    seen = lattice.argmax(axis=1)
    others, digits = float((seen == lattice.shape[1] - 1).sum()), float(((seen > 0) & (seen < 11)).sum())
    return others / max(1.0, others + digits)


def is_number(found: NDArray[np.float64], asked: bool = False) -> bool:
    """Tell by the evidence, of one reader or of both, whether a line is a number.

    Args:
        found: float64 (len(EVIDENCE),), or with that of the reader of whole lines behind it.
        asked: Whether a number is asked for: then less is taken for none.
    """
    if len(found) == len(EVIDENCE):
        return bool(found @ np.array(_WEIGHTS) + _BIAS >= _LEAST[asked])
    return bool(found @ np.array(_WITH_WHOLE) + _BIAS_WITH_WHOLE >= _LEAST_WITH_WHOLE[asked])


def _score(edge: Edge, label: int) -> float:
    return edge.worth + (0.0 if edge.scores is None else float(edge.scores[label]))


def _spans_apart(cuts: Cuts) -> set[tuple[int, int]]:
    """Return the pairs of neighbouring cuts that go through paper; the outermost are among them."""
    free = [0, *(int(i) for i in np.flatnonzero(cuts.gap[1:-1] > 0) + 1), len(cuts.paths) - 1]
    return set(pairwise(free))


def _unread(cut: CutLine, read: list[int]) -> float:
    """Return the share of a line's ink that no piece of a reading covers."""
    ink = cut.strip.level > 127
    left_of = np.zeros((ink.shape[0], ink.shape[1] + 1), np.int64)
    np.cumsum(ink, axis=1, out=left_of[:, 1:])
    between = np.diff(left_of[np.arange(len(ink)), cut.cuts.paths].sum(axis=1))
    covered = sum(int(between[cut.pieces[i].start : cut.pieces[i].end].sum()) for i in read)
    return 1.0 - covered / max(1, int(between.sum()))
