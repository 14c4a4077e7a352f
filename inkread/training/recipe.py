"""What a recipe is: a network, how it is trained, and what to expect of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkread.training.config import Config

if TYPE_CHECKING:
    import keras

__all__ = ["Build", "Expected", "Recipe"]

Build = Callable[..., "keras.Model"]
"""Called as build(shape, classes, dropout): the shape of a picture, (H, W) or (H, W, 3), the number of classes, and the
share that dropout leaves out. Returns a Keras model from uint8 pictures (N, *shape) to float32 logits (N, classes)."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What trainings with a recipe's own configuration gave on MNIST's 10,000 test pictures.

    Attributes:
        accuracy: Mean over the seeds, of the last epoch.
        spread: Standard deviation over the seeds.
        seeds: How many.
        command: Makes the figures again.
    """

    accuracy: float
    spread: float
    seeds: int
    command: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """A network and its training.

    Attributes:
        name: As one asks for it.
        summary: What it is, in a line.
        build: The network.
        config: How it is trained unless told otherwise.
        parameters: Learned numbers for 28 x 28 gray pictures of ten classes; 0 where nobody counted them.
        layers: The network, in words.
        source: Where it comes from, and what in it is our reading.
        reported: What its source reports.
        expected: What it gives here.
        log_probabilities: Whether the network puts out log-probabilities, which the cross-entropy takes as they are,
            not normalised over again.
        path: The file it was loaded from; empty for those that come with inkread.
    """

    name: str
    summary: str
    build: Build
    config: Config
    parameters: int = 0
    layers: str = ""
    source: str = ""
    reported: str = ""
    expected: Expected | None = None
    log_probabilities: bool = False
    path: str = ""
