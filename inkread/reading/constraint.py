"""What a line may be: so many digits, or digits that match a pattern."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import regex

from inkread.errors import UsageError

__all__ = ["Constraint", "constraint"]

_SECONDS = 0.2  # for one match: a pattern that needs longer on a few digits would hang on more
_LONGEST = 200  # characters of a pattern


class Constraint:
    """Tells which digits may follow one another.

    Args:
        least: The fewest digits.
        most: The most digits.
        pattern: What all digits together must match; None for anything.
    """

    def __init__(self, least: int, most: int, pattern: Any = None) -> None:
        self.least, self.most, self._pattern = least, most, pattern
        self._asked = lru_cache(maxsize=100_000)(self._ask)

    def may_begin(self, digits: str) -> bool:
        """Tell whether these digits can be the beginning of an allowed line, or the whole of one."""
        return len(digits) <= self.most and (self._pattern is None or self._asked(digits, True))

    def allows(self, digits: str) -> bool:
        """Tell whether these digits are an allowed line."""
        return self.least <= len(digits) <= self.most and (self._pattern is None or self._asked(digits, False))

    def _ask(self, digits: str, partial: bool) -> bool:
        try:
            return self._pattern.fullmatch(digits, partial=partial, timeout=_SECONDS) is not None
        except TimeoutError:
            raise UsageError(
                f"Expected a pattern that is matched within {_SECONDS} s, got {self._pattern.pattern!r}. Nested "
                "repetitions such as (\\d+)+ take for ever; write it without."
            ) from None


def constraint(length: int | tuple[int, int] | None, pattern: str | None) -> Constraint | None:
    r"""Return what `length` and `pattern` allow; None where anything is.

    Args:
        length: How many digits, or from how many to how many.
        pattern: A regular expression that all digits together must match, such as "\d{5}" or "(19|20)\d\d".

    Raises:
        UsageError: A length that no line has, or no regular expression.
    """
    if length is None and pattern is None:
        return None
    least, most = _bounds(length)
    if pattern is None:
        return Constraint(least, most)
    if not isinstance(pattern, str) or len(pattern) > _LONGEST:
        raise UsageError(f"Expected a pattern of at most {_LONGEST} characters, got {str(pattern)[:40]!r}.")
    try:
        return Constraint(least, most, regex.compile(pattern))
    except regex.error as error:
        raise UsageError(
            f"Expected a regular expression over digits, such as '\\d{{5}}', got {pattern!r}: {error}."
        ) from error


def _bounds(length: int | tuple[int, int] | None) -> tuple[int, int]:
    if length is None:
        return 0, 10_000
    least, most = (length, length) if isinstance(length, int) else length
    if isinstance(length, bool) or not 1 <= least <= most:
        raise UsageError(f"Expected a length of at least 1, or two of them, the smaller first; got {length!r}.")
    return least, most
