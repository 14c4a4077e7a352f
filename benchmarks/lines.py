"""Claim: numbers of several digits are read far better, and faster, than by Tesseract.

Strings that are right as a whole, the character error rate (edits over digits), and the time of a line, beside
Tesseract (Debian's package, digits only, as one line) on the same pictures in one run: cheque amounts and photos of the
development sets below INKREAD_DATA; lines composed of MNIST's *test* digits by length, overlap and noise; a page of 200
digits on 12 megapixels; and how many lines a second `Reader.read_many` reads. Amounts and lines are read with
`layout="line"`, amounts once more and photos as a user would who says nothing, with "auto".

The last column of the first table is the share that could be answered at 2 % wrong, if the threshold on the confidence
were chosen with the truth in sight: how well the confidence ranks, not a promise.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.common import calls, mnist_or_none, percent
from benchmarks.composed import MANNERS, compose
from benchmarks.other_hands import into_card
from inkread.console import table
from inkread.evaluation.intervals import wilson
from inkread.reading.card import Figure
from inkread.reading.model_file import find_model
from inkread.reading.reader import Reader

__all__ = ["main"]

LENGTHS = (1, 2, 3, 5, 7, 10)
PAGE = (4000, 3000)  # pixels of the page of 200 digits
ANSWERED_AT = 0.02
WISHES = (0.01, 0.02, 0.05, 0.1)  # of max_error

Picture = NDArray[np.uint8] | Path
Read = Callable[[Picture], tuple[str, float]]


@dataclass(frozen=True)
class Score:
    """How well a reader did on some pictures."""

    right: int
    n: int
    edits: int
    digits: int
    seconds: NDArray[np.float64]  # (N,), of each picture
    answered: float

    def cells(self) -> tuple[str, ...]:
        low, high = wilson(self.right, self.n)
        return (
            f"{self.n}",
            percent(self.right / self.n),
            f"{100 * low:.1f} to {100 * high:.1f}",
            percent(self.edits / max(1, self.digits)),
            *_times(self.seconds),
        )

    def figure(self, name: str) -> Figure:
        """Return the share that is right, for a card."""
        return Figure(name, self.right / self.n, self.n, *wilson(self.right, self.n))


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks lines", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--model", default="default")
    parser.add_argument("--card", action="store_true", help="write what is measured into the card of the line model")
    parser.add_argument("--wrong", type=Path, help="write what was read wrong to this CSV file")
    options = parser.parse_args(arguments)
    reader = Reader(options.model)
    tesseract = shutil.which("tesseract")
    if tesseract is None:
        print("Skipped Tesseract: there is no such program; on Debian, apt-get install tesseract-ocr brings it.")
    wrong: list[tuple[str, ...]] = []
    figures = _others(reader, tesseract, options.quick, wrong)
    _promises(reader, options.quick)
    figures += _composed(reader, 20 if options.quick else 200, wrong)
    if options.card:
        into_card(figures, find_model("line"))
    _page(reader, tesseract)
    _many(reader, 20 if options.quick else 200)
    if options.wrong:
        with options.wrong.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("set", "picture", "truth", "read"), *wrong])


def _others(reader: Reader, tesseract: str | None, quick: bool, wrong: list[tuple[str, ...]]) -> list[Figure]:
    """Read the development sets."""
    root = Path(os.environ.get("INKREAD_DATA", "")) / "dev"
    if not os.environ.get("INKREAD_DATA") or not root.is_dir():
        print("Skipped amounts and photos: INKREAD_DATA names no folder with dev/ in it.")
        return []
    rows, figures = [], []
    for name, folder, layout in (
        ("cheque amounts", "amounts", "line"),
        ("cheque amounts, by auto", "amounts", "auto"),
        ("photos, by line", "photos", "auto"),
    ):
        with (root / folder / "truth.csv").open(encoding="utf-8", newline="") as file:
            truth = [(root / folder / row["file"], row["truth"]) for row in csv.DictReader(file)]
        truth = truth[:60] if quick else truth
        ours = _scored([p for p, _ in truth], [t for _, t in truth], _ours(reader, layout), name, wrong)
        rows.append((name, "inkread", *ours.cells(), percent(ours.answered)))
        figures.append(ours.figure(name))
        if tesseract:
            theirs = _scored([p for p, _ in truth], [t for _, t in truth], _theirs(tesseract, layout), name, [])
            rows.append((name, "Tesseract", *theirs.cells(), ""))
    columns = ("set", "reader", "n", "right", "95 % interval", "CER", "ms each", "median", "answered at 2 %")
    table("Other people's numbers", columns, rows, numbers=(2, 3, 5, 6, 7, 8))
    return figures


def _promises(reader: Reader, quick: bool) -> None:
    """Hold what `max_error` promises, on lines like those it was set on, against the cheque amounts."""
    folder = Path(os.environ.get("INKREAD_DATA", "")) / "dev" / "amounts"
    if not (folder / "truth.csv").is_file():
        return
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as file:
        truth = [(folder / row["file"], row["truth"]) for row in csv.DictReader(file)][: 60 if quick else None]
    rows = []
    for wish in WISHES:
        pages = [reader.read(path, layout="line", max_error=wish) for path, _ in truth]
        answered = [
            (page.text, t) for page, (_, t) in zip(pages, truth, strict=True) if all(x.answered for x in page.lines)
        ]
        answered = [(text, t) for text, t in answered if text]
        wrong, n = sum(text != t for text, t in answered), len(answered)
        low, high = wilson(wrong, n) if n else (0.0, 1.0)
        share = percent(wrong / n) if n else ""
        rows.append(
            (percent(wish), f"{n}", percent(n / len(truth)), f"{wrong}", share, f"{100 * low:.1f} to {100 * high:.1f}")
        )
    columns = ("max_error", "answered", "share", "wrong", "share of the answers", "95 % interval")
    table(f"{len(truth)} cheque amounts, answered at a wished error", columns, rows, numbers=range(6))


def _composed(reader: Reader, count: int, wrong: list[tuple[str, ...]]) -> list[Figure]:
    """Read lines of MNIST's test digits."""
    test = mnist_or_none("test")
    if test is None:
        print("Skipped composed lines: MNIST can neither be found nor downloaded.")
        return []
    rows, figures = [], []
    for place, (name, manner) in enumerate(MANNERS.items()):
        total = []
        for length in LENGTHS:
            rng = np.random.default_rng([place, length])
            chosen = [rng.integers(0, len(test), length) for _ in range(count)]
            pictures: list[Picture] = [compose(test.images[c], manner, rng) for c in chosen]
            truth = ["".join(str(test.labels[i]) for i in c) for c in chosen]
            total.append(_scored(pictures, truth, _ours(reader, "line"), name, wrong))
        right, n = sum(s.right for s in total), sum(s.n for s in total)
        edits, digits = sum(s.edits for s in total), sum(s.digits for s in total)
        low, high = wilson(right, n)
        figures.append(Figure(f"composed lines, {name}", right / n, n, low, high))
        each = [percent(s.right / s.n) for s in total]
        times = _times(np.concatenate([s.seconds for s in total]))
        interval = f"{100 * low:.1f} to {100 * high:.1f}"
        rows.append((name, f"{n}", percent(right / n), interval, percent(edits / digits), *each, *times))
    of_lengths = [f"{n} digits" for n in LENGTHS]
    columns = ("digits stand", "n", "right", "95 % interval", "CER", *of_lengths, "ms each", "median")
    table("Composed lines of MNIST's test digits", columns, rows, numbers=tuple(range(1, len(columns))))
    return figures


def _page(reader: Reader, tesseract: str | None) -> None:
    """Read a page of 20 lines of 10 digits, decoded already."""
    test = mnist_or_none("test")
    if test is None:
        return
    rng, lines = np.random.default_rng(0), []
    width, height = PAGE
    page = np.full((height, width), 245, np.uint8)
    for row in range(20):
        chosen = rng.integers(0, len(test), 10)
        line = compose(test.images[chosen], MANNERS["apart"], rng, 80)
        line = np.minimum(line.astype(np.int32) + 245 - int(line.max()), 245).astype(np.uint8)[:, : width - 400]
        top = 60 + 145 * row
        part = page[top : top + line.shape[0], 200 : 200 + line.shape[1]]
        np.minimum(part, line[: part.shape[0]], out=part)
        lines.append("".join(str(test.labels[i]) for i in chosen))
    page = np.clip(page + rng.normal(0, 3, page.shape), 0, 255).astype(np.uint8)
    found = reader.read(page, layout="page").text.split("\n")
    right = sum(line in found for line in lines)
    seconds = calls(lambda: reader.read(page, layout="page"), 3, warm=0)
    rows = [("inkread", f"{right} of 20", f"{1000 * seconds:.0f}")]
    if tesseract:
        start = time.perf_counter()
        text, _ = _theirs(tesseract, "page")(page)
        rows.append(
            (
                "Tesseract",
                f"{sum(line in text.split('|') for line in lines)} of 20",
                f"{1000 * (time.perf_counter() - start):.0f}",
            )
        )
    table("A page of 200 digits, 12 megapixels", ("reader", "lines right", "ms"), rows, numbers=(1, 2))


def _many(reader: Reader, count: int) -> None:
    """Read many lines, decoded already, in one call: in this process, and in two beside it, once they have begun."""
    test = mnist_or_none("test")
    if test is None:
        return
    rng, rows = np.random.default_rng(1), []
    for name, manner in MANNERS.items():
        chosen = [rng.integers(0, len(test), rng.choice(LENGTHS)) for _ in range(count)]
        pictures = [compose(test.images[c], manner, rng) for c in chosen]
        busy, start = time.process_time(), time.perf_counter()
        for _ in reader.read_many(pictures, layout="line"):
            pass
        seconds, busy = time.perf_counter() - start, time.process_time() - busy
        pages = reader.read_many(pictures * 5, layout="line", workers=2)
        next(pages)
        start = time.perf_counter()
        rest = sum(1 for _ in pages)
        two = rest / (time.perf_counter() - start)
        rows.append((name, f"{count}", f"{1000 * busy / count:.1f}", f"{count / seconds:.0f}", f"{two:.0f}"))
    columns = ("digits stand", "n", "ms of a processor each", "lines a second", "by two workers")
    table("Many lines with `Reader.read_many`", columns, rows, numbers=(1, 2, 3, 4))


def _ours(reader: Reader, layout: str) -> Read:
    def read(picture: Picture) -> tuple[str, float]:
        page = reader.read(picture, layout=layout)  # type: ignore[arg-type]
        return page.text.replace("\n", "|"), page.confidence

    return read


def _theirs(tesseract: str, layout: str) -> Read:
    mode = "7" if layout == "line" else "6"

    def read(picture: Picture) -> tuple[str, float]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "line.png"
            (Image.open(picture) if isinstance(picture, Path) else Image.fromarray(picture)).convert("L").save(path)
            done = subprocess.run(
                [tesseract, str(path), "-", "--psm", mode, "-c", "tessedit_char_whitelist=0123456789"],
                capture_output=True, text=True, check=False, env={**os.environ, "OMP_THREAD_LIMIT": "1"},
            )  # fmt: skip
        lines = ["".join(sign for sign in line if sign.isdigit()) for line in done.stdout.splitlines()]
        return "|".join(line for line in lines if line), 0.0

    return read


def _scored(
    pictures: Sequence[Picture], truth: Sequence[str], read: Read, name: str, wrong: list[tuple[str, ...]]
) -> Score:
    found, moments = [], [time.perf_counter()]
    for picture in pictures:
        found.append(read(picture))
        moments.append(time.perf_counter())
    pairs = list(zip(truth, (text for text, _ in found), strict=True))
    for place, (want, got) in enumerate(pairs):
        if want != got:
            picture = pictures[place]
            wrong.append((name, picture.name if isinstance(picture, Path) else str(place), want, got))
    right = np.array([want == got for want, got in pairs])
    order = np.argsort([-confidence for _, confidence in found], kind="stable")
    errors = np.cumsum(~right[order]) / np.arange(1, len(right) + 1)
    fitting = np.flatnonzero(errors <= ANSWERED_AT)
    answered = (int(fitting[-1]) + 1) / len(right) if len(fitting) else 0.0
    edits = sum(_edits(want, got) for want, got in pairs)
    return Score(int(right.sum()), len(right), edits, sum(map(len, truth)), np.diff(moments), answered)


def _times(seconds: NDArray[np.float64]) -> tuple[str, str]:
    """Return the mean and the median, in milliseconds."""
    return f"{1000 * seconds.mean():.1f}", f"{1000 * np.median(seconds):.1f}"


def _edits(a: str, b: str) -> int:
    """Return the least number of insertions, deletions and replacements from one text to another (Levenshtein)."""
    before = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        row = [i]
        for j, y in enumerate(b, start=1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y)))
        before = row
    return before[-1]
