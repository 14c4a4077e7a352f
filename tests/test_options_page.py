"""What the pages about training say holds: the options are current, and the recipe of one's own can be trained."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from inkread.training import Augmentation, Config

ROOT = Path(__file__).parent.parent
PAGES = ROOT / "docs" / "recipes"
TRAINING = [ROOT / "docs" / "training.md", *sorted(PAGES.glob("*.md"))]


@pytest.fixture(scope="module")
def options():
    spec = importlib.util.spec_from_file_location("make_options", ROOT / "docs" / "make_options.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_of_options_is_current(options):
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    assert options.made() in page, "Make it anew: python docs/make_options.py"


@pytest.mark.parametrize("kind", [Config, Augmentation])
def test_every_setting_is_described_in_the_users_words(options, kind):
    described = options.described(kind)
    assert list(described) == [f.name for f in fields(kind)]
    for text in described.values():
        assert text.endswith(".")
        assert not re.search(r"`[A-Z]|`styles", text), "a reader of the page does not know names of the code"


def test_every_flag_of_the_table_is_one_of_the_command(options):
    from typer.main import get_command

    from inkread.cli import app

    known = {flag for parameter in get_command(app).commands["train"].params for flag in parameter.opts}
    assert set(re.findall(r"\| `(--[a-z0-9-]+)` \|", options.made())) <= known


@pytest.mark.parametrize("path", TRAINING, ids=lambda path: path.name)
def test_every_training_that_a_page_names_could_begin(path):
    """Parse each command and make its configuration; nothing is trained."""
    from typer.main import get_command

    from inkread.cli import app
    from inkread.cli.train import _changes
    from inkread.training.config import config_from
    from inkread.training.recipes import RECIPES

    command = get_command(app).commands["train"]
    found = re.findall(r"inkread train((?:[^`#\n)]|\n {3}(?! ))*)", path.read_text(encoding="utf-8"))
    assert found
    for arguments in found:
        given = command.make_context("train", arguments.split()).params
        flags = {key: value for key, value in given.items() if value is not None}
        config_from(_changes(flags), RECIPES.get(flags.get("recipe", "default"), RECIPES["default"]).config)


def test_every_reference_system_has_a_page():
    from benchmarks.reference_pages import REPORTED
    from inkread.training.recipes import RECIPES

    assert set(REPORTED) == {name for name, recipe in RECIPES.items() if recipe.reported}
    for name in REPORTED:
        text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
        assert f"**{RECIPES[name].parameters:,}**" in text
        assert f"inkread train {name}\n" in text


@pytest.mark.parametrize("name", ["README.md", "dense.md", "cnn-dropout.md"])
def test_a_page_keeps_its_prose_when_its_figures_are_written(tmp_path, name):
    from benchmarks.reference_pages import BEGIN, END, between

    text = (PAGES / name).read_text(encoding="utf-8")
    assert text.count(BEGIN) == text.count(END) == 1
    changed = between(text, "\\1 figures")
    assert changed.partition(BEGIN)[0] == text.partition(BEGIN)[0]
    assert changed.partition(END)[2] == text.partition(END)[2]
    assert changed.partition(BEGIN)[2].partition(END)[0].strip() == "\\1 figures"


def test_figures_of_what_was_measured_alone_are_written(tmp_path, capsys):
    from benchmarks.reference_pages import BEGIN, END, write_pages

    epochs = [{"test_accuracy": 0.9, "number": 1, "loss": 0.4, "accuracy": 0.88, "seconds": 1.0}] * 2
    run = {
        "accuracy": 0.9,
        "loss": 0.35,
        "epochs": epochs,
        "seconds": 20.0,
        "confusion": (900 * np.eye(10, dtype=int) + 10 * (1 - np.eye(10, dtype=int)) + 10 * np.eye(10, k=1, dtype=int)),
        "machine": "AMD EPYC, 2 cores, load 1.5 before the run; Python 3.11.7, keras 3.15.1, tensorflow-cpu 2.21.0",
    }
    for name in ("README", "dense", "lenet"):
        (tmp_path / f"{name}.md").write_text(f"# Before\n\n{BEGIN}\nold\n{END}\n\nAfter.\n", encoding="utf-8")
    write_pages({"dense": {"0": run, "1": run | {"accuracy": 0.92}}, "lenet": {}}, tmp_path)
    assert sorted(path.name for path in tmp_path.glob("*.png")) == ["dense-confusion.png", "dense-curves.png"]
    assert all(path.stat().st_size < 60_000 for path in tmp_path.glob("*.png"))
    page = (tmp_path / "dense.md").read_text(encoding="utf-8")
    assert '| accuracy, 10,000 test pictures | "high accuracy" | **91.00 %** |' in page
    assert "AMD EPYC, two cores, shared (load 1.5); Python 3.11.7, Keras 3.15.1, TensorFlow 2.21.0." in page
    assert page.startswith("# Before\n")
    assert page.endswith("After.\n")
    assert "old" in (tmp_path / "lenet.md").read_text(encoding="utf-8")
    assert "| [dense](dense.md) | 7,850 | 2 |" in (tmp_path / "README.md").read_text(encoding="utf-8")
    assert 'expected=Expected(0.9100, 0.0141, 2, "python -m benchmarks' in capsys.readouterr().out


def test_the_recipe_of_ones_own_can_be_trained(tmp_path):
    if importlib.util.find_spec("keras") is None or importlib.util.find_spec("tensorflow") is None:
        pytest.skip("the extra [train] is not installed")
    import inkread
    from inkread.datasets import Dataset
    from inkread.training.config import config_from
    from inkread.training.recipes import find_recipe
    from inkread.training.run import train

    text = (PAGES / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    (tmp_path / "narrow.py").write_text(code, encoding="utf-8")
    recipe = find_recipe(str(tmp_path / "narrow.py"))
    pictures = np.random.default_rng(0).integers(0, 255, (200, 28, 28), dtype=np.uint8)
    data = Dataset(pictures, np.arange(200) % 10, tuple("0123456789"), "drawn")
    config = config_from({"epochs": 1, "dropout": 0.2}, recipe.config)
    run = train(recipe, data, config, folder=tmp_path / "run")
    assert inkread.Predictor(run.model).predict_proba(pictures[:3]).shape == (3, 10)
