"""Noise: of few photons, of broken pixels, of a strong compression."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.evaluation.corruptions.corruption import MU_GILMER, OWN, Corruption
from inkread.evaluation.corruptions.operations import to_pixels, to_shares

__all__ = ["CORRUPTIONS"]

_PHOTONS = (60, 25, 12, 5, 3)  # that white gives on the mean
_BROKEN = (0.03, 0.06, 0.09, 0.17, 0.27)  # share of the pixels
_QUALITY = (40, 25, 15, 8, 4)  # of libjpeg, 0..100
_BLOCK = 8  # pixels that a block of a JPEG is wide
_SIDE_BY_SIDE = 64


def shot_noise(images: NDArray[np.uint8], severity: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Count photons: each gray level is drawn from a Poisson distribution around it."""
    photons = _PHOTONS[severity - 1]
    return to_pixels(rng.poisson(to_shares(images) * photons) / photons)


def impulse_noise(images: NDArray[np.uint8], severity: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Set a share of the pixels to black or white, half of them each."""
    broken = _BROKEN[severity - 1]
    drawn = rng.random(images.shape, dtype=np.float32)
    return np.where(drawn < broken, np.where(drawn < broken / 2, np.uint8(255), np.uint8(0)), images)


def jpeg(images: NDArray[np.uint8], severity: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Save as JPEG and open again.

    All pictures go into one file, each filled up to whole blocks by its last row and column, as the format does it
    itself: blocks do not know of each other, so the pixels are those of one file for each.
    """
    del rng
    count, height, width = images.shape
    tall, wide = -(-height // _BLOCK) * _BLOCK, -(-width // _BLOCK) * _BLOCK
    rows = -(-count // _SIDE_BY_SIDE)
    missing = rows * _SIDE_BY_SIDE - count
    tiles = np.pad(images, ((0, missing), (0, 0), (0, 0)))
    tiles = np.pad(tiles, ((0, 0), (0, tall - height), (0, wide - width)), mode="edge")
    tiles = tiles.reshape(rows, _SIDE_BY_SIDE, tall, wide).swapaxes(1, 2)
    whole = np.ascontiguousarray(tiles).reshape(rows * tall, _SIDE_BY_SIDE * wide)
    _, data = cv2.imencode(".jpg", whole, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY[severity - 1]])
    opened = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
    tiles = opened.reshape(rows, tall, _SIDE_BY_SIDE, wide).swapaxes(1, 2).reshape(-1, tall, wide)
    return np.ascontiguousarray(tiles[:count, :height, :width])


CORRUPTIONS = (
    Corruption(
        "shot_noise", "noise", "Poisson noise, white is 60, 25, 12, 5, 3 photons", MU_GILMER, shot_noise, released=5
    ),
    Corruption(
        "impulse_noise",
        "noise",
        "3, 6, 9, 17, 27 % of the pixels black or white",
        MU_GILMER,
        impulse_noise,
        released=4,
    ),
    Corruption("jpeg", "noise", "compressed by JPEG of quality 40, 25, 15, 8, 4", OWN, jpeg, random=False),
)
