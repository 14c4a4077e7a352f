"""Dark ink on light paper, or light ink on dark."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.imaging.scale import shrink

__all__ = ["is_dark_on_light"]

_SIDE = 64  # pixels of the longer side at which the polarity is decided
_CLEAR = 12.0  # deviations of the paper between it and the ink: no shadow gives that
_CLEANER = 2.5  # times as far apart as in the picture as it is: then what was cut from it was a shadow


def is_dark_on_light(gray: NDArray[np.uint8]) -> bool:
    """Tell whether dark ink lies on light paper, or light ink on dark.

    Paper is what there is more of, what lies along the edges and in the corners of the picture, what is wider than a
    stroke of the pen, and what the strokes cut into pieces while they hang together themselves. No single trait
    decides: a digit cut out tightly has ink on all its edges, a bold one covers more than half of its box.
    """
    small = shrink(gray, _SIDE)
    plain = _halves(small)
    edge, corners = _edge(plain[0])
    area = cv2.countNonZero(plain[0]) / small.size
    if plain[1] > _CLEAR and corners in (0.0, 1.0) and abs(edge - corners) < 0.03 and abs(area - corners) < 0.4:
        return corners == 1.0  # nothing speaks against what edge, corners and area say
    flat = _halves(_without_shadow(small))
    # A shadow can be cut from the light as ink from paper can, but never as cleanly.
    light = flat[0] if flat[1] > _CLEANER * plain[1] else plain[0]
    dark = 1 - light
    edge, corners = _rim(light)
    radius_light, radius_dark = _greatest_radius(light), _greatest_radius(dark)
    paper_is_light = (
        0.5 * (2 * float(light.mean()) - 1)
        + (2 * edge - 1)
        + 0.3 * (2 * corners - 1)
        + 0.5 * (radius_light - radius_dark) / max(radius_light + radius_dark, 1e-6)
        + (_coherence(dark) - _coherence(light))
    )
    return paper_is_light > 0


def _halves(gray: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    """Cut a picture in light (1) and dark (0); return how far apart the two lie, in deviations of the larger one."""
    _, light = cv2.threshold(gray, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    dark = cv2.bitwise_xor(light, 1)
    larger = light if 2 * cv2.countNonZero(light) > light.size else dark
    contrast = cv2.mean(gray, light)[0] - cv2.mean(gray, dark)[0]
    return light, float(contrast / (cv2.meanStdDev(gray, mask=larger)[1][0, 0] + 1.0))


def _without_shadow(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Subtract the median of a wide neighbourhood, whatever the polarity; gray 128 is what equals it."""
    side = max(3, int(0.6 * min(gray.shape)) | 1)
    light = cv2.medianBlur(gray, side)
    return cv2.addWeighted(gray, 0.5, cv2.bitwise_not(light), 0.5, 0.0)


def _rim(light: NDArray[np.uint8]) -> tuple[float, float]:
    """Return the shares of light along the edges and in the corners; inside a printed frame, when there is one."""
    inset = max(light.shape) // 12
    rims = []
    for start in (0, inset, 2 * inset):
        ring = light[start : light.shape[0] - start, start : light.shape[1] - start]
        if ring.size == 0:
            break
        rims.append(_edge(ring))
    outer = rims[0][0]
    framed = inset > 0 and len(rims) == 3 and all(abs(outer - edge) > 0.75 for edge, _ in rims[1:])
    return rims[1] if framed else rims[0]


def _edge(light: NDArray[np.uint8]) -> tuple[float, float]:
    """Return the shares of light along the edges and in the corners."""
    height, width = light.shape
    counted = sum(cv2.countNonZero(side) for side in (light[:1], light[-1:], light[:, :1], light[:, -1:]))
    corners = int(light[0, 0]) + int(light[0, -1]) + int(light[-1, 0]) + int(light[-1, -1])
    return counted / (2 * (height + width)), corners / 4


def _greatest_radius(mask: NDArray[np.uint8]) -> float:
    return float(cv2.distanceTransform(mask, cv2.DIST_L2, 3).max())


def _coherence(mask: NDArray[np.uint8]) -> float:
    """Return the share of a mask that its largest connected piece makes up."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count < 2:
        return 0.0
    areas = stats[1:, cv2.CC_STAT_AREA]
    return float(areas.max() / areas.sum())
