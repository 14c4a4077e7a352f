"""From what a user names to a dataset: `mnist`, a .npz or .csv file, or a folder."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from inkread.datasets.csv import load_csv
from inkread.datasets.dataset import Dataset
from inkread.datasets.download import Progress
from inkread.datasets.folder import has_class_folders, load_class_folders
from inkread.datasets.idx import has_idx_files, load_idx_folder
from inkread.datasets.mnist import mnist
from inkread.datasets.npz import load_npz
from inkread.datasets.parts import Part, check_part
from inkread.errors import DatasetFormatError, DatasetNotFoundError, did_you_mean

__all__ = ["load"]

_EXPECTED = (
    "expected mnist, a .npz file, a .csv file, a folder of IDX files, or a folder with one folder of pictures per class"
)


def load(
    source: str | Path,
    part: Part = "train",
    *,
    cache: Path | None = None,
    progress: Progress | None = None,
    any_size: bool = False,
) -> Dataset:
    """Load labelled pictures from any source.

    A source that is not divided into parts is all "train".

    Args:
        source: "mnist", FILE.npz, FILE.csv (or .csv.gz), a folder of IDX files, or a folder of one folder of
            pictures per class, optionally below train/ and test/. The text "mnist" is always the dataset; a
            folder of that name is "./mnist" or a Path.
        part: "train" or "test".
        cache: the folder for downloads, as for `mnist`.
        progress: called as progress(done, total) in bytes while a file is downloaded.
        any_size: where the pictures of a folder differ in size, bring each into MNIST's form, as reading does it,
            instead of refusing them; the dataset's `note` says so then.

    Returns:
        The pictures of that part; every part of a source has the same class names.

    Raises:
        DatasetNotFoundError: there is no such source, or it has no such part.
        DatasetFormatError: the source is damaged or not in the format its name promises.
        ChecksumError, DownloadError, MissingExtraError: as for `mnist`.
        UsageError: there is no part of that name.
    """
    check_part(part)
    if source == "mnist":
        return mnist(part, cache, progress=progress)
    path = _existing(source)
    if path.is_dir():
        return _load_folder(path, part, str(source), any_size=any_size)
    name = path.name.lower()
    if name.endswith(".npz"):
        return load_npz(path, part, str(source))
    if name.endswith((".csv", ".csv.gz")):
        return load_csv(path, part, str(source))
    raise DatasetFormatError(
        f"{source}: {_EXPECTED}; got a file of another kind. Of IDX files or pictures, name the folder they are in."
    )


def _load_folder(folder: Path, part: Part, source: str, *, any_size: bool) -> Dataset:
    try:
        if has_idx_files(folder):
            return load_idx_folder(folder, part, source)
        if has_class_folders(folder):
            return load_class_folders(folder, part, source, any_size=any_size)
    except OSError as error:
        raise DatasetNotFoundError(
            f"{source}: the folder cannot be read ({error.strerror or error}). Check its permissions."
        ) from error
    raise DatasetNotFoundError(
        f"{source}: {_EXPECTED}; got a folder with neither IDX files (such as train-images-idx3-ubyte.gz) "
        "nor folders in it."
    )


def _existing(source: str | Path) -> Path:
    """Return the path of a file or folder that exists."""
    near: list[str] = []
    # Of a path that cannot even be asked for (too long, a home or folder that is closed) it is true as well.
    with suppress(OSError, RuntimeError):
        path = Path(source).expanduser()
        # An empty text would be the current folder, which nobody means by it.
        if str(source) and (path.is_dir() or path.is_file()):
            return path
        near = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    hint = did_you_mean(Path(source).name, near) or did_you_mean(str(source), ["mnist"])
    raise DatasetNotFoundError(f"{str(source)!r}: {_EXPECTED}; there is no such file or folder.{hint}")
