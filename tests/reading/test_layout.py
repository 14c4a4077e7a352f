"""One lone piece of ink on clean paper is read without a search for lines, anything else with it."""

import cv2
import numpy as np
import pytest

import inkread
from inkread.reading import reader as reading
from inkread.reading.layout import is_lone_piece


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
