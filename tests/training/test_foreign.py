"""Keras networks made elsewhere, and the model files that are made of them."""

from __future__ import annotations

import numpy as np
import pytest

from inkread.errors import ModelError, ModelNotFoundError, UsageError
from inkread.training.foreign import Conventions, foreign_card, labels_from, load_keras, wrap


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def dense(keras, shape, *, activation="softmax", before=(), classes=10):
    """Build a small network of the kind that tutorials build."""
    from keras import layers

    keras.utils.set_random_seed(0)
    middle = [layers.Flatten()] if before or len(shape) > 1 else []
    hidden = [layers.Dense(16, activation="relu"), layers.Dense(classes, activation=activation)]
    return keras.Sequential([keras.Input(shape), *before, *middle, *hidden])


def softmax(logits):
    proba = np.exp(logits - logits.max(axis=1, keepdims=True))
    return proba / proba.sum(axis=1, keepdims=True)


def answers(model, pictures):
    """Return the softmax of what a wrapped network gives for uint8 pictures."""
    from inkread.training.backend import predict_logits

    return softmax(predict_logits(model, pictures))


def predicted(model, x):
    from keras import ops

    return np.array(ops.convert_to_numpy(model(x, training=False)))


@pytest.mark.parametrize(
    ("shape", "given"),
    [
        ((28, 28), (28, 28)),
        ((28, 28, 1), (28, 28)),
        ((1, 28, 28), (28, 28)),
        ((784,), (28, 28)),
        ((784, 1), (28, 28)),
        ((20, 30), (20, 30)),
        ((32, 40, 3), (32, 40, 3)),
    ],
)
def test_shapes_that_hold_their_pixels_row_by_row(keras, rng, shape, given):
    model = dense(keras, shape)
    wrapped = wrap(model, Conventions(pixels="0..1"))
    assert wrapped.input_shape == (None, *given)
    assert wrapped.inputs[0].dtype == "uint8"
    pictures = rng.integers(0, 256, (5, *given), dtype=np.uint8)
    wanted = predicted(model, (pictures / np.float32(255)).reshape(5, *shape))
    assert np.allclose(answers(wrapped, pictures), wanted, atol=1e-5)


def test_colours_that_come_first(keras, rng):
    model = dense(keras, (3, 32, 40))
    wrapped = wrap(model, Conventions(pixels="0..255"))
    pictures = rng.integers(0, 256, (5, 32, 40, 3), dtype=np.uint8)
    wanted = predicted(model, pictures.transpose(0, 3, 1, 2).astype(np.float32))
    assert np.allclose(answers(wrapped, pictures), wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("pixels", "ink", "seen"),
    [
        ("0..1", "light", lambda x: x / 255),
        ("0..1", "dark", lambda x: 1 - x / 255),
        ("-1..1", "light", lambda x: x / 127.5 - 1),
        ("-1..1", "dark", lambda x: 1 - x / 127.5),
        ("0..255", "light", lambda x: x),
        ("0..255", "dark", lambda x: 255 - x),
    ],
)
def test_ranges_and_inks(keras, rng, pixels, ink, seen):
    model = dense(keras, (8, 8))
    wrapped = wrap(model, Conventions(pixels=pixels, ink=ink))
    pictures = rng.integers(0, 256, (5, 8, 8), dtype=np.uint8)
    wanted = predicted(model, seen(pictures.astype(np.float64)).astype(np.float32))
    assert np.allclose(answers(wrapped, pictures), wanted, atol=1e-5)


@pytest.mark.parametrize("ink", ["light", "dark"])
def test_a_network_that_takes_bytes_tells_its_range(keras, rng, ink):
    from keras import layers

    pictures = keras.Input((8, 8), dtype="uint8")
    x = layers.Flatten()(keras.ops.cast(pictures, "float32") / 255)
    model = keras.Model(pictures, layers.Dense(10)(x))
    wrapped = wrap(model, Conventions(ink=ink))
    x = rng.integers(0, 256, (5, 8, 8), dtype=np.uint8)
    assert np.allclose(answers(wrapped, x), softmax(predicted(model, x if ink == "light" else 255 - x)), atol=1e-5)
    with pytest.raises(UsageError, match=r"--range 0\.\.255 for a network that takes whole numbers, got 0\.\.1"):
        wrap(model, Conventions(pixels="0..1"))


def test_a_network_that_begins_with_its_scaling_tells_its_range(keras, rng):
    from keras import layers

    model = dense(keras, (64,), before=[layers.Reshape((8, 8)), layers.Rescaling(1 / 255)])
    outer = keras.Sequential([keras.Input((64,)), model])
    pictures = rng.integers(0, 256, (5, 8, 8), dtype=np.uint8)
    wanted = predicted(outer, pictures.reshape(5, 64).astype(np.float32))
    assert np.allclose(answers(wrap(outer, Conventions()), pictures), wanted, atol=1e-5)
    with pytest.raises(UsageError, match=r"Expected --range.*divided by 255.*does not tell"):
        wrap(dense(keras, (64,)), Conventions())


@pytest.mark.parametrize("activation", ["softmax", "sigmoid", "linear", "log_softmax"])
def test_what_the_scores_are_is_seen_at_the_last_layer(keras, rng, activation):
    model = dense(keras, (8, 8), activation=activation)
    pictures = rng.integers(0, 256, (5, 8, 8), dtype=np.uint8)
    scores = predicted(model, pictures / np.float32(255))
    probable = activation in ("softmax", "sigmoid")
    wanted = scores / scores.sum(axis=1, keepdims=True) if probable else softmax(scores)
    assert np.allclose(answers(wrap(model, Conventions(pixels="0..1")), pictures), wanted, atol=1e-5)
    with_layer = dense(keras, (8, 8), activation="linear")
    with_layer.add(keras.layers.Activation(activation))
    assert np.allclose(answers(wrap(with_layer, Conventions(pixels="0..1")), pictures), wanted, atol=1e-5)


def test_scores_that_do_not_tell_what_they_are(keras):
    model = dense(keras, (8, 8), activation="relu")
    with pytest.raises(UsageError, match=r"Expected --outputs logits or --outputs probabilities.* 'relu'"):
        wrap(model, Conventions(pixels="0..1"))
    assert wrap(model, Conventions(pixels="0..1", outputs="logits")).output_shape == (None, 10)


@pytest.mark.parametrize("shape", [(785,), (28, 1), (28, 28, 4), (None, 28), (2, 28, 28, 1)])
def test_inputs_that_are_no_pictures(keras, shape):
    from keras import layers

    given = keras.Input(shape)
    x = layers.Dense(3)(layers.GlobalAveragePooling1D()(layers.Reshape((-1, 1))(given)))
    with pytest.raises(ModelError, match=r"Expected a network for pictures"):
        wrap(keras.Model(given, x), Conventions(pixels="0..1"))


def test_several_inputs_or_outputs(keras):
    from keras import layers

    a, b = keras.Input((64,)), keras.Input((64,))
    one, two = layers.Dense(10)(a), layers.Dense(1)(b)
    for model, said in (
        (keras.Model([a, b], layers.Add()([one, two])), "one input, a picture, got one with 2"),
        (keras.Model(a, [one, layers.Dense(3)(a)]), "one output, a score for each class, got 2"),
        (keras.Model(b, two), r"each of two or more classes, shape \(N, C\), got \(None, 1\)"),
    ):
        with pytest.raises(ModelError, match=said):
            wrap(model, Conventions(pixels="0..1"))


def test_the_card_tells_digits_in_the_form_of_mnist_from_other_pictures(keras):
    small = wrap(dense(keras, (8, 8)), Conventions(pixels="0..1"))
    model = dense(keras, (28, 28))
    model.trainable = False
    digits = wrap(model, Conventions(pixels="0..1"))
    labels = tuple("0123456789")
    card = foreign_card(digits, labels, "theirs")
    assert (card.shape, card.preprocessing, card.calibration.n) == ((28, 28), 1, 0)
    assert card.parameters == 784 * 16 + 16 + 16 * 10 + 10  # frozen or not
    assert foreign_card(small, labels, "theirs").preprocessing is None
    assert foreign_card(digits, tuple("abcdefghij"), "theirs").preprocessing is None


def test_labels(tmp_path):
    assert labels_from(None, 10) == tuple("0123456789")
    assert labels_from("a, b,c", 3) == ("a", "b", "c")
    (tmp_path / "labels.txt").write_text("eins\nzwei, drei\n", encoding="utf-8")
    assert labels_from(str(tmp_path / "labels.txt"), 2) == ("eins", "zwei, drei")
    for text, count, said in (
        (None, 3, "Expected --labels, the names of the 3 classes"),
        ("a,b", 3, "Expected 3 different labels.* got 2: 'a', 'b'"),
        ("a,a", 2, "Expected 2 different labels"),
        ("a,", 2, "Expected 2 different labels"),
        (str(tmp_path / "labls.txt"), 2, "there is no file"),
        ("x" * 5000, 2, "Expected 2 different labels"),
    ):
        with pytest.raises(UsageError, match=said):
            labels_from(text, count)
    (tmp_path / "labels.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="cannot open"):
        labels_from(str(tmp_path / "labels.txt"), 2)


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_files_of_both_formats_are_loaded(keras, rng, tmp_path, name):
    model = dense(keras, (8, 8))
    model.save(tmp_path / name)
    x = rng.random((3, 8, 8), dtype=np.float32)
    assert np.allclose(predicted(load_keras(tmp_path / name), x), predicted(model, x), atol=1e-6)


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_files_that_bring_code_along_are_refused(keras, tmp_path, name):
    class Doubled(keras.layers.Layer):
        def call(self, x):
            return 2 * x

    for layer, said in (
        (keras.layers.Lambda(lambda x: 2 * x), r"Python code along \(a Lambda layer\).*never run"),
        (Doubled(), "classes that only its author has"),
    ):
        keras.Sequential([keras.Input((8, 8)), layer, keras.layers.Flatten()]).save(tmp_path / name)
        with pytest.raises(ModelError, match=said):
            load_keras(tmp_path / name)


def test_files_that_are_none(keras, tmp_path):
    model = dense(keras, (8, 8))
    model.save(tmp_path / "model.keras")
    whole = (tmp_path / "model.keras").read_bytes()
    (tmp_path / "cut.keras").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.keras").write_text("no model")
    (tmp_path / "text.h5").write_text("no model")
    model.save_weights(tmp_path / "only.weights.h5")
    for name, said in (
        ("cut.keras", "something else or a damaged file"),
        ("text.keras", "something else or a damaged file"),
        ("text.h5", "something else or a damaged file"),
        ("only.weights.h5", "got weights alone"),
    ):
        with pytest.raises(ModelError, match=said):
            load_keras(tmp_path / name)
    with pytest.raises(ModelNotFoundError, match=r"Did you mean 'model\.keras'"):
        load_keras(tmp_path / "modle.keras")
    with pytest.raises(UsageError, match=r"\.keras, \.h5, \.hdf5"):
        (tmp_path / "model.pt").write_text("x")
        load_keras(tmp_path / "model.pt")


def test_choices_are_checked():
    for changes, said in (
        ({"pixels": "0-1"}, r"--range as one of 0\.\.255, 0\.\.1, -1\.\.1, got '0-1'"),
        ({"ink": "lite"}, r"--ink as one of light, dark, got 'lite'"),
        ({"outputs": "logit"}, r"Did you mean 'logits'"),
    ):
        with pytest.raises(UsageError, match=said):
            Conventions(**changes)
