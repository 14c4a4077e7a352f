"""One contract for every recipe of the registry."""

from __future__ import annotations

import numpy as np
import pytest

from inkread import Predictor
from inkread.errors import TrainingError, UsageError
from inkread.reading.card import Card
from inkread.training.config import Config
from inkread.training.recipes import RECIPES, find_recipe

every_recipe = pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)


def count(model):
    return int(sum(np.prod(weight.shape) for weight in model.trainable_weights))


def card_for(shape, classes):
    labels = tuple(f"class {i}" for i in range(classes))
    return Card("x", "0", labels, shape, preprocessing=None, parameters=1)


@every_recipe
def test_its_card_and_its_network_agree(keras, recipe):
    assert RECIPES[recipe.name] is recipe
    assert recipe.summary
    assert isinstance(recipe.config, Config)
    model = recipe.build((28, 28), 10)
    assert count(model) == recipe.parameters
    assert model.input_shape == (None, 28, 28)
    assert model.inputs[0].dtype == "uint8"
    assert model.output_shape == (None, 10)


@every_recipe
def test_it_takes_other_shapes_and_classes(keras, recipe):
    from inkread.training.backend import predict_logits

    model = recipe.build((32, 40, 3), 3)
    logits = predict_logits(model, np.zeros((2, 32, 40, 3), np.uint8))
    assert logits.shape == (2, 3)
    assert logits.dtype == np.float32


@every_recipe
def test_one_step_lowers_the_loss_of_the_batch(keras, recipe, drawn):
    data = drawn(64)
    keras.utils.set_random_seed(0)
    model = recipe.build((28, 28), 10)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    # Run without compiling a graph: it is two steps only.
    model.compile(keras.optimizers.Adam(1e-3), loss, run_eagerly=True)
    before = float(model.train_on_batch(data.images, data.labels))
    after = float(model.train_on_batch(data.images, data.labels))
    assert after < before < 20


@every_recipe
def test_the_exported_file_gives_the_answers_of_keras_for_any_batch(keras, recipe, drawn, tmp_path):
    from inkread.training.backend import predict_logits
    from inkread.training.export import TOLERANCE, export

    images = drawn(70).images
    keras.utils.set_random_seed(1)
    model = recipe.build((28, 28), 10)
    rng = np.random.default_rng(0)
    for weight in model.weights:  # as after a training: no bias and no statistic stays at its zero or one
        if len(weight.shape) == 1:
            weight.assign(weight * rng.uniform(0.7, 1.3, weight.shape) + rng.uniform(0, 0.1, weight.shape))
    path = tmp_path / "model.onnx"
    export(model, card_for((28, 28), 10), path, images[:5])
    assert [p.name for p in tmp_path.iterdir()] == ["model.onnx"]
    predictor = Predictor(path, threads=1)
    logits = predict_logits(model, images)
    for n in (1, 7, 70):
        given = predictor.predict_proba(images[:n])
        wanted = np.exp(logits[:n] - logits[:n].max(axis=1, keepdims=True))
        assert np.allclose(given, wanted / wanted.sum(axis=1, keepdims=True), atol=TOLERANCE)
        assert np.array_equal(predictor.predict(images[:n]), logits[:n].argmax(axis=1))
    assert predictor.labels[3] == "class 3"


def test_an_export_that_differs_from_keras_is_not_written(keras, tiny, drawn, tmp_path, monkeypatch):
    from inkread.training import export as module

    model = tiny.build((28, 28), 10)
    right = module.predict_logits
    monkeypatch.setattr(module, "predict_logits", lambda *args: right(*args) + 0.01)
    with pytest.raises(TrainingError, match=r"Keras' logits within 0.0001, got 0.01 off"):
        module.export(model, card_for((28, 28), 10), tmp_path / "model.onnx", drawn(5).images)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_recipe_is_refused_with_a_near_name():
    with pytest.raises(UsageError, match=r"no recipe 'defualt'\. Did you mean 'default'\? Known are: .*default"):
        find_recipe("defualt")
    with pytest.raises(UsageError, match="no recipe ''"):
        find_recipe("")
