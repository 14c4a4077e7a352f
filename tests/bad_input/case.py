"""One kind of bad input: what the user did, and which error it ends in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from inkread.errors import InkreadError

Provoke = Callable[[Path], object]


@dataclass(frozen=True)
class Case:
    """A row of the table.

    Attributes:
        group: The heading it stands under.
        given: What the user did.
        error: The class that is raised.
        provoke: Does it, with an empty folder to work in.
        theirs: A pattern of the part of the message that another library words.
    """

    group: str
    given: str
    error: type[InkreadError]
    provoke: Provoke
    theirs: str = ""

    @property
    def id(self) -> str:
        return f"{self.group}: {self.given}"


def collector(group: str) -> tuple[list[Case], Callable[..., Callable[[Provoke], Provoke]]]:
    """Return a list of cases, and what adds a function to it as `@add("what was given", Error)`."""
    cases: list[Case] = []

    def add(given: str, error: type[InkreadError], theirs: str = "") -> Callable[[Provoke], Provoke]:
        def keep(provoke: Provoke) -> Provoke:
            cases.append(Case(group, given, error, provoke, theirs))
            return provoke

        return keep

    return cases, add
