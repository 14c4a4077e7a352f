from __future__ import annotations

import gzip

import numpy as np
import pytest

from inkread.datasets import load
from inkread.errors import DatasetFormatError, DatasetNotFoundError

ROWS = "3,0,1,2,255\n1,4,5,6,7\n"
IMAGES = [[[0, 1], [2, 255]], [[4, 5], [6, 7]]]


@pytest.fixture
def save(tmp_path):
    def save(text, name="set.csv"):
        path = tmp_path / name
        contents = text if isinstance(text, bytes) else text.encode()
        path.write_bytes(gzip.compress(contents) if name.endswith(".gz") else contents)
        return path

    return save


@pytest.mark.parametrize(
    "text",
    [
        ROWS,
        ROWS.rstrip("\n"),
        ROWS.replace("\n", "\r\n"),
        "\ufeff" + ROWS,
        "\n" + ROWS.replace("\n", "\n\n"),
        "label,pixel0,pixel1,pixel2,pixel3\n" + ROWS,
        "Class,0,1,2,3\n" + ROWS,
        "what,1x1,1x2,2x1,2x2\n" + ROWS,
        "p0,p1,p2,p3, Label \n0,1,2,255,3\n4,5,6,7,1\n",
        "p0,p1,class,p2,p3\n0,1,3,2,255\n4,5,1,6,7\n",
        ROWS.replace("255", "255.0").replace("4", " 004"),
        '"3","0","1","2","255"\n1,4,5,6,7\n',
    ],
)
def test_forms_of_one_table(save, text):
    data = load(save(text))
    assert data.images.tolist() == IMAGES
    assert data.labels.tolist() == [3, 1]
    assert data.names == ("0", "1", "2", "3")


def test_gzipped_and_by_any_case(save):
    assert load(save(ROWS, "SET.CSV.gz")).images.tolist() == IMAGES
    # What is gzipped is seen from the bytes.
    assert load(save(gzip.compress(ROWS.encode()))).images.tolist() == IMAGES


def test_words_as_labels(save):
    data = load(save("seven,0,1,2,3\nfour,4,5,6,7\nseven,8,9,9,9\n"))
    assert data.names == ("four", "seven")
    assert data.labels.tolist() == [1, 0, 1]


def test_letters_numbered_from_one(save):
    data = load(save("1,0,0,0,0\n26,0,0,0,0\n"))
    assert data.names == ("1", "26")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ROWS + "5,1,2,3\n", "line 3: expected 5 columns as in line 1, got 4. The line is cut short"),
        (ROWS + "\n5,1,2,3,4,5\n", "line 4: expected 5 columns as in line 1, got 6"),
        (ROWS + "5,1,x,3,4\n", "line 3: expected pixels as numbers in 0..255, got 'x'"),
        (ROWS + "5,1,,3,4\n", "line 3: expected pixels as numbers in 0..255, got ''"),
        (ROWS + "5,1,256,3,4\n", "line 3: expected pixels as whole numbers in 0..255, got '256'. Scale them"),
        (ROWS + "5,1,-1,3,4\n", "got '-1'"),
        (ROWS + "5,1,0.5,3,4\n", "got '0.5'"),
        (ROWS + "5,1,nan,3,4\n", "got 'nan'"),
        (ROWS + "5,1,1e999,3,4\n", "got '1e999'"),
        (ROWS + " ,1,2,3,4\n", "line 3: expected a label, got an empty field"),
        ("3,0,1,2,x\n" + ROWS, "line 1: expected pixels as numbers in 0..255, got 'x'"),
        (
            "3,0,1,2\n",
            r"line 1: expected a label and the pixels of a square picture .*: 3 pixels are not a square",
        ),
        ("3;0;1;2;4\n", "parted by commas.*got 1 columns: 0 pixels"),
        ("", "expected at least one line with a label and pixels, got none"),
        ("label,a,b,c,d\n", "expected at least one line"),
        (b"\xff\xfe\x00", "expected text in UTF-8, got other bytes"),
        ("1," + "9" * 200_000 + ",1,1,1\n", "line 1: expected comma-separated values, got something else"),
    ],
)
def test_lines_that_cannot_be(save, text, message):
    path = save(text)
    with pytest.raises(DatasetFormatError, match=message) as caught:
        load(path)
    assert str(caught.value).startswith(str(path))


def test_a_file_without_line_ends(save, monkeypatch):
    monkeypatch.setattr("inkread.datasets.csv._MAX_LINE", 1000)
    with pytest.raises(DatasetFormatError, match="expected lines below 1000 characters, got a longer one"):
        load(save("1," * 2000))


def test_a_cut_gzip(save):
    path = save(ROWS, "set.csv.gz")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DatasetFormatError, match="expected a whole gzip file, got one that is cut short"):
        load(path)


def test_it_has_no_parts(save):
    with pytest.raises(DatasetNotFoundError, match="not divided into parts, so all of it is 'train'"):
        load(save(ROWS), "test")


def test_a_file_of_full_size_pictures(save):
    images = np.random.default_rng(0).integers(0, 256, (500, 785))
    images[:, 0] = np.arange(500) % 10
    data = load(save("\n".join(",".join(map(str, row)) for row in images.tolist())))
    assert np.array_equal(data.images.reshape(500, 784), images[:, 1:])
    assert np.array_equal(data.labels, images[:, 0])
