from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

EXAMPLE = Path(__file__).parents[2] / "examples" / "form"


@pytest.fixture
def form(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("template.json", "blank.png", "filled.jpg"):
        shutil.copy(EXAMPLE / name, tmp_path)
    return tmp_path


def test_fields_are_rows(inkread, form):
    Image.new("L", (200, 100), 255).save("other.png")
    ended = inkread("read", "other.png", "filled.jpg", "--document", "template.json", "--format", "csv")
    assert ended.code == 3
    rows = list(csv.DictReader(io.StringIO(ended.stdout)))
    assert "four corner marks" in rows[0]["error"]
    assert [row["field"] for row in rows[1:]] == ["customer", "postcode", "day", "tariff 1", "tariff 2", "total"]
    assert rows[3]["value"] == "326"
    assert rows[3]["kind"] == "number"
    assert {row["source"] for row in rows[1:]} == {"filled.jpg"}


def test_values_as_text_and_json(inkread, form):
    ended = inkread("read", "filled.jpg", "--document", "template.json")
    assert ended.stdout.splitlines() == [
        "customer: 7932654184", "postcode: 23548", "day: 326", "tariff 1: 48235", "tariff 2: 26380", "total: 74615",
    ]  # fmt: skip
    (page,) = json.loads(inkread("read", "filled.jpg", "--document", "template.json", "--format", "json").stdout)
    assert [field["value"] for field in page["fields"]][2] == "326"


def test_a_doubtful_field_says_why(inkread, form):
    template = json.loads(Path("template.json").read_text())
    template["fields"][2]["range"] = [1, 31]
    Path("template.json").write_text(json.dumps(template))
    rows = inkread("read", "filled.jpg", "--document", "template.json").stdout.splitlines()
    assert rows[2] == "day: 326 (doubtful: 326 is more than 31)"
    rows = inkread("read", "filled.jpg", "blank.png", "--document", "template.json").stdout.splitlines()
    assert rows[0] == "filled.jpg: customer: 7932654184"
    assert rows[-1] == "blank.png: total: - (doubtful: it is empty)"


def test_a_template_is_checked_and_drawn(inkread, form):
    ended = inkread("form", "template.json", "--blank", "blank.png", "--output", "check.png")
    assert ended.code == 0
    assert ended.stdout.count("empty") == 6
    assert ended.stderr == "The template, drawn over the blank form, is in check.png.\n"
    with Image.open("check.png") as drawn, Image.open("blank.png") as blank:
        assert drawn.size == blank.size
    assert inkread("form", "template.json", "--output", "print.png").stderr == "The form, to print, is in print.png.\n"
    with Image.open("print.png") as printed:
        assert printed.size[0] == 1600


def test_a_template_that_does_not_fit(inkread, form):
    ended = inkread("form", "template.json", "--blank", "filled.jpg")
    assert ended.code == 9
    assert "found ink in customer, postcode" in ended.stderr
    template = json.loads(Path("template.json").read_text())
    template["fields"][0]["kind"] = "nummer"
    Path("template.json").write_text(json.dumps(template))
    ended = inkread("form", "template.json")
    assert ended.code == 2
    assert "fields[0].kind: one of number, amount, postcode (got 'nummer') Did you mean 'number'?" in ended.stderr
    assert inkread("form", "nowhere.json").code == 2
