"""Measure a model file on labelled pictures: the file that ships, with the probabilities that `read` would use."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from inkread.datasets import Dataset
from inkread.datasets.disputed import DISPUTED
from inkread.errors import QualityError, UsageError
from inkread.evaluation import metrics, selective
from inkread.evaluation.calibration import brier, calibration_error, reliability
from inkread.evaluation.comparison import mcnemar
from inkread.evaluation.cost import measure_cost
from inkread.evaluation.evaluation import (
    Answers,
    AtCoverage,
    AtError,
    Comparison,
    Data,
    Disputed,
    Evaluation,
    Model,
    Rejected,
    Reliability,
    Selective,
)
from inkread.evaluation.prepare import Prepared, prepare
from inkread.reading.card import Card, Threshold
from inkread.reading.model_file import find_model
from inkread.reading.predictor import Predictor

__all__ = ["COVERAGES", "ERRORS", "Evaluation", "compare", "evaluate", "require_accuracy"]

ERRORS = (0.0, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05)
"""Shares of wrong answers at which the coverage is stated."""

COVERAGES = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0)
"""Shares of answers at which the error is stated."""

_FEW = 100  # pictures: below it an interval of the accuracy spans 8 points and more


def evaluate(model: str | Path, dataset: Dataset, *, split_name: str = "", cost: bool = True) -> Evaluation:
    """Measure a model file on labelled pictures.

    Classes are matched by name, whatever their order. Pictures of another form than the model's are normalised as
    `read` does it, where the model was made for that.

    Args:
        model: The name of a shipped or local model, or a path ending in `.onnx`.
        dataset: The pictures.
        split_name: What part of the source they are, for the report.
        cost: Measure size, arithmetic and time too, which takes some seconds.

    Raises:
        ModelNotFoundError: There is no such model.
        ModelError: It cannot be used.
        DatasetError: The pictures have classes that the model does not know, or a form that it cannot take.

    Example:
        >>> from inkread.datasets import load
        >>> evaluate("default", load("mnist", "test")).accuracy.n  # doctest: +SKIP
        10000
    """
    path = find_model(model)
    predictor = Predictor(path)
    prepared = prepare(dataset, predictor.card)
    proba, known = predictor.judge(prepared.images)
    predicted, confidence = proba.argmax(axis=1).astype(np.int64), proba.max(axis=1)
    answers = Answers(dataset, prepared.labels, proba, predicted, confidence, known)
    matrix = metrics.confusion(predicted, prepared.labels, len(predictor.labels))
    scores = metrics.class_scores(matrix)
    return Evaluation(
        model=_model(predictor.card, path),
        data=_data(dataset, split_name, prepared),
        accuracy=metrics.accuracy(proba, prepared.labels),
        top={k: metrics.top_k(proba, prepared.labels, k) for k in (2, 3, 5) if k < proba.shape[1]},
        log_loss=metrics.log_loss(proba, prepared.labels),
        numeric=_numeric(answers, predictor.labels),
        classes=scores,
        macro=metrics.mean_scores(scores, weighted=False),
        weighted=metrics.mean_scores(scores, weighted=True),
        confusion=matrix,
        confused=metrics.most_confused(matrix),
        reliability=_reliability(answers),
        selective=_selective(answers, predictor.card.calibration.of_form(native=prepared.normalized == 0)),
        rejected=_rejected(answers) if predictor.card.rejection is not None else None,
        disputed=_disputed(answers),
        cost=measure_cost(path, prepared.images) if cost else None,
        notes=(*prepared.notes, *_notes(dataset, predictor.card, scores)),
        answers=answers,
    )


def compare(evaluation: Evaluation, other: Evaluation) -> Evaluation:
    """Return the evaluation with its comparison to another one, which must be of the same pictures.

    Raises:
        UsageError: They are of different pictures.
    """
    if evaluation.data.fingerprint != other.data.fingerprint:
        raise UsageError(
            f"Expected evaluations on the same pictures to compare, got one on {evaluation.data.source} "
            f"({evaluation.data.n:,} pictures) and one on {other.data.source} ({other.data.n:,} pictures)."
        )
    test = mcnemar(evaluation.answers.right, other.answers.right)
    return replace(evaluation, comparison=Comparison(other.model, other.accuracy, other.log_loss, test))


def require_accuracy(evaluation: Evaluation, least: float) -> None:
    """Raise QualityError when the measured accuracy is below `least`, in [0, 1]."""
    found = evaluation.accuracy
    if found.value >= least:
        return
    within = " The interval holds the wish: more pictures could tell." if found.high >= least else ""
    raise QualityError(
        f"Expected an accuracy of at least {_exactly(least)}, measured {found.value:.2%} (95 % interval "
        f"{found.low:.2%} to {found.high:.2%}, n = {found.n:,}) of model {evaluation.model.name!r} on "
        f"{evaluation.data.source}.{within} Train it further, take another model, or ask for less."
    )


def _exactly(wished: float) -> str:
    """Return a share in percent with the digits that it was given with."""
    return f"{100 * wished:.10g}%"


def _model(card: Card, path: Path) -> Model:
    return Model(card.name, card.version, card.recipe, str(path), card.labels, card.calibration.temperature)


def _data(dataset: Dataset, split_name: str, prepared: Prepared) -> Data:
    return Data(
        source=dataset.source,
        split=split_name,
        n=len(dataset),
        shape=dataset.images.shape[1:],
        fingerprint=dataset.fingerprint,
        normalized=prepared.normalized,
        blank=prepared.blank,
    )


def _numeric(answers: Answers, names: tuple[str, ...]) -> metrics.NumericError | None:
    if not all(name.isascii() and name.isdecimal() and len(name) < 10 for name in names):
        return None
    values = np.array([int(name) for name in names])
    return metrics.numeric_error(values[answers.predicted], values[answers.labels])


def _reliability(answers: Answers) -> Reliability:
    bins = reliability(answers.confidence, answers.right)
    return Reliability(
        calibration_error=calibration_error(bins),
        brier=brier(answers.proba, answers.labels),
        confidence=float(answers.confidence.mean(dtype=np.float64)),
        bins=bins,
    )


def _selective(answers: Answers, thresholds: tuple[Threshold, ...]) -> Selective:
    curve = selective.risk_coverage(answers.confidence, ~answers.right)
    return Selective(
        area=selective.area(curve),
        at_error=tuple(AtError(error, selective.at_error(curve, error)) for error in ERRORS),
        at_coverage=tuple(AtCoverage(coverage, selective.at_coverage(curve, coverage)) for coverage in COVERAGES),
        promises=tuple(selective.judge(curve, threshold) for threshold in thresholds),
        curve=curve,
    )


def _rejected(answers: Answers) -> Rejected:
    rejected = int(np.count_nonzero(~answers.known))
    right = int(np.count_nonzero(answers.right & ~answers.known))
    return Rejected(metrics.share(rejected, len(answers.known)), metrics.share(right, rejected) if rejected else None)


def _disputed(answers: Answers) -> Disputed | None:
    places = DISPUTED.get(answers.dataset.fingerprint)
    if places is None:
        return None
    doubted = np.array(places)
    others = np.delete(answers.right, doubted)
    return Disputed(
        indices=places,
        wrong=tuple(doubted[~answers.right[doubted]].tolist()),
        accuracy=metrics.share(int(np.count_nonzero(others)), len(others)),
    )


def _notes(dataset: Dataset, card: Card, scores: tuple[metrics.ClassScore, ...]) -> list[str]:
    notes = []
    if dataset.fingerprint in _seen(card):
        notes.append("The model was trained on these pictures: the figures say how well it remembers them, not more.")
    elif dataset.fingerprint == _fingerprint(card.data.get("validation")):
        notes.append("The confidence was set on these pictures, so they cannot judge it; nor can they the promises.")
    if len(dataset) < _FEW:
        notes.append(f"{len(dataset)} pictures are few: mind the intervals, and take {_FEW} or more to judge by.")
    present = [name for name, score in zip(card.labels, scores, strict=True) if score.support]
    if len(present) == 1:
        notes.append(f"All pictures are of one class, {present[0]!r}: nothing is said of the others.")
    elif len(present) < len(card.labels):
        absent = [name for name in card.labels if name not in present]
        notes.append(f"There are no pictures of these classes of the model: {_some(absent)}.")
    if not card.calibration.n:
        notes.append("The confidence is as the network gives it; no error rate was promised for it.")
    return notes


def _seen(card: Card) -> set[object]:
    """Return the fingerprints of all that the model was trained on."""
    return {card.data.get("fingerprint"), _fingerprint(card.data.get("training"))} - {None}


def _fingerprint(part: object) -> object:
    return part.get("fingerprint") if isinstance(part, dict) else None


def _some(names: list[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + more
