"""The classic classifiers: one contract for each that is registered."""

from __future__ import annotations

import importlib.util
import sys

import numpy as np
import pytest

from inkread.datasets import split
from inkread.errors import MissingExtraError, TrainingError
from inkread.training.classic import CLASSICS, fit_classic, flat, require_sklearn

pytestmark = pytest.mark.skipif(importlib.util.find_spec("sklearn") is None, reason="scikit-learn is not installed")
QUICK = [name for name in CLASSICS if name not in ("gradient-boosting", "mlp")]


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """Keep threads from waiting for each other where other work takes the processors."""
    from threadpoolctl import threadpool_limits

    require_sklearn()
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def parts(drawn):
    return split(drawn(220), 60, 0)


@pytest.fixture(scope="module", params=CLASSICS)
def fitted(request, parts, drawn):
    if request.param == "gradient-boosting":  # a hundred rounds of ten trees take their time
        parts = split(drawn(200, classes=2), 60, 0)
    return parts, fit_classic(CLASSICS[request.param], *parts, seed=0)


def test_it_learns_and_its_probabilities_are_some(fitted):
    (_, validation), classifier = fitted
    proba = classifier.predict_proba(validation.images)
    assert proba.dtype == np.float32
    assert proba.shape == (len(validation), len(validation.names))
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-5)
    assert proba.min() >= 0
    assert (proba.argmax(axis=1) == validation.labels).mean() > 0.8
    assert classifier.seconds > 0
    assert classifier.size() > 4 * classifier.parameters / 10  # forests keep their numbers in less than 8 bytes each
    assert classifier.parameters > 0
    assert (classifier.confidence == "its own") == (classifier.temperature is None)


@pytest.mark.parametrize("name", QUICK)
def test_the_same_seed_gives_the_same(name, parts):
    first, second = (fit_classic(CLASSICS[name], *parts, seed=3).predict_proba(parts[1].images) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", ["knn", "linear-svm", "rbf-svm"])
def test_a_class_without_pictures_is_never_read(name, parts):
    training, validation = parts
    few = training.subset(np.flatnonzero(training.labels != 4))
    proba = fit_classic(CLASSICS[name], few, validation, seed=0).predict_proba(validation.images)
    assert proba.shape[1] == 10
    assert proba[:, 4].max() == 0


@pytest.mark.parametrize("name", ["linear-svm", "rbf-svm"])
def test_margins_of_two_classes_become_probabilities(name, coloured):
    training, validation = split(coloured, 60, 0)
    fitted = fit_classic(CLASSICS[name], training, validation, seed=0)
    assert fitted.predict_proba(validation.images).shape == (60, 2)
    assert 0.05 <= fitted.temperature <= 20
    assert "set on the validation pictures" in fitted.confidence


def test_a_linear_classifier_has_a_weight_for_each_pixel_and_class(parts):
    assert fit_classic(CLASSICS["linear-svm"], *parts, seed=0).parameters == 7_850
    assert fit_classic(CLASSICS["knn"], *parts, seed=0).parameters == 784 * len(parts[0])


def test_one_class_alone_cannot_be_learned(parts):
    ones = parts[0].subset(np.flatnonzero(parts[0].labels == 1))
    with pytest.raises(TrainingError, match=r"Expected pictures that rbf-svm can learn from, got 16 of 1 classes: "):
        fit_classic(CLASSICS["rbf-svm"], ones, parts[1], seed=0)


def test_flat_pictures_are_shares_of_white():
    pictures = np.array([[[0, 255]], [[51, 102]]], np.uint8)
    np.testing.assert_allclose(flat(pictures), [[0, 1], [0.2, 0.4]], rtol=1e-6)


@pytest.mark.parametrize("classic", CLASSICS.values(), ids=CLASSICS)
def test_every_card_is_complete(classic):
    assert CLASSICS[classic.name] is classic
    assert classic.summary
    assert classic.source
    assert "random_state" not in classic.settings()
    assert all(isinstance(value, str) for value in classic.settings().values())


def test_without_scikit_learn_one_is_told_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'inkread\[report\]'"):
        require_sklearn()
