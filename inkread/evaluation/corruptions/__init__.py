"""Pictures made worse on purpose, in known steps: the fifteen corruptions of MNIST-C and ten of our own.

All of them take and give digits as MNIST has them, light ink on dark, and do not look at the class. The fifteen
follow the constants of the code that was released with the paper (Mu and Gilmer 2019, arXiv:1906.02337, with
severities that go back to Hendrycks and Dietterich 2019, arXiv:1903.12261); the published set has one severity of
each, `Corruption.released`. Chance differs, so pictures are alike in kind and not the same. Where the paper has one
severity only (stripe, dotted_line, zigzag, canny_edges) it is the third, and the four around it are ours.

    >>> import numpy as np
    >>> images = np.zeros((2, 28, 28), np.uint8)
    >>> int(corrupt(images, "inverted", severity=5).min())
    255
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkread.errors import UsageError, did_you_mean
from inkread.evaluation.corruptions import blur, geometry, light, lines, noise, pen, surface
from inkread.evaluation.corruptions.corruption import SEVERITIES, Corruption
from inkread.imaging.frame import SIZE

__all__ = ["CORRUPTIONS", "MNIST_C", "OURS", "SEVERITIES", "Corruption", "check_names", "check_severity", "corrupt"]

MNIST_C = (
    "shot_noise",
    "impulse_noise",
    "glass_blur",
    "motion_blur",
    "shear",
    "scale",
    "rotate",
    "brightness",
    "translate",
    "stripe",
    "fog",
    "spatter",
    "dotted_line",
    "zigzag",
    "canny_edges",
)
"""The names of the paper, in its order."""

OURS = (
    "pen_thin",
    "pen_thick",
    "off_centre",
    "inverted",
    "low_contrast",
    "paper_texture",
    "ruled_line",
    "box_edge",
    "jpeg",
    "light_gradient",
)

_FOUND = {c.name: c for part in (blur, geometry, light, lines, noise, pen, surface) for c in part.CORRUPTIONS}

CORRUPTIONS: dict[str, Corruption] = {name: _FOUND[name] for name in (*MNIST_C, *OURS)}

_AT_ONCE = 500  # pictures: what is made on the way stays within some tens of megabytes


def corrupt(images: NDArray[np.uint8], name: str, severity: int, *, seed: int = 0) -> NDArray[np.uint8]:
    """Make pictures worse in one way.

    Args:
        images: uint8 (N, 28, 28), light ink on dark, N at least 1.
        name: One of `CORRUPTIONS`.
        severity: 1 to 5.
        seed: A whole number from 0; the same one gives the same bytes. Severities of one seed share their chances, as
            far as they can: what is turned left at one is turned left at the next.

    Returns:
        uint8 (N, 28, 28); the input stays as it is.

    Raises:
        UsageError: Another dtype or shape, an unknown name, a severity or seed out of range.
    """
    _check_images(images)
    check_names([name])
    check_severity(severity)
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise UsageError(f"Expected the seed as a whole number from 0, got {seed!r}.")
    rng = np.random.default_rng([int(seed), *name.encode()])
    function = CORRUPTIONS[name].function
    starts = range(0, len(images), _AT_ONCE)
    return np.concatenate([function(images[start : start + _AT_ONCE], severity, rng) for start in starts])


def check_names(names: Any) -> None:
    """Raise a UsageError unless all names are those of corruptions."""
    for name in names:
        if name not in CORRUPTIONS:
            hint = did_you_mean(name, CORRUPTIONS) if isinstance(name, str) else ""
            raise UsageError(f"There is no corruption {name!r}.{hint} Known are: {', '.join(CORRUPTIONS)}.")


def check_severity(severity: Any) -> None:
    """Raise a UsageError unless it is a whole number 1 to 5."""
    if isinstance(severity, bool) or not isinstance(severity, (int, np.integer)) or severity not in SEVERITIES:
        raise UsageError(f"Expected a severity from {SEVERITIES[0]} to {SEVERITIES[-1]}, got {severity!r}.")


def _check_images(images: Any) -> None:
    if (
        isinstance(images, np.ndarray)
        and images.dtype == np.uint8
        and images.shape[1:] == (SIZE, SIZE)
        and len(images) > 0
    ):
        return
    got = f"{images.dtype} {images.shape}" if isinstance(images, np.ndarray) else type(images).__name__
    hint = (
        " Pass one picture as x[None]."
        if isinstance(images, np.ndarray) and images.shape == (SIZE, SIZE)
        else " inkread.normalize_batch makes that from other pictures."
    )
    raise UsageError(f"Expected a uint8 array of shape (N, {SIZE}, {SIZE}), N at least 1, got {got}.{hint}")
