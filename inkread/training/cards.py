"""The card of a finished training."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform
from typing import Any

import numpy as np

from inkread import __version__
from inkread.datasets import Dataset
from inkread.reading.card import Calibration, Card, Figure, Rejection
from inkread.training.backend import predict_logits
from inkread.training.confidence import set_confidence
from inkread.training.config import Config
from inkread.training.fit import Fitted
from inkread.training.recipe import Recipe

__all__ = ["card_for"]

_LICENCES = {"mnist": "CC BY-SA 3.0 (trained on MNIST, by Y. LeCun, C. Cortes and C. J. C. Burges)"}


def card_for(recipe: Recipe, dataset: Dataset, config: Config, fitted: Fitted, name: str) -> Card:
    """Return the card of a finished training, with the confidence set on its validation pictures."""
    calibration, rejection, figures = _judged(fitted, config)
    made_with = {m: importlib.metadata.version(m) for m in ("keras", "numpy", "onnx")}
    return Card(
        name=name,
        version=__version__,
        labels=dataset.names,
        shape=tuple(dataset.images.shape[1:]),
        preprocessing=fitted.preprocessing,
        parameters=int(sum(np.prod(w.shape) for w in fitted.model.trainable_weights)),
        calibration=calibration,
        rejection=rejection,
        recipe=recipe.name,
        config=config.to_dict(),
        data=_provenance(dataset, fitted),
        figures=figures,
        licence=_LICENCES.get(dataset.source, "that of the training data"),
        created=datetime.datetime.now(datetime.UTC).date().isoformat(),
        made_with=made_with | {"inkread": __version__, "python": platform.python_version()},
    )


def _judged(fitted: Fitted, config: Config) -> tuple[Calibration, Rejection | None, tuple[Figure, ...]]:
    """Return calibration, rejection and accuracy from the validation pictures; without them there is nothing to say."""
    validation = fitted.validation
    if validation is None:
        return Calibration(), Rejection(0.0, 0.0, 0) if config.non_digits > 0 else None, ()
    found = set_confidence(
        lambda images: predict_logits(fitted.model, images),
        validation,
        named="validation accuracy",
        config=config,
        normalized=fitted.preprocessing is not None,
    )
    return found.calibration, found.rejection, (found.accuracy,)


def _provenance(dataset: Dataset, fitted: Fitted) -> dict[str, Any]:
    parts = {"training": fitted.training, "validation": fitted.validation}
    return {
        "source": dataset.source,
        "fingerprint": dataset.fingerprint,
        "seconds": round(fitted.seconds, 1),
        "epochs": len(fitted.epochs),
        **{part: {"n": len(d), "fingerprint": d.fingerprint} for part, d in parts.items() if d},
    }
