"""`inkread data`, in this process."""

from __future__ import annotations

import importlib
import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkread.datasets import load


@pytest.fixture
def fruit(tmp_path) -> Path:
    """Return a set of coloured pictures in two parts, with faults."""
    rng = np.random.default_rng(0)
    train = rng.integers(0, 255, (40, 9, 9, 3)).astype(np.uint8)
    train[3] = 7
    train[20] = train[0]  # other label
    train[5] = train[4]
    labels = np.r_[np.zeros(20, int), np.ones(18, int), 2, 4]
    np.savez(tmp_path / "fruit.npz", x_train=train, y_train=labels, x_test=train[8:12], y_test=np.array([0, 0, 1, 4]))
    return tmp_path / "fruit.npz"


@pytest.fixture
def sound(tmp_path) -> Path:
    """Return a set of one part without a fault."""
    images = np.random.default_rng(1).integers(0, 255, (30, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "sound.npz", x=images, y=np.arange(30) % 3)
    return tmp_path / "sound.npz"


def test_show_says_what_there_is(inkread, sound, monkeypatch):
    monkeypatch.chdir(sound.parent)
    ended = inkread("data", "show", sound.name)
    assert (ended.code, ended.stderr) == (0, "")
    for told in ("train", "30", "8 x 8, gray", "mean of x / 255", "33.3%", load(sound).fingerprint[:16], "█"):
        assert told in ended.stdout
    assert "test" not in ended.stdout


def test_show_warns_beside_the_tables(inkread, fruit):
    ended = inkread("data", "show", fruit)
    assert ended.code == 0
    assert "9 x 9, RGB" in ended.stdout
    for told in (
        "train: there are no pictures of '3'.",
        "train: 1 picture is blank (number 3).",
        "train: 2 pictures repeat an earlier one (numbers 5, 20).",
        "train: equal pictures have different labels, of which one at most is right: 0 is '0', 20 is '1'.",
        "train: the classes are unbalanced: the largest has 20.0 times",
        "test: 4 pictures of it are in train too (numbers 0, 1, 2, 3)",
    ):
        assert told in ended.stderr
        assert told not in ended.stdout


def test_show_of_one_part(inkread, fruit):
    ended = inkread("data", "show", fruit, "--part", "test")
    assert ended.code == 0
    assert "train" not in ended.stdout + ended.stderr
    assert "test: there are no pictures of '2', '3'." in ended.stderr


def test_show_draws(inkread, fruit, tmp_path):
    ended = inkread("data", "show", fruit, "--output", tmp_path / "new" / "report")
    names = [f"{part}-{kind}" for part in ("train", "test") for kind in ("samples.png", "means.png", "classes.png")]
    names += ["train-description.json", "test-description.json"]
    assert ended.code == 0
    for name in names:
        assert str(tmp_path / "new" / "report" / name) in ended.stdout.splitlines()
    assert {path.name for path in (tmp_path / "new" / "report").iterdir()} == {*names}
    with Image.open(tmp_path / "new" / "report" / "train-samples.png") as picture:
        assert picture.format == "PNG"
    told = json.loads((tmp_path / "new" / "report" / "train-description.json").read_text(encoding="utf-8"))
    assert (told["pictures"], told["blank"], told["conflicts"]) == (40, [3], [[0, 20]])


def test_show_writes_nothing_unasked(inkread, sound, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert inkread("data", "show", sound).code == 0
    assert sorted(tmp_path.rglob("*")) == before


def test_show_without_matplotlib(inkread, sound, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert inkread("data", "show", sound).code == 0
    ended = inkread("data", "show", sound, "--output", tmp_path / "report")
    assert ended.code == 7
    assert "pip install 'inkread[report]'" in ended.stderr
    assert not (tmp_path / "report").exists()


def test_show_on_a_terminal_without_unicode(inkread, tmp_path, monkeypatch):
    for name in ("Äpfel", "Birnen"):
        (tmp_path / "set" / name).mkdir(parents=True)
        Image.new("L", (4, 4), len(name)).save(tmp_path / "set" / name / "a.png")
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stdout)
    assert inkread("data", "show", tmp_path / "set").code == 0
    stdout.flush()
    shown = stdout.buffer.getvalue()
    assert b"\\xc4pfel" in shown
    assert b"####" in shown


def test_output_that_is_a_file(inkread, sound):
    ended = inkread("data", "show", sound, "--output", sound)
    assert ended.code == 8
    assert "Expected a folder for --output" in ended.stderr


@pytest.mark.parametrize("verb", [("show",), ("export",)])
def test_a_source_that_is_not_there(inkread, tmp_path, verb):
    folder = (tmp_path / "out",) if verb == ("export",) else ()
    ended = inkread("data", *verb, tmp_path / "none.npz", *folder)
    assert (ended.code, ended.stdout) == (5, "")
    assert "there is no such file or folder" in ended.stderr


def test_a_part_that_is_not_there(inkread, sound):
    ended = inkread("data", "show", sound, "--part", "test")
    assert ended.code == 5
    assert "has no part 'test'" in ended.stderr


def test_a_part_of_no_such_name(inkread, sound):
    assert inkread("data", "show", sound, "--part", "tset").code == 2


def test_export_of_both_parts(inkread, fruit, tmp_path):
    ended = inkread("data", "export", fruit, tmp_path / "out")
    assert (ended.code, ended.stdout) == (0, f"{tmp_path / 'out'}\n")
    assert "40 pictures in train and 4 pictures in test" in ended.stderr
    for part in ("train", "test"):
        back, there = load(tmp_path / "out", part), load(fruit, part)
        order = np.argsort(there.labels, kind="stable")
        assert back.names == there.names
        assert np.array_equal(back.images, there.images[order])
        assert np.array_equal(back.labels, there.labels[order])


@pytest.mark.parametrize("options", [(), ("--part", "train")])
def test_export_of_one_part(inkread, sound, tmp_path, options):
    assert inkread("data", "export", sound, tmp_path / "out", *options).code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["0", "1", "2"]
    assert len(load(tmp_path / "out")) == 30


def test_export_again(inkread, sound, tmp_path):
    assert inkread("data", "export", sound, tmp_path / "out").code == 0
    next((tmp_path / "out" / "1").iterdir()).unlink()
    assert inkread("data", "export", sound, tmp_path / "out").code == 0
    assert len(load(tmp_path / "out")) == 30


def test_export_where_something_else_is(inkread, sound, tmp_path):
    ended = inkread("data", "export", sound, tmp_path)
    assert (ended.code, ended.stdout) == (8, "")
    assert "holds something else: 'sound.npz'" in ended.stderr


def test_a_misspelt_set(inkread):
    ended = inkread("data", "get", "mnits")
    assert (ended.code, ended.stdout) == (2, "")
    assert "There is no published set 'mnits'. Did you mean 'mnist'?" in ended.stderr


def test_get_without_a_network(inkread, tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.import_module("inkread.datasets.mnist"), "MIRRORS", ("http://127.0.0.1:9",))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("INKREAD_DATA", raising=False)
    ended = inkread("data", "get", "mnist", "--cache", tmp_path)
    assert (ended.code, ended.stdout) == (5, "")
    assert "INKREAD_DATA" in ended.stderr


@pytest.mark.mnist
def test_get_of_what_is_there(inkread, mnist_test):
    ended = inkread("data", "get", "mnist")
    assert ended.code == 0
    assert "60,000 pictures in train and 10,000 pictures in test; the checksums of its files are right." in ended.stderr
    paths = [Path(line) for line in ended.stdout.splitlines()]
    assert len(paths) == 4
    assert all(path.is_file() for path in paths)


@pytest.mark.mnist
def test_show_mnist(inkread, mnist_test):
    ended = inkread("data", "show", "mnist")
    assert (ended.code, ended.stderr) == (0, "")
    assert "0.1307" in ended.stdout
    assert "6,742" in ended.stdout
