"""`inkread serve`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import socket

__all__ = ["serve"]


def serve(
    model: Annotated[
        list[str] | None, typer.Option(help="A model to read with: a name, or a path ending in .onnx; may be repeated.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen at; 0.0.0.0 lets other machines in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any that is free.")] = 8000,
    api_key: Annotated[
        str | None, typer.Option(envvar="INKREAD_API_KEY", help="What requests for readings must bring.")
    ] = None,
    max_bytes: Annotated[int, typer.Option(help="Of a request.")] = 20 * 1024 * 1024,
    max_pixels: Annotated[int, typer.Option(help="Of a picture.")] = 50_000_000,
    max_pages: Annotated[int, typer.Option(help="Of a request.")] = 50,
    max_seconds: Annotated[float, typer.Option(help="For a request.")] = 20.0,
    max_requests: Annotated[int, typer.Option(help="In flight; beyond, the answer is 503.")] = 128,
    threads: Annotated[int, typer.Option(help="That read; 0 for one per processor, at most 8.")] = 0,
    static: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the page there, to read in the browser alone, and end.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Log no requests.")] = False,
) -> None:
    """Serve the page to draw on and the HTTP API.

    The page is at / and the documentation of the API at /docs. Nothing of a request is kept. With --static nothing is
    served: the page is written as files that any file server can hand out, and reads drawings in the browser.
    """
    from inkread import console
    from inkread.errors import MissingExtraError

    if static is not None:
        from inkread.serving.site import write_site

        write_site(static, (model or ["default"])[0])
        console.data(str(static))
        return
    try:
        from inkread.serving.server import listen, run
        from inkread.serving.settings import Settings
    except ModuleNotFoundError as error:
        raise MissingExtraError("inkread serve", "serve", error.name) from error
    settings = Settings(
        models=tuple(model or ["default"]),
        api_key=api_key,
        max_bytes=max_bytes,
        max_pixels=max_pixels,
        max_pages=max_pages,
        max_seconds=max_seconds,
        max_requests=max_requests,
        threads=threads,
    )
    with listen(host, port) as listening:

        def started() -> None:
            _log(quiet)
            console.note(f"inkread draws and reads at {_address(listening)} (API: /docs). Ctrl-C stops it.")

        run(settings, listening, started)


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _log(quiet: bool) -> None:
    """Write one line per request to standard error; Rich would take longer for it than the request did."""
    import logging

    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%Y-%m-%d %H:%M:%S")
    logging.getLogger("inkread.serving").setLevel(logging.WARNING if quiet else logging.INFO)
