"""Ink that is no digit, for a network to learn that such things exist.

A classifier of ten digits finds a digit in everything. Shown letters, signs, scribbles, blots, several digits at once,
digits that lie on their side or are crossed out, it learns to say that none of its classes is there. What looks like
a digit to a person (an O, a slash, a P, which is how some write a 9) is not among them: nobody could tell it apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.imaging.frame import SIZE, frame
from inkread.imaging.preprocess import to_digit
from inkread.training.paper import photograph
from inkread.training.templates import draw_letter

__all__ = ["non_digits"]

_SIDE = 112  # pixels of the sheet that things are drawn on
_STICK = 0.4  # of its height: what is narrower passes for a one
_WIDE = 24  # pixels of an enlarged digit: what is narrower may pass for a stroke of another
_TOUCHING = 0.5  # of the things made of several digits
_LETTERS = "ACEFHJKLMNRTUVWXYacdefhkmnrtuvwx"
_SIGNS = '+=*#%@<>~^"-&$?{}[]_;:'
_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX_SMALL,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
)
# Turned or mirrored, these show something else than a digit: a mirrored 2 would be a 5 to many, a 6 upside down is a 9.
_MIRRORED, _UPSIDE_DOWN, _LYING = (3, 4, 7, 9), (3, 4, 7), (2, 3, 4, 5, 6, 7, 9)


def non_digits(
    count: int,
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    rng: np.random.Generator,
    *,
    photographed: float = 0.0,
) -> NDArray[np.uint8]:
    """Draw things that are no digit.

    Args:
        count: How many.
        images: uint8 (N, 28, 28), digits in MNIST's form, of which some of the things are made.
        labels: int64 (N,), the digits 0 to 9.
        rng: Where the choices are drawn from.
        photographed: Share of the things that go over paper and camera and the whole preprocessing.

    Returns:
        uint8 (count, 28, 28), in MNIST's form.
    """
    out = np.zeros((count, SIZE, SIZE), np.uint8)
    of_class = [images[labels == digit] for digit in range(10)]
    names = list(_KINDS)
    shares = np.array([_KINDS[name][1] for name in names])
    chosen = rng.choice(len(names), count, p=shares / shares.sum())
    on_paper = rng.random(count) < photographed
    done = 0
    while done < count:
        things = _KINDS[names[chosen[done]]][0](of_class, rng)
        # On paper a neighbour is a rim, and goes: of two digits one may be left.
        made = _normal(things, bool(on_paper[done]) and names[chosen[done]] != "several digits", rng)
        if made is None:  # it lay outside, or faded on its paper: another one of the same kind
            continue
        out[done] = made
        done += 1
    return out


def _normal(thing: NDArray[np.uint8], on_paper: bool, rng: np.random.Generator) -> NDArray[np.uint8] | None:
    """Return a drawing as the preprocessing makes it, or None where nothing is left of it."""
    left, top, width, height = cv2.boundingRect(thing)
    if max(width, height) < 4:
        return None
    cut = thing[top : top + height, left : left + width]
    made = to_digit(photograph(thing, thing, rng))[0] if on_paper else frame(cut)
    if made is None:
        return None
    _, _, width, height = cv2.boundingRect(cv2.threshold(made, 64, 255, cv2.THRESH_BINARY)[1])
    return made if width >= _STICK * height else None


def _sheet() -> NDArray[np.uint8]:
    return np.zeros((_SIDE, _SIDE), np.uint8)


def _pen(rng: np.random.Generator) -> int:
    return int(rng.integers(3, 11))


def _bent(thing: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Slant, turn and stretch a drawing, and let it wobble as a hand does."""
    side = thing.shape[0]
    angle, shear = math.radians(float(rng.normal(0, 8))), float(rng.normal(0, 0.2))
    wide = float(np.exp(rng.normal(0, 0.2)))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    matrix = turn @ np.array([[wide, shear], [0, 1]])
    places = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).astype(np.float32) - side / 2
    moved = places @ np.linalg.inv(matrix).T.astype(np.float32) + side / 2
    wobble = cv2.resize(rng.normal(0, 3, (4, 4, 2)).astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    moved = (moved + wobble).astype(np.float32)
    return np.asarray(cv2.remap(thing, moved[..., 0], moved[..., 1], cv2.INTER_LINEAR), dtype=np.uint8)


def _written(text: str, rng: np.random.Generator) -> NDArray[np.uint8]:
    sheet, font, pen = _sheet(), int(rng.choice(_FONTS)), _pen(rng)
    (width, height), _ = cv2.getTextSize(text, font, 1.0, 1)
    scale = 0.55 * _SIDE / max(width, height)
    place = (round((_SIDE - scale * width) / 2), round((_SIDE + scale * height) / 2))
    cv2.putText(sheet, text, place, font, scale, 255, pen, cv2.LINE_AA)
    return _bent(sheet, rng)


def _letter(of_class: list[NDArray[np.uint8]], rng: np.random.Generator) -> NDArray[np.uint8]:
    return _written(str(rng.choice(list(_LETTERS))), rng)


def _penned(of_class: list[NDArray[np.uint8]], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A letter as a hand writes it."""
    return draw_letter(rng)


def _word(of_class: list[NDArray[np.uint8]], rng: np.random.Generator) -> NDArray[np.uint8]:
    letters = list(_LETTERS + "bgioqsyz")
    return _written("".join(rng.choice(letters, int(rng.integers(2, 5)))), rng)


def _sign(of_class: list[NDArray[np.uint8]], rng: np.random.Generator) -> NDArray[np.uint8]:
    return _written(str(rng.choice(list(_SIGNS))), rng)


def _curve(sheet: NDArray[np.uint8], points: NDArray[np.floating], pen: int) -> None:
    """Draw a smooth curve through points (K, 2), a Catmull-Rom spline."""
    padded = np.vstack([points[:1], points, points[-1:]])
    t = np.linspace(0, 1, 12)[:, None]
    pieces = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    line = np.vstack(pieces).round().astype(np.int32)
    cv2.polylines(sheet, [line], False, 255, pen, cv2.LINE_AA)


def _scribble(of_class: list[NDArray[np.uint8]], rng: np.random.Generator) -> NDArray[np.uint8]:
    """One long line that crosses itself many times."""
    sheet = _sheet()
    points = np.cumsum(rng.normal(0, 1, (int(rng.integers(12, 60)), 2)), axis=0)
    points -= points.min(axis=0)
    points = 8 + points * (_SIDE - 16) / np.maximum(points.max(axis=0), 1e-6)
    _curve(sheet, points, max(2, _pen(rng) // 2))
    return sheet


def _wandering(of_class: list[NDArray[np.uint8]], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A line that wanders, as it does in a pen that is tried or by a hand that thinks of something else."""
    steps = int(rng.integers(8, 80))
    steady = float(rng.uniform(0, 0.9))
    step = np.zeros((steps, 2))
    for i in range(1, steps):
        step[i] = steady * step[i - 1] + rng.normal(0, 1, 2)
    points = np.cumsum(step, axis=0)
    points -= points.min(axis=0)
    points = 10 + points * (_SIDE - 20) / max(float(points.max()), 1e-6)
    sheet = _sheet()
    _curve(sheet, points, max(2, round(_pen(rng) * float(rng.uniform(0.3, 1.0)))))
    return sheet


def _zigzag(of_class: list[NDArray[np.uint8]], rng: np.random.Generator) -> NDArray[np.uint8]:
    sheet, turns = _sheet(), int(rng.integers(5, 12))
    x = np.linspace(14, _SIDE - 14, turns) + rng.normal(0, 3, turns)
    y = _SIDE / 2 + np.where(np.arange(turns) % 2, 1, -1) * rng.uniform(8, 40, turns)
    points = np.stack([x, y], axis=1)
    if rng.random() < 0.5:
        _curve(sheet, points, _pen(rng))
    else:
        cv2.polylines(sheet, [points.round().astype(np.int32)], False, 255, _pen(rng), cv2.LINE_AA)
    return _turned(sheet, rng)


def _turned(thing: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    matrix = cv2.getRotationMatrix2D((_SIDE / 2, _SIDE / 2), float(rng.uniform(0, 360)), 1.0)
    return np.asarray(cv2.warpAffine(thing, matrix, (_SIDE, _SIDE)), dtype=np.uint8)


def _strokes(of_class: list[NDArray[np.uint8]], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Several strokes, straight or bent, that were not meant to be anything."""
    sheet, pen = _sheet(), _pen(rng)
    for _ in range(int(rng.integers(4, 8))):
        _curve(sheet, rng.uniform(10, _SIDE - 10, (int(rng.integers(2, 4)), 2)), pen)
    return sheet


def _blot(of_class: list[NDArray[np.uint8]], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A filled shape with a soft outline: a dot, a bar, a stain."""
    corners = int(rng.integers(3, 9))
    angle = np.sort(rng.uniform(0, 2 * math.pi, corners))
    reach = rng.uniform(14, 45, corners)
    flat = float(rng.uniform(0.5, 1.0))
    points = _SIDE / 2 + np.stack([np.cos(angle) * reach, flat * np.sin(angle) * reach], axis=1)
    sheet = _sheet()
    cv2.fillPoly(sheet, [points.round().astype(np.int32)], 255, cv2.LINE_AA)
    blurred = cv2.GaussianBlur(sheet, (0, 0), float(rng.uniform(1.5, 6)))
    return _turned(np.asarray(cv2.threshold(blurred, 110, 255, cv2.THRESH_BINARY)[1], dtype=np.uint8), rng)


def _dots(of_class: list[NDArray[np.uint8]], rng: np.random.Generator) -> NDArray[np.uint8]:
    sheet = _sheet()
    for _ in range(int(rng.integers(2, 14))):
        place = rng.integers(10, _SIDE - 10, 2)
        cv2.circle(sheet, (int(place[0]), int(place[1])), int(rng.integers(3, 9)), 255, -1, cv2.LINE_AA)
    return sheet


def _lines(of_class: list[NDArray[np.uint8]], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Bars that lie, rules, hatchings and grids."""
    sheet, pen = _sheet(), max(3, _pen(rng) // 2)
    count, kind = int(rng.integers(1, 6)), rng.random()
    if count == 1 or kind < 0.4:
        pen = _pen(rng)
        for y in np.linspace(_SIDE / 2 - 8 * count, _SIDE / 2 + 8 * count, count):
            cv2.line(sheet, (10, round(y + rng.normal(0, 2))), (_SIDE - 10, round(y + rng.normal(0, 2))), 255, pen)
        return sheet
    for at in np.linspace(18, _SIDE - 18, count + 1):
        cv2.line(sheet, (10, round(at)), (_SIDE - 10, round(at)), 255, pen)
        if kind > 0.7:
            cv2.line(sheet, (round(at), 10), (round(at), _SIDE - 10), 255, pen)
    return _bent(sheet, rng) if kind > 0.7 else _turned(sheet, rng) if count > 1 else sheet


def _texture(of_class: list[NDArray[np.uint8]], rng: np.random.Generator) -> NDArray[np.uint8]:
    """What is left of a paper's texture when it is taken for ink."""
    grain = float(rng.uniform(1.5, 8))
    noise = cv2.GaussianBlur(rng.standard_normal((_SIDE, _SIDE), dtype=np.float32), (0, 0), grain)
    share = float(rng.uniform(0.6, 0.92))
    return ((noise > np.quantile(noise, share)) * 255).astype(np.uint8)


def _enlarged(image: NDArray[np.uint8], height: int) -> NDArray[np.uint8]:
    left, top, width, tall = cv2.boundingRect(cv2.threshold(image, 64, 255, cv2.THRESH_BINARY)[1])
    cut = image[top : top + tall, left : left + width] if width else image
    size = (max(3, round(cut.shape[1] * height / cut.shape[0])), height)
    fine = cv2.resize(cut, size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.threshold(fine, 110, 255, cv2.THRESH_BINARY)[1], dtype=np.uint8)


def _any(of_class: list[NDArray[np.uint8]], among: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.uint8]:
    pictures = [of_class[digit] for digit in among if len(of_class[digit])] or [p for p in of_class if len(p)]
    some = pictures[int(rng.integers(len(pictures)))]
    return some[int(rng.integers(len(some)))]


def _several(of_class: list[NDArray[np.uint8]], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Two to five digits side by side, or two or three that touch or overlap."""
    every = tuple(range(10))
    count = min(5, 1 + int(rng.geometric(0.5)))
    digits = [_enlarged(_any(of_class, every, rng), int(rng.integers(64, 96))) for _ in range(count)]
    gap = int(rng.integers(8, 34))  # apart: a digit that touches a neighbour's rim is a digit still
    whole = [digit for digit in digits if digit.shape[1] >= _WIDE]  # an upright stroke beside one is part of many
    if len(whole) > 1 and rng.random() < _TOUCHING:
        digits, gap = whole[: 2 + (rng.random() < 0.2)], int(rng.integers(-16, 8))
    elif len(digits) == 2 and len(whole) < 2:
        digits.append(_enlarged(_any(of_class, (2, 3, 5, 8), rng), 80))
    sheet = np.zeros((130, 60 + sum(d.shape[1] + max(gap, 0) for d in digits)), np.uint8)
    x = 20
    for digit in digits:
        y, room = int(rng.integers(5, 25)), sheet.shape[1] - x
        part = digit[:, :room]
        sheet[y : y + part.shape[0], x : x + part.shape[1]] |= part
        x += digit.shape[1] + gap
    return sheet


def _turned_digit(of_class: list[NDArray[np.uint8]], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A digit that is mirrored, upside down or lying."""
    kind = rng.random()
    if kind < 0.35:
        return np.ascontiguousarray(_enlarged(_any(of_class, _MIRRORED, rng), 80)[:, ::-1])
    if kind < 0.5:
        return np.ascontiguousarray(_enlarged(_any(of_class, _UPSIDE_DOWN, rng), 80)[::-1, ::-1])
    return np.ascontiguousarray(np.rot90(_enlarged(_any(of_class, _LYING, rng), 80), int(rng.choice([1, 3]))))


def _crossed_out(of_class: list[NDArray[np.uint8]], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A digit under the zigzag of someone who did not mean it."""
    digit = _enlarged(_any(of_class, tuple(range(10)), rng), 90)
    sheet = cv2.copyMakeBorder(digit, 30, 30, 40, 40, cv2.BORDER_CONSTANT, value=0)
    height, width = sheet.shape
    turns = int(rng.integers(5, 10))
    x = np.where(np.arange(turns) % 2, width - 15, 15) + rng.normal(0, 8, turns)
    y = np.linspace(35, height - 35, turns) + rng.normal(0, 5, turns)
    _curve(sheet, np.stack([x, y], axis=1), max(4, _pen(rng)))
    return sheet


_Kind = Callable[[list[NDArray[np.uint8]], np.random.Generator], NDArray[np.uint8]]
# Each kind with its share.
_KINDS: dict[str, tuple[_Kind, float]] = {
    "letter": (_letter, 5),
    "penned letter": (_penned, 4),
    "word": (_word, 1.5),
    "sign": (_sign, 2.5),
    "scribble": (_scribble, 2),
    "wandering line": (_wandering, 3),
    "zigzag": (_zigzag, 1),
    "strokes": (_strokes, 1.5),
    "blot": (_blot, 1),
    "dots": (_dots, 1),
    "lines": (_lines, 1),
    "texture": (_texture, 1),
    "several digits": (_several, 5),
    "turned digit": (_turned_digit, 3),
    "crossed out": (_crossed_out, 1),
}
