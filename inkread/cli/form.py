"""`inkread form`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from inkread.reading.documents.template import Template

__all__ = ["form"]


def form(
    template: Annotated[Path, typer.Argument(metavar="TEMPLATE", help="The JSON file of the template.")],
    blank: Annotated[
        Path | None, typer.Option(help="A scan of the empty form, on which the template must find all it names.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Draw the template over that scan, or the form itself, as a picture.")
    ] = None,
) -> None:
    """Check the template of a form, against a blank form when there is one, and draw it."""
    from inkread import console
    from inkread.errors import QualityError
    from inkread.reading.documents.template import open_template

    opened = open_template(str(template))
    found = _found_on(opened, blank) if blank else []
    rows = [
        (field.name, field.kind, str(field.length or "any"), str(field.cells or "free"), field.check or "", note)
        for field, note in zip(opened.fields, found or [""] * len(opened.fields), strict=True)
    ]
    console.table(opened.name, ("field", "kind", "digits", "cells", "check", "on the blank form"), rows)
    if output is not None:
        _draw(opened, blank, output)
        what = "The template, drawn over the blank form," if blank else "The form, to print,"
        console.note(f"{what} is in {output}.")
    wrong = [field.name for field, note in zip(opened.fields, found, strict=False) if note != "empty"]
    if wrong:
        raise QualityError(
            f"Expected all fields to be empty on the blank form, found ink in {', '.join(wrong)}. Check their boxes "
            "in the template: draw it over the form with --output."
        )


def _found_on(template: Template, blank: Path) -> list[str]:
    """Say of each field what is in it on the blank form."""
    from inkread.imaging.gray import to_gray
    from inkread.imaging.source import open_picture
    from inkread.reading.documents.form import Form, field_strip

    gray = to_gray(open_picture(blank).pixels)
    matrix = Form(template).placed(gray)
    return ["empty" if field_strip(gray, matrix, field) is None else "ink" for field in template.fields]


def _draw(template: Template, blank: Path | None, output: Path) -> None:
    from inkread.errors import OutputError
    from inkread.imaging.gray import to_gray, without_alpha
    from inkread.imaging.source import open_picture
    from inkread.reading.documents.form import Form
    from inkread.reading.documents.form_drawing import blank_form, drawn_over

    if blank is None:
        picture = blank_form(template, max(1.0, 1600 / max(template.width, template.height)))
    else:
        pixels = open_picture(blank).pixels
        picture = drawn_over(template, without_alpha(pixels), Form(template).placed(to_gray(pixels)))
    try:
        picture.save(output)
    except (OSError, ValueError) as error:
        raise OutputError(
            f"Cannot write {str(output)!r}: {error}. Name a .png file in a folder that you may write to."
        ) from error
