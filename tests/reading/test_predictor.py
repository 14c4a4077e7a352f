from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from inkread import Predictor
from inkread.errors import UsageError
from tests.model_files import make_card


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor(threads=1)


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    """Return more pictures than the predictor takes at a time."""
    return np.random.default_rng(0).integers(0, 256, (600, 28, 28), dtype=np.uint8)


def test_shapes_and_types(predictor, digits):
    labels, shares = predictor.predict(digits), predictor.predict_proba(digits)
    assert labels.shape == (600,)
    assert labels.dtype == np.int64
    assert shares.shape == (600, 10)
    assert shares.dtype == np.float32
    assert shares.min() >= 0
    assert shares.sum(axis=1) == pytest.approx(np.ones(600), abs=1e-5)
    assert np.array_equal(shares.argmax(axis=1), labels)
    assert predictor.labels == tuple("0123456789") == predictor.card.labels


def test_no_pictures(predictor):
    none = np.zeros((0, 28, 28), np.uint8)
    assert predictor.predict(none).shape == (0,)
    assert predictor.predict(none).dtype == np.int64
    assert predictor.predict_proba(none).shape == (0, 10)


@pytest.mark.parametrize("count", [1, 2, 255, 256, 257, 513])
def test_a_batch_equals_its_pictures(predictor, digits, count):
    together = predictor.predict_proba(digits[:count])
    for i in {0, count // 2, count - 1}:
        assert predictor.predict_proba(digits[i : i + 1])[0] == pytest.approx(together[i], abs=1e-4)


def test_the_order_is_kept(predictor, digits):
    forwards = predictor.predict_proba(digits)
    assert predictor.predict_proba(digits[::-1])[::-1] == pytest.approx(forwards, abs=1e-4)
    assert predictor.predict_proba(np.asfortranarray(digits)) == pytest.approx(forwards, abs=1e-4)


def test_it_reads(predictor, draw_digit):
    from inkread import normalize_batch

    x = normalize_batch(np.stack([draw_digit(label, 100) for label in (0, 1, 2, 3, 4, 7)]))
    assert predictor.predict(x).tolist() == [0, 1, 2, 3, 4, 7]
    assert predictor.predict_proba(x).max(axis=1).min() > 0.5


def test_temperature_is_applied(write_model, digits):
    from inkread.reading.card import Calibration

    plain = Predictor(write_model("a.onnx"))
    warm = Predictor(write_model("b.onnx", card=make_card(calibration=Calibration(temperature=4.0))))
    assert np.array_equal(plain.predict(digits[:50]), warm.predict(digits[:50]))
    assert (warm.predict_proba(digits[:50]).max(axis=1) < plain.predict_proba(digits[:50]).max(axis=1)).all()


def test_threads_share_it(predictor, digits):
    expected = predictor.predict(digits)
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: predictor.predict(digits), range(16)):
            assert np.array_equal(found, expected)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((28, 28), np.uint8), r"got uint8 \(28, 28\)\. Pass one picture as x\[None\]"),
        (np.zeros((2, 28, 28)), r"shape \(N, 28, 28\), got float64 \(2, 28, 28\)\. inkread\.normalize"),
        (np.zeros((2, 28, 28), np.int64), "got int64"),
        (np.zeros((2, 28, 28, 1), np.uint8), r"got uint8 \(2, 28, 28, 1\)"),
        (np.zeros((2, 784), np.uint8), r"got uint8 \(2, 784\)"),
        (np.zeros((2, 32, 32), np.uint8), "normalize_batch make it from any picture"),
        ([[0]], "got list"),
        (None, "got NoneType"),
    ],
)
@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_what_it_does_not_take(predictor, method, x, message):
    with pytest.raises(UsageError, match=message) as caught:
        getattr(predictor, method)(x)
    assert str(caught.value).startswith("Expected a uint8 array of shape (N, 28, 28), got ")


@pytest.mark.parametrize("threads", [0, -1, 1.5, True, "2"])
def test_threads_that_cannot_be(threads):
    with pytest.raises(UsageError, match="Expected threads as a whole number from 1, got"):
        Predictor(threads=threads)


def test_a_model_of_pictures_as_they_are(write_model):
    predictor = Predictor(write_model(shape=(32, 30, 3), card=make_card(shape=(32, 30, 3), preprocessing=None)))
    assert predictor.predict(np.zeros((3, 32, 30, 3), np.uint8)).shape == (3,)
    with pytest.raises(UsageError, match=r"shape \(N, 32, 30, 3\), got uint8 \(3, 28, 28\)\.$"):
        predictor.predict(np.zeros((3, 28, 28), np.uint8))
