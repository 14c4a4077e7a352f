"""MNIST: 60,000 training and 10,000 test pictures of handwritten digits, 28 x 28.

By LeCun, Cortes and Burges, under CC BY-SA 3.0.

The checksums are of the uncompressed files: mirrors compress the same contents to different bytes. They are
checked on every load.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inkread.datasets.dataset import Dataset
from inkread.datasets.download import Progress, RemoteFile, cache_folder, fetch
from inkread.datasets.idx import parse_idx
from inkread.datasets.parts import Part, check_part

__all__ = ["mnist"]

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
)

# Pictures and labels of each part.
FILES: dict[Part, tuple[RemoteFile, RemoteFile]] = {
    "train": (
        RemoteFile(
            "train-images-idx3-ubyte.gz",
            47_040_016,
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        RemoteFile(
            "train-labels-idx1-ubyte.gz",
            60_008,
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
    ),
    "test": (
        RemoteFile(
            "t10k-images-idx3-ubyte.gz",
            7_840_016,
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        RemoteFile(
            "t10k-labels-idx1-ubyte.gz",
            10_008,
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
}

_NAMES = tuple(str(digit) for digit in range(10))


def mnist(part: Part = "train", cache: Path | None = None, *, progress: Progress | None = None) -> Dataset:
    """Load MNIST, downloading it the first time.

    Each file is looked for in the folder `mnist` of the environment's INKREAD_DATA, then in the folder
    `mnist` of the cache, raw or gzipped; what is in neither is downloaded into the cache.

    Args:
        part: "train" or "test".
        cache: the cache folder; by default the environment's INKREAD_CACHE, else the user's cache folder.
        progress: called as progress(done, total) in bytes while a file is downloaded.

    Returns:
        The pictures, (N, 28, 28), light ink on black; names "0".."9", labels the digits themselves.

    Raises:
        ChecksumError: a file is not the published one.
        DownloadError: no mirror answered, or the cache cannot be written.
        MissingExtraError: a download is needed and pooch is not installed.
        UsageError: there is no such part.
    """
    check_part(part)
    images, labels = (_load(file, cache_folder(cache) / "mnist", progress) for file in FILES[part])
    return Dataset(images, labels.astype(np.int64), _NAMES, "mnist")


def _load(file: RemoteFile, cache: Path, progress: Progress | None) -> NDArray[np.uint8]:
    path, remedy = locate(file, cache) or (fetch(file, MIRRORS, cache, progress=progress), _remedy(cache))
    contents = file.read(path, remedy)
    return parse_idx(io.BytesIO(contents), str(path), len(contents))


def locate(file: RemoteFile, cache: Path) -> tuple[Path, str] | None:
    """Return the nearest copy of a file, and what to do should it be damaged."""
    places = [(cache, _remedy(cache))]
    data = os.environ.get("INKREAD_DATA")
    if data:
        remedy = "Put a sound copy in its place, or unset INKREAD_DATA to have it downloaded."
        places.insert(0, (Path(data).expanduser() / "mnist", remedy))
    raw = file.name.removesuffix(".gz")
    for folder, remedy in places:
        for name in (file.name, raw, raw.replace("-idx", ".idx")):
            if (folder / name).is_file():
                return folder / name, remedy
    return None


def _remedy(cache: Path) -> str:
    return f"Delete it; the next call downloads it again into {cache}."
