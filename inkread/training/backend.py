"""Keras: imported quietly, in the right precision, asked for logits."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inkread.errors import MissingExtraError

if TYPE_CHECKING:
    import keras

__all__ = ["make_deterministic", "precision", "predict_logits", "require_keras", "summary"]

_BFLOAT16_FLAGS = ("avx512_bf16", "amx_bf16")


def require_keras() -> None:
    """Import Keras, and say what to install where it is missing.

    Raises:
        MissingExtraError: Keras, or the backend that `KERAS_BACKEND` names, is not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    for module in ("keras", backend, "matplotlib", "tensorboardX", "onnx", "tf2onnx"):  # the last two write the model
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError("Training", "train", module)
    with _without_stderr():
        importlib.import_module("keras")
        if importlib.util.find_spec("tensorflow"):  # Keras asks it for its seed, whatever the backend
            importlib.import_module("tensorflow")


@contextmanager
def _without_stderr() -> Iterator[None]:
    """Silence what TensorFlow's C++ writes while it is imported, which no setting of its own does."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def make_deterministic() -> None:
    """Tell the backend to give the same numbers each time.

    Sums that several threads add up to, as in the gradients of convolutions, biases and pooling, depend on who is first
    unless TensorFlow and PyTorch are told to keep an order; JAX keeps one on processors. This holds for the rest of the
    process. The order still depends on the number of threads, the processor and the release.
    """
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.experimental.enable_op_determinism()
    elif keras.backend.backend() == "torch":
        import torch

        torch.use_deterministic_algorithms(True, warn_only=True)


@contextmanager
def precision(wanted: str) -> Iterator[None]:
    """Set Keras' policy for the layers built inside."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(("mixed_bfloat16" if _has_bfloat16() else "float32") if wanted == "auto" else wanted)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _has_bfloat16() -> bool:
    """Tell whether the processor multiplies bfloat16; where it does not, it would be emulated, slowly."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="ignore")
    except OSError:
        return False
    return any(flag in flags for flag in _BFLOAT16_FLAGS)


def summary(model: keras.Model) -> str:
    """Return a table of a model's layers with their shapes and parameters."""
    lines: list[str] = []
    model.summary(line_length=80, print_fn=lambda text, **_: lines.append(text))
    rows = "\n".join(lines).strip().splitlines()
    return "\n".join(row for row in rows if not row.startswith("├"))


def predict_logits(model: keras.Model, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the logits (N, C) of a Keras model for uint8 pictures."""
    import keras

    parts = [model(images[i : i + 1000], training=False) for i in range(0, len(images), 1000)]
    return np.concatenate([np.array(keras.ops.convert_to_numpy(part), dtype=np.float32) for part in parts])
