"""`inkread read`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkread.cli.formats import Format, name_of, written

if TYPE_CHECKING:
    from inkread.results import Page

__all__ = ["read"]


def read(
    images: Annotated[
        list[str], typer.Argument(metavar="IMAGE", help="Pictures, folders, globs; - is standard input.")
    ],
    model: Annotated[str, typer.Option(help="Name of a model, or a path ending in .onnx.")] = "default",
    layout: Annotated[str, typer.Option(help="digit, line, page or auto.")] = "auto",
    document: Annotated[
        str | None,
        typer.Option(
            help="amount, amount:us, amount:de-CH, postcode, postcode:COUNTRY[:CODES], or a form's template (JSON)."
        ),
    ] = None,
    max_error: Annotated[
        float | None,
        typer.Option(help="Withhold what would exceed this share of wrong answers, such as 0.01."),
    ] = None,
    length: Annotated[int | None, typer.Option(help="How many digits a line has.")] = None,
    pattern: Annotated[str | None, typer.Option(help="A regular expression that the digits of a line match.")] = None,
    format: Annotated[Format, typer.Option(help="How results are written.")] = Format.text,
    output: Annotated[Path | None, typer.Option(help="Write results to this file instead of stdout.")] = None,
    workers: Annotated[
        int, typer.Option(help="Processes that read beside each other; worth it from some hundred pictures on.")
    ] = 1,
    draw: Annotated[
        Path | None, typer.Option(help="Draw what was read over the pictures: into a folder, or one into FILE.png.")
    ] = None,
) -> None:
    """Read the numbers on each picture.

    A picture that cannot be read is reported and the others are read; the exit code is 3 then.
    """
    from inkread import console
    from inkread.cli.drawings import Drawings
    from inkread.errors import ImageError
    from inkread.reading.reader import Reader

    pages = Reader(model).read_pictures(
        images,
        layout=layout,  # type: ignore[arg-type]
        document=document,
        max_error=max_error,
        length=length,
        pattern=pattern,
        workers=workers,
    )
    drawings = Drawings(draw) if draw is not None else None
    failed: list[Page] = []

    def watched() -> Iterator[Page]:
        for page, picture in pages:
            if page.error is not None:
                failed.append(page)
            elif drawings is not None and picture is not None:
                drawings.add(page, picture)
            yield page

    if format is Format.text and output is None and sys.stdout.isatty():
        _show(list(watched()))
    else:
        _write(written(watched(), format), output)
    if drawings is not None:
        console.note(drawings.said())
    for page in failed:
        console.error(page.error or "", title=page.source or "Error")
    if failed:
        raise typer.Exit(ImageError.exit_code)


def _show(pages: list[Page]) -> None:
    """Draw tables, for a terminal."""
    from inkread import console

    good = [page for page in pages if page.error is None]
    rows = [(name_of(page), page.text or "-", _sure(page), _also(page)) for page in good if not page.fields]
    if rows:
        console.table("", ("picture", "read", "confidence", "or else"), rows, numbers=(2,))
    cells = [
        (name_of(page), f.name, f.text or "-", f.value or "-", f"{f.confidence:.1%}", "; ".join(f.doubts))
        for page in good
        for f in page.fields
    ]
    if cells:
        console.table("", ("picture", "field", "written", "value", "confidence", "doubtful"), cells, numbers=(4,))


def _sure(page: Page) -> str:
    return f"{page.confidence:.1%}" if page.lines else "no number"


def _also(page: Page) -> str:
    others = page.lines[0].alternatives[1:] if len(page.lines) == 1 else ()
    return ", ".join(f"{text} {p:.1%}" for text, p in others if p >= 0.001)


def _write(parts: Iterable[str], output: Path | None) -> None:
    """Write to stdout, or to a file that has its final name only when it is whole."""
    from inkread import console
    from inkread.errors import OutputError

    if output is None:
        try:
            for part in parts:
                console.data(part, end="")
            console.flush()
        except (BrokenPipeError, OutputError):
            raise
        except OSError as error:
            raise OutputError(f"Cannot write the results to standard output: {error.strerror}.") from error
        return
    if not output.name or os.path.isdir(output):  # noqa: PTH112  (Path.is_dir raises on a name too long)
        raise OutputError(
            f"Expected the name of a file for --output, got the folder {str(output)!r}. Add a name to it."
        )
    partial = output.with_name(output.name + ".part")
    try:
        # Surrogates stand for bytes of file names that are no UTF-8.
        with partial.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            file.writelines(parts)
        partial.replace(output)
    except OutputError:  # of a drawing
        raise
    except OSError as error:
        raise OutputError(
            f"Cannot write {str(output)!r}: {error.strerror}. Name another file, in a folder that you may write to."
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
