"""A Page drawn over its picture."""

from __future__ import annotations

import math

from PIL import Image, ImageDraw, ImageFont

from inkread.imaging.gray import without_alpha
from inkread.imaging.source import Source, open_picture
from inkread.results import Box, Page

__all__ = ["draw"]

_SURE = (0, 128, 64)  # green: answered
_DOUBTFUL = (208, 64, 0)  # orange: withheld, or more likely wrong than one in ten
_LEAST_SURE = 0.9


def draw(page: Page, image: Source) -> Image.Image:
    """Draw the boxes and values of a page over the picture that it was read from.

    Args:
        page: From `inkread.read`.
        image: The picture, as it was given to `inkread.read`.

    Returns:
        A new RGB picture of the same size; doubtful digits are orange, the others green. Of a line of several digits
        the whole is framed too, of a document each field, orange where it breaks a rule.

    Raises:
        ImageError: The picture cannot be read; the subclass says why.
    """
    canvas = Image.fromarray(without_alpha(open_picture(image).pixels)).convert("RGB")
    pen = ImageDraw.Draw(canvas)
    stroke = max(1, round(max(canvas.size) / 300))
    alone = sum(len(line.digits) for line in page.lines) == 1  # else there is no room for each confidence
    for line in page.lines:
        if len(line.digits) > 1 and not page.fields:
            _frame(pen, line.box, line.answered and line.confidence >= _LEAST_SURE, stroke)
    for field in page.fields:
        fine = field.answered and not field.problems and field.confidence >= _LEAST_SURE
        _frame(pen, field.box, fine, stroke, f"{field.name} {field.value or field.text}")
    for digit in (digit for line in page.lines for digit in line.digits):
        colour = _SURE if digit.value is not None and digit.confidence >= _LEAST_SURE else _DOUBTFUL
        box = digit.box
        pen.rectangle((box.left, box.top, box.left + box.width, box.top + box.height), outline=colour, width=stroke)
        font = ImageFont.load_default(max(10.0, (0.16 if alone else 0.3) * box.height))
        sure = f"  {math.floor(1000 * digit.confidence) / 10:.1f} %"  # never rounded up to certainty
        text = digit.label + (sure if alone or colour == _DOUBTFUL else "")
        _, _, width, height = pen.textbbox((0, 0), text, font=font)
        left = min(max(0.0, box.left), max(0.0, canvas.width - width))
        top = box.top - height - stroke
        pen.text((left, top if top >= 0 else box.top + stroke), text, fill=colour, font=font)
    return canvas


def _frame(pen: ImageDraw.ImageDraw, box: Box, fine: bool, stroke: int, text: str = "") -> None:
    """Draw a frame a little outside of a box, and what it holds below it."""
    colour, room = _SURE if fine else _DOUBTFUL, stroke
    corners = (box.left - room, box.top - room, box.left + box.width + room, box.top + box.height + room)
    pen.rectangle(corners, outline=colour, width=stroke)
    if text:
        font = ImageFont.load_default(max(10.0, min(0.25 * box.height, 2.0 * box.width / max(1, len(text)))))
        pen.text((corners[0], corners[3] + stroke), text, fill=colour, font=font)
