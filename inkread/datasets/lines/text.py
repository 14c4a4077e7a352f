"""What is written on a line: digits, and the marks between, before and behind them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from inkread.datasets.lines.signs import UNLIKE

__all__ = ["MARKS", "SYMBOLS", "write"]

MARKS = ".,'-=#"
"""Dot, comma, apostrophe, dash, equals sign, and any other sign or letter."""

SYMBOLS = "0123456789" + MARKS
"""What a line reader tells apart, in the order of its classes; a space parts groups and is none."""

_THOUSANDS = (".", ",", "'", " ", "", ". ", ", ", "-")
_THOUSANDS_SHARES = (0.44, 0.13, 0.04, 0.08, 0.14, 0.1, 0.05, 0.02)
_LETTERS = list("eeeeeetttaaaoooiiiinnnnssshhrrrlllldduuuucmmmfwgypbvkjqxz")  # about as often as in words
_ENDS = ("", ".", ".-", "-", "=", ",-", ",", "--", ".--", "#", ".=", ". -", " -", " =", "'-")
_END_SHARES = (0.33, 0.16, 0.09, 0.09, 0.06, 0.04, 0.05, 0.01, 0.01, 0.03, 0.02, 0.05, 0.03, 0.02, 0.01)


def write(rng: np.random.Generator, longest: int = 10) -> str:
    """Return the text of a line: of `SYMBOLS`, spaces, and letters, each of which reads as any other sign, "#".

    Args:
        rng: Where the choices are drawn from.
        longest: The most digits.
    """
    kinds = list(_KINDS)
    kind = kinds[int(np.searchsorted(_KIND_SUMS, rng.random(), side="right"))]
    return kind(rng, longest)


def _pick(rng: np.random.Generator, choices: tuple[str, ...], shares: tuple[float, ...]) -> str:
    total = float(rng.random()) * sum(shares)
    for choice, share in zip(choices, shares, strict=True):
        total -= share
        if total < 0:
            return choice
    return choices[0]


def _digits(rng: np.random.Generator, count: int) -> str:
    """Return digits, all equally likely, with runs of one digit now and then: those are what CTC finds hard."""
    out = rng.integers(0, 10, count)
    if count > 1 and rng.random() < 0.25:
        start = int(rng.integers(0, count - 1))
        out[start : start + int(rng.integers(2, 4))] = out[start]
    if count > 2 and rng.random() < 0.15:
        out[-int(rng.integers(2, min(count, 6))) :] = 0
    return "".join(map(str, out.tolist()))


def _amount(rng: np.random.Generator, longest: int) -> str:
    """Return an amount of money as people write it on cheques."""
    decimals = 2 if rng.random() < 0.1 and longest >= 3 else 0
    text = _digits(rng, int(rng.integers(1, min(longest - decimals, 7) + 1)))
    if len(text) > 3:
        mark = _pick(rng, _THOUSANDS, _THOUSANDS_SHARES)
        head = len(text) % 3 or 3
        text = mark.join([text[:head], *(text[i : i + 3] for i in range(head, len(text), 3))])
    if decimals:
        return text + _pick(rng, (",", ".", "-", "="), (3, 3, 1, 0.5)) + _digits(rng, decimals)
    before = _pick(rng, ("", "#", "# ", "-", "=", ".", "##"), (0.86, 0.06, 0.03, 0.02, 0.01, 0.01, 0.01))
    return before + text + _pick(rng, _ENDS, _END_SHARES)


def _plain(rng: np.random.Generator, longest: int) -> str:
    return _digits(rng, int(rng.integers(1, longest + 1)))


def _groups(rng: np.random.Generator, longest: int) -> str:
    """Return groups of digits parted by spaces or signs, as in telephone numbers, dates and codes."""
    mark = _pick(rng, (" ", "  ", "-", ".", "#", ",", " - "), (4, 2, 2, 1, 1, 0.5, 0.5))
    text, count = "", 0
    while count < longest:
        size = min(longest - count, int(rng.integers(1, 6)))
        text += (mark if text else "") + _digits(rng, size)
        count += size
        if rng.random() < 0.4:
            break
    return text


def _strewn(rng: np.random.Generator, longest: int) -> str:
    """Return digits with marks anywhere between them."""
    text = "".join(
        digit + (_pick(rng, tuple(MARKS), (3, 2, 1, 2, 1, 2)) if rng.random() < 0.25 else "")
        for digit in _digits(rng, int(rng.integers(1, longest + 1)))
    )
    return text if rng.random() < 0.5 else _pick(rng, tuple(MARKS), (1, 1, 1, 2, 1, 3)) + text


def _no_number(rng: np.random.Generator, _: int) -> str:
    """Return signs alone, or nothing at all."""
    count = int(rng.integers(0, 8))
    return "".join(_pick(rng, tuple(MARKS), (0.5, 0.3, 0.2, 1, 0.5, 6)) for _ in range(count))


def _word(rng: np.random.Generator, most: int) -> str:
    """Return a word, at least half of it and two letters such as nobody takes for digits."""
    while True:
        word = "".join(rng.choice(_LETTERS, int(rng.integers(2, most + 1))).tolist())
        kind = rng.random()
        word = word.upper() if kind < 0.25 else word.capitalize() if kind < 0.6 else word
        if 2 <= sum(letter in UNLIKE for letter in word) >= len(word) / 2:
            return word


def _words(rng: np.random.Generator, _: int) -> str:
    """Return words alone."""
    return " ".join(_word(rng, 9) for _ in range(int(rng.integers(1, 3))))


def _labelled(rng: np.random.Generator, longest: int) -> str:
    """Return a number with a word before it, as "Total 120", or behind it, as "12 kg"."""
    number = _amount(rng, longest) if rng.random() < 0.4 else _plain(rng, longest)
    if rng.random() < 0.65:
        return _word(rng, 7) + _pick(rng, (" ", "  ", ". ", " = "), (6, 3, 2, 1)) + number
    return number + _pick(rng, (" ", "  ", ""), (6, 2, 1)) + _word(rng, 4)


_KINDS: dict[Callable[[np.random.Generator, int], str], float] = {
    _amount: 0.45,
    _plain: 0.25,
    _groups: 0.09,
    _strewn: 0.06,
    _no_number: 0.05,
    _words: 0.06,
    _labelled: 0.04,
}
_KIND_SUMS = np.cumsum(list(_KINDS.values()))[:-1]
