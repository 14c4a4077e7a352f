from __future__ import annotations

import numpy as np
import pytest

from inkread.errors import UnreadableImageError
from inkread.imaging.gray import check_pixels, to_gray

PAPER = (230, 225, 210)


def coloured(mask: np.ndarray, ink: tuple[int, ...], paper: tuple[int, ...]) -> np.ndarray:
    """Return (H, W, C) with `ink` where the mask is dark."""
    share = mask[..., None].astype(np.float32) / 255
    return (share * np.array(paper) + (1 - share) * np.array(ink)).round().astype(np.uint8)


def contrast(gray: np.ndarray, mask: np.ndarray) -> float:
    return abs(float(gray[mask < 64].mean()) - float(gray[mask > 192].mean()))


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (5, 7, 4), (1, 1), (1, 1, 3)])
def test_pictures_pass_as_they_are(shape):
    image = np.zeros(shape, np.uint8)
    assert check_pixels(image) is image


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ([[0, 1]], "Expected a NumPy array of pixels, got list"),
        (np.zeros((4, 4)), r"Expected a uint8 array .* got dtype float64\. Convert it first, .*astype\('uint8'\)"),
        (np.zeros((4, 4), bool), "got dtype bool"),
        (np.zeros((4, 4), np.int64), "got dtype int64"),
        (np.zeros((4, 4), object), "got dtype object"),
        (np.zeros(784, np.uint8), r"one picture of shape \(H, W\), .* got \(784,\)\. Reshape it"),
        (np.zeros((), np.uint8), r"got \(\)\."),
        (np.zeros((4, 4, 2), np.uint8), r"got \(4, 4, 2\)\. Take one channel, as x\[:, :, 0\]"),
        (np.zeros((9, 28, 28), np.uint8), r"got \(9, 28, 28\)\. Several pictures are a list, given to read_many"),
        (np.zeros((2, 4, 4, 3), np.uint8), "Several pictures are a list"),
        (np.zeros((0, 4), np.uint8), r"Expected a picture with pixels, got an empty array of shape \(0, 4\)"),
        (np.zeros((4, 0, 3), np.uint8), "empty array"),
    ],
)
def test_what_is_no_picture(image, message):
    with pytest.raises(UnreadableImageError, match=message):
        check_pixels(image)


def test_gray_stays():
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert np.array_equal(to_gray(image), image)


def test_colours_become_luma():
    image = np.array([[(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]], np.uint8)
    assert to_gray(image).tolist() == [[76, 150, 29, 255]]  # ITU-R BT.601


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ((200, 0, 0), (0, 102, 0)),  # red on green of the same luma
        ((255, 90, 60), (70, 150, 250)),
        ((20, 30, 120), PAPER),
        ((250, 230, 90), (250, 250, 250)),  # a yellow marker
    ],
)
def test_ink_differs_from_paper_whatever_its_colour(draw_digit, ink, paper):
    mask = draw_digit(3, 96)
    gray = to_gray(coloured(mask, ink, paper))
    assert gray.dtype == np.uint8
    assert gray.shape == mask.shape
    assert contrast(gray, mask) > 12


@pytest.mark.parametrize(("ink", "under"), [(0, 0), (0, 255), (255, 255), (255, 0)])
def test_ink_on_a_transparent_ground_is_kept(draw_digit, ink, under):
    """A drawing on a web page: what is transparent has any colour, often that of the ink."""
    mask = draw_digit(2, 80)
    image = np.full((*mask.shape, 4), under, np.uint8)
    image[mask < 128] = ink
    image[..., 3] = 255 - mask
    assert contrast(to_gray(image), mask) > 200


def test_half_transparent_pixels_are_laid_on_the_ground():
    image = np.zeros((1, 3, 4), np.uint8)
    image[0, :, 3] = 0, 128, 255
    assert to_gray(image).tolist() == [[255, 127, 0]]


def test_an_opaque_alpha_changes_nothing(draw_digit):
    rgb = coloured(draw_digit(4), (10, 20, 90), PAPER)
    assert np.array_equal(to_gray(np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])), to_gray(rgb))


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (1, 300)])
def test_tiny_pictures(size, channels):
    assert to_gray(np.full((*size, channels), 9, np.uint8)).shape == size


def test_views_are_read_as_they_look(draw_digit):
    rgb = coloured(draw_digit(7), (200, 0, 0), (0, 102, 0))
    for view in (rgb[::-1], rgb[:, :, ::-1], rgb.transpose(1, 0, 2), np.asfortranarray(rgb), rgb[::2, ::2]):
        assert np.array_equal(to_gray(view), to_gray(np.ascontiguousarray(view)))
