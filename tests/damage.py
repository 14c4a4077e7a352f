"""Small pictures in every format, and ways to damage them."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable

from PIL import Image, ImageDraw, features

SEED = 20_260_101


def small_pictures() -> list[bytes]:
    """Return a picture of a stroke, 14 x 16 pixels, in each format and some of its modes."""
    gray = Image.new("L", (14, 16), 255)
    ImageDraw.Draw(gray).line([(7, 2), (7, 13)], fill=0, width=3)
    pages = [gray, gray.rotate(90)]
    files = [
        _saved(gray, "PNG"),
        _saved(gray.convert("RGBA"), "PNG", dpi=(300, 300)),
        _saved(gray.convert("P"), "PNG", transparency=0),
        _saved(gray.convert("I;16"), "PNG"),
        _saved(gray, "JPEG"),
        _saved(gray.convert("CMYK"), "JPEG"),
        _saved(gray.convert("RGB"), "JPEG", progressive=True, exif=_turned()),
        _saved(gray, "BMP"),
        _saved(gray.convert("1"), "BMP"),
        _saved(gray, "GIF"),
        _saved(gray, "GIF", save_all=True, append_images=pages[1:]),
        _saved(gray, "TIFF"),
        _saved(gray.convert("RGB"), "TIFF", compression="tiff_lzw"),
        _saved(gray.convert("1"), "TIFF", compression="group4"),
        _saved(gray, "TIFF", save_all=True, append_images=pages[1:], compression="tiff_adobe_deflate"),
        _saved(gray.convert("F"), "TIFF"),
        _saved(gray, "PPM"),
        b"P2\n3 3\n255\n" + b"0 255 0\n" * 3,
        _saved(gray.convert("RGBA"), "ICO", sizes=[(14, 16)]),
        _saved(gray.convert("RGBA"), "ICO", sizes=[(14, 16)], bitmap_format="bmp"),
        _saved(gray, "TGA"),
        _saved(gray.convert("RGB"), "TGA", compression="tga_rle"),
        _saved(gray, "PCX"),
        _saved(gray, "PDF"),
    ]
    if features.check("webp"):
        files += [_saved(gray, "WEBP", method=0), _saved(gray.convert("RGBA"), "WEBP", lossless=True)]
    if features.check("jpg_2000"):
        files += [_saved(gray, "JPEG2000"), _saved(gray, "JPEG2000", no_jp2=True)]
    if features.check("avif"):
        files.append(_saved(gray, "AVIF", speed=10))
    return files


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def damaged(files: list[bytes], count: int, seed: int = SEED) -> list[bytes]:
    """Return `count` files: absurd ones first, then good ones cut, flipped, spliced and overwritten."""
    chance = random.Random(seed)
    out = [make() for make in ABSURD]
    while len(out) < count:
        data = bytearray(chance.choice(files))
        for _ in range(chance.choice((1, 1, 1, 2, 4))):
            data = chance.choice(_WAYS)(data, files, chance)
        out.append(bytes(data))
    return out


_Way = Callable[[bytearray, list[bytes], random.Random], bytearray]
_ODD = [0, 1, 0x7F, 0x80, 0xFF]


def _cut(data: bytearray, _: list[bytes], chance: random.Random) -> bytearray:
    return data[: chance.randrange(len(data) + 1)]


def _flip(data: bytearray, _: list[bytes], chance: random.Random) -> bytearray:
    for _ in range(chance.choice((1, 2, 8))):
        if data:
            data[chance.randrange(len(data))] = chance.choice([*_ODD, chance.randrange(256)])
    return data


def _flip_early(data: bytearray, _: list[bytes], chance: random.Random) -> bytearray:
    """Most of what decides stands in the first bytes."""
    if data:
        data[chance.randrange(min(48, len(data)))] = chance.choice([*_ODD, chance.randrange(256)])
    return data


def _huge_number(data: bytearray, _: list[bytes], chance: random.Random) -> bytearray:
    number = chance.choice((0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFF, 50_000, 0))
    where = chance.randrange(len(data) + 1)
    data[where : where + 4] = struct.pack(chance.choice("<>") + "I", number)
    return data


def _drop(data: bytearray, _: list[bytes], chance: random.Random) -> bytearray:
    where = chance.randrange(len(data) + 1)
    del data[where : where + chance.randrange(1, 16)]
    return data


def _repeat(data: bytearray, _: list[bytes], chance: random.Random) -> bytearray:
    start = chance.randrange(len(data) + 1)
    piece = data[start : start + chance.randrange(1, 64)]
    data[start:start] = piece * chance.choice((1, 3))
    return data


def _splice(data: bytearray, files: list[bytes], chance: random.Random) -> bytearray:
    other = chance.choice(files)
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other)) :]


_WAYS: tuple[_Way, ...] = (_cut, _flip, _flip, _flip_early, _flip_early, _huge_number, _drop, _repeat, _splice)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *chunks: bytes, depth: int = 8, colour: int = 0) -> bytes:
    """Return a PNG of that header whose pixels are whatever the chunks hold."""
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    pixels = _chunk(b"IDAT", zlib.compress(bytes(64)))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + pixels + _chunk(b"IEND", b"")


def _png_in_ico() -> bytes:
    inner = png(50_000, 50_000)
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 0, 0, 1, 32, len(inner), 22) + inner


def _gif(width: int, height: int, frames: int) -> bytes:
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x44\x01\x00"
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff" + frame * frames + b";"


def tiff(width: int, height: int, next_ifd: int, pages: int = 1) -> bytes:
    """Return a gray TIFF of several directories; the last one names `next_ifd` as its successor."""
    out = b"II*\0" + struct.pack("<I", 8)
    tags = ((256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, height), (279, 64))
    length = 2 + 12 * len(tags) + 4
    for page in range(pages):
        entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
        following = 8 + length * (page + 1) if page + 1 < pages else next_ifd
        out += struct.pack("<H", len(tags)) + entries + struct.pack("<I", following)
    return out + bytes(64)


def _bmp(width: int, height: int) -> bytes:
    return b"BM" + struct.pack("<IHHI", 70, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, *[0] * 6)


_HUGE = 0x7FFFFFFF
ABSURD: tuple[Callable[[], bytes], ...] = (
    lambda: b"",
    lambda: bytes(100_000),
    lambda: b"\xff" * 1000,
    lambda: png(50_000, 50_000),
    lambda: png(_HUGE, _HUGE),
    lambda: png(_HUGE, 1),
    lambda: png(0, 10),
    lambda: png(100_000, 1_000),
    lambda: png(10, 10, _chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(30_000_000)))),
    lambda: png(10, 10, _chunk(b"iTXt", b"a\0\1\0\0\0" + zlib.compress(bytes(30_000_000)))),
    lambda: png(10, 10, _chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(30_000_000)))),
    lambda: png(10, 10, *[_chunk(b"tEXt", b"a\0" + b"b" * 1000)] * 2000),
    lambda: png(10, 10, _chunk(b"IDAT", zlib.compress(bytes(100_000_000)))),
    _png_in_ico,
    lambda: _gif(65_535, 65_535, 1),
    lambda: _gif(3_000, 3_000, 50),
    lambda: _gif(4, 4, 20_000),
    lambda: tiff(8, 8, 8),
    lambda: tiff(8, 8, 8, pages=3),
    lambda: tiff(8, 8, _HUGE),
    lambda: tiff(8, 8, 0, pages=5_000),
    lambda: tiff(_HUGE, _HUGE, 0),
    lambda: _bmp(_HUGE, _HUGE),
    lambda: _bmp(-5, 5),
    lambda: _bmp(0, -(2**31)),
    lambda: b"P5\n2147483647 2147483647\n255\n" + bytes(64),
    lambda: b"P5\n" + b"9" * 5000 + b" 1\n255\n",
    lambda: b"P1\n3 3\n" + b"#" * 100_000,
    lambda: b"%PDF-1.4\n" + b"1 0 obj << /Kids [1 0 R] >> endobj\n" * 100,
    lambda: b"%PDF-1.7\n" + b"[" * 50_000,
)
