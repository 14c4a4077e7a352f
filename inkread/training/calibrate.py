"""Calibration on validation pictures: the temperature, and the thresholds for wished error rates."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from inkread.reading.card import Calibration, Rejection, Threshold
from inkread.reading.confidence import NEVER, log_odds_of_none, probabilities

__all__ = ["ERRORS", "LOST", "calibrate", "fit_rejection", "fit_temperature", "fit_thresholds", "safe_threshold"]

ERRORS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)  # the wished error rates that a card lists
_STARTS = (0.0, 0.5, 0.9, 0.98)  # of the sequences of thresholds that are tried, as shares of the pictures answered
_TRIED = 500  # thresholds at most
# The share of the validation digits that may be taken for none: at most one in twenty of other things passes then.
LOST = 0.0008
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
    return Calibration(temperature, fit_thresholds(logits, labels, temperature), DELTA, len(labels))


def fit_thresholds(logits: NDArray[np.float32], labels: NDArray[np.int64], temperature: float) -> tuple[Threshold, ...]:
    """Return the thresholds for the wished error rates, `ERRORS`, that can be promised from these pictures."""
    proba = probabilities(logits, temperature)
    confidence, wrong = proba.max(axis=1), proba.argmax(axis=1) != labels
    thresholds = []
    for error in ERRORS:
        threshold = safe_threshold(confidence, wrong, error, DELTA)
        if threshold < NEVER:
            thresholds.append(Threshold(error, threshold, float((confidence >= threshold).mean())))
    return tuple(thresholds)


def fit_rejection(scores: NDArray[np.float32]) -> Rejection:
    """Return from where on a picture shows none of the classes: where all but `LOST` of the digits still pass.

    Args:
        scores: float32 (N, C + 1), of digits that were not trained on; the last column is for none of the C classes.
    """
    odds = log_odds_of_none(scores)
    score = float(np.quantile(odds, 1 - LOST, method="higher"))
    return Rejection(score, float((odds > score).mean()), len(odds))


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
        low, high = max(low, best - step), min(high, best + step)
    return math.exp(best)


def safe_threshold(confidence: NDArray[np.float32], wrong: NDArray[np.bool_], error: float, delta: float) -> float:
    """Return the least threshold found whose answers keep an error with probability 1 - delta.

    Selection with guaranteed risk (Geifman and El-Yaniv 2017, Selective Classification, theorem 3.2) over thresholds
    that are tried in fixed sequences from several starts (Angelopoulos et al. 2021, Learn then Test): from each of a
    few starts, chosen before a label is seen, more and more answers are let in, down to the first threshold that fails
    a binomial test at delta / starts. Nothing is assumed of how the error grows. The promise holds for pictures drawn
    from the same source as the calibration ones, independently of them; with no wrong answer at all, an error of
    0.1 % takes about 5,100 answers at delta = 5 %.

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
    # Answers of equal confidence are given or withheld together: (K,) how many each threshold gives.
    counts = np.append(np.flatnonzero(np.diff(sure)) + 1, len(sure))
    counts = counts[np.unique(np.linspace(0, len(counts) - 1, _TRIED).round().astype(int))]
    level = delta / len(_STARTS)
    counts = counts[counts >= math.log(level) / math.log1p(-error)]  # fewer prove nothing, even without a mistake
    found = NEVER
    for start in _STARTS:
        for n in counts[counts >= start * len(sure)]:
            if _tail(int(mistakes[n - 1]), int(n), error) > level:
                break
            found = min(found, float(sure[n - 1]))
    return found


def _tail(mistakes: int, n: int, error: float) -> float:
    """Return the probability of at most so many mistakes among n, were the true share of them `error`."""
    if mistakes >= n:
        return 1.0
    k = np.arange(1, mistakes + 1)
    first = n * math.log1p(-error)
    ratios = np.log((n - k + 1) / k) + math.log(error) - math.log1p(-error)  # of each term to the one before
    return math.exp(first) + float(np.exp(first + np.cumsum(ratios)).sum())
