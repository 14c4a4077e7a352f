"""Papers: what lies under the ink. All from formulas and noise; no picture of a paper is in here."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["paper", "smooth_noise"]

Texture = NDArray[np.float32]
Shape = tuple[int, int]


def paper(shape: Shape, rng: np.random.Generator, strength: float) -> Texture:
    """Return a paper's texture (H, W), around zero: 1 is as much as the ink differs from the paper.

    Args:
        shape: Height and width in pixels.
        rng: Where the choices are drawn from.
        strength: How strong the texture may be at most.
    """
    out = np.zeros(shape, np.float32)
    kind = rng.random()
    if kind < 0.12:
        return out
    if kind < 0.62:
        for _ in range(1 + (rng.random() < 0.55) + (rng.random() < 0.3)):
            out += _printed(shape, rng) * np.float32(strength * rng.uniform(0.25, 1.0))
    elif kind < 0.87:
        out += _woven(shape, rng) * np.float32(0.75 * strength * rng.uniform(0.3, 1.0))
        if rng.random() < 0.3:
            out += _printed(shape, rng) * np.float32(strength * rng.uniform(0.2, 0.7))
    else:
        out += _squares(shape, rng) * np.float32(strength * rng.uniform(0.3, 1.0))
    if rng.random() < 0.5:
        out += smooth_noise(shape, float(rng.uniform(4, 30)), rng) * np.float32(0.15 * strength)
    return out


def smooth_noise(shape: Shape, size: float, rng: np.random.Generator) -> Texture:
    """Return noise of deviation about 1 (H, W) whose blots are about `size` pixels wide."""
    height, width = shape
    coarse = rng.standard_normal((int(height / size) + 3, int(width / size) + 3), dtype=np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def _places(shape: Shape) -> tuple[Texture, Texture]:
    y = np.arange(shape[0], dtype=np.float32)[:, None]
    x = np.arange(shape[1], dtype=np.float32)[None, :]
    return x, y


def _printed(shape: Shape, rng: np.random.Generator) -> Texture:
    """Return the fine lines of a security print, darker than the paper: waves, fans, nets, hatching."""
    kinds: tuple[Callable[[Shape, np.random.Generator], Texture], ...] = (_waves, _fans, _hatching, _ripples)
    phase = kinds[int(rng.integers(len(kinds)))](shape, rng)
    return _lines(phase, rng)


def _lines(phase: Texture, rng: np.random.Generator) -> Texture:
    """Return lines where a phase (in turns) passes whole numbers: sharp ones or soft ones."""
    wave = np.cos(phase * np.float32(2 * math.pi))
    if rng.random() < 0.3:
        return np.asarray(0.6 * wave, dtype=np.float32)
    threshold = np.float32(rng.uniform(0.2, 0.85))
    return np.asarray(-np.maximum(wave - threshold, 0) / (1 - threshold), dtype=np.float32)


def _waves(shape: Shape, rng: np.random.Generator) -> Texture:
    """Lines that wave all alike."""
    x, y = _places(shape)
    angle = float(rng.normal(0, 0.25)) if rng.random() < 0.7 else float(rng.uniform(0, math.pi))
    u, v = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    long = float(rng.uniform(12, 90))
    high = float(rng.uniform(0.0, 0.12)) * long
    bend = high * np.sin(u * (2 * math.pi / long) + float(rng.uniform(0, 6.3)))
    return np.asarray((v + bend) / float(rng.uniform(2.2, 11)), dtype=np.float32)


def _fans(shape: Shape, rng: np.random.Generator) -> Texture:
    """Arcs around a point outside: two of them laid over each other make a net."""
    x, y = _places(shape)
    angle, far = float(rng.uniform(0, 2 * math.pi)), float(rng.uniform(0.8, 4)) * max(shape)
    cx, cy = shape[1] / 2 + far * math.cos(angle), shape[0] / 2 + far * math.sin(angle)
    away = np.sqrt(np.square(x - cx) + np.square(y - cy))
    if rng.random() < 0.5:
        away = away + float(rng.uniform(1, 6)) * smooth_noise(shape, float(rng.uniform(25, 60)), rng)
    return np.asarray(away / float(rng.uniform(3.5, 13)), dtype=np.float32)


def _hatching(shape: Shape, rng: np.random.Generator) -> Texture:
    """Straight lines, closer on one side than on the other."""
    x, y = _places(shape)
    angle = float(rng.uniform(0, math.pi))
    u = x * math.cos(angle) + y * math.sin(angle)
    closer = float(rng.uniform(-0.4, 0.4)) / max(shape[1], 1)
    return np.asarray((u + 0.5 * closer * u * u) / float(rng.uniform(3, 12)), dtype=np.float32)


def _ripples(shape: Shape, rng: np.random.Generator) -> Texture:
    """Lines bent by smooth noise, as water or wood has them."""
    x, y = _places(shape)
    angle = float(rng.uniform(0, math.pi)) if rng.random() < 0.5 else math.pi / 2
    u = x * math.cos(angle) + y * math.sin(angle)
    bent = u + float(rng.uniform(1, 7)) * smooth_noise(shape, float(rng.uniform(15, 60)), rng)
    return np.asarray(bent / float(rng.uniform(2.2, 10)), dtype=np.float32)


def _woven(shape: Shape, rng: np.random.Generator) -> Texture:
    """Threads along and across, uneven as in cloth, or a fine even screen."""
    x, y = _places(shape)
    out = np.zeros(shape, np.float32)
    if rng.random() < 0.75:
        noise = rng.standard_normal((2, *shape), dtype=np.float32)
        thick, long = float(rng.uniform(0.4, 0.9)), float(rng.uniform(1.5, 7))
        along = cv2.GaussianBlur(noise[0], (0, 0), sigmaX=long, sigmaY=thick)
        across = cv2.GaussianBlur(noise[1], (0, 0), sigmaX=thick, sigmaY=float(rng.uniform(1.0, long)))
        out += (along + float(rng.uniform(0.3, 1)) * across) * np.float32(1.1 * math.sqrt(long * thick))
    if rng.random() < 0.6:
        px, py = float(rng.uniform(2.1, 6)), float(rng.uniform(2.1, 6))
        bend = float(rng.uniform(0, 0.3)) * smooth_noise(shape, 25, rng)
        out += np.sin(x * (2 * math.pi / px) + bend) * np.sin(y * (2 * math.pi / py) + bend) * np.float32(0.7)
    return out


def _squares(shape: Shape, rng: np.random.Generator) -> Texture:
    """Squared or ruled paper."""
    x, y = _places(shape)
    pitch = float(rng.uniform(0.18, 0.9)) * shape[0]
    half = float(rng.uniform(0.4, 1.0))
    tilt = float(rng.normal(0, 0.01))
    phase = rng.uniform(0, pitch, 2)
    rows = np.abs((y + tilt * x + float(phase[0])) % pitch - pitch / 2)
    out = -np.clip(half + 0.5 - rows, 0, 1)
    if rng.random() < 0.6:
        columns = np.abs((x - tilt * y + float(phase[1])) % pitch - pitch / 2)
        out = np.minimum(out, -np.clip(half + 0.5 - columns, 0, 1))
    return np.asarray(out, dtype=np.float32)
