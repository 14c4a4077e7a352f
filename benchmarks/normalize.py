"""Claim: bringing a picture into MNIST's form costs microseconds for a small one, and little for a phone photo.

Measured: `normalize_batch` per picture of 28 x 28, for pictures that already have the form, and for shifted and for
inverted ones, which go the whole way; and `normalize` of decoded photos of 12 megapixels, RGB (3000, 4000, 3): one
digit on paper with texture, uneven light and noise.
"""

from __future__ import annotations

import argparse
import time
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.common import mnist_or_none, rounds, written
from inkread import normalize, normalize_batch
from inkread.console import table
from inkread.imaging.preprocess import is_normalized

HEIGHT, WIDTH = 3000, 4000


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser("python -m benchmarks normalize")
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args(arguments).quick
    _small(200 if quick else 2000, 3 if quick else 11)
    _photos(2 if quick else 10, 2 if quick else 5)


def _small(n: int, repeats: int) -> None:
    mnist = mnist_or_none("test")
    images = mnist.images if mnist else normalize_batch(np.stack([written(i % 10, seed=i) for i in range(n)]))
    as_is = images[is_normalized(images)][:n]
    kinds = {
        "in MNIST's form": as_is,
        "shifted by 3 pixels": np.roll(as_is, 3, axis=2),
        "inverted": 255 - as_is,
    }
    taken = rounds({kind: lambda batch=batch: normalize_batch(batch) for kind, batch in kinds.items()}, repeats)
    rows = [
        (kind, f"{len(kinds[kind]):,}", f"{1e6 * seconds / len(kinds[kind]):.1f}") for kind, seconds in taken.items()
    ]
    columns = ("28 x 28 pictures", "n", "microseconds each")
    table(f"normalize_batch, median of {repeats} batches", columns, rows, numbers=(1, 2))


def _photos(n: int, repeats: int) -> None:
    medians, blank, worst = [], 0, 0.0
    for i in range(n):
        photo = _photo(i % 10, seed=i)
        taken = []
        for _ in range(repeats):
            start = time.perf_counter()
            digit = normalize(photo)
            taken.append(time.perf_counter() - start)
        blank += not digit.any()
        medians.append(median(taken))
        worst = max(worst, *taken)
    rows = [(str(n), f"{1000 * median(medians):.0f}", f"{1000 * max(medians):.0f}", f"{1000 * worst:.0f}", str(blank))]
    columns = ("photos", "median, ms", "slowest photo's median, ms", "slowest call, ms", "found blank")
    title = f"normalize of decoded photos of {WIDTH * HEIGHT / 1e6:.0f} megapixels, {repeats} calls each"
    table(title, columns, rows, numbers=(0, 1, 2, 3, 4))


def _photo(digit: int, seed: int) -> NDArray[np.uint8]:
    """Draw a phone's photo of one digit on paper, RGB (HEIGHT, WIDTH, 3)."""
    rng = np.random.default_rng(seed)
    light = cv2.resize(rng.uniform(150, 230, (2, 2)).astype(np.float32), (WIDTH, HEIGHT))  # falls off to one side
    fibres = cv2.resize(rng.normal(0, 5, (HEIGHT // 6, WIDTH // 6)).astype(np.float32), (WIDTH, HEIGHT))
    ink = np.zeros((HEIGHT, WIDTH), np.uint8)
    size = float(rng.uniform(20, 60))
    place = (int(rng.uniform(0.2, 0.5) * WIDTH), int(rng.uniform(0.6, 0.9) * HEIGHT))
    cv2.putText(ink, str(digit), place, cv2.FONT_HERSHEY_SIMPLEX, size, 255, int(size * 1.5), cv2.LINE_AA)
    left = 1 - cv2.GaussianBlur(ink, (0, 0), 3).astype(np.float32) / 255 * 0.75  # what ink lets through
    out = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    for channel, tint in enumerate((1.0, 0.98, 0.92)):  # warm light
        noise = rng.standard_normal((HEIGHT, WIDTH), dtype=np.float32) * 6
        out[..., channel] = np.clip((light * tint + fibres) * left + noise, 0, 255)
    return out
