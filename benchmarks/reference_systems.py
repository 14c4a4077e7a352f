"""The five reference systems, trained as their reports describe: test accuracy after each epoch, mean of some seeds.

What a run gave is kept in a file, so that a benchmark that was cut goes on, and so that the pages about the systems can
be written from it: `python -m benchmarks reference_systems --pages`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from benchmarks.common import machine, mnist_or_none, percent
from inkread.console import table

__all__ = ["KEPT", "VARIANTS", "WANTED", "main", "runs_of", "spread_of"]

KEPT = Path("docs/recipes/runs.json")
# The share of the test pictures that the mean of the seeds has to reach in the reports' epochs.
WANTED = {"dense": 0.92, "cnn-2conv": 0.989, "cnn-3conv": 0.989, "lenet": 0.988, "cnn-dropout": 0.993}
# What is trained beside the recipes as they are; a report compares SGD with Adam.
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, {}) for name in WANTED},
    "cnn-dropout with SGD": ("cnn-dropout", {"optimizer": "sgd"}),
}


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks reference_systems", description=__doc__)
    parser.add_argument("--only", choices=VARIANTS, nargs="+", default=list(VARIANTS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--quick", action="store_true", help="one seed, one epoch; nothing is kept")
    parser.add_argument("--again", action="store_true", help="train also what is kept already")
    parser.add_argument("--pages", action="store_true", help="write the figures into the pages about the systems")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        print(json.dumps(_train(options.one[0], int(options.one[1]), options.quick)))
        return
    if mnist_or_none("test") is None:
        print("MNIST is not there and cannot be downloaded: nothing was measured.")
        return
    kept = {} if options.again or options.quick or not KEPT.exists() else json.loads(KEPT.read_text(encoding="utf-8"))
    for seed in options.seeds[:1] if options.quick else options.seeds:
        for name in options.only:
            if str(seed) not in kept.setdefault(name, {}):
                kept[name][str(seed)] = _in_a_process(name, seed, options.quick)
                if not options.quick:
                    KEPT.parent.mkdir(exist_ok=True)
                    KEPT.write_text(json.dumps(kept, indent=None) + "\n", encoding="utf-8")
                print(f"  {name}, seed {seed}: {percent(kept[name][str(seed)]['accuracy'])}", flush=True)
    _print(kept)
    if options.pages:
        from benchmarks.reference_pages import write_pages

        write_pages(kept)


def runs_of(kept: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the runs of a system, by seed."""
    return [run for _, run in sorted(kept.get(name, {}).items(), key=lambda item: int(item[0]))]


def spread_of(values: Sequence[float]) -> float:
    """Return the standard deviation; 0 of a single value."""
    return stdev(values) if len(values) > 1 else 0.0


def _print(kept: dict[str, Any]) -> None:
    rows = []
    for name in kept:
        runs = runs_of(kept, name)
        accuracies = [run["accuracy"] for run in runs]
        wanted = WANTED.get(name)
        rows.append(
            (
                name,
                f"{len(runs[0]['epochs'])}",
                percent(mean(accuracies)),
                f"{100 * spread_of(accuracies):.2f}",
                " ".join(percent(a) for a in accuracies),
                f"{mean(run['seconds'] for run in runs):.0f} s",
                "" if wanted is None else f"{percent(wanted)} {'kept' if mean(accuracies) >= wanted else 'MISSED'}",
            )
        )
    columns = ("system", "epochs", "test accuracy, mean", "sd, points", "by seed", "training", "wanted")
    table("The reference systems on MNIST's 10,000 test pictures, last epoch", columns, rows, numbers=(1, 2, 3, 5))


def _in_a_process(name: str, seed: int, quick: bool) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks", "reference_systems", "--one", name, str(seed)]
    done = subprocess.run([*command, "--quick"] if quick else command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _train(name: str, seed: int, quick: bool) -> dict[str, Any]:
    """Train one system; return what its epochs and its model file gave."""
    import numpy as np

    from inkread import Predictor
    from inkread.datasets import mnist
    from inkread.training.backend import predict_logits, require_keras
    from inkread.training.config import config_from
    from inkread.training.history import Epoch, columns
    from inkread.training.listener import Listener
    from inkread.training.recipes import find_recipe
    from inkread.training.run import train

    require_keras()
    import keras

    recipe, changes = find_recipe(VARIANTS[name][0]), {**VARIANTS[name][1], "seed": seed}
    config = config_from({**changes, "epochs": 1} if quick else changes, recipe.config)
    test = mnist("test")
    tested: list[float] = []
    lost: list[float] = []

    with tempfile.TemporaryDirectory() as folder:

        def look(_: Epoch) -> None:
            began = time.perf_counter()
            logits = predict_logits(keras.saving.load_model(Path(folder) / "run" / "weights.keras"), test.images)
            tested.append(float((logits.argmax(axis=1) == test.labels).mean()))
            lost.append(time.perf_counter() - began)

        run = train(recipe, mnist("train"), config, folder=Path(folder) / "run", listener=Listener(on_epoch=look))
        predictor = Predictor(run.model)
        proba = predictor.predict_proba(test.images)
    found = proba.argmax(axis=1)
    matrix = np.zeros((10, 10), int)
    np.add.at(matrix, (test.labels, found), 1)
    return {
        "accuracy": float((found == test.labels).mean()),
        "loss": float(-np.log(np.maximum(proba[np.arange(len(test)), test.labels], 1e-12)).mean()),
        "epochs": [
            {"test_accuracy": share, **{k: round(v[i], 5) for k, v in columns(run.epochs).items() if v[i] == v[i]}}
            for i, share in enumerate(tested)  # without validation there are columns that are no numbers
        ],
        "seconds": run.epochs[-1].seconds - sum(lost[:-1]),
        "confusion": matrix.tolist(),
        "machine": machine(),
    }
