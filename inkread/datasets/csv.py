"""CSV files with one picture a line: a label and the pixels of a square gray picture, row by row.

A header line is optional. Without one the label comes first; with one it is the column named "label",
"labels" or "class" (in any case), else the first. Pixels are whole numbers in 0..255. The file may be
gzipped.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from inkread.datasets.contents import open_contents
from inkread.datasets.dataset import MAX_BYTES, Dataset
from inkread.datasets.labels import RawLabels, class_names, encode
from inkread.datasets.parts import Part, missing_part
from inkread.datasets.pixels import square_side
from inkread.errors import DatasetFormatError

__all__ = ["load_csv"]

_LABEL_COLUMNS = ("label", "labels", "class")
# A line of a 1,024 x 1,024 picture has 4 MiB at most; without a limit a file without line ends fills the
# memory.
_MAX_LINE = 16 * 1024**2
# One look-up per pixel: twice as fast as int(), and it checks the range.
_PIXELS = {str(value): value for value in range(256)}


@dataclass(frozen=True)
class _Table:
    """What the first line tells about the others."""

    first_line: int
    columns: int
    label: int
    side: int


def load_csv(path: Path, part: Part, source: str) -> Dataset:
    """Load a CSV file; all of it is part "train".

    Labels that all are whole numbers are taken as numbers, else as words.

    Raises:
        DatasetNotFoundError: part "test" is asked for.
        DatasetFormatError: with the number of the line: another count of columns than before, something that
            is no number, a value out of 0..255, pixels that make no square; or the file is no text.
    """
    if part != "train":
        raise missing_part(path, part)
    labels, images = _parse(path)
    raw = _numbers_or_words(labels)
    names = class_names(raw)
    return Dataset(images, encode(raw, names, str(path)), names, source)


def _parse(path: Path) -> tuple[list[str], NDArray[np.uint8]]:
    """Return the labels as written, and the pictures, (N, H, H)."""
    labels: list[str] = []
    pixels = bytearray()
    table: _Table | None = None
    try:
        with open_contents(path) as stream:
            for line, row in _rows(stream, path):
                if table is None:
                    table = _first(path, line, row)
                    if _is_header(row):
                        continue
                _check_columns(path, line, row, table)
                labels.append(_label(path, line, row.pop(table.label)))
                pixels += _pixels(path, line, row)
                _check_total(path, line, len(pixels))
    except UnicodeDecodeError as error:
        raise DatasetFormatError(
            f"{path}: expected text in UTF-8, got other bytes ({error}). Is it a CSV file?"
        ) from error
    if table is None or not labels:
        raise DatasetFormatError(f"{path}: expected at least one line with a label and pixels, got none.")
    return labels, np.frombuffer(pixels, dtype=np.uint8).reshape(len(labels), table.side, table.side)


def _rows(stream: BinaryIO, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines that are not empty, each with its number from 1."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    reader = csv.reader(_lines(text, path))
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error as error:
        raise DatasetFormatError(
            f"{path}, line {reader.line_num}: expected comma-separated values, got something else ({error})."
        ) from error
    finally:
        # The stream is its opener's to close.
        text.detach()


def _lines(text: io.TextIOWrapper, path: Path) -> Iterator[str]:
    while line := text.readline(_MAX_LINE):
        if len(line) == _MAX_LINE:
            raise DatasetFormatError(
                f"{path}: expected lines below {_MAX_LINE} characters, got a longer one. Is it a CSV?"
            )
        yield line


def _first(path: Path, line: int, row: list[str]) -> _Table:
    pixels = len(row) - 1
    side = square_side(pixels)
    if side is None:
        raise DatasetFormatError(
            f"{path}, line {line}: expected a label and the pixels of a square picture (such as 1 + 784 "
            f"columns, parted by commas), got {len(row)} columns: {pixels} pixels are not a square."
        )
    named = [column.strip().lower() for column in row]
    label = next((named.index(name) for name in _LABEL_COLUMNS if name in named), 0)
    return _Table(line, len(row), label, side)


def _is_header(row: list[str]) -> bool:
    """Tell whether a first line names columns: one is named as the label, or none is a number."""
    named = any(column.strip().lower() in _LABEL_COLUMNS for column in row)
    return named or all(_number(column) is None for column in row)


def _check_columns(path: Path, line: int, row: list[str], table: _Table) -> None:
    if len(row) != table.columns:
        raise DatasetFormatError(
            f"{path}, line {line}: expected {table.columns} columns as in line {table.first_line}, got "
            f"{len(row)}. The line is cut short or has a comma too many."
        )


def _check_total(path: Path, line: int, pixels: int) -> None:
    if pixels > MAX_BYTES:
        raise DatasetFormatError(
            f"{path}, line {line}: expected at most {MAX_BYTES} pixels in all, got more. Divide the set."
        )


def _label(path: Path, line: int, field: str) -> str:
    label = field.strip()
    if not label:
        raise DatasetFormatError(f"{path}, line {line}: expected a label, got an empty field.")
    return label


def _pixels(path: Path, line: int, fields: list[str]) -> bytes:
    try:
        return bytes(map(_PIXELS.__getitem__, fields))
    except KeyError:
        return bytes(_pixel(path, line, field) for field in fields)


def _pixel(path: Path, line: int, field: str) -> int:
    """Read a pixel that is not in its plainest form, such as "255.0", " 7" or "007"."""
    value = _number(field)
    if value is None:
        raise DatasetFormatError(f"{path}, line {line}: expected pixels as numbers in 0..255, got {field[:40]!r}.")
    if not 0 <= value <= 255 or value != int(value):
        raise DatasetFormatError(
            f"{path}, line {line}: expected pixels as whole numbers in 0..255, got {field[:40]!r}. Scale "
            "them to 0..255."
        )
    return int(value)


def _number(field: str) -> float | None:
    try:
        return float(field)
    except ValueError:
        return None


def _numbers_or_words(labels: list[str]) -> RawLabels:
    try:
        return np.array([int(label) for label in labels], dtype=np.int64)
    except (ValueError, OverflowError):
        return _words(labels)


def _words(labels: list[str]) -> NDArray[np.str_]:
    return np.array(labels, dtype=np.str_)
