"""What the confidence is worth: on MNIST's test pictures and on other hands, with and without disputed labels.

Every picture takes the way of `inkread.read`: in MNIST's form it stays as it is, else it goes through the
preprocessing. What is rejected as no digit, or found blank, is never answered and counts as wrong. Log loss, Brier
score and calibration error (ECE, 15 bins of equal mass) are of the pictures that are read.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import mnist_or_none, percent
from benchmarks.other_hands import sets
from inkread import Predictor
from inkread.console import table
from inkread.datasets import Dataset
from inkread.datasets.disputed import DISPUTED, DISPUTED_OF_UNIPEN
from inkread.evaluation import calibration, metrics, selective
from inkread.imaging.preprocess import comes_normalized, to_digit
from inkread.reading.confidence import threshold_for

__all__ = ["Judged", "judged", "main"]

WISHES = (0.001, 0.002, 0.005, 0.01)
_QUICK = 300


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks calibration", description=__doc__)
    parser.add_argument("--model", default="default")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args(arguments)
    predictor = Predictor(options.model)
    found = [(name, judged(predictor, images, labels)) for name, images, labels in _pictures(options.quick)]
    rows = [(name, *one.row()) for name, one in found]
    columns = ("pictures", "n", "right", "rejected", "log loss", "ECE", "Brier", "AURC", "answered at 1 % wrong")
    table(f"The confidence of {options.model!r}", columns, rows, numbers=range(1, 9))
    rows = [(name, *one.promises(predictor)) for name, one in found]
    columns = ("pictures", *(f"max_error {100 * wish:g} %" for wish in WISHES))
    table("Answered, and wrong among the answers with the upper end of its 95 % interval", columns, rows)


def _pictures(quick: bool) -> Iterator[tuple[str, Sequence[NDArray[np.uint8]], NDArray[np.int64]]]:
    most = _QUICK if quick else None
    test = mnist_or_none("test")
    if test is not None:
        yield "MNIST test", list(test.images[:most]), test.labels[:most]
        sure = np.delete(np.arange(len(test)), DISPUTED[test.fingerprint])[:most]
        yield "the same without 15 disputed labels", list(test.images[sure]), test.labels[sure]
    for name, (images, labels) in sets():
        if isinstance(images[0], Path):  # the three photos
            continue
        yield name, images[:most], np.array(labels[:most])
        if name == "UNIPEN":
            unipen = Dataset(np.stack(images), np.array(labels), tuple("0123456789"), name)
            places = DISPUTED_OF_UNIPEN.get(unipen.fingerprint, ())
            sure = np.delete(np.arange(len(unipen)), places)[:most]
            yield f"UNIPEN without {len(places)} disputed", list(unipen.images[sure]), unipen.labels[sure]


@dataclass(frozen=True, eq=False)
class Judged:
    """What a model says of pictures: probabilities (N, C), which are right, read at all, and came in its form (N,)."""

    proba: NDArray[np.float32]
    labels: NDArray[np.int64]
    known: NDArray[np.bool_]
    native: NDArray[np.bool_]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which are read, and right, (N,)."""
        return self.known & (self.proba.argmax(axis=1) == self.labels)

    @property
    def confidence(self) -> NDArray[np.float32]:
        """Of each reading, 0 of what is rejected, (N,)."""
        return np.where(self.known, self.proba.max(axis=1), 0.0).astype(np.float32)

    def row(self) -> tuple[str, ...]:
        """Return the cells of the first table but for the name."""
        proba, labels = self.proba[self.known], self.labels[self.known]
        bins = calibration.reliability(proba.max(axis=1), proba.argmax(axis=1) == labels)
        curve = selective.risk_coverage(self.confidence, ~self.right)
        answered = selective.at_error(curve, 0.01)
        return (
            f"{len(self.labels):,}",
            percent(float(self.right.mean())),
            percent(float(1 - self.known.mean())),
            f"{metrics.log_loss(proba, labels):.4f}",
            percent(calibration.calibration_error(bins)),
            f"{calibration.brier(proba, labels):.5f}",
            f"{selective.area(curve):.2e}",
            percent(answered.coverage.value) if answered else "none",
        )

    def promises(self, predictor: Predictor) -> Iterator[str]:
        """Yield what is answered at each wish, and how much of that is wrong."""
        for wish in WISHES:
            thresholds = [threshold_for(predictor.card.calibration, wish, native=native) for native in (False, True)]
            answered = self.known & (self.confidence >= np.where(self.native, thresholds[1], thresholds[0]))
            if not answered.any():
                yield "none promised"
                continue
            wrong = metrics.share(int(np.count_nonzero(answered & ~self.right)), int(np.count_nonzero(answered)))
            share = f"{100 * wrong.value:.3f} % ({wrong.hits}; to {100 * wrong.high:.3f} %)"
            yield f"{percent(float(answered.mean()))}, {share}"


def judged(predictor: Predictor, images: Sequence[NDArray[np.uint8]], labels: NDArray[np.int64]) -> Judged:
    """Return what a model says of pictures, each of them on the way that `inkread.read` takes."""
    seen = np.zeros((len(images), 28, 28), np.uint8)
    there = np.ones(len(images), bool)
    for i, image in enumerate(images):
        digit, _ = to_digit(image)
        if digit is None:
            there[i] = False
        else:
            seen[i] = digit
    proba, known = predictor.judge(seen)
    native = np.array([comes_normalized(image) for image in images])
    return Judged(proba, np.asarray(labels, dtype=np.int64), known & there, native)
