"""Brier score, bins of equal count and calibration error."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkread.errors import UsageError
from inkread.evaluation.calibration import brier, calibration_error, reliability


def answers(n: int, seed: int, *, honest: bool = True) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0.3, 1, n)
    return confidence, rng.uniform(size=n) < (confidence if honest else confidence - 0.2)


def test_brier_by_a_loop():
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.ones(4), 50)
    labels = rng.integers(0, 4, 50)
    wished = np.mean([sum((row[c] - (c == y)) ** 2 for c in range(4)) for row, y in zip(proba, labels, strict=True)])
    assert brier(proba, labels) == pytest.approx(wished)
    assert proba.sum() == pytest.approx(50)  # untouched


def test_brier_by_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(1)
    two = rng.dirichlet(np.ones(2), 80)
    labels = rng.integers(0, 2, 80)
    assert brier(two, labels) == pytest.approx(2 * metrics.brier_score_loss(labels, two[:, 1]))
    if "scale_by_half" in inspect.signature(metrics.brier_score_loss).parameters:
        proba, labels = rng.dirichlet(np.ones(5), 80), rng.integers(0, 5, 80)
        theirs = metrics.brier_score_loss(labels, proba, labels=range(5), scale_by_half=False)
        assert brier(proba, labels) == pytest.approx(theirs)


def test_bins_of_equal_count_by_a_loop():
    confidence, right = answers(1000, 2)
    bins = reliability(confidence, right, 10)
    order = sorted(range(1000), key=lambda i: confidence[i])
    error = 0.0
    for b, start in zip(bins, range(0, 1000, 100), strict=True):
        members = order[start : start + 100]
        assert b.right.n == 100
        assert b.right.hits == sum(right[i] for i in members)
        assert b.confidence == pytest.approx(np.mean([confidence[i] for i in members]))
        assert (b.low, b.high) == (confidence[members[0]], confidence[members[-1]])
        error += abs(b.right.hits / 100 - b.confidence) / 10
    assert calibration_error(bins) == pytest.approx(error)


def test_quantile_bins_of_scikit_learn_lie_at_the_same_places():
    calibration = pytest.importorskip("sklearn.calibration")
    confidence, right = answers(3000, 3)
    share, mean = calibration.calibration_curve(right, confidence, n_bins=15, strategy="quantile")
    bins = reliability(confidence, right, 15)
    # Their edges are interpolated, so a picture at an edge may be on the other side.
    assert [b.confidence for b in bins] == pytest.approx(mean.tolist(), abs=2e-3)
    assert [b.right.value for b in bins] == pytest.approx(share.tolist(), abs=1e-2)


def test_an_honest_confidence_has_a_small_error_and_another_has_not():
    assert calibration_error(reliability(*answers(20000, 4))) < 0.015
    assert calibration_error(reliability(*answers(20000, 4, honest=False))) == pytest.approx(0.2, abs=0.02)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0.2, 0.5, 0.9, 1.0]), st.booleans()), min_size=1, max_size=60), st.randoms())
def test_the_order_of_the_pictures_does_not_matter(drawn, random):
    def bins(rows: list) -> tuple:
        return reliability(np.array([c for c, _ in rows]), np.array([r for _, r in rows]), 7)

    shuffled = drawn.copy()
    random.shuffle(shuffled)
    assert bins(drawn) == bins(shuffled)
    assert sum(b.right.n for b in bins(drawn)) == len(drawn)
    # Equal confidences are in one bin.
    assert all(first.high < second.low for first, second in zip(bins(drawn), bins(drawn)[1:], strict=False))


def test_few_answers_and_faults():
    assert [b.right.n for b in reliability(np.array([0.9, 0.4]), np.array([True, False]))] == [1, 1]
    assert len(reliability(np.ones(50), np.ones(50, bool))) == 1
    for confidence, right, bins in ((np.ones(2), np.ones(3, bool), 5), (np.ones(0), np.ones(0, bool), 5)):
        with pytest.raises(UsageError, match="Expected a confidence for each answer, at least one"):
            reliability(confidence, right, bins)
    with pytest.raises(UsageError, match="and 0 bins"):
        reliability(np.ones(2), np.ones(2, bool), 0)
