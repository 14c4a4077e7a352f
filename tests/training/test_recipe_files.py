"""Recipes of one's own, from files and from the user's folder."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

import inkread
from inkread.errors import UsageError
from inkread.training.folder import RunFolder
from inkread.training.listener import Listener
from inkread.training.recipes import RECIPES, find_recipe, load_recipes, local_recipes

HEAD = """
import keras
from keras import layers

from inkread.training import Config, Recipe


def build(shape, classes, dropout):
    given = keras.Input(shape, dtype="uint8")
    x = layers.Flatten()(layers.Rescaling(1 / 255)(given))
    return keras.Model(given, layers.Dense(classes, dtype="float32")(x))


settings = Config(epochs=1, batch_size=32, optimizer="adam", learning_rate=0.01, validation=0.2, precision="float32")
"""
ONE = HEAD + 'linear = Recipe("linear", "softmax regression", build, settings)\n'
TWO = ONE + 'again = Recipe("logistic", "the same", build, settings)\n'

pytestmark = pytest.mark.usefixtures("keras")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The user's folder of recipes."""
    monkeypatch.setenv("INKREAD_RECIPES", str(tmp_path / "mine"))
    (tmp_path / "mine").mkdir()
    return tmp_path / "mine"


@pytest.fixture
def write(tmp_path):
    def into(text, name="net.py"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return into


def test_the_only_recipe_of_a_file(write):
    path = write(ONE)
    recipe = find_recipe(str(path))
    assert (recipe.name, recipe.path) == ("linear", str(path))
    assert recipe.build((28, 28), 10, 0.0).output_shape == (None, 10)


def test_one_of_several_by_its_name(write):
    path = write(TWO)
    assert find_recipe(f"{path}:logistic").name == "logistic"
    assert find_recipe(f"{path}:linear").name == "linear"
    assert list(load_recipes(path)) == ["linear", "logistic"]


def test_a_path_from_here_is_kept_as_one_from_anywhere(write, tmp_path, monkeypatch):
    path = write(ONE)
    monkeypatch.chdir(tmp_path)
    assert find_recipe("net.py").path == str(path)
    assert find_recipe("./net.py").path == str(path)


def test_a_file_in_the_folder_by_its_name(folder):
    (folder / "wide.py").write_text(ONE, encoding="utf-8")
    (folder / "_helpers.py").write_text("", encoding="utf-8")
    assert local_recipes() == {"wide": folder / "wide.py"}
    assert find_recipe("wide").path == str(folder / "wide.py")
    with pytest.raises(UsageError, match=r"no recipe 'wied'\. Did you mean 'wide'\? Known are: default, .*, wide\."):
        find_recipe("wied")


def test_listing_the_folder_runs_nothing(folder):
    (folder / "harm.py").write_text("raise SystemExit", encoding="utf-8")
    assert list(local_recipes()) == ["harm"]
    with pytest.raises(UsageError, match="no recipe 'other'"):
        find_recipe("other")


def test_a_local_name_hides_none_of_inkreads(folder):
    (folder / "lenet.py").write_text(ONE, encoding="utf-8")
    assert find_recipe("lenet") is RECIPES["lenet"]
    assert find_recipe(str(folder / "lenet.py")).name == "linear"


def test_a_folder_that_is_not_there_is_empty(tmp_path, monkeypatch):
    monkeypatch.setenv("INKREAD_RECIPES", str(tmp_path / "nowhere"))
    assert local_recipes() == {}


def test_no_such_file(write, tmp_path):
    write(ONE, "network.py")
    for name in ("netwrok.py", "netwrok.py:linear"):
        with pytest.raises(UsageError, match=r"none at '.*netwrok\.py'\. Did you mean 'network\.py'\?"):
            find_recipe(str(tmp_path / name))
    with pytest.raises(UsageError, match=r"none at '.*nowhere/net\.py'\.$"):
        find_recipe(str(tmp_path / "nowhere" / "net.py"))
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(UsageError, match="Expected a Python file"):
        find_recipe(str(tmp_path / "folder.py"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import no_such_module_anywhere", "ModuleNotFoundError: No module named 'no_such_module_anywhere'"),
        ("def build(:", "SyntaxError: invalid syntax"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("from inkread.training import Config\nConfig(epochs=0)", "UsageError: Expected another configuration"),
    ],
)
def test_a_file_that_fails(write, text, says):
    with pytest.raises(UsageError, match=rf"The recipe file '.*net\.py' fails: {re.escape(says)}"):
        find_recipe(str(write(text)))


@pytest.mark.parametrize("text", ["", HEAD, "recipe = 'linear'"])
def test_a_file_without_a_recipe(write, text):
    with pytest.raises(UsageError, match=r"Expected a recipe in '.*net\.py', got none: assign an inkread\.training"):
        find_recipe(str(write(text)))


def test_several_recipes_and_none_named(write, folder):
    path = write(TWO)
    with pytest.raises(UsageError, match=rf"Expected one recipe in .*, got linear, logistic\. Name one as {path}:lin"):
        find_recipe(str(path))
    (folder / "both.py").write_text(TWO, encoding="utf-8")
    with pytest.raises(UsageError, match=rf"Name one as {folder}/both\.py:linear\."):
        find_recipe("both")


def test_a_name_that_the_file_lacks(write):
    with pytest.raises(
        UsageError, match=r"Expected a recipe 'logistik' in .*got linear, logistic\. Did you mean 'logi"
    ):
        find_recipe(f"{write(TWO)}:logistik")


@pytest.fixture(scope="module")
def uncut(drawn, tmp_path_factory):
    """The run of the recipe, two epochs, without a cut."""
    from inkread.training.run import train

    folder = tmp_path_factory.mktemp("uncut")
    (folder / "net.py").write_text(ONE, encoding="utf-8")
    recipe = find_recipe(str(folder / "net.py"))
    return train(recipe, drawn(100), dataclasses.replace(recipe.config, epochs=2), folder=folder / "run")


@pytest.mark.parametrize("which", ["file", "name in a file", "name in the folder"])
def test_a_run_is_resumed_from_its_folder(write, folder, drawn, uncut, tmp_path, keras, monkeypatch, which):
    from inkread.training.run import resume, train

    if which == "name in the folder":
        (folder / "net.py").write_text(ONE, encoding="utf-8")
        asked, path = "net", folder / "net.py"
    else:
        path = write(TWO if which == "name in a file" else ONE)
        asked = f"{path}:linear" if which == "name in a file" else str(path)
    recipe, digits = find_recipe(asked), drawn(100)
    config = dataclasses.replace(recipe.config, epochs=2)

    def cut(epoch):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(recipe, digits, config, folder=tmp_path / "cut", listener=Listener(on_epoch=cut))
    assert RunFolder(tmp_path / "cut").read_config()[1].recipe == f"{path}:linear"
    monkeypatch.chdir("/")  # where one stands does not matter
    monkeypatch.setenv("INKREAD_RECIPES", str(tmp_path / "elsewhere"))
    resumed = resume(tmp_path / "cut", digits)
    assert RunFolder(resumed.folder).read_config()[1].recipe == f"{path}:linear"
    for run in (uncut, resumed):
        assert run.model.name == "linear.onnx"
        assert run.card.recipe == "linear"
    pairs = [keras.saving.load_model(run.folder / "weights.keras").get_weights() for run in (uncut, resumed)]
    assert all(np.array_equal(a, b) for a, b in zip(*pairs, strict=True))
    assert inkread.Predictor(resumed.model).card.recipe == "linear"
