"""Drawings of what is inside: explanations, feature maps, nearest examples and maps, in the manner of `plots`.

Misread and doubtful pictures are drawn by `report_plots.misread_sheet`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

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
from inkread.evaluation.inside import EmbeddingMap
from inkread.evaluation.metrics import Labels
from inkread.imaging.gray import without_alpha
from inkread.reading.explain import Explanation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

__all__ = ["embedding_scatter", "explanation_panel", "feature_maps", "heat_map", "nearest_sheet"]

# Okabe and Ito's eight, and two grays; markers tell the classes apart where colours do not.
_COLOURS = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#B8A800"),
    *("#777777", "#B0B0B0"),
)
_MARKERS = "os^vDPX<>*h"
_SCALES = {
    "occlusion": "log-odds lost when covered, nats",
    "class-activation": "part of the score, per cell",
    "class-activation-at-maxima": "part of the score, per cell",
}
_MOST_BARS = 10
_MAPS_ACROSS = 16


@calm_style()
def explanation_panel(explanation: Explanation, given: NDArray[np.uint8], *, title: str = "") -> Figure:
    """Draw what was given, what the network saw, what in it decided, and the probabilities.

    Args:
        explanation: As `inkread.reading.explain.explain` gives it.
        given: uint8 (H, W), (H, W, 3) or (H, W, 4), the picture that it is about.
        title: Above it.

    Raises:
        UsageError: `given` is no picture.
    """
    if given.ndim not in (2, 3) or given.size == 0 or (given.ndim == 3 and given.shape[2] not in (3, 4)):
        raise UsageError(f"Expected a picture of shape (H, W), (H, W, 3) or (H, W, 4) to draw, got {given.shape}.")
    figure = new_figure(10.4, 2.9)
    first, seen, heat, bars = figure.subplots(1, 4, width_ratios=(1, 1, 1.25, 0.95))
    _show_picture(first, as_tile(without_alpha(given), 360), "given")
    _show_picture(seen, np.repeat(explanation.seen[..., np.newaxis], 3, axis=2), "seen by the network")
    _draw_heat(heat, explanation)
    _draw_bars(bars, explanation)
    if title:
        figure.suptitle(shortened(title, 100), x=0.01, ha="left", fontweight="bold", fontsize=10)
    return figure


@calm_style()
def heat_map(explanation: Explanation, *, ax: Axes | None = None) -> Figure | SubFigure:
    """Draw which part of the picture speaks for a class, blue, and against it, orange, round the outline of the ink.

    Args:
        explanation: As `inkread.reading.explain.explain` gives it.
        ax: To draw into; by default a figure of its own.
    """
    axes = ax if ax is not None else new_figure(3.6, 3.0).subplots()
    _draw_heat(axes, explanation)
    return axes.figure


@calm_style()
def feature_maps(explanation: Explanation, *, most: int = 32) -> Figure:
    """Draw the maps of each convolution after its activation, white for the layer's highest value.

    Args:
        explanation: As `inkread.reading.explain.explain` gives it.
        most: How many maps of a layer are drawn at most, the first ones; from 1.

    Raises:
        UsageError: The network has no convolution, or `most` is below 1.
    """
    if not explanation.maps or most < 1:
        raise UsageError(
            f"Expected a network with a convolution to draw maps of, and most at least 1; received "
            f"{len(explanation.maps)} convolutions and most={most}."
        )
    rows: list[list[NDArray[np.uint8]]] = []
    texts: list[str] = []
    for name, maps in explanation.maps:
        tiles = [as_tile(picture, 48) for picture in _as_gray(maps)[:most]]
        lines = [tiles[start : start + _MAPS_ACROSS] for start in range(0, len(tiles), _MAPS_ACROSS)]
        rows += lines
        count = f"{len(maps)} maps" if len(maps) <= most else f"{most} of {len(maps)} maps"
        texts += [f"{name}\n{count}\n{maps.shape[1]} x {maps.shape[2]}", *[""] * (len(lines) - 1)]
    side = max(max(tile.shape[:2]) for row in rows for tile in row)
    rows = [[_centred(tile, side) for tile in row] for row in rows]
    canvas, corners = mosaic(rows, (side, side), gap=4, paper=255)
    figure, axes = pixel_figure(canvas, left=widest_text(texts) + 20, right=8, top=8, bottom=8)
    for row, text in enumerate(texts):
        axes.text(-8, corners[row, 0, 0], text, ha="right", va="top", fontsize=8, linespacing=1.3)
    return figure


@calm_style()
def nearest_sheet(
    seen: NDArray[np.uint8],
    images: NDArray[np.uint8],
    captions: Sequence[str],
    differing: Sequence[bool],
    *,
    title: str = "",
) -> Figure:
    """Draw a picture and beside it the examples that the network takes to be most like it.

    Args:
        seen: uint8 (H, W) or (H, W, 3), the picture.
        images: uint8 (K, H, W) or (K, H, W, 3), the examples, the nearest first.
        captions: (K,) what to say below each.
        differing: (K,) whether it is of another class than the picture was read as: said in orange.
        title: Above them.

    Raises:
        UsageError: There is no example, or not one caption for each.
    """
    if len(images) == 0 or len(captions) != len(images) or len(differing) != len(images):
        raise UsageError(
            "Expected at least one example to draw, and a caption and a mark for each; received "
            f"{len(images)} examples, {len(captions)} captions and {len(differing)} marks."
        )
    tiles = [as_tile(picture, 84) for picture in (seen, *images)]
    texts = ["this picture", *(shortened(caption) for caption in captions)]
    across = max(widest_text(texts) + 6, *(tile.shape[1] for tile in tiles))
    canvas, corners = mosaic([tiles], (max(tile.shape[0] for tile in tiles), across), gap=10, below=20, paper=255)
    figure, axes = pixel_figure(canvas, left=8, right=8, top=34 if title else 8, bottom=0)
    for place, text in enumerate(texts):
        _, left, bottom, right = corners[0, place]
        colour = ORANGE if place and differing[place - 1] else INK
        axes.text((left + right) / 2, bottom + 5, text, ha="center", va="top", fontsize=9, color=colour)
    if title:
        axes.text(10, -6, shortened(title, 120), ha="left", va="bottom", fontsize=10, fontweight="bold")
    return figure


@calm_style()
def embedding_scatter(
    placed: EmbeddingMap, labels: Labels, names: Sequence[str], *, title: str = "", ax: Axes | None = None
) -> Figure | SubFigure:
    """Draw a map of embeddings, a colour and a marker for each class and its name at the median of its points.

    Args:
        placed: As `inside.embedding_map` gives it.
        labels: int (K,), of the points, indices into `names`.
        names: Of the classes.
        title: Above it.
        ax: To draw into; by default a figure of its own.

    Raises:
        UsageError: There is not one label for each point, or one without a name.
    """
    from matplotlib.patheffects import withStroke

    if labels.shape != (len(placed.points),) or labels.size == 0 or not 0 <= labels.min() <= labels.max() < len(names):
        raise UsageError(
            f"Expected a label in 0..{len(names) - 1} for each of {len(placed.points)} points; received shape "
            f"{labels.shape}" + (f" in {labels.min()}..{labels.max()}." if labels.size else ".")
        )
    axes = ax if ax is not None else new_figure(6.0, 5.6).subplots()
    for label in np.unique(labels).tolist():
        points = placed.points[labels == label]
        colour, marker = _COLOURS[label % len(_COLOURS)], _MARKERS[label % len(_MARKERS)]
        axes.scatter(points[:, 0], points[:, 1], s=9, c=colour, marker=marker, linewidths=0, alpha=0.75)
    for label in np.unique(labels).tolist():
        x, y = np.median(placed.points[labels == label], axis=0)
        text = axes.text(x, y, shortened(names[label], 14), ha="center", va="center", fontsize=13, fontweight="bold")
        text.set_path_effects([withStroke(linewidth=3, foreground="white")])
    # A distance on the map has no unit, and its directions no meaning.
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title(shortened(title, 80))
    return axes.figure


def _show_picture(axes: Axes, picture: NDArray[np.uint8], title: str) -> None:
    axes.imshow(picture, interpolation="nearest")
    axes.set_title(title)
    axes.set_anchor("N")  # their titles on one line, whatever their shapes
    axes.set_axis_off()


def _draw_heat(axes: Axes, explanation: Explanation) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("against and for", [ORANGE, "#ffffff", BLUE])
    # One scale for both signs, so that white is nothing; of an empty map any will do.
    most = float(np.abs(explanation.heat).max()) or 1.0
    drawn = axes.imshow(explanation.heat, cmap=colours, vmin=-most, vmax=most, interpolation="nearest")
    if int(explanation.seen.min()) < 128 <= int(explanation.seen.max()):
        axes.contour(explanation.seen, levels=[128], colors=[INK], linewidths=1)
    axes.set_title(f"what speaks for {shortened(explanation.label, 12)}")
    axes.set_anchor("N")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(True)
    bar = axes.figure.colorbar(drawn, ax=axes, fraction=0.05, pad=0.03)
    bar.set_label(_SCALES.get(explanation.method, ""), fontsize=8)
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, labelsize=7)


def _draw_bars(axes: Axes, explanation: Explanation) -> None:
    likeliest = np.argsort(-explanation.probabilities, kind="stable")[:_MOST_BARS]
    order = np.sort(likeliest)  # in the order of the classes: where one looks for a digit
    shares, places = explanation.probabilities[order], np.arange(len(order))
    best = int(likeliest[0])
    axes.barh(places, shares, height=0.72, color=[BLUE if i == best else FAINT for i in order])
    for place, share in enumerate(shares.tolist()):
        if share >= 0.0005:
            axes.text(1.38, place, f"{share:.1%}", ha="right", va="center", fontsize=8)
    axes.set_yticks(places, [shortened(explanation.labels[i], 12) for i in order])
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.set_xlim(0, 1.4)
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_title("probability" if explanation.known else "no digit; if it were")


def _as_gray(maps: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the maps of a layer on one scale, black for 0 or what is lowest below it."""
    low, high = min(0.0, float(maps.min())), float(maps.max())
    return np.asarray(np.rint(255 * (maps - low) / max(high - low, 1e-12)), np.uint8)


def _centred(tile: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Return a tile in the upper middle of a white square of that side."""
    canvas = np.full((side, side, 3), 255, np.uint8)
    left = (side - tile.shape[1]) // 2
    canvas[: tile.shape[0], left : left + tile.shape[1]] = tile
    return canvas
