"""An evaluation as a folder of files: JSON, tables, drawings, and a page that shows them all."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inkread.errors import OutputError
from inkread.evaluation import plots, report_plots
from inkread.evaluation.corruptions import CORRUPTIONS
from inkread.evaluation.evaluation import Evaluation
from inkread.evaluation.report_page import report_page
from inkread.evaluation.robustness import WAYS, Robustness
from inkread.evaluation.robustness_plots import corruption_sheet, robustness_plot
from inkread.files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

__all__ = ["check_folder", "drawings", "tables", "to_json", "write_report"]

Row = Sequence[object]
_MOST_DRAWN = 500  # classes and more make a drawing that no one can read


def check_folder(folder: Path) -> None:
    """Raise OutputError unless the folder is new or empty, and can be written to."""
    try:
        if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
            return
    except OSError as error:
        raise OutputError(f"Cannot open {str(folder)!r} ({error.strerror or error}). Name another folder.") from error
    what = "a folder with files in it" if folder.is_dir() else "a file"
    raise OutputError(f"Expected a new or empty folder for the report, got {what}: {str(folder)!r}. Name another.")


def write_report(
    evaluation: Evaluation, folder: Path, robustness: Robustness | None = None, command: str = ""
) -> Iterator[Path]:
    """Write tables, drawings, report.json and, last, report.html into a new or empty folder.

    Args:
        evaluation: What to write.
        folder: Made when it is not there.
        robustness: What was measured of the same model on pictures made worse, where that was asked for.
        command: That makes the report again, for report.html to show.

    Yields:
        The path of each file once it is whole.

    Raises:
        OutputError: The folder has files in it, or cannot be written to.
        MissingExtraError: matplotlib or jinja2 is not installed; nothing was written then.
    """
    check_folder(folder)
    figures = drawings(evaluation, robustness)
    page = report_page(evaluation, figures, robustness, command)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"Cannot make the folder {str(folder)!r} ({error.strerror or error}). Name another for the report."
        ) from error
    for name, rows in tables(evaluation, robustness).items():
        path = folder / f"{name}.csv"
        with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
        yield path
    for name, figure in figures.items():
        path = folder / f"{name}.png"
        plots.save(figure, path)  # type: ignore[arg-type]
        yield path
    for path, text in ((folder / "report.json", to_json(evaluation, robustness)), (folder / "report.html", page)):
        with replacing(path) as partial:
            partial.write_text(text, encoding="utf-8")
        yield path


def to_json(evaluation: Evaluation, robustness: Robustness | None = None) -> str:
    """Return `Evaluation.to_dict` and, as "robustness", `Robustness.to_dict` or null, as text ending in a new line.

    The schema of the JSON is report.schema.json beside this file.
    """
    values = {**evaluation.to_dict(), "robustness": robustness.to_dict() if robustness is not None else None}
    return json.dumps(values, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def tables(evaluation: Evaluation, robustness: Robustness | None = None) -> dict[str, Iterable[Row]]:
    """Return the rows of each table, the first one its head, by the name of the table."""
    named: dict[str, Iterable[Row]] = {
        "confusion": _confusion(evaluation),
        "per_class": _per_class(evaluation),
        "reliability": _reliability(evaluation),
        "risk_coverage": _risk_coverage(evaluation),
        "predictions": _predictions(evaluation),
    }
    return named if robustness is None else {**named, "robustness": _robustness(robustness)}


def drawings(evaluation: Evaluation, robustness: Robustness | None = None) -> dict[str, Figure | SubFigure]:
    """Return the figures by name; "misread" only where a picture was misread.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    titled = f"{evaluation.model.name} on {Path(evaluation.data.source).name}"
    titled += f", {evaluation.data.split}" if evaluation.data.split else ""
    selective = evaluation.selective
    figures: dict[str, Figure | SubFigure] = {
        "confusion": plots.confusion_heatmap(*_drawn_matrix(evaluation), title=titled),
        "reliability": report_plots.reliability_diagram(
            evaluation.reliability.bins, title="How often answers are right"
        ),
        "risk_coverage": report_plots.risk_coverage_curve(
            selective.curve, selective.promises, title="What withholding doubtful answers gains"
        ),
    }
    answers, names = evaluation.answers, evaluation.model.labels
    wrong = answers.misread
    if len(wrong):
        captions = [
            f"{names[answers.labels[i]]} as {names[answers.predicted[i]]}, {100 * answers.confidence[i]:.1f} %"
            for i in wrong.tolist()
        ]
        figures["misread"] = report_plots.misread_sheet(
            answers.dataset.images[wrong], wrong, captions, title=f"{titled}: {len(wrong):,} misread, the surest first"
        )
    if robustness is not None:
        figures["robustness"] = robustness_plot(robustness)
        figures["corruptions"] = corruption_sheet(_digits(evaluation), names=robustness.names, seed=robustness.seed)
    return figures


def _digits(evaluation: Evaluation) -> NDArray[np.uint8]:
    """Return the surest right answer of two classes that lie apart, or whatever picture there is."""
    answers = evaluation.answers
    order = np.argsort(-np.where(answers.right, answers.confidence, -1), kind="stable")
    classes, firsts = np.unique(answers.labels[order], return_index=True)
    places = order[firsts[np.unique([len(classes) // 3, 2 * len(classes) // 3])]]
    return answers.dataset.images[places]


def _drawn_matrix(evaluation: Evaluation) -> tuple[Any, Sequence[str]]:
    """Return the confusion matrix and its names; of very many classes those that are confused most."""
    matrix, names = evaluation.confusion, evaluation.model.labels
    if len(names) <= _MOST_DRAWN:
        return matrix, names
    off = matrix - np.diag(np.diagonal(matrix))
    kept = np.sort(np.argsort(-(off.sum(axis=0) + off.sum(axis=1)), kind="stable")[:_MOST_DRAWN])
    return matrix[np.ix_(kept, kept)], [names[i] for i in kept.tolist()]


def _confusion(evaluation: Evaluation) -> Iterator[Row]:
    names = evaluation.model.labels
    yield ("true class", *names)
    for name, counts in zip(names, evaluation.confusion.tolist(), strict=True):
        yield (name, *counts)


def _per_class(evaluation: Evaluation) -> Iterator[Row]:
    yield ("class", "support", "predicted", "hits", "precision", "recall", "f1")
    for name, s in zip(evaluation.model.labels, evaluation.classes, strict=True):
        yield (name, s.support, s.predicted, s.hits, s.precision, s.recall, s.f1)


def _reliability(evaluation: Evaluation) -> Iterator[Row]:
    yield ("lowest", "highest", "confidence", "n", "right", "share", "low", "high")
    for b in evaluation.reliability.bins:
        yield (b.low, b.high, b.confidence, b.right.n, b.right.hits, b.right.value, b.right.low, b.right.high)


def _risk_coverage(evaluation: Evaluation) -> Iterator[Row]:
    curve = evaluation.selective.curve
    yield ("threshold", "answered", "wrong", "coverage", "risk")
    columns = (curve.threshold, curve.answered, curve.wrong, curve.coverage, curve.risk)
    yield from zip(*(column.tolist() for column in columns), strict=True)


def _predictions(evaluation: Evaluation) -> Iterator[Row]:
    answers, names = evaluation.answers, evaluation.model.labels
    yield ("index", "label", "predicted", "confidence")
    rows = zip(answers.labels.tolist(), answers.predicted.tolist(), answers.confidence.tolist(), strict=True)
    for index, (label, predicted, confidence) in enumerate(rows):
        yield (index, names[label], names[predicted], f"{confidence:.6g}")


def _robustness(robustness: Robustness) -> Iterator[Row]:
    """Yield a row for clean pictures, of severity 0, and one for each corruption and severity."""
    measured = [f"{way}{ending}" for way in WAYS for ending in ("_right", "", "_low", "_high")]
    yield ("corruption", "family", "severity", "published", "n", *measured, "blank")
    for cell in (robustness.clean, *robustness.cells):
        kind = CORRUPTIONS.get(cell.name)
        family, published = (kind.family, kind.released == cell.severity) if kind else ("", False)
        shares = [value for way in WAYS for s in [cell.share(way)] for value in (s.hits, s.value, *s.interval)]
        yield (cell.name, family, cell.severity, int(published), robustness.n, *shares, cell.blank)
