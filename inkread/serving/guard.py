"""What stands before every request: the limit in flight, the key, headers, counting, one line of log."""

from __future__ import annotations

import hmac
import logging
import time
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inkread.serving.metrics import Metrics
from inkread.serving.problems import Problem, problem_response
from inkread.serving.settings import Settings

__all__ = ["Guard", "State"]

_log = logging.getLogger("inkread.serving")

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"geolocation=(), microphone=()"),
]
_METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"}
_ROUTES = {"/", "/v1/read", "/v1/explain", "/v1/marks", "/v1/models", "/health", "/metrics", "/docs", "/openapi.json"}


@dataclass(slots=True)
class State:
    """What a running server knows of itself.

    Attributes:
        in_flight: Requests for readings that are being answered.
        draining: It is about to stop: answers what has come, and asks for no more.
    """

    in_flight: int = 0
    draining: bool = False


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, *, settings: Settings, metrics: Metrics, state: State) -> None:
        self._app, self._settings, self._metrics, self._state = app, settings, metrics, state
        self._key = None if settings.api_key is None else settings.api_key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(receive, send, self._state)
        start = time.perf_counter()
        self._metrics.in_flight.inc()
        try:
            await self._answer(scope, exchange)
        finally:
            self._metrics.in_flight.dec()
            self._count(scope, exchange, time.perf_counter() - start)

    async def _answer(self, scope: Scope, exchange: _Exchange) -> None:
        working = scope["path"].startswith("/v1/")
        problem = self._refusal(scope, working)
        if problem is not None:
            await problem_response(problem)(scope, exchange.receive, exchange.send)
            return
        self._state.in_flight += working
        try:
            await self._app(scope, exchange.receive, exchange.send)
        finally:
            self._state.in_flight -= working

    def _refusal(self, scope: Scope, working: bool) -> Problem | None:
        if (working or scope["path"] == "/metrics") and not self._has_key(scope["headers"]):
            return Problem(
                401,
                "Unauthorized",
                "Expected the key of this server, as 'Authorization: Bearer KEY' or 'X-API-Key: KEY', got another or "
                "none.",
                {"WWW-Authenticate": "Bearer"},
            )
        if working and self._state.in_flight >= self._settings.max_requests:
            return Problem(
                503,
                "Overloaded",
                f"Expected at most {self._settings.max_requests} requests at a time, got more. Try again in a second.",
                {"Retry-After": "1"},
            )
        return None

    def _has_key(self, headers: list[tuple[bytes, bytes]]) -> bool:
        if self._key is None:
            return True
        given = dict(headers)
        scheme, _, token = given.get(b"authorization", b"").partition(b" ")
        key = token.strip() if scheme.lower() == b"bearer" else given.get(b"x-api-key", b"")
        return hmac.compare_digest(key, self._key)

    def _count(self, scope: Scope, exchange: _Exchange, seconds: float) -> None:
        # Only names of our own: a path is part of what was sent, and their number has to have an end.
        path = scope["path"]
        route = path if path in _ROUTES else "/static" if exchange.status in (200, 304) else "other"
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.request(route, method, exchange.status, seconds, exchange.size)
        _log.info("%s %s %d, %d bytes, %.1f ms", method, route, exchange.status, exchange.size, 1000 * seconds)


class _Exchange:
    """One request and its answer, watched as they pass."""

    def __init__(self, receive: Receive, send: Send, state: State) -> None:
        self._receive, self._send, self._state = receive, send, state
        self.status, self.size = 500, 0

    async def receive(self) -> Message:
        message = await self._receive()
        self.size += len(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers: list[Any] = [*message["headers"], *HEADERS]
            if self._state.draining:
                headers.append((b"connection", b"close"))
            message = {**message, "headers": headers}
        await self._send(message)
