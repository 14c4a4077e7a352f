"""Labels as files hold them, numbers or words, to class names and indices into them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inkread.errors import DatasetFormatError

__all__ = ["RawLabels", "class_names", "encode", "flatten_labels", "one_hot_width"]

RawLabels = NDArray[np.int64] | NDArray[np.str_]
"""(N,) labels as the file has them: whole numbers or words, not yet indices."""


def one_hot_width(labels: NDArray[np.generic]) -> int | None:
    """Return the number of classes, C, when `labels` has the shape of one-hot rows, (N, C > 1); else None."""
    return labels.shape[1] if labels.ndim == 2 and labels.shape[1] > 1 else None


def flatten_labels(labels: NDArray[np.generic], where: str) -> RawLabels:
    """Bring labels of any accepted form to one dimension.

    Args:
        labels: (N,) or (N, 1) whole numbers (of an integer or float dtype) or words, or (N, C) one-hot rows.
        where: the file and array, for messages.

    Returns:
        (N,) int64 or str.

    Raises:
        DatasetFormatError: the labels have another shape or dtype, or are not whole numbers.
    """
    if one_hot_width(labels) is not None:
        return _from_one_hot(labels, where)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    kind = labels.dtype.kind
    if labels.ndim != 1 or kind not in "biufUS":
        raise DatasetFormatError(
            f"{where}: expected labels of shape (N,), (N, 1) or one-hot (N, C), as whole numbers or text; "
            f"received shape {labels.shape} of {labels.dtype}."
        )
    if kind == "S":
        return _decoded(labels, where)
    if kind == "U":
        return labels.astype(np.str_)
    return _whole_numbers(labels, where)


def class_names(*parts: RawLabels) -> tuple[str, ...]:
    """Derive the class names from the labels of all parts, so that train and test agree on the indices.

    Labels all within 0..9 are digits: the names are "0" up to the greatest label present, so that a digit's
    label is the digit, even when one between is missing. Other numbers (EMNIST's letters are 1..26) and
    words: each distinct label is a class, in rising order.

    Args:
        parts: (N,) labels, one array per part; all numbers or all words.
    """
    values = np.unique(np.concatenate([np.unique(part) for part in parts]))
    if values.dtype.kind == "i" and len(values) and values[0] >= 0 and values[-1] <= 9:
        return tuple(str(digit) for digit in range(int(values[-1]) + 1))
    return tuple(str(value) for value in values)


def encode(labels: RawLabels, names: Sequence[str], where: str) -> NDArray[np.int64]:
    """Return the index into `names` of each label.

    Raises:
        DatasetFormatError: a label is none of the names.
    """
    index_of = {name: index for index, name in enumerate(names)}
    values, inverse = np.unique(labels, return_inverse=True)
    unknown = [str(value) for value in values if str(value) not in index_of]
    if unknown:
        raise DatasetFormatError(
            f"{where}: expected labels among the class names {_some(names)}; received also {_some(unknown)}."
        )
    table = np.array([index_of[str(value)] for value in values], dtype=np.int64)
    return table[inverse.reshape(-1)]


def _from_one_hot(labels: NDArray[np.generic], where: str) -> NDArray[np.int64]:
    if labels.dtype.kind not in "biuf" or not np.all((labels == 0) | (labels == 1)):
        raise DatasetFormatError(
            f"{where}: labels of shape {labels.shape} are taken as one-hot rows, expected to hold only 0 "
            f"and 1; received other values of {labels.dtype}."
        )
    ones = np.count_nonzero(labels, axis=1)
    if not np.all(ones == 1):
        row = int(np.argmax(ones != 1))
        raise DatasetFormatError(f"{where}: expected one 1 in each one-hot row; row {row} has {ones[row]}.")
    return np.asarray(np.argmax(labels, axis=1), dtype=np.int64)


def _decoded(labels: NDArray[np.generic], where: str) -> NDArray[np.str_]:
    try:
        return np.char.decode(labels.astype(np.bytes_), "utf-8")
    except UnicodeDecodeError as error:
        raise DatasetFormatError(f"{where}: expected labels as UTF-8 text; received other bytes ({error}).") from error


def _whole_numbers(labels: NDArray[np.generic], where: str) -> NDArray[np.int64]:
    if labels.dtype.kind == "f":
        numbers = labels.astype(np.float64)
        # 2^53: beyond it a float no longer holds every whole number.
        if not np.all(np.abs(numbers) < 2**53) or not np.all(numbers == np.floor(numbers)):
            raise DatasetFormatError(
                f"{where}: expected labels that are whole numbers; received fractions or values that are not finite."
            )
    elif labels.dtype.kind == "u" and len(labels) and int(np.max(labels.astype(np.uint64))) > 2**63 - 1:
        raise DatasetFormatError(f"{where}: expected labels below 2^63; received greater ones.")
    return labels.astype(np.int64)


def _some(names: Sequence[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + more
