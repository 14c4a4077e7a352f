from __future__ import annotations

import io
import os
import re
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from inkread.errors import ImageError, ImageTooLargeError, MultiplePagesError, UnreadableImageError
from inkread.imaging import source
from inkread.imaging.source import EXTENSIONS, Limits, iter_pictures, open_picture
from tests.damage import png, tiff


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def seven(draw_digit) -> np.ndarray:
    return draw_digit(7, 40)


@pytest.fixture
def folder(tmp_path, seven) -> Path:
    """Return a folder with b.png, A.jpg, and things that are no pictures to read."""
    Image.fromarray(seven).save(tmp_path / "b.png")
    Image.fromarray(seven).save(tmp_path / "A.JPG", "JPEG")
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / ".hidden.png").write_bytes(b"x")
    (tmp_path / "deeper").mkdir()
    Image.fromarray(seven).save(tmp_path / "deeper" / "c.png")
    return tmp_path


def loaded(sources) -> list[tuple[str, int, tuple[int, ...]]]:
    return [(name, number, load().pixels.shape) for name, number, load in iter_pictures(sources)]


def test_every_kind_of_source_gives_the_same_picture(tmp_path, seven):
    path = tmp_path / "seven.png"
    image = Image.fromarray(seven)
    image.save(path)
    data = path.read_bytes()
    for given in (str(path), path, data, bytearray(data), memoryview(data), image, seven):
        picture = open_picture(given)
        assert np.array_equal(picture.pixels, seven)
        assert picture.source == (str(path) if isinstance(given, (str, Path)) else "")
        assert picture.number == 1


@pytest.mark.parametrize(
    ("kind", "feature"),
    [
        ("PNG", None), ("JPEG", "jpg"), ("BMP", None), ("TIFF", None), ("GIF", None), ("WEBP", "webp"), ("PPM", None),
        ("AVIF", "avif"), ("JPEG2000", "jpg_2000"), ("ICO", None), ("TGA", None), ("PCX", None), ("PDF", None),
    ],
)  # fmt: skip
def test_formats(seven, kind, feature):
    if feature and not features.check(feature):
        pytest.skip(f"Pillow has no {kind} here")
    pixels = open_picture(encoded(Image.fromarray(seven), kind)).pixels
    assert pixels.dtype == np.uint8
    height, width = pixels.shape[:2]
    dark = pixels.reshape(height, width, -1)[..., 0] < 128
    assert 0.03 < dark.mean() < 0.25  # the stroke of the 7, on paper
    assert dark[: height // 3].sum() > dark[-height // 3 :].sum()  # its bar is above


@pytest.mark.parametrize(
    ("mode", "shape"),
    [
        ("1", ()), ("L", ()), ("LA", (4,)), ("La", (4,)), ("P", (3,)), ("PA", (4,)), ("RGB", (3,)), ("RGBA", (4,)),
        ("RGBa", (4,)), ("RGBX", (3,)), ("CMYK", (3,)), ("YCbCr", (3,)), ("HSV", (3,)), ("LAB", (3,)), ("I", ()),
        ("F", ()), ("I;16", ()), ("I;16B", ()), ("I;16L", ()),
    ],
)  # fmt: skip
def test_modes_of_pillow(seven, mode, shape):
    gray = Image.fromarray(seven)
    if mode in ("La", "RGBa"):
        image = gray.convert(mode[:-1].upper() + "A").convert(mode)
    elif mode in ("HSV", "LAB"):
        image = Image.merge(mode, [gray if band in "VL" else gray.point(lambda _: 128) for band in mode])
    else:
        image = gray.convert("I").convert(mode) if mode.startswith("I;") else gray.convert(mode)
    pixels = open_picture(image).pixels
    assert pixels.shape == (40, 40, *shape)
    assert pixels.dtype == np.uint8
    luma = pixels.reshape(40, 40, -1)[..., :3].mean(axis=2)
    assert luma[seven < 10].mean() < 60
    if mode != "LAB":
        assert luma[seven > 250].mean() > 200


@pytest.mark.parametrize(("top", "expected"), [(255, 255), (1023, 255), (4095, 255), (65535, 255)])
def test_deep_pixels_use_the_whole_range(top, expected):
    deep = np.linspace(0, top, 64).round().astype(np.uint16).reshape(8, 8)
    for image in (Image.fromarray(deep), Image.open(io.BytesIO(encoded(Image.fromarray(deep))))):
        pixels = open_picture(image).pixels
        assert pixels.min() == 0
        assert pixels.max() == expected
        assert np.all(np.diff(pixels.ravel().astype(int)) >= 0)


def test_floats_use_the_whole_range_whatever_else_is_among_them():
    deep = np.linspace(-1, 1, 64, dtype=np.float32).reshape(8, 8)
    deep[0, 0], deep[0, 1], deep[7, 7] = np.nan, -np.inf, np.inf
    pixels = open_picture(Image.fromarray(deep)).pixels
    assert pixels[0, 1] == 0
    assert pixels[7, 7] == 255
    assert pixels[7, 6] == 255
    assert 100 < pixels[4, 0] < 155


def test_orientation_is_applied(seven):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    turned = Image.fromarray(seven[:, 5:]).rotate(90, expand=True)
    for kind in ("PNG", "TIFF"):
        assert np.array_equal(open_picture(encoded(turned, kind, exif=exif)).pixels, seven[:, 5:])
    assert open_picture(encoded(turned, "JPEG", exif=exif)).pixels.shape == (40, 35)


@pytest.mark.parametrize("ink", [0, 255])
def test_transparent_png(seven, ink):
    layer = np.full((40, 40, 4), ink, np.uint8)
    layer[..., 3] = 255 - seven
    pixels = open_picture(encoded(Image.fromarray(layer))).pixels
    assert np.array_equal(pixels, layer)
    palette = Image.fromarray(seven).convert("P")
    assert open_picture(encoded(palette, transparency=255)).pixels.shape == (40, 40, 4)


def pages_of(kind: str, count: int, seven: np.ndarray) -> bytes:
    pages = [Image.fromarray(np.roll(seven, 3 * i, axis=1)) for i in range(count)]
    return encoded(pages[0], kind, save_all=True, append_images=pages[1:])


@pytest.mark.parametrize("kind", ["TIFF", "PDF"])
def test_files_of_several_pages(tmp_path, seven, kind):
    path = tmp_path / f"form.{kind.lower()}"
    path.write_bytes(pages_of(kind, 3, seven))
    with pytest.raises(MultiplePagesError, match=r"got a file of 3 pages: .*form.* with inkread\.read_many"):
        open_picture(path)
    with pytest.raises(MultiplePagesError, match="the bytes given"):
        open_picture(path.read_bytes())
    found = list(iter_pictures([path, seven]))
    assert [(name, number) for name, number, _ in found] == [(str(path), 1), (str(path), 2), (str(path), 3), ("", 1)]
    pictures = [load() for *_, load in iter_pictures(path)] if kind == "PDF" else [load() for *_, load in found[:3]]
    assert [(p.source, p.number) for p in pictures] == [(str(path), 1), (str(path), 2), (str(path), 3)]
    assert not np.array_equal(pictures[0].pixels, pictures[1].pixels)


def test_one_page_is_one_picture(seven):
    assert open_picture(pages_of("TIFF", 1, seven)).pixels.shape == (40, 40)
    # 40 pixels at Pillow's 72 dpi are 40 points; at 200 dpi that is 111.1 pixels.
    assert open_picture(pages_of("PDF", 1, seven)).pixels.shape[:2] == (112, 112)


def test_an_animation_is_its_first_picture(seven):
    frames = pages_of("GIF", 4, seven)
    pixels = open_picture(frames).pixels
    assert np.abs(pixels[..., 0].astype(int) - seven).max() < 8
    assert len(list(iter_pictures(frames))) == 1


def test_too_many_pages(seven):
    limits = Limits(pages=2)
    for kind in ("TIFF", "PDF"):
        ((_, _, error),) = iter_pictures(pages_of(kind, 3, seven), limits=limits)
        assert isinstance(error, ImageTooLargeError)
        assert re.search(r"at most 2 pages, got .* Split the file", str(error))
        assert len(list(iter_pictures(pages_of(kind, 2, seven), limits=limits))) == 2


def test_too_many_pixels(seven):
    for limits, refused in ((Limits(pixels=1600), False), (Limits(pixels=1599), True)):
        ((_, _, load),) = iter_pictures(pages_of("TIFF", 1, seven), limits=limits)
        assert isinstance(load, ImageTooLargeError) is refused


def test_a_tiff_whose_directories_are_a_circle_ends():
    assert len(list(iter_pictures(tiff(8, 8, 8, pages=3)))) == 3


def test_folders(folder):
    names = [str(folder / "A.JPG"), str(folder / "b.png")]
    assert loaded(folder) == loaded([str(folder)]) == [(name, 1, (40, 40)) for name in names]
    with pytest.raises(UnreadableImageError, match=r"got the folder .*\. Read all in it with inkread\.read_many"):
        open_picture(folder)


def test_a_folder_without_pictures(tmp_path):
    (tmp_path / "notes.txt").touch()
    ((name, number, error),) = iter_pictures(tmp_path)
    assert (name, number) == (str(tmp_path), 1)
    assert "None of its files ends in .avif, " in str(error)


def test_globs(folder, monkeypatch):
    assert [name for name, *_ in loaded(str(folder / "*.png"))] == [str(folder / "b.png")]
    deep = [Path(name).name for name, *_ in loaded(str(folder / "**" / "*.png"))]
    assert deep == ["b.png", "c.png"]
    monkeypatch.chdir(folder)
    assert [name for name, *_ in loaded("[b].png")] == ["b.png"]
    ((_, _, error),) = iter_pictures("*.tif")
    assert "there is no file '*.tif'" in str(error)


def test_a_file_whose_name_looks_like_a_glob_is_a_file(tmp_path, seven):
    path = tmp_path / "scan[1].png"
    Image.fromarray(seven).save(path)
    assert loaded(path) == [(str(path), 1, (40, 40))]


class _Stdin:
    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)


def test_standard_input(monkeypatch, seven):
    monkeypatch.setattr(sys, "stdin", _Stdin(encoded(Image.fromarray(seven))))
    picture = open_picture("-")
    assert np.array_equal(picture.pixels, seven)
    assert picture.source == "-"
    with pytest.raises(UnreadableImageError, match="got an empty file: standard input"):
        open_picture("-")


@pytest.mark.parametrize("stdin", [None, io.StringIO("text")])
def test_no_standard_input(monkeypatch, stdin):
    monkeypatch.setattr(sys, "stdin", stdin)
    with pytest.raises(UnreadableImageError, match="got standard input: there is none that gives bytes"):
        open_picture("-")


def test_a_missing_file_with_a_near_name(folder):
    with pytest.raises(UnreadableImageError, match=r"there is no file '.*bb\.png'\. Did you mean 'b\.png'\?"):
        open_picture(folder / "bb.png")
    with pytest.raises(UnreadableImageError, match=r"there is no file '.*far\.png'\.$"):
        open_picture(folder / "nowhere" / "far.png")


@pytest.mark.parametrize(
    ("name", "message"), [("", "an empty text"), ("x" * 5000, "that can be opened"), ("a\0b.png", "null byte")]
)
def test_names_that_cannot_be(name, message):
    with pytest.raises(UnreadableImageError, match=message):
        open_picture(name)
    ((given, number, error),) = iter_pictures([name])
    assert (given, number) == (name, 1)
    assert isinstance(error, UnreadableImageError)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_what_may_not_be_opened(folder):
    (folder / "b.png").chmod(0)
    with pytest.raises(UnreadableImageError, match="Permission denied"):
        open_picture(folder / "b.png")


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1"])
def test_heic_is_named(brand):
    with pytest.raises(UnreadableImageError, match=r"got HEIC: the bytes given\. Save it as JPEG first .*iPhone"):
        open_picture(b"\0\0\0\x18ftyp" + brand + bytes(100))


@pytest.mark.parametrize(
    ("data", "kind", "message"),
    [
        (b"", UnreadableImageError, "got an empty file: the bytes given"),
        (b"hello, world", UnreadableImageError, r"Expected a picture \(PNG, JPEG, .*, got something else"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", UnreadableImageError, "got something else"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", UnreadableImageError, "got something else"),
        (b"%PDF-1.4 nothing", UnreadableImageError, "Expected a readable PDF, got a damaged one"),
        (png(8, 8)[:50], UnreadableImageError, "Expected a whole picture, got a damaged one"),
        (png(50_000, 50_000), ImageTooLargeError, "million pixels, got|decompression bomb"),
        (png(13_000, 12_000), ImageTooLargeError, "at most 120 million pixels, got 13000 x 12000 .* Scale"),
    ],
)
def test_bytes_that_are_no_picture(data, kind, message):
    with pytest.raises(kind, match=message):
        open_picture(data)


def test_a_file_too_large(tmp_path, monkeypatch, seven):
    path = tmp_path / "large.png"
    path.write_bytes(encoded(Image.fromarray(seven)))
    monkeypatch.setattr(source, "MAX_BYTES", 100)
    with pytest.raises(ImageTooLargeError, match=r"at most 0 MiB, got a larger one: .*large"):
        open_picture(path)


@pytest.mark.parametrize("given", [None, 7, 1.5, [b""], ({},), object()])
def test_what_is_no_source(given):
    with pytest.raises(UnreadableImageError, match="Expected a path, bytes, a Pillow image or a uint8 array, got"):
        open_picture(given)


@pytest.mark.parametrize("given", [None, 7])
def test_what_is_not_even_several(given):
    with pytest.raises(UnreadableImageError, match=r"or several of them, got (NoneType|int)"):
        list(iter_pictures(given))


def test_errors_keep_their_place(seven):
    found = list(iter_pictures([seven, b"no picture", "missing.png", seven]))
    assert [isinstance(load, ImageError) for *_, load in found] == [False, True, True, False]
    assert [name for name, *_ in found] == ["", "", "missing.png", ""]


def test_pictures_are_opened_one_at_a_time(seven):
    asked = []

    def sources():
        for i in range(3):
            asked.append(i)
            yield seven

    pictures = iter_pictures(sources())
    assert asked == []
    next(pictures)
    assert asked == [0]


def test_extensions_are_those_of_pictures():
    assert {".png", ".jpg", ".jpeg", ".tif", ".pdf", ".webp"} <= EXTENSIONS
    assert not {".eps", ".ps", ".svg", ".heic"} & EXTENSIONS


def test_threads_leave_the_filters_of_warnings_alone(seven):
    """A filter set while others decode must not outlive them: what is silenced is the decoders' only."""
    data = pages_of("PDF", 1, seven)
    start = threading.Barrier(8)

    def work(_) -> int:
        start.wait()
        return sum(open_picture(d).pixels.shape[0] for d in [data, encoded(Image.fromarray(seven))] * 4)

    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(work, range(8))) == {4 * (112 + 40)}
    assert warnings.filters == before
