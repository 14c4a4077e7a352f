"""What is done for a request, in a thread of its own: plain functions of the library, with a limit of time."""

from __future__ import annotations

import asyncio
import base64
import io
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

import numpy as np
from PIL import Image

from inkread.errors import ImageError, ImageTooLargeError, ModelNotFoundError, UsageError, did_you_mean
from inkread.imaging.corners import find_marks
from inkread.imaging.crop import crop
from inkread.imaging.gray import to_gray
from inkread.imaging.source import Limits, Picture, iter_pictures
from inkread.reading.explain import Explanation, Method, explain
from inkread.reading.model_file import ModelFile, open_model
from inkread.reading.reader import Layout, Reader
from inkread.results import Box, Page
from inkread.rounding import share, side
from inkread.serving.body import Upload
from inkread.serving.problems import Problem
from inkread.serving.settings import Settings

__all__ = ["EXPLANATION_SCHEMA", "Asked", "Desk", "explanation_to_dict"]

EXPLANATION_SCHEMA = 1

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks of a reading: the options of `inkread.read_many`."""

    model: str | None = None
    layout: Layout = "auto"
    document: str | None = None
    max_error: float | None = None
    length: int | None = None
    pattern: str | None = None
    on_error: Literal["raise", "keep"] = "raise"


class Desk:
    """The opened models, and the threads that read with them.

    Args:
        settings: Of the server.

    Raises:
        ModelError: One of the models cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._limits = Limits(pixels=settings.max_pixels, pages=settings.max_pages)
        self.models: dict[str, ModelFile] = {}
        self._paths: dict[str, str] = {}
        self._readers: dict[str, Reader] = {}
        for model in settings.models:
            opened = open_model(model)
            name = opened.card.name if model.lower().endswith(".onnx") else model
            if name in self.models:
                raise UsageError(f"Expected models of different names to serve, got two called {name!r}.")
            self.models[name], self._paths[name], self._readers[name] = opened, model, Reader(model)
        self._default = next(iter(self.models))
        self._warm_up()
        self._pool = ThreadPoolExecutor(settings.workers, "inkread")

    def close(self) -> None:
        """End the threads; what they work on is finished, what waits is not begun."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def run(self, work: Callable[[float], _Result]) -> _Result:
        """Do something in a thread.

        Args:
            work: Is given the moment, as `time.monotonic` counts, at which it has to be done.

        Raises:
            Problem: It took longer than a request may. A picture that is being decoded is decoded to its end, and
                keeps its thread until then.
        """
        seconds = self._settings.max_seconds
        future = asyncio.get_running_loop().run_in_executor(self._pool, work, time.monotonic() + seconds)
        try:
            return await asyncio.wait_for(future, seconds)
        except TimeoutError as error:
            raise self._too_long() from error

    def read(self, files: Sequence[Upload], asked: Asked, deadline: float) -> list[Page]:
        """Read all pages of all files, in order.

        Args:
            files: As they came.
            asked: The options.
            deadline: As `time.monotonic` counts.

        Raises:
            ModelNotFoundError: The model is none of those that are served.
            UsageError: An option has a value it cannot have.
            ImageError: A file cannot be read, with `on_error="raise"`.
            Problem: It took too long.
        """
        name = self._known(asked.model)
        reader, card = self._readers[name], self.models[name].card
        pages: list[Page] = []
        for file in files:
            for number, load in self._pages(file):
                if time.monotonic() > deadline:
                    raise self._too_long()
                if len(pages) >= self._settings.max_pages:
                    raise ImageTooLargeError(
                        f"Expected at most {self._settings.max_pages} pages in all files together, got more. "
                        "Send fewer at a time."
                    )
                try:
                    page = self._read(reader, load, asked)
                except ImageError as error:
                    if asked.on_error == "raise":
                        raise
                    page = Page("", number, 0, 0, error=str(error), model=f"{card.name} {card.version}")
                pages.append(replace(page, source=file.name, number=number))
        return pages

    def explain(
        self, file: Upload, model: str | None, box: Box | None, method: Method, label: str | None
    ) -> Explanation:
        """Say what the network saw of a digit and which part of it decided.

        Args:
            file: One picture.
            model: One of those served; None for the first.
            box: Where on the picture the digit is; None for a picture of one digit.
            method: As `inkread.reading.explain.explain` takes it.
            label: The class to ask about; None for the likeliest.

        Raises:
            InkreadError: As there.
        """
        name = self._known(model)
        pixels = self._single(file).pixels
        return explain(pixels if box is None else crop(pixels, box), self._paths[name], method=method, label=label)

    def marks(self, file: Upload) -> dict[str, Any]:
        """Find the corner marks of a form; see `MarksOut`.

        Raises:
            InkreadError: The picture cannot be read, or there are several.
        """
        pixels = self._single(file).pixels
        found = find_marks(to_gray(pixels))
        height, width = pixels.shape[:2]
        if found is None:
            return {"width": width, "height": height, "corners": None, "mark": None, "upright": None}
        corners, upright = [[side(x), side(y)] for x, y in found.corners], [side(one) for one in found.upright]
        return {"width": width, "height": height, "corners": corners, "mark": side(found.mark), "upright": upright}

    def _single(self, file: Upload) -> Picture:
        pages = [load for _, load in self._pages(file)]
        if len(pages) != 1:
            raise UsageError(f"Expected one picture, got a file of {len(pages)} pages.")
        return _loaded(pages[0])

    def _warm_up(self) -> None:
        """Read a picture with each model, and refuse one: no request shall wait for what a first time needs."""
        strokes = np.full((280, 280), 255, np.uint8)
        strokes[40:240, 90:110] = strokes[40:240, 170:190] = 0  # two: one alone would be read without looking for lines
        buffer = io.BytesIO()
        Image.fromarray(strokes).save(buffer, "PNG")
        for data in (buffer.getvalue(), b"no picture"):  # what is none makes Pillow load all its decoders
            for model in self.models:
                self.read([Upload("", data)], Asked(model, on_error="keep"), time.monotonic() + 60)

    def _known(self, model: str | None) -> str:
        if model is None:
            return self._default
        if model not in self.models:
            raise ModelNotFoundError(
                f"There is no model {model!r} on this server.{did_you_mean(model, self.models)} "
                f"It serves: {', '.join(self.models)}."
            )
        return model

    def _pages(self, file: Upload) -> Iterator[tuple[int, Callable[[], Picture] | ImageError]]:
        for _, number, load in iter_pictures(file.data, limits=self._limits):
            yield number, load

    @staticmethod
    def _read(reader: Reader, load: Callable[[], Picture] | ImageError, asked: Asked) -> Page:
        return reader.read(
            _loaded(load).pixels,
            layout=asked.layout,
            document=asked.document,
            max_error=asked.max_error,
            length=asked.length,
            pattern=asked.pattern,
        )

    def _too_long(self) -> Problem:
        return Problem(
            503,
            "TookTooLong",
            f"Expected to read this within {self._settings.max_seconds:g} seconds, which did not do. "
            "Send fewer or smaller pictures.",
            {"Retry-After": "1"},
        )


def _loaded(load: Callable[[], Picture] | ImageError) -> Picture:
    if isinstance(load, ImageError):
        raise load
    return load()


def explanation_to_dict(explanation: Explanation) -> dict[str, Any]:
    """Return an explanation as JSON values; feature maps as bytes in base64, of which 255 stands for `high`."""
    maps = []
    for name, values in explanation.maps:
        low, high = float(values.min()), float(values.max())
        levels = ((values - low) * (255.0 / max(high - low, 1e-12))).round().astype(np.uint8)
        channels, height, width = values.shape
        data = base64.b64encode(levels.tobytes()).decode()
        shape = {"channels": channels, "height": height, "width": width}
        maps.append({"name": name, **shape, "low": round(low, 5), "high": round(high, 5), "data": data})
    return {
        "schema": EXPLANATION_SCHEMA,
        "read_as": explanation.read_as,
        "confidence": share(explanation.confidence),
        "known": explanation.known,
        "labels": list(explanation.labels),
        "probabilities": [share(p) for p in explanation.probabilities.astype(float).tolist()],
        "seen": explanation.seen.tolist(),
        "label": explanation.label,
        "method": explanation.method,
        "heat": explanation.heat.astype(float).round(5).tolist(),
        "maps": maps,
    }
