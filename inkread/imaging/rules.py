"""Printed lines to nothing: rules, form boxes and the edges of neighbouring boxes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.imaging.components import labelled

__all__ = ["without_rules"]

_SIDE = 128  # pixels of the longer side at which lines are looked for
_SMALLEST = 40  # pixels: below, a digit's own strokes are as straight as a rule
_LONG = 0.55  # of the picture's width or height: a straight run of that length may be a rule
_REST = 0.015  # of the picture's area: what must remain as ink for the lines to be no digit themselves
_LINED = 0.8  # of a piece of ink made of straight runs: then the whole piece is printed


def without_rules(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Remove long straight lines that are no part of a digit.

    A digit has straight strokes too, so a line counts as printed only when it lies apart from the digit, or belongs
    to a frame: straight runs along at least three sides of what they enclose.

    Args:
        mask: uint8 (H, W), ink 255.

    Returns:
        uint8 (H, W), the same or with less ink.
    """
    height, width = mask.shape
    if max(height, width) < _SMALLEST:
        return mask
    scale = min(1.0, _SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.threshold(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), 60, 255, cv2.THRESH_BINARY)[1]
    runs = _straight(small)
    if not runs.any():
        return mask
    printed = np.zeros_like(small)
    labels, stats = labelled(small)
    count = len(stats)
    for piece in range(1, count):
        here = labels == piece
        straight = here & (runs > 0)
        if not straight.any():
            continue
        if np.count_nonzero(straight) >= _LINED * np.count_nonzero(here):
            if not _is_head(stats[piece], stats[1:count], small.shape):
                printed[here] = 255
        elif _sides(straight, stats[piece, :4]) >= 3:
            printed[straight] = 255
    rest = cv2.countNonZero(cv2.bitwise_and(small, cv2.bitwise_not(printed)))
    if not printed.any() or rest < _REST * small.size:
        return mask
    wide = cv2.dilate(printed, np.ones((3, 3), np.uint8))
    return np.where(cv2.resize(wide, (width, height), interpolation=cv2.INTER_NEAREST) > 0, 0, mask).astype(np.uint8)


def _is_head(piece: NDArray[np.int32], every: NDArray[np.int32], shape: tuple[int, ...]) -> bool:
    """Tell whether a level line may be the head of a five or a seven, drawn apart: above all else, and with an end."""
    left, top, width, height = (int(side) for side in piece[:4])
    ends = left > 1 and left + width < shape[1] - 1
    lower = every[every[:, 1] > top + height // 2]
    return ends and width > height and len(lower) == len(every) - 1


def _straight(small: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the pixels of long horizontal and vertical runs, a pixel's waver allowed."""
    height, width = small.shape
    across = np.ones((1, max(8, round(_LONG * width))), np.uint8)
    down = np.ones((max(8, round(_LONG * height)), 1), np.uint8)
    thick = cv2.dilate(small, np.ones((2, 2), np.uint8))
    rows, columns = cv2.morphologyEx(thick, cv2.MORPH_OPEN, across), cv2.morphologyEx(thick, cv2.MORPH_OPEN, down)
    return np.asarray(cv2.bitwise_and(small, cv2.bitwise_or(rows, columns)))


def _sides(straight: NDArray[np.bool_], box: NDArray[np.int32]) -> int:
    """Count the sides of a box along which straight runs go for three quarters of it."""
    left, top, width, height = (int(side) for side in box)
    inside = straight[top : top + height, left : left + width]
    y, x = max(1, height // 6), max(1, width // 6)
    covered = (
        inside[:y].any(axis=0).mean(),
        inside[-y:].any(axis=0).mean(),
        inside[:, :x].any(axis=1).mean(),
        inside[:, -x:].any(axis=1).mean(),
    )
    return sum(share >= 0.75 for share in covered)
