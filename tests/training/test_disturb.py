from __future__ import annotations

import numpy as np
import pytest

from inkread.training import disturb as disturbing
from inkread.training.disturb import disturb


def pictures(shape=(40, 28, 28)):
    images = np.zeros(shape, np.uint8)
    images[:, 6:22, 12:16] = 255
    images[:, 6:10, 8:20] = 255
    return images


@pytest.mark.parametrize("shape", [(40, 28, 28), (1, 28, 28), (7, 20, 33, 3), (0, 28, 28)])
def test_shape_and_dtype_stay_and_the_input_is_not_touched(shape):
    images = pictures(shape)
    kept = images.copy()
    out = disturb(images, np.random.default_rng(0))
    assert out.shape == shape
    assert out.dtype == np.uint8
    assert np.array_equal(images, kept)


def test_the_same_generator_gives_the_same_pictures():
    one, two, other = (disturb(pictures(), np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("kind", disturbing._KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("shape", [(40, 28, 28), (5, 24, 30, 3)])
def test_each_kind_changes_pictures_and_leaves_something_of_them(kind, shape):
    given = pictures(shape).astype(np.float32) / 255.0
    kept = given.copy()
    out = np.clip(kind(given, np.random.default_rng(3)), 0.0, 1.0)
    assert np.array_equal(given, kept)
    assert out.shape == shape
    changed = np.abs(out - given).reshape(len(given), -1).max(axis=1) > 0.05
    assert changed.mean() >= 0.6
    assert (out.reshape(len(out), -1).std(axis=1) > 0.01).mean() > 0.95


def test_all_kinds_are_in_use():
    out = disturb(pictures((600, 28, 28)), np.random.default_rng(0))
    assert len({picture.tobytes() for picture in out}) > 500
