"""Calibration on validation pictures: the temperature, and the thresholds for wished error rates."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from inkread.reading.card import Calibration, Threshold
from inkread.reading.confidence import NEVER, probabilities

__all__ = ["ERRORS", "calibrate", "fit_temperature", "safe_threshold"]

ERRORS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)  # the wished error rates that a card lists
DELTA = 0.05  # the probability with which each threshold may fail to keep its error


def calibrate(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> Calibration:
    """Fit the temperature and the thresholds.

    Args:
        logits: float32 (N, C), of pictures that were not trained on.
        labels: int64 (N,), their classes.

    Returns:
        The calibration for the card.
    """
    temperature = fit_temperature(logits, labels)
    proba = probabilities(logits, temperature)
    confidence, wrong = proba.max(axis=1), proba.argmax(axis=1) != labels
    thresholds = []
    for error in ERRORS:
        threshold = safe_threshold(confidence, wrong, error, DELTA)
        if threshold < NEVER:
            thresholds.append(Threshold(error, threshold, float((confidence >= threshold).mean())))
    return Calibration(temperature, tuple(thresholds), DELTA, len(labels))


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Return the temperature of least negative log-likelihood (Guo et al. 2017, section 4.2), within [0.05, 20].

    The likelihood has one valley in the temperature's logarithm, so a grid that narrows on its best point finds it.
    """
    low, high = math.log(0.05), math.log(20.0)
    rows = np.arange(len(labels))
    best = 0.0
    for _ in range(4):
        grid = np.linspace(low, high, 25)
        losses = [-np.log(np.maximum(probabilities(logits, math.exp(t))[rows, labels], 1e-30)).mean() for t in grid]
        best, step = float(grid[int(np.argmin(losses))]), float(grid[1] - grid[0])
        low, high = best - step, best + step
    return math.exp(best)


def safe_threshold(confidence: NDArray[np.float32], wrong: NDArray[np.bool_], error: float, delta: float) -> float:
    """Return the least threshold whose answers keep an error with probability 1 - delta.

    Selection with guaranteed risk (Geifman and El-Yaniv 2017, Selective Classification, algorithm 1 and theorem 3.2):
    a binary search over the sorted confidences, each of its ceil(log2 n) trials held to delta / ceil(log2 n). The
    promise holds for pictures drawn from the same source as the calibration ones, independently of them; with no
    wrong answer at all, an error of 0.1 % takes about 5,600 answers at delta = 5 %.

    Args:
        confidence: float32 (N,).
        wrong: bool (N,), whether the answer is wrong.
        error: The wished share of wrong answers, in (0, 1).
        delta: The probability with which the promise may fail.

    Returns:
        A confidence, or `NEVER` when no threshold keeps the error.
    """
    order = np.argsort(-confidence, kind="stable")
    sure, mistakes = confidence[order], np.cumsum(wrong[order])
    n = len(order)
    trials = max(1, math.ceil(math.log2(max(n, 2))))
    low, high, found = 1, n, NEVER
    while low <= high:
        answered = (low + high) // 2
        # Answers of equal confidence are given or withheld together.
        last = int(np.searchsorted(-sure, -sure[answered - 1], side="right"))
        if _tail(int(mistakes[last - 1]), last, error) <= delta / trials:
            found, low = float(sure[last - 1]), last + 1
        else:
            high = answered - 1
    return found


def _tail(mistakes: int, n: int, error: float) -> float:
    """Return the probability of at most so many mistakes among n, were the true share of them `error`."""
    if mistakes >= n:
        return 1.0
    j = np.arange(mistakes + 1)
    choose = math.lgamma(n + 1) - np.array([math.lgamma(k + 1) + math.lgamma(n - k + 1) for k in j])
    return float(np.exp(choose + j * math.log(error) + (n - j) * math.log1p(-error)).sum())
