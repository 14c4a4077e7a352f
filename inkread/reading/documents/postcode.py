"""Postal codes: how many digits a country's have, and how they are written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkread.errors import UsageError, did_you_mean
from inkread.reading.pages import LineReader, read_line, read_page
from inkread.reading.wanted import Wanted
from inkread.reading.withhold import withheld
from inkread.results import Field, Line

__all__ = ["COUNTRIES", "Postcode", "postcode_field", "read_codes"]

# By the two letters of ISO 3166: the digits as a regular expression, and the places at which a sign is written.
# From the addressing pages of the Universal Postal Union; letters, as in the Netherlands, are not read.
COUNTRIES: dict[str, tuple[str, dict[int, str]]] = {
    "AT": (r"[1-9]\d{3}", {}),
    "AU": (r"0[289]\d{2}|[1-9]\d{3}", {}),
    "BE": (r"[1-9]\d{3}", {}),
    "BR": (r"\d{8}", {5: "-"}),
    "CH": (r"[1-9]\d{3}", {}),
    "CN": (r"\d{6}", {}),
    "CZ": (r"[1-7]\d{4}", {3: " "}),
    "DE": (r"0[1-9]\d{3}|[1-9]\d{4}", {}),
    "DK": (r"[1-9]\d{3}|0[1-9]\d{2}", {}),
    "ES": (r"(?:0[1-9]|[1-4]\d|5[0-2])\d{3}", {}),
    "FI": (r"\d{5}", {}),
    "FR": (r"(?:0[1-9]|[1-8]\d|9[0-8])\d{3}", {}),
    "IN": (r"[1-9]\d{5}", {}),
    "IT": (r"\d{5}", {}),
    "JP": (r"\d{7}", {3: "-"}),
    "KR": (r"[0-6]\d{4}", {}),
    "MX": (r"\d{5}", {}),
    "NO": (r"\d{4}", {}),
    "PL": (r"\d{5}", {2: "-"}),
    "PT": (r"[1-9]\d{6}", {4: "-"}),
    "SE": (r"[1-9]\d{4}", {3: " "}),
    "TR": (r"(?:0[1-9]|[1-7]\d|8[01])\d{3}", {}),
    "US": (r"\d{5}(?:\d{4})?", {5: "-"}),
}
_ANY = r"\d{4,9}"
_WIDE = 1.6  # width to height from which a picture is taken for one line


def read_codes(path: str) -> frozenset[str]:
    """Return the valid codes that a text file lists, one to a line; what stands behind a code is left out.

    Raises:
        UsageError: The file cannot be read, or no line of it begins with a code.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise UsageError(f"Expected a file with valid postal codes, cannot open {path!r}: {error.strerror}.") from error
    words = [line.replace(",", " ").replace(";", " ").split() for line in lines]
    return _codes((found[0] for found in words if found), repr(path))


def _codes(given: Iterable[Any], where: str) -> frozenset[str]:
    codes = {"".join(c for c in str(code) if c.isdigit()) for code in given} - {""}
    if not codes:
        raise UsageError(f"Expected postal codes, one to a line, got none in {where}.")
    return frozenset(codes)


@dataclass(frozen=True, slots=True)
class Postcode:
    """The document "postcode": each line is one.

    Attributes:
        country: Two letters of ISO 3166; None for any.
        valid: The codes that there are; None when they are not known.
    """

    country: str | None = None
    valid: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if self.country is not None and self.country.upper() not in COUNTRIES:
            known = ", ".join(sorted(COUNTRIES))
            hint = did_you_mean(self.country.upper(), COUNTRIES)
            raise UsageError(
                f"Expected a country by two letters for a postal code, got {self.country!r}.{hint} Known are: {known}."
            )
        if self.valid is not None:
            object.__setattr__(self, "valid", _codes(self.valid, "the codes given"))

    @property
    def wanted(self) -> Wanted:
        """What the digits of a code may be."""
        pattern = COUNTRIES[self.country.upper()][0] if self.country else _ANY
        return Wanted(pattern=pattern, among=self.valid)

    def read(
        self, gray: NDArray[np.uint8], reader: LineReader, least: float
    ) -> tuple[tuple[Line, ...], tuple[Field, ...]]:
        """Read a picture of a postal code, or of several below each other; see `Document.read`."""
        wide = gray.shape[1] > _WIDE * gray.shape[0]
        lines = (read_line if wide else read_page)(gray, reader, self.wanted)
        lines = tuple(withheld(line, least) for line in lines)
        names = ["postcode"] if len(lines) == 1 else [f"postcode {i}" for i in range(1, len(lines) + 1)]
        return lines, tuple(postcode_field(name, line, self) for name, line in zip(names, lines, strict=True))


def postcode_field(name: str, line: Line, code: Postcode) -> Field:
    """Return the field that a line with a postal code makes."""
    text, problems = line.text, []
    signs = COUNTRIES[code.country.upper()][1] if code.country else {}
    if "?" not in text and not code.wanted.allows(text):
        where = f" of {code.country.upper()}" if code.country else ""
        listed = " that is on the list" if code.valid is not None else ""
        problems.append(f"{text} is no postal code{where}{listed}")
    written = "".join((signs.get(i, "") if i else "") + digit for i, digit in enumerate(text))
    value = None if problems or "?" in text else written
    return Field(name, "postcode", written, value, line.confidence, line.box, line.answered, tuple(problems))
