"""A validation set taken from the training pictures, the same for the same seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inkread.datasets.dataset import Dataset
from inkread.errors import UsageError

__all__ = ["split"]


def split(dataset: Dataset, validation: float, seed: int) -> tuple[Dataset, Dataset]:
    """Divide a dataset in two, each class in proportion.

    Every picture is in exactly one of the two, every class that has pictures is in both, and the order of the
    pictures is kept.

    Args:
        dataset: the pictures to divide.
        validation: the share of the pictures for the second part, a float in (0, 1); or their number, an int
            in 1..N-1.
        seed: a whole number from 0; equal seeds give equal parts.

    Returns:
        The training part and the validation part.

    Raises:
        UsageError: `validation` or `seed` is out of range, or a class has too few pictures to be in both
            parts.

    Example:
        >>> import numpy as np
        >>> whole = Dataset(np.zeros((10, 8, 8), np.uint8), np.arange(10) % 2, ("0", "1"), "drawn")
        >>> [len(part) for part in split(whole, 0.2, seed=1)]
        [8, 2]
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise UsageError(f"The seed must be a whole number from 0; received {seed!r}.")
    wanted = _wanted(validation, len(dataset))
    sizes = np.bincount(dataset.labels, minlength=len(dataset.names))
    _check_classes(dataset, sizes, wanted)
    taken = _apportion(sizes, wanted)
    generator = np.random.default_rng(seed)
    chosen = np.zeros(len(dataset), dtype=np.bool_)
    for label, count in enumerate(taken):
        members = np.flatnonzero(dataset.labels == label)
        chosen[generator.permutation(members)[:count]] = True
    return dataset.subset(np.flatnonzero(~chosen)), dataset.subset(np.flatnonzero(chosen))


def _wanted(validation: float, total: int) -> int:
    """Return how many pictures the validation part is to have."""
    fraction = isinstance(validation, (float, np.floating))
    count = isinstance(validation, (int, np.integer)) and not isinstance(validation, bool)
    if (fraction or count) and validation == 0:
        raise UsageError(
            "The validation part must not be empty; received 0. To train on all, use the dataset as it is."
        )
    if not ((fraction and 0 < validation < 1) or (count and 0 < validation < total)):
        raise UsageError(
            f"The validation part must be a fraction between 0 and 1 or a count in 1..{total - 1}; "
            f"received {validation!r}."
        )
    return max(1, round(float(validation) * total)) if fraction else int(validation)


def _check_classes(dataset: Dataset, sizes: NDArray[np.intp], wanted: int) -> None:
    single = [dataset.names[label] for label in np.flatnonzero(sizes == 1)]
    if single:
        raise UsageError(
            f"A split needs at least 2 pictures of each class; {dataset.source} has 1 of "
            f"{', '.join(single)}. Add pictures of it, or leave that class out."
        )
    classes = int(np.count_nonzero(sizes))
    rest = len(dataset) - wanted
    if wanted < classes or rest < classes:
        raise UsageError(
            f"Both parts need at least one picture of each of the {classes} classes; received a split of "
            f"{len(dataset)} pictures into {rest} for training and {wanted} for validation. "
            f"Ask for a count in {classes}..{len(dataset) - classes}."
        )


def _apportion(sizes: NDArray[np.intp], wanted: int) -> NDArray[np.intp]:
    """Share `wanted` among the classes in proportion, leaving each class at least one picture on both sides.

    The largest remainders are rounded up (Hamilton's method), within those bounds.
    """
    quota = wanted * sizes / sizes.sum()
    least = np.minimum(sizes, 1)
    most = np.maximum(sizes - 1, 0)
    taken: NDArray[np.intp] = np.clip(np.floor(quota).astype(np.intp), least, most)
    while taken.sum() != wanted:
        missing = quota - taken
        if taken.sum() < wanted:
            taken[np.argmax(np.where(taken < most, missing, -np.inf))] += 1
        else:
            taken[np.argmin(np.where(taken > least, missing, np.inf))] -= 1
    return taken
