"""Operations on many pictures at once that several corruptions share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["box_of_ink", "gaussian_blur", "sample", "shift", "to_pixels", "to_shares"]

_INK = 64  # gray levels: above this a pixel counts as ink, as in the preprocessing


def to_shares(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return gray levels 0..255 as shares 0..1."""
    return images.astype(np.float32) / np.float32(255)


def to_pixels(shares: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return shares as gray levels: cut to 0..1 and rounded."""
    return np.rint(np.clip(shares, 0, 1) * 255).astype(np.uint8)


def gaussian_blur(pictures: NDArray[np.float32], sigma: float, *, dark_around: bool = False) -> NDArray[np.float32]:
    """Return pictures blurred by a Gaussian that is cut off at four sigma.

    Args:
        pictures: (N, H, W).
        sigma: In pixels, above 0.
        dark_around: Take what lies outside as 0; otherwise the outermost pixels go on.
    """
    down = _blur_matrix(pictures.shape[1], sigma, dark_around)
    across = _blur_matrix(pictures.shape[2], sigma, dark_around)
    return np.asarray(down @ pictures @ across.T)


def _blur_matrix(size: int, sigma: float, dark_around: bool) -> NDArray[np.float32]:
    """Return (size, size): how much of each pixel of a row goes into each blurred one."""
    reach = int(4 * sigma + 0.5)
    offsets = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (offsets / sigma) ** 2)
    weights /= weights.sum()
    matrix = np.zeros((size, size), np.float32)
    for offset, weight in zip(offsets.tolist(), weights.tolist(), strict=True):
        places = np.arange(size) + offset
        inside = (places >= 0) & (places < size) if dark_around else np.full(size, True)
        np.add.at(matrix, (np.flatnonzero(inside), np.clip(places, 0, size - 1)[inside]), weight)
    return matrix


def sample(pictures: NDArray[np.float32], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return pictures drawn anew, each pixel interpolated linearly where an affine map about the centre says.

    Args:
        pictures: (N, H, W); 0 lies around them.
        matrix: (2, 2), from the place of a pixel of the result to its place in the picture, (x, y) from the centre.
    """
    height, width = pictures.shape[1:]
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    y, x = np.mgrid[:height, :width]
    places = (np.stack([x, y], axis=-1) - centre) @ matrix.T + centre  # (H, W, 2)
    first = np.floor(places).astype(np.intp)
    part = (places - first).astype(np.float32)
    out = np.zeros_like(pictures)
    for step_x, step_y in ((0, 0), (1, 0), (0, 1), (1, 1)):
        column, row = first[..., 0] + step_x, first[..., 1] + step_y
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        weight = np.abs(1 - step_x - part[..., 0]) * np.abs(1 - step_y - part[..., 1]) * inside
        out += pictures[:, np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)] * weight
    return out


def shift(images: NDArray[np.uint8], down: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return each picture moved by its own whole numbers of pixels, black where nothing comes in.

    Args:
        images: uint8 (N, H, W).
        down: (N,) pixels, upwards when negative.
        right: (N,) pixels, to the left when negative.
    """
    count, height, width = images.shape
    rows = np.arange(height) - down[:, None]  # (N, H)
    columns = np.arange(width) - right[:, None]  # (N, W)
    inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None, :]
    rows, columns = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
    return images[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]] * inside


def box_of_ink(images: NDArray[np.uint8]) -> tuple[NDArray[np.int64], ...]:
    """Return the first row, last row, first column and last column of the ink of each picture, (N,) each.

    A picture without ink counts as full of it, which leaves no margin to move it in.
    """
    ink = np.greater(images, _INK)
    ink |= ~ink.any(axis=(1, 2), keepdims=True)
    rows, columns = np.any(ink, axis=2), np.any(ink, axis=1)
    height, width = images.shape[1:]
    return (
        rows.argmax(axis=1),
        height - 1 - rows[:, ::-1].argmax(axis=1),
        columns.argmax(axis=1),
        width - 1 - columns[:, ::-1].argmax(axis=1),
    )
