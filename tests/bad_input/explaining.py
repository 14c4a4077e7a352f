"""The verbs `explain` and `doubtful`, and what they are made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from inkread.cli import app
from inkread.errors import DatasetNotFoundError, ModelError, NoInkError, OutputError, UsageError
from inkread.evaluation import inside, inside_plots
from inkread.reading.explain import embed, explain
from tests.bad_input.case import collector
from tests.model_files import write_model

_AMOUNT = Path(__file__).parents[2] / "examples" / "form" / "amount.jpg"
EXPLAINING, add = collector("Looking inside")


def _digit(folder: Path) -> Path:
    picture = Image.new("L", (40, 40), 255)
    ImageDraw.Draw(picture).line([(20, 8), (20, 32)], fill=0, width=4)
    picture.save(folder / "one.png")
    return folder / "one.png"


def _run(*arguments: object) -> None:
    app([*map(str, arguments)], standalone_mode=False)


@add("a method of explaining that there is not", UsageError)
def _(folder: Path) -> None:
    explain(_digit(folder), method="oclusion")  # type: ignore[arg-type]


@add("a class to ask about that the model does not know", UsageError)
def _(folder: Path) -> None:
    explain(_digit(folder), label="x")


@add("an occluding square larger than the picture", UsageError)
def _(folder: Path) -> None:
    explain(_digit(folder), patch=29)


@add("occluding squares with gaps between them", UsageError)
def _(folder: Path) -> None:
    explain(_digit(folder), patch=3, stride=4)


@add("class activation of a network without a global pooling", ModelError)
def _(folder: Path) -> None:
    explain(_digit(folder), write_model(folder / "small.onnx"), method="class-activation")


@add("a blank picture to explain", NoInkError)
def _(folder: Path) -> None:
    explain(np.full((40, 40), 255, np.uint8))


@add("one picture to embed instead of many", UsageError)
def _(folder: Path) -> None:
    embed(np.zeros((28, 28), np.uint8))


@add("examples of other features than the picture's", UsageError)
def _(folder: Path) -> None:
    inside.nearest(np.zeros((1, 3)), np.zeros((5, 4)), np.arange(5))


@add("a map of two pictures", UsageError)
def _(folder: Path) -> None:
    inside.embedding_map(np.zeros((2, 8)))


@add("a list of no doubtful label", UsageError)
def _(folder: Path) -> None:
    inside.doubtful(np.eye(3), np.arange(3), 0)


@add("feature maps of a network without convolutions", UsageError)
def _(folder: Path) -> None:
    inside_plots.feature_maps(explain(_digit(folder), write_model(folder / "small.onnx")))


@add("inkread explain of six digits without saying which", UsageError)
def _(folder: Path) -> None:
    _run("explain", _AMOUNT)


@add("inkread explain --digit 7 of six digits", UsageError)
def _(folder: Path) -> None:
    _run("explain", _AMOUNT, "--digit", "7")


@add("inkread explain --box of three numbers", UsageError)
def _(folder: Path) -> None:
    _run("explain", _digit(folder), "--box", "1,2,3")


@add("inkread explain --nearest of a source that is not there", DatasetNotFoundError)
def _(folder: Path) -> None:
    _run("explain", _digit(folder), "--nearest", folder / "nowhere.npz")


@add("inkread doubtful of a source without that part", DatasetNotFoundError)
def _(folder: Path) -> None:
    np.savez(folder / "three.npz", x=np.zeros((3, 28, 28), np.uint8), y=np.arange(3))
    _run("doubtful", folder / "three.npz", "--split", "test")


@add("inkread doubtful --top 0", UsageError)
def _(folder: Path) -> None:
    np.savez(folder / "three.npz", x=np.zeros((3, 28, 28), np.uint8), y=np.arange(3))
    _run("doubtful", folder / "three.npz", "--split", "train", "--top", "0")


@add("inkread doubtful --output to the name of a file", OutputError)
def _(folder: Path) -> None:
    np.savez(folder / "three.npz", x=np.zeros((3, 28, 28), np.uint8), y=np.arange(3))
    _run("doubtful", folder / "three.npz", "--split", "train", "--output", folder / "three.npz")
