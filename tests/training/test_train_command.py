"""`inkread train`, in this process, so that Keras is imported once."""

from __future__ import annotations

import dataclasses
import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

import inkread
from inkread.__main__ import main
from inkread.training.augment import Augmentation
from inkread.training.config import KEPT, OPTIMIZERS, PRECISIONS, SCHEDULES, Config
from inkread.training.folder import RunFolder
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
    assert "\n   1/1 " in err
    assert "validation accuracy: " in err
    predictor = inkread.Predictor(path)
    assert predictor.labels == tuple("0123456789")
    assert predictor.card.name == "mine"
    # A flag goes before the file, the file before the recipe.
    written = RunFolder(tmp_path / "run").read_config()[0]
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


@pytest.mark.parametrize(
    "options",
    [
        *(("--epochs", 0), ("--learning-rate", -1), ("--precision", "float8")),
        *(("--optimizer", "adm"), ("--schedule", "linear"), ("--keep", "first"), ("--flip-vertical", 2)),
    ],
)
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


@pytest.fixture
def known(tiny, monkeypatch):
    """The tiny recipe under its name, as the command looks it up."""
    monkeypatch.setitem(RECIPES, "tiny", tiny)
    return tiny


@pytest.fixture
def occupied(tmp_path):
    """A folder in which no run can begin: what is said before goes to the terminal, and nothing is trained."""
    (tmp_path / "occupied").mkdir()
    (tmp_path / "occupied" / "notes.txt").write_text("mine", encoding="utf-8")
    return tmp_path / "occupied"


def flag(name):
    return f"--{name.replace('_', '-')}"


def another(value, name):
    """A value that a field may have and does not have yet."""
    if isinstance(value, str):
        choices = {"optimizer": OPTIMIZERS, "schedule": SCHEDULES, "keep": KEPT, "precision": ("float32", *PRECISIONS)}
        choices["teacher"] = ("default",)
        return next(choice for choice in choices[name] if choice != value)
    return value + 1 if isinstance(value, int) else value / 2 + 0.1


def test_every_flag_reaches_the_run(known, command, digits, tmp_path):
    base = known.config
    apart = ("augmentation", "ending", "network", "blend")  # tables; and what needs weights to begin with
    values = {f.name: getattr(base, f.name) for f in dataclasses.fields(Config) if f.name not in apart}
    bent = dataclasses.asdict(base.augmentation)
    wanted = {name: another(value, name) for name, value in (values | bent).items()}
    options = [part for name, value in wanted.items() for part in (flag(name), value)]
    code, _, err = command("tiny", "--data", digits, "--output", tmp_path / "run", *options)
    assert code == 0, err
    written = RunFolder(tmp_path / "run").read_config()[0]
    given = {name: getattr(written, name) for name in values} | dataclasses.asdict(written.augmentation)
    assert given == wanted
    assert set(bent) == {field.name for field in dataclasses.fields(Augmentation)}


def test_a_blend(known, command, digits, tmp_path):
    quick = ("tiny", "--data", digits, "--epochs", 1)
    assert command(*quick, "--output", tmp_path / "before")[0] == 0
    code, _, err = command(*quick, "--output", tmp_path / "run", "--blend", 0.5)
    assert code == 2
    assert "(--weights)" in " ".join(err.split())
    code, _, err = command(*quick, "--output", tmp_path / "run", "--blend", 0.5, "--weights", tmp_path / "before")
    assert code == 0, err
    assert RunFolder(tmp_path / "run").read_config()[0].blend == 0.5


def test_a_flag_goes_before_the_file_and_the_file_before_the_recipe(known, command, digits, tmp_path):
    file = tmp_path / "mine.toml"
    text = 'optimizer = "sgd"\nlearning_rate = 0.5\nseed = 8\nsplit_seed = 9\n[augmentation]\nshift = 1.0\nzoom = 0.1\n'
    file.write_text(text, encoding="utf-8")
    options = ("--optimizer", "adam", "--seed", 1, "--zoom", 0.2)
    code, _, err = command("tiny", "--data", digits, "--config", file, "--output", tmp_path / "run", *options)
    assert code == 0, err
    written = RunFolder(tmp_path / "run").read_config()[0]
    assert (written.seed, written.split_seed, written.batch_size) == (1, 9, known.config.batch_size)
    assert (written.augmentation.zoom, written.augmentation.shift) == (0.2, 1.0)
    # The rate in the file is that of SGD: Adam comes with its own.
    assert (written.optimizer, written.learning_rate) == ("adam", OPTIMIZERS["adam"][0])


def test_the_configuration_in_the_folder_repeats_the_run(known, command, digits, tmp_path, keras, monkeypatch):
    options = ("--seed", 4, "--epochs", 2, "--dropout", 0.2, "--rotation", 5, "--name", "mine")
    monkeypatch.chdir(tmp_path)
    code, _, err = command("tiny", "--data", "digits.npz", "--output", "first", *options)
    assert code == 0, err
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    code, out, err = command("--config", tmp_path / "first" / "config.toml", "--output", "second")
    assert code == 0, err
    assert Path(out.strip()) == Path("second/mine.onnx")
    first, second = (RunFolder(path).read_config() for path in (tmp_path / "first", Path("second")))
    assert first == second
    assert first[1].recipe == "tiny"
    assert first[1].data == str(digits)
    pairs = [
        keras.saving.load_model(path / "weights.keras").get_weights() for path in (tmp_path / "first", Path("second"))
    ]
    assert all(np.array_equal(a, b) for a, b in zip(*pairs, strict=True))


def test_flags_go_before_the_table_of_the_run(known, command, digits, drawn, tmp_path):
    other = drawn(100, classes=3)
    np.savez(tmp_path / "three.npz", x_train=other.images, y_train=other.labels)
    table = f'[run]\nrecipe = "lenet"\ndata = "{digits}"\nname = "old"\n'
    (tmp_path / "run.toml").write_text(table, encoding="utf-8")
    options = ("--data", tmp_path / "three.npz", "--name", "new", "--output", tmp_path / "run")
    code, _, err = command("tiny", "--config", tmp_path / "run.toml", *options)
    assert code == 0, err
    card = inkread.Predictor(tmp_path / "run" / "new.onnx").card
    assert (card.recipe, card.labels) == ("tiny", ("0", "1", "2"))


def rows(err, epochs):
    """What the table says of each epoch, by its number."""
    starts = {f"{number}/{epochs}": number for number in range(1, epochs + 1)}
    lines = [line.split() for line in err.splitlines()]
    return {starts[line[0]]: line[1:] for line in lines if line and line[0] in starts}


def test_the_rows_of_the_epochs(known, command, digits, tmp_path, monkeypatch):
    from inkread.training import watch

    left = iter([(1.0, 0.5), (0.25, 0.875), (0.5, 0.875), (0.75, 0.8)])
    monkeypatch.setattr(watch, "judge", lambda *_: next(left))
    code, _, err = command("tiny", "--data", digits, "--output", tmp_path / "run", "--epochs", 4)
    assert code == 0, err
    said = rows(err, 4)
    assert [said[number][2:4] for number in (1, 2, 3, 4)] == [
        ["1.0000", "50.00%"],
        ["0.2500", "87.50%"],
        ["0.5000", "87.50%"],
        ["0.7500", "80.00%"],
    ]
    assert [said[number][-1] == "best" for number in (1, 2, 3, 4)] == [True, True, False, False]
    assert f"run folder {tmp_path / 'run'}\n" in err
    assert "Total params: 7,178" in err


def test_without_validation_nothing_is_best(known, command, digits, tmp_path):
    code, _, err = command("tiny", "--data", digits, "--output", tmp_path / "run", "--validation", 0)
    assert code == 0, err
    assert len(rows(err, 1)[1]) == 3  # loss, accuracy, seconds
    assert "best" not in err
    assert "val." not in err
    assert "validation accuracy" not in err


@pytest.mark.parametrize("way", ["--flip-horizontal", "--flip-vertical"])
def test_flips_of_digits_are_warned_of(known, command, digits, occupied, way):
    code, _, err = command("tiny", "--data", digits, "--output", occupied, way, 0.5)
    assert code == 8
    assert "Warning: flips change digits." in err


def test_flips_of_anything_else_are_not(known, command, digits, occupied, coloured, tmp_path):
    names = np.array(coloured.names)[coloured.labels]
    np.savez(tmp_path / "fruit.npz", x_train=coloured.images, y_train=names)
    code, _, err = command("tiny", "--data", tmp_path / "fruit.npz", "--output", occupied, "--flip-horizontal", 0.5)
    assert code == 8
    assert "Warning" not in err
    code, _, err = command("tiny", "--data", digits, "--output", occupied)
    assert "Warning" not in err


@pytest.mark.parametrize(
    "options",
    [
        ("--epochs", 3),
        ("--learning-rate", 0.1),
        ("--name", "other"),
        ("--output", "there"),
        ("--zoom", 0.1),
        ("lenet",),
    ],
)
def test_a_run_is_resumed_as_it_began(known, command, digits, tmp_path, options):
    code, _, err = command("--resume", tmp_path, *options)
    assert code == 2
    assert (
        f"Expected --resume alone or with --data, got --{options[0].strip('-').replace('lenet', 'recipe')} too" in err
    )


def test_resuming_a_run_that_is_over_makes_its_model_again(known, command, digits, tmp_path):
    code, out, err = command("tiny", "--data", digits, "--output", tmp_path / "run")
    assert code == 0, err
    path = Path(out.strip())
    images = np.load(digits)["x_train"]
    before = inkread.Predictor(path).predict_proba(images)
    path.unlink()
    code, out, err = command("--resume", tmp_path / "run")
    assert (code, Path(out.strip())) == (0, path), err
    assert "1 of 1 epochs are there already" in err
    assert np.array_equal(inkread.Predictor(path).predict_proba(images), before)
    # The pictures may have been moved since.
    moved = digits.rename(tmp_path / "moved.npz")
    code, _, err = command("--resume", tmp_path / "run", "--data", moved)
    assert code == 0, err


@pytest.mark.parametrize("name", ["a/b", "../up", ".hidden", ".."])
def test_a_name_that_is_no_files_name(known, command, digits, tmp_path, name):
    code, _, err = command("tiny", "--data", digits, "--output", tmp_path / "run", "--name", name)
    assert code == 2
    assert f"Expected the name of a model, such as 'digits', which names its file too; got {name!r}" in err
    assert not (tmp_path / "run").exists()


def test_a_recipe_whose_name_is_no_files_name_is_refused_before_it_is_trained(known, command, digits, tmp_path):
    RECIPES["tiny"] = dataclasses.replace(known, name="a/b")
    code, _, err = command("tiny", "--data", digits, "--output", tmp_path / "run")
    assert code == 2
    assert "got 'a/b'" in err
    assert not (tmp_path / "run").exists()
