"""From ink and paper to a picture: light, pen pressure, blur, noise, small size, JPEG."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.datasets.lines.paper import paper, smooth_noise

__all__ = ["Look", "develop", "draw_look"]


@dataclass(frozen=True, slots=True)
class Look:
    """How a line looks. Gray levels are of 0 to 255.

    Attributes:
        sheet: Gray level of the paper.
        contrast: How much darker full ink is, in gray levels.
        texture: Strength of the paper's texture at most, in parts of the contrast.
        light: Uneven light, in parts of the contrast.
        shadow: Depth of a shadow's edge, in parts of the contrast.
        pressure: How much the pen's darkness varies, 0 to 1.
        blur: Deviation of the blur in pixels.
        noise: Deviation of the noise, in parts of the contrast.
        quality: Of the JPEG, or 0 for none.
        inverted: Whether ink is light on dark.
        bilevel: Whether the picture was cut to black and white.
    """

    sheet: float = 235.0
    contrast: float = 180.0
    texture: float = 0.0
    light: float = 0.0
    shadow: float = 0.0
    pressure: float = 0.0
    blur: float = 0.4
    noise: float = 0.0
    quality: int = 0
    inverted: bool = False
    bilevel: bool = False


def draw_look(rng: np.random.Generator, height: float) -> Look:
    """Draw a look, of digits of a height in pixels."""
    if rng.random() < 0.12:  # a drawing on a screen, or a clean scan
        contrast = float(rng.uniform(120, 255))
        return Look(
            sheet=255.0,
            contrast=contrast,
            blur=float(rng.uniform(0.2, 0.6)),
            inverted=rng.random() < 0.4,
            bilevel=rng.random() < 0.5,
        )
    sheet = float(rng.uniform(115, 250))
    faint = rng.random() < 0.25
    contrast = min(sheet - 5, float(np.exp(rng.uniform(np.log(32 if faint else 70), np.log(190)))))
    return Look(
        sheet=sheet,
        contrast=contrast,
        texture=float(rng.uniform(0.1, 0.6)) if rng.random() < 0.85 else 0.0,
        light=abs(float(rng.normal(0, 0.12))),
        shadow=float(rng.uniform(0.1, 0.6)) if rng.random() < 0.08 else 0.0,
        pressure=float(rng.uniform(0, 0.4)),
        blur=float(rng.uniform(0.3, 0.4 + 0.014 * height)),
        noise=abs(float(rng.normal(0, 0.04))) if rng.random() < 0.95 else float(rng.uniform(0.1, 0.2)),
        quality=int(rng.integers(25, 96)) if rng.random() < 0.6 else 0,
        inverted=rng.random() < 0.08,
    )


def develop(
    ink: NDArray[np.uint8], printed: NDArray[np.uint8] | None, look: Look, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Return the picture (H, W) of ink on paper.

    Args:
        ink: uint8 (H, W), what the pen wrote, 255 for full ink.
        printed: uint8 (H, W), what was printed before; None for nothing.
        look: How.
        rng: Where paper and noise are drawn from.
    """
    shape = (ink.shape[0], ink.shape[1])
    shade = ink.astype(np.float32) * np.float32(1 / 255)
    if look.pressure > 0:
        pressing = smooth_noise(shape, max(4.0, 0.4 * shape[0]), rng)
        shade *= 1 - np.float32(look.pressure) * np.clip(0.5 + 0.5 * pressing, 0, 1)
    if printed is not None:
        np.maximum(shade, printed.astype(np.float32) * np.float32(1 / 255), out=shade)
    below = paper(shape, rng, look.texture) if look.texture > 0 else np.zeros(shape, np.float32)
    # Ink covers most of the paper's pattern, and what is left of it shows through.
    picture = below * (1 - 0.7 * shade) - shade
    if look.light > 0:
        picture += look.light * smooth_noise(shape, float(rng.uniform(0.7, 3)) * max(shape[0], 20), rng)
    if look.shadow > 0:
        picture -= look.shadow * _shadow(shape, rng)
    if look.blur > 0.25:
        picture = cv2.GaussianBlur(picture, (0, 0), look.blur)
    if look.noise > 0:
        grain = rng.standard_normal(shape, dtype=np.float32)
        if rng.random() < 0.4:
            grain = cv2.GaussianBlur(grain, (0, 0), 0.7) * np.float32(1.8)
        picture += np.float32(look.noise) * grain
    if look.bilevel:
        picture = np.where(picture < -float(rng.uniform(0.35, 0.65)), np.float32(-1), np.float32(0))
    picture = picture * np.float32(look.contrast) + np.float32(look.sheet)
    out = np.clip(picture, 0, 255).astype(np.uint8)
    if look.quality:
        coded = cv2.imencode(".jpg", out, (cv2.IMWRITE_JPEG_QUALITY, look.quality))[1]
        out = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)
    return np.asarray(cv2.bitwise_not(out), dtype=np.uint8) if look.inverted else out


def _shadow(shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a shadow with one soft edge (H, W), 0 to 1."""
    angle, soft = float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(2, 30))
    y = np.arange(shape[0], dtype=np.float32)[:, None] - shape[0] * float(rng.uniform(0.1, 0.9))
    x = np.arange(shape[1], dtype=np.float32)[None, :] - shape[1] * float(rng.uniform(0.1, 0.9))
    return np.asarray(np.clip((x * np.cos(angle) + y * np.sin(angle)) / soft, 0, 1), dtype=np.float32)
