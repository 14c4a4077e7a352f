from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import inkread
from inkread.errors import UnreadableImageError
from inkread.results import Box, Digit, Line, Page

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
