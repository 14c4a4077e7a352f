"""A server of its own process, and pictures as bytes."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image


def png_of(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="session")
def png(draw_digit) -> Callable[..., bytes]:
    """Return a function that gives a drawn digit as PNG."""
    return lambda label=7, size=90, **options: png_of(draw_digit(label, size, **options))


@dataclass(frozen=True)
class Running:
    """A server that runs."""

    process: subprocess.Popen[str]
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def running(*options: str) -> Iterator[Running]:
    command = [sys.executable, "-m", "inkread", "serve", "--port", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        line = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        assert found, line + process.stderr.read()
        try:
            yield Running(process, int(found[1]))
        finally:
            process.terminate()
            process.communicate(timeout=30)


@pytest.fixture(scope="session")
def start_server():
    """Return what starts a server, as a context."""
    return running


@pytest.fixture(scope="session")
def server() -> Iterator[Running]:
    with running("--quiet") as found:
        yield found
