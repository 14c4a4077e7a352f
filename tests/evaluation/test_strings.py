from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkread.errors import UsageError
from inkread.evaluation.strings import edits, score_strings

TEXT = st.text("0123", max_size=8)


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [("", "", 0), ("123", "123", 0), ("123", "", 3), ("1223", "123", 1), ("1234", "1324", 2), ("9", "12345", 5)],
)
def test_edits_are_the_fewest_changes(a, b, wanted):
    assert edits(a, b) == edits(b, a) == wanted


@given(TEXT, TEXT, TEXT)
def test_edits_are_a_distance(a, b, c):
    assert (edits(a, b) == 0) == (a == b)
    assert abs(len(a) - len(b)) <= edits(a, b) <= max(len(a), len(b))
    assert edits(a, c) <= edits(a, b) + edits(b, c)


def test_the_score_counts_strings_and_characters():
    score = score_strings(["100", "", "79"], ["100", "5", "77"])
    assert (score.right, score.n, score.errors, score.characters) == (1, 3, 2, 6)
    assert score.share == pytest.approx(1 / 3)
    assert score.error_rate == pytest.approx(1 / 3)
    assert score.interval[0] < score.share < score.interval[1]


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(UsageError, match="as many strings"):
        score_strings(["1"], [])
    with pytest.raises(UsageError, match="at least one"):
        score_strings([], [])
