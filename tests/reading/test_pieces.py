"""What on a line may be a digit."""

from __future__ import annotations

import cv2
import numpy as np

from inkread.imaging.lines import one_line
from inkread.imaging.sheet import find_sheet
from inkread.reading.pieces import cut_line


def lines(*rings, height=160):
    """Return the cut line of rings of one width and height, each beginning at a column."""
    paper = np.full((height, 560), 245, np.uint8)
    for left, width, tall in rings:
        cv2.ellipse(paper, (left + width // 2, height // 2), (width // 2, tall // 2), 0, 0, 360, 20, 7, cv2.LINE_AA)
    (strip,) = one_line(find_sheet(paper))
    return cut_line(strip)


def holes(piece):
    _, shapes = cv2.findContours(cv2.threshold(piece.picture, 100, 255, cv2.THRESH_BINARY)[1], 3, 2)
    return 0 if shapes is None else int((shapes[0][:, 3] >= 0).sum())


def test_of_rings_that_share_their_strokes_each_is_whole():
    line = lines((60, 90, 100), (145, 90, 100), (230, 90, 100))
    left, right = (side * line.strip.level.shape[1] / 3 for side in (1, 2))
    middle = [p for p in line.pieces if left - 12 < p.box[0] and p.box[0] + p.box[2] < right + 12 and p.box[2] > 30]
    assert any(piece.shared and holes(piece) == 1 for piece in middle)


def test_what_no_cut_goes_through_is_one_piece_only():
    line = lines((60, 40, 100), (200, 40, 100))
    assert [piece.shared for piece in line.pieces if piece.end == piece.start + 1] == [False, False]


def test_a_digit_that_is_much_taller_than_the_others_may_be_wider():
    line = lines((40, 130, 150), (240, 50, 60), (320, 50, 60), (400, 50, 60))
    assert any(piece.box[2] > 1.75 * line.strip.tall for piece in line.pieces)


def test_of_digits_whose_places_are_known_each_is_one_piece():
    line = lines((60, 40, 100), (120, 40, 100), (180, 40, 100))
    width = line.strip.level.shape[1]
    known = cut_line(line.strip, [width / 6, width / 2, 5 * width / 6])
    assert [(p.start, p.end) for p in known.pieces] == [(0, 1), (1, 2), (2, 3)]
    assert [p.picture.tobytes() for p in known.pieces] == [
        p.picture.tobytes() for p in line.pieces if p.end == p.start + 1
    ]


def test_between_digits_that_touch_the_thinnest_place_is_cut():
    line = lines((60, 90, 100), (145, 90, 100))
    width = line.strip.level.shape[1]
    known = cut_line(line.strip, [width / 4, 3 * width / 4])
    assert {(p.box[0] < 8, p.box[0] + p.box[2] > width - 8) for p in known.pieces} == {(True, False), (False, True)}
    assert any(holes(p) == 1 for p in known.pieces if p.shared)
    assert len(known.pieces) < len(line.pieces)


def test_digits_between_which_there_is_no_cut_have_no_pieces():
    line = lines((60, 40, 100), (200, 40, 100))
    assert cut_line(line.strip, [3.0, 3.5]).pieces == []
