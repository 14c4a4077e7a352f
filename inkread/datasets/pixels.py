"""Arrays of pictures of the usual dtypes and shapes to uint8, (N, H, W) or (N, H, W, 3)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from inkread.errors import DatasetFormatError

__all__ = ["square_side", "to_uint8_pictures"]


def square_side(pixels: int) -> int | None:
    """Return the side of the square with that many pixels, or None when there is none."""
    side = math.isqrt(pixels)
    return side if side > 0 and side * side == pixels else None


def to_uint8_pictures(array: NDArray[np.generic], where: str) -> NDArray[np.uint8]:
    """Bring an array of pictures to uint8 and a known shape.

    Args:
        array: (N, H, W), (N, H, W, 1), (N, H, W, 3), or flat squares (N, H * H); uint8 or another integer
            dtype with values in 0..255, a float dtype with values in [0, 1], or bool.
        where: the file and array, for messages.

    Returns:
        (N, H, W) or (N, H, W, 3) uint8. Floats are multiplied by 255 and rounded, True becomes 255.

    Raises:
        DatasetFormatError: another shape or dtype, or values out of range.
    """
    return _to_uint8(_shaped(array, where), where)


def _shaped(array: NDArray[np.generic], where: str) -> NDArray[np.generic]:
    shape = array.shape
    if array.ndim == 3 or (array.ndim == 4 and shape[3] == 3):
        return array
    if array.ndim == 4 and shape[3] == 1:
        return array[..., 0]
    side = square_side(shape[1]) if array.ndim == 2 else None
    if side is not None:
        return array.reshape(shape[0], side, side)
    raise DatasetFormatError(
        f"{where}: expected pictures of shape (N, H, W), (N, H, W, 1), (N, H, W, 3) or flat squares (N, "
        f"H*H); received shape {shape}. Reshape them before saving."
    )


def _to_uint8(array: NDArray[np.generic], where: str) -> NDArray[np.uint8]:
    if array.dtype == np.uint8:
        return array.astype(np.uint8, copy=False)
    kind = array.dtype.kind
    if kind not in "biuf":
        raise DatasetFormatError(
            f"{where}: expected pixels as uint8, other integers in 0..255, or floats in [0, 1]; "
            f"received dtype {array.dtype}."
        )
    if array.size == 0:
        return np.zeros(array.shape, dtype=np.uint8)
    if kind == "b":
        return array.astype(np.uint8) * np.uint8(255)
    top = 1 if kind == "f" else 255
    low, high = np.min(array).item(), np.max(array).item()
    # Written so that NaN, of which every comparison is false, fails too.
    if not (low >= 0 and high <= top):
        raise DatasetFormatError(
            f"{where}: expected {array.dtype} pixels in 0..{top}; received {low:g}..{high:g}. "
            "Scale them to 0..255 and save them as uint8."
        )
    if kind == "f":
        return np.rint(array.astype(np.float64) * 255).astype(np.uint8)
    return array.astype(np.uint8)
