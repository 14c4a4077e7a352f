"""The verb `evaluate`, and what it is made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from inkread.cli import app
from inkread.datasets import Dataset, load
from inkread.errors import (
    DatasetError,
    DatasetFormatError,
    DatasetNotFoundError,
    ModelNotFoundError,
    OutputError,
    QualityError,
    UsageError,
)
from inkread.evaluation.evaluate import compare, evaluate, require_accuracy
from tests.bad_input.case import collector
from tests.model_files import LABELS, make_card, write_model

EVALUATIONS, evaluation = collector("Evaluations of model files")
EVALUATE_COMMANDS, command = collector("The verb evaluate")


def _run(*arguments: object) -> None:
    app(["evaluate", *map(str, arguments)], standalone_mode=False)


def _model(folder: Path) -> Path:
    return write_model(folder / "net.onnx", card=make_card(shape=(8, 8), preprocessing=None), shape=(8, 8))


def _noise(names: tuple[str, ...] = LABELS, *, n: int = 40, side: int = 8) -> Dataset:
    images = np.random.default_rng(0).integers(0, 256, (n, side, side), dtype=np.uint8)
    return Dataset(images, np.arange(n) % len(names), names, "noise.npz")


def _saved(folder: Path, **changes: object) -> Path:
    noise = _noise()
    np.savez(folder / "noise.npz", **({"x": noise.images, "y": noise.labels} | changes))
    return folder / "noise.npz"


@evaluation("pictures of a class that the model does not know", DatasetError)
def _(folder: Path) -> None:
    evaluate(_model(folder), _noise(("7", "8", "9", "x")), cost=False)


@evaluation("pictures of another size than a model takes that has no preprocessing", DatasetError)
def _(folder: Path) -> None:
    evaluate(_model(folder), _noise(side=9), cost=False)


@evaluation("a model that does not exist", ModelNotFoundError, theirs=r"Known are: .*?\.")
def _(folder: Path) -> None:
    evaluate("defualt", _noise(), cost=False)


@evaluation("two evaluations of different pictures, to compare", UsageError)
def _(folder: Path) -> None:
    model = _model(folder)
    compare(evaluate(model, _noise(), cost=False), evaluate(model, _noise(n=30), cost=False))


@evaluation("a model that is not as accurate as asked for", QualityError)
def _(folder: Path) -> None:
    require_accuracy(evaluate(_model(folder), _noise(), cost=False), 0.995)


@command("inkread evaluate --data with pictures and no labels", DatasetFormatError)
def _(folder: Path) -> None:
    np.savez(folder / "noise.npz", x=_noise().images)
    _run(_model(folder), "--data", folder / "noise.npz")


@command("inkread evaluate --data with no pictures", DatasetFormatError)
def _(folder: Path) -> None:
    _run(_model(folder), "--data", _saved(folder, x=np.zeros((0, 8, 8), np.uint8), y=np.zeros(0, int)))


@command("inkread evaluate --data with more pictures than labels", DatasetFormatError)
def _(folder: Path) -> None:
    _run(_model(folder), "--data", _saved(folder, y=np.arange(10)))


@command("inkread evaluate --split of a part that the source lacks", DatasetNotFoundError)
def _(folder: Path) -> None:
    _run(_model(folder), "--data", _saved(folder), "--split", "test")


@command("inkread evaluate --split validation of a model that does not say what it held out", DatasetError)
def _(folder: Path) -> None:
    _run(_model(folder), "--data", _saved(folder), "--split", "validation")


@command("inkread evaluate --split validation with other data than it was trained on", DatasetError)
def _(folder: Path) -> None:
    _run("default", "--data", _saved(folder), "--split", "validation")


@command("inkread evaluate --split validation of a model that was trained on all pictures", DatasetError)
def _(folder: Path) -> None:
    data = _saved(folder)
    card = make_card(
        data={"source": str(data), "fingerprint": load(data).fingerprint}, config={"validation": 0.0, "split_seed": 0}
    )
    _run(write_model(folder / "net.onnx", card=card), "--data", data, "--split", "validation")


@command("inkread evaluate --min-accuracy in percent", UsageError)
def _(folder: Path) -> None:
    _run(_model(folder), "--data", _saved(folder), "--min-accuracy", 99)


@command("inkread evaluate --compare with a model that does not exist", ModelNotFoundError)
def _(folder: Path) -> None:
    _run(_model(folder), "--data", _saved(folder), "--compare", folder / "other.onnx")


@command("inkread evaluate --report to a folder with files", OutputError)
def _(folder: Path) -> None:
    _run(_model(folder), "--data", _saved(folder), "--report", folder)


@command("inkread evaluate --report to the name of a file", OutputError)
def _(folder: Path) -> None:
    _run(_model(folder), "--data", _saved(folder), "--report", _model(folder))


@command("inkread evaluate --json in a folder that does not exist", OutputError)
def _(folder: Path) -> None:
    _run(_model(folder), "--data", _saved(folder), "--json", folder / "nowhere" / "figures.json")


@command("inkread evaluate --json with the name of a folder", OutputError)
def _(folder: Path) -> None:
    _run(_model(folder), "--data", _saved(folder), "--json", folder)
