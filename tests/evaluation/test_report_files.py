"""The folder of a report: its tables, its JSON and the schema of that."""

from __future__ import annotations

import csv
import json
from copy import deepcopy
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from inkread import normalize_batch
from inkread.datasets import Dataset
from inkread.evaluation.evaluate import compare, evaluate
from inkread.evaluation.evaluation import SCHEMA
from inkread.evaluation.report_files import to_json, write_report
from inkread.evaluation.robustness import robustness
from inkread.reading.card import Rejection
from tests.model_files import LABELS, make_card


@pytest.fixture(scope="module")
def schema() -> dict:
    return json.loads((files("inkread.evaluation") / "report.schema.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def drawn(draw_digit) -> Dataset:
    pens = np.linspace(0.05, 0.14, 6)
    digits = (0, 1, 2, 3, 4, 7)
    images = np.stack([draw_digit(d, pen=float(pen)) for pen in pens for d in digits])
    return Dataset(normalize_batch(images), np.array([d for _ in pens for d in digits]), LABELS, "drawn")


def strict(schema: dict) -> dict:
    """Return the schema with every key forbidden that it does not name."""
    closed = deepcopy(schema)
    parts = [closed]
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            if "properties" in part:
                part.setdefault("additionalProperties", False)
            parts += part.values()
        elif isinstance(part, list):
            parts += part
    return closed


def check(text: str, schema: dict) -> dict:
    told = json.loads(text)
    errors = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(strict(schema)).iter_errors(told)]
    assert errors == []
    return told


def test_the_schema_is_one_and_of_this_version(schema):
    Draft202012Validator.check_schema(schema)
    assert schema["properties"]["schema"]["const"] == SCHEMA


def test_reports_keep_to_the_schema(drawn, schema, write_model):
    own = evaluate("default", drawn, split_name="test")
    result = robustness("default", drawn, count=5, names=["fog", "jpeg"], severities=[5])
    told = check(to_json(own, result), schema)
    assert told["robustness"] == json.loads(json.dumps(result.to_dict()))
    assert check(to_json(own), schema)["robustness"] is None
    other = evaluate(write_model(), drawn, cost=False)
    assert check(to_json(compare(own, other)), schema)["comparison"]["other"]["name"] == "small"


def test_odd_reports_keep_to_the_schema(schema, write_model):
    card = make_card(labels=("a", "b"), shape=(12, 12), preprocessing=None, rejection=Rejection(0.0, 0.01, 100))
    path = write_model(card=card, shape=(12, 12), outputs=3)
    images = np.random.default_rng(0).integers(0, 256, (9, 12, 12), dtype=np.uint8)
    told = check(to_json(evaluate(path, Dataset(images, np.zeros(9, int), ("a",), "noise"))), schema)
    assert told["numeric"] is None
    assert told["rejected"] is not None


@pytest.mark.mnist
def test_a_report_of_mnist_keeps_to_the_schema(schema, mnist_test):
    images, labels = mnist_test
    told = check(to_json(evaluate("default", Dataset(images, labels, LABELS, "mnist"))), schema)
    assert told["disputed"] is not None


def test_the_schema_refuses_what_is_wrong(drawn, schema):
    told = json.loads(to_json(evaluate("default", drawn)))
    for key, value in (("accuracy", {"hits": 1}), ("schema", 2), ("log_loss", -1.0), ("notes", "none")):
        assert not Draft202012Validator(schema).is_valid({**told, key: value})


def test_the_robustness_has_files_of_its_own(drawn, tmp_path):
    result = robustness("default", drawn, count=5, names=["fog", "glass_blur"], severities=[1, 5])
    written = list(write_report(evaluate("default", drawn, cost=False), tmp_path / "report", result))
    assert written[-1] == tmp_path / "report" / "report.html"
    assert {"robustness.csv", "robustness.png", "corruptions.png"} <= {path.name for path in written}
    assert sorted(written) == sorted((tmp_path / "report").iterdir())
    with Path(tmp_path, "report", "robustness.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["corruption"], row["severity"]) for row in rows] == [
        ("clean", "0"), ("fog", "1"), ("fog", "5"), ("glass_blur", "1"), ("glass_blur", "5"),
    ]  # fmt: skip
    cell = result.cell("fog", 5)
    assert (int(rows[2]["raw_right"]), float(rows[2]["normalized"])) == (cell.raw.hits, cell.normalized.value)
    assert float(rows[2]["normalized_low"]) == cell.normalized.interval[0]
    assert rows[2]["published"] == "1"
