"""How many lines a second one core composes, and brings into the form that the line reader takes."""

from __future__ import annotations

import time
from collections.abc import Sequence

import cv2
import numpy as np

from benchmarks.common import written
from inkread.console import table
from inkread.datasets import mnist
from inkread.datasets.lines import Composer, DigitBank
from inkread.errors import InkreadError
from inkread.imaging.strip import normalize_strip


def main(arguments: Sequence[str] = ()) -> None:
    count = 300 if "--quick" in arguments else 2000
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        table(
            f"Seconds of one processor, {count} lines",
            ("what", "lines a second", "pixels a line"),
            _measured(count),
            numbers=(1, 2),
        )
    finally:
        cv2.setNumThreads(threads)


def _measured(count: int) -> list[tuple[str, str, str]]:
    composer, rng = Composer(_bank()), np.random.default_rng(0)
    for _ in range(20):
        composer.line(rng)
    began = time.process_time()
    lines = [composer.line(rng) for _ in range(count)]
    composed = time.process_time() - began
    began = time.process_time()
    strips = [strip for strip in (normalize_strip(line.pixels) for line in lines) if strip]
    normalized = time.process_time() - began
    return [
        ("compose", f"{count / composed:.0f}", f"{np.mean([line.pixels.size for line in lines]):.0f}"),
        ("normalise", f"{count / normalized:.0f}", f"{np.mean([strip.pixels.size for strip in strips]):.0f}"),
    ]


def _bank() -> DigitBank:
    try:
        digits = mnist("train").subset(np.arange(2000))
    except InkreadError:
        images = np.stack([written(digit % 10, digit) for digit in range(100)])
        return DigitBank(images, np.arange(100) % 10)
    return DigitBank(digits.images, digits.labels)
