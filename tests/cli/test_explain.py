"""`inkread explain` and `inkread doubtful`, in this process."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkread.reading.card import Rejection
from tests.model_files import make_card


@pytest.fixture
def numbers(tmp_path, draw_digit) -> Path:
    """Return a set of drawn digits in two parts; the test part has one wrong label, number 5."""
    x = np.stack([draw_digit(label, 56 + size) for size in range(4) for label in (0, 1, 2, 7) if not size])
    x = np.concatenate([np.roll(x, shift, axis=2) for shift in range(-3, 4)])  # (28, 56, 56)
    y = np.tile([0, 1, 2, 7], 7)
    wrong = y.copy()
    wrong[5] = 3
    names = [f"{i}" for i in range(10)]
    np.savez(tmp_path / "numbers.npz", x_train=x, y_train=y, x_test=x, y_test=wrong, names=names)
    return tmp_path / "numbers.npz"


def drawings(folder: Path) -> list[str]:
    found = sorted(folder.iterdir())
    for path in found:
        with Image.open(path) as picture:
            picture.load()
    return [path.name for path in found]


def test_explain_says_what_was_read_and_where(inkread, pictures):
    ended = inkread("explain", "seven.png")
    assert (ended.code, ended.stderr) == (0, "")
    for told in ("seven.png", "read as", "7", "confidence", "or else", "7, by occlusion", "decided most by", "row"):
        assert told in ended.stdout
    assert sorted(path.suffix for path in pictures.iterdir()) == [".png"] * 5


def test_explain_by_class_activation_about_another_class(inkread, pictures):
    ended = inkread("explain", "seven.png", "--method", "class-activation", "--label", "1")
    assert ended.code == 0
    assert "1, by class-activation-at-maxima" in ended.stdout


def test_explain_writes_its_drawings(inkread, pictures, numbers):
    ended = inkread("explain", "two.png", "--nearest", numbers, "--output", pictures / "deep" / "in")
    assert ended.code == 0
    assert drawings(pictures / "deep" / "in") == ["explanation.png", "feature-maps.png", "nearest.png"]
    assert "most alike" in ended.stdout
    assert ended.stdout.count("2 (no. ") >= 3
    assert ended.stdout.splitlines()[-1] == str(pictures / "deep" / "in" / "nearest.png")


def test_explain_writes_one_drawing_to_a_file(inkread, pictures):
    (pictures / "out").mkdir()
    ended = inkread("explain", "two.png", "--output", "out/mine.PNG")
    assert ended.code == 0
    assert drawings(pictures / "out") == ["mine.PNG"]


def test_explain_from_standard_input(inkread, pictures):
    assert inkread("explain", "-", stdin=Path("one.png").read_bytes()).code == 0


def test_explain_a_network_without_convolutions(inkread, pictures, write_model):
    ended = inkread("explain", "one.png", "--model", write_model(), "--output", pictures / "out")
    assert ended.code == 0
    assert "none" in ended.stdout
    assert drawings(pictures / "out") == ["explanation.png"]


def test_explain_what_is_no_digit(inkread, pictures, write_model):
    path = write_model(card=make_card(rejection=Rejection(-1e9, 0.0, 10)), outputs=11)
    assert "no digit; if it were one, " in inkread("explain", "one.png", "--model", path).stdout


def test_explain_what_cannot_be(inkread, pictures, write_model):
    assert inkread("explain", "blank.png").code == 3
    assert inkread("explain", "nowhere.png").code == 3
    assert inkread("explain", "one.png", "--model", "nothing").code == 4
    assert inkread("explain", "one.png", "--model", write_model(), "--method", "class-activation").code == 4
    assert inkread("explain", "one.png", "--label", "x").code == 2
    assert inkread("explain", "one.png", "--method", "magic").code == 2
    assert inkread("explain", "one.png", "--nearest", "nowhere").code == 5
    assert inkread("explain", "one.png", "--output", "one.png/inside").code == 8


@pytest.fixture
def two_digits(pictures, draw_digit) -> str:
    """Return a picture of 2 and 7 beside each other."""
    sheet = np.full((120, 260), 255, np.uint8)
    sheet[20:100, 30:110], sheet[20:100, 140:220] = draw_digit(2, 80), draw_digit(7, 80)
    Image.fromarray(sheet).save("both.png")
    return "both.png"


@pytest.mark.parametrize(
    ("options", "read_as"),
    [(["--digit", 1], "2"), (["--digit", 2], "7"), (["--box", "140,20,80,80"], "7")],
)
def test_explain_one_digit_of_several(inkread, two_digits, options, read_as):
    ended = inkread("explain", two_digits, *options, "--output", "why.png")
    assert (ended.code, ended.stderr) == (0, "")
    (row,) = (line for line in ended.stdout.splitlines() if "read as" in line)
    assert row.strip("│ ").split("│")[1].strip() == read_as


def test_explain_several_digits_has_to_be_told_which(inkread, two_digits):
    ended = inkread("explain", two_digits)
    assert (ended.code, ended.stdout) == (2, "")
    assert "Expected a picture of one digit, got one of 2: 27. Choose one with --digit 1 to 2" in ended.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--digit", 3], "Expected --digit from 1 to 2, got 3; read was: 27."),
        (["--digit", 0], "Expected --digit from 1 to 2, got 0"),
        (["--digit", 1, "--box", "1,1,9,9"], "Expected --digit or --box, got both."),
        (["--box", "1,2,3"], "Expected --box as left,top,width,height in pixels, such as 120,40,60,80, got '1,2,3'."),
        (["--box", "1,2,nan,4"], "got '1,2,nan,4'"),
        (["--box", "1,2,inf,4"], "got '1,2,inf,4'"),
        (["--box", "900,900,20,20"], "Expected a box on the picture of 260 x 120 pixels"),
    ],
)
def test_explain_a_digit_that_there_is_not(inkread, two_digits, options, said):
    ended = inkread("explain", two_digits, *options)
    assert ended.code == 2
    assert said in ended.stderr


def test_doubtful_finds_the_wrong_label(inkread, numbers, tmp_path):
    ended = inkread("doubtful", numbers, "--top", "3", "--output", tmp_path / "out")
    assert ended.code == 0
    (row,) = [
        line for line in ended.stdout.splitlines() if "5" in line and "3" in line and "1" in line and "│" in line
    ][:1]
    assert [cell.strip() for cell in row.split("│")][1:4] == ["5", "3", "1"]
    assert drawings(tmp_path / "out") == ["doubtful.png"]
    assert ended.stdout.splitlines()[-1] == str(tmp_path / "out" / "doubtful.png")
    assert "of 28 labels count as wrong" in ended.stderr
    assert "brought into MNIST's form" in ended.stderr


def test_doubtful_says_when_the_model_was_trained_on_them(inkread, numbers, write_model):
    from inkread.datasets import load

    card = make_card(data={"fingerprint": load(numbers, "train").fingerprint})
    path = write_model(card=card)
    assert "was trained on these pictures" in inkread("doubtful", numbers, "--model", path, "--split", "train").stderr
    assert "was trained" not in inkread("doubtful", numbers, "--model", path).stderr


@pytest.fixture
def mixed(tmp_path, draw_digit) -> Path:
    """Return a folder of pictures of different sizes, without parts; of the ones one is a seven."""
    for label, size in ((0, 60), (0, 44), (1, 50), (2, 72), (7, 48), (7, 90)):
        folder = tmp_path / "mixed" / ("1" if (label, size) == (7, 90) else str(label))
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw_digit(label, size)).save(folder / f"{size}.png")
    return tmp_path / "mixed"


def test_doubtful_of_pictures_of_any_sizes_without_a_test_part(inkread, mixed):
    ended = inkread("doubtful", mixed, "--top", "1")
    assert ended.code == 0
    row = [line for line in ended.stdout.splitlines() if line.startswith("│")][-1]
    cells = [cell.strip() for cell in row.strip("│ ").split("│")]
    assert cells[1:3] == ["1", "7"]
    assert "has no test part: all of its pictures are taken." in ended.stderr
    assert "The 6 pictures differ in size: each was brought into MNIST's form." in ended.stderr


def test_evaluate_pictures_of_any_sizes(inkread, mixed):
    ended = inkread("evaluate", "default", "--data", mixed)
    assert ended.code == 0
    assert "83.33%" in ended.stdout
    assert "The 6 pictures differ in size" in ended.stderr


def test_doubtful_what_cannot_be(inkread, numbers, tmp_path):
    assert inkread("doubtful", numbers, "--top", "0").code == 2
    assert inkread("doubtful", tmp_path / "nowhere.npz").code == 5
    assert inkread("doubtful", numbers, "--split", "all").code == 2
    assert inkread("doubtful", numbers, "--output", numbers).code == 8


def test_without_matplotlib_the_numbers_are_still_told(inkread, pictures, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert inkread("explain", "one.png").code == 0
    ended = inkread("explain", "one.png", "--output", pictures / "out")
    assert ended.code == 7
    assert "inkread[report]" in ended.stderr
