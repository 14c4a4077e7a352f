"""Two readers of one line, and what becomes of their readings."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

import inkread
from inkread.imaging.lines import TALL, all_of, one_line
from inkread.imaging.patch import patch
from inkread.imaging.sheet import find_sheet
from inkread.imaging.upright import turned
from inkread.reading.combined import CombinedReader, shares
from inkread.reading.line import LineReader, spaced
from inkread.reading.predictor import Predictor
from inkread.reading.segmented import SegmentedReader
from inkread.reading.wanted import Wanted
from tests.conftest import drawn_digit
from tests.model_files import make_card


@pytest.fixture(scope="module")
def readers() -> tuple[SegmentedReader, LineReader]:
    return SegmentedReader(Predictor()), LineReader()


def strip_of(picture: np.ndarray):
    sheet = find_sheet(picture)
    assert sheet is not None
    return one_line(sheet)[0]


def number(text: str, size: int = 60, gap: int = 15, paper: int = 255) -> np.ndarray:
    tiles = [drawn_digit(int(sign), size, share=0.8, pen=0.07, paper=paper) for sign in text]
    space = np.full((size, gap), paper, np.uint8)
    line = np.hstack([part for tile in tiles for part in (tile, space)])
    return cv2.copyMakeBorder(line, 20, 20, 20, 20, cv2.BORDER_CONSTANT, value=paper)


def test_what_both_make_likely_wins():
    ranked = shares({"17": 0.6, "11": 0.4}, {"77": 0.6, "17": 0.39})
    assert ranked[0][0] == "17"
    assert sum(share for _, share in ranked) == pytest.approx(1.0)


def test_the_exponent_gives_the_reader_of_whole_lines_its_weight():
    pieces, whole = {"1": 0.7, "7": 0.3}, {"7": 0.7, "1": 0.3}
    assert shares(pieces, whole, exponent=0.5)[0][0] == "1"
    assert shares(pieces, whole, exponent=2.0)[0][0] == "7"


def test_one_reader_alone():
    assert shares({}, {"12": 0.9})[0][0] == "12"
    assert shares({"12": 0.9}, {})[0][0] == "12"
    assert shares({}, {}) == []


def test_spaces_between_groups_but_not_beside_marks():
    assert spaced("123456", ("123", "456")) == "123 456"
    assert spaced("12.34", ("12", "34")) == "12.34"
    assert spaced("-12-", ("12",)) == "-12-"


def test_a_line_has_boxes_by_pieces_and_marks_as_a_whole(readers, monkeypatch):
    monkeypatch.setattr("inkread.reading.combined.CLEAR", 1.1)
    picture = number("3047")
    (line,) = CombinedReader(*readers).read([strip_of(picture)])
    assert line.text == line.transcript == "3047"
    assert line.alternatives[0][0] == "3047"
    alone = readers[0].read([strip_of(picture)])[0]
    assert [digit.box for digit in line.digits] == [digit.box for digit in alone.digits]
    assert all(digit.confidence >= line.confidence for digit in line.digits)
    assert all(sum(digit.probabilities) == pytest.approx(1, abs=1e-4) for digit in line.digits)


def test_a_line_that_cannot_be_cut_is_read_as_a_whole(readers, monkeypatch):
    """Where no way through the pieces reads a text, the boxes are those of the alignment."""
    pieces, whole = readers
    combined = CombinedReader(pieces, whole)
    monkeypatch.setattr("inkread.reading.combined.CLEAR", 1.1)
    monkeypatch.setattr(pieces, "readings", lambda *_: {})
    (line,) = combined.read([strip_of(number("27"))])
    assert line.text == "27"
    first, second = line.digits
    assert 20 < first.box.left < first.box.left + first.box.width <= second.box.left < 170


def test_a_line_that_the_reader_of_whole_lines_sees_nothing_on(readers, monkeypatch):
    pieces, whole = readers
    monkeypatch.setattr(whole, "look", lambda strips: [None] * len(strips))
    (line,) = CombinedReader(pieces, whole).read([strip_of(number("27"))])
    assert line.text == "27"


def test_what_is_wanted(readers):
    combined, strip = CombinedReader(*readers), strip_of(number("3047"))
    assert combined.read([strip], Wanted(length=4))[0].text == "3047"
    three = combined.read([strip], Wanted(length=3))[0]
    assert len(three.text) == 3
    impossible = combined.read([strip], Wanted(pattern="9{12}"))[0]
    assert impossible.text == "3047"
    assert not impossible.answered
    assert impossible.confidence == 0


@pytest.mark.parametrize("clear", [0.8, 1.1])
def test_how_a_line_is_written_is_asked_of_it_with_its_marks(readers, monkeypatch, clear):
    monkeypatch.setattr("inkread.reading.combined.CLEAR", clear)
    asked = []
    CombinedReader(*readers).read([strip_of(number("3047"))], Wanted(written=lambda text: asked.append(text) or 1.0))
    assert {"".join(filter(str.isdigit, text)) for text in asked} == {"3047"}


def test_digits_of_other_names_are_read_by_pieces_alone(write_model):
    names = tuple("abcdefghij")
    reader = inkread.Reader(write_model("letters.onnx", card=make_card(labels=names)))
    assert isinstance(reader._line_reader, SegmentedReader)


def test_a_patch_is_the_place_on_the_picture():
    picture = number("27")
    strip = strip_of(picture)
    pixels, matrix = patch(strip)
    box = strip.box(0, 0, strip.level.shape[1], strip.level.shape[0])
    x, y = matrix[0, 2], matrix[1, 2]
    assert x < box[0]
    assert y < box[1]
    same = picture[round(y) : round(y) + pixels.shape[0], round(x) : round(x) + pixels.shape[1]]
    height, width = (min(a, b) for a, b in zip(same.shape, pixels.shape, strict=True))
    differs = np.abs(same[:height, :width].astype(int) - pixels[:height, :width])
    assert float(differs.mean()) < 12


def test_a_patch_of_a_turned_picture_is_upright(readers):
    picture = np.rot90(number("3047"), 1).copy()
    sheet = turned(find_sheet(picture), 1)
    whole = readers[1].look(one_line(sheet))[0]
    assert whole.strip.pixels.shape[1] > 3 * whole.strip.pixels.shape[0]
    assert readers[1].decode(whole).text == "3047"


def test_a_patch_is_no_larger_than_the_picture():
    """What goes on beyond the picture as plain paper has an edge there, which looks like ink."""
    picture = number("27", paper=230)[15:-15, 15:-15]
    pixels, matrix = patch(strip_of(picture))
    assert all(side <= other + 1 for side, other in zip(pixels.shape, picture.shape, strict=True))
    assert matrix[0, 2] >= -0.5
    assert matrix[1, 2] >= -0.5


def test_a_patch_of_a_large_picture_is_made_smaller():
    pixels, matrix = patch(strip_of(number("27", size=400)))
    assert pixels.shape[0] < 150
    assert np.hypot(*matrix[:2, 1]) > 4


@pytest.mark.filterwarnings("error")
def test_a_line_without_pieces_beside_one_with_some(readers):
    full = strip_of(number("3047"))
    lattices = readers[0].lattices([full, replace(full, level=np.zeros_like(full.level))])
    assert lattices[0] is not None
    assert lattices[1] is None


def test_a_rule_that_digits_are_meant_to_keep_decides_between_near_readings():
    near, clear = {"17": 0.6, "11": 0.4}, {"17": 1 - 1e-6, "11": 1e-6}
    rule = Wanted(likely=lambda digits: digits == "11")
    assert shares(near, near)[0][0] == "17"
    assert shares(near, near, rule)[0][0] == "11"
    # What is clear is told as it stands: the writer may have erred.
    assert [text for text, _ in shares(clear, clear, rule)] == ["17", "11"]


def test_a_line_of_which_no_ink_can_be_told_is_read_as_a_whole(monkeypatch):
    monkeypatch.setattr("inkread.reading.pages.find_sheet", lambda gray: None)
    assert inkread.read(number("3047"), layout="line").text == "3047"
    assert inkread.read(np.full((60, 200), 255, np.uint8), layout="line").lines == ()


def test_a_large_picture_without_ink_is_no_large_strip():
    """A strip has digits of one height, whatever the picture's: nothing of twelve megapixels is cut into pieces."""
    strip = all_of(np.full((300, 400), 255, np.uint8))
    assert strip.level.shape[0] == strip.tall == TALL
    assert strip.box(0, 0, strip.level.shape[1], TALL) == pytest.approx((0, 0, 400, 300))


def looked_at(pieces: SegmentedReader, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that gets the number of lines of each look at pieces."""
    counts: list[int] = []
    lattices = pieces.lattices
    monkeypatch.setattr(pieces, "lattices", lambda strips: counts.append(len(strips)) or lattices(strips))
    return counts


def test_a_line_that_is_clear_as_a_whole_is_not_cut(readers, monkeypatch):
    counts = looked_at(readers[0], monkeypatch)
    (line,) = CombinedReader(*readers).read([strip_of(number("3047"))])
    assert line.text == "3047"
    assert counts == []


def test_only_doubtful_lines_are_cut(readers, monkeypatch):
    combined, counts = CombinedReader(*readers), looked_at(readers[0], monkeypatch)
    readings = iter([{"3047": 0.95}, {"27": 0.5, "21": 0.3}])
    monkeypatch.setattr(combined, "_texts", lambda *_: next(readings))
    assert [line.text for line in combined.read([strip_of(number(text)) for text in ("3047", "27")])] == ["3047", "27"]
    assert counts == [1]


@pytest.mark.parametrize(
    "wanted",
    [Wanted(length=3), Wanted(pattern="3.*8"), Wanted(likely=lambda text: text == "3041")],
    ids=["length", "pattern", "rule"],
)
def test_what_is_clear_but_not_wanted_is_cut(readers, monkeypatch, wanted):
    counts = looked_at(readers[0], monkeypatch)
    CombinedReader(*readers).read([strip_of(number("3047"))], wanted)
    assert counts == [1]


def test_a_clear_number_among_other_signs_is_cut_unless_it_is_asked_for(readers, monkeypatch):
    combined, counts = CombinedReader(*readers), looked_at(readers[0], monkeypatch)
    monkeypatch.setattr("inkread.reading.combined.signs", lambda _: 0.5)
    combined.read([strip_of(number("3047"))], Wanted(number=True))
    assert counts == []
    combined.read([strip_of(number("3047"))])
    assert counts == [1]


def test_what_only_pieces_see_is_a_number_only_where_one_is_asked_for(readers, monkeypatch):
    combined = CombinedReader(*readers)
    monkeypatch.setattr(combined, "_texts", lambda *_: {"88": 0.3, "27": 0.02})
    strip = strip_of(number("27"))
    assert combined.read([strip]) == [None]
    assert combined.read([strip], Wanted(number=True))[0].text == "27"


def test_digits_in_boxes_that_are_known_are_cut_there(readers, monkeypatch):
    strip, counts = strip_of(number("27")), looked_at(readers[0], monkeypatch)
    middle = strip.level.shape[1] / 2
    (line,) = CombinedReader(*readers).read([replace(strip, dividers=(middle,))])
    assert line.text == "27"
    assert counts == [1]


def test_a_picture_of_a_clear_line_is_read_as_it_is(readers, monkeypatch):
    monkeypatch.setattr("inkread.reading.pages.find_sheet", None)
    line = inkread.read(number("3047"), layout="line").lines[0]
    assert line.text == line.transcript == "3047"
    lefts = [digit.box.left for digit in line.digits]
    assert np.allclose(lefts, [20 + 75 * i + 30 for i in range(4)], atol=25)
    assert all(20 <= digit.box.top < digit.box.top + digit.box.height <= 82 for digit in line.digits)


def test_a_picture_of_nothing_or_of_something_else_than_wanted_is_not(readers):
    combined = CombinedReader(*readers)
    assert combined.at_once(np.full((40, 200), 200, np.uint8)) is None
    assert combined.at_once(number("3047")) is not None
    assert combined.at_once(number("3047"), Wanted(length=5)) is None


def test_a_clear_line_reads_the_same_beside_others(readers):
    combined, strips = CombinedReader(*readers), [strip_of(number(text)) for text in ("3047", "27", "3047")]
    together = combined.read(strips)
    assert together == [combined.read([strip])[0] for strip in strips]
