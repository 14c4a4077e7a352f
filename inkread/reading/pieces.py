"""What on a line may be a digit: every piece between two cuts, with the traits it is judged by."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.imaging.cuts import Cuts, cuts_at, find_cuts
from inkread.imaging.frame import frame, pen_width
from inkread.imaging.lines import Strip
from inkread.imaging.marks import Mark, part_marks

__all__ = ["TRAITS", "CutLine", "Piece", "cut_line", "traits"]

_WIDEST = 1.75  # of a digit's height: no digit is wider
_LOWEST = 0.3  # ... or lower
_BRIDGED = 0.45  # ... or has a wider gap between its parts
_MOST_CUTS = 8  # parts between cuts that a digit has
_CRUMB = 0.06  # of a piece's ink: smaller parts are a neighbour's
_SHARED = 1.25  # pens beyond a cut through ink that a stroke may reach which both neighbours own


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """What lies between two cuts.

    Attributes:
        start: The place of the left cut.
        end: The place of the right cut.
        box: (left, top, width, height) in pixels of the strip.
        picture: uint8 (28, 28), as the network sees it.
        shared: Whether it has the strokes that the cuts on its sides go along: of two rings that touch, each is whole
            with them only.
    """

    start: int
    end: int
    box: tuple[int, int, int, int]
    picture: NDArray[np.uint8]
    shared: bool


@dataclass(frozen=True, slots=True, eq=False)
class CutLine:
    """A strip with its cuts, its marks, and what may be its digits.

    Attributes:
        strip: The line.
        cuts: Where it may be cut.
        marks: Dots, dashes and their like, from left to right.
        pieces: What lies between any two cuts and may be a digit.
    """

    strip: Strip
    cuts: Cuts
    marks: list[Mark]
    pieces: list[Piece]


def cut_line(strip: Strip) -> CutLine:
    """Cut a line wherever it may be cut."""
    mask = cv2.threshold(strip.level, 127, 255, cv2.THRESH_BINARY)[1]
    pen = max(1.0, pen_width(mask))
    digits, marks = part_marks(mask, strip.tall, pen)
    level = strip.level.copy()
    level[(mask > 0) & (digits == 0)] = 0
    cuts = cuts_at(strip.dividers, digits.shape) if strip.dividers else find_cuts(digits, strip.tall, pen)
    most = 1 if strip.dividers else _MOST_CUTS
    return CutLine(strip, cuts, marks, _pieces(level, digits, cuts, most, strip.tall, pen))


def _pieces(
    level: NDArray[np.uint8], mask: NDArray[np.uint8], cuts: Cuts, most: int, tall: float, pen: float
) -> list[Piece]:
    found = []
    for start in range(len(cuts.paths) - 1):
        for end in range(start + 1, min(start + 1 + most, len(cuts.paths))):
            if end > start + 1 and float(cuts.gap[end - 1]) > _BRIDGED * tall:
                break
            own, left = _between(mask, cuts, start, end)
            _, _, width, height = cv2.boundingRect(own)
            if width > _WIDEST * max(tall, height):
                break
            if height < _LOWEST * tall or cv2.countNonZero(own) < pen * pen:
                continue
            found.append(Piece(start, end, *_framed(level, mask, own, left), shared=False))
            if cuts.gap[start] == 0 or cuts.gap[end] == 0:
                own, left = _between(mask, cuts, start, end, max(1, round(_SHARED * pen)))
                found.append(Piece(start, end, *_framed(level, mask, own, left), shared=True))
    return found


def _framed(
    level: NDArray[np.uint8], mask: NDArray[np.uint8], own: NDArray[np.uint8], left: int
) -> tuple[tuple[int, int, int, int], NDArray[np.uint8]]:
    """Return the box of a piece's own ink, which begins at a column, and the piece as the network sees it."""
    x, y, width, height = cv2.boundingRect(own)
    inside = np.s_[y : y + height, x : x + width]
    own = own[inside]
    near = cv2.dilate(own, np.ones((3, 3), np.uint8))
    others = cv2.bitwise_and(mask[:, left : left + x + width][inside], cv2.bitwise_not(own))
    ink = cv2.bitwise_and(level[:, left : left + x + width][inside], cv2.bitwise_and(near, 255 - others))
    return (left + x, y, width, height), frame(ink)


def _between(
    mask: NDArray[np.uint8], cuts: Cuts, start: int, end: int, beyond: int = 0
) -> tuple[NDArray[np.uint8], int]:
    """Return the ink between two cuts, without what they left over of a neighbour; and where it begins.

    Args:
        mask: The ink of the line.
        cuts: Of the line.
        start: The place of the left cut.
        end: The place of the right cut.
        beyond: Pixels by which the ink goes on behind those of the two that go through ink.
    """
    left = cuts.paths[start] - (beyond if cuts.gap[start] == 0 else 0)
    right = cuts.paths[end] + (beyond if cuts.gap[end] == 0 else 0)
    x0 = max(0, int(left.min()))
    x1 = min(mask.shape[1], max(int(right.max()), x0 + 1))
    columns = np.arange(x0, x1)
    inside = (columns >= left[:, None]) & (columns < right[:, None])
    own = np.where(inside, mask[:, x0:x1], 0).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(own, connectivity=8)
    if count > 2:
        area = stats[1:, cv2.CC_STAT_AREA]
        keep = area >= _CRUMB * area.max()
        if not keep.all():
            own = np.where(np.concatenate([[False], keep])[labels], own, 0).astype(np.uint8)
    return own, x0


TRAITS = (
    "a digit",
    "likeliest class",
    "none of the classes",
    "low",
    "high",
    "wide",
    "wide in heights",
    "narrow",
    "gap inside",
    "cut through on the left",
    "cut through on the right",
    "thin place inside",
    "free cuts inside",
    "a short stroke",
    "hangs below",
    "shares a stroke",
)


def traits(line: CutLine, proba: NDArray[np.float32], none: NDArray[np.float32] | None) -> NDArray[np.float64]:
    """Return what speaks for and against each piece being one whole digit.

    Args:
        line: The line.
        proba: float32 (n, C), of its pieces.
        none: float32 (n,), the log-odds that a piece is none of the classes; None when the network cannot tell.

    Returns:
        float64 (n, len(TRAITS)).
    """
    crossed, gap, tall = line.cuts.crossed.astype(np.float64), line.cuts.gap / line.strip.tall, line.strip.tall
    foot = np.array([piece.box[1] + piece.box[3] for piece in line.pieces], np.float64)
    usual = float(np.median(foot)) if len(foot) else 0.0
    rows = []
    for i, piece in enumerate(line.pieces):
        width, height = piece.box[2] / tall, piece.box[3] / tall
        inner = slice(piece.start + 1, piece.end)
        has_inner = piece.end > piece.start + 1
        free = gap[inner] > 0
        rows.append(
            (
                1.0,
                float(np.log(max(float(proba[i].max()), 1e-6))),
                0.0 if none is None else -float(np.logaddexp(0.0, min(float(none[i]), 12.0) + 1.0)),
                max(0.0, 0.75 - height),
                max(0.0, height - 1.25),
                max(0.0, width / max(height, 0.3) - 0.8),
                max(0.0, width - 0.9),
                max(0.0, 0.3 - width / max(height, 0.3)),
                float(gap[inner].sum()) if has_inner else 0.0,
                min(2.5, float(crossed[piece.start])),
                min(2.5, float(crossed[piece.end])),
                max(0.0, 1.5 - float(crossed[inner].min())) if has_inner else 0.0,
                float(free.sum()) if has_inner else 0.0,
                float(height < 0.7 and width < 0.6 * height),
                max(0.0, (foot[i] - usual) / tall - 0.15),
                float(piece.shared),
            )
        )
    return np.array(rows, np.float64).reshape(len(rows), len(TRAITS))
