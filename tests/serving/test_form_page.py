"""The tool of the page for templates of forms, in a real browser, held against what the library takes."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

import inkread
from inkread.errors import UsageError
from inkread.reading.documents import amount, postcode, template
from inkread.reading.documents.checks import CHECKS
from inkread.reading.documents.template import open_template, template_from
from tests.serving.browser import PHONE, Sheet

EXAMPLES = Path(__file__).parents[2] / "examples"
EXAMPLE = EXAMPLES / "form"
TEMPLATE = json.loads((EXAMPLE / "template.json").read_text(encoding="utf-8"))


@pytest.fixture
def form(opened) -> Sheet:
    """Return the page with the empty form of the examples."""
    return blank(opened())


def blank(sheet: Sheet) -> Sheet:
    sheet.open("form")
    sheet.page.set_input_files("#open", EXAMPLE / "blank.png")
    sheet.page.locator("#form [role=status]", has_text="Corner marks found").wait_for()
    return sheet


def load(sheet: Sheet, path: Path = EXAMPLE / "template.json") -> Sheet:
    sheet.page.set_input_files("#form input[type=file]", path)
    return sheet


def fill(sheet: Sheet, **values: str) -> None:
    for key, value in values.items():
        control = sheet.page.locator(f"#form [data-key={key}]")
        if control.evaluate("element => element.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)


def saved(sheet: Sheet, folder: Path) -> dict:
    sheet.save("Save template", folder / "saved.json")
    open_template(str(folder / "saved.json"))
    return json.loads((folder / "saved.json").read_text(encoding="utf-8"))


def drag(sheet: Sheet, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag over the sheet, from and to points in units of a form of 210 x 148."""
    picture = sheet.place("#boxes")
    scale = min(picture["width"] / 210, picture["height"] / 148)
    left, top = (picture[side] + (picture[size] - scale * units) / 2 for side, size, units in
                 (("x", "width", 210), ("y", "height", 148)))  # fmt: skip
    sheet.page.mouse.move(left + scale * start[0], top + scale * start[1])
    sheet.page.mouse.down()
    sheet.page.mouse.move(left + scale * end[0], top + scale * end[1], steps=4)
    sheet.page.mouse.up()


def test_a_template_without_marks(opened, tmp_path):
    sheet = opened().open("form")
    page = sheet.page
    page.set_input_files("#open", EXAMPLES / "seven.png")
    page.locator("#form [role=status]", has_text="No corner marks found").wait_for()
    left, top, width, height = sheet.inside(0.4, 0.3, 0.2, 0.3)
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move(left + width, top + height, steps=4)
    page.mouse.up()
    page.keyboard.press("Control+a")  # the name has the focus
    page.keyboard.type("total")
    page.get_by_label("how many digits").fill("4")
    assert sheet.save("Save template", tmp_path / "form.json") == "seven-template.json"
    made = json.loads((tmp_path / "form.json").read_text(encoding="utf-8"))
    assert (made["width"], made["height"]) == (280, 280)
    (field,) = made["fields"]
    assert (field["name"], field["kind"], field["length"]) == ("total", "number", 4)
    assert field["box"][3] == pytest.approx(0.3 * 280, abs=6)
    read = inkread.read(EXAMPLES / "seven.png", document=str(tmp_path / "form.json"))
    assert [field.name for field in read.fields] == ["total"]
    assert "corners" not in made


def test_every_key_can_be_set(form, tmp_path):
    page = form.page
    assert page.locator("#boxes .mark").count() == 5
    page.get_by_label("name of the form").fill("All of it")
    kinds = [
        {"name": "customer", "left": "240", "top": "256", "width": "800", "height": "96", "length": "10",
         "cells": "10", "check": "luhn"},
        {"name": "part", "kind": "amount", "locale": "de-ch", "left": "240", "top": "672", "width": "480",
         "height": "96", "cells": "6", "least": "0,50", "greatest": "99999999999999999999"},
        {"name": "rest", "top": "672", "left": "880", "width": "480", "height": "96", "cells": "6"},
        {"name": "sum", "top": "880", "left": "240", "width": "480", "height": "96", "cells": "6", "least": "1"},
        {"name": "town", "kind": "postcode", "country": "DE", "left": "1120", "top": "256", "width": "400",
         "height": "96", "cells": "5"},
    ]  # fmt: skip
    for values in kinds:
        page.get_by_role("button", name="Add a box").click()
        fill(form, **values)
        if values["name"] == "rest":
            page.get_by_label("may be empty").check()
    page.get_by_role("button", name="Add a sum").click()
    page.get_by_role("combobox", name="total").select_option("sum")
    parts = page.get_by_role("group", name="is the sum of")
    assert parts.get_by_role("checkbox").count() == 3  # no postal code, and not the sum itself
    parts.get_by_label("part").check()
    parts.get_by_label("rest").check()
    made = saved(form, tmp_path)

    assert set(made) == template._KEYS
    assert {key for field in made["fields"] for key in field} == template._FIELD_KEYS
    opened = open_template(str(tmp_path / "saved.json"))
    assert opened.name == "All of it"
    assert opened.upright is not None
    assert made["fields"][0] == {
        "name": "customer", "kind": "number", "box": [240, 256, 800, 96], "cells": 10, "length": 10, "check": "luhn",
    }  # fmt: skip
    assert made["fields"][1]["range"] == [0.5, "99999999999999999999"]
    assert made["fields"][1]["locale"] == "de-ch"
    assert made["fields"][2]["required"] is False
    assert made["fields"][3]["range"] == [1, None]
    assert made["fields"][4]["country"] == "DE"
    assert made["sums"] == [{"total": "sum", "parts": ["part", "rest"]}]
    read = inkread.read(EXAMPLE / "filled.jpg", document=str(tmp_path / "saved.json"))
    assert [field.value for field in read.fields] == ["7932654184", "48235", "26380", "74615", "23548"]
    assert not any(field.problems for field in read.fields)


def test_a_template_is_opened_changed_and_saved(form, tmp_path):
    page = load(form).page
    page.locator("#form [role=status]", has_text="Opened template.json, 6 fields").wait_for()
    assert page.locator("#boxes .box").count() == 6
    assert form.save("Save template", tmp_path / "same.json") == "template.json"
    assert open_template(str(tmp_path / "same.json")) == open_template(str(EXAMPLE / "template.json"))
    page.get_by_role("button", name="tariff 1").click()
    page.get_by_label("name", exact=True).fill("by day")
    made = saved(form, tmp_path)
    assert made["sums"] == [{"total": "total", "parts": ["by day", "tariff 2"]}]
    page.get_by_role("button", name="Remove", exact=True).click()
    assert page.locator(":focus").inner_text() == "Undo"
    assert saved(form, tmp_path)["sums"][0]["parts"] == ["tariff 2"]
    page.get_by_role("button", name="Undo").click()
    assert saved(form, tmp_path) == made


def test_boxes_are_moved_and_resized_on_the_sheet(form, tmp_path):
    page = load(form).page
    page.locator("#boxes .box").nth(5).wait_for()
    drag(form, (60, 64), (70, 74))  # from the middle of "day"
    assert page.get_by_label("name", exact=True).input_value() == "day"
    drag(form, (75.8, 74), (95.8, 74))  # at its right edge
    left, top, width, height = saved(form, tmp_path)["fields"][2]["box"]
    assert (left, top) == (pytest.approx(40, abs=0.6), pytest.approx(68, abs=0.6))
    assert (width, height) == (pytest.approx(56, abs=0.8), 12)
    drag(form, (60, 74), (300, 300))  # no further than the page
    left, top, width, height = saved(form, tmp_path)["fields"][2]["box"]
    assert left + width == pytest.approx(210, abs=0.1)
    assert top + height == pytest.approx(148, abs=0.1)
    drag(form, (40, 124), (90, 136))  # where there is nothing a new one begins
    assert page.get_by_label("name", exact=True).input_value() == "field 7"


def test_a_template_is_shown_without_a_picture_and_in_other_units(opened, tmp_path):
    sheet = load(opened().open("form"))
    page = sheet.page
    page.locator("#boxes .paper").wait_for(state="attached")
    assert page.locator("#boxes .box").count() == 6
    page.get_by_label("page width").fill("21")
    page.keyboard.press("Tab")
    made = template_from(saved(sheet, tmp_path), "here")
    kept = open_template(str(EXAMPLE / "template.json"))
    assert (made.width, made.height, made.mark) == (21, 14.8, 0.6)
    assert made.corners[2] == (20, 13.8)
    assert [side * 10 for side in made.fields[0].box] == pytest.approx(kept.fields[0].box)
    page.get_by_label("scans are placed by corner marks").uncheck()
    assert "corners" not in saved(sheet, tmp_path)
    page.click("nav a[data-mode=read]")
    page.click("nav a[data-mode=form]")
    assert page.locator("#boxes .box").count() == 6  # nothing is lost on the way


def test_what_is_wrong_is_said_and_not_saved(form, tmp_path):
    page = load(form).page
    page.get_by_role("button", name="tariff 1").click()
    wrong = {
        "name": ("day", "Another field has this name."),
        "length": ("7", "There are boxes for 6 digits only."),
        "cells": ("many", "A whole number from 1 to 1000, or nothing."),
        "least": ("a lot", "A number such as 0 or 12.50, or nothing."),
        "greatest": ("-1", "This is less than the least value."),
        "width": ("200", "It ends outside the page, which is 210 wide."),
    }
    for key, (value, told) in wrong.items():
        before = page.locator(f"#form [data-key={key}]").input_value()
        fill(form, **{key: value})
        control = page.locator(f"#form [data-key={key}]")
        assert control.get_attribute("aria-invalid") == "true", key
        assert page.locator(f"#{control.get_attribute('aria-describedby')}").inner_text() == told
        page.get_by_role("button", name="Save template").click()
        page.locator("#form [role=status]", has_text="Not saved yet").wait_for()
        assert page.locator(":focus").get_attribute("aria-invalid") == "true"
        fill(form, **{key: before})
    page.get_by_role("button", name="Add a sum").click()
    page.get_by_role("button", name="Save template").click()
    assert "Tick the fields that it is the sum of." in page.inner_text("#form")
    page.get_by_role("button", name="Remove sum").last.click()
    assert open_template(str(EXAMPLE / "template.json")) == template_from(saved(form, tmp_path), "here")


@pytest.mark.parametrize("text", ["no JSON", '{"format": 2}', '{"format": 1, "fields": []}'], ids=["text", "2", "size"])
def test_a_file_that_is_no_template(form, tmp_path, text):
    (tmp_path / "other.json").write_text(text)
    load(form, tmp_path / "other.json")
    assert "template" in form.there("#notice").inner_text()
    load(form)
    form.gone("#notice")


def test_the_page_knows_what_the_library_knows(opened):
    page = opened(bypass_csp=True).open().page
    known = page.evaluate(
        "import('/template.js').then((m) => ({...m, KINDS: Object.keys(m.KINDS), CHECKS: Object.keys(m.CHECKS)}))"
    )
    assert tuple(known["KINDS"]) == template.KINDS
    assert tuple(known["CHECKS"]) == tuple(CHECKS)
    assert set(known["LANGUAGES"]) == set(amount.LOCALES)
    assert set(known["COUNTRIES"]) == set(amount.COUNTRIES)
    assert set(known["POSTCODES"]) == set(postcode.COUNTRIES)


VERDICTS = [
    {}, {"name": ""}, {"name": "total"}, {"kind": "nummer"}, {"kind": "amount", "locale": "de_DE.UTF-8"},
    {"kind": "amount", "locale": "xx"}, {"kind": "amount", "locale": "en-GB"}, {"kind": "postcode", "country": "us"},
    {"kind": "postcode", "country": "XX"}, {"cells": 0}, {"cells": 1001}, {"cells": "six"}, {"length": True},
    {"length": 10, "cells": 9}, {"length": 9, "cells": 10}, {"check": "luhnn"}, {"range": [3, 2]}, {"range": "all"},
    {"range": [None, 5]}, {"range": ["0.5", 2]}, {"range": [1, "Infinity"]}, {"box": [0, 0, 210, 148]},
    {"box": [0, 0, 210.5, 1]}, {"box": [150.1, 0, 59.9, 1]}, {"box": [-1, 0, 5, 5]}, {"box": [1, 2, 3]},
    {"box": [1, 2, 0, 3]}, {"colour": "red"}, {"required": False},
    {"box": [0.03, 0, 209.97, 1]},
]  # fmt: skip


def test_the_page_and_the_library_agree_on_what_is_wrong(opened):
    page = opened(bypass_csp=True).open().page
    for change in VERDICTS:
        data = copy.deepcopy(TEMPLATE)
        data["fields"][0].update(change)
        try:
            template_from(data, "here")
            right = True
        except UsageError:
            right = False
        found = page.evaluate(
            """(data) => import('/template.js').then(({ fromTemplate, faultyIn }) => {
                const { form, told } = fromTemplate(data);
                return told.length === 0 && faultyIn(form).length === 0;
            })""",
            data,
        )
        assert found == right, change


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, PHONE], ids=["light", "dark", "phone"])
def test_no_serious_fault_of_accessibility(opened, options):
    sheet = load(blank(opened(bypass_csp=True, reduced_motion="reduce", **options)))
    for name in ("tariff 1", "postcode"):
        sheet.page.get_by_role("button", name=name).click()
        fill(sheet, cells="many")
        assert sheet.faults() == []
    if options is PHONE:
        sheet.fits_a_phone()
    assert sheet.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
