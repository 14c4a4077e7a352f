"""`python -m benchmarks [NAME] [--quick] [options of that one]`; without a name, all of them one after the other."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from benchmarks.common import machine

NAMES = (
    "inference",
    "normalize",
    "line_composer",
    "other_hands",
    "non_digits",
    "non_numbers",
    "calibration",
    "lines",
    "documents",
    "abstention",
    "robustness",
    "time_to_accuracy",
    "speedrun",
    "step_cost",
    "serving",
    "reference_systems",
)


def main() -> int:
    arguments = sys.argv[1:]
    name = arguments.pop(0) if arguments and not arguments[0].startswith("-") else None
    if name not in (None, *NAMES) or (name is None and set(arguments) - {"--quick"}):
        print(f"Usage: python -m benchmarks [{' | '.join(NAMES)}] [--quick] [options]", file=sys.stderr)
        return 2
    if not sys.stdout.isatty():
        os.environ.setdefault("COLUMNS", "120")  # tables in a file need not be folded
    print(machine(), flush=True)
    for chosen in [name] if name else NAMES:
        print()
        import_module(f"benchmarks.{chosen}").main(arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main())
