"""Whether a confidence means what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkread.errors import UsageError
from inkread.evaluation.metrics import Floats, Labels, Share, check, share

__all__ = ["BINS", "Bin", "brier", "calibration_error", "reliability"]

BINS = 15  # as usual since Guo et al. 2017


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of about the same confidence.

    Attributes:
        low: Their least confidence.
        high: Their greatest.
        confidence: Their mean confidence.
        right: How many of them are right.
    """

    low: float
    high: float
    confidence: float
    right: Share


def brier(proba: Floats, labels: Labels) -> float:
    """Return the mean squared distance between the probabilities and the truth (Brier 1950), in [0, 2].

    Args:
        proba: float (N, C), in [0, 1].
        labels: int (N,), in 0..C-1.

    Raises:
        UsageError: The shapes do not fit, or a label is out of range.

    Example:
        >>> brier(np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([0, 1]))
        0.25
    """
    check(proba, labels)
    distance = proba.astype(np.float64)
    distance[np.arange(len(labels)), labels] -= 1
    return float((distance**2).sum(axis=1).mean())


def reliability(confidence: Floats, right: NDArray[np.bool_], bins: int = BINS) -> tuple[Bin, ...]:
    """Divide answers by their confidence into bins of equal count (Nguyen and O'Connor 2015, section 2.2).

    With bins of equal width nearly all answers of a good model fall into the last one. Answers of equal confidence are
    not parted, so that the order of the pictures does not matter; bins may then be fewer, and differ in count.

    Args:
        confidence: float (N,), in [0, 1].
        right: bool (N,), whether the answer is right.
        bins: How many; with fewer answers, as many as there are answers.

    Returns:
        By rising confidence.

    Raises:
        UsageError: The shapes differ, there is no answer, or `bins` is below 1.
    """
    if confidence.shape != right.shape or confidence.ndim != 1 or confidence.size == 0 or bins < 1:
        raise UsageError(
            "Expected a confidence for each answer, at least one, and at least one bin; received "
            f"{confidence.shape} confidences, {right.shape} answers and {bins} bins."
        )
    order = np.argsort(confidence, kind="stable")
    rising, hits = confidence[order].astype(np.float64), right[order]
    count = min(bins, len(rising))
    wished = np.arange(1, count + 1) * len(rising) // count
    ends = np.unique(np.searchsorted(rising, rising[wished - 1], side="right"))
    starts = [0, *ends[:-1].tolist()]
    return tuple(_bin(rising[i:j], hits[i:j]) for i, j in zip(starts, ends.tolist(), strict=True))


def calibration_error(bins: Sequence[Bin]) -> float:
    """Return the expected calibration error: how far confidence and share of right answers lie apart on average.

    Over bins of equal count it is less biased than over bins of equal width (Roelofs et al. 2022, section 4). It still
    is above zero for a perfect confidence, the more so the fewer the answers.

    Args:
        bins: As `reliability` gives them.

    Returns:
        In [0, 1].
    """
    n = sum(b.right.n for b in bins)
    return sum(b.right.n / n * abs(b.right.value - b.confidence) for b in bins)


def _bin(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> Bin:
    return Bin(
        low=float(confidence[0]),
        high=float(confidence[-1]),
        confidence=float(confidence.mean()),
        right=share(int(np.count_nonzero(right)), len(right)),
    )
