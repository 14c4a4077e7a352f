"""Augmentation of normalised digits, a whole batch at a time.

A batch is laid out as one tall picture, so that a single remap bends every digit in it, and one dilation and one
erosion give the thicker and thinner pen of all of them. Nothing loops over pictures.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.training.disturb import disturb

__all__ = ["Augmentation", "augment"]

_TALLEST = 32_000  # rows: OpenCV's remap addresses its source with 16-bit integers
_OUTSIDE = -9.0  # a coordinate that lies outside every picture, where remap writes paper


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far each picture is bent; every amount is drawn evenly from -x to +x, for each picture anew.

    Attributes:
        shift: Pixels, in both directions.
        rotation: Degrees.
        zoom: Share of the size: 0.1 is 0.9 to 1.1 times.
        stretch: Share by which width and height differ: 0.1 is 0.9 to 1.1 times as wide as high.
        shear: Tangent of the slant.
        elastic: Pixels of a smooth random displacement (Simard, Steinkraus, Platt 2003).
        stroke: Pixels that the pen gains or loses, at most 2.
        noise: Standard deviation of Gaussian noise, in gray levels.
        erase: Share of the pictures that lose a random box of up to 8 x 8 pixels (Zhong et al. 2017).
        neighbours: Share of the pictures that show the rim of another digit at their left or right border.
        disturbed: Share of the pictures that are hazed, grainy, blurred, lined, outlined or otherwise disturbed.
        flip_horizontal: Share of the pictures that are mirrored left to right. It changes digits: a mirrored 3 is none.
        flip_vertical: Share of the pictures that are mirrored top to bottom. It changes digits: a 6 begins as a 9.
    """

    shift: float = 0.0
    rotation: float = 0.0
    zoom: float = 0.0
    stretch: float = 0.0
    shear: float = 0.0
    elastic: float = 0.0
    stroke: float = 0.0
    noise: float = 0.0
    erase: float = 0.0
    neighbours: float = 0.0
    disturbed: float = 0.0
    flip_horizontal: float = 0.0
    flip_vertical: float = 0.0

    @property
    def flips(self) -> bool:
        """Whether pictures are mirrored."""
        return max(self.flip_horizontal, self.flip_vertical) > 0

    @property
    def bends(self) -> bool:
        """Whether any of the geometric amounts is above zero."""
        return max(self.shift, self.rotation, self.zoom, self.stretch, self.shear, self.elastic) > 0


def augment(images: NDArray[np.uint8], settings: Augmentation, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return new pictures, each changed in its own way.

    Args:
        images: uint8 (N, H, W) or (N, H, W, 3), light ink on black.
        settings: How far.
        rng: Where the amounts are drawn from; the same state gives the same pictures.

    Returns:
        uint8, the shape of `images`.
    """
    part = _TALLEST // images.shape[1]
    if len(images) > part:
        pieces = [images[i : i + part] for i in range(0, len(images), part)]
        return np.concatenate([augment(piece, settings, rng) for piece in pieces])
    if settings.flips:
        images = _flipped(images, settings, rng)
    if settings.neighbours > 0:
        images = _with_neighbours(images, settings.neighbours, rng)
    if settings.stroke > 0:
        images = _with_pen(images, settings.stroke, rng)
    if settings.bends:
        images = _bent(images, settings, rng)
    if settings.erase > 0:
        images = _erased(images, settings.erase, rng)
    if settings.disturbed > 0:
        chosen = np.flatnonzero(rng.random(len(images)) < settings.disturbed)
        images = np.array(images)
        images[chosen] = disturb(images[chosen], rng)
    if settings.noise > 0:
        noise = rng.standard_normal(images.shape, dtype=np.float32) * np.float32(settings.noise)
        images = np.clip(images + noise, 0, 255).astype(np.uint8)
    return images


def _flipped(images: NDArray[np.uint8], settings: Augmentation, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Mirror some of the pictures, each way for itself."""
    across, down = rng.random((2, len(images))) < [[settings.flip_horizontal], [settings.flip_vertical]]
    images = images.copy()
    images[across] = images[across, :, ::-1]
    images[down] = images[down, ::-1]
    return images


def _bent(images: NDArray[np.uint8], settings: Augmentation, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Move every picture by an affine map, and an elastic one, of its own: one remap for all."""
    n, height, width = images.shape[:3]

    def amounts(reach: float) -> NDArray[np.float32]:
        return rng.uniform(-reach, reach, (n,)).astype(np.float32)

    angle, shear = np.radians(amounts(settings.rotation)), amounts(settings.shear)
    zoom, stretch = 1.0 + amounts(settings.zoom), 1.0 + amounts(settings.stretch)
    wide, high = zoom * np.sqrt(stretch), zoom / np.sqrt(stretch)
    cos, sin = np.cos(angle), np.sin(angle)
    # From a place in the result to the place in the source: rotate, shear, scale back.
    xx, xy = (cos + shear * sin) / wide, (sin - shear * cos) / wide
    yx, yy = -sin / high, cos / high
    dx, dy = amounts(settings.shift), amounts(settings.shift)
    centre_x, centre_y = (width - 1) / 2, (height - 1) / 2
    x = (np.arange(width, dtype=np.float32) - centre_x)[None, None, :]  # (1, 1, W)
    y = (np.arange(height, dtype=np.float32) - centre_y)[None, :, None]  # (1, H, 1)

    def column(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return values.astype(np.float32)[:, None, None]  # (N, 1, 1)

    map_x = column(xx) * x + column(xy) * y + column(dx + centre_x)  # (N, H, W)
    map_y = column(yx) * x + column(yy) * y + column(dy + centre_y)
    if settings.elastic > 0:
        field = _smooth_field(2 * n, height, width, rng) * np.float32(settings.elastic)
        map_x += field[:n]
        map_y += field[n:]
    inside = (map_y > -1) & (map_y < height)
    map_y = np.where(inside, np.clip(map_y, 0, height - 1), _OUTSIDE)
    map_y += np.where(inside, np.arange(n, dtype=np.float32)[:, None, None] * height, 0)
    tall = images.reshape(n * height, *images.shape[2:])
    out = cv2.remap(
        tall,
        map_x.reshape(n * height, width),
        map_y.reshape(n * height, width),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=0,
    )
    return np.asarray(out, dtype=np.uint8).reshape(images.shape)


def _smooth_field(n: int, height: int, width: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return n smooth random fields (n, H, W), each about -1 to 1: coarse 4 x 4 noise, enlarged with a cubic."""
    coarse = rng.uniform(-1, 1, (n, 4, 4)).astype(np.float32)
    down, across = _cubic(height), _cubic(width)  # (H, 4), (W, 4)
    return np.asarray(down @ coarse @ across.T, dtype=np.float32)


def _cubic(length: int) -> NDArray[np.float32]:
    """Return the matrix (length, 4) that enlarges four values to `length` with a cubic."""
    return np.asarray(cv2.resize(np.eye(4, dtype=np.float32), (4, length), interpolation=cv2.INTER_CUBIC))


def _with_pen(images: NDArray[np.uint8], reach: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Mix every picture with its dilation or its erosion; a 3 x 3 kernel changes a stroke by two pixels."""
    n, height = images.shape[:2]
    tall = images.reshape(n * height, *images.shape[2:])
    kernel = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    thick = cv2.dilate(tall, kernel).reshape(images.shape).astype(np.int16)
    thin = cv2.erode(tall, kernel).reshape(images.shape).astype(np.int16)
    share = rng.uniform(-reach / 2, reach / 2, (n,))
    weight = (256 * np.abs(share)).astype(np.int16).reshape(n, *[1] * (images.ndim - 1))
    other = np.where((share > 0).reshape(weight.shape), thick, thin)
    mixed = images + (((other - images.astype(np.int16)).astype(np.int32) * weight) >> 8)
    return mixed.astype(np.uint8)


def _erased(images: NDArray[np.uint8], share: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Blacken a random box in some of the pictures."""
    n, height, width = images.shape[:3]
    side = rng.integers(2, 9, (2, n)) * (rng.random(n) < share)
    top, left = rng.integers(0, height, (n,)), rng.integers(0, width, (n,))
    rows, columns = np.arange(height)[None, :], np.arange(width)[None, :]
    in_rows = (rows >= top[:, None]) & (rows < (top + side[0])[:, None])  # (N, H)
    in_columns = (columns >= left[:, None]) & (columns < (left + side[1])[:, None])  # (N, W)
    box = in_rows[:, :, None] & in_columns[:, None, :]  # (N, H, W)
    return np.where(box if images.ndim == 3 else box[..., None], 0, images).astype(np.uint8)


def _with_neighbours(images: NDArray[np.uint8], share: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Let the rim of another picture of the batch look in from the left or the right."""
    n, width = len(images), images.shape[2]
    chosen = np.flatnonzero(rng.random(n) < share)
    out = images.copy()
    left = rng.random(len(chosen)) < 0.5
    for side in (-1, 1):
        here = chosen[left] if side < 0 else chosen[~left]
        rim = int(rng.integers(4, 8))
        others = images[rng.permutation(n)[: len(here)]]
        if side < 0:
            out[here, :, :rim] = np.maximum(out[here, :, :rim], others[:, :, width - 4 - rim : width - 4])
        else:
            out[here, :, width - rim :] = np.maximum(out[here, :, width - rim :], others[:, :, 4 : 4 + rim])
    return out
