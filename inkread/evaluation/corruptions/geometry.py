"""Geometry: sheared, smaller, turned, moved."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from inkread.evaluation.corruptions.corruption import MU_GILMER, OWN, Corruption
from inkread.evaluation.corruptions.operations import box_of_ink, sample, shift, to_pixels, to_shares

__all__ = ["CORRUPTIONS"]

_ANGLE = (0.2, 0.4, 0.6, 0.8, 1.0)  # radians, of shear and of rotate
_SCALE = (0.9, 0.8, 0.7, 0.6, 0.5)
_SHIFT = (1, 2, 3, 4, 5)  # pixels
_OF_MARGIN = (0.3, 0.5, 0.7, 0.85, 1.0)


def shear(images: NDArray[np.uint8], severity: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Slant to the left or to the right.

    The map is scikit-image's of 2019, with which the set was made: x - y sin(angle), y cos(angle), so pictures also
    grow taller by 1 / cos(angle).
    """
    angle = _ANGLE[severity - 1]
    return _either_way(images, rng, lambda sign: np.array([[1, -sign * np.sin(angle)], [0, np.cos(angle)]], np.float64))


def rotate(images: NDArray[np.uint8], severity: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Turn about the centre, to the left or to the right."""
    angle = _ANGLE[severity - 1]
    cosine, sine = np.cos(angle), np.sin(angle)
    return _either_way(images, rng, lambda sign: np.array([[cosine, -sign * sine], [sign * sine, cosine]]))


def scale(images: NDArray[np.uint8], severity: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw smaller, about the centre."""
    del rng
    return to_pixels(sample(to_shares(images), np.eye(2) / _SCALE[severity - 1]))


def translate(images: NDArray[np.uint8], severity: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Move along one of the diagonals."""
    down, right = _SHIFT[severity - 1] * _signs(rng, (2, len(images)))
    return shift(images, down, right)


def off_centre(images: NDArray[np.uint8], severity: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Move towards a corner, by a share of the margin that the ink has on that side: at 1 it touches both edges."""
    share = _OF_MARGIN[severity - 1]
    top, bottom, left, right = box_of_ink(images)
    signs = _signs(rng, (2, len(images)))
    height, width = images.shape[1:]
    down = np.where(signs[0] < 0, -top, height - 1 - bottom)
    across = np.where(signs[1] < 0, -left, width - 1 - right)
    return shift(images, np.rint(share * down).astype(np.int64), np.rint(share * across).astype(np.int64))


def _signs(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.int64]:
    return 2 * rng.integers(0, 2, shape) - 1


def _either_way(
    images: NDArray[np.uint8], rng: np.random.Generator, matrix: Callable[[int], NDArray[np.float64]]
) -> NDArray[np.uint8]:
    """Return each picture mapped by the matrix of sign 1 or of sign -1, as chance has it."""
    signs = _signs(rng, (len(images),))
    out = np.empty_like(images)
    for sign in (-1, 1):
        chosen = signs == sign
        out[chosen] = to_pixels(sample(to_shares(images[chosen]), matrix(sign)))
    return out


CORRUPTIONS = (
    Corruption("shear", "geometry", "slanted by the sine of 0.2, 0.4, 0.6, 0.8, 1 rad", MU_GILMER, shear, released=2),
    Corruption("scale", "geometry", "0.9, 0.8, 0.7, 0.6, 0.5 of the size", MU_GILMER, scale, released=3, random=False),
    Corruption("rotate", "geometry", "turned by 0.2, 0.4, 0.6, 0.8, 1 rad", MU_GILMER, rotate, released=2),
    Corruption(
        "translate", "geometry", "moved by 1, 2, 3, 4, 5 px across and as many down", MU_GILMER, translate, released=3
    ),
    Corruption("off_centre", "geometry", "moved into a corner by 30, 50, 70, 85, 100 % of the margin", OWN, off_centre),
)
