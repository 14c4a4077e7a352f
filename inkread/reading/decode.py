"""From a lattice of scores to digits: CTC (Graves et al. 2006).

A frame's classes are the blank, the ten digits, and marks such as dots and dashes. Of a line its digits count, and
between two digits a mark parts them as the blank does. So for the digits, the marks are blanks: their probabilities
are added to the blank's, and the probability of a string of digits is then exactly the sum over all transcripts with
those digits, whatever marks stand between them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkread.reading.wanted import ANYTHING, Wanted

__all__ = ["Alignment", "align", "digit_lattice", "n_best", "softmax"]

_UNLIKELY = 3e-4  # a digit less probable than this in a frame begins nothing
_LOST = 1e-8  # of the probability of the best beginning: what has less is followed no further
_CLEAR = math.log(0.5)  # a string as likely as this is the best of all, so the best of those that are allowed
_NONE = -math.inf


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return probabilities over the last axis."""
    scores = logits.astype(np.float64)
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    return np.asarray(scores / scores.sum(axis=-1, keepdims=True), dtype=np.float64)


def digit_lattice(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add the marks to the blank.

    Args:
        probabilities: (frames, classes), the blank first, then the ten digits, then the marks.

    Returns:
        (frames, 11).
    """
    out = probabilities[:, :11].copy()
    out[:, 0] += probabilities[:, 11:].sum(axis=1)
    return out


def n_best(
    lattice: NDArray[np.float64],
    count: int = 5,
    *,
    beam: int = 10,
    least: float = _UNLIKELY,
    allowed: Wanted = ANYTHING,
) -> list[tuple[str, float]]:
    """Return the likeliest strings of digits with their probabilities, the best first, by prefix beam search.

    Args:
        lattice: (frames, 11), probabilities of the blank and the digits.
        count: How many strings.
        beam: How many beginnings are followed; under a constraint so many of each length, because those it allows
            can be unlikely ones.
        least: A digit less probable than this in a frame begins nothing there; 0 to leave nothing out.
        allowed: What the strings may be.

    Returns:
        At most `count` of them; none where no string that is allowed is possible.
    """
    found = _search(lattice, beam, least)
    if not allowed.restricts:
        return [(text, math.exp(score)) for text, score in found[:count]]
    found = [(text, score) for text, score in found if allowed.allows(text)]
    if not found or found[0][1] < _CLEAR:
        found = [(text, score) for text, score in _search(lattice, beam, 0.0, allowed) if allowed.allows(text)]
    return [(text, math.exp(score)) for text, score in found[:count]]


def _search(
    lattice: NDArray[np.float64], beam: int, least: float, allowed: Wanted = ANYTHING
) -> list[tuple[str, float]]:
    """Return strings with the logarithms of their probabilities.

    Each beginning has two probabilities: of the paths that end in a blank, and of those that end in its last digit.
    They are scaled in every frame, so that they do not vanish on long lines.
    """
    beams: dict[str, tuple[float, float]] = {"": (1.0, 0.0)}
    scale = 0.0  # logarithm of what all probabilities are to be multiplied by
    for frame in lattice.tolist():
        if max(frame[1:]) <= least:  # nothing begins, so nothing changes places
            beams = {text: ((a + b) * frame[0], b * frame[int(text[-1:] or 0) + 1]) for text, (a, b) in beams.items()}
            continue
        new = _step(beams, frame, least, allowed)
        kept = sorted(new.items(), key=_total, reverse=True)
        most = _total(kept[0]) if kept else 0.0
        if most <= 0.0:
            return []
        if allowed.restricts:
            kept = _of_each_length(kept, beam)
        else:
            kept = [item for item in kept[:beam] if _total(item) > _LOST * most or not least]
        scale += math.log(most)
        beams = {text: (a / most, b / most) for text, (a, b) in kept}
    ranked = sorted(beams.items(), key=_total, reverse=True)
    return [(text, scale + math.log(a + b)) for text, (a, b) in ranked if a + b > 0]


def _total(item: tuple[str, tuple[float, float]]) -> float:
    return item[1][0] + item[1][1]


def _step(
    beams: dict[str, tuple[float, float]], frame: Sequence[float], least: float, allowed: Wanted
) -> dict[str, tuple[float, float]]:
    """Return all beginnings after one more frame."""
    likely = [(str(k - 1), p) for k, p in enumerate(frame) if k and p > least]
    new: dict[str, tuple[float, float]] = {}
    restricts = allowed.restricts
    for text, (a, b) in beams.items():
        both = a + b
        last = text[-1:]
        again = b * frame[int(last) + 1] if last else 0.0
        before = new.get(text, (0.0, 0.0))
        new[text] = (before[0] + both * frame[0], before[1] + again)
        for digit, p in likely:
            grown = text + digit
            if restricts and not allowed.may_begin(grown):
                continue
            before = new.get(grown, (0.0, 0.0))
            # The same digit once more is a second one only behind a blank.
            new[grown] = (before[0], before[1] + (a if digit == last else both) * p)
    return new


def _of_each_length(ranked: list[tuple[str, tuple[float, float]]], beam: int) -> list[tuple[str, tuple[float, float]]]:
    counts: dict[int, int] = {}
    out = []
    for item in ranked:
        n = counts.get(len(item[0]), 0)
        if n < beam and _total(item) > 0:
            counts[len(item[0])] = n + 1
            out.append(item)
    return out


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where the symbols of a line are.

    Attributes:
        symbols: The digits, and the marks before, between and behind them.
        frames: For each symbol its first frame and the one behind its last.
        peaks: For each symbol the frame where it is surest.
    """

    symbols: str
    frames: tuple[tuple[int, int], ...]
    peaks: tuple[int, ...]


def align(probabilities: NDArray[np.float64], digits: str, labels: Sequence[str]) -> Alignment:
    """Return the likeliest path of given digits through a lattice, with the marks that lie on it.

    Args:
        probabilities: (frames, classes), the blank first.
        digits: What was read.
        labels: The symbols of the classes behind the blank, the ten digits first.
    """
    marks = [0, *range(11, probabilities.shape[1])]
    between = np.asarray(marks)[probabilities[:, marks].argmax(axis=1)]  # (frames,), the blank or a mark
    path = _plain(probabilities, digits)
    if path is None:
        path = _viterbi(probabilities, between, [int(digit) for digit in digits])
    classes = np.where(path % 2 == 1, np.array([*(int(d) + 1 for d in digits), 0])[path // 2], between)
    # A new symbol begins where the class changes, or where the path goes on to an equal digit.
    edges = np.flatnonzero((classes[1:] != classes[:-1]) | (path[1:] != path[:-1])) + 1
    starts, ends = [0, *edges.tolist()], [*edges.tolist(), len(classes)]
    spans = [(i, j) for i, j in zip(starts, ends, strict=True) if i < j and classes[i] > 0]
    peaks = tuple(i + int(probabilities[i:j, classes[i]].argmax()) for i, j in spans)
    return Alignment("".join(labels[classes[i] - 1] for i, _ in spans), tuple(spans), peaks)


def _plain(probabilities: NDArray[np.float64], digits: str) -> NDArray[np.int64] | None:
    """Return what `_viterbi` does, sooner: where the likeliest class of each frame reads the digits."""
    best = probabilities.argmax(axis=1)
    read = (best > 0) & (best < 11)
    begins = read & (np.diff(best, prepend=0) != 0)
    if "".join(str(c - 1) for c in best[begins].tolist()) != digits:
        return None
    return np.asarray(2 * np.cumsum(begins) - read, dtype=np.int64)


def _viterbi(probabilities: NDArray[np.float64], between: NDArray[np.int64], digits: list[int]) -> NDArray[np.int64]:
    """Return the state of each frame: 2 i + 1 in the digit i, 2 i before it, 2 n behind the last."""
    frames, states = len(probabilities), 2 * len(digits) + 1
    scores = np.full((frames, states), _NONE)
    with np.errstate(divide="ignore"):
        scores[:, 0::2] = np.log(probabilities[np.arange(frames), between])[:, None]
        scores[:, 1::2] = np.log(probabilities[:, [digit + 1 for digit in digits]])
    # From one digit straight to the next one only where they differ.
    jump = np.full(states, _NONE)
    jump[3::2] = [0.0 if a != b else _NONE for a, b in itertools.pairwise(digits)]
    best = np.full(states, _NONE)
    best[:2] = scores[0, :2]
    back = np.zeros((frames, states), np.int8)
    ways = np.full((3, states), _NONE)
    for t in range(1, frames):
        ways[0] = best
        ways[1, 1:] = best[:-1]
        ways[2, 2:] = best[:-2]
        ways[2] += jump
        back[t] = ways.argmax(axis=0)
        best = ways.max(axis=0) + scores[t]
    state = states - 1 if states == 1 or best[-1] >= best[-2] else states - 2
    path = np.empty(frames, np.int64)
    for t in range(frames - 1, -1, -1):
        path[t] = state
        state -= int(back[t, state])
    return path
