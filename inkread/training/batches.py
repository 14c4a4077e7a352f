"""Batches of training pictures, the same for the same seed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inkread.datasets import Dataset
from inkread.errors import TrainingError
from inkread.imaging.frame import SIZE
from inkread.training.augment import Augmentation, augment
from inkread.training.config import Config
from inkread.training.non_digits import non_digits
from inkread.training.styles import restyle
from inkread.training.teacher import Teacher

__all__ = ["Batch", "Batches", "can_be_redrawn", "require_digits"]

Batch = tuple[NDArray[np.uint8], NDArray[np.float32]]
"""Pictures uint8 (B, *shape) and targets float32 (B, C)."""

_DIGITS = tuple("0123456789")
_STRANGERS = 0.5  # how many pictures of no digit there are to be chosen from, as a share of the training pictures


class Batches:
    """The batches of a training; batch k of epoch e is the same whenever the seed is.

    Args:
        training: The pictures.
        config: Its seed, batch size and augmentation count.

    Raises:
        TrainingError: They are to be redrawn, or told from what is no digit, and are no digits; or the teacher has
            learned other classes or shapes.
        ModelNotFoundError, ModelError: There is no such teacher, or it cannot be used.
    """

    def __init__(self, training: Dataset, config: Config) -> None:
        self._training, self._config = training, config
        require_digits(training, config)
        classes = len(training.names)
        outputs = classes + (config.non_digits > 0)
        every = np.eye(outputs, dtype=np.float32) * (1 - config.label_smoothing) + config.label_smoothing / outputs
        self._targets, self._none = every[training.labels], every[classes:]  # (N, C), (1, C) where there is none
        self._teacher = Teacher(config.teacher, training, outputs) if config.teacher else None
        self._first, self._then = _parted(config.augmentation)
        self._places, self._doubles = _doubles(training, config)
        self._strangers = _strangers(training, config)

    @property
    def pictures(self) -> int:
        """How many pictures an epoch shows."""
        return len(self._training)

    def epoch(self, number: int) -> Iterator[Batch]:
        """Yield the batches of an epoch, counted from 0."""
        config, images = self._config, self._training.images
        order = np.random.default_rng([config.seed, number]).permutation(len(images))
        for start in range(0, len(images), config.batch_size):
            chosen = order[start : start + config.batch_size]
            rng = np.random.default_rng([config.seed, number, start])
            pictures = images[chosen]
            own = np.ones(len(chosen), bool)
            if len(self._doubles):
                place = self._places[chosen, rng.integers(0, self._places.shape[1], len(chosen))]
                own = (place < 0) | (rng.random(len(chosen)) >= 0.5)
                pictures[~own] = self._doubles[place[~own]]
            targets = self._targets[chosen]
            if len(self._strangers):
                added = rng.integers(0, len(self._strangers), max(1, round(config.non_digits * len(chosen))))
                pictures = np.concatenate([pictures, self._strangers[added]])
                targets = np.concatenate([targets, np.repeat(self._none, len(added), axis=0)])
            pictures = augment(pictures, self._first, rng)
            if self._teacher:
                taught = np.flatnonzero(own)
                targets[taught] = self._teacher(pictures[taught])
            yield augment(pictures, self._then, rng), targets

    def epochs(self, start: int = 0, end: int | None = None) -> Iterator[Batch]:
        """Yield the batches of the epochs from one on, and before another or all, one after the other."""
        for number in range(start, self._config.epochs if end is None else end):
            yield from self.epoch(number)


def can_be_redrawn(dataset: Dataset) -> bool:
    """Tell whether these are the digits 0 to 9 as gray pictures of MNIST's size."""
    return dataset.names == _DIGITS and dataset.images.shape[1:] == (SIZE, SIZE)


def _parted(augmentation: Augmentation) -> tuple[Augmentation, Augmentation]:
    """Return the two halves of an augmentation: of the shape, which a teacher sees too, and what is laid over it."""
    over = {"disturbed": augmentation.disturbed, "noise": augmentation.noise}
    return replace(augmentation, **dict.fromkeys(over, 0.0)), Augmentation(**over)


def _doubles(training: Dataset, config: Config) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Redraw pictures; return the places (N, K) of the doubles of each, -1 where there is none, and the doubles."""
    n, columns = len(training), max(1, math.ceil(config.redrawn))
    places = np.full((n, columns), -1)
    if config.redrawn <= 0:
        return places, training.images[:0]
    rng = np.random.default_rng([config.seed, 2**31])
    chosen = np.concatenate([rng.permutation(n) for _ in range(columns)])[: round(config.redrawn * n)]
    places[chosen, np.arange(len(chosen)) // n] = np.arange(len(chosen))
    images, labels = training.images[chosen], training.labels[chosen]
    return places, restyle(images, labels, rng, drawn=config.drawn, photographed=config.photographed)


def _strangers(training: Dataset, config: Config) -> NDArray[np.uint8]:
    """Return pictures of no digit, of which each batch is given some."""
    if config.non_digits <= 0:
        return training.images[:0]
    rng = np.random.default_rng([config.seed, 2**31 + 2])
    count = math.ceil(_STRANGERS * len(training))
    return non_digits(count, training.images, training.labels, rng, photographed=config.photographed)


def require_digits(training: Dataset, config: Config) -> None:
    """Refuse to redraw what is no digit, or to tell it from what is none."""
    if max(config.redrawn, config.non_digits) > 0 and not can_be_redrawn(training):
        raise TrainingError(
            f"Expected the digits 0 to 9 as {SIZE} x {SIZE} gray pictures to redraw, got classes "
            f"{', '.join(training.names[:12])} of shape {training.images.shape[1:]}. Set redrawn and "
            "non_digits to 0."
        )
