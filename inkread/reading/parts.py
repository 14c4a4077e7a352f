"""The ink of a line in connected parts that no cut goes through: what lies between any two cuts is some of them."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.imaging.components import places

__all__ = ["Box", "Parts", "crumbs"]

_CRUMB = 0.06  # of the largest piece of ink: smaller ones beside it are a neighbour's
_ASIDE = 3  # pixels by which parts are moved from their neighbours: more than a cut goes aside from row to row

Box = tuple[int, int, int, int]
"""Left, top, width, height in pixels of a strip."""


class Parts:
    """The connected ink between each two neighbouring cuts.

    Args:
        mask: uint8 (h, w), ink 255.
        behind: int (h, w), the place of the cut before each pixel.
        cuts: How many cuts there are.
    """

    def __init__(self, mask: NDArray[np.uint8], behind: NDArray[np.int16], cuts: int) -> None:
        height, width = mask.shape
        y, x = places(mask)
        before = behind[y, x].astype(np.int64)
        apart = np.zeros((height, width + _ASIDE * cuts), np.uint8)
        apart[y, x + _ASIDE * before] = 255
        count, labels, stats, _ = cv2.connectedComponentsWithStats(apart, connectivity=8)
        label = labels[y, x + _ASIDE * before]
        self._labels = np.zeros(mask.shape, np.int32)
        self._labels[y, x] = label
        first = np.zeros(count, np.int64)
        first[label] = before
        self._behind: list[list[int]] = [[] for _ in range(cuts)]
        for part, cut in enumerate(first[1:].tolist(), start=1):
            self._behind[cut].append(part)
        stats[:, 0] -= _ASIDE * first
        stats[:, 2:4] += stats[:, :2]
        self._sides, self._area = stats[:, :4].tolist(), stats[:, 4].tolist()
        self._touching = _touching(self._labels, count)

    def behind(self, start: int) -> Iterator[tuple[list[int], int, Box]]:
        """Yield what lies between a cut and the next one, the one after that, and so on.

        Yields:
            The parts without the crumbs of a neighbour, how many pixels of ink they have, and their box.
        """
        pieces: list[set[int]] = []
        for parts in self._behind[start:-1]:
            for part in parts:
                joined = [piece for piece in pieces if not self._touching[part].isdisjoint(piece)]
                pieces = [piece for piece in pieces if piece not in joined]
                pieces.append({part}.union(*joined))
            areas = [sum(self._area[part] for part in piece) for piece in pieces]
            small = crumbs(areas)
            own = [part for piece, crumb in zip(pieces, small, strict=True) if not crumb for part in piece]
            ink = sum(area for area, crumb in zip(areas, small, strict=True) if not crumb)
            yield own, ink, self._box(own)

    def ink(self, parts: list[int], box: Box) -> NDArray[np.uint8]:
        """Return some parts, 255, in their box."""
        left, top, width, height = box
        own = np.zeros(len(self._area), np.uint8)
        own[parts] = 255
        return own[self._labels[top : top + height, left : left + width]]

    def _box(self, parts: list[int]) -> Box:
        if not parts:
            return 0, 0, 0, 0
        left, top, right, bottom = zip(*(self._sides[part] for part in parts), strict=True)
        return min(left), min(top), max(right) - min(left), max(bottom) - min(top)


def crumbs(areas: list[int]) -> list[bool]:
    """Tell which of some connected pieces of ink are much smaller than the largest."""
    least = _CRUMB * max(areas, default=0)
    return [area < least for area in areas]


def _touching(labels: NDArray[np.int32], count: int) -> list[set[int]]:
    """Return, for each part, those that it touches across a cut."""
    touching: list[set[int]] = [set() for _ in range(count)]
    for one, other in (
        (labels[:, :-1], labels[:, 1:]),
        (labels[:-1], labels[1:]),
        (labels[:-1, :-1], labels[1:, 1:]),
        (labels[:-1, 1:], labels[1:, :-1]),
    ):
        met = (one != other) & (one > 0) & (other > 0)
        for a, b in set(zip(one[met].tolist(), other[met].tolist(), strict=True)):
            touching[a].add(b)
            touching[b].add(a)
    return touching
