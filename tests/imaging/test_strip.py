from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from inkread.imaging.strip import ROWS, normalize_strip


def line(
    height: int = 60, *, ink: int = 40, paper: int = 220, text: str = "23 450", above: float = 0.3, pen: float = 0.08
) -> np.ndarray:
    """Return a printed line whose digits are `height` pixels tall."""
    scale, thick = height / 21.0, max(1, round(pen * height))
    (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
    margin = round(above * height)
    picture = np.full((height + 2 * margin, width + height), paper, np.uint8)
    place = (height // 2, margin + height)
    cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, ink, thick, cv2.LINE_AA)
    return picture


def ink_rows(pixels: np.ndarray) -> tuple[int, int]:
    rows = np.flatnonzero((pixels > 128).any(axis=1))
    return int(rows[0]), int(rows[-1]) + 1


@pytest.mark.parametrize("height", [12, 30, 90, 400])
@pytest.mark.parametrize("above", [0.05, 0.8])
def test_a_line_of_any_size_comes_to_the_same_rows(height, above):
    strip = normalize_strip(line(height, above=above))
    assert strip is not None
    assert strip.pixels.shape[0] == ROWS
    assert strip.pixels.dtype == np.uint8
    top, bottom = ink_rows(strip.pixels)
    assert 19 <= bottom - top <= 26
    assert abs((top + bottom) / 2 - ROWS / 2) < 3


def test_polarity_and_light_make_no_difference():
    dark = line(50)
    slope = np.linspace(-40, 30, dark.shape[1])[None, :]
    lit = np.clip(dark + slope, 0, 255).astype(np.uint8)
    strips = [normalize_strip(picture) for picture in (dark, 255 - dark, lit)]
    assert all(strip is not None for strip in strips)
    plain = strips[0].pixels.astype(float)
    for strip in strips[1:]:
        assert strip.pixels.shape == plain.shape
        assert np.abs(strip.pixels - plain).mean() < 12


def test_low_contrast_becomes_full_contrast():
    strip = normalize_strip(line(50, ink=180, paper=205))
    assert strip is not None
    assert strip.pixels.max() > 200
    assert np.median(strip.pixels) == 0


def test_a_rule_under_the_line_does_not_make_the_digits_small():
    picture = line(40, above=0.6)
    cv2.line(picture, (0, 70), (picture.shape[1], 70), 40, 2)
    plain, ruled = normalize_strip(line(40, above=0.6)), normalize_strip(picture)
    assert plain is not None
    assert ruled is not None
    assert ruled.scale == pytest.approx(plain.scale, rel=0.1)


def test_marks_do_not_make_the_digits_small():
    plain, marked = normalize_strip(line(40, text="23450")), normalize_strip(line(40, text="23.450,-"))
    assert plain is not None
    assert marked is not None
    assert marked.scale == pytest.approx(plain.scale, rel=0.15)


def test_places_go_back_to_the_picture():
    picture = np.full((80, 300), 230, np.uint8)
    cv2.rectangle(picture, (200, 20), (219, 59), 30, -1)
    strip = normalize_strip(picture)
    assert strip is not None
    rows, columns = np.nonzero(strip.pixels > 128)
    left, top = strip.to_picture(float(columns.min()), float(rows.min()))
    right, bottom = strip.to_picture(float(columns.max() + 1), float(rows.max() + 1))
    assert (left, top) == (pytest.approx(200, abs=2), pytest.approx(20, abs=2))
    assert (right, bottom) == (pytest.approx(220, abs=2), pytest.approx(60, abs=2))


def test_the_polarity_can_be_told():
    picture = line(50)
    assert normalize_strip(picture, dark_ink=True) is not None
    wrong = normalize_strip(picture, dark_ink=False)
    right = normalize_strip(picture, dark_ink=True)
    assert wrong is None or not np.array_equal(wrong.pixels, right.pixels)


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_blank_picture_has_no_strip(value):
    assert normalize_strip(np.full((50, 200), value, np.uint8)) is None


def test_paper_alone_has_no_strip():
    rng = np.random.default_rng(0)
    noise = rng.normal(200, 2, (60, 300)).clip(0, 255).astype(np.uint8)
    assert normalize_strip(noise) is None


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 70), st.integers(1, 90))))
@settings(max_examples=60, deadline=None)
def test_any_picture_is_survived(picture):
    strip = normalize_strip(picture)
    assert strip is None or (strip.pixels.shape[0] == ROWS and strip.pixels.shape[1] >= 1 and strip.scale > 0)


def test_a_very_wide_picture_stays_within_bounds():
    picture = np.full((20, 30_000), 230, np.uint8)
    picture[4:16, ::50] = 20
    strip = normalize_strip(picture)
    assert strip is None or strip.pixels.shape[1] <= 4096
