"""Claim: on pictures without a number hardly any digit is found.

200 pictures as a user might give by mistake: letters, words and lines of them, printed and by hand, scribbles, papers,
gradients and shapes. They are drawn here, from a seed, mostly by other means than those the training learns from, and
read with `layout="auto"`; a picture counts as soon as it gets any digit. A single letter or word that is a number to
the eye (O, lo) is not among them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks.common import percent
from benchmarks.non_digits import KINDS as SINGLE
from benchmarks.non_digits import STROKES, fonts, on_paper, pen_letter
from inkread.console import table
from inkread.datasets.lines.paper import paper, smooth_noise
from inkread.evaluation.intervals import wilson
from inkread.training.templates import draw_letter

__all__ = ["KINDS", "drawn", "main"]

WANTED = 0.02
TEXT = (
    "the paper was left under a heavy chair for three weeks and nobody came near except her father whose name we never "
    "learned Please return this letter when your answer is ready Thank you very much Harbour Street Train Ticket "
    "Market Garden Winter Number Received Customer Reference Payment Water Meter Reading Kitchen Mother Father"
)

Draw = Callable[[np.random.Generator], NDArray[np.uint8]]


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks non_numbers", description=__doc__)
    parser.add_argument("--model", default="default")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--read", type=Path, help="write what was read as a number to this folder")
    options = parser.parse_args(arguments)
    from inkread import Reader

    reader = Reader(options.model)
    rows, all_read, all_n = [], 0, 0
    for kind, (usual, _) in KINDS.items():
        n = max(2, usual // 5) if options.quick else usual
        found = [reader.read(picture).text for picture in drawn(kind, n, options.seed)]
        read = [place for place, text in enumerate(found) if text]
        if options.read:
            _write(options.read, kind, drawn(kind, n, options.seed), found)
        rows.append(
            (kind, f"{n}", f"{len(read)}", "", ", ".join(found[place].replace("\n", "|") for place in read[:6]))
        )
        all_read, all_n = all_read + len(read), all_n + n
    low, high = wilson(all_read, all_n)
    verdict = "kept" if all_read <= WANTED * all_n else "MISSED"
    rows.append(
        ("all", f"{all_n}", f"{all_read}", f"{100 * low:.1f} to {100 * high:.1f}",
         f"{percent(all_read / all_n)} (at most {percent(WANTED)}: {verdict})")
    )  # fmt: skip
    columns = ("pictures without a number", "n", "got a digit", "95 % interval", "what was read")
    table(f"Numbers found by {options.model!r} where there is none", columns, rows, numbers=(1, 2))


def drawn(kind: str, count: int, seed: int = 0) -> list[NDArray[np.uint8]]:
    """Return pictures of a kind, gray; the same ones for the same seed."""
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    return [KINDS[kind][1](rng) for _ in range(count)]


def _beside(letters: Sequence[NDArray[np.uint8]], gaps: Sequence[int]) -> NDArray[np.uint8]:
    """Set the ink of letters beside each other on one foot line; a negative gap lets them touch."""
    height = max(letter.shape[0] for letter in letters)
    ink = np.zeros(
        (height, sum(letter.shape[1] + max(0, gap) for letter, gap in zip(letters, gaps, strict=True))), np.uint8
    )
    x = 0
    for letter, gap in zip(letters, gaps, strict=True):
        part = ink[height - letter.shape[0] :, x : x + letter.shape[1]]
        np.maximum(part, letter[:, : part.shape[1]], out=part)
        x = max(0, x + letter.shape[1] + gap)
    return ink


def _word(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Ink of letters of our own strokes, capitals or small ones, apart or touching."""
    side, slant = int(rng.integers(36, 90)), float(rng.normal(0.1, 0.15))
    pen = max(2, round(side * float(rng.uniform(0.05, 0.12))))
    capitals = rng.random() < 0.5
    among = [letter for letter in STROKES if letter.isupper() == capitals]
    letters = [pen_letter(str(rng.choice(among)), side, pen, slant, rng) for _ in range(int(rng.integers(3, 9)))]
    gap = float(rng.uniform(-0.06, 0.35))
    return _beside(letters, [round(side * (gap + float(rng.normal(0, 0.04)))) for _ in letters])


def _template_word(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Ink of letters from the templates of strokes, each in a hand of its own."""
    height, letters = int(rng.integers(36, 90)), []
    for _ in range(int(rng.integers(3, 9))):
        letter = draw_letter(rng)
        left, top, width, tall = cv2.boundingRect(letter)
        size = (max(3, round(width * height / tall)), height)
        letters.append(cv2.resize(letter[top : top + tall, left : left + width], size, interpolation=cv2.INTER_AREA))
    return _beside(letters, [round(height * float(rng.uniform(0.05, 0.3))) for _ in letters])


def _cursive(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Ink of one stroke with the ups, downs and loops of joined writing."""
    low, step = int(rng.integers(18, 40)), float(rng.uniform(0.45, 0.75))
    points, x = [(0.0, 0.0)], 0.0
    for _ in range(int(rng.integers(6, 20))):
        kind = rng.random()
        tall = 1.0 if kind < 0.75 else -1.1 if kind > 0.9 else 2.1
        tall *= float(rng.uniform(0.85, 1.15))
        back = float(rng.uniform(0.0, 0.35)) if abs(tall) > 1.5 or rng.random() < 0.5 else -0.1
        points += [(x + 0.45 * step, 0.55 * tall), (x + 0.6 * step, tall), (x + 0.5 * step - back, 0.6 * tall)]
        points += [(x + 0.6 * step, 0.02)]
        x += step
    along = np.array(points) * low * [1.0, -1.0]
    along[:, 0] -= float(rng.uniform(0, 0.4)) * along[:, 1]
    padded = np.vstack([along[:1], along, along[-1:]])
    t = np.linspace(0, 1, 10)[:, None]
    a, b, c, d = padded[:-3, None], padded[1:-2, None], padded[2:-1, None], padded[3:, None]
    curve = (b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))).reshape(-1, 2)
    pen = max(2, round(low * float(rng.uniform(0.06, 0.15))))
    curve += pen - curve.min(axis=0)
    ink = np.zeros(tuple(int(side) + 2 * pen for side in curve.max(axis=0)[::-1]), np.uint8)
    cv2.polylines(ink, [curve.round().astype(np.int32)], False, 255, pen, cv2.LINE_AA)
    return ink


def _printed(rng: np.random.Generator, words: int) -> NDArray[np.uint8]:
    """Ink of words in a typeface."""
    among = fonts()
    size = int(rng.integers(20, 64))
    font = ImageFont.truetype(str(among[int(rng.integers(len(among)))]), size)
    text = " ".join(str(word) for word in rng.choice(TEXT.split(), words))
    image = Image.new("L", (2 * size + size * len(text), 3 * size))
    ImageDraw.Draw(image).text((size, size), text, fill=255, font=font)
    return np.asarray(image.crop(image.getbbox()))


def _lines_of(word: Draw, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Ink of two to five lines of words below each other."""
    rows = []
    for _ in range(int(rng.integers(2, 6))):
        words = [word(rng) for _ in range(int(rng.integers(1, 4)))]
        tall = int(np.median([one.shape[0] for one in words]))
        words = [_at_height(one, tall) for one in words]
        rows.append(_beside(words, [round(0.6 * tall)] * len(words)))
    tall = rows[0].shape[0]
    rows = [_at_height(row, tall) for row in rows]
    width, gap = max(row.shape[1] for row in rows), round(0.6 * tall)
    return np.vstack([np.pad(row, ((0, gap), (0, width - row.shape[1]))) for row in rows])


def _at_height(ink: NDArray[np.uint8], tall: int) -> NDArray[np.uint8]:
    width = max(3, round(ink.shape[1] * tall / ink.shape[0]))
    return np.asarray(cv2.resize(ink, (width, tall), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _shapes(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Something like a photo of things: smooth light, filled shapes with light of their own, the grain of a camera."""
    height, width = (int(side) for side in rng.integers(120, 700, 2))
    picture = float(rng.uniform(60, 200)) + float(rng.uniform(5, 50)) * smooth_noise((height, width), 0.5 * width, rng)
    for _ in range(int(rng.integers(0, 9))):
        mask, centre = np.zeros((height, width), np.uint8), rng.uniform(0, 1, 2) * (width, height)
        reach = float(rng.uniform(0.04, 0.4)) * min(height, width)
        if rng.random() < 0.5:
            axes = (max(2, round(reach)), max(2, round(reach * float(rng.uniform(0.3, 1)))))
            cv2.ellipse(mask, (int(centre[0]), int(centre[1])), axes, float(rng.uniform(0, 180)), 0, 360, 255, -1)
        else:
            angle = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 7))))
            corners = centre + reach * np.stack([np.cos(angle), np.sin(angle)], axis=1)
            cv2.fillPoly(mask, [corners.round().astype(np.int32)], 255)
        soft = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.6, 4))).astype(np.float32) / 255
        own = float(rng.uniform(20, 240)) + float(rng.uniform(0, 30)) * smooth_noise((height, width), 0.3 * width, rng)
        picture = picture * (1 - soft) + own * soft
    return _grained(picture, rng)


def _papers(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Paper with a print, a weave, squares or stains, and nothing on it."""
    height, width = int(rng.integers(60, 400)), int(rng.integers(100, 600))
    contrast = float(rng.uniform(10, 120))
    picture = float(rng.uniform(140, 240)) + contrast * paper((height, width), rng, float(rng.uniform(0.2, 1)))
    return _grained(picture + float(rng.uniform(0, 15)) * smooth_noise((height, width), 0.6 * width, rng), rng)


def _grained(picture: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.uint8]:
    return np.clip(picture + rng.normal(0, float(rng.uniform(0.5, 5)), picture.shape), 0, 255).astype(np.uint8)


def _letters(rng: np.random.Generator) -> NDArray[np.uint8]:
    """A single letter, typed or by hand, on more or less paper."""
    kind = ("letters, typed", "letters, penned")[int(rng.integers(2))]
    return SINGLE[kind][1](rng)


def _laid(ink: Draw) -> Draw:
    return lambda rng: on_paper(ink(rng), rng)


# Each kind with its number of pictures.
KINDS: dict[str, tuple[int, Draw]] = {
    "letters": (30, _letters),
    "words, penned": (20, _laid(_word)),
    "words, penned by templates": (15, _laid(_template_word)),
    "words, joined": (20, _laid(_cursive)),
    "words, printed": (20, _laid(lambda rng: _printed(rng, int(rng.integers(1, 5))))),
    "lines of words, penned": (10, _laid(lambda rng: _lines_of(_word, rng))),
    "lines of words, joined": (10, _laid(lambda rng: _lines_of(_cursive, rng))),
    "lines of words, printed": (10, _laid(lambda rng: _lines_of(lambda r: _printed(r, 1), rng))),
    "scribbles": (15, SINGLE["scribbles"][1]),
    "textures": (10, SINGLE["textures"][1]),
    "papers": (15, _papers),
    "blank paper": (10, SINGLE["blank paper"][1]),
    "light and shapes": (15, _shapes),
}


def _write(folder: Path, kind: str, pictures: Sequence[NDArray[np.uint8]], found: Sequence[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for place, (picture, text) in enumerate(zip(pictures, found, strict=True)):
        if text:
            name = f"{kind.replace(', ', '-').replace(' ', '-')}-{place}-{text.replace(chr(10), '_')[:30]}.png"
            Image.fromarray(picture).save(folder / name)
