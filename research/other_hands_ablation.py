"""What each part of the training buys on other people's digits.

Result, n = 1 seed, 8 epochs, per cent right (2026-11-21, two cores of an AMD EPYC):

    training                             validation   Semeion   UNIPEN   digits of cheques
    mild affine                               99.54     91.71    97.32               90.91
    + elastic, stretch, neighbours            99.52     92.59    97.04               90.99
    + other hands (redrawn)                   99.44     95.35    97.98               91.53
    + paper and camera (photographed)         99.46     94.85    98.16               93.26

Strokes that MNIST lacks are what Semeion needs, digits that went over paper are what cheques need; validation pays a
tenth of a point for both. One seed each: differences under half a point are noise.

Command: python -m research.other_hands_ablation [--epochs 8] [--seeds 0] [--output FOLDER]
Needs INKREAD_DATA with mnist/ and dev/. The network, rate and split are those of the recipe `default`; every row is a
whole training, and each figure a mean over the seeds, read through `inkread.read` like a user's picture.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import mean

from benchmarks.other_hands import measured
from inkread.console import table
from inkread.datasets import mnist
from inkread.training.augment import Augmentation
from inkread.training.recipes import find_recipe
from inkread.training.run import train

MILD = Augmentation(shift=1.5, rotation=8, zoom=0.07, shear=0.1, stroke=0.4)
BENT = Augmentation(shift=1.5, rotation=10, zoom=0.1, stretch=0.1, shear=0.15, elastic=0.6, stroke=0.6, neighbours=0.05)
PARTS = {
    "mild affine": (0.0, 0.0, MILD),
    "+ elastic, stretch, neighbours": (0.0, 0.0, BENT),
    "+ other hands (redrawn)": (1.0, 0.0, BENT),
    "+ paper and camera (photographed)": (1.0, 0.5, BENT),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--output", type=Path, default=Path(tempfile.gettempdir()) / "inkread-ablation")
    options = parser.parse_args()
    recipe, dataset = find_recipe("default"), mnist("train")
    rows = []
    for number, (name, (redrawn, photographed, augmentation)) in enumerate(PARTS.items()):
        found: dict[str, list[float]] = {}
        for seed in options.seeds:
            config = replace(
                recipe.config,
                epochs=options.epochs,
                seed=seed,
                redrawn=redrawn,
                photographed=photographed,
                augmentation=augmentation,
            )
            folder = options.output / f"{number}-{seed}-{os.getpid()}"
            run = train(recipe, dataset, config, folder=folder)
            found.setdefault("validation", []).append(run.card.figures[0].value)
            for figure in measured(str(run.model)):
                found.setdefault(figure.name, []).append(figure.value)
        rows.append((name, *(f"{100 * mean(values):.2f}" for values in found.values())))
        columns = ("training", *found)
        print(rows[-1], flush=True)
    table(
        f"Per cent right, mean of {len(options.seeds)} seeds, {options.epochs} epochs",
        columns,
        rows,
        numbers=range(1, len(columns)),
    )


if __name__ == "__main__":
    main()
