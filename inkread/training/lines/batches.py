"""Batches of composed lines, drawn by processes beside the training, each batch from its number alone."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ProcessPoolExecutor

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.datasets import Dataset, mnist
from inkread.datasets.lines import SYMBOLS, ComposedLine, Composer, DigitBank
from inkread.imaging.strip import ROWS, normalize_strip
from inkread.training.lines.config import LineConfig
from inkread.training.styles import restyle
from inkread.training.templates import draw_digit

__all__ = ["Batch", "batches", "composer_for", "encode", "pad", "strips_of"]

Batch = tuple[NDArray[np.uint8], NDArray[np.int32]]
"""Strips (N, 32, W), right of each nothing but zeros; and classes (N, L), from 1, right of them zeros."""

_POOL = 8  # batches that are composed together and parted by width, so that little of them is padding
_AHEAD = 3  # pools a worker may be ahead
_WIDEST = 448  # columns of a strip in training
_SMALLEST = 16
_TEMPLATE = 80  # pixels of a side of a digit from a template
_LONGEST = 24  # symbols of a line in training: of one length for all, so that the step is compiled once


def composer_for(dataset: Dataset, config: LineConfig) -> Composer:
    """Return the composer of a training: of the digits as they are, redrawn in other hands, and from templates."""
    rng = np.random.default_rng([config.seed, 7])
    chosen = rng.permutation(len(dataset))[: config.digits]
    images, labels = dataset.images[chosen], dataset.labels[chosen]
    redrawn = [restyle(images, labels, rng, share=0.7) for _ in range(config.restyled)]
    bank = DigitBank(np.concatenate([images, *redrawn]), np.tile(labels, 1 + config.restyled))
    if config.templates and config.template_share:
        shares = (1 - config.template_share, config.template_share)
        bank = DigitBank.joined([bank, _from_templates(config.templates, rng)], shares)
    return Composer(bank, config.longest)


def _from_templates(count: int, rng: np.random.Generator) -> DigitBank:
    labels = np.arange(count, dtype=np.int64) % 10
    images = np.zeros((count, _TEMPLATE, _TEMPLATE), np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[:] = cv2.resize(draw_digit(int(label), rng), image.shape, interpolation=cv2.INTER_AREA)
    return DigitBank(images, labels)


def encode(symbols: str) -> list[int]:
    """Return the classes of symbols; 0 is the blank."""
    return [SYMBOLS.index(symbol) + 1 for symbol in symbols]


def strips_of(composer: Composer, count: int, rng: np.random.Generator) -> list[tuple[NDArray[np.uint8], str]]:
    """Compose lines, and bring each into the form that the network takes."""
    out: list[tuple[NDArray[np.uint8], str]] = []
    while len(out) < count:
        line = composer.line(rng)
        pixels = _strip(line)
        if pixels is not None and pixels.shape[1] <= _WIDEST and _fits(line.symbols, pixels.shape[1]):
            out.append((pixels, line.symbols))
    return out


def _fits(symbols: str, columns: int) -> bool:
    """Tell whether a line has frames enough, two columns each, for its symbols and the blanks between them."""
    return len(symbols) <= _LONGEST and 2 * len(symbols) < columns // 2


def _strip(line: ComposedLine) -> NDArray[np.uint8] | None:
    strip = normalize_strip(line.pixels)
    if strip is not None:
        return strip.pixels
    # What cannot be seen is no use to learn from, unless it is nothing.
    return None if line.symbols else np.zeros((ROWS, _SMALLEST), np.uint8)


def pad(strips: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Return strips side by side in one array, zeros right of each, its width a multiple of 16."""
    width = max(_SMALLEST, -(-max(strip.shape[1] for strip in strips) // 16) * 16)
    out = np.zeros((len(strips), ROWS, width), np.uint8)
    for row, strip in zip(out, strips, strict=True):
        row[:, : strip.shape[1]] = strip
    return out


def batches(dataset: Dataset | None, config: LineConfig, start: int = 0) -> Generator[Batch]:
    """Yield the batches of a training from a step on, without end; the same for any number of workers.

    Args:
        dataset: The digits; None for MNIST's training part.
        config: Of the training.
        start: The step to begin with.
    """
    pools = _here(dataset, config, start // _POOL) if config.workers == 0 else _beside(dataset, config, start // _POOL)
    skipped = start % _POOL
    try:
        for pool in pools:
            yield from pool[skipped:]
            skipped = 0
    finally:
        pools.close()


def _here(dataset: Dataset | None, config: LineConfig, pool: int) -> Generator[list[Batch]]:
    composer = composer_for(dataset or mnist("train"), config)
    while True:
        yield compose_pool(composer, config, pool)
        pool += 1


def _beside(dataset: Dataset | None, config: LineConfig, pool: int) -> Generator[list[Batch]]:
    # A fresh interpreter each: TensorFlow's threads do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(config.workers, context, _prepare, (dataset, config)) as workers:
        waiting: deque[Future[list[Batch]]] = deque()
        try:
            while True:
                while len(waiting) < _AHEAD * config.workers:
                    waiting.append(workers.submit(_compose, pool))
                    pool += 1
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


_state: dict[str, tuple[Composer, LineConfig]] = {}  # of a worker: what is dear to make


def _prepare(dataset: Dataset | None, config: LineConfig) -> None:
    cv2.setNumThreads(1)
    _state["worker"] = composer_for(dataset or mnist("train"), config), config


def _compose(pool: int) -> list[Batch]:
    composer, config = _state["worker"]
    return compose_pool(composer, config, pool)


def compose_pool(composer: Composer, config: LineConfig, pool: int) -> list[Batch]:
    """Return the batches of one pool."""
    rng = np.random.default_rng([config.seed, 1, pool])
    size = config.batch_size
    lines = strips_of(composer, size * _POOL, rng)
    lines.sort(key=lambda line: line[0].shape[1])
    out = []
    for i in rng.permutation(_POOL).tolist():
        part = lines[i * size : (i + 1) * size]
        classes = np.zeros((size, _LONGEST), np.int32)
        for row, (_, symbols) in zip(classes, part, strict=True):
            row[: len(symbols)] = encode(symbols)
        out.append((pad([strip for strip, _ in part]), classes))
    return out
