"""A server of its own process, as others meet it."""

from __future__ import annotations

import http.client
import io
import os
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import zlib
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.damage import small_pictures

MALFORMED = 1000
WORST_SECONDS = 1.0


def ask(port: int, body: bytes, path: str = "/v1/read", **headers: str) -> tuple[int, bytes]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        return ask_again(connection, body, path, headers)


def ask_again(connection, body: bytes, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


def raw(port: int, data: bytes) -> bytes:
    """Send bytes as they are; return the first line of the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        try:
            connection.sendall(data)
            return connection.recv(4096).split(b"\r\n")[0]
        except ConnectionResetError:
            return b"reset"


def memory(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    return int(found[1]) / 1024


def bomb(width: int, height: int) -> bytes:
    """Return a PNG that promises pixels by the gigabyte and holds a compressed nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    packed = zlib.compress(b"\0" * 1_000_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def malformed(count: int) -> list[tuple[bytes, dict[str, str]]]:
    """Return bodies with their headers, none of which is a picture: cut, of a wrong type, bombs, polyglots."""
    chance = random.Random(7)
    whole = [data for data in small_pictures() if data[:2] in (b"\x89P", b"\xff\xd8") or data[8:12] == b"WEBP"]
    multipart = {"Content-Type": "multipart/form-data; boundary=x"}
    part = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
    kinds = [
        lambda: ((good := chance.choice(whole))[: chance.randrange(len(good) * 3 // 4)], {}),
        lambda: (chance.randbytes(chance.randrange(1, 3000)), {"Content-Type": "image/png"}),
        lambda: (b'{"image": "' + b"A" * chance.randrange(2000) + b'"}', {"Content-Type": "application/json"}),
        lambda: (bomb(chance.randrange(20_000, 2**31), chance.randrange(20_000, 2**31)), {}),
        lambda: (zlib.compress(b"\0" * 10_000_000), {"Content-Encoding": "deflate"}),
        lambda: (b"GIF89a/*" + chance.choice(whole) + b"*/=1;alert(1)", {}),
        lambda: (b"%PDF-1.7\n" + chance.choice(whole), {"Content-Type": "application/pdf"}),
        lambda: (b"<svg xmlns='http://www.w3.org/2000/svg'><!ENTITY a '&b;'></svg>", {"Content-Type": "image/svg+xml"}),
        lambda: (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage", {}),
        lambda: (part + chance.choice(whole)[:30] + b"\r\n--x--\r\n", multipart),
        lambda: (part * chance.randrange(2, 40), multipart),
        lambda: (chance.randbytes(500), multipart | {"Content-Type": "multipart/form-data"}),
        lambda: (b"", {}),
    ]
    return [kinds[i % len(kinds)]() for i in range(count)]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is looked up in /proc")
def test_malformed_bodies_are_refused_at_once_and_cost_no_memory(server):
    bodies = malformed(MALFORMED)
    worst = 0.0
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        for number, (body, headers) in enumerate(bodies):
            if number == 100:
                before = memory(server.process.pid)
            start = time.perf_counter()
            status, answer = ask_again(connection, body, "/v1/read", headers)
            worst = max(worst, time.perf_counter() - start)
            assert 400 <= status < 500, (status, answer, body[:60], headers)
            assert b'"detail"' in answer
    assert worst < WORST_SECONDS
    assert memory(server.process.pid) - before < 30


@pytest.mark.parametrize("path", ["/v1/read?layout=%00", "/v1/read?" + "a=b&" * 2000, "/v1/read?model=" + "x" * 5000])
def test_odd_queries(server, path):
    assert 400 <= ask(server.port, b"x", path)[0] < 500


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 300, b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"POST /v1/read HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", b"400"),
        (b"POST /v1/read HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnothex\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 200_000, b"431"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: x\r\n" * 50_000, b"431"),
        (b"GET /" + b"x" * 200_000, b"431"),
    ],
)
def test_what_is_no_http(server, data, answer):
    first = raw(server.port, data)
    assert answer in first or first == b"reset"
    assert ask(server.port, small_pictures()[0])[0] == 200


def test_a_body_that_never_comes(start_server):
    with start_server("--quiet", "--max-seconds", "1") as server:
        start = time.perf_counter()
        line = raw(server.port, b"POST /v1/read HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
        assert b" 408 " in line
        assert time.perf_counter() - start < 5


def test_overload_is_told_of_and_passes(start_server, draw_digit):
    buffer = io.BytesIO()
    Image.fromarray(np.tile(draw_digit(7, 400), (5, 5))).save(buffer, "PNG", compress_level=1)
    with start_server("--quiet", "--max-requests", "2", "--threads", "1") as server:
        statuses: list[int] = []

        def many() -> None:
            statuses.extend(ask(server.port, buffer.getvalue())[0] for _ in range(4))

        crowd = [threading.Thread(target=many) for _ in range(12)]
        for thread in crowd:
            thread.start()
        for thread in crowd:
            thread.join()
        assert set(statuses) == {200, 503}
        assert ask(server.port, buffer.getvalue())[0] == 200


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to catch")
def test_a_stop_under_load_loses_no_request(start_server, png):
    """Every request that was sent on an open connection is answered; later ones are not let in."""
    body, lost, answered = png(3), [], []
    with start_server("--quiet") as server:

        def client() -> None:
            while True:
                try:
                    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
                    connection.connect()
                except OSError:
                    return
                closing = False
                while not closing:
                    try:
                        connection.request("POST", "/v1/read", body)
                        answer = connection.getresponse()
                        answer.read()
                    except (OSError, http.client.HTTPException) as error:
                        lost.append(error)
                        return
                    answered.append(answer.status)
                    closing = answer.will_close
                connection.close()

        crowd = [threading.Thread(target=client) for _ in range(16)]
        for thread in crowd:
            thread.start()
        time.sleep(1)
        os.kill(server.process.pid, signal.SIGTERM)
        for thread in crowd:
            thread.join(20)
        server.process.wait(20)
    assert lost == []
    assert set(answered) == {200}
    assert len(answered) > 16


def test_a_port_that_is_taken(server):
    done = subprocess.run(
        [sys.executable, "-m", "inkread", "serve", "--port", str(server.port)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "Name another with --host and --port" in done.stderr


def test_without_the_extra_it_names_the_line_to_install_it():
    code = (
        "import sys; sys.modules['fastapi'] = None; from inkread.__main__ import main; sys.argv[1:] = ['serve']; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 7
    assert "fastapi is missing" in done.stderr
    assert "pip install 'inkread[serve]'" in done.stderr


def test_the_log_has_one_line_a_request(start_server, png):
    with start_server() as server:
        ask(server.port, png())
        server.process.terminate()
        _, log = server.process.communicate(timeout=20)
    (line,) = [line for line in log.splitlines() if "POST" in line]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d POST /v1/read 200, \d+ bytes, [\d.]+ ms", line)


def test_the_api_is_as_its_document_says(server, tmp_path):
    """Schemathesis makes requests out of the OpenAPI document, right ones and wrong ones, and checks the answers."""
    program = shutil.which("schemathesis", path=str(Path(sys.executable).parent))
    assert program, "schemathesis is missing: pip install 'inkread[dev]'"
    done = subprocess.run(
        [
            program,
            "run",
            f"{server.url}/openapi.json",
            "--max-examples=15",
            "--generation-deterministic",
            "--phases=examples,coverage,fuzzing",
            # No schema can say which bytes are a picture.
            "--exclude-checks=positive_data_acceptance",
            "--no-color",
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout[-6000:]
