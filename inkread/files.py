"""Files that appear under their name only when they are whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inkread.errors import OutputError

__all__ = ["discard_parts", "replacing"]

_PART = ".part-"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path` to write to; what was written replaces `path` when the block ends well.

    A process that is killed on its way leaves `path` as it was, and the temporary file for `discard_parts`.

    Raises:
        OutputError: The file cannot be written, the disk is full for instance; `path` is as it was.
    """
    part = path.with_name(f"{_PART}{os.getpid()}-{path.name}")
    try:
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(
            f"Cannot write {str(path)!r}: {error.strerror or error}. Make room there, or choose another place."
        ) from error
    finally:
        part.unlink(missing_ok=True)


def discard_parts(folder: Path) -> None:
    """Remove what killed processes left half-written in a folder."""
    for part in folder.glob(f"{_PART}*"):
        part.unlink(missing_ok=True)
