"""A comparison as files: tables, JSON, drawings."""

from __future__ import annotations

import csv
import json
import os
import platform
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import mean
from typing import Any

from inkread.evaluation import compare_plots, plots
from inkread.files import replacing
from inkread.training.compare import Pictures, Result, Row, rows

__all__ = ["write_comparison", "write_curve"]

_KINDS = {"classic": "classic", "recipe": "network, trained", "model": "network, as shipped"}


def write_comparison(results: Sequence[Result], pictures: Pictures, folder: Path) -> Iterator[Path]:
    """Write compare.csv, compare.json and compare.png.

    Args:
        results: At least one.
        pictures: That they are of.
        folder: Where to.

    Yields:
        The path of each file once it is whole.

    Raises:
        OutputError: A file cannot be written.
        MissingExtraError: matplotlib is not installed.
    """
    found = rows(results)
    yield _write_csv(folder / "compare.csv", [_HEAD, *(_cells(row) for row in found)])
    path = folder / "compare.json"
    with replacing(path) as part:
        part.write_text(_json(results, found, pictures), encoding="utf-8")
    yield path
    dots = [compare_plots.Dot(row.name, _KINDS[row.kind], row.accuracy, 1e6 * row.picture_seconds) for row in found]
    path = folder / "compare.png"
    plots.save(
        compare_plots.accuracy_and_cost(dots, "microseconds for a picture, of many at once", title=_title(pictures)),
        path,
    )
    yield path


def write_curve(results: Sequence[Result], pictures: Pictures, folder: Path) -> Iterator[Path]:
    """Write learning-curve.csv, a line for each training, and learning-curve.png, of the means over the seeds.

    Args, yields and errors are those of `write_comparison`.
    """
    head = ("name", "kind", "seed", "pictures", "trained_on", "accuracy", "low", "high", "log_loss", "training_seconds")
    lines: list[Sequence[object]] = [head]
    for r in results:
        m = r.measured
        a = m.accuracy
        figures = (m.trained_on, a.value, a.low, a.high, m.log_loss, m.training_seconds)
        lines.append((r.name, r.kind, r.seed, r.pictures, *figures))
    yield _write_csv(folder / "learning-curve.csv", lines)
    path = folder / "learning-curve.png"
    plots.save(compare_plots.learning_curves(_curves(results), title=_title(pictures)), path)
    yield path


def _curves(results: Sequence[Result]) -> dict[str, list[tuple[int, float]]]:
    """Return the points of each contestant, means over the seeds, the best at its end first."""
    found: dict[str, dict[int, list[float]]] = {}
    for result in results:
        at = found.setdefault(result.name, {}).setdefault(result.pictures, [])
        at.append(result.measured.accuracy.value)
    curves = {name: [(size, mean(values)) for size, values in sorted(at.items())] for name, at in found.items()}
    return dict(sorted(curves.items(), key=lambda item: -item[1][-1][1]))


_HEAD = (
    *("name", "kind", "accuracy", "low", "high", "n", "sd", "seeds", "log_loss", "calibration_error"),
    *("training_seconds", "picture_seconds", "size", "parameters", "trained_on", "note"),
)


def _cells(row: Row) -> tuple[object, ...]:
    a = row.accuracy
    return (
        *(row.name, row.kind, a.value, a.low, a.high, a.n, row.spread, row.seeds, row.log_loss, row.calibration_error),
        *(row.training_seconds, row.picture_seconds, row.size, row.parameters, row.trained_on, row.note),
    )


def _json(results: Sequence[Result], found: Sequence[Row], pictures: Pictures) -> str:
    data: dict[str, Any] = {
        "schema": 1,
        "data": {
            "source": pictures.labelled.source,
            "labelled": len(pictures.labelled),
            "test": len(pictures.test),
            "fingerprints": {"labelled": pictures.labelled.fingerprint, "test": pictures.test.fingerprint},
            "notes": list(pictures.notes),
        },
        "machine": {"processors": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
        "rows": [asdict(row) for row in found],
        "results": [asdict(result) for result in results],
    }
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _title(pictures: Pictures) -> str:
    source = Path(pictures.labelled.source).name
    return f"{source}: {len(pictures.labelled):,} labelled pictures, {len(pictures.test):,} to test"


def _write_csv(path: Path, lines: Iterable[Sequence[object]]) -> Path:
    with replacing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)
    return path
