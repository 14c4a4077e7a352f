"""What all drawings share: one calm style, colours that everybody can tell apart, and pictures laid out in rows.

No function here touches pyplot, so nothing is shared between figures and threads but matplotlib's settings, which
are put back after each drawing.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "BLUE",
    "FAINT",
    "INK",
    "ORANGE",
    "as_tile",
    "calm_style",
    "mosaic",
    "new_figure",
    "pixel_figure",
    "shortened",
    "widest_text",
]

# Okabe and Ito's colours (jfly.uni-koeln.de/color), which the colour-blind tell apart too.
BLUE, ORANGE = "#0072B2", "#D55E00"
INK, FAINT = "#333333", "#8c8c8c"
_GAP_GRAY = 222
"""Between pictures: seen beside black ones and beside white ones."""

_STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib: a figure looks the same everywhere
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.facecolor": "white",
    "axes.axisbelow": True,
    "axes.grid": False,
    "figure.facecolor": "white",
    "grid.color": "#e6e6e6",
    "text.color": INK,
    "text.usetex": False,
    "text.parse_math": False,  # "$" in the name of a class is a dollar
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.8,
    "lines.markersize": 4,
}
_DPI = 110
_LONGEST_NAME = 28


@contextmanager
def calm_style() -> Iterator[None]:
    """Draw in one calm style, whatever the user's own settings are."""
    try:
        import matplotlib
    except ImportError as error:
        raise MissingExtraError("Drawing", "report", "matplotlib") from error
    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        # Names in a script that the font lacks are drawn as boxes, which says enough.
        warnings.filterwarnings("ignore", r"(?s)Glyph .* missing from", UserWarning)
        yield


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches, with a canvas of its own."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def as_tile(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Return a picture as RGB with its longer side near `side`: each pixel a whole square, or area-averaged."""
    rgb = picture if picture.ndim == 3 else np.repeat(picture[..., np.newaxis], 3, axis=2)
    height, width = rgb.shape[:2]
    times = side / max(height, width)
    if times >= 0.75:
        whole = max(1, round(times))
        return rgb.repeat(whole, axis=0).repeat(whole, axis=1)
    size = (max(1, round(times * width)), max(1, round(times * height)))
    return np.asarray(cv2.resize(np.ascontiguousarray(rgb), size, interpolation=cv2.INTER_AREA), np.uint8)


def mosaic(
    rows: Sequence[Sequence[NDArray[np.uint8]]],
    size: tuple[int, int],
    *,
    gap: int,
    below: int = 0,
    paper: int = _GAP_GRAY,
) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
    """Lay tiles out in rows, each in the middle of a cell of that height and at least its width.

    Returns:
        The whole, (H, W, 3), and where each cell lies: (rows, columns, 4), as top, left, bottom, right.
    """
    height, width = size
    columns = max(1, *(len(row) for row in rows))
    tops = gap + (height + gap + below) * np.arange(len(rows))
    lefts = gap + (width + gap) * np.arange(columns)
    canvas = np.full((tops[-1] + height + below + gap, lefts[-1] + width + gap, 3), paper, np.uint8)
    for row, top in zip(rows, tops, strict=True):
        for tile, left in zip(row, lefts, strict=False):  # a row may be shorter
            start = left + (width - tile.shape[1]) // 2
            canvas[top : top + height, start : start + tile.shape[1]] = tile
    top_left = np.stack(np.broadcast_arrays(tops[:, np.newaxis], lefts), axis=-1)  # (rows, columns, 2)
    return canvas, np.concatenate([top_left, top_left + np.array([height, width])], axis=-1)


def pixel_figure(canvas: NDArray[np.uint8], *, left: int, right: int, top: int, bottom: int) -> tuple[Figure, Axes]:
    """Return a figure in which each pixel of the canvas is one of the file, and axes that count in them."""
    height, width = canvas.shape[:2]
    across, down = width + left + right, height + top + bottom
    figure = new_figure(across / _DPI, down / _DPI)
    figure.set_layout_engine("none")
    axes = figure.add_axes((left / across, bottom / down, width / across, height / down))
    axes.imshow(canvas, interpolation="nearest", extent=(0, width, height, 0), aspect="auto")
    axes.set_axis_off()
    return figure, axes


def widest_text(texts: Sequence[str]) -> int:
    """Return how many pixels wide the widest text is."""
    figure = new_figure(1, 1)
    return int(np.ceil(max(figure.text(0, 0, text, fontsize=9).get_window_extent().width for text in texts)))


def shortened(name: str, most: int = _LONGEST_NAME) -> str:
    """Return a name on one line, its middle left out where it is too long, and without what no font can draw."""
    text = " ".join(name.encode("utf-8", "replace").decode().split())
    if len(text) <= most:
        return text
    end = most // 3
    return f"{text[: most - end - 1]}…{text[-end:]}"
