"""Any array of pixels to one gray channel, without losing what the pen wrote."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.errors import UnreadableImageError

__all__ = ["check_pixels", "to_gray", "without_alpha"]

_SAMPLES = 64  # pixels along the longer side that are looked at to tell paper from ink by colour
_GRAY_IS_WEAK = 2.0  # colours that vary this many times more than gray does are worth a channel of their own


def check_pixels(image: NDArray[Any]) -> NDArray[np.uint8]:
    """Return `image` unchanged when it is one picture as the library takes it.

    Args:
        image: What should be a uint8 array, (H, W) gray or (H, W, 3 or 4) RGB(A), 0 to 255.

    Raises:
        UnreadableImageError: Another dtype or shape, or no pixels at all.
    """
    if not isinstance(image, np.ndarray):
        raise UnreadableImageError(f"Expected a NumPy array of pixels, got {type(image).__name__}.")
    if image.dtype != np.uint8:
        raise UnreadableImageError(
            f"Expected a uint8 array with values 0 to 255, got dtype {image.dtype}. "
            "Convert it first, for instance (255 * x).round().astype('uint8') for floats in [0, 1]."
        )
    one_picture = image.ndim == 2 or (image.ndim == 3 and image.shape[2] in (3, 4))
    if not one_picture:
        channels = image.ndim == 3 and image.shape[2] in (1, 2)
        hint = " Take one channel, as x[:, :, 0]." if channels else ""
        if image.ndim >= 3 and not channels:
            hint = " Several pictures are a list, given to read_many."
        elif image.ndim == 1:
            hint = " Reshape it, for instance x.reshape(28, 28)."
        raise UnreadableImageError(
            f"Expected one picture of shape (H, W), (H, W, 3) or (H, W, 4), got {image.shape}.{hint}"
        )
    if image.size == 0:
        raise UnreadableImageError(f"Expected a picture with pixels, got an empty array of shape {image.shape}.")
    return image


def to_gray(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Reduce a picture to one channel in which ink and paper differ.

    Transparent pictures are laid on white, or on black when what is opaque is light, so that neither white nor black
    ink on a transparent ground is lost. Luma (ITU-R BT.601) is used unless the colours carry far more contrast than
    it does, as red ink on green paper may: then the first principal component of the colours is.

    Args:
        image: uint8, (H, W), (H, W, 3) RGB or (H, W, 4) RGBA.

    Returns:
        uint8 (H, W).
    """
    if image.ndim == 2:
        return image
    image = without_alpha(image)
    step = max(1, max(image.shape[:2]) // _SAMPLES)
    if max(image.shape[:2]) == 1:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)  # one pixel has no spread
    colours = image[::step, ::step].reshape(-1, 3).astype(np.float32)  # (n, 3)
    luma_spread = float((colours @ np.array([0.299, 0.587, 0.114], np.float32)).std())
    values, vectors = np.linalg.eigh(np.cov(colours, rowvar=False))
    if float(np.sqrt(max(values[-1], 0.0))) <= _GRAY_IS_WEAK * luma_spread + 1.0:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    along = colours @ vectors[:, -1]
    low, high = float(along.min()), float(along.max())
    gain = 255.0 / max(high - low, 1.0)
    projection = np.append(vectors[:, -1] * gain, -low * gain).astype(np.float32)[None, :]  # (1, 4)
    return np.asarray(cv2.transform(image, projection), dtype=np.uint8).reshape(image.shape[:2])


def without_alpha(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay an RGBA picture on the ground, white or black, that differs from what is opaque in it; others stay."""
    if image.ndim == 2 or image.shape[2] == 3:
        return image
    alpha = image[:, :, 3]
    if alpha.min() == 255:
        return np.ascontiguousarray(image[:, :, :3])
    # In 8 bits all through: floats of a large scan would take gigabytes.
    cover = cv2.merge([alpha, alpha, alpha])
    laid = cv2.multiply(np.ascontiguousarray(image[:, :, :3]), cover, scale=1 / 255)
    luma = cv2.sumElems(cv2.cvtColor(laid, cv2.COLOR_RGB2GRAY))[0]
    light_ink = luma > 0.5 * cv2.sumElems(alpha)[0]
    return np.asarray(laid if light_ink else cv2.add(laid, cv2.bitwise_not(cover)), dtype=np.uint8)
