"""A running server: uvicorn, with an end that loses nothing and headers that have a limit."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Callable

import cv2
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from inkread.errors import UsageError
from inkread.serving.app import create_app
from inkread.serving.guard import State
from inkread.serving.settings import Settings

__all__ = ["listen", "run"]

_MAX_HEADER_BYTES = 32 * 1024
_DRAIN_SECONDS = 1.0  # that connections have for a request that is on its way when the server is told to stop
_BACKLOG = 1024


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Args:
        host: A name or address of this machine.
        port: 0 to 65535; 0 for any that is free.

    Raises:
        UsageError: One cannot listen there.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except (OSError, OverflowError) as error:
        number = getattr(error, "errno", None) or 0
        # What Python says of a port in use repeats the address; a name that is not known has a number below 0.
        reason = os.strerror(number) if number > 0 else getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"Expected an address of this machine and a free port, got {host} port {port}: {reason}. "
            "Name another with --host and --port."
        ) from error


def run(settings: Settings, listening: socket.socket, started: Callable[[], None]) -> None:
    """Serve until SIGTERM or Ctrl-C; what has come by then is answered.

    Args:
        settings: Of the application.
        listening: From `listen`.
        started: Called when requests are answered.

    Raises:
        ModelError: One of the models cannot be used.
    """
    # Requests are parted between threads already: OpenCV's own would only be in their way. And the loop is not to wait
    # the 5 ms for its turn that Python lets a thread keep going by default.
    cv2.setNumThreads(1)
    sys.setswitchinterval(0.001)
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=int(settings.max_seconds) + 5,
        timeout_keep_alive=15,
        backlog=_BACKLOG,
    )
    _Server(config, app.state.serving, started).run([listening])


class _Server(uvicorn.Server):
    """Stops in two steps: first no new connections, then, when the open ones have been answered, none at all.

    uvicorn closes idle connections at once, also those on which a client has just sent its next request.
    """

    def __init__(self, config: uvicorn.Config, state: State, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._state, self._started = state, started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._state.draining = True  # answers say from now on that the connection closes
        for server in self.servers:
            server.close()
        end = asyncio.get_running_loop().time() + _DRAIN_SECONDS
        while self.server_state.connections and asyncio.get_running_loop().time() < end and not self.force_exit:
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)


class _Protocol(HttpToolsProtocol):
    """Refuses headers without end, which the parser would keep in memory."""

    _header_bytes = 0
    _in_headers = True

    def data_received(self, data: bytes) -> None:
        if self._in_headers:
            self._header_bytes += len(data)
        super().data_received(data)
        if self._in_headers and self._header_bytes > _MAX_HEADER_BYTES and not self.transport.is_closing():
            logging.getLogger("inkread.serving").info("refused headers of more than %d bytes", _MAX_HEADER_BYTES)
            self.transport.write(
                b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            )
            self.transport.close()

    def on_message_begin(self) -> None:
        self._in_headers, self._header_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_headers = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_headers, self._header_bytes = True, 0
