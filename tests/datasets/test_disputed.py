from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from inkread.datasets import Dataset, load
from inkread.datasets.disputed import DISPUTED, DISPUTED_OF_UNIPEN, disputed


def test_other_data_sets_have_none():
    images = np.random.default_rng(0).integers(0, 256, (60, 28, 28)).astype(np.uint8)
    assert not disputed(Dataset(images, np.arange(60) % 10, tuple("0123456789"), "")).any()


def test_each_place_is_named_once_and_in_order():
    for places in (*DISPUTED.values(), *DISPUTED_OF_UNIPEN.values()):
        assert list(places) == sorted(set(places))


@pytest.mark.dev_sets
def test_a_list_is_of_unipen():
    path = Path(os.environ.get("INKREAD_DATA", "")) / "dev" / "unipen.npz"
    if not os.environ.get("INKREAD_DATA") or not path.is_file():
        pytest.skip("needs the development sets under INKREAD_DATA")
    unipen = load(path)
    places = DISPUTED_OF_UNIPEN[unipen.fingerprint]
    assert len(places) == 34
    assert 0 <= places[0] <= places[-1] < len(unipen)


@pytest.mark.mnist
def test_the_lists_are_of_mnist(mnist_test):  # which skips where MNIST is not there
    train, test = load("mnist"), load("mnist", "test")
    assert set(DISPUTED) == {train.fingerprint, test.fingerprint}
    places = list(DISPUTED[train.fingerprint])
    assert np.flatnonzero(disputed(train)).tolist() == places
    part = train.subset(np.array([places[3], 5, places[0]]))
    assert disputed(part).tolist() == [True, False, True]
