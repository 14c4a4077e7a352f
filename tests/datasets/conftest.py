"""What the tests of datasets share: IDX files, pictures, and a web server on the own machine."""

from __future__ import annotations

import gzip
import re
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest


def make_idx(array, type_code: int = 0x08) -> bytes:
    """Return the bytes of an IDX file of a uint8 array."""
    array = np.ascontiguousarray(array, dtype=np.uint8)
    header = bytes([0, 0, type_code, array.ndim]) + np.array(array.shape, dtype=">u4").tobytes()
    return header + array.tobytes()


@pytest.fixture(scope="session")
def idx_bytes() -> Callable[..., bytes]:
    return make_idx


@pytest.fixture(scope="session")
def write_idx() -> Callable[..., Path]:
    def write(path: Path, array, *, gz: bool = False) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        contents = make_idx(array)
        path.write_bytes(gzip.compress(contents) if gz else contents)
        return path

    return write


@pytest.fixture(scope="session")
def pictures() -> Callable[..., np.ndarray]:
    """Return random pictures, the same for the same arguments."""

    def draw(count: int, height: int = 4, width: int = 4, seed: int = 0) -> np.ndarray:
        return np.random.default_rng(seed).integers(0, 256, (count, height, width), dtype=np.uint8)

    return draw


@dataclass
class Site:
    """What the server serves, how it misbehaves, and what it was asked."""

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    cuts: int = 0
    ignore_range: bool = False
    with_length: bool = True
    shift_range: int = 0
    before_body: Callable[[], None] = lambda: None
    ranges: list[str | None] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    sent: int = 0


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        site: Site = self.server.site
        asked = self.headers.get("Range")
        site.paths.append(self.path)
        site.ranges.append(asked)
        if self.path in site.redirects:
            self.send_response(302)
            self.send_header("Location", site.redirects[self.path])
            self.end_headers()
            return
        contents = site.files.get(self.path)
        if self.path in site.statuses or contents is None:
            self.send_error(site.statuses.get(self.path, 404))
            return
        start = 0 if asked is None or site.ignore_range else int(re.fullmatch(r"bytes=(\d+)-", asked)[1])
        if start and start >= len(contents):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(contents)}")
            self.end_headers()
            return
        self._send(site, contents, start)

    def _send(self, site: Site, contents: bytes, start: int) -> None:
        self.send_response(206 if start else 200)
        if start:
            shifted = start + site.shift_range
            self.send_header("Content-Range", f"bytes {shifted}-{len(contents) - 1}/{len(contents)}")
        body = contents[start:]
        if site.with_length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        site.before_body()
        if site.cut_after is not None and site.cuts > 0:
            site.cuts -= 1
            body = body[: site.cut_after]
        # HTTP/1.0: the connection is closed after the answer, so a short body is a cut.
        # Counted first: the client may have it all, and the test look, before this thread goes on.
        site.sent += len(body)
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class _Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        # A client that hangs up is part of some tests.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@pytest.fixture
def serve(monkeypatch) -> Iterator[Callable[..., Site]]:
    """Return a function that starts a server and returns its site."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    running = []

    def start(**settings) -> Site:
        server = _Server(("127.0.0.1", 0), _Handler)
        server.site = Site(f"http://127.0.0.1:{server.server_port}", **settings)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        running.append((server, thread))
        return server.site

    yield start
    for server, thread in running:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def free_url() -> str:
    """Return the address of a server that is down."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    port = server.server_port
    server.server_close()
    return f"http://127.0.0.1:{port}"
