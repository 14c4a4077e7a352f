"""Claim: the shipped model reads other people's digits too, not only MNIST's, and normalising costs MNIST nothing.

Every picture goes the way of a user's, through `inkread.read(image, layout="digit")`. The sets are those below
INKREAD_DATA that development may look at, so these figures guide and do not prove: Semeion; UNIPEN, drawn with a pen;
digits cut out of cheque amounts by their boxes; photos and drawings of one digit. MNIST's test pictures are read as
they are, through `read`, and inverted, so that none is recognised as normalised and all go the whole way.

With `--into-card FILE.onnx` that model is measured, and the figures are written into its card beside those on
validation pictures; nothing else in the file changes.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import inkread
from benchmarks.common import mnist_or_none, percent
from inkread.console import table
from inkread.evaluation.intervals import wilson
from inkread.reading.card import Figure
from inkread.reading.model_file import open_model
from inkread.training.export import write_card

Pictures = tuple[Sequence[NDArray[np.uint8] | Path], Sequence[int]]


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser("python -m benchmarks other_hands")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--model", default="default")
    parser.add_argument("--into-card", metavar="FILE.onnx", type=Path, help="measure this file and write it there")
    options = parser.parse_args(arguments)
    model = str(options.into_card or options.model)
    most = 200 if options.quick else None
    rows = [*_hands(model, most), *_mnist(model, most)]
    if not rows:
        return
    columns = ("set", "n", "right", "95 % interval", "blank", "most often confused: truth > read")
    shown = [row.shown() for row in rows]
    table(f"Digits of other hands, read by {model!r}", columns, shown, numbers=(1, 2, 3, 4))
    if options.into_card and most is None:
        into_card([row.figure for row in rows], options.into_card)


def measured(model: str) -> list[Figure]:
    """Return the figures of a model on the sets of other hands, MNIST left out."""
    return [row.figure for row in _hands(model, None)]


def _hands(model: str, most: int | None) -> list[Row]:
    rows = []
    for name, pictures in sets():
        images, truth = _some(pictures, most)
        rows.append(_row(name, truth, [_read(image, model) for image in images]))
    return rows


def into_card(figures: Sequence[Figure], path: Path) -> None:
    """Put figures into the card of a model file, in the place of older ones of the same name."""
    import onnx

    card, network = open_model(path, kind=None).card, onnx.load(path)
    names = {figure.name for figure in figures}
    kept = [figure for figure in card.figures if figure.name not in names]
    write_card(network, replace(card, figures=(*kept, *figures)))
    partial = path.with_suffix(".part")
    onnx.save(network, partial)
    partial.replace(path)


def sets() -> Iterator[tuple[str, Pictures]]:
    """Yield the sets of other hands that are there, by name: pictures, or their paths, and the digits on them."""
    folder = Path(os.environ.get("INKREAD_DATA", "")) / "dev"
    if not os.environ.get("INKREAD_DATA") or not folder.is_dir():
        print("Skipped the sets of other hands: INKREAD_DATA names no folder with dev/ in it.")
        return
    for name, path, load in (
        ("Semeion", folder / "semeion.npz", _npz),
        ("UNIPEN", folder / "unipen.npz", _npz),
        ("digits of cheque amounts", folder / "amounts" / "digit_boxes.json", _amounts),
        ("photos and drawings of one digit", folder / "photos" / "truth.csv", _photos),
    ):
        if path.is_file():
            yield name, load(path)
        else:
            print(f"Skipped {name}: there is no {path.name} in {path.parent.name}/.")


def _npz(path: Path) -> Pictures:
    with np.load(path) as data:
        return list(data["images"]), [int(label) for label in data["labels"]]


def _amounts(path: Path) -> Pictures:
    """Cut each digit out by its box as it stands, without a margin: neighbours are as near as they were written."""
    images, truth = [], []
    for name, boxes in json.loads(path.read_text(encoding="utf-8")).items():
        picture = path.parent / "img" / name
        if not picture.is_file():
            continue
        gray = np.asarray(Image.open(picture).convert("L"))
        for box in boxes:
            left, top, width, height = (max(0, round(v)) for v in box["bbox"])
            cut = gray[top : top + height, left : left + width]
            if cut.size:
                images.append(np.ascontiguousarray(cut))
                truth.append(int(box["d"]))
    return images, truth


def _photos(path: Path) -> Pictures:
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if len(row["truth"]) == 1 and row["truth"].isdigit()]
    return [path.parent / row["file"] for row in rows], [int(row["truth"]) for row in rows]


def _mnist(model: str, most: int | None) -> list[Row]:
    mnist = mnist_or_none("test")
    if mnist is None:
        print("Skipped MNIST: it can neither be found nor downloaded.")
        return []
    images, labels = _some((mnist.images, mnist.labels), most)
    images, truth = np.stack(images), [int(label) for label in labels]
    predicted = [int(digit) for digit in inkread.Predictor(model).predict(images)]
    return [
        _row("MNIST test, as it is", truth, predicted),
        _row("MNIST test, through read", truth, [_read(image, model) for image in images]),
        _row("MNIST test, inverted, the whole way", truth, [_read(image, model) for image in 255 - images]),
    ]


def _some(pictures: Pictures, most: int | None) -> Pictures:
    """Return all of the pictures, or so many of them drawn by chance, always the same."""
    images, truth = pictures
    if most is None or len(images) <= most:
        return pictures
    chosen = np.random.default_rng(0).permutation(len(images))[:most]
    return [images[i] for i in chosen], [truth[i] for i in chosen]


def _read(image: NDArray[np.uint8] | Path, model: str) -> int | None:
    """Return the digit, or None when the picture was found blank."""
    page = inkread.read(image, layout="digit", model=model)
    return page.lines[0].digits[0].value if page.lines else None


@dataclass(frozen=True)
class Row:
    """What one set gave."""

    figure: Figure
    blank: int
    confused: str

    def shown(self) -> tuple[str, ...]:
        """Return the cells of the table."""
        interval = f"{100 * self.figure.low:.2f} to {100 * self.figure.high:.2f}"
        share = percent(self.figure.value)
        return self.figure.name, f"{self.figure.n:,}", share, interval, str(self.blank), self.confused


def _row(name: str, truth: Sequence[int], read: Sequence[int | None]) -> Row:
    right = sum(a == b for a, b in zip(truth, read, strict=True))
    low, high = wilson(right, len(truth))
    pairs = Counter((a, b) for a, b in zip(truth, read, strict=True) if a != b and b is not None)
    confused = ", ".join(f"{a} > {b}: {count}" for (a, b), count in pairs.most_common(5))
    blank = sum(digit is None for digit in read)
    return Row(Figure(name, right / len(truth), len(truth), low, high), blank, confused)
