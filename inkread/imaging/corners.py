"""The corner marks of a form, and where they put its page on a scan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.imaging.scale import shrink

__all__ = ["Marks", "find_marks", "register"]

_WORK = 1600  # pixels of the longer side at which marks are looked for
_SMALLEST = 5  # pixels of a mark's side
_FILLED = 0.75  # of the rectangle around a mark that is ink
_SQUARE = 1.7  # greatest ratio of its sides
_LIKE = 2.4  # greatest ratio of the areas of the marks
_MOST = 14  # candidates of which four are chosen
_SPREAD = 0.1  # of a picture's area that lies between the marks of a form to be found, at least
_BESIDE = 0.35  # of the shorter side between them: how far from its corner the fifth may be
_OFF = 0.35  # of a mark's side: how far a mark may lie from where the others put it
_LEAST_DARK = 0.55  # of the mark of orientation that is ink, and of its likes at the other corners at most the rest


@dataclass(frozen=True, slots=True)
class Marks:
    """The corner marks of a form, in pixels of its picture.

    Attributes:
        corners: The centres of four filled squares, from the upper left one clockwise.
        mark: Their side.
        upright: The centre of a fifth one beside one of the corners, which tells which side is up.
    """

    corners: tuple[tuple[float, float], ...]
    mark: float
    upright: tuple[float, float]


def find_marks(gray: NDArray[np.uint8]) -> Marks | None:
    """Find the corner marks of a form whose template is yet to be made, on a straight picture of it.

    Args:
        gray: uint8 (H, W), dark on light.

    Returns:
        The four marks farthest apart that have a fifth beside one of them alone; None when there are none such.
    """
    small = shrink(gray, _WORK)
    scale = gray.shape[1] / small.shape[1]
    ink = _ink(small)
    best: tuple[float, Marks] | None = None
    for four, side, upright in _fives(_squares(ink)):
        spread = cv2.contourArea(four)
        corners = tuple((float(x), float(y)) for x, y in four)
        least = _SPREAD * ink.size if best is None else best[0]
        if spread > least and _is_beside(upright, four) and _stands(np.eye(3), ink, corners, side, upright):
            best = spread, Marks(corners, side, upright)
    if best is None:
        return None
    found = best[1]
    corners = tuple((scale * x, scale * y) for x, y in found.corners)
    return Marks(corners, scale * found.mark, (scale * found.upright[0], scale * found.upright[1]))


def _is_beside(upright: tuple[float, float], four: NDArray[np.float32]) -> bool:
    """Tell whether a fifth mark is near one of four corners."""
    shortest = np.linalg.norm(four - np.roll(four, 1, axis=0), axis=1).min()
    return bool(np.linalg.norm(four - np.array(upright), axis=1).min() < _BESIDE * shortest)


def _fives(
    candidates: Sequence[tuple[tuple[float, float], float]],
) -> Iterator[tuple[NDArray[np.float32], float, tuple[float, float]]]:
    """Yield four corners from the upper left one clockwise, the side of a mark, and a fifth of their size."""
    for four in combinations(candidates, 4):
        areas = [area for _, area in four]
        if max(areas) > _LIKE * min(areas):
            continue
        points = _clockwise(np.array([centre for centre, _ in four], np.float32))
        points = np.roll(points, -int(points.sum(axis=1).argmin()), axis=0)
        side = float(np.sqrt(np.mean(areas))) + 1.0  # a contour runs through the middles of the outermost pixels
        for centre, area in candidates:
            if all(centre != other for other, _ in four) and max(areas) < _LIKE * area < _LIKE**2 * min(areas):
                yield points, side, centre


def register(
    gray: NDArray[np.uint8], corners: Sequence[tuple[float, float]], side: float, upright: tuple[float, float]
) -> NDArray[np.float64] | None:
    """Find the page of a form on a scan by its corner marks: turned, scaled, seen from aside.

    Args:
        gray: uint8 (H, W).
        corners: The centres of the four square marks on the form, from the upper left one clockwise.
        side: Of a mark, in units of the form.
        upright: The centre of a fifth mark, which only one corner has, that tells which side is up.

    Returns:
        float64 (3, 3), takes points of the form to points of the scan; None when the marks are not there.
    """
    small = shrink(gray, _WORK)
    up = np.diag([gray.shape[1] / small.shape[1], gray.shape[0] / small.shape[0], 1.0])
    # A page on a dark table looks light on dark, and a negative is rare: so both, the usual one first.
    for dark in (small, cv2.bitwise_not(small)):
        matrix = _placed(np.asarray(dark, dtype=np.uint8), corners, side, upright)
        if matrix is not None:
            return np.asarray(up @ matrix, dtype=np.float64)
    return None


def _placed(
    dark: NDArray[np.uint8], corners: Sequence[tuple[float, float]], side: float, upright: tuple[float, float]
) -> NDArray[np.float64] | None:
    """Return the placing with the four marks farthest apart that has the fifth where it belongs."""
    ink = _ink(dark)
    candidates = _squares(ink)
    best: tuple[float, NDArray[np.float64]] | None = None
    form = np.array(corners, np.float32)
    for four in combinations(candidates, 4):
        areas = [area for _, area in four]
        if max(areas) > _LIKE * min(areas):
            continue
        points = _clockwise(np.array([centre for centre, _ in four], np.float32))
        spread = cv2.contourArea(points)
        if best is not None and spread <= best[0]:
            continue
        for turn in range(4):
            matrix = cv2.getPerspectiveTransform(form, np.roll(points, -turn, axis=0))
            if _stands(matrix, ink, corners, side, upright):
                best = (spread, matrix)
                break
    return None if best is None else best[1]


def _ink(dark: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return what is darker than the paper around it as 255."""
    block = max(31, max(dark.shape) // 16) | 1
    smooth = cv2.GaussianBlur(dark, (3, 3), 0)
    ink = cv2.adaptiveThreshold(smooth, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, block, 25)
    return np.asarray(ink, dtype=np.uint8)


def _squares(ink: NDArray[np.uint8]) -> list[tuple[tuple[float, float], float]]:
    """Return centre and area of what looks like a filled square, the largest first."""
    # Not the outermost alone: a dark table around the page encloses all that is on it.
    contours, tree = cv2.findContours(ink, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for contour, (_, _, _, parent) in zip(contours, tree[0] if tree is not None else (), strict=True):
        if parent >= 0:  # a hole
            continue
        _, (width, height), _ = cv2.minAreaRect(contour)
        short, long = min(width, height), max(width, height)
        if short < _SMALLEST or long > _SQUARE * short or long > 0.12 * max(ink.shape):
            continue
        area = float(cv2.contourArea(contour))
        if area >= _FILLED * (short - 1) * (long - 1) and _is_full(ink, contour):
            moments = cv2.moments(contour)
            found.append(((moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]), area))
    return sorted(found, key=lambda item: -item[1])[:_MOST]


def _is_full(ink: NDArray[np.uint8], contour: NDArray[np.int32]) -> bool:
    """Tell a filled square from a frame of the same outline."""
    left, top, width, height = cv2.boundingRect(contour)
    inside = ink[top : top + height, left : left + width]
    shape = np.zeros_like(inside)
    cv2.drawContours(shape, [contour - [left, top]], -1, 255, -1)
    return cv2.countNonZero(cv2.bitwise_and(inside, shape)) >= 0.85 * cv2.countNonZero(shape)


def _clockwise(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Order four points around their centre, as they go on a screen."""
    centre = points.mean(axis=0)
    angle = np.arctan2(points[:, 1] - centre[1], points[:, 0] - centre[0])
    return np.ascontiguousarray(points[np.argsort(angle)])


def _stands(
    matrix: NDArray[np.float64],
    ink: NDArray[np.uint8],
    corners: Sequence[tuple[float, float]],
    side: float,
    upright: tuple[float, float],
) -> bool:
    """Tell whether the fifth mark is where a placing of the page wants it, and nowhere else."""
    if not 1e-6 < abs(float(np.linalg.det(matrix))) < 1e12:
        return False
    centre = np.mean(corners, axis=0)
    shares = []
    for quarter in range(4):
        # The same place at each corner: turned around the page's centre, and mirrored where the page is oblong.
        x, y = upright[0] - centre[0], upright[1] - centre[1]
        x, y = ((x, y), (-x, y), (-x, -y), (x, -y))[quarter]
        shares.append(_darkness(matrix, ink, (centre[0] + x, centre[1] + y), side))
    marks = [_darkness(matrix, ink, corner, side) for corner in corners]
    return shares[0] >= _LEAST_DARK and max(shares[1:]) <= 1 - _LEAST_DARK and min(marks) >= _LEAST_DARK


def _darkness(matrix: NDArray[np.float64], ink: NDArray[np.uint8], centre: tuple[float, float], side: float) -> float:
    """Return the share of ink in a square of the form."""
    steps = np.linspace(-_OFF, _OFF, 5) * side
    points = np.array([[[centre[0] + x, centre[1] + y] for x in steps for y in steps]], np.float64)
    there = cv2.perspectiveTransform(points, matrix)[0]
    if not np.isfinite(there).all() or np.abs(there).max() > 1e6:
        return 0.0
    x, y = np.round(there).astype(np.int64).T
    inside = (x >= 0) & (y >= 0) & (x < ink.shape[1]) & (y < ink.shape[0])
    return float(np.mean(np.where(inside, ink[np.clip(y, 0, len(ink) - 1), np.clip(x, 0, ink.shape[1] - 1)] > 0, 0)))
