"""Templates of forms: where each field stands, what it holds, and which rules it keeps."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from inkread.errors import UsageError, did_you_mean
from inkread.reading.documents.checks import CHECKS

__all__ = ["FORMAT", "KINDS", "FormField", "Sum", "Template", "open_template"]

FORMAT = 1  # of the template; rises when a key changes its meaning
KINDS = ("number", "amount", "postcode")
_KEYS = {"format", "name", "width", "height", "corners", "mark", "upright", "fields", "sums"}
_FIELD_KEYS = {"name", "kind", "box", "cells", "length", "check", "range", "required", "locale", "country"}
_SUM_KEYS = {"total", "parts"}
_ROUNDING = 1e-9  # of the page: sides are sums of decimal fractions
_Rectangle = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of a form.

    Attributes:
        name: Unlike the others'.
        kind: "number", "amount" or "postcode".
        box: (left, top, width, height) in units of the form.
        cells: Into how many boxes for one digit each it is divided; 0 for a free field.
        length: How many digits it has; None for any number.
        check: The rule of its check digits, a name in `checks.CHECKS`; None without.
        range: Least and greatest value; None for either end that is open.
        required: Whether it may not be empty.
        locale: Of an amount.
        country: Of a postal code.
    """

    name: str
    kind: str
    box: _Rectangle
    cells: int = 0
    length: int | None = None
    check: str | None = None
    range: tuple[Decimal | None, Decimal | None] = (None, None)
    required: bool = True
    locale: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """A field that is the sum of others.

    Attributes:
        total: Its name.
        parts: Theirs.
    """

    total: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A form.

    Attributes:
        name: Of the form.
        width: Of its page, in units of one's choice.
        height: The same.
        corners: The centres of its four square corner marks, from the upper left one clockwise; none for a form without
            marks, whose scans have to show it as the template does, whole and straight.
        mark: The side of a mark.
        upright: The centre of a fifth mark beside one of the corners, which tells which side is up; None without marks.
        fields: From top to bottom.
        sums: Which field is the sum of which.
    """

    name: str
    width: float
    height: float
    corners: tuple[tuple[float, float], ...]
    mark: float
    upright: tuple[float, float] | None
    fields: tuple[FormField, ...]
    sums: tuple[Sum, ...] = ()


def open_template(path: str) -> Template:
    """Read a template from its JSON file, and check it.

    Raises:
        UsageError: It cannot be opened or is no template; all that is wrong with it is told at once.
    """
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"Expected the template of a form, cannot open {path!r}: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"Expected the template of a form as JSON, got damaged text in {path!r}: {error}.") from error
    return template_from(data, repr(path))


def template_from(data: Any, where: str) -> Template:
    """Return the template that a dictionary describes; `where` names it in errors."""
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        raise UsageError(
            f'Expected the template of a form, an object with "format": {FORMAT}, got something else in {where}.'
        )
    wrong: list[str] = [_unknown(key, _KEYS) for key in data if key not in _KEYS]
    width, height = (_number(data.get(key), key, wrong, least=1.0) for key in ("width", "height"))
    points, mark, upright = _marks(data, wrong)
    given = data.get("fields")
    if not isinstance(given, list) or not given:
        wrong.append(f"fields: at least one (got {given!r})")
    fields = tuple(
        _field(one, i, (width, height), wrong) for i, one in enumerate(given if isinstance(given, list) else [])
    )
    names = [field.name for field in fields]
    wrong += [f"fields: two are named {name!r}" for name in sorted({n for n in names if names.count(n) > 1})]
    codes = [field.name for field in fields if field.kind == "postcode"]
    sums = _sums(data.get("sums", []), names, codes, wrong)
    if wrong:
        raise UsageError(f"Expected another template in {where}:\n  " + "\n  ".join(wrong))
    return Template(str(data.get("name", "form")), width, height, points, mark, upright, fields, sums)


def _marks(
    data: Mapping[str, Any], wrong: list[str]
) -> tuple[tuple[tuple[float, float], ...], float, tuple[float, float] | None]:
    """Return the centres of the corner marks, their side, and the centre of the mark that tells which side is up."""
    if not any(key in data for key in ("corners", "mark", "upright")):
        return (), 0.0, None
    corners = data.get("corners")
    points = [_point(p, f"corners[{i}]", wrong) for i, p in enumerate(corners if isinstance(corners, list) else [])]
    if len(points) != 4:
        wrong.append(f"corners: the centres of four marks, from the upper left one clockwise (got {corners!r})")
    mark = _number(data.get("mark"), "mark", wrong, least=1e-6)
    return tuple(points), mark, _point(data.get("upright"), "upright", wrong)


def _unknown(key: object, known: set[str], where: str = "") -> str:
    return f"{where}{key}: there is no such key.{did_you_mean(str(key), known)}"


def _number(value: Any, name: str, wrong: list[str], least: float = -math.inf) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < least:
        above = "" if least == -math.inf else f" from {least:g}"
        wrong.append(f"{name}: a number{above} (got {value!r})")
        return 1.0
    return float(value)


def _point(value: Any, name: str, wrong: list[str]) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        wrong.append(f"{name}: [x, y] (got {value!r})")
        return (0.0, 0.0)
    return _number(value[0], name, wrong), _number(value[1], name, wrong)


def _field(data: Any, place: int, size: tuple[float, float], wrong: list[str]) -> FormField:
    where = f"fields[{place}]."
    if not isinstance(data, Mapping):
        wrong.append(f"fields[{place}]: an object (got {data!r})")
        return FormField(f"field {place}", "number", (0, 0, 1, 1))
    wrong += [_unknown(key, _FIELD_KEYS, where) for key in data if key not in _FIELD_KEYS]
    name, kind, check = data.get("name"), data.get("kind", "number"), data.get("check")
    if not isinstance(name, str) or not name:
        wrong.append(f"{where}name: a text (got {name!r})")
    for key, value, known in (("kind", kind, KINDS), ("check", check, CHECKS)):
        if value not in known and not (key == "check" and value is None):
            hint = did_you_mean(str(value), known)
            wrong.append(f"{where}{key}: one of {', '.join(known)} (got {value!r}){hint}")
    cells, length = (_count(data.get(key), where + key, wrong) for key in ("cells", "length"))
    if cells is not None and length is not None and length > cells:
        wrong.append(f"{where}length: at most {cells}, as many as there are cells (got {length})")
    required = data.get("required", True)
    if not isinstance(required, bool):
        wrong.append(f"{where}required: true or false (got {required!r})")
    _check_names(data, where, wrong)
    return FormField(
        str(name),
        str(kind),
        _box(data.get("box"), where, size, wrong),
        cells or 0,
        length,
        check if check in CHECKS else None,
        _range(data.get("range"), where, wrong),
        bool(required),
        data.get("locale"),
        data.get("country"),
    )


def _check_names(data: Mapping[str, Any], where: str, wrong: list[str]) -> None:
    """Let the documents of amounts and postal codes say whether they know a locale and a country."""
    from inkread.reading.documents.amount import Amount
    from inkread.reading.documents.postcode import Postcode

    for key, document in (("locale", Amount), ("country", Postcode)):
        try:
            if data.get(key) is not None:
                document(str(data[key]))
        except UsageError as error:
            wrong.append(f"{where}{key}: {error}")


def _count(value: Any, name: str, wrong: list[str]) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1000:
        wrong.append(f"{name}: a whole number from 1 (got {value!r})")
        return None
    return value


def _box(value: Any, where: str, size: tuple[float, float], wrong: list[str]) -> _Rectangle:
    if not isinstance(value, list) or len(value) != 4:
        wrong.append(f"{where}box: [left, top, width, height] (got {value!r})")
        return (0, 0, 1, 1)
    left, top, width, height = (_number(side, where + "box", wrong, least=0.0) for side in value)
    right, bottom = (side * (1 + _ROUNDING) for side in size)
    if width <= 0 or height <= 0 or left + width > right or top + height > bottom:
        wrong.append(f"{where}box: inside the page of {size[0]:g} x {size[1]:g} (got {value!r})")
    return left, top, width, height


def _range(value: Any, where: str, wrong: list[str]) -> tuple[Decimal | None, Decimal | None]:
    if value is None:
        return (None, None)
    try:
        least, greatest = (None if end is None else Decimal(str(end)) for end in value)
        ordered = least is None or greatest is None or least <= greatest
        finite = all(end is None or end.is_finite() for end in (least, greatest))
    except (TypeError, ValueError, InvalidOperation):
        ordered = finite = False
        least = greatest = None
    if not ordered or not finite:
        wrong.append(f"{where}range: [least, greatest], null for an open end (got {value!r})")
        return (None, None)
    return least, greatest


def _sums(data: Any, names: list[str], codes: list[str], wrong: list[str]) -> tuple[Sum, ...]:
    if not isinstance(data, list):
        wrong.append(f'sums: a list of {{"total": NAME, "parts": [NAME, ...]}} (got {data!r})')
        return ()
    found = []
    for place, one in enumerate(data):
        parts = one.get("parts") if isinstance(one, Mapping) else None
        if not isinstance(parts, list) or not parts:
            wrong.append(f'sums[{place}]: {{"total": NAME, "parts": [NAME, ...]}} (got {one!r})')
            continue
        wrong += [_unknown(key, _SUM_KEYS, f"sums[{place}].") for key in one if key not in _SUM_KEYS]
        wrong += [f"sums[{place}]: {n!r} is a postal code" for n in (one.get("total"), *parts) if n in codes]
        if one.get("total") in parts:
            wrong.append(f"sums[{place}]: {one.get('total')!r} cannot be a part of itself")
        unknown = [name for name in (one.get("total"), *parts) if name not in names]
        wrong += [f"sums[{place}]: there is no field {n!r}.{did_you_mean(str(n), names)}" for n in unknown]
        found.append(Sum(str(one.get("total")), tuple(str(part) for part in parts)))
    return tuple(found)
