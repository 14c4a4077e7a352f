"""How often a classifier is right, and what it takes for what.

Every function takes what `Predictor.predict_proba` gives: `proba`, float (N, C), a row of probabilities for each
picture; and `labels`, int (N,), the column that would have been right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkread.errors import UsageError
from inkread.evaluation.intervals import wilson

__all__ = [
    "ClassScore",
    "Confused",
    "MeanScore",
    "NumericError",
    "Share",
    "accuracy",
    "check",
    "class_scores",
    "confusion",
    "log_loss",
    "mean_scores",
    "most_confused",
    "numeric_error",
    "share",
    "top_k",
]

Floats = NDArray[np.floating]
Labels = NDArray[np.integer]

# A probability that float32 rounds to nothing costs 69 and not infinitely much.
_LEAST = 1e-30


@dataclass(frozen=True, slots=True)
class Share:
    """How often something happened.

    Attributes:
        hits: How often.
        n: In how many trials.
        value: The share, hits / n.
        low: Lower end of its 95 % interval (Wilson 1927).
        high: Upper end.
    """

    hits: int
    n: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class NumericError:
    """How far the digit read is from the true one, as numbers.

    A 1 read as 7 counts for more here than a 1 read as 2, which says nothing of handwriting; classic reports state it.

    Attributes:
        mse: Mean of the squared differences.
        r2: Share of the variance of the true digits that is explained; None when all of them are equal.
    """

    mse: float
    r2: float | None


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How well one class is read; what nothing can be said of is None.

    Attributes:
        support: Its pictures.
        predicted: Pictures read as it.
        hits: Its pictures read as it.
        precision: hits / predicted.
        recall: hits / support.
        f1: The harmonic mean of the two.
    """

    support: int
    predicted: int
    hits: int
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True, slots=True)
class MeanScore:
    """Precision, recall and F1 over the classes.

    Attributes:
        precision: Mean precision.
        recall: Mean recall.
        f1: Mean F1.
    """

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Confused:
    """One class that is read as another.

    Attributes:
        label: The true class.
        read_as: The class it was taken for.
        count: How often.
        share: Of the pictures of the true class.
    """

    label: int
    read_as: int
    count: int
    share: float


def share(hits: int, n: int) -> Share:
    """Return a share with its interval.

    Raises:
        UsageError: The counts do not fit each other.
    """
    low, high = wilson(hits, n)
    return Share(hits, n, hits / n, low, high)


def check(proba: Floats, labels: Labels) -> None:
    """Raise UsageError unless there is a row of probabilities for each label, and a column for each class."""
    fits = proba.ndim == 2 and labels.shape == proba.shape[:1] and proba.size > 0
    if not fits or labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= proba.shape[1]:
        raise UsageError(
            "Expected probabilities of shape (N, C) and N labels, whole numbers in 0..C-1, N at least 1; received "
            f"{proba.shape} and {labels.shape} of {labels.dtype}"
            + (f" in {labels.min()}..{labels.max()}." if labels.size else ".")
        )


def accuracy(proba: Floats, labels: Labels) -> Share:
    """Return how often the likeliest class is the right one, the first of equally likely ones.

    Args:
        proba: float (N, C), in [0, 1].
        labels: int (N,), in 0..C-1.

    Raises:
        UsageError: The shapes do not fit, or a label is out of range; so for the other functions here.

    Example:
        >>> accuracy(np.array([[0.9, 0.1], [0.6, 0.4]]), np.array([0, 1])).value
        0.5
    """
    check(proba, labels)
    return share(int(np.count_nonzero(proba.argmax(axis=1) == labels)), len(labels))


def top_k(proba: Floats, labels: Labels, k: int) -> Share:
    """Return how often the right class is among the k likeliest, equally likely ones in the order of the classes.

    Args:
        proba: float (N, C), in [0, 1].
        labels: int (N,), in 0..C-1.
        k: 1 to C.

    Raises:
        UsageError: k is out of range, or as for `accuracy`.
    """
    check(proba, labels)
    if not 1 <= k <= proba.shape[1]:
        raise UsageError(f"Expected k from 1 to {proba.shape[1]}, the number of classes, got {k}.")
    own = proba[np.arange(len(labels)), labels][:, np.newaxis]  # (N, 1)
    earlier = np.arange(proba.shape[1]) < labels[:, np.newaxis]  # (N, C)
    before = (proba > own) | ((proba == own) & earlier)
    return share(int(np.count_nonzero(before.sum(axis=1) < k)), len(labels))


def log_loss(proba: Floats, labels: Labels) -> float:
    """Return the mean negative log-likelihood of the right class, in nats.

    Args:
        proba: float (N, C), in [0, 1]; below 1e-30 it counts as 1e-30.
        labels: int (N,), in 0..C-1.
    """
    check(proba, labels)
    own = proba[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.maximum(own, _LEAST)).mean())


def numeric_error(predicted: Floats | Labels, true: Floats | Labels) -> NumericError:
    """Return mean squared error and R2 of numbers that were read.

    Args:
        predicted: (N,), the numbers read.
        true: (N,), the numbers meant.

    Raises:
        UsageError: The shapes differ, or there is no number.
    """
    if predicted.shape != true.shape or true.ndim != 1 or true.size == 0:
        raise UsageError(
            f"Expected as many numbers read as meant, at least one; received {predicted.shape} and {true.shape}."
        )
    squared = float(((predicted.astype(np.float64) - true) ** 2).mean())
    variance = float(true.astype(np.float64).var())
    return NumericError(squared, 1 - squared / variance if variance > 0 else None)


def confusion(predicted: Labels, labels: Labels, classes: int) -> NDArray[np.int64]:
    """Count what was read as what.

    Args:
        predicted: int (N,), in 0..classes-1.
        labels: int (N,), in 0..classes-1.
        classes: How many there are.

    Returns:
        (C, C): rows are the true classes, columns what was read.

    Raises:
        UsageError: The shapes differ, or a label is out of range.
    """
    both = np.concatenate([predicted, labels])
    if (
        predicted.shape != labels.shape
        or labels.ndim != 1
        or (both.size and not 0 <= both.min() <= both.max() < classes)
    ):
        raise UsageError(
            f"Expected two lists of equal length of classes in 0..{classes - 1}; received shapes {predicted.shape} and "
            f"{labels.shape}" + (f" in {both.min()}..{both.max()}." if both.size else ".")
        )
    cells = labels.astype(np.int64) * classes + predicted
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes).astype(np.int64)


def class_scores(matrix: NDArray[np.integer]) -> tuple[ClassScore, ...]:
    """Return precision, recall and F1 of each class.

    Args:
        matrix: int (C, C), as `confusion` gives it.
    """
    hits, support, predicted = np.diagonal(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    return tuple(
        ClassScore(s, p, h, _ratio(h, p), _ratio(h, s), _ratio(2 * h, s + p))
        for h, s, p in zip(hits.tolist(), support.tolist(), predicted.tolist(), strict=True)
    )


def mean_scores(scores: Sequence[ClassScore], *, weighted: bool) -> MeanScore:
    """Return the mean over the classes that have pictures or were read somewhere; what is undefined counts as 0.

    Args:
        scores: Of each class.
        weighted: By the pictures of each class; else each class counts the same.

    Raises:
        UsageError: There is no picture.
    """
    seen = [score for score in scores if score.support or score.predicted]
    weights = np.array([score.support if weighted else 1 for score in seen], np.float64)
    if not seen or not weights.sum():
        raise UsageError("Expected the scores of classes with at least one picture, got none.")
    columns = np.array([[score.precision or 0, score.recall or 0, score.f1 or 0] for score in seen], np.float64)
    precision, recall, f1 = (weights @ columns / weights.sum()).tolist()
    return MeanScore(precision, recall, f1)


def most_confused(matrix: NDArray[np.integer], most: int = 10) -> tuple[Confused, ...]:
    """Return the pairs of true class and class read that are commonest, the commonest first.

    Args:
        matrix: int (C, C), as `confusion` gives it.
        most: How many pairs at most.
    """
    wrong = np.where(np.eye(len(matrix), dtype=bool), 0, matrix)
    support = matrix.sum(axis=1)
    pairs = np.argwhere(wrong)
    order = np.argsort(-wrong[tuple(pairs.T)], kind="stable")[:most]
    return tuple(
        Confused(label, read_as, int(wrong[label, read_as]), float(wrong[label, read_as] / support[label]))
        for label, read_as in pairs[order].tolist()
    )


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
