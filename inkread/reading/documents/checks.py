"""Rules of check digits, by name; the arithmetic is python-stdnum's."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["CHECKS", "is_valid"]


def _luhn(digits: str) -> bool:
    from stdnum import luhn

    return bool(luhn.is_valid(digits))


def _mod_97(digits: str) -> bool:
    from stdnum.iso7064 import mod_97_10

    return bool(mod_97_10.is_valid(digits))


def _mod_11_10(digits: str) -> bool:
    from stdnum.iso7064 import mod_11_10

    return bool(mod_11_10.is_valid(digits))


def _verhoeff(digits: str) -> bool:
    from stdnum import verhoeff

    return bool(verhoeff.is_valid(digits))


def _damm(digits: str) -> bool:
    from stdnum import damm

    return bool(damm.is_valid(digits))


def _ean(digits: str) -> bool:
    from stdnum import ean

    return bool(ean.is_valid(digits))


CHECKS: dict[str, Callable[[str], bool]] = {
    "luhn": _luhn,
    "mod97": _mod_97,
    "mod11-10": _mod_11_10,
    "verhoeff": _verhoeff,
    "damm": _damm,
    "ean": _ean,
}


def is_valid(rule: str, digits: str) -> bool:
    """Tell whether the check digits of a number are right.

    Args:
        rule: A name in `CHECKS`.
        digits: The number with its check digits.

    Example:
        >>> is_valid("luhn", "79927398713")
        True
    """
    return CHECKS[rule](digits)
