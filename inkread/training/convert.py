"""A trained network, from a run folder or a Keras file, to a model file; in float32 or in eight bits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inkread.errors import InkreadError, ModelError, OutputError, UsageError
from inkread.reading.card import Card
from inkread.reading.model_file import open_model
from inkread.training.backend import predict_logits
from inkread.training.confidence import set_confidence
from inkread.training.config import Config, config_from
from inkread.training.export import beside, export, file_logits, write_card
from inkread.training.foreign import Conventions, foreign_card, keras_file, labels_from, load_keras, wrap
from inkread.training.held_out import Pictures, pictures_for
from inkread.training.quantize import quantize

if TYPE_CHECKING:
    import keras

__all__ = ["Converted", "Request", "convert"]


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be made.

    Attributes:
        output: The model file, ending in ".onnx"; None for NAME.onnx in the run folder or beside the Keras file.
        force: Replace a file that is there.
        int8: In eight bits; NAME then ends in "-int8", unless it was given.
        data: Source of labelled pictures, for the ranges of the eight bits and for the confidence; None for a run's
            own training data in eight bits, and for none at all in float32.
        name: Of the model; by default the run's or the Keras file's.
        conventions: Of a Keras file.
    """

    output: Path | None = None
    force: bool = False
    int8: bool = False
    data: str | None = None
    name: str = ""
    conventions: Conventions = field(default_factory=Conventions)


@dataclass(frozen=True, slots=True)
class Converted:
    """What was made.

    Attributes:
        path: The model file.
        card: From inside it.
        before: The accuracy in float32 on the held-out pictures; None where none were held out.
        after: The accuracy of the file on the same pictures.
    """

    path: Path
    card: Card
    before: float | None = None
    after: float | None = None


@dataclass(frozen=True, slots=True)
class _Network:
    model: keras.Model
    card: Card


def convert(source: Path, request: Request, *, report: Callable[[int, int | None], None] | None = None) -> Converted:
    """Make a model file.

    In eight bits, or with data, temperature, thresholds and accuracy are measured anew on the file itself, on held-out
    pictures that `inkread.training.held_out.pictures_for` chooses: a run's validation pictures where the data are its
    own, as they are and as the training showed them; else those of the data that set no range of the eight bits. If
    the network was trained on the very pictures named as data, it looks better and surer than it is: name others.
    In float32 and without data, a run keeps the calibration of its training, and a Keras file gets none.

    Args:
        source: A run folder, or a Keras file.
        request: What to make of it.
        report: Called as (done, total) in bytes while data are downloaded.

    Raises:
        UsageError: An option that cannot be, or that is missing.
        ModelError: The network is damaged or of another kind.
        DatasetError: The data cannot be used with this network.
        TrainingError: The file would not give Keras' answers.
        OutputError: The file is there already, or cannot be written.
        MissingExtraError: Keras is not installed.
    """
    card = _run_card(source, request.conventions) if source.is_dir() else None
    name = request.name or (card.name if card else keras_file(source).stem) + ("-int8" if request.int8 else "")
    path = _free(request.output or (source if card else source.parent) / f"{name}.onnx", force=request.force)
    if request.int8 and card is None and request.data is None:
        raise UsageError(
            "Expected --data with labelled pictures for --int8: they set the ranges of the eight bits and the "
            "confidence. Name mnist, FILE.npz, FILE.csv or a folder."
        )
    network = _from_run(source, card) if card else _from_keras(source, request.conventions)
    network = replace(network, card=replace(network.card, name=name))
    pictures = None
    if request.int8 or request.data is not None:
        pictures = pictures_for(network.card, request.data, report=report)
    return _write(network, path, pictures, int8=request.int8)


def _run_card(folder: Path, conventions: Conventions) -> Card:
    path = folder / "card.json"
    if not path.is_file() or not (folder / "weights.keras").is_file():
        raise ModelError(
            f"Expected the folder of a finished run, with weights.keras and card.json in it, got {str(folder)!r}. "
            "Finish the training first, or name its .keras file."
        )
    if conventions != Conventions():
        raise UsageError(
            "Expected --labels, --range, --ink and --outputs for a Keras file made elsewhere alone, got a run folder, "
            "whose card says all that."
        )
    try:
        return Card.from_json(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"Cannot open the card {str(path)!r}: {error}.") from error


def _free(path: Path, *, force: bool) -> Path:
    if path.suffix.lower() != ".onnx" or path.is_dir():
        raise UsageError(f"Expected a model file ending in '.onnx' for the output, got {str(path)!r}.")
    if path.exists() and not force:
        raise OutputError(
            f"Expected a new file for the model, got one that exists: {str(path)!r}. Replace it with --force, or name "
            "another with --output."
        )
    if not path.parent.is_dir():
        raise OutputError(f"Expected a folder to write {path.name} to, but there is none at {str(path.parent)!r}.")
    return path


def _from_run(folder: Path, card: Card) -> _Network:
    model = load_keras(folder / "weights.keras")
    wanted, got = ((None, *card.shape), (None, card.outputs)), (model.input_shape, model.output_shape)
    if wanted != got:
        raise ModelError(
            f"Expected a network from {wanted[0]} to {wanted[1]} in {str(folder)!r}, as its card says, got one from "
            f"{got[0]} to {got[1]}. One of the two files is another run's."
        )
    return _Network(model, card)


def _from_keras(path: Path, conventions: Conventions) -> _Network:
    model = wrap(load_keras(path), conventions)
    labels = labels_from(conventions.labels, int(model.output_shape[1]))
    return _Network(model, foreign_card(model, labels, path.stem))


def _write(network: _Network, path: Path, pictures: Pictures | None, *, int8: bool) -> Converted:
    """Write the file beside its name, measure it, put its card in, and give it its name."""
    import onnx

    with beside(path) as folder:
        plain, whole = folder / "float32.onnx", folder / path.name
        _export(network, plain, _sample(network.card, pictures))
        converted = Converted(path, network.card)
        if int8 and pictures is not None:
            quantize(plain, whole, pictures.ranges)
        else:
            plain.replace(whole)
        if pictures is not None:
            converted = _measured(network, whole, pictures, path, int8=int8)
            ready = onnx.load(whole)
            write_card(ready, converted.card)
            onnx.save(ready, whole)
        open_model(whole)  # refuses what a reader would refuse
        whole.replace(path)
    return converted


def _export(network: _Network, path: Path, sample: NDArray[np.uint8]) -> None:
    try:
        export(network.model, network.card, path, sample)
    except (InkreadError, OSError):
        raise
    except Exception as error:  # the errors of tf2onnx and ONNX Runtime share no base but Exception
        raise ModelError(
            "Expected a network whose operations ONNX Runtime has, got one that cannot be put into its form: "
            f"{str(error).strip().splitlines()[0]}"
        ) from error


def _sample(card: Card, pictures: Pictures | None) -> NDArray[np.uint8]:
    """Return pictures on which the exported network is held against Keras; noise where there are no others."""
    if pictures is not None:
        return pictures.ranges[:256]
    return np.random.default_rng(0).integers(0, 256, (64, *card.shape), dtype=np.uint8)


def _measured(network: _Network, file: Path, pictures: Pictures, path: Path, *, int8: bool) -> Converted:
    """Return what was made, with a card that tells of the file as it is."""
    card = network.card
    if int8:
        import onnxruntime

        card = replace(card, made_with={**card.made_with, "onnxruntime": onnxruntime.__version__})
    held_out = pictures.held_out
    if held_out is None:  # the training left nothing out: what was measured on the float network is not of this file
        return Converted(path, replace(card, figures=() if int8 else card.figures))
    wanted = predict_logits(network.model, held_out.images)[:, : len(card.labels)]
    before = float((wanted.argmax(axis=1) == held_out.labels).mean())
    found = set_confidence(
        lambda images: file_logits(file, images),
        held_out,
        named=pictures.named,
        config=config_from(card.config, Config()) if pictures.own else None,
        normalized=card.preprocessing is not None,
    )
    card = replace(card, calibration=found.calibration, rejection=found.rejection, figures=(found.accuracy,))
    return Converted(path, card, before, found.accuracy.value)
