"""Lines composed of digits, by length, overlap and noise: with a truth that is certain, unlike that of photos."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["MANNERS", "Manner", "compose", "compose_with_owners", "on_paper"]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a line is written.

    Attributes:
        gap: Least and greatest gap between digits, in heights of a digit; below 0 they overlap.
        noise: How strongly paper, light, rules, blur and grain spoil it, from 0 to 1.
        sizes: Least and greatest height of a digit, in usual ones.
        marks: How many of the gaps hold a dot, a comma or a dash.
    """

    gap: tuple[float, float]
    noise: float = 0.0
    sizes: tuple[float, float] = (0.85, 1.15)
    marks: float = 0.0


MANNERS = {
    "apart": Manner((0.08, 0.5)),
    "touching": Manner((-0.04, 0.02)),
    "overlapping": Manner((-0.14, -0.04)),
    "apart, heavy noise": Manner((0.08, 0.5), 1.0),
    "touching, heavy noise": Manner((-0.04, 0.02), 1.0),
}


def compose(digits: NDArray[np.uint8], manner: Manner, rng: np.random.Generator, height: int = 40) -> NDArray[np.uint8]:
    """Write digits beside each other.

    Args:
        digits: uint8 (n, 28, 28), light ink on dark.
        manner: How.
        rng: Where chances are drawn from.
        height: Of a digit, in pixels.

    Returns:
        uint8 (h, w), dark ink on light paper.
    """
    return compose_with_owners(digits, manner, rng, height)[0]


def compose_with_owners(
    digits: NDArray[np.uint8], manner: Manner, rng: np.random.Generator, height: int = 40
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return what `compose` returns, and for each pixel of ink the number of its digit from 1; 0 is paper."""
    ink, owners = _line(digits, manner, rng, height)
    return on_paper(ink, manner, rng), owners


def on_paper(ink: NDArray[np.float32], manner: Manner, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Lay ink (H, W), 0 to 1, on paper."""
    paper, pen = float(rng.uniform(200, 250)), float(rng.uniform(10, 90))
    if manner.noise == 0:
        return np.clip(paper + (pen - paper) * ink, 0, 255).astype(np.uint8)
    return _spoiled(ink, paper, pen, manner.noise, rng)


def _line(
    digits: NDArray[np.uint8], manner: Manner, rng: np.random.Generator, height: int
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return the ink of a line, 0 to 1, and whose it is."""
    pieces = [_piece(digit, height * float(rng.uniform(*manner.sizes))) for digit in digits]
    sheet = np.zeros((2 * height, 2 * height + sum(2 * p.shape[1] for p in pieces)), np.float32)
    owners = np.zeros(sheet.shape, np.uint8)
    x, drift = height // 2, float(rng.normal(0, 0.03))
    for i, piece in enumerate(pieces):
        if i:
            x += round(height * float(rng.uniform(*manner.gap)))
        y = round(1.45 * height - piece.shape[0] + 0.06 * height * float(rng.normal()) + drift * (x - height))
        y = min(max(0, y), sheet.shape[0] - piece.shape[0])
        x = max(0, x)
        part = sheet[y : y + piece.shape[0], x : x + piece.shape[1]]
        owners[y : y + piece.shape[0], x : x + piece.shape[1]][(piece > part) & (piece > 0.4)] = i + 1
        np.maximum(part, piece, out=part)
        x += piece.shape[1]
        if rng.random() < manner.marks:
            x += _mark(sheet, x, height, rng)
    return sheet[:, : x + height // 2], owners[:, : x + height // 2]


def _mark(sheet: NDArray[np.float32], x: int, height: int, rng: np.random.Generator) -> int:
    """Draw a dot, a comma or a dash at a place, and return how far it reaches."""
    pen, foot = max(2, round(height * float(rng.uniform(0.06, 0.14)))), round(1.42 * height)
    x += pen + round(height * float(rng.uniform(0.0, 0.15)))
    kind = rng.random()
    if kind < 0.45:
        start, end = (x, foot), (x + int(rng.integers(0, 2)), foot)
    elif kind < 0.75:
        tall = round(height * float(rng.uniform(0.2, 0.6)))
        start, end = (x + tall // 3, foot - tall // 3), (x, foot + 2 * tall // 3)
    else:
        start, end = (x, round(0.95 * height)), (x + round(height * float(rng.uniform(0.3, 0.8))), round(0.93 * height))
    cv2.line(sheet, start, end, 1.0, pen, cv2.LINE_AA)
    return max(start[0], end[0]) - x + 2 * pen


def _piece(digit: NDArray[np.uint8], height: float) -> NDArray[np.float32]:
    """Cut a digit out by its ink and bring it to a height."""
    left, top, width, tall = cv2.boundingRect(cv2.threshold(digit, 64, 255, cv2.THRESH_BINARY)[1])
    cut = digit[top : top + tall, left : left + width].astype(np.float32) / 255
    size = (max(2, round(width * height / 20)), max(2, round(tall * height / 20)))
    return np.clip(cv2.resize(cut, size, interpolation=cv2.INTER_CUBIC), 0, 1)


def _spoiled(
    ink: NDArray[np.float32], paper: float, pen: float, noise: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Lay ink on paper with a texture and a rule, in uneven light, blurred, with the grain of a camera."""
    height, width = ink.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    angle, wave = float(rng.uniform(0, np.pi)), float(rng.uniform(3, 9))
    texture = np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / wave) * float(rng.uniform(0, 12)) * noise
    light = 1 - noise * float(rng.uniform(0, 0.45)) * np.clip((x / width - float(rng.uniform(0, 0.8))) * 3, 0, 1)
    pen = pen + (paper - pen) * noise * float(rng.uniform(0, 0.45))
    picture = (paper + texture) * (1 - ink) + pen * ink
    if rng.random() < 0.5 * noise:
        rule, slope = float(rng.uniform(1.35, 1.5)) * height / 2, float(rng.normal(0, 0.01))
        on_rule = np.abs(y - rule - slope * x) < float(rng.uniform(0.5, 1.2))
        picture = np.where(on_rule, np.minimum(picture, pen + 20), picture)
    picture = cv2.GaussianBlur(picture * light, (0, 0), 0.3 + noise * float(rng.uniform(0.2, 1.2)))
    return np.clip(picture + rng.normal(0, noise * float(rng.uniform(2, 12)), ink.shape), 0, 255).astype(np.uint8)
