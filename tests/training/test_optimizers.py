"""Every optimizer, schedule and average that a configuration can ask for does what its name says."""

from __future__ import annotations

import dataclasses
import math
from itertools import pairwise

import numpy as np
import pytest

from inkread.training.checkpoint import read_checkpoint
from inkread.training.config import OPTIMIZERS, SCHEDULES, Config
from inkread.training.folder import RunFolder
from inkread.training.listener import Listener
from inkread.training.recipe import Recipe

pytestmark = pytest.mark.usefixtures("keras")

KERNEL = (3, 3, 8, 8)  # of a convolution: Muon's
MATRIX = (6, 4)


def settings(optimizer, **changes):
    """A configuration with the usual rate of an optimizer."""
    rate, decay = OPTIMIZERS[optimizer]
    usual = {"optimizer": optimizer, "learning_rate": rate, "weight_decay": decay, "schedule": "constant"}
    return Config(**(usual | changes))


@pytest.fixture
def moves(keras):
    """Return a function that gives gradients to one variable and returns how far each step moved it down."""

    def take(config, gradients, *, start=0.0):
        from inkread.training.optimizers import optimizer_for

        optimizer = optimizer_for(config, len(gradients))
        variable = keras.Variable(np.full(gradients[0].shape, start, np.float32))
        optimizer.build([variable])
        places = [variable.numpy().copy()]
        for gradient in gradients:
            optimizer.apply([keras.ops.convert_to_tensor(gradient.astype(np.float32))], [variable])
            places.append(variable.numpy().copy())
        return [before - after for before, after in pairwise(places)]

    return take


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_loss_of_digits_falls(keras, tiny, drawn, optimizer, schedule):
    from inkread.training.optimizers import optimizer_for

    data = drawn(160)
    keras.utils.set_random_seed(0)
    model = tiny.build((28, 28), 10, 0.0)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    # Without compiling a graph: it is ten steps only.
    model.compile(optimizer_for(settings(optimizer, schedule=schedule), 10), loss, run_eagerly=True)
    losses = model.fit(data.images, data.labels, batch_size=32, epochs=2, verbose=0).history["loss"]
    assert losses[1] < 0.95 * losses[0]
    assert losses[1] < math.log(10)  # what knowing nothing costs


def rate(schedule, done, warmup):
    """The learning rate of a peak of 1 after a share of the steps."""
    if schedule == "constant":
        return 1.0
    start = warmup if schedule == "one-cycle" else 0.0
    if done < start:
        return 0.05 + 0.95 * done / start
    return 0.001 + 0.999 * (1 + math.cos(math.pi * (done - start) / (1 - start))) / 2


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("warmup", [0.0, 0.25])
def test_steps_are_as_long_as_the_schedule_says(moves, schedule, warmup):
    config = settings("sgd", momentum=0.0, learning_rate=0.5, schedule=schedule, warmup=warmup)
    steps = [move.mean() for move in moves(config, [np.ones(MATRIX)] * 40)]
    assert steps == pytest.approx([0.5 * rate(schedule, k / 40, warmup) for k in range(40)], rel=1e-3)


@pytest.mark.parametrize(("schedule", "count", "epochs"), [("cosine", 100, 2), ("one-cycle", 97, 1)])
def test_the_schedule_ends_with_the_training(keras, tiny, drawn, tmp_path, monkeypatch, schedule, count, epochs):
    from inkread.training import fit, optimizers

    made = []
    right = optimizers.optimizer_for
    monkeypatch.setattr(optimizers, "optimizer_for", lambda *a, **k: made.append(right(*a, **k)) or made[-1])
    config = dataclasses.replace(tiny.config, epochs=epochs, validation=0.2, batch_size=16, schedule=schedule)
    fit.fit(tiny, drawn(count), config, folder=RunFolder.new(tmp_path / "run"))
    assert int(made[0].iterations) == epochs * 5
    assert float(made[0].learning_rate) == pytest.approx(0.001 * config.learning_rate, rel=1e-3)


@pytest.mark.parametrize("shape", [KERNEL, MATRIX])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_decay_shrinks_weights_that_no_gradient_holds(moves, optimizer, shape):
    config = settings(optimizer, learning_rate=0.1, weight_decay=0.5)
    first, second = moves(config, [np.zeros(shape)] * 2, start=2.0)
    assert np.allclose(first, 0.1 * 0.5 * 2.0, atol=1e-5)
    assert np.allclose(second, 0.1 * 0.5 * 1.9, atol=1e-5)  # in proportion to what is left
    still = moves(dataclasses.replace(config, weight_decay=0.0), [np.zeros(shape)] * 2, start=2.0)
    assert np.allclose(still, 0.0, atol=1e-6)


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_momentum_reaches_sgd_and_looks_ahead(moves, momentum):
    config = settings("sgd", learning_rate=0.1, momentum=momentum)
    first, second, third = (move.mean() for move in moves(config, [np.ones(MATRIX), *[np.zeros(MATRIX)] * 2]))
    assert first == pytest.approx(0.1 * (1 + momentum))  # Nesterov's: the step after it is in it
    assert second == pytest.approx(0.1 * momentum**2, abs=1e-7)
    assert third == pytest.approx(0.1 * momentum**3, abs=1e-7)


def test_momentum_reaches_muon(moves):
    rng = np.random.default_rng(0)
    gradients = [rng.standard_normal(KERNEL), np.zeros(KERNEL)]
    moving, still = (moves(settings("muon", momentum=momentum, weight_decay=0.0), gradients) for momentum in (0.9, 0.0))
    assert np.allclose(still[1], 0.0, atol=1e-6)
    assert np.abs(moving[1]).mean() > 0.5 * np.abs(moving[0]).mean()


def _plain(shape, classes, dropout=0.0):
    """A network whose only variables are weights."""
    import keras
    from keras import layers

    pictures = keras.Input(shape, dtype="uint8", name="pictures")
    x = layers.Flatten()(layers.Rescaling(1 / 255)(pictures))
    return keras.Model(pictures, layers.Dense(classes, dtype="float32")(x))


@pytest.mark.parametrize("optimizer", ["muon", "sgd"])
def test_the_average_is_the_exponential_mean_of_the_weights_of_all_steps(keras, drawn, tmp_path, optimizer):
    from inkread.training.fit import fit

    folder, after = RunFolder.new(tmp_path / "run"), []
    # One step an epoch: the checkpoint has the weights after each step.
    config = settings(optimizer, epochs=6, batch_size=80, validation=0.2, average=0.7, precision="float32", seed=1)
    listener = Listener(on_epoch=lambda _: after.append(read_checkpoint(folder.checkpoint).network))
    recipe = Recipe("plain", "one dense layer", _plain, config)
    fitted = fit(recipe, drawn(100), config, folder=folder, listener=listener)
    mean = after[0]
    for weights in after[1:]:
        mean = [0.7 * a + 0.3 * w for a, w in zip(mean, weights, strict=True)]
    for given, wanted, last in zip(fitted.model.get_weights(), mean, after[-1], strict=True):
        assert np.allclose(given, wanted, rtol=1e-4, atol=1e-6)
        assert not np.allclose(given, last, rtol=1e-4, atol=1e-6)


@pytest.fixture(scope="module")
def averaged(keras, tiny, drawn, tmp_path_factory):
    """A short training whose averaged weights are far from the last ones, with normalised batches."""
    from inkread.training.fit import fit

    config = dataclasses.replace(tiny.config, epochs=6, batch_size=32, average=0.97, schedule="constant", keep="best")
    folder = RunFolder.new(tmp_path_factory.mktemp("runs") / "run")
    return fit(tiny, drawn(400, classes=4), config, folder=folder)


def test_the_averaged_network_judges_well(averaged):
    assert averaged.epochs[-1].validation_accuracy > 0.9  # of four classes


def test_the_statistics_are_those_of_the_averaged_weights(averaged, keras):
    """What the normalisation subtracts is what its layer really sees, on average over the training pictures."""
    model = averaged.model
    layer = next(layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization))
    given = keras.Model(model.inputs[0], layer.input)(averaged.training.images)
    seen, *kept = map(keras.ops.convert_to_numpy, (given, layer.moving_mean, layer.moving_variance))
    mean, deviation = seen.mean(axis=(0, 1, 2)), seen.std(axis=(0, 1, 2))
    assert np.abs(kept[0] - mean).max() < 0.02 * deviation.max()
    assert np.allclose(np.sqrt(kept[1]), deviation, rtol=0.05, atol=1e-3)
    assert layer.momentum == 0.5  # as the recipe has it
