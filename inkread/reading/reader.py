"""Any picture to a Page."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from inkread.errors import ImageError, ModelError, UsageError, did_you_mean
from inkread.imaging.preprocess import comes_normalized, to_digit
from inkread.imaging.source import Picture, Source, iter_pictures, open_picture
from inkread.reading.confidence import threshold_for
from inkread.reading.predictor import Predictor
from inkread.results import WITHHELD, Box, Digit, Line, Page

__all__ = ["LAYOUTS", "Layout", "Reader", "read", "read_many"]

Layout = Literal["digit", "line", "page", "auto"]
LAYOUTS = ("digit", "line", "page", "auto")


class Reader:
    """Reads pictures with one session; safe to share between threads.

    Args:
        model: The name of a shipped or local model of digits, or a path ending in `.onnx`.
        line_model: The model for lines; no release ships one yet, so nothing is opened for it.

    Raises:
        ModelNotFoundError: There is no such model.
        ModelError: It cannot be used to read pictures.

    Example:
        >>> page = Reader().read("examples/seven.png")
        >>> page.text
        '7'
    """

    def __init__(self, model: str | os.PathLike[str] = "default", line_model: str = "line") -> None:
        self._predictor = Predictor(model)
        self._line_model = line_model
        card = self._predictor.card
        if card.preprocessing is None:
            raise ModelError(
                f"Expected a model of normalised digits, got {card.name!r}, which takes pictures of shape "
                f"{card.shape} as they are. Use it with inkread.Predictor."
            )
        self._model = f"{card.name} {card.version}"

    def read(
        self,
        image: Source,
        *,
        layout: Layout = "auto",
        document: Any = None,
        max_error: float | None = None,
        length: int | None = None,
        pattern: str | None = None,
    ) -> Page:
        """Read one picture.

        Args:
            image: A path, the bytes of a file, a Pillow image, or a uint8 array (H, W), (H, W, 3) or (H, W, 4).
            layout: "digit" for one digit; "auto" means it too until lines and pages can be read.
            document: For documents; not readable yet.
            max_error: The wished share of wrong digits among the answered ones, in (0, 1); more doubtful ones are
                withheld. None withholds nothing.
            length: Of a line; not readable yet.
            pattern: Of a line; not readable yet.

        Returns:
            A page with one line of one digit, or without lines when the picture is blank.

        Raises:
            UsageError: An option has a value it cannot have, or one that cannot be read yet.
            ImageError: The picture cannot be read; the subclass says why.
        """
        self._check(layout, document, max_error, length, pattern)
        return self._page(open_picture(image), max_error)

    def read_many(
        self,
        sources: Source | Iterable[Source],
        *,
        on_error: Literal["raise", "keep"] = "raise",
        layout: Layout = "auto",
        document: Any = None,
        max_error: float | None = None,
        length: int | None = None,
        pattern: str | None = None,
    ) -> Iterator[Page]:
        """Read many pictures, in order, one in memory at a time.

        Args:
            sources: Pictures as `read` takes them; folders, globs, and files of several pages too.
            on_error: "raise" stops at the first picture that cannot be read; "keep" gives a page with `error` set in
                its place and goes on.
            layout: As for `read`.
            document: As for `read`.
            max_error: As for `read`.
            length: As for `read`.
            pattern: As for `read`.

        Returns:
            One page for each picture or page of a file.

        Raises:
            UsageError: At once, when an option has a value it cannot have.
            ImageError: While iterating with on_error="raise".
        """
        if on_error not in ("raise", "keep"):
            raise UsageError(f"Expected on_error 'raise' or 'keep', got {on_error!r}.")
        self._check(layout, document, max_error, length, pattern)
        return self._pages(sources, max_error, keep=on_error == "keep")

    def _pages(self, sources: Source | Iterable[Source], max_error: float | None, *, keep: bool) -> Iterator[Page]:
        for name, number, load in iter_pictures(sources):
            try:
                if isinstance(load, ImageError):
                    raise load
                page = self._page(load(), max_error)
            except ImageError as error:
                if not keep:
                    raise
                page = Page(name, number, 0, 0, error=str(error), model=self._model)
            yield page

    def _check(self, layout: Any, document: Any, max_error: Any, length: Any, pattern: Any) -> None:
        """Refuse what cannot be read yet."""
        if layout not in LAYOUTS:
            hint = did_you_mean(str(layout), LAYOUTS)
            raise UsageError(f"Expected layout 'digit', 'line', 'page' or 'auto', got {layout!r}.{hint}")
        asked = {"document": document, "length": length, "pattern": pattern}
        named = [f"layout={layout!r}"] if layout in ("line", "page") else []
        named += [f"{name}={value!r}" for name, value in asked.items() if value is not None]
        if named:
            raise UsageError(
                f"Expected one digit per picture: this release reads neither lines nor pages yet, got "
                f"{', '.join(named)}. Cut the picture into digits and read them with layout='digit'."
            )
        threshold_for(self._predictor.card.calibration, max_error)

    def _page(self, picture: Picture, max_error: float | None) -> Page:
        height, width = picture.pixels.shape[:2]
        digit, box = to_digit(picture.pixels)
        lines: tuple[Line, ...] = ()
        if digit is not None and box is not None:
            proba, known = self._predictor.judge(digit[None])
            if known[0]:
                native = max_error is not None and comes_normalized(picture.pixels)
                least = threshold_for(self._predictor.card.calibration, max_error, native=native)
                lines = (self._line(proba[0], Box(*box), least),)
        return Page(picture.source, picture.number, width, height, lines, model=self._model)

    def _line(self, row: NDArray[np.float32], box: Box, least: float) -> Line:
        order = np.argsort(row)[::-1]
        best, labels = int(order[0]), self._predictor.labels
        confidence = float(row[best])
        answered = confidence >= least
        read = Digit(
            value=best if answered else None,
            label=labels[best] if answered else WITHHELD,
            confidence=confidence,
            probabilities=tuple(float(p) for p in row),
            box=box,
        )
        alternatives = tuple((labels[i], float(row[i])) for i in order[:3])
        return Line((read,), box, confidence, (read.label,), read.label, alternatives, answered)


@lru_cache(maxsize=4)
def _open(model: str) -> Reader:
    return Reader(model)


def _reader(model: str | os.PathLike[str]) -> Reader:
    """Return the reader of a model, which stays open; what names none is refused by the reader itself."""
    return _open(os.fsdecode(model)) if isinstance(model, (str, os.PathLike)) else Reader(model)


def read(
    image: Source,
    *,
    model: str | os.PathLike[str] = "default",
    layout: Layout = "auto",
    document: Any = None,
    max_error: float | None = None,
    length: int | None = None,
    pattern: str | None = None,
) -> Page:
    """Read one picture; `Reader.read` with a model that stays open between calls.

    Args:
        image: A path, the bytes of a file, a Pillow image, or a uint8 array (H, W), (H, W, 3) or (H, W, 4).
        model: The name of a shipped or local model, or a path ending in `.onnx`.
        layout: As for `Reader.read`, like all that follow.
        document: As there.
        max_error: As there.
        length: As there.
        pattern: As there.

    Returns:
        The page.

    Raises:
        InkreadError: As `Reader` and `Reader.read` raise.

    Example:
        >>> read("examples/seven.png").lines[0].digits[0].value
        7
    """
    return _reader(model).read(
        image, layout=layout, document=document, max_error=max_error, length=length, pattern=pattern
    )


def read_many(
    sources: Source | Iterable[Source],
    *,
    on_error: Literal["raise", "keep"] = "raise",
    model: str | os.PathLike[str] = "default",
    layout: Layout = "auto",
    document: Any = None,
    max_error: float | None = None,
    length: int | None = None,
    pattern: str | None = None,
) -> Iterator[Page]:
    """Read many pictures; `Reader.read_many` with a model that stays open between calls.

    Args:
        sources: Pictures as `read` takes them; folders, globs, and files of several pages too.
        on_error: "raise", or "keep" for a page with `error` set in the place of what could not be read.
        model: The name of a shipped or local model, or a path ending in `.onnx`.
        layout: As for `Reader.read`, like all that follow.
        document: As there.
        max_error: As there.
        length: As there.
        pattern: As there.

    Returns:
        One page for each picture or page of a file, in order.

    Raises:
        InkreadError: As `Reader` and `Reader.read_many` raise.
    """
    return _reader(model).read_many(
        sources,
        on_error=on_error,
        layout=layout,
        document=document,
        max_error=max_error,
        length=length,
        pattern=pattern,
    )
