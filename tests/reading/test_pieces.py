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
