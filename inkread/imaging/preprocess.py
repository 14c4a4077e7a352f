"""The one path from a picture of a digit to what the network sees.

    gray, alpha, polarity -> uneven light -> noise -> threshold -> specks -> (deskew) -> 20 pixels, pen, centre of mass

Training, evaluation, the reader, the server and the windows all come through here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkread.errors import NoInkError, UnreadableImageError
from inkread.imaging import frame as framing
from inkread.imaging.frame import BOX, SIZE
from inkread.imaging.gray import check_pixels, to_gray
from inkread.imaging.ink import Ink, find_ink
from inkread.imaging.source import Source, open_picture

__all__ = ["VERSION", "comes_normalized", "is_normalized", "normalize", "normalize_batch", "to_digit"]

VERSION = 1  # part of every model's card: a model is only used with the preprocessing it was made for

_DARK = 32  # gray levels: what MNIST's border and ground stay under
_LIT = 0.1  # of the border's pixels: where the centre of mass pushed a digit to one side, some ink lies there
_INK = 64  # gray levels: above this a pixel counts as ink when its box is measured
_CENTRE = (SIZE - 1) / 2


def normalize(image: Source, *, deskew: bool = False, gaussian: bool = False) -> NDArray[np.uint8]:
    """Bring any picture of a digit into MNIST's form.

    A picture that already is in that form comes back as it is.

    Args:
        image: A path, the bytes of a file, a Pillow image, or a uint8 array, (H, W) gray, (H, W, 3) RGB or
            (H, W, 4) RGBA; either polarity.
        deskew: Undo the slant of the writing.
        gaussian: Filter noise with a Gaussian instead of the median.

    Returns:
        uint8 (28, 28), ink 255 on 0.

    Raises:
        ImageError: The picture cannot be read; the subclass says why.
        NoInkError: The picture is blank.

    Example:
        >>> normalize("examples/seven.png").shape
        (28, 28)
    """
    picture = open_picture(image)
    digit, _ = to_digit(picture.pixels, deskewed=deskew, gaussian=gaussian)
    if digit is None:
        raise NoInkError(
            f"Expected a picture with a digit on it, got a blank one of shape {picture.pixels.shape}. "
            "Check that the pen differs from the paper by more than ten gray levels."
        )
    return digit


def to_digit(
    image: NDArray[np.uint8], *, deskewed: bool = False, gaussian: bool = False
) -> tuple[NDArray[np.uint8] | None, tuple[float, float, float, float] | None]:
    """Return the digit in MNIST's form and where it was, or (None, None) when the picture is blank.

    Returns:
        uint8 (28, 28) with ink 255 on 0; and (left, top, width, height) of the ink in pixels of `image`.
    """
    gray = to_gray(check_pixels(image))
    if _comes_normalized(gray):
        return gray.copy(), _box_of(gray)
    ink = find_ink(gray, gaussian=gaussian)
    return (None, None) if ink is None else (_draw(ink, deskewed), ink.box)


def comes_normalized(image: NDArray[np.uint8]) -> bool:
    """Tell whether a picture, gray or in colour, already is in MNIST's form, so that `to_digit` leaves it as it is."""
    return image.shape[:2] == (SIZE, SIZE) and _comes_normalized(to_gray(check_pixels(image)))


def _comes_normalized(gray: NDArray[np.uint8]) -> bool:
    return gray.shape == (SIZE, SIZE) and bool(is_normalized(gray[None])[0])


def normalize_batch(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bring many pictures of one size into MNIST's form.

    Args:
        images: uint8 (N, H, W) gray, either polarity, one digit each.

    Returns:
        uint8 (N, 28, 28), ink 255 on 0. A blank picture becomes all zeros, so that rows keep their places.

    Raises:
        UnreadableImageError: Another dtype or shape.

    Example:
        >>> import numpy as np
        >>> normalize_batch(np.zeros((3, 40, 30), np.uint8)).shape
        (3, 28, 28)
    """
    _check_batch(images)
    out = np.zeros((len(images), SIZE, SIZE), np.uint8)
    done = np.zeros(len(images), bool)
    if images.shape[1:] == (SIZE, SIZE):
        done = is_normalized(images)
        out[done] = images[done]
    for i in np.flatnonzero(~done):
        ink = find_ink(images[i])
        if ink is not None:
            out[i] = _draw(ink, deskewed=False)
    return out


def is_normalized(images: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Tell which pictures already are in MNIST's form.

    That is: dark ground, a border that is dark but for some ink, an ink box within 20 x 20 give or take one pixel, and
    the centre of mass within one pixel of the centre.

    Args:
        images: uint8 (N, 28, 28).

    Returns:
        bool (N,).
    """
    ink = np.greater(images, _INK)  # (N, 28, 28)
    rows, columns = np.any(ink, axis=2), np.any(ink, axis=1)  # (N, 28)
    height, width = _extent(rows), _extent(columns)
    longest = np.maximum(height, width)
    border = np.concatenate([images[:, 0], images[:, -1], images[:, 1:-1, 0], images[:, 1:-1, -1]], axis=1)
    lit = np.count_nonzero(border > _DARK, axis=1)
    by_row = images.sum(axis=2, dtype=np.float32)  # (N, 28)
    by_column = images.sum(axis=1, dtype=np.float32)
    mass = np.maximum(by_row.sum(axis=1), 1.0)
    places = np.arange(SIZE, dtype=np.float32) - _CENTRE
    off_y, off_x = np.abs(by_row @ places) / mass, np.abs(by_column @ places) / mass
    # MNIST's makers rounded towards the lower right, so the centre of mass lies up to one pixel beyond 13.5.
    centred = (off_x <= 1.25) & (off_y <= 1.25)
    dark = np.count_nonzero(ink, axis=(1, 2)) < 0.5 * SIZE * SIZE
    return np.asarray((longest >= BOX - 1) & (longest <= BOX + 1) & (lit <= _LIT * border.shape[1]) & centred & dark)


def _extent(occupied: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the span from the first to the last True of each row; 0 where there is none."""
    first = occupied.argmax(axis=1)
    last = occupied.shape[1] - occupied[:, ::-1].argmax(axis=1)
    return np.where(occupied.any(axis=1), last - first, 0)


def _draw(ink: Ink, deskewed: bool) -> NDArray[np.uint8]:
    return framing.frame(framing.deskew(ink.level) if deskewed else ink.level)


def _box_of(gray: NDArray[np.uint8]) -> tuple[float, float, float, float]:
    rows, columns = np.flatnonzero((gray > _INK).any(axis=1)), np.flatnonzero((gray > _INK).any(axis=0))
    left, top = int(columns[0]), int(rows[0])
    return float(left), float(top), float(columns[-1] - left + 1), float(rows[-1] - top + 1)


def _check_batch(images: Any) -> None:
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8 or images.ndim != 3:
        got = f"{images.dtype} {images.shape}" if isinstance(images, np.ndarray) else type(images).__name__
        hint = " Pass one picture as x[None]." if isinstance(images, np.ndarray) and images.ndim == 2 else ""
        raise UnreadableImageError(f"Expected a uint8 array of shape (N, H, W), got {got}.{hint}")
    if images.shape[1] == 0 or images.shape[2] == 0:
        raise UnreadableImageError(f"Expected pictures with pixels, got an empty array of shape {images.shape}.")
