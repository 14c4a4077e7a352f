"""Connected pieces of ink."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Components", "components", "places"]


@dataclass(frozen=True, slots=True, eq=False)
class Components:
    """The pieces of a mask, each an entry of the arrays.

    Attributes:
        mask: uint8 (h, w), ink > 0.
        labels: int32 (h, w), 0 for paper, else the piece's place in the arrays plus 1.
        left: float32 (n,), pixels.
        top: float32 (n,).
        width: float32 (n,).
        height: float32 (n,).
        area: float32 (n,), pixels of ink.
    """

    mask: NDArray[np.uint8]
    labels: NDArray[np.int32]
    left: NDArray[np.float32]
    top: NDArray[np.float32]
    width: NDArray[np.float32]
    height: NDArray[np.float32]
    area: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.left)

    @property
    def right(self) -> NDArray[np.float32]:
        """float32 (n,), the first pixel beyond."""
        return self.left + self.width

    @property
    def bottom(self) -> NDArray[np.float32]:
        """float32 (n,), the first pixel beyond."""
        return self.top + self.height


def components(mask: NDArray[np.uint8]) -> Components:
    """Return the connected pieces of a mask (uint8, ink > 0), diagonal neighbours belonging together."""
    labels, stats = labelled(mask)
    left, top, width, height, area = (stats[1:, i].astype(np.float32) for i in range(5))
    return Components(mask, labels, left, top, width, height, area)


def places(mask: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows and the columns of a mask's ink, as `np.nonzero` does in several times the time."""
    y, x = np.divmod(np.flatnonzero(mask > 0), mask.shape[1])
    return y, x


def labelled(mask: NDArray[np.uint8]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the labels of a mask's pieces, and OpenCV's statistics of each, the paper's first.

    Block by block (Grana, Borghesani, Cucchiara 2010): what OpenCV would choose gives the same, slower.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(mask, 8, cv2.CV_32S, cv2.CCL_BBDT)
    return np.asarray(labels, dtype=np.int32), np.asarray(stats, dtype=np.int32)
