from __future__ import annotations

import gzip
import io
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from inkread.datasets import load
from inkread.datasets.idx import parse_idx, read_idx
from inkread.errors import DatasetFormatError, DatasetNotFoundError, InkreadError

UINT8 = arrays.arrays(np.uint8, arrays.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5))


@given(UINT8)
def test_round_trip(idx_bytes, array):
    contents = idx_bytes(array)
    again = parse_idx(io.BytesIO(contents), "drawn", len(contents))
    assert again.dtype == np.uint8
    assert again.shape == array.shape
    assert np.array_equal(again, array)


@settings(max_examples=200)
@given(UINT8, st.data(), st.booleans())
def test_damaged_bytes_are_never_another_kind_of_error(idx_bytes, array, data, zipped):
    contents = bytearray(gzip.compress(idx_bytes(array), mtime=1) if zipped else idx_bytes(array))
    for _ in range(data.draw(st.integers(0, 3))):
        contents[data.draw(st.integers(0, len(contents) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(contents)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t10k-labels-idx1-ubyte"
        path.write_bytes(contents[:end] + data.draw(st.binary(max_size=3)))
        try:
            read_idx(path)
        except InkreadError as error:
            assert str(path) in str(error)


@given(st.binary(max_size=40))
def test_any_bytes(contents):
    try:
        parse_idx(io.BytesIO(contents), "any", len(contents))
    except InkreadError as error:
        assert str(error).startswith("any: ")


HEADER = bytes([0, 0, 8, 1, 0, 0, 0, 5])


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"", "starting with 00 00 08 .* got an empty file"),
        (b"\x89PNG", "expected an IDX file.*got 89 50 4e 47"),
        (
            bytes([0, 0, 0x0D, 1, 0, 0, 0, 1, 0, 0, 0, 0]),
            r"type uint8 \(0x08\), got float32 \(0x0d\). Convert",
        ),
        (bytes([0, 0, 8, 0]), "expected 1 to 4 dimensions, got 0"),
        (bytes([0, 0, 8, 9]), "got 9"),
        (bytes([0, 0, 8, 3, 0, 0]), "expected a header of 16 bytes, got 6: the file is cut short"),
        (HEADER + b"abc", r"expected 13 bytes for shape \(5,\), got at most 11: the file is cut short"),
        (HEADER + b"abcdefg", r"expected 13 bytes for shape \(5,\), got more after them"),
        (bytes([0, 0, 8, 3]) + b"\xff" * 12, r"expected at most \d+ bytes of values, got a header"),
        (bytes([0, 0, 8, 1, 0x70, 0, 0, 0]), r"expected 1879048200 bytes .* got at most 8"),
        (
            gzip.compress(HEADER + b"abc", mtime=0),
            r"expected 13 bytes for shape \(5,\), got 11: the file is cut short",
        ),
        (gzip.compress(HEADER + b"abcdefg", mtime=0), "got more after them"),
        (gzip.compress(HEADER + b"abcde", mtime=0)[:-6], "expected a whole gzip file, got one that is cut short"),
        (gzip.compress(HEADER + b"abcde", mtime=0)[:-8] + bytes(8), "expected a sound gzip file, got a damaged one"),
        (b"\x1f\x8b", "expected a whole gzip file"),
        (b"\x1f\x8b\x08\x00" + bytes(6) + b"\xff" * 20, "got a damaged one"),
    ],
)
def test_files_that_are_not_right(tmp_path, contents, message):
    path = tmp_path / "train-labels-idx1-ubyte"
    path.write_bytes(contents)
    with pytest.raises(DatasetFormatError, match=message) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)


def test_a_gzip_bomb_is_left_unexploded(tmp_path):
    path = tmp_path / "bomb"
    with gzip.open(path, "wb") as file:
        file.write(HEADER)
        for _ in range(64):
            file.write(bytes(1 << 20))
    with pytest.raises(DatasetFormatError, match="got more after them"):
        read_idx(path)


@pytest.mark.parametrize(
    "names",
    [
        "{part}-{kind}-idx{n}-ubyte",
        "{part}-{kind}.idx{n}-ubyte",
        "kmnist-{part}-{kind}-idx{n}-ubyte",
        "{part}-{kind}-idx{n}-ubyte.gz",
        "{part}-{kind}-idx{n}-ubyte/{part}-{kind}-idx{n}-ubyte",
        "raw/{part}-{kind}-idx{n}-ubyte",
        "{part}_{kind}-idx{n}-ubyte",
    ],
)
@pytest.mark.parametrize("test_word", ["t10k", "test"])
@pytest.mark.parametrize("gz", [False, True])
def test_names_and_containers(tmp_path, write_idx, pictures, names, test_word, gz):
    for word, count in (("train", 5), (test_word, 3)):
        images = names.format(part=word, kind="images", n=3)
        write_idx(tmp_path / images, pictures(count, 4, 6), gz=gz)
        write_idx(tmp_path / names.format(part=word, kind="labels", n=1), np.arange(count), gz=gz)
    train, test = load(tmp_path), load(str(tmp_path), "test")
    assert np.array_equal(train.images, pictures(5, 4, 6))
    assert train.labels.tolist() == [0, 1, 2, 3, 4]
    assert test.labels.tolist() == [0, 1, 2]
    # The test part knows the classes that it has no picture of.
    assert test.names == train.names == ("0", "1", "2", "3", "4")
    assert test.source == str(tmp_path)


def write_set(folder, write_idx, images, labels, title="train"):
    write_idx(folder / f"{title}-images-idx3-ubyte", images)
    write_idx(folder / f"{title}-labels-idx1-ubyte", labels)


def test_a_file_that_is_there_raw_gzipped_and_nested_is_one(tmp_path, write_idx, pictures):
    write_set(tmp_path, write_idx, pictures(2), [0, 1])
    write_idx(tmp_path / "train-images-idx3-ubyte.gz", pictures(9), gz=True)
    write_idx(tmp_path / "train-images-idx3-ubyte.d", pictures(9))
    write_idx(tmp_path / "raw" / "train-images-idx3-ubyte", pictures(9))
    assert len(load(tmp_path)) == 2


def test_colour(tmp_path, write_idx):
    images = np.arange(2 * 3 * 4 * 3, dtype=np.uint8).reshape(2, 3, 4, 3)
    write_set(tmp_path, write_idx, images, [1, 0])
    assert np.array_equal(load(tmp_path).images, images)


@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 3, 4, 3)])
def test_emnist_is_turned_upright(tmp_path, write_idx, shape):
    stored = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    write_set(tmp_path, write_idx, stored, [1, 26], title="emnist-letters-train")
    write_set(tmp_path, write_idx, stored, [2, 25], title="emnist-letters-test")
    letters = load(tmp_path)
    assert letters.images.shape == (2, 4, 3, *shape[3:])
    assert np.array_equal(letters.images[1, 3, 2], stored[1, 2, 3])
    # Letters are numbered from 1: names are the numbers that occur in either part.
    assert letters.names == ("1", "2", "25", "26")
    assert letters.labels.tolist() == [0, 3]
    assert load(tmp_path, "test").labels.tolist() == [1, 2]


def test_a_missing_digit_does_not_shift_the_others(tmp_path, write_idx, pictures):
    write_set(tmp_path, write_idx, pictures(2), [7, 2])
    data = load(tmp_path)
    assert data.labels.tolist() == [7, 2]
    assert data.names == ("0", "1", "2", "3", "4", "5", "6", "7")


def test_several_sets_are_listed(tmp_path, write_idx, pictures):
    for title in ("emnist-digits-train", "emnist-letters-train"):
        write_set(tmp_path, write_idx, pictures(1), [0], title)
    with pytest.raises(DatasetFormatError) as caught:
        load(tmp_path)
    message = str(caught.value)
    assert "expected one set of IDX files for part 'train', got 2" in message
    assert "emnist-digits-train, emnist-letters-train. Put each set in a folder of its own" in message


def test_a_missing_part(tmp_path, write_idx, pictures):
    write_set(tmp_path, write_idx, pictures(1), [0])
    with pytest.raises(DatasetNotFoundError, match=r"has no part 'test': it has only 'train'\. Give a"):
        load(tmp_path, "test")


@pytest.mark.parametrize(("kind", "other"), [("images", "labels-idx1"), ("labels", "images-idx3")])
def test_a_missing_partner(tmp_path, write_idx, pictures, kind, other):
    name = f"train-{kind}-idx{3 if kind == 'images' else 1}-ubyte"
    write_idx(tmp_path / name, pictures(1) if kind == "images" else [0])
    with pytest.raises(DatasetFormatError, match=f"got {name} without train-{other}-ubyte. Put that"):
        load(tmp_path)


def test_counts_that_differ(tmp_path, write_idx, pictures):
    write_set(tmp_path, write_idx, pictures(3), [0, 1])
    with pytest.raises(DatasetFormatError) as caught:
        load(tmp_path)
    assert "train-images-idx3-ubyte and train-labels-idx1-ubyte" in str(caught.value)
    assert "expected one label for each picture, got 3 pictures and 2 labels" in str(caught.value)


def test_pictures_and_labels_exchanged(tmp_path, write_idx, pictures):
    write_set(tmp_path, write_idx, [0, 1], [0, 1])
    with pytest.raises(DatasetFormatError, match=r"expected pictures of shape .* got \(2,\). Is it"):
        load(tmp_path)
    write_set(tmp_path, write_idx, pictures(2), pictures(2))
    with pytest.raises(DatasetFormatError, match=r"expected labels of shape \(N,\), got \(2, 4, 4\)"):
        load(tmp_path)


def test_a_set_without_pictures(tmp_path, write_idx):
    write_set(tmp_path, write_idx, np.zeros((0, 4, 4)), [])
    with pytest.raises(DatasetFormatError, match="at least one picture"):
        load(tmp_path)
