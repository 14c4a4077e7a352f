"""Digits drawn from templates of strokes, each as another hand would write it.

A template's points are moved a little, smoothly bent, slanted, turned and stretched, its strokes begin and end a little
sooner or later, and a pen of any width goes along them. What comes out is a large picture of ink alone, like an
enlarged digit of MNIST, to be brought into its form or laid on paper.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.training.stroke_templates import TEMPLATES

__all__ = ["SIDE", "draw_digit"]

SIDE = 160  # pixels of a picture
_HEIGHT = 88.0  # pixels of a digit in it, before it is bent
_STEPS = 10  # points on the curve between two of a template
_SHIFT = 4  # bits of a pixel's fraction in OpenCV's coordinates


class _Stroke(NamedTuple):
    points: NDArray[np.float64]  # (K, 2)
    corners: tuple[int, ...]  # indices, the ends among them


def draw_digit(digit: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw a digit in one of the ways it is written.

    Args:
        digit: 0 to 9.
        rng: Where the template, the hand and the pen are drawn from.

    Returns:
        uint8 (SIDE, SIDE), ink 255 on 0, all of the digit inside.
    """
    strokes = _parsed(digit)[int(rng.integers(len(TEMPLATES[digit])))]
    hand = _hand(rng)
    unsteady, bend = float(rng.uniform(0.005, 0.035)), rng.normal(0, 0.035, (2, 4))
    curves = [_bent(_curve(_moved(stroke, unsteady, rng)), bend) @ hand.T for stroke in strokes]
    curves = [_trimmed(curve, rng) for curve in curves]
    return _inked(curves, float(np.exp(rng.uniform(np.log(3.5), np.log(15)))), rng)


@lru_cache(maxsize=10)
def _parsed(digit: int) -> tuple[tuple[_Stroke, ...], ...]:
    return tuple(tuple(_stroke(part) for part in template.split("|")) for template in TEMPLATES[digit])


def _stroke(text: str) -> _Stroke:
    words = text.split()
    points = np.array([[float(v) for v in word.rstrip("!").split(",")] for word in words])
    corners = [i for i, word in enumerate(words) if word.endswith("!") or i in (0, len(words) - 1)]
    return _Stroke(points, tuple(corners))


def _hand(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the map (2, 2) of a hand: how wide it writes, how far it slants and turns."""
    width = float(np.exp(rng.normal(0, 0.22)))
    slant, turn = float(np.clip(rng.normal(0.12, 0.22), -0.5, 0.75)), float(rng.normal(0, 0.07))
    cos, sin = np.cos(turn), np.sin(turn)
    return np.array([[cos, -sin], [sin, cos]]) @ np.array([[1.0, -slant], [0.0, 1.0]]) @ np.diag([width, 1.0])


def _moved(stroke: _Stroke, unsteady: float, rng: np.random.Generator) -> _Stroke:
    points = stroke.points + rng.normal(0, unsteady, stroke.points.shape) + rng.normal(0, 0.015, 2)
    return _Stroke(points, stroke.corners)


def _curve(stroke: _Stroke) -> NDArray[np.float64]:
    """Return the points (M, 2) of a Catmull-Rom spline through those of a stroke, broken at its corners."""
    parts = []
    for first, last in zip(stroke.corners[:-1], stroke.corners[1:], strict=True):
        points = stroke.points[first : last + 1]
        if len(points) == 2:
            parts.append(points)
            continue
        padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
        a, b, c, d = padded[:-3, None], padded[1:-2, None], padded[2:-1, None], padded[3:, None]  # (K-1, 1, 2)
        t = np.linspace(0, 1, _STEPS, endpoint=False)[None, :, None]
        spline = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
        parts.append(np.concatenate([spline.reshape(-1, 2), points[-1:]]))
    return np.concatenate(parts)


def _bent(curve: NDArray[np.float64], bend: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bend the sheet: waves of half a digit's height and of a whole one, the same for all strokes."""
    x, y = curve[:, :1], curve[:, 1:]
    waves = np.concatenate([np.sin(np.pi * y), np.sin(2 * np.pi * y), np.sin(2 * np.pi * x), x * (y - 0.5)], axis=1)
    return np.asarray(curve + waves @ bend.T)


def _trimmed(curve: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Let a stroke begin and end a little sooner or later."""
    start, end = curve[0], curve[-1]
    first, last = rng.normal(0, 0.03, 2)
    direction_in, direction_out = start - curve[1], end - curve[-2]
    start = start + direction_in / (np.linalg.norm(direction_in) + 1e-6) * max(0.0, first)
    end = end + direction_out / (np.linalg.norm(direction_out) + 1e-6) * max(0.0, last)
    return np.concatenate([start[None], curve, end[None]])


def _inked(curves: list[NDArray[np.float64]], pen: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw curves, their height scaled to the picture, with a round pen or a broad one."""
    every = np.concatenate(curves)
    low, high = every.min(axis=0), every.max(axis=0)
    scale = min(_HEIGHT / max(0.3, high[1] - low[1]), (SIDE - 24.0) / max(0.3, high[0] - low[0]))
    centre = (low + high) / 2
    picture = np.zeros((SIDE, SIDE), np.uint8)
    for curve in curves:
        points = ((curve - centre) * scale + SIDE / 2) * (1 << _SHIFT)
        cv2.polylines(picture, [points.round().astype(np.int32)], False, 255, max(1, round(pen)), cv2.LINE_AA, _SHIFT)
    if pen > 6 and rng.random() < 0.2:
        picture = cv2.dilate(picture, cv2.getStructuringElement(cv2.MORPH_RECT, (1 + round(pen / 4), 1)))
    return np.asarray(picture, dtype=np.uint8)
