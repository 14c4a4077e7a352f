from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from inkread.imaging import decode as module
from inkread.imaging.decode import decode

MODES = ("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "CMYK", "I", "F", "I;16")


def picture(mode: str, draw_digit) -> Image.Image:
    gray = Image.fromarray(draw_digit(3, 40)[:, :30])
    if mode == "La":
        return gray.convert("LA").convert("La")
    return gray.convert("I").convert(mode) if mode.startswith("I;") else gray.convert(mode)


@pytest.mark.parametrize("mode", MODES)
def test_strips_make_the_whole(monkeypatch, draw_digit, mode):
    """A large scan is converted in strips; a small one is cut in many here."""
    image = picture(mode, draw_digit)
    whole = decode(image)
    monkeypatch.setattr(module, "_STRIP", 7 * 30)
    assert np.array_equal(decode(image), whole)
    monkeypatch.setattr(module, "_STRIP", 1)
    assert np.array_equal(decode(image), whole)


@pytest.mark.parametrize("mode", MODES)
def test_the_result_is_ones_own_and_the_picture_stays(draw_digit, mode):
    image = picture(mode, draw_digit)
    before = image.tobytes()
    decode(image)[:] = 0
    assert image.tobytes() == before


@pytest.mark.parametrize("orientation", range(9))
def test_orientation(draw_digit, orientation):
    image = picture("L", draw_digit)
    image.getexif()[0x0112] = orientation
    pixels = decode(image)
    assert pixels.shape == ((30, 40) if orientation in (5, 6, 7, 8) else (40, 30))
    assert image.size == (30, 40)


def test_a_transparent_colour(draw_digit):
    image = picture("L", draw_digit)
    image.info["transparency"] = 255
    pixels = decode(image)
    assert pixels.shape == (40, 30, 4)
    assert (pixels[..., 3] == 0).any()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 0], [0, 0]),
        ([0, 200], [0, 200]),
        ([0, 70_000], [0, 136]),  # 17 bits are in use
        ([-5, 5], [0, 255]),
        ([2**31 - 1, -(2**31)], [255, 0]),
    ],
)
def test_whole_numbers_of_any_size(values, expected):
    pixels = decode(Image.fromarray(np.array([values], np.int32)))
    assert pixels.dtype == np.uint8
    assert pixels.tolist() == [expected]


def test_floats_that_are_none():
    assert decode(Image.fromarray(np.full((3, 4), np.nan, np.float32))).max() == 0
