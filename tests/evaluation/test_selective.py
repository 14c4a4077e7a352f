"""Risk and coverage, each point counted again by a loop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkread.errors import UsageError
from inkread.evaluation.selective import area, at_coverage, at_error, at_threshold, judge, risk_coverage
from inkread.reading.card import Threshold

answers = st.lists(
    st.tuples(st.sampled_from([0.1, 0.3, 0.5, 0.7, 0.8, 0.95, 1.0]), st.booleans()), min_size=1, max_size=40
)


def curve_of(rows):
    return risk_coverage(np.array([c for c, _ in rows], np.float32), np.array([w for _, w in rows]))


def counted(rows, threshold: float) -> tuple[int, int]:
    given_ones = [wrong for confidence, wrong in rows if np.float32(confidence) >= threshold]
    return len(given_ones), sum(given_ones)


@settings(deadline=None)
@given(answers)
def test_each_threshold_is_counted_right(rows):
    curve = curve_of(rows)
    assert curve.n == len(rows)
    assert curve.threshold.tolist() == sorted({float(np.float32(c)) for c, _ in rows}, reverse=True)
    for place, threshold in enumerate(curve.threshold):
        assert (curve.answered[place], curve.wrong[place]) == counted(rows, threshold)
    # Each answer's own confidence is a threshold once.
    risks = [wrong / n for n, wrong in (counted(rows, np.float32(c)) for c, _ in rows)]
    assert area(curve) == pytest.approx(np.mean(risks))


@settings(deadline=None)
@given(answers, st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0]))
def test_most_answers_at_an_error(rows, error):
    fitting = [n for n, wrong in (counted(rows, np.float32(c)) for c, _ in rows) if wrong <= error * n]
    found = at_error(curve_of(rows), error)
    if not fitting:
        assert found is None
    else:
        assert found.coverage.hits == max(fitting)
        assert (found.coverage.hits, found.error.hits) == counted(rows, found.threshold)
        assert found.error.value <= error


@settings(deadline=None)
@given(answers, st.sampled_from([0.01, 0.3, 0.5, 0.9, 1.0]))
def test_fewest_answers_at_a_coverage(rows, coverage):
    enough = [n for n, _ in (counted(rows, np.float32(c)) for c, _ in rows) if n >= coverage * len(rows)]
    found = at_coverage(curve_of(rows), coverage)
    assert found.coverage.hits == min(enough)
    assert (found.coverage.hits, found.error.hits) == counted(rows, found.threshold)


def test_area_of_a_perfect_and_of_a_useless_order():
    wrong = np.arange(100) >= 90
    sure = np.linspace(1, 0.01, 100)
    perfect, useless = area(risk_coverage(sure, wrong)), area(risk_coverage(np.full(100, 0.5), wrong))
    assert perfect == pytest.approx(sum((i - 90) / i for i in range(91, 101)) / 100)
    assert useless == pytest.approx(0.1)
    assert area(risk_coverage(sure, np.zeros(100, bool))) == 0


def test_a_threshold_that_none_reaches():
    curve = risk_coverage(np.array([0.4, 0.6]), np.array([True, False]))
    assert at_threshold(curve, 0.7).coverage.hits == 0
    assert at_threshold(curve, 0.7).error is None
    assert judge(curve, Threshold(0.01, 0.7, 0.5)).verdict == "kept"
    assert at_threshold(curve, 0.6).error.hits == 0
    assert at_threshold(curve, 0.0).error.value == 0.5


@pytest.mark.parametrize(("mistakes", "verdict"), [(0, "kept"), (10, "kept"), (14, "unclear"), (60, "broken")])
def test_promises(mistakes, verdict):
    curve = risk_coverage(np.full(1000, 0.9), np.arange(1000) < mistakes)
    promise = judge(curve, Threshold(0.01, 0.9, 1.0))
    assert (promise.max_error, promise.verdict) == (0.01, verdict)
    assert promise.answered.error.hits == mistakes


def test_faults():
    with pytest.raises(UsageError, match=r"at least one; received \(2,\) and \(3,\)"):
        risk_coverage(np.ones(2), np.ones(3, bool))
    with pytest.raises(UsageError, match="at least one"):
        risk_coverage(np.ones(0), np.ones(0, bool))
    for coverage in (0, 1.1):
        with pytest.raises(UsageError, match="Expected a coverage above 0 and up to 1"):
            at_coverage(risk_coverage(np.ones(2), np.ones(2, bool)), coverage)
