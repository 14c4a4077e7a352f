"""Labelled pictures that a model is judged on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inkread.datasets import Dataset, Part, Progress

__all__ = ["judged_on"]


def judged_on(source: str, part: Part | None, progress: Progress) -> tuple[Dataset, Part]:
    """Load a part of a source, of pictures of any sizes.

    Args:
        source: As `inkread.datasets.load` takes it.
        part: "train" or "test"; None for test, or for all of a source without that part, which is said then.
        progress: Of a download.

    Returns:
        The pictures, and the part that they are.

    Raises:
        DatasetError: As `inkread.datasets.load` raises.
    """
    from inkread import console
    from inkread.datasets import load
    from inkread.errors import DatasetNotFoundError

    if part is not None:
        return load(source, part, progress=progress, any_size=True), part
    try:
        return load(source, "test", progress=progress, any_size=True), "test"
    except DatasetNotFoundError:  # not divided into parts, or not there at all, which the next line says
        dataset = load(source, progress=progress, any_size=True)
        console.note(f"{source} has no test part: all of its pictures are taken.")
        return dataset, "train"
