"""Claim: the shipped model reads digits through noise, blur, bad light, lines and other pens, and how well by each.

Pictures of MNIST's test set are made worse in 25 ways at five severities, and read twice: as they are, the way MNIST-C
is scored, and through the whole preprocessing. Each model named is measured on the same pictures.
"""

from __future__ import annotations

import argparse
import time

from benchmarks.common import mnist_or_none
from inkread.console import progress, table
from inkread.evaluation.robustness import robustness, robustness_tables

_COUNT, _QUICK = 2000, 200


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser("python -m benchmarks robustness")
    parser.add_argument("--quick", action="store_true", help=f"{_QUICK} digits instead of {_COUNT:,}")
    parser.add_argument("--model", action="append", help="a name or path; may come several times")
    parser.add_argument("--count", type=int, help=f"of digits; {_COUNT:,} by default")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    mnist = mnist_or_none("test")
    if mnist is None:
        print("Skipped robustness: MNIST can neither be found nor downloaded.")
        return
    count = options.count or (_QUICK if options.quick else _COUNT)
    for model in options.model or ["default"]:
        wall, processor = time.perf_counter(), time.process_time()
        with progress("Robustness") as report:
            result = robustness(model, mnist, count=count, seed=options.seed, report=report)
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        for each in robustness_tables(result):
            table(each.title, each.columns, each.rows, numbers=each.numbers)
        parts = ", ".join(f"{family} {seconds:.1f}" for family, seconds in result.seconds.items())
        print(f"{len(result.cells)} cells of {result.n:,} in {wall:.0f} s ({processor:.0f} s of processors): {parts} s")
