from __future__ import annotations

import dataclasses
from itertools import islice

import numpy as np
import pytest

from inkread.training.augment import Augmentation
from inkread.training.batches import Batches
from inkread.training.config import Config

PLAIN = Config(batch_size=32, validation=0.2)


def taken(data, config, count):
    return list(islice(Batches(data, config).epochs(), count))


def rows(pictures):
    return {picture.tobytes() for picture in pictures}


def test_every_epoch_shows_every_picture_once_in_another_order(drawn):
    data = drawn(100)
    first, second = taken(data, PLAIN, 8)[:4], taken(data, PLAIN, 8)[4:]
    assert [len(images) for images, _ in first] == [32, 32, 32, 4]
    for epoch in (first, second):
        shown = np.concatenate([images for images, _ in epoch])
        assert sorted(p.tobytes() for p in shown) == sorted(p.tobytes() for p in data.images)
    assert not np.array_equal(first[0][0], second[0][0])


def test_targets_go_with_their_pictures(drawn):
    data = drawn(60)
    of = {image.tobytes(): label for image, label in zip(data.images, data.labels, strict=True)}
    for images, targets in taken(data, PLAIN, 2):
        assert targets.dtype == np.float32
        assert np.allclose(np.sort(targets, axis=1), [0.005] * 9 + [0.955])  # labels, smoothed
        assert [of[image.tobytes()] for image in images] == targets.argmax(axis=1).tolist()


def test_the_seed_settles_everything(drawn):
    data = drawn(70)
    config = dataclasses.replace(PLAIN, redrawn=1.0, augmentation=Augmentation(shift=2, elastic=1, noise=3), seed=4)
    first, again = taken(data, config, 5), taken(data, config, 5)
    assert all(np.array_equal(a, b) for x, y in zip(first, again, strict=True) for a, b in zip(x, y, strict=True))
    other = taken(data, dataclasses.replace(config, seed=5), 5)
    assert not np.array_equal(first[0][0], other[0][0])


@pytest.mark.parametrize(("redrawn", "share"), [(0.0, 0.0), (0.4, 0.2), (1.0, 0.5), (3.0, 0.5)])
def test_a_picture_that_has_doubles_is_shown_itself_half_of_the_time(drawn, redrawn, share):
    data = drawn(400)
    config = dataclasses.replace(PLAIN, batch_size=400, redrawn=redrawn)
    known = rows(data.images)
    shown = [image.tobytes() not in known for images, _ in taken(data, config, 4) for image in images]
    assert np.mean(shown) == pytest.approx(share, abs=0.05)


def test_a_picture_may_have_several_doubles(drawn):
    data = drawn(10)
    config = dataclasses.replace(PLAIN, batch_size=10, redrawn=4.0)
    shown = np.concatenate([images[targets.argmax(axis=1) == 7] for images, targets in taken(data, config, 60)])
    assert 3 <= len(rows(shown)) <= 5


def test_the_data_is_not_touched(drawn):
    data = drawn(50)
    before = data.images.copy()
    taken(data, dataclasses.replace(PLAIN, redrawn=2.0, augmentation=Augmentation(erase=1.0)), 4)
    assert np.array_equal(data.images, before)
