"""From a data set to what a model takes: pictures in its form, labels in its order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkread.datasets import Dataset
from inkread.errors import DatasetError
from inkread.imaging.gray import to_gray
from inkread.imaging.preprocess import is_normalized, normalize_batch
from inkread.reading.card import Card

__all__ = ["Prepared", "prepare"]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """What a model takes.

    Attributes:
        images: uint8 (N, *card.shape).
        labels: int64 (N,), as numbers of the model's classes.
        normalized: How many pictures were brought into that form.
        blank: How many have nothing written on them.
        notes: What was done, in whole sentences.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    normalized: int
    blank: int
    notes: tuple[str, ...]


def prepare(dataset: Dataset, card: Card) -> Prepared:
    """Bring pictures into a model's form, and their labels into the order of its classes.

    A model for any shape takes pictures of that shape alone. One for digits in MNIST's form takes all pictures: a set
    of that form goes in as it is, by the larger part of its pictures, as in training; else each goes the way of
    `inkread.normalize_batch`, which also turns dark ink on light.

    Raises:
        DatasetError: There are pictures of classes that the model does not know, or of a form that it cannot take.
    """
    labels = _mapped(dataset, card)
    fitting = dataset.images.shape[1:] == card.shape
    if card.preprocessing is None:
        if not fitting:
            raise DatasetError(
                f"{dataset.source}: expected pictures of shape {card.shape}, as model {card.name!r} takes them, got "
                f"{dataset.images.shape[1:]}. Bring them into that shape; only models for digits in MNIST's form take "
                "any."
            )
        return _prepared(dataset.images, labels, dataset.note, changed=0)
    ready = int(np.count_nonzero(is_normalized(dataset.images))) if fitting else 0
    if 2 * ready >= len(dataset):
        return _prepared(dataset.images, labels, dataset.note, changed=0)
    images = dataset.images
    gray = np.stack([to_gray(picture) for picture in images]) if images.ndim == 4 else images
    return _prepared(normalize_batch(gray), labels, dataset.note, changed=len(dataset) - ready)


def _prepared(images: NDArray[np.uint8], labels: NDArray[np.int64], note: str, *, changed: int) -> Prepared:
    flat = images.reshape(len(images), -1)
    blank = int(np.count_nonzero(flat.min(axis=1) == flat.max(axis=1)))
    notes = [note] if note else []
    if changed:
        notes.append(f"{_pictures(changed)} brought into MNIST's form first, as reading does it.")
    if blank:
        notes.append(f"{_pictures(blank)} blank; they count with what the model says of them.")
    return Prepared(images, labels, changed, blank, tuple(notes))


def _mapped(dataset: Dataset, card: Card) -> NDArray[np.int64]:
    """Return the labels as numbers of the model's classes."""
    present = [dataset.names[label] for label in np.unique(dataset.labels).tolist()]
    strangers = [name for name in present if name not in card.labels]
    if strangers:
        named = ", ".join(map(repr, strangers[:12])) + (f" and {len(strangers) - 12} more" if strangers[12:] else "")
        raise DatasetError(
            f"{dataset.source}: expected pictures of the classes of model {card.name!r}, {', '.join(card.labels)}; got "
            f"others too: {named}. Leave them out, rename them, or evaluate a model that knows them."
        )
    # Names without a picture need no place.
    places = np.array([card.labels.index(name) if name in card.labels else -1 for name in dataset.names], np.int64)
    return places[dataset.labels]


def _pictures(count: int) -> str:
    return f"{count:,} picture was" if count == 1 else f"{count:,} pictures were"
