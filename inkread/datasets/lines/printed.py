"""What a form has printed beside the writing: rules, dots, boxes, crumbs of neighbouring print."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.datasets.lines.strokes import stroke

__all__ = ["boxes", "crumbs", "rules"]

Canvas = NDArray[np.uint8]


def rules(canvas: Canvas, base: float, height: float, rng: np.random.Generator) -> None:
    """Draw lines along the canvas: under the writing, above it, through its feet, or at a side.

    Args:
        canvas: uint8 (H, W), 255 for full ink; drawn into.
        base: The row of the baseline.
        height: Of a digit, in pixels.
        rng: Where the choices are drawn from.
    """
    tall, wide = canvas.shape
    width = float(rng.uniform(0.7, 1.0 + 0.06 * height))
    strength = float(rng.uniform(0.25, 1.0))
    tilt = float(rng.normal(0, 0.008)) * wide
    places = []
    if rng.random() < 0.75:
        places.append(base + height * float(rng.normal(0.12, 0.1)))
    if rng.random() < 0.4:
        places.append(base - height * float(rng.uniform(1.0, 1.35)))
    for y in places:
        ends = [(-5.0, y - tilt), (wide + 5.0, y + tilt)]
        if rng.random() < 0.2:
            _dotted(canvas, ends, width, strength, rng)
        else:
            stroke(canvas, ends, width, strength)
    if rng.random() < 0.25:
        x = float(rng.uniform(0, 0.05) if rng.random() < 0.6 else rng.uniform(0.96, 1.0)) * wide
        stroke(canvas, [(x, -3.0), (x + 0.5 * tilt / max(wide, 1) * tall, tall + 3.0)], width, strength)


def _dotted(
    canvas: Canvas, ends: list[tuple[float, float]], width: float, strength: float, rng: np.random.Generator
) -> None:
    period = float(rng.uniform(2.5, 5)) * width
    on = float(rng.uniform(0.2, 0.6)) * period
    line = np.zeros_like(canvas)
    stroke(line, ends, width, strength)
    shown = (np.arange(canvas.shape[1], dtype=np.float32) % period) < on
    np.maximum(canvas, line * shown[None, :].astype(np.uint8), out=canvas)


def boxes(
    canvas: Canvas, base: float, height: float, pitch: float, x: float, count: int, rng: np.random.Generator
) -> None:
    """Draw one box a digit, or a comb: a line below with a tick between each two.

    Args:
        canvas: uint8 (H, W), 255 for full ink; drawn into.
        base: The row of the baseline.
        height: Of a digit, in pixels.
        pitch: Of the boxes, in pixels.
        x: Left side of the first box.
        count: Of the boxes.
        rng: Where the choices are drawn from.
    """
    width = float(rng.uniform(0.7, 1.0 + 0.05 * height))
    strength = float(rng.uniform(0.2, 0.9))
    margin = height * float(rng.uniform(0.05, 0.4))
    top, bottom = base - height - margin, base + height * float(rng.uniform(0.05, 0.4))
    apart = 0.0 if rng.random() < 0.6 else pitch * float(rng.uniform(0.04, 0.16))
    comb = rng.random() < 0.2
    start = bottom - (bottom - top) * float(rng.uniform(0.15, 0.5)) if comb else top
    for i in range(count + 1):
        left, right = x + (i - 1) * pitch + apart / 2, x + i * pitch - apart / 2
        if i > 0:
            stroke(canvas, [(left, bottom), (right, bottom)], width, strength)
            stroke(canvas, [(right, start), (right, bottom)], width, strength)
            if not comb:
                stroke(canvas, [(left, top), (right, top)], width, strength)
        if i < count and (apart or i == 0):
            stroke(canvas, [(right + apart, start), (right + apart, bottom)], width, strength)


def crumbs(canvas: Canvas, height: float, rng: np.random.Generator) -> None:
    """Draw what is left at the edges of a cut-out: tips of print below or above, specks anywhere."""
    tall, wide = canvas.shape
    if rng.random() < 0.5:
        size = 0.2 + 0.012 * height * float(rng.uniform(0.6, 1.6))
        text = "".join(rng.choice(list("ABCDEFHKLMNPRSTUVWX0123456789 .:"), int(rng.integers(2, 14))))
        below = rng.random() < 0.75
        foot = tall + rng.uniform(0.45, 1.0) * 20 * size if below else rng.uniform(0.0, 0.5) * 20 * size
        place = (int(rng.uniform(-0.1, 0.8) * wide), int(foot))
        cv2.putText(canvas, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, int(rng.integers(60, 256)), 1, cv2.LINE_AA)
    for _ in range(int(rng.integers(0, 5))):
        at = float(rng.uniform(0, wide)), float(rng.uniform(0, tall))
        stroke(canvas, [at], float(rng.uniform(0.6, 0.04 * height + 1)), float(rng.uniform(0.2, 0.9)))
    if rng.random() < 0.15:
        x, y = float(rng.uniform(0, wide)), float(rng.choice([0.0, tall]))
        far = height * rng.uniform(-0.5, 0.5, 2)
        stroke(canvas, [(x, y), (x + float(far[0]), y + float(far[1]))], float(rng.uniform(0.03, 0.1)) * height)
