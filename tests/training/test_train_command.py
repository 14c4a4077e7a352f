"""`inkread train`, in this process, so that Keras is imported once."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

import inkread
from inkread.__main__ import main
from inkread.training.config import Config, read_config
from inkread.training.recipes import RECIPES


@pytest.fixture
def command(monkeypatch, capsys):
    """Return a function that runs `inkread train ARGUMENTS` and returns exit code, stdout and stderr."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["inkread", "train", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        out, err = capsys.readouterr()
        return caught.value.code or 0, out, err

    return run


@pytest.fixture
def digits(drawn, tmp_path):
    data = drawn(300)
    np.savez(tmp_path / "digits.npz", x_train=data.images, y_train=data.labels)
    (tmp_path / "few.toml").write_text("validation = 0.2\nredrawn = 0.1\nepochs = 7\n", encoding="utf-8")
    return tmp_path / "digits.npz"


def test_a_model_from_a_file_of_digits(keras, command, digits, tmp_path):
    options = ("--epochs", 1, "--batch-size", 60, "--seed", 3, "--precision", "float32", "--name", "mine")
    code, out, err = command(
        "--data", digits, "--config", tmp_path / "few.toml", "--output", tmp_path / "run", *options
    )
    assert code == 0, err
    path = Path(out.strip())  # nothing but the model's path goes to stdout
    assert path == tmp_path / "run" / "mine.onnx"
    assert "epoch   1/1" in err
    assert "validation accuracy: " in err
    predictor = inkread.Predictor(path)
    assert predictor.labels == tuple("0123456789")
    assert predictor.card.name == "mine"
    # A flag goes before the file, the file before the recipe.
    written = read_config(tmp_path / "run" / "config.toml", Config())
    assert (written.epochs, written.batch_size, written.seed, written.precision) == (1, 60, 3, "float32")
    assert (written.validation, written.redrawn) == (0.2, 0.1)
    assert written.augmentation == RECIPES["default"].config.augmentation


def test_an_unknown_recipe(command):
    code, out, err = command("defalt")
    assert (code, out) == (2, "")
    assert "There is no recipe 'defalt'. Did you mean 'default'?" in err


def test_unknown_keys_in_the_file(command, digits, tmp_path):
    (tmp_path / "few.toml").write_text("epoch = 3\nsede = 1\n", encoding="utf-8")
    code, _, err = command("--data", digits, "--config", tmp_path / "few.toml")
    assert code == 2
    assert "Did you mean 'epochs'?" in err
    assert "Did you mean 'seed'?" in err


@pytest.mark.parametrize("options", [("--epochs", 0), ("--learning-rate", -1), ("--precision", "float8")])
def test_options_out_of_range(command, options):
    code, _, err = command(*options)
    assert code == 2
    assert options[0].strip("-").replace("-", "_") in err


def test_data_that_is_not_there(command, tmp_path):
    code, _, err = command("--data", tmp_path / "nothing.npz")
    assert code == 5
    assert "there is no such file or folder" in err


def test_mnist_that_can_neither_be_found_nor_downloaded(command, tmp_path, monkeypatch):
    download = importlib.import_module("inkread.datasets.mnist")
    monkeypatch.setattr(download, "MIRRORS", ("http://127.0.0.1:9",))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("INKREAD_CACHE", str(tmp_path))
    monkeypatch.delenv("INKREAD_DATA", raising=False)
    code, _, err = command()
    assert code == 5
    assert "INKREAD_DATA" in err


def test_a_folder_with_files(keras, command, digits, tmp_path):
    code, _, err = command("--data", digits, "--config", tmp_path / "few.toml", "--output", tmp_path)
    assert code == 8
    assert "Expected a new or empty folder" in err


def test_without_keras(command, digits, tmp_path, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *args: None if name == "keras" else found(name))
    code, _, err = command("--data", digits, "--config", tmp_path / "few.toml", "--output", tmp_path / "run")
    assert code == 7
    assert "pip install 'inkread[train]'" in err
