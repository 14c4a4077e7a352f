from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkread.imaging.scale import strongest
from inkread.imaging.squares import rule_strength
from tests.reading.test_numbers import number, squared


def light(picture: np.ndarray) -> np.ndarray:
    return 255 - picture


@pytest.mark.parametrize("degrees", [-4, 0, 3])
@pytest.mark.parametrize("side", [20, 40])
def test_the_level_lies_between_rules_and_pen(side, degrees):
    paper = squared(np.full((240, 400), 255, np.uint8), side, rule=175, degrees=degrees)
    digits = number("12370", margin=60)
    picture = np.minimum(paper[: digits.shape[0], : digits.shape[1]], digits)
    level = rule_strength(light(picture))
    assert level is not None
    assert 80 < level < 255


def test_rules_as_dark_as_the_pen_have_no_level():
    digits = number("12370", margin=60)
    assert rule_strength(light(squared(digits, 20, rule=0, degrees=0))) is None


def test_squares_without_writing_have_no_level():
    assert rule_strength(light(squared(np.full((240, 400), 255, np.uint8), 20, rule=175, degrees=0))) is None


def test_other_paper_has_no_squares():
    plain = number("12370 444", margin=60)
    ruled, boxes = plain.copy(), plain.copy()
    for y in range(5, plain.shape[0], 25):
        cv2.line(ruled, (0, y), (plain.shape[1], y), 175, 1)
    for x in range(5, plain.shape[1] - 30, 30):
        cv2.rectangle(boxes, (x, 10), (x + 30, 40), 175, 1)
    noise = np.random.default_rng(0).integers(0, 256, plain.shape).astype(np.uint8)
    blank = np.zeros_like(plain)
    for picture in (plain, ruled, boxes, noise, blank):
        assert rule_strength(light(picture)) is None


def test_the_strongest_of_each_block():
    picture = np.zeros((5, 7), np.uint8)
    picture[0, 2], picture[4, 6] = 9, 7
    assert strongest(picture, 4).tolist() == [[0, 9, 0, 0], [0, 0, 0, 0], [0, 0, 0, 7]]
    assert strongest(picture, 7) is picture
