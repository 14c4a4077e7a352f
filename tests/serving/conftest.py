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

from tests.serving.browser import Sheet, chromium


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


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture
def opened(browser, server):
    """Return what opens the page; afterwards nothing has left the origin, and the console is clean."""
    contexts, sheets = [], []

    def open_sheet(url: str = "", **options) -> Sheet:
        contexts.append(browser.new_context(**options))
        sheets.append(Sheet(contexts[-1].new_page(), url or server.url))
        return sheets[-1]

    yield open_sheet
    for sheet in sheets:
        elsewhere = [url for url in sheet.requests if not url.startswith((sheet.url, "blob:", "data:"))]
        assert elsewhere == []
        assert sheet.errors == []
    for context in contexts:
        context.close()


@pytest.fixture
def sheet(opened) -> Sheet:
    return opened().open()
