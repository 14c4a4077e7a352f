"""What the options of a training do: stopping, keeping, holding out, dropout, smoothing, first weights, seeds."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

import inkread
from inkread.errors import TrainingError, UsageError
from inkread.reading.card import Calibration
from inkread.training.checkpoint import read_checkpoint
from inkread.training.folder import RunFolder
from inkread.training.listener import Listener
from inkread.training.recipes import RECIPES

pytestmark = pytest.mark.usefixtures("keras")


@pytest.fixture(scope="module")
def digits(drawn):
    return drawn(150)


@pytest.fixture
def run(tiny, digits, tmp_path):
    """Return a function that trains the tiny recipe with changes to its configuration."""
    from inkread.training.run import train

    def take(data=digits, *, recipe=tiny, folder="run", weights=None, listener=None, **changes):
        config = dataclasses.replace(tiny.config, **changes)
        return train(recipe, data, config, folder=tmp_path / folder, weights=weights, listener=listener)

    return take


@pytest.fixture
def judged(monkeypatch):
    """Return a function that settles what the epochs are judged to be: pairs of accuracy and loss."""
    from inkread.training import watch

    def as_(*figures):
        left = iter(figures)
        monkeypatch.setattr(watch, "judge", lambda *_: next(left)[::-1])

    return as_


@pytest.fixture
def states(tmp_path):
    """A listener, and the network's state after each epoch that it heard of."""
    heard = []
    checkpoint = RunFolder(tmp_path / "run").checkpoint
    return Listener(on_epoch=lambda _: heard.append(read_checkpoint(checkpoint).network)), heard


def weights_of(path, keras):
    return keras.saving.load_model(path / "weights.keras" if path.is_dir() else path).get_weights()


def equal(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def answers(run, keras, images):
    """What the network that the folder keeps, and the model file, say."""
    from inkread.training.backend import predict_logits

    kept = predict_logits(keras.saving.load_model(run.folder / "weights.keras"), images).argmax(axis=1)
    return kept, inkread.Predictor(run.model).predict(images)


@pytest.mark.parametrize(
    ("figures", "patience", "over", "best"),
    [
        ([(0.5, 1.0), (0.9, 0.5), (0.7, 0.4), (0.8, 0.3), (0.95, 0.1)], 2, 4, 2),
        ([(0.5, 1.0), (0.4, 1.0), (0.6, 1.0), (0.5, 1.0), (0.7, 1.0)], 2, 5, 5),  # better in time, twice
        ([(0.5, 1.0), (0.5, 0.9), (0.5, 0.9), (0.5, 0.8), (0.5, 0.7)], 1, 3, 2),  # less loss is better, too
    ],
)
def test_patience_stops_and_keeps_the_best(run, judged, states, keras, digits, figures, patience, over, best):
    judged(*figures)
    listener, heard = states
    done = run(epochs=5, patience=patience, listener=listener)
    assert len(done.epochs) == over
    assert equal(weights_of(done.folder, keras), heard[best - 1])
    assert not equal(heard[best - 1], heard[best - 2])
    assert np.array_equal(*answers(done, keras, digits.images))
    assert done.card.data["epochs"] == over


@pytest.mark.parametrize(("keep", "counts"), [("best", 2), ("last", 3)])
def test_which_epoch_is_kept(run, judged, states, keras, digits, keep, counts):
    judged((0.5, 1.0), (0.9, 0.5), (0.7, 0.1))
    listener, heard = states
    done = run(epochs=3, keep=keep, learning_rate=0.02, listener=listener)
    assert len(done.epochs) == 3
    assert equal(weights_of(done.folder, keras), heard[counts - 1])
    kept, given = answers(done, keras, digits.images)
    assert np.array_equal(kept, given)


def test_the_figure_of_the_card_is_the_kept_epochs(run, digits):
    # So long steps that the accuracy goes up and down.
    done = run(epochs=6, keep="best", learning_rate=0.1, schedule="constant")
    assert done.card.figures[0].value == pytest.approx(max(epoch.validation_accuracy for epoch in done.epochs))


@pytest.fixture(scope="module")
def done(tiny, digits, tmp_path_factory):
    """A run without validation."""
    from inkread.training.run import train

    config = dataclasses.replace(tiny.config, epochs=3, validation=0.0)
    return train(tiny, digits, config, folder=tmp_path_factory.mktemp("runs") / "run")


class TestWithoutValidation:
    def test_all_pictures_are_trained_on(self, done, digits):
        assert done.card.data["training"] == {"n": len(digits), "fingerprint": digits.fingerprint}
        assert "validation" not in done.card.data

    def test_nothing_is_judged(self, done):
        assert all(math.isnan(e.validation_loss) and math.isnan(e.validation_accuracy) for e in done.epochs)
        assert done.card.figures == ()
        assert done.card.calibration == Calibration()
        lines = done.folder.joinpath("history.csv").read_text(encoding="utf-8").splitlines()
        assert [",,," in line for line in lines] == [False, True, True, True]
        assert not (done.folder / "events" / "validation").exists()

    def test_the_model_file_works(self, done, digits):
        predictor = inkread.Predictor(done.model)
        assert (predictor.predict(digits.images) == digits.labels).mean() > 0.8
        assert np.allclose(predictor.predict_proba(digits.images).sum(axis=1), 1, atol=1e-5)
        assert predictor.card == done.card


def test_dropout_gets_into_the_network(run, keras):
    summaries = []
    done = run(dropout=0.4, listener=Listener(on_model=summaries.append))
    plain = run(folder="plain")
    (layer,) = [
        layer
        for layer in keras.saving.load_model(done.folder / "weights.keras").layers
        if isinstance(layer, keras.layers.Dropout)
    ]
    assert layer.rate == 0.4
    assert "Dropout" in summaries[0]
    assert done.epochs[0].loss > plain.epochs[0].loss  # the training sees less


@pytest.mark.parametrize("name", ["default", "cnn-2conv", "cnn-3conv", "lenet", "cnn-dropout", "dense"])
def test_every_recipe_has_its_dropout(keras, name):
    def rates(dropout):
        layers = RECIPES[name].build((28, 28), 10, dropout).layers
        return [layer.rate for layer in layers if isinstance(layer, keras.layers.Dropout)]

    assert rates(0.0) == []
    assert rates(0.3)[-1] == 0.3


def test_label_smoothing_is_in_the_loss(run):
    smooth = run(epochs=3, label_smoothing=0.5)
    sharp = run(epochs=3, label_smoothing=0.0, folder="sharp")
    # No network can come below the entropy of targets of 0.55 for one class and 0.05 for nine.
    entropy = -0.55 * math.log(0.55) - 9 * 0.05 * math.log(0.05)
    assert smooth.epochs[-1].loss > entropy
    assert sharp.epochs[-1].loss < 0.6 * entropy


@pytest.fixture(scope="module")
def first(tiny, drawn, tmp_path_factory):
    from inkread.training.run import train

    config = dataclasses.replace(tiny.config, epochs=3)
    return train(tiny, drawn(150), config, folder=tmp_path_factory.mktemp("runs") / "first")


class TestWeightsToBeginWith:
    def test_a_run_goes_on_from_where_another_ended(self, run, first):
        more = run(weights=first.folder, learning_rate=1e-3)
        assert more.epochs[0].loss < 0.5 * first.epochs[0].loss
        assert more.epochs[0].loss < 1.5 * first.epochs[-1].loss
        assert RunFolder(more.folder).read_config()[1].weights == str(first.folder)

    def test_a_keras_file_will_do(self, run, first, keras):
        still = {"learning_rate": 1e-12, "weight_decay": 0.0}
        from_file = run(weights=first.folder / "weights.keras", **still)
        from_folder = run(weights=first.folder, folder="other", **still)
        assert equal(weights_of(from_file.folder, keras), weights_of(from_folder.folder, keras))

    def test_other_classes_keep_all_but_the_last_layer(self, run, drawn, first, keras):
        few = run(drawn(90, classes=3), weights=first.folder, learning_rate=1e-12, weight_decay=0.0)
        before, after = weights_of(first.folder, keras), weights_of(few.folder, keras)
        kernels = [i for i, weight in enumerate(before) if weight.ndim == 4]
        assert len(kernels) == 2
        assert all(np.allclose(before[i], after[i], atol=1e-6) for i in kernels)
        assert [before[-2].shape[-1], after[-2].shape[-1]] == [10, 3]
        assert inkread.Predictor(few.model).labels == ("0", "1", "2")

    def test_another_network_is_refused_and_the_folder_stays_free(self, run, digits, first, tmp_path):
        with pytest.raises(
            TrainingError, match=r"Expected weights for \d+ variables.*Take the weights of a run of the"
        ):
            run(recipe=RECIPES["dense"], weights=first.folder)
        assert list((tmp_path / "run").iterdir()) == []

    def test_the_same_network_for_pictures_of_another_size_is_refused(self, run, coloured, first):
        with pytest.raises(TrainingError, match="of other shapes"):
            run(coloured, weights=first.folder)

    def test_what_is_no_run_and_no_keras_file(self, run, tmp_path):
        (tmp_path / "empty").mkdir()
        for path in (tmp_path / "empty", tmp_path / "nowhere.keras"):
            with pytest.raises(
                UsageError, match=r"Expected the folder of a run or a \.keras file to take weights from"
            ):
                run(weights=path)
        (tmp_path / "text.keras").write_text("no archive", encoding="utf-8")
        with pytest.raises(
            TrainingError, match=r"Expected a Keras model in '.*text\.keras', got a file that cannot be"
        ):
            run(weights=tmp_path / "text.keras")
        assert not (tmp_path / "run").exists() or list((tmp_path / "run").iterdir()) == []


def held_out(done):
    return done.card.data["validation"]["fingerprint"]


def test_the_seed_is_of_everything_but_the_split(run, keras):
    first, other, split = run(seed=3), run(seed=4, folder="other"), run(seed=3, split_seed=1, folder="split")
    assert not equal(weights_of(first.folder, keras), weights_of(other.folder, keras))
    assert held_out(first) == held_out(other)
    assert held_out(first) != held_out(split)


def test_a_seed_of_any_size(run):
    assert run(seed=2**40 + 1).epochs[0].loss > 0
