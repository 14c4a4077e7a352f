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
import subprocess
import sys
import time
from statistics import mean, stdev

from benchmarks.common import mnist_or_none, percent
from benchmarks.speedrun_training import ENTRIES, REFERENCES
from inkread.console import table


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
        [sys.executable, "-m", "benchmarks.speedrun_training", name, "--seed", str(seed), *passed],
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
