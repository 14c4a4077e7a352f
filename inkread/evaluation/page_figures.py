"""Figures and pictures in a form that an HTML page carries inside itself."""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inkread.evaluation import drawing, report_plots
from inkread.evaluation.evaluation import Reliability, Selective
from inkread.evaluation.robustness import Robustness
from inkread.evaluation.robustness_plots import draw_robustness
from inkread.evaluation.selective import Curve

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

__all__ = ["data_uri", "figure_uri", "reliability_svg", "risk_coverage_svg", "robustness_svg"]

_WIDTH = 4.3  # inches: a telephone shows it without making the text smaller
_SHADES = 48
_POINTS = 250  # of a curve
_LARGEST = 84  # pixels of a single picture

# What a drawing is coloured with, and what the page has in its place: a colour of its own for light and for dark.
_COLOURS = {
    "#000000": "currentColor",
    "#333333": "currentColor",
    "#8c8c8c": "var(--faint)",
    "#ffffff": "var(--surface)",
    "#e6e6e6": "var(--line)",
    "#d0d0d0": "var(--line)",
    "#0072b2": "var(--blue)",
    "#d55e00": "var(--orange)",
    "#e1cc55": "var(--step-1)",
    "#b8a774": "var(--step-2)",
    "#8a8779": "var(--step-3)",
    "#575d6d": "var(--step-4)",
    "#0d2b5e": "var(--step-5)",
}


def reliability_svg(reliability: Reliability, label: str) -> str:
    """Return the reliability diagram as an SVG element.

    Args:
        reliability: What to draw.
        label: What it shows, for those who cannot see it; plain text.
    """
    with drawing.calm_style():
        figure = drawing.new_figure(_WIDTH, 3.9)
        report_plots.reliability_diagram(reliability.bins, ax=figure.subplots())
        return _svg(figure, label)


def risk_coverage_svg(selective: Selective, label: str) -> str:
    """Return the curve of errors over answers as an SVG element; arguments as for `reliability_svg`."""
    with drawing.calm_style():
        figure = drawing.new_figure(_WIDTH, 3.9)
        report_plots.risk_coverage_curve(_thinned(selective.curve), selective.promises, ax=figure.subplots())
        return _svg(figure, label)


def robustness_svg(robustness: Robustness, way: str, label: str) -> str:
    """Return one way of the accuracy by corruption as an SVG element; arguments as for `reliability_svg`."""
    with drawing.calm_style():
        figure = drawing.new_figure(_WIDTH, 1.5 + 0.21 * max(4, len(robustness.names)))
        axes = figure.subplots()
        draw_robustness(axes, robustness, way)
        axes.set_title("")
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
        return _svg(figure, label)


def figure_uri(figure: Figure | SubFigure) -> str:
    """Return a figure as the data URI of a PNG file of few colours."""
    file = io.BytesIO()
    with drawing.calm_style():
        figure.savefig(file, format="png", metadata={"Software": None})  # type: ignore[union-attr]
    with Image.open(file) as picture:
        return _uri(picture.convert("RGB").quantize(_SHADES, dither=Image.Dither.NONE))


def data_uri(pixels: NDArray[np.uint8]) -> str:
    """Return a picture, (H, W) or (H, W, 3), as the data URI of a PNG file; a large one is made smaller."""
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    picture.thumbnail((_LARGEST, _LARGEST), Image.Resampling.BOX)
    return _uri(picture)


def _thinned(curve: Curve) -> Curve:
    """Return the points that the eye can tell apart: every one at which an error comes, and some between."""
    places = np.unique(np.linspace(0, len(curve.wrong) - 1, _POINTS).round().astype(int))
    comes = np.flatnonzero(np.diff(curve.wrong)) + 1
    if len(comes) <= _POINTS:
        places = np.unique(np.concatenate([places, comes]))
    return Curve(curve.threshold[places], curve.answered[places], curve.wrong[places])


def _uri(picture: Image.Image) -> str:
    file = io.BytesIO()
    picture.save(file, format="png", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def _svg(figure: Figure, label: str) -> str:
    """Return a figure as an SVG element whose text is text, in the colours and the letters of the page around it."""
    import matplotlib

    file = io.StringIO()
    own: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "inkread", "savefig.facecolor": "none"}
    with matplotlib.rc_context(own):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    drawn = file.getvalue()
    drawn = drawn[drawn.index("<svg") :]
    for pattern in _SUPERFLUOUS:
        drawn = pattern.sub("", drawn)
    drawn = re.sub(r"#[0-9a-f]{6}\b", lambda found: _COLOURS.get(found[0], found[0]), drawn)
    drawn = _fewer_digits(drawn)
    head, body = drawn.split(">", 1)
    box = re.search(r'viewBox="[^"]*"', head)
    return f'<svg {box[0] if box else ""} role="img" aria-label="{html.escape(label)}">{body.strip()}'


_SUPERFLUOUS: Sequence[re.Pattern[str]] = (
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"<metadata>.*?</metadata>", re.DOTALL),
    re.compile(r"<style[^>]*>.*?</style>", re.DOTALL),  # it would hold for the whole page
    re.compile(r'(?<=<g) id="[^"]*"'),  # the same in every figure
    re.compile(r" font-family: [^;\"]*;?|font: [^;\"]*;?"),
    re.compile(r"(?m)^\s+"),
)


def _fewer_digits(drawn: str) -> str:
    return re.sub(r"(?<=\d\.\d{2})\d+(?=[\s\"),;]|$)", "", drawn)
