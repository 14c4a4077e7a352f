"""Networks to be exported."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from inkread.errors import DatasetError, DatasetNotFoundError, ModelError, ModelNotFoundError, OutputError, UsageError
from inkread.reading.card import Card
from inkread.training.convert import Request, convert
from inkread.training.foreign import Conventions
from tests.bad_input.case import collector

NETWORKS, export = collector("Networks to be exported")


def _keras(folder: Path, shape: tuple[int, ...] = (28, 28), outputs: int = 10, activation: str = "softmax") -> Path:
    from inkread.training.backend import require_keras

    require_keras()
    import keras
    from keras import layers

    middle = [layers.Flatten(), layers.Dense(outputs, activation=activation)]
    keras.Sequential([keras.Input(shape), *middle]).save(folder / "net.keras")
    return folder / "net.keras"


def _labelled(folder: Path, count: int = 200, side: int = 28, names: int = 10) -> str:
    labels = np.arange(count) % names
    np.savez(folder / "set.npz", x=np.full((count, side, side), 99, np.uint8), y=labels)
    return str(folder / "set.npz")


def _run(folder: Path) -> Path:
    (folder / "weights.keras").write_text("no model")
    card = Card("mine", "1", tuple("0123456789"), (28, 28), 1, 1, data={"source": "mnits", "fingerprint": "x"})
    (folder / "card.json").write_text(card.to_json())
    return folder


_UNIT = Conventions(pixels="0..1")


@export("a misspelt file", ModelNotFoundError)
def _(folder: Path) -> None:
    (folder / "net.keras").write_text("")
    convert(folder / "nett.keras", Request())


@export("a file of another kind", UsageError)
def _(folder: Path) -> None:
    (folder / "net.pt").write_text("")
    convert(folder / "net.pt", Request())


@export("a folder that is no run's", ModelError)
def _(folder: Path) -> None:
    convert(folder, Request())


@export("a run whose weights are damaged", ModelError)
def _(folder: Path) -> None:
    convert(_run(folder), Request())


@export("a run with the range of its pixels", UsageError)
def _(folder: Path) -> None:
    convert(_run(folder), Request(conventions=_UNIT))


@export("a .keras file that is none", ModelError)
def _(folder: Path) -> None:
    (folder / "net.keras").write_text("no model")
    convert(folder / "net.keras", Request())


@export("an output that is no .onnx", UsageError)
def _(folder: Path) -> None:
    convert(_run(folder), Request(output=folder / "net.tflite"))


@export("an output that exists", OutputError)
def _(folder: Path) -> None:
    (folder / "net.onnx").write_text("")
    convert(_run(folder), Request(output=folder / "net.onnx"))


@export("an output in a folder that does not exist", OutputError)
def _(folder: Path) -> None:
    convert(_run(folder), Request(output=folder / "models" / "net.onnx"))


@export('range="0-1"', UsageError)
def _(folder: Path) -> None:
    Conventions(pixels="0-1")


@export("a Keras file that does not tell the range of its pixels", UsageError)
def _(folder: Path) -> None:
    convert(_keras(folder), Request())


@export("a Keras file that does not tell what its scores are", UsageError)
def _(folder: Path) -> None:
    convert(_keras(folder, activation="relu"), Request(conventions=_UNIT))


@export("a Keras file of five classes without labels", UsageError)
def _(folder: Path) -> None:
    convert(_keras(folder, outputs=5), Request(conventions=_UNIT))


@export("a Keras file that takes no pictures", ModelError)
def _(folder: Path) -> None:
    convert(_keras(folder, shape=(13,)), Request(conventions=_UNIT))


@export("a Keras file with one score", ModelError)
def _(folder: Path) -> None:
    convert(_keras(folder, outputs=1, activation="sigmoid"), Request(conventions=_UNIT))


@export("eight bits without data", UsageError)
def _(folder: Path) -> None:
    (folder / "net.keras").write_text("")
    convert(folder / "net.keras", Request(int8=True))


@export("data that are not there", DatasetNotFoundError)
def _(folder: Path) -> None:
    convert(_keras(folder), Request(int8=True, data=str(folder / "set.npz"), conventions=_UNIT))


@export("data of too few pictures", DatasetError)
def _(folder: Path) -> None:
    convert(_keras(folder), Request(int8=True, data=_labelled(folder, count=100), conventions=_UNIT))


@export("data of other classes", DatasetError)
def _(folder: Path) -> None:
    conventions = Conventions(pixels="0..1", labels="0,1,2,3")
    convert(_keras(folder, outputs=4), Request(data=_labelled(folder, names=6), conventions=conventions))


@export("data of another size", DatasetError)
def _(folder: Path) -> None:
    convert(_keras(folder, shape=(20, 20)), Request(data=_labelled(folder), conventions=_UNIT))
