"""Batches of training pictures, the same for the same seed."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from inkread.datasets import Dataset
from inkread.errors import TrainingError
from inkread.imaging.frame import SIZE
from inkread.training.augment import augment
from inkread.training.config import Config
from inkread.training.styles import restyle

__all__ = ["batches", "can_be_redrawn"]

_DIGITS = tuple("0123456789")


def batches(training: Dataset, config: Config) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
    """Yield the batches of all epochs, one after the other; batch k of epoch e is the same whenever the seed is."""
    images, size = training.images, config.batch_size
    targets = np.eye(len(training.names), dtype=np.float32)[training.labels]  # (N, C)
    places, doubles = _doubles(training, config)
    for epoch in range(config.epochs):
        order = np.random.default_rng([config.seed, epoch]).permutation(len(images))
        for start in range(0, len(images), size):
            chosen = order[start : start + size]
            rng = np.random.default_rng([config.seed, epoch, start])
            batch = images[chosen]
            if len(doubles):
                place = places[chosen, rng.integers(0, places.shape[1], len(chosen))]
                redrawn = np.flatnonzero((place >= 0) & (rng.random(len(chosen)) < 0.5))
                batch[redrawn] = doubles[place[redrawn]]
            yield augment(batch, config.augmentation, rng), targets[chosen]


def can_be_redrawn(dataset: Dataset) -> bool:
    """Tell whether these are the digits 0 to 9 as gray pictures of MNIST's size."""
    return dataset.names == _DIGITS and dataset.images.shape[1:] == (SIZE, SIZE)


def _doubles(training: Dataset, config: Config) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Redraw pictures; return the places (N, K) of the doubles of each, -1 where there is none, and the doubles."""
    n, columns = len(training), max(1, math.ceil(config.redrawn))
    places = np.full((n, columns), -1)
    if config.redrawn <= 0:
        return places, training.images[:0]
    if not can_be_redrawn(training):
        raise TrainingError(
            f"Expected the digits 0 to 9 as {SIZE} x {SIZE} gray pictures to redraw, got classes "
            f"{', '.join(training.names[:12])} of shape {training.images.shape[1:]}. Set redrawn = 0."
        )
    rng = np.random.default_rng([config.seed, 2**31])
    chosen = np.concatenate([rng.permutation(n) for _ in range(columns)])[: round(config.redrawn * n)]
    places[chosen, np.arange(len(chosen)) // n] = np.arange(len(chosen))
    images, labels = training.images[chosen], training.labels[chosen]
    return places, restyle(images, labels, rng, photographed=config.photographed)
