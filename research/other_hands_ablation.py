"""What each part of the training buys on other people's digits and on corrupted ones.

Result, mean of n = 3 seeds, 6 epochs, per cent right (2026-11-22, two shared cores of an AMD EPYC; standard deviations
are 0.1 held out, 0.1 to 0.6 elsewhere, up to 1.1 for corrupted digits and 0.7 for those of cheques):

    training                         held out  Semeion   UNIPEN  cheques  MNIST-C
    mild affine                         99.49    91.92    97.40    90.37    76.42
    + elastic, stretch, neighbours      99.47    92.17    97.31    90.79    79.33
    + other hands, redrawn              99.35    95.00    98.21    92.21    79.25
    + digits from templates             99.29    97.03    98.52    93.94    79.42
    + paper and camera                  99.31    96.92    98.41    94.82    84.68
    + disturbances                      99.24    97.09    98.41    94.62    97.50
    + pictures of no digit              99.13    95.73    97.82    93.15    97.43

Strokes that MNIST lacks are what Semeion needs, redrawn and, beyond, from templates; digits that went over paper and
camera are what cheques need; disturbances are most of what corrupted digits need. Held-out pictures of MNIST pay two
tenths of a point for all of it. The last row loses what is refused as no digit: it counts as wrong here.

Command: python -m research.other_hands_ablation [--epochs 6] [--seeds 0 1 2] [--output FOLDER]
Needs INKREAD_DATA with mnist/ and dev/. The network, rate and split are those of the recipe `default`; every row is a
whole training, and each figure a mean over the seeds. The development sets are read through `inkread.read` like a
user's pictures; the fifteen corruptions of MNIST-C are laid over 1,000 of the held-out pictures. What is done stands in
FOLDER/results.csv; a cut run goes on behind it when the same command is given again.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev

import numpy as np

from benchmarks.other_hands import measured
from inkread import Predictor
from inkread.console import table
from inkread.datasets import Dataset, mnist
from inkread.evaluation.corruptions import CORRUPTIONS, MNIST_C, corrupt
from inkread.training.augment import Augmentation
from inkread.training.config import Config
from inkread.training.held_out import parted
from inkread.training.recipes import find_recipe
from inkread.training.run import train

MILD = Augmentation(shift=1.5, rotation=8, zoom=0.07, shear=0.1, stroke=0.4)
BENT = Augmentation(shift=1.5, rotation=10, zoom=0.1, stretch=0.1, shear=0.15, elastic=0.6, stroke=0.6, neighbours=0.1)
# Each row has what the rows above it have, and one thing more.
PARTS = {
    "mild affine": {"augmentation": MILD},
    "+ elastic, stretch, neighbours": {"augmentation": BENT},
    "+ other hands, redrawn": {"redrawn": 1.0},
    "+ digits from templates": {"drawn": 0.4},
    "+ paper and camera": {"photographed": 0.5},
    "+ disturbances": {"augmentation": replace(BENT, disturbed=0.2)},
    "+ pictures of no digit": {"non_digits": 0.2},
}
SETS = ("Semeion", "UNIPEN", "digits of cheque amounts")
CORRUPTED = 1000  # held-out pictures for each corruption
Results = dict[tuple[str, int], list[float]]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--output", type=Path, default=Path("runs/ablation"))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    done = options.output / "results.csv"
    results = _read(done)
    for seed in options.seeds:
        config = replace(find_recipe("default").config, epochs=options.epochs, seed=seed)
        for number, (name, changes) in enumerate(PARTS.items()):
            config = replace(config, **changes)
            if (name, seed) in results:
                continue
            results[name, seed] = _figures(config, mnist("train"), options.output / f"{number}-{seed}")
            print(name, seed, " ".join(f"{100 * value:.2f}" for value in results[name, seed]), flush=True)
            with done.open("a", encoding="utf-8", newline="") as file:
                csv.writer(file).writerow((name, seed, *results[name, seed]))
    _print(results)


def _figures(config: Config, data: Dataset, folder: Path) -> list[float]:
    """Train; return the shares right of what is held out, of Semeion, UNIPEN, cheques, and of what is corrupted."""
    run = train(find_recipe("default"), data, config, folder=folder)
    hands = {figure.name: figure.value for figure in measured(str(run.model))}
    _, held = parted(data, config)
    assert held is not None
    predictor, images = Predictor(run.model), held.images[:CORRUPTED]
    hit = [
        predictor.predict(corrupt(images, name, CORRUPTIONS[name].released)) == held.labels[:CORRUPTED]
        for name in MNIST_C
    ]
    return [run.card.figures[0].value, *(hands[name] for name in SETS), float(np.mean(hit))]


def _read(path: Path) -> Results:
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {(row[0], int(row[1])): [float(cell) for cell in row[2:]] for row in csv.reader(file)}


def _print(results: Results) -> None:
    rows = []
    for name in PARTS:
        found = [values for (other, _), values in results.items() if other == name]
        if found:
            columns = [[100 * value for value in column] for column in zip(*found, strict=True)]
            spreads = (f" ± {stdev(column):.2f}" if len(column) > 1 else "" for column in columns)
            shown = (f"{mean(column):.2f}{spread}" for column, spread in zip(columns, spreads, strict=True))
            rows.append((name, f"{len(found)}", *shown))
    head = ("training", "n", "held out", "Semeion", "UNIPEN", "digits of cheques", "corrupted")
    table("Per cent right, mean ± sd of n seeds", head, rows, numbers=range(1, len(head)))


if __name__ == "__main__":
    main()
