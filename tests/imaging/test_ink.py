from __future__ import annotations

import numpy as np
import pytest

from inkread.imaging.ink import find_ink, is_dark_on_light


@pytest.mark.parametrize("size", [16, 28, 100, 600])
@pytest.mark.parametrize("label", [0, 1, 2, 3, 4, 7])
@pytest.mark.parametrize("pen", [0.05, 0.12])
def test_polarity(draw_digit, size, label, pen):
    assert is_dark_on_light(draw_digit(label, size, pen=pen))
    assert not is_dark_on_light(draw_digit(label, size, pen=pen, ink=255, paper=0))
    assert is_dark_on_light(draw_digit(label, size, pen=pen, ink=90, paper=160))


@pytest.mark.parametrize("value", [0, 1, 127, 254, 255])
@pytest.mark.parametrize("shape", [(28, 28), (5, 90), (700, 300)])
def test_even_pictures_are_blank(value, shape):
    assert find_ink(np.full(shape, value, np.uint8)) is None


@pytest.mark.parametrize("label", [0, 1, 2, 3, 4, 7])
@pytest.mark.parametrize("dark", [True, False])
def test_a_bitmap_of_few_pixels_has_ink(draw_digit, label, dark):
    """Black on white and nothing between: the threshold may be zero."""
    bitmap = np.where(draw_digit(label, 16, pen=0.08) < 128, 0 if dark else 255, 255 if dark else 0).astype(np.uint8)
    found = find_ink(bitmap)
    assert found is not None
    rows = np.flatnonzero((bitmap == (0 if dark else 255)).any(axis=1))
    assert found.box[1] == pytest.approx(rows[0], abs=1)
    assert found.box[3] == pytest.approx(len(rows), abs=1)


@pytest.mark.parametrize("label", [0, 1, 2, 3, 4, 7])
@pytest.mark.parametrize("begins", [0.1, 0.3])
def test_a_shadow_that_falls_over_half_the_picture_hides_no_digit(draw_digit, label, begins):
    x, y = np.arange(56)[None] / 56, np.arange(80)[:, None]
    paper = draw_digit(label, 80, share=0.5, pen=0.06, paper=230, ink=110)[:, 12:68]
    woven = paper + 8 * np.sin(2 * np.pi * (28 * x + 0.8 * y) / 6)
    shaded = woven * (1 - 0.45 * np.clip(3 * (x - begins), 0, 1))
    grain = np.random.default_rng(label).normal(0, 6, shaded.shape)
    found = find_ink((shaded + grain).clip(0, 255).astype(np.uint8))
    assert found is not None
    assert found.box[1] == pytest.approx(20, abs=5)
    assert found.box[3] == pytest.approx(40, abs=8)


@pytest.mark.parametrize("size", [28, 120, 700])
@pytest.mark.parametrize("deviation", [3, 20])
def test_noise_alone_is_blank(size, deviation):
    noise = np.random.default_rng(size).normal(128, deviation, (size, size))
    assert find_ink(noise.clip(0, 255).astype(np.uint8)) is None


@pytest.mark.parametrize("darkest", [60, 150, 190, 215])
def test_light_that_falls_off_is_blank(darkest):
    ramp = np.linspace(darkest, 230, 200)[:, None] + np.zeros(150)[None]
    assert find_ink(ramp.astype(np.uint8)) is None


@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (255, 0), (100, 140), (200, 150)])
@pytest.mark.parametrize("size", [60, 300, 1500])
def test_the_box_holds_the_ink(draw_digit, size, ink, paper):
    picture = draw_digit(3, size, ink=ink, paper=paper, pen=0.06)
    rows, columns = (np.flatnonzero((np.abs(picture.astype(int) - paper) > 20).any(axis=axis)) for axis in (1, 0))
    expected = (columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1)
    found = find_ink(picture)
    assert found.box == pytest.approx(expected, abs=2 + 0.015 * size)
    assert found.level.dtype == np.uint8
    assert found.level.max() == 255


def test_a_small_digit_on_a_large_page(draw_digit):
    page = np.full((1800, 1300), 250, np.uint8)
    page[1200:1240, 900:940] = draw_digit(2, 40, paper=250, pen=0.1)
    left, top, width, height = find_ink(page).box
    assert 900 <= left <= left + width <= 940
    assert 1200 <= top <= top + height <= 1240
    assert height == pytest.approx(0.6 * 40 + 4, abs=5)


def test_specks_are_left_out(draw_digit):
    picture = draw_digit(7, 200)
    clean = find_ink(picture).box
    chance = np.random.default_rng(0)
    for y, x in chance.integers(5, 190, (12, 2)):
        picture[y : y + 2, x : x + 2] = 0
    assert find_ink(picture).box == pytest.approx(clean, abs=4)


def test_neither_filter_nor_size_changes_the_array_given(draw_digit):
    picture = draw_digit(4, 300)
    before = picture.copy()
    picture.flags.writeable = False
    for gaussian in (False, True):
        assert find_ink(picture, gaussian=gaussian) is not None
    assert np.array_equal(picture, before)


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 2), (1, 5000), (5000, 1), (2, 9000), (9000, 3)])
def test_odd_shapes(shape):
    noise = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    found = find_ink(noise)
    if found is not None:
        left, top, width, height = found.box
        assert 0 <= left <= left + width <= shape[1] + 1e-6
        assert 0 <= top <= top + height <= shape[0] + 1e-6
