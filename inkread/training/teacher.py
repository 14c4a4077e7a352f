"""A model that teaches another one: its probabilities are what the other learns, in the place of labels.

Knowledge distillation (Hinton, Vinyals, Dean 2015), in the form in which it works best: teacher and pupil look at the
same augmented picture, for many epochs (Beyer et al. 2022, "Knowledge distillation: a good teacher is patient and
consistent").
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inkread.datasets import Dataset
from inkread.errors import TrainingError
from inkread.reading.predictor import Predictor

__all__ = ["Teacher"]


class Teacher:
    """What a model makes of pictures, as targets.

    Args:
        model: The name of a shipped or local model, or a path ending in `.onnx`.
        training: What the pupil learns from; its classes and shape must be the teacher's.
        outputs: Of the pupil: a score for each class, and perhaps one for none of them.

    Raises:
        ModelNotFoundError, ModelError: There is no such model, or it cannot be used.
        TrainingError: It has learned other classes, or pictures of another shape.
    """

    def __init__(self, model: str, training: Dataset, outputs: int) -> None:
        self._predictor, self._outputs = Predictor(model, threads=1), outputs  # the other threads train
        card, shape = self._predictor.card, training.images.shape[1:]
        if card.labels != training.names or card.shape != shape:
            raise TrainingError(
                f"Expected a teacher of the classes {', '.join(training.names[:12])} in pictures of shape {shape}; "
                f"{model!r} has learned {', '.join(card.labels[:12])} in the shape {card.shape}. Name another one with "
                "teacher, or none."
            )

    def __call__(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return targets (N, outputs), each row summing to 1.

        They are the softmax of the network's scores as they stand: a calibrated confidence is so near to 1 that the
        other classes teach nothing.
        """
        proba = self._predictor.uncalibrated_proba(pictures)[:, : self._outputs]
        targets = np.zeros((len(pictures), self._outputs), np.float32)
        targets[:, : proba.shape[1]] = proba
        return np.asarray(targets / targets.sum(axis=1, keepdims=True), dtype=np.float32)
