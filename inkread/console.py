"""The only file that prints: results to stdout, everything else to stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Progress", "data", "error", "flush", "note", "progress", "table", "writable"]


class Progress(Protocol):
    """What a long piece of work reports to."""

    def __call__(self, done: int, total: int | None, text: str = "") -> None:
        """Say how much is done, of how much, and what there is to say about it."""


@cache
def _stderr() -> Console:
    """Return the one console beside the results: what is said while a bar is drawn has to go above it."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def data(text: str, *, end: str = "\n") -> None:
    """Write a result to stdout as it is."""
    sys.stdout.write(writable(text) + end)


def flush() -> None:
    """Bring out what stdout still holds, so that a full disk or a closed pipe is noticed now."""
    sys.stdout.flush()


def note(text: str) -> None:
    """Say something beside the results."""
    _stderr().print(text, markup=False)


def error(text: str, *, title: str = "Error") -> None:
    """Show what went wrong, in a panel on a terminal and as plain lines elsewhere."""
    console = _stderr()
    if not console.is_terminal:
        console.print(f"{title}: {text}", markup=False)
        return
    from rich.panel import Panel
    from rich.text import Text

    console.print(Panel(Text(text), title=Text(title), title_align="left", border_style="red"))


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Sequence[int] = ()) -> None:
    """Draw a table on stdout; `numbers` are the columns that stand to the right, columns without names have no head."""
    from rich.box import ROUNDED
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    headed = any(columns)
    drawn = Table(title=writable(title), title_justify="left", box=ROUNDED, title_style="bold", show_header=headed)
    for i, column in enumerate(columns):
        drawn.add_column(writable(column), justify="right" if i in numbers else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(writable(cell)) for cell in row))
    Console(highlight=False).print(drawn)


def writable(text: str, instead: str = "") -> str:
    """Return a text as the terminal, or the pipe, can show it: with `instead`, or escaped, where it lacks a letter."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return instead or text.encode(encoding, "backslashreplace").decode(encoding)
    return text


@contextmanager
def progress(title: str) -> Iterator[Progress]:
    """Show a bar with the rate and the time left; where there is no terminal, a line now and then."""
    console = _stderr()
    if not console.is_terminal:
        yield _lines(title)
        return
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[text]}"),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=None, rate="", text="")

        def report(done: int, total: int | None, text: str = "") -> None:
            speed = bar.tasks[0].speed
            bar.update(task, completed=done, total=total, rate=f"{speed:,.0f}/s" if speed else "", text=text)

        yield report


def _lines(title: str) -> Progress:
    tenths = -1

    def report(done: int, total: int | None, text: str = "") -> None:
        nonlocal tenths
        now = 10 * done // total if total else -1
        if now != tenths:
            tenths = now
            note(f"{title}: {10 * now} % {text}".rstrip())

    return report
