"""Forms as pictures: a blank one from its template, and a template drawn over a scan."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from inkread.imaging.labels import Labels, Rectangle
from inkread.reading.documents.template import FormField, Template

__all__ = ["blank_form", "drawn_over"]

_INK, _FRAME = (0, 0, 0), (96, 96, 96)
_OVERLAY, _LABEL = (0, 112, 192), (208, 64, 0)


def blank_form(template: Template, scale: float = 1.0) -> Image.Image:
    """Print a form: its marks, its fields with their names, and nothing in them.

    Args:
        template: The form.
        scale: Pixels for each unit of the template.
    """
    page = Image.new("RGB", (round(scale * template.width), round(scale * template.height)), (255, 255, 255))
    pen = ImageDraw.Draw(page)
    half = template.mark / 2
    for x, y in _marks(template):
        pen.rectangle([round(scale * side) for side in (x - half, y - half, x + half, y + half)], fill=_INK)
    size = scale * min(field.box[3] for field in template.fields) * 0.35
    title = ImageFont.load_default(max(12.0, scale * 0.02 * template.height))
    head = template.corners[0][1] if template.corners else 0.04 * template.height
    middle = scale * template.width / 2, scale * head
    pen.text(middle, template.name, _INK, title, anchor="mm")
    taken = [pen.textbbox(middle, template.name, title, anchor="mm")]
    taken += [
        (scale * (x - half), scale * (y - half), scale * (x + half), scale * (y + half)) for x, y in _marks(template)
    ]
    for field in template.fields:
        left, top, width, height = (scale * side for side in field.box)
        taken.append((left, top, left + width, top + height))
        stroke = max(1, round(0.03 * height))
        pen.rectangle((left, top, left + width, top + height), outline=_FRAME, width=stroke)
        for i in range(1, field.cells):
            x = left + i * width / field.cells
            pen.line((x, top, x, top + height), fill=_FRAME, width=stroke)
    labels = Labels(page, taken)
    for field, box in zip(template.fields, taken[-len(template.fields) :], strict=True):
        labels.write(field.name, box, size, _INK)
    return page


def drawn_over(template: Template, pixels: NDArray[np.uint8], matrix: NDArray[np.float64]) -> Image.Image:
    """Draw where a template finds its marks and fields on a scan.

    Args:
        template: The form.
        pixels: uint8 (H, W) or (H, W, 3), the scan.
        matrix: (3, 3), takes points of the form to points of the scan.
    """
    page = Image.fromarray(pixels).convert("RGB")
    pen = ImageDraw.Draw(page)
    stroke = max(1, round(max(page.size) / 600))
    for x, y in _marks(template):
        half = template.mark / 2
        square = [(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)]
        pen.polygon(_points(square, matrix), outline=_LABEL, width=stroke)
    boxes = [_draw_field(pen, field, matrix, stroke) for field in template.fields]
    labels = Labels(page, ())
    for field, box in zip(template.fields, boxes, strict=True):
        labels.write(field.name, box, 0.4 * (box[3] - box[1]), _LABEL, "inside")
    return page


def _draw_field(pen: ImageDraw.ImageDraw, field: FormField, matrix: NDArray[np.float64], stroke: int) -> Rectangle:
    """Draw the box of a field and its cells; return what is around it on the scan."""
    left, top, width, height = field.box
    corners = [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]
    around = _points(corners, matrix)
    pen.polygon(around, outline=_OVERLAY, width=stroke)
    for i in range(1, field.cells):
        x = left + i * width / field.cells
        pen.line(_points([(x, top), (x, top + height)], matrix), fill=_OVERLAY, width=stroke)
    xs, ys = zip(*around, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _points(points: list[tuple[float, float]], matrix: NDArray[np.float64]) -> list[tuple[float, float]]:
    there = cv2.perspectiveTransform(np.array([points], np.float64), matrix)[0]
    return [(float(x), float(y)) for x, y in there]


def _marks(template: Template) -> tuple[tuple[float, float], ...]:
    return template.corners if template.upright is None else (*template.corners, template.upright)
