"""What a line may be: its length, and a pattern."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import regex

from inkread.errors import UsageError

__all__ = ["ANYTHING", "BROKEN", "Wanted", "wanted"]

BROKEN = 0.01  # of the lines are not what is wanted: what the one allowed reading of a clear other one is up against

_SECONDS = 0.2  # that one question may take: patterns can be made to take forever
_LONGEST = 10_000  # characters of a pattern


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a line may be.

    Attributes:
        length: How many digits it has; None for any number.
        pattern: A regular expression that its digits match as a whole; None for any.
        among: All that it may be; None for anything.
        number: Whether a number is sure to be there, as a line or a document was asked for: what could as well be a
            word is read then.
        likely: Whether digits keep the rules that a line is meant to, as those of check digits are; None without any. A
            reading that breaks them is not left out, for the writer may have erred, but has to be much clearer.
        written: How plausible it is that a line is written so, its marks among its digits, from 0 to 1; None where
            nothing is known of that.
    """

    length: int | None = None
    pattern: str | None = None
    among: frozenset[str] | None = None
    number: bool = False
    likely: Callable[[str], bool] | None = None
    written: Callable[[str], float] | None = None

    def allows(self, text: str) -> bool:
        """Tell whether digits may be a line."""
        if self.length is not None and len(text) != self.length:
            return False
        if self.among is not None and text not in self.among:
            return False
        return self.pattern is None or _matches(self.pattern, text, False)

    def may_begin(self, text: str) -> bool:
        """Tell whether a line may begin with some digits."""
        if self.length is not None and len(text) > self.length:
            return False
        if self.among is not None and text not in _beginnings(self.among):
            return False
        return self.pattern is None or _matches(self.pattern, text, True)

    @property
    def restricts(self) -> bool:
        """Whether there is anything that it does not allow."""
        return self.length is not None or self.pattern is not None or self.among is not None


ANYTHING = Wanted()


def wanted(length: Any, pattern: Any) -> Wanted:
    """Check what a user asks of a line.

    Raises:
        UsageError: A length or a pattern that cannot be.
    """
    if length is not None and (isinstance(length, bool) or not isinstance(length, int) or not 1 <= length <= 1000):
        raise UsageError(f"Expected length as a whole number of digits from 1 to 1000, got {length!r}.")
    if pattern is not None:
        _check(pattern)
    return Wanted(length, pattern)


def _check(pattern: Any) -> None:
    if not isinstance(pattern, str) or not pattern or len(pattern) > _LONGEST:
        raise UsageError(
            rf"Expected pattern as a regular expression for the digits of a line, such as '19\d\d', got {pattern!r}."
        )
    try:
        _compiled(pattern)
    except regex.error as error:
        raise UsageError(
            rf"Expected pattern as a regular expression for the digits of a line, such as '19\d\d', got {pattern!r}: "
            f"{error}."
        ) from error
    if not any(_matches(pattern, first, True) for first in "0123456789"):
        raise UsageError(
            f"Expected a pattern that some digits match, got {pattern!r}, which matches none. It sees the digits of a "
            "line only, without spaces and marks."
        )


@lru_cache(maxsize=8)
def _beginnings(among: frozenset[str]) -> frozenset[str]:
    return frozenset(text[:end] for text in among for end in range(len(text) + 1))


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> Any:
    return regex.compile(pattern)


@lru_cache(maxsize=65536)
def _matches(pattern: str, text: str, partial: bool) -> bool:
    try:
        return _compiled(pattern).fullmatch(text, partial=partial, timeout=_SECONDS) is not None
    except TimeoutError as error:
        raise UsageError(
            f"Expected a pattern that can be matched in {_SECONDS} s, got {pattern!r}. Take out nested repetitions."
        ) from error
