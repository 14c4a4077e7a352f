"""What the benchmarks share: the line about the machine, medians, and fresh processes."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.datasets import Dataset, mnist
from inkread.errors import InkreadError

__all__ = ["calls", "cores", "first_line_seconds", "machine", "mnist_or_none", "percent", "rounds", "written"]

_PACKAGES = ("inkread", "onnxruntime", "opencv-python-headless", "numpy", "keras", "tensorflow-cpu", "tensorflow")


def machine() -> str:
    """Return one line: processor, cores, load, Python, and the versions that matter."""
    found = []
    for package in _PACKAGES:
        try:
            found.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    busy = f", load {os.getloadavg()[0]:.1f} before the run" if hasattr(os, "getloadavg") else ""
    return f"{_processor()}, {cores()} cores{busy}; Python {platform.python_version()}, {', '.join(found)}"


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def calls(work: Callable[[], object], n: int, *, warm: int = 3) -> float:
    """Return the median seconds of one of n calls, after some that do not count."""
    for _ in range(warm):
        work()
    taken = []
    for _ in range(n):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return median(taken)


def rounds(works: Mapping[str, Callable[[], object]], n: int, *, each: int = 1) -> dict[str, float]:
    """Return the median seconds of a call of each work, in n rounds of all of them.

    The works take turns, so that what else the machine does falls on all of them alike.
    """
    taken: dict[str, list[float]] = {name: [] for name in works}
    for name, work in works.items():
        calls(work, 1)
        taken[name].clear()
    for _ in range(n):
        for name, work in works.items():
            taken[name].append(calls(work, each, warm=0))
    return {name: median(seconds) for name, seconds in taken.items()}


def first_line_seconds(code: str, *arguments: str) -> float:
    """Return the seconds from the start of a fresh Python process to its first line of output."""
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = time.perf_counter() - start
        process.stdout.read()
    if process.returncode or not line.strip():
        raise RuntimeError(f"The process ended with {process.returncode} and said {line!r}:\n{code}")
    return seconds


def mnist_or_none(part: str) -> Dataset | None:
    """Return MNIST, or None where it can neither be found nor downloaded."""
    try:
        return mnist(part)
    except InkreadError:
        return None


def written(digit: int, seed: int = 0) -> NDArray[np.uint8]:
    """Return a digit (28, 28), light on black, in about MNIST's form: for timings, which content does not change."""
    rng = np.random.default_rng(seed)
    fine = np.zeros((112, 112), np.uint8)
    cv2.putText(fine, str(digit), (30, 92), cv2.FONT_HERSHEY_SIMPLEX, 3.4, 255, int(rng.integers(9, 13)), cv2.LINE_AA)
    return np.asarray(cv2.resize(fine, (28, 28), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def percent(share: float) -> str:
    """Return a share as a percentage with two decimals."""
    return f"{100 * share:.2f} %"
