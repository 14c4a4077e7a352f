"""McNemar's test, against SciPy's distributions."""

from __future__ import annotations

import numpy as np
import pytest

from inkread.errors import UsageError
from inkread.evaluation.comparison import mcnemar

stats = pytest.importorskip("scipy.stats")


def two_models(only_first: int, only_second: int, both: int = 50, neither: int = 3) -> tuple[np.ndarray, np.ndarray]:
    first = np.repeat([True, False, True, False], [only_first, only_second, both, neither])
    second = np.repeat([False, True, True, False], [only_first, only_second, both, neither])
    order = np.random.default_rng(0).permutation(len(first))
    return first[order], second[order]


@pytest.mark.parametrize(("b", "c"), [(0, 0), (1, 0), (0, 6), (3, 9), (12, 12), (20, 4), (0, 24)])
def test_few_are_tested_exactly(b, c):
    test = mcnemar(*two_models(b, c))
    assert test.exact
    assert test.p_value == pytest.approx(stats.binomtest(b, b + c).pvalue if b + c else 1)


@pytest.mark.parametrize(("b", "c"), [(20, 5), (13, 13), (14, 13), (100, 60), (400, 300), (0, 900)])
def test_many_are_tested_by_chi_squared_with_continuity_correction(b, c):
    test = mcnemar(*two_models(b, c))
    assert not test.exact
    assert test.p_value == pytest.approx(stats.chi2.sf(max(0, abs(b - c) - 1) ** 2 / (b + c), 1), rel=1e-9)


def test_the_two_ways_agree_where_they_meet():
    exact = stats.binomtest(8, 25).pvalue
    assert mcnemar(*two_models(8, 17)).p_value == pytest.approx(exact, rel=0.1)


def test_it_says_which_pictures():
    first, second = two_models(7, 4)
    test = mcnemar(first, second)
    assert (test.n, test.both_right, test.both_wrong) == (64, 50, 3)
    assert list(test.only_first) == [i for i in range(64) if first[i] and not second[i]]
    assert list(test.only_second) == [i for i in range(64) if second[i] and not first[i]]
    assert mcnemar(second, first).p_value == test.p_value


@pytest.mark.parametrize(("first", "second"), [(2, 3), (0, 0)])
def test_what_does_not_fit(first, second):
    with pytest.raises(UsageError, match="answers of two models to the same pictures, at least one"):
        mcnemar(np.ones(first, bool), np.ones(second, bool))
