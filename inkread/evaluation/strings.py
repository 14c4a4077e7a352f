"""How well strings were read: whole strings right, and the character error rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inkread.errors import UsageError
from inkread.evaluation.intervals import wilson

__all__ = ["StringScore", "edits", "score_strings"]


@dataclass(frozen=True, slots=True)
class StringScore:
    """How well strings were read.

    Attributes:
        right: Strings that are right as a whole.
        n: Strings in all.
        errors: Characters to be put in, left out or changed.
        characters: Of the true strings.
    """

    right: int
    n: int
    errors: int
    characters: int

    @property
    def share(self) -> float:
        """The share of strings that are right."""
        return self.right / self.n

    @property
    def error_rate(self) -> float:
        """The character error rate; above 1 when more is wrong than there is."""
        return self.errors / max(self.characters, 1)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the share (Wilson)."""
        return wilson(self.right, self.n)


def score_strings(read: Sequence[str], truth: Sequence[str]) -> StringScore:
    """Judge what was read by the truth.

    Args:
        read: What was read, "" for nothing.
        truth: As many true strings, at least one.

    Raises:
        UsageError: Another number of strings, or none.
    """
    if len(read) != len(truth) or not truth:
        raise UsageError(f"Expected as many strings as truths, at least one, got {len(read)} and {len(truth)}.")
    errors = [edits(a, b) for a, b in zip(read, truth, strict=True)]
    return StringScore(sum(e == 0 for e in errors), len(truth), sum(errors), sum(map(len, truth)))


def edits(a: str, b: str) -> int:
    """Return how many characters must be put in, left out or changed to make one string of another (Levenshtein 1966).

    Example:
        >>> edits("1234", "1324")
        2
    """
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]
