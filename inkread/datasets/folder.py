"""Folders with one folder of pictures per class, optionally below train/ and test/.

    FOLDER/0/a.png, FOLDER/1/b.png, …           all of it is part "train"
    FOLDER/train/0/a.png, FOLDER/test/0/b.png   two parts; a folder beside them, such as val/, is not used

The class is named as its folder is; classes are in natural order ("2" before "10"). Hidden files are passed
over.
"""

from __future__ import annotations

import re
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from inkread.datasets.dataset import MAX_BYTES, Dataset
from inkread.datasets.parts import PARTS, Part, missing_part
from inkread.errors import DatasetFormatError
from inkread.imaging.frame import SIZE
from inkread.imaging.preprocess import to_digit

__all__ = ["has_class_folders", "load_class_folders"]

_FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "GIF", "WEBP", "PPM")
_MAX_PIXELS = 4096 * 4096
# What file managers leave behind without being asked.
_LITTER = ("thumbs.db", "desktop.ini")
# What Pillow's decoders raise on bytes that are no sound picture.
_DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    SyntaxError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


def load_class_folders(folder: Path, part: Part, source: str, *, any_size: bool = False) -> Dataset:
    """Load one part of a folder of class folders.

    EXIF orientation is applied and transparency laid on white. The result is gray (N, H, W) when every
    picture is gray (modes 1, L, 16-bit scaled to 8, or a palette of grays), else RGB (N, H, W, 3). Class
    names come from all parts. Pictures of different sizes are refused, or with `any_size` all brought into
    MNIST's form, (N, 28, 28).

    Raises:
        DatasetNotFoundError: the folder does not have that part.
        DatasetFormatError: a picture cannot be read, has another size than the first, or there is none.
    """
    parts = _part_folders(folder)
    if parts and part not in parts:
        raise missing_part(folder, part, sorted(parts, reverse=True))
    if not parts and part != "train":
        raise missing_part(folder, part)
    root = parts.get(part, folder)
    every = {entry.name for below in (parts.values() or [folder]) for entry in _subfolders(below)}
    names = tuple(sorted(every, key=_natural))
    files = [(path, index) for index, name in enumerate(names) for path in _pictures(root / name)]
    if not files:
        raise DatasetFormatError(
            f"{root}: expected pictures in a folder for each class, got {len(names)} folders without one."
        )
    images, note = _stack([path for path, _ in files], any_size=any_size)
    return Dataset(images, np.array([index for _, index in files], dtype=np.int64), names, source, note)


def has_class_folders(folder: Path) -> bool:
    """Tell whether the folder has folders in it that can be classes or parts."""
    return bool(_subfolders(folder))


def _part_folders(folder: Path) -> dict[Part, Path]:
    """Return train/ and test/ where they hold folders; one that holds pictures is a class of that name."""
    return {part: folder / part for part in PARTS if (folder / part).is_dir() and _subfolders(folder / part)}


def _subfolders(folder: Path) -> list[Path]:
    return [entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")]


def _natural(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """Return a key by which "2" comes before "10", digits before letters, and no two names are equal."""
    pieces = re.split(r"([0-9]+)", name.casefold())
    return [(0, int(piece), "") if piece[:1].isdecimal() else (1, 0, piece) for piece in pieces if piece], name


def _pictures(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    for entry in entries:
        if entry.is_dir():
            raise DatasetFormatError(
                f"{folder}: expected only pictures in a class folder, got the folder {entry.name!r}. "
                "Move its pictures up, or name the folder whose folders are the classes."
            )
    files = [entry for entry in entries if entry.name.lower() not in _LITTER]
    return sorted(files, key=lambda path: _natural(path.name))


def _stack(paths: list[Path], *, any_size: bool) -> tuple[NDArray[np.uint8], str]:
    """Return the pictures, and what was done to them."""
    pictures: list[NDArray[np.uint8]] = []
    differ = False
    with warnings.catch_warnings():
        # Pillow warns of pictures so large that they may be an attack; none of them belongs in a set.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        # Harmless oddities of metadata are no reason to write on the user's screen.
        warnings.simplefilter("ignore", UserWarning)
        for path in paths:
            pictures.append(_read(path))
            if any_size and not differ and pictures[-1].shape[:2] != pictures[0].shape[:2]:
                differ, pictures = True, [_digit(picture) for picture in pictures]
            elif differ:
                pictures[-1] = _digit(pictures[-1])
            _check_size(paths, pictures)
    if differ:
        return np.stack(pictures), f"The {len(paths):,} pictures differ in size: each was brought into MNIST's form."
    if any(picture.ndim == 3 for picture in pictures):
        pictures = [_as_rgb(picture) for picture in pictures]
    return np.stack(pictures), ""


def _digit(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture in MNIST's form, all paper when it is blank."""
    digit, _ = to_digit(picture)
    return np.zeros((SIZE, SIZE), np.uint8) if digit is None else digit


def _check_size(paths: list[Path], pictures: list[NDArray[np.uint8]]) -> None:
    first, last = pictures[0].shape, pictures[-1].shape
    if first[:2] != last[:2]:
        raise DatasetFormatError(
            f"expected pictures of one size, got {first[1]} x {first[0]} in {paths[0]} and {last[1]} x "
            f"{last[0]} in {paths[len(pictures) - 1]}. Resize them to one size first."
        )
    if len(paths) * pictures[0].size > MAX_BYTES:
        raise DatasetFormatError(
            f"{paths[0].parent.parent}: expected at most {MAX_BYTES} bytes of pixels, got {len(paths)} "
            f"pictures of {first[1]} x {first[0]}. Resize the pictures or divide the set."
        )


def _read(path: Path) -> NDArray[np.uint8]:
    """Read one picture as (H, W) gray or (H, W, 3) RGB."""
    try:
        with Image.open(path, formats=_FORMATS) as picture:
            _check_extent(picture, path)
            return _to_array(ImageOps.exif_transpose(picture), path)
    except DatasetFormatError:
        raise
    except _DAMAGE as error:
        raise _unreadable(path, error) from error


def _check_extent(picture: Image.Image, path: Path) -> None:
    """Refuse a picture by its header, before its pixels are decoded."""
    if picture.width * picture.height > _MAX_PIXELS:
        raise DatasetFormatError(
            f"{path}: expected a picture of at most {_MAX_PIXELS} pixels, "
            f"got {picture.width} x {picture.height}. Resize it first."
        )
    frames = getattr(picture, "n_frames", 1)
    # A phone's JPEG may carry a second frame for depth (MPO); its first is the picture.
    if frames > 1 and picture.format != "MPO":
        raise DatasetFormatError(
            f"{path}: expected a file of one picture, got one of {frames}. Save each as a file of its own."
        )


def _unreadable(path: Path, error: Exception) -> DatasetFormatError:
    return DatasetFormatError(
        f"{path}: expected a picture ({', '.join(_FORMATS)}), got a file that cannot be read as one "
        f"({error or type(error).__name__}). Remove the file or save the picture again."
    )


def _to_array(picture: Image.Image, path: Path) -> NDArray[np.uint8]:
    if picture.mode.startswith("I"):
        return _from_16_bit(picture, path)
    if picture.mode == "F":
        raise DatasetFormatError(f"{path}: expected 8 or 16 bits a pixel, got floats. Save the picture with 8 bits.")
    gray = picture.mode in ("1", "L", "LA", "La")
    palette = picture.mode in ("P", "PA")
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    array = np.array(picture.convert("L" if gray else "RGB"), dtype=np.uint8)
    if palette and np.all(array == array[..., :1]):
        return np.ascontiguousarray(array[..., 0])
    return array


def _from_16_bit(picture: Image.Image, path: Path) -> NDArray[np.uint8]:
    values = np.array(picture).astype(np.int64)
    if values.min() < 0 or values.max() > 65535:
        raise DatasetFormatError(
            f"{path}: expected 8 or 16 bits a pixel, got values {values.min()}..{values.max()}. "
            "Save the picture with 8 bits."
        )
    # 65535 / 255 = 257, rounded to the nearest.
    return ((values + 128) // 257).astype(np.uint8)


def _as_rgb(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return picture if picture.ndim == 3 else np.repeat(picture[..., np.newaxis], 3, axis=2)
