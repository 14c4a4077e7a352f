"""Errors as problem+json (RFC 9457), under the names that the library gives them."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from inkread import errors
from inkread.errors import InkreadError

__all__ = ["MEDIA_TYPE", "STATUS", "TITLES", "Problem", "anchor", "fault_of", "problem_of", "problem_response"]

MEDIA_TYPE = "application/problem+json"

# The first class of an error's ancestry that is listed decides.
STATUS: Mapping[type[InkreadError], int] = {
    errors.UsageError: 422,
    errors.ImageTooLargeError: 413,
    errors.ImageError: 422,
    errors.ModelNotFoundError: 404,
    InkreadError: 500,
}

# Problems that only a server has.
TITLES: Mapping[str, str] = {
    "NotFound": "There is nothing at this address.",
    "MethodNotAllowed": "The address does not take this method.",
    "BadRequest": "The request is not as HTTP wants it.",
    "Unauthorized": "The request lacks the key that this server asks for.",
    "RequestTimeout": "The request took too long to arrive.",
    "UnsupportedMediaType": "The body is of a kind that is not read.",
    "Overloaded": "The server has as much to do as it takes on.",
    "TookTooLong": "Reading took longer than a request may.",
    "InternalError": "The server has a fault.",
}


_LONGEST = 60  # characters of what came that are repeated

# What FastAPI's kinds of faults mean, with what it tells of their limits.
_WANTED = {
    "greater_than": "a number above {gt:g}",
    "greater_than_equal": "a number from {ge:g}",
    "less_than": "a number below {lt:g}",
    "less_than_equal": "a number up to {le:g}",
    "int_parsing": "a whole number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "literal_error": "one of {expected}",
    "string_too_long": "at most {max_length} characters",
}


class Problem(Exception):  # noqa: N818  (it is not always the server's error)
    """What a request is answered with when it cannot be done.

    Args:
        status: Of HTTP.
        name: Of the kind: an error class of the library, or one of `TITLES`.
        detail: What was expected, what came, and what to do.
        headers: Further ones of the answer.
    """

    def __init__(self, status: int, name: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.name, self.detail, self.headers = status, name, detail, dict(headers or {})


def problem_of(error: InkreadError) -> Problem:
    """Return an error of the library as a problem."""
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    return Problem(status, type(error).__name__, str(error))


def fault_of(fault: Mapping[str, Any]) -> str:
    """Return what FastAPI found wrong with an option, in the words of the library's own errors."""
    name, came = ".".join(map(str, fault["loc"][1:])), repr(fault.get("input"))
    got = came if len(came) <= _LONGEST else f"{came[:_LONGEST]}…"
    wanted = _WANTED.get(fault["type"])
    if wanted is None:
        return f"{name}: another value (got {got}). See /docs."
    return f"{name}: {wanted.format(**fault.get('ctx', {}))} (got {got})"


def problem_response(problem: Problem) -> Response:
    """Return a problem as a response."""
    body: dict[str, Any] = {
        "type": f"/docs#{anchor(problem.name)}",
        "title": _title(problem.name),
        "status": problem.status,
        "detail": problem.detail,
        "error": problem.name,
    }
    return Response(json.dumps(body), problem.status, problem.headers, MEDIA_TYPE)


def anchor(name: str) -> str:
    """Return where the documentation of the server explains a kind of problem."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def _title(name: str) -> str:
    if name in TITLES:
        return TITLES[name]
    return (inspect.getdoc(getattr(errors, name)) or name).splitlines()[0]
