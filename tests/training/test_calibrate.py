from __future__ import annotations

import numpy as np
import pytest

from inkread.reading.card import Card
from inkread.reading.confidence import NEVER, probabilities, threshold_for
from inkread.training.calibrate import DELTA, ERRORS, calibrate, fit_temperature, safe_threshold


def honest(n, seed=0, spread=2.0):
    """Return logits (N, 10) and labels drawn from the very probabilities that the logits mean."""
    rng = np.random.default_rng(seed)
    logits = (spread * rng.standard_normal((n, 10))).astype(np.float32)
    proba = probabilities(logits.copy(), 1.0)
    labels = (proba.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1).clip(0, 9)
    return logits, labels


def at_most(mistakes, n, error):
    """The probability of at most so many mistakes among n: the binomial sum, each term from the one before."""
    term = total = (1 - error) ** n
    for k in range(mistakes):
        term *= (n - k) / (k + 1) * error / (1 - error)
        total += term
    return total


def answers_of(n, rng):
    """Draw confidences and whether each answer is wrong: the surer, the likelier right."""
    confidence = (1 - 0.9 * rng.random(n) ** 2).astype(np.float32)
    return confidence, rng.random(n) < 0.6 * (1 - confidence) ** 2


@pytest.mark.parametrize("temperature", [0.2, 0.5, 1.0, 3.0, 10.0])
def test_the_temperature_is_found_again(temperature):
    logits, labels = honest(20_000)
    assert fit_temperature(temperature * logits, labels) == pytest.approx(temperature, rel=0.04)


def test_no_temperature_nearby_is_likelier():
    logits, labels = honest(3000, seed=1)
    best = fit_temperature(2 * logits, labels)

    def loss(temperature):
        return -np.log(probabilities(2 * logits, temperature)[np.arange(3000), labels]).mean()

    assert loss(best) <= min(loss(best * factor) for factor in (0.5, 0.9, 0.99, 1.01, 1.1, 2.0)) + 1e-7


def test_the_temperature_stays_in_its_bounds():
    logits, labels = honest(500)
    sure = np.eye(10, dtype=np.float32)[labels]
    assert 0.0499 < fit_temperature(sure, labels) < 0.06  # all right: as sure as may be
    assert 18 < fit_temperature(1000 * logits, labels) < 20.01


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("error", [0.01, 0.05])
def test_a_threshold_passes_the_exact_binomial_test(seed, error):
    confidence, wrong = answers_of(3000, np.random.default_rng(seed))
    threshold = safe_threshold(confidence, wrong, error, DELTA)
    assert threshold < NEVER
    answered = confidence >= threshold
    # Even without a share of it for other trials, an unsafe threshold would not pass.
    assert at_most(int(wrong[answered].sum()), int(answered.sum()), error) <= DELTA / 4
    assert threshold in confidence


def test_where_errors_set_in_at_once_the_least_threshold_is_found():
    n, clean, error = 2000, 1200, 0.02
    confidence = np.linspace(1, 0.1, n).astype(np.float32)
    wrong = (np.arange(n) >= clean) & (np.arange(n) % 2 == 0)  # every second answer beyond the clean ones
    # However the trials share delta among them, each gets no more than all of it and no less than a sixteenth.
    fewest, most = (
        max(k for k in range(1, n + 1) if at_most(int(wrong[:k].sum()), k, error) <= share)
        for share in (DELTA / 16, DELTA)
    )
    answered = int((confidence >= safe_threshold(confidence, wrong, error, DELTA)).sum())
    assert fewest <= answered <= most


def test_the_promise_is_kept():
    rng = np.random.default_rng(0)
    error, runs = 0.02, 300
    confidence, wrong = answers_of(400_000, rng)
    order = np.argsort(-confidence)
    sure, share = confidence[order], np.cumsum(wrong[order]) / np.arange(1, len(order) + 1)
    broken = found = 0
    for _ in range(runs):
        chosen = rng.integers(0, len(confidence), 1500)
        threshold = safe_threshold(confidence[chosen], wrong[chosen], error, DELTA)
        if threshold < NEVER:
            found += 1
            last = np.searchsorted(-sure, -threshold, side="right") - 1
            broken += bool(share[last] > error)
    assert found > 0.9 * runs  # a threshold that is never found would keep every promise
    # At most 5 %; 15 of 300 are expected then, and 28 happen once in a thousand times.
    assert broken <= 28


@pytest.mark.parametrize(("error", "enough"), [(0.001, 6000), (0.01, 600), (0.1, 60)])
def test_without_a_wrong_answer_it_takes_about_so_many(error, enough):
    def threshold(n):
        confidence = np.linspace(1, 0.5, n).astype(np.float32)
        return safe_threshold(confidence, np.zeros(n, bool), error, DELTA)

    assert threshold(enough) == 0.5  # all of them are answered
    assert threshold(2 * enough) == 0.5
    assert threshold(enough // 2) == NEVER


def test_the_first_mistakes_do_not_hide_what_lies_below():
    # One sure mistake early on: only many right answers after it make up for it.
    n = 6000
    confidence = np.linspace(1, 0.5, n).astype(np.float32)
    wrong = np.zeros(n, bool)
    wrong[3] = True
    assert safe_threshold(confidence, wrong, 0.01, DELTA) == 0.5


@pytest.mark.parametrize("n", [1, 2, 30])
def test_never_when_it_cannot_be_promised(n):
    confidence = np.linspace(1, 0.5, n).astype(np.float32)
    assert safe_threshold(confidence, np.zeros(n, bool), 0.001, DELTA) == NEVER
    assert safe_threshold(confidence, np.ones(n, bool), 0.1, DELTA) == NEVER


def test_equal_confidences_are_answered_together():
    confidence = np.repeat(np.array([0.9, 0.6], np.float32), [1000, 1000])
    wrong = np.zeros(2000, bool)
    wrong[1500:] = True
    threshold = safe_threshold(confidence, wrong, 0.05, DELTA)
    assert threshold == np.float32(0.9)
    wrong[:] = False
    wrong[500:600] = True  # among the surest: no threshold parts them from the rest
    assert safe_threshold(confidence[:1000], wrong[:1000], 0.05, DELTA) == NEVER


def test_the_order_of_the_pictures_does_not_matter():
    rng = np.random.default_rng(5)
    confidence, wrong = answers_of(2000, rng)
    shuffled = rng.permutation(2000)
    assert safe_threshold(confidence, wrong, 0.02, DELTA) == safe_threshold(
        confidence[shuffled], wrong[shuffled], 0.02, DELTA
    )


def test_the_calibration_of_a_card():
    logits, labels = honest(8000, seed=2, spread=6.0)
    calibration = calibrate(3 * logits, labels)
    assert calibration.temperature == pytest.approx(3, rel=0.06)
    assert calibration.n == 8000
    assert calibration.delta == DELTA
    errors = [threshold.error for threshold in calibration.thresholds]
    assert errors == sorted(errors)
    assert set(errors) <= set(ERRORS)
    assert {0.02, 0.05, 0.1} <= set(errors)
    # A larger error is never answered less often.
    coverage = [threshold.coverage for threshold in calibration.thresholds]
    assert coverage == sorted(coverage)
    confidence = probabilities(3 * logits, calibration.temperature).max(axis=1)
    for threshold in calibration.thresholds:
        assert (confidence >= threshold.confidence).mean() == pytest.approx(threshold.coverage)
        assert threshold_for(calibration, threshold.error) == threshold.confidence
    card = Card("x", "0", tuple("0123456789"), (28, 28), 1, 1, calibration=calibration)
    assert Card.from_json(card.to_json(), "memory").calibration == calibration


def test_the_input_is_not_touched():
    logits, labels = honest(300)
    kept = logits.copy()
    calibrate(logits, labels)
    assert np.array_equal(logits, kept)
