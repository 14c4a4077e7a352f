"""Results as small pictures for notebooks: SVG as text, with nothing to be installed for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["bars", "boxes"]

_SURE, _DOUBTFUL = "#17723f", "#a84800"
_LEAST_SURE = 0.9
_WIDTH = 420  # of a page in a notebook, at most

# A box: left, top, width, height in pixels of the picture; what it says; how sure that is.
Captioned = tuple[tuple[float, float, float, float], str, float]


def boxes(size: tuple[int, int], found: Iterable[Captioned]) -> str:
    """Return a page as SVG: the boxes where they are on the picture, with what was read in them.

    Args:
        size: Of the picture, width and height in pixels.
        found: What was read.
    """
    width, height = max(1, size[0]), max(1, size[1])
    shown = min(_WIDTH, width)
    unit = width / shown
    parts = [f'<rect width="{width}" height="{height}" fill="#fffefb" stroke="#c9c2b2" stroke-width="{2 * unit:.2f}"/>']
    for (left, top, wide, high), text, confidence in found:
        colour = _colour(confidence) if text != "?" else _DOUBTFUL
        letter = min(0.62 * high, 1.4 * wide)
        parts += [
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{high:.1f}" rx="{3 * unit:.1f}" '
            f'fill="none" stroke="{colour}" stroke-width="{1.5 * unit:.2f}"/>',
            _text(left + wide / 2, top + high / 2 + 0.36 * letter, letter, escape(text), colour, "middle"),
            _text(left, max(12 * unit, top - 4 * unit), 12 * unit, _percent(confidence), colour, "start"),
        ]
    return _svg((width, height), (shown, height / unit), parts)


def bars(labels: Sequence[str], probabilities: Sequence[float]) -> str:
    """Return how likely each class is as SVG.

    Args:
        labels: The names of the classes.
        probabilities: One per class.
    """
    row, best = 20, max(probabilities, default=0.0)
    parts = []
    for i, (label, p) in enumerate(zip(labels, probabilities, strict=True)):
        y, colour = i * row, _colour(p) if p == best else "#9aa0ac"
        parts += [
            _text(34, y + 15, 14, escape(label), "#5d6472", "end"),
            f'<rect x="42" y="{y + 4}" width="{220 * p:.1f}" height="12" rx="3" fill="{colour}"/>',
            _text(326, y + 15, 13, _percent(p), "#5d6472", "end"),
        ]
    size = (336, row * max(1, len(labels)))
    return _svg(size, size, parts)


def _colour(confidence: float) -> str:
    return _SURE if confidence >= _LEAST_SURE else _DOUBTFUL


def _percent(share: float) -> str:
    return f"{int(1000 * share) / 10:.1f} %"  # never rounded up to certainty


def _text(x: float, y: float, size: float, text: str, colour: str, anchor: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:.1f}" font-family="sans-serif" fill="{colour}" '
        f'text-anchor="{anchor}">{text}</text>'
    )


def _svg(view: tuple[float, float], size: tuple[float, float], parts: Iterable[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {view[0]:g} {view[1]:g}" width="{size[0]:.0f}" '
        f'height="{size[1]:.0f}" role="img">{"".join(parts)}</svg>'
    )
