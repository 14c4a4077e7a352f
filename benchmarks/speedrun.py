"""Claim: the least time on this machine's cores from nothing to a stated test accuracy.

One entry for each of 99.0, 99.16, 99.5 and 99.7 %: a network, a schedule and a number of epochs fixed beforehand
(`--held-out` scores pictures held out of the training part, to choose others by). An entry reaches its target when the
mean over its seeds does: an epoch that happens to be good does not count. Beside them in the same run `cnn-2conv` and
`cnn-3conv` as their reports describe them, plain Keras in float32.

Each training has a process of its own, one after the other. Two times are taken: of the training loop, which builds its
graph in its first step, and of the whole process, from its start to the accuracy on the 10,000 test pictures. The floor
is what the loop's multiplications alone would take at the rate of this machine's largest matrix products: a network is
gone through once forwards and about twice backwards. docs/speedrun.md has the log of the entries.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import mean, stdev
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.common import mnist_or_none, percent
from inkread.console import table
from inkread.datasets import Dataset, mnist, split
from inkread.training.augment import Augmentation
from inkread.training.config import Config

if TYPE_CHECKING:
    import keras

HELD_OUT = 10_000
QUICK = 4000  # training pictures with --quick
REFERENCES = ("cnn-2conv", "cnn-3conv")
_PASSES = 3  # of the network for a picture: forwards, and backwards for what flows and for the weights


@dataclass(frozen=True, slots=True)
class Entry:
    """A training that is to reach a target.

    Attributes:
        target: Accuracy on the test pictures, of the mean over the seeds.
        loop: How many times sooner than the ten epochs of `cnn-2conv` its loop is wanted.
        process: The same of the whole process. Of both 0 where nothing is wanted.
        config: Of the recipe `default`.
    """

    target: float
    loop: float
    process: float
    config: Config


_MILD = Augmentation(shift=1.0, rotation=7, zoom=0.07, shear=0.1)
_BASE = Config(learning_rate=0.05, batch_size=256, validation=0, augmentation=_MILD)
ENTRIES = {
    "99.0": Entry(0.99, 0, 0, replace(_BASE, epochs=1, network={"width": 0.75})),
    "99.16": Entry(0.9916, 10, 6, replace(_BASE, epochs=1)),
    "99.5": Entry(0.995, 10 / 2.5, 0, replace(_BASE, epochs=3)),
    "99.7": Entry(0.997, 10 / 12, 0, replace(_BASE, epochs=14, network={"width": 1.5})),
}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser("python -m benchmarks speedrun")
    parser.add_argument("--quick", action="store_true", help="little data, one epoch: to see that it runs")
    parser.add_argument("--only", nargs="+", choices=(*ENTRIES, *REFERENCES), help="these alone")
    parser.add_argument("--seeds", type=int, nargs="+", help="of the entries; the references are trained once")
    parser.add_argument("--held-out", action="store_true", help="train on 50,000, score 10,000 others, no test picture")
    options = parser.parse_args(arguments)
    if mnist_or_none("train") is None:
        print("Skipped speedrun: MNIST can neither be found nor downloaded.")
        return
    seeds = options.seeds or ([0] if options.quick else [0, 1, 2])
    passed = [f"--{name}" for name, on in (("quick", options.quick), ("held-out", options.held_out)) if on]
    runs: dict[str, list[dict[str, float]]] = {}
    for name in options.only or (*REFERENCES, *ENTRIES):
        for seed in seeds if name in ENTRIES else seeds[:1]:
            print(f"training {name}, seed {seed} ...", file=sys.stderr, flush=True)
            runs.setdefault(name, []).append(_child(name, seed, passed))
    _print_times(runs, "held-out" if options.held_out else "test")
    _print_wanted(runs)


def _child(name: str, seed: int, passed: list[str]) -> dict[str, float]:
    start = time.perf_counter()
    process = subprocess.run(
        [sys.executable, "-m", "benchmarks.speedrun", name, "--seed", str(seed), *passed],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    seconds = time.perf_counter() - start
    found: dict[str, float] = json.loads(process.stdout.splitlines()[-1])
    return found | {"process": seconds - found.pop("extra")}


def _print_times(runs: dict[str, list[dict[str, float]]], part: str) -> None:
    rows = []
    for name, found in runs.items():
        right = [run["accuracy"] for run in found]
        spread = f" ± {100 * stdev(right):.2f}" if len(right) > 1 else ""
        loop, floor = _mean(found, "loop"), _mean(found, "floor")
        rows.append(
            (
                name if name in REFERENCES else f"{name} %",
                f"{found[0]['epochs']:.0f}",
                f"{percent(mean(right))}{spread} ({len(right)})",
                f"{loop:.1f} s",
                f"{_mean(found, 'process'):.1f} s",
                f"{floor:.1f} s",
                f"{100 * floor / loop:.0f} %",
            )
        )
    columns = ("entry", "epochs", f"{part} accuracy, mean ± sd (n)", "loop", "process", "floor", "of the floor")
    table("Time to an accuracy", columns, rows, numbers=range(1, len(columns)))


def _print_wanted(runs: dict[str, list[dict[str, float]]]) -> None:
    if "cnn-2conv" not in runs:
        return
    base, rows = runs["cnn-2conv"][0], []
    for name, entry in ENTRIES.items():
        if name not in runs:
            continue
        found = runs[name]
        right = mean(run["accuracy"] for run in found)
        rows.append((f"{name} %: accuracy", percent(right), percent(entry.target), _verdict(right >= entry.target)))
        for what, wanted in (("loop", entry.loop), ("process", entry.process)):
            ratio = base[what] / _mean(found, what)
            verdict = _verdict(ratio >= wanted) if wanted else ""
            asked = f"{wanted:.2f} x" if wanted else ""
            rows.append((f"{name} %: {what} of cnn-2conv / its own", f"{ratio:.1f} x", asked, verdict))
    table("What is claimed", ("figure", "measured", "wanted", ""), rows, numbers=(1, 2))


def _verdict(kept: bool) -> str:
    return "kept" if kept else "MISSED"


def _mean(found: list[dict[str, float]], key: str) -> float:
    return mean(run[key] for run in found)


def _multiply_adds(model: keras.Model) -> int:
    """Return the products of one picture, in convolutions and dense layers."""
    from keras import layers

    products = 0
    for layer in model.layers:
        if isinstance(layer, layers.Conv2D):
            products += math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:3])
        elif isinstance(layer, layers.Dense):
            products += math.prod(layer.kernel.shape)
    return products


def _peak(kind: str) -> float:
    """Return the products a second of a large matrix product, the best of some."""
    from keras import ops

    side = 2048
    a = ops.cast(ops.convert_to_tensor(np.random.default_rng(0).random((side, side), np.float32)), kind)
    best = math.inf
    for _ in range(8):
        start = time.perf_counter()
        float(ops.cast(ops.matmul(a, a)[0, 0], "float32"))  # waits for the product
        best = min(best, time.perf_counter() - start)
    return side**3 / best


def _trained(name: str, train: Dataset, test: Dataset, seed: int, quick: bool) -> dict[str, float]:
    """Train, score; return what there is to say of it, `extra` seconds of it for the floor alone."""
    import keras

    from inkread.training.backend import precision, predict_logits
    from inkread.training.batches import Batches
    from inkread.training.optimizers import optimizer_for
    from inkread.training.recipes import RECIPES

    recipe = RECIPES[name if name in REFERENCES else "default"]
    config = recipe.config if name in REFERENCES else replace(ENTRIES[name].config, seed=seed)
    epochs = 1 if quick else config.epochs
    keras.utils.set_random_seed(seed)

    def built() -> keras.Model:
        return recipe.build((28, 28), 10, config.dropout, **config.network)

    with precision(config.precision):
        model = built()
    steps = -(-len(train) // config.batch_size)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(optimizer_for(replace(config, epochs=epochs), steps=steps * epochs), loss)
    fit: Callable[..., Any] = model.fit
    start = time.perf_counter()
    if name in REFERENCES:
        targets = np.eye(10, dtype=np.float32)[train.labels]
        fit(train.images, targets, batch_size=config.batch_size, epochs=epochs, verbose=0)
    else:
        shown = Batches(train, replace(config, epochs=epochs))
        fit(shown.epochs(), steps_per_epoch=steps, epochs=epochs, shuffle=False, verbose=0)
    loop = time.perf_counter() - start
    plain = built()  # in float32, as it would ship
    plain.set_weights(model.get_weights())
    accuracy = float((predict_logits(plain, test.images).argmax(axis=1) == test.labels).mean())
    start = time.perf_counter()
    kind = "float32" if model.dtype_policy.name == "float32" else "bfloat16"
    floor = _PASSES * _multiply_adds(plain) * len(train) * epochs / _peak(kind)
    extra = time.perf_counter() - start
    return {"epochs": epochs, "accuracy": accuracy, "loop": loop, "floor": floor, "extra": extra}


def _main() -> None:
    """Do one training in this process and write what it gave as JSON."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=(*ENTRIES, *REFERENCES))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--held-out", action="store_true")
    options = parser.parse_args()
    from inkread.training.backend import require_keras

    require_keras()
    train = mnist("train")
    if options.held_out:
        train, test = split(train, HELD_OUT, 0)
    else:
        test = mnist("test")
    if options.quick:
        train = train.subset(np.arange(QUICK))
    print(json.dumps(_trained(options.name, train, test, options.seed, options.quick)))


if __name__ == "__main__":
    _main()
