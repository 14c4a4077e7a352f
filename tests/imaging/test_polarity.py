"""Dark on light or light on dark."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkread.imaging.polarity import is_dark_on_light

CURVE = np.array([[0.3, 0.25], [0.6, 0.2], [0.68, 0.35], [0.45, 0.48], [0.7, 0.6], [0.65, 0.8], [0.35, 0.82]])


def three(height: int, width: int, pen: float) -> np.ndarray:
    """A dark three on light paper; the pen is a share of the height."""
    picture = np.full((height, width), 225, np.uint8)
    points = (CURVE * (width, height)).round().astype(np.int32)
    cv2.polylines(picture, [points], False, 40, max(1, round(pen * height)), cv2.LINE_AA)
    return picture


@pytest.mark.parametrize("pen", [0.015, 0.03, 0.06, 0.12])
@pytest.mark.parametrize("size", [(24, 20), (64, 64), (300, 240), (900, 1200)])
def test_both_polarities_are_told_apart(pen: float, size: tuple[int, int]) -> None:
    picture = three(*size, pen)
    assert is_dark_on_light(picture)
    assert not is_dark_on_light(255 - picture)


@pytest.mark.parametrize("depth", [0.2, 0.4, 0.6])
def test_a_soft_shadow_is_no_ink(depth: float) -> None:
    picture = three(600, 800, 0.02).astype(np.float32)
    x = np.linspace(-1, 1, 800)
    shadow = 1 - depth / (1 + np.exp(-(x - 0.35) * 12))
    shaded = (picture * shadow[None, :] + np.random.default_rng(0).normal(0, 2, picture.shape)).clip(0, 255)
    assert is_dark_on_light(shaded.astype(np.uint8))
    assert not is_dark_on_light(255 - shaded.astype(np.uint8))


@pytest.mark.parametrize("thick", [1, 4, 8])
@pytest.mark.parametrize("inset", [0, 4, 20])
def test_a_printed_frame_is_no_paper(thick: int, inset: int) -> None:
    picture = three(280, 240, 0.04)
    cv2.rectangle(picture, (inset, inset), (239 - inset, 279 - inset), 30, thick)
    assert is_dark_on_light(picture)
    assert not is_dark_on_light(255 - picture)


def test_a_digit_cut_out_tightly_has_ink_on_every_edge() -> None:
    picture = three(200, 160, 0.08)
    left, top, width, height = cv2.boundingRect(255 - picture)
    _, mask = cv2.threshold(picture, 128, 255, cv2.THRESH_BINARY_INV)
    left, top, width, height = cv2.boundingRect(mask)
    tight = picture[top : top + height, left : left + width]
    assert is_dark_on_light(tight)
    assert not is_dark_on_light(255 - tight)
