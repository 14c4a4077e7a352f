"""Digits to compose lines from, kept so that each can be drawn with any pen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.datasets.lines.thinning import thin
from inkread.errors import DatasetFormatError

__all__ = ["FIELD", "GRAIN", "ROWS", "DigitBank", "Glyphs", "fields"]

FIELD = 56  # pixels of a side of a distance field
_INK = 40  # of them for the ink's longer side
GRAIN = 12  # steps of a field's value per pixel
_MIDDLE = 96  # the value of a contour field on the contour itself
ROWS = 14  # rows of the profiles
_CHUNK = 2000  # pictures at a time
_STEEPEST = 0.8
_FAR = FIELD  # a profile where there is no ink


@dataclass(frozen=True, slots=True, eq=False)
class Glyphs:
    """Drawings without a pen: n of them, FIELD x FIELD.

    Attributes:
        centre: uint8 (n, FIELD, FIELD), the distance to the middle line of the strokes, times `GRAIN`.
        contour: uint8 (n, FIELD, FIELD), 96 plus the distance to the edge of the ink, times `GRAIN`; less inside.
        slants: float32 (n,), the tangent of the slant, positive to the right.
        boxes: float32 (n, 4), left, top, right and bottom of the middle lines when the slant is undone around the
            field's middle row, in pixels of the field.
        left: float32 (n, ROWS), how far right of the box's left side the upright ink begins, from top to bottom.
        right: float32 (n, ROWS), how far left of the box's right side it ends.
        pens: float32 (n,), the usual width of their source's strokes, in pixels of the field.
    """

    centre: NDArray[np.uint8]
    contour: NDArray[np.uint8]
    slants: NDArray[np.float32]
    boxes: NDArray[np.float32]
    left: NDArray[np.float32]
    right: NDArray[np.float32]
    pens: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.centre)


class DigitBank:
    """Digits by class, from one or several sources.

    Args:
        images: uint8 (N, H, W), light ink on black.
        labels: int64 (N,), 0 to 9, all ten of them present.
        weights: (N,), how often each is taken; all the same by default.

    Raises:
        DatasetFormatError: Another dtype, shape or label, or a digit is missing.
    """

    def __init__(
        self, images: NDArray[np.uint8], labels: NDArray[np.int64], weights: Sequence[float] | None = None
    ) -> None:
        if images.dtype != np.uint8 or images.ndim != 3 or labels.shape != (len(images),):
            raise DatasetFormatError(
                f"Expected uint8 pictures (N, H, W) and N labels, got {images.dtype} {images.shape} and {labels.shape}."
            )
        present = set(np.unique(labels).tolist())
        if present != set(range(10)):
            raise DatasetFormatError(f"Expected each of the digits 0 to 9, got the labels {sorted(present)}.")
        self.glyphs, kept = fields(images)
        shares = np.ones(len(images)) if weights is None else np.asarray(weights, np.float64)
        self.labels, self.weights = labels[kept], shares[kept]
        self._index()

    @classmethod
    def joined(cls, banks: Sequence[DigitBank], shares: Sequence[float]) -> DigitBank:
        """Return one bank of several.

        Args:
            banks: From different sources, their pictures of different sizes for instance.
            shares: How often a digit is taken from each.
        """
        out = cls.__new__(cls)
        columns = [np.concatenate([getattr(bank.glyphs, name) for bank in banks]) for name in Glyphs.__slots__]
        out.glyphs = Glyphs(*columns)
        out.labels = np.concatenate([bank.labels for bank in banks])
        out.weights = np.concatenate(
            [bank.weights * (share / bank.weights.sum()) for bank, share in zip(banks, shares, strict=True)]
        )
        out._index()
        return out

    def _index(self) -> None:
        self._of_class = [np.flatnonzero(self.labels == digit) for digit in range(10)]
        self._sums = [np.cumsum(self.weights[of_class]) for of_class in self._of_class]

    def __len__(self) -> int:
        return len(self.glyphs)

    def draw(self, digit: int, rng: np.random.Generator) -> int:
        """Return the index of one drawing of a digit."""
        sums = self._sums[digit]
        return int(self._of_class[digit][min(int(np.searchsorted(sums, rng.random() * sums[-1])), len(sums) - 1)])


def fields(images: NDArray[np.uint8]) -> tuple[Glyphs, NDArray[np.int64]]:
    """Turn pictures of single things into glyphs.

    Args:
        images: uint8 (N, H, W), light ink on black.

    Returns:
        The glyphs; and the indices of the pictures they are of: what is blank is left out.
    """
    parts = [_fields(images[i : i + _CHUNK]) for i in range(0, len(images), _CHUNK)]
    kept = np.concatenate([part[1] + i * _CHUNK for i, part in enumerate(parts)])
    columns = [np.concatenate([getattr(part[0], name) for part in parts]) for name in Glyphs.__slots__]
    return Glyphs(*columns), kept


def _fields(images: NDArray[np.uint8]) -> tuple[Glyphs, NDArray[np.int64]]:
    framed = [_framed(image) for image in images]
    kept = np.array([i for i, one in enumerate(framed) if one is not None], np.int64)
    masks = np.zeros((len(kept), FIELD, FIELD), np.uint8)
    for i, one in enumerate(one for one in framed if one is not None):
        masks[i] = one
    middle = thin(masks)
    centre, contour, pens = np.empty_like(masks), np.empty_like(masks), np.zeros(len(kept), np.float32)
    for i, (mask, line) in enumerate(zip(masks, middle, strict=True)):
        away = cv2.distanceTransform(1 - line, cv2.DIST_L2, 5)
        # The middle line has steps of a pixel; a little blur smooths them, and lifts its zero by half a pixel.
        away = cv2.GaussianBlur(away, (0, 0), 1.2) - 0.55
        centre[i] = cv2.convertScaleAbs(np.maximum(away, 0), alpha=GRAIN)
        outside = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 3) - cv2.distanceTransform(mask, cv2.DIST_L2, 3)
        outside = cv2.GaussianBlur(outside, (0, 0), 0.9)
        contour[i] = np.clip(outside * GRAIN + _MIDDLE, 0, 255).astype(np.uint8)
        pens[i] = 2 * max(0.0, -float(np.median(outside[line > 0])))
    slants = np.array([_slant(line) for line in middle], np.float32)
    uprights = [_upright(line, float(slant)) for line, slant in zip(middle, slants, strict=True)]
    boxes = np.array([box for box, _ in uprights], np.float32).reshape(-1, 4)
    profiles = np.array([profile for _, profile in uprights], np.float32).reshape(-1, 2, ROWS)
    return Glyphs(centre, contour, slants, boxes, profiles[:, 0], profiles[:, 1], pens), kept


def _framed(image: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """Return the ink (1 on 0), enlarged or reduced to `_INK` pixels in the middle of a field; None when blank."""
    left, top, width, height = cv2.boundingRect(cv2.threshold(image, 100, 255, cv2.THRESH_BINARY)[1])
    if width == 0:
        return None
    scale = _INK / max(width, height)
    shift = FIELD / 2 - scale * np.array([left + width / 2, top + height / 2]) + (scale - 1) / 2
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float32)
    if scale < 1:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), 0.5 / scale), dtype=np.uint8)
    fine = cv2.warpAffine(image, matrix, (FIELD, FIELD), flags=cv2.INTER_CUBIC)
    mask = cv2.threshold(fine, 110, 1, cv2.THRESH_BINARY)[1]
    mask[[0, -1]] = 0
    mask[:, [0, -1]] = 0
    return np.asarray(mask, dtype=np.uint8) if cv2.countNonZero(mask) else None


def _slant(line: NDArray[np.uint8]) -> float:
    """Return the slant by the second moments; what lies, as a dash does, has none."""
    moments = cv2.moments(line, binaryImage=True)
    if moments["mu02"] < 0.3 * moments["mu20"] or moments["mu02"] < 1:
        return 0.0
    return float(np.clip(-moments["mu11"] / moments["mu02"], -_STEEPEST, _STEEPEST))


def _upright(line: NDArray[np.uint8], slant: float) -> tuple[tuple[float, float, float, float], NDArray[np.float32]]:
    """Return the box of what is drawn, once upright, and how far inside it each row begins and ends, (2, ROWS)."""
    y, x = np.nonzero(line)
    upright = x + slant * (y - FIELD / 2)
    left, right, top, bottom = float(upright.min()), float(upright.max()), float(y.min()), float(y.max())
    row = ((y - top) * ((ROWS - 0.01) / max(bottom - top, 1.0))).astype(int)
    first, last = np.full(ROWS, _FAR, np.float32), np.full(ROWS, _FAR, np.float32)
    np.minimum.at(first, np.minimum(row, ROWS - 1), upright - left)
    np.minimum.at(last, np.minimum(row, ROWS - 1), right - upright)
    return (left, top, right, bottom), np.stack([_nearest(first), _nearest(last)])


def _nearest(profile: NDArray[np.float32]) -> NDArray[np.float32]:
    """Let each row see its two neighbours: strokes have a width, and no two digits stand on one line exactly."""
    padded = np.pad(profile, 1, mode="edge")
    return np.asarray(np.minimum(np.minimum(padded[:-2], padded[2:]), profile), dtype=np.float32)
