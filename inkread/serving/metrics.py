"""What a server counts, for Prometheus. Nothing of a request but its size, its time and how it ended."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from inkread.results import Page

__all__ = ["CONTENT_TYPE", "Metrics"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)
_BYTES = (1e3, 1e4, 1e5, 1e6, 1e7, 1e8)


class Metrics:
    """The counters of one application."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self.in_flight = Gauge("inkread_requests_in_flight", "Requests being answered.", registry=registry)
        self._requests = Counter(
            "inkread_requests", "Requests answered.", ("route", "method", "status"), registry=registry
        )
        self._seconds = Histogram(
            "inkread_request_seconds",
            "From the request to its answer.",
            ("route",),
            buckets=_SECONDS,
            registry=registry,
        )
        self._bytes = Histogram(
            "inkread_request_bytes", "Size of the body.", ("route",), buckets=_BYTES, registry=registry
        )
        self._pages = Counter("inkread_pages", "Pictures and pages read.", ("outcome",), registry=registry)
        self._digits = Counter("inkread_digits", "Digits read.", ("outcome",), registry=registry)

    def request(self, route: str, method: str, status: int, seconds: float, size: int) -> None:
        """Count one request."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)
        if size:
            self._bytes.labels(route).observe(size)

    def pages(self, pages: Iterable[Page]) -> None:
        """Count what was read."""
        for page in pages:
            outcome = "error" if page.error is not None else "read" if page.lines else "empty"
            self._pages.labels(outcome).inc()
            for digit in (digit for line in page.lines for digit in line.digits):
                self._digits.labels("withheld" if digit.value is None else "answered").inc()

    def text(self) -> bytes:
        """Return all of it as Prometheus reads it."""
        return bytes(generate_latest(self._registry))
