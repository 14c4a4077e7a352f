"""A Keras model to a model file: ONNX with its card inside, checked against Keras before it has its name."""

from __future__ import annotations

import logging
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inkread.errors import TrainingError
from inkread.reading.card import CARD_KEY, Card
from inkread.training.backend import predict_logits

if TYPE_CHECKING:
    import keras

__all__ = ["TOLERANCE", "export", "write_card"]

TOLERANCE = 1e-4  # between the logits of Keras and of ONNX Runtime, in float32; of the largest one, if that is above 1
OPSET = 17


def export(model: keras.Model, card: Card, path: Path, sample: NDArray[np.uint8]) -> None:
    """Write a model file.

    Args:
        model: uint8 (N, *card.shape) to logits, in float32.
        card: Goes inside.
        path: Of the file; it appears there only when it is whole and right.
        sample: uint8 pictures on which ONNX Runtime must give the logits of Keras.

    Raises:
        TrainingError: The exported network differs from Keras by more than `TOLERANCE`.
    """
    import onnx

    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".export-") as folder:
        raw = Path(folder) / "network.onnx"
        _to_onnx(model, card, raw)
        _check(model, raw, sample)
        network = onnx.load(raw)
        write_card(network, card)
        whole = Path(folder) / path.name
        onnx.save(network, whole)
        whole.replace(path)


def write_card(network: Any, card: Card) -> None:
    """Put the card into the metadata of an ONNX network."""
    import onnx

    del network.metadata_props[:]
    onnx.helper.set_model_props(network, {CARD_KEY: card.to_json()})
    network.producer_name = "inkread"
    network.doc_string = ""


def _to_onnx(model: keras.Model, card: Card, path: Path) -> None:
    import keras

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    signature = [keras.InputSpec(shape=(None, *card.shape), dtype="uint8", name="pictures")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # third parties warn of their own deprecated calls
        model.export(path, format="onnx", verbose=False, input_signature=signature, opset_version=OPSET)


def _check(model: keras.Model, path: Path, sample: NDArray[np.uint8]) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    given = session.run(None, {session.get_inputs()[0].name: sample})[0]
    wanted = predict_logits(model, sample)
    difference = float(np.abs(given - wanted).max() / max(1.0, np.abs(wanted).max()))
    if not difference <= TOLERANCE:
        raise TrainingError(
            f"Expected the exported network to give Keras' logits within {TOLERANCE}, got {difference:.2g} off. "
            "Nothing was written; the trained weights are safe in the run folder."
        )
