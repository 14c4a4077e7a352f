"""How well a model reads pictures that were made worse: accuracy by corruption and severity, in two ways.

Raw, the network is given the pictures as they are, which is how MNIST-C is scored. Normalized, they take the way that
users' pictures take, through the whole preprocessing; what it finds blank counts as wrong.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from inkread.console import Progress
from inkread.datasets.dataset import Dataset
from inkread.errors import UsageError
from inkread.evaluation.corruptions import (
    CORRUPTIONS,
    MNIST_C,
    OURS,
    SEVERITIES,
    check_names,
    check_severity,
    corrupt,
)
from inkread.evaluation.intervals import wilson
from inkread.imaging.frame import SIZE
from inkread.imaging.preprocess import normalize_batch
from inkread.reading.predictor import Predictor

__all__ = ["WAYS", "Cell", "Robustness", "Share", "Table", "robustness", "robustness_tables"]

WAYS = ("raw", "normalized")
_CLEAN = "clean"


@dataclass(frozen=True)
class Share:
    """How many pictures were read right.

    Args:
        hits: 0 to n.
        n: Of how many, at least 1.
    """

    hits: int
    n: int

    @property
    def value(self) -> float:
        """The accuracy, 0..1."""
        return self.hits / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """The ends of its 95 % interval (Wilson), 0..1."""
        return wilson(self.hits, self.n)

    def to_dict(self) -> dict[str, Any]:
        """Return hits, n, value and interval."""
        return {"hits": self.hits, "n": self.n, "value": self.value, "interval": list(self.interval)}


@dataclass(frozen=True)
class Cell:
    """What was measured with one corruption at one severity.

    Args:
        name: Of the corruption, or "clean".
        severity: 1 to 5, or 0 of clean pictures.
        raw: With the pictures as they are.
        normalized: After the preprocessing.
        blank: How many pictures the preprocessing found blank.
    """

    name: str
    severity: int
    raw: Share
    normalized: Share
    blank: int

    def share(self, way: str) -> Share:
        """Return what was read right one way, "raw" or "normalized"."""
        return self.raw if way == "raw" else self.normalized

    def to_dict(self) -> dict[str, Any]:
        """Return everything, for JSON."""
        return {
            "corruption": self.name,
            "severity": self.severity,
            "raw": self.raw.to_dict(),
            "normalized": self.normalized.to_dict(),
            "blank": self.blank,
        }


@dataclass(frozen=True)
class Robustness:
    """What was measured, of one model.

    Args:
        model: Its name and version.
        source: Where the pictures come from.
        n: How many they are.
        seed: Of their choice and of the corruptions.
        names: Of the corruptions.
        severities: That were tried, rising.
        clean: What was measured on the pictures before any corruption.
        cells: For each name each severity.
        seconds: What each family took, and "clean"; no part of what is compared.
    """

    model: str
    source: str
    n: int
    seed: int
    names: tuple[str, ...]
    severities: tuple[int, ...]
    clean: Cell
    cells: tuple[Cell, ...]
    seconds: dict[str, float] = field(compare=False)

    def cell(self, name: str, severity: int) -> Cell:
        """Return one cell.

        Raises:
            UsageError: That corruption or severity was not measured.
        """
        for cell in self.cells:
            if (cell.name, cell.severity) == (name, severity):
                return cell
        raise UsageError(
            f"Expected a corruption of {', '.join(self.names)} and a severity of {self.severities}, which were "
            f"measured; received {name!r} at {severity!r}."
        )

    def mnist_c_mean(self, way: str = "raw") -> float | None:
        """Return the mean accuracy over the fifteen of MNIST-C, each at its published severity; None unless all are."""
        released = [cell for cell in self.cells if cell.severity == CORRUPTIONS[cell.name].released]
        return _mean(released, way) if len(released) == len(MNIST_C) else None

    def ours_mean(self, way: str = "raw") -> float | None:
        """Return the mean accuracy over our ten and the severities; None unless all ten were measured."""
        ours = [cell for cell in self.cells if cell.name in OURS]
        return _mean(ours, way) if len(ours) == len(OURS) * len(self.severities) else None

    def mean(self, way: str = "raw") -> float:
        """Return the mean accuracy over all that was measured."""
        return _mean(self.cells, way)

    def to_dict(self) -> dict[str, Any]:
        """Return everything, for JSON, the means included."""
        means = {"mnist_c": self.mnist_c_mean, "ours": self.ours_mean, "all": self.mean}
        return {
            "model": self.model,
            "source": self.source,
            "n": self.n,
            "seed": self.seed,
            "severities": list(self.severities),
            "clean": self.clean.to_dict(),
            "means": {name: {way: mean(way) for way in WAYS} for name, mean in means.items()},
            "cells": [cell.to_dict() for cell in self.cells],
            "seconds": dict(self.seconds),
        }


class Table(NamedTuple):
    """A table of text: `numbers` are the columns that stand to the right."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    numbers: tuple[int, ...]


def robustness(
    model: str | os.PathLike[str] | Predictor,
    dataset: Dataset,
    *,
    count: int = 2000,
    seed: int = 0,
    names: Iterable[str] | None = None,
    severities: Iterable[int] = SEVERITIES,
    report: Progress | None = None,
) -> Robustness:
    """Measure how well a model reads pictures that were made worse.

    Args:
        model: Its name, a path ending in `.onnx`, or a predictor.
        dataset: Gray pictures (N, 28, 28) as MNIST has them, light ink on dark, with classes that the model knows.
        count: How many of them, drawn by chance; all where there are fewer.
        seed: Of the choice and of the corruptions; the same seed gives the same figures.
        names: Of the corruptions, all by default.
        severities: Of 1 to 5.
        report: What is told how far it is, in corruptions.

    Raises:
        UsageError: Something of these is out of range, or data and model do not fit.
        ModelError: The model cannot be used.

    Example:
        >>> from inkread.datasets import mnist
        >>> robustness("default", mnist("test"), count=100).mnist_c_mean()  # doctest: +SKIP
        0.85
    """
    chosen = tuple(dict.fromkeys(CORRUPTIONS if names is None else names))
    steps = tuple(sorted(set(severities)))
    _check(chosen, steps, count)
    predictor = model if isinstance(model, Predictor) else Predictor(model)
    _check_fit(predictor, dataset)
    # Sorted, so that the order of the file and not that of the draw decides which chances a picture meets.
    drawn = np.sort(np.random.default_rng(seed).permutation(len(dataset))[:count])
    images = np.ascontiguousarray(dataset.images[drawn])
    known = np.array([predictor.labels.index(name) for name in dataset.names])
    trial = _Trial(predictor, images, known[dataset.labels[drawn]], seed)
    seconds: dict[str, float] = {}
    start = time.perf_counter()
    clean = trial.run(_CLEAN, 0)
    seconds[_CLEAN] = time.perf_counter() - start
    cells: list[Cell] = []
    for done, name in enumerate(chosen):
        if report is not None:
            report(done, len(chosen), name)
        start = time.perf_counter()
        cells += [trial.run(name, severity) for severity in steps]
        family = CORRUPTIONS[name].family
        seconds[family] = seconds.get(family, 0.0) + time.perf_counter() - start
    if report is not None:
        report(len(chosen), len(chosen))
    title = f"{predictor.card.name} {predictor.card.version}"
    return Robustness(title, dataset.source, len(images), seed, chosen, steps, clean, tuple(cells), seconds)


@dataclass(frozen=True, eq=False)
class _Trial:
    """What all cells share: a predictor, uint8 (n, 28, 28), the index of the right label (n,), a seed."""

    predictor: Predictor
    images: NDArray[np.uint8]
    truth: NDArray[np.int64]
    seed: int

    def run(self, name: str, severity: int) -> Cell:
        images = self.images if name == _CLEAN else corrupt(self.images, name, severity, seed=self.seed)
        normalized = _normalize(images)
        blank = ~normalized.any(axis=(1, 2))
        raw = self.predictor.predict(images) == self.truth
        after = (self.predictor.predict(normalized) == self.truth) & ~blank
        n = len(images)
        return Cell(name, severity, Share(int(raw.sum()), n), Share(int(after.sum()), n), int(blank.sum()))


def _normalize(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Normalise in a thread for each processor: OpenCV lets go of the interpreter while it computes."""
    threads = os.cpu_count() or 1
    with ThreadPoolExecutor(threads) as pool:
        return np.concatenate(list(pool.map(normalize_batch, np.array_split(images, min(threads, len(images))))))


def _mean(cells: Sequence[Cell], way: str) -> float:
    return sum(cell.share(way).value for cell in cells) / len(cells)


def _check(names: Sequence[str], severities: Sequence[int], count: Any) -> None:
    check_names(names)
    for severity in severities:
        check_severity(severity)
    if not names or not severities:
        raise UsageError(
            f"Expected at least one corruption and one severity, got {len(names)} and {len(severities)}. "
            "Leave them out to measure all."
        )
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise UsageError(f"Expected count as a whole number from 1, got {count!r}.")


def _check_fit(predictor: Predictor, dataset: Dataset) -> None:
    if predictor.card.shape != (SIZE, SIZE):
        raise UsageError(
            f"Expected a model for pictures of {SIZE} x {SIZE}, got one for {predictor.card.shape}: "
            f"{predictor.card.name}. The corruptions are made for pictures of MNIST's size."
        )
    if dataset.images.shape[1:] != (SIZE, SIZE):
        raise UsageError(
            f"Expected gray pictures of shape (N, {SIZE}, {SIZE}), got {dataset.images.shape} from {dataset.source}. "
            "inkread.normalize_batch makes that from other gray pictures."
        )
    unknown = [name for name in dataset.names if name not in predictor.labels]
    if unknown:
        raise UsageError(
            f"Expected data whose classes the model knows, which are {', '.join(predictor.labels)}; received "
            f"{', '.join(unknown)} from {dataset.source}. Choose a model that was trained on such data."
        )


def robustness_tables(result: Robustness) -> list[Table]:
    """Return the tables to print: a summary, and for each way the accuracy by corruption and severity, in %."""
    return [_summary(result), *(_by_severity(result, way) for way in WAYS)]


def _summary(result: Robustness) -> Table:
    rows: list[tuple[str, ...]] = [("clean pictures", *(_with_interval(result.clean.share(way)) for way in WAYS))]
    means = (
        ("the fifteen of MNIST-C, published severity", result.mnist_c_mean),
        ("our ten, all severities measured", result.ours_mean),
        ("all that was measured", result.mean),
    )
    for text, mean in means:
        values = [mean(way) for way in WAYS]
        if None not in values:
            rows.append((text, *(_percent(value) for value in values)))
    return Table(
        f"{result.model} on {result.n:,} pictures of {result.source}: mean accuracy in % (95 % interval)",
        ("", *WAYS),
        rows,
        (1, 2),
    )


def _by_severity(result: Robustness, way: str) -> Table:
    rows = []
    for name in result.names:
        cells = [cell for cell in result.cells if cell.name == name]
        shown = [
            _percent(cell.share(way).value) + ("*" if cell.severity == CORRUPTIONS[name].released else " ")
            for cell in cells
        ]
        rows.append((name, CORRUPTIONS[name].family, *shown, _percent(_mean(cells, way))))
    widest = max(high - low for low, high in (cell.share(way).interval for cell in result.cells)) / 2
    columns = ("corruption", "family", *(f"severity {s}" for s in result.severities), "mean")
    title = (
        f"{way.capitalize()}: accuracy in %, each within {100 * widest:.1f} points or less (95 %); "
        "* is the published severity"
    )
    return Table(title, columns, rows, tuple(range(2, len(columns))))


def _with_interval(share: Share) -> str:
    low, high = share.interval
    return f"{_percent(share.value)} ({100 * low:.2f} to {100 * high:.2f})"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.2f}"
