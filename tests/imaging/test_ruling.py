from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkread.imaging.components import components
from inkread.imaging.ruling import digit_height, without_ruling
from tests.reading.test_numbers import number


def ink(text: str = "12370", margin: int = 40) -> np.ndarray:
    return 255 - cv2.threshold(number(text, margin=margin, gap=0.9), 127, 255, cv2.THRESH_BINARY)[1]


def left_of(mask: np.ndarray, digits: np.ndarray) -> float:
    """Return the share of the ink of the digits that is left, pixels of a rule's width around it aside."""
    return float((mask[digits > 0] > 0).mean())


@pytest.mark.parametrize("slope", [-0.04, 0.0, 0.05])
@pytest.mark.parametrize("thick", [1, 3])
def test_a_rule_under_the_digits(slope, thick):
    digits = ink()
    height, width = digits.shape
    rule = np.zeros_like(digits)
    middle = height - 30
    cv2.line(rule, (0, round(middle - slope * width / 2)), (width, round(middle + slope * width / 2)), 255, thick)
    left = without_ruling(digits | rule).mask
    assert left_of(left, digits) > 0.97
    assert (left[(rule > 0) & (digits == 0)] > 0).mean() < 0.1


def test_a_rule_through_the_digits_does_not_break_them():
    digits = ink()
    height, width = digits.shape
    rule = np.zeros_like(digits)
    cv2.line(rule, (0, height // 2), (width, height // 2), 255, 2)
    left = without_ruling(digits | rule).mask
    assert left_of(left, digits) > 0.9
    assert (left[(rule > 0) & (digits == 0)] > 0).mean() < 0.3
    pieces = cv2.connectedComponents(digits)[0]
    assert cv2.connectedComponents(left)[0] <= pieces + 6


def test_a_frame():
    digits = ink(margin=30)
    height, width = digits.shape
    frame = np.zeros_like(digits)
    cv2.rectangle(frame, (6, 6), (width - 7, height - 7), 255, 2)
    left = without_ruling(digits | frame).mask
    assert left_of(left, digits) == 1
    assert (left[frame > 0] > 0).mean() < 0.1


def test_a_dotted_line():
    digits = ink()
    dots = np.zeros_like(digits)
    height, width = digits.shape
    for x in range(8, width - 8, 12):
        cv2.circle(dots, (x, height - 28), 2, 255, -1)
    left = without_ruling(digits | dots).mask
    assert left_of(left, digits) == 1
    assert not left[dots > 0].any()


@pytest.mark.parametrize("text", ["222222", "777777", "11111", "000000", "4"])
def test_digits_alone_lose_nothing(text):
    digits = ink(text)
    assert np.array_equal(without_ruling(digits).mask, digits)


def test_the_height_of_digits():
    assert digit_height(components(ink("2743"))) == pytest.approx(52, abs=3)
    assert digit_height(components(np.zeros((20, 30), np.uint8))) == 0
