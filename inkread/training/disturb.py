"""Disturbances of a picture as the network sees it: haze, grain, blur, lines, holes, outlines.

Not every picture that a network is given went through the preprocessing, and not every fault of a scan goes there. A
network that has seen such pictures reads through them. The kinds are general; the robustness suite has its own, which
training does not look at.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["disturb"]

_Pictures = NDArray[np.float32]  # (N, H, W) or (N, H, W, 3), 0 to 1


def disturb(images: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Disturb each picture in one way, and one in four in two.

    Args:
        images: uint8 (N, H, W) or (N, H, W, 3), light ink on black.
        rng: Where kinds and amounts are drawn from.

    Returns:
        uint8, the shape of `images`.
    """
    out = images.astype(np.float32) / 255.0
    for share in (1.0, 0.25):
        kinds = np.where(rng.random(len(out)) < share, rng.integers(len(_KINDS), size=len(out)), -1)
        for number, kind in enumerate(_KINDS):
            chosen = np.flatnonzero(kinds == number)
            if len(chosen):
                out[chosen] = np.clip(kind(out[chosen], rng), 0.0, 1.0)
    return np.asarray((out * 255.0).round(), dtype=np.uint8)


def _amounts(pictures: _Pictures, low: float, high: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return an amount per picture, in a shape that its pixels are multiplied with."""
    return rng.uniform(low, high, len(pictures)).astype(np.float32).reshape(-1, *[1] * (pictures.ndim - 1))


def _fields(pictures: _Pictures, cells: int, rng: np.random.Generator) -> _Pictures:
    """Return smooth random fields of 0 to 1, one per picture: coarse noise, enlarged."""
    n, height, width = pictures.shape[:3]
    coarse = rng.random((cells, cells, n), dtype=np.float32)
    parts = [cv2.resize(coarse[..., i : i + 4], (width, height)) for i in range(0, n, 4)]  # OpenCV takes 4 channels
    fields = np.concatenate([part.reshape(height, width, -1) for part in parts], axis=2).transpose(2, 0, 1)
    return np.asarray(fields.reshape(n, height, width, *[1] * (pictures.ndim - 3)), dtype=np.float32)


def _each(pictures: _Pictures, change: Callable[[_Pictures], _Pictures]) -> _Pictures:
    return np.stack([change(picture) for picture in pictures])


def _hazed(pictures: _Pictures, rng: np.random.Generator) -> _Pictures:
    """A lighter ground and less contrast."""
    ground = _amounts(pictures, 0.0, 0.7, rng)
    return ground + pictures * np.maximum(1.0 - ground, 0.3) * _amounts(pictures, 0.4, 1.3, rng)


def _clouded(pictures: _Pictures, rng: np.random.Generator) -> _Pictures:
    """Uneven light over the ground."""
    clouds = _fields(pictures, int(rng.integers(2, 9)), rng) + 0.4 * _fields(pictures, 12, rng)
    lit = pictures * _amounts(pictures, 0.4, 1.0, rng) + clouds * _amounts(pictures, 0.2, 0.8, rng)
    return np.asarray(lit, dtype=np.float32)


def _grainy(pictures: _Pictures, rng: np.random.Generator) -> _Pictures:
    """Noise of a sensor: even, or more of it where there is more light."""
    noise = rng.standard_normal(pictures.shape, dtype=np.float32) * _amounts(pictures, 0.05, 0.4, rng)
    return pictures + (noise if rng.random() < 0.5 else noise * np.sqrt(np.maximum(pictures, 0.01)) * 1.5)


def _specked(pictures: _Pictures, rng: np.random.Generator) -> _Pictures:
    """Pixels that are black or white."""
    hit = rng.random(pictures.shape, dtype=np.float32) < _amounts(pictures, 0.02, 0.35, rng)
    return np.where(hit, rng.random(pictures.shape, dtype=np.float32) < 0.5, pictures).astype(np.float32)


def _blurred(pictures: _Pictures, rng: np.random.Generator) -> _Pictures:
    """Out of focus."""
    return _each(pictures, lambda picture: cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.5, 2.0))))


def _dragged(pictures: _Pictures, rng: np.random.Generator) -> _Pictures:
    """Moved while the picture was taken."""

    def drag(picture: _Pictures) -> _Pictures:
        reach, angle = float(rng.uniform(1.5, 4.5)), float(rng.uniform(0, np.pi))
        kernel = np.zeros((13, 13), np.float32)
        across, down = reach * np.cos(angle), reach * np.sin(angle)
        ends = (round(6 - across), round(6 - down)), (round(6 + across), round(6 + down))
        cv2.line(kernel, *ends, 1.0, 1)
        return cv2.filter2D(picture, -1, kernel / kernel.sum())

    return _each(pictures, drag)


def _scattered(pictures: _Pictures, rng: np.random.Generator) -> _Pictures:
    """Seen through rough glass: each pixel comes from a place near by."""
    height, width = pictures.shape[1:3]
    y, x = np.mgrid[:height, :width].astype(np.float32)

    def scatter(picture: _Pictures) -> _Pictures:
        reach = float(rng.uniform(0.5, 2.2))
        off = rng.uniform(-reach, reach, (2, height, width)).astype(np.float32)
        return cv2.remap(picture, x + off[0], y + off[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    return _each(pictures, scatter)


def _lined(pictures: _Pictures, rng: np.random.Generator) -> _Pictures:
    """Lines through the picture: straight, bent or dotted, of ink or rubbed out."""
    height, width = pictures.shape[1:3]

    def line(picture: _Pictures) -> _Pictures:
        mask = np.zeros((height, width), np.uint8)
        for _ in range(int(rng.integers(1, 3))):
            points = rng.uniform([0, 0], [width, height], (int(rng.integers(2, 6)), 2))
            if rng.random() < 0.5:  # from side to side
                points[:, 0] = np.linspace(0, width - 1, len(points))
            cv2.polylines(mask, [points.round().astype(np.int32)], False, 255, int(rng.integers(1, 3)))
        if rng.random() < 0.4:
            period = int(rng.integers(2, 5))
            mask[:, ::period] = 0
        value = 1.0 if rng.random() < 0.75 else 0.0
        shown = mask.reshape(height, width, *[1] * (picture.ndim - 2)) > 0
        return np.where(shown, np.float32(value), picture)

    return _each(pictures, line)


def _spattered(pictures: _Pictures, rng: np.random.Generator) -> _Pictures:
    """Drops of ink, or places that took none."""
    wet = _fields(pictures, int(rng.integers(8, 15)), rng) > 1.0 - _amounts(pictures, 0.08, 0.3, rng)
    return np.where(wet, np.float32(rng.random() < 0.7) * _amounts(pictures, 0.5, 1.0, rng), pictures)


def _banded(pictures: _Pictures, rng: np.random.Generator) -> _Pictures:
    """A part of the picture, to one side of a line or between two, in the other polarity."""
    out = pictures.copy()
    for picture in out:
        along = picture if rng.random() < 0.5 else picture.swapaxes(0, 1)
        length = len(along)
        first, last = sorted(rng.integers(0, length + 1, 2))
        if rng.random() < 0.5:
            along[first:last] = 1.0 - along[first:last]
        else:
            along[:first], along[last:] = 1.0 - along[:first], 1.0 - along[last:]
    return out


def _outlined(pictures: _Pictures, rng: np.random.Generator) -> _Pictures:
    """Only the edges of the strokes."""
    kernel = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))

    def outline(picture: _Pictures) -> _Pictures:
        smooth = cv2.GaussianBlur(picture, (3, 3), float(rng.uniform(0.3, 1.0)))
        ink = (smooth > float(rng.uniform(0.15, 0.6))).astype(np.float32)
        inner = rng.random() < 0.5
        edge = ink - cv2.erode(ink, kernel) if inner else cv2.dilate(ink, kernel) - ink
        return edge * np.float32(rng.uniform(0.6, 1.0))

    return _each(pictures, outline)


def _far(pictures: _Pictures, rng: np.random.Generator) -> _Pictures:
    """Small, turned, slanted, and away from the middle."""
    height, width = pictures.shape[1:3]

    def move(picture: _Pictures) -> _Pictures:
        size, angle, slant = float(rng.uniform(0.5, 1.1)), float(rng.normal(0, 0.3)), float(rng.normal(0, 0.35))
        cos, sin = size * np.cos(angle), size * np.sin(angle)
        linear = np.array([[cos, -sin], [sin, cos]]) @ np.array([[1.0, slant], [0.0, 1.0]])
        centre = np.array([width - 1, height - 1]) / 2
        room = np.maximum(0.0, 14.0 - 10.0 * size) if rng.random() < 0.7 else 2.0
        offset = centre - linear @ centre + rng.uniform(-room, room, 2)
        return cv2.warpAffine(picture, np.column_stack([linear, offset]).astype(np.float32), (width, height))

    return _each(pictures, move)


_KINDS = (
    _hazed,
    _clouded,
    _grainy,
    _specked,
    _blurred,
    _dragged,
    _scattered,
    _lined,
    _spattered,
    _banded,
    _outlined,
    _far,
)
