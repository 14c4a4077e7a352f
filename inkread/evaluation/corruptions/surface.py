"""Surface: mud on it, the grain of the paper, and nothing left of it but edges."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.evaluation.corruptions.corruption import MU_GILMER, OWN, Corruption
from inkread.evaluation.corruptions.operations import gaussian_blur, to_pixels, to_shares

__all__ = ["CORRUPTIONS"]

# Mean and deviation of the wet noise, its blur in pixels, the level above which it is mud, the blur of the mud.
_MUD = (
    (0.65, 0.3, 4, 0.69, 0.6),
    (0.65, 0.3, 3, 0.68, 0.6),
    (0.65, 0.3, 2, 0.68, 0.5),
    (0.65, 0.3, 1, 0.65, 1.5),
    (0.67, 0.4, 1, 0.65, 1.5),
)
_MUD_GRAY = 63 / 255
_THIN_MUD = 0.8  # what covers less than this is none

_EDGE_BLUR = (0.5, 0.75, 1.0, 1.4, 2.0)  # pixels; 1 is the published one
_WEAK, _STRONG = 0.1, 0.2  # of white, by Sobel's kernel as it stands: a step from 0 to 1 gives 4
_GRAIN = (6, 12, 18, 26, 36)  # gray levels, root mean square


def spatter(images: NDArray[np.uint8], severity: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Throw drops of dark gray mud over ink and ground."""
    mean, deviation, wet, level, edge = _MUD[severity - 1]
    noise = rng.normal(mean, deviation, images.shape).astype(np.float32)
    mud = gaussian_blur((gaussian_blur(noise, wet) > level).astype(np.float32), edge)
    mud[mud < _THIN_MUD] = 0
    return to_pixels(to_shares(images) * (1 - mud) + _MUD_GRAY * mud)


def paper_texture(images: NDArray[np.uint8], severity: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Let the paper be seen: fine grain and coarse blotches, on a ground that is lifted by twice their deviation."""
    grain = rng.standard_normal(images.shape, dtype=np.float32)
    blotches = rng.standard_normal(images.shape, dtype=np.float32)
    layers = [layer / layer.std() for layer in (gaussian_blur(grain, 0.6), gaussian_blur(blotches, 2.0))]
    texture = (layers[0] + 0.7 * layers[1]) / np.float32(np.hypot(1, 0.7))
    height = np.float32(_GRAIN[severity - 1] / 255)
    shares = to_shares(images)
    return to_pixels(shares + 2 * height * (1 - shares) + height * texture)


def canny_edges(images: NDArray[np.uint8], severity: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Keep the edges only, a pixel thin, white on black (Canny 1986).

    Thresholds and order are those of scikit-image, which the released code calls: Gaussian, Sobel, thinning by
    interpolation along the gradient, and weak edges only where they touch strong ones.
    """
    del rng
    sigma = _EDGE_BLUR[severity - 1]
    smooth = gaussian_blur(to_shares(images), sigma, dark_around=True)
    smooth /= gaussian_blur(np.ones((1, *images.shape[1:]), np.float32), sigma, dark_around=True)
    down, right = _sobel(smooth)
    steep = np.hypot(down, right)
    ridge = _is_ridge(steep, down, right) & (steep >= _WEAK)
    ridge[:, [0, -1]] = ridge[:, :, [0, -1]] = False  # at the rim one side of the gradient is made up
    return _touching(ridge, ridge & (steep >= _STRONG)) * np.uint8(255)


def _sobel(pictures: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the slopes downwards and to the right, (N, H, W) each."""
    padded = np.pad(pictures, ((0, 0), (1, 1), (1, 1)), mode="edge")
    across = padded[:, :, :-2] + 2 * padded[:, :, 1:-1] + padded[:, :, 2:]
    along = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    return across[:, 2:] - across[:, :-2], along[:, :, 2:] - along[:, :, :-2]


def _is_ridge(steep: NDArray[np.float32], down: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell where no slope one step up or down the gradient is steeper, which lies between two pixels each time."""
    count, height, width = steep.shape
    padded = np.pad(steep, ((0, 0), (1, 1), (1, 1)))
    places = np.ogrid[:count, 1 : height + 1, 1 : width + 1]
    step_y = np.where(down < 0, -1, 1)
    step_x = np.where(right < 0, -1, 1)
    upright = np.abs(down) >= np.abs(right)
    straight_y, straight_x = step_y * upright, step_x * ~upright
    longer = np.maximum(np.abs(down), np.abs(right))
    slant = np.minimum(np.abs(down), np.abs(right)) / np.maximum(longer, np.float32(1e-12))
    ridge = longer > 0
    for sign in (-1, 1):
        straight = padded[places[0], places[1] + sign * straight_y, places[2] + sign * straight_x]
        diagonal = padded[places[0], places[1] + sign * step_y, places[2] + sign * step_x]
        ridge &= straight * (1 - slant) + diagonal * slant <= steep
    return ridge


def _touching(weak: NDArray[np.bool_], strong: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return those connected parts of `weak`, corners included, that have a pixel of `strong`."""
    count, height, width = weak.shape
    # One tall picture of all, a black row between any two.
    tall = np.pad(weak, ((0, 0), (0, 1), (0, 0))).reshape(-1, width).astype(np.uint8)
    _, parts = cv2.connectedComponents(tall, connectivity=8)
    parts = parts.reshape(count, height + 1, width)[:, :height]
    kept = np.zeros(parts.max() + 1, bool)
    kept[parts[strong]] = True
    return kept[parts]


CORRUPTIONS = (
    Corruption("spatter", "surface", "ever more drops of mud of gray 63", MU_GILMER, spatter, released=4),
    Corruption(
        "canny_edges",
        "surface",
        "edges after a blur of 0.5, 0.75, 1, 1.4, 2 px; published is 1, the others are ours",
        MU_GILMER,
        canny_edges,
        released=3,
        random=False,
    ),
    Corruption(
        "paper_texture", "surface", "grain of 6, 12, 18, 26, 36 gray levels root mean square", OWN, paper_texture
    ),
)
