from __future__ import annotations

import json
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from inkread.datasets import Dataset
from inkread.datasets.describe import describe, shared


def _set(images, labels, names=("a", "b", "c"), source="drawn") -> Dataset:
    return Dataset(np.asarray(images, np.uint8), np.asarray(labels, np.int64), names, source)


@pytest.fixture
def varied(pictures) -> Dataset:
    """Eight pictures: 2 and 5 equal, 1 and 6 equal with different labels, 3 blank; no picture of c."""
    images = pictures(8)
    images[5], images[6], images[3] = images[2], images[1], 200
    return _set(images, [0, 0, 1, 1, 0, 1, 1, 1])


def test_what_may_be_wrong(varied):
    found = describe(varied)
    assert found.blank == (3,)
    assert found.duplicates == ((1, 6), (2, 5))
    assert found.conflicts == ((1, 6),)
    assert found.empty == ("c",)
    assert found.imbalance == pytest.approx(5 / 3)


def test_sizes_and_shares(varied):
    found = describe(varied)
    assert (len(found), found.shape, found.dtype) == (8, (4, 4), "uint8")
    assert found.counts == (3, 5, 0)
    assert found.shares == (0.375, 0.625, 0.0)
    assert found.fingerprint == varied.fingerprint
    assert found.source == "drawn"


@given(arrays.arrays(np.uint8, st.tuples(*[st.integers(1, 6)] * 3)))
def test_the_moments_are_numpys(images):
    found = describe(_set(images, np.zeros(len(images))))
    assert (found.low, found.high) == (images.min(), images.max())
    assert found.mean == pytest.approx([(images / 255).mean()], abs=1e-12)
    assert found.deviation == pytest.approx([(images / 255).std()], abs=1e-9)


def test_colours_have_moments_of_their_own(pictures):
    images = np.stack([pictures(5, seed=seed) // (seed + 1) for seed in range(3)], axis=-1)
    found = describe(_set(images, [0, 1, 2, 0, 1]))
    assert found.shape == (4, 4, 3)
    assert found.mean == pytest.approx((images / 255).mean(axis=(0, 1, 2)))
    assert found.deviation == pytest.approx((images / 255).std(axis=(0, 1, 2)))
    assert found.means.shape == (3, 4, 4, 3)


def test_a_page_of_one_colour_is_blank(pictures):
    images = np.stack([pictures(3)] * 3, axis=-1)
    images[1] = (250, 10, 20)
    assert describe(_set(images, [0, 1, 2])).blank == (1,)


def test_mean_pictures(varied):
    means = describe(varied).means
    assert means.dtype == np.float32
    assert np.allclose(means[0], varied.images[[0, 1, 4]].mean(axis=0))
    assert not means[2].any()  # of a class without pictures


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30))
def test_duplicates_are_all_the_equal_ones(values):
    images = np.array(values, np.uint8)[:, None, None].repeat(2, axis=1)
    groups = describe(_set(images, np.zeros(len(values)))).duplicates
    expected = {value: tuple(np.flatnonzero(np.array(values) == value)) for value in values}
    assert sorted(groups) == sorted(group for group in expected.values() if len(group) > 1)
    assert [group[0] for group in groups] == sorted(group[0] for group in groups)


def test_one_grey_level_more_is_no_duplicate(pictures):
    images = pictures(1).repeat(2, axis=0)
    images[1, 3, 3] ^= 1
    assert describe(_set(images, [0, 1])).duplicates == ()


def test_as_json(varied):
    told = json.loads(json.dumps(describe(varied).to_dict()))
    assert told["pictures"] == 8
    assert told["classes"][1] == {"name": "b", "pictures": 5, "share": 0.625}
    assert told["classes_without_pictures"] == ["c"]
    assert told["conflicts"] == [[1, 6]]
    assert told["fingerprint"] == varied.fingerprint


def test_what_two_parts_share(pictures):
    train, test = pictures(6), pictures(4, seed=1)
    test[2], test[3] = train[5], train[5]
    assert shared(_set(train, np.zeros(6)), _set(test, np.ones(4))) == (2, 3)
    assert shared(_set(train, np.zeros(6)), _set(pictures(4, 8, 2), np.ones(4))) == ()


def test_sixty_thousand_pictures_take_no_minute(pictures):
    images = pictures(60_000, 28, 28)
    images[59_999] = images[0]
    start = time.process_time()
    found = describe(_set(images, np.arange(60_000) % 3))
    assert found.duplicates == ((0, 59_999),)
    assert time.process_time() - start < 10  # it is a third of a second where nothing else runs


@pytest.mark.mnist
def test_mnist_in_numbers(mnist_test):
    found = describe(_set(*mnist_test, tuple("0123456789")))
    assert found.mean == pytest.approx([0.1325], abs=5e-5)
    assert found.deviation == pytest.approx([0.3105], abs=5e-5)
    assert (found.blank, found.duplicates, found.empty) == ((), (), ())
