"""Pictures of paper with a digit on it, to learn from what the preprocessing makes of them.

A digit that went over paper, pen and camera comes back from the preprocessing with gaps, specks and rims of its
neighbours. A network that shall read such digits has to see some.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["photograph"]


def photograph(fine: NDArray[np.uint8], neighbour: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Lay a digit on paper and take its picture.

    Args:
        fine: uint8 (h, w), a digit drawn large, ink 255 on 0.
        neighbour: uint8 (h', w'), another one, that may look in from a side.
        rng: Where size, pen, paper and camera are drawn from.

    Returns:
        uint8, gray, dark ink on light paper, now and then the other way round.
    """
    height = float(np.exp(rng.uniform(np.log(16), np.log(64))))  # pixels of the digit
    ink = _cut_out(_scaled(fine, height))
    if rng.random() < 0.4:
        ink = _beside(ink, _cut_out(_scaled(neighbour, height * float(rng.uniform(0.7, 1.2)))), rng)
    if rng.random() < 0.15:
        _underline(ink, rng)
    margin = int(rng.integers(0, 3)) if rng.random() < 0.7 else int(rng.integers(3, 24))
    ink = cv2.copyMakeBorder(ink, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0)
    shade = ink.astype(np.float32) / 255.0
    shade = cv2.GaussianBlur(shade, (0, 0), float(rng.uniform(0.2, 0.03 * height)))
    contrast = float(rng.uniform(45, 190))
    picture = _paper(ink.shape[0], ink.shape[1], contrast, rng) - contrast * shade * _pressure(shade.shape, rng)
    picture += rng.standard_normal(picture.shape, dtype=np.float32) * np.float32(rng.uniform(0, 0.07) * contrast)
    out = np.clip(picture, 0, 255).astype(np.uint8)
    return cv2.bitwise_not(out) if rng.random() < 0.15 else out


def _scaled(fine: NDArray[np.uint8], height: float) -> NDArray[np.uint8]:
    _, _, width, tall = cv2.boundingRect(fine)
    scale = height / max(1, tall, width)
    size = (max(4, round(fine.shape[1] * scale)), max(4, round(fine.shape[0] * scale)))
    return np.asarray(cv2.resize(fine, size, interpolation=cv2.INTER_AREA))


def _cut_out(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    left, top, width, height = cv2.boundingRect(cv2.threshold(ink, 64, 255, cv2.THRESH_BINARY)[1])
    return ink[top : top + height, left : left + width] if width else ink


def _beside(ink: NDArray[np.uint8], other: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Let a rim of another digit reach into the picture from the left or the right, near or touching."""
    height, width = ink.shape
    rim = min(other.shape[1], max(1, round(width * float(rng.uniform(0.05, 0.3)))))
    gap = round(width * float(rng.uniform(-0.1, 0.12)))
    out = np.zeros((height, width + max(0, rim + gap)), np.uint8)
    rows = min(height, other.shape[0])
    if rng.random() < 0.5:
        out[:, out.shape[1] - width :] = ink
        out[:rows, :rim] = np.maximum(out[:rows, :rim], other[:rows, other.shape[1] - rim :])
    else:
        out[:, :width] = ink
        out[:rows, -rim:] = np.maximum(out[:rows, -rim:], other[:rows, :rim])
    return out


def _underline(ink: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Let a printed line run along the foot of a digit, or along its head."""
    height, width = ink.shape
    y = height * float(rng.uniform(0.86, 1.0))
    if rng.random() < 0.2:
        y = height - y
    tilt = height * float(rng.normal(0, 0.015))
    ends = (0, round(y - tilt)), (width - 1, round(y + tilt))
    cv2.line(
        ink, *ends, int(rng.integers(90, 256)), max(1, round(height * float(rng.uniform(0.01, 0.05)))), cv2.LINE_AA
    )


def _pressure(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return how dark the pen writes where, 0.5 to 1: coarse noise, enlarged."""
    coarse = rng.uniform(0.5, 1.0, (3, 3)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR))


def _paper(height: int, width: int, contrast: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return paper: a tone, light from one side, and now and then the lines of a security print or a weave."""
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    light = rng.uniform(-0.12, 0.12, 2) * contrast
    sheet = float(rng.uniform(170, 245)) + float(light[0]) * x + float(light[1]) * y  # (H, W)
    if rng.random() < 0.6:
        for _ in range(int(rng.integers(1, 3))):
            angle, period = float(rng.uniform(0, np.pi)), float(rng.uniform(2.5, 9))
            along = np.cos(angle) * x * width / 2 + np.sin(angle) * y * height / 2
            bend = float(rng.uniform(0, 2)) * np.sin(2 * np.pi * y * float(rng.uniform(0.3, 1.5)))
            wave = np.sin(2 * np.pi * along / period + bend + float(rng.uniform(0, 6.3)))
            sheet = sheet + float(rng.uniform(0.03, 0.16)) * contrast * wave
    return np.asarray(sheet, dtype=np.float32)
