"""Ink that is no digit: signs, scribbles, and the letters of words, from the stroke fonts of OpenCV."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.datasets.lines.bank import Glyphs, fields

__all__ = ["LETTERS", "UNLIKE", "letter_size", "letters", "signs"]

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
UNLIKE = "XEFHKLMNPRTUVWACaehkmnprtuvwx"
"""The letters that no hand could mean as a digit, a dash or a dot: no I, l, O, o, S, Z, z, B, G, q, g, b."""

_SIGNS = "$#%&@*+?" + UNLIKE + "$#"  # nor | or /
_FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_COMPLEX_SMALL, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX)
_WRITTEN = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
    cv2.FONT_HERSHEY_COMPLEX_SMALL | cv2.FONT_ITALIC,
)
_SCRIBBLES = 40
_SIDE = 120

Picture = NDArray[np.uint8]


@cache
def signs() -> Glyphs:
    """Return glyphs of signs, of letters that stand alone, and of scribbles."""
    rng = np.random.default_rng(0)
    drawn = [_drawn(sign, font) for font in _FONTS for sign in _SIGNS]
    return fields(np.stack([*drawn, *(_scribble(rng) for _ in range(_SCRIBBLES))]))[0]


@cache
def letters() -> tuple[Glyphs, Callable[[str, int], int]]:
    """Return glyphs of all letters in several manners, and what gives the index of a letter in a manner, any number."""
    drawn = [_drawn(letter, font) for font in _WRITTEN for letter in LETTERS]
    return fields(np.stack(drawn))[0], lambda letter, font: font % len(_WRITTEN) * len(LETTERS) + LETTERS.index(letter)


def letter_size(letter: str) -> tuple[float, float]:
    """Return how tall a letter is and how far it goes below the baseline, in heights of a digit."""
    if letter in "gjpqy":
        return 0.85, 0.3
    return (0.6, 0.0) if letter in "aceimnorsuvwxz" else (1.0, 0.0)


def _drawn(sign: str, font: int) -> Picture:
    sheet = np.zeros((_SIDE, _SIDE), np.uint8)
    (width, height), _ = cv2.getTextSize(sign, font, 1.0, 1)
    scale = 70 / max(width, height)
    place = (round((_SIDE - scale * width) / 2), round((_SIDE + scale * height) / 2))
    cv2.putText(sheet, sign, place, font, scale, 255, 9, cv2.LINE_AA)
    return sheet


def _scribble(rng: np.random.Generator) -> Picture:
    """Draw a smooth line that turns too often to be a digit."""
    count = int(rng.integers(16, 46))
    step = np.zeros((count, 2))
    for i in range(1, count):
        step[i] = 0.2 * step[i - 1] + rng.normal(0, 1, 2)
    points = np.cumsum(step, axis=0)
    points = 20 + (_SIDE - 40) * (points - points.min(axis=0)) / max(float(np.ptp(points, axis=0).max()), 1e-6)
    # A uniform quadratic B-spline: its pieces join where the points' middles lie.
    middle = (points[:-1] + points[1:]) / 2
    t = np.linspace(0, 1, 9)[:, None]
    pieces = [
        (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c
        for a, b, c in zip(middle[:-1], points[1:-1], middle[1:], strict=True)
    ]
    sheet = np.zeros((_SIDE, _SIDE), np.uint8)
    cv2.polylines(sheet, [np.vstack(pieces).round().astype(np.int32)], False, 255, int(rng.integers(4, 9)), cv2.LINE_AA)
    return sheet
