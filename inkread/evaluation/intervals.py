"""Intervals for measured shares."""

from __future__ import annotations

import math

from inkread.errors import UsageError

__all__ = ["wilson"]

_Z = 1.959963984540054  # of the normal distribution, for 95 %


def wilson(hits: int, n: int, z: float = _Z) -> tuple[float, float]:
    """Return the interval of a share (Wilson 1927, score interval).

    Args:
        hits: How often it happened, 0 to n.
        n: In how many trials, at least 1.
        z: Quantile of the normal distribution; the default gives 95 %.

    Returns:
        Lower and upper end, in [0, 1].

    Raises:
        UsageError: The counts do not fit each other.

    Example:
        >>> [round(end, 4) for end in wilson(9960, 10000)]
        [0.9946, 0.9971]
    """
    if n < 1 or not 0 <= hits <= n:
        raise UsageError(f"Expected 0 to n hits in n trials, n at least 1, got {hits} in {n}.")
    share, z2 = hits / n, z * z
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = z * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, centre - half), min(1.0, centre + half)
