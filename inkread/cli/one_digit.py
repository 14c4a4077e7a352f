"""The one digit of a picture that is to be looked into."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from inkread.results import Box

__all__ = ["one_digit"]

_FAR = 1e6  # pixels: beyond the side of any picture


def one_digit(pixels: NDArray[np.uint8], model: str, number: int | None, place: str | None) -> NDArray[np.uint8]:
    """Return the part of a picture that has the digit wished for.

    Args:
        pixels: The picture.
        model: Reads it, where there may be several digits.
        number: Which digit, as they are read, from 1; None for the only one.
        place: "left,top,width,height" in pixels; None for where it is read.

    Raises:
        UsageError: There are several digits and none is chosen, or there is no such digit or place.
        ModelError: The model cannot be used.
    """
    from inkread.errors import UsageError
    from inkread.imaging.crop import crop
    from inkread.reading.reader import Reader

    if place is not None:
        if number is not None:
            raise UsageError("Expected --digit or --box, got both. Leave out one of the two.")
        return crop(pixels, _box(place))
    page = Reader(model).read(pixels)
    digits = [digit for line in page.lines for digit in line.digits]
    if number is None and len(digits) < 2:
        return pixels
    read = page.text.replace("\n", " ") or "none"
    if number is None:
        raise UsageError(
            f"Expected a picture of one digit, got one of {len(digits)}: {read}. Choose one with --digit 1 to "
            f"{len(digits)}, or a place with --box left,top,width,height."
        )
    if not 1 <= number <= len(digits):
        upto = f"from 1 to {len(digits)}" if digits else "only where digits are read"
        raise UsageError(f"Expected --digit {upto}, got {number}; read was: {read}. Choose a place with --box instead.")
    return pixels if len(digits) == 1 else crop(pixels, digits[number - 1].box)


def _box(text: str) -> Box:
    from inkread.errors import UsageError
    from inkread.results import Box

    try:
        left, top, width, height = (float(part) for part in text.split(","))
    except ValueError:
        left = top = width = height = 0.0
    if not (0 < width < _FAR and 0 < height < _FAR and 0 <= left < _FAR and 0 <= top < _FAR):
        raise UsageError(
            f"Expected --box as left,top,width,height in pixels, such as 120,40,60,80, got {text!r}. "
            "inkread read --format csv tells where digits are."
        )
    return Box(left, top, width, height)
