"""Make the pictures of this folder: single handwritten digits in the situations they are met in.

    python examples/make.py [DIR]

Nobody's handwriting is on them: each digit is a few smooth curves, given below as points, that a random hand slants,
warps and presses. Hands are seeded, so every run makes the same pixels. `truth.csv` says what each picture shows.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array: TypeAlias = NDArray[np.float32]
Points: TypeAlias = tuple[tuple[float, float], ...]
Colour: TypeAlias = tuple[float, float, float]

# Strokes as points that the pen passes through, x to the right and y down, one unit high. A point given twice is a
# corner; everywhere else the curve is smooth.
TEMPLATES: dict[str, tuple[Points, ...]] = {
    "0": (
        (
            (0.36, 0.02),
            (0.13, 0.15),
            (0.02, 0.48),
            (0.11, 0.86),
            (0.32, 0.99),
            (0.54, 0.85),
            (0.62, 0.5),
            (0.53, 0.14),
            (0.34, 0.02),
            (0.24, 0.07),
        ),
    ),
    "0 slashed": (
        (
            (0.35, 0.05),
            (0.14, 0.17),
            (0.03, 0.5),
            (0.12, 0.84),
            (0.33, 0.95),
            (0.55, 0.83),
            (0.64, 0.5),
            (0.55, 0.17),
            (0.35, 0.05),
            (0.22, 0.09),
        ),
        ((0.68, 0.0), (0.34, 0.5), (0.0, 1.0)),
    ),
    "1 upstroke": (((0.0, 0.42), (0.2, 0.24), (0.37, 0.0), (0.37, 0.0), (0.37, 0.35), (0.35, 0.7), (0.36, 1.0)),),
    "2": (
        (
            (0.04, 0.24),
            (0.14, 0.06),
            (0.34, 0.0),
            (0.53, 0.1),
            (0.54, 0.32),
            (0.4, 0.57),
            (0.2, 0.8),
            (0.01, 0.97),
            (0.01, 0.97),
            (0.24, 0.95),
            (0.45, 0.98),
            (0.65, 0.94),
        ),
    ),
    "2 looped": (
        (
            (0.05, 0.2),
            (0.19, 0.04),
            (0.41, 0.02),
            (0.54, 0.18),
            (0.48, 0.43),
            (0.29, 0.7),
            (0.1, 0.92),
            (0.01, 0.92),
            (0.04, 0.82),
            (0.18, 0.83),
            (0.38, 0.96),
            (0.54, 0.98),
            (0.68, 0.88),
        ),
    ),
    "3": (
        (
            (0.05, 0.13),
            (0.24, 0.0),
            (0.47, 0.06),
            (0.52, 0.24),
            (0.39, 0.41),
            (0.2, 0.47),
            (0.2, 0.47),
            (0.43, 0.51),
            (0.58, 0.68),
            (0.51, 0.9),
            (0.27, 1.0),
            (0.0, 0.9),
        ),
    ),
    "3 round": (
        (
            (0.04, 0.2),
            (0.14, 0.05),
            (0.34, 0.0),
            (0.52, 0.12),
            (0.48, 0.33),
            (0.28, 0.46),
            (0.28, 0.46),
            (0.5, 0.54),
            (0.57, 0.74),
            (0.44, 0.95),
            (0.2, 0.99),
            (0.02, 0.84),
        ),
    ),
    "4": (
        ((0.22, 0.0), (0.14, 0.3), (0.02, 0.6), (0.02, 0.6), (0.3, 0.6), (0.66, 0.55)),
        ((0.48, 0.22), (0.45, 0.6), (0.43, 1.0)),
    ),
    "5": (
        (
            (0.13, 0.04),
            (0.12, 0.22),
            (0.08, 0.45),
            (0.08, 0.45),
            (0.3, 0.37),
            (0.52, 0.48),
            (0.57, 0.71),
            (0.43, 0.93),
            (0.2, 1.0),
            (0.0, 0.9),
        ),
        ((0.13, 0.04), (0.35, 0.05), (0.58, 0.01)),
    ),
    "6": (
        (
            (0.46, 0.0),
            (0.24, 0.17),
            (0.08, 0.45),
            (0.04, 0.75),
            (0.17, 0.96),
            (0.39, 0.98),
            (0.55, 0.81),
            (0.5, 0.6),
            (0.31, 0.53),
            (0.13, 0.64),
            (0.06, 0.8),
        ),
    ),
    "7": (
        (
            (0.0, 0.06),
            (0.28, 0.07),
            (0.6, 0.03),
            (0.6, 0.03),
            (0.42, 0.34),
            (0.28, 0.67),
            (0.21, 1.0),
        ),
    ),
    "7 crossed": (
        (
            (0.0, 0.14),
            (0.04, 0.05),
            (0.04, 0.05),
            (0.3, 0.07),
            (0.6, 0.03),
            (0.6, 0.03),
            (0.44, 0.35),
            (0.31, 0.67),
            (0.25, 1.0),
        ),
        ((0.14, 0.53), (0.34, 0.5), (0.58, 0.49)),
    ),
    "8": (
        (
            (0.51, 0.13),
            (0.31, 0.0),
            (0.11, 0.11),
            (0.14, 0.31),
            (0.32, 0.46),
            (0.52, 0.64),
            (0.55, 0.86),
            (0.33, 1.0),
            (0.08, 0.9),
            (0.08, 0.67),
            (0.28, 0.47),
            (0.47, 0.3),
            (0.54, 0.17),
            (0.52, 0.06),
        ),
    ),
    "9": (
        (
            (0.54, 0.14),
            (0.33, 0.01),
            (0.09, 0.13),
            (0.05, 0.36),
            (0.21, 0.5),
            (0.42, 0.41),
            (0.54, 0.14),
            (0.54, 0.14),
            (0.53, 0.45),
            (0.5, 0.75),
            (0.43, 1.0),
        ),
    ),
}

_FINE = 4  # strokes are drawn this many times larger and then reduced: that is what makes their edges smooth
_SHIFT = 4  # bits below the pixel in which OpenCV is given places
_DOTS = 80  # between two points of a template; enough that no pen shows its dots

RED_MARKER: Colour = (206, 30, 38)
BLUE_BALLPOINT: Colour = (36, 52, 138)
BLACK_INK: Colour = (26, 26, 30)
ORIENTATION = 0x0112  # the EXIF tag that says how a camera was held


@dataclass(frozen=True, slots=True)
class Hand:
    """How somebody writes.

    Attributes:
        pen: Width of the pen as a share of the digit's height.
        slant: Tangent of the slant; to the right when positive.
        aspect: Width of the digit relative to its template.
        wobble: How far the template is warped, as a share of the digit's height.
        pressure: Share by which the pen's width varies along a stroke.
    """

    pen: float = 0.06
    slant: float = 0.1
    aspect: float = 1.0
    wobble: float = 0.012
    pressure: float = 0.15


# --- the hand ---------------------------------------------------------------------------------------------------------


def write(name: str, hand: Hand, height: int, rng: np.random.Generator) -> Array:
    """Write a template.

    Args:
        name: A key of `TEMPLATES`.
        hand: Who writes.
        height: Of the digit in pixels, from the middle of the pen at its top to the middle at its foot.
        rng: What the hand's chance comes from.

    Returns:
        (strokes, h, w), each stroke's cover from 0 to 1, in a box just large enough.
    """
    bend = _warp(hand.wobble, rng)
    paths = [bend(_curve(points) * np.array([hand.aspect, 1.0])) for points in TEMPLATES[name]]
    for path in paths:
        path[:, 0] -= hand.slant * (path[:, 1] - 0.5)
    widths = [hand.pen * _pressure(len(path), hand.pressure, rng) for path in paths]
    margin = hand.pen
    corner = np.min([path.min(axis=0) for path in paths], axis=0) - margin
    size = np.max([path.max(axis=0) for path in paths], axis=0) + margin - corner
    box = (round(float(size[1]) * height) + 1, round(float(size[0]) * height) + 1)
    strokes = [_draw((p - corner) * height, w * height, box) for p, w in zip(paths, widths, strict=True)]
    return np.stack(strokes)


def _curve(points: Points) -> NDArray[np.float64]:
    """Return a dense Catmull-Rom curve through points; it is broken where one is given twice."""
    pieces: list[list[tuple[float, float]]] = [[points[0]]]
    for before, point in pairwise(points):
        if before == point:
            pieces.append([point])
        else:
            pieces[-1].append(point)
    return np.concatenate([_catmull_rom(np.array(piece)) for piece in pieces])


def _catmull_rom(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a smooth curve through (n, 2) points."""
    # Ends are mirrored so that the curve starts and stops along its first and last chord.
    ends = np.concatenate([[2 * points[0] - points[1]], points, [2 * points[-1] - points[-2]]])
    t = np.linspace(0.0, 1.0, _DOTS, endpoint=False)[:, None]
    spans = []
    for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        rise, fall = (c - a) / 2, (d - b) / 2
        spans.append(b + t * rise + t**2 * (3 * (c - b) - 2 * rise - fall) + t**3 * (2 * (b - c) + rise + fall))
    return np.concatenate([*spans, points[-1:]])


def _warp(strength: float, rng: np.random.Generator) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return a smooth warp of the plane; one for all strokes, so that those that meet still do."""
    waves = rng.uniform(-7.0, 7.0, (2, 3, 2))  # (x and y, waves, direction)
    phases = rng.uniform(0.0, 2 * np.pi, (2, 3))

    def bend(path: NDArray[np.float64]) -> NDArray[np.float64]:
        shift = [np.sin(path @ waves[i].T + phases[i]).sum(axis=1) for i in range(2)]
        return path + strength * np.stack(shift, axis=1)

    return bend


def _pressure(count: int, strength: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the pen's width along a stroke, about 1: it swells, and thins where the pen is lifted."""
    t = np.linspace(0.0, 1.0, count)
    phases = rng.uniform(0.0, 2 * np.pi, 3)
    swell = sum(np.sin((3.0 + 4.0 * i) * t + phases[i]) for i in range(3)) / 3.0
    lifted = np.clip((1.0 - t) / 0.12, 0.0, 1.0)
    return np.asarray((1.0 + strength * swell) * (1.0 - 1.5 * strength * (1.0 - lifted)))


def _draw(path: NDArray[np.float64], widths: NDArray[np.float64], box: tuple[int, int]) -> Array:
    """Draw a path, in pixels, as a row of dots as wide as the pen is there."""
    canvas = np.zeros((box[0] * _FINE, box[1] * _FINE), np.uint8)
    unit = _FINE << _SHIFT
    for (x, y), width in zip(path, widths, strict=True):
        spot = (round(float(x) * unit), round(float(y) * unit))
        cv2.circle(canvas, spot, max(1, round(float(width) * unit / 2)), 255, -1, cv2.LINE_AA, _SHIFT)
    small = cv2.resize(canvas, box[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) / 255.0


# --- paper, light and camera ------------------------------------------------------------------------------------------


def place(ink: Array, size: tuple[int, int], centre: tuple[float, float] = (0.5, 0.5)) -> Array:
    """Lay ink (h, w) on an empty sheet of (width, height) pixels, its centre at a share of its sides."""
    width, height = size
    sheet = np.zeros((height, width), np.float32)
    top = round(centre[1] * height - ink.shape[0] / 2)
    left = round(centre[0] * width - ink.shape[1] / 2)
    sheet[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return sheet


def sheet_of(size: tuple[int, int], colour: Colour) -> Array:
    """Return plain paper, (h, w, 3)."""
    return np.full((size[1], size[0], 3), colour, np.float32)


def lay(paper: Array, ink: Array, colour: Colour) -> Array:
    """Lay ink (h, w), cover from 0 to 1, over paper (h, w, 3)."""
    cover = ink[:, :, None]
    return np.asarray(paper * (1.0 - cover) + np.asarray(colour, np.float32) * cover, np.float32)


def grain(shape: tuple[int, ...], size: float, rng: np.random.Generator) -> Array:
    """Return noise (h, w) of mean 0 and deviation 1 whose spots are about `size` pixels wide."""
    noise = rng.standard_normal(shape[:2], np.float32)
    smooth = np.asarray(cv2.GaussianBlur(noise, (0, 0), size / 2), np.float32)
    return np.asarray((smooth - smooth.mean()) / smooth.std(), np.float32)


def shadow(shape: tuple[int, ...], angle: float, edge: float, depth: float, softness: float) -> Array:
    """Return the light (h, w, 1), 1 down to 1 - depth, of a soft shadow over one side of a sheet.

    Args:
        shape: Of the sheet.
        angle: In degrees, the direction in which it grows darker; 0 is to the right, 90 is down.
        edge: Where along that direction the shadow begins, -1 to 1.
        depth: How much light it takes.
        softness: Width of its edge on the same scale.
    """
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    along = x * np.cos(np.radians(angle)) + y * np.sin(np.radians(angle))
    dark = depth / (1.0 + np.exp(-(along - edge) / softness))
    falloff = 0.04 * (x**2 + y**2)  # lenses pass less light towards the corners
    return np.asarray(1.0 - dark - falloff, np.float32)[:, :, None]


def photograph(scene: Array, rng: np.random.Generator, *, blur: float, noise: float) -> Array:
    """Take a picture with a camera: slightly out of focus, with a noisy sensor."""
    soft = np.asarray(cv2.GaussianBlur(scene, (0, 0), blur), np.float32)
    return np.asarray(soft + noise * rng.standard_normal(scene.shape, np.float32), np.float32)


def picture(pixels: Array) -> Image.Image:
    """Round to 8 bits."""
    return Image.fromarray(pixels.clip(0, 255).round().astype(np.uint8))


# --- the situations ---------------------------------------------------------------------------------------------------


def seven(rng: np.random.Generator) -> Image.Image:
    """Draw with a black pen on white."""
    ink = write("7", Hand(pen=0.075, slant=0.06, aspect=1.08), 190, rng).max(axis=0)
    return picture(np.asarray(255.0 - 240.0 * place(ink, (280, 280)), np.float32))


def photo_of_3(rng: np.random.Generator) -> Image.Image:
    """Photograph blue ballpoint on warm paper, half in the shadow of the hand that holds the phone."""
    size = (1600, 1200)
    ink = place(write("3", Hand(pen=0.04, slant=0.16, pressure=0.22), 560, rng).max(axis=0), size, (0.47, 0.52))
    ink *= np.clip(0.93 + 0.06 * grain(ink.shape, 4, rng), 0.0, 1.0)  # a ballpoint lays its paste unevenly
    paper = sheet_of(size, (238, 229, 208)) + 1.8 * grain(ink.shape, 6, rng)[:, :, None]
    scene = lay(paper, ink, BLUE_BALLPOINT) * shadow(ink.shape, 28.0, 0.35, 0.3, 0.22)
    return picture(photograph(scene, rng, blur=1.6, noise=1.6))


def crossed_7_squared_paper(rng: np.random.Generator) -> Image.Image:
    """Write a crossed seven over two squares and a half of a school book."""
    size = (360, 360)
    paper = sheet_of(size, (252, 252, 249))
    squares = np.zeros(size[::-1], np.float32)
    for start in range(22, 360, 64):
        squares[start : start + 2] = 0.75
        squares[:, start + 11 : start + 13] = 0.75
    paper = lay(paper, squares, (170, 200, 232))
    ink = place(write("7 crossed", Hand(pen=0.055, slant=0.12), 220, rng).max(axis=0), size, (0.5, 0.5))
    return picture(lay(paper, 0.94 * ink, (30, 34, 84)))


def slashed_zero_drawing(rng: np.random.Generator) -> Image.Image:
    """Export a thick black drawing on a transparent ground."""
    ink = place(write("0 slashed", Hand(pen=0.1, slant=0.05, aspect=1.05), 210, rng).max(axis=0), (300, 300))
    pixels = np.zeros((300, 300, 4), np.float32)
    pixels[:, :, 3] = 255.0 * ink
    return picture(pixels)


def white_chalk_4(rng: np.random.Generator) -> Image.Image:
    """Write with chalk on a blackboard that was wiped before."""
    size = (720, 540)
    ink = place(write("4", Hand(pen=0.062, slant=0.02, wobble=0.016), 330, rng).max(axis=0), size)
    tooth = grain(ink.shape, 2.2, rng) + 0.7 * grain(ink.shape, 7, rng)
    edge = np.asarray(cv2.GaussianBlur(ink, (0, 0), 3.5), np.float32)
    rough = edge * np.clip(1.9 * edge - 0.45 + 0.3 * tooth, 0.0, 1.0)  # chalk skips the board's hollows
    dust = 0.1 * np.asarray(cv2.GaussianBlur(ink, (0, 0), 9), np.float32)
    wiped = np.asarray(cv2.GaussianBlur(grain(ink.shape, 5, rng), (0, 0), sigmaX=70, sigmaY=5), np.float32)
    board = sheet_of(size, (44, 58, 52)) + 4.0 * (wiped / wiped.std())[:, :, None]
    scene = lay(board, np.maximum(rough, dust), (232, 232, 224)) * shadow(ink.shape, 200.0, 0.3, 0.2, 0.4)
    return picture(photograph(scene, rng, blur=0.7, noise=1.5))


def european_1(rng: np.random.Generator) -> Image.Image:
    """Write a one with the long upstroke that is usual on the continent, with a fountain pen."""
    size = (260, 320)
    ink = place(write("1 upstroke", Hand(pen=0.055, slant=0.06, pressure=0.3), 220, rng).max(axis=0), size)
    return picture(lay(sheet_of(size, (250, 248, 242)), 0.92 * ink, (24, 40, 108)))


def pencil_9(rng: np.random.Generator) -> Image.Image:
    """Scan a faint pencil at 16 bits."""
    size = (250, 280)
    ink = place(write("9", Hand(pen=0.05, slant=0.1, pressure=0.25), 180, rng).max(axis=0), size)
    lead = ink * np.clip(0.75 + 0.3 * grain(ink.shape, 2.5, rng), 0.0, 1.0)
    level = 0.93 + 0.004 * grain(ink.shape, 3, rng) - 0.24 * lead
    return Image.fromarray((65535.0 * level).round().astype(np.uint16))


def form_box_5(rng: np.random.Generator) -> Image.Image:
    """Scan one box out of a row of them on a printed form, at one bit per pixel."""
    size = (240, 280)
    ink = place(write("5", Hand(pen=0.075, slant=0.08, aspect=1.05), 150, rng).max(axis=0), size)
    print_ = np.zeros_like(ink)
    print_[[24, 25, 254, 255]] = 1.0  # the row's rails run on to the neighbouring boxes
    print_[24:256, [20, 21, 218, 219]] = 1.0
    rough = np.maximum(ink, print_) + 0.12 * grain(ink.shape, 2, rng)  # what a scanner's threshold leaves ragged
    return picture(np.asarray(255.0 * (rough < 0.5), np.float32)).convert("1", dither=Image.Dither.NONE)


def thin_pen_8(rng: np.random.Generator) -> Image.Image:
    """Write with a fineliner."""
    size = (320, 320)
    ink = place(write("8", Hand(pen=0.017, slant=0.14, aspect=0.95), 230, rng).max(axis=0), size)
    return picture(lay(sheet_of(size, (254, 254, 252)), ink, BLACK_INK)).convert("L")


def marker_6(rng: np.random.Generator) -> Image.Image:
    """Write with a broad red marker on a yellow note."""
    size = (420, 420)
    ink = place(write("6", Hand(pen=0.15, slant=0.08, aspect=1.12, pressure=0.08), 260, rng).max(axis=0), size)
    rim = np.clip(ink - np.asarray(cv2.erode(ink, np.ones((9, 9), np.uint8)), np.float32), 0.0, 1.0)
    cover = ink * (0.86 + 0.02 * grain(ink.shape, 30, rng)) + 0.1 * rim  # felt pens leave a darker rim
    paper = sheet_of(size, (253, 226, 92)) + 1.5 * grain(ink.shape, 4, rng)[:, :, None]
    return picture(lay(paper, np.clip(cover, 0.0, 1.0), RED_MARKER) * shadow(ink.shape, 60.0, 0.7, 0.1, 0.3))


def tiny_2(rng: np.random.Generator) -> Image.Image:
    """Draw on twelve by sixteen pixels."""
    large = place(write("2", Hand(pen=0.13, slant=0.05, aspect=1.05), 144, rng).max(axis=0), (144, 192))
    small = cv2.resize(large, (12, 16), interpolation=cv2.INTER_AREA)
    return picture(np.asarray(255.0 - 235.0 * small, np.float32))


def phone_rotated_2(rng: np.random.Generator) -> Image.Image:
    """Photograph with a phone held upright: its pixels lie on their side, and a tag of the file says so."""
    size = (750, 1000)
    ink = place(write("2 looped", Hand(pen=0.045, slant=0.1, pressure=0.2), 430, rng).max(axis=0), size, (0.52, 0.47))
    paper = sheet_of(size, (228, 230, 232)) + 1.5 * grain(ink.shape, 5, rng)[:, :, None]
    scene = lay(paper, 0.9 * ink, BLACK_INK) * shadow(ink.shape, 115.0, 0.5, 0.25, 0.3)
    upright = picture(photograph(scene, rng, blur=1.2, noise=1.5))
    return upright.transpose(Image.Transpose.ROTATE_90)


def off_centre_0(rng: np.random.Generator) -> Image.Image:
    """Draw small in a corner of a large empty picture, in a paint program that knows black and white only."""
    ink = write("0", Hand(pen=0.09, slant=0.12), 64, rng).max(axis=0)
    sheet = place(ink, (800, 600), (0.86, 0.84))
    return picture(np.asarray(255.0 * (sheet < 0.5), np.float32)).convert("1", dither=Image.Dither.NONE)


def mnist_like_3(rng: np.random.Generator) -> Image.Image:
    """Draw in the form of MNIST: light on dark, 20 pixels high, its centre of mass on the centre of 28 x 28."""
    ink = write("3 round", Hand(pen=0.12, slant=0.12, aspect=1.05), 400, rng).max(axis=0)
    ys, xs = np.nonzero(ink > 0.25)
    ink = ink[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
    width = round(20 * ink.shape[1] / ink.shape[0])
    small = np.asarray(cv2.resize(ink, (width, 20), interpolation=cv2.INTER_AREA), np.float32)
    y = round(13.5 - float(small.sum(axis=1) @ np.arange(20)) / float(small.sum()))
    x = round(13.5 - float(small.sum(axis=0) @ np.arange(width)) / float(small.sum()))
    out = np.zeros((28, 28), np.float32)
    out[y : y + 20, x : x + width] = 255.0 * small
    return picture(out)


# --- the files --------------------------------------------------------------------------------------------------------


def _held(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    return tags


@dataclass(frozen=True, slots=True)
class Example:
    """A file to be made.

    Attributes:
        file: Its name.
        truth: The digit on it.
        make: What draws it.
        seed: Of the hand.
        options: How Pillow saves it.
    """

    file: str
    truth: int
    make: Callable[[np.random.Generator], Image.Image]
    seed: int
    options: dict[str, Any] = field(default_factory=dict)


_PNG: dict[str, Any] = {"optimize": True}

EXAMPLES: tuple[Example, ...] = (
    Example("seven.png", 7, seven, 1, _PNG),
    Example("photo-of-3.jpg", 3, photo_of_3, 2, {"quality": 72}),
    Example("crossed-7-squared-paper.png", 7, crossed_7_squared_paper, 3, _PNG),
    Example("slashed-zero-drawing.png", 0, slashed_zero_drawing, 4, _PNG),
    Example("white-chalk-4.jpg", 4, white_chalk_4, 5, {"quality": 75}),
    Example("european-1.png", 1, european_1, 6, _PNG),
    Example("pencil-9.png", 9, pencil_9, 7, _PNG),
    Example("form-box-5.png", 5, form_box_5, 8, _PNG),
    Example("thin-pen-8.png", 8, thin_pen_8, 9, _PNG),
    Example("marker-6.webp", 6, marker_6, 10, {"quality": 80}),
    Example("tiny-2.gif", 2, tiny_2, 11),
    Example("phone-rotated-2.jpg", 2, phone_rotated_2, 12, {"quality": 72, "exif": _held(6)}),
    Example("off-centre-0.bmp", 0, off_centre_0, 13),
    Example("mnist-like-3.png", 3, mnist_like_3, 14, _PNG),
)


def make_all(folder: Path) -> None:
    """Write every picture and `truth.csv` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for example in EXAMPLES:
        example.make(np.random.default_rng(example.seed)).save(folder / example.file, **example.options)
    with (folder / "truth.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("file", "truth"))
        table.writerows((example.file, example.truth) for example in EXAMPLES)


if __name__ == "__main__":
    make_all(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
