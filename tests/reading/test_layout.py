"""One lone piece of ink on clean paper is read without a search for lines, anything else with it."""

import cv2
import numpy as np
import pytest

import inkread
from inkread.reading import reader as reading
from inkread.reading.combined import CombinedReader
from inkread.reading.layout import is_lone_piece
from inkread.reading.line import LineReader


def drawn(*strokes: list[tuple[int, int]], paper: int = 255, ink: int = 0, size: int = 140) -> np.ndarray:
    picture = np.full((size, size), paper, np.uint8)
    for stroke in strokes:
        cv2.polylines(picture, [np.array(stroke, np.int32)], False, ink, 9, cv2.LINE_AA)
    return picture


SEVEN = [(45, 30), (95, 30), (62, 112)]
ONE = [(25, 30), (20, 112)]


@pytest.mark.parametrize(
    "picture",
    [drawn(SEVEN), drawn(SEVEN, paper=0, ink=255), drawn(SEVEN, paper=200, ink=150)],
    ids=["dark on light", "light on dark", "weak"],
)
def test_a_lone_piece(picture):
    assert is_lone_piece(picture)
    assert inkread.read(picture).text == "7"


def _shaded():
    return np.clip(drawn(SEVEN).astype(int) - np.arange(140)[None, :] // 2, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    "picture",
    [
        drawn(SEVEN, ONE),
        drawn(SEVEN, [(20, 112), (22, 114)]),
        cv2.min(drawn(SEVEN), drawn(ONE, ink=190)),
        drawn([(20, 70), (120, 70)]),
        drawn(size=100),
        drawn(SEVEN, size=600),
        _shaded(),
        np.full((140, 5), 255, np.uint8),
    ],
    ids=["two digits", "a dot", "a fainter one", "a dash", "blank", "large", "uneven light", "narrow"],
)
def test_no_lone_piece(picture):
    assert not is_lone_piece(picture)


def test_a_lone_piece_spares_the_search_for_lines(monkeypatch):
    monkeypatch.setattr(reading, "read_page", None)
    assert inkread.read(drawn(SEVEN)).text == "7"


def test_a_doubtful_lone_piece_does_not(monkeypatch):
    searched = []
    real = reading.read_page
    monkeypatch.setattr(reading, "read_page", lambda *args: searched.append(1) or real(*args))
    monkeypatch.setattr(reading, "_CLEAR", 1.1)
    inkread.read(drawn(SEVEN))
    assert searched


class _Weighs:
    """A predictor that says of everything how likely it is to be none, and which digit it would be."""

    def __init__(self, predictor, none: float) -> None:
        self._predictor, self.none = predictor, none
        self.labels, self.card = predictor.labels, predictor.card

    def weigh(self, x):
        return self._predictor.weigh(x)[0], np.full(len(x), self.none, np.float32)


@pytest.mark.parametrize(("none", "agrees", "text"), [(-9, 0.0, "7"), (-1, 0.9, "7"), (-1, 0.05, ""), (1, 0.9, "")])
def test_what_hardly_is_a_digit_has_to_be_the_same_as_a_whole_line(monkeypatch, none, agrees, text):
    reader = inkread.Reader()
    monkeypatch.setattr(reader, "_predictor", _Weighs(reader._predictor, none))
    monkeypatch.setattr(CombinedReader, "as_whole", lambda _self, _gray, label: agrees if label == "7" else 0.0)
    monkeypatch.setattr(reading, "read_page", lambda *_: ())
    assert reader.read(drawn(SEVEN)).text == text


def test_what_was_said_to_be_a_digit_is_believed(monkeypatch):
    reader = inkread.Reader()
    monkeypatch.setattr(reader, "_predictor", _Weighs(reader._predictor, -1))
    monkeypatch.setattr(CombinedReader, "as_whole", lambda *_: 0.0)
    assert reader.read(drawn(SEVEN), layout="digit").text == "7"


def test_a_tight_cut_is_believed(monkeypatch):
    reader = inkread.Reader()
    monkeypatch.setattr(reader, "_predictor", _Weighs(reader._predictor, -1))
    monkeypatch.setattr(CombinedReader, "as_whole", lambda *_: 0.0)
    monkeypatch.setattr(reading, "read_page", lambda *_: ())
    assert reader.read(drawn(SEVEN)[26:117, 40:100]).text == "7"


def test_ink_far_wider_than_high_is_no_digit(monkeypatch):
    """A word brought to the size of a digit may look like one."""
    reader = inkread.Reader()
    monkeypatch.setattr(reading, "read_page", lambda *_: ())
    monkeypatch.setattr(reader, "_predictor", _Weighs(reader._predictor, -9))
    wide = cv2.resize(drawn(SEVEN), (420, 140))
    assert reader.read(wide, layout="digit").text
    assert reader.read(wide).text == ""


def test_the_reader_of_whole_lines_says_how_likely_a_text_is():
    whole = LineReader()
    assert whole.probability(drawn(SEVEN), "7") > 0.5 > whole.probability(drawn(SEVEN), "4")
    assert whole.probability(drawn(), "7") == 0.0
