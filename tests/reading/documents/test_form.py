from __future__ import annotations

import copy
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

import inkread
from inkread.errors import UnreadableImageError, UsageError
from inkread.imaging.corners import find_marks, register
from inkread.imaging.gray import to_gray
from inkread.reading.documents.checks import CHECKS, is_valid
from inkread.reading.documents.form import Form, field_strip
from inkread.reading.documents.form_drawing import blank_form, drawn_over
from inkread.reading.documents.template import open_template, template_from

EXAMPLE = Path(__file__).parents[3] / "examples" / "form"
TEMPLATE = json.loads((EXAMPLE / "template.json").read_text(encoding="utf-8"))
VALUES = {"customer": "7932654184", "postcode": "23548", "day": "326", "tariff 1": "48235", "tariff 2": "26380"}


@pytest.fixture(scope="module")
def filled() -> np.ndarray:
    return np.asarray(Image.open(EXAMPLE / "filled.jpg").convert("RGB"))


def changed(**fields: dict) -> dict:
    """Return the example's template with other fields."""
    template = copy.deepcopy(TEMPLATE)
    for field in template["fields"]:
        field.update(fields.get(field["name"].replace(" ", "_"), {}))
    return template


def test_the_example_is_read(filled):
    page = inkread.read(filled, document=str(EXAMPLE / "template.json"))
    assert {field.name: field.value for field in page.fields} == VALUES | {"total": "74615"}
    assert all(field.problems == () and field.answered for field in page.fields)
    assert len(page.lines) == 6
    assert inkread.draw(page, filled).size == filled.shape[1::-1]
    assert inkread.Page.from_dict(page.to_dict()) == page


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_whichever_side_is_up(filled, quarters):
    turned = np.ascontiguousarray(np.rot90(filled, quarters))
    page = inkread.read(turned, document=str(EXAMPLE / "template.json"))
    assert {field.name: field.value for field in page.fields} == VALUES | {"total": "74615"}
    for field in page.fields:
        assert 0 <= field.box.left <= turned.shape[1]
        assert 0 <= field.box.top <= turned.shape[0]


def test_scaled_and_tilted(filled):
    height, width = filled.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 9, 0.6)
    turned = cv2.warpAffine(filled, turn, (width, height), borderValue=(70, 62, 58))
    page = inkread.read(turned, document=str(EXAMPLE / "template.json"))
    assert {field.name: field.value for field in page.fields} == VALUES | {"total": "74615"}


def test_rules_that_are_broken(filled):
    template = changed(customer={"check": "mod97"}, day={"range": [1, 300]}, tariff_1={"range": [60000, None]})
    template["sums"] = [{"total": "total", "parts": ["tariff 1", "day"]}]
    page = inkread.read(filled, document=Form(template_from(template, "here")))
    problems = {field.name: field.problems for field in page.fields}
    assert problems["customer"][0].startswith("7932654184 breaks the rule 'mod97' of its check digits")
    assert problems["day"] == ("326 is more than 300",)
    assert problems["tariff 1"] == ("48235 is less than 60000",)
    assert problems["total"] == ("74615 is not tariff 1 + day, which is 48561",)
    assert problems["postcode"] == problems["tariff 2"] == ()


def test_the_blank_form_is_empty():
    form = Form.open(str(EXAMPLE / "template.json"))
    gray = np.asarray(Image.open(EXAMPLE / "blank.png").convert("L"))
    assert all(field_strip(gray, form.placed(gray), field) is None for field in form.template.fields)
    page = inkread.read(gray, document=form)
    assert page.lines == ()
    assert {field.name: field.problems for field in page.fields if field.problems} == dict.fromkeys(
        ("customer", "postcode", "day", "tariff 1", "total"), ("it is empty",)
    )


def test_a_scan_of_something_else(filled, draw_digit):
    for picture in (draw_digit(3, 400), filled[:600], np.full((300, 300), 255, np.uint8)):
        with pytest.raises(UnreadableImageError, match="Expected a scan of the form 'Meter reading' with its four"):
            inkread.read(picture, document=str(EXAMPLE / "template.json"))


def test_other_files_go_on(filled):
    sources = [np.full((300, 300), 255, np.uint8), filled]
    pages = list(inkread.read_many(sources, document=str(EXAMPLE / "template.json"), on_error="keep"))
    assert "four corner marks" in pages[0].error
    assert pages[1].fields[2].value == "326"


def test_a_form_can_be_drawn():
    template = open_template(str(EXAMPLE / "template.json"))
    blank = blank_form(template, 3)
    assert blank.size == (630, 444)
    over = drawn_over(template, np.asarray(blank), np.diag([3.0, 3.0, 1.0]))
    assert (np.asarray(over) != np.asarray(blank)).any()


@pytest.mark.parametrize("name", ["blank.png", "filled.jpg"])
def test_marks_are_found_without_a_template(name):
    gray = to_gray(np.asarray(Image.open(EXAMPLE / name).convert("RGB")))
    marks = find_marks(gray)
    placed = register(gray, marks.corners, marks.mark, marks.upright)
    assert np.allclose(placed, np.eye(3), atol=0.5)  # they are where a template with them finds them


def test_there_are_no_marks_where_there_are_none(filled):
    blank = np.full((400, 600), 255, np.uint8)
    assert find_marks(blank) is None
    four = blank.copy()
    for x, y in ((30, 30), (560, 30), (560, 360), (30, 360)):
        four[y : y + 20, x : x + 20] = 0
    assert find_marks(four) is None  # nothing tells which side is up
    four[30:50, 60:80] = 0
    assert find_marks(four).upright == pytest.approx((69.5, 39.5), abs=1)


def test_names_are_printed_beside_the_fields_and_each_other(monkeypatch):
    names = ["customer number", "another name", "a third name", "a last one that is long"]
    fields = [{"name": name, "box": [20 + 18 * i, 20, 18, 8]} for i, name in enumerate(names)]
    fields.append({"name": "below", "box": [20, 28, 18, 8]})
    template = template_from({"format": 1, "name": "Dense", "width": 200, "height": 90, "fields": fields}, "here")
    written = []
    text = ImageDraw.ImageDraw.text

    def spied(pen, place, words, *given, **options):
        if words in [*names, "below"]:
            written.append(pen.textbbox(place, words, options["font"], stroke_width=options["stroke_width"]))
        text(pen, place, words, *given, **options)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", spied)
    blank_form(template, 8)
    assert len(written) == 5
    boxes = [(8 * x, 8 * y, 8 * (x + w), 8 * (y + h)) for x, y, w, h in (field.box for field in template.fields)]
    for label in written:
        for other in (*boxes, *(one for one in written if one is not label)):
            across, down = (min(label[i + 2], other[i + 2]) - max(label[i], other[i]) for i in (0, 1))
            assert min(across, down) <= 0.5


def test_names_of_one_row_stand_on_one_line(monkeypatch):
    feet = {}
    text = ImageDraw.ImageDraw.text

    def spied(pen, place, words, *given, **options):
        feet[words] = place[1]
        text(pen, place, words, *given, **options)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", spied)
    blank_form(open_template(str(EXAMPLE / "template.json")), 8)
    assert feet["customer"] == feet["postcode"]  # the one without, the other with a stroke below the line


def test_all_that_is_wrong_with_a_template_is_told():
    template = changed(customer={"check": "luhnn", "kind": "nummer"}, day={"box": [200, 0, 50, 10]})
    template["fields"][2]["range"] = "all"
    template["fields"][3]["name"] = "day"
    template["sums"] = [{"total": "totl", "parts": ["tariff 2"]}]
    template["corners"] = template["corners"][:3]
    template["heigth"] = 5
    with pytest.raises(UsageError) as caught:
        template_from(template, "here")
    told = str(caught.value)
    for part in (
        "heigth: there is no such key. Did you mean 'height'?",
        "fields[0].check: one of luhn,",
        "Did you mean 'luhn'?",
        "fields[0].kind: one of number, amount, postcode (got 'nummer')",
        "fields[2].box: inside the page of 210 x 148",
        "fields[2].range: [least, greatest]",
        "two are named 'day'",
        "sums[0]: there is no field 'totl'. Did you mean 'total'?",
        "corners: the centres of four marks",
    ):
        assert part in told, part


def test_rules_that_contradict_themselves():
    """Ranges that nothing is in, and totals of postal codes, which are no numbers, would fail at the first scan."""
    rules = {"length": 11, "required": "no"}
    template = changed(customer=rules, day={"range": [9, 1]}, tariff_1={"range": [0, "NaN"]})
    template["sums"] = [{"total": "total", "parts": ["postcode", "total"], "part": []}]
    with pytest.raises(UsageError) as caught:
        template_from(template, "here")
    for part in (
        "fields[0].length: at most 10, as many as there are cells (got 11)",
        "fields[0].required: true or false (got 'no')",
        "fields[2].range: [least, greatest], null for an open end (got [9, 1])",
        "fields[3].range: [least, greatest]",
        "sums[0]: 'postcode' is a postal code",
        "sums[0]: 'total' cannot be a part of itself",
        "sums[0].part: there is no such key. Did you mean 'parts'?",
    ):
        assert part in str(caught.value), part


def test_a_box_may_reach_the_edge_of_the_page():
    box = [0.03, 0, 29.67, 21]
    assert box[0] + box[2] > 29.7  # as sums of binary fractions are
    fields = [{"name": "wide", "box": box}]
    assert template_from({"format": 1, "width": 29.7, "height": 21, "fields": fields}, "here").width == 29.7


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"format": 2}', '{"format": 1}', '{"format": 1, "fields": [3]}'])
def test_files_that_are_no_template(tmp_path, text):
    path = tmp_path / "form.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"Expected (the|another) template"):
        Form.open(str(path))


@pytest.mark.parametrize(
    ("rule", "number"),
    [("luhn", "79927398713"), ("mod97", "21090011"), ("verhoeff", "2363"), ("damm", "5724"), ("ean", "4006381333931"),
     ("mod11-10", "79462")],
)  # fmt: skip
def test_check_digits(rule, number):
    good = [digit for digit in "0123456789" if is_valid(rule, number[:-1] + digit)]
    assert len(good) <= 1
    assert set(CHECKS) == {"luhn", "mod97", "mod11-10", "verhoeff", "damm", "ean"}
    assert is_valid("luhn", "79927398713")


def test_a_form_without_marks_fills_its_scan(filled, tmp_path):
    matrix = np.asarray(Form(template_from(TEMPLATE, "here")).placed(cv2.cvtColor(filled, cv2.COLOR_RGB2GRAY)))
    scale = 6
    size = (scale * TEMPLATE["width"], scale * TEMPLATE["height"])
    flat = cv2.warpPerspective(filled, np.diag([scale, scale, 1.0]) @ np.linalg.inv(matrix), size)
    plain = {key: value for key, value in TEMPLATE.items() if key not in ("corners", "mark", "upright")}
    path = tmp_path / "plain.json"
    path.write_text(json.dumps(plain), encoding="utf-8")
    page = inkread.read(flat, document=str(path))
    assert {field.name: field.value for field in page.fields} == VALUES | {"total": "74615"}
    with pytest.raises(UnreadableImageError, match="has no corner marks, in the same proportion, got a picture of"):
        inkread.read(np.ascontiguousarray(flat[: len(flat) // 2]), document=str(path))
    assert blank_form(open_template(str(path)), 2).size == (2 * TEMPLATE["width"], 2 * TEMPLATE["height"])


def test_marks_are_told_of_all_or_none():
    part = {key: value for key, value in TEMPLATE.items() if key != "upright"}
    with pytest.raises(UsageError, match=r"upright: \[x, y\] \(got None\)"):
        template_from(part, "here")
