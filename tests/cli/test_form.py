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
    assert ended.stdout == "7932654184 23548 326 48235 26380 74615\n"
    (page,) = json.loads(inkread("read", "filled.jpg", "--document", "template.json", "--format", "json").stdout)
    assert [field["value"] for field in page["fields"]][2] == "326"


def test_a_template_is_checked_and_drawn(inkread, form):
    ended = inkread("form", "template.json", "--blank", "blank.png", "--output", "check.png")
    assert ended.code == 0
    assert ended.stdout.count("empty") == 6
    with Image.open("check.png") as drawn, Image.open("blank.png") as blank:
        assert drawn.size == blank.size
    assert inkread("form", "template.json", "--output", "print.png").code == 0
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
