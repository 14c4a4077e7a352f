"""Digits as strokes, and a hand that draws them on the page."""

from __future__ import annotations

import math

Point = tuple[float, float]


def _arc(x: float, y: float, width: float, height: float, start: float, end: float) -> list[Point]:
    """Return points along an ellipse, angles in degrees, clockwise from the right."""
    steps = [start + (end - start) * i / 14 for i in range(15)]
    return [(x + width * math.cos(math.radians(a)), y + height * math.sin(math.radians(a))) for a in steps]


# Through a box of 1 x 1, x to the right and y downwards.
DIGITS: dict[int, list[list[Point]]] = {
    0: [_arc(0.5, 0.5, 0.4, 0.5, -90, 270)],
    1: [[(0.3, 0.2), (0.55, 0.0), (0.55, 1.0)]],
    2: [[*_arc(0.5, 0.3, 0.38, 0.3, 190, 395), (0.1, 1.0), (0.95, 1.0)]],
    3: [[*_arc(0.45, 0.26, 0.38, 0.26, 200, 430), *_arc(0.45, 0.74, 0.42, 0.26, -80, 160)]],
    4: [[(0.55, 0.0), (0.08, 0.62), (0.95, 0.62)], [(0.72, 0.3), (0.68, 1.0)]],
    5: [[(0.2, 0.0), (0.16, 0.45), *_arc(0.46, 0.68, 0.4, 0.31, -125, 150)], [(0.2, 0.0), (0.85, 0.0)]],
    6: [[(0.7, 0.0), (0.35, 0.3), (0.14, 0.68), *_arc(0.48, 0.72, 0.34, 0.27, 180, -180)]],
    7: [[(0.1, 0.0), (0.9, 0.0), (0.45, 1.0)]],
    8: [[*_arc(0.5, 0.25, 0.32, 0.25, 90, -270), *_arc(0.5, 0.75, 0.38, 0.25, -90, 270)]],
    9: [[*_arc(0.5, 0.28, 0.34, 0.28, 10, -350), (0.82, 0.5), (0.7, 1.0)]],
}


def strokes(label: int, box: tuple[float, float, float, float], *, mirrored: bool = False) -> list[list[Point]]:
    """Return the strokes of a digit inside (left, top, width, height)."""
    left, top, width, height = box
    return [
        [(left + (1 - x if mirrored else x) * width, top + y * height) for x, y in stroke] for stroke in DIGITS[label]
    ]
