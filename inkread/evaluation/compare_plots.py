"""Drawings of a comparison, in the manner of `plots`: numbers in, a matplotlib figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inkread.errors import UsageError
from inkread.evaluation.drawing import BLUE, FAINT, INK, ORANGE, calm_style, new_figure, shortened
from inkread.evaluation.metrics import Share

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Dot", "accuracy_and_cost", "learning_curves"]

# Okabe and Ito's, with marks that differ too: told apart without colour.
_COLOURS = (BLUE, ORANGE, "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#333333")
_MARKS = ("o", "s", "^", "D", "v", "P", "X")
_LINES = ("-", "--", ":")
_LEAST_ERROR = 1e-5  # where no error at all is drawn
_TICKS = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_LETTER = 4.3  # points that a letter of a label is wide, on average
_BEYOND = 20  # points that a label may go beyond the axes on their open side
_LINE = 9.5  # points that a label is high


@dataclass(frozen=True, slots=True)
class Dot:
    """One classifier in a drawing of accuracy and time.

    Attributes:
        name: Beside it.
        kind: Those of one kind share colour and mark.
        accuracy: With its interval.
        cost: Of a picture, above 0: time, or arithmetic.
    """

    name: str
    kind: str
    accuracy: Share
    cost: float


@calm_style()
def accuracy_and_cost(dots: Sequence[Dot], cost: str = "cost", *, title: str = "") -> Figure:
    """Draw the errors of classifiers, with 95 % intervals, against what a picture costs, both on log axes.

    Args:
        dots: At least one.
        cost: What the costs are, and their unit.
        title: Above it.

    Raises:
        UsageError: There is none.
    """
    if not dots:
        raise UsageError("Expected at least one classifier to draw, got none.")
    figure = new_figure(8.0, 5.2)
    axes = figure.subplots()
    kinds = list(dict.fromkeys(dot.kind for dot in dots))
    for kind, colour, mark in zip(kinds, _COLOURS, _MARKS, strict=False):
        for dot in (dot for dot in dots if dot.kind == kind):
            low, high = (max(_LEAST_ERROR, 1 - end) for end in (dot.accuracy.high, dot.accuracy.low))
            axes.plot([dot.cost] * 2, [low, high], color=colour, linewidth=1.2, alpha=0.5)
            axes.plot([dot.cost], [_error(dot.accuracy.value)], mark, markersize=6, color=colour)
        axes.plot([], [], mark, markersize=6, color=colour, label=kind)
    axes.set_xscale("log")
    axes.margins(x=0.12, y=0.08)
    _error_axis(axes)
    axes.xaxis.set_major_formatter("{x:,.5g}")
    axes.xaxis.set_minor_formatter("")
    axes.set_xlabel(cost)
    axes.set_title(shortened(title, 90))
    figure.legend(loc="outside upper right", ncols=len(kinds))
    figure.draw_without_rendering()  # settles where the axes lie: labels are placed in points
    _name_dots(axes, dots)
    return figure


@calm_style()
def learning_curves(curves: Mapping[str, Sequence[tuple[int, float]]], *, title: str = "") -> Figure:
    """Draw the error of classifiers against the number of pictures that they were given, both on log axes.

    Args:
        curves: For each name its points, (pictures, accuracy in [0, 1]), by rising number; at least one.
        title: Above it.

    Raises:
        UsageError: There is no curve, or one without a point.
    """
    if not curves or not all(curves.values()):
        raise UsageError("Expected at least one curve, each of at least one point, to draw; got none.")
    figure = new_figure(8.0, 5.2)
    axes = figure.subplots()
    for place, points in enumerate(curves.values()):
        axes.plot(
            [pictures for pictures, _ in points],
            [_error(accuracy) for _, accuracy in points],
            color=_COLOURS[place % len(_COLOURS)],
            linestyle=_LINES[place // len(_COLOURS) % len(_LINES)],
            marker=_MARKS[place % len(_MARKS)],
            linewidth=1.4,
        )
    axes.set_xscale("log")
    _error_axis(axes)
    numbers = sorted({pictures for points in curves.values() for pictures, _ in points})
    axes.set_xticks(numbers, [f"{number:,}" for number in numbers], minor=False)
    axes.xaxis.set_minor_formatter("")
    axes.set_xlabel("labelled pictures")
    axes.set_title(shortened(title, 90))
    longest = max(len(shortened(name)) for name in curves)
    left, right = np.log10(numbers[0]), np.log10(numbers[-1])
    # Room for the names behind the last points.
    axes.set_xlim(10 ** (left - 0.1), 10 ** (right + 0.1 + max(0.5, right - left) * longest / 75))
    figure.draw_without_rendering()
    _name_ends(axes, curves)
    return figure


def _error(accuracy: float) -> float:
    return max(_LEAST_ERROR, 1 - accuracy)


def _error_axis(axes: Axes) -> None:
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    ticks = [tick for tick in _TICKS if low <= tick <= high]
    axes.set_yticks(ticks, [f"{100 * tick:g} %" for tick in ticks])
    axes.yaxis.set_minor_formatter("")
    axes.set_ylabel("errors")
    axes.grid(axis="y")


def _name_dots(axes: Axes, dots: Sequence[Dot]) -> None:
    """Write each name beside its dot, on the first of a few sides where it lies on nothing else."""
    scale = axes.figure.dpi / 72
    places = axes.transData.transform([(dot.cost, _error(dot.accuracy.value)) for dot in dots]) / scale
    left, right = (side / scale for side in axes.bbox.intervalx)
    taken = [(x - 4, y - 4, x + 4, y + 4) for x, y in places]
    for dot, (x, y) in zip(dots, places, strict=True):
        text = shortened(dot.name)
        wide = _LETTER * len(text)
        sides = [(7.0, -3.0), (-7.0 - wide, -3.0), (-wide / 2, 7.0), (-wide / 2, -14.0)]
        sides += [(7.0, step * _LINE - 3) for step in (1, -1, 2, -2, 3, -3)]
        boxes = [(x + dx, y + dy - 1, x + dx + wide, y + dy + _LINE - 2) for dx, dy in sides]
        inside = [left <= box[0] and box[2] <= right + _BEYOND for box in boxes]
        free = [not any(_meet(box, other) for other in taken) for box in boxes]
        best = next((i for i in range(len(boxes)) if inside[i] and free[i]), 0)
        taken.append(boxes[best])
        axes.annotate(text, (dot.cost, _error(dot.accuracy.value)), sides[best], textcoords="offset points", fontsize=8)


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _name_ends(axes: Axes, curves: Mapping[str, Sequence[tuple[int, float]]]) -> None:
    """Write each name behind the last point of its curve, moved up or down where others stand."""
    scale = axes.figure.dpi / 72
    ends = [(pictures, _error(accuracy)) for *_, (pictures, accuracy) in curves.values()]
    right = max(pictures for pictures, _ in ends)
    heights = axes.transData.transform(ends)[:, 1] / scale  # (N,) points
    placed = _apart(heights.tolist(), _LINE)
    for place, (name, end, height, at) in enumerate(zip(curves, ends, heights, placed, strict=True)):
        label = axes.annotate(
            shortened(name),
            (right, end[1]),
            (10, at - height),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=_COLOURS[place % len(_COLOURS)] if place < len(_COLOURS) else INK,
        )
        label.set_in_layout(False)
        if end[0] < right:
            axes.plot([end[0], right], [end[1]] * 2, color=FAINT, linewidth=0.6, linestyle=":", zorder=0)


def _apart(heights: Sequence[float], gap: float) -> list[float]:
    """Return heights near the given ones, in their order, at least a gap apart."""
    order = np.argsort(heights, kind="stable")
    wished = np.asarray(heights)[order]
    # In steps of the gap the nearest rising sequence is a running mean of what is crowded together.
    blocks: list[tuple[float, int]] = []
    for value in wished - gap * np.arange(len(wished)):
        mean, count = float(value), 1
        while blocks and blocks[-1][0] > mean:
            before, many = blocks.pop()
            mean, count = (mean * count + before * many) / (count + many), count + many
        blocks.append((mean, count))
    level = np.concatenate([np.full(count, mean) for mean, count in blocks]) + gap * np.arange(len(wished))
    placed = np.empty(len(wished))
    placed[order] = level
    return [float(value) for value in placed]
