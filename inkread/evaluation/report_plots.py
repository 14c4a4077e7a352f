"""Drawings of an evaluation, in the manner of `plots`: numbers in, a matplotlib figure out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inkread.errors import UsageError
from inkread.evaluation.calibration import Bin
from inkread.evaluation.drawing import (
    BLUE,
    FAINT,
    INK,
    ORANGE,
    as_tile,
    calm_style,
    mosaic,
    new_figure,
    pixel_figure,
    shortened,
    widest_text,
)
from inkread.evaluation.selective import Curve, Promise

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

__all__ = ["misread_sheet", "reliability_diagram", "risk_coverage_curve"]

_TICKS = (0.0001, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 0.9999, 0.99999)
_MOST_MISREAD = 60
_ACROSS = 10


@calm_style()
def reliability_diagram(bins: Sequence[Bin], *, title: str = "", ax: Axes | None = None) -> Figure | SubFigure:
    """Draw how often answers are right against the confidence they were given with, each with its 95 % interval.

    Both axes are in log-odds, so that 99 % and 99.9 % lie as far apart as they are in fact. A bin without an error has
    no place there: it is drawn hollow, on the upper edge.

    Args:
        bins: As `calibration.reliability` gives them.
        title: Above it.
        ax: To draw into; by default a figure of its own.

    Raises:
        UsageError: There is no bin.
    """
    if not bins:
        raise UsageError("Expected at least one bin of answers to draw, got none.")
    axes = ax if ax is not None else new_figure(5.2, 4.8).subplots()
    low, high = _odds_limits(bins)
    axes.set_xscale("logit")
    axes.set_yscale("logit")
    axes.plot([low, high], [low, high], color=FAINT, linewidth=1, linestyle=":")
    for b in bins:
        x = float(np.clip(b.confidence, low, high))
        extent = np.clip([b.right.low, b.right.high], low, high)
        axes.plot([x, x], extent, color=BLUE, linewidth=1.2, alpha=0.55, solid_capstyle="butt", clip_on=False)
        all_or_none = b.right.hits in (0, b.right.n)
        face = "white" if all_or_none else BLUE
        y = float(np.clip(b.right.value, low, high))
        axes.plot([x], [y], "o", markersize=5.5, color=BLUE, markerfacecolor=face, clip_on=False, zorder=3)
    _odds_ticks(axes, low, high)
    axes.set_xlabel("confidence")
    axes.set_ylabel("share of right answers")
    axes.grid(visible=True, which="major")
    axes.text(0.03, 0.96, "too modest", transform=axes.transAxes, va="top", fontsize=8, color=FAINT)
    axes.text(0.97, 0.04, "too sure", transform=axes.transAxes, ha="right", fontsize=8, color=FAINT)
    if any(b.right.hits == b.right.n for b in bins):
        axes.plot([], [], "o", markersize=5.5, color=BLUE, markerfacecolor="white", label="no error")
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0.2, handletextpad=0.2)
    axes.set_title(shortened(title, 60))
    return axes.figure


@calm_style()
def risk_coverage_curve(
    curve: Curve, promises: Sequence[Promise] = (), *, title: str = "", ax: Axes | None = None
) -> Figure | SubFigure:
    """Draw the share of wrong ones among the answers given against the share of answers given.

    Args:
        curve: As `selective.risk_coverage` gives it.
        promises: Thresholds of the model's card, drawn where they come to lie, each with the error promised.
        title: Above it.
        ax: To draw into; by default a figure of its own.
    """
    from matplotlib.ticker import PercentFormatter

    axes = ax if ax is not None else new_figure(6.4, 4.0).subplots()
    coverage, risk = curve.coverage, curve.risk
    axes.fill_between(coverage, risk, step="post", color=BLUE, alpha=0.12, linewidth=0)
    axes.plot(coverage, risk, color=BLUE, drawstyle="steps-post", linewidth=1.6)
    axes.plot([1], [risk[-1]], "o", color=BLUE, clip_on=False, zorder=4)
    top = 1.35 * max(float(risk[-1]), float(risk[coverage >= min(0.1, float(coverage[-1]))].max()), 1 / curve.n)
    _mark_promises(axes, promises, top)
    axes.set_ylim(0, top)
    axes.set_xlim(_first_coverage(curve), 1)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    axes.grid(axis="y")
    axes.set_xlabel("share of pictures answered, the surest first")
    axes.set_ylabel("share of wrong answers")
    axes.set_title(shortened(title, 80))
    return axes.figure


@calm_style()
def misread_sheet(
    images: NDArray[np.uint8],
    indices: ArrayLike,
    captions: Sequence[str],
    *,
    title: str = "",
) -> Figure:
    """Draw misread pictures with their number above and what they were taken for below.

    Args:
        images: (K, H, W) gray or (K, H, W, 3) RGB, 0..255, in the order to draw them.
        indices: (K,) their numbers in the data.
        captions: (K,) what to say of each, such as "8 as 9, 97 %".
        title: Above the sheet; of more than 60 pictures the first 60 are drawn, and the title says so.

    Raises:
        UsageError: There is no picture, or not one number and caption for each.
    """
    numbers = np.asarray(indices)
    if len(images) == 0 or numbers.shape != (len(images),) or len(captions) != len(images):
        raise UsageError(
            "Expected at least one picture to draw, and a number and a caption for each; received "
            f"{len(images)} pictures, {numbers.size} numbers and {len(captions)} captions."
        )
    if len(images) > _MOST_MISREAD:
        title = f"{title} (the first {_MOST_MISREAD} of {len(images):,})".lstrip()
    tiles = [as_tile(picture, 84) for picture in images[:_MOST_MISREAD]]
    width = min(len(tiles), _ACROSS)
    texts = [shortened(caption) for caption in captions[: len(tiles)]]
    above, below = 14, 20
    height = max(tile.shape[0] for tile in tiles)
    across = max(widest_text(texts) + 4, *(tile.shape[1] for tile in tiles))
    rows = [tiles[start : start + width] for start in range(0, len(tiles), width)]
    canvas, corners = mosaic(rows, (height, across), gap=10, below=above + below, paper=255)
    title = shortened(title, 120)
    beside = max(8, widest_text([title]) * 5 // 4 + 20 - canvas.shape[1])  # bold is wider by a quarter at most
    figure, axes = pixel_figure(canvas, left=8, right=beside, top=44 if title else 18, bottom=0)
    for place, text in enumerate(texts):
        top, left, bottom, right = corners[place // width, place % width]
        middle = (left + right) / 2
        axes.text(middle, top - 4, f"{numbers[place]}", ha="center", va="bottom", fontsize=7, color=FAINT)
        axes.text(middle, bottom + 5, text, ha="center", va="top", fontsize=9)
    if title:
        axes.text(10, -16, title, ha="left", va="bottom", fontsize=10, fontweight="bold")
    return figure


def _odds_limits(bins: Sequence[Bin]) -> tuple[float, float]:
    """Return limits in (0, 1) that hold every bin, and what of its interval is worth showing."""
    shares = [b.right.value for b in bins if 0 < b.right.value < 1]
    ends = np.array([*(b.confidence for b in bins), *shares, *(b.right.low for b in bins)])
    ends = ends[(ends > 0) & (ends < 1)]
    low, high = (float(ends.min()), float(ends.max())) if len(ends) else (0.1, 0.9)
    # Half a unit of log-odds on either side, as far as float64 tells 1 from a little less.
    margin = math.exp(0.5)
    below, above = low / (1 - low) / margin, high / (1 - high) * margin
    return max(1e-6, below / (1 + below)), min(1 - 1e-6, above / (1 + above))


def _odds_ticks(axes: Axes, low: float, high: float) -> None:
    from matplotlib.ticker import NullFormatter, NullLocator

    ticks = [tick for tick in _TICKS if low <= tick <= high] or [low, high]
    labels = [f"{100 * tick:.6g} %" for tick in ticks]
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(NullLocator())
        axis.set_minor_formatter(NullFormatter())
        axis.set_ticks(ticks, labels=labels)
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)


def _first_coverage(curve: Curve) -> float:
    """Return where to begin: little before the first wrong answer, when that comes late."""
    wrong = np.flatnonzero(curve.wrong)
    first = float(curve.coverage[wrong[0]]) if len(wrong) else 0.0
    return max(0.0, np.floor(10 * (first - 0.05)) / 10)


def _mark_promises(axes: Axes, promises: Sequence[Promise], top: float) -> None:
    """Mark the distinct thresholds, the strictest last so that its text stays readable."""
    seen: set[float] = set()
    for promise in promises:
        error, coverage = promise.answered.error, promise.answered.coverage.value
        if error is None or error.value > top or coverage in seen:
            continue
        seen.add(coverage)
        colour = ORANGE if promise.verdict == "broken" else INK
        axes.plot([coverage], [error.value], "o", color=colour, clip_on=False, zorder=5)
        axes.annotate(
            f"{100 * promise.max_error:.3g} % promised",
            (coverage, error.value),
            xytext=(-8, 6),
            textcoords="offset points",
            ha="right",
            va="bottom",
            fontsize=8,
            color=colour,
        )
