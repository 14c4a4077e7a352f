"""How far the two networks of `default` are blended towards MNIST, and when the second one is asked.

Result, the mean of n = 2 seeds (0 and 1), per cent right by class, in float, and how many of the held-out pictures the
second network is asked about (2026-11-22):

    first  second  below   held out   MNIST  Semeion  UNIPEN  cheques   asked
      0.2    none             99.59   99.60    96.70   98.62    95.94
      0.2     0.4    0.6      99.60   99.66    96.92   98.75    95.94    0.39
      0.2     0.4    0.8      99.61   99.67    96.86   98.76    95.90    1.17
      0.2     0.7    0.6      99.61   99.68    96.70   98.73    95.96    0.39
      0.2     0.7    0.8      99.64   99.70    96.61   98.71    95.87    1.17  ships
      0.2     0.7    0.9      99.64   99.70    96.61   98.71    95.87    2.87
      0.2     1.0    0.8      99.65   99.70    96.26   98.67    95.72    1.17
      0.3    none             99.61   99.61    96.64   98.62    95.85
      0.3     0.4    0.6      99.62   99.67    96.80   98.75    95.79    0.34
      0.3     0.4    0.8      99.62   99.67    96.77   98.74    95.76    1.02
      0.3     0.7    0.6      99.64   99.69    96.55   98.71    95.83    0.34
      0.3     0.7    0.8      99.66   99.69    96.48   98.71    95.81    1.02
      0.3     1.0    0.8      99.67   99.71    96.14   98.61    95.56    1.02
      0.4    none             99.61   99.65    96.36   98.54    95.63
      0.4     0.4    0.6      99.66   99.67    96.70   98.66    95.72    0.34
      0.4     0.4    0.8      99.65   99.68    96.70   98.65    95.72    0.95
      0.4     0.7    0.8      99.66   99.70    96.30   98.62    95.56    0.95
      0.4     1.0    0.8      99.68   99.72    96.11   98.54    95.36    0.95

Each of the two can lean towards MNIST or towards other hands, and what leans less costs less on the other side: a first
network that keeps to other hands and a second one that knows MNIST come out a little better than two between. With the
aims of 96.5 % of Semeion and 98.3 % of UNIPEN kept, the held-out pictures part the best rows by 0.02 points, four of
20,000, which is less than chance; the most right of them would have been 0.4, 0.4, below 0.6. Taken was the one whose
first network keeps most to other hands. The column of MNIST's test pictures was seen when that was done, and its 99.70
may owe a hundredth to that. Seed 2 came later; on all three:

      0.2     0.7    0.8      99.64   99.70    96.84   98.71    95.98          ships
      0.3     0.7    0.8      99.66   99.70    96.63   98.71    95.90          the most right held out, with the aims
      0.3     0.4    0.6      99.62   99.67    97.01   98.74    95.95          shipped before

Command: python -m research.default_blends [--seeds 0 1 2] [--output runs]
for what `python -m research.shipped_default` with the same options has trained: the weights before an ending and after
it are in the checkpoints, so that any blend of them can be had without training.
Needs INKREAD_DATA with mnist/ and dev/.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.other_hands import sets
from inkread.console import table
from inkread.datasets import mnist
from inkread.imaging.preprocess import to_digit
from inkread.reading.confidence import probabilities
from inkread.training.backend import predict_logits, require_keras
from inkread.training.checkpoint import read_checkpoint
from inkread.training.folder import RunFolder
from inkread.training.held_out import parted
from inkread.training.recipes import find_recipe
from research.shipped_default import PARTS

FIRST, SECOND = (0.2, 0.3, 0.4), (0.4, 0.7, 1.0)
BELOW, SHARES = (0.6, 0.8, 0.9), (0.5,)
SIZE = 28
Pictures = tuple[NDArray[np.uint8], NDArray[np.int64]]
Scores = dict[str, NDArray[np.float32]]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--output", type=Path, default=Path("runs"))
    options = parser.parse_args()
    require_keras()
    data = _data(options.output / f"first-{options.seeds[0]}")
    scores = {
        (part, seed, blend): _scores(part, options.output / f"{part}-{seed}", blend, data)
        for part, blends in (("first", FIRST), ("second", SECOND))
        for seed, blend in product(options.seeds, blends)
    }
    rows = []
    for first, second, below, share in product(FIRST, (None, *SECOND), BELOW, SHARES):
        if second is None and below != BELOW[0]:
            continue
        found = [
            _right(scores["first", seed, first], scores.get(("second", seed, second)), below, share, data)
            for seed in options.seeds
        ]
        how = (f"{first}", f"{second}", f"{below}") if second else (f"{first}", "none", "")
        rows.append((*how, *(f"{value:.2f}" for value in np.mean(found, axis=0))))
    columns = ("first", "second", "below", *data, "asked")
    table(f"Per cent, mean of seeds {options.seeds}", columns, rows, numbers=range(len(columns)))


def _data(folder: Path) -> dict[str, Pictures]:
    """Return the pictures that a training held out, MNIST's test pictures and other hands, as a network sees them.

    The one cheque digit that is found blank goes as paper; `research.shipped_default` counts it as wrong.
    """
    held, test = parted(mnist("train"), RunFolder(folder).read_config()[0])[1], mnist("test")
    assert held is not None
    data = {"held out": (held.images, held.labels), "MNIST": (test.images, test.labels)}
    for name, (pictures, truth) in sets():
        if isinstance(pictures[0], Path):  # the three photos
            continue
        seen = [to_digit(picture)[0] for picture in pictures]
        blank = np.zeros((SIZE, SIZE), np.uint8)
        data[name] = (np.stack([blank if one is None else one for one in seen]), np.asarray(truth))
    return data


def _scores(part: str, folder: Path, blend: float, data: Mapping[str, Pictures]) -> Scores:
    """Return what a network says to all pictures when its ending has another share in the weights."""
    run, config = read_checkpoint(RunFolder(folder).checkpoint), RunFolder(folder).read_config()[0]
    far = np.float32(blend / config.parts[-1].blend)
    weights = [before + far * (kept - before) for before, kept in zip(run.first, run.kept, strict=True)]
    network = find_recipe(PARTS[part][0]).build((SIZE, SIZE), 11, 0.0, **config.network)
    network.set_weights(weights)
    return {name: predict_logits(network, pictures) for name, (pictures, _) in data.items()}


def _right(
    first: Scores, second: Scores | None, below: float, share: float, data: Mapping[str, Pictures]
) -> list[float]:
    """Return the share of each set that is right, and last the share of the held-out pictures that are asked about."""
    right, asked = [], 0.0
    for name, (_, truth) in data.items():
        own = probabilities(first[name][:, :10].copy(), 1.0)
        if second is not None:
            unsure = (own.max(axis=1) < below) & (first[name].argmax(axis=1) < 10)
            other = probabilities(second[name][unsure, :10].copy(), 1.0)
            own[unsure] = own[unsure] ** (1 - share) * other**share
            asked = float(unsure.mean()) if name == "held out" else asked
        right.append(100 * float((own.argmax(axis=1) == truth).mean()))
    return [*right, 100 * asked]


if __name__ == "__main__":
    main()
