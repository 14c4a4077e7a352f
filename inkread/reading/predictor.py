"""Normalised digits to labels and probabilities."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkread.errors import UsageError
from inkread.reading.card import Card
from inkread.reading.confidence import log_odds_of_none, probabilities
from inkread.reading.model_file import open_model

__all__ = ["Predictor"]

_BATCH = 256  # pictures at a time: their activations stay in the processor's cache
_WORTH_A_THREAD = 128  # pictures: to start a thread takes about as long as to read thirty
_MOST_THREADS = 8


class Predictor:
    """A classifier of normalised pictures, with the interface of scikit-learn.

    Safe to share between threads.

    Args:
        model: The name of a shipped or local model, or a path ending in `.onnx`.
        threads: Between which many pictures are parted; by default as many as there are processors, at most 8.

    Raises:
        ModelNotFoundError: There is no such model.
        ModelError: It cannot be used.

    Example:
        >>> import numpy as np
        >>> predictor = Predictor()
        >>> predictor.predict(np.zeros((2, 28, 28), np.uint8)).shape
        (2,)
    """

    def __init__(self, model: str | os.PathLike[str] = "default", *, threads: int | None = None) -> None:
        if threads is not None and (isinstance(threads, bool) or not isinstance(threads, int) or threads < 1):
            raise UsageError(f"Expected threads as a whole number from 1, got {threads!r}.")
        self._file = open_model(model)
        self._threads = threads or min(_MOST_THREADS, os.cpu_count() or 1)

    @property
    def card(self) -> Card:
        """The card of the model."""
        return self._file.card

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the columns of `predict_proba`."""
        return self._file.card.labels

    def predict(self, x: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return the index of the likeliest class of each picture, which for digits is the digit.

        Args:
            x: uint8 (N, 28, 28), light ink on dark, as `inkread.normalize_batch` makes it.

        Returns:
            int64 (N,).

        Raises:
            UsageError: Another dtype or shape.
        """
        return np.asarray(self._of_classes(self._scores(x)).argmax(axis=1), dtype=np.int64)

    def predict_proba(self, x: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the calibrated probability of each class for each picture.

        Args:
            x: uint8 (N, 28, 28), light ink on dark, as `inkread.normalize_batch` makes it.

        Returns:
            float32 (N, C); each row sums to 1.

        Raises:
            UsageError: Another dtype or shape.
        """
        return self._probabilities(self._scores(x))

    def predict_known(self, x: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Tell which pictures show one of the classes; letters, scribbles and several digits at once do not.

        Args:
            x: uint8 (N, 28, 28), light ink on dark, as `inkread.normalize_batch` makes it.

        Returns:
            bool (N,); all True when the network has not learned to tell, see `Card.rejection`.

        Raises:
            UsageError: Another dtype or shape.
        """
        return self._known(self._scores(x))

    def judge(self, x: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return what `predict_proba` and `predict_known` return, with the network run once."""
        scores = self._scores(x)
        return self._probabilities(scores), self._known(scores)

    def weigh(self, x: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Return what `predict_proba` returns, and how likely it is that each picture shows none of the classes.

        Args:
            x: uint8 (N, 28, 28), light ink on dark, as `inkread.normalize_batch` makes it.

        Returns:
            float32 (N, C), each row summing to 1; and float32 (N,), the log-odds of none beyond those from which
            `predict_known` says False, or None when the network has not learned to tell.

        Raises:
            UsageError: Another dtype or shape.
        """
        scores, rejection = self._scores(x), self.card.rejection
        none = None if rejection is None else log_odds_of_none(scores) - np.float32(rejection.score)
        return self._probabilities(scores), none

    def uncalibrated_proba(self, x: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the softmax of the network's scores as they are: of each class, and of none where it can tell.

        Args:
            x: uint8 (N, 28, 28), light ink on dark, as `inkread.normalize_batch` makes it.

        Returns:
            float32 (N, C) or (N, C + 1); each row sums to 1.

        Raises:
            UsageError: Another dtype or shape.
        """
        return probabilities(self._scores(x), 1.0)

    def _of_classes(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        return scores[:, : len(self.labels)]

    def _probabilities(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        return probabilities(self._of_classes(scores), self.card.calibration.temperature)

    def _known(self, scores: NDArray[np.float32]) -> NDArray[np.bool_]:
        rejection = self.card.rejection
        if rejection is None:
            return np.ones(len(scores), bool)
        return np.asarray(log_odds_of_none(scores) <= rejection.score)

    def _scores(self, x: NDArray[np.uint8]) -> NDArray[np.float32]:
        self._check(x)
        x = np.ascontiguousarray(x)
        run, name = self._file.session.run, self._file.input
        threads = min(self._threads, len(x) // _WORTH_A_THREAD)
        if threads <= 1 and 0 < len(x) <= _BATCH:
            return np.asarray(run(None, {name: x})[0], dtype=np.float32)
        size = min(_BATCH, -(-len(x) // max(1, threads)))
        out = np.empty((len(x), self.card.outputs), np.float32)

        def part(start: int) -> None:
            out[start : start + size] = run(None, {name: x[start : start + size]})[0]

        starts = range(0, len(x), max(1, size))
        if threads <= 1:
            for start in starts:
                part(start)
        else:
            with ThreadPoolExecutor(threads) as pool:  # ONNX Runtime lets go of the interpreter while it computes
                list(pool.map(part, starts))
        return out

    def _check(self, x: Any) -> None:
        shape = self.card.shape
        if isinstance(x, np.ndarray) and x.dtype == np.uint8 and x.shape[1:] == shape and x.ndim == len(shape) + 1:
            return
        got = f"{x.dtype} {x.shape}" if isinstance(x, np.ndarray) else type(x).__name__
        hint = " Pass one picture as x[None]." if isinstance(x, np.ndarray) and x.shape == shape else ""
        if not hint and self.card.preprocessing is not None:
            hint = " inkread.normalize and normalize_batch make it from any picture."
        raise UsageError(f"Expected a uint8 array of shape (N, {', '.join(map(str, shape))}), got {got}.{hint}")
