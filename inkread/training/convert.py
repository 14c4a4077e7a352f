"""A trained network, from a run folder or a Keras file, to a model file; in float32 or in eight bits."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inkread.errors import InkreadError, ModelError, OutputError, UsageError
from inkread.reading.card import Card
from inkread.reading.model_file import open_model
from inkread.training.cascade import Doubt, cascade
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
        second: The folder of a run whose network is asked where the first one is in doubt; None for one network.
        doubt: When it is asked, and what its answer counts.
    """

    output: Path | None = None
    force: bool = False
    int8: bool = False
    data: str | None = None
    name: str = ""
    conventions: Conventions = field(default_factory=Conventions)
    second: Path | None = None
    doubt: Doubt = field(default_factory=Doubt)


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
    """A trained network; and a second one with when it is asked, where there is one."""

    model: keras.Model
    card: Card
    second: keras.Model | None = None
    doubt: Doubt = field(default_factory=Doubt)


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
    if request.second:
        network = _with_second(network, request.second, request.doubt)
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


def _with_second(network: _Network, folder: Path, doubt: Doubt) -> _Network:
    """Return the network with a second one beside it, of a run that held out the same pictures."""
    first, other = network.card, _run_card(folder, Conventions())
    for what, one, two in (
        ("the classes", first.labels, other.labels),
        ("pictures of the shape", first.shape, other.shape),
        ("the preprocessing", first.preprocessing, other.preprocessing),
        ("the held-out pictures", first.data.get("validation"), other.data.get("validation")),
    ):
        if one != two:
            raise UsageError(
                f"Expected a second network with {what} of the first, got one in {str(folder)!r} that has others. "
                "Train it with the same data, validation and split_seed."
            )
    second = {"recipe": other.recipe, "config": other.config, "data": other.data} | asdict(doubt)
    card = replace(first, second=second, parameters=first.parameters + other.parameters)
    return replace(network, card=card, second=_from_run(folder, other).model, doubt=doubt)


def _from_keras(path: Path, conventions: Conventions) -> _Network:
    model = wrap(load_keras(path), conventions)
    labels = labels_from(conventions.labels, int(model.output_shape[1]))
    return _Network(model, foreign_card(model, labels, path.stem))


def _write(network: _Network, path: Path, pictures: Pictures | None, *, int8: bool) -> Converted:
    """Write the file beside its name, measure it, put its card in, and give it its name."""
    import onnx

    with beside(path) as folder:
        whole, models = folder / path.name, [network.model, *([network.second] if network.second else [])]
        plain = [folder / f"float32-{i}.onnx" for i in range(len(models))]
        for model, file in zip(models, plain, strict=True):
            _export(model, network.card, file, _sample(network.card, pictures))
        _join(plain, whole, network)
        before = _accuracy(whole, pictures)
        if int8 and pictures is not None:
            smaller = [file.with_name(f"int8-{file.name}") for file in plain]
            for file, small in zip(plain, smaller, strict=True):
                quantize(file, small, pictures.ranges)
            _join(smaller, whole, network)
        converted = Converted(path, network.card)
        if pictures is not None:
            converted = _measured(network.card, whole, pictures, before, path, int8=int8)
            ready = onnx.load(whole)
            write_card(ready, converted.card)
            onnx.save(ready, whole)
        open_model(whole)  # refuses what a reader would refuse
        whole.replace(path)
    return converted


def _join(files: list[Path], target: Path, network: _Network) -> None:
    """Make one file of the networks."""
    if len(files) == 1:
        shutil.copyfile(files[0], target)
    else:
        cascade(files[0], files[1], target, len(network.card.labels), network.doubt)


def _export(model: keras.Model, card: Card, path: Path, sample: NDArray[np.uint8]) -> None:
    try:
        export(model, card, path, sample)
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


def _accuracy(file: Path, pictures: Pictures | None) -> float | None:
    """Return the share of the held-out pictures that a network reads right, where there are any."""
    if pictures is None or pictures.held_out is None:
        return None
    scores = file_logits(file, pictures.held_out.images)[:, : len(pictures.held_out.names)]
    return float((scores.argmax(axis=1) == pictures.held_out.labels).mean())


def _measured(card: Card, file: Path, pictures: Pictures, before: float | None, path: Path, *, int8: bool) -> Converted:
    """Return what was made, with a card that tells of the file as it is."""
    if int8:
        import onnxruntime

        card = replace(card, made_with={**card.made_with, "onnxruntime": onnxruntime.__version__})
    held_out = pictures.held_out
    if held_out is None:  # the training left nothing out: what was measured on the float network is not of this file
        return Converted(path, replace(card, figures=() if int8 else card.figures))
    found = set_confidence(
        lambda images: file_logits(file, images),
        held_out,
        named=pictures.named,
        config=config_from(card.config, Config()) if pictures.own else None,
        normalized=card.preprocessing is not None,
    )
    card = replace(card, calibration=found.calibration, rejection=found.rejection, figures=(found.accuracy,))
    return Converted(path, card, before, found.accuracy.value)
