"""Figures with as many decimals as mean something: what is written for others to read."""

from __future__ import annotations

from typing import Any

__all__ = ["rounded", "share", "side"]

_ALMOST = 0.9999  # no share is rounded up to certainty


def share(value: float) -> float:
    """Return a share or probability with four decimals; 1.0 only where it is."""
    return min(round(value, 4), _ALMOST) if value < 1 else value


def side(value: float) -> float:
    """Return pixels of a picture with one decimal."""
    return round(value, 1)


def rounded(data: Any) -> Any:
    """Return JSON values of a page with their shares and boxes rounded; a box keeps an extent above zero."""
    if isinstance(data, dict):
        if data.keys() == {"left", "top", "width", "height"}:
            least = {"width": 0.1, "height": 0.1}
            return {key: max(side(value), least.get(key, -float("inf"))) for key, value in data.items()}
        return {key: rounded(value) for key, value in data.items()}
    if isinstance(data, list):
        return [rounded(value) for value in data]
    return share(data) if isinstance(data, float) else data
