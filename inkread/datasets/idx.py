"""Folders of IDX files, the form of MNIST and its successors: Fashion-MNIST, KMNIST, EMNIST.

The format: two zero bytes, the type of the values (0x08 is uint8), the number of dimensions, each dimension
as a big-endian 32-bit number, then the values (LeCun, Cortes, Burges, "The MNIST database", section "File
formats").

EMNIST's files hold every picture transposed (Cohen et al. 2017, "EMNIST", section II: made with MATLAB, which
counts columns first). Files with "emnist" in their name are turned upright here.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from inkread.datasets.contents import DEFLATE_MAX_RATIO, is_gzip, open_contents
from inkread.datasets.dataset import MAX_BYTES, Dataset
from inkread.datasets.labels import class_names, encode
from inkread.datasets.parts import Part, missing_part
from inkread.errors import DatasetFormatError

__all__ = ["has_idx_files", "load_idx_folder", "parse_idx", "read_idx"]

_UINT8 = 0x08
_TYPES = {0x08: "uint8", 0x09: "int8", 0x0B: "int16", 0x0C: "int32", 0x0D: "float32", 0x0E: "float64"}
_CHUNK = 1 << 20
_NAME = re.compile(
    r"(?P<title>.*?(?P<word>train|t10k|test))[-_.]?(?P<kind>images|labels)[-.]idx[0-9][-.]ubyte(?:\.gz)?",
    re.IGNORECASE,
)
_PART_OF: dict[str, Part] = {"train": "train", "t10k": "test", "test": "test"}


@dataclass(frozen=True)
class _Pair:
    """The two files of one set."""

    title: str
    part: Part
    images: Path | None
    labels: Path | None


def load_idx_folder(folder: Path, part: Part, source: str) -> Dataset:
    """Load one part of a folder of IDX files.

    Files are known by their names: "train-images-idx3-ubyte" and kin, with "-" or "." before "idx3", "t10k"
    or "test" for the test part, any prefix, raw or gzipped; in the folder itself, in folders of the same name
    as the file, or in "raw". Where a file is there twice, the nearer and the raw one is taken.

    Raises:
        DatasetNotFoundError: the folder does not have that part.
        DatasetFormatError: a file is damaged, is missing its partner, or there are several sets for the part.
    """
    pairs = _find_pairs(folder)
    present = sorted({pair.part for pair in pairs}, reverse=True)
    if part not in present:
        raise missing_part(folder, part, present)
    images_path, labels_path = _only_pair(folder, [pair for pair in pairs if pair.part == part], part)
    labels = _read_labels(labels_path)
    images = _read_images(images_path)
    if len(images) != len(labels):
        raise DatasetFormatError(
            f"{images_path.name} and {labels_path.name} in {folder}: expected one label for each picture, "
            f"got {len(images)} pictures and {len(labels)} labels. They may be of different sets."
        )
    # The names come from all parts, so that a class missing in one does not shift the others.
    others = [_read_labels(pair.labels) for pair in pairs if pair.part != part and pair.labels]
    names = class_names(labels, *others)
    return Dataset(images, encode(labels, names, str(labels_path)), names, source)


def has_idx_files(folder: Path) -> bool:
    """Tell whether the folder has files with the names of IDX files."""
    return bool(_find_pairs(folder))


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Read an IDX file of uint8 values, raw or gzipped, of any 1 to 4 dimensions.

    Raises:
        DatasetFormatError: no IDX file, another dtype, cut short, too long, or damaged.
    """
    with open_contents(path) as stream:
        size = path.stat().st_size
        return parse_idx(stream, str(path), size * DEFLATE_MAX_RATIO if is_gzip(path) else size)


def parse_idx(stream: BinaryIO, name: str, at_most: int) -> NDArray[np.uint8]:
    """Read an IDX file from a stream of uncompressed bytes.

    Args:
        stream: positioned at the start; read to one byte beyond the values at most.
        name: the file's name, for messages.
        at_most: the most bytes the stream can have; nothing is allocated for a header that promises more.

    Returns:
        The values, uint8, in the shape that the header states.

    Raises:
        DatasetFormatError: as for `read_idx`.
    """
    shape = _read_header(stream, name)
    header = 4 + 4 * len(shape)
    need = math.prod(shape)
    if need > MAX_BYTES:
        raise DatasetFormatError(
            f"{name}: expected at most {MAX_BYTES} bytes of values, got a header that promises {need} for "
            f"shape {shape}. The header may be damaged; else divide the set."
        )
    if header + need > at_most:
        raise _cut_short(name, shape, header + need, f"at most {at_most}")
    values = np.empty(need, dtype=np.uint8)
    got = _fill(stream, values)
    if got < need:
        raise _cut_short(name, shape, header + need, str(header + got))
    if stream.read(1):
        raise DatasetFormatError(
            f"{name}: expected {header + need} bytes for shape {shape}, got more after them. "
            "The header or the file is damaged: download or copy it again."
        )
    return values.reshape(shape)


def _read_header(stream: BinaryIO, name: str) -> tuple[int, ...]:
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\x00\x00" or magic[2] not in _TYPES:
        raise DatasetFormatError(
            f"{name}: expected an IDX file, starting with 00 00 08 and the number of dimensions; "
            f"got {magic.hex(' ') or 'an empty file'}. Is it the right file, and whole?"
        )
    if magic[2] != _UINT8:
        raise DatasetFormatError(
            f"{name}: expected IDX values of type uint8 (0x08), got {_TYPES[magic[2]]} (0x{magic[2]:02x}). "
            "Convert them to uint8, or save the arrays as .npz."
        )
    dimensions = magic[3]
    if not 1 <= dimensions <= 4:
        raise DatasetFormatError(
            f"{name}: expected 1 to 4 dimensions, got {dimensions}. Is it a file of pictures or labels?"
        )
    header = stream.read(4 * dimensions)
    if len(header) < 4 * dimensions:
        raise DatasetFormatError(
            f"{name}: expected a header of {4 + 4 * dimensions} bytes, got {4 + len(header)}: the file is "
            "cut short. Download or copy it again."
        )
    return tuple(int(size) for size in np.frombuffer(header, dtype=">u4"))


def _fill(stream: BinaryIO, values: NDArray[np.uint8]) -> int:
    """Read into `values` until it is full or the stream ends; return the number of bytes read."""
    view = values.data
    position = 0
    while position < len(view):
        piece = stream.read(min(_CHUNK, len(view) - position))
        if not piece:
            break
        view[position : position + len(piece)] = piece
        position += len(piece)
    return position


def _cut_short(name: str, shape: tuple[int, ...], expected: int, got: str) -> DatasetFormatError:
    return DatasetFormatError(
        f"{name}: expected {expected} bytes for shape {shape}, got {got}: the file is cut short or its "
        "header is damaged. Download or copy it again."
    )


def _read_images(path: Path) -> NDArray[np.uint8]:
    images = read_idx(path)
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] != 3):
        raise DatasetFormatError(
            f"{path}: expected pictures of shape (N, H, W) or (N, H, W, 3), got {images.shape}. Is it a file of labels?"
        )
    if "emnist" in path.name.lower():
        return np.ascontiguousarray(images.swapaxes(1, 2))
    return images


def _read_labels(path: Path) -> NDArray[np.int64]:
    labels = read_idx(path)
    if labels.ndim != 1:
        raise DatasetFormatError(
            f"{path}: expected labels of shape (N,), got {labels.shape}. Is it a file of pictures?"
        )
    return labels.astype(np.int64)


def _find_pairs(folder: Path) -> list[_Pair]:
    """Return the sets in the folder, by title; one whose partner is missing too."""
    found: dict[str, dict[str, Path]] = {}
    for path in _candidates(folder):
        match = _NAME.fullmatch(path.name)
        if match:
            found.setdefault(match["title"].lower(), {}).setdefault(match["kind"].lower(), path)
    pairs = []
    for title, kinds in sorted(found.items()):
        word = next(word for word in _PART_OF if title.endswith(word))
        pairs.append(_Pair(title, _PART_OF[word], kinds.get("images"), kinds.get("labels")))
    return pairs


def _candidates(folder: Path) -> list[Path]:
    """Return the files that may be IDX files, the preferred of two of one name first."""
    entries = sorted(folder.iterdir())
    # Some archives hold each file in a folder of its name; torchvision puts them in "raw".
    inner = [entry for entry in entries if entry.is_dir() and (entry.name == "raw" or _NAME.fullmatch(entry.name))]
    files = [entry for entry in entries if entry.is_file()]
    nested = [path for entry in inner for path in sorted(entry.iterdir()) if path.is_file()]
    by_form = [sorted(group, key=lambda path: path.suffix.lower() == ".gz") for group in (files, nested)]
    return by_form[0] + by_form[1]


def _only_pair(folder: Path, pairs: list[_Pair], part: Part) -> tuple[Path, Path]:
    if len(pairs) > 1:
        titles = ", ".join(pair.title for pair in pairs)
        raise DatasetFormatError(
            f"{folder}: expected one set of IDX files for part {part!r}, got {len(pairs)}: {titles}. "
            "Put each set in a folder of its own."
        )
    (pair,) = pairs
    if pair.images is None or pair.labels is None:
        missing = "labels" if pair.labels is None else "images"
        there = pair.images or pair.labels
        raise DatasetFormatError(
            f"{folder}: expected pictures and labels for part {part!r}, got "
            f"{there.name if there else 'neither'} without "
            f"{pair.title}-{missing}-idx{1 if missing == 'labels' else 3}-ubyte. Put that file beside it."
        )
    return pair.images, pair.labels
