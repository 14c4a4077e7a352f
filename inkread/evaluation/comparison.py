"""Whether two models differ on the same pictures, or chance alone tells them apart."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkread.errors import UsageError

__all__ = ["McNemar", "mcnemar"]

# Below it the chi-squared distribution is a poor guide (Dietterich 1998 and most textbooks).
_FEW = 25


@dataclass(frozen=True, slots=True)
class McNemar:
    """McNemar's test of two models on the same pictures.

    Attributes:
        n: Pictures.
        only_first: Indices of those that the first alone gets right.
        only_second: Indices of those that the second alone gets right.
        both_right: How many both get right.
        both_wrong: How many neither gets right.
        p_value: How probable a difference as large, or larger, is between models that are equally good.
        exact: Whether it is from the binomial distribution, as for fewer than 25 pictures on which they differ; else
            from the chi-squared distribution with continuity correction.
    """

    n: int
    only_first: tuple[int, ...]
    only_second: tuple[int, ...]
    both_right: int
    both_wrong: int
    p_value: float
    exact: bool


def mcnemar(first_right: NDArray[np.bool_], second_right: NDArray[np.bool_]) -> McNemar:
    """Test whether two models are right equally often (McNemar 1947; continuity correction Edwards 1948).

    Args:
        first_right: bool (N,), whether the first model is right.
        second_right: bool (N,), the same of the second, on the same pictures.

    Raises:
        UsageError: The shapes differ, or there is no picture.

    Example:
        >>> test = mcnemar(np.array([True] * 6), np.array([False] * 6))
        >>> test.p_value
        0.03125
    """
    if first_right.shape != second_right.shape or first_right.ndim != 1 or first_right.size == 0:
        raise UsageError(
            "Expected the answers of two models to the same pictures, at least one; received "
            f"{first_right.shape} and {second_right.shape}."
        )
    only_first = np.flatnonzero(first_right & ~second_right)
    only_second = np.flatnonzero(~first_right & second_right)
    exact = len(only_first) + len(only_second) < _FEW
    test = _binomial if exact else _chi_squared
    return McNemar(
        n=len(first_right),
        only_first=tuple(only_first.tolist()),
        only_second=tuple(only_second.tolist()),
        both_right=int(np.count_nonzero(first_right & second_right)),
        both_wrong=int(np.count_nonzero(~first_right & ~second_right)),
        p_value=test(len(only_first), len(only_second)),
        exact=exact,
    )


def _binomial(first: int, second: int) -> float:
    n = first + second
    tail = sum(math.comb(n, k) for k in range(min(first, second) + 1))
    return min(1.0, 2 * tail / 2**n)


def _chi_squared(first: int, second: int) -> float:
    statistic = max(0, abs(first - second) - 1) ** 2 / (first + second)
    return math.erfc(math.sqrt(statistic / 2))  # of one degree of freedom
