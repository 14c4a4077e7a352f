"""A teacher's probabilities in the place of labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inkread import Predictor
from inkread.errors import ModelNotFoundError, TrainingError
from inkread.training.augment import Augmentation
from inkread.training.batches import Batches
from inkread.training.config import Config

CONFIG = Config(teacher="default", redrawn=1.0, augmentation=Augmentation(shift=1.0, disturbed=0.5, noise=4.0))


def first(data, config):
    return next(Batches(data, config).epoch(0))


def test_pictures_are_the_same_with_and_without_a_teacher(drawn):
    data = drawn(120)
    with_one, without = first(data, CONFIG), first(data, replace(CONFIG, teacher=""))
    assert np.array_equal(with_one[0], without[0])
    assert not np.array_equal(with_one[1], without[1])


def test_it_says_what_it_makes_of_the_picture_before_it_is_disturbed(drawn):
    data = drawn(120)
    pupil = replace(CONFIG, redrawn=0.0)
    calm, _ = first(data, replace(pupil, teacher="", augmentation=Augmentation(shift=1.0)))
    _, targets = first(data, pupil)
    wanted = Predictor("default").uncalibrated_proba(calm)[:, :10]
    assert np.allclose(targets, wanted / wanted.sum(axis=1, keepdims=True), atol=1e-6)


def test_doubles_and_what_is_no_digit_keep_their_labels(drawn):
    data = drawn(120)
    _, targets = first(data, replace(CONFIG, non_digits=0.1, label_smoothing=0.0))
    assert targets.shape == (132, 11)
    assert np.allclose(targets.sum(axis=1), 1)
    labels = targets.max(axis=1) == 1
    assert 30 < labels[:120].sum() < 90  # about half of the pictures are doubles
    assert targets[120:, 10].tolist() == [1.0] * 12


def test_a_teacher_of_other_classes_is_refused(drawn):
    data = replace(drawn(20), names=tuple("abcdefghij"))
    with pytest.raises(TrainingError, match=r"teacher of the classes a, b, .*'default' has learned 0, 1, "):
        Batches(data, replace(CONFIG, redrawn=0.0))


def test_a_teacher_that_is_not_there_is_refused(drawn):
    with pytest.raises(ModelNotFoundError, match="defualt"):
        Batches(drawn(20), replace(CONFIG, teacher="defualt"))
