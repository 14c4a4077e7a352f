"""Numbers of several digits, through `read`."""

from __future__ import annotations

import csv
import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import inkread
from inkread.errors import UsageError
from inkread.imaging.lines import one_line
from inkread.imaging.sheet import find_sheet
from inkread.reading.lattice import Edge, best_paths
from inkread.reading.segmented import SegmentedReader
from inkread.reading.wanted import Wanted
from tests.conftest import drawn_digit


@pytest.fixture(scope="module")
def reader() -> inkread.Reader:
    return inkread.Reader()


def number(text: str, *, size: int = 60, gap: float = 0.5, margin: int = 20, pen: float = 0.07, **pens) -> np.ndarray:
    """Return a picture of a number, dark on light unless told otherwise; a space is a wide gap."""
    paper = pens.get("paper", 255)
    parts = []
    for sign in text:
        if sign == " ":
            parts.append(np.full((size, int(1.2 * size)), paper, np.uint8))
            continue
        tile = drawn_digit(int(sign), size, share=0.8, pen=pen, **pens)
        columns = np.flatnonzero((tile != paper).any(axis=0))
        parts += [tile[:, columns[0] : columns[-1] + 1], np.full((size, int(gap * 0.5 * size)), paper, np.uint8)]
    line = np.hstack(parts)
    return cv2.copyMakeBorder(line, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=paper)


def squared(picture: np.ndarray, side: float, *, rule: int, degrees: float) -> np.ndarray:
    """Return a picture with squared paper, its rules a gray level, under its ink."""
    height, width = picture.shape
    rise = np.tan(np.radians(degrees))
    paper = np.full_like(picture, 255)
    for k in range(-4, int(max(height, width) / side) + 5):
        at = (k + 0.3) * side
        cv2.line(paper, (0, round(at)), (width, round(at + rise * width)), rule, 1, cv2.LINE_AA)
        cv2.line(paper, (round(at), 0), (round(at - rise * height), height), rule, 1, cv2.LINE_AA)
    return np.minimum(paper, picture)


def sheet(*rows: str, **options) -> np.ndarray:
    """Return a picture of numbers below each other."""
    lines = [number(row, **options) for row in rows]
    width = max(line.shape[1] for line in lines)
    return np.vstack([np.pad(line, ((0, 0), (0, width - line.shape[1])), constant_values=255) for line in lines])


@pytest.mark.parametrize("text", ["42", "1723", "3047214", "00"])
@pytest.mark.parametrize("layout", ["auto", "line", "page"])
def test_a_number_is_read(reader, text, layout):
    page = reader.read(number(text), layout=layout)
    (line,) = page.lines
    assert page.text == line.text == line.transcript == text
    assert line.groups == (text,)
    assert line.answered
    assert 0.2 < line.confidence <= 1
    assert line.alternatives[0][0] == text
    assert sum(p for _, p in line.alternatives) <= 1.001
    lefts = [digit.box.left for digit in line.digits]
    assert lefts == sorted(lefts)


@pytest.mark.parametrize(("ink", "paper"), [(255, 0), (60, 170), (120, 200)])
def test_pens_and_papers(reader, ink, paper):
    assert reader.read(number("2731", ink=ink, paper=paper)).text == "2731"


@pytest.mark.parametrize("size", [100, 300])
def test_a_thin_pen(reader, size):
    picture = number("402 31", size=size, pen=0.012)
    assert reader.read(picture).text == "40231"


@pytest.mark.parametrize("digit", [2, 3, 4, 7])
@pytest.mark.parametrize("size", [40, 120])
def test_a_page_with_one_digit(reader, digit, size):
    assert reader.read(drawn_digit(digit, size), layout="page").text == str(digit)


def test_boxes_are_in_pixels_of_the_picture(reader):
    picture = np.full((600, 800), 255, np.uint8)
    line = number("127", margin=0)
    height, width = line.shape
    picture[400 : 400 + height, 300 : 300 + width] = line
    box = reader.read(picture).lines[0].box
    assert (box.left, box.top) == pytest.approx((300, 406), abs=6)
    assert (box.width, box.height) == pytest.approx((width - 15, 48), abs=8)


def test_groups_are_parted_by_wide_gaps(reader):
    (line,) = reader.read(number("123 47 21"), layout="page").lines
    assert line.groups == ("123", "47", "21")
    assert line.text == "1234721"
    assert line.transcript == "123 47 21"


def test_lines_come_in_reading_order(reader):
    assert reader.read(sheet("1234", "72", "40137")).text == "1234\n72\n40137"


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_page_may_lie_on_its_side(reader, quarters):
    picture = sheet("4273427", "3427423", "7434237")
    page = reader.read(np.ascontiguousarray(np.rot90(picture, quarters)), layout="page")
    assert page.text == "4273427\n3427423\n7434237"


@pytest.mark.parametrize("degrees", [-14, -6, 3, 11])
def test_a_page_may_be_skewed(reader, degrees):
    picture = cv2.copyMakeBorder(sheet("4273427", "3427423"), 120, 120, 60, 60, cv2.BORDER_CONSTANT, value=255)
    height, width = picture.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    turned = cv2.warpAffine(picture, turn, (width, height), borderValue=255)
    assert reader.read(turned, layout="page").text == "4273427\n3427423"


def test_uneven_light(reader):
    picture = number("1237204").astype(np.float32)
    light = np.linspace(1.0, 0.35, picture.shape[1])[None, :]
    assert reader.read((picture * light).astype(np.uint8)).text == "1237204"


def test_rules_and_boxes_are_no_digits(reader):
    picture = number("12370", gap=1.0, margin=30)
    height, width = picture.shape
    cv2.line(picture, (0, height - 22), (width, height - 22), 90, 2)
    cv2.rectangle(picture, (8, 8), (width - 8, height - 8), 60, 2)
    assert reader.read(picture, layout="line").text == "12370"


@pytest.mark.parametrize("layout", ["auto", "line"])
@pytest.mark.parametrize("degrees", [-3, 0, 4])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.8])
@pytest.mark.parametrize("rule", [130, 155])
def test_squared_paper_is_no_number(reader, rule, share, degrees, layout):
    digits = number("42731", pen=0.05, ink=30, margin=50)
    picture = cv2.GaussianBlur(squared(digits, share * 48, rule=rule, degrees=degrees), (0, 0), 0.6)
    (line,) = reader.read(picture, layout=layout).lines
    assert line.transcript == "42731"


def test_marks_stand_in_the_transcript(reader):
    left, right = number("12", margin=0), number("340", margin=0)
    height = left.shape[0]
    dot, dash = np.full((height, 24), 255, np.uint8), np.full((height, 60), 255, np.uint8)
    cv2.circle(dot, (8, int(0.86 * height)), 4, 0, -1)
    cv2.line(dash, (10, height // 2), (50, height // 2), 0, 4)
    picture = cv2.copyMakeBorder(
        np.hstack([left, dot, right, dot, dash]), 20, 20, 20, 20, cv2.BORDER_CONSTANT, value=255
    )
    (line,) = reader.read(picture, layout="line").lines
    assert line.text == "12340"
    assert line.transcript == "12.340.-"


def test_a_comma_under_a_digit_that_leans_over_it(reader):
    picture = number("1273", margin=40)
    shear = np.array([[1, -0.35, 50], [0, 1, 0]], np.float32)
    picture = cv2.warpAffine(picture, shear, (picture.shape[1] + 60, picture.shape[0]), borderValue=255)
    foot = np.flatnonzero((picture < 128).any(axis=1))[-1]
    ink = np.flatnonzero((picture[: foot // 2] < 128).any(axis=0))
    assert reader.read(picture, layout="line").lines[0].transcript == "1273"
    at = int(ink[-1] - 0.25 * (ink[-1] - ink[0])) - 8
    cv2.line(picture, (at, foot - 4), (at - 4, foot + 9), 0, 4, cv2.LINE_AA)
    assert reader.read(picture, layout="line").lines[0].transcript == "127,3"


def test_a_cell_holds_one_digit():
    (strip,) = one_line(find_sheet(number("11 42", gap=0.4)))
    read = SegmentedReader(inkread.Predictor()).read
    assert read([strip])[0].text == "1142"
    width = strip.level.shape[1]
    left, right = read([replace(strip, dividers=(0.45 * width, 0.8 * width))])[0].digits[-2:]
    assert (left.label, right.label) == ("4", "2")
    assert len(read([replace(strip, dividers=(0.45 * width, 0.8 * width))])[0].digits) <= 3


@pytest.mark.parametrize("word", ["HAMEKR", "kitchen", "Received"])
@pytest.mark.parametrize("layout", ["auto", "line", "page"])
def test_a_word_is_no_number(reader, word, layout):
    picture = np.full((120, 60 + 45 * len(word)), 240, np.uint8)
    cv2.putText(picture, word, (30, 80), cv2.FONT_HERSHEY_SIMPLEX, 2.0, 30, 4, cv2.LINE_AA)
    assert reader.read(picture, layout=layout).text == ""


def test_length_and_pattern_constrain(reader):
    picture = number("1723")
    assert reader.read(picture, length=4).text == "1723"
    assert reader.read(picture, pattern=r"1[0-9]+").text == "1723"
    other = reader.read(picture, pattern=r"17[04]\d")
    assert other.text[:2] == "17"
    assert other.text[2] in "04"
    assert other.lines[0].confidence < 0.5


def test_what_cannot_be_met_is_withheld(reader):
    (line,) = reader.read(number("1723"), length=40).lines
    assert not line.answered
    assert line.confidence == 0.0
    assert "?" in line.text


def test_lines_are_withheld_where_less_error_is_wished_than_can_be_promised(reader):
    plain = reader.read(number("1723")).lines[0]
    held = reader.read(number("1723"), max_error=0.0001).lines[0]
    assert not held.answered
    assert "?" in held.text
    assert held.transcript == held.text
    assert held.confidence == plain.confidence
    assert held.alternatives == plain.alternatives


def test_a_clear_line_is_answered_at_a_wished_error(reader):
    assert reader.read(number("1723"), max_error=0.05).lines[0].answered


def test_another_digit_model_promises_nothing_of_lines():
    line = inkread.Reader("tiny").read(number("1723"), max_error=0.1).lines[0]
    assert not line.answered


def test_a_line_reader_of_ones_own(draw_digit):
    class Silent:
        def read(self, strips, wanted):
            assert all(strip.level.dtype == np.uint8 for strip in strips)
            return [None] * len(strips)

    assert inkread.Reader(line_model=Silent()).read(number("12"), layout="line").lines == ()
    with pytest.raises(UsageError, match="Expected line_model 'line'"):
        inkread.Reader(line_model="lines")


@pytest.mark.parametrize("layout", ["line", "page", "auto"])
@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_blank_picture_has_no_lines(reader, layout, value):
    assert reader.read(np.full((90, 200), value, np.uint8), layout=layout).lines == ()


@settings(max_examples=30, deadline=None)
@given(arrays(np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 60))), st.sampled_from(["line", "page", "auto"]))
def test_any_picture_gives_a_page(picture, layout):
    page = inkread.read(picture, layout=layout)
    assert inkread.Page.from_dict(page.to_dict()) == page


def test_results_can_be_drawn(reader):
    picture = sheet("1234", "72")
    assert inkread.draw(reader.read(picture), picture).size == picture.shape[::-1]


@pytest.mark.dev_sets
def test_photos_and_form_fields(reader):
    folder = Path(os.environ.get("INKREAD_DATA", "")) / "dev" / "photos"
    if not os.environ.get("INKREAD_DATA") or not folder.is_dir():
        pytest.skip("needs the development sets under INKREAD_DATA")
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    read = [reader.read(folder / row["file"]).text.replace("\n", "|") for row in rows]
    assert sum(text == row["truth"] for text, row in zip(read, rows, strict=True)) >= 14
    forms = [text == row["truth"] for text, row in zip(read, rows, strict=True) if "nist" in row["file"]]
    assert all(forms)


def test_a_line_of_more_classes_than_a_byte_holds():
    scores = np.log(np.full(300, 0.001))
    scores[299] = np.log(0.7)
    labels = tuple(f"<{i}>" for i in range(300))
    edges = [Edge(0, 1, 0.0, scores), Edge(1, 2, 0.0, scores)]
    assert best_paths(edges, 3, labels)[0].classes == (299, 299)
    assert best_paths(edges, 3, labels, Wanted(pattern="<299><299>"))[0].classes == (299, 299)
