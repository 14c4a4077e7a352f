"""Files that may be gzipped, read without trust: the bytes tell whether they are, never the name."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from inkread.errors import ChecksumError, DatasetFormatError

__all__ = ["DEFLATE_MAX_RATIO", "is_gzip", "open_contents", "read_verified"]

DEFLATE_MAX_RATIO = 1032
"""Deflate never expands further: 258 bytes for 2 bits (zlib technical details, zlib.net/zlib_tech.html)."""

_CHUNK = 1 << 20


def is_gzip(path: Path) -> bool:
    """Tell whether the file starts with gzip's magic bytes 1f 8b."""
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


@contextmanager
def open_contents(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading, uncompressing it on the way when it is gzipped.

    Errors of reading that occur inside the `with` block are translated too.

    Raises:
        DatasetFormatError: the file cannot be read, or its gzip container is cut short or damaged.
    """
    try:
        with cast(BinaryIO, gzip.open(path)) if is_gzip(path) else path.open("rb") as stream:
            yield stream
    except EOFError as error:
        raise DatasetFormatError(
            f"{path}: expected a whole gzip file, got one that is cut short. Download or copy it again."
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DatasetFormatError(
            f"{path}: expected a sound gzip file, got a damaged one ({error}). Download or copy it again."
        ) from error
    except OSError as error:
        raise DatasetFormatError(
            f"{path}: the file cannot be read ({error.strerror or error}). Check the path and its permissions."
        ) from error


def read_verified(path: Path, size: int, sha256: str, remedy: str) -> bytes:
    """Read a file whose uncompressed contents are known.

    Args:
        path: the file, raw or gzipped.
        size: bytes of the uncompressed contents; never more than one byte beyond is uncompressed.
        sha256: of the uncompressed contents, in hex. Mirrors compress anew, so the container proves nothing.
        remedy: the sentence that says what to do about another checksum.

    Returns:
        The uncompressed contents.

    Raises:
        ChecksumError: the contents are other bytes, or too damaged to be uncompressed.
    """
    pieces: list[bytes] = []
    left = size + 1
    try:
        with open_contents(path) as stream:
            while left and (piece := stream.read(min(left, _CHUNK))):
                pieces.append(piece)
                left -= len(piece)
    except DatasetFormatError as error:
        raise ChecksumError(f"{error} The sha256 of its contents should be {sha256}. {remedy}") from error
    contents = b"".join(pieces)
    got = hashlib.sha256(contents).hexdigest()
    if got != sha256:
        length = f"{len(contents)} bytes" if left else f"more than {size} bytes"
        raise ChecksumError(
            f"{path}: expected contents of {size} bytes with sha256 {sha256}, got {length} with sha256 {got}. {remedy}"
        )
    return contents
