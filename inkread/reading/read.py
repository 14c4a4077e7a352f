"""`read` and `read_many`: a `Reader` for those who do not keep one, with models that stay open between calls."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Literal

from inkread.imaging.source import Source
from inkread.reading.reader import Layout, Reader
from inkread.results import Page

__all__ = ["read", "read_many"]


@lru_cache(maxsize=4)
def _open(model: str) -> Reader:
    return Reader(model)


def _reader(model: str | os.PathLike[str]) -> Reader:
    """Return the reader of a model, which stays open; what names none is refused by the reader itself."""
    return _open(os.fsdecode(model)) if isinstance(model, (str, os.PathLike)) else Reader(model)


def read(
    image: Source,
    *,
    model: str | os.PathLike[str] = "default",
    layout: Layout = "auto",
    document: Any = None,
    max_error: float | None = None,
    length: int | None = None,
    pattern: str | None = None,
) -> Page:
    """Read one picture; `Reader.read` with a model that stays open between calls.

    Args:
        image: A path, the bytes of a file, a Pillow image, or a uint8 array (H, W), (H, W, 3) or (H, W, 4).
        model: The name of a shipped or local model, or a path ending in `.onnx`.
        layout: As for `Reader.read`, like all that follow.
        document: As there.
        max_error: As there.
        length: As there.
        pattern: As there.

    Returns:
        The page.

    Raises:
        InkreadError: As `Reader` and `Reader.read` raise.

    Example:
        >>> read("examples/seven.png").lines[0].digits[0].value
        7
    """
    return _reader(model).read(
        image, layout=layout, document=document, max_error=max_error, length=length, pattern=pattern
    )


def read_many(
    sources: Source | Iterable[Source],
    *,
    on_error: Literal["raise", "keep"] = "raise",
    model: str | os.PathLike[str] = "default",
    layout: Layout = "auto",
    document: Any = None,
    max_error: float | None = None,
    length: int | None = None,
    pattern: str | None = None,
    workers: int = 1,
) -> Iterator[Page]:
    """Read many pictures; `Reader.read_many` with a model that stays open between calls.

    Args:
        sources: Pictures as `read` takes them; folders, globs, and files of several pages too.
        on_error: "raise", or "keep" for a page with `error` set in the place of what could not be read.
        model: The name of a shipped or local model, or a path ending in `.onnx`.
        layout: As for `Reader.read`, like all that follow.
        document: As there.
        max_error: As there.
        length: As there.
        pattern: As there.
        workers: As for `Reader.read_many`.

    Returns:
        One page for each picture or page of a file, in order.

    Raises:
        InkreadError: As `Reader` and `Reader.read_many` raise.
    """
    return _reader(model).read_many(
        sources,
        on_error=on_error,
        layout=layout,
        document=document,
        max_error=max_error,
        length=length,
        pattern=pattern,
        workers=workers,
    )
