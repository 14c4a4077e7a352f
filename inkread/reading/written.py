"""The marks of a line of which it is known how its numbers are written: an amount has its cents behind one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

from inkread.reading.decode import Alignment

__all__ = ["likeliest"]

_LEAST = 0.02  # a mark, or none, that is less likely is not thought of
_MOST = 8  # gaps between digits that are thought about, the least sure ones


def likeliest(
    path: Alignment, probabilities: NDArray[np.float64], labels: Sequence[str], plausible: Callable[[str], float]
) -> str:
    """Return the symbols of a line with the marks between its digits that are likeliest, as it is meant to be written.

    Args:
        path: Where the digits are, and the marks as they seem.
        probabilities: (frames, classes), the blank first, then the ten digits, the marks, and last any other sign.
        labels: The symbols of the classes behind the blank.
        plausible: How plausible it is that a line is written so, from 0 to 1.
    """
    digits = [k for k, symbol in enumerate(path.symbols) if symbol.isdigit()]
    gaps = [_choices(path, (a, b), probabilities, labels) for a, b in pairwise(digits)]
    doubtful = sorted(range(len(gaps)), key=lambda i: gaps[i][0][1])[_MOST:]
    for i in doubtful:
        gaps[i] = gaps[i][:1]
    head, tail = path.symbols[: digits[0]], path.symbols[digits[-1] + 1 :]
    best = ("", -1.0)
    for chosen in product(*gaps):
        marks = [sign for sign, _ in chosen]
        text = "".join(path.symbols[k] + mark for k, mark in zip(digits, [*marks, ""], strict=True))
        weight = math.prod(p for _, p in chosen) * plausible(head + text + tail)
        if weight > best[1]:
            best = head + text + tail, weight
    return best[0]


def _choices(
    path: Alignment, between: tuple[int, int], probabilities: NDArray[np.float64], labels: Sequence[str]
) -> list[tuple[str, float]]:
    """Return what may stand between two digits that follow each other, with its probability, the likelier first."""
    first, last = between
    frames = probabilities[path.frames[first][1] : path.frames[last][0], 11:-1]
    none = float(np.prod(1.0 - frames.sum(axis=1)))
    seen = path.symbols[first + 1 : last]
    sign = seen or (labels[10 + int(frames.sum(axis=0).argmax())] if len(frames) else "")
    choices = [(sign, 1.0 - none), ("", none)]
    if seen and not set(seen) <= set(labels[10:-1]):  # another sign, of which it is not known what it would be
        return [(seen, 1.0)]
    return sorted((choice for choice in choices if choice[1] >= _LEAST), key=lambda choice: -choice[1])
