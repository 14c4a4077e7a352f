"""The confidence of a network, set on the pictures that its training held out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inkread.datasets import Dataset
from inkread.datasets.disputed import disputed
from inkread.evaluation.intervals import wilson
from inkread.reading.card import Calibration, Figure, Rejection
from inkread.training.calibrate import calibrate, fit_rejection, fit_thresholds
from inkread.training.config import Config
from inkread.training.held_out import harder

__all__ = ["Confidence", "set_confidence"]

Score = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""From pictures uint8 (N, *shape) to the scores of a network float32 (N, C), or (N, C + 1) where one is for none."""


@dataclass(frozen=True, slots=True)
class Confidence:
    """What goes into the card.

    Attributes:
        calibration: Of the confidences.
        rejection: Of pictures that show none of the classes; None when the network has no score for that.
        accuracy: The share of the held-out pictures that are read right.
    """

    calibration: Calibration
    rejection: Rejection | None
    accuracy: Figure


def set_confidence(
    score: Score, held_out: Dataset, *, named: str, config: Config | None = None, normalized: bool = False
) -> Confidence:
    """Set the confidence of a network.

    Args:
        score: The network, or the file that ships.
        held_out: Pictures that it was not trained on.
        named: What the accuracy on them is called.
        config: Of its training: then half of what the confidence is set on are these pictures made harder, as other
            people's digits are.
        normalized: Whether the pictures are in the form that the preprocessing makes; such ones get thresholds of
            their own, for which disputed labels are left out.
    """
    scores, labels = score(held_out.images), held_out.labels
    classes = len(held_out.names)
    logits = scores[:, :classes]
    if config is None:
        calibration = calibrate(logits, labels)
    else:
        shifted = score(harder(held_out, config))[:, :classes]
        calibration = calibrate(np.concatenate([logits, shifted]), np.tile(labels, 2))
        if normalized:
            sure = ~disputed(held_out)
            native = fit_thresholds(logits[sure], labels[sure], calibration.temperature)
            calibration = replace(calibration, native=native)
    right, n = int((logits.argmax(axis=1) == labels).sum()), len(held_out)
    rejection = fit_rejection(scores) if scores.shape[1] > classes else None
    return Confidence(calibration, rejection, Figure(named, right / n, n, *wilson(right, n)))
