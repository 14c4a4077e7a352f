"""Make the form of this folder: its template, the blank form, and one that is filled in; and an amount on a line.

    python examples/make_form.py [DIR]

Nobody's handwriting is on it: the digits are drawn as in make.py.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
from make import TEMPLATES, Array, Hand, picture, write
from PIL import Image

from inkread.reading.documents.form_drawing import blank_form
from inkread.reading.documents.template import open_template

TEMPLATE = {
    "format": 1,
    "name": "Meter reading",
    "width": 210,
    "height": 148,
    "corners": [[10, 10], [200, 10], [200, 138], [10, 138]],
    "mark": 6,
    "upright": [20, 10],
    "fields": [
        {"name": "customer", "box": [30, 32, 100, 12], "cells": 10, "length": 10, "check": "luhn"},
        {"name": "postcode", "kind": "postcode", "country": "DE", "box": [140, 32, 50, 12], "cells": 5},
        {"name": "day", "box": [30, 58, 36, 12], "length": 3, "range": [1, 366]},
        {"name": "tariff 1", "box": [30, 84, 60, 12], "cells": 6, "range": [0, 400000]},
        {"name": "tariff 2", "box": [110, 84, 60, 12], "cells": 6, "required": False},
        {"name": "total", "box": [30, 110, 60, 12], "cells": 6},
    ],
    "sums": [{"total": "total", "parts": ["tariff 1", "tariff 2"]}],
}
FILLED = {
    "customer": "7932654184",
    "postcode": "23548",
    "day": "326",
    "tariff 1": "48235",
    "tariff 2": "26380",
    "total": "74615",
}
SCALE = 8  # pixels a millimetre: about 200 dots to the inch


def main() -> None:
    """Write template, blank form and filled form."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "form"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "template.json").write_text(json.dumps(TEMPLATE, indent=2) + "\n", encoding="utf-8")
    template = open_template(str(folder / "template.json"))
    blank = blank_form(template, SCALE)
    blank.save(folder / "blank.png", optimize=True)
    page = np.asarray(blank, np.float32)
    rng = np.random.default_rng(20261121)
    for field in template.fields:
        page = _fill(page, field.box, field.cells, FILLED[field.name], rng)
    _photographed(page, rng).save(folder / "filled.jpg", quality=82)
    _amount("1.234,50", rng).save(folder / "amount.jpg", quality=82)


def _fill(
    page: Array, box: tuple[float, float, float, float], cells: int, text: str, rng: np.random.Generator
) -> Array:
    """Write digits into a field, one to a cell or freely."""
    left, top, width, height = (SCALE * side for side in box)
    room = width / cells if cells else 0.62 * height
    for place, sign in enumerate(text):
        names = [name for name in TEMPLATES if name.split()[0] == sign and name != "0 slashed"]
        hand = Hand(pen=0.08, slant=float(rng.normal(0.08, 0.04)))
        ink = write(str(rng.choice(names)), hand, round(0.68 * height), rng).max(axis=0)
        x = left + (place + 0.5) * room + (0 if cells else 0.3 * room) - ink.shape[1] / 2 + float(rng.normal(0, 2))
        y = top + 0.5 * height - ink.shape[0] / 2 + float(rng.normal(0, 2))
        part = page[round(y) : round(y) + ink.shape[0], round(x) : round(x) + ink.shape[1]]
        cover = ink[: part.shape[0], : part.shape[1], None]
        part[...] = part * (1 - cover) + np.array((24, 40, 108), np.float32) * cover
    return page


def _amount(text: str, rng: np.random.Generator) -> Image.Image:
    """Write an amount on a printed line of yellowish paper."""
    height, foot = 120, 165
    page = np.full((220, 130 + 95 * len(text), 3), (246, 240, 222), np.float32)
    page[foot + 12 : foot + 15, 30:-30] = (120, 120, 120)
    ink = np.zeros(page.shape[:2], np.float32)
    x = 60
    for sign in text:
        if sign in ".,":
            end = (x + 2, foot - 3) if sign == "." else (x - 8, foot + 22)
            cv2.line(ink, (x + 4, foot - 5), end, 1.0, 11, cv2.LINE_AA)
            x += 42
            continue
        hand = Hand(pen=0.075, slant=float(rng.normal(0.1, 0.03)))
        names = [name for name in TEMPLATES if name.split()[0] == sign and name != "0 slashed"]
        digit = write(str(rng.choice(names)), hand, round(height * float(rng.uniform(0.9, 1.05))), rng).max(axis=0)
        top = foot - digit.shape[0] + round(float(rng.normal(0, 2)))
        part = ink[top : top + digit.shape[0], x : x + digit.shape[1]]
        np.maximum(part, digit, out=part)
        x += digit.shape[1] + round(float(rng.uniform(6, 18)))
    page += (np.array((30, 34, 84), np.float32) - page) * ink[:, :, None]
    return picture(np.asarray(page + 2.5 * rng.standard_normal(page.shape, np.float32), np.float32))


def _photographed(page: Array, rng: np.random.Generator) -> Image.Image:
    """See the page from aside, with a shadow over it and a dark table around it."""
    height, width = page.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    there = np.array([[60, 90], [width - 20, 40], [width + 60, height + 30], [30, height + 110]], np.float32)
    size = (width + 120, height + 150)
    seen = cv2.warpPerspective(
        page, cv2.getPerspectiveTransform(corners, there), size, flags=cv2.INTER_AREA, borderValue=(70, 62, 58)
    )
    x = np.linspace(0, 1, size[0], dtype=np.float32)[None, :, None]
    light = 1.0 - 0.3 / (1 + np.exp(-(x - 0.62) / 0.05))
    return picture(np.asarray(seen * light + 2.0 * rng.standard_normal(seen.shape, np.float32), np.float32))


if __name__ == "__main__":
    main()
