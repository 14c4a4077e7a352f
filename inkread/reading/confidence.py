"""Scores to probabilities that mean what they say, and the threshold for a wished share of errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from inkread.errors import UsageError
from inkread.reading.card import Calibration

__all__ = ["NEVER", "calibrated", "lifted", "log_odds_of_none", "probabilities", "tempered", "threshold_for"]

NEVER = math.inf  # a confidence that no answer reaches
_SURE = 1e-9  # probabilities stay so far from 0 and 1


def probabilities(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Return the softmax of logits divided by the temperature (Guo et al. 2017, On Calibration, section 4.2).

    Args:
        logits: float32 (N, C).
        temperature: Above 0; above 1 makes the answers less sure.

    Returns:
        float32 (N, C); each row sums to 1.
    """
    scaled = logits / np.float32(temperature)
    scaled -= scaled.max(axis=1, keepdims=True)
    np.exp(scaled, out=scaled)
    scaled /= scaled.sum(axis=1, keepdims=True)
    return scaled


def log_odds_of_none(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the log-odds that a picture shows none of the classes, from a network that has a score for that.

    Args:
        scores: float32 (N, C + 1), the last column for none of the C classes.

    Returns:
        float32 (N,).
    """
    classes, none = scores[:, :-1], scores[:, -1]
    most = classes.max(axis=1)
    return np.asarray(none - most - np.log(np.exp(classes - most[:, None]).sum(axis=1)), dtype=np.float32)


def tempered(probability: float, temperature: float) -> float:
    """Return the probability whose log-odds are those of another one divided by the temperature."""
    p = min(max(probability, _SURE), 1 - _SURE)
    return 1 / (1 + math.exp(-math.log(p / (1 - p)) / temperature))


def calibrated(readings: Sequence[tuple[str, float]], temperature: float) -> list[tuple[str, float]]:
    """Return readings with probabilities that mean what they say.

    Args:
        readings: With their shares, the best first.
        temperature: The log-odds of the best one are divided by it; the others share what is left as they did before.
    """
    if not readings:
        return []
    first = readings[0][1]
    sure = tempered(first, temperature)
    rest = (1.0 - sure) / max(1.0 - first, _SURE)
    return [(readings[0][0], sure), *((text, min(sure, rest * share)) for text, share in readings[1:])]


def lifted(proba: NDArray[np.floating], label: int, least: float) -> tuple[float, ...]:
    """Return probabilities in which a class has a least one: a digit is right at least as often as its whole line.

    Args:
        proba: (C,), summing to 1.
        label: The class.
        least: Its probability, if it has less.
    """
    out = proba.astype(np.float64)
    if out[label] < least:
        rest = max(1.0 - float(out[label]), _SURE)
        out *= (1.0 - least) / rest
        out[label] = least
    return tuple(out.tolist())


def threshold_for(calibration: Calibration, max_error: float | None, *, native: bool = False) -> float:
    """Return the confidence from which an answer is given.

    The card lists thresholds for some errors; the largest listed error that does not exceed the wish is taken, so the
    promise is kept, if anything, too well.

    Args:
        calibration: From the card.
        max_error: The wished share of wrong ones among the answers, in (0, 1); None answers always.
        native: Whether the picture came in the network's form and is read as it is.

    Returns:
        A confidence in [0, 1], or `NEVER` when the model cannot promise so little error.

    Raises:
        UsageError: The wish is not in (0, 1).
    """
    if max_error is None:
        return 0.0
    if isinstance(max_error, bool) or not isinstance(max_error, Real) or not 0.0 < max_error < 1.0:
        raise UsageError(
            f"Expected max_error between 0 and 1, such as 0.01 for one wrong in a hundred, got {max_error!r}."
        )
    fitting = [t for t in calibration.of_form(native=native) if t.error <= max_error]
    return max(fitting, key=lambda t: t.error).confidence if fitting else NEVER
