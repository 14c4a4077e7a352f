"""Signs and letters that are no digit, from the stroke fonts of OpenCV."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from inkread.datasets.lines.bank import Glyphs, fields

__all__ = ["signs"]

# None that a hand could mean as a digit, a dash or a dot: no I, l, O, o, S, Z, z, B, G, q, g, b, and no | or /.
_SIGNS = "$#%&@*+?XEFHKLMNPRTUVWACaehkmnprtuvwx$#"
_FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_COMPLEX_SMALL, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX)
_SIDE = 120


@cache
def signs() -> Glyphs:
    """Return glyphs of signs and letters."""
    drawn = [_drawn(sign, font) for font in _FONTS for sign in _SIGNS]
    return fields(np.stack(drawn))[0]


def _drawn(sign: str, font: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    sheet = np.zeros((_SIDE, _SIDE), np.uint8)
    (width, height), _ = cv2.getTextSize(sign, font, 1.0, 1)
    scale = 70 / max(width, height)
    place = (round((_SIDE - scale * width) / 2), round((_SIDE + scale * height) / 2))
    cv2.putText(sheet, sign, place, font, scale, 255, 9, cv2.LINE_AA)
    return sheet
