"""The verb `data`, and what it is made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from inkread.cli import app
from inkread.datasets import Dataset
from inkread.datasets.export import export_folder
from inkread.errors import DatasetFormatError, DatasetNotFoundError, OutputError, UsageError
from inkread.evaluation import plots
from tests.bad_input.case import collector

EXPORTS, export = collector("Exports and drawings of labelled data")
DATA_COMMANDS, command = collector("The verb data")


def _run(*arguments: object) -> None:
    app(["data", *map(str, arguments)], standalone_mode=False)


def _three(*names: str) -> Dataset:
    return Dataset(np.arange(3, dtype=np.uint8).repeat(16).reshape(3, 4, 4), np.arange(3), names, "three.npz")


def _saved(folder: Path) -> Path:
    three = _three("0", "1", "2")
    np.savez(folder / "three.npz", x=three.images, y=three.labels)
    return folder / "three.npz"


@export("classes that no folder can be named after", DatasetFormatError)
def _(folder: Path) -> None:
    export_folder(_three("7", "1/2", ".."), folder / "out")


@export("classes whose names differ in case alone", DatasetFormatError)
def _(folder: Path) -> None:
    export_folder(_three("a", "b", "A"), folder / "out")


@export("a folder with a picture of the same name and other pixels", OutputError)
def _(folder: Path) -> None:
    (folder / "out" / "1").mkdir(parents=True)
    Image.new("L", (4, 4), 77).save(folder / "out" / "1" / "1.png")
    export_folder(_three("0", "1", "2"), folder / "out")


@export("curves of no epoch", UsageError)
def _(folder: Path) -> None:
    plots.curves({"number": [], "loss": [], "accuracy": []})


@export("a confusion matrix of fewer classes than names", UsageError)
def _(folder: Path) -> None:
    plots.confusion_heatmap(np.eye(2, dtype=int), ("0", "1", "2"))


@export("a drawing in a folder that does not exist", OutputError)
def _(folder: Path) -> None:
    plots.save(plots.class_histogram([3, 4], ("0", "1")), folder / "nowhere" / "classes.png")


@command("inkread data get of a misspelt name", UsageError)
def _(folder: Path) -> None:
    _run("get", "mnits")


@command("inkread data show of a file that does not exist", DatasetNotFoundError)
def _(folder: Path) -> None:
    _run("show", folder / "three.npz")


@command("inkread data show --part of a part that the source lacks", DatasetNotFoundError)
def _(folder: Path) -> None:
    _run("show", _saved(folder), "--part", "test")


@command("inkread data export into a folder with other files", OutputError)
def _(folder: Path) -> None:
    _run("export", _saved(folder), folder)


@command("inkread data export to the name of a file", OutputError)
def _(folder: Path) -> None:
    _run("export", _saved(folder), folder / "three.npz")
