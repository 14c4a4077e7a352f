"""Where pictures come from: paths, folders, globs, bytes, arrays, Pillow images, standard input, PDF pages; safely.

Sizes are checked before pixels are decoded, only formats of pictures are opened, and whatever a damaged file provokes
in a decoder arrives as an `ImageError`.
"""

from __future__ import annotations

import glob
import io
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from inkread.errors import ImageError, ImageTooLargeError, MultiplePagesError, UnreadableImageError
from inkread.imaging.decode import decode
from inkread.imaging.gray import check_pixels

__all__ = ["EXTENSIONS", "MAX_BYTES", "MAX_PIXELS", "Limits", "Picture", "Source", "iter_pictures", "open_picture"]

MAX_BYTES = 256 * 1024 * 1024  # of a file
MAX_PIXELS = 120_000_000  # of a picture, before it is decoded: a scan of A3 at 600 dpi has 70 million
MAX_PAGES = 2_000  # of a file
PDF_DPI = 200  # at which a PDF page is drawn

# Formats that Pillow decodes itself, without running another program (EPS would run Ghostscript).
FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "GIF", "WEBP", "PPM", "AVIF", "JPEG2000", "ICO", "TGA", "PCX")
EXTENSIONS = frozenset(
    {".png", ".jpg", ".jpeg", ".bmp", ".dib", ".tif", ".tiff", ".gif", ".webp", ".pbm", ".pgm", ".ppm", ".pnm"}
    | {".avif", ".jp2", ".ico", ".tga", ".pcx", ".pdf"}
)

_TYPES = "a path, bytes, a Pillow image or a uint8 array"
Source = str | os.PathLike[str] | bytes | bytearray | memoryview | Image.Image | NDArray[np.uint8]

_PDFIUM = threading.RLock()  # PDFium may be used by one thread at a time; a document may be collected inside a call


@dataclass(frozen=True, slots=True)
class Limits:
    """What is decoded at most.

    Attributes:
        pixels: Of one picture, known before it is decoded.
        pages: Of one file.
    """

    pixels: int = MAX_PIXELS
    pages: int = MAX_PAGES


_SANE = Limits()


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One decoded picture.

    Attributes:
        pixels: uint8, (H, W) gray, (H, W, 3) RGB or (H, W, 4) RGBA, upright.
        source: The path it came from, "-" for standard input, "" when it was in memory.
        number: The page within its file, from 1.
    """

    pixels: NDArray[np.uint8]
    source: str = ""
    number: int = 1


def open_picture(image: Source) -> Picture:
    """Open one picture.

    Args:
        image: A path ("-" is standard input), the bytes of a file, a Pillow image, or a uint8 array.

    Raises:
        UnreadableImageError: It is missing, no picture, damaged, encrypted, or of another type, dtype or shape.
        ImageTooLargeError: It has more bytes or pixels than the limit.
        MultiplePagesError: It has several pages.
    """
    pages = _pages(image, _SANE)
    first = next(pages, None)
    if first is None:
        raise UnreadableImageError(f"Expected a picture, got a file without pages: {_what(image)}.")
    count, load = first
    if count > 1:
        raise MultiplePagesError(
            f"Expected one picture, got a file of {count} pages: {_what(image)}. "
            "Read all of them with inkread.read_many."
        )
    return load()


def iter_pictures(
    sources: Source | Iterable[Source], *, limits: Limits = _SANE
) -> Iterator[tuple[str, int, Callable[[], Picture] | ImageError]]:
    """Walk through pictures in order, one decoded at a time.

    Folders give the pictures in them, in the order of their names and without going deeper; names with `*`, `?` or
    `[` that are no file are globs; files of several pages give each page.

    Args:
        sources: One source or several.
        limits: What is decoded at most.

    Yields:
        The source, the page's number from 1, and what loads it; or instead of the latter the error, when the file
        could not be opened at all. Loading may raise an `ImageError` too.
    """
    single = isinstance(sources, (str, os.PathLike, bytes, bytearray, memoryview, Image.Image, np.ndarray))
    if not single and not isinstance(sources, Iterable):
        raise UnreadableImageError(f"Expected {_TYPES}, or several of them, got {type(sources).__name__}.")
    for given in [sources] if single else sources:  # type: ignore[union-attr]
        for item in _expand(given):  # type: ignore[arg-type]
            name = _name(item)
            try:
                for number, (_, load) in enumerate(_pages(item, limits), start=1):
                    yield name, number, load
            except ImageError as error:
                yield name, 1, error


def _expand(item: Source) -> Iterator[Source]:
    """Turn folders and globs into files."""
    name = _name(item)
    if name in ("", "-"):
        yield item
        return
    found: list[Source] = []
    # What cannot even be asked for, such as a closed folder or a name too long, is told of when it is opened.
    with suppress(OSError):
        path = Path(name)
        if path.is_dir():
            found += _pictures_in(path)
        elif not path.exists() and glob.has_magic(name):
            found += sorted(glob.glob(name, recursive=True))  # noqa: PTH207  (Path.glob takes no absolute pattern)
    yield from found or [item]


def _name(item: Any) -> str:
    return os.fsdecode(item) if isinstance(item, (str, os.PathLike)) else ""


def _what(item: Any) -> str:
    """Return how messages call a source."""
    name = _name(item)
    return "standard input" if name == "-" else repr(name) if name else "the bytes given"


def _pages(item: Any, limits: Limits) -> Iterator[tuple[int, Callable[[], Picture]]]:
    """Yield, for each page of a source, the number of pages and what loads this one."""
    if isinstance(item, np.ndarray):
        yield 1, lambda: Picture(check_pixels(item))
    elif isinstance(item, Image.Image):
        with _as_image_error("a Pillow image"):
            _check_pixels_count(item.size, "the picture", limits)
        yield 1, lambda: Picture(_decode(item, "the Pillow image", limits))
    elif isinstance(item, (bytes, bytearray, memoryview)):
        yield from _file_pages(bytes(item), "", _what(item), limits)
    elif isinstance(item, (str, os.PathLike)):
        name = _name(item)
        yield from _file_pages(_read_file(name), name, _what(name), limits)
    else:
        hint = " Several pictures are given to read_many." if isinstance(item, (list, tuple)) else ""
        raise UnreadableImageError(f"Expected {_TYPES}, got {type(item).__name__}.{hint}")


def _read_file(name: str) -> bytes:
    if not name:
        raise UnreadableImageError("Expected the path of a picture, got an empty text.")
    path = Path(name)
    try:
        pictures = _pictures_in(path) if name != "-" and path.is_dir() else None
        data = b"" if pictures is not None else _read_bytes(name)
    except FileNotFoundError as error:
        raise UnreadableImageError(f"Expected a picture, but there is no file {name!r}.{_near(path)}") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableImageError(f"Expected a picture that can be opened, got {_what(name)}: {reason}.") from error
    if pictures is not None:
        advice = (
            "Read all in it with inkread.read_many."
            if pictures
            else f"None of its files ends in {', '.join(sorted(EXTENSIONS))}."
        )
        raise UnreadableImageError(f"Expected a picture, got the folder {name!r}. {advice}")
    if len(data) > MAX_BYTES:
        raise ImageTooLargeError(
            f"Expected a file of at most {MAX_BYTES // 2**20} MiB, got a larger one: {name!r}. Save it smaller."
        )
    return data


def _pictures_in(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in EXTENSIONS and not p.name.startswith("."))


def _read_bytes(name: str) -> bytes:
    if name != "-":
        with Path(name).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    # A window without a console has no standard input; a notebook's has no bytes.
    stream = getattr(sys.stdin, "buffer", None)
    if stream is None:
        raise OSError("there is none that gives bytes")
    return bytes(stream.read(MAX_BYTES + 1))


def _near(path: Path) -> str:
    from inkread.errors import did_you_mean

    try:
        return did_you_mean(path.name, (p.name for p in path.parent.iterdir()))
    except OSError:
        return ""


def _file_pages(data: bytes, source: str, what: str, limits: Limits) -> Iterator[tuple[int, Callable[[], Picture]]]:
    """Yield the pages of a file's bytes."""
    if not data:
        raise UnreadableImageError(f"Expected a picture, got an empty file: {what}. Copy or save it again.")
    if data[:1024].lstrip()[:5] == b"%PDF-":
        yield from _pdf_pages(data, source, what, limits)
        return
    with _as_image_error(what):
        image = _open_image(data, what, limits)
        # Frames of an animation are not pages: the first stands for it.
        count = _count_pages(image, limits.pages) if image.format == "TIFF" else 1
    if count > limits.pages:
        raise ImageTooLargeError(f"Expected at most {limits.pages} pages, got more in {what}. Split the file.")

    def load(number: int) -> Picture:
        with _as_image_error(what):
            if number > 1:
                image.seek(number - 1)
            return Picture(_decode(image, what, limits), source, number)

    for number in range(1, count + 1):
        yield count, lambda number=number: load(number)  # type: ignore[misc]


def _count_pages(image: Image.Image, most: int) -> int:
    """Count the pages of a TIFF, but not beyond one more than is read: Pillow takes quadratic time for all."""
    count = 1
    with suppress(EOFError):
        while count <= most:
            image.seek(count)
            count += 1
    image.seek(0)
    return count


def _open_image(data: bytes, what: str, limits: Limits) -> Image.Image:
    if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"hevc"):
        raise UnreadableImageError(
            f"Expected PNG, JPEG, TIFF, WebP, BMP, GIF, AVIF or PDF, got HEIC: {what}. Save it as JPEG first "
            "(on an iPhone: Settings, Camera, Formats, Most Compatible)."
        )
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise UnreadableImageError(
            f"Expected a picture (PNG, JPEG, TIFF, WebP, BMP, GIF, AVIF or PDF), got something else: {what}. "
            "Save it as PNG or JPEG first."
        ) from error
    _check_pixels_count(image.size, what, limits)
    return image


def _check_pixels_count(size: tuple[int, int], what: str, limits: Limits) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise UnreadableImageError(f"Expected a picture with pixels, got {width} x {height} in {what}.")
    if width * height > limits.pixels:
        raise ImageTooLargeError(
            f"Expected at most {limits.pixels / 1e6:g} million pixels, got {width} x {height} in {what}. "
            "Scale the picture down first."
        )


def _decode(image: Image.Image, what: str, limits: Limits) -> NDArray[np.uint8]:
    with _as_image_error(what):
        _check_pixels_count(image.size, what, limits)
        return decode(image)


class _Quiet:
    """Silences warnings while any thread decodes.

    Warnings' filters belong to the whole process: the first thread in sets them and the last one out restores them,
    where each restoring what it found could leave them silenced for good.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._before = warnings.catch_warnings()
                self._before.__enter__()
                warnings.simplefilter("ignore")
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._before.__exit__(None, None, None)


_quiet = _Quiet()


@contextmanager
def _as_image_error(what: str) -> Iterator[None]:
    """Let a decoder's failure arrive as an error of ours: damaged files provoke nearly any exception in them."""
    try:
        with _quiet:  # decoders warn about damage that the picture survives
            yield
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise ImageTooLargeError(
            f"Expected a picture of sane size, got a decompression bomb: {what}. Scale it down."
        ) from error
    except MemoryError as error:
        raise ImageTooLargeError(
            f"Expected a picture that fits into memory, got a larger one: {what}. Scale it down."
        ) from error
    except Exception as error:
        reason = str(error).strip().rstrip(".") or type(error).__name__
        raise UnreadableImageError(
            f"Expected a whole picture, got a damaged one: {what} ({reason}). Copy or save it again."
        ) from error


def _pdf_pages(data: bytes, source: str, what: str, limits: Limits) -> Iterator[tuple[int, Callable[[], Picture]]]:
    """Yield the pages of a PDF, each drawn when it is asked for."""
    import pypdfium2 as pdfium

    with _PDFIUM, _as_image_error(what):
        try:
            document = pdfium.PdfDocument(data)
            count = len(document)
        except pdfium.PdfiumError as error:
            encrypted = "password" in str(error).lower()
            got = "an encrypted one" if encrypted else f"a damaged one ({error})"
            advice = " Save it without a password first." if encrypted else " Copy or save it again."
            raise UnreadableImageError(f"Expected a readable PDF, got {got}: {what}.{advice}") from error
    if count > limits.pages:
        raise ImageTooLargeError(f"Expected at most {limits.pages} pages, got {count} in {what}. Split the file.")
    if count == 0:
        raise UnreadableImageError(f"Expected a PDF with pages, got one without: {what}.")

    def load(number: int) -> Picture:
        with _PDFIUM, _as_image_error(f"page {number} of {what}"):
            scale = PDF_DPI / 72
            with closing(document[number - 1]) as page:
                width, height = (max(1, round(side * scale)) for side in page.get_size())
                _check_pixels_count((width, height), f"page {number} of {what} at {PDF_DPI} dpi", limits)
                with closing(page.render(scale=scale, rev_byteorder=True)) as bitmap:
                    pixels = np.array(bitmap.to_numpy(), dtype=np.uint8)
        return Picture(pixels[:, :, 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels, source, number)

    try:
        for number in range(1, count + 1):
            yield count, lambda number=number: load(number)  # type: ignore[misc]
    finally:
        with _PDFIUM:  # not left to the collector of garbage, which may run in another thread
            document.close()
