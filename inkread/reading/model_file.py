"""Model files: found by name or path, checked, opened.

A model file is ONNX with its card in the metadata, the network from uint8 pictures to logits, with a dynamic batch.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkread.errors import ModelError, ModelNotFoundError, UsageError, did_you_mean
from inkread.imaging.frame import SIZE
from inkread.imaging.preprocess import VERSION
from inkread.imaging.strip import ROWS, STRIP_VERSION
from inkread.reading.card import CARD_KEY, Card

if TYPE_CHECKING:
    import onnxruntime

__all__ = ["ModelFile", "find_model", "is_model", "local_models", "open_model", "shipped_models"]

MAX_BYTES = 512 * 1024 * 1024
_VERSIONS = {"digit": VERSION, "line": STRIP_VERSION}  # of the preprocessing, by what a model reads
_SHIPPED = Path(__file__).parent.parent / "weights"


@dataclass(frozen=True, slots=True, eq=False)
class ModelFile:
    """An opened model.

    Attributes:
        path: Of the file.
        card: From inside it.
        session: Of ONNX Runtime; may be used by several threads.
        input: The name of its input, uint8 (N, *card.shape).
    """

    path: Path
    card: Card
    session: onnxruntime.InferenceSession
    input: str


def shipped_models() -> dict[str, Path]:
    """Return the models inside the package by name."""
    return _models_in(_SHIPPED)


def local_models() -> dict[str, Path]:
    """Return the models in the user's folder by name: `INKREAD_MODELS`, or `models` in the user's data folder."""
    try:
        return _models_in(_local_folder())
    except RuntimeError:  # an account without a home, as in containers
        return {}


def _local_folder() -> Path:
    if folder := os.environ.get("INKREAD_MODELS"):
        return Path(folder)
    from platformdirs import user_data_path

    return user_data_path("inkread", appauthor=False) / "models"


def _models_in(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in sorted(folder.glob("*.onnx"))}


def find_model(model: str | os.PathLike[str], kind: str | None = "digit") -> Path:
    """Return the path of a model.

    Args:
        model: The name of a shipped or local model, or a path that ends in `.onnx`. A local name hides no shipped one.
        kind: What a model must read that is named where there is none of that name, as for `open_model`.

    Raises:
        ModelNotFoundError: There is none.
    """
    if not isinstance(model, (str, os.PathLike)):
        raise UsageError(f"Expected the name of a model or a path ending in '.onnx', got {type(model).__name__}.")
    name = os.fsdecode(model)
    if name.lower().endswith(".onnx"):
        path = Path(name)
        near = ""
        with suppress(OSError):  # also where one may not even ask: a closed folder, a name too long
            if path.is_file():
                return path
            near = did_you_mean(path.name, _names_beside(path, kind))
        raise ModelNotFoundError(
            f"Expected a model file, but there is none at {name!r}.{near} The command inkread models lists those known."
        )
    known = local_models() | shipped_models()
    if name not in known:
        fitting = [other for other, path in known.items() if is_model(path, kind)]
        raise ModelNotFoundError(
            f"There is no model {name!r}.{did_you_mean(name, fitting)} Known are: {', '.join(fitting) or 'none'}. "
            "A path to a model file ends in '.onnx'."
        )
    return known[name]


def is_model(path: Path, kind: str | None = "digit") -> bool:
    """Tell whether a model can be used for what it must read."""
    if not path.is_file():
        return False
    with suppress(ModelError):
        open_model(path, kind)
        return True
    return False


def _names_beside(path: Path, kind: str | None) -> Iterator[str]:
    if path.parent.is_dir():
        yield from (p.name for p in path.parent.glob("*.onnx") if is_model(p, kind))


def open_model(model: str | os.PathLike[str], kind: str | None = "digit") -> ModelFile:
    """Open a model and check that this release can use it.

    Args:
        model: As `find_model` takes it.
        kind: What it must read, "digit" or "line"; None for either.

    Raises:
        ModelNotFoundError: There is no such model.
        ModelError: It is no ONNX file, has no card, or does not have the shapes or the version expected.
    """
    import onnxruntime

    path = find_model(model, kind)
    data = _read(path)
    options = onnxruntime.SessionOptions()
    # Small networks lose more by parting one picture between threads than they gain; whoever has many pictures
    # parts those between threads.
    options.intra_op_num_threads = 1
    options.log_severity_level = 4  # what fails is raised; nothing else is the user's concern
    try:
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors share no base but Exception
        reason = str(error).split(" : ")[-1].strip().rstrip(".")
        raise ModelError(
            f"Expected an ONNX model file, got something else or a damaged one: {path} ({reason}). "
            "Copy or download it again, or export it again with inkread."
        ) from error
    text = session.get_modelmeta().custom_metadata_map.get(CARD_KEY)
    if text is None:
        raise ModelError(
            f"Expected a model file made by inkread, got an ONNX file without a card: {path}. "
            "Export it with inkread, which writes labels, preprocessing and calibration into it."
        )
    card = Card.from_json(text, str(path))
    if card.kind not in _VERSIONS or kind not in (None, card.kind):
        raise ModelError(
            f"Expected a model that reads a {kind or 'digit or a line'}, got one for {card.kind!r}: {path}. "
            "The command inkread models says what each is for."
        )
    _check(card, session, path)
    return ModelFile(path, card, session, session.get_inputs()[0].name)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ModelError(f"Expected a model file of at most {MAX_BYTES // 2**20} MiB, got a larger one: {path}.")
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"Cannot open the model file {path}: {error.strerror}.") from error


def _check(card: Card, session: Any, path: Path) -> None:
    """Hold the network against its card and the card against this release."""
    inputs, outputs = session.get_inputs(), session.get_outputs()
    wanted = f"one uint8 input of shape (N, {', '.join(str(side or 'W') for side in card.shape)})"
    got = ", ".join(f"{i.type} {i.shape}" for i in inputs)
    if len(inputs) != 1 or inputs[0].type != "tensor(uint8)" or not _fits(inputs[0].shape[1:], card.shape):
        raise ModelError(f"Expected {wanted}, as its card says, got {got} in {path}. Export it again with inkread.")
    if isinstance(inputs[0].shape[0], int):
        raise ModelError(
            f"Expected a dynamic batch, got a fixed one of {inputs[0].shape[0]} in {path}. "
            "Export it again with inkread."
        )
    scores = outputs[0]
    axes, of_shape = (3, "(N, frames, {})") if card.kind == "line" else (2, "(N, {})")
    if scores.type != "tensor(float)" or len(scores.shape) != axes or scores.shape[-1] != card.outputs:
        one_more = ", and one for none of them" if card.rejection or card.kind == "line" else ""
        raise ModelError(
            f"Expected float scores of shape {of_shape.format(card.outputs)}, one per label{one_more}, got "
            f"{scores.type} {scores.shape} in {path}. Export it again with inkread."
        )
    if card.preprocessing is None:
        return
    if card.preprocessing != _VERSIONS[card.kind]:
        raise ModelError(
            f"Expected a model for preprocessing version {_VERSIONS[card.kind]}, got one for version "
            f"{card.preprocessing}: {path}. "
            "Its answers would be wrong here: train it again, or use the release of inkread that made it."
        )
    taken = (ROWS, 0) if card.kind == "line" else (SIZE, SIZE)
    if card.shape != taken:
        raise ModelError(f"Expected a model for {taken[0]} x {taken[1] or 'any'} pictures, got {card.shape} in {path}.")


def _fits(found: list[int | str | None], wanted: tuple[int, ...]) -> bool:
    """Tell whether a network's input has the sides that its card says; 0 is for a side that may be any."""
    return len(found) == len(wanted) and all(
        side == want if want else not isinstance(side, int) for side, want in zip(found, wanted, strict=True)
    )
