"""Drawings of trainings, data and results: numbers in, a matplotlib figure out, without a display.

No function here touches pyplot, so nothing is shared between figures and threads but matplotlib's settings, which
are put back after each drawing.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inkread.errors import UsageError
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
from inkread.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

__all__ = ["class_histogram", "confusion_heatmap", "curves", "mean_pictures", "save", "sheet"]

_MOST_ROWS = 30


@calm_style()
def curves(history: Mapping[str, Sequence[float]], *, best: int | None = None) -> Figure:
    """Draw loss and accuracy over the epochs.

    Args:
        history: "number" (epochs, from 1), "loss", "accuracy" in [0, 1], and perhaps "validation_loss" and
            "validation_accuracy", all of one length; a validation line is left out when all of it is nan.
        best: The epoch that was kept, marked by a line.

    Raises:
        UsageError: One of the first three is missing or empty, or the lengths differ.
    """
    columns = _checked(history)
    figure = new_figure(9.0, 3.6)
    loss, accuracy = figure.subplots(1, 2)
    for axes, key in ((loss, "loss"), (accuracy, "accuracy")):
        _draw_lines(axes, columns, key)
        if best is not None:
            _mark_epoch(axes, best)
    _as_percent(accuracy)
    handles, labels = loss.get_legend_handles_labels()
    if len(handles) < 2:
        handles, labels = accuracy.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=len(handles))
    return figure


@calm_style()
def class_histogram(counts: ArrayLike, names: Sequence[str]) -> Figure:
    """Draw how many pictures each class has, as bars with number and share.

    Args:
        counts: (C,) whole numbers from 0.
        names: (C,) of the classes.

    Raises:
        UsageError: There is no class, or not one name for each.
    """
    sizes = np.asarray(counts)
    _check_names(sizes.shape, (len(names),), "counts")
    total = max(1, int(sizes.sum()))
    figure = new_figure(7.0, 1.0 + 0.26 * max(3, len(sizes)))
    axes = figure.subplots()
    places = np.arange(len(sizes))
    axes.barh(places, sizes, height=0.72, color=BLUE)
    for place, size in enumerate(sizes.tolist()):
        axes.text(1, place, f"{size:,}", transform=axes.get_yaxis_transform(), ha="right", va="center", fontsize=8)
        axes.text(
            1.1,
            place,
            f"{size / total:.1%}",
            transform=axes.get_yaxis_transform(),
            ha="right",
            va="center",
            fontsize=8,
            color=FAINT,
        )
    axes.axvline(total / len(sizes), color=INK, linewidth=1, linestyle=":", alpha=0.7)
    axes.text(total / len(sizes), len(sizes) - 0.35, "even share", ha="center", va="top", fontsize=8)
    axes.set_yticks(places, [shortened(name) for name in names])
    axes.set_ylim(len(sizes) - 0.4, -0.6)
    axes.set_xlim(0, max(1, sizes.max()) * 1.15)  # room for the numbers
    axes.set_title(f"{total:,} pictures in {len(sizes)} classes")
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return figure


@calm_style()
def sheet(
    images: NDArray[np.uint8], labels: ArrayLike, names: Sequence[str], *, title: str = "", per_class: int = 10
) -> Figure:
    """Draw some pictures of each class, a row for each, the same ones for the same arguments.

    Args:
        images: (N, H, W) gray or (N, H, W, 3) RGB, 0..255.
        labels: (N,) indices into `names`.
        names: (C,) of the classes; of more than 30 the first 30 are drawn, and the title says so.
        title: Above the sheet.
        per_class: How many pictures a row has at most, taken at even distances; at least 1.

    Raises:
        UsageError: `per_class` is below 1, or the counts differ.
    """
    if per_class < 1:
        raise UsageError(f"A sheet needs at least 1 picture of a class; received per_class={per_class}.")
    classes = np.asarray(labels)
    _check_names(images.shape[:1], classes.shape, "pictures")
    rows = [
        images[_evenly(np.flatnonzero(classes == label), per_class)] for label in range(min(_MOST_ROWS, len(names)))
    ]
    if len(names) > len(rows):
        title = f"{title} (the first {len(rows)} of {len(names)} classes)".lstrip()
    height, width = as_tile(images[0], 72).shape[:2]
    tiles = [[as_tile(picture, 72) for picture in row] for row in rows]
    canvas, corners = mosaic(tiles, (height, width), gap=4)
    texts = [shortened(name) for name in names[: len(rows)]]
    figure, axes = pixel_figure(canvas, left=widest_text(texts) + 24, right=12, top=34 if title else 12, bottom=12)
    for row, text in enumerate(texts):
        top, bottom = corners[row, 0, 0], corners[row, 0, 2]
        axes.text(-8, (top + bottom) / 2, text, ha="right", va="center", fontsize=9)
    if title:
        axes.text(0, -10, shortened(title, 120), ha="left", va="bottom", fontsize=10, fontweight="bold")
    return figure


@calm_style()
def mean_pictures(means: NDArray[np.floating] | NDArray[np.uint8], names: Sequence[str]) -> Figure:
    """Draw the mean picture of each class with its name below.

    Args:
        means: (C, H, W) gray or (C, H, W, 3) RGB, 0..255.
        names: (C,) of the classes.

    Raises:
        UsageError: There is no class, or not one name for each.
    """
    _check_names(means.shape[:1], (len(names),), "mean pictures")
    pictures = [as_tile(picture, 112) for picture in np.clip(np.rint(means), 0, 255).astype(np.uint8)]
    width = _columns(len(pictures))
    rows = [pictures[start : start + width] for start in range(0, len(pictures), width)]
    texts = ["\n".join(textwrap.wrap(shortened(name), 17) or [""]) for name in names]
    lines = max(text.count("\n") + 1 for text in texts)
    below = 16 * lines + 4
    height = pictures[0].shape[0]
    canvas, corners = mosaic(
        rows, (height, max(pictures[0].shape[1], widest_text(texts))), gap=10, below=below, paper=255
    )
    figure, axes = pixel_figure(canvas, left=8, right=8, top=8, bottom=8)
    for index, text in enumerate(texts):
        _, left, bottom, right = corners[index // width, index % width]
        axes.text((left + right) / 2, bottom + 5, text, ha="center", va="top", fontsize=9)
    return figure


@calm_style()
def confusion_heatmap(matrix: ArrayLike, names: Sequence[str], *, title: str = "") -> Figure:
    """Draw what was read as what: right answers blue, wrong ones orange, by their share of the row.

    The colours follow the fourth root of the share, so that one error in a thousand is still seen.

    Args:
        matrix: (C, C) whole numbers from 0: rows are the true classes, columns what was read.
        names: (C,) of the classes.
        title: Above it.

    Raises:
        UsageError: The matrix is not square, has no class, or not one name for each.
    """
    counts = np.asarray(matrix)
    _check_names(counts.shape, (len(names), len(names)), "a confusion matrix")
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    texts = [shortened(name) for name in names]
    side = max(4.0, 0.46 * len(names)) if len(names) <= 40 else 0.34 * len(names)
    beside = 0.075 * max(map(len, texts))  # inches that a name takes
    figure = new_figure(side + beside + 1.8, side + beside + 0.8)
    axes = figure.subplots()
    colours = _draw_shares(figure, axes, shares)
    _write_counts(axes, counts, colours, size=8 if len(names) <= 40 else 7)
    places = np.arange(len(names))
    axes.set_xticks(places, texts, rotation=90 if max(map(len, texts)) > 3 else 0)
    axes.set_yticks(places, texts)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_xlabel("read as")
    axes.set_ylabel("true class")
    axes.set_title(shortened(title, 80))
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write a figure as a PNG file that has its name only when it is whole.

    Raises:
        OutputError: The file cannot be written.
    """
    with replacing(path) as partial, calm_style():
        figure.savefig(partial, format="png", dpi=figure.dpi, metadata={"Software": None})


def _checked(history: Mapping[str, Sequence[float]]) -> dict[str, NDArray[np.float64]]:
    columns = {key: np.asarray(values, np.float64) for key, values in history.items()}
    missing = [key for key in ("number", "loss", "accuracy") if not columns.get(key, np.empty(0)).size]
    lengths = {len(values) for values in columns.values()}
    if missing or len(lengths) > 1:
        raise UsageError(
            "Expected the columns number, loss and accuracy, of one length and not empty, to draw curves of; received "
            f"{', '.join(f'{key} ({len(values)})' for key, values in columns.items()) or 'no column'}."
        )
    return columns


def _check_names(received: tuple[int, ...], expected: tuple[int, ...], what: str) -> None:
    if received != expected or 0 in expected:
        raise UsageError(f"Expected {what} of shape {expected}, to fit the names or labels; received shape {received}.")


def _draw_lines(axes: Axes, columns: Mapping[str, NDArray[np.float64]], key: str) -> None:
    from matplotlib.ticker import MaxNLocator

    epochs = columns["number"]
    # Markers while there is room for them; a single epoch is nothing but its marker.
    marker = "o" if len(epochs) <= 30 else ""
    for prefix, label, colour in (("", "training", BLUE), ("validation_", "validation", ORANGE)):
        values = columns.get(prefix + key)
        if values is not None and not np.isnan(values).all():
            axes.plot(epochs, values, color=colour, marker=marker, label=label)
    axes.set_title(key.capitalize())
    axes.set_xlabel("epoch")
    axes.grid(axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))
    if len(epochs) == 1:
        axes.set_xlim(epochs[0] - 1, epochs[0] + 1)
        axes.set_xticks(epochs)


def _mark_epoch(axes: Axes, epoch: int) -> None:
    axes.axvline(epoch, color=INK, linewidth=1, linestyle=":", zorder=1)
    axes.annotate(
        f"best: epoch {epoch}",
        (epoch, 1),
        xycoords=("data", "axes fraction"),
        xytext=(0, 2),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=8,
    )


def _as_percent(axes: Axes) -> None:
    from matplotlib.ticker import PercentFormatter

    axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    axes.set_ylim(top=min(1.005, axes.get_ylim()[1]))


def _draw_shares(figure: Figure, axes: Axes, shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Draw the cells and the scale; return the colours of the cells, (C, C, 3)."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import PowerNorm

    norm = PowerNorm(0.25, vmin=0, vmax=1)
    right, wrong = _ramp("#cfe3f0", BLUE), _ramp("#fdeee3", ORANGE)
    diagonal = np.eye(len(shares), dtype=bool)[..., np.newaxis]
    colours = np.where(diagonal, right(norm(shares)), wrong(norm(shares)))[..., :3]
    colours[shares == 0] = 0.97
    axes.imshow(colours, interpolation="nearest")
    shrink = min(1.0, 12 / len(shares))
    bar = figure.colorbar(
        ScalarMappable(norm, wrong), ax=axes, fraction=0.04, pad=0.02, aspect=30, shrink=shrink, anchor=(0, 1)
    )
    bar.set_ticks([0.0001, 0.001, 0.01, 0.1, 0.5, 1], labels=["0.01 %", "0.1 %", "1 %", "10 %", "50 %", "100 %"])
    bar.set_label("errors, share of the true class")
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0)
    return colours


def _ramp(low: str, high: str) -> Colormap:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("ramp", [low, high])


def _write_counts(axes: Axes, counts: NDArray[np.integer], colours: NDArray[np.float64], size: int) -> None:
    bright = colours @ (0.2126, 0.7152, 0.0722)  # ITU-R BT.709
    for row, column in np.argwhere(counts).tolist():
        colour = INK if bright[row, column] > 0.5 else "white"
        text = axes.text(column, row, f"{counts[row, column]:,}", ha="center", va="center", fontsize=size, color=colour)
        text.set_in_layout(False)  # it lies within the axes: to measure thousands takes seconds


def _evenly(members: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """Return at most `count` of the members, at even distances from the first to the last."""
    if len(members) <= count:
        return members
    return members[np.linspace(0, len(members) - 1, count).round().astype(np.intp)]


def _columns(count: int) -> int:
    """Return how many pictures to set side by side: rows of five for ten classes, of ten for a hundred."""
    return min(count, 10, max(5, int(np.ceil(np.sqrt(count)))))
