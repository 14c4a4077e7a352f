"""The parts of a dataset, train and test, and what to say when one is missing."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, get_args

from inkread.errors import DatasetNotFoundError, UsageError, did_you_mean

__all__ = ["PARTS", "Part", "check_part", "missing_part"]

Part = Literal["train", "test"]
PARTS: tuple[Part, ...] = get_args(Part)


def check_part(part: str) -> None:
    """Raise UsageError when `part` is no part's name."""
    if part not in PARTS:
        raise UsageError(f"The part must be 'train' or 'test'; received {part!r}.{did_you_mean(str(part), PARTS)}")


def missing_part(source: object, part: Part, present: Collection[str] = ()) -> DatasetNotFoundError:
    """Return the error for a source without that part.

    Args:
        source: the file or folder.
        part: what was asked for.
        present: the parts that the source has; empty when it is not divided into parts, and so is all
            "train".
    """
    if present:
        has = "it has only " + " and ".join(repr(name) for name in present)
    else:
        has = "it is not divided into parts, so all of it is 'train'"
    return DatasetNotFoundError(
        f"{source} has no part {part!r}: {has}. Give a separate file for {part!r} and load its part 'train', "
        "or a folder with train/ and test/ in it."
    )
