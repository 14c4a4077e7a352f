"""Ways of writing that MNIST's writers seldom use, drawn into its pictures.

MNIST was written by Americans of the 1990s. Elsewhere a zero may carry a slash or a dot, a one starts with a long
upstroke or stands on a foot, a two has a loop at its foot, a four's stem hardly reaches below its bar, a six has a
short neck, a seven is crossed and begins with a serif, and a nine ends in a wide hook. `restyle` draws such strokes
into a picture of the class, with the picture's own pen, and brings the result back into MNIST's form by the one
preprocessing path, which also gives every picture the look of one that came through it.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.imaging.frame import SIZE, frame, pen_width
from inkread.imaging.preprocess import to_digit
from inkread.training.paper import photograph
from inkread.training.templates import draw_digit

__all__ = ["restyle"]

_FINE = 4  # the digit is drawn this many times larger
_MARGIN = 24  # fine pixels around it, for strokes that reach outside


def restyle(
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    rng: np.random.Generator,
    *,
    share: float = 0.8,
    drawn: float = 0.0,
    photographed: float = 0.0,
) -> NDArray[np.uint8]:
    """Redraw digits, some of all but threes, fives and eights in a way that MNIST lacks.

    Args:
        images: uint8 (N, 28, 28), light ink on black, in MNIST's form.
        labels: int64 (N,), the digits 0 to 9.
        rng: Where the choices are drawn from.
        share: Share of those digits that are written otherwise.
        drawn: Share of the digits of which only the label is kept: they are drawn from templates of strokes.
        photographed: Share of the pictures that go over paper and camera and the whole preprocessing.

    Returns:
        uint8 (N, 28, 28), in MNIST's form.
    """
    out = np.array(images)
    marked, on_paper = rng.random(len(images)) < share, rng.random(len(images)) < photographed
    neighbours, from_templates = rng.permutation(len(images)), rng.random(len(images)) < drawn
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        fine = draw_digit(int(label), rng) if from_templates[i] else _written(image, int(label), bool(marked[i]), rng)
        if not fine.any():  # blank, or too faint to redraw
            continue
        fine = _stretched(fine, rng)
        if on_paper[i]:
            digit, _ = to_digit(photograph(fine, _enlarge(images[neighbours[i]]), rng))
            if digit is not None:
                out[i] = digit
            continue
        left, top, width, height = cv2.boundingRect(fine)
        if width:
            out[i] = frame(fine[top : top + height, left : left + width])
    return out


def _written(image: NDArray[np.uint8], label: int, marked: bool, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return a digit enlarged and, where it is to be marked, with the strokes of other hands."""
    fine = _enlarge(image)
    add = _STROKES.get(label) if marked and fine.any() else None
    if add is not None:
        add(fine, rng)
    return fine


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
    """Slash a zero from its lower left to its upper right or, seldom, the other way; dot it; or let it end inside."""
    left, top, right, bottom = _box(fine)
    width, height = right - left, bottom - top
    x, y = (left + right) / 2, (top + bottom) / 2
    pen = _pen(fine, rng)
    kind = rng.random()
    if kind < 0.25:
        end = (x + width * float(rng.uniform(-0.3, 0.3)), y - height * float(rng.uniform(-0.1, 0.25)))
        _line(fine, (x + width * float(rng.uniform(-0.1, 0.3)), top + pen / 2), end, pen)
        return
    if kind < 0.4:
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


def _loop_two(fine: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Turn the corner at the foot of a two into a loop."""
    if rng.random() < 0.4:
        return
    left, top, right, bottom = _box(fine)
    width, height = right - left, bottom - top
    half = (width * float(rng.uniform(0.15, 0.32)), height * float(rng.uniform(0.08, 0.17)))
    centre = (
        left + half[0] + width * float(rng.uniform(-0.05, 0.1)),
        bottom - half[1] - height * float(rng.uniform(0, 0.06)),
    )
    tilt = float(rng.uniform(-35, 20))
    cv2.ellipse(fine, (centre, (2 * half[0], 2 * half[1]), tilt), 255, _pen(fine, rng), cv2.LINE_AA)


def _shorten_six(fine: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Cut the neck of a six off above its bowl."""
    if rng.random() < 0.4:
        return
    _, top, _, bottom = _box(fine)
    fine[: round(top + (bottom - top) * float(rng.uniform(0.05, 0.22)))] = 0


def _shorten_four(fine: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Cut the stem of a four off below its bar; where the four is open, let it begin lower too."""
    if rng.random() < 0.4:
        return
    _, top, _, bottom = _box(fine)
    height = bottom - top
    middle = fine[top + height // 3 : bottom - height // 6]
    if len(middle) == 0:
        return
    bar = top + height // 3 + int(np.count_nonzero(middle, axis=1).argmax())
    fine[round(bar + height * float(rng.uniform(0.18, 0.4))) :] = 0
    columns = np.flatnonzero(fine[top + height // 5])
    gaps = np.diff(columns)
    if len(gaps) and gaps.max() > _pen(fine, rng) and rng.random() < 0.6:
        beyond = int(columns[int(gaps.argmax())]) + int(gaps.max()) // 2
        fine[: max(0, round(bar - height * float(rng.uniform(0.08, 0.3)))), beyond:] = 0


def _mark_seven(fine: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Cross a seven through its stem, begin it with a serif, or both."""
    left, top, _, bottom = _box(fine)
    height = bottom - top
    pen = _pen(fine, rng)
    kind = rng.random()
    if kind > 0.6:
        rows = np.flatnonzero(fine[:, left + pen // 2])
        y = float(rows.min()) + pen / 2 if len(rows) else float(top)
        end = (left + height * float(rng.uniform(-0.06, 0.08)), y + height * float(rng.uniform(0.1, 0.3)))
        _line(fine, (left + pen / 2, y), end, pen)
    if kind > 0.85:
        return
    y = top + height * float(rng.uniform(0.42, 0.66))
    columns = np.flatnonzero(fine[min(round(y), fine.shape[0] - 1)])
    if len(columns) == 0:
        return
    x = float(columns.max()) - pen / 2
    half = height * float(rng.uniform(0.16, 0.4))
    tilt = half * float(rng.normal(0.05, 0.2))
    _line(fine, (x - half * float(rng.uniform(0.7, 1.3)), y + tilt), (x + half, y - tilt), pen)


def _mark_nine(fine: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Let a nine begin with a tail at the top of its bowl or below it, and end in a hook, mostly to the left."""
    left, top, right, bottom = _box(fine)
    height = bottom - top
    pen = _pen(fine, rng)
    kind = rng.random()
    if kind < 0.25:
        columns = np.flatnonzero(fine[top + pen // 2])
        x = float(columns.mean()) if len(columns) else float(right)
        rise = height * float(rng.uniform(-0.12, 0.15))
        _line(fine, (x, top + pen / 2), (right + height * float(rng.uniform(0, 0.2)), top - rise), pen)
    elif kind < 0.55:
        y = top + height * float(rng.uniform(0.38, 0.58))
        columns = np.flatnonzero(fine[min(round(y), fine.shape[0] - 1)])
        x = float(columns.min()) if len(columns) else float(left)
        end = (x - height * float(rng.uniform(0.02, 0.25)), y + height * float(rng.uniform(-0.2, 0.12)))
        _line(fine, (x + pen, y), end, pen)
    if rng.random() < 0.7:
        _hook_nine(fine, height, pen, rng)


def _hook_nine(fine: NDArray[np.uint8], height: int, pen: int, rng: np.random.Generator) -> None:
    """Draw a hook at the lower end, a quadratic Bezier curve."""
    bottom = _box(fine)[3]
    columns = np.flatnonzero(fine[bottom - pen // 2])
    if len(columns) == 0:
        return
    start = np.array([float(columns.mean()), bottom - pen / 2])
    reach, rise = height * float(rng.uniform(0.25, 0.75)), height * float(rng.uniform(-0.02, 0.28))
    if rng.random() < 0.25:
        reach = -0.6 * reach
    end = start - np.array([reach, rise])
    control = start + np.array([-reach * float(rng.uniform(0.2, 0.6)), height * float(rng.uniform(0.05, 0.22))])
    t = np.linspace(0, 1, 9)[:, None]
    curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end  # (9, 2)
    cv2.polylines(fine, [curve.round().astype(np.int32)], False, 255, pen, cv2.LINE_AA)


_STROKES = {0: _mark_zero, 1: _mark_one, 2: _loop_two, 4: _shorten_four, 6: _shorten_six, 7: _mark_seven, 9: _mark_nine}
