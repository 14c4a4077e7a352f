"""Pictures that are none, and arrays of another kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

import inkread
from inkread.errors import ImageTooLargeError, MultiplePagesError, NoInkError, UnreadableImageError
from tests.bad_input.case import collector
from tests.damage import png, tiff

FILES, file = collector("Files of pictures")
ARRAYS, array = collector("Pictures in memory")

_THEIRS = r"\((?!PNG).*\)"


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@file("a name that does not exist, near one that does", UnreadableImageError)
def _(folder: Path) -> None:
    _written(folder / "seven.png", b"")
    inkread.read(folder / "sevn.png")


@file("a name below a folder that does not exist", UnreadableImageError)
def _(folder: Path) -> None:
    inkread.read(folder / "nowhere" / "seven.png")


@file("an empty name", UnreadableImageError)
def _(folder: Path) -> None:
    inkread.read("")


@file("a name with a null byte in it", UnreadableImageError, "embedded null byte")
def _(folder: Path) -> None:
    inkread.read("seven\0.png")


@file("a glob that matches nothing", UnreadableImageError)
def _(folder: Path) -> None:
    list(inkread.read_many(str(folder / "*.png")))


@file("a folder, given to read", UnreadableImageError)
def _(folder: Path) -> None:
    _written(folder / "seven.png", b"")
    inkread.read(folder)


@file("a folder without pictures", UnreadableImageError)
def _(folder: Path) -> None:
    list(inkread.read_many(folder))


@file("an empty file", UnreadableImageError)
def _(folder: Path) -> None:
    inkread.read(_written(folder / "seven.png", b""))


@file("a text with the name of a picture", UnreadableImageError)
def _(folder: Path) -> None:
    inkread.read(_written(folder / "seven.png", b"seven"))


@file("HEIC, as telephones write it", UnreadableImageError)
def _(folder: Path) -> None:
    inkread.read(_written(folder / "photo.heic", b"\0\0\0\x18ftypheic" + bytes(64)))


@file("EPS, which another program would have to run", UnreadableImageError)
def _(folder: Path) -> None:
    inkread.read(_written(folder / "seven.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"))


@file("SVG", UnreadableImageError)
def _(folder: Path) -> None:
    inkread.read(_written(folder / "seven.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"))


@file("a PNG that is cut short", UnreadableImageError, _THEIRS)
def _(folder: Path) -> None:
    inkread.read(_written(folder / "seven.png", png(40, 40)[:50]))


@file("a JPEG that is cut short", UnreadableImageError, _THEIRS)
def _(folder: Path) -> None:
    path = folder / "seven.jpg"
    Image.effect_noise((64, 64), 50).save(path)
    inkread.read(_written(path, path.read_bytes()[:-500]))


@file("a PNG of 13,000 x 12,000 pixels", ImageTooLargeError)
def _(folder: Path) -> None:
    inkread.read(_written(folder / "wall.png", png(13_000, 12_000)))


@file("a PNG of a few bytes that unpacks to 50,000 x 50,000 pixels", ImageTooLargeError)
def _(folder: Path) -> None:
    inkread.read(_written(folder / "bomb.png", png(50_000, 50_000)))


@file("a PNG without pixels", UnreadableImageError, _THEIRS)
def _(folder: Path) -> None:
    inkread.read(_written(folder / "none.png", png(0, 10)))


@file("a TIFF of three pages, given to read", MultiplePagesError)
def _(folder: Path) -> None:
    inkread.read(_written(folder / "form.tif", tiff(8, 8, 0, pages=3)))


@file("a TIFF of more pages than are read", ImageTooLargeError)
def _(folder: Path) -> None:
    list(inkread.read_many(_written(folder / "archive.tif", tiff(8, 8, 0, pages=2_500))))


@file("a PDF of two pages, given to read", MultiplePagesError)
def _(folder: Path) -> None:
    sheet = Image.new("L", (20, 20), 255)
    sheet.save(folder / "form.pdf", save_all=True, append_images=[sheet])
    inkread.read(folder / "form.pdf")


@file("a damaged PDF", UnreadableImageError, _THEIRS)
def _(folder: Path) -> None:
    inkread.read(_written(folder / "form.pdf", b"%PDF-1.7\nnothing"))


@file("a PDF with a password", UnreadableImageError)
def _(folder: Path) -> None:
    inkread.read(_written(folder / "secret.pdf", _ENCRYPTED))


@array("nothing", UnreadableImageError)
def _(folder: Path) -> None:
    inkread.read(None)


@array("a list of pictures, given to read", UnreadableImageError)
def _(folder: Path) -> None:
    inkread.read([np.zeros((28, 28), np.uint8)])


@array("a number, given to read_many", UnreadableImageError)
def _(folder: Path) -> None:
    list(inkread.read_many(7))


@array("floats", UnreadableImageError)
def _(folder: Path) -> None:
    inkread.read(np.zeros((28, 28)))


@array("numbers of 64 bits", UnreadableImageError)
def _(folder: Path) -> None:
    inkread.read(np.zeros((28, 28), int))


@array("a flat array", UnreadableImageError)
def _(folder: Path) -> None:
    inkread.read(np.zeros(784, np.uint8))


@array("an array of several pictures", UnreadableImageError)
def _(folder: Path) -> None:
    inkread.read(np.zeros((10, 28, 28), np.uint8))


@array("two channels", UnreadableImageError)
def _(folder: Path) -> None:
    inkread.read(np.zeros((28, 28, 2), np.uint8))


@array("an array without pixels", UnreadableImageError)
def _(folder: Path) -> None:
    inkread.read(np.zeros((0, 28), np.uint8))


@array("empty bytes", UnreadableImageError)
def _(folder: Path) -> None:
    inkread.read(b"")


@array("a picture of Pillow's that is closed", UnreadableImageError, _THEIRS)
def _(folder: Path) -> None:
    image = Image.new("L", (9, 9))
    image.close()
    inkread.read(image)


@array("a blank picture, given to normalize", NoInkError)
def _(folder: Path) -> None:
    inkread.normalize(np.full((40, 30), 255, np.uint8))


@array("a list, given to normalize_batch", UnreadableImageError)
def _(folder: Path) -> None:
    inkread.normalize_batch([np.zeros((28, 28), np.uint8)])


@array("one picture, given to normalize_batch", UnreadableImageError)
def _(folder: Path) -> None:
    inkread.normalize_batch(np.zeros((28, 28), np.uint8))


_ENCRYPTED = (
    b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
    b"2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n"
    b"3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>\nendobj\n"
    b"4 0 obj\n<< /Filter /Standard /V 1 /R 2 /Length 40 /P -4 /O <" + b"11" * 32 + b"> /U <" + b"22" * 32 + b"> >>\n"
    b"endobj\ntrailer\n<< /Root 1 0 R /Size 5 /Encrypt 4 0 R /ID [<00> <00>] >>\n%%EOF\n"
)
