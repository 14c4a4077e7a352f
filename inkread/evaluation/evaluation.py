"""What an evaluation measured, as frozen dataclasses that turn into JSON: numbers apart from how they are drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from inkread.datasets import Dataset
from inkread.evaluation.calibration import Bin
from inkread.evaluation.comparison import McNemar
from inkread.evaluation.cost import Cost
from inkread.evaluation.metrics import ClassScore, Confused, MeanScore, NumericError, Share
from inkread.evaluation.selective import Answered, Curve, Promise

__all__ = [
    "SCHEMA",
    "Answers",
    "AtCoverage",
    "AtError",
    "Comparison",
    "Data",
    "Disputed",
    "Evaluation",
    "EvaluationDict",
    "Model",
    "Rejected",
    "Reliability",
    "Selective",
]

SCHEMA = 1
"""Of `Evaluation.to_dict`: rises when a key changes its name or meaning, not when one is added."""

_CURVE_POINTS = 200  # of the risk-coverage curve in the JSON


@dataclass(frozen=True, slots=True)
class Model:
    """Which model was measured.

    Attributes:
        name: From its card.
        version: From its card.
        recipe: From its card.
        path: Of the file.
        labels: The names of its classes; what a class's number stands for everywhere in an evaluation.
        temperature: That its scores are divided by.
    """

    name: str
    version: str
    recipe: str
    path: str
    labels: tuple[str, ...]
    temperature: float


@dataclass(frozen=True, slots=True)
class Data:
    """What it was measured on.

    Attributes:
        source: As the user named it.
        split: The part of the source, as the user named it.
        n: Pictures.
        shape: Of each, as the source has them.
        fingerprint: sha256 of pictures, labels and names.
        normalized: How many were brought into the model's form first.
        blank: How many have nothing written on them.
    """

    source: str
    split: str
    n: int
    shape: tuple[int, ...]
    fingerprint: str
    normalized: int
    blank: int


@dataclass(frozen=True, slots=True)
class Reliability:
    """Whether the confidence means what it says.

    Attributes:
        calibration_error: Expected calibration error over `bins`, in [0, 1].
        brier: Brier score over all classes, in [0, 2].
        confidence: Mean confidence, in [0, 1]; a calibrated one has it near the accuracy.
        bins: Of about equal count, by rising confidence.
    """

    calibration_error: float
    brier: float
    confidence: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class AtError:
    """How much can be answered at a share of wrong answers.

    Attributes:
        error: The share wished for.
        best: The threshold of most answers that keeps it on these pictures, chosen with the labels known; None when
            none does.
    """

    error: float
    best: Answered | None


@dataclass(frozen=True, slots=True)
class AtCoverage:
    """How many answers are wrong when so many are given.

    Attributes:
        coverage: The share wished for.
        best: The threshold of fewest answers that are as many.
    """

    coverage: float
    best: Answered


@dataclass(frozen=True, slots=True)
class Selective:
    """What is gained by withholding doubtful answers.

    Attributes:
        area: Area under risk over coverage (AURC), in [0, 1]; less is better.
        at_error: At some shares of wrong answers.
        at_coverage: At some shares of answers given.
        promises: Each threshold of the card, held against these pictures.
        curve: Risk over coverage.
    """

    area: float
    at_error: tuple[AtError, ...]
    at_coverage: tuple[AtCoverage, ...]
    promises: tuple[Promise, ...]
    curve: Curve


@dataclass(frozen=True, slots=True)
class Rejected:
    """Pictures that the model takes to show none of its classes, so that `read` gives no line for them.

    All other figures count them with the likeliest class, as if they were not rejected.

    Attributes:
        all: How many are rejected.
        right: How many of those would have been read right; None when none is rejected.
    """

    all: Share
    right: Share | None


@dataclass(frozen=True, slots=True)
class Disputed:
    """Pictures whose labels human raters dispute, counted apart.

    Attributes:
        indices: Their places in the data.
        wrong: Those of them that are read otherwise than labelled.
        accuracy: On the other pictures.
    """

    indices: tuple[int, ...]
    wrong: tuple[int, ...]
    accuracy: Share


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same pictures, read by another model.

    Attributes:
        other: Which one.
        accuracy: The other's.
        log_loss: The other's.
        test: McNemar's test of the model evaluated (first) and the other (second).
    """

    other: Model
    accuracy: Share
    log_loss: float
    test: McNemar


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """The single answers, for lists and drawings; not part of the JSON.

    Attributes:
        dataset: The pictures, as the source has them.
        labels: int64 (N,), the right class as a number of the model's.
        proba: float32 (N, C), calibrated.
        predicted: int64 (N,), the likeliest class.
        confidence: float32 (N,), its probability.
        known: bool (N,), whether the model takes the picture to show one of its classes.
    """

    dataset: Dataset
    labels: NDArray[np.int64]
    proba: NDArray[np.float32]
    predicted: NDArray[np.int64]
    confidence: NDArray[np.float32]
    known: NDArray[np.bool_]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether each answer is right, (N,)."""
        return np.asarray(self.predicted == self.labels)

    @property
    def misread(self) -> NDArray[np.intp]:
        """The places of the wrong answers, the surest first."""
        places = np.flatnonzero(~self.right)
        return places[np.argsort(-self.confidence[places], kind="stable")]


class EvaluationDict(TypedDict):
    """The JSON of an evaluation: each value as the attribute of that name in `Evaluation`, its dataclass as a dict."""

    schema: int
    model: dict[str, Any]
    data: dict[str, Any]
    accuracy: dict[str, Any]
    top: dict[str, Any]
    log_loss: float
    numeric: dict[str, Any] | None
    classes: list[dict[str, Any]]
    macro: dict[str, float]
    weighted: dict[str, float]
    confusion: list[list[int]]
    confused: list[dict[str, Any]]
    reliability: dict[str, Any]
    selective: dict[str, Any]
    rejected: dict[str, Any] | None
    disputed: dict[str, Any] | None
    cost: dict[str, Any] | None
    comparison: dict[str, Any] | None
    notes: list[str]


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """All that was measured of a model file on one set of pictures.

    Attributes:
        model: Which model.
        data: On what.
        accuracy: How often the likeliest class is the right one.
        top: How often the right one is among the k likeliest, by k, for k below the number of classes.
        log_loss: Mean negative log-likelihood of the right class, in nats.
        numeric: How far the numbers read are from the true ones; None when the classes are no numbers.
        classes: Of each class of the model.
        macro: Means over the classes.
        weighted: Means over the classes, by their pictures.
        confusion: int64 (C, C), rows are the true classes, columns what was read.
        confused: The commonest pairs of those.
        reliability: Whether the confidence means what it says.
        selective: What is gained by withholding doubtful answers.
        rejected: Pictures taken to show none of the classes; None when the model has not learned to tell.
        disputed: Of MNIST's test set, the pictures whose labels are in doubt; else None.
        cost: Of the model file; None when it was not measured.
        notes: What a reader of the figures should know, in whole sentences.
        answers: The single answers.
        comparison: With another model, where one was asked for.
    """

    model: Model
    data: Data
    accuracy: Share
    top: dict[int, Share]
    log_loss: float
    numeric: NumericError | None
    classes: tuple[ClassScore, ...]
    macro: MeanScore
    weighted: MeanScore
    confusion: NDArray[np.int64]
    confused: tuple[Confused, ...]
    reliability: Reliability
    selective: Selective
    rejected: Rejected | None
    disputed: Disputed | None
    cost: Cost | None
    notes: tuple[str, ...]
    answers: Answers
    comparison: Comparison | None = None

    def to_dict(self) -> EvaluationDict:
        """Return it as JSON values, without the single answers; nothing in it is NaN or infinite.

        Of the risk-coverage curve at most 200 points are kept.
        """
        values = {f.name: _plain(getattr(self, f.name)) for f in fields(self) if f.name != "answers"}
        return {"schema": SCHEMA, **values}  # type: ignore[typeddict-item]


def _plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, Curve):
        value = _thinned(value)
    elif isinstance(value, np.ndarray):
        value = value.tolist()
    elif is_dataclass(value):
        value = {f.name: getattr(value, f.name) for f in fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _thinned(curve: Curve) -> dict[str, list[float]]:
    last = len(curve.answered) - 1
    places = np.unique(np.linspace(0, last, min(last + 1, _CURVE_POINTS)).round().astype(int))
    columns = {"threshold": curve.threshold, "coverage": curve.coverage, "risk": curve.risk}
    return {name: column[places].tolist() for name, column in columns.items()}
