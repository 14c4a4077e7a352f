"""Strokes of a pen on a canvas, at places and widths between whole pixels."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Box", "lay", "polyline", "stroke"]

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""

Points = Sequence[tuple[float, float]]


def stroke(canvas: NDArray[np.uint8], points: Points, width: float, strength: float = 1.0) -> Box | None:
    """Draw a polyline with round ends.

    Args:
        canvas: uint8 (H, W), 255 for full ink; drawn into.
        points: (x, y) each; one alone is a dot.
        width: Of the pen in pixels.
        strength: How dark, 0 to 1.

    Returns:
        The box of what was drawn; None where all of it lies outside.
    """
    height, across = canvas.shape
    x, y = [p[0] for p in points], [p[1] for p in points]
    reach = width / 2 + 1.5
    left, right = max(0, int(min(x) - reach)), min(across, int(max(x) + reach) + 1)
    top, bottom = max(0, int(min(y) - reach)), min(height, int(max(y) + reach) + 1)
    if left >= right or top >= bottom:
        return None
    moved = [(px - left, py - top) for px, py in points]
    away = polyline((bottom - top, right - left), moved)
    ink = np.clip(255.0 * strength * (width / 2 + 0.5 - away), 0, 255 * strength).astype(np.uint8)
    part = canvas[top:bottom, left:right]
    np.maximum(part, ink, out=part)
    return min(x) - width / 2, min(y) - width / 2, max(x) + width / 2, max(y) + width / 2


def polyline(shape: tuple[int, int], points: Points) -> NDArray[np.float32]:
    """Return the distance (H, W) of each pixel to a polyline."""
    height, width = shape
    y = np.arange(height, dtype=np.float32)[:, None]
    x = np.arange(width, dtype=np.float32)[None, :]
    nearest: NDArray[np.float32] | None = None
    for (ax, ay), (bx, by) in zip(points[:-1] or points, points[1:] or points, strict=True):
        dx, dy = np.float32(bx - ax), np.float32(by - ay)
        along = ((x - np.float32(ax)) * dx + (y - np.float32(ay)) * dy) / max(np.float32(dx * dx + dy * dy), 1e-6)
        np.clip(along, 0, 1, out=along)
        away = np.square(x - np.float32(ax) - along * dx) + np.square(y - np.float32(ay) - along * dy)
        nearest = away if nearest is None else np.minimum(nearest, away)
    assert nearest is not None  # there is a point
    return np.asarray(np.sqrt(nearest), dtype=np.float32)


def lay(
    canvas: NDArray[np.uint8],
    field: NDArray[np.uint8],
    table: NDArray[np.uint8],
    matrix: NDArray[np.float64],
    span: Box,
) -> Box | None:
    """Draw a glyph.

    Args:
        canvas: uint8 (H, W), 255 for full ink; drawn into.
        field: uint8, distances, see `Glyphs`.
        table: uint8 (256,), the ink by distance.
        matrix: float64 (2, 3), from pixels of the field to pixels of the canvas.
        span: The box on the canvas that holds all ink.

    Returns:
        The box of its ink; None where all of it lies outside.
    """
    height, across = canvas.shape
    left, right = max(0, int(span[0])), min(across, int(span[2]) + 2)
    top, bottom = max(0, int(span[1])), min(height, int(span[3]) + 2)
    if left >= right or top >= bottom:
        return None
    here = matrix.copy()
    here[:, 2] -= (left, top)
    moved = cv2.warpAffine(
        field,
        here,
        (right - left, bottom - top),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=255,
    )
    ink = cv2.LUT(moved, table)
    part = canvas[top:bottom, left:right]
    np.maximum(part, ink, out=part)
    x, y, wide, tall = cv2.boundingRect(cv2.threshold(ink, 100, 255, cv2.THRESH_BINARY)[1])
    return (left + x, top + y, left + x + wide, top + y + tall) if wide else None
