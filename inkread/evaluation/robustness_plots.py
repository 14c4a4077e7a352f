"""Drawings of corruptions and of how well a model reads through them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inkread.errors import UsageError
from inkread.evaluation.corruptions import CORRUPTIONS, MNIST_C, SEVERITIES, check_names, corrupt
from inkread.evaluation.drawing import as_tile, calm_style, mosaic, new_figure, pixel_figure, widest_text
from inkread.evaluation.robustness import WAYS, Robustness

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["corruption_sheet", "draw_robustness", "robustness_plot"]

# Five steps of cividis (Nunez, Anderton and Renslow 2018), from light to dark: their order is seen in gray too.
_STEPS = ("#e1cc55", "#b8a774", "#8a8779", "#575d6d", "#0d2b5e")
_MARKS = ("o", "v", "D", "s", "X")  # a second sign of the severity, for print
_CLEAN, FAINT = "#D55E00", "#8c8c8c"
_TITLES = {"raw": "Pictures as they are", "normalized": "After the preprocessing"}
_MOST_DIGITS = 4
_SIDE = 56  # pixels of a picture on the sheet


@calm_style()
def corruption_sheet(images: NDArray[np.uint8], *, names: Sequence[str] | None = None, seed: int = 0) -> Figure:
    """Draw each corruption at each severity: a row for each, the clean picture on its left.

    The severity of the published set has a line below it.

    Args:
        images: uint8 (K, 28, 28), 1 to 4 digits that stand side by side in each cell.
        names: Of the corruptions, all by default.
        seed: Of the corruptions.

    Raises:
        UsageError: There are no digits, too many or of another shape, or there is no corruption of a name.

    Example:
        >>> import numpy as np
        >>> figure = corruption_sheet(np.zeros((2, 28, 28), np.uint8), names=["fog", "jpeg"])
    """
    chosen = tuple(CORRUPTIONS) if names is None else tuple(names)
    check_names(chosen)
    if not chosen or not 1 <= len(images) <= _MOST_DIGITS:
        raise UsageError(
            f"Expected 1 to {_MOST_DIGITS} digits and at least one corruption; "
            f"received {len(images)} digits and {len(chosen)} corruptions."
        )
    cells = [[images, *(corrupt(images, name, severity, seed=seed) for severity in SEVERITIES)] for name in chosen]
    tiles = [[as_tile(np.concatenate(list(cell), axis=1), _SIDE * len(images)) for cell in row] for row in cells]
    canvas, corners = mosaic(tiles, tiles[0][0].shape[:2], gap=6)
    figure, axes = pixel_figure(canvas, left=widest_text(chosen) + 24, right=12, top=28, bottom=12)
    for row, name in enumerate(chosen):
        top, _, bottom, _ = corners[row, 0]
        axes.text(-8, (top + bottom) / 2, name, ha="right", va="center", fontsize=9)
        released = CORRUPTIONS[name].released
        if released is not None:
            _, left, _, right = corners[row, released]
            axes.plot([left, right], [bottom + 2.5] * 2, color=_CLEAN, linewidth=2, solid_capstyle="butt")
    for column, text in enumerate(("clean", *map(str, SEVERITIES))):
        _, left, _, right = corners[0, column]
        axes.text((left + right) / 2, -6, text, ha="center", va="bottom", fontsize=9)
    axes.set(xlim=(0, canvas.shape[1]), ylim=(canvas.shape[0], 0))
    return figure


@calm_style()
def robustness_plot(result: Robustness, *, ways: Sequence[str] = WAYS) -> Figure:
    """Draw the accuracy by corruption, a dot for each severity, from light (1) to dark (5).

    A ring marks the severity of the published set, the dotted line clean pictures.

    Args:
        result: What was measured.
        ways: "raw" and "normalized", side by side, or one of them.

    Raises:
        UsageError: There is no such way, or none at all.
    """
    _check_ways(ways)
    names = result.names
    figure = new_figure(1.6 + 3.9 * len(ways), 1.3 + 0.24 * max(4, len(names)))
    panels = figure.subplots(1, len(ways), sharex=True, sharey=True, squeeze=False)[0]
    for axes, way in zip(panels, ways, strict=True):
        draw_robustness(axes, result, way)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(4, len(handles)))
    return figure


@calm_style()
def draw_robustness(ax: Axes, result: Robustness, way: str) -> None:
    """Draw one way of `robustness_plot` into axes of your own, with labels for a legend.

    Args:
        ax: Where to.
        result: What was measured.
        way: "raw" or "normalized".

    Raises:
        UsageError: There is no such way.
    """
    _check_ways([way])
    for row, name in enumerate(result.names):
        shares = [cell.share(way).value for cell in result.cells if cell.name == name]
        ax.plot([min(shares), max(shares)], [row, row], color="#d0d0d0", linewidth=1.2, zorder=1)
    for severity in result.severities:
        values = [cell.share(way).value for cell in result.cells if cell.severity == severity]
        colour, mark = _STEPS[severity - 1], _MARKS[severity - 1]
        ax.scatter(
            values,
            range(len(values)),
            s=34,
            c=colour,
            marker=mark,
            edgecolors="white",  # keeps dots apart that lie on one another
            linewidths=0.5,
            label=f"severity {severity}",
            zorder=2 + severity,
        )
    _ring_released(ax, result, way)
    ax.axvline(result.clean.share(way).value, color=_CLEAN, linewidth=1, linestyle=":", zorder=0, label="clean")
    ax.set_title(_TITLES[way])
    ax.set_xlabel("accuracy")
    ax.grid(axis="x")
    ax.set_xlim(0, 1.02)
    ax.xaxis.set_major_formatter("{x:.0%}")
    _name_rows(ax, result.names)


def _check_ways(ways: Sequence[str]) -> None:
    if isinstance(ways, str) or not ways or any(way not in WAYS for way in ways):
        raise UsageError(f"Expected ways of {', '.join(WAYS)}, at least one of them; received {ways!r}.")


def _ring_released(axes: Axes, result: Robustness, way: str) -> None:
    at = [
        (cell.share(way).value, result.names.index(cell.name))
        for cell in result.cells
        if cell.severity == CORRUPTIONS[cell.name].released
    ]
    if at:
        x, y = zip(*at, strict=True)
        axes.scatter(x, y, s=110, c="none", edgecolors=_CLEAN, linewidths=1.2, label="published severity", zorder=8)


def _name_rows(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), list(names))
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    published = sum(name in MNIST_C for name in names)
    # A line between the published ones and ours, where the names are in that order.
    if 0 < published < len(names) and all(name in MNIST_C for name in names[:published]):
        axes.axhline(published - 0.5, color=FAINT, linewidth=0.8)
