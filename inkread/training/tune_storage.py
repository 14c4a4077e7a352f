"""The file in which a search is kept: SQLite, as Optuna writes it, shared by several processes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from inkread.errors import OutputError, UsageError

__all__ = ["check_file", "opened", "storage_errors"]

_ATTEMPTS = 8  # to open a storage that other processes are making at the same time
_OURS = {"studies", "version_info", "alembic_version"}  # of Optuna's tables those that may be there first
_SQLITE = b"SQLite format 3\0"  # how such a file begins


def check_file(path: Path) -> None:
    """Refuse a file that is no SQLite, or one of someone else's tables; make the folder of a new one."""
    begin = b""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            with path.open("rb") as file:
                begin = file.read(len(_SQLITE))
    except OSError as error:
        raise OutputError(
            f"Cannot open the storage {str(path)!r} ({error.strerror or error}). Name another with --storage."
        ) from error
    tables: set[str] = set()
    if begin == _SQLITE:
        with closing(sqlite3.connect(path, timeout=60)) as database:
            tables = _tables(database)
    if (begin and begin != _SQLITE) or (tables and not tables & _OURS):
        what = "tables of another program" if tables else "something else or a damaged file"
        raise UsageError(
            f"Expected the SQLite file of a search, or none yet, for --storage, got {what}: {str(path)!r}. Name "
            "another."
        )


def _tables(database: sqlite3.Connection) -> set[str]:
    try:
        return {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.DatabaseError:
        return {"damaged"}


def opened(path: Path) -> Any:
    """Open the storage; two processes that make its tables at once hinder each other for a moment."""
    import optuna
    from sqlalchemy.exc import OperationalError

    # Another process may hold the file for as long as it writes a trial.
    waits = {"connect_args": {"timeout": 60}}
    for attempt in range(_ATTEMPTS):
        try:
            return optuna.storages.RDBStorage(f"sqlite:///{path.resolve()}", engine_kwargs=waits)
        except RuntimeError as error:
            reason = str(error).splitlines()[0].rstrip(".")
            raise UsageError(
                f"Expected a storage of this release of Optuna in {str(path)!r}, got another: {reason}. Name another "
                "with --storage."
            ) from error
        except (OperationalError, optuna.exceptions.StorageInternalError):
            if attempt == _ATTEMPTS - 1:
                raise
            time.sleep(0.2 * (attempt + 1))
    raise AssertionError("the loop returns or raises")


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Say in our words what is wrong with a storage."""
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (StorageInternalError, SQLAlchemyError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise OutputError(
            f"Cannot open or write the storage {str(path)!r}: {reason}. Name another with --storage."
        ) from error
