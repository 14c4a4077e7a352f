"""Whether a picture shows one digit or a number of several."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.imaging.components import labelled
from inkread.imaging.frame import SIZE
from inkread.results import Box, Line

__all__ = ["is_lone_piece", "is_one_digit", "is_plain_digit", "is_too_wide", "may_be_one_digit", "stands_free"]

_TINY = 24  # pixels of the longer side: on fewer nobody writes a number of several digits
_NARROW = 0.95  # width to height of a line that is rather one digit that fell apart
_ROUND = 1.4  # ... and of one that is if it is doubtful too: a round zero, a wide eight
_SURE = 0.75  # of a line's confidence
_TOUCHING = 0.03  # of a line's height: a smaller gap between what may be two halves of one digit
_FREE = 0.12  # of a digit's longer side: so much paper is around what stands free
_WIDEST = 1.75  # width to height of a digit
_FEW = 4  # digits: nobody's one falls apart in more
_SMALL = 512  # pixels of the longer side, up to which a picture is looked at for one lone piece of ink
_DIFFERS = 0.2  # of the strongest ink: what differs so much from clean paper is on it, and its edge varies by less
_FAINT = 4  # gray levels: the same
_LEAST = 12  # pixels of a lone piece's height


def is_plain_digit(gray: NDArray[np.uint8]) -> bool:
    """Tell whether a picture is too small, or too much in MNIST's form, to hold more than one digit."""
    return max(gray.shape) <= _TINY or gray.shape == (SIZE, SIZE)


def is_lone_piece(gray: NDArray[np.uint8]) -> bool:
    """Tell whether one piece of ink, higher than wide, stands on clean paper.

    A cheap look, which spares most pictures of a digit the search for lines.

    Args:
        gray: uint8 (H, W), either polarity.
    """
    if max(gray.shape) > _SMALL or min(gray.shape) < _LEAST:
        return False
    edge = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
    differs = cv2.absdiff(gray, float(np.median(edge)))
    cut = _DIFFERS * float(differs.max())
    if cut <= max(_FAINT, int(edge.max()) - int(edge.min())):
        return False
    _, stats = labelled(cv2.threshold(differs, cut, 255, cv2.THRESH_BINARY)[1])
    width, height = stats[-1, cv2.CC_STAT_WIDTH], stats[-1, cv2.CC_STAT_HEIGHT]
    return bool(len(stats) == 2 and height >= _LEAST and width < _NARROW * height)


def is_one_digit(lines: tuple[Line, ...]) -> bool:
    """Tell whether what was read as lines is rather one digit: nothing, one, or a few where one fell apart."""
    count = sum(len(line.digits) for line in lines)
    if count <= 1:
        return True
    if len(lines) > 1 or count > _FEW:
        return False
    shape = lines[0].box.width / lines[0].box.height
    return (count == 2 and shape < _NARROW) or (shape < _ROUND and lines[0].confidence < _SURE)


def may_be_one_digit(lines: tuple[Line, ...]) -> bool:
    """Tell whether the digits of a line hang together and are no wider than one: then its sureness must decide."""
    if len(lines) != 1 or len(lines[0].digits) > _FEW:
        return False
    box = lines[0].box
    gaps = [b.box.left - a.box.left - a.box.width for a, b in pairwise(lines[0].digits)]
    return box.width < _ROUND * box.height and max(gaps, default=0.0) < _TOUCHING * box.height


def is_too_wide(box: Box) -> bool:
    """Tell whether ink is wider than any digit: a word, brought to the size of one, may look like it."""
    return box.width > _WIDEST * box.height


def stands_free(box: Box, shape: tuple[int, ...], share: float = _FREE) -> bool:
    """Tell whether there is paper on all sides of a box on a picture (H, W), some share of its longer side."""
    least = share * max(box.width, box.height)
    right, bottom = shape[1] - box.left - box.width, shape[0] - box.top - box.height
    return min(box.left, box.top, right, bottom) >= least
