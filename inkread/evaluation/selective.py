"""What is gained by withholding doubtful answers: risk and coverage (Geifman and El-Yaniv 2017, section 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from inkread.errors import UsageError
from inkread.evaluation.metrics import Floats, Share, share
from inkread.reading.card import Threshold

__all__ = ["Answered", "Curve", "Promise", "area", "at_coverage", "at_error", "at_threshold", "judge", "risk_coverage"]


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """What each threshold gives, by falling threshold: K different ones among N answers.

    Attributes:
        threshold: float64 (K,), in [0, 1]; answers of at least this confidence are given.
        answered: int64 (K,), how many that are, up to N.
        wrong: int64 (K,), how many of them are wrong.
    """

    threshold: NDArray[np.float64]
    answered: NDArray[np.int64]
    wrong: NDArray[np.int64]

    @property
    def n(self) -> int:
        """All answers, given or withheld."""
        return int(self.answered[-1])

    @property
    def coverage(self) -> NDArray[np.float64]:
        """The share of answers given, (K,)."""
        return self.answered / self.n

    @property
    def risk(self) -> NDArray[np.float64]:
        """The share of wrong ones among those given, (K,)."""
        return self.wrong / self.answered


@dataclass(frozen=True, slots=True)
class Answered:
    """What one threshold gives.

    Attributes:
        threshold: Answers of at least this confidence are given.
        coverage: The share of answers given, with its interval.
        error: The share of wrong ones among them, with its interval; None when none is given.
    """

    threshold: float
    coverage: Share
    error: Share | None


@dataclass(frozen=True, slots=True)
class Promise:
    """Whether a threshold of the card keeps the error it was set for.

    Attributes:
        max_error: The wished share of wrong ones among the answers.
        answered: What the threshold gives on these pictures.
        verdict: "kept" when the error measured is not above the wish; "unclear" when it is, but the wish lies within
            its 95 % interval; "broken" when all of the interval lies above the wish.
    """

    max_error: float
    answered: Answered
    verdict: Literal["kept", "unclear", "broken"]


def risk_coverage(confidence: Floats, wrong: NDArray[np.bool_]) -> Curve:
    """Return the risk at every coverage; answers of equal confidence are given or withheld together.

    Args:
        confidence: float (N,), in [0, 1].
        wrong: bool (N,), whether the answer is wrong.

    Raises:
        UsageError: The shapes differ, or there is no answer.
    """
    if confidence.shape != wrong.shape or confidence.ndim != 1 or confidence.size == 0:
        raise UsageError(
            f"Expected a confidence for each answer, at least one; received {confidence.shape} and {wrong.shape}."
        )
    order = np.argsort(-confidence, kind="stable")
    falling = confidence[order].astype(np.float64)
    answered = np.append(np.flatnonzero(np.diff(falling)) + 1, len(falling)).astype(np.int64)
    mistakes = np.cumsum(wrong[order], dtype=np.int64)
    return Curve(falling[answered - 1], answered, mistakes[answered - 1])


def area(curve: Curve) -> float:
    """Return the area under risk over coverage (AURC): the mean risk over the confidences of all answers as thresholds.

    Defined so by Geifman et al. 2019 (Bias-Reduced Uncertainty Estimation, section 3). Less is better; it falls with
    the error rate as well as with how well the confidence orders right before wrong.

    Returns:
        In [0, 1].
    """
    sizes = np.diff(curve.answered, prepend=0)
    return float((curve.risk * sizes).sum() / curve.n)


def at_error(curve: Curve, error: float) -> Answered | None:
    """Return the threshold of most answers whose measured share of wrong ones does not exceed `error`.

    Chosen with the labels known, so it shows what is possible; no promise for other pictures comes with it.

    Args:
        curve: As `risk_coverage` gives it.
        error: In [0, 1].

    Returns:
        None when even the surest answers are wrong more often.
    """
    fitting = np.flatnonzero(curve.wrong <= error * curve.answered + 1e-9)  # the slack is for rounding
    return _point(curve, int(fitting[-1])) if len(fitting) else None


def at_coverage(curve: Curve, coverage: float) -> Answered:
    """Return the threshold of fewest answers that gives at least the share `coverage` of them.

    Args:
        curve: As `risk_coverage` gives it.
        coverage: In (0, 1].

    Raises:
        UsageError: The coverage is out of range.
    """
    if not 0 < coverage <= 1:
        raise UsageError(f"Expected a coverage above 0 and up to 1, got {coverage!r}.")
    enough = np.flatnonzero(curve.answered >= coverage * curve.n - 1e-9)
    return _point(curve, int(enough[0]))


def at_threshold(curve: Curve, threshold: float) -> Answered:
    """Return what a threshold gives: answers of at least this confidence."""
    above = int(np.count_nonzero(curve.threshold >= threshold))
    if above == 0:
        return Answered(threshold, share(0, curve.n), None)
    return _answered(threshold, int(curve.answered[above - 1]), int(curve.wrong[above - 1]), curve.n)


def judge(curve: Curve, promised: Threshold) -> Promise:
    """Return whether a threshold keeps the error it was set for, on the answers of the curve."""
    answered = at_threshold(curve, promised.confidence)
    error = answered.error
    if error is None or error.value <= promised.error:
        return Promise(promised.error, answered, "kept")
    return Promise(promised.error, answered, "broken" if error.low > promised.error else "unclear")


def _point(curve: Curve, place: int) -> Answered:
    return _answered(float(curve.threshold[place]), int(curve.answered[place]), int(curve.wrong[place]), curve.n)


def _answered(threshold: float, answered: int, wrong: int, n: int) -> Answered:
    return Answered(threshold, share(answered, n), share(wrong, answered))
