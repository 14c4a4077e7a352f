"""Processes that read beside each other: threads would wait for each other at every step that is Python's."""

from __future__ import annotations

import multiprocessing
import pickle
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inkread.errors import ImageError, UsageError
from inkread.imaging.source import Picture
from inkread.results import Page

if TYPE_CHECKING:
    from inkread.reading.reader import Options, Reader

__all__ = ["MOST_WORKERS", "Opened", "read_beside"]

MOST_WORKERS = 256
_PICTURES = 16  # that a worker is given at once, ...
_PIXELS = 4_000_000  # ... or fewer, as soon as they have so many pixels
_AHEAD = 2  # such parcels that each worker may have


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A picture, or why it could not be opened.

    Attributes:
        name: Of its source.
        number: The page within its file, from 1.
        picture: The picture, or the error.
    """

    name: str
    number: int
    picture: Picture | ImageError


Answers = list[Page | ImageError]


def read_beside(
    opened: Iterable[Opened], workers: int, made_of: tuple[Any, Any], options: Options
) -> Generator[tuple[Opened, Page | ImageError]]:
    """Read pictures in several processes, in order.

    Args:
        opened: What to read; it is opened here, a few for each worker at a time.
        workers: How many processes.
        made_of: The arguments of their readers.
        options: Of the call, checked.

    Yields:
        Each picture with its page, or with why it has none.

    Raises:
        UsageError: The workers could not begin, or were ended; or their reader cannot be sent to them.
    """
    try:
        pickle.dumps((made_of, options))
    except Exception as error:  # objects raise what they like
        raise UsageError(f"Expected a line_model that can be pickled, to be sent to the workers: {error}.") from error
    # Fresh interpreters: the threads of ONNX Runtime and OpenCV do not survive a fork.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, _prepare, (made_of, options))
    waiting: deque[tuple[list[Opened], Future[Answers]]] = deque()
    try:
        for parcel in _parcels(opened):
            waiting.append((parcel, pool.submit(_answers, [one.picture for one in parcel])))
            if len(waiting) >= _AHEAD * workers:
                yield from _next(waiting)
        while waiting:
            yield from _next(waiting)
    except BrokenProcessPool as error:
        raise UsageError(
            "The workers could not begin, or were ended. A script that asks for workers has to guard what it does by "
            'if __name__ == "__main__": since each worker imports it first. Do that, or leave workers out.'
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _next(waiting: deque[tuple[list[Opened], Future[Answers]]]) -> Iterator[tuple[Opened, Page | ImageError]]:
    parcel, future = waiting.popleft()
    return zip(parcel, future.result(), strict=True)


def _parcels(opened: Iterable[Opened]) -> Iterator[list[Opened]]:
    parcel: list[Opened] = []
    pixels = 0
    for one in opened:
        parcel.append(one)
        pixels += one.picture.pixels.size if isinstance(one.picture, Picture) else 0
        if len(parcel) >= _PICTURES or pixels >= _PIXELS:
            yield parcel
            parcel, pixels = [], 0
    if parcel:
        yield parcel


_state: dict[str, tuple[Reader, Options]] = {}  # of a worker: what is dear to make


def _prepare(made_of: tuple[Any, Any], options: Options) -> None:
    import cv2

    from inkread.reading.reader import Reader

    cv2.setNumThreads(1)  # the others have their own processors to keep busy
    _state["worker"] = Reader(*made_of), options


def _answers(pictures: list[Picture | ImageError]) -> Answers:
    reader, options = _state["worker"]
    return reader.answer(pictures, options)
