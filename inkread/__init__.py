"""inkread reads handwritten numbers from any picture: offline, in milliseconds, with a calibrated confidence.

    >>> import inkread
    >>> inkread.read("examples/seven.png").text
    '7'

Each name is resolved on first use, so that importing the package stays instant.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inkread import errors
    from inkread.imaging.draw import draw
    from inkread.imaging.preprocess import normalize, normalize_batch
    from inkread.reading.predictor import Predictor
    from inkread.reading.read import read, read_many
    from inkread.reading.reader import Reader
    from inkread.results import Box, Digit, Field, Line, Page

# From 1.29 on ONNX Runtime tells its makers of each session unless this is set before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"

__all__ = [
    "Box",
    "Digit",
    "Field",
    "Line",
    "Page",
    "Predictor",
    "Reader",
    "__version__",
    "draw",
    "errors",
    "normalize",
    "normalize_batch",
    "read",
    "read_many",
]

_HOMES = {
    "Box": "inkread.results",
    "Digit": "inkread.results",
    "Field": "inkread.results",
    "Line": "inkread.results",
    "Page": "inkread.results",
    "Predictor": "inkread.reading.predictor",
    "Reader": "inkread.reading.reader",
    "draw": "inkread.imaging.draw",
    "normalize": "inkread.imaging.preprocess",
    "normalize_batch": "inkread.imaging.preprocess",
    "read": "inkread.reading.read",
    "read_many": "inkread.reading.read",
}


def __getattr__(name: str) -> Any:
    if name == "errors":
        return import_module("inkread.errors")
    if name not in _HOMES:
        raise AttributeError(f"module 'inkread' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
