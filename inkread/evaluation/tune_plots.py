"""Drawings of a search for settings, in the manner of `plots`: numbers in, a matplotlib figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from inkread.errors import UsageError
from inkread.evaluation.drawing import BLUE, FAINT, ORANGE, calm_style, new_figure, shortened

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["importance_bars", "search_history"]

_SHOWN = 0.25  # of the trials: the worst ones lie below the drawing, so that the others can be told apart


@calm_style()
def search_history(
    numbers: Sequence[int], accuracy: Sequence[float], pruned: Sequence[bool], *, title: str = ""
) -> Figure:
    """Draw the accuracy of each trial of a search, and the best so far.

    Args:
        numbers: Of the trials, rising.
        accuracy: (N,) in [0, 1].
        pruned: (N,), whether a trial was cut short; its accuracy is that of when it was.
        title: Above it.

    Raises:
        UsageError: There is no trial, or the counts differ.
    """
    if not numbers or not len(numbers) == len(accuracy) == len(pruned):
        raise UsageError(
            "Expected a number, an accuracy and whether it was cut short for each trial, at least one; received "
            f"{len(numbers)}, {len(accuracy)} and {len(pruned)}."
        )
    from matplotlib.ticker import MaxNLocator

    x, y, cut = np.asarray(numbers), np.asarray(accuracy, np.float64), np.asarray(pruned, np.bool_)
    figure = new_figure(8.0, 4.2)
    axes = figure.subplots()
    if not cut.all():
        best = np.maximum.accumulate(y[~cut])
        axes.step([*x[~cut], x[-1]], [*best, best[-1]], where="post", color=BLUE, linewidth=1.2, label="best so far")
    axes.plot(x[~cut], y[~cut], "o", color=BLUE, markersize=5, label="trial")
    axes.plot(x[cut], y[cut], "x", color=ORANGE, markersize=5, label="cut short")
    low, high = float(np.quantile(y, _SHOWN)), float(y.max())
    axes.set_ylim(max(0.0, low - 0.2 * max(high - low, 0.002)), min(1.0, high + 0.1 * max(high - low, 0.002)))
    below = int(np.count_nonzero(y < axes.get_ylim()[0]))
    if below:
        axes.text(0.01, 0.02, f"{below} below", transform=axes.transAxes, fontsize=8, color=FAINT)
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.4g} %")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))
    axes.set_xlabel("trial")
    axes.set_ylabel("validation accuracy")
    axes.grid(axis="y")
    axes.set_title(shortened(title, 90))
    figure.legend(loc="outside upper right", ncols=3)
    return figure


@calm_style()
def importance_bars(importance: Mapping[str, float], *, title: str = "") -> Figure:
    """Draw how much each setting matters, as bars, in the order given.

    Args:
        importance: For each setting its share, in [0, 1]; at least one.
        title: Above it.

    Raises:
        UsageError: There is none.
    """
    if not importance:
        raise UsageError("Expected the importance of at least one setting to draw, got none.")
    figure = new_figure(6.5, 1.0 + 0.26 * max(3, len(importance)))
    axes = figure.subplots()
    places = np.arange(len(importance))
    shares = list(importance.values())
    axes.barh(places, shares, height=0.72, color=BLUE)
    for place, share in zip(places.tolist(), shares, strict=True):
        axes.text(share, place, f" {share:.0%}", va="center", fontsize=8)
    axes.set_yticks(places, [shortened(name) for name in importance])
    axes.set_ylim(len(importance) - 0.4, -0.6)
    axes.set_xlim(0, max(shares) * 1.12)
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_title(shortened(title, 90))
    return figure
