from __future__ import annotations

import json
import math
from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkread.results import SCHEMA, Box, Digit, Field, Line, Page

SHARE = st.floats(0, 1)
PLACE = st.floats(-1e6, 1e6)
TEXT = st.text(max_size=8)
BOXES = st.builds(Box, PLACE, PLACE, PLACE, PLACE)
DIGITS = st.builds(
    Digit,
    value=st.none() | st.integers(0, 9),
    label=st.sampled_from("0123456789?"),
    confidence=SHARE,
    probabilities=st.lists(SHARE, max_size=10).map(tuple),
    box=BOXES,
)
LINES = st.builds(
    Line,
    digits=st.lists(DIGITS, max_size=3).map(tuple),
    box=BOXES,
    confidence=SHARE,
    groups=st.lists(TEXT, max_size=2).map(tuple),
    transcript=TEXT,
    alternatives=st.lists(st.tuples(TEXT, SHARE), max_size=3).map(tuple),
    answered=st.booleans(),
)
FIELDS = st.builds(
    Field,
    name=TEXT,
    kind=TEXT,
    text=TEXT,
    value=st.none() | TEXT,
    confidence=SHARE,
    box=BOXES,
    answered=st.booleans(),
    problems=st.lists(TEXT, max_size=2).map(tuple),
)
PAGES = st.builds(
    Page,
    source=TEXT,
    number=st.integers(1, 2000),
    width=st.integers(0, 20_000),
    height=st.integers(0, 20_000),
    lines=st.lists(LINES, max_size=2).map(tuple),
    fields=st.lists(FIELDS, max_size=2).map(tuple),
    error=st.none() | TEXT,
    model=TEXT,
)

BOX = Box(1.0, 2.0, 3.0, 4.0)


def digit(label: str, confidence: float = 0.5) -> Digit:
    return Digit(None if label == "?" else int(label), label, confidence, (1.0,), BOX)


def line(text: str, confidence: float = 0.5) -> Line:
    return Line(tuple(map(digit, text)), BOX, confidence)


@given(PAGES)
def test_round_trip_through_json(page):
    text = json.dumps(page.to_dict(), allow_nan=False)
    again = Page.from_dict(json.loads(text))
    assert again == page
    assert again.to_dict() == page.to_dict()


@given(PAGES)
def test_what_is_written_has_the_schema_and_few_decimals(page):
    text = page.to_json()
    assert text.isascii()
    assert "\n" not in text
    exact, told = page.to_dict(), json.loads(text)
    assert list(told) == list(exact)
    for line, written in zip(exact["lines"], told["lines"], strict=True):
        assert written["confidence"] == pytest.approx(line["confidence"], abs=1.001e-4)
        assert (written["confidence"] == 1) == (line["confidence"] == 1)
        assert written["box"]["left"] == pytest.approx(line["box"]["left"], abs=0.051)
        assert written["box"].keys() == line["box"].keys()
        assert written["box"]["width"] > 0
    assert Page.from_dict(told).text == page.text


def test_few_decimals():
    box = Box(1.26, 2.0, 0.01, 33.333333)
    probabilities = (0.99999, 0.00001)
    page = Page("", 1, 9, 9, (Line((Digit(7, "7", 0.99999, probabilities, box),), box, 0.123456),))
    (line,) = json.loads(page.to_json())["lines"]
    assert line["confidence"] == 0.1235
    assert line["box"] == {"left": 1.3, "top": 2.0, "width": 0.1, "height": 33.3}
    assert line["digits"][0]["probabilities"] == [0.9999, 0.0]


@given(PAGES)
def test_what_is_derived(page):
    assert page.text.split("\n") == [line.text for line in page.lines] or not page.lines
    assert page.to_dict()["text"] == page.text
    assert 0.0 <= page.confidence <= 1.0


def test_text_and_confidence():
    page = Page("a.png", 1, 10, 20, (line("12?", 0.5), line("4", 0.25)))
    assert page.lines[0].text == "12?"
    assert page.text == "12?\n4"
    assert page.confidence == pytest.approx(0.125)


def test_a_page_without_lines():
    page = Page("", 1, 10, 20)
    assert page.text == ""
    assert page.confidence == 0.0
    assert Page.from_dict(page.to_dict()) == page


def test_the_schema():
    page = Page("a.png", 2, 10, 20, (line("7"),), (Field("sum", "amount", "7", "7.00", 0.5, BOX),), None, "m 1")
    data = page.to_dict()
    keys = ["schema", "source", "number", "width", "height", "text", "confidence", "lines", "fields", "error", "model"]
    assert list(data) == keys
    assert data["schema"] == SCHEMA == 1
    assert set(data["lines"][0]) == {
        "text",
        "confidence",
        "answered",
        "box",
        "groups",
        "transcript",
        "alternatives",
        "digits",
    }
    assert data["lines"][0]["digits"][0] == {
        "value": 7,
        "label": "7",
        "confidence": 0.5,
        "probabilities": [1.0],
        "box": {"left": 1.0, "top": 2.0, "width": 3.0, "height": 4.0},
    }
    assert data["fields"][0]["value"] == "7.00"


@pytest.mark.parametrize(
    ("changes", "doubts"),
    [
        ({}, ()),
        ({"confidence": 0.49}, ("only 49% sure",)),
        ({"answered": False}, ("withheld",)),
        ({"answered": False, "problems": ("the amount is withheld",)}, ("the amount is withheld",)),
        ({"confidence": 0.1, "problems": ("7 is less than 8",)}, ("7 is less than 8",)),
        ({"text": "", "value": None, "confidence": 0.0}, ()),
        ({"text": "", "value": None, "answered": False, "problems": ("it is empty",)}, ("it is empty",)),
    ],
)
def test_why_a_field_is_doubtful(changes, doubts):
    assert replace(Field("sum", "number", "7", "7", 0.9, BOX), **changes).doubts == doubts


@pytest.mark.parametrize("schema", [0, SCHEMA + 1, "1", None])
def test_another_schema_is_refused(schema):
    data = Page("", 1, 1, 1).to_dict() | {"schema": schema}
    with pytest.raises(ValueError, match=f"Expected a page of schema {SCHEMA}, got schema {schema!r}"):
        Page.from_dict(data)


def test_no_schema_is_refused():
    with pytest.raises(ValueError, match="got schema None"):
        Page.from_dict({})


def test_keys_of_later_releases_do_no_harm():
    page = Page("", 1, 1, 1, (line("3"),))
    data = page.to_dict()
    data["later"] = data["lines"][0]["later"] = 1
    assert Page.from_dict(data) == page


def test_results_cannot_be_changed_but_copied_with_changes():
    page = Page("a.png", 1, 1, 1)
    with pytest.raises(FrozenInstanceError):
        page.source = "b.png"
    assert replace(page, source="b.png").source == "b.png"
    assert hash(page) == hash(Page("a.png", 1, 1, 1))


def test_confidence_of_many_lines_does_not_overflow():
    page = Page("", 1, 1, 1, tuple(line("1", 0.1) for _ in range(400)))
    assert page.confidence == 0.0 or math.isfinite(page.confidence)


def test_results_are_pictures_in_a_notebook():
    from xml.etree import ElementTree

    box = Box(10, 20, 30, 40)
    digit = Digit(None, "?", 0.5, (0.5, 0.25, 0.25), box)
    page = Page("", 1, 800, 600, (Line((digit, digit), box, 0.25),))
    for shown, rectangles in ((page, 3), (digit, 3), (Page("", 1, 0, 0), 1)):
        picture = ElementTree.fromstring(shown._repr_svg_())
        assert len(picture.findall("{http://www.w3.org/2000/svg}rect")) == rectangles
