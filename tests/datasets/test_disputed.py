from __future__ import annotations

import numpy as np
import pytest

from inkread.datasets import Dataset, load
from inkread.datasets.disputed import DISPUTED, disputed


def test_other_data_sets_have_none():
    images = np.random.default_rng(0).integers(0, 256, (60, 28, 28)).astype(np.uint8)
    assert not disputed(Dataset(images, np.arange(60) % 10, tuple("0123456789"), "")).any()


@pytest.mark.mnist
def test_the_lists_are_of_mnist(mnist_test):  # which skips where MNIST is not there
    train, test = load("mnist"), load("mnist", "test")
    assert set(DISPUTED) == {train.fingerprint, test.fingerprint}
    places = list(DISPUTED[train.fingerprint])
    assert np.flatnonzero(disputed(train)).tolist() == places
    part = train.subset(np.array([places[3], 5, places[0]]))
    assert disputed(part).tolist() == [True, False, True]
