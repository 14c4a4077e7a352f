"""`inkread pad`."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["pad"]


def pad(
    model: Annotated[str, typer.Option(help="Name of a model, or a path ending in .onnx.")] = "default",
    dark: Annotated[bool, typer.Option("--dark", help="Begin with light ink on dark.")] = False,
) -> None:
    """Open a window to draw numbers in; they are read as you draw."""
    from inkread.errors import UsageError

    try:
        from inkread.serving.pad import run
    except ModuleNotFoundError as error:
        if (error.name or "") not in ("tkinter", "_tkinter"):
            raise
        raise UsageError(
            "Expected a Python with Tk for the window, got one without. Install it (Debian and Ubuntu: apt-get install "
            "python3-tk; macOS: brew install python-tk), or take the page: inkread serve."
        ) from error
    run(model, dark=dark)
