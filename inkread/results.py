"""What a reading gives: a page of lines of digits, as frozen dataclasses that turn into JSON and back.

The same schema serves `to_dict`, the command line and HTTP; the latter two round, by `Page.to_json`. `SCHEMA` is its
version: it rises when a key changes its name or meaning, not when one is added.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inkread import svg
from inkread.rounding import rounded

__all__ = ["SCHEMA", "Box", "Digit", "Field", "Line", "Page"]

SCHEMA = 1

WITHHELD = "?"
EVEN = 0.5  # a line or field less sure than this is likelier wrong than right


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the input picture, origin top left, y downwards.

    Attributes:
        left: Distance of the left side from the picture's left.
        top: Distance of the upper side from the picture's top.
        width: Its extent to the right, above zero.
        height: Its extent downwards, above zero.
    """

    left: float
    top: float
    width: float
    height: float

    def to_dict(self) -> dict[str, float]:
        """Return the box as JSON values."""
        return {"left": self.left, "top": self.top, "width": self.width, "height": self.height}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Box:
        """Return the box that `to_dict` gave."""
        return cls(float(data["left"]), float(data["top"]), float(data["width"]), float(data["height"]))


@dataclass(frozen=True, slots=True)
class Digit:
    """One digit that was read.

    Attributes:
        value: The digit, 0 to 9; for a model of other classes the index of the class. None when it is withheld.
        label: The name of the class, "0" to "9" for digits; "?" when it is withheld.
        confidence: The calibrated probability in [0, 1] that the best reading is right, also when it is withheld.
        probabilities: One per class, in the order of the model's labels; they sum to 1.
        box: Where its ink is.
    """

    value: int | None
    label: str
    confidence: float
    probabilities: tuple[float, ...]
    box: Box

    def to_dict(self) -> dict[str, Any]:
        """Return the digit as JSON values."""
        return {
            "value": self.value,
            "label": self.label,
            "confidence": self.confidence,
            "probabilities": list(self.probabilities),
            "box": self.box.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Digit:
        """Return the digit that `to_dict` gave."""
        value = data["value"]
        return cls(
            value=None if value is None else int(value),
            label=str(data["label"]),
            confidence=float(data["confidence"]),
            probabilities=tuple(float(p) for p in data["probabilities"]),
            box=Box.from_dict(data["box"]),
        )

    def _repr_svg_(self) -> str:
        """Show in a notebook how likely each class is."""
        return svg.bars([str(i) for i in range(len(self.probabilities))], self.probabilities)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of digits.

    Attributes:
        digits: From left to right.
        box: Where the line is.
        confidence: The calibrated probability in [0, 1] that the whole text is right, also when it is withheld.
        groups: The text parted where the gaps are wide.
        transcript: The text with its marks, as in "22.970.-".
        alternatives: Other readings of the line with their probabilities, the best first.
        answered: False when the line is withheld because it is more doubtful than was wished for.
    """

    digits: tuple[Digit, ...]
    box: Box
    confidence: float
    groups: tuple[str, ...] = ()
    transcript: str = ""
    alternatives: tuple[tuple[str, float], ...] = ()
    answered: bool = True

    @property
    def text(self) -> str:
        """The digits only, without spaces and marks; "?" where one is withheld."""
        return "".join(digit.label for digit in self.digits)

    def to_dict(self) -> dict[str, Any]:
        """Return the line as JSON values."""
        return {
            "text": self.text,
            "confidence": self.confidence,
            "answered": self.answered,
            "box": self.box.to_dict(),
            "groups": list(self.groups),
            "transcript": self.transcript,
            "alternatives": [{"text": text, "probability": p} for text, p in self.alternatives],
            "digits": [digit.to_dict() for digit in self.digits],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Line:
        """Return the line that `to_dict` gave."""
        return cls(
            digits=tuple(Digit.from_dict(digit) for digit in data["digits"]),
            box=Box.from_dict(data["box"]),
            confidence=float(data["confidence"]),
            groups=tuple(str(group) for group in data["groups"]),
            transcript=str(data["transcript"]),
            alternatives=tuple((str(a["text"]), float(a["probability"])) for a in data["alternatives"]),
            answered=bool(data["answered"]),
        )


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a document.

    Attributes:
        name: Its name in the template.
        kind: What it holds, such as "amount" or "postcode".
        text: What was read, as written.
        value: What it means, in a form that JSON can hold; None when nothing sure can be said.
        confidence: The calibrated probability in [0, 1] that the text is right.
        box: Where the field is.
        answered: False when it is withheld.
        problems: The rules it breaks, in words.
    """

    name: str
    kind: str
    text: str
    value: str | None
    confidence: float
    box: Box
    answered: bool = True
    problems: tuple[str, ...] = ()

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why not to take the field as it is, in words: withheld, a broken rule, or likelier wrong than right."""
        if not self.text:
            return self.problems
        told = self.answered or any("withheld" in problem for problem in self.problems)
        doubts = self.problems if told else ("withheld", *self.problems)
        return doubts if doubts or self.confidence >= EVEN else (f"only {self.confidence:.0%} sure",)

    def to_dict(self) -> dict[str, Any]:
        """Return the field as JSON values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "text": self.text,
            "value": self.value,
            "confidence": self.confidence,
            "box": self.box.to_dict(),
            "answered": self.answered,
            "problems": list(self.problems),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Field:
        """Return the field that `to_dict` gave."""
        value = data["value"]
        return cls(
            name=str(data["name"]),
            kind=str(data["kind"]),
            text=str(data["text"]),
            value=None if value is None else str(value),
            confidence=float(data["confidence"]),
            box=Box.from_dict(data["box"]),
            answered=bool(data["answered"]),
            problems=tuple(str(problem) for problem in data["problems"]),
        )


@dataclass(frozen=True, slots=True)
class Page:
    """Everything read from one picture, or from one page of a file.

    Attributes:
        source: Where the picture came from: a path, "-" for standard input, or "" for a picture in memory.
        number: The page within its file, from 1.
        width: Of the picture, in pixels, as one looks at it (orientation applied).
        height: The same, downwards.
        lines: From top to bottom. A page without ink, or whose ink is no number, has none.
        fields: Of the document, when one was asked for.
        error: What went wrong when the picture could not be read and errors are kept; else None.
        model: Name and version of the model that read it.
    """

    source: str
    number: int
    width: int
    height: int
    lines: tuple[Line, ...] = ()
    fields: tuple[Field, ...] = ()
    error: str | None = None
    model: str = ""

    @property
    def text(self) -> str:
        """The text of the lines, one below the other."""
        return "\n".join(line.text for line in self.lines)

    @property
    def confidence(self) -> float:
        """The product of the confidences of the lines; 0.0 for a page without lines."""
        return math.prod(line.confidence for line in self.lines) if self.lines else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the page as JSON values, with the version of the schema."""
        return {
            "schema": SCHEMA,
            "source": self.source,
            "number": self.number,
            "width": self.width,
            "height": self.height,
            "text": self.text,
            "confidence": self.confidence,
            "lines": [line.to_dict() for line in self.lines],
            "fields": [field.to_dict() for field in self.fields],
            "error": self.error,
            "model": self.model,
        }

    def to_json(self) -> str:
        """Return the page as the command line and HTTP write it: shares with four decimals, pixels with one.

        It is ASCII, which no encoding of a terminal and no odd file name can break, and on one line.
        """
        return json.dumps(rounded(self.to_dict()), allow_nan=False)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Page:
        """Return the page that `to_dict` gave.

        Raises:
            ValueError: The schema is a version that this release does not know.
        """
        if data.get("schema") != SCHEMA:
            raise ValueError(f"Expected a page of schema {SCHEMA}, got schema {data.get('schema')!r}.")
        return cls(
            source=str(data["source"]),
            number=int(data["number"]),
            width=int(data["width"]),
            height=int(data["height"]),
            lines=tuple(Line.from_dict(line) for line in data["lines"]),
            fields=tuple(Field.from_dict(field) for field in data["fields"]),
            error=data["error"],
            model=str(data["model"]),
        )

    def _repr_svg_(self) -> str:
        """Show in a notebook where the digits are and what they are read as."""
        digits = [digit for line in self.lines for digit in line.digits]
        found = [((d.box.left, d.box.top, d.box.width, d.box.height), d.label, d.confidence) for d in digits]
        return svg.boxes((self.width, self.height), found)
