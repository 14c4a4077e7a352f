from __future__ import annotations

import gzip
import hashlib
import importlib
import os
from pathlib import Path

import numpy as np
import pytest

from inkread.datasets import load, mnist
from inkread.datasets.download import RemoteFile
from inkread.errors import ChecksumError, DownloadError, UsageError

# Within the package the name is the function's.
MODULE = importlib.import_module("inkread.datasets.mnist")
DATA = os.environ.get("INKREAD_DATA", "")
needs_mnist = pytest.mark.skipif(
    not (Path(DATA) / "mnist").is_dir() or not DATA, reason="INKREAD_DATA names no folder with mnist/ in it"
)


@pytest.fixture
def small(tmp_path, monkeypatch, idx_bytes, pictures, serve):
    """A small set in MNIST's place: its files, the server that has them, and an empty cache."""
    contents, files = {}, {}
    for part, word, count in (("train", "train", 4), ("test", "t10k", 2)):
        pair = []
        for name, array in (
            (f"{word}-images-idx3-ubyte.gz", pictures(count)),
            (f"{word}-labels-idx1-ubyte.gz", np.arange(count)),
        ):
            raw = idx_bytes(array)
            contents[name] = raw
            pair.append(RemoteFile(name, len(raw), hashlib.sha256(raw).hexdigest()))
        files[part] = tuple(pair)
    site = serve(files={f"/{name}": gzip.compress(raw) for name, raw in contents.items()})
    monkeypatch.setattr(MODULE, "FILES", files)
    monkeypatch.setattr(MODULE, "MIRRORS", (site.url,))
    monkeypatch.setenv("INKREAD_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("INKREAD_DATA", raising=False)
    site.contents = contents
    return site


def test_the_first_load_downloads_and_the_second_does_not(small, tmp_path, pictures):
    told = []
    first = load("mnist", progress=lambda done, total: told.append(done))
    assert np.array_equal(first.images, pictures(4))
    assert first.labels.tolist() == [0, 1, 2, 3]
    assert first.names == tuple("0123456789")
    assert first.source == "mnist"
    assert told
    assert small.paths == ["/train-images-idx3-ubyte.gz", "/train-labels-idx1-ubyte.gz"]
    assert mnist().fingerprint == first.fingerprint
    assert len(small.paths) == 2
    assert (tmp_path / "cache" / "mnist" / "train-images-idx3-ubyte.gz").is_file()
    assert len(mnist("test")) == 2


def test_a_cache_that_is_given_wins_over_the_environment(small, tmp_path):
    load("mnist", "test", cache=tmp_path / "given")
    assert (tmp_path / "given" / "mnist" / "t10k-labels-idx1-ubyte.gz").is_file()
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("raw", [False, True])
def test_inkread_data_comes_first_raw_or_gzipped(small, tmp_path, monkeypatch, raw):
    folder = tmp_path / "data" / "mnist"
    folder.mkdir(parents=True)
    for name, contents in small.contents.items():
        path = folder / (name.removesuffix(".gz") if raw else name)
        path.write_bytes(contents if raw else gzip.compress(contents, 1))
    monkeypatch.setenv("INKREAD_DATA", str(tmp_path / "data"))
    assert len(mnist()) == 4
    assert small.paths == []
    assert not (tmp_path / "cache").exists()


def test_inkread_data_without_mnist_falls_back(small, tmp_path, monkeypatch):
    monkeypatch.setenv("INKREAD_DATA", str(tmp_path))
    assert len(mnist("test")) == 2
    assert len(small.paths) == 2


@pytest.mark.parametrize("damage", ["other", "cut", "longer"])
def test_a_damaged_file_in_the_cache_is_named_and_kept(small, tmp_path, damage):
    mnist("test")
    path = tmp_path / "cache" / "mnist" / "t10k-images-idx3-ubyte.gz"
    contents = small.contents[path.name]
    bad = {
        "other": gzip.compress(contents[:-1] + bytes([contents[-1] ^ 1])),
        "cut": path.read_bytes()[:-12],
        "longer": gzip.compress(contents + b"."),
    }[damage]
    path.write_bytes(bad)
    with pytest.raises(ChecksumError) as caught:
        mnist("test")
    message = str(caught.value)
    assert str(path) in message
    assert hashlib.sha256(contents).hexdigest() in message
    assert "Delete it; the next call downloads it again" in message
    if damage == "other":
        assert f"expected contents of {len(contents)} bytes with sha256" in message
    assert path.read_bytes() == bad
    path.unlink()
    assert len(mnist("test")) == 2


def test_a_damaged_file_in_inkread_data(small, tmp_path, monkeypatch):
    path = tmp_path / "data" / "mnist" / "train-images.idx3-ubyte"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"wrong")
    monkeypatch.setenv("INKREAD_DATA", str(tmp_path / "data"))
    with pytest.raises(
        ChecksumError, match=r"got 5 bytes with .* Put a sound copy in its place, or unset INKREAD_DATA"
    ):
        mnist()


def test_no_mirror_at_all(small, tmp_path, monkeypatch, free_url):
    monkeypatch.setattr(MODULE, "MIRRORS", (free_url,))
    with pytest.raises(DownloadError, match="INKREAD_DATA"):
        mnist()


def test_a_part_that_is_none():
    with pytest.raises(UsageError, match=r"must be 'train' or 'test'; received 'tset'\. Did you mean 'test'\?"):
        mnist("tset")


def test_the_mirrors_are_https():
    assert len(MODULE.MIRRORS) == 2
    assert all(url.startswith("https://") for url in MODULE.MIRRORS)


@pytest.mark.mnist
@needs_mnist
def test_mnist_itself():
    train, test = mnist(), mnist("test")
    assert train.images.shape == (60000, 28, 28)
    assert test.images.shape == (10000, 28, 28)
    # The counts and first labels as published.
    assert np.bincount(train.labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert test.labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert train.fingerprint == "b70705df74f4d42fac1e00afa1fc24855eea257b5b554128eaa582d4dd0d736b"


@pytest.mark.mnist
@needs_mnist
def test_mnist_as_a_folder_of_idx_files_is_the_same():
    folder = load(Path(DATA) / "mnist", "test")
    assert folder.fingerprint == mnist("test").fingerprint
