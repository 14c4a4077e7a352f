from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

import inkread
from inkread.errors import UnreadableImageError
from inkread.results import Box, Digit, Field, Line, Page

BOX = Box(10.0, 20.0, 30.0, 40.0)


def page_of(value: int | None, confidence: float, box: Box = BOX) -> Page:
    digit = Digit(value, "?" if value is None else str(value), confidence, (confidence,), box)
    return Page("", 1, 100, 80, (Line((digit,), box, confidence),))


def colours(drawn: Image.Image) -> set[tuple[int, ...]]:
    return {tuple(colour) for colour in np.unique(np.array(drawn).reshape(-1, 3), axis=0).tolist()}


@pytest.fixture
def paper() -> np.ndarray:
    return np.full((80, 100), 255, np.uint8)


def test_a_new_picture_of_the_same_size(paper):
    drawn = inkread.draw(page_of(7, 0.99), paper)
    assert drawn.mode == "RGB"
    assert drawn.size == (100, 80)
    assert paper.min() == 255


def test_the_box_is_drawn_where_the_digit_is(paper):
    pixels = np.array(inkread.draw(page_of(7, 0.99), paper))
    for x, y in ((10, 40), (40, 40), (25, 20), (25, 60)):
        assert tuple(pixels[y, x]) != (255, 255, 255), (x, y)
    assert (pixels[30:50, 15:35] == 255).all()  # the ink itself stays free
    assert (pixels[62:] == 255).all()


def test_doubt_has_a_colour_of_its_own(paper):
    sure = colours(inkread.draw(page_of(7, 0.99), paper))
    doubtful = colours(inkread.draw(page_of(7, 0.5), paper))
    withheld = colours(inkread.draw(page_of(None, 0.99), paper))
    line_of = {name: min(found, key=sum) for name, found in (("sure", sure), ("no", doubtful), ("none", withheld))}
    assert line_of["sure"] != line_of["no"] == line_of["none"]


@pytest.mark.parametrize("box", [Box(0.0, 0.0, 99.0, 79.0), Box(-5.0, -5.0, 10.0, 10.0), Box(95.0, 75.0, 50.0, 50.0)])
def test_boxes_at_the_edge(paper, box):
    assert colours(inkread.draw(page_of(7, 0.99, box), paper)) != {(255, 255, 255)}


def test_a_page_without_lines_changes_nothing(paper):
    drawn = inkread.draw(Page("", 1, 100, 80), paper)
    assert np.array_equal(np.array(drawn), np.dstack([paper] * 3))


def test_what_was_read_can_be_drawn(draw_digit):
    picture = draw_digit(3, 200)
    drawn = np.array(inkread.draw(inkread.read(picture), picture))
    assert drawn.shape == (200, 200, 3)
    assert (drawn != picture[..., None]).any()


def test_a_picture_that_cannot_be_read():
    with pytest.raises(UnreadableImageError, match="something else"):
        inkread.draw(Page("", 1, 1, 1), b"no picture")


GREEN, ORANGE = (0, 128, 64), (208, 64, 0)


def field_page(**changes) -> Page:
    field = {
        "name": "sum",
        "kind": "number",
        "text": "12",
        "value": "12",
        "confidence": 0.85,
        "box": Box(20, 20, 50, 20),
    }
    return Page("", 1, 200, 100, fields=(Field(**{**field, **changes}),))


@pytest.mark.parametrize(
    ("changes", "colour"),
    [
        ({}, GREEN),
        ({"text": "", "value": None, "confidence": 0.0}, GREEN),  # may be empty, and is
        ({"answered": False}, ORANGE),
        ({"problems": ("12 is more than 9",)}, ORANGE),
        ({"confidence": 0.4}, ORANGE),
    ],
)
def test_fields_are_doubtful_for_a_reason(changes, colour):
    drawn = colours(inkread.draw(field_page(**changes), np.full((100, 200), 255, np.uint8)))
    assert colour in drawn
    assert ({GREEN, ORANGE} - {colour}).isdisjoint(drawn)


def crowd() -> Page:
    """Return a page of three lines of digits that touch each other, some doubtful."""
    lines = []
    for row in range(3):
        boxes = [Box(30 + 22 * i, 40 + 50 * row, 21, 30) for i in range(8)]
        digits = [Digit(8, "8", 0.5 if i % 3 == row else 0.99, (0.5,), box) for i, box in enumerate(boxes)]
        lines.append(Line(tuple(digits), Box(30, 40 + 50 * row, 22 * 8, 30), 0.9))
    return Page("", 1, 240, 220, tuple(lines))


def test_labels_cover_neither_each_other_nor_digits(monkeypatch):
    written = []
    text = ImageDraw.ImageDraw.text

    def spied(pen, place, words, **options):
        kept = {key: options[key] for key in ("font", "stroke_width")}
        written.append(pen.textbbox(place, words, **kept))
        text(pen, place, words, **options)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", spied)
    page = crowd()
    inkread.draw(page, np.full((220, 240), 255, np.uint8), roomy=True)
    assert len(written) == 24
    scale, room = 4, round(0.06 * 4 * 240)
    digits = [digit.box for line in page.lines for digit in line.digits]
    boxes = [(b.left, b.top, b.left + b.width, b.top + b.height) for b in digits]
    taken = [tuple(scale * side + room for side in box) for box in boxes] + written
    for label in written:
        others = [box for box in taken if box is not label]
        assert not any(overlap(label, other) for other in others), label


def overlap(a, b) -> bool:
    return min(a[2], b[2]) - max(a[0], b[0]) > 0.5 and min(a[3], b[3]) - max(a[1], b[1]) > 0.5


def test_a_small_picture_is_enlarged_when_there_is_to_be_room(paper):
    drawn = inkread.draw(page_of(7, 0.99), paper, roomy=True)
    room = round(0.06 * 800)
    assert drawn.size == (800 + 2 * room, 640 + 2 * room)
    assert drawn.getpixel((8 * 10 + room, 8 * 40 + room)) == GREEN
