"""Make the pictures of the README and of these pages anew: python docs/make_pictures.py."""

from __future__ import annotations

import csv
from pathlib import Path

from PIL import Image, ImageOps

import inkread
from inkread.imaging.gray import without_alpha
from inkread.imaging.source import open_picture

HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "examples"
CELL = 112  # pixels, four for each that the network sees
GAP = 8


def main() -> None:
    """Write both pictures."""
    photo = EXAMPLES / "photo-of-3.jpg"
    drawn = inkread.draw(inkread.read(photo), photo).resize((640, 480), Image.Resampling.LANCZOS)
    drawn.quantize(96).save(HERE / "photo-of-3-read.png", optimize=True)
    sheet().quantize(128).save(HERE / "what-the-network-sees.png", optimize=True)


def sheet() -> Image.Image:
    """Return the examples, each above what the network sees of it, in two rows of seven."""
    with (EXAMPLES / "truth.csv").open(encoding="utf-8", newline="") as file:
        names = [row["file"] for row in csv.DictReader(file)]
    columns = (len(names) + 1) // 2
    page = Image.new("RGB", (columns * (CELL + GAP) + GAP, 2 * (2 * CELL + 3 * GAP)), "white")
    for i, name in enumerate(names):
        left, top = GAP + (i % columns) * (CELL + GAP), GAP + (i // columns) * (2 * CELL + 3 * GAP)
        given = Image.fromarray(without_alpha(open_picture(EXAMPLES / name).pixels)).convert("RGB")
        given = ImageOps.contain(given, (CELL, CELL), Image.Resampling.LANCZOS)
        page.paste(given, (left + (CELL - given.width) // 2, top + (CELL - given.height) // 2))
        seen = Image.fromarray(inkread.normalize(EXAMPLES / name)).resize((CELL, CELL), Image.Resampling.NEAREST)
        page.paste(seen, (left, top + CELL + GAP))
    return page


if __name__ == "__main__":
    main()
