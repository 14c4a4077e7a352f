from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkread.errors import UsageError
from inkread.evaluation.intervals import wilson


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (1, 1, 0.2065, 1.0),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (9960, 10_000, 0.9946, 0.9971),
    ],
)
def test_known_values(hits, n, low, high):
    assert wilson(hits, n) == pytest.approx((low, high), abs=5e-5)


counts = st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts)
def test_both_ends_are_a_normal_quantile_from_the_share(counts):
    hits, n = counts
    for end in wilson(hits, n):
        # What defines the score interval: the distance is z standard deviations, were the end the true share.
        assert (hits / n - end) ** 2 == pytest.approx(1.959964**2 * end * (1 - end) / n, rel=1e-3, abs=1e-12)


@given(counts)
def test_the_interval_holds_the_share_and_stays_in_zero_to_one(counts):
    hits, n = counts
    low, high = wilson(hits, n)
    assert 0 <= low <= hits / n + 1e-12
    assert hits / n - 1e-12 <= high <= 1
    assert low < high


@given(counts)
def test_misses_have_the_mirrored_interval(counts):
    hits, n = counts
    low, high = wilson(hits, n)
    assert wilson(n - hits, n) == pytest.approx((1 - high, 1 - low), abs=1e-9)


@given(counts)
def test_more_trials_narrow_it_and_more_certainty_widens_it(counts):
    hits, n = counts
    low, high = wilson(hits, n)
    narrow, wide = wilson(4 * hits, 4 * n), wilson(hits, n, z=2.58)
    assert narrow[1] - narrow[0] < high - low
    assert wide[1] - wide[0] > high - low


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_it_covers_the_truth_about_95_times_in_100(share):
    n = 500
    hit = [math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(n + 1)]
    covered = sum(p for k, p in enumerate(hit) if wilson(k, n)[0] <= share <= wilson(k, n)[1])
    assert 0.93 < covered < 0.97


@pytest.mark.parametrize(("hits", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_counts_that_do_not_fit(hits, n):
    with pytest.raises(UsageError, match=rf"0 to n hits in n trials, n at least 1, got {hits} in {n}"):
        wilson(hits, n)
