"""NumPy archives (.npz) in the layouts of Keras, MedMNIST, or plain images and labels.

| layout | train | test |
|---|---|---|
| Keras | x_train, y_train | x_test, y_test |
| MedMNIST | train_images, train_labels | test_images, test_labels (val_images and val_labels are not used) |
| plain | images, labels; or x, y; or X, y: all of it is "train" | none |

An optional array `names` or `label_names` names the classes: numeric labels are then indices into it.
"""

from __future__ import annotations

import math
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from inkread.datasets.dataset import MAX_BYTES, Dataset
from inkread.datasets.labels import RawLabels, class_names, encode, flatten_labels, one_hot_width
from inkread.datasets.parts import Part, missing_part
from inkread.datasets.pixels import to_uint8_pictures
from inkread.errors import DatasetFormatError

__all__ = ["load_npz"]

_DIVIDED: dict[Part, tuple[tuple[str, str], ...]] = {
    "train": (("x_train", "y_train"), ("train_images", "train_labels")),
    "test": (("x_test", "y_test"), ("test_images", "test_labels")),
}
_WHOLE = (("images", "labels"), ("x", "y"), ("X", "y"))
_NAMES = ("names", "label_names")

# What zipfile and NumPy raise on bytes that are no sound archive; found by mutating good files.
_DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    SyntaxError,
    MemoryError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


def load_npz(path: Path, part: Part, source: str) -> Dataset:
    """Load one part of a NumPy archive; nothing in it is ever unpickled.

    Pictures and labels may have the dtypes and shapes of `pixels.to_uint8_pictures` and
    `labels.flatten_labels`.

    Raises:
        DatasetNotFoundError: the archive does not have that part.
        DatasetFormatError: the file is damaged, its arrays have other names, or they cannot be what is
            needed.
    """
    with _opened(path) as archive:
        present = _present(archive)
        if not present:
            raise DatasetFormatError(
                f"{path}: expected arrays named x_train and y_train, train_images and train_labels, images "
                f"and labels, or x and y; got {', '.join(archive.files) or 'no array'}. Save them under "
                "such names."
            )
        if part not in present:
            divided = any(key in archive.files for pairs in _DIVIDED.values() for key, _ in pairs)
            raise missing_part(path, part, sorted(present) if divided else ())
        images_key, labels_key = present[part]
        images = to_uint8_pictures(_read(archive, path, images_key), f"{path}, array {images_key}")
        raw = {key: _read(archive, path, key) for _, key in present.values()}
        labels, names = _label(archive, path, raw, labels_key)
    return Dataset(images, labels, names, source)


def _present(archive: NpzFile) -> dict[Part, tuple[str, str]]:
    """Return the names of the arrays of each part there is; a layout is known by its pair of names."""
    keys = set(archive.files)
    present: dict[Part, tuple[str, str]] = {}
    for part, pairs in _DIVIDED.items():
        for pair in pairs:
            if keys.issuperset(pair):
                present.setdefault(part, pair)
    if not present:
        for pair in _WHOLE:
            if keys.issuperset(pair):
                present.setdefault("train", pair)
    return present


def _label(
    archive: NpzFile, path: Path, raw: dict[str, NDArray[np.generic]], wanted: str
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return the indices of the wanted labels, and the class names shared by all parts."""
    where = f"{path}, array {wanted}"
    flat = {key: flatten_labels(array, f"{path}, array {key}") for key, array in raw.items()}
    names = _given_names(archive, path)
    if names is not None and flat[wanted].dtype.kind == "i":
        # Numbers with names beside them are indices; Dataset checks that each has a name.
        return flat[wanted].astype(np.int64), names
    if names is None:
        names = _derived_names(raw[wanted], list(flat.values()), where)
    return encode(flat[wanted], names, where), names


def _derived_names(labels: NDArray[np.generic], parts: list[RawLabels], where: str) -> tuple[str, ...]:
    width = one_hot_width(labels)
    if width is not None:
        return tuple(str(index) for index in range(width))
    if len({part.dtype.kind for part in parts}) > 1:
        raise DatasetFormatError(
            f"{where}: expected the labels of both parts as numbers or both as text; got a mixture."
        )
    return class_names(*parts)


def _given_names(archive: NpzFile, path: Path) -> tuple[str, ...] | None:
    key = next((key for key in _NAMES if key in archive.files), None)
    if key is None:
        return None
    names = flatten_labels(_read(archive, path, key), f"{path}, array {key}")
    return tuple(str(name) for name in names)


@contextmanager
def _opened(path: Path) -> Iterator[NpzFile]:
    # Opened here and not by NumPy, which leaves the file open when it is no archive.
    with ExitStack() as stack:
        try:
            archive = np.load(stack.enter_context(path.open("rb")), allow_pickle=False)
        except _DAMAGE as error:
            raise _damaged(path, error) from error
        if not isinstance(archive, NpzFile):
            raise DatasetFormatError(
                f"{path}: expected an archive of several arrays (.npz), got a single array. Save it with numpy.savez."
            )
        yield stack.enter_context(archive)


def _read(archive: NpzFile, path: Path, key: str) -> NDArray[np.generic]:
    try:
        _check_size(archive, path, key)
        array = archive[key]
    except DatasetFormatError:
        raise
    except _DAMAGE as error:
        raise _damaged(path, error, key) from error
    return np.asarray(array)


def _check_size(archive: NpzFile, path: Path, key: str) -> None:
    """Compare the shape that the array's header promises with its bytes, before NumPy allocates for it."""
    members = archive.zip
    if members is None:
        raise DatasetFormatError(f"{path}: the archive is closed.")
    name = key if key in members.namelist() else f"{key}.npy"
    size = members.getinfo(name).file_size
    with members.open(name) as stream:
        version = np.lib.format.read_magic(stream)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read_header(stream)
        promised = math.prod(shape) * dtype.itemsize
        held = size - stream.tell()
    if promised != held and not dtype.hasobject:
        raise DatasetFormatError(
            f"{path}, array {key}: expected {promised} bytes for shape {shape} of {dtype}, got {held}. "
            "The file is damaged: save or download it again."
        )
    if promised > MAX_BYTES:
        raise DatasetFormatError(
            f"{path}, array {key}: expected at most {MAX_BYTES} bytes, got {promised} for shape {shape}. "
            "Divide the set."
        )


def _damaged(path: Path, error: BaseException, key: str | None = None) -> DatasetFormatError:
    where = f"{path}, array {key}" if key else str(path)
    if "allow_pickle" in str(error):
        return DatasetFormatError(
            f"{where}: expected numbers or text, got pickled Python objects (or no .npz file), which are "
            "never loaded. Save arrays of numbers or text with numpy.savez."
        )
    reason = str(error) or type(error).__name__
    return DatasetFormatError(
        f"{where}: expected a sound NumPy archive (.npz), got one that cannot be read ({reason}). "
        "Save or download it again."
    )
