"""Whether the promise of `max_error` holds: many random splits into calibration and test pictures.

The pictures are those that the model has not learned from: MNIST's test part, and the validation part of its training.
Each is split in two at random; temperature and thresholds are set on one half, as they are for a card, and the share of
wrong answers is counted on the other. A promise at 95 % may fail in one split of twenty, of the true error; the error
counted on a test half is off from the true one by its own chance, to both sides.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import mnist_or_none, percent
from inkread.console import table
from inkread.datasets import Dataset
from inkread.datasets.disputed import DISPUTED

__all__ = ["main"]

CORRUPTED = 0.3  # the share of the pictures that are corrupted, in the second run


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks abstention", description=__doc__)
    parser.add_argument("--model", default="default")
    parser.add_argument("--splits", type=int, default=200)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args(arguments)
    test = mnist_or_none("test")
    if test is None:
        print("MNIST is not there and cannot be downloaded: nothing was measured.")
        return
    from inkread import Predictor

    predictor = Predictor(options.model)
    splits = 10 if options.quick else options.splits
    images, labels = _unseen(predictor)
    _print_promise(predictor, images, labels, "MNIST", splits)
    corrupted = _corrupted(images)
    _print_promise(predictor, corrupted, labels, f"MNIST, {CORRUPTED:.0%} of it corrupted", splits)
    _print_card(predictor, test)


def _unseen(predictor: object) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return MNIST's test pictures and those that the training held out."""
    from inkread.datasets import mnist
    from inkread.training.config import Config, config_from
    from inkread.training.held_out import parted

    card = predictor.card  # type: ignore[attr-defined]
    test, train = mnist("test"), mnist("train")
    images, labels = [test.images], [test.labels]
    if card.data.get("fingerprint") == train.fingerprint:
        held_out = parted(train, config_from(card.config, Config()))[1]
        if held_out is not None:
            images.append(held_out.images)
            labels.append(held_out.labels)
    return np.concatenate(images), np.concatenate(labels)


def _corrupted(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the pictures with a share of them corrupted, each kind and severity alike."""
    from inkread.evaluation.corruptions import CORRUPTIONS

    rng = np.random.default_rng(0)
    out = images.copy()
    chosen = np.flatnonzero(rng.random(len(images)) < CORRUPTED)
    cells = [(name, severity) for name in CORRUPTIONS for severity in range(1, 6)]
    for cell, some in zip(cells, np.array_split(rng.permutation(chosen), len(cells)), strict=True):
        out[some] = CORRUPTIONS[cell[0]].function(images[some], cell[1], rng)
    return out


def _print_promise(
    predictor: object, images: NDArray[np.uint8], labels: NDArray[np.int64], named: str, splits: int
) -> None:
    from inkread.reading.confidence import NEVER, probabilities
    from inkread.training.calibrate import DELTA, ERRORS, calibrate

    logits = np.log(np.maximum(predictor.predict_proba(images), 1e-30))  # type: ignore[attr-defined]
    rng = np.random.default_rng(0)
    counted: dict[float, list[tuple[float, float]]] = {error: [] for error in ERRORS}
    for _ in range(splits):
        order = rng.permutation(len(labels))
        here, there = order[: len(order) // 2], order[len(order) // 2 :]
        calibration = calibrate(logits[here], labels[here])
        proba = probabilities(logits[there], calibration.temperature)
        confidence, wrong = proba.max(axis=1), proba.argmax(axis=1) != labels[there]
        promised = {t.error: t.confidence for t in calibration.thresholds}
        for error in ERRORS:
            answered = confidence >= promised.get(error, NEVER)
            counted[error].append((float(answered.mean()), float(wrong[answered].mean()) if answered.any() else 0.0))
    rows = []
    for error, found in counted.items():
        coverage, mistakes = np.array(found).T
        exceeded = float((mistakes > error).mean())
        rows.append(
            (
                percent(error),
                f"{(coverage > 0).mean():.0%}",
                percent(float(np.mean(coverage))),
                f"{100 * float(np.mean(mistakes)):.3f} %",
                f"{exceeded:.1%}",
                "kept" if exceeded <= DELTA else "MISSED",
            )
        )
    columns = ("wish", "promised in", "answered", "wrong among answers", f"wish exceeded (at most {DELTA:.0%})", "")
    title = f"{named}: {splits} random splits of {len(labels):,} pictures in two"
    table(title, columns, rows, numbers=range(5))


def _print_card(predictor: object, test: Dataset) -> None:
    """Count answers and mistakes on the test part at the thresholds of the card."""
    from inkread.evaluation.intervals import wilson

    proba, known = predictor.judge(test.images)  # type: ignore[attr-defined]
    confidence, wrong = proba.max(axis=1), proba.argmax(axis=1) != test.labels
    doubted = DISPUTED[test.fingerprint]
    rows = []
    for threshold in predictor.card.calibration.of_form(native=True):  # type: ignore[attr-defined]
        answered = known & (confidence >= threshold.confidence)
        mistakes = np.flatnonzero(answered & wrong)
        _, high = wilson(len(mistakes), int(answered.sum()))
        disputed = sum(int(i) in doubted for i in mistakes)
        rows.append(
            (
                percent(threshold.error),
                percent(float(answered.mean())),
                f"{len(mistakes)}",
                f"{100 * len(mistakes) / answered.sum():.3f} %",
                f"{100 * high:.3f} %",
                f"{disputed}",
            )
        )
    columns = ("max_error", "answered", "wrong", "of the answers", "95 % bound", "of them disputed labels")
    table("MNIST's test part at the card's thresholds", columns, rows, numbers=range(6))
