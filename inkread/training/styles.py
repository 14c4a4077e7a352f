"""Ways of writing that MNIST's writers seldom use, drawn into its pictures.

MNIST was written by Americans of the 1990s. Elsewhere a zero may carry a slash or a dot, a one starts with a long
upstroke or stands on a foot, a seven is crossed, and a nine ends in a wide hook. `restyle` draws these strokes into a
picture of the class, with the picture's own pen, and brings the result back into MNIST's form by the one preprocessing
path, which also gives every picture the look of one that came through it.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.imaging.frame import SIZE, frame, pen_width

__all__ = ["restyle"]

_FINE = 4  # the digit is drawn this many times larger
_MARGIN = 24  # fine pixels around it, for strokes that reach outside


def restyle(
    images: NDArray[np.uint8], labels: NDArray[np.int64], rng: np.random.Generator, *, share: float = 0.5
) -> NDArray[np.uint8]:
    """Redraw digits, some of the zeros, ones, sevens and nines with a stroke that MNIST lacks.

    Args:
        images: uint8 (N, 28, 28), light ink on black, in MNIST's form.
        labels: int64 (N,), the digits 0 to 9.
        rng: Where the choices are drawn from.
        share: Share of the zeros, ones, sevens and nines that get a stroke.

    Returns:
        uint8 (N, 28, 28), in MNIST's form.
    """
    out = np.empty_like(images)
    marked = rng.random(len(images)) < share
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        fine = _enlarge(image)
        add = _STROKES.get(int(label)) if marked[i] else None
        if add is not None:
            add(fine, rng)
        fine = _stretched(fine, rng)
        left, top, width, height = cv2.boundingRect(fine)
        out[i] = frame(fine[top : top + height, left : left + width]) if width else image
    return out


def _enlarge(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    side = SIZE * _FINE
    fine = cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC)
    fine = cv2.threshold(fine, 110, 255, cv2.THRESH_BINARY)[1]
    m = _MARGIN
    return np.asarray(cv2.copyMakeBorder(fine, m, m, m, m, cv2.BORDER_CONSTANT, value=0), dtype=np.uint8)


def _stretched(fine: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Widen or narrow the digit: forms and scanners that fill a box lose the aspect of what was written."""
    if rng.random() > 0.35:
        return fine
    factor = float(np.exp(rng.uniform(-0.35, 0.7)))
    height, width = fine.shape
    return np.asarray(cv2.resize(fine, (max(8, round(width * factor)), height), interpolation=cv2.INTER_AREA))


def _pen(fine: NDArray[np.uint8], rng: np.random.Generator) -> int:
    return max(3, round(pen_width(fine) * float(rng.uniform(0.7, 1.1))))


def _box(fine: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    left, top, width, height = cv2.boundingRect(fine)
    return int(left), int(top), int(left + width - 1), int(top + height - 1)


def _line(fine: NDArray[np.uint8], a: tuple[float, float], b: tuple[float, float], pen: int) -> None:
    cv2.line(fine, (round(a[0]), round(a[1])), (round(b[0]), round(b[1])), 255, pen, cv2.LINE_AA)


def _mark_zero(fine: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Slash a zero from its lower left to its upper right, now and then the other way, or dot it."""
    left, top, right, bottom = _box(fine)
    width, height = right - left, bottom - top
    x, y = (left + right) / 2, (top + bottom) / 2
    pen = _pen(fine, rng)
    if rng.random() < 0.15:
        if min(width, height) > 5 * pen:
            cv2.circle(fine, (round(x), round(y)), max(2, pen // 2), 255, -1, cv2.LINE_AA)
        return
    reach = float(rng.uniform(0.7, 1.25))
    across = max(width, 0.35 * height) / 2 * reach * float(rng.uniform(0.6, 1.1))
    up = height / 2 * reach * float(rng.uniform(0.6, 1.1))
    if rng.random() < 0.1:
        across = -across
    jitter = 0.06 * height
    x, y = x + float(rng.normal(0, jitter)), y + float(rng.normal(0, jitter))
    _line(fine, (x - across, y + up), (x + across, y - up), pen)


def _mark_one(fine: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Give a one the upstroke, short to nearly as long as the stem, the foot, or both."""
    left, top, right, bottom = _box(fine)
    height = bottom - top
    if right - left > 0.8 * height:  # already has both, or lies
        return
    pen = _pen(fine, rng)
    kind = rng.random()
    if kind < 0.85:
        columns = np.flatnonzero(fine[top + pen // 2])
        x = float(columns.mean()) if len(columns) else (left + right) / 2
        length = height * float(np.clip(rng.gamma(4.0, 0.13), 0.12, 1.0))
        angle = np.radians(float(rng.uniform(25, 68)))  # below the horizontal, towards the left
        end = (x - length * float(np.cos(angle)), top + pen / 2 + length * float(np.sin(angle)))
        bow = float(rng.normal(0, 0.08)) * length
        middle = ((x + end[0]) / 2 + bow, (top + end[1]) / 2 + bow)
        _line(fine, (x, top + pen / 2), middle, pen)
        _line(fine, middle, end, pen)
    if kind > 0.55:
        columns = np.flatnonzero(fine[bottom - pen // 2])
        x = float(columns.mean()) if len(columns) else (left + right) / 2
        half = height * float(rng.uniform(0.14, 0.42))
        tilt = float(rng.normal(0, 0.08)) * half
        shift = float(rng.normal(0, 0.15)) * half
        _line(fine, (x - half + shift, bottom + tilt), (x + half + shift, bottom - tilt), pen)


def _mark_seven(fine: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Cross a seven through its stem."""
    _, top, _, bottom = _box(fine)
    height = bottom - top
    pen = _pen(fine, rng)
    y = top + height * float(rng.uniform(0.42, 0.66))
    columns = np.flatnonzero(fine[min(round(y), fine.shape[0] - 1)])
    if len(columns) == 0:
        return
    x = float(columns.max()) - pen / 2
    half = height * float(rng.uniform(0.16, 0.4))
    tilt = half * float(rng.normal(0.05, 0.2))
    _line(fine, (x - half * float(rng.uniform(0.7, 1.3)), y + tilt), (x + half, y - tilt), pen)


def _mark_nine(fine: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Let the stem of a nine end in a hook to the left, short to wider than the digit."""
    if rng.random() < 0.3:
        return
    _, top, _, bottom = _box(fine)
    height = bottom - top
    pen = _pen(fine, rng)
    columns = np.flatnonzero(fine[bottom - pen // 2])
    if len(columns) == 0:
        return
    start = np.array([float(columns.mean()), bottom - pen / 2])
    reach, rise = height * float(rng.uniform(0.25, 0.75)), height * float(rng.uniform(-0.02, 0.28))
    end = start - np.array([reach, rise])
    control = start + np.array([-reach * float(rng.uniform(0.2, 0.6)), height * float(rng.uniform(0.05, 0.22))])
    t = np.linspace(0, 1, 9)[:, None]
    curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end  # quadratic Bezier, (9, 2)
    cv2.polylines(fine, [curve.round().astype(np.int32)], False, 255, pen, cv2.LINE_AA)


_STROKES = {0: _mark_zero, 1: _mark_one, 7: _mark_seven, 9: _mark_nine}
