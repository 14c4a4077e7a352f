"""An evaluation as one HTML page that needs nothing beside itself: for whoever has to decide about a model."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.errors import MissingExtraError, ModelError
from inkread.evaluation import page_figures
from inkread.evaluation.corruptions import CORRUPTIONS
from inkread.evaluation.evaluation import AtError, Comparison, Evaluation
from inkread.evaluation.robustness import WAYS, Robustness, robustness_tables
from inkread.evaluation.selective import Promise
from inkread.reading.card import Card
from inkread.reading.model_file import open_model

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

__all__ = ["report_page"]

_MOST_CLASSES = 30  # of a heat map made of cells; with more it is a picture
_MOST_MISREAD = 60
_EXAMPLES = 8
_SPACE = "\N{NO-BREAK SPACE}"
_WAYS = {"raw": "Pictures as they are", "normalized": "After the preprocessing"}


def report_page(
    evaluation: Evaluation,
    figures: Mapping[str, Figure | SubFigure],
    robustness: Robustness | None = None,
    command: str = "",
) -> str:
    """Return an evaluation as HTML, with all pictures inside it.

    Args:
        evaluation: What was measured.
        figures: As `report_files.drawings` gives them; "corruptions" and, of many classes, "confusion" are used.
        robustness: What was measured on pictures made worse.
        command: That makes the report again.

    Raises:
        MissingExtraError: jinja2 or matplotlib is not installed.
    """
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError as error:
        raise MissingExtraError("The report", "report", "jinja2") from error
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(percent=_percent, interval=_interval, thousands=_thousands, rounded=_rounded)
    template = environment.from_string((files("inkread.evaluation") / "templates" / "report.html").read_text("utf-8"))
    card = _card(evaluation.model.path)
    return template.render(
        evaluation=evaluation,
        names=evaluation.model.labels,
        source=_named(evaluation),
        verdict=list(_verdict(evaluation)),
        detail=list(_detail(evaluation)),
        answerable=list(_answerable(evaluation)),
        promises=_distinct(evaluation.selective.promises),
        heat=_heat(evaluation),
        confusion_uri=_confusion_uri(evaluation, figures),
        confused=list(_confused(evaluation)),
        misread=list(_misread(evaluation)),
        charts=_charts(evaluation, robustness),
        robustness=None if robustness is None else _robustness(robustness, figures),
        compared=_compared(evaluation, evaluation.comparison) if evaluation.comparison else None,
        provenance=list(_provenance(evaluation, card)),
        machine=_machine(),
        command=command,
        **_made(),
    )


def _percent(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{100 * value:.{digits}f}{_SPACE}%"


def _interval(share: Any, digits: int = 2) -> str:
    """Return the ends of an interval, of either kind of share."""
    low, high = share.interval if hasattr(share, "interval") else (share.low, share.high)
    return f"{100 * low:.{digits}f} to {100 * high:.{digits}f}{_SPACE}%"


def _thousands(value: float) -> str:
    return f"{value:,.0f}"


def _rounded(value: float, digits: int = 3) -> str:
    return np.format_float_positional(value, precision=digits, fractional=False, trim="-")


def _wished(error: float) -> str:
    return f"{100 * error:.10g}{_SPACE}%"


def _card(path: str) -> Card | None:
    """Return the card of the file that was measured; None where it is no longer there."""
    try:
        return open_model(path).card
    except ModelError:
        return None


def _named(evaluation: Evaluation) -> str:
    name = Path(evaluation.data.source).name or evaluation.data.source
    return f"{name}, {evaluation.data.split}" if evaluation.data.split else name


def _distinct(promises: tuple[Promise, ...]) -> list[Promise]:
    """Return the promises, of those that answer all pictures only the strictest: the others say the same."""
    kept: list[Promise] = []
    for promise in promises:
        if not (kept and kept[-1].answered.threshold == promise.answered.threshold):
            kept.append(promise)
    return kept


def _answerable(evaluation: Evaluation) -> Iterator[AtError]:
    """Yield what can be answered at each wished error, up to the first at which all is."""
    for at in evaluation.selective.at_error:
        yield at
        if at.best is not None and at.best.coverage.hits == at.best.coverage.n:
            return


def _verdict(evaluation: Evaluation) -> Iterator[str]:
    """Yield what must be known first, a sentence each."""
    wrong = evaluation.accuracy.n - evaluation.accuracy.hits
    yield f"{wrong:,} of {evaluation.accuracy.n:,} pictures are misread." if wrong else "No picture is misread."
    promises = evaluation.selective.promises
    if promises:
        yield f"{_answered(promises[0])} {_kept(promises)}"
    else:
        yield "Its card promises no error rate, so there is no threshold to rely on."
    if evaluation.disputed is not None:
        d = evaluation.disputed
        yield (
            f"Of {len(d.indices)} pictures whose labels human raters dispute, {len(d.wrong)} count as misread; without "
            f"them it is right on {_percent(d.accuracy.value)}."
        )


def _answered(promise: Promise) -> str:
    answered = promise.answered
    told = f"Asked for at most {_wished(promise.max_error)} of wrong answers,"
    if answered.error is None:
        return f"{told} it answers none of the pictures."
    return (
        f"{told} it answers {_percent(answered.coverage.value)} of the pictures and is wrong in "
        f"{_percent(answered.error.value)} of its answers."
    )


def _kept(promises: tuple[Promise, ...]) -> str:
    verdicts = [promise.verdict for promise in promises]
    broken = verdicts.count("broken")
    if broken:
        return f"{broken} of its {len(promises)} promised error rates {'is' if broken == 1 else 'are'} broken here."
    if "unclear" in verdicts:
        return "None of its promised error rates is shown to be broken, but not all are shown to be kept."
    return "Every error rate that it promises is kept."


def _detail(evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    for k, share in evaluation.top.items():
        yield f"right class among the {k} likeliest", f"{_percent(share.value)} ({_interval(share)})"
    for name, mean in (("mean of the classes", evaluation.macro), ("weighted by their pictures", evaluation.weighted)):
        values = ", ".join(_percent(value) for value in (mean.precision, mean.recall, mean.f1))
        yield f"precision, recall, F1, {name}", values
    if evaluation.numeric is not None:
        r2 = "" if evaluation.numeric.r2 is None else f", R² {evaluation.numeric.r2:.4f}"
        yield "read as numbers", f"mean squared error {evaluation.numeric.mse:.4f}{r2}"
    if evaluation.rejected is not None:
        share = evaluation.rejected.all
        yield "taken for none of the classes", f"{_percent(share.value)} ({_interval(share)})"


def _heat(evaluation: Evaluation) -> list[list[dict[str, Any]]] | None:
    """Return the cells of the heat map; None where there are too many."""
    matrix = evaluation.confusion
    if len(matrix) > _MOST_CLASSES:
        return None
    shares = matrix / np.maximum(1, matrix.sum(axis=1, keepdims=True))
    strength = np.round(shares**0.25, 2)  # so that one error in a thousand is still seen
    return [
        [
            {"count": count, "strength": strength[row, column], "right": row == column}
            for column, count in enumerate(counts)
        ]
        for row, counts in enumerate(matrix.tolist())
    ]


def _confusion_uri(evaluation: Evaluation, figures: Mapping[str, Figure | SubFigure]) -> str:
    many = len(evaluation.confusion) > _MOST_CLASSES
    return page_figures.figure_uri(figures["confusion"]) if many and "confusion" in figures else ""


def _confused(evaluation: Evaluation) -> Iterator[dict[str, Any]]:
    answers = evaluation.answers
    for pair in evaluation.confused:
        places = np.flatnonzero((answers.labels == pair.label) & (answers.predicted == pair.read_as)).tolist()
        yield {"pair": pair, "places": _listed(places, _EXAMPLES)}


def _misread(evaluation: Evaluation) -> Iterator[dict[str, Any]]:
    answers, names = evaluation.answers, evaluation.model.labels
    doubted = set(evaluation.disputed.indices) if evaluation.disputed else set()
    for place in answers.misread[:_MOST_MISREAD].tolist():
        yield {
            "index": place,
            "uri": page_figures.data_uri(answers.dataset.images[place]),
            "label": names[answers.labels[place]],
            "read": names[answers.predicted[place]],
            "confidence": float(answers.confidence[place]),
            "disputed": place in doubted,
        }


def _charts(evaluation: Evaluation, robustness: Robustness | None) -> dict[str, Any]:
    """Return the drawings as markup: nothing in them comes from names that the data has."""
    from markupsafe import Markup

    reliability, selective = evaluation.reliability, evaluation.selective
    charts = {
        "reliability": page_figures.reliability_svg(
            reliability,
            f"Reliability diagram: share of right answers over confidence in {len(reliability.bins)} groups; expected "
            f"calibration error {_percent(reliability.calibration_error)}.",
        ),
        "risk_coverage": page_figures.risk_coverage_svg(
            selective,
            "Share of wrong answers over the share of pictures answered, from the surest answers to all of them; "
            f"it ends at {_percent(float(selective.curve.risk[-1]))}.",
        ),
    }
    if robustness is not None:
        for way in WAYS:
            mean = f"the mean of all is {_percent(robustness.mean(way))}"
            said = f"{_WAYS[way]}: accuracy by kind and severity of damage; {mean}."
            charts[way] = page_figures.robustness_svg(robustness, way, said)
    return {name: Markup(drawn) for name, drawn in charts.items()}


def _robustness(robustness: Robustness, figures: Mapping[str, Figure | SubFigure]) -> dict[str, Any]:
    intervals = [cell.share(way).interval for cell in robustness.cells for way in WAYS]
    return {
        "result": robustness,
        "margin": max(high - low for low, high in intervals) / 2,
        "summary": robustness_tables(robustness)[0],
        "ways": [{"key": way, "title": _WAYS[way], "rows": list(_damage(robustness, way))} for way in WAYS],
        "sheet": page_figures.figure_uri(figures["corruptions"]) if "corruptions" in figures else "",
        "hardest": {way: min(robustness.cells, key=lambda cell: cell.share(way).value) for way in WAYS},
    }


def _damage(robustness: Robustness, way: str) -> Iterator[dict[str, Any]]:
    for name in robustness.names:
        cells = [cell for cell in robustness.cells if cell.name == name]
        values = [cell.share(way).value for cell in cells]
        released = CORRUPTIONS[name].released
        yield {
            "name": name,
            "summary": CORRUPTIONS[name].summary,
            "cells": [
                {"value": value, "lost": round(1 - value, 2), "published": cell.severity == released}
                for cell, value in zip(cells, values, strict=True)
            ],
            "mean": sum(values) / len(values),
        }


def _compared(evaluation: Evaluation, comparison: Comparison) -> dict[str, Any]:
    test = comparison.test
    names = [evaluation.model.name, comparison.other.name]
    if names[0] == names[1]:
        names = [Path(model.path).stem for model in (evaluation.model, comparison.other)]
    alone = [_listed(test.only_first, 20), _listed(test.only_second, 20)]
    return {"comparison": comparison, "test": test, "names": names, "alone": alone, "differ": test.p_value < 0.05}


def _listed(places: Sequence[int], most: int) -> str:
    return ", ".join(map(str, places[:most])) + (", …" if len(places) > most else "")


def _provenance(evaluation: Evaluation, card: Card | None) -> Iterator[tuple[str, str]]:
    """Yield what one must know to repeat the report, and to trust it."""
    path, data = Path(evaluation.model.path), evaluation.data
    yield "model file", path.name
    if path.is_file():
        yield "its sha256", hashlib.sha256(path.read_bytes()).hexdigest()
    yield "pictures measured on", f"{data.n:,} of {data.source}, {' x '.join(map(str, data.shape))}"
    yield "their fingerprint", data.fingerprint
    if card is not None:
        yield from _of_card(card)


def _of_card(card: Card) -> Iterator[tuple[str, str]]:
    given = {
        "recipe": card.recipe,
        "weights made on": card.created,
        "made with": ", ".join(f"{name} {version}" for name, version in card.made_with.items()),
        "licence of the weights": card.licence,
        "trained on": str(card.data.get("source", "")),
        "fingerprint of that": str(card.data.get("fingerprint", "")),
    }
    for part in ("training", "validation"):
        told = card.data.get(part)
        if isinstance(told, dict) and {"n", "fingerprint"} <= told.keys():
            given[f"{part} part"] = f"{told['n']:,} pictures, {told['fingerprint']}"
    given["configuration"] = ", ".join(f"{key} = {value}" for key, value in _flat(card.config))
    if card.calibration.n:
        given["confidence set on"] = f"{card.calibration.n:,} pictures, temperature {card.calibration.temperature:.4f}"
    yield from ((key, text) for key, text in given.items() if text)


def _flat(config: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in config.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", round(value, 6) if isinstance(value, float) else value


def _machine() -> str:
    return f"{platform.system()} on {platform.machine()}, {os.cpu_count() or 1} processors"


def _made() -> dict[str, str]:
    from inkread import __version__

    return {"today": datetime.now(UTC).date().isoformat(), "version": __version__}
