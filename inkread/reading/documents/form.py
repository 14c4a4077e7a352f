"""Forms: each field read where its template says, and held against its rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.errors import UnreadableImageError
from inkread.imaging.boxes import enclosing
from inkread.imaging.corners import register
from inkread.imaging.lines import Strip, one_line
from inkread.imaging.sheet import Sheet, find_sheet
from inkread.reading.documents.amount import Amount, amount_field
from inkread.reading.documents.checks import is_valid
from inkread.reading.documents.postcode import Postcode, postcode_field
from inkread.reading.documents.template import FormField, Template, open_template
from inkread.reading.pages import LineReader
from inkread.reading.wanted import Wanted
from inkread.reading.withhold import withheld
from inkread.results import Box, Field, Line

__all__ = ["Form"]

_TALL = 72  # pixels of a field's height when it is looked at
_WIDEST = 4000  # pixels of its width
_INSET = 0.05  # of a field's height that its printed frame may take on each side
_DIVIDER = 0.07  # of a cell's width on each side of the line between two
_DISTORTED = 0.05  # how far the proportion of a scan may be off where a form has no marks
_LEAST_INK = 0.004  # of a field's area: less is dirt


@dataclass(frozen=True, slots=True)
class Form:
    """A document by its template.

    Attributes:
        template: Where the fields stand.
    """

    template: Template

    @classmethod
    def open(cls, path: str) -> Form:
        """Return the form whose template stands in a JSON file; see `open_template` for what it raises."""
        return cls(open_template(path))

    def read(
        self, gray: NDArray[np.uint8], reader: LineReader, least: float
    ) -> tuple[tuple[Line, ...], tuple[Field, ...]]:
        """Read a scan of the form; see `Document.read`.

        Raises:
            UnreadableImageError: The corner marks are not on the scan where the template wants them.
        """
        matrix = self.placed(gray)
        strips = [field_strip(gray, matrix, field) for field in self.template.fields]
        lines = _read(self.template.fields, strips, reader)
        held = [None if line is None else withheld(line, least) for line in lines]
        fields = [
            _field(field, line, Box(*enclosing(matrix, *field.box)))
            for field, line in zip(self.template.fields, held, strict=True)
        ]
        return tuple(line for line in held if line is not None), _with_sums(self.template, fields)

    def placed(self, gray: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return what takes points of the form to points of a scan, float64 (3, 3)."""
        template = self.template
        if template.upright is None:
            return self._stretched(gray)
        matrix = register(gray, template.corners, template.mark, template.upright)
        if matrix is None:
            raise UnreadableImageError(
                f"Expected a scan of the form {template.name!r} with its four corner marks, found none that fit in a "
                f"picture of {gray.shape[1]} x {gray.shape[0]}. Check that it is this form, whole and in focus."
            )
        return matrix

    def _stretched(self, gray: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Place a form without marks: it fills the scan."""
        template, (height, width) = self.template, gray.shape
        across, down = width / template.width, height / template.height
        if not 1 - _DISTORTED < across / down < 1 + _DISTORTED:
            raise UnreadableImageError(
                f"Expected a scan of the form {template.name!r}, which is {template.width:g} x {template.height:g} and "
                f"has no corner marks, in the same proportion, got a picture of {width} x {height}. Scan the whole "
                "form and nothing else, or print it with corner marks."
            )
        return np.diag([across, down, 1.0])


def field_strip(gray: NDArray[np.uint8], matrix: NDArray[np.float64], field: FormField) -> Strip | None:
    """Cut a field out of a scan, straight and without its frame; None when nothing is written in it.

    Args:
        gray: uint8 (H, W), the scan.
        matrix: (3, 3), takes points of the form to points of it.
        field: Where to cut.
    """
    left, top, width, height = field.box
    inset = _INSET * height
    left, top, width, height = left + inset, top + inset, width - 2 * inset, height - 2 * inset
    scale = min(_TALL / height, _WIDEST / width)
    to_field = np.array([[scale, 0, -scale * left], [0, scale, -scale * top], [0, 0, 1]])
    there = to_field @ np.linalg.inv(matrix)
    size = (max(8, round(scale * width)), max(8, round(scale * height)))
    flat = cv2.warpPerspective(gray, there, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    sheet = find_sheet(np.asarray(flat, dtype=np.uint8))
    if sheet is None:
        return None
    sheet = _without_dividers(sheet, field, scale * inset)
    if cv2.countNonZero(sheet.mask) < _LEAST_INK * sheet.mask.size:
        return None
    strips = one_line(replace(sheet, matrix=np.linalg.inv(there) @ sheet.matrix, gray=gray))
    return replace(strips[0], dividers=_dividers(strips[0], matrix, field)) if strips else None


def _dividers(strip: Strip, matrix: NDArray[np.float64], field: FormField) -> tuple[float, ...]:
    """Return where on its strip the cells of a field meet."""
    if field.cells < 2:
        return ()
    left, top, width, height = field.box
    points = [[left + i * width / field.cells, top + height / 2] for i in range(1, field.cells)]
    there = cv2.perspectiveTransform(np.array([points], np.float64), np.linalg.inv(strip.matrix) @ matrix)[0]
    return tuple(float(x) for x in there[:, 0])


def _without_dividers(sheet: Sheet, field: FormField, inset: float) -> Sheet:
    """Blank the lines between the cells of a field."""
    if field.cells < 2:
        return sheet
    level, mask = sheet.level.copy(), sheet.mask.copy()
    cell = (mask.shape[1] + 2 * inset) / field.cells
    for i in range(1, field.cells):
        first, last = (round(i * cell - inset + side * _DIVIDER * cell) for side in (-1, 1))
        level[:, max(0, first) : last + 1] = 0
        mask[:, max(0, first) : last + 1] = 0
    return replace(sheet, level=level, mask=mask)


def _wanted(field: FormField) -> Wanted:
    if field.kind == "postcode":
        return Postcode(field.country).wanted
    ruled = field.check is not None or (field.kind == "number" and field.range != (None, None))
    pattern = rf"\d{{1,{field.cells}}}" if field.cells and field.length is None else None
    likely = partial(_keeps, field) if ruled else None
    written = Amount(field.locale).plausible if field.kind == "amount" else None
    return Wanted(field.length, pattern, number=True, likely=likely, written=written)


def _keeps(field: FormField, digits: str) -> bool:
    """Tell whether digits keep the rules of a field."""
    if field.check is not None and not is_valid(field.check, digits):
        return False
    least, greatest = field.range
    if field.kind != "number" or not digits:
        return True
    return not ((least is not None and int(digits) < least) or (greatest is not None and int(digits) > greatest))


def _read(fields: Sequence[FormField], strips: Sequence[Strip | None], reader: LineReader) -> list[Line | None]:
    """Read all fields that want the same at once."""
    lines: list[Line | None] = [None] * len(fields)
    alike: dict[Wanted, list[int]] = {}
    for place, (field, strip) in enumerate(zip(fields, strips, strict=True)):
        if strip is not None:
            alike.setdefault(_wanted(field), []).append(place)
    for wanted, places in alike.items():
        found = reader.read([strip for place in places if (strip := strips[place]) is not None], wanted)
        for place, line in zip(places, found, strict=True):
            lines[place] = line
    return lines


def _field(field: FormField, line: Line | None, box: Box) -> Field:
    """Return what a field holds, with the rules it breaks."""
    if line is None:
        problems = ("it is empty",) if field.required else ()
        return Field(field.name, field.kind, "", None, 0.0, box, not field.required, problems)
    if field.kind == "amount":
        found = amount_field(field.name, line, field.locale)
    elif field.kind == "postcode":
        found = postcode_field(field.name, line, Postcode(field.country))
    else:
        value = None if "?" in line.text else line.text
        found = Field(field.name, field.kind, line.text, value, line.confidence, line.box, line.answered)
    return replace(found, box=box, problems=(*found.problems, *_broken(field, line, found.value)))


def _broken(field: FormField, line: Line, value: str | None) -> list[str]:
    """Return the rules that a value breaks, in words."""
    if value is None:
        return []
    problems = []
    digits = line.text
    if field.length is not None and len(digits) != field.length:
        problems.append(f"it has {len(digits)} digits instead of {field.length}")
    if field.check is not None and not is_valid(field.check, digits):
        other = next((text for text, _ in line.alternatives if is_valid(field.check, text)), None)
        hint = f"; {other} would keep it" if other else ""
        problems.append(f"{digits} breaks the rule {field.check!r} of its check digits{hint}")
    least, greatest = field.range
    if field.kind != "postcode":
        number = Decimal(value)
        if least is not None and number < least:
            problems.append(f"{value} is less than {least}")
        if greatest is not None and number > greatest:
            problems.append(f"{value} is more than {greatest}")
    return problems


def _with_sums(template: Template, fields: list[Field]) -> tuple[Field, ...]:
    """Tell of totals that are not the sum of their parts."""
    by_name = {field.name: place for place, field in enumerate(fields)}
    for one in template.sums:
        total = fields[by_name[one.total]]
        # An empty field that may be empty counts for nothing; what could not be read leaves the sum open.
        parts = [fields[by_name[name]] for name in one.parts]
        if total.value is None or any(part.value is None and part.text for part in parts):
            continue
        found = sum((Decimal(part.value) for part in parts if part.value is not None), Decimal(0))
        if found != Decimal(total.value):
            named = " + ".join(one.parts)
            problem = f"{total.value} is not {named}, which is {found}"
            fields[by_name[one.total]] = replace(total, problems=(*total.problems, problem))
    return tuple(fields)
