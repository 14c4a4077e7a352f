"""Training: labelled pictures and a recipe to a network, with everything on disk after each epoch."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkread.datasets import Dataset
from inkread.errors import TrainingError, UsageError
from inkread.imaging.frame import SIZE
from inkread.imaging.preprocess import VERSION, is_normalized
from inkread.training.backend import make_deterministic, precision, require_keras, summary
from inkread.training.batches import Batches, require_digits
from inkread.training.checkpoint import Checkpoint
from inkread.training.config import Config
from inkread.training.folder import RunFolder
from inkread.training.held_out import parted
from inkread.training.history import Epoch
from inkread.training.listener import Listener
from inkread.training.network_options import checked_options
from inkread.training.recipe import Recipe

if TYPE_CHECKING:
    import keras

    from inkread.training.watch import Watch

__all__ = ["Fitted", "fit"]


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A trained network, in float32, with what it was and was not trained on.

    Attributes:
        model: Keras, uint8 pictures to logits, with the weights that count.
        training: The pictures it learned from.
        validation: Those held out; None where all were trained on.
        preprocessing: The version its pictures went through; None when they are used as they are.
        epochs: The history.
        seconds: From the building of the network to the last epoch's end.
    """

    model: keras.Model
    training: Dataset
    validation: Dataset | None
    preprocessing: int | None
    epochs: tuple[Epoch, ...]
    seconds: float


def fit(
    recipe: Recipe,
    dataset: Dataset,
    config: Config,
    *,
    folder: RunFolder,
    start: Checkpoint | Path | None = None,
    listener: Listener | None = None,
) -> Fitted:
    """Train a recipe.

    The same arguments give the same weights, bit for bit, on the same machine and releases, also when the training was
    cut and went on from its checkpoint: pictures and their augmentation are drawn for each batch from the seed, the
    epoch and the batch's place; the checkpoint has the states of the optimizer and of dropout; and the backend is told
    to add up in a fixed order, which on a processor costs nothing measurable.

    Args:
        recipe: The network.
        dataset: Training pictures; a validation part is split off by the configuration's split_seed.
        config: How to train.
        folder: Where everything is kept after each epoch.
        start: The checkpoint to go on from, or a .keras file whose weights to begin with.
        listener: Who is told what happens.

    Raises:
        MissingExtraError: Keras is not installed.
        OutputError: The folder cannot be written to; its last checkpoint is intact.
        TrainingError: The loss is no longer a number, the pictures are too small for the network, or the weights to
            begin with are another network's.
        UsageError: The configuration's network has options that the recipe's builder does not take.
    """
    require_keras()
    import keras

    from inkread.training.watch import Watch

    listener = listener or Listener()
    began = time.perf_counter()
    make_deterministic()
    training, validation = parted(dataset, config)
    for part in config.parts:
        require_digits(training, part)
    shape, classes = dataset.images.shape[1:], len(dataset.names) + (config.non_digits > 0)
    keras.utils.set_random_seed(config.seed % 2**32)  # as large as they can be there
    with precision(config.precision):
        model = _built(recipe, shape, classes, config)
    listener.on_model(summary(model))
    checkpoint = start if isinstance(start, Checkpoint) else None
    if isinstance(start, Path):
        from inkread.training.weights import begin_with

        begin_with(model, start, whole=config.blend < 1)
    plain = _built(recipe, shape, classes, config)
    with closing(Watch(plain, config, folder, validation, checkpoint, listener, began)) as watch:
        begin = 0
        for part in config.parts:
            if len(watch.epochs) <= begin + part.epochs and not watch.patience_is_over:
                _train(model, recipe, training, part, begin, watch, checkpoint)
            begin += part.epochs
    plain.set_weights(watch.kept)
    epochs = tuple(watch.epochs)
    return Fitted(plain, training, validation, _preprocessing(dataset), epochs, epochs[-1].seconds)


def _train(
    model: keras.Model,
    recipe: Recipe,
    training: Dataset,
    part: Config,
    begin: int,
    watch: Watch,
    checkpoint: Checkpoint | None,
) -> None:
    """Train a part of the whole, from its first epoch or from where its checkpoint goes on."""
    from inkread.training.optimizers import optimizer_for

    steps, end, done = -(-len(training) // part.batch_size), begin + part.epochs, len(watch.epochs)
    optimizer = optimizer_for(part, steps=steps * part.epochs)
    model.compile(optimizer=optimizer, loss=_loss(recipe), metrics=["accuracy"])
    optimizer.build(model.trainable_variables)
    first = model.get_weights() if part.blend < 1 else []
    if checkpoint and done > begin:
        checkpoint.restore(model)
        first = checkpoint.first
    elif begin:
        model.set_weights(watch.kept)
        first = watch.kept if part.blend < 1 else []
    if done == end:
        return
    shown = Batches(training, part)
    watch.go_on(part, shown, first)
    model.fit(
        shown.epochs(done, end),
        steps_per_epoch=steps,
        initial_epoch=done,
        epochs=end,
        shuffle=False,
        verbose=0,
        callbacks=[watch],
    )


def _loss(recipe: Recipe) -> Callable[..., Any]:
    """Return the cross-entropy, of logits or of what is log-probabilities already."""
    import keras

    if not recipe.log_probabilities:
        return keras.losses.CategoricalCrossentropy(from_logits=True)
    return lambda targets, given: -keras.ops.sum(targets * given, axis=-1)


def _built(recipe: Recipe, shape: tuple[int, ...], classes: int, config: Config) -> keras.Model:
    options = checked_options(recipe.build, config.network, recipe.name)
    try:
        return recipe.build(shape, classes, config.dropout, **options)
    except UsageError:  # of the options
        raise
    except ValueError as error:
        raise TrainingError(
            f"The recipe {recipe.name!r} cannot take pictures of shape {shape}: {str(error).splitlines()[0]}"
        ) from error


def _preprocessing(dataset: Dataset) -> int | None:
    """Tell whether pictures are digits in MNIST's form, as the preprocessing makes them, by the larger part of them."""
    if dataset.images.shape[1:] != (SIZE, SIZE):
        return None
    return VERSION if float(is_normalized(dataset.images).mean()) > 0.5 else None
