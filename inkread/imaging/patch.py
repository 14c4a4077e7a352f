"""A line as it is on its picture: what a reader of whole lines is shown.

A strip (`lines`) is free of its surroundings, and what was taken for dirt is lost in it. Here the same place is cut out
of the picture itself, paper and all.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.imaging.lines import Strip

__all__ = ["patch"]

_BESIDE = 0.4  # digit heights of paper on the left and right
_ABOVE = 0.3  # ... and above and below
_FINE = 64  # pixels of a digit's height: more are of no use


def patch(strip: Strip) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Cut a line out of its picture, level, at the picture's own scale where that is not too fine.

    Args:
        strip: Where the line is.

    Returns:
        uint8 (h, w), no larger than the picture; where a turned one is missing its corners they are plain paper. And
        float64 (3, 3), which takes its points to those of the picture.
    """
    x, y, width, height = _span(strip)
    left, top, across, down = strip.box(x, y, width, height)
    rows, columns = strip.gray.shape
    x0, y0 = max(0, int(left)), max(0, int(top))
    around = strip.gray[y0 : min(rows, int(top + down) + 2), x0 : min(columns, int(left + across) + 2)]
    if not around.size:  # of a form, a field may lie beyond the scan
        around, x0, y0 = strip.gray[:1, :1], 0, 0
    fine = _pixels(strip)  # of the picture for one of the strip
    scale = min(fine, _FINE / strip.tall)
    inner = np.diag([1.0, 1.0, 1.0])
    if scale < 0.6 * fine:  # reduced by areas first: the warp below takes samples
        size = (max(1, round(around.shape[1] * scale / fine)), max(1, round(around.shape[0] * scale / fine)))
        inner = np.diag([around.shape[1] / size[0], around.shape[0] / size[1], 1.0])
        around = np.asarray(cv2.resize(around, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    to_picture = strip.matrix @ np.array([[1 / scale, 0, x], [0, 1 / scale, y], [0, 0, 1]])
    to_around = np.linalg.inv(np.array([[1, 0, x0], [0, 1, y0], [0, 0, 1]]) @ inner) @ to_picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    out = cv2.warpPerspective(
        around,
        to_around,
        size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=float(np.median(around)),
    )
    return np.asarray(out, dtype=np.uint8), to_picture


def _span(strip: Strip) -> tuple[float, float, float, float]:
    """Return left, top, width and height of what is shown, in pixels of the strip: some paper around it, if there is.

    What goes on beyond the picture as plain paper has an edge there, which looks like ink.
    """
    height, width = strip.level.shape
    rows, columns = strip.gray.shape
    beside, above = _BESIDE * strip.tall, _ABOVE * strip.tall
    middles = np.array([[[0, rows / 2], [columns, rows / 2], [columns / 2, 0], [columns / 2, rows]]], np.float64)
    x, y = cv2.perspectiveTransform(middles, np.linalg.inv(strip.matrix))[0].T  # of the picture's sides
    left, right = max(-beside, min(0.0, float(x.min()))), min(width + beside, max(width, float(x.max())))
    top, bottom = max(-above, min(0.0, float(y.min()))), min(height + above, max(height, float(y.max())))
    return left, top, right - left, bottom - top


def _pixels(strip: Strip) -> float:
    """Return how many pixels of the picture one pixel of a strip's height is, in its middle."""
    height, width = strip.level.shape
    ends = np.array([[[width / 2, 0], [width / 2, height]]], np.float64)
    (xa, ya), (xb, yb) = cv2.perspectiveTransform(ends, strip.matrix)[0]
    return max(1e-3, float(np.hypot(xb - xa, yb - ya)) / height)
