"""Claim: fields of documents are read right, 97 in 100 of them.

Postal forms with corner marks, postal codes and amounts of money, each on its own paper, from a seed. Half of them are
written with MNIST's *test* digits, half with digits drawn from templates of strokes; the writers are tidy: digits do
not touch, nothing is cut off, and no paper's pattern is as strong as the ink. A field is right when its value is.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.common import mnist_or_none, percent
from inkread import Page, Reader
from inkread.console import table
from inkread.datasets.lines import ComposedLine, Composer, DigitBank
from inkread.datasets.lines.camera import Look, draw_look
from inkread.datasets.lines.hand import Hand, draw_hand
from inkread.evaluation.intervals import wilson
from inkread.imaging.scale import shrink
from inkread.reading.documents.form_drawing import blank_form
from inkread.reading.documents.template import open_template
from inkread.training.templates import draw_digit

__all__ = ["main"]

WANTED = 0.97
SCALE = 8  # pixels a millimetre of a form
TEMPLATE: dict[str, Any] = {
    "format": 1,
    "name": "Postal order",
    "width": 210,
    "height": 105,
    "corners": [[8, 8], [202, 8], [202, 97], [8, 97]],
    "mark": 5,
    "upright": [17, 8],
    "fields": [
        {"name": "customer", "box": [20, 24, 80, 10], "cells": 8, "length": 8, "check": "luhn"},
        {"name": "postcode", "kind": "postcode", "country": "DE", "box": [120, 24, 55, 11], "cells": 5},
        {"name": "day", "box": [20, 50, 40, 12], "length": 3, "range": [1, 366]},
        {"name": "pieces", "box": [80, 50, 30, 11], "cells": 3},
        {"name": "amount", "kind": "amount", "locale": "de", "box": [20, 74, 70, 13]},
    ],
}


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks documents", description=__doc__)
    parser.add_argument("--model", default="default")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--wrong", type=Path, help="write the documents with a wrong field to this folder")
    options = parser.parse_args(arguments)
    banks = _banks()
    reader, rows = Reader(options.model), []
    total = np.zeros(2, np.int64)
    for kind, count in (("form", 100), ("postcode", 100), ("amount", 100)):
        for source, bank in banks.items():
            n = (10 if options.quick else count) // len(banks)
            right, fields = _right(reader, kind, bank, n, np.random.default_rng([options.seed, n]), options.wrong)
            rows.append((kind, source, f"{n}", *_cells(right, fields)))
            total += (right, fields)
    rows.append(("all", "", "", *_cells(int(total[0]), int(total[1]))))
    columns = ("document", "digits", "n", "fields", "right", "share", "95 % interval")
    verdict = "kept" if total[0] >= WANTED * total[1] else "MISSED"
    title = f"Fields read right by {options.model!r}, at least {percent(WANTED)} wanted: {verdict}"
    table(title, columns, rows, numbers=(2, 3, 4, 5))


def _cells(right: int, fields: int) -> tuple[str, ...]:
    low, high = wilson(right, fields)
    return f"{fields}", f"{right}", percent(right / fields), f"{100 * low:.1f} to {100 * high:.1f}"


def _banks() -> dict[str, DigitBank]:
    rng = np.random.default_rng(0)
    labels = np.arange(600) % 10
    banks = {"templates": DigitBank(np.stack([draw_digit(int(label), rng) for label in labels]), labels)}
    test = mnist_or_none("test")
    if test is None:
        print("Skipped MNIST's test digits: they can neither be found nor downloaded.")
        return banks
    return {"MNIST test": DigitBank(test.images, test.labels), **banks}


def _right(
    reader: Reader, kind: str, bank: DigitBank, n: int, rng: np.random.Generator, wrong: Path | None
) -> tuple[int, int]:
    """Return how many fields are right, and of how many."""
    right = fields = 0
    for place, (picture, document, truth) in enumerate(_documents(kind, bank, n, rng)):
        page = reader.read(picture, document=document)
        found = _values(page)
        good = [found.get(name) == value for name, value in truth.items()]
        right, fields = right + sum(good), fields + len(good)
        if wrong and not all(good):
            wrong.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(wrong / f"{kind}-{len(bank)}-{place}.png")
            print(kind, len(bank), place, {name: (value, found.get(name)) for name, value in truth.items()})
    return right, fields


def _values(page: Page) -> dict[str, str | None]:
    return {field.name: field.value for field in page.fields}


def _documents(
    kind: str, bank: DigitBank, n: int, rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.uint8], str, dict[str, str]]]:
    """Yield pictures, what they are to be read as, and their fields."""
    composer = Composer(bank)
    if kind == "form":
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "template.json"
            path.write_text(json.dumps(TEMPLATE), encoding="utf-8")
            blank = np.asarray(blank_form(open_template(str(path)), SCALE).convert("L"))
            for _ in range(n):
                truth = _filling(rng)
                written = {**truth, "amount": f"{truth['amount'].replace('.', ',')}"}
                yield _photographed(_filled(blank, written, composer, rng), rng), str(path), truth
        return
    for _ in range(n):
        hand = _tidy(rng)
        look = _plain(draw_look(rng, hand.height))
        if kind == "postcode":
            code = f"{int(rng.integers(1001, 99999)):05d}"
            line = _whole(composer, code, hand, look, rng, boxed=rng.random() < 0.4)
            yield line.pixels, "postcode:DE", {"postcode": code}
        else:
            value, text = _amount(rng)
            line = _whole(composer, text, hand, look, rng)
            yield line.pixels, "amount:de", {"amount": value}


def _whole(
    composer: Composer, text: str, hand: Hand, look: Look, rng: np.random.Generator, *, boxed: bool = False
) -> ComposedLine:
    """Compose a line until none of its ink is cut off by the picture's edge."""
    while True:
        line = composer.compose(text, hand, look, rng, boxed=boxed)
        height, width = line.pixels.shape
        least, most = line.boxes.min(axis=0, initial=9.0), line.boxes.max(axis=0, initial=0.0)
        if line.symbols == text and least[:2].min() >= 1 and most[2] < width and most[3] < height:
            return line


def _plain(look: Look) -> Look:
    """Let neither the paper's pattern nor a weak pen make writing hard to read for people."""
    return replace(look, texture=min(look.texture, 0.25), contrast=max(look.contrast, min(70.0, look.sheet - 5)))


def _tidy(rng: np.random.Generator) -> Hand:
    """Draw a hand that keeps its digits apart, of a size that a scan has."""
    hand = draw_hand(rng)
    return replace(
        hand,
        height=max(24.0, hand.height),
        contour=False,
        slant=min(max(hand.slant, -0.15), 0.35),
        width=min(max(hand.width, 0.9), 1.3),
        waver=min(hand.waver, 0.02),
        gap=float(rng.uniform(0.1, 0.5)),
        spread=0.04,
        ligature=0.0,
        chain=0.0,
        dot_rise=0.0,
        mark_gap=max(0.1, hand.mark_gap),
    )


def _amount(rng: np.random.Generator) -> tuple[str, str]:
    """Return a value and how it is written."""
    whole = int(np.exp(rng.uniform(np.log(3), np.log(300000))))
    grouped = f"{whole:,}".replace(",", ".")
    if rng.random() < 0.3:
        return f"{whole}", f"{grouped},-" if rng.random() < 0.5 else f"{grouped}.-"
    cents = int(rng.integers(0, 100))
    return f"{whole}.{cents:02d}", f"{grouped},{cents:02d}"


def _filling(rng: np.random.Generator) -> dict[str, str]:
    """Return what stands in each field of a form."""
    customer = f"{int(rng.integers(10**6, 10**7))}"
    doubled = [int(d) * (2 - place % 2) for place, d in enumerate(reversed(customer))]
    check = -sum(d // 10 + d % 10 for d in doubled) % 10
    return {
        "customer": f"{customer}{check}",
        "postcode": f"{int(rng.integers(10000, 99999))}",
        "day": f"{int(rng.integers(100, 367))}",
        "pieces": f"{int(rng.integers(1, 1000))}",
        "amount": f"{int(rng.integers(3, 9999))}.{int(rng.integers(0, 100)):02d}",
    }


def _filled(
    blank: NDArray[np.uint8], texts: dict[str, str], composer: Composer, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Write into the fields of a blank form: a digit to a cell, or freely."""
    page, hand = blank.astype(np.float32), replace(_tidy(rng), height=60.0, rise=0.0, drift=0.0)
    look = replace(draw_look(rng, 60.0), sheet=255.0, contrast=255.0, texture=0.0, light=0.0, shadow=0.0, noise=0.0)
    look = replace(look, inverted=False, quality=0, bilevel=False, blur=0.6)
    pen = float(rng.uniform(0.6, 1.0))
    for field in TEMPLATE["fields"]:
        left, top, width, height = (SCALE * side for side in field["box"])
        text, cells = texts[field["name"]], field.get("cells", 0)
        room = width / cells if cells else width
        for place, part in enumerate(text if cells else [text]):
            line = composer.compose(part, hand, look, rng, tidy=True).pixels
            ink = _cut(255 - line, round(float(rng.uniform(0.6, 0.75)) * height), 0.85 * room)
            x = left + place * room + (0.5 * (room - ink.shape[1]) if cells else 0.3 * height)
            y = top + 0.5 * (height - ink.shape[0]) + float(rng.normal(0, 0.03 * height))
            part_of = page[round(y) : round(y) + ink.shape[0], round(x) : round(x) + ink.shape[1]]
            part_of *= 1 - pen * ink.astype(np.float32) / 255
    return page.astype(np.uint8)


def _cut(ink: NDArray[np.uint8], tall: int, widest: float) -> NDArray[np.uint8]:
    """Cut ink out by its box, and bring it to a height, but no wider than there is room."""
    left, top, width, height = cv2.boundingRect(cv2.threshold(ink, 60, 255, cv2.THRESH_BINARY)[1])
    scale = min(tall / max(1, height), widest / max(1, width))
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    return np.asarray(cv2.resize(ink[top : top + height, left : left + width], size, interpolation=cv2.INTER_AREA))


def _photographed(page: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """See a form from a little aside, on a table, in uneven light, with the grain of a camera."""
    height, width = page.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    there = (corners + 60 + rng.uniform(-45, 45, (4, 2))).astype(np.float32)
    size, table_gray = (width + 120, height + 120), float(rng.uniform(40, 120))
    to_picture = cv2.getPerspectiveTransform(corners, there)
    seen = cv2.warpPerspective(page, to_picture, size, flags=cv2.INTER_AREA, borderValue=table_gray).astype(np.float32)
    x = np.linspace(0, 1, size[0], dtype=np.float32)[None, :]
    light = float(rng.uniform(0.75, 1.0)) - float(rng.uniform(0, 0.25)) / (1 + np.exp(-(x - float(rng.random())) / 0.1))
    seen = seen * light + rng.normal(0, float(rng.uniform(0.5, 4)), seen.shape)
    picture = np.clip(seen, 0, 255).astype(np.uint8)
    return shrink(picture, int(rng.integers(1000, 1801)))
