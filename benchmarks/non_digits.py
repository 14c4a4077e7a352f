"""Ink that is no digit: how much of it is read as one, and how many digits are lost for it.

The things are drawn here, by other means than those the training learns from: letters and signs in the typefaces that
come with matplotlib and as strokes of our own, scribbles, textures, blank paper; dark ink on light paper of several
sizes, read through `inkread.read` like a user's picture. Letters and signs that are digits to the eye (O, I, l, S and Z
among them) stand in a row of their own and do not count.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks.common import mnist_or_none, percent
from inkread.console import table

__all__ = ["KINDS", "STROKES", "drawn", "fonts", "main", "on_paper", "pen_letter"]

N = 1000
WANTED_READ, WANTED_LOST = 0.05, 0.005
LETTERS = "ACEFHKLMNPRTUVWXYadefhkmnprtuvwx"
LOOK_ALIKES = "OoQDIlijJ|/!()'ZzSsBbGgqycPp"
SIGNS = '&%#@*+=-<>~^";:{}[]$'
# Letters as a hand writes them, strokes in a square from (0, 0) at the top left to (1, 1).
STROKES = {
    "A": [[(0, 1), (0.5, 0), (1, 1)], [(0.2, 0.65), (0.8, 0.65)]],
    "E": [[(0.9, 0), (0.1, 0), (0.1, 1), (0.9, 1)], [(0.1, 0.5), (0.7, 0.5)]],
    "F": [[(0.9, 0), (0.1, 0), (0.1, 1)], [(0.1, 0.5), (0.7, 0.5)]],
    "H": [[(0, 0), (0, 1)], [(1, 0), (1, 1)], [(0, 0.5), (1, 0.5)]],
    "K": [[(0, 0), (0, 1)], [(0.9, 0), (0, 0.55), (0.9, 1)]],
    "M": [[(0, 1), (0.1, 0), (0.5, 0.6), (0.9, 0), (1, 1)]],
    "N": [[(0, 1), (0, 0), (1, 1), (1, 0)]],
    "R": [[(0, 1), (0, 0), (0.7, 0), (0.9, 0.25), (0.7, 0.5), (0, 0.5)], [(0.3, 0.5), (0.9, 1)]],
    "U": [[(0, 0), (0, 0.7), (0.3, 1), (0.7, 1), (1, 0.7), (1, 0)]],
    "W": [[(0, 0), (0.25, 1), (0.5, 0.3), (0.75, 1), (1, 0)]],
    "X": [[(0, 0), (1, 1)], [(1, 0), (0, 1)]],
    "a": [[(0.8, 0.2), (0.4, 0.1), (0.1, 0.5), (0.3, 0.9), (0.7, 0.7), (0.8, 0.2), (0.8, 0.8), (1, 1)]],
    "e": [[(0.1, 0.5), (0.9, 0.5), (0.7, 0.1), (0.3, 0.1), (0.1, 0.5), (0.3, 0.95), (0.9, 0.85)]],
    "h": [[(0, 0), (0, 1)], [(0, 0.6), (0.4, 0.4), (0.7, 0.6), (0.7, 1)]],
    "k": [[(0, 0), (0, 1)], [(0.6, 0.4), (0, 0.7), (0.7, 1)]],
    "m": [[(0, 1), (0, 0.3), (0.3, 0.2), (0.5, 0.4), (0.5, 1)], [(0.5, 0.4), (0.8, 0.2), (1, 0.4), (1, 1)]],
    "n": [[(0, 1), (0, 0.2)], [(0, 0.4), (0.5, 0.2), (0.8, 0.4), (0.8, 1)]],
    "t": [[(0.5, 0), (0.5, 0.9), (0.8, 1)], [(0.1, 0.3), (0.9, 0.3)]],
    "w": [[(0, 0.2), (0.2, 1), (0.5, 0.4), (0.8, 1), (1, 0.2)]],
}

Draw = Callable[[np.random.Generator], NDArray[np.uint8]]


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks non_digits", description=__doc__)
    parser.add_argument("--model", default="default")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--sheet", type=Path, help="write a sheet of what was read as a digit")
    options = parser.parse_args(arguments)
    from inkread import Reader

    reader = Reader(options.model)
    count = 100 if options.quick else N
    rows, read, wrong = [], 0, []
    for name, (share, _) in KINDS.items():
        pictures = drawn(name, round(share * count))
        taken = [picture for picture in pictures if reader.read(picture, layout="digit").lines]
        wrong += taken
        if name != "look-alikes":
            read += len(taken)
        rows.append((name, f"{len(pictures)}", f"{len(taken)}", percent(len(taken) / len(pictures))))
    rows.append(
        ("all but look-alikes", f"{count}", f"{read}", f"{percent(read / count)} {_verdict(read / count, WANTED_READ)}")
    )
    test = mnist_or_none("test")
    if test is not None:
        lost = float((~reader._predictor.predict_known(test.images)).mean())
        rows.append(
            (
                "digits of MNIST's test that are lost",
                f"{len(test):,}",
                f"{round(lost * len(test))}",
                f"{percent(lost)} {_verdict(lost, WANTED_LOST)}",
            )
        )
    table(f"Read as a digit by {options.model!r}", ("drawn", "n", "read", "share"), rows, numbers=(1, 2))
    if options.sheet:
        _sheet(wrong, options.sheet)


def _verdict(share: float, wanted: float) -> str:
    return f"(at most {percent(wanted)}: {'kept' if share <= wanted else 'MISSED'})"


def drawn(kind: str, count: int, seed: int = 0) -> list[NDArray[np.uint8]]:
    """Return pictures of a kind, gray, dark on light; the same ones for the same seed."""
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    return [KINDS[kind][1](rng) for _ in range(count)]


def on_paper(ink: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Lay ink (H, W) of 0 to 255 on paper, with a margin and a little noise."""
    margin = int(rng.integers(4, 24))
    ink = cv2.copyMakeBorder(ink, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0)
    paper, pen = float(rng.uniform(190, 255)), float(rng.uniform(0, 90))
    picture = paper + (pen - paper) * cv2.GaussianBlur(ink, (0, 0), float(rng.uniform(0.3, 1.2))) / 255.0
    return np.clip(picture + rng.normal(0, float(rng.uniform(0, 4)), ink.shape), 0, 255).astype(np.uint8)


def fonts() -> list[Path]:
    """Return the typefaces of text that come with matplotlib."""
    import matplotlib

    found = sorted((Path(matplotlib.get_data_path()) / "fonts" / "ttf").glob("DejaVu*.ttf"))
    return [path for path in found if "Display" not in path.name]


def _typed(characters: str) -> Draw:
    among = fonts()

    def draw(rng: np.random.Generator) -> NDArray[np.uint8]:
        size = int(rng.integers(28, 110))
        font = ImageFont.truetype(str(among[int(rng.integers(len(among)))]), size)
        image = Image.new("L", (3 * size, 3 * size))
        ImageDraw.Draw(image).text((size, size), str(rng.choice(list(characters))), fill=255, font=font)
        image = image.rotate(float(rng.normal(0, 6)), Image.Resampling.BILINEAR)
        box = image.getbbox() or (0, 0, size, size)
        return on_paper(np.asarray(image.crop(box)), rng)

    return draw


def pen_letter(letter: str, side: int, pen: int, slant: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the ink, cut out, of a letter of our own strokes, each point a little off, with a round pen."""
    ink = np.zeros((2 * side, 2 * side), np.uint8)
    for stroke in STROKES[letter]:
        points = np.array(stroke) * [float(rng.uniform(0.6, 0.9)), 1.0] + rng.normal(0, 0.035, (len(stroke), 2))
        points[:, 0] += slant * (0.5 - points[:, 1])
        fine = cv2.resize(points.astype(np.float32), (2, 8 * len(points)), interpolation=cv2.INTER_LINEAR)
        cv2.polylines(ink, [(side * (0.5 + fine)).round().astype(np.int32)], False, 255, pen, cv2.LINE_AA)
    left, top, width, height = cv2.boundingRect(ink)
    return ink[top : top + height, left : left + width]


def _penned(rng: np.random.Generator) -> NDArray[np.uint8]:
    letter = str(rng.choice(list(STROKES)))
    side, slant = int(rng.integers(40, 110)), float(rng.normal(0, 0.15))
    pen = max(2, round(side * float(rng.uniform(0.05, 0.12))))
    return on_paper(pen_letter(letter, side, pen, slant, rng), rng)


def _scribbled(rng: np.random.Generator) -> NDArray[np.uint8]:
    """A line whose direction wanders, until it has covered itself."""
    turn, speed = rng.normal(0, 0.5, 260), float(rng.uniform(3, 7))
    heading = np.cumsum(turn + float(rng.choice([-0.12, 0.12])))
    path = np.cumsum(np.stack([np.cos(heading), np.sin(heading)], axis=1) * speed, axis=0)
    path -= path.min(axis=0)
    ink = np.zeros((int(path[:, 1].max()) + 8, int(path[:, 0].max()) + 8), np.uint8)
    cv2.polylines(ink, [(path + 4).round().astype(np.int32)], False, 255, int(rng.integers(2, 5)), cv2.LINE_AA)
    return on_paper(ink, rng)


def _texture(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Cloth, stains, hatching: waves of some directions and blurred noise, of strong contrast."""
    side = int(rng.integers(60, 140))
    y, x = np.mgrid[:side, :side]
    picture = cv2.GaussianBlur(rng.standard_normal((side, side)), (0, 0), float(rng.uniform(1, 5)))
    picture *= 30 / picture.std()
    for _ in range(int(rng.integers(0, 3))):
        angle, length = float(rng.uniform(0, np.pi)), float(rng.uniform(5, 20))
        picture += 40 * np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / length)
    return np.clip(170 + picture, 0, 255).astype(np.uint8)


def _blank(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Paper with its grain and an uneven light."""
    side = int(rng.integers(40, 140))
    light = np.linspace(0, float(rng.uniform(-40, 40)), side)[None, :]
    return np.clip(float(rng.uniform(150, 235)) + light + rng.normal(0, 2, (side, side)), 0, 255).astype(np.uint8)


# Each kind with its share of all that counts.
KINDS: dict[str, tuple[float, Draw]] = {
    "letters, typed": (0.25, _typed(LETTERS)),
    "letters, penned": (0.25, _penned),
    "signs": (0.15, _typed(SIGNS)),
    "scribbles": (0.15, _scribbled),
    "textures": (0.15, _texture),
    "blank paper": (0.05, _blank),
    "look-alikes": (0.1, _typed(LOOK_ALIKES)),
}


def _sheet(pictures: list[NDArray[np.uint8]], path: Path) -> None:
    tiles = [cv2.resize(picture, (64, 64), interpolation=cv2.INTER_AREA) for picture in pictures]
    tiles += [np.full((64, 64), 255, np.uint8)] * (-len(tiles) % 16)
    rows = [np.hstack(tiles[i : i + 16]) for i in range(0, len(tiles), 16)]
    Image.fromarray(np.vstack(rows) if rows else np.full((64, 64), 255, np.uint8)).save(path)
