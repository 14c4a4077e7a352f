"""Claim: the default recipe is more accurate than the reference network's best, and sooner.

Wanted: the mean test accuracy of its last epoch over three seeds at or above 99.6 %, and the whole training, from the
pictures to the checked model file, in no more time than seven epochs of `cnn-2conv`.

`cnn-2conv` is trained as its report describes it: plain Keras in float32, Adam, one-hot categorical cross-entropy,
batches of 200, ten epochs on all 60,000 pictures. It reported 99.16 %. Each training has a process of its own, one
after the other; the clock starts when Keras is imported and the pictures are in memory, so building and compiling
count. MNIST's test pictures are looked at after each epoch, outside the clock, here and nowhere in the training.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import mnist_or_none, percent
from inkread.console import table
from inkread.datasets import Dataset, mnist

REPORTED = 0.9916  # of cnn-2conv, in its report
WANTED = 0.996
EPOCHS_TO_BEAT = 7
QUICK = 6000  # training pictures with --quick


def main(arguments: list[str]) -> None:
    options = _options(arguments)
    if mnist_or_none("train") is None:
        print("Skipped time_to_accuracy: MNIST can neither be found nor downloaded.")
        return
    quick = ["--quick"] if options.quick else []
    reference = _child("cnn-2conv", "--epochs", str(options.epochs), *quick)
    runs = [_child("default", "--seed", str(seed), *quick) for seed in options.seeds]
    named = {"cnn-2conv": reference} | {f"default, seed {s}": r for s, r in zip(options.seeds, runs, strict=True)}
    _print_epochs(named)
    _print_sooner(named)
    _print_wanted(reference, runs)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks time_to_accuracy")
    parser.add_argument("--quick", action="store_true", help="little data, few epochs: to see that it runs")
    parser.add_argument("--seeds", type=int, nargs="+", help="of the default recipe")
    parser.add_argument("--epochs", type=int, help="of cnn-2conv; seven are enough for the ratio")
    options = parser.parse_args(arguments)
    options.seeds = options.seeds or ([0] if options.quick else [0, 1, 2])
    options.epochs = options.epochs or (2 if options.quick else 10)
    return options


def _child(*arguments: str) -> dict[str, Any]:
    print(f"training {' '.join(arguments)} ...", file=sys.stderr, flush=True)
    process = subprocess.run(
        [sys.executable, "-m", "benchmarks.time_to_accuracy", *arguments], check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(process.stdout.splitlines()[-1])


def _print_epochs(named: dict[str, dict[str, Any]]) -> None:
    longest = max(len(run["epochs"]) for run in named.values())
    rows = []
    for i in range(longest):
        cells = [run["epochs"][i] if i < len(run["epochs"]) else None for run in named.values()]
        rows.append((str(i + 1), *(f"{percent(c['accuracy'])}  {c['seconds']:6.1f} s" if c else "" for c in cells)))
    columns = ("epoch", *named)
    table("Test accuracy and seconds since the start, after each epoch", columns, rows, numbers=range(len(columns)))


def _print_sooner(named: dict[str, dict[str, Any]]) -> None:
    first = {name: _first(run) for name, run in named.items()}
    base = first["cnn-2conv"]
    rows = [
        (
            name,
            f"{seconds:.1f} s" if seconds else "not reached",
            f"{base / seconds:.2f} x" if base and seconds else "",
            f"{named[name]['seconds']:.1f} s",
        )
        for name, seconds in first.items()
    ]
    columns = ("training", "first epoch there", "as fast as cnn-2conv", "whole training")
    table(f"Time to {percent(REPORTED)} of the test pictures", columns, rows, numbers=(1, 2, 3))


def _first(run: dict[str, Any]) -> float | None:
    """Return the seconds until the end of the first epoch at or above the reported accuracy."""
    return next((epoch["seconds"] for epoch in run["epochs"] if epoch["accuracy"] >= REPORTED), None)


def _print_wanted(reference: dict[str, Any], runs: list[dict[str, Any]]) -> None:
    last = [run["epochs"][-1]["accuracy"] for run in runs]
    spread = f"{len(last)} seeds, sd {100 * stdev(last):.2f} points" if len(last) > 1 else "one seed"
    rows = [
        (
            f"mean test accuracy of the last epoch ({spread})",
            percent(mean(last)),
            f"{percent(WANTED)} or more",
            "kept" if mean(last) >= WANTED else "MISSED",
        )
    ]
    if len(reference["epochs"]) >= EPOCHS_TO_BEAT:
        ratio = mean(run["seconds"] for run in runs) / reference["epochs"][EPOCHS_TO_BEAT - 1]["seconds"]
        verdict = "kept" if ratio <= 1 else "MISSED"
        rows.append((f"whole training / {EPOCHS_TO_BEAT} epochs of cnn-2conv", f"{ratio:.2f}", "1 or less", verdict))
    table("What is claimed", ("figure", "measured", "wanted", ""), rows, numbers=(1,))


class _Clock:
    """Seconds since it was made, without those spent inside `stopped`."""

    def __init__(self) -> None:
        self._start, self._lost = time.perf_counter(), 0.0

    def __call__(self) -> float:
        return time.perf_counter() - self._start - self._lost

    def stopped(self, work: Callable[[], float]) -> float:
        before = time.perf_counter()
        value = work()
        self._lost += time.perf_counter() - before
        return value


def _train_reference(train: Dataset, test: Dataset, epochs: int) -> dict[str, Any]:
    import keras

    from benchmarks.networks import cnn_2conv

    scaled = test.images[..., None].astype(np.float32) / 255
    rows: list[dict[str, float]] = []
    clock = _Clock()

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: object = None) -> None:
            seconds = clock()
            found = clock.stopped(lambda: _share(self.model.predict(scaled, batch_size=1000, verbose=0), test.labels))
            rows.append({"seconds": seconds, "accuracy": found})

    keras.utils.set_random_seed(0)
    x, y = train.images[..., None].astype(np.float32) / 255, np.eye(10, dtype=np.float32)[train.labels]
    cnn_2conv().fit(x, y, batch_size=200, epochs=epochs, verbose=0, callbacks=[Watch()])
    return {"epochs": rows, "seconds": clock()}


def _train_default(train: Dataset, test: Dataset, seed: int, quick: bool) -> dict[str, Any]:
    import keras

    from inkread import Predictor
    from inkread.training.backend import predict_logits
    from inkread.training.history import Epoch
    from inkread.training.listener import Listener
    from inkread.training.recipes import RECIPES
    from inkread.training.run import train as run

    recipe = RECIPES["default"]
    changes = {"epochs": 2, "validation": 1000} if quick else {}
    rows: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "weights.keras"

        def accuracy() -> float:  # the run folder has the weights of each epoch before it is told of
            return _share(predict_logits(keras.saving.load_model(weights), test.images), test.labels)

        def on_epoch(epoch: Epoch) -> None:
            rows.append({"seconds": clock(), "accuracy": clock.stopped(accuracy)})

        clock = _Clock()
        config = replace(recipe.config, seed=seed, **changes)
        finished = run(recipe, train, config, folder=Path(folder), listener=Listener(on_epoch=on_epoch))
        seconds = clock()
        shipped = Predictor(finished.model).predict(test.images)
    rows[-1]["accuracy"] = float((shipped == test.labels).mean())  # of the file that ships
    return {"epochs": rows, "seconds": seconds}


def _share(scores: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    return float((scores.argmax(axis=1) == labels).mean())


def _main() -> None:
    """Do one training in this process and write what it gave as JSON."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("cnn-2conv", "default"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    from inkread.training.backend import require_keras

    require_keras()
    train, test = mnist("train"), mnist("test")
    if options.quick:
        train = train.subset(np.arange(QUICK))
    if options.what == "cnn-2conv":
        given = _train_reference(train, test, options.epochs)
    else:
        given = _train_default(train, test, options.seed, options.quick)
    print(json.dumps(given))


if __name__ == "__main__":
    _main()
