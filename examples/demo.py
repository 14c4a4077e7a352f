"""Read the pictures of this folder with the shipped weights, and draw what was read as a table."""

from __future__ import annotations

import csv
import sys
import time
from pathlib import Path

import inkread
from inkread import console

HERE = Path(__file__).parent


def main() -> int:
    """Return 0 when every picture is read as truth.csv has it."""
    with (HERE / "truth.csv").open(encoding="utf-8", newline="") as file:
        truth = {row["file"]: row["truth"] for row in csv.DictReader(file)}
    start = time.perf_counter()
    pages = list(inkread.read_many([HERE / name for name in truth]))
    seconds = time.perf_counter() - start
    rows, wrong = [], 0
    for (name, wanted), page in zip(truth.items(), pages, strict=True):
        others = page.lines[0].alternatives[1:2] if page.lines else ()
        wrong += page.text != wanted
        rows.append(
            (
                name,
                f"{page.width} x {page.height}",
                page.text or "nothing",
                f"{page.confidence:.1%}",
                ", ".join(f"{text} {probability:.1%}" for text, probability in others),
                "" if page.text == wanted else f"it is {wanted}",
            )
        )
    columns = ("picture", "pixels", "read", "confidence", "or else", "")
    console.table("What inkread reads in examples/", columns, rows, numbers=(1, 3))
    each = 1000 * seconds / len(pages)
    console.data(f"{len(pages) - wrong} of {len(pages)} right, {each:.0f} ms each with opening the model and the files")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
