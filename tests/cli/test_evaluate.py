"""`inkread evaluate`, in this process."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkread import Predictor, normalize_batch
from inkread.datasets import load, split
from inkread.reading.card import Calibration, Threshold
from tests.model_files import make_card

COUNT = 240


@pytest.fixture(autouse=True)
def _wide(monkeypatch):
    """Give tables room, so that no cell is broken in two."""
    monkeypatch.setenv("COLUMNS", "160")


@pytest.fixture
def pictures(tmp_path) -> Path:
    """Return a set of 12 x 12 noise in two parts."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (2 * COUNT, 12, 12), dtype=np.uint8)
    labels = np.arange(2 * COUNT) % 10
    np.savez(
        tmp_path / "noise.npz",
        x_train=images[:COUNT], y_train=labels[:COUNT], x_test=images[COUNT:], y_test=labels[COUNT:],
    )  # fmt: skip
    return tmp_path / "noise.npz"


@pytest.fixture
def undivided(pictures, tmp_path) -> Path:
    dataset = load(pictures)
    np.savez(tmp_path / "whole.npz", x=dataset.images, y=dataset.labels)
    return tmp_path / "whole.npz"


@pytest.fixture
def model(write_model):
    """Return a function that writes a model for those pictures."""

    def write(name: str = "net.onnx", seed: int = 0, **changes: object) -> Path:
        calibration = Calibration(1.0, (Threshold(0.01, 0.2, 1.0),), 0.05, 100)
        changes = {"calibration": calibration, **changes}
        card = make_card(name=Path(name).stem, shape=(12, 12), preprocessing=None, **changes)
        return write_model(name, card=card, shape=(12, 12), seed=seed)

    return write


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_tables_of_the_test_part(inkread, model, pictures):
    ended = inkread("evaluate", model(), "--data", pictures)
    assert ended.code == 0, ended.stderr
    for told in (
        f"net on noise.npz, test: {COUNT} pictures",
        "accuracy",
        f"n = {COUNT})",
        "log loss",
        "calibration error",
        "Brier score",
        "risk over coverage",
        "multiply-adds a picture",
        "1,440",
        "pictures a second",
        "Classes",
        "Most confused",
        "At a wished error",
        "Thresholds of the card",
        "broken",
    ):
        assert told in ended.stdout
    assert ended.stderr == ""


def test_a_part_that_is_named(inkread, model, pictures):
    ended = inkread(
        "evaluate", model(data={"fingerprint": load(pictures).fingerprint}), "--data", pictures, "--split", "train"
    )
    assert ended.code == 0
    assert "train: 240 pictures" in ended.stdout
    assert "was trained on these pictures" in ended.stderr


def test_a_part_that_there_is_not(inkread, model, pictures):
    ended = inkread("evaluate", model(), "--data", pictures, "--split", "tset")
    assert (ended.code, ended.stdout) == (2, "")
    assert "Expected --split as one of train, validation, test, got 'tset'. Did you mean 'test'?" in ended.stderr


def test_a_source_without_parts(inkread, model, undivided):
    ended = inkread("evaluate", model(), "--data", undivided)
    assert ended.code == 0
    assert ended.stderr.splitlines() == [f"{undivided} has no test part: all of its pictures are taken."]
    ended = inkread("evaluate", model(), "--data", undivided, "--split", "test")
    assert ended.code == 5
    assert "has no part 'test'" in ended.stderr


def test_the_pictures_held_out(inkread, model, pictures):
    dataset = load(pictures)
    training, validation = split(dataset, 0.25, 7)
    parts = {"training": training, "validation": validation}
    data = {"source": str(pictures), "fingerprint": dataset.fingerprint} | {
        name: {"n": len(part), "fingerprint": part.fingerprint} for name, part in parts.items()
    }
    config = {"validation": 0.25, "split_seed": 7, "what later releases add": 1}
    path = model(data=data, config=config)
    ended = inkread("evaluate", path, "--data", pictures, "--split", "validation", "--json", "-")
    assert ended.code == 0
    assert json.loads(ended.stdout)["data"]["fingerprint"] == validation.fingerprint
    assert "The confidence was set on these pictures" in ended.stderr


def test_held_out_pictures_that_cannot_be_told(inkread, model, pictures, undivided):
    own = {"source": str(pictures), "fingerprint": load(pictures).fingerprint}
    ways = {
        "that of 'silent' does not": model("silent.onnx"),
        "to hold out from, got other data in": model(
            data=own | {"fingerprint": "other"}, config={"validation": 0.1, "split_seed": 0}
        ),
        "took all. Name --split test": model("all.onnx", data=own, config={"validation": 0.0, "split_seed": 0}),
    }
    for said, path in ways.items():
        ended = inkread("evaluate", path, "--data", undivided if "other" in said else pictures, "--split", "validation")
        assert ended.code == 5
        assert said in ended.stderr
        assert ended.stdout == ""


def test_compared_with_another_model(inkread, model, pictures):
    ended = inkread("evaluate", model(), "--data", pictures, "--compare", model("second.onnx", seed=1))
    assert ended.code == 0
    for told in ("Compared with second", "accuracy of net", "only second right", "McNemar's test", "p = "):
        assert told in ended.stdout
    ended = inkread("evaluate", model(), "--data", pictures, "--compare", "secnd.onnx")
    assert (ended.code, ended.stdout) == (4, "")


def test_json(inkread, model, pictures, tmp_path):
    ended = inkread("evaluate", model(), "--data", pictures, "--json", "-")
    told = json.loads(ended.stdout)
    assert told["data"] == told["data"] | {"split": "test", "n": COUNT, "source": str(pictures)}
    assert told["schema"] == 1
    ended = inkread("evaluate", model(), "--data", pictures, "--json", tmp_path / "figures.json")
    assert "Classes" in ended.stdout
    written = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert written["accuracy"] == told["accuracy"]


def test_an_accuracy_that_is_not_reached(inkread, model, pictures, tmp_path):
    ended = inkread("evaluate", model(), "--data", pictures, "--min-accuracy", "0.97", "--report", tmp_path / "report")
    assert ended.code == 9
    assert "Expected an accuracy of at least 97%, measured" in ended.stderr
    assert "95 % interval" in ended.stderr
    # What was measured is not lost.
    assert "Classes" in ended.stdout
    assert (tmp_path / "report" / "report.json").is_file()
    assert inkread("evaluate", model(), "--data", pictures, "--min-accuracy", "0").code == 0


@pytest.mark.parametrize("least", ["1.01", "99", "-0.1", "nan"])
def test_an_accuracy_that_cannot_be(inkread, model, pictures, least):
    ended = inkread("evaluate", model(), "--data", pictures, "--min-accuracy", least)
    assert (ended.code, ended.stdout) == (2, "")
    assert "Expected --min-accuracy from 0 to 1" in ended.stderr


def test_a_report(inkread, model, pictures, tmp_path):
    folder = tmp_path / "new" / "report"
    ended = inkread("evaluate", model(), "--data", pictures, "--report", folder)
    assert ended.code == 0
    drawings = [f"{name}.png" for name in ("confusion", "reliability", "risk_coverage", "misread")]
    tables = [f"{name}.csv" for name in ("confusion", "per_class", "reliability", "risk_coverage", "predictions")]
    names = (*tables, *drawings, "report.json", "report.html")
    assert {path.name for path in folder.iterdir()} == set(names)
    assert ended.stdout.splitlines()[-len(names) :] == [str(folder / name) for name in names]
    command = f"inkread evaluate {model()} --data {pictures} --report {folder}"
    assert command in (folder / "report.html").read_text(encoding="utf-8")
    for name in drawings:
        with Image.open(folder / name) as picture:
            assert picture.format == "PNG"
    told = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    predictions = rows(folder / "predictions.csv")
    assert predictions[0] == ["index", "label", "predicted", "confidence"]
    assert [int(row[0]) for row in predictions[1:]] == list(range(COUNT))
    assert sum(row[1] == row[2] for row in predictions[1:]) == told["accuracy"]["hits"]
    assert [[int(cell) for cell in row[1:]] for row in rows(folder / "confusion.csv")[1:]] == told["confusion"]
    assert [row[0] for row in rows(folder / "per_class.csv")[1:]] == told["model"]["labels"]
    assert len(rows(folder / "reliability.csv")) == 1 + len(told["reliability"]["bins"])
    last = rows(folder / "risk_coverage.csv")[-1]
    assert (int(last[1]), int(last[2])) == (COUNT, COUNT - told["accuracy"]["hits"])


def test_a_report_beside_json_leaves_stdout_to_the_json(inkread, model, pictures, tmp_path):
    ended = inkread("evaluate", model(), "--data", pictures, "--json", "-", "--report", tmp_path / "report")
    assert json.loads(ended.stdout) == json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))


def test_a_report_folder_with_files(inkread, model, pictures, tmp_path):
    for taken in (tmp_path, pictures):
        ended = inkread("evaluate", model(), "--data", pictures, "--report", taken)
        assert (ended.code, ended.stdout) == (8, "")
        assert "Expected a new or empty folder for the report" in ended.stderr
    (tmp_path / "empty").mkdir()
    assert inkread("evaluate", model(), "--data", pictures, "--report", tmp_path / "empty").code == 0


def test_a_report_without_matplotlib(inkread, model, pictures, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    ended = inkread("evaluate", model(), "--data", pictures, "--report", tmp_path / "report")
    assert ended.code == 7
    assert "inkread[report]" in ended.stderr
    assert not (tmp_path / "report").exists()


def test_a_report_without_jinja(inkread, model, pictures, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    ended = inkread("evaluate", model(), "--data", pictures, "--report", tmp_path / "report")
    assert ended.code == 7
    assert "jinja2 is missing" in ended.stderr
    assert not (tmp_path / "report").exists()


@pytest.fixture
def digits(draw_digit, tmp_path) -> Path:
    """Return a set of 24 drawn digits in MNIST's form, all of it a test part."""
    labels = np.array([0, 1, 2, 3, 4, 7] * 4)
    images = normalize_batch(np.stack([draw_digit(label) for label in labels]))
    np.savez(tmp_path / "drawn.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    return tmp_path / "drawn.npz"


def test_robustness(inkread, digits, tmp_path):
    folder = tmp_path / "report"
    options = ("--robustness", "--robustness-count", "3")
    ended = inkread("evaluate", "default", "--data", digits, *options, "--report", folder)
    assert ended.code == 0, ended.stderr
    for told in ("on 3 pictures of", "clean pictures", "Raw: accuracy in %", "Normalized: accuracy in %", "light_grad"):
        assert told in ended.stdout
    assert {"robustness.csv", "robustness.png", "corruptions.png"} <= {path.name for path in folder.iterdir()}
    assert len(rows(folder / "robustness.csv")) == 1 + 1 + 25 * 5
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "How well does it read pictures made worse?" in page
    assert f"--data {digits} --robustness --robustness-count 3 --report" in page
    ended = inkread("evaluate", "default", "--data", digits, *options, "--json", "-")
    told = json.loads(ended.stdout)["robustness"]
    assert (told["n"], len(told["cells"])) == (3, 125)
    assert told["cells"] == json.loads((folder / "report.json").read_text(encoding="utf-8"))["robustness"]["cells"]


def test_robustness_of_other_pictures(inkread, model, pictures):
    ended = inkread("evaluate", model(), "--data", pictures, "--robustness")
    assert (ended.code, ended.stdout) == (2, "")
    assert "Expected gray pictures of 28 x 28 for --robustness, as MNIST has them, got 12 x 12" in ended.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--robustness-count", "5"], "Expected --robustness beside --robustness-count"),
        (["--robustness", "--robustness-count", "0"], "Expected --robustness-count from 1, got 0"),
    ],
)
def test_a_count_of_damaged_pictures_that_cannot_be(inkread, model, pictures, options, said):
    ended = inkread("evaluate", model(), "--data", pictures, *options)
    assert (ended.code, ended.stdout) == (2, "")
    assert said in ended.stderr


def test_json_to_nowhere(inkread, model, pictures, tmp_path):
    for target in (tmp_path, tmp_path / "nowhere" / "figures.json"):
        ended = inkread("evaluate", model(), "--data", pictures, "--json", target)
        assert (ended.code, ended.stdout) == (8, "")


def test_classes_of_another_world(inkread, model, tmp_path, undivided):
    dataset = load(undivided)
    np.savez(tmp_path / "fruit.npz", x=dataset.images, y=np.where(dataset.labels == 0, "apple", "pear"))
    ended = inkread("evaluate", model(), "--data", tmp_path / "fruit.npz")
    assert (ended.code, ended.stdout) == (5, "")
    assert "'apple', 'pear'" in ended.stderr


@pytest.mark.mnist
def test_the_shipped_model_on_what_its_training_held_out(inkread, mnist_test):
    ended = inkread("evaluate", "default", "--split", "validation", "--json", "-", "--min-accuracy", "0.99")
    told = json.loads(ended.stdout)
    assert ended.code == 0
    (figure,) = (f for f in Predictor().card.figures if f.name == "validation accuracy")
    assert (told["accuracy"]["value"], told["accuracy"]["n"]) == (pytest.approx(figure.value, abs=1e-3), figure.n)
    assert told["disputed"] is None


@pytest.mark.mnist
def test_the_shipped_model_on_mnist(inkread, mnist_test):
    ended = inkread("evaluate", "default")
    assert (ended.code, ended.stderr) == (0, "")
    assert "default on mnist, test: 10,000 pictures" in ended.stdout
    assert "without 15 disputed labels" in ended.stdout
    assert "kept" in ended.stdout
