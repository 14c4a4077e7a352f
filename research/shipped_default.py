"""Train the shipped `default` as a whole, for one seed or several: both of its networks, and the file made of them.

Result, per cent right by class, in eight bits, of which seed 0 ships (2026-11-22):

            held out   MNIST test      Semeion       UNIPEN   cheque digits
    seed 0     99.68        99.71        96.74        98.72           95.83
    seed 1     99.59        99.68        96.42        98.68           95.79
    seed 2     99.65        99.70        97.05        98.69           96.10
    mean       99.64 ± 0.05 99.70 ± 0.02 96.74 ± 0.31 98.70 ± 0.02    95.90 ± 0.17

Their trainings were cut and resumed, and their blends set anew when they were done: the weights before and after an
ending are in its checkpoint, and the share is all that changed.

Command: python -m research.shipped_default [--seeds 0 1 2] [--output runs]
Each seed takes an hour and a half on two cores of an AMD EPYC. What is done stays; a cut run goes on behind it when the
same command is given again. OUTPUT/default-SEED.onnx is the file; that of seed 0 ships.
Needs INKREAD_DATA with mnist/, and dev/ for the figures of other hands.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import mean, stdev

import numpy as np

import inkread
from benchmarks.other_hands import sets
from inkread import Predictor
from inkread.console import note, table
from inkread.datasets import mnist
from inkread.imaging.preprocess import to_digit
from inkread.training.cascade import Doubt
from inkread.training.config import config_from
from inkread.training.convert import Request, convert
from inkread.training.folder import RunFolder, read_toml
from inkread.training.listener import Listener
from inkread.training.recipes import find_recipe
from inkread.training.run import resume, train

WEIGHTS = Path(inkread.__file__).parent / "weights"
PARTS = {"first": ("default", "default.toml"), "second": ("best", "default-second.toml")}
# Set with the held-out pictures and the development sets in sight: see research/default_blends.py.
DOUBT = Doubt(below=0.8, share=0.5)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--output", type=Path, default=Path("runs"))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    rows = {seed: _figures(_made(seed, options.output)) for seed in options.seeds}
    shown = [(f"seed {seed}", *(f"{100 * value:.2f}" for value in row.values())) for seed, row in rows.items()]
    columns = [[100 * row[name] for row in rows.values()] for name in next(iter(rows.values()))]
    if len(rows) > 1:
        shown.append(("mean", *(f"{mean(column):.2f} ± {stdev(column):.2f}" for column in columns)))
    names = tuple(next(iter(rows.values())))
    table("Per cent right by class, in eight bits", ("", *names), shown, numbers=range(1, len(names) + 1))


def _made(seed: int, output: Path) -> Path:
    """Return the model file of a seed; what is not there is trained."""
    file = output / f"default-{seed}.onnx"
    if file.exists():
        return file
    folders = {part: output / f"{part}-{seed}" for part in PARTS}
    for part, folder in folders.items():
        _trained(part, seed, folder)
    request = Request(file, int8=True, name="default", second=folders["second"], doubt=DOUBT)
    return convert(folders["first"], request).path


def _trained(part: str, seed: int, folder: Path) -> None:
    """Train a network, or go on where that was cut."""
    name, file = PARTS[part]
    listener = Listener(on_epoch=lambda e: note(f"{folder}: epoch {e.number}, {e.validation_accuracy:.2%}"))
    if RunFolder(folder).card.exists():
        return
    if RunFolder(folder).config.exists():
        resume(folder, mnist("train"), listener=listener)
        return
    recipe = find_recipe(name)
    config = config_from({**read_toml(WEIGHTS / file), "seed": seed}, recipe.config)
    train(recipe, mnist("train"), config, folder=folder, name="default", listener=listener)


def _figures(model: Path) -> dict[str, float]:
    """Return the shares that are right by class alone, of a file."""
    predictor, test = Predictor(model), mnist("test")
    figures = {figure.name: figure.value for figure in predictor.card.figures}
    figures["MNIST test"] = float((predictor.predict(test.images) == test.labels).mean())
    for name, (pictures, truth) in sets():
        if isinstance(pictures[0], Path):  # the three photos
            continue
        found = [None if (digit := to_digit(picture)[0]) is None else digit for picture in pictures]
        read = predictor.predict(np.stack([np.zeros((28, 28), np.uint8) if one is None else one for one in found]))
        hits = [one is not None and got == want for one, got, want in zip(found, read, truth, strict=True)]
        figures[name] = float(np.mean(hits))
    return figures


if __name__ == "__main__":
    main()
