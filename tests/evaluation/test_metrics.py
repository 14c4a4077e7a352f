"""The metrics, against scikit-learn and against loops written from their definitions."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkread.errors import UsageError
from inkread.evaluation.metrics import (
    accuracy,
    class_scores,
    confusion,
    log_loss,
    mean_scores,
    most_confused,
    numeric_error,
    share,
    top_k,
)

sklearn = pytest.importorskip("sklearn.metrics")


def guesses(n: int, classes: int, seed: int, *, present: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities that are often right, and labels of the first `present` classes."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, present or classes, n)
    logits = rng.normal(0, 1.2, (n, classes))
    logits[np.arange(n), labels] += 1.5
    proba = np.exp(logits)
    return proba / proba.sum(axis=1, keepdims=True), labels


sets = st.builds(guesses, st.integers(1, 60), st.integers(2, 7), st.integers(0, 2**32 - 1))


@settings(deadline=None)
@given(sets)
def test_accuracy_and_top_k_and_log_loss(drawn):
    proba, labels = drawn
    classes = np.arange(proba.shape[1])
    assert accuracy(proba, labels).value == pytest.approx(sklearn.accuracy_score(labels, proba.argmax(axis=1)))
    assert log_loss(proba, labels) == pytest.approx(sklearn.log_loss(labels, proba, labels=classes))
    ranks = [sorted(classes, key=lambda c: -row[c]).index(label) for row, label in zip(proba, labels, strict=True)]
    for k in range(1, proba.shape[1] + 1):
        assert top_k(proba, labels, k).hits == sum(rank < k for rank in ranks)
    if proba.shape[1] > 2:
        theirs = sklearn.top_k_accuracy_score(labels, proba, k=2, labels=classes)
        assert top_k(proba, labels, 2).value == pytest.approx(theirs)


@settings(deadline=None)
@given(sets)
def test_scores_of_classes(drawn):
    proba, labels = drawn
    classes, predicted = proba.shape[1], proba.argmax(axis=1)
    matrix = confusion(predicted, labels, classes)
    assert np.array_equal(matrix, sklearn.confusion_matrix(labels, predicted, labels=range(classes)))
    scores = class_scores(matrix)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = sklearn.precision_recall_fscore_support(labels, predicted, labels=range(classes), zero_division=0)
        means = {
            weighted: sklearn.precision_recall_fscore_support(labels, predicted, average=name, zero_division=0)[:3]
            for weighted, name in ((False, "macro"), (True, "weighted"))
        }
    for i, score in enumerate(scores):
        mine = (score.precision or 0, score.recall or 0, score.f1 or 0, score.support)
        assert mine == pytest.approx([column[i] for column in theirs])
        assert (score.recall is None) == (score.support == 0)
        assert (score.precision is None) == (score.predicted == 0)
    for weighted, wished in means.items():
        mean = mean_scores(scores, weighted=weighted)
        assert (mean.precision, mean.recall, mean.f1) == pytest.approx(wished)


@settings(deadline=None)
@given(sets)
def test_numbers_read(drawn):
    proba, labels = drawn
    predicted = proba.argmax(axis=1)
    error = numeric_error(predicted, labels)
    assert error.mse == pytest.approx(sklearn.mean_squared_error(labels, predicted))
    if len(set(labels.tolist())) == 1:
        assert error.r2 is None
    else:
        assert error.r2 == pytest.approx(sklearn.r2_score(labels, predicted))


def test_equally_likely_classes_come_in_their_order():
    proba = np.full((3, 3), 1 / 3, np.float32)
    labels = np.array([0, 1, 2])
    assert [top_k(proba, labels, k).hits for k in (1, 2, 3)] == [1, 2, 3]
    assert accuracy(proba, labels).hits == 1


def test_a_probability_of_nothing_costs_no_infinity():
    proba = np.array([[1, 0], [1, 0]], np.float32)
    assert log_loss(proba, np.array([0, 1])) == pytest.approx(-math.log(1e-30) / 2)


def test_most_confused_pairs():
    matrix = np.array([[8, 2, 0], [0, 9, 3], [2, 0, 2]])
    pairs = [(c.label, c.read_as, c.count, c.share) for c in most_confused(matrix)]
    assert pairs == [(1, 2, 3, 0.25), (0, 1, 2, 0.2), (2, 0, 2, 0.5)]
    assert len(most_confused(matrix, most=1)) == 1
    assert most_confused(np.eye(3, dtype=int)) == ()


def test_a_share_has_its_interval():
    s = share(9960, 10000)
    assert (s.hits, s.n, s.value) == (9960, 10000, 0.996)
    assert (round(s.low, 4), round(s.high, 4)) == (0.9946, 0.9971)


@pytest.mark.parametrize(
    ("proba", "labels"),
    [
        (np.ones((2, 3)), np.array([0])),
        (np.ones((2, 3)), np.array([0, 3])),
        (np.ones((2, 3)), np.array([-1, 0])),
        (np.ones((2, 3)), np.array([0.0, 1.0])),
        (np.ones(3), np.array([0, 1, 2])),
        (np.ones((0, 3)), np.array([], int)),
    ],
)
def test_what_does_not_fit(proba, labels):
    for metric in (accuracy, log_loss, lambda p, y: top_k(p, y, 1)):
        with pytest.raises(UsageError, match=r"Expected probabilities of shape \(N, C\) and N labels"):
            metric(proba, labels)


def test_faults_of_the_other_functions():
    proba, labels = guesses(5, 3, 0)
    for k in (0, 4):
        with pytest.raises(UsageError, match=f"Expected k from 1 to 3, the number of classes, got {k}"):
            top_k(proba, labels, k)
    with pytest.raises(UsageError, match=r"classes in 0\.\.2; received .* in 0\.\.3"):
        confusion(np.array([0, 3]), np.array([0, 1]), 3)
    with pytest.raises(UsageError, match="two lists of equal length"):
        confusion(np.array([0]), np.array([0, 1]), 3)
    with pytest.raises(UsageError, match="at least one picture, got none"):
        mean_scores(class_scores(np.zeros((3, 3), int)), weighted=True)
    with pytest.raises(UsageError, match="as many numbers read as meant"):
        numeric_error(np.array([1]), np.array([1, 2]))
