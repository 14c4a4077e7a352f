"""A picture of Pillow's, of any mode, to 8-bit pixels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps

__all__ = ["decode"]

_STRIP = 1 << 21  # pixels that are converted at a time


def decode(image: Image.Image) -> NDArray[np.uint8]:
    """Return the pixels of a picture, upright.

    Args:
        image: Of any mode. What is wrong with it raises whatever Pillow raises.

    Returns:
        uint8, (H, W) gray, (H, W, 3) RGB or (H, W, 4) RGBA.
    """
    image.load()
    if image.getexif().get(ExifTags.Base.Orientation, 1) != 1:
        image = ImageOps.exif_transpose(image)
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        return _eight_bits(image)
    transparent = image.mode in ("LA", "PA", "La", "RGBa", "RGBA") or "transparency" in image.info
    mode = "RGBA" if transparent else "L" if image.mode in ("L", "1") else "RGB"
    shape = (image.height, image.width)
    out = np.empty(shape if mode == "L" else (*shape, len(mode)), np.uint8)
    for rows, strip in _strips(image):
        # Pillow turns La into nothing but LA.
        out[rows] = np.asarray((strip.convert("LA") if strip.mode == "La" else strip).convert(mode))
    return out


def _strips(image: Image.Image) -> Iterator[tuple[slice, Image.Image]]:
    """Cut a picture in strips: a scan converted as a whole would be in memory four times."""
    width, height = image.size
    step = max(1, _STRIP // width)
    if step >= height:
        yield slice(None), image
        return
    for top in range(0, height, step):
        bottom = min(height, top + step)
        yield slice(top, bottom), image.crop((0, top, width, bottom))


def _eight_bits(image: Image.Image) -> NDArray[np.uint8]:
    """Reduce deep pixels to 8 bits: by the depth that is in use, as 12-bit cameras write into 16-bit files."""
    low, high, real = 0.0, 0.0, image.mode == "F"
    for _, strip in _strips(image):
        values = np.asarray(strip)
        finite = values[np.isfinite(values)]
        low, high = min(low, float(finite.min(initial=0))), max(high, float(finite.max(initial=0)))
    stretched = real or low < 0
    top = low + max(high - low, 1e-12) if stretched else 2.0 ** max(8, int(np.ceil(np.log2(high + 1)))) - 1
    out = np.empty((image.height, image.width), np.uint8)
    for rows, strip in _strips(image):
        level = np.nan_to_num(np.asarray(strip).astype(np.float64), posinf=top, neginf=low)
        out[rows] = ((level - low) * (255.0 / (top - low))).round()
    return out
