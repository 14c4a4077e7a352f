"""What on a line may be a digit: every piece between two cuts, with the traits it is judged by."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.imaging.cuts import Cuts, cuts_at, find_cuts
from inkread.imaging.frame import frame, pen_width
from inkread.imaging.lines import Strip
from inkread.imaging.marks import Mark, part_marks
from inkread.reading.parts import Box, Parts, crumbs

__all__ = ["TRAITS", "CutLine", "Piece", "cut_line", "traits"]

_WIDEST = 1.75  # of a digit's height: no digit is wider
_LOWEST = 0.3  # ... or lower
_BRIDGED = 0.45  # ... or has a wider gap between its parts
_MOST_CUTS = 8  # parts between cuts that a digit has
_AROUND = np.ones((3, 3), np.uint8)
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
    box: Box
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
    return CutLine(
        strip, cuts, marks, _pieces(level, digits, cuts, 1 if strip.dividers else _MOST_CUTS, strip.tall, pen)
    )


def _pieces(
    level: NDArray[np.uint8], mask: NDArray[np.uint8], cuts: Cuts, most: int, tall: float, pen: float
) -> list[Piece]:
    line, found, gap = _Parted(level, mask, cuts), [], cuts.gap.tolist()
    beyond = max(1, round(_SHARED * pen))
    for start in range(len(gap) - 1):
        for end, (parts, ink, box) in enumerate(islice(line.parts.behind(start), most), start=start + 1):
            if end > start + 1 and gap[end - 1] > _BRIDGED * tall:
                break
            if box[2] > _WIDEST * max(tall, box[3]):
                break
            if box[3] < _LOWEST * tall or ink < pen * pen:
                continue
            own = line.parts.ink(parts, box)
            found.append(Piece(start, end, box, line.picture(own, box), shared=False))
            if gap[start] == 0 or gap[end] == 0:
                more, around = line.between(start, end, beyond)
                found.append(Piece(start, end, around, line.picture(more, around), shared=True))
    return found


class _Parted:
    """The ink of a line, of which any part between two cuts can be had."""

    def __init__(self, level: NDArray[np.uint8], mask: NDArray[np.uint8], cuts: Cuts) -> None:
        self._level, self._mask = level, mask
        self._through = (cuts.gap == 0).tolist()
        self._first, self._last = cuts.paths.min(axis=1).tolist(), cuts.paths.max(axis=1).tolist()
        height, width = mask.shape
        passed = np.zeros((height, width + 1), np.int16)
        np.add.at(passed, (np.arange(height), cuts.paths), 1)
        # Behind which cut each pixel lies; with as much room on both sides, for cuts that are moved.
        self._behind = np.full((height, 3 * width), len(cuts.paths), np.int16)
        self._behind[:, :width] = -1
        self._behind[:, width : 2 * width] = passed[:, :width].cumsum(axis=1) - 1
        self.parts = Parts(mask, self._behind[:, width : 2 * width], len(cuts.paths))
        self._pictures: dict[tuple[Box, bytes], NDArray[np.uint8]] = {}

    def between(self, start: int, end: int, beyond: int) -> tuple[NDArray[np.uint8], Box]:
        """Return the ink between two cuts and beyond, without what they left over of a neighbour, and its box.

        Args:
            start: The place of the left cut.
            end: The place of the right cut.
            beyond: Pixels by which the ink goes on behind those of the two that go through ink.
        """
        room = self._mask.shape[1]
        on_left = min(room, beyond) if self._through[start] else 0
        on_right = min(room, beyond) if self._through[end] else 0
        x0 = max(0, self._first[start] - on_left)
        x1 = min(room, max(self._last[end] + on_right, x0 + 1))
        after = self._behind[:, room + x0 + on_left : room + x1 + on_left] >= start
        before = self._behind[:, room + x0 - on_right : room + x1 - on_right] < end
        whole, (left, top, _, _) = _cropped(self._mask[:, x0:x1] * (after & before))
        own, (x, y, width, height) = _cropped(_without_crumbs(whole))
        return own, (x0 + left + x, top + y, width, height)

    def picture(self, own: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
        """Return ink of the line, which fills its box, as the network sees it."""
        key = (box, own.tobytes())  # most pieces are found again with a cut beside them that parts no ink
        if key not in self._pictures:
            left, top, width, height = box
            inside = np.s_[top : top + height, left : left + width]
            near = cv2.dilate(own, _AROUND)
            others = cv2.subtract(self._mask[inside], own)
            self._pictures[key] = frame(cv2.bitwise_and(self._level[inside], cv2.subtract(near, others)))
        return self._pictures[key]


def _cropped(ink: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], Box]:
    left, top, width, height = cv2.boundingRect(ink)
    return ink[top : top + height, left : left + width], (left, top, width, height)


def _without_crumbs(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return ink without its pieces that are much smaller than the largest."""
    if not ink.size:
        return ink
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8, ltype=cv2.CV_16U)
    if count <= 2:
        return ink
    small = crumbs(stats[1:, cv2.CC_STAT_AREA].tolist())
    return np.array([0, *(0 if crumb else 255 for crumb in small)], np.uint8)[labels] if any(small) else ink


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
    cuts, tall, count = line.cuts, line.strip.tall, len(line.pieces)
    crossed, gap = cuts.crossed.astype(np.float64), cuts.gap / tall
    start, end = (np.array([getattr(piece, side) for piece in line.pieces], np.int64) for side in ("start", "end"))
    box = np.array([piece.box for piece in line.pieces], np.float64).reshape(count, 4)
    width, height, foot = box[:, 2] / tall, box[:, 3] / tall, box[:, 1] + box[:, 3]
    slender = width / np.maximum(height, 0.3)
    likely = np.log(np.maximum(proba.max(axis=1).astype(np.float64), 1e-6))
    other = np.zeros(count) if none is None else -np.logaddexp(0.0, np.minimum(none.astype(np.float64), 12.0) + 1.0)
    # Of the cuts inside each piece, of which there may be none.
    gaps, free = (np.concatenate([[0.0], np.cumsum(of, dtype=np.float64)]) for of in (gap, gap > 0))
    least = np.minimum.reduceat(crossed, np.stack([start + 1, end], axis=1).ravel())[::2]
    columns = (
        np.ones(count),
        likely,
        other,
        np.maximum(0.0, 0.75 - height),
        np.maximum(0.0, height - 1.25),
        np.maximum(0.0, slender - 0.8),
        np.maximum(0.0, width - 0.9),
        np.maximum(0.0, 0.3 - slender),
        gaps[end] - gaps[start + 1],
        np.minimum(2.5, crossed[start]),
        np.minimum(2.5, crossed[end]),
        np.where(end > start + 1, np.maximum(0.0, 1.5 - least), 0.0),
        free[end] - free[start + 1],
        (height < 0.7) & (width < 0.6 * height),
        np.maximum(0.0, (foot - np.median(foot)) / tall - 0.15),
        [piece.shared for piece in line.pieces],
    )
    return np.stack([np.asarray(column, np.float64) for column in columns], axis=1)
