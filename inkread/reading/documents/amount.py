"""Amounts of money: which marks part thousands and which part cents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkread.errors import UsageError, did_you_mean
from inkread.reading.pages import LineReader, read_line, read_page
from inkread.reading.wanted import Wanted
from inkread.reading.withhold import withheld
from inkread.results import Field, Line

__all__ = ["LOCALES", "Amount", "AmountReading", "parse_amount"]

# Marks of thousands and of cents, by language, and by country where that differs (Unicode CLDR).
LOCALES = {
    "de": (".", ","), "es": (".", ","), "it": (".", ","), "nl": (".", ","), "pt": (".", ","), "da": (".", ","),
    "tr": (".", ","), "id": (".", ","), "el": (".", ","), "sl": (".", ","), "ro": (".", ","), "hr": (".", ","),
    "fr": (" ", ","), "pl": (" ", ","), "cs": (" ", ","), "sv": (" ", ","), "nb": (" ", ","), "fi": (" ", ","),
    "ru": (" ", ","), "uk": (" ", ","), "hu": (" ", ","), "sk": (" ", ","), "bg": (" ", ","),
    "en": (",", "."), "ja": (",", "."), "zh": (",", "."), "ko": (",", "."), "he": (",", "."), "th": (",", "."),
    "de-ch": ("'", "."), "fr-ch": ("'", "."), "it-ch": ("'", "."), "de-at": (".", ","), "es-mx": (",", "."),
    "en-za": (" ", ","),
}  # fmt: skip

# Countries that are no language's code, by the language or locale that their amounts are written like. A code that is
# both means the language: "uk" is Ukrainian, the United Kingdom is "gb".
COUNTRIES = {
    "us": "en", "gb": "en", "ie": "en", "au": "en", "nz": "en", "sg": "en", "hk": "en", "ph": "en", "my": "en",
    "za": "en-za", "ch": "de-ch", "li": "de-ch", "at": "de-at", "mx": "es-mx", "br": "pt", "dk": "da", "gr": "el",
    "si": "sl", "se": "sv", "no": "nb", "cz": "cs", "ua": "uk", "jp": "ja", "cn": "zh", "kr": "ko", "il": "he",
}  # fmt: skip

_OTHER_MARK = 0.3  # how likely a mark is that the locale has not: dots and commas are easily confused
_BROKEN = 0.05  # ... and groups that are not of three digits
_SPACED = 0.3  # ... when they are parted by gaps only
_CENTS = {1: 0.05, 2: 1.0}  # by how many digits stand behind the mark
_BARE = 0.15  # ... and digits without any mark: most people write the cents, or that there are none
_WIDE_GAP = 0.4  # a gap before the cents instead of a mark
_WIDE = 1.6  # width to height from which a picture is taken for one line
_DOUBT = 0.2  # a second reading this likely is told of


@dataclass(frozen=True, slots=True)
class AmountReading:
    """One meaning of an amount as it was written.

    Attributes:
        value: The amount.
        probability: How likely this meaning is, of all that the writing may have.
    """

    value: Decimal
    probability: float


def parse_amount(written: str, locale: str | None = None) -> tuple[AmountReading, ...]:
    """Return what an amount may mean.

    Dots, commas, spaces and apostrophes part thousands or cents; dashes and "=" at the end stand for no cents; what
    stands before the first digit is a sign of a currency.

    Args:
        written: The amount with its marks, such as "1.234,50", "1,234.50" or "22.970.-".
        locale: A language ("de"), a language and a country ("de-CH"), or a country ("us"), when it is known.

    Returns:
        The meanings, the likeliest first; none when there is no digit, or one that could not be read ("?").

    Raises:
        UsageError: An unknown locale.

    Example:
        >>> parse_amount("22.970.-")[0].value
        Decimal('22970')
        >>> parse_amount("1,234.50")[0].value
        Decimal('1234.50')
    """
    weights = {} if "?" in written else _weights(written, _marks(locale))
    total = sum(weights.values())
    readings = [AmountReading(value, weight / total) for value, weight in weights.items()]
    return tuple(sorted(readings, key=lambda reading: -reading.probability))


def _weights(written: str, marks: tuple[str, str] | None) -> dict[Decimal, float]:
    """Return the meanings of an amount, each with how plausible it is that such a one is written so."""
    runs = re.findall(r"\d+", written)
    if not runs:
        return {}
    body = written[written.index(runs[0]) :]
    between = [_mark(found) for found in re.findall(r"(?<=\d)[^\d]+(?=\d)", body)]
    rest = re.search(r"\D*$", body)
    no_cents = bool(rest and re.search(r"[-=]", rest.group()))
    weights: dict[Decimal, float] = {}
    whole = Decimal("".join(runs))
    weights[whole] = _thousands(runs, between, marks)
    if between:
        value = Decimal("".join(runs[:-1]) + "." + runs[-1])
        weight = _CENTS.get(len(runs[-1]), 0.01) * _mark_fits(between[-1], marks, 1, between[:-1])
        weight *= _thousands(runs[:-1], between[:-1], marks) * (_BROKEN if no_cents else 1.0)
        weights[value] = weight
    elif not no_cents:
        weights[whole] *= _BARE
    return weights


def _marks(locale: Any) -> tuple[str, str] | None:
    if locale is None:
        return None
    name = str(locale).strip().lower().replace("_", "-").partition(".")[0]
    name = COUNTRIES.get(name, name)
    found = LOCALES.get(name) or LOCALES.get(name.partition("-")[0])
    if found is None:
        raise UsageError(
            f"Expected a language ('de'), a language and a country ('de-CH') or a country ('us') for amounts, got "
            f"{locale!r}.{did_you_mean(name, [*LOCALES, *COUNTRIES])} Known are: languages "
            f"{', '.join(sorted(LOCALES))}; countries {', '.join(sorted(COUNTRIES))}."
        )
    return found


def _mark(found: str) -> str:
    """Return the mark between two runs of digits: what else stands there is dirt."""
    for mark in (",", ".", "'"):
        if mark in found:
            return mark
    return " "


def _thousands(runs: Sequence[str], between: Sequence[str], marks: tuple[str, str] | None) -> float:
    """Return how likely it is that marks part runs of digits in thousands."""
    if not between:
        return 1.0
    grouped = all(len(run) == 3 for run in runs[1:]) and 1 <= len(runs[0]) <= 3
    spaced = all(mark == " " for mark in between)  # no marks: the digits may just stand apart
    weight = 1.0 if grouped else _SPACED if spaced else _BROKEN
    return weight * min(_mark_fits(mark, marks, 0, ()) for mark in between)


def _mark_fits(mark: str, marks: tuple[str, str] | None, place: int, others: Sequence[str]) -> float:
    """Return how likely a mark stands for thousands (place 0) or cents (place 1)."""
    if mark == " " and place == 1:
        return _WIDE_GAP
    if marks is not None:
        return 1.0 if mark in (marks[place], " ") else _OTHER_MARK
    return _OTHER_MARK if place == 1 and mark in others else 1.0


@dataclass(frozen=True, slots=True)
class Amount:
    """The document "amount": each line is one.

    Attributes:
        locale: A language, a language and a country, or a country, when it is known.
    """

    locale: str | None = None

    def __post_init__(self) -> None:
        _marks(self.locale)

    def plausible(self, written: str) -> float:
        """Return how plausible it is that an amount is written so, from 0 to 1."""
        return max(_weights(written, _marks(self.locale)).values(), default=0.0)

    def read(
        self, gray: NDArray[np.uint8], reader: LineReader, least: float
    ) -> tuple[tuple[Line, ...], tuple[Field, ...]]:
        """Read a picture of an amount, or of several below each other; see `Document.read`."""
        wide = gray.shape[1] > _WIDE * gray.shape[0]
        lines = (read_line if wide else read_page)(gray, reader, Wanted(number=True, written=self.plausible))
        lines = tuple(withheld(line, least) for line in lines)
        names = ["amount"] if len(lines) == 1 else [f"amount {i}" for i in range(1, len(lines) + 1)]
        return lines, tuple(amount_field(name, line, self.locale) for name, line in zip(names, lines, strict=True))


def amount_field(name: str, line: Line, locale: str | None) -> Field:
    """Return the field that a line with an amount makes."""
    readings = parse_amount(line.transcript, locale)
    problems = []
    if not readings:
        problems.append("the amount is withheld" if "?" in line.transcript else "there is no amount")
    for likelier, other in pairwise(readings):
        if other.probability > _DOUBT:
            problems.append(f"it may mean {other.value} instead of {likelier.value}")
    value = str(readings[0].value) if readings else None
    confidence = line.confidence * (readings[0].probability if readings else 1.0)
    return Field(name, "amount", line.transcript, value, confidence, line.box, line.answered, tuple(problems))
