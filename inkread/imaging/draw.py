"""A Page drawn over its picture."""

from __future__ import annotations

import math
from dataclasses import replace

from PIL import Image, ImageDraw

from inkread.imaging.gray import without_alpha
from inkread.imaging.labels import Labels, Rectangle
from inkread.imaging.source import Source, open_picture
from inkread.results import EVEN, Box, Digit, Field, Line, Page

__all__ = ["draw"]

_SURE = (0, 128, 64)  # green: answered
_DOUBTFUL = (208, 64, 0)  # orange
_PAPER = (240, 240, 240)
_LEAST_SURE = 0.9  # of a digit
_SMALL = 800  # pixels of the longer side up to which a picture is enlarged
_MARGIN = 0.06  # of the longer side


def draw(page: Page, image: Source, *, roomy: bool = False) -> Image.Image:
    """Draw the boxes and values of a page over the picture that it was read from.

    Args:
        page: From `inkread.read`.
        image: The picture, as it was given to `inkread.read`.
        roomy: Enlarge a small picture and put a margin around it, so that all labels find room.

    Returns:
        A new RGB picture, of the same size unless it is to be roomy. Digits that are withheld, or wrong more often
        than one in ten, are orange, the others green. A line of several digits is framed too, orange where it is
        withheld or likelier wrong than right; of a document each field, orange where `Field.doubts` names a reason,
        with its name and value.

    Raises:
        ImageError: The picture cannot be read; the subclass says why.
    """
    canvas = Image.fromarray(without_alpha(open_picture(image).pixels)).convert("RGB")
    if roomy:
        page, canvas = _with_room(page, canvas)
    stroke = max(1, round(max(canvas.size) / 300))
    _draw_boxes(ImageDraw.Draw(canvas), page, stroke)
    labels = Labels(canvas, [_corners(digit.box) for line in page.lines for digit in line.digits])
    _write_fields(labels, page, stroke, max(canvas.size))
    _write_digits(labels, page, stroke, max(canvas.size))
    return canvas


def _draw_boxes(pen: ImageDraw.ImageDraw, page: Page, stroke: int) -> None:
    for line in page.lines:
        if len(line.digits) > 1 and not page.fields:
            pen.rectangle(_outside(line.box, stroke), outline=_line_colour(line), width=stroke)
    for field in page.fields:
        pen.rectangle(_outside(field.box, stroke), outline=_field_colour(field), width=stroke)
    for digit in (digit for line in page.lines for digit in line.digits):
        pen.rectangle(_corners(digit.box), outline=_digit_colour(digit), width=stroke)


def _write_fields(labels: Labels, page: Page, stroke: int, side: int) -> None:
    for field in page.fields:
        size = max(side / 100, min(0.3 * field.box.height, side / 40))
        text = f"{field.name}: {field.value or field.text or '-'}"
        labels.write(text, _outside(field.box, 2 * stroke), size, _field_colour(field), "below")


def _write_digits(labels: Labels, page: Page, stroke: int, side: int) -> None:
    found = [(line.box.height, digit) for line in page.lines for digit in line.digits]
    alone = len(found) == 1  # else there is no room for each confidence
    for height, digit in found:
        colour = _digit_colour(digit)
        if page.fields and colour == _SURE:
            continue  # its field says what it is
        sure = f"  {math.floor(1000 * digit.confidence) / 10:.1f} %"  # never rounded up to certainty
        text = digit.label + (sure if alone or colour == _DOUBTFUL else "")
        size = max(side / 100, (0.16 if alone else 0.3) * height)
        labels.write(text, _outside(digit.box, stroke), size, colour)


def _with_room(page: Page, canvas: Image.Image) -> tuple[Page, Image.Image]:
    """Enlarge a picture that is small, put paper around it, and move the boxes along."""
    scale = max(1, math.ceil(_SMALL / max(canvas.size)))
    room = round(_MARGIN * scale * max(canvas.size))
    large = canvas.resize((scale * canvas.width, scale * canvas.height), Image.Resampling.NEAREST)
    sheet = Image.new("RGB", (large.width + 2 * room, large.height + 2 * room), _PAPER)
    sheet.paste(large, (room, room))

    def moved(box: Box) -> Box:
        return Box(scale * box.left + room, scale * box.top + room, scale * box.width, scale * box.height)

    lines = tuple(
        replace(line, box=moved(line.box), digits=tuple(replace(d, box=moved(d.box)) for d in line.digits))
        for line in page.lines
    )
    return replace(page, lines=lines, fields=tuple(replace(f, box=moved(f.box)) for f in page.fields)), sheet


def _digit_colour(digit: Digit) -> tuple[int, int, int]:
    return _SURE if digit.value is not None and digit.confidence >= _LEAST_SURE else _DOUBTFUL


def _line_colour(line: Line) -> tuple[int, int, int]:
    return _SURE if line.answered and line.confidence >= EVEN else _DOUBTFUL


def _field_colour(field: Field) -> tuple[int, int, int]:
    return _DOUBTFUL if field.doubts else _SURE


def _corners(box: Box) -> Rectangle:
    return box.left, box.top, box.left + box.width, box.top + box.height


def _outside(box: Box, room: float) -> Rectangle:
    left, top, right, bottom = _corners(box)
    return left - room, top - room, right + room, bottom + room
