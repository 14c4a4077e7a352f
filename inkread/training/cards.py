"""The card of a finished training."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform
from typing import Any

import numpy as np

from inkread import __version__
from inkread.datasets import Dataset
from inkread.evaluation.intervals import wilson
from inkread.reading.card import Calibration, Card, Figure, Rejection
from inkread.training.backend import predict_logits
from inkread.training.calibrate import calibrate, fit_rejection
from inkread.training.config import Config
from inkread.training.fit import Fitted
from inkread.training.held_out import harder
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
    classes = len(validation.names)
    scores = predict_logits(fitted.model, validation.images)
    # Half of what the confidence is set on is harder than the validation pictures, as other people's digits are.
    shifted = predict_logits(fitted.model, harder(validation, config))
    calibration = calibrate(np.concatenate([scores, shifted])[:, :classes], np.tile(validation.labels, 2))
    right = int((scores[:, :classes].argmax(axis=1) == validation.labels).sum())
    figure = Figure("validation accuracy", right / len(validation), len(validation), *wilson(right, len(validation)))
    return calibration, fit_rejection(scores) if config.non_digits > 0 else None, (figure,)


def _provenance(dataset: Dataset, fitted: Fitted) -> dict[str, Any]:
    parts = {"training": fitted.training, "validation": fitted.validation}
    return {
        "source": dataset.source,
        "fingerprint": dataset.fingerprint,
        "seconds": round(fitted.seconds, 1),
        "epochs": len(fitted.epochs),
        **{part: {"n": len(d), "fingerprint": d.fingerprint} for part, d in parts.items() if d},
    }
