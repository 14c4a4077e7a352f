"""Training with JAX behind Keras, in processes of its own: a process has one backend."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import inkread
from inkread.training.folder import RunFolder

RECIPE = """
from inkread.training import Config, Recipe


def build(shape, classes, dropout):
    import keras
    from keras import layers

    given = keras.Input(shape, dtype="uint8", name="pictures")
    x = layers.Rescaling(1 / 255)(layers.Reshape((*shape, 1))(given))
    x = layers.BatchNormalization(momentum=0.5)(layers.Conv2D(8, 5, strides=3)(x))
    x = layers.Conv2D(16, 3)(layers.ReLU()(x))
    x = layers.Dropout(dropout)(layers.Flatten()(layers.ReLU()(x)))
    return keras.Model(given, layers.Dense(classes, dtype="float32")(x))


small = Recipe(
    "small",
    "two convolutions",
    build,
    Config(epochs=3, batch_size=32, learning_rate=0.01, dropout=0.1, average=0.8, validation=0.2, precision="float32"),
)
"""

CUT = """
import sys
from pathlib import Path

from inkread.datasets import load
from inkread.training.listener import Listener
from inkread.training.recipes import find_recipe
from inkread.training.run import resume, train

recipe, data, folder = find_recipe(sys.argv[1]), load(sys.argv[2]), Path(sys.argv[3])


def cut(epoch):
    raise KeyboardInterrupt


try:
    train(recipe, data, recipe.config, folder=folder, listener=Listener(on_epoch=cut))
except KeyboardInterrupt:
    assert not list(folder.glob("*.onnx"))
    resume(folder, data)
"""


def under_jax(*arguments):
    environment = os.environ | {"KERAS_BACKEND": "jax", "PYTHONPATH": str(Path(inkread.__file__).parents[1])}
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture(scope="module")
def place(keras, drawn, tmp_path_factory):
    """A folder with a recipe and digits to train on."""
    if importlib.util.find_spec("jax") is None:
        pytest.skip("JAX is not installed")
    folder = tmp_path_factory.mktemp("jax")
    (folder / "small.py").write_text(RECIPE, encoding="utf-8")
    data = drawn(300)
    np.savez(folder / "digits.npz", x_train=data.images, y_train=data.labels)
    return folder


@pytest.fixture(scope="module")
def trained(place):
    """A training without a cut, by the command."""
    run = place / "whole"
    return under_jax("-m", "inkread", "train", place / "small.py", "--data", place / "digits.npz", "--output", run), run


@pytest.fixture(scope="module")
def resumed(place):
    """The same one, cut after its first epoch."""
    return under_jax("-c", CUT, place / "small.py", place / "digits.npz", place / "cut"), place / "cut"


def test_the_command_trains_and_exports(trained):
    done, run = trained
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == str(run / "small.onnx")
    assert (run / "history.csv").read_text(encoding="utf-8").count("\n") == 4


def test_nothing_of_tensorflows_is_on_the_terminal(trained):
    done, _ = trained
    assert "oneDNN" not in done.stderr
    assert "absl" not in done.stderr


def test_the_model_file_reads_digits(trained, drawn):
    _, run = trained
    fresh = drawn(200, seed=9)
    predictor = inkread.Predictor(run / "small.onnx")
    assert (predictor.predict(fresh.images) == fresh.labels).mean() > 0.9
    assert predictor.card.figures[0].value > 0.9
    assert predictor.card == inkread.Predictor(run / "small.onnx").card


def test_the_model_file_has_the_kept_weights(trained, drawn, keras):
    from inkread.training.backend import predict_logits

    _, run = trained
    images = drawn(50, seed=3).images
    kept = predict_logits(keras.saving.load_model(run / "weights.keras"), images)
    assert np.array_equal(inkread.Predictor(run / "small.onnx").predict(images), kept.argmax(axis=1))


def test_a_cut_training_goes_on_to_the_same_weights(trained, resumed, keras):
    (_, whole), (_, cut) = trained, resumed
    pairs = [keras.saving.load_model(RunFolder(run).weights).get_weights() for run in (whole, cut)]
    assert len(pairs[0]) > 4
    assert all(np.array_equal(a, b) for a, b in zip(*pairs, strict=True))
    lines = [(run / "history.csv").read_text(encoding="utf-8").splitlines() for run in (whole, cut)]
    columns = [[line.rpartition(",")[0] for line in part] for part in lines]  # all but the seconds
    assert columns[0] == columns[1]
