"""A server under load on loopback, in a process of its own: how many readings a second, how late, and what is lost.

How soon it has started and its page is painted is measured too.

    python -m benchmarks serving [--quick] [--minutes 5]

This process is the client: bare sockets, so that it takes as little as it can of the cores that both share.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

import inkread
from benchmarks.common import calls, cores, written
from inkread.console import table

HOST = "127.0.0.1"
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
_FETCHED = (
    "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
    ".reduce((sum, entry) => sum + entry.transferSize, 0)"
)


@dataclass
class Load:
    """What came of a load."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    lost: int = 0
    refused: int = 0

    def add(self, status: int, seconds: float) -> None:
        """Count one answer."""
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status == 200:
            self.seconds.append(seconds)


def main(arguments: list[str]) -> None:
    parser = ArgumentParser(prog="python -m benchmarks serving")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument(
        "--minutes", type=float, help="of 64 clients at once; 5 is the claim, 0.5 unless told otherwise"
    )
    options = parser.parse_args(arguments)
    short = 3 if options.quick else 10
    long = 60 * (options.minutes or 0.5) if not options.quick else 5
    png = _png()
    _print_start(png, 2 if options.quick else 7)
    with _server() as (_, port):
        _print_page(port, 3 if options.quick else 9)
    with _server() as (process, port):
        _print_rates(process.pid, port, png, short)
        _print_soak(process.pid, port, png, long)
    with _server("--max-requests", "8") as (_, port):
        _print_overload(port, png, short)
    _print_stop(png, 2 if options.quick else 5)


def _png() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(255 - written(3)).resize((140, 140)).save(buffer, "PNG")
    return buffer.getvalue()


@contextmanager
def _server(*options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    command = [sys.executable, "-m", "inkread", "serve", "--port", "0", "--quiet", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        found = re.search(r"http://127\.0\.0\.1:(\d+)", process.stderr.readline())
        if found is None:
            raise RuntimeError("The server did not start.")
        try:
            asyncio.run(_once(int(found[1]), b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"))
            yield process, int(found[1])
        finally:
            process.terminate()
            process.wait(30)


def _request(png: bytes) -> bytes:
    return b"POST /v1/read HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(png) + png


async def _once(port: int, request: bytes) -> int:
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(request)
    status, _ = await _answer(reader)
    writer.close()
    return status


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """Return the status, and whether the server closes the connection after it."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    found = re.search(rb"content-length: (\d+)", head)
    await reader.readexactly(int(found[1]) if found else 0)
    return int(head[9:12]), b"connection: close" in head


async def _client(port: int, request: bytes, end: float, load: Load, *, patient: bool = False) -> None:
    """Send one request after the other; what was sent and got no answer is lost, unless it was told of."""
    while time.perf_counter() < end:
        try:
            reader, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            load.refused += 1
            return
        closes = False
        while time.perf_counter() < end and not closes:
            start = time.perf_counter()
            try:
                writer.write(request)
                status, closes = await _answer(reader)
            except (OSError, asyncio.IncompleteReadError):
                load.lost += 1
                return
            load.add(status, time.perf_counter() - start)
            if status == 503 and patient:
                await asyncio.sleep(0.05)
        writer.close()


async def _load(port: int, png: bytes, clients: int, seconds: float, *, patient: bool = False) -> Load:
    load, end = Load(), time.perf_counter() + seconds
    await asyncio.gather(*(_client(port, _request(png), end, load, patient=patient) for _ in range(clients)))
    return load


def _milliseconds(load: Load) -> list[str]:
    return [f"{1000 * float(np.percentile(load.seconds, share)):.1f}" for share in (50, 95, 99, 100)]


def _print_start(png: bytes, n: int) -> None:
    taken = []
    for _ in range(n):
        start = time.perf_counter()
        with _server() as (_, port):
            assert asyncio.run(_once(port, _request(png))) == 200
            taken.append(time.perf_counter() - start)
    rows = [("from the start of the process to the first reading", f"{np.median(taken):.2f} s", "1.5 s or less")]
    table(f"Start (median of {n})", ("", "measured", "wanted"), rows, numbers=(1,))


def _print_page(port: int, n: int) -> None:
    """Open the page in Chromium, each time with an empty cache, and say when it painted and how much it fetched."""
    path = shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        path = None
    if path is None:
        print("First paint: left out, as it needs Chromium and pip install 'inkread[dev]'.")
        return
    paints, sizes = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for _ in range(n + 1):  # the first warms up the browser
            context = browser.new_context(bypass_csp=True)
            page = context.new_page()
            page.goto(f"http://{HOST}:{port}/")
            page.locator("#model", has_text="Model").wait_for()
            paints.append(page.evaluate(_PAINT))
            sizes.append(page.evaluate(_FETCHED))
            context.close()
        browser.close()
    rows = [
        ("first contentful paint, median", f"{np.median(paints[1:]):.0f} ms", "300 ms or less"),
        ("first contentful paint, most", f"{max(paints[1:]):.0f} ms", ""),
        ("fetched for it", f"{max(sizes) / 1000:.0f} kB", "200 kB or less"),
    ]
    table(
        f"The page in Chromium on loopback ({n} times, nothing cached)", ("", "measured", "wanted"), rows, numbers=(1,)
    )


def _print_rates(pid: int, port: int, png: bytes, seconds: float) -> None:
    alone = calls(lambda: inkread.read(png), 200)
    rows = []
    for clients in (1, 4, 16, 64):
        busy = _cpu(pid)
        load = asyncio.run(_load(port, png, clients, seconds))
        busy = 1000 * (_cpu(pid) - busy) / max(1, len(load.seconds))
        rate = len(load.seconds) / seconds
        errors = sum(load.statuses.values()) - len(load.seconds) + load.lost + load.refused
        cells = f"{rate:,.0f}", f"{rate * alone:.2f}", f"{busy:.2f}"
        rows.append((str(clients), *cells, *_milliseconds(load), str(errors)))
    columns = (
        "clients",
        "requests/s",
        "of inkread.read",
        "CPU ms each",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "most",
        "errors",
    )
    table(
        f"One digit as PNG ({len(png)} bytes), {seconds:g} s each, one worker, {cores()} cores for both; "
        f"inkread.read in one thread makes {1 / alone:,.0f}/s; wanted: 400/s or more at p99 of 50 ms or less",
        columns,
        rows,
        numbers=range(len(columns)),
    )


def _cpu(pid: int) -> float:
    """Return the seconds of processor that a process has used: what a busy machine does not change."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return float("nan")
    user, system = stat.read_text(encoding="utf-8").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    status = Path(f"/proc/{pid}/status")
    found = re.search(r"VmRSS:\s+(\d+)", status.read_text(encoding="utf-8")) if status.exists() else None
    return int(found[1]) / 1024 if found else float("nan")


def _print_soak(pid: int, port: int, png: bytes, seconds: float) -> None:
    before = _memory(pid)
    load = asyncio.run(_load(port, png, 64, seconds))
    errors = sum(load.statuses.values()) - len(load.seconds) + load.lost + load.refused
    rows = [
        ("answers", f"{len(load.seconds):,}"),
        ("p50, p95, p99, most", " · ".join(_milliseconds(load)) + " ms"),
        ("errors", f"{errors}"),
        ("memory before and after", f"{before:.0f} and {_memory(pid):.0f} MiB"),
    ]
    table(f"64 clients for {seconds:g} s", ("", ""), rows)


def _print_overload(port: int, png: bytes, seconds: float) -> None:
    crowd = asyncio.run(_load(port, png, 100, seconds, patient=True))
    after = asyncio.run(_load(port, png, 4, seconds))
    rows = [
        (name, f"{load.statuses.get(200, 0):,}", f"{load.statuses.get(503, 0):,}", f"{load.lost + load.refused}")
        for name, load in (("100 clients", crowd), ("4 clients, just after", after))
    ]
    table("At most 8 requests in flight", ("", "answered", "503", "lost"), rows, numbers=(1, 2, 3))


async def _stopped(process: subprocess.Popen[str], port: int, png: bytes) -> Load:
    async def stop() -> None:
        await asyncio.sleep(1)
        os.kill(process.pid, signal.SIGTERM)

    load, _ = await asyncio.gather(_load(port, png, 64, 5), stop())
    return load


def _print_stop(png: bytes, n: int) -> None:
    answered = lost = 0
    seconds = []
    for _ in range(n):
        with _server() as (process, port):
            load = asyncio.run(_stopped(process, port, png))
            start = time.perf_counter()
            process.wait(30)
            seconds.append(time.perf_counter() - start)
            answered, lost = answered + len(load.seconds), lost + load.lost
    row = (f"{answered:,}", str(lost), json.dumps([round(s, 1) for s in seconds]))
    table(f"SIGTERM under 64 clients, {n} times", ("answered", "lost", "s until it had ended"), [row], numbers=(0, 1))
