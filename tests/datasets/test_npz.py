from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkread.datasets import load
from inkread.errors import DatasetFormatError, DatasetNotFoundError, InkreadError

X = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)
Y = np.array([2, 0, 1])


@pytest.fixture
def save(tmp_path):
    def save(compressed=False, **arrays) -> Path:
        path = tmp_path / "set.npz"
        (np.savez_compressed if compressed else np.savez)(path, **arrays)
        return path

    return save


@pytest.mark.parametrize("compressed", [False, True])
def test_keras_layout(save, compressed):
    path = save(compressed, x_train=X, y_train=Y, x_test=X[:2], y_test=Y[:2] * 0)
    train, test = load(path), load(path, "test")
    assert np.array_equal(train.images, X)
    assert train.labels.tolist() == [2, 0, 1]
    assert test.labels.tolist() == [0, 0]
    assert test.names == train.names == ("0", "1", "2")
    assert train.labels.dtype == np.int64


def test_medmnist_layout(save):
    arrays = {f"{part}_images": X for part in ("train", "val", "test")}
    labels = {f"{part}_labels": Y[:, np.newaxis].astype(np.uint8) for part in ("train", "val", "test")}
    path = save(**arrays, **labels)
    assert load(path).labels.tolist() == load(path, "test").labels.tolist() == [2, 0, 1]


@pytest.mark.parametrize(("x", "y"), [("images", "labels"), ("x", "y"), ("X", "y")])
def test_plain_layouts(save, x, y):
    path = save(**{x: X, y: Y, "writer": np.arange(3)})
    assert np.array_equal(load(path).images, X)
    with pytest.raises(DatasetNotFoundError) as caught:
        load(path, "test")
    assert "not divided into parts, so all of it is 'train'" in str(caught.value)
    assert "Give a separate file" in str(caught.value)


def test_a_part_that_is_not_there(save):
    with pytest.raises(DatasetNotFoundError, match="has no part 'train': it has only 'test'"):
        load(save(x_test=X, y_test=Y))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (X, X),
        (X.astype(np.int64), X),
        (X.astype(">u2"), X),
        (X / 255, X),
        ((X / 255).astype(np.float32), X),
        ((X / 255).astype(np.float16), X),
        (np.array([[[0.5]]] * 3), np.array([[[128]]] * 3)),
        (X > 30, np.where(X > 30, 255, 0)),
        (X[..., np.newaxis], X),
        (np.stack([X] * 3, axis=-1), np.stack([X] * 3, axis=-1)),
        (X[:, :, :4].reshape(3, 16), X[:, :, :4]),
        (np.asfortranarray(X), X),
    ],
)
def test_pixels(save, given, expected):
    data = load(save(x=given, y=Y))
    assert data.images.dtype == np.uint8
    assert np.array_equal(data.images, expected)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (X.astype(float), r"array x: expected float64 pixels in 0\.\.1; received 0\.\.59\. Scale them"),
        (X.astype(int) + 250, r"expected int64 pixels in 0\.\.255; received 250\.\.309"),
        (X.astype(int) - 1, r"received -1\.\.58"),
        (np.full((3, 4, 4), np.nan), "received nan"),
        (X.astype(complex), "received dtype complex128"),
        (X[:, :, :2].reshape(3, 8), r"received shape \(3, 8\)\. Reshape them"),
        (np.zeros((3, 1, 4, 4), np.uint8), r"received shape \(3, 1, 4, 4\)"),
        (np.zeros(3, np.uint8), r"received shape \(3,\)"),
        (np.zeros((3, 0), np.uint8), r"received shape \(3, 0\)"),
        (np.zeros((0, 4, 4)), "at least one picture"),
        (X[:2], "received 2 pictures and 3 labels"),
        (np.array([None, 1, 2], dtype=object), "pickled Python objects .* never loaded"),
    ],
)
def test_pixels_that_cannot_be(save, images, message):
    with pytest.raises(DatasetFormatError, match=message) as caught:
        load(save(x=images, y=Y))
    assert "set.npz" in str(caught.value)


@pytest.mark.parametrize(
    ("given", "labels", "names"),
    [
        (Y.astype(np.uint8), [2, 0, 1], ("0", "1", "2")),
        (Y.astype(float), [2, 0, 1], ("0", "1", "2")),
        (np.eye(5)[Y], [2, 0, 1], ("0", "1", "2", "3", "4")),
        (np.eye(3, dtype=bool)[Y], [2, 0, 1], ("0", "1", "2")),
        (np.array([5, 0, 5]), [5, 0, 5], ("0", "1", "2", "3", "4", "5")),
        (np.array([26, 1, 3]), [2, 0, 1], ("1", "3", "26")),
        (np.array([-1, 1, 1]), [0, 1, 1], ("-1", "1")),
        (np.array(["c", "a", "b"]), [2, 0, 1], ("a", "b", "c")),
        (np.array([b"c", b"a", "é".encode()]), [1, 0, 2], ("a", "c", "é")),
    ],
)
def test_labels(save, given, labels, names):
    data = load(save(x=X, y=given))
    assert data.labels.tolist() == labels
    assert data.names == names


@pytest.mark.parametrize("key", ["names", "label_names"])
def test_names_beside_the_labels(save, key):
    data = load(save(x=X, y=Y, **{key: np.array(["zero", "one", "two", "three"])}))
    assert data.labels.tolist() == [2, 0, 1]
    assert data.names == ("zero", "one", "two", "three")
    words = load(save(x=X, y=np.array(["two", "zero", "one"]), **{key: np.array(["zero", "one", "two"])}))
    assert words.labels.tolist() == [2, 0, 1]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"y": Y + 0.5}, "array y: expected labels that are whole numbers; received fractions"),
        ({"y": np.full(3, np.inf)}, "whole numbers"),
        ({"y": np.ones((3, 4))}, "expected one 1 in each one-hot row; row 0 has 4"),
        ({"y": np.full((3, 4), 2)}, "expected to hold only 0 and 1"),
        ({"y": np.zeros((3, 2, 2), int)}, r"expected labels of shape .* received shape \(3, 2, 2\)"),
        ({"y": np.array([b"\xff", b"a", b"b"])}, "UTF-8"),
        ({"y": np.array([2**64 - 1, 0, 1], np.uint64)}, "below 2"),
        (
            {"y": Y, "names": np.array(["a", "b"])},
            r"expected labels in 0\.\.1 for 2 class names; received 0\.\.2",
        ),
        ({"y": Y, "names": np.array(["a", "a", "b"])}, "expected different class names"),
        (
            {"y": np.array(["a", "b", "x"]), "names": np.array(["a", "b"])},
            "names 'a', 'b'; received also 'x'",
        ),
    ],
)
def test_labels_that_cannot_be(save, arrays, message):
    with pytest.raises(DatasetFormatError, match=message):
        load(save(x=X, **arrays))


def test_parts_with_labels_of_two_kinds(save):
    with pytest.raises(DatasetFormatError, match="both parts as numbers or both as text; got a mixture"):
        load(save(x_train=X, y_train=Y, x_test=X, y_test=np.array(["a", "b", "c"])))


def test_unknown_names_of_arrays(save):
    with pytest.raises(DatasetFormatError, match=r"expected arrays named x_train and y_train, .*; got pixels, y"):
        load(save(pixels=X, y=Y))


@pytest.mark.parametrize("contents", [b"", b"PK\x03\x04", b"\x80\x04N.", b"text", b"\x93NUMPY"])
def test_no_archive_at_all(tmp_path, contents):
    path = tmp_path / "set.npz"
    path.write_bytes(contents)
    with pytest.raises(DatasetFormatError, match=r"set\.npz: expected"):
        load(path)


def test_a_single_array(tmp_path):
    path = tmp_path / "set.npz"
    with path.open("wb") as file:
        np.save(file, X)
    with pytest.raises(DatasetFormatError, match="got a single array"):
        load(path)


def test_a_header_that_promises_more_than_is_there(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (1 << 20, 1 << 10, 1 << 10)}
    )
    labels = io.BytesIO()
    np.save(labels, Y)
    path = tmp_path / "set.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", header.getvalue() + b"abc")
        archive.writestr("y.npy", labels.getvalue())
    with pytest.raises(DatasetFormatError, match=r"array x: expected 1099511627776 bytes for shape .*, got 3"):
        load(path)


def good_archive() -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, x=X, y=Y, names=np.array(["a", "b", "c"]))
    return file.getvalue()


GOOD = good_archive()


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=4), st.integers(0, 40))
def test_damaged_bytes_are_never_another_kind_of_error(changes, missing):
    contents = bytearray(GOOD)
    for place, value in changes:
        contents[place] = value
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "set.npz"
        path.write_bytes(contents[: len(contents) - missing])
        try:
            load(path)
        except InkreadError as error:
            assert str(path) in str(error)
