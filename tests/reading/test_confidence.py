from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from inkread.errors import UsageError
from inkread.reading.card import Calibration, Threshold
from inkread.reading.confidence import NEVER, probabilities, threshold_for

LOGITS = arrays.arrays(
    np.float32, st.tuples(st.integers(0, 4), st.integers(2, 6)), elements=st.floats(-1e4, 1e4, width=32)
)


def softmax(row: list[float], temperature: float) -> list[float]:
    """Compute it the slow way, in double precision."""
    top = max(row)
    powers = [math.exp((value - top) / temperature) for value in row]
    return [power / math.fsum(powers) for power in powers]


@given(LOGITS, st.floats(0.25, 8))
def test_softmax(logits, temperature):
    found = probabilities(logits, temperature)
    assert found.dtype == np.float32
    assert found.shape == logits.shape
    for row, expected in zip(found, logits.tolist(), strict=True):
        assert row.tolist() == pytest.approx(softmax(expected, temperature), abs=1e-3)
        assert row.sum() == pytest.approx(1, abs=1e-5)


def test_the_logits_given_stay():
    logits = np.array([[1.0, 2.0]], np.float32)
    probabilities(logits, 1.0)
    assert logits.tolist() == [[1.0, 2.0]]


def test_temperature_makes_sure_or_unsure_but_keeps_the_order():
    logits = np.array([[3.0, 1.0, 0.0]], np.float32)
    cold, plain, warm = (probabilities(logits, t)[0] for t in (0.5, 1.0, 2.0))
    assert cold[0] > plain[0] > warm[0] > 1 / 3
    assert np.argsort(cold).tolist() == np.argsort(warm).tolist()
    # Equal to the softmax of the logits divided by hand.
    assert warm == pytest.approx(probabilities(logits / 2, 1.0)[0], abs=1e-7)


CALIBRATION = Calibration(
    1.0, (Threshold(0.001, NEVER, 0.0), Threshold(0.01, 0.9, 0.9), Threshold(0.05, 0.5, 0.99)), 0.05, 5000
)


@pytest.mark.parametrize(
    ("max_error", "expected"),
    [
        (None, 0.0),
        (0.0001, NEVER),  # less than any listed: it cannot be promised
        (0.001, NEVER),
        (0.009, NEVER),
        (0.01, 0.9),
        (0.049, 0.9),  # the stricter of the two it lies between
        (0.05, 0.5),
        (0.9, 0.5),
        (np.float32(0.5), 0.5),
        (np.float64(0.5), 0.5),
        (Fraction(1, 2), 0.5),
    ],
)
def test_the_threshold_of_a_wish(max_error, expected):
    assert threshold_for(CALIBRATION, max_error) == expected


def test_a_model_without_thresholds_promises_nothing():
    assert threshold_for(Calibration(), 0.5) == NEVER
    assert threshold_for(Calibration(), None) == 0.0


@pytest.mark.parametrize("max_error", [0, 1, 0.0, 1.0, -0.1, 5, math.nan, math.inf, True, "0.01", [0.01]])
def test_wishes_that_cannot_be(max_error):
    with pytest.raises(UsageError, match=r"Expected max_error between 0 and 1, such as 0\.01 for .*, got "):
        threshold_for(CALIBRATION, max_error)


def test_pictures_in_the_form_of_the_network_have_thresholds_of_their_own():
    calibration = Calibration(1.0, CALIBRATION.thresholds, 0.05, 5000, (Threshold(0.001, 0.95, 0.98),))
    assert threshold_for(calibration, 0.001, native=True) == 0.95
    assert threshold_for(calibration, 0.001) == NEVER
    assert threshold_for(calibration, 0.0005, native=True) == NEVER
    assert threshold_for(CALIBRATION, 0.01, native=True) == threshold_for(CALIBRATION, 0.01)  # one list for all
