"""`inkread export`, in this process, so that Keras is imported once."""

from __future__ import annotations

import errno
import importlib
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

import inkread
from inkread.__main__ import main
from inkread.evaluation.cost import multiply_adds
from inkread.imaging.preprocess import VERSION
from inkread.reading.card import Card


@pytest.fixture
def command(monkeypatch, capsys):
    """Return a function that runs `inkread export ARGUMENTS` and returns exit code, stdout and stderr."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["inkread", "export", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        out, err = capsys.readouterr()
        return caught.value.code or 0, out, err

    return run


@pytest.fixture(scope="module")
def finished(keras, tiny, drawn, tmp_path_factory):
    """Return a folder with what a run leaves: weights.keras, card.json, beside the pictures it was trained on."""
    from inkread.datasets import load, split
    from inkread.training.config import Config

    folder = tmp_path_factory.mktemp("finished")
    data = drawn(800)
    np.savez(folder / "digits.npz", x_train=data.images, y_train=data.labels)
    data = load(folder / "digits.npz")
    training, _ = split(data, 0.25, 5)
    keras.utils.set_random_seed(0)
    model = tiny.build((28, 28), 10)
    model.compile(keras.optimizers.Adam(3e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(training.images, training.labels, batch_size=50, epochs=4, verbose=0)
    (folder / "run").mkdir()
    model.save(folder / "run" / "weights.keras")
    card = Card(
        name="mine",
        version="1",
        labels=data.names,
        shape=(28, 28),
        preprocessing=VERSION,
        parameters=model.count_params(),
        recipe="tiny",
        config=Config(validation=0.25, split_seed=5).to_dict(),
        data={"source": str(folder / "digits.npz"), "fingerprint": data.fingerprint},
    )
    (folder / "run" / "card.json").write_text(card.to_json(), encoding="utf-8")
    return folder


@pytest.fixture
def run(finished, tmp_path):
    """Return a copy of the run's folder."""
    (tmp_path / "run").mkdir()
    for name in ("weights.keras", "card.json"):
        (tmp_path / "run" / name).write_bytes((finished / "run" / name).read_bytes())
    return tmp_path / "run"


@pytest.fixture
def others(drawn, tmp_path):
    """Return a file of digits that nothing was trained on."""
    data = drawn(400, seed=9)
    np.savez(tmp_path / "others.npz", x_train=data.images, y_train=data.labels)
    return tmp_path / "others.npz"


def answers(keras, path, x):
    return np.array(keras.ops.convert_to_numpy(keras.saving.load_model(path)(x, training=False)))


def change_card(run, **changes):
    card = json.loads((run / "card.json").read_text(encoding="utf-8"))
    (run / "card.json").write_text(json.dumps(card | changes), encoding="utf-8")


def test_a_run_in_float(keras, command, run, drawn):
    code, out, err = command(run)
    assert code == 0, err
    assert Path(out.strip()) == run / "mine.onnx"
    assert "no error rate can be promised" in err  # the run of this test has not been calibrated
    assert sorted(p.name for p in run.iterdir()) == ["card.json", "mine.onnx", "weights.keras"]
    predictor = inkread.Predictor(run / "mine.onnx")
    assert predictor.card.to_json() == (run / "card.json").read_text(encoding="utf-8")
    x = drawn(50, seed=3).images
    logits = answers(keras, run / "weights.keras", x)
    wanted = np.exp(logits - logits.max(axis=1, keepdims=True))
    assert np.allclose(predictor.predict_proba(x), wanted / wanted.sum(axis=1, keepdims=True), atol=1e-4)


def test_a_run_in_eight_bits_on_its_own_data(keras, command, run, drawn, tmp_path):
    assert command(run)[0] == 0
    code, out, err = command(run, "--int8")
    assert code == 0, err
    small = Path(out.strip())
    assert small == run / "mine-int8.onnx"
    assert "validation accuracy: " in err
    assert "; in float32 " in err
    assert small.stat().st_size < 0.8 * (run / "mine.onnx").stat().st_size
    predictor = inkread.Predictor(small)
    card = predictor.card
    assert (card.name, card.labels, card.preprocessing) == ("mine-int8", tuple("0123456789"), VERSION)
    assert "onnxruntime" in card.made_with
    # Calibrated on the 200 validation pictures as they are and as the training showed them.
    assert (card.calibration.n, card.calibration.temperature != 1) == (400, True)
    assert [(f.name, f.n) for f in card.figures] == [("validation accuracy", 200)]
    assert card.figures[0].low < card.figures[0].value <= card.figures[0].high
    fresh = drawn(300, seed=4)
    same = predictor.predict(fresh.images) == inkread.Predictor(run / "mine.onnx").predict(fresh.images)
    assert same.mean() > 0.97
    # It reads pictures as any other model does.
    Image.fromarray(fresh.images[7]).save(tmp_path / "seven.png")
    page = inkread.read(tmp_path / "seven.png", model=small, layout="digit")
    assert page.lines[0].digits[0].label == str(predictor.predict(fresh.images[7:8])[0])


def test_a_run_in_eight_bits_on_other_data(keras, command, run, others):
    change_card(run, data={"source": "nowhere.npz", "fingerprint": "x"})
    code, _, err = command(run, "--int8")
    assert code == 2
    assert "Expected the training data of the run, 'nowhere.npz', which cannot be loaded" in err
    assert "--data" in err
    change_card(run, data={"source": str(others), "fingerprint": "x"})
    code, _, err = command(run, "--int8")
    assert code == 2
    assert "data that differ from them by now" in err
    code, out, err = command(run, "--int8", "--data", others, "--name", "small", "--output", run / "o.onnx")
    assert code == 0, err
    card = inkread.Predictor(out.strip()).card
    assert (card.name, card.calibration.n) == ("small", 200)
    assert [(f.name, f.n) for f in card.figures] == [("accuracy on others.npz", 200)]


def test_a_run_that_left_nothing_out(keras, command, run, finished):
    config = json.loads((run / "card.json").read_text(encoding="utf-8"))["config"]
    change_card(run, config=config | {"validation": 0.0})
    code, out, err = command(run, "--int8")
    assert code == 0, err
    assert "no error rate can be promised" in err
    card = inkread.Predictor(out.strip()).card
    assert (card.calibration.n, card.figures) == (0, ())


def networks(keras):
    """Return Keras networks as they are made elsewhere: name, network, options, what it sees of uint8 pictures."""
    from keras import layers

    def functional(dtype):
        pictures = keras.Input((28, 28), dtype=dtype)
        x = layers.Conv2D(4, 5, strides=3, activation="relu")(layers.Rescaling(1 / 255)(pictures[..., None]))
        return keras.Model(pictures, layers.Dense(10)(layers.Flatten()(x)))

    def convolution(shape, classes=10):
        hidden = [layers.Conv2D(4, 5, strides=3, activation="relu"), layers.Flatten()]
        return keras.Sequential([keras.Input(shape), *hidden, layers.Dense(classes, activation="softmax")])

    def tutorial():
        """Build what tutorials show: augmentation and normalisation inside, mixed precision."""
        average = layers.Normalization(axis=None, mean=0.13, variance=0.09)
        before = [layers.RandomRotation(0.2), layers.RandomZoom(0.3), average]
        hidden = [layers.Conv2D(4, 5, strides=3), layers.BatchNormalization(), layers.ReLU(), layers.Flatten()]
        last = [layers.Dropout(0.5), layers.Dense(10), layers.Softmax()]
        model = keras.Sequential([keras.Input((28, 28, 1)), *before, *hidden, *last])
        hidden[0].dtype_policy = "mixed_float16"
        return model

    flat = [keras.Input((784,)), layers.Dense(20, activation="relu"), layers.Dense(10, activation="sigmoid")]
    rgb = ("--range=-1..1", "--labels", "ripe, unripe,none")
    return [
        ("convolution", convolution((28, 28, 1)), ("--range", "0..1"), lambda x: x[..., None] / 255),
        ("flat", keras.Sequential(flat), ("--range", "0..1"), lambda x: x.reshape(-1, 784) / 255),
        ("bytes", functional("uint8"), (), lambda x: x),
        ("rescaled", functional("float32"), (), lambda x: x),
        ("colour", convolution((32, 40, 3), 3), rgb, lambda x: x / 127.5 - 1),
        ("paper", convolution((28, 28, 1)), ("--range", "0..1", "--ink", "dark"), lambda x: 1 - x[..., None] / 255),
        ("tutorial", tutorial(), ("--range", "0..1"), lambda x: x[..., None] / 255),
    ]


@pytest.mark.parametrize("index", range(7))
def test_a_network_made_elsewhere_gives_its_own_probabilities(keras, command, tmp_path, index):
    keras.utils.set_random_seed(index)
    name, model, options, seen = networks(keras)[index]
    source = tmp_path / f"{name}{'.h5' if name == 'flat' else '.keras'}"
    model.save(source)
    for layer in model.layers:
        layer.dtype_policy = "float32"  # what mixed precision is held against
    code, out, err = command(source, *options)
    assert code == 0, err
    assert Path(out.strip()) == tmp_path / f"{name}.onnx"
    assert "no error rate can be promised: name --data" in err
    predictor = inkread.Predictor(out.strip())
    assert (predictor.card.name, predictor.card.calibration.n) == (name, 0)
    shape = (28, 28) if name != "colour" else (32, 40, 3)
    x = np.random.default_rng(0).integers(0, 256, (20, *shape), dtype=np.uint8)
    given = np.array(keras.ops.convert_to_numpy(model(seen(x).astype(model.inputs[0].dtype), training=False)))
    if name in ("bytes", "rescaled"):
        given = np.exp(given - given.max(axis=1, keepdims=True))
    assert np.allclose(predictor.predict_proba(x), given / given.sum(axis=1, keepdims=True), atol=1e-4)
    if name == "colour":
        assert predictor.labels == ("ripe", "unripe", "none")
        assert predictor.card.preprocessing is None
    else:
        assert inkread.read(np.kron(x[0], np.ones((2, 2), np.uint8)), model=out.strip(), layout="digit") is not None


def test_data_set_the_confidence_of_a_network_made_elsewhere(keras, command, others, tmp_path, drawn):
    from keras import layers

    data = drawn(800)
    keras.utils.set_random_seed(0)
    hidden = [layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dense(10, activation="softmax")]
    model = keras.Sequential([keras.Input((28, 28)), *hidden])
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    model.fit(data.images / np.float32(255), data.labels, batch_size=50, epochs=5, verbose=0)
    model.save(tmp_path / "theirs.keras")
    code, out, err = command(tmp_path / "theirs.keras", "--range", "0..1", "--data", others)
    assert code == 0, err
    assert "accuracy on others.npz: " in err
    assert "in float32" not in err
    plain = inkread.Predictor(out.strip())
    assert (plain.card.calibration.n, plain.card.figures[0].n) == (200, 200)
    code, out, err = command(tmp_path / "theirs.keras", "--range", "0..1", "--data", others, "--int8")
    assert code == 0, err
    small = inkread.Predictor(out.strip())
    assert (tmp_path / "theirs-int8.onnx").stat().st_size < 0.4 * (tmp_path / "theirs.onnx").stat().st_size
    fresh = drawn(300, seed=4).images
    assert (small.predict(fresh) == plain.predict(fresh)).mean() > 0.97


def test_the_test_part_of_data_is_used_where_there_is_one(keras, drawn, tmp_path):
    from inkread.training.held_out import pictures_for

    train, test = drawn(300), drawn(200, seed=1)
    arrays = {"x_train": train.images, "y_train": train.labels, "x_test": test.images, "y_test": test.labels}
    np.savez(tmp_path / "both.npz", **arrays)
    pictures = pictures_for(Card("x", "0", train.names, (28, 28), 1, 1), str(tmp_path / "both.npz"))
    assert pictures.named == "accuracy on both.npz (test)"
    assert (len(pictures.ranges), len(pictures.held_out)) == (100, 100)
    together = np.concatenate([pictures.ranges, pictures.held_out.images])
    assert {x.tobytes() for x in together} == {x.tobytes() for x in test.images}


def test_classes_in_another_order_and_pictures_of_another_size(tmp_path, drawn):
    from inkread.training.held_out import pictures_for

    data = drawn(160)
    big = np.pad(data.images, ((0, 0), (8, 8), (8, 8)))
    np.savez(tmp_path / "big.npz", x=big, y=data.labels)
    backwards = Card("x", "0", data.names[::-1], (28, 28), 1, 1)
    pictures = pictures_for(backwards, str(tmp_path / "big.npz"))
    kept = pictures.held_out
    assert kept.images.shape == (80, 28, 28)
    shown = {x.tobytes(): backwards.labels[y] for x, y in zip(kept.images, kept.labels, strict=True)}
    whole = zip(inkread.normalize_batch(big), data.labels, strict=True)
    there = [data.names[y] for x, y in whole if x.tobytes() in shown]
    assert sorted(there) == sorted(shown.values())


def test_an_existing_file_stays_unless_forced(keras, command, run):
    (run / "mine.onnx").write_text("mine")
    code, out, err = command(run)
    assert (code, out) == (8, "")
    assert "--force" in err
    assert (run / "mine.onnx").read_text() == "mine"
    assert command(run, "--force")[0] == 0
    onnx.load(run / "mine.onnx")


@pytest.mark.parametrize("options", [(), ("--int8",)])
def test_a_full_disk_leaves_nothing_behind(keras, command, run, monkeypatch, options):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(onnx, "save", full)
    code, out, err = command(run, *options)
    assert (code, out) == (8, "")
    assert "No space left on device" in err
    assert sorted(p.name for p in run.iterdir()) == ["card.json", "weights.keras"]


def test_a_folder_that_cannot_be_written_to(keras, command, run, monkeypatch):
    export = importlib.import_module("inkread.training.export")

    def closed(*args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(export.tempfile, "TemporaryDirectory", closed)
    code, _, err = command(run)
    assert code == 8
    assert "Permission denied" in err


def test_eight_bits_that_lose_much_are_warned_of(keras, command, run, monkeypatch):
    def contrary(source, target, pictures):
        network = onnx.load(source)
        network.graph.node[-1].output[0] = "score"
        network.graph.node.append(onnx.helper.make_node("Neg", ["score"], [network.graph.output[0].name]))
        onnx.save(network, target)

    monkeypatch.setattr(importlib.import_module("inkread.training.convert"), "quantize", contrary)
    code, _, err = command(run, "--int8")
    assert code == 0, err
    assert "Warning: eight bits lose " in err


def test_operations_that_onnx_lacks(keras, command, tmp_path):
    from keras import layers

    hidden = [layers.Flatten(), layers.Dense(8, activation="gelu"), layers.Dense(10)]
    keras.Sequential([keras.Input((28, 28)), *hidden]).save(tmp_path / "net.keras")
    code, out, err = command(tmp_path / "net.keras", "--range", "0..1")
    assert (code, out) == (4, "")
    assert "Expected a network whose operations ONNX Runtime has" in err
    assert [p.name for p in tmp_path.iterdir()] == ["net.keras"]


def test_a_card_of_another_network(keras, command, run):
    change_card(run, labels=["a", "b"])
    code, _, err = command(run)
    assert code == 4
    assert "One of the two files is another run's" in err


def test_without_keras(command, run, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *args: None if name == "keras" else found(name))
    code, _, err = command(run)
    assert code == 7
    assert "pip install 'inkread[train]'" in err


def test_a_second_network_for_the_doubtful(command, run, finished, tmp_path):
    second = shutil.copytree(finished / "run", tmp_path / "second")
    code, out, err = command(run, "--second", second, "--below", "0.9", "--int8", "-o", tmp_path / "both.onnx")
    assert (code, out.strip()) == (0, str(tmp_path / "both.onnx"))
    assert "in float32" in err
    card = inkread.Predictor(tmp_path / "both.onnx").card
    alone = Card.from_json((run / "card.json").read_text(encoding="utf-8"), "run")
    assert card.parameters == 2 * alone.parameters
    assert (card.second["recipe"], card.second["below"], card.second["share"]) == ("tiny", 0.9, 0.5)
    assert multiply_adds(tmp_path / "both.onnx", most=True) == 2 * multiply_adds(tmp_path / "both.onnx")


def test_a_second_network_that_does_not_fit(command, run, finished, tmp_path):
    second = shutil.copytree(finished / "run", tmp_path / "second")
    card = json.loads((second / "card.json").read_text(encoding="utf-8"))
    card["data"]["validation"] = {"n": 1, "fingerprint": "other"}
    (second / "card.json").write_text(json.dumps(card), encoding="utf-8")
    code, _, err = command(run, "--second", second)
    assert code == 2
    assert "the held-out pictures of the first" in " ".join(err.split())
    code, _, err = command(run, "--below", "0.5")
    assert code == 2
    assert "Expected --second with --below" in " ".join(err.split())
    code, _, err = command(run, "--second", tmp_path / "missing")
    assert code == 4
    assert "finished run" in " ".join(err.split())
