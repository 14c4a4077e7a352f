from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkread.datasets import Dataset, split
from inkread.errors import UsageError


def of_sizes(sizes) -> Dataset:
    """Return a dataset with that many pictures of each class, each picture with a number of its own."""
    labels = np.repeat(np.arange(len(sizes)), sizes)
    labels = np.random.default_rng(5).permutation(labels)
    numbers = np.arange(len(labels), dtype=np.uint32).view(np.uint8).reshape(-1, 2, 2)
    return Dataset(numbers, labels, tuple(str(label) for label in range(len(sizes))), "drawn")


def numbers(dataset: Dataset) -> list[int]:
    return np.ascontiguousarray(dataset.images).reshape(-1).view(np.uint32).tolist()


def test_each_class_is_in_proportion():
    train, validation = split(of_sizes([100, 200, 700]), 0.1, seed=3)
    assert np.bincount(validation.labels).tolist() == [10, 20, 70]
    assert np.bincount(train.labels).tolist() == [90, 180, 630]


def test_a_count_is_met_exactly():
    train, validation = split(of_sizes([333, 333, 334]), 100, seed=3)
    assert (len(train), len(validation)) == (900, 100)
    assert sorted(np.bincount(validation.labels).tolist()) == [33, 33, 34]


def test_the_seed_decides():
    whole = of_sizes([50, 50])
    first, again, other = (split(whole, 0.3, seed)[1] for seed in (1, 1, 2))
    assert first.fingerprint == again.fingerprint
    assert first.fingerprint != other.fingerprint


@given(st.data())
def test_disjoint_covering_and_every_class_in_both(data):
    sizes = data.draw(st.lists(st.integers(2, 12) | st.just(0), min_size=1, max_size=6).filter(any))
    whole = of_sizes(sizes)
    classes = np.count_nonzero(sizes)
    count = data.draw(st.integers(classes, len(whole) - classes))
    train, validation = split(whole, int(count), seed=data.draw(st.integers(0, 9)))
    assert len(validation) == count
    assert sorted(numbers(train) + numbers(validation)) == list(range(len(whole)))
    assert numbers(train) == sorted(numbers(train))
    present = set(whole.labels.tolist())
    assert set(train.labels.tolist()) == set(validation.labels.tolist()) == present
    assert train.names == validation.names == whole.names


@pytest.mark.parametrize(
    ("validation", "message"),
    [
        (0, "use the dataset as it is"),
        (0.0, "use the dataset as it is"),
        (1.0, r"a fraction between 0 and 1 or a count in 1\.\.19; received 1\.0"),
        (-0.1, "received -0.1"),
        (float("nan"), "received nan"),
        (20, "received 20"),
        (-3, "received -3"),
        (True, "received True"),
        ("0.1", "received '0.1'"),
        (
            1,
            r"each of the 2 .* into 19 for training and 1 for validation\. Ask for a count in 2\.\.18",
        ),
        (0.97, "into 1 for training and 19"),
    ],
)
def test_what_cannot_be_split_off(validation, message):
    with pytest.raises(UsageError, match=message):
        split(of_sizes([10, 10]), validation, seed=1)


def test_a_class_of_one_picture():
    with pytest.raises(UsageError, match="at least 2 pictures of each class; drawn has 1 of 1, 2"):
        split(of_sizes([10, 1, 1]), 0.5, seed=1)


@pytest.mark.parametrize("seed", [-1, 1.5, True, None])
def test_a_seed_that_cannot_be(seed):
    with pytest.raises(UsageError, match="seed must be a whole number from 0; received"):
        split(of_sizes([10, 10]), 0.5, seed=seed)


def test_numpy_numbers_are_numbers():
    train, _ = split(of_sizes([10, 10]), np.float32(0.5), seed=np.int64(1))
    assert len(train) == 10
