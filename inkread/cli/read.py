"""`inkread read`."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from inkread.results import Field, Line, Page

__all__ = ["read"]


class Format(StrEnum):
    """How results are written."""

    text = "text"
    json = "json"
    jsonl = "jsonl"
    csv = "csv"


def read(
    images: Annotated[
        list[str], typer.Argument(metavar="IMAGE", help="Pictures, folders, globs; - is standard input.")
    ],
    model: Annotated[str, typer.Option(help="Name of a model, or a path ending in .onnx.")] = "default",
    layout: Annotated[str, typer.Option(help="digit, line, page or auto.")] = "auto",
    document: Annotated[
        str | None,
        typer.Option(help="amount, amount:LOCALE, postcode, postcode:COUNTRY[:CODES], or a form's template (JSON)."),
    ] = None,
    max_error: Annotated[
        float | None,
        typer.Option(help="Withhold what would exceed this share of wrong answers, such as 0.01."),
    ] = None,
    length: Annotated[int | None, typer.Option(help="How many digits a line has.")] = None,
    pattern: Annotated[str | None, typer.Option(help="A regular expression that the digits of a line match.")] = None,
    format: Annotated[Format, typer.Option(help="How results are written.")] = Format.text,
    output: Annotated[Path | None, typer.Option(help="Write results to this file instead of stdout.")] = None,
) -> None:
    """Read the numbers on each picture.

    A picture that cannot be read is reported and the others are read; the exit code is 3 then.
    """
    from inkread import console
    from inkread.errors import ImageError
    from inkread.reading.reader import Reader

    pages = Reader(model).read_many(
        images,
        on_error="keep",
        layout=layout,  # type: ignore[arg-type]
        document=document,
        max_error=max_error,
        length=length,
        pattern=pattern,
    )
    failed: list[Page] = []

    def watched() -> Iterator[Page]:
        for page in pages:
            if page.error is not None:
                failed.append(page)
            yield page

    if format is Format.text and output is None:
        _show(list(watched()))
    else:
        _write(_WRITERS[format](watched()), output)
    for page in failed:
        console.error(page.error or "", title=page.source or "Error")
    if failed:
        raise typer.Exit(ImageError.exit_code)


def _show(pages: list[Page]) -> None:
    """Draw a table on a terminal; elsewhere write the text alone, one line per picture."""
    import sys

    from inkread import console

    if not sys.stdout.isatty():
        _write(_text(pages), None)
        return
    good = [page for page in pages if page.error is None]
    rows = [(_name(page), page.text or "-", _sure(page), _also(page)) for page in good if not page.fields]
    if rows:
        console.table("", ("picture", "read", "confidence", "or else"), rows, numbers=(2,))
    fields = [(page, field) for page in good for field in page.fields]
    cells = [
        (_name(page), field.name, field.text or "-", field.value or "-", f"{field.confidence:.1%}", _told(field))
        for page, field in fields
    ]
    if cells:
        console.table("", ("picture", "field", "written", "value", "confidence", "problems"), cells, numbers=(4,))


def _told(field: Field) -> str:
    return "; ".join(field.problems if field.answered else ("withheld", *field.problems))


def _name(page: Page) -> str:
    return page.source if page.number == 1 else f"{page.source} (page {page.number})"


def _sure(page: Page) -> str:
    return f"{page.confidence:.1%}" if page.lines else "no ink"


def _also(page: Page) -> str:
    others = page.lines[0].alternatives[1:] if len(page.lines) == 1 else ()
    return ", ".join(f"{text} {p:.1%}" for text, p in others if p >= 0.001)


def _text(pages: Iterable[Page]) -> Iterator[str]:
    """One line per picture, so that the n-th line belongs to the n-th picture; of a document, its values."""
    return (" ".join(_texts(page)) + "\n" for page in pages)


def _texts(page: Page) -> Iterator[str]:
    if page.fields:
        yield from (field.value or field.text or "-" for field in page.fields)
    else:
        yield from (line.text for line in page.lines)


def _json(pages: Iterable[Page]) -> Iterator[str]:
    # Escaped to ASCII: no encoding of a terminal and no odd file name can break it.
    yield "["
    for i, page in enumerate(pages):
        yield (",\n" if i else "\n") + json.dumps(page.to_dict())
    yield "\n]\n"


def _jsonl(pages: Iterable[Page]) -> Iterator[str]:
    return (json.dumps(page.to_dict()) + "\n" for page in pages)


def _csv(pages: Iterable[Page]) -> Iterator[str]:
    """One row per line or field; a page without any, or that could not be read, has one row too."""
    yield _row(_COLUMNS)
    for page in pages:
        if page.fields:
            for number, field in enumerate(page.fields, start=1):
                yield _row((page.source, page.number, number, *_field_cells(field), ""))
        elif not page.lines:
            blank = [""] * (len(_COLUMNS) - 6)
            yield _row((page.source, page.number, "", "", page.confidence, *blank, page.error or ""))
        else:
            for number, line in enumerate(page.lines, start=1):
                yield _row((page.source, page.number, number, *_line_cells(line), ""))


_COLUMNS = (
    "source", "page", "line", "text", "confidence", "answered", "left", "top", "width", "height",
    "transcript", "field", "kind", "value", "problems", "error",
)  # fmt: skip


def _line_cells(line: Line) -> tuple[object, ...]:
    box = (line.box.left, line.box.top, line.box.width, line.box.height)
    return line.text, line.confidence, str(line.answered).lower(), *box, line.transcript, "", "", "", ""


def _field_cells(field: Field) -> tuple[object, ...]:
    box = (field.box.left, field.box.top, field.box.width, field.box.height)
    told = (field.text, field.name, field.kind, "" if field.value is None else field.value, "; ".join(field.problems))
    return field.text, field.confidence, str(field.answered).lower(), *box, *told


def _row(values: Iterable[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(values)
    return buffer.getvalue()


_WRITERS = {Format.text: _text, Format.json: _json, Format.jsonl: _jsonl, Format.csv: _csv}


def _write(parts: Iterable[str], output: Path | None) -> None:
    """Write to stdout, or to a file that has its final name only when it is whole."""
    from inkread import console
    from inkread.errors import OutputError

    if output is None:
        try:
            for part in parts:
                console.data(part, end="")
            console.flush()
        except BrokenPipeError:
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
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise OutputError(
            f"Cannot write {str(output)!r}: {error.strerror}. Name another file, in a folder that you may write to."
        ) from error
