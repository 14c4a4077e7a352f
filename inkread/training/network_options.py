"""What a recipe's network can be built with beside shape, classes and dropout: the keywords of its builder."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from inkread.errors import UsageError, did_you_mean
from inkread.training.recipe import Build

__all__ = ["checked_options", "options_of"]

_USUAL = ("shape", "classes", "dropout")  # what every builder takes


def options_of(build: Build) -> dict[str, float | str]:
    """Return the keywords that a builder takes beside the usual ones, with their defaults.

    Example:
        >>> from inkread.training.networks.pooled import cnn_dropout
        >>> options_of(cnn_dropout)
        {'width': 1.0, 'depth': 2}
    """
    parameters = inspect.signature(build).parameters.values()
    return {p.name: p.default for p in parameters if p.name not in _USUAL and isinstance(p.default, (int, float, str))}


def checked_options(build: Build, given: Mapping[str, float | str], recipe: str) -> dict[str, float | str]:
    """Return options as the builder's keywords have them, whole numbers as floats where those are floats.

    Args:
        build: The builder.
        given: The table [network] of a configuration.
        recipe: The name of the recipe, for the error.

    Raises:
        UsageError: The builder takes no such option, or one of another type; all at once.
    """
    known = options_of(build)
    faults: list[str] = []
    options: dict[str, float | str] = {}
    for key, value in given.items():
        usual = known.get(key)
        if usual is None:
            takes = f" It takes {', '.join(known)}." if known else " It takes none."
            faults.append(f"network.{key}: no such option of recipe {recipe!r}.{did_you_mean(key, known)}{takes}")
        elif type(usual) is float and type(value) is int:
            options[key] = float(value)
        elif type(value) is not type(usual):
            faults.append(f"network.{key}: {type(usual).__name__} (got {value!r})")
        else:
            options[key] = value
    if faults:
        raise UsageError("Expected another configuration:\n  " + "\n  ".join(faults))
    return options
