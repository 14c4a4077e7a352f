"""How much each of the two readers of a line counts, and how sure their readings together are.

Lines are composed of digits that neither the digit model nor the line model learned from: three in five by the
composer that the line model is trained with, two in five by that of the benchmarks. On one half the constants of
`inkread/reading/combined.py` are chosen: exponent and temperatures together, by the likelihood of the truth. On the
other half the thresholds for wished errors are fitted, which `--write` puts into the card of the line model. What
they promise holds for lines like these; `python -m benchmarks lines` says what becomes of it on other people's.

A line that is clear as a whole (from 0.8 on, three in five cheque amounts) is looked at by pieces only where its
digits are. Such lines have a temperature of their own: what else they could be is not among their pieces, so the share
of their reading says something else. With one temperature for both kinds, fewer lines are answered at 2 % wrong.
Tried and left: to do without the pieces there. It reads as many right, but ranks far worse.

Command: python -m research.line_confidence [--line line] [--model default] [--lines 5000] [--write]
Needs INKREAD_DATA with mnist/.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.composed import MANNERS, compose
from inkread.console import table
from inkread.datasets import Dataset, mnist, split
from inkread.datasets.lines import Composer, DigitBank
from inkread.imaging.lines import one_line
from inkread.imaging.sheet import find_sheet
from inkread.imaging.upright import levelled
from inkread.reading.card import Calibration
from inkread.reading.combined import CombinedReader, shares
from inkread.reading.confidence import calibrated as as_told
from inkread.reading.confidence import tempered
from inkread.reading.line import LineReader
from inkread.reading.model_file import find_model
from inkread.reading.predictor import Predictor
from inkread.reading.segmented import SegmentedReader
from inkread.training.lines.config import LineConfig
from inkread.training.lines.run import calibrated, put_in

WEIGHTS = (0.5, 0.7, 0.85, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0, 2.5, 3.0)

Found = tuple[dict[str, float], dict[str, float], bool, str]
"""Readings by pieces, as a whole, whether the line is clear, and the truth."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m research.line_confidence", description=__doc__)
    parser.add_argument("--line", default="line")
    parser.add_argument("--model", default="default")
    parser.add_argument("--lines", type=int, default=5000)
    parser.add_argument("--exponent", type=float, default=2.0, choices=WEIGHTS)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    whole, pieces = LineReader(options.line), SegmentedReader(Predictor(options.model))
    digits = unseen(LineConfig(seed=int(whole.card.config["seed"]), digits=int(whole.card.config["digits"])))
    found = read(CombinedReader(pieces, whole), digits, options.lines)
    chosen, judged = found[::2], found[1::2]
    rows, temperatures = [], {}
    for weight in WEIGHTS:
        ranked = [shares(pieces, lines, exponent=weight) for pieces, lines, *_ in chosen]
        right = np.mean([bool(r) and r[0][0] == one[3] for r, one in zip(ranked, chosen, strict=True)])
        temperatures[weight] = {clear: fitted(*_only(clear, ranked, chosen)).temperature for clear in (True, False)}
        likely = np.mean([_likely(r, one, temperatures[weight]) for r, one in zip(ranked, chosen, strict=True)])
        shown = (f"{temperatures[weight][clear]:.2f}" for clear in (True, False))
        rows.append((f"{weight:g}", f"{right:.2%}", *shown, f"{likely:.4f}"))
    columns = ("exponent", "right", "temperature, clear", "others", "nats a line")
    table(f"{len(chosen)} lines of {len(digits)} digits neither model learned", columns, rows, numbers=range(5))
    temperature = temperatures[options.exponent]
    told = [_tempered(one, temperature, options.exponent) for one in judged]
    calibration = fitted(told, judged, 1.0)
    print(f"{calibration.n} lines")
    for threshold in calibration.thresholds:
        print(f"  {threshold.error:.2%} wrong: {threshold.coverage:.1%} answered from {threshold.confidence:.4f} on")
    if options.write:
        path = find_model(options.line)
        kept = replace(calibration, temperature=whole.card.calibration.temperature)
        data = dict(whole.card.data) | {"calibrated_with": pieces.model}
        put_in(path, replace(whole.card, calibration=kept, data=data))
        print(f"written to {path}")


def _tempered(one: Found, temperature: dict[bool, float], exponent: float) -> list[tuple[str, float]]:
    pieces, lines, clear, _ = one
    return [(text, tempered(share, temperature[clear])) for text, share in shares(pieces, lines, exponent=exponent)[:1]]


def _only(
    clear: bool, ranked: list[list[tuple[str, float]]], found: list[Found]
) -> tuple[list[list[tuple[str, float]]], list[Found]]:
    """Return the lines that are clear, or those that are not."""
    kept = [i for i, one in enumerate(found) if one[2] == clear]
    return [ranked[i] for i in kept], [found[i] for i in kept]


def _likely(readings: list[tuple[str, float]], one: Found, temperature: dict[bool, float]) -> float:
    """Return the logarithm of the truth's probability, as a line tells it."""
    return math.log(max(dict(as_told(readings, temperature[one[2]])).get(one[3], 0.0), 1e-4))


def fitted(ranked: list[list[tuple[str, float]]], found: list[Found], temperature: float | None = None) -> Calibration:
    """Fit temperature and thresholds to readings of lines, the best of each first."""
    best = [(readings[0], one[3]) for readings, one in zip(ranked, found, strict=True) if readings and readings[0][0]]
    return calibrated([p for (_, p), _ in best], np.array([text == truth for (text, _), truth in best]), temperature)


def unseen(config: LineConfig) -> Dataset:
    """Return MNIST's training digits that neither model has learned from."""
    train = mnist("train")
    order = np.random.default_rng([config.seed, 7]).permutation(len(train))
    held = np.zeros(len(train), bool)
    held[order[config.digits :]] = True
    _, validation = split(replace(train, labels=train.labels), 10_000, 0)
    kept = {image.tobytes() for image in validation.images}
    return train.subset(
        np.flatnonzero([h and image.tobytes() in kept for h, image in zip(held, train.images, strict=True)])
    )


def read(reader: CombinedReader, digits: Dataset, count: int) -> list[Found]:
    """Compose lines and read them in both ways."""
    composer, rng = Composer(DigitBank(digits.images, digits.labels)), np.random.default_rng(5)
    manners, found = list(MANNERS.values()), list[Found]()
    while len(found) < count:
        gray, truth = _composed(composer, rng) if rng.random() < 0.6 else _beside(digits, manners, rng)
        sheet = find_sheet(gray) if truth else None
        strips = one_line(levelled(sheet)) if sheet else []
        if strips:
            found.append((*reader.both(strips[0]), truth))
    return found


def _composed(composer: Composer, rng: np.random.Generator) -> tuple[NDArray[np.uint8], str]:
    line = composer.line(rng)
    return line.pixels, line.digits


def _beside(digits: Dataset, manners: list, rng: np.random.Generator) -> tuple[NDArray[np.uint8], str]:
    chosen = rng.integers(0, len(digits), int(rng.integers(1, 11)))
    manner = manners[int(rng.integers(len(manners)))]
    return compose(digits.images[chosen], manner, rng), "".join(str(label) for label in digits.labels[chosen])


if __name__ == "__main__":
    main()
