"""Weights to begin with, from a run or a Keras file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

from inkread.errors import TrainingError

__all__ = ["begin_with"]


def begin_with(model: keras.Model, path: Path, *, whole: bool = False) -> None:
    """Give a network the weights of another one of its kind.

    Where the classes differ in number, as in fine-tuning, the last layer begins anew; all others must fit.

    Args:
        model: The network.
        path: The other one, a .keras file.
        whole: Whether the last layer has to fit too.

    Raises:
        TrainingError: The file cannot be loaded, is another network's, or that of other classes where `whole` is asked.
    """
    given, wanted = _loaded(path).weights, model.weights
    shapes, needed = [tuple(w.shape) for w in given], [tuple(w.shape) for w in wanted]
    last = set() if whole else {id(w) for w in _last_layer(model)}
    fits = len(shapes) == len(needed) and all(
        a == b or id(w) in last for a, b, w in zip(shapes, needed, wanted, strict=True)
    )
    if not fits:
        raise TrainingError(
            f"Expected weights for {len(needed)} variables, the first of shape {needed[0]}, as the recipe has them, "
            f"got {len(shapes)} in {str(path)!r}, of other shapes. Take the weights of a run of the same recipe"
            f"{' and the same classes' if whole else ''}."
        )
    for source, variable in zip(given, wanted, strict=True):
        if tuple(source.shape) == tuple(variable.shape):
            variable.assign(source)


def _last_layer(model: keras.Model) -> list[Any]:
    """Return the weights of the last layer that has some."""
    return next((layer.weights for layer in reversed(model.layers) if layer.weights), [])


def _loaded(path: Path) -> keras.Model:
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras and HDF5 raise all kinds
        raise TrainingError(
            f"Expected a Keras model in {str(path)!r}, got a file that cannot be loaded as one "
            f"({str(error).splitlines()[0]})."
        ) from error
