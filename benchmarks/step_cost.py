"""What a training step of `cnn-2conv` costs through inkread, beside plain Keras `fit`; and what augmentation takes.

Plain Keras gets the pictures as its users give them, float32 arrays in memory. The trainings take turns, an epoch each,
so that what else the machine does falls on all of them; everything that inkread does after an epoch (the checkpoint,
the history) is counted.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import calls, mnist_or_none, written
from inkread.console import table
from inkread.datasets import Dataset

__all__ = ["main"]

BATCH = 200  # as the report has it
WANTED = {"float32": 1.1, "mixed_bfloat16": 0.7}
WANTED_SHARE = 0.2  # of a step, for augmentation


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks step_cost", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one round of a few steps")
    options = parser.parse_args(arguments)
    from inkread.training.backend import _has_bfloat16, require_keras

    require_keras()
    pictures = _pictures(2000 if options.quick else 20_000)
    steps = len(pictures) // BATCH
    precisions = [p for p in WANTED if p == "float32" or _has_bfloat16()]
    rounds = 1 if options.quick else options.rounds
    with tempfile.TemporaryDirectory() as folder:
        epochs = {
            "plain Keras": _plain(pictures),
            **{p: _through_inkread(pictures, p, rounds, Path(folder) / p) for p in precisions},
        }
        taken: dict[str, list[float]] = {name: [] for name in epochs}
        for _ in range(rounds + 1):  # the first round compiles, and does not count
            for name, epoch in epochs.items():
                taken[name].append(epoch() / steps)
    _print(taken, precisions, rounds, steps)
    _print_augmentation(pictures, median(taken["float32"][1:]))


def _print(taken: dict[str, list[float]], precisions: list[str], rounds: int, steps: int) -> None:
    plain = taken["plain Keras"][1:]
    rows = [("plain Keras fit, float32", f"{1000 * median(plain):.1f} ms", "", "", "")]
    for name in precisions:
        ratio = median(a / b for a, b in zip(taken[name][1:], plain, strict=True))
        verdict = "kept" if ratio <= WANTED[name] else "MISSED"
        ms = f"{1000 * median(taken[name][1:]):.1f} ms"
        rows.append((f"inkread, {name}", ms, f"{ratio:.2f}", f"{WANTED[name]} or less", verdict))
    columns = ("training", "a step", "ratio", "wanted", "")
    title = f"A step of cnn-2conv, {BATCH} pictures (median of {rounds} rounds of {steps} steps)"
    table(title, columns, rows, numbers=(1, 2))


def _print_augmentation(pictures: Dataset, step: float) -> None:
    """Time the augmentation of a batch, each kind and all together, against a step in float32."""
    from inkread.training.augment import Augmentation, augment

    rng, batch = np.random.default_rng(0), pictures.images[:BATCH]
    kinds = {
        "shift, rotation, zoom, shear": Augmentation(shift=2, rotation=10, zoom=0.1, shear=0.1),
        "elastic": Augmentation(elastic=1),
        "stroke": Augmentation(stroke=1),
        "noise": Augmentation(noise=10),
        "erasing": Augmentation(erase=1),
        "neighbours": Augmentation(neighbours=0.1),
        "flips": Augmentation(flip_horizontal=0.5, flip_vertical=0.5),
        "all of them": Augmentation(2, 10, 0.1, 0.1, 0.1, 1, 1, 10, 1, 0.1, 0.5, 0.5),
    }
    rows = []
    for name, settings in kinds.items():
        seconds = calls(lambda s=settings: augment(batch, s, rng), 50)  # type: ignore[misc]
        verdict = ("kept" if seconds <= WANTED_SHARE * step else "MISSED") if name == "all of them" else ""
        rows.append((name, f"{1000 * seconds:.2f} ms", f"{100 * seconds / step:.1f} %", verdict))
    columns = ("augmentation", "a batch", "of a step", f"at most {WANTED_SHARE:.0%}")
    table(f"Augmentation of {BATCH} pictures", columns, rows, numbers=(1, 2))


def _pictures(count: int) -> Dataset:
    found = mnist_or_none("train")
    if found is not None:
        return found.subset(np.arange(count))
    drawn = np.stack([written(i % 10, seed=i) for i in range(count)])
    return Dataset(drawn, np.arange(count, dtype=np.int64) % 10, tuple("0123456789"), "drawn")


def _plain(pictures: Dataset) -> Callable[[], float]:
    from benchmarks.networks import cnn_2conv

    model = cnn_2conv()
    x: NDArray[np.float32] = pictures.images[..., None].astype(np.float32) / 255
    y = np.eye(10, dtype=np.float32)[pictures.labels]

    def epoch() -> float:
        began = time.perf_counter()
        model.fit(x, y, batch_size=BATCH, epochs=1, verbose=0)
        return time.perf_counter() - began

    return epoch


def _through_inkread(pictures: Dataset, precision: str, rounds: int, folder: Path) -> Callable[[], float]:
    """Return what runs one epoch of a training and holds it until it is called again."""
    import threading

    from inkread.training.fit import fit
    from inkread.training.folder import RunFolder
    from inkread.training.listener import Listener
    from inkread.training.recipes import find_recipe

    recipe = find_recipe("cnn-2conv")
    config = replace(recipe.config, epochs=rounds + 1, precision=precision)
    go, done = threading.Semaphore(0), threading.Semaphore(0)

    def on_epoch(_: object) -> None:
        done.release()
        go.acquire()

    def work() -> None:
        go.acquire()
        fit(recipe, pictures, config, folder=RunFolder.new(folder), listener=Listener(on_epoch=on_epoch))

    threading.Thread(target=work, daemon=True).start()

    def epoch() -> float:
        began = time.perf_counter()
        go.release()
        done.acquire()
        return time.perf_counter() - began

    return epoch
