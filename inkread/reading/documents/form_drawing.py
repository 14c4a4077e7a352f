"""Forms as pictures: a blank one from its template, and a template drawn over a scan."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

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
    font = ImageFont.load_default(max(10.0, scale * min(field.box[3] for field in template.fields) * 0.35))
    title = ImageFont.load_default(max(12.0, scale * 0.02 * template.height))
    head = template.corners[0][1] if template.corners else 0.04 * template.height
    pen.text((scale * template.width / 2, scale * head), template.name, _INK, title, anchor="mm")
    for field in template.fields:
        left, top, width, height = (scale * side for side in field.box)
        stroke = max(1, round(0.03 * height))
        pen.rectangle((left, top, left + width, top + height), outline=_FRAME, width=stroke)
        for i in range(1, field.cells):
            x = left + i * width / field.cells
            pen.line((x, top, x, top + height), fill=_FRAME, width=stroke)
        pen.text((left, top - 0.15 * height), field.name, _INK, font, anchor="ls")
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
    for field in template.fields:
        _draw_field(pen, field, matrix, stroke)
    return page


def _draw_field(pen: ImageDraw.ImageDraw, field: FormField, matrix: NDArray[np.float64], stroke: int) -> None:
    left, top, width, height = field.box
    corners = [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]
    around = _points(corners, matrix)
    pen.polygon(around, outline=_OVERLAY, width=stroke)
    for i in range(1, field.cells):
        x = left + i * width / field.cells
        pen.line(_points([(x, top), (x, top + height)], matrix), fill=_OVERLAY, width=stroke)
    rule = "".join(f", {part}" for part in (field.check, field.length and f"{field.length} digits") if part)
    tall = max(10.0, 0.3 * abs(around[3][1] - around[0][1]))
    pen.text(around[0], f"{field.name}: {field.kind}{rule}", _LABEL, ImageFont.load_default(tall), anchor="ls")


def _points(points: list[tuple[float, float]], matrix: NDArray[np.float64]) -> list[tuple[float, float]]:
    there = cv2.perspectiveTransform(np.array([points], np.float64), matrix)[0]
    return [(float(x), float(y)) for x, y in there]


def _marks(template: Template) -> tuple[tuple[float, float], ...]:
    return template.corners if template.upright is None else (*template.corners, template.upright)
