from __future__ import annotations

import csv
import dataclasses
import importlib.util
import json

import numpy as np
import pytest

import inkread
from inkread.datasets import Dataset
from inkread.errors import MissingExtraError, ModelError, OutputError, TrainingError
from inkread.training.config import Config
from inkread.training.folder import RunFolder
from inkread.training.listener import Listener
from inkread.training.recipes import RECIPES
from inkread.training.run import train


@pytest.fixture(scope="module")
def three(drawn):
    return drawn(600, classes=3)


@pytest.fixture(scope="module")
def config(tiny):
    return dataclasses.replace(tiny.config, epochs=2, seed=5)


@pytest.fixture(scope="module")
def finished(tiny, three, config, tmp_path_factory):
    """One training, with what it told on its way."""
    told, epochs = [], []
    folder = tmp_path_factory.mktemp("runs") / "new" / "run"
    listener = Listener(report=lambda *a: told.append(a), on_epoch=epochs.append)
    run = train(tiny, three, config, folder=folder, name="small", listener=listener)
    return run, told, epochs


def test_the_run_folder_holds_all_of_it_and_nothing_else(finished):
    run, _, _ = finished
    names = {path.name for path in run.folder.iterdir()}
    files = {"config.toml", "checkpoint.npz", "history.csv", "weights.keras", "card.json", "small.onnx"}
    assert names == files | {"samples.png", "curves.png", "events"}
    assert run.model == run.folder / "small.onnx"


def test_the_written_configuration_is_the_one_it_ran_with(finished, config):
    run, _, _ = finished
    assert RunFolder(run.folder).read_config()[0] == config
    origin = RunFolder(run.folder).read_config()[1]
    assert (origin.recipe, origin.data, origin.name) == ("tiny", "drawn", "small")


def test_the_history(finished, config):
    run, told, epochs = finished
    with (run.folder / "history.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["number"]) for row in rows] == [1, 2]
    for row, epoch in zip(rows, run.epochs, strict=True):
        assert {key: float(value) for key, value in row.items()} == pytest.approx(dataclasses.asdict(epoch))
    assert tuple(epochs) == run.epochs
    assert run.epochs[1].loss < run.epochs[0].loss
    assert 0 < run.epochs[0].seconds < run.epochs[1].seconds
    shown = [done for done, *_ in told]
    assert shown == sorted(shown)
    assert all(done <= total == 2 * 480 for done, total, _ in told)


def test_the_card(finished, three, config):
    run, _, _ = finished
    card = inkread.Predictor(run.model).card
    assert card == run.card
    # Tuples are lists in JSON, and nothing else differs.
    assert json.loads((run.folder / "card.json").read_text(encoding="utf-8")) == json.loads(card.to_json())
    assert (card.name, card.recipe, card.labels, card.shape) == ("small", "tiny", ("0", "1", "2"), (28, 28))
    assert card.preprocessing is not None
    assert card.config == config.to_dict()
    assert card.data["fingerprint"] == three.fingerprint
    assert (card.data["training"]["n"], card.data["validation"]["n"]) == (480, 120)
    (figure,) = card.figures
    assert (figure.name, figure.n) == ("validation accuracy", 120)
    assert figure.value == pytest.approx(run.epochs[-1].validation_accuracy)
    assert figure.low <= figure.value <= figure.high
    assert card.calibration.n > 0


def test_the_model_has_learned_and_reads(finished, drawn):
    run, _, _ = finished
    fresh = drawn(90, classes=3, seed=9)
    predictor = inkread.Predictor(run.model)
    assert predictor.labels == ("0", "1", "2")
    assert (predictor.predict(fresh.images) == fresh.labels).mean() > 0.9
    page = inkread.read(255 - fresh.images[2], model=run.model)
    assert page.text == "2"


def test_the_kept_weights_are_those_of_the_model_file(finished, drawn, keras):
    from inkread.training.backend import predict_logits

    run, _, _ = finished
    images = drawn(20, classes=3, seed=3).images
    kept = keras.saving.load_model(run.folder / "weights.keras")
    logits = predict_logits(kept, images)
    assert np.array_equal(inkread.Predictor(run.model).predict(images), logits.argmax(axis=1))


def test_the_same_seed_gives_the_same_weights(finished, tiny, three, config, tmp_path, keras):
    run, _, _ = finished
    again = train(tiny, three, config, folder=tmp_path / "again")
    other = train(tiny, three, dataclasses.replace(config, epochs=1, seed=6), folder=tmp_path / "other")
    first, second, third = (
        keras.saving.load_model(r.folder / "weights.keras").get_weights() for r in (run, again, other)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not np.array_equal(first[0], third[0])
    assert [e.loss for e in again.epochs] == [e.loss for e in run.epochs]


def test_colour_pictures_of_named_classes(tiny, coloured, tmp_path):
    run = train(tiny, coloured, dataclasses.replace(tiny.config, epochs=10), folder=tmp_path / "run")
    predictor = inkread.Predictor(run.model)
    assert predictor.card.shape == (28, 28, 3)
    assert predictor.card.preprocessing is None
    named = [predictor.labels[i] for i in predictor.predict(coloured.images)]
    right = [a == coloured.names[b] for a, b in zip(named, coloured.labels, strict=True)]
    assert np.mean(right) > 0.9
    assert predictor.predict_proba(coloured.images[:3]).shape == (3, 2)
    with pytest.raises(ModelError, match=r"takes pictures of shape \(28, 28, 3\) as they are"):
        inkread.read(coloured.images[0], model=run.model)


def test_gray_pictures_that_are_no_digits_are_used_as_they_are(tiny, coloured, tmp_path):
    gray = Dataset(np.ascontiguousarray(coloured.images[..., 0]), coloured.labels, coloured.names, "gray")
    run = train(tiny, gray, tiny.config, folder=tmp_path / "run")
    assert run.card.preprocessing is None


def test_a_folder_with_files_is_refused_and_left_alone(tiny, three, tmp_path):
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="Expected a new or empty folder for the run, got one with files"):
        train(tiny, three, tiny.config, folder=tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]
    with pytest.raises(OutputError, match="Cannot make the folder"):
        train(tiny, three, tiny.config, folder=tmp_path / "notes.txt")
    with pytest.raises(OutputError, match="Cannot make the folder"):
        train(tiny, three, tiny.config, folder=tmp_path / "notes.txt" / "run")


def test_run_folders_are_numbered(tiny, three, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "tiny-seed0-1").mkdir(parents=True)
    run = train(tiny, three, tiny.config)
    assert run.folder.resolve() == tmp_path / "runs" / "tiny-seed0-2"
    assert run.model.name == "tiny.onnx"


def test_pictures_too_small_for_the_network(keras, tmp_path):
    small = Dataset(np.zeros((40, 4, 4), np.uint8), np.arange(40) % 2, ("a", "b"), "small")
    config = Config(epochs=1, validation=0.2)
    with pytest.raises(TrainingError, match=r"The recipe 'default' cannot take pictures of shape \(4, 4\): "):
        train(RECIPES["default"], small, config, folder=tmp_path / "run")


def test_only_digits_are_redrawn(tiny, three, coloured, tmp_path):
    for i, data in enumerate((three, coloured)):
        with pytest.raises(
            TrainingError, match=r"Expected the digits 0 to 9 .* to redraw, got .* Set redrawn and non_digits to 0"
        ):
            train(tiny, data, dataclasses.replace(tiny.config, redrawn=0.5), folder=tmp_path / str(i))


def test_a_training_that_could_not_start_leaves_its_folder_free(tiny, three, tmp_path):
    with pytest.raises(TrainingError):
        train(tiny, three, dataclasses.replace(tiny.config, redrawn=0.5), folder=tmp_path / "run")
    train(tiny, three, tiny.config, folder=tmp_path / "run")


def test_digits_are_redrawn(tiny, drawn, tmp_path):
    run = train(tiny, drawn(100), dataclasses.replace(tiny.config, redrawn=1.0), folder=tmp_path / "run")
    assert run.card.config["redrawn"] == 1.0


def test_steps_that_are_too_large(tiny, three, tmp_path):
    settings = dataclasses.replace(tiny.config, learning_rate=1e9, weight_decay=1.0)
    with pytest.raises(TrainingError, match=r"no longer a number in epoch 1: .* Lower learning_rate"):
        train(tiny, three, settings, folder=tmp_path / "run")
    assert not list((tmp_path / "run").glob("*.onnx"))


def test_the_weights_of_the_epoch_before_outlive_a_loss_that_is_no_number(tiny, three, keras, tmp_path, monkeypatch):
    from inkread.training import optimizers

    class Breaks(optimizers.OneCycle):
        def __call__(self, step):
            rate = super().__call__(step)
            return keras.ops.where(keras.ops.cast(step, "float32") < 20, rate, float("nan"))

    monkeypatch.setattr(optimizers, "OneCycle", Breaks)
    folder = tmp_path / "run"
    with pytest.raises(TrainingError, match=r"no longer a number in epoch 2.*The training up to epoch 1 is safe"):
        train(tiny, three, dataclasses.replace(tiny.config, epochs=3), folder=folder)  # 15 steps an epoch
    kept = keras.saving.load_model(folder / "weights.keras")
    assert all(np.isfinite(weight).all() for weight in kept.get_weights())
    assert (folder / "history.csv").read_text(encoding="utf-8").count("\n") == 2


def test_the_policy_of_keras_is_as_it_was(finished, keras):
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize("missing", ["keras", "tensorflow", "onnx", "tf2onnx"])
def test_without_keras_it_says_what_to_install_and_makes_no_folder(three, tmp_path, monkeypatch, missing):
    found = importlib.util.find_spec
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *args: None if name == missing else found(name, *args)
    )
    with pytest.raises(MissingExtraError, match=rf"{missing} is missing.*pip install 'inkread\[train\]'"):
        train(RECIPES["default"], three, Config(validation=0.2), folder=tmp_path / "run")
    assert not (tmp_path / "run").exists()
