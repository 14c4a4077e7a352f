"""Any picture to a Page."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from inkread.errors import ImageError, ModelError, UsageError, did_you_mean
from inkread.imaging.crop import crop
from inkread.imaging.gray import check_pixels, to_gray
from inkread.imaging.preprocess import comes_normalized, to_digit
from inkread.imaging.source import Picture, Source, iter_pictures, open_picture
from inkread.reading.card import Calibration
from inkread.reading.combined import CombinedReader
from inkread.reading.confidence import NEVER, threshold_for
from inkread.reading.documents.document import Document, open_document
from inkread.reading.layout import (
    is_lone_piece,
    is_one_digit,
    is_plain_digit,
    is_too_wide,
    may_be_one_digit,
    stands_free,
)
from inkread.reading.line import LineReader as WholeReader
from inkread.reading.pages import LineReader, read_line, read_page
from inkread.reading.predictor import Predictor
from inkread.reading.segmented import SegmentedReader
from inkread.reading.wanted import Wanted, wanted
from inkread.reading.withhold import withheld
from inkread.reading.workers import MOST_WORKERS, Opened, read_beside
from inkread.results import WITHHELD, Box, Digit, Field, Line, Page

__all__ = ["LAYOUTS", "Layout", "Options", "Reader"]

Layout = Literal["digit", "line", "page", "auto"]
DIGITS = tuple("0123456789")
LAYOUTS = ("digit", "line", "page", "auto")
_CLEAR = 0.9  # confidence from which one lone piece of ink is the digit it looks like
# Of what nobody said is a digit; set by hand, on letters, scribbles and digits that no figure is told of:
_HARDLY = -4.0  # log-odds of none from which ink hardly is a digit, and has to be the same one as a whole line, ...
_SAME = 0.2  # ... at least this likely
_LARGE = 200  # pixels of the shorter side: nobody cuts a digit out so large
_ROOM = 0.02  # of its longer side: where there is so much paper on all sides, it is no tight cut
_BESIDE = 0.4  # of its longer side: the paper that is looked at around it then


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a call, as given; see `Reader.read`."""

    layout: Any = "auto"
    document: Any = None
    max_error: Any = None
    length: Any = None
    pattern: Any = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """The options of a call, checked."""

    layout: Layout
    least_digit: float
    least_native: float  # of a digit that comes in the network's form
    max_error: float | None
    wanted: Wanted
    document: Document | None


class Reader:
    """Reads pictures with one session; safe to share between threads.

    Args:
        model: The name of a shipped or local model of digits, or a path ending in `.onnx`.
        line_model: What reads lines: "line" for the one that ships, or an object of one's own with a method `read`
            like that of `inkread.reading.pages.LineReader`.

    Raises:
        ModelNotFoundError: There is no such model.
        ModelError: It cannot be used to read pictures.

    Example:
        >>> page = Reader().read("examples/seven.png")
        >>> page.text
        '7'
    """

    def __init__(
        self, model: str | os.PathLike[str] = "default", line_model: Literal["line"] | LineReader = "line"
    ) -> None:
        self._made_of = (model, line_model)
        self._predictor = Predictor(model)
        if line_model != "line" and not callable(getattr(line_model, "read", None)):
            raise UsageError(f"Expected line_model 'line' or an object that reads strips, got {line_model!r}.")
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
            layout: "digit" for one digit, "line" for all writing as one line, "page" for lines in reading order,
                whichever side is up; "auto" tells by the picture.
            document: "amount", "postcode", or the path of a form's template; see `inkread.reading.documents`.
            max_error: The wished share of wrong ones among the answers, in (0, 1): of digits for a single digit, else
                of lines; more doubtful ones are withheld. None withholds nothing. What is promised of lines holds for
                such as were composed to calibrate on, and with the digit model of that; with another one, and with a
                `line_model` of one's own without a `calibration`, all lines are withheld.
            length: How many digits a line has.
            pattern: A regular expression that the digits of a line match, without its spaces and marks.

        Returns:
            A page with its lines, or without any when nothing on the picture is a number.

        Raises:
            UsageError: An option has a value it cannot have, or one that cannot be read yet.
            ImageError: The picture cannot be read; the subclass says why.
        """
        asked = self._check(Options(layout, document, max_error, length, pattern))
        return self._page(open_picture(image), asked)

    @cached_property
    def _line_reader(self) -> LineReader:
        """What reads lines, opened with the first of them."""
        if not isinstance(self._line_model, str):
            return self._line_model
        pieces = SegmentedReader(self._predictor)
        # Whole lines are read as digits; what has other classes is read by pieces alone.
        return CombinedReader(pieces, WholeReader()) if self._predictor.labels == DIGITS else pieces

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
        workers: int = 1,
    ) -> Iterator[Page]:
        """Read many pictures, in order, one in memory at a time, or a few for each worker.

        Args:
            sources: Pictures as `read` takes them; folders, globs, and files of several pages too.
            on_error: "raise" stops at the first picture that cannot be read; "keep" gives a page with `error` set in
                its place and goes on.
            layout: As for `read`.
            document: As for `read`.
            max_error: As for `read`.
            length: As for `read`.
            pattern: As for `read`.
            workers: Processes that read beside each other. Each takes half a second to start, so more than one pay from
                some hundred pictures on; a script that asks for them must guard what it does by
                `if __name__ == "__main__":`.

        Returns:
            One page for each picture or page of a file.

        Raises:
            UsageError: At once, when an option has a value it cannot have; while iterating, when the workers end.
            ImageError: While iterating with on_error="raise".
        """
        if on_error not in ("raise", "keep"):
            raise UsageError(f"Expected on_error 'raise' or 'keep', got {on_error!r}.")
        options = Options(layout, document, max_error, length, pattern)
        return (page for page, _ in self._pages(sources, options, workers, keep=on_error == "keep"))

    def read_pictures(
        self,
        sources: Source | Iterable[Source],
        *,
        layout: Layout = "auto",
        document: Any = None,
        max_error: float | None = None,
        length: int | None = None,
        pattern: str | None = None,
        workers: int = 1,
    ) -> Iterator[tuple[Page, Picture | None]]:
        """Read many pictures as `read_many` does with on_error="keep", and give each picture with its page.

        Returns:
            The page, and the picture that it was read from: None where that could not be opened.
        """
        return self._pages(sources, Options(layout, document, max_error, length, pattern), workers, keep=True)

    def _pages(
        self, sources: Source | Iterable[Source], options: Options, workers: int, *, keep: bool
    ) -> Iterator[tuple[Page, Picture | None]]:
        """Check at once; what is returned reads."""
        asked = self._check(options)
        if isinstance(workers, bool) or not isinstance(workers, int) or not 1 <= workers <= MOST_WORKERS:
            raise UsageError(f"Expected workers as a whole number from 1 to {MOST_WORKERS}, got {workers!r}.")
        opened = _opened(sources)
        if workers > 1:
            return self._paged(read_beside(opened, workers, self._made_of, options), keep)
        return self._paged(((one, self._answered(one.picture, asked)) for one in opened), keep)

    def _paged(
        self, answers: Generator[tuple[Opened, Page | ImageError]], keep: bool
    ) -> Iterator[tuple[Page, Picture | None]]:
        with closing(answers):  # which may have workers
            for one, answer in answers:
                picture = one.picture if isinstance(one.picture, Picture) else None
                if not isinstance(answer, ImageError):
                    yield answer, picture
                elif keep:
                    yield Page(one.name, one.number, 0, 0, error=str(answer), model=self._model), picture
                else:
                    raise answer

    def answer(self, pictures: Sequence[Picture | ImageError], options: Options) -> list[Page | ImageError]:
        """Read what was opened; the page of each, or why there is none. For those who open pictures themselves.

        Raises:
            UsageError: An option has a value it cannot have.
        """
        asked = self._check(options)
        return [self._answered(picture, asked) for picture in pictures]

    def _answered(self, picture: Picture | ImageError, asked: _Asked) -> Page | ImageError:
        try:
            return picture if isinstance(picture, ImageError) else self._page(picture, asked)
        except ImageError as error:
            return error

    def _check(self, options: Options) -> _Asked:
        """Refuse what cannot be, before any picture is opened."""
        layout, document, max_error = options.layout, options.document, options.max_error
        length, pattern = options.length, options.pattern
        if layout not in LAYOUTS:
            hint = did_you_mean(str(layout), LAYOUTS)
            raise UsageError(f"Expected layout 'digit', 'line', 'page' or 'auto', got {layout!r}.{hint}")
        what = wanted(length, pattern)
        calibration = self._predictor.card.calibration
        least, native = (threshold_for(calibration, max_error, native=native) for native in (False, True))
        read_as = open_document(document) if document is not None else None
        if layout == "digit" and (read_as or what.restricts):
            named = "document" if read_as else "length" if length is not None else "pattern"
            raise UsageError(
                f"Expected {named} for a line or a page, got it with layout='digit'. Leave out one of the two."
            )
        return _Asked(layout, least, native, max_error, what, read_as)

    def _page(self, picture: Picture, asked: _Asked) -> Page:
        height, width = picture.pixels.shape[:2]
        lines, fields = self._lines(picture, asked)
        return Page(picture.source, picture.number, width, height, lines, fields, model=self._model)

    def _lines(self, picture: Picture, asked: _Asked) -> tuple[tuple[Line, ...], tuple[Field, ...]]:
        if asked.layout == "digit":
            return self._digit(picture, asked), ()
        gray = to_gray(check_pixels(picture.pixels))
        if asked.document is not None:
            return asked.document.read(gray, self._line_reader, self._least_line(asked))
        if asked.layout == "auto" and not asked.wanted.restricts:
            return self._told(picture, gray, asked), ()
        read_all = read_line if asked.layout == "line" else read_page
        return self._withheld(read_all(gray, self._line_reader, asked.wanted), asked), ()

    def _told(self, picture: Picture, gray: NDArray[np.uint8], asked: _Asked) -> tuple[Line, ...]:
        """Read a picture as one digit or as lines, as it looks."""
        if is_plain_digit(gray):
            return self._digit(picture, asked)
        if is_lone_piece(gray):
            digit = self._digit(picture, asked, gray)
            if digit and digit[0].confidence >= _CLEAR:
                return digit
        lines = read_page(gray, self._line_reader, asked.wanted)
        if is_one_digit(lines):
            digit = self._digit(picture, asked, gray)
            # What is no number as a line has to be a clear digit; a tight cut, which is small, has no room for a line.
            if not lines and digit and digit[0].confidence < _CLEAR:
                roomy = min(gray.shape) >= _LARGE or stands_free(digit[0].box, gray.shape)
                digit = () if roomy else digit
            return digit or self._withheld(tuple(line for line in lines if line.confidence >= _CLEAR), asked)
        if may_be_one_digit(lines):
            digit = self._digit(picture, asked, gray)
            if digit and digit[0].confidence >= lines[0].confidence:
                return digit
        return self._withheld(lines, asked)

    def _withheld(self, lines: tuple[Line, ...], asked: _Asked) -> tuple[Line, ...]:
        least = self._least_line(asked)
        return tuple(withheld(line, least, asked.least_digit) for line in lines)

    def _least_line(self, asked: _Asked) -> float:
        """Return the confidence from which a line is answered; of a reader that promises nothing none is."""
        if asked.max_error is None:
            return 0.0
        calibration = getattr(self._line_reader, "calibration", None)
        return threshold_for(calibration, asked.max_error) if isinstance(calibration, Calibration) else NEVER

    def _digit(self, picture: Picture, asked: _Asked, gray: NDArray[np.uint8] | None = None) -> tuple[Line, ...]:
        """Read a picture as one digit; no line when it is blank, or its ink is no digit.

        Args:
            picture: What to read.
            asked: How.
            gray: The same, where nobody said that it is a digit: both readers have to see one then.
        """
        digit, box = to_digit(picture.pixels)
        if digit is None or box is None:
            return ()
        proba, none = self._predictor.weigh(digit[None])
        if none is not None and none[0] > 0:
            return ()
        ink, label = Box(*box), self._predictor.labels[int(proba[0].argmax())]
        hardly = none is not None and none[0] > _HARDLY
        if gray is not None and (is_too_wide(ink) or (hardly and not self._is_the_same(gray, ink, label))):
            return ()
        native = asked.least_native != asked.least_digit and comes_normalized(picture.pixels)
        return (self._line(proba[0], ink, asked.least_native if native else asked.least_digit),)

    def _is_the_same(self, gray: NDArray[np.uint8], box: Box, label: str) -> bool:
        """Tell whether ink is the same digit to the reader of whole lines.

        Where there is none, it is believed; so is a tight cut, on which neighbours would be read too.
        """
        reader = self._line_reader
        if not isinstance(reader, CombinedReader) or not stands_free(box, gray.shape, _ROOM):
            return True
        return reader.as_whole(crop(gray, box, _BESIDE), label) >= _SAME

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


def _opened(sources: Source | Iterable[Source]) -> Iterator[Opened]:
    for name, number, load in iter_pictures(sources):
        try:
            yield Opened(name, number, load if isinstance(load, ImageError) else load())
        except ImageError as error:
            yield Opened(name, number, error)
