"""The server, the page as files, and the window."""

from __future__ import annotations

import socket
from pathlib import Path

from inkread.cli import app
from inkread.errors import ModelNotFoundError, OutputError, UsageError
from tests.bad_input.case import collector

SERVING, serving = collector("Serving")


def _run(*arguments: object) -> None:
    app([str(argument) for argument in arguments], standalone_mode=False)


@serving("inkread serve --max-bytes 0 --max-seconds 0 --api-key short", UsageError)
def _(folder: Path) -> None:
    _run("serve", "--max-bytes", 0, "--max-seconds", 0, "--api-key", "short")


@serving("inkread serve --host of another machine", UsageError)
def _(folder: Path) -> None:
    _run("serve", "--host", "192.0.2.1")


@serving("inkread serve --port that another program has", UsageError, r"(?<=port )\d+")
def _(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        _run("serve", "--port", taken.getsockname()[1])


@serving("inkread serve --model of a misspelt name", ModelNotFoundError, "Known are: .*?\\.")
def _(folder: Path) -> None:
    _run("serve", "--port", 0, "--model", "defualt")


@serving("inkread serve --static to a folder with other files", OutputError)
def _(folder: Path) -> None:
    from inkread.serving.site import write_site

    (folder / "mine.txt").write_text("mine")
    write_site(folder, runtime=b"")


@serving("inkread serve --static with a model that does not exist", ModelNotFoundError, "Known are: .*?\\.")
def _(folder: Path) -> None:
    _run("serve", "--static", folder / "site", "--model", "defualt")
