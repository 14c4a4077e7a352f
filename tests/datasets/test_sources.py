from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import inkread.datasets
from inkread.datasets import load
from inkread.errors import DatasetFormatError, DatasetNotFoundError, UsageError


def test_exports():
    assert sorted(inkread.datasets.__all__) == inkread.datasets.__all__[:3] + inkread.datasets.__all__[3:]
    assert all(hasattr(inkread.datasets, name) for name in inkread.datasets.__all__)


def test_a_misspelt_name():
    with pytest.raises(DatasetNotFoundError) as caught:
        load("mnits")
    assert str(caught.value).startswith("'mnits': expected mnist, a .npz file, a .csv file,")
    assert str(caught.value).endswith("there is no such file or folder. Did you mean 'mnist'?")


def test_a_misspelt_file(tmp_path):
    (tmp_path / "letters.npz").touch()
    with pytest.raises(DatasetNotFoundError, match=r"Did you mean 'letters\.npz'\?"):
        load(tmp_path / "leters.npz")
    with pytest.raises(DatasetNotFoundError, match="no such file or folder"):
        load(tmp_path / "nowhere" / "at" / "all.npz")


@pytest.mark.parametrize("name", ["", "x" * 5000, "~nobody-of-that-name/set.npz", "nul\0byte.npz"])
def test_paths_that_cannot_be(name):
    with pytest.raises(DatasetNotFoundError, match="there is no such file or folder"):
        load(name)


def test_a_part_that_is_none(tmp_path):
    with pytest.raises(UsageError, match="must be 'train' or 'test'; received 'val'"):
        load(tmp_path, "val")


@pytest.mark.parametrize("name", ["set.txt", "set.npy", "train-images-idx3-ubyte"])
def test_a_file_of_another_kind(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(DatasetFormatError, match=r"got a file of another kind.* name the folder they are in"):
        load(tmp_path / name)


def test_a_folder_without_data(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(DatasetNotFoundError, match=r"neither IDX files.* nor folders in it\."):
        load(tmp_path)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_folder_without_permission(tmp_path):
    tmp_path.chmod(0)
    with pytest.raises(DatasetNotFoundError, match="cannot be read"):
        load(tmp_path)


def test_idx_files_win_over_folders_beside_them(tmp_path, write_idx, pictures):
    write_idx(tmp_path / "train-images-idx3-ubyte", pictures(1))
    write_idx(tmp_path / "train-labels-idx1-ubyte", [0])
    (tmp_path / "notes").mkdir()
    assert len(load(tmp_path)) == 1


def test_a_folder_called_mnist_is_a_path(tmp_path, monkeypatch, write_idx, pictures):
    monkeypatch.chdir(tmp_path)
    write_idx(Path("mnist/train-images-idx3-ubyte"), pictures(2))
    write_idx(Path("mnist/train-labels-idx1-ubyte"), [0, 1])
    assert len(load("./mnist")) == len(load(Path("mnist"))) == 2


def test_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    np.savez(tmp_path / "set.npz", x=np.zeros((1, 2, 2), np.uint8), y=np.array([0]))
    data = load("~/set.npz")
    assert data.source == "~/set.npz"
