"""Light: too much of it, unevenly, with little contrast, the other way round."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inkread.evaluation.corruptions.corruption import MU_GILMER, OWN, Corruption
from inkread.evaluation.corruptions.operations import to_pixels, to_shares
from inkread.evaluation.corruptions.plasma import plasma

__all__ = ["CORRUPTIONS"]

_BRIGHTER = (0.1, 0.2, 0.3, 0.4, 0.5)  # of the whole range
_STRIPE = (3, 5, 7, 9, 11)  # pixels on either side; 7 is the published one
_FOG = ((1.5, 2.0), (2.0, 2.0), (2.5, 1.7), (2.5, 1.5), (3.0, 1.4))  # thickness in white, decay by octave
_PAPER = (115, 150, 185, 220, 255)  # gray levels
_CONTRAST = (120, 72, 40, 24, 14)  # gray levels between ink and ground
_GLARE = (50, 90, 130, 165, 200)  # gray levels on the lit side


def brightness(images: NDArray[np.uint8], severity: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Add light everywhere."""
    del rng
    return to_pixels(to_shares(images) + _BRIGHTER[severity - 1])


def stripe(images: NDArray[np.uint8], severity: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Invert a stripe along the left edge and one along the right."""
    del rng
    width = _STRIPE[severity - 1]
    out = images.copy()
    out[:, :, :width] = 255 - out[:, :, :width]
    out[:, :, -width:] = 255 - out[:, :, -width:]
    return out


def fog(images: NDArray[np.uint8], severity: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Lay clouds over the picture, and darken the whole so that its brightest pixel would stay as bright."""
    thickness, decay = _FOG[severity - 1]
    shares = to_shares(images)
    brightest = shares.max(axis=(1, 2), keepdims=True)
    clouds = plasma(len(images), images.shape[1], decay, rng)
    return to_pixels((shares + thickness * clouds) * brightest / (brightest + thickness))


def inverted(images: NDArray[np.uint8], severity: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Write in black on paper of a gray level, white at last."""
    del rng
    return to_pixels((1 - to_shares(images)) * (_PAPER[severity - 1] / 255))


def low_contrast(images: NDArray[np.uint8], severity: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Squeeze the gray levels around the middle one."""
    del rng
    return to_pixels(0.5 + (to_shares(images) - 0.5) * (_CONTRAST[severity - 1] / 255))


def light_gradient(images: NDArray[np.uint8], severity: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Let light fall in from a side: a veil that rises across the picture and takes the contrast with it."""
    height, width = images.shape[1:]
    angle = rng.uniform(0, 2 * np.pi, (len(images), 1, 1))
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    # The sum of both is how far the corners reach that way, so that the veil goes from 0 to 1 at every angle.
    along = (x * np.cos(angle) + y * np.sin(angle)) / (np.abs(np.cos(angle)) + np.abs(np.sin(angle)))
    veil = _GLARE[severity - 1] / 255 * (1 + along) / 2  # (N, H, W)
    shares = to_shares(images)
    return to_pixels(shares + veil * (1 - shares))


CORRUPTIONS = (
    Corruption(
        "brightness",
        "light",
        "brighter by 10, 20, 30, 40, 50 % of the range",
        MU_GILMER,
        brightness,
        released=5,
        random=False,
    ),
    Corruption(
        "stripe",
        "light",
        "3, 5, 7, 9, 11 px inverted on either side; published is 7, the others are ours",
        MU_GILMER,
        stripe,
        released=3,
        random=False,
    ),
    Corruption("fog", "light", "clouds 1.5, 2, 2.5, 2.5, 3 times as bright as white", MU_GILMER, fog, released=5),
    Corruption("inverted", "light", "black ink on paper of gray 115, 150, 185, 220, 255", OWN, inverted, random=False),
    Corruption(
        "low_contrast",
        "light",
        "120, 72, 40, 24, 14 gray levels between ink and ground",
        OWN,
        low_contrast,
        random=False,
    ),
    Corruption(
        "light_gradient", "light", "a veil of 50, 90, 130, 165, 200 gray levels on one side", OWN, light_gradient
    ),
)
