from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from inkread.imaging.frame import BOX, SIZE, deskew, frame, pen_width


def bar(height: int, width: int, thickness: int) -> np.ndarray:
    """Return an upright bar of a pen of that thickness."""
    picture = np.zeros((height, width), np.uint8)
    left = (width - thickness) // 2
    picture[:, left : left + thickness] = 255
    return picture


def extent(picture: np.ndarray) -> tuple[int, int]:
    rows, columns = np.flatnonzero(picture.max(axis=1) > 64), np.flatnonzero(picture.max(axis=0) > 64)
    return int(rows[-1] - rows[0] + 1), int(columns[-1] - columns[0] + 1)


def centre(picture: np.ndarray) -> tuple[float, float]:
    moments = cv2.moments(picture)
    return moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]


@pytest.mark.parametrize("size", [(10, 6), (20, 20), (60, 90), (400, 300), (1500, 900)])
@pytest.mark.parametrize("label", [0, 2, 4, 7])
def test_ink_fills_twenty_pixels_around_the_centre(draw_digit, size, label):
    ink = 255 - draw_digit(label, 256, pen=0.07)
    left, top, width, height = cv2.boundingRect(ink)
    level = cv2.resize(ink[top : top + height, left : left + width], size[::-1], interpolation=cv2.INTER_AREA)
    out = frame(level)
    assert out.shape == (SIZE, SIZE)
    assert out.dtype == np.uint8
    assert out.max() == 255
    assert abs(max(extent(out)) - BOX) <= 1
    assert centre(out) == pytest.approx((13.5, 13.5), abs=0.75)


@pytest.mark.parametrize("thickness", [1, 4, 12, 30])
def test_the_pen_is_brought_into_mnists_range(thickness):
    out = frame(bar(120, 80, thickness)[:, 25:55])
    assert 1.5 <= extent(out)[1] <= 5
    kept = frame(bar(120, 80, thickness)[:, 25:55], pen=None)
    assert extent(kept)[1] == pytest.approx(thickness / 6, abs=1.2)


def test_the_aspect_is_kept():
    level = np.full((30, 60), 255, np.uint8)
    level[8:22, 8:52] = 0
    height, width = extent(frame(level))
    assert width == BOX
    assert height == pytest.approx(BOX / 2, abs=1)


@pytest.mark.parametrize("thickness", [3, 5, 9, 15])
def test_pen_width_is_the_width_of_the_pen(thickness):
    assert pen_width(bar(100, 60, thickness)) == pytest.approx(thickness, abs=1.2)


def test_no_ink_has_no_pen():
    assert pen_width(np.zeros((5, 5), np.uint8)) == 0.0
    assert frame(np.zeros((5, 5), np.uint8)).max() == 0


@pytest.mark.parametrize("slant", [-0.4, 0.4])
def test_slant_is_undone(slant):
    upright = bar(100, 100, 9)
    shift = -50 * slant
    matrix = np.array([[1, slant, shift], [0, 1, 0]], np.float32)
    slanted = cv2.warpAffine(upright, matrix, (100, 100))
    before, after = cv2.moments(slanted), cv2.moments(deskew(slanted))
    assert abs(before["mu11"] / before["mu02"]) > 0.3
    assert abs(after["mu11"] / after["mu02"]) < 0.05
    assert after["m00"] == pytest.approx(before["m00"], rel=0.05)  # nothing is cut off


def test_upright_ink_stays():
    assert extent(deskew(bar(100, 100, 9))) == (100, 9)


@settings(max_examples=150, deadline=None)
@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 90), st.integers(1, 90))), st.booleans())
def test_any_ink_fits(level, slanted):
    out = frame(deskew(level) if slanted else level)
    assert out.shape == (SIZE, SIZE)
    assert out.dtype == np.uint8
    assert out.max() == 0 or max(extent(np.maximum(out, 65 * (out > 0)))) <= BOX
