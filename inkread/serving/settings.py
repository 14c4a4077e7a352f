"""What a server is told, with defaults that keep it safe."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields

from inkread.errors import UsageError

__all__ = ["Settings"]

_MOST_THREADS = 8


@dataclass(frozen=True, slots=True)
class Settings:
    """How a server works and what it refuses.

    Attributes:
        models: Names or paths of the models that requests may choose from; the first one unless they name another.
        api_key: What every request for a reading must bring, or None.
        max_bytes: Of the body of a request.
        max_pixels: Of one picture, known before it is decoded.
        max_pages: Of all files of a request together.
        max_seconds: For the body to arrive, and again for the answer.
        max_requests: In flight at once; beyond, they are told to come back later.
        threads: That read pictures; 0 for as many as there are processors, at most 8.

    Raises:
        UsageError: A value that cannot be; all such are named at once.
    """

    models: tuple[str, ...] = ("default",)
    api_key: str | None = None
    max_bytes: int = 20 * 1024 * 1024
    max_pixels: int = 50_000_000
    max_pages: int = 50
    max_seconds: float = 20.0
    max_requests: int = 128
    threads: int = 0

    def __post_init__(self) -> None:
        faults = [] if self.models else ["models: at least one (got none)"]
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in ("models", "api_key"):
                continue
            least = 0 if field.name == "threads" else 1
            right = (int, float) if field.name == "max_seconds" else (int,)
            if isinstance(value, bool) or not isinstance(value, right) or not value >= least:
                faults.append(f"{field.name}: a number from {least} (got {value!r})")
        if self.api_key is not None and not (self.api_key.isascii() and len(self.api_key) >= 8):
            faults.append("api_key: at least 8 ASCII characters (got fewer, or others)")
        if faults:
            raise UsageError("Expected other settings of the server:\n  " + "\n  ".join(faults))

    @property
    def workers(self) -> int:
        """How many threads read pictures."""
        return self.threads or min(_MOST_THREADS, os.cpu_count() or 1)
