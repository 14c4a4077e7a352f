"""Labelled pictures in memory: the one form that every source is brought into."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inkread.errors import DatasetFormatError, UsageError

__all__ = ["MAX_BYTES", "Dataset"]

MAX_BYTES = 4 * 1024**3
"""The most bytes of pictures that any reader here takes into memory: EMNIST's largest set has 0.6 GiB."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Pictures with the class of each.

    The arrays are read-only views, so that the fingerprint stays true.

    Args:
        images: (N, H, W) gray or (N, H, W, 3) RGB, uint8, 0..255.
        labels: (N,) int64, each an index into `names`.
        names: the name of each class, all different; digits are "0".."9".
        source: where the pictures come from, as the user named it.
        note: what was done to the pictures when they were loaded, in a sentence; empty when nothing was.

    Raises:
        DatasetFormatError: an array has another dtype or shape, the counts differ, a label has no name, two
            names are equal, or there is no picture.

    Example:
        >>> import numpy as np
        >>> two = Dataset(np.zeros((2, 28, 28), np.uint8), np.array([0, 1]), ("0", "1"), "drawn")
        >>> len(two)
        2
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    names: tuple[str, ...]
    source: str
    note: str = ""

    def __post_init__(self) -> None:
        self._check_images()
        self._check_labels()
        for field in ("images", "labels"):
            view = getattr(self, field).view()
            view.flags.writeable = False
            object.__setattr__(self, field, view)

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        return f"Dataset({self.source!r}, images {self.images.shape}, {len(self.names)} classes)"

    @cached_property
    def fingerprint(self) -> str:
        """The sha256, in hex, of the shapes, dtypes and bytes of images, labels and names.

        Equal data has an equal fingerprint on every machine, wherever it was read from.
        """
        digest = hashlib.sha256()
        for array in (self.images, self.labels.astype("<i8", copy=False)):
            digest.update(f"{array.dtype.str}{array.shape}\n".encode())
            digest.update(np.ascontiguousarray(array).data)
        # repr, so that ("a", "b") and ("ab",) differ.
        digest.update(repr(self.names).encode())
        return digest.hexdigest()

    def subset(self, indices: ArrayLike) -> Dataset:
        """Return the pictures at `indices`, in that order, with the same class names.

        Args:
            indices: (K,) integers in 0..N-1, at least one; an index may come twice.

        Raises:
            UsageError: the indices are not whole numbers, are out of range, or are none at all.
        """
        chosen = np.asarray(indices)
        if chosen.ndim != 1 or len(chosen) == 0 or chosen.dtype.kind not in "iu":
            raise UsageError(
                "A subset needs at least one index in a one-dimensional list of whole numbers; "
                f"received shape {chosen.shape} of {chosen.dtype}."
            )
        if chosen.min() < 0 or chosen.max() >= len(self):
            raise UsageError(
                f"A subset's indices must be in 0..{len(self) - 1}; received {chosen.min()}..{chosen.max()}."
            )
        return Dataset(self.images[chosen], self.labels[chosen], self.names, self.source, self.note)

    def _check_images(self) -> None:
        shape, dtype = _described(self.images)
        # 3 dimensions are gray, 4 are colour and must end in 3.
        if dtype != "uint8" or len(shape) not in (3, 4) or (len(shape) == 4 and shape[3] != 3):
            raise DatasetFormatError(
                f"{self.source}: expected images of shape (N, H, W) or (N, H, W, 3) and dtype uint8; "
                f"received shape {shape} of {dtype}."
            )
        if 0 in shape:
            raise DatasetFormatError(
                f"{self.source}: expected at least one picture of at least one pixel; received shape {shape}."
            )

    def _check_labels(self) -> None:
        shape, dtype = _described(self.labels)
        if dtype != "int64" or len(shape) != 1:
            raise DatasetFormatError(
                f"{self.source}: expected labels of shape (N,) and dtype int64; received shape {shape} of {dtype}."
            )
        if len(self.labels) != len(self.images):
            raise DatasetFormatError(
                f"{self.source}: expected one label for each picture; "
                f"received {len(self.images)} pictures and {len(self.labels)} labels."
            )
        if not isinstance(self.names, tuple) or not all(isinstance(name, str) for name in self.names):
            raise DatasetFormatError(f"{self.source}: expected a tuple of class names; received {self.names!r}.")
        if len(set(self.names)) != len(self.names):
            raise DatasetFormatError(f"{self.source}: expected different class names; received {self.names!r}.")
        low, high = int(self.labels.min()), int(self.labels.max())
        if low < 0 or high >= len(self.names):
            raise DatasetFormatError(
                f"{self.source}: expected labels in 0..{len(self.names) - 1} for {len(self.names)} class "
                f"names; received {low}..{high}."
            )


def _described(array: object) -> tuple[tuple[int, ...], str]:
    """Return an array's shape and dtype name; of anything else its type's name, which no check accepts."""
    if isinstance(array, np.ndarray):
        return array.shape, array.dtype.name
    return (), type(array).__name__
