from __future__ import annotations

import numpy as np
import pytest

from inkread.datasets import Dataset
from inkread.errors import DatasetError, DatasetFormatError, UsageError

NAMES = ("0", "1", "2")


def dataset(images=None, labels=None, names=NAMES):
    images = np.zeros((3, 4, 5), np.uint8) if images is None else images
    labels = np.array([0, 1, 2]) if labels is None else labels
    return Dataset(images, labels, names, "here")


def test_what_it_holds():
    data = dataset()
    assert len(data) == 3
    assert repr(data) == "Dataset('here', images (3, 4, 5), 3 classes)"
    assert dataset(images=np.zeros((3, 4, 5, 3), np.uint8)).images.shape == (3, 4, 5, 3)


def test_the_arrays_are_read_only_and_the_callers_stay_writable():
    images = np.zeros((3, 4, 5), np.uint8)
    data = dataset(images=images)
    with pytest.raises(ValueError, match="read-only"):
        data.images[0, 0, 0] = 1
    images[0, 0, 0] = 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"images": np.zeros((3, 4, 5))},
            r"expected images of shape \(N, H, W\) or .* received shape .* float64",
        ),
        ({"images": np.zeros((3, 20), np.uint8)}, r"received shape \(3, 20\) of uint8"),
        ({"images": np.zeros((3, 4, 5, 4), np.uint8)}, r"received shape \(3, 4, 5, 4\)"),
        ({"images": [[[0]]]}, r"received shape \(\) of list"),
        ({"images": np.zeros((0, 4, 5), np.uint8)}, r"at least one picture .* received shape \(0, 4, 5\)"),
        ({"images": np.zeros((3, 0, 5), np.uint8)}, "at least one pixel"),
        ({"labels": np.zeros(3, np.uint8)}, r"expected labels of shape \(N,\) and dtype int64; .* uint8"),
        ({"labels": np.zeros((3, 1), np.int64)}, r"received shape \(3, 1\)"),
        ({"labels": np.zeros(2, np.int64)}, "received 3 pictures and 2 labels"),
        ({"labels": np.array([0, 1, 3])}, r"expected labels in 0\.\.2 for 3 class names; received 0\.\.3"),
        ({"labels": np.array([-1, 1, 2])}, r"received -1\.\.2"),
        ({"names": ("a", "a", "b")}, "expected different class names"),
        ({"names": ["a", "b", "c"]}, "expected a tuple of class names"),
        ({"names": ("a", "b", 3)}, "expected a tuple of class names"),
        ({"names": ()}, "for 0 class names"),
    ],
)
def test_what_cannot_be_a_dataset(change, message):
    with pytest.raises(DatasetFormatError, match=message) as caught:
        dataset(**change)
    assert str(caught.value).startswith("here: ")
    assert isinstance(caught.value, DatasetError)
    assert isinstance(caught.value, ValueError)


def test_the_fingerprint_is_of_the_data_and_not_of_where_it_lies():
    data = dataset()
    assert len(data.fingerprint) == 64
    assert Dataset(data.images.copy(), data.labels.copy(), NAMES, "elsewhere").fingerprint == data.fingerprint
    strided = np.zeros((3, 5, 4), np.uint8).swapaxes(1, 2)
    assert dataset(images=strided).fingerprint == data.fingerprint


@pytest.mark.parametrize(
    "change",
    [
        {"images": np.ones((3, 4, 5), np.uint8)},
        {"images": np.zeros((3, 5, 4), np.uint8)},
        {"labels": np.array([0, 2, 1])},
        {"names": ("0", "1", "3")},
        {"names": ("0", "1', '2", "")},
    ],
)
def test_the_fingerprint_tells_any_change(change):
    assert dataset(**change).fingerprint != dataset().fingerprint


def test_a_known_fingerprint():
    # Fingerprints are written into model cards: a change here makes all of them untrue.
    assert dataset().fingerprint == "e5a0c3cca4122f9147b17960157d39eead57fdbbb23d42854b69f21621acecd7"


def test_a_subset_keeps_order_and_names():
    images = np.arange(3, dtype=np.uint8).reshape(3, 1, 1)
    part = dataset(images=images).subset([2, 0, 2])
    assert part.images.ravel().tolist() == part.labels.tolist() == [2, 0, 2]
    assert part.names == NAMES


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        ([], "at least one index"),
        ([[0]], r"received shape \(1, 1\)"),
        ([0.5], "float64"),
        ([True, False, True], "bool"),
        ([0, 3], r"must be in 0\.\.2; received 0\.\.3"),
        ([-1], r"received -1\.\.-1"),
    ],
)
def test_indices_that_cannot_be(indices, message):
    with pytest.raises(UsageError, match=message):
        dataset().subset(indices)
