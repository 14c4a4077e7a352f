"""Labelled data, and configurations of trainings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from inkread.datasets import load
from inkread.errors import DatasetFormatError, DatasetNotFoundError, UsageError
from inkread.training.config import Config, config_from
from inkread.training.folder import read_toml
from tests.bad_input.case import collector

DATASETS, data = collector("Labelled data")
CONFIGS, config = collector("Configurations of trainings")

_PICTURES = np.zeros((3, 28, 28), np.uint8)


def _idx(values: np.ndarray) -> bytes:
    return bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes() + values.astype(np.uint8).tobytes()


def _idx_folder(folder: Path, images: bytes = _idx(_PICTURES), labels: bytes = _idx(np.arange(3))) -> Path:
    (folder / "train-images-idx3-ubyte").write_bytes(images)
    (folder / "train-labels-idx1-ubyte").write_bytes(labels)
    return folder


def _npz(folder: Path, **arrays: object) -> Path:
    np.savez(folder / "set.npz", **arrays)
    return folder / "set.npz"


def _csv(folder: Path, text: str) -> Path:
    (folder / "set.csv").write_text(text)
    return folder / "set.csv"


@data("a misspelt name", DatasetNotFoundError)
def _(folder: Path) -> None:
    load("mnits")


@data("a misspelt file", DatasetNotFoundError)
def _(folder: Path) -> None:
    _npz(folder)
    load(folder / "sett.npz")


@data('part="validation"', UsageError)
def _(folder: Path) -> None:
    load(folder, "validation")


@data("a file of another kind", DatasetFormatError)
def _(folder: Path) -> None:
    (folder / "set.txt").write_text("x")
    load(folder / "set.txt")


@data("a folder without data", DatasetNotFoundError)
def _(folder: Path) -> None:
    load(folder)


@data("a part that the source lacks", DatasetNotFoundError)
def _(folder: Path) -> None:
    load(_idx_folder(folder), "test")


@data("IDX: a file that is none", DatasetFormatError)
def _(folder: Path) -> None:
    load(_idx_folder(folder, images=b"\x89PNG\r\n"))


@data("IDX: a file that is cut short", DatasetFormatError)
def _(folder: Path) -> None:
    load(_idx_folder(folder, images=_idx(_PICTURES)[:-100]))


@data("IDX: a header that promises terabytes", DatasetFormatError)
def _(folder: Path) -> None:
    load(_idx_folder(folder, images=bytes([0, 0, 8, 3]) + b"\x7f\xff\xff\xff" * 3))


@data("IDX: more pictures than labels", DatasetFormatError)
def _(folder: Path) -> None:
    load(_idx_folder(folder, labels=_idx(np.arange(2))))


@data("IDX: pictures without labels", DatasetFormatError)
def _(folder: Path) -> None:
    (_idx_folder(folder) / "train-labels-idx1-ubyte").unlink()
    load(folder)


@data(".npz: a file that is none", DatasetFormatError, r"\(.*\)")
def _(folder: Path) -> None:
    (folder / "set.npz").write_bytes(b"no archive")
    load(folder / "set.npz")


@data(".npz: arrays of other names", DatasetFormatError)
def _(folder: Path) -> None:
    load(_npz(folder, pixels=_PICTURES, classes=np.arange(3)))


@data(".npz: pickled objects", DatasetFormatError, r"\(.*\)")
def _(folder: Path) -> None:
    load(_npz(folder, x=_PICTURES, y=np.array([{}, {}, {}], object)))


@data(".npz: floats above 1", DatasetFormatError)
def _(folder: Path) -> None:
    load(_npz(folder, x=_PICTURES + 7.5, y=np.arange(3)))


@data(".npz: pictures that are no squares", DatasetFormatError)
def _(folder: Path) -> None:
    load(_npz(folder, x=np.zeros((3, 783), np.uint8), y=np.arange(3)))


@data(".npz: labels that are no whole numbers", DatasetFormatError)
def _(folder: Path) -> None:
    load(_npz(folder, x=_PICTURES, y=np.array([0, 1.5, 2])))


@data(".csv: an empty file", DatasetFormatError)
def _(folder: Path) -> None:
    load(_csv(folder, ""))


@data(".csv: a row that is too short", DatasetFormatError)
def _(folder: Path) -> None:
    load(_csv(folder, "7,0,0,255,255\n2,0,0,255\n"))


@data(".csv: a pixel above 255", DatasetFormatError)
def _(folder: Path) -> None:
    load(_csv(folder, "7,0,0,255,256\n"))


@data("class folders: pictures of two sizes", DatasetFormatError)
def _(folder: Path) -> None:
    for name, size in (("0", 28), ("1", 30)):
        (folder / name).mkdir()
        Image.new("L", (size, size)).save(folder / name / "a.png")
    load(folder)


@data("class folders: a file that is no picture", DatasetFormatError, r"\((?!PNG).*?\)(?=\. Remove)")
def _(folder: Path) -> None:
    (folder / "0").mkdir()
    (folder / "0" / "a.png").write_text("no picture")
    load(folder)


@config("a misspelt key", UsageError)
def _(folder: Path) -> None:
    config_from({"epoch": 5}, Config())


@config("a misspelt key of a table", UsageError)
def _(folder: Path) -> None:
    config_from({"augmentation": {"rotations": 5}}, Config())


@config("a text where a number belongs", UsageError)
def _(folder: Path) -> None:
    config_from({"epochs": "5"}, Config())


@config("a fraction where a whole number belongs", UsageError)
def _(folder: Path) -> None:
    config_from({"batch_size": 64.5}, Config())


@config("true where a number belongs", UsageError)
def _(folder: Path) -> None:
    config_from({"learning_rate": True}, Config())


@config("a number where a table belongs", UsageError)
def _(folder: Path) -> None:
    config_from({"augmentation": 3}, Config())


@config("several faults at once", UsageError)
def _(folder: Path) -> None:
    config_from({"epochs": 0, "warmup": 1.0, "precision": "half", "augmentation": {"shift": -1.0}}, Config())


@config("a file that is no TOML", UsageError, r"(?<=something else: ).*")
def _(folder: Path) -> None:
    (folder / "run.toml").write_text("epochs: 5")
    read_toml(folder / "run.toml")


@config("a file that does not exist", UsageError)
def _(folder: Path) -> None:
    read_toml(folder / "run.toml")
