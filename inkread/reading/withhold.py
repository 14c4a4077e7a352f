"""Lines that are more doubtful than was wished for."""

from __future__ import annotations

from dataclasses import replace

from inkread.results import WITHHELD, Line

__all__ = ["withheld"]


def withheld(line: Line, least: float, least_digit: float = 0.0) -> Line:
    """Return a line as it is when it is sure enough, else not answered, with its weakest digits withheld.

    Args:
        line: As it was read.
        least: The confidence from which a line is answered.
        least_digit: The confidence below which a digit of a withheld line is withheld; the weakest always is.
    """
    if line.answered and line.confidence >= least:
        return line
    weakest = min((digit.confidence for digit in line.digits), default=0.0)
    digits = tuple(
        replace(digit, value=None, label=WITHHELD)
        if digit.confidence <= weakest or digit.confidence < least_digit
        else digit
        for digit in line.digits
    )
    written = _rewritten(line, tuple(digit.label for digit in digits))
    return replace(line, digits=digits, groups=written[0], transcript=written[1], answered=False)


def _rewritten(line: Line, labels: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """Return groups and transcript with other labels in the place of the digits."""
    old = [digit.label for digit in line.digits]
    groups, done = [], 0
    for group in line.groups:
        count, length = 0, 0
        while done + count < len(old) and length < len(group):
            length += len(old[done + count])
            count += 1
        groups.append("".join(labels[done : done + count]))
        done += count
    written, place = "", 0
    for label, new in zip(old, labels, strict=True):
        at = line.transcript.find(label, place)
        if at < 0:
            return tuple(groups), line.transcript
        written += line.transcript[place:at] + new
        place = at + len(label)
    return tuple(groups), written + line.transcript[place:]
