"""The registry of recipes: a network, how it is trained, and what to expect of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkread.errors import UsageError, did_you_mean
from inkread.training.augment import Augmentation
from inkread.training.config import Config
from inkread.training.networks.strided import strided

if TYPE_CHECKING:
    import keras

__all__ = ["RECIPES", "Recipe", "find_recipe"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """A network and its training.

    Attributes:
        name: As one asks for it.
        summary: What it is, in a line.
        build: From the shape of a picture and the number of classes to a Keras model, uint8 pictures to logits.
        config: How it is trained unless told otherwise.
        parameters: Learned numbers for 28 x 28 gray pictures of ten classes.
    """

    name: str
    summary: str
    build: Callable[[tuple[int, ...], int], keras.Model]
    config: Config
    parameters: int


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="default",
            summary="six convolutions behind a strided stem, Muon, one cycle: under a minute on two cores",
            build=strided,
            config=Config(
                epochs=6,
                batch_size=512,
                learning_rate=0.045,
                augmentation=Augmentation(shift=1.5, rotation=8, zoom=0.07, shear=0.1, stroke=0.4),
            ),
            parameters=135_930,
        ),
    )
}


def find_recipe(name: str) -> Recipe:
    """Return the recipe of that name.

    Raises:
        UsageError: There is none.
    """
    if name not in RECIPES:
        raise UsageError(f"There is no recipe {name!r}.{did_you_mean(name, RECIPES)} Known are: {', '.join(RECIPES)}.")
    return RECIPES[name]
