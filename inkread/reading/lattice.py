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
_LABELS = 3  # classes tried for each piece; all of them where something is wanted of the line


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


@dataclass(slots=True)
class _Partial:
    best: float  # of the one best way, which says where the digits are
    mass: float  # of all ways to the same classes
    edges: tuple[int, ...]


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
    starting: list[list[int]] = [[] for _ in range(cuts)]
    for place, edge in enumerate(edges):
        starting[edge.start].append(place)
    tried = len(labels) if wanted.restricts else min(_LABELS, len(labels))
    at: list[dict[tuple[int, ...], _Partial]] = [{} for _ in range(cuts)]
    at[0][()] = _Partial(0.0, 0.0, ())
    for cut in range(cuts - 1):
        kept = _kept(at[cut], wanted)
        for place in starting[cut]:
            _step(edges[place], place, kept, at[edges[place].end], labels, wanted, tried)
        at[cut].clear()
    ended = [
        Path(partial.mass, partial.edges, classes)
        for classes, partial in at[-1].items()
        if not wanted.restricts or wanted.allows("".join(labels[c] for c in classes))
    ]
    return sorted(ended, key=lambda path: -path.score)[:most]


def _kept(here: dict[tuple[int, ...], _Partial], wanted: Wanted) -> list[tuple[tuple[int, ...], _Partial]]:
    """Keep the best readings up to a cut; where something is wanted, the best of each length."""
    ranked = sorted(here.items(), key=lambda item: -item[1].mass)
    if not wanted.restricts:
        return ranked[:_BEAM]
    kept, seen = [], dict[int, int]()
    for classes, partial in ranked:
        seen[len(classes)] = seen.get(len(classes), 0) + 1
        if seen[len(classes)] <= _BEAM:
            kept.append((classes, partial))
    return kept


def _step(
    edge: Edge,
    place: int,
    kept: list[tuple[tuple[int, ...], _Partial]],
    there: dict[tuple[int, ...], _Partial],
    labels: Sequence[str],
    wanted: Wanted,
    tried: int,
) -> None:
    """Lengthen the readings at an edge's start by it."""
    if edge.scores is None:
        for classes, partial in kept:
            _add(there, classes, partial.best + edge.worth, partial.mass + edge.worth, partial.edges)
        return
    gains = [(int(c), edge.worth + float(edge.scores[c])) for c in np.argsort(edge.scores)[::-1][:tried]]
    restricts = wanted.restricts
    for classes, partial in kept:
        begun = "".join(labels[c] for c in classes) if restricts else ""
        edges = (*partial.edges, place)
        for label, gain in gains:
            if restricts and not wanted.may_begin(begun + labels[label]):
                continue
            _add(there, (*classes, label), partial.best + gain, partial.mass + gain, edges)


def _add(
    there: dict[tuple[int, ...], _Partial], classes: tuple[int, ...], best: float, mass: float, edges: tuple[int, ...]
) -> None:
    known = there.get(classes)
    if known is None:
        there[classes] = _Partial(best, mass, edges)
        return
    known.mass = max(known.mass, mass) + math.log1p(math.exp(-abs(known.mass - mass)))
    if best > known.best:
        known.best, known.edges = best, edges
