"""Blur: frosted glass, and a camera that moves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inkread.evaluation.corruptions.corruption import MU_GILMER, Corruption
from inkread.evaluation.corruptions.operations import gaussian_blur, to_pixels, to_shares

__all__ = ["CORRUPTIONS"]

_GLASS = ((0.7, 1, 2), (0.9, 2, 1), (1.0, 2, 3), (1.1, 3, 2), (1.5, 4, 2))  # sigma and reach in pixels, rounds
_MOTION = ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15))  # length and sigma in pixels
_MOST_ANGLE = 45.0  # degrees


def glass_blur(images: NDArray[np.uint8], severity: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Blur, let pixels change places with near ones, and blur again."""
    sigma, reach, rounds = _GLASS[severity - 1]
    blurred = gaussian_blur(to_shares(images), sigma)
    # One row for each place, so that what one exchange touches of all pictures lies together.
    count, height, width = blurred.shape
    places = np.ascontiguousarray(blurred.transpose(1, 2, 0)).reshape(height * width, count)
    for _ in range(rounds):
        _exchange(places, (height, width), reach, rng)
    mixed = np.ascontiguousarray(places.reshape(height, width, count).transpose(2, 0, 1))
    return to_pixels(gaussian_blur(mixed, sigma))


def _exchange(places: NDArray[np.float32], size: tuple[int, int], reach: int, rng: np.random.Generator) -> None:
    """Let each pixel, from the lower right on, change places with a near one in every second picture.

    As in the released code, offsets are drawn from -reach to reach - 1, so the glass also draws up and to the left.
    """
    height, width = size
    pictures = np.arange(places.shape[1])
    for row in range(height - reach, reach, -1):
        for column in range(width - reach, reach, -1):
            down, right = rng.integers(-reach, reach, (2, len(pictures)))
            moves = rng.random(len(pictures), dtype=np.float32) < 0.5
            here = row * width + column
            there = here + np.where(moves, down * width + right, 0)
            kept = places[here].copy()
            places[here] = places[there, pictures]
            places[there, pictures] = kept


def motion_blur(images: NDArray[np.uint8], severity: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Smear each picture in its own direction, -45 to 45 degrees, with a trail that fades as half a Gaussian.

    The trail is ImageMagick's, which the released code calls: 2 * length + 1 whole-pixel steps to one side.
    """
    length, sigma = _MOTION[severity - 1]
    steps = np.arange(2 * length + 1)
    weights = np.exp(-0.5 * (steps / sigma) ** 2)
    weights = (weights / weights.sum()).astype(np.float32)
    angle = np.deg2rad(rng.uniform(-_MOST_ANGLE, _MOST_ANGLE, (len(images), 1)))
    shares = to_shares(images)
    pictures = np.arange(len(images))[:, None, None]
    height, width = images.shape[1:]
    out = np.zeros_like(shares)
    for step, weight in zip(steps.tolist(), weights, strict=True):
        down, right = np.rint(step * np.sin(angle)).astype(int), np.rint(step * np.cos(angle)).astype(int)  # (N, 1)
        rows = np.minimum(np.maximum(np.arange(height) + down, 0), height - 1)
        columns = np.minimum(np.maximum(np.arange(width) + right, 0), width - 1)
        out += weight * shares[pictures, rows[:, :, None], columns[:, None, :]]
    return to_pixels(out)


CORRUPTIONS = (
    Corruption(
        "glass_blur",
        "blur",
        "frosted glass, sigma 0.7, 0.9, 1, 1.1, 1.5 px, pixels moved 1, 2, 2, 3, 4 px",
        MU_GILMER,
        glass_blur,
        released=1,
    ),
    Corruption("motion_blur", "blur", "a trail of sigma 3, 5, 8, 12, 15 px", MU_GILMER, motion_blur, released=1),
)
