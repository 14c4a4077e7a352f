"""One process at a time: a lock on a file, which the system releases even when the process is killed."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["locked"]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path` during the `with` block; wait while another holds it.

    On file systems without locks (some network ones) the block runs without one.

    Raises:
        OSError: the lock file cannot be created or opened.
    """
    with path.open("a+b") as file:
        _acquire(file.fileno())
        # Closing the file releases the lock.
        yield


if sys.platform == "win32":
    import msvcrt

    def _acquire(descriptor: int) -> None:
        while True:
            with suppress(OSError):
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
                return
            time.sleep(0.2)

else:
    import errno
    import fcntl

    def _acquire(descriptor: int) -> None:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                # Any other reason than "held by another": this file system has no locks.
                if error.errno not in (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES):
                    return
                time.sleep(0.2)
            else:
                return
