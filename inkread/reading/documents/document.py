"""What all documents have in common, and how one is named."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from inkread.errors import UsageError, did_you_mean
from inkread.reading.pages import LineReader
from inkread.results import Field, Line

__all__ = ["Document", "open_document"]

_NAMES = ("amount", "postcode")


class Document(Protocol):
    """Reads a picture as something whose rules are known."""

    def read(
        self, gray: NDArray[np.uint8], reader: LineReader, least: float
    ) -> tuple[tuple[Line, ...], tuple[Field, ...]]:
        """Read a picture.

        Args:
            gray: uint8 (H, W), either polarity.
            reader: Of strips.
            least: The confidence from which a field is answered.

        Returns:
            The lines as they were read, and the fields that they make.

        Raises:
            ImageError: The picture is no such document.
        """


def open_document(given: Any) -> Document:
    """Return the document that a user names.

    Args:
        given: "amount" or "amount:LOCALE"; "postcode", "postcode:COUNTRY" or "postcode:COUNTRY:FILE" with a list of
            valid codes; the path of a form's template, which ends in .json; or an object with the method `read` of
            `Document`.

    Raises:
        UsageError: There is no such document.
    """
    if callable(getattr(given, "read", None)):
        return given
    text = str(given)
    name, _, rest = text.partition(":")
    if name == "amount":
        from inkread.reading.documents.amount import Amount

        return Amount(rest or None)
    if name == "postcode":
        from inkread.reading.documents.postcode import Postcode, read_codes

        country, _, codes = rest.partition(":")
        return Postcode(country or None, read_codes(codes) if codes else None)
    if text.lower().endswith(".json"):
        from inkread.reading.documents.form import Form

        return Form.open(text)
    hint = did_you_mean(name, _NAMES)
    raise UsageError(
        f"Expected document 'amount', 'postcode' or the path of a form's template ending in .json, got {given!r}.{hint}"
    )
