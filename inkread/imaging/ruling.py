"""Printed lines of a page to nothing: rules, dotted lines, tables, form boxes; the digits on them stay whole.

A rule is told by its run: thin across, long and straight along. Only the pixels whose run across is thin are taken,
so that where a digit crosses a rule the digit stays.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.imaging.components import Components, components, places

__all__ = ["digit_height", "without_ruling"]

_OF_PICTURE = 0.4  # of the picture's width, on a picture of one line
_OF_PAGE = 0.15  # the same on a page
_PAGE = 640  # pixels of the sheet's longer side from which it is taken for a page
_THICK = 0.13  # of a digit's height: how thick a rule may be
_STROKE = 1.3  # digit heights: a level stroke of a digit is no longer
_LONG = 3.2  # digit heights: no stroke of a digit is as long
_TALL = 2.0  # digit heights of an upright rule that stands alone
_STRAIGHT = 1.2  # pixels that a rule wavers, and
_WAVER = 0.006  # ... of its length
_COVERED = 0.8  # of its length that must be ink
_FREE = 0.2  # of its length over and under which there is nothing ...
_UNBROKEN = 0.8  # of its length on which nothing crosses what surely is a rule
_AROUND = 8  # ... in so many thicknesses
_NEAR = 6  # pixels beside a rule that are looked at for what crosses it
_BOX = 0.8  # of a side of a box that must be ink
_SLOPES = np.tan(np.radians(np.arange(-6.0, 6.01, 0.25)))
_VOTERS = 1024  # pixels of a piece that vote for a slope; less than twice as many where it has more
_DOT = 0.16  # of a digit's height: the greatest dot of a dotted line
_DOTS = 7  # dots in a row


def digit_height(pieces: Components) -> float:
    """Return the height of the writing in pixels: the median over its pieces, each by its ink; 0.0 without ink."""
    if not len(pieces):
        return 0.0
    # Neither specks nor what spans the page tell how high a digit is.
    weight = np.where(pieces.height >= 5, pieces.area, 0.01 * pieces.area)
    weight = np.where(pieces.width > 0.9 * pieces.mask.shape[1], 0.01 * weight, weight)
    order = np.argsort(pieces.height)
    total = np.cumsum(weight[order])
    return float(pieces.height[order][np.searchsorted(total, 0.5 * total[-1])])


def without_ruling(mask: NDArray[np.uint8]) -> Components:
    """Remove printed lines from the ink of a page or a line.

    Args:
        mask: uint8 (h, w), ink 255, upright within a few degrees.

    Returns:
        The pieces of the same mask, or of one with less ink.
    """
    height, width = mask.shape
    page = max(height, width) >= _PAGE
    long = (_OF_PAGE if page else _OF_PICTURE) * width
    thick = max(3, round(0.008 * max(height, width)) if page else round(0.1 * height))
    long = max(24.0, long)
    whole = components(mask)
    across = _rules(mask, min(thick, 12), long)
    rest = _less(whole, across)
    tall = digit_height(rest)
    if _STROKE * tall > long:  # on a picture of one digit the bar of a seven is as long as a rule
        across = _rules(mask, min(thick, 12), _STROKE * tall)
        rest = _less(whole, across)
        tall = digit_height(rest)
    if tall == 0.0:
        return whole if not page else rest
    thick = max(2, round(_THICK * tall))
    across = cv2.bitwise_or(across, _rules(rest.mask, thick, max(16.0, _LONG * tall)))
    down = _upright(mask, across, thick, tall)
    rest = _less(whole, cv2.bitwise_or(across, down))
    return _without_dots(_without_boxes(rest, thick, tall), tall)


def _less(pieces: Components, taken: NDArray[np.uint8]) -> Components:
    """Return the pieces of what is left of a mask."""
    return components(_without(pieces.mask, taken)) if cv2.countNonZero(taken) else pieces


def _without(mask: NDArray[np.uint8], taken: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.bitwise_and(mask, cv2.bitwise_not(taken)), dtype=np.uint8)


def _transposed(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.transpose(mask), dtype=np.uint8)


def _thin(mask: NDArray[np.uint8], thick: int) -> NDArray[np.uint8]:
    """Return the pixels whose run of ink downwards is at most `thick` long."""
    # With paper around it: OpenCV takes what lies beyond the edge for ink, and a rule there for thick.
    padded = cv2.copyMakeBorder(mask, thick + 1, thick + 1, 0, 0, cv2.BORDER_CONSTANT, value=0)
    opened = cv2.morphologyEx(padded, cv2.MORPH_OPEN, np.ones((thick + 1, 1), np.uint8))
    return _without(mask, opened[thick + 1 : -thick - 1])


def _rules(mask: NDArray[np.uint8], thick: int, length: float) -> NDArray[np.uint8]:
    """Return the pixels of thin, straight runs to the right of at least a length."""
    thin = _thin(mask, thick)
    gap = max(3, round(0.25 * length))
    linked = cv2.morphologyEx(
        cv2.copyMakeBorder(thin, 0, 0, gap, gap, cv2.BORDER_CONSTANT, value=0),
        cv2.MORPH_CLOSE,
        np.ones((1, gap), np.uint8),
    )[:, gap:-gap]
    linked = cv2.dilate(linked, np.ones((3, 1), np.uint8))  # a step of a slanting rule
    pieces, found = components(linked), []
    lying = np.zeros_like(mask)
    for i in np.flatnonzero(pieces.width >= length):
        left, top, w, h = (int(v[i]) for v in (pieces.left, pieces.top, pieces.width, pieces.height))
        if h > 0.35 * w:
            continue
        inside = np.s_[top : top + h, left : left + w]
        own = cv2.bitwise_and(thin[inside], (pieces.labels[inside] == i + 1).astype(np.uint8) * 255)
        band = _band(own, thick)
        if band is not None and band[2] - band[1] < thick:
            slope, first, last = band
            found.append(((left, left + w), (slope, top + first - slope * left, top + last - slope * left)))
            if np.count_nonzero(own.any(axis=0)) >= _UNBROKEN * w:
                lying[inside] |= own
    out = np.zeros_like(mask)
    rest = _without(mask, lying) if found else mask
    for ends, band in found:
        _take(mask, rest, out, ends, band, thick)
    return out


def _band(own: NDArray[np.uint8], thick: int) -> tuple[float, float, float] | None:
    """Return the slope of the line that most of a flat piece lies on, and its upper and lower edge at x = 0.

    The line is voted for over slopes and offsets (Hough 1962): the feet of digits just above it, which a fit by least
    squares would follow, are outvoted.
    """
    y, x = places(own)
    if len(x) < 8:
        return None
    height, width = own.shape
    some = slice(None, None, max(1, len(x) // _VOTERS))
    # How far each column is moved to lie level, and below zero nowhere; a row of votes for each slope.
    moved = np.round(-_SLOPES[:, None] * np.arange(width)).astype(np.int64) + width
    offset = moved[:, x[some]] + y[some]
    offset += np.arange(len(_SLOPES))[:, None] * (height + 2 * width)
    count = np.bincount(offset.ravel(), minlength=len(_SLOPES) * (height + 2 * width)).reshape(len(_SLOPES), -1)
    steep, best = np.unravel_index(int(count.argmax()), count.shape)
    votes = np.bincount(y + moved[steep, x], minlength=best + thick + 2)
    first = last = int(best)
    while first > 0 and best - first < thick and votes[first - 1] >= 0.4 * votes[best]:
        first -= 1
    while last + 1 < len(votes) and last - best < thick and votes[last + 1] >= 0.4 * votes[best]:
        last += 1
    return float(_SLOPES[steep]), float(first - width), float(last - width)


def _take(
    mask: NDArray[np.uint8],
    rest: NDArray[np.uint8],
    out: NDArray[np.uint8],
    ends: tuple[int, int],
    band: tuple[float, float, float],
    thick: int,
) -> None:
    """Add a rule's ink to `out` where nothing crosses it, if it goes on where there is no digit.

    `rest` is the mask without what surely is a rule.

    The feet of digits in a row may lie on one line too, but between the digits there is nothing then.
    """
    slope, first, last = band
    x = np.arange(*ends)
    waver = _STRAIGHT + _WAVER * len(x)
    line = np.round(slope * x).astype(np.int64)
    # Columns along the rule: `reach` rows above and below the line, so that row `reach` + k lies k below it.
    reach = max(int(np.ceil(last - first + waver)) + _NEAR, _AROUND * thick)
    rows = np.round(first).astype(np.int64) + line[None, :] + np.arange(-reach, reach + 1)[:, None]
    top, bottom = reach - int(np.ceil(waver)), reach + int(np.ceil(last - first + waver))
    core = slice((top + bottom) // 2 - 1, (top + bottom) // 2 + 2)
    if np.count_nonzero(_along(mask, rows[core], x).any(axis=0)) < _COVERED * len(x):
        return
    ink, other = _along(mask, rows, x), _along(rest, rows, x)
    inside = ink[top : bottom + 1]
    inked = inside.any(axis=0)
    free = ~(other[: top - 1].any(axis=0) | other[bottom + 2 :].any(axis=0))
    if np.count_nonzero(free) < _FREE * len(x) or np.count_nonzero(free & inked) < _COVERED * np.count_nonzero(free):
        return
    alone = inked & ~ink[top - 1] & ~ink[bottom + 1]
    if not alone.any():
        return
    upper, lower = _edges(inside, alone)
    upper, lower = upper + top, lower + top
    depth = np.arange(len(ink))[:, None]
    on_rule = (depth >= upper) & (depth <= lower) & ink
    above, below = _run(ink, upper - 1, -1), _run(ink, lower + 1, 1)
    crossed = (above > 0) & (below > 0)
    # A stroke that lies in the rule stands out of it by less than its own width.
    lying = (above + below > 0) & (above + below < 0.5 * (lower - upper + 1))
    taken = on_rule & ~(crossed | lying) | ((depth >= top) & (depth <= bottom) & ink & alone)
    y, column = np.nonzero(taken)
    out[rows[y, column], x[column]] = 255


def _along(mask: NDArray[np.uint8], rows: NDArray[np.int64], x: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return where there is ink at some rows (n, w) of some columns (w,); beyond the edges there is none."""
    there = (rows >= 0) & (rows < len(mask))
    return there & (mask[np.clip(rows, 0, len(mask) - 1), x[None, :]] > 0)


def _edges(inside: NDArray[np.bool_], alone: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and last row of a rule in each column; where something crosses it, as beside that."""
    known = np.flatnonzero(alone)
    first = inside.argmax(axis=0)[known]
    last = len(inside) - 1 - inside[::-1].argmax(axis=0)[known]
    every = np.arange(inside.shape[1])
    smooth = np.ones(9) / 9
    edges = [
        np.interp(every, known, np.convolve(np.pad(edge.astype(np.float64), 4, mode="edge"), smooth, mode="valid"))
        for edge in (first, last)
    ]
    return np.round(edges[0]).astype(np.int64), np.round(edges[1]).astype(np.int64)


def _run(ink: NDArray[np.bool_], start: NDArray[np.int64], step: int) -> NDArray[np.int64]:
    """Count, in each column, how many rows of ink follow each other from a row on."""
    column, going = np.arange(ink.shape[1]), np.ones(ink.shape[1], bool)
    count = np.zeros(ink.shape[1], np.int64)
    for i in range(_NEAR):
        going &= ink[np.clip(start + i * step, 0, len(ink) - 1), column]
        count += going
    return count


def _upright(mask: NDArray[np.uint8], across: NDArray[np.uint8], thick: int, tall: float) -> NDArray[np.uint8]:
    """Return the pixels of upright rules: far taller than a digit, or standing between two rules that lie."""
    turned = _transposed(_without(mask, across))
    found = _transposed(_rules(turned, thick, max(16.0, _TALL * tall)))
    if not cv2.countNonZero(across):
        return found
    # A side of a box begins at one rule and ends at another, and nothing else of its piece leaves its column.
    candidates = _transposed(_rules(turned, thick, max(8.0, 0.9 * tall)))
    near = cv2.dilate(across, np.ones((2 * thick + 1, 3), np.uint8))
    pieces = components(candidates)
    for i in range(len(pieces)):
        left, top, w, h = (int(v[i]) for v in (pieces.left, pieces.top, pieces.width, pieces.height))
        ends = (
            near[max(0, top - thick) : top + thick + 1, left : left + w].any(),
            near[top + h - thick - 1 : top + h + thick, left : left + w].any(),
        )
        if all(ends) and w <= thick + max(1.0, 0.05 * h):
            found[top : top + h, left : left + w] |= candidates[top : top + h, left : left + w]
    return found


def _without_boxes(pieces: Components, thick: int, tall: float) -> Components:
    """Take out the frames around single digits, whose sides are no longer than a digit's strokes."""
    taken = np.zeros_like(pieces.mask)
    for i in np.flatnonzero((pieces.height > 1.05 * tall) & (pieces.width > 0.7 * tall)):
        left, top, w, h = (int(v[i]) for v in (pieces.left, pieces.top, pieces.width, pieces.height))
        inside = np.s_[top : top + h, left : left + w]
        own = (pieces.labels[inside] == i + 1).astype(np.uint8) * 255
        if _sides(own, own) < 3:  # what is straight of it has no more
            continue
        lying = _rules(own, thick, 0.6 * w)
        standing = _transposed(_rules(_transposed(own), thick, 0.6 * h))
        if _sides(lying, standing) >= 3:
            taken[inside] |= cv2.bitwise_or(lying, standing)
    return _less(pieces, taken)


def _sides(lying: NDArray[np.uint8], standing: NDArray[np.uint8]) -> int:
    """Count the sides of a piece's box along which straight runs go."""
    height, width = lying.shape
    y, x = max(1, height // 5), max(1, width // 5)
    covered = (
        lying[:y].any(axis=0).mean(),
        lying[-y:].any(axis=0).mean(),
        standing[:, :x].any(axis=1).mean(),
        standing[:, -x:].any(axis=1).mean(),
    )
    return sum(share >= _BOX for share in covered)


def _without_dots(pieces: Components, tall: float) -> Components:
    """Take out dotted and dashed lines: many small pieces in one straight row."""
    small = (pieces.height <= max(2.0, _DOT * tall)) & (pieces.width <= max(3.0, 0.5 * tall))
    if np.count_nonzero(small) < _DOTS:
        return pieces
    dots = np.concatenate([[False], small]).astype(np.uint8)[pieces.labels] * np.uint8(255)
    return _less(pieces, _dotted_rows(dots, tall))


def _dotted_rows(dots: NDArray[np.uint8], tall: float) -> NDArray[np.uint8]:
    gap = max(5, round(0.6 * tall))
    padded = cv2.copyMakeBorder(dots, 0, 0, gap, gap, cv2.BORDER_CONSTANT, value=0)
    linked = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8))[:, gap:-gap]
    linked = cv2.dilate(linked, np.ones((3, 1), np.uint8))
    rows, out = components(linked), np.zeros_like(dots)
    for i in np.flatnonzero((rows.width >= _LONG * tall) & (rows.height <= 0.25 * tall + 0.05 * rows.width)):
        left, top, w, h = (int(v[i]) for v in (rows.left, rows.top, rows.width, rows.height))
        inside = np.s_[top : top + h, left : left + w]
        own = np.where(rows.labels[inside] == i + 1, dots[inside], 0).astype(np.uint8)
        if len(components(own)) >= _DOTS:
            out[inside] |= own
    return out
