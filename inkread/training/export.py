"""A Keras model to a model file: ONNX with its card inside, checked against Keras before it has its name."""

from __future__ import annotations

import importlib.util
import logging
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inkread.errors import MissingExtraError, OutputError, TrainingError
from inkread.reading.card import CARD_KEY, Card
from inkread.training.backend import predict_logits, require_keras

if TYPE_CHECKING:
    import keras

__all__ = ["TOLERANCE", "beside", "export", "file_logits", "write_card"]

TOLERANCE = 1e-4  # between the logits of Keras and of ONNX Runtime, in float32; of the largest one, if that is above 1
OPSET = 17
_BATCH = 256


def export(model: keras.Model, card: Card, path: Path, sample: NDArray[np.uint8]) -> None:
    """Write a model file.

    Args:
        model: uint8 (N, *card.shape) to logits, in float32.
        card: Goes inside.
        path: Of the file; it appears there only when it is whole and right.
        sample: uint8 pictures on which ONNX Runtime must give the logits of Keras.

    Raises:
        TrainingError: The exported network differs from Keras by more than `TOLERANCE`.
        OutputError: The file cannot be written.
    """
    import onnx

    with beside(path) as folder:
        raw = folder / "network.onnx"
        _to_onnx(model, card, raw)
        network = onnx.load(raw)
        _fold_scale(network.graph)
        write_card(network, card)
        whole = folder / path.name
        onnx.save(network, whole)
        _check(model, whole, sample)
        whole.replace(path)


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Give a temporary folder on the disk of `path`, from which a whole file can be moved to that name at once.

    Raises:
        OutputError: The disk is full, or the place cannot be written to; `path` is as it was.
    """
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".export-") as folder:
            yield Path(folder)
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(
            f"Cannot write the model file {str(path)!r}: {error.strerror or error}. Make room there, or choose another "
            "place."
        ) from error


def file_logits(path: Path, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the logits (N, C) of an ONNX file for uint8 pictures, as they come out of ONNX Runtime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what fails is raised; nothing else is the user's concern
    session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    parts = [session.run(None, {name: images[i : i + _BATCH]})[0] for i in range(0, len(images), _BATCH)]
    return np.concatenate(parts).astype(np.float32, copy=False)


def write_card(network: Any, card: Card) -> None:
    """Put the card into the metadata of an ONNX network."""
    import onnx

    del network.metadata_props[:]
    onnx.helper.set_model_props(network, {CARD_KEY: card.to_json()})
    network.producer_name = "inkread"
    network.doc_string = ""
    network.graph.name = "inkread"  # Keras counts the networks of a process there


def _to_onnx(model: keras.Model, card: Card, path: Path) -> None:
    """Convert by TensorFlow: of Keras' backends the one whose conversion every version of Keras has."""
    import keras

    if keras.backend.backend() == "tensorflow":
        convert(model, tuple(side or None for side in card.shape), path)
    else:
        _convert_elsewhere(model, card, path)


def convert(model: keras.Model, shape: tuple[int | None, ...], path: Path) -> None:
    """Write the network of a Keras model as ONNX, with TensorFlow as the backend."""
    import keras

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    signature = [keras.InputSpec(shape=(None, *shape), dtype="uint8", name="pictures")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # third parties warn of their own deprecated calls
        model.export(path, format="onnx", verbose=False, input_signature=signature, opset_version=OPSET)


def _convert_elsewhere(model: keras.Model, card: Card, path: Path) -> None:
    """Convert in a process of its own, with TensorFlow as the backend there."""
    if importlib.util.find_spec("tensorflow") is None:
        raise MissingExtraError("The export", "train", "tensorflow")
    kept = path.with_name("network.keras")
    model.save(kept)
    command = [sys.executable, "-m", "inkread.training.export", str(kept), str(path)]
    environment = os.environ | {"KERAS_BACKEND": "tensorflow"}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        reason = (ended.stderr.strip() or "no reason given").splitlines()[-1]
        raise TrainingError(
            f"The network cannot be converted with TensorFlow: {reason}. The weights are safe in the run folder."
        )


def _fold_scale(graph: Any) -> None:
    """Move the factor that the pixels are scaled by into the kernel of the first convolution.

    A multiplication of every pixel takes ONNX Runtime a seventh of a small network's time, and the kernel is there
    anyway. Nothing changes where the network does not begin with Cast, Mul by a number, Reshape, Conv.
    """
    from onnx import numpy_helper

    numbers = {tensor.name: tensor for tensor in graph.initializer}
    users: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    for scale in [node for node in graph.node if node.op_type == "Mul"]:
        factor = next((numbers[name] for name in scale.input if name in numbers), None)
        chain = [scale]
        while len(users.get(chain[-1].output[0], [])) == 1 and chain[-1].op_type in ("Mul", "Reshape", "Transpose"):
            chain.append(users[chain[-1].output[0]][0])
        kernel = numbers.get(chain[-1].input[1]) if chain[-1].op_type == "Conv" else None
        if factor is None or kernel is None or numpy_helper.to_array(factor).size != 1 or len(users[kernel.name]) > 1:
            continue
        values = numpy_helper.to_array(kernel) * numpy_helper.to_array(factor).reshape(())
        kernel.CopyFrom(numpy_helper.from_array(values.astype(np.float32), kernel.name))
        pixels = next(name for name in scale.input if name != factor.name)
        chain[1].input[list(chain[1].input).index(scale.output[0])] = pixels
        graph.node.remove(scale)
        if len(users[factor.name]) == 1:
            graph.initializer.remove(factor)


def _check(model: keras.Model, path: Path, sample: NDArray[np.uint8]) -> None:
    given = file_logits(path, sample)
    wanted = predict_logits(model, sample)
    difference = float(np.abs(given - wanted).max() / max(1.0, np.abs(wanted).max()))
    if not difference <= TOLERANCE:
        raise TrainingError(
            f"Expected the exported network to give Keras' logits within {TOLERANCE}, got {difference:.2g} off. "
            "Nothing was written; the trained weights are safe in the run folder."
        )


if __name__ == "__main__":  # what _convert_elsewhere runs
    require_keras()
    import keras

    loaded = keras.saving.load_model(sys.argv[1], compile=False)
    convert(loaded, tuple(loaded.input_shape[1:]), Path(sys.argv[2]))
