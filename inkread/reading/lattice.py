"""The best ways through a lattice of pieces of a line, each of which may be a digit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkread.reading.wanted import ANYTHING, Wanted

__all__ = ["Edge", "Path", "best_paths"]

_BEAM = 12  # readings kept at each cut
_NOTHING = 40.0  # nats by which what is lighter adds nothing to a weight that a float could tell
_LABELS = 3  # classes tried for each piece; all of them where something is wanted of the line
_FAINT = 10.0  # nats: a class so much less likely than the likeliest one is not tried, unless something is wanted


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """A piece of a line between two cuts.

    Attributes:
        start: The place of the left cut.
        end: The place of the right cut.
        worth: How much it speaks for the piece to be one digit, or to be skipped: added to a path's score.
        scores: float (C,), log probability of each class; None when the piece is to be skipped.
    """

    start: int
    end: int
    worth: float
    scores: NDArray[np.float64] | None


@dataclass(frozen=True, slots=True)
class Path:
    """A reading of a line.

    Attributes:
        score: The log of its weight, with all ways that give the same classes.
        edges: The pieces that were read, by their place in the lattice; skipped ones are left out.
        classes: Of each.
    """

    score: float
    edges: tuple[int, ...]
    classes: tuple[int, ...]


_Partial = tuple[float, float, tuple[int, ...]]
"""The weight of the best way to read some classes, that of all such ways, and the pieces of the best."""
_Readings = dict[str, _Partial]
"""By their classes, one in each character: a string is made and found faster than a tuple."""


def best_paths(
    edges: Sequence[Edge], cuts: int, labels: Sequence[str], wanted: Wanted = ANYTHING, most: int = 5
) -> list[Path]:
    """Find the best ways from the first cut to the last.

    Args:
        edges: The pieces.
        cuts: How many cuts there are.
        labels: The names of the classes.
        wanted: What the line may be.
        most: How many readings at most.

    Returns:
        Readings that differ in their classes, the best first; none when no way is allowed.
    """
    restricts = wanted.restricts
    steps = _steps(edges, cuts, *((len(labels), math.inf) if restricts else (min(_LABELS, len(labels)), _FAINT)))
    at: list[_Readings] = [{} for _ in range(cuts)]
    at[0][""] = (0.0, 0.0, ())
    for cut in range(cuts - 1):
        kept = _kept(at[cut], wanted)
        for end, step in steps[cut].items():
            _lengthen(kept, step, at[end], labels, wanted)
        at[cut].clear()
    ended = [
        Path(mass, through, tuple(map(ord, classes)))
        for classes, (_, mass, through) in at[-1].items()
        if not restricts or wanted.allows("".join(labels[ord(c)] for c in classes))
    ]
    return sorted(ended, key=lambda path: -path.score)[:most]


def _steps(edges: Sequence[Edge], cuts: int, tried: int, faint: float) -> list[dict[int, _Readings]]:
    """Return, for each cut, what may be read from it to each other one: nothing, or a digit.

    Of a piece's classes so many are tried, if they are not fainter by so many nats than its likeliest one.
    """
    steps: list[dict[int, _Readings]] = [{} for _ in range(cuts)]
    read = [(place, edge, edge.scores) for place, edge in enumerate(edges) if edge.scores is not None]
    if read:
        scores = np.stack([of for _, _, of in read])
        ranked = scores.argsort(axis=1)[:, ::-1][:, :tried]
        best = np.take_along_axis(scores, ranked, axis=1).tolist()
        for (place, edge, _), labels, gains in zip(read, ranked.tolist(), best, strict=True):
            step = steps[edge.start].setdefault(edge.end, {})
            for label, score in zip(labels, gains, strict=True):
                if score < gains[0] - faint:
                    break
                _add(step, chr(label), edge.worth + score, edge.worth + score, (place,))
    for edge in edges:
        if edge.scores is None:
            _add(steps[edge.start].setdefault(edge.end, {}), "", edge.worth, edge.worth, ())
    return steps


def _kept(here: _Readings, wanted: Wanted) -> list[tuple[str, _Partial]]:
    """Keep the best readings up to a cut; where something is wanted, the best of each length."""
    ranked = sorted(here.items(), key=lambda item: -item[1][1])
    if not wanted.restricts:
        return ranked[:_BEAM]
    kept, seen = [], dict[int, int]()
    for classes, partial in ranked:
        seen[len(classes)] = seen.get(len(classes), 0) + 1
        if seen[len(classes)] <= _BEAM:
            kept.append((classes, partial))
    return kept


def _lengthen(
    kept: list[tuple[str, _Partial]], step: _Readings, there: _Readings, labels: Sequence[str], wanted: Wanted
) -> None:
    """Lengthen readings by a step."""
    restricts, last = wanted.restricts, list(step.items())
    for classes, (best, mass, edges) in kept:
        begun = "".join(labels[ord(c)] for c in classes) if restricts else ""
        for label, (gain, share, edge) in last:
            if restricts and label and not wanted.may_begin(begun + labels[ord(label)]):
                continue
            # What `_add` does; most of the time goes by here.
            longer, through, more = classes + label, best + gain, mass + share
            known = there.get(longer)
            if known is None:
                there[longer] = (through, more, edges + edge)
                continue
            other, rest, way = known
            if rest > more:
                rest, more = more, rest
            if more - rest < _NOTHING:
                more += math.log1p(math.exp(rest - more))
            there[longer] = (through, more, edges + edge) if through > other else (other, more, way)


def _add(there: _Readings, classes: str, best: float, mass: float, edges: tuple[int, ...]) -> None:
    known = there.get(classes)
    if known is None:
        there[classes] = (best, mass, edges)
        return
    other, more, way = known
    if more < mass:
        more, mass = mass, more
    more += math.log1p(math.exp(mass - more))
    there[classes] = (best, more, edges) if best > other else (other, more, way)
