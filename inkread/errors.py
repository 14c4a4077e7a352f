"""The exceptions of inkread, each with its exit code.

    InkreadError                            1
    ├── UsageError (ValueError)             2   an option or argument that cannot be what was meant
    ├── ImageError (ValueError)             3   a picture that cannot be read
    │   ├── UnreadableImageError                not a picture, cut short, encrypted, of an unknown format
    │   ├── ImageTooLargeError                  more bytes, pixels or pages than the limit
    │   ├── MultiplePagesError                  several pages where one picture was asked for
    │   └── NoInkError                          a blank picture, given to `normalize`
    ├── ModelError (ValueError)             4   a model file that cannot be used
    │   └── ModelNotFoundError
    ├── DatasetError (ValueError)           5   labelled data that cannot be used
    │   ├── DatasetNotFoundError
    │   ├── DatasetFormatError                  wrong magic, truncated, counts that differ, labels out of range
    │   ├── ChecksumError                       the bytes are not the published ones
    │   └── DownloadError                       no mirror answered, or the cache cannot be written
    ├── TrainingError (ValueError)          6   a training that cannot start or go on
    ├── MissingExtraError (ImportError)     7   an optional part that is not installed
    ├── OutputError (OSError)               8   a result that cannot be written
    └── QualityError (ValueError)           9   a model that is not as good as was asked for

Every message says what was expected, what came, and what to do about it. The exit code is the one with which the
`inkread` command ends; exit code 3 is also used when some of many pictures could not be read.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "ChecksumError",
    "DatasetError",
    "DatasetFormatError",
    "DatasetNotFoundError",
    "DownloadError",
    "ImageError",
    "ImageTooLargeError",
    "InkreadError",
    "MissingExtraError",
    "ModelError",
    "ModelNotFoundError",
    "MultiplePagesError",
    "NoInkError",
    "OutputError",
    "QualityError",
    "TrainingError",
    "UnreadableImageError",
    "UsageError",
]


class InkreadError(Exception):
    """The base of every error that inkread raises on purpose."""

    exit_code = 1


class UsageError(InkreadError, ValueError):
    """An argument or option has a value it cannot have."""

    exit_code = 2


class ImageError(InkreadError, ValueError):
    """A picture cannot be read."""

    exit_code = 3


class UnreadableImageError(ImageError):
    """The input is no picture, is cut short, is encrypted or is of an unknown format."""


class ImageTooLargeError(ImageError):
    """The input has more bytes, pixels or pages than the limit allows."""


class MultiplePagesError(ImageError):
    """The input has several pages where one picture was asked for."""


class NoInkError(ImageError):
    """The picture is blank: there is nothing written on it."""


class ModelError(InkreadError, ValueError):
    """A model file cannot be used."""

    exit_code = 4


class ModelNotFoundError(ModelError):
    """No model of that name or path exists."""


class DatasetError(InkreadError, ValueError):
    """Labelled data cannot be used."""

    exit_code = 5


class DatasetNotFoundError(DatasetError):
    """The data is not where it was looked for."""


class DatasetFormatError(DatasetError):
    """The data is damaged or not in the format its name promises."""


class ChecksumError(DatasetError):
    """The bytes differ from the published ones."""


class DownloadError(DatasetError):
    """No mirror answered, or what was fetched cannot be stored."""


class TrainingError(InkreadError, ValueError):
    """A training cannot start or cannot go on."""

    exit_code = 6


class MissingExtraError(InkreadError, ImportError):
    """An optional part of inkread is not installed."""

    exit_code = 7

    def __init__(self, what: str, extra: str, missing: str | None = None) -> None:
        because = f" ({missing} is missing)" if missing else ""
        super().__init__(f"{what} needs an optional part{because}. Install it with: pip install 'inkread[{extra}]'")


class OutputError(InkreadError, OSError):
    """A result cannot be written."""

    exit_code = 8


class QualityError(InkreadError, ValueError):
    """A model is measured to be worse than was asked for."""

    exit_code = 9


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the nearest known name, or an empty string when none is near."""
    near = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean {near[0]!r}?" if near else ""
