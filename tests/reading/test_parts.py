"""The ink between any two cuts, put together from parts."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkread.imaging.cuts import find_cuts
from inkread.reading.parts import Parts


def line(seed):
    """Return a line of strokes and specks that lie across each other, where its cuts are, and the cut before each."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((50, 160), np.uint8)
    for _ in range(9):
        a, b = (rng.integers([0, 0], [160, 50]).tolist() for _ in range(2))
        cv2.line(mask, a, [(a[0] + b[0] % 40) % 160, b[1]], 255, int(rng.integers(1, 5)))
    mask[rng.integers(0, 50, 12), rng.integers(0, 160, 12)] = 255
    paths = find_cuts(mask, 40.0, 3.0).paths
    columns = np.arange(160)[None, :]
    behind = (columns[None] >= paths[:, :, None]).sum(axis=0) - 1
    return mask, paths, behind.astype(np.int16)


@pytest.mark.parametrize("seed", range(4))
def test_parts_give_the_ink_between_cuts_without_crumbs(seed):
    mask, paths, behind = line(seed)
    parts = Parts(mask, behind, len(paths))
    for start in range(len(paths) - 1):
        for end, (chosen, count, box) in enumerate(parts.behind(start), start=start + 1):
            own = np.where((behind >= start) & (behind < end), mask, 0).astype(np.uint8)
            _, labels, stats, _ = cv2.connectedComponentsWithStats(own, connectivity=8)
            area = stats[1:, cv2.CC_STAT_AREA]
            own[np.isin(labels, 1 + np.flatnonzero(area < 0.06 * area.max(initial=0)))] = 0
            left, top, width, height = cv2.boundingRect(own)
            assert (count, box) == (np.count_nonzero(own), (left, top, width, height))
            assert np.array_equal(parts.ink(chosen, box), own[top : top + height, left : left + width])


def test_there_is_nothing_between_cuts_through_paper():
    parts = Parts(np.zeros((5, 9), np.uint8), np.zeros((5, 9), np.int16), 2)
    assert list(parts.behind(0)) == [([], 0, (0, 0, 0, 0))]
