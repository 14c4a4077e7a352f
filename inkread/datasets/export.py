"""A dataset as a folder of PNG files, one folder per class, that `load` reads back.

    FOLDER/0/00001.png, FOLDER/1/00000.png, …    the number is the picture's index in the dataset

Each file is written under a hidden name and renamed when whole, so an export that was cut short goes on when it
is called again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.datasets.dataset import Dataset
from inkread.datasets.parts import Part
from inkread.errors import DatasetFormatError, OutputError

__all__ = ["export_folder", "export_parts"]

Report = Callable[[int, int], None]

# What one of the usual file systems refuses or takes for something else.
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_LONGEST = 255
# Signature, width, height, depth and kind of colour: files that differ here need not be decoded.
_PNG_HEAD = 26
# Of how many pictures the report tells at once, as a share of all: a bar costs more than a file.
_REPORTS = 500


def _silent(done: int, total: int) -> None:
    pass


def export_folder(dataset: Dataset, folder: Path, *, report: Report = _silent) -> None:
    """Write each picture to `folder`/CLASS/INDEX.png.

    `inkread.datasets.load(folder)` gives every picture back with the name of its class; as with any folder the
    classes then stand in natural order and the pictures class by class. A class without pictures is an empty
    folder. Pictures that are there already are kept, and the rest is written.

    Args:
        dataset: What to write.
        folder: New, empty, or left by an earlier export of the same data. Hidden files in it do not matter.
        report: Called as report(done, total), in pictures, now and then and at the end.

    Raises:
        DatasetFormatError: A class has a name that no folder can have on every system, or two differ in case alone.
        OutputError: The folder holds something else (nothing is written then), or it cannot be written.
    """
    _export({folder: dataset}, report)


def export_parts(parts: Mapping[Part, Dataset], folder: Path, *, report: Report = _silent) -> None:
    """Write the parts of a dataset to `folder`/train and `folder`/test, each as `export_folder` does.

    Raises:
        DatasetFormatError, OutputError: as for `export_folder`; nothing is written unless all of it can be.
    """
    with _explained(folder):
        _refuse_others(folder, set(parts))
    _export({folder / part: dataset for part, dataset in parts.items()}, report)


def _export(targets: Mapping[Path, Dataset], report: Report) -> None:
    for dataset in targets.values():
        _check_names(dataset)
    missing: dict[Path, list[int]] = {}
    for folder, dataset in targets.items():
        with _explained(folder):
            missing[folder] = _missing(dataset, folder)
    total = sum(len(dataset) for dataset in targets.values())
    done = total - sum(len(indices) for indices in missing.values())
    report(done, total)
    step = max(1, total // _REPORTS)
    for folder, dataset in targets.items():
        with _explained(folder):
            for name in dataset.names:
                (folder / name).mkdir(parents=True, exist_ok=True)
            for index in missing[folder]:
                _write(_encode(dataset.images[index]), _path(dataset, folder, index))
                done += 1
                if done % step == 0 or done == total:
                    report(done, total)


def _path(dataset: Dataset, folder: Path, index: int) -> Path:
    return folder / dataset.names[dataset.labels[index]] / _file_name(dataset, index)


def _file_name(dataset: Dataset, index: int) -> str:
    digits = len(str(len(dataset) - 1))
    return f"{index:0{digits}d}.png"


def _missing(dataset: Dataset, folder: Path) -> list[int]:
    """Return the pictures that are not there yet, or raise OutputError when something else is."""
    _refuse_others(folder, set(dataset.names))
    missing: list[int] = []
    for label, name in enumerate(dataset.names):
        members = np.flatnonzero(dataset.labels == label).tolist()
        present = _refuse_others(folder / name, {_file_name(dataset, index) for index in members})
        for index in members:
            if _file_name(dataset, index) not in present:
                missing.append(index)
            elif not _holds(_path(dataset, folder, index), dataset.images[index]):
                raise _occupied(folder / name, _file_name(dataset, index))
    return sorted(missing)


def _refuse_others(folder: Path, expected: Collection[str]) -> set[str]:
    """Return what is in a folder, hidden files aside; raise OutputError when something is not expected."""
    if not folder.exists():
        return set()
    present = {entry.name for entry in folder.iterdir() if not entry.name.startswith(".")}
    others = sorted(present.difference(expected))
    if others:
        raise _occupied(folder, others[0])
    return present


def _occupied(folder: Path, name: str) -> OutputError:
    return OutputError(
        f"Expected a new or empty folder, or an earlier export of the same pictures, got {str(folder)!r}, which "
        f"holds something else: {name!r}. Nothing was written; name another folder."
    )


def _holds(path: Path, picture: NDArray[np.uint8]) -> bool:
    """Tell whether a file is a PNG of these pixels."""
    held, wanted = path.read_bytes(), _encode(picture)
    if held == wanted:
        return True
    # Another release of the encoder packs the same pixels into other bytes.
    if held[:_PNG_HEAD] != wanted[:_PNG_HEAD]:
        return False
    pixels = cv2.imdecode(np.frombuffer(held, np.uint8), cv2.IMREAD_UNCHANGED)
    return pixels is not None and np.array_equal(pixels, _as_opencv(picture))


def _encode(picture: NDArray[np.uint8]) -> bytes:
    # The least compression: several times as fast, and small pictures fill a block of the disk each anyway.
    _, png = cv2.imencode(".png", _as_opencv(picture), (cv2.IMWRITE_PNG_COMPRESSION, 1))
    return png.tobytes()


def _as_opencv(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (H, W) as it is, and RGB as the BGR that OpenCV expects."""
    return np.ascontiguousarray(picture[..., ::-1]) if picture.ndim == 3 else picture


def _write(contents: bytes, path: Path) -> None:
    # Hidden, so that `load` passes over what an interruption leaves behind.
    partial = path.with_name(f".{path.name}.part")
    try:
        partial.write_bytes(contents)
        partial.replace(path)
    except OSError:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    """Turn the faults of the file system into OutputError."""
    try:
        yield
    except OutputError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a path with a null byte
        raise OutputError(
            f"Cannot export to {str(folder)!r} ({getattr(error, 'strerror', None) or error}): expected a folder that "
            "can be written and has room. Put that right and export again: what is written already is kept."
        ) from error


def _check_names(dataset: Dataset) -> None:
    """Refuse the names of classes that some file system would refuse, change or mix up."""
    unfit = [name for name in dataset.names if not _fits(name)]
    seen: dict[str, str] = {}
    for name in dataset.names:
        first = seen.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
        if first != name:
            unfit += [first, name]
    if unfit:
        raise DatasetFormatError(
            f"{dataset.source}: expected names of classes that folders can have on every system, got "
            f"{', '.join(map(repr, dict.fromkeys(unfit)))}. Rename them: no name may be empty, begin with a dot, end "
            f'with a dot or a space, hold any of < > : " / \\ | ? * or a control character, be longer than {_LONGEST} '
            "bytes, be no Unicode, be a device of Windows such as NUL, or differ from another in case alone."
        )


def _fits(name: str) -> bool:
    if not name or name.startswith(".") or name.endswith((".", " ")) or _FORBIDDEN.search(name):
        return False
    try:
        length = len(name.encode())
    except UnicodeEncodeError:  # half of a surrogate pair, which stands for a byte that is no UTF-8
        return False
    return length <= _LONGEST and not _DEVICES.fullmatch(name)
