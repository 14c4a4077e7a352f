"""The page at /docs, made from the OpenAPI document: no script, nothing from elsewhere."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from inkread import errors
from inkread.errors import InkreadError
from inkread.serving.problems import STATUS, TITLES, anchor

__all__ = ["documentation"]

_ELSEWHERE = ("Dataset", "Download", "Checksum", "Training", "Output", "Quality", "MissingExtra")


def documentation(openapi: dict[str, Any]) -> str:
    """Return the documentation of an API as HTML.

    Args:
        openapi: The document of the application.
    """
    folder = Path(__file__).parent / "templates"
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined)
    operations = [
        {"method": method.upper(), "path": path, "parameters": [], "description": "", **operation}
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    ]
    return environment.get_template("docs.html").render(info=openapi["info"], operations=operations, kinds=_kinds())


def _kinds() -> list[tuple[str, str, str, str]]:
    """Return name, anchor, status and meaning of each kind of problem."""
    found = []
    for name in errors.__all__:
        kind = getattr(errors, name)
        if isinstance(kind, type) and issubclass(kind, InkreadError) and not name.startswith(_ELSEWHERE):
            status = next(STATUS[base] for base in kind.__mro__ if base in STATUS)
            meaning = (inspect.getdoc(kind) or "").splitlines()[0]
            found.append((name, anchor(name), str(status), meaning))
    return found + [(name, anchor(name), "", meaning) for name, meaning in TITLES.items()]
