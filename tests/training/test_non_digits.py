from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

import inkread
from inkread.errors import TrainingError
from inkread.imaging.preprocess import is_normalized
from inkread.training import non_digits as module
from inkread.training.batches import Batches
from inkread.training.config import Config
from inkread.training.non_digits import non_digits
from inkread.training.run import train


@pytest.fixture(scope="module")
def digits(drawn):
    return drawn(300)


@pytest.fixture(scope="module")
def things(digits):
    return non_digits(150, digits.images, digits.labels, np.random.default_rng(0), photographed=0.3)


def test_they_come_as_the_preprocessing_makes_pictures(things):
    assert things.shape == (150, 28, 28)
    assert things.dtype == np.uint8
    # What went over paper may have lost its centre to a rim; the others have MNIST's form.
    assert is_normalized(things).mean() > 0.8


def test_the_same_seed_gives_the_same(digits, things):
    again = non_digits(150, digits.images, digits.labels, np.random.default_rng(0), photographed=0.3)
    other = non_digits(150, digits.images, digits.labels, np.random.default_rng(1), photographed=0.3)
    assert np.array_equal(things, again)
    assert not np.array_equal(things, other)


@pytest.mark.parametrize("kind", module._KINDS)
def test_every_kind_draws_what_is_wider_than_a_one(digits, kind, monkeypatch):
    monkeypatch.setattr(module, "_KINDS", {kind: module._KINDS[kind]})
    drawn_things = non_digits(20, digits.images, digits.labels, np.random.default_rng(3))
    assert len({thing.tobytes() for thing in drawn_things}) > 5
    for thing in drawn_things:
        _, _, width, height = cv2.boundingRect(cv2.threshold(thing, 64, 255, cv2.THRESH_BINARY)[1])
        assert width >= 0.4 * height


def test_digits_of_some_classes_are_enough(drawn):
    few = drawn(20, classes=2)
    assert non_digits(30, few.images, few.labels, np.random.default_rng(0)).any(axis=(1, 2)).all()


def test_they_are_added_to_each_batch_as_a_class_of_their_own(digits):
    config = Config(batch_size=50, validation=0.2, non_digits=0.2, label_smoothing=0.0)
    for pictures, targets in Batches(digits, config).epoch(0):
        assert pictures.shape == (60, 28, 28)
        assert targets.shape == (60, 11)
        assert targets[:50, :10].sum() == 50
        assert targets[50:, 10].sum() == 10
        assert (targets.sum(axis=1) == 1).all()


def test_other_classes_have_no_non_digits(drawn):
    three = drawn(60, classes=3)
    with pytest.raises(TrainingError, match="Set redrawn and non_digits to 0"):
        Batches(three, Config(validation=0.2, non_digits=0.1))


def test_a_network_that_was_shown_some_tells_them(tiny, drawn, tmp_path):
    data = drawn(600)
    config = dataclasses.replace(tiny.config, epochs=6, non_digits=0.5)
    run = train(tiny, data, config, folder=tmp_path / "run")
    card = run.card
    assert card.labels == tuple("0123456789")
    assert card.outputs == 11
    assert card.rejection.n == 120
    assert card.rejection.lost <= 0.01
    predictor = inkread.Predictor(run.model)
    assert predictor.card.rejection == card.rejection
    fresh = drawn(200, seed=5)
    strangers = non_digits(200, fresh.images, fresh.labels, np.random.default_rng(7))
    assert predictor.predict_proba(fresh.images).shape == (200, 10)
    assert predictor.predict_known(fresh.images).mean() > 0.9
    assert predictor.predict_known(strangers).mean() < 0.6
    proba, known = predictor.judge(strangers)
    assert np.array_equal(known, predictor.predict_known(strangers))
    assert np.array_equal(proba, predictor.predict_proba(strangers))
    stranger = strangers[np.flatnonzero(~known)[0]]
    assert inkread.read(255 - stranger, model=run.model).lines == ()
    assert len(inkread.read(255 - fresh.images[3], model=run.model).lines) == 1


def test_without_validation_the_likelier_of_the_two_counts(tiny, digits, tmp_path):
    config = dataclasses.replace(tiny.config, validation=0.0, non_digits=0.2)
    run = train(tiny, digits, config, folder=tmp_path / "run")
    assert (run.card.rejection.score, run.card.rejection.n) == (0.0, 0)


def test_a_network_that_was_shown_none_knows_everything(tiny, digits, tmp_path):
    run = train(tiny, digits, tiny.config, folder=tmp_path / "run")
    assert run.card.rejection is None
    predictor = inkread.Predictor(run.model)
    assert predictor.predict_known(digits.images).all()
