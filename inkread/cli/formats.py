"""Pages as text, JSON, JSON lines and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from itertools import chain, islice
from typing import TYPE_CHECKING

from inkread.rounding import share, side

if TYPE_CHECKING:
    from inkread.results import Box, Field, Line, Page

__all__ = ["Format", "name_of", "written"]


class Format(StrEnum):
    """How results are written."""

    text = "text"
    json = "json"
    jsonl = "jsonl"
    csv = "csv"


def written(pages: Iterable[Page], form: Format) -> Iterator[str]:
    """Return pages in a format, in parts that are written one after the other."""
    return _WRITERS[form](pages)


def name_of(page: Page) -> str:
    """Return how a page is called among others."""
    return page.source if page.number == 1 else f"{page.source} (page {page.number})"


def _text(pages: Iterable[Page]) -> Iterator[str]:
    """One row per picture, or per field of a document; each begins with the picture's name when there are several."""
    pages = iter(pages)
    begin = list(islice(pages, 2))
    several = len(begin) > 1
    for page in chain(begin, pages):
        for row in _rows(page, several=several):
            yield f"{name_of(page)}: {row}\n" if several else f"{row}\n"


def _rows(page: Page, *, several: bool) -> Iterator[str]:
    if page.fields:
        yield from (_field_row(field) for field in page.fields)
    elif page.lines:
        yield " ".join(line.text for line in page.lines)
    else:
        nothing = "(no number)" if page.error is None else "(not read)"
        yield nothing if several else ""


def _field_row(field: Field) -> str:
    doubts = f" (doubtful: {'; '.join(field.doubts)})" if field.doubts else ""
    return f"{field.name}: {field.value or field.text or '-'}{doubts}"


def _json(pages: Iterable[Page]) -> Iterator[str]:
    yield "["
    for i, page in enumerate(pages):
        yield (",\n" if i else "\n") + page.to_json()
    yield "\n]\n"


def _jsonl(pages: Iterable[Page]) -> Iterator[str]:
    return (page.to_json() + "\n" for page in pages)


_COLUMNS = (
    "source", "page", "line", "text", "confidence", "answered", "left", "top", "width", "height",
    "transcript", "field", "kind", "value", "problems", "error",
)  # fmt: skip


def _csv(pages: Iterable[Page]) -> Iterator[str]:
    """One row per line or field; a page without any, or that could not be read, has one row too."""
    yield _row(_COLUMNS)
    for page in pages:
        if page.fields:
            for number, field in enumerate(page.fields, start=1):
                yield _row((page.source, page.number, number, *_field_cells(field), ""))
        elif not page.lines:
            blank = [""] * (len(_COLUMNS) - 6)
            yield _row((page.source, page.number, "", "", share(page.confidence), *blank, page.error or ""))
        else:
            for number, line in enumerate(page.lines, start=1):
                yield _row((page.source, page.number, number, *_line_cells(line), ""))


def _line_cells(line: Line) -> tuple[object, ...]:
    found = line.text, share(line.confidence), str(line.answered).lower(), *_sides(line.box)
    return *found, line.transcript, "", "", "", ""


def _field_cells(field: Field) -> tuple[object, ...]:
    found = field.text, share(field.confidence), str(field.answered).lower(), *_sides(field.box)
    told = field.text, field.name, field.kind, "" if field.value is None else field.value, "; ".join(field.problems)
    return *found, *told


def _sides(box: Box) -> tuple[float, ...]:
    return side(box.left), side(box.top), side(box.width), side(box.height)


def _row(values: Iterable[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(values)
    return buffer.getvalue()


_WRITERS: dict[Format, Callable[[Iterable[Page]], Iterator[str]]] = {
    Format.text: _text,
    Format.json: _json,
    Format.jsonl: _jsonl,
    Format.csv: _csv,
}
