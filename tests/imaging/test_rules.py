"""Printed lines are taken out, a digit's own straight strokes are not."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from inkread.imaging.ink import find_ink
from inkread.imaging.rules import without_rules

H, W = 280, 240


def line(picture: np.ndarray, *points: tuple[float, float], pen: int = 14) -> np.ndarray:
    pixels = (np.array(points) * (W, H)).round().astype(np.int32)
    cv2.polylines(picture, [pixels], False, 255, pen, cv2.LINE_AA)
    return np.where(picture > 127, 255, 0).astype(np.uint8)


def empty() -> np.ndarray:
    return np.zeros((H, W), np.uint8)


def five() -> np.ndarray:
    return line(empty(), (0.68, 0.25), (0.4, 0.25), (0.36, 0.5), (0.6, 0.48), (0.68, 0.65), (0.55, 0.78), (0.34, 0.72))


STRAIGHT = {
    "seven filling the picture": line(empty(), (0.04, 0.05), (0.96, 0.05), (0.4, 0.97)),
    "one filling the picture": line(empty(), (0.5, 0.02), (0.5, 0.98)),
    "one on a foot": line(line(empty(), (0.5, 0.02), (0.5, 0.97)), (0.05, 0.97), (0.95, 0.97)),
    "four": line(line(empty(), (0.2, 0.05), (0.1, 0.6), (0.95, 0.6)), (0.7, 0.05), (0.7, 0.97)),
    "two with straight bars": line(empty(), (0.06, 0.05), (0.94, 0.05), (0.06, 0.95), (0.94, 0.95)),
    "square zero": line(empty(), (0.2, 0.1), (0.8, 0.1), (0.8, 0.9), (0.2, 0.9), (0.2, 0.1)),
}


@pytest.mark.parametrize("name", STRAIGHT)
def test_a_digit_of_straight_strokes_is_left_alone(name: str) -> None:
    assert (without_rules(STRAIGHT[name]) == STRAIGHT[name]).all()


def closed(picture: np.ndarray, thick: int) -> None:
    cv2.rectangle(picture, (14, 14), (W - 14, H - 14), 255, thick)


def flush(picture: np.ndarray, thick: int) -> None:
    cv2.rectangle(picture, (0, 0), (W - 1, H - 1), 255, thick)


def row_of_boxes(picture: np.ndarray, thick: int) -> None:
    for y in (16, H - 16):
        cv2.line(picture, (0, y), (W, y), 255, thick)
    for x in (12, W - 12):
        cv2.line(picture, (x, 16), (x, H - 16), 255, thick)


def ruled(picture: np.ndarray, thick: int) -> None:
    for y in (20, H - 20):
        cv2.line(picture, (0, y), (W, y), 255, thick)


@pytest.mark.parametrize("thick", [2, 4, 8])
@pytest.mark.parametrize("printed", [closed, flush, row_of_boxes, ruled])
def test_printed_lines_go_and_the_digit_stays(printed: Callable[[np.ndarray, int], None], thick: int) -> None:
    digit, picture = five(), five()
    printed(picture, thick)
    left = without_rules(picture)
    assert (left[digit > 0] == 255).mean() > 0.99
    assert np.count_nonzero(left[digit == 0]) < 0.02 * np.count_nonzero(picture[digit == 0])


def test_a_small_picture_is_left_alone() -> None:
    small = np.zeros((28, 28), np.uint8)
    small[3, :] = 255
    small[10:20, 10:18] = 255
    assert (without_rules(small) == small).all()


def test_lines_alone_are_left_for_what_they_are() -> None:
    picture = empty()
    ruled(picture, 3)
    assert (without_rules(picture) == picture).all()


@pytest.mark.parametrize("name", ["seven", "five"])
def test_the_head_of_a_digit_drawn_apart_stays(name: str) -> None:
    picture = np.zeros((64, 64), np.uint8)
    cv2.line(picture, (10, 8), (52, 8), 255, 3)
    if name == "seven":
        cv2.line(picture, (44, 16), (28, 58), 255, 3)
        cv2.line(picture, (24, 36), (48, 36), 255, 3)
    else:
        cv2.ellipse(picture, (30, 38), (16, 20), 0, -120, 150, 255, 3)
    assert (without_rules(picture) == picture).all()
    for edges in (picture[:, 8:54], picture[6:]):  # cut out tightly, it still is no rule of a form
        found = find_ink(np.ascontiguousarray(edges))
        assert found is not None
        assert found.level.shape[0] > 44  # the head is in


def test_a_line_below_a_digit_goes_wherever_it_ends() -> None:
    picture = np.zeros((64, 64), np.uint8)
    cv2.ellipse(picture, (32, 26), (10, 16), 0, 0, 360, 255, 3)
    cv2.line(picture, (8, 58), (56, 58), 255, 2)
    assert not without_rules(picture)[54:].any()
