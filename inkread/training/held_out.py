"""The labelled pictures that a finished network is measured on, and those that set the ranges of its eight bits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkread.datasets import Dataset, load, split
from inkread.errors import DatasetError, DatasetNotFoundError, UsageError
from inkread.imaging.preprocess import normalize_batch
from inkread.reading.card import Card
from inkread.training.augment import augment
from inkread.training.config import Config, config_from
from inkread.training.quantize import LEAST, MOST
from inkread.training.styles import restyle

__all__ = ["Pictures", "harder", "parted", "pictures_for"]

Download = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Labelled pictures for a finished network.

    Attributes:
        ranges: Set the ranges of its eight bits; none of them is held out.
        held_out: Set its confidence and give its accuracy; None when the training left none out.
        named: What the accuracy on them is called.
        own: Whether they are the run's own, split as for its training.
    """

    ranges: NDArray[np.uint8]
    held_out: Dataset | None
    named: str
    own: bool


def pictures_for(card: Card, data: str | None, *, report: Download | None = None) -> Pictures:
    """Return the pictures to measure a network on.

    The run's own training data are split as for its training: the training part sets the ranges, the validation part
    is held out. Of other data with a test part, that part is used, since a network made elsewhere has most likely been
    trained on the other; up to 1,024 of the pictures set the ranges, at most half, and the rest is held out. Whether
    the network has seen the held-out ones in its training cannot be told; if it has, it will be overconfident.

    Args:
        card: Of the network.
        data: The source of the pictures; None for the run's own training data.
        report: Called as (done, total) in bytes while a file is downloaded.

    Raises:
        UsageError: The run's own data were asked for, and cannot be loaded or have changed.
        DatasetError: The data cannot be used with this network.
    """
    trained_on = card.data.get("fingerprint")
    if data is None:
        return _own(card, _training_data(card, report))
    if trained_on is not None:
        dataset = load(data, progress=report)
        if dataset.fingerprint == trained_on:
            return _own(card, dataset)
    try:
        dataset, part = load(data, "test", progress=report), " (test)"
    except DatasetNotFoundError:  # not divided into parts, or not there at all, which the next line says
        dataset, part = load(data, progress=report), ""
    return _others(_fitting(dataset, card), f"accuracy on {Path(data).name}{part}")


def _training_data(card: Card, report: Download | None) -> Dataset:
    source = card.data.get("source")
    if not source:
        raise UsageError("Expected --data with labelled pictures, as it is not known what the network was trained on.")
    try:
        dataset = load(str(source), progress=report)
    except DatasetError as error:
        raise UsageError(
            f"Expected the training data of the run, {source!r}, which cannot be loaded: {error} Name labelled "
            "pictures with --data."
        ) from error
    if dataset.fingerprint != card.data.get("fingerprint"):
        raise UsageError(
            f"Expected the training data of the run in {source!r}, got data that differ from them by now. Name "
            "labelled pictures with --data."
        )
    return dataset


def _own(card: Card, dataset: Dataset) -> Pictures:
    training, validation = parted(dataset, config_from(card.config, Config()))
    rng = np.random.default_rng(0)
    return Pictures(training.images[rng.permutation(len(training))[:MOST]], validation, "validation accuracy", own=True)


def _others(dataset: Dataset, named: str) -> Pictures:
    count = min(MOST, len(dataset) // 2)
    if count < LEAST:
        raise DatasetError(f"{dataset.source}: expected at least {2 * LEAST} labelled pictures, got {len(dataset)}.")
    order = np.random.default_rng(0).permutation(len(dataset))
    held_out = dataset.subset(np.sort(order[count:]))
    return Pictures(dataset.images[np.sort(order[:count])], held_out, named, own=False)


def _fitting(dataset: Dataset, card: Card) -> Dataset:
    """Return the pictures in the network's form, with its order of the classes."""
    strangers = [name for name in dataset.names if name not in card.labels]
    if strangers:
        raise DatasetError(
            f"{dataset.source}: expected pictures of the network's classes, {', '.join(card.labels)}; got others: "
            f"{', '.join(strangers)}."
        )
    images = dataset.images
    if card.preprocessing is not None and images.ndim == 3 and images.shape[1:] != card.shape:
        images = normalize_batch(images)
    if images.shape[1:] != card.shape:
        raise DatasetError(
            f"{dataset.source}: expected pictures of shape {card.shape}, which the network takes, got "
            f"{images.shape[1:]}."
        )
    places = np.array([card.labels.index(name) for name in dataset.names], dtype=np.int64)
    return Dataset(images, places[dataset.labels], card.labels, dataset.source)


def parted(dataset: Dataset, config: Config) -> tuple[Dataset, Dataset | None]:
    """Return the pictures that a training learns from, and those it holds out, None where it holds out none."""
    if config.validation == 0:
        return dataset, None
    share = int(config.validation) if config.validation >= 1 else config.validation
    return split(dataset, share, config.split_seed)


def harder(validation: Dataset, config: Config) -> NDArray[np.uint8]:
    """Return the validation pictures as the training would show them, doubles counted.

    Other people's digits are harder than those held out of the training data. A confidence that is set on both kinds
    keeps its promise for longer.

    Args:
        validation: The pictures held out.
        config: Of the training.

    Returns:
        uint8, the shape of `validation.images`; the same for equal seeds.
    """
    rng = np.random.default_rng([config.seed, 2**31 + 1])
    images: Any = np.array(validation.images)
    if config.redrawn > 0:
        chosen = rng.permutation(len(images))[: len(images) // 2]
        labels = validation.labels[chosen]
        images[chosen] = restyle(images[chosen], labels, rng, drawn=config.drawn, photographed=config.photographed)
    return augment(images, config.augmentation, rng)
