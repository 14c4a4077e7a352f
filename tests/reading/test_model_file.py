from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
from onnx import TensorProto

from inkread import Predictor
from inkread.errors import ModelError, ModelNotFoundError, UsageError
from inkread.imaging.preprocess import VERSION
from inkread.reading.card import Calibration, Card, Figure, Threshold
from inkread.reading.model_file import find_model, local_models, open_model, shipped_models
from tests.model_files import LABELS, make_card


def test_a_sound_file(write_model):
    path = write_model()
    model = open_model(path)
    assert model.path == path
    assert model.card == make_card()
    assert model.input == "pixels"
    assert open_model(str(path)).card.labels == LABELS


def test_the_shipped_model():
    assert "default" in shipped_models()
    card = open_model("default").card
    assert card.labels == LABELS
    assert card.shape == (28, 28)
    assert card.preprocessing == VERSION
    assert card.calibration.temperature > 0
    assert card.parameters > 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"card": None}, r"got an ONNX file without a card: .*small\.onnx\. Export it with inkread"),
        ({"card": "no JSON"}, "Expected a card as JSON in .*small.onnx, got damaged text"),
        ({"card": "[1]"}, "got damaged text"),
        ({"card": "[" * 100_000}, "got damaged text"),
        ({"card": "{}"}, "Expected a model card of format 1, got format None .* or a newer one"),
        ({"card": '{"format": 2}'}, "got format 2"),
        ({"card": '{"format": 1}'}, "Expected a complete card .* wrong or missing: 'labels'"),
        ({"card": make_card(preprocessing=VERSION + 1)}, rf"preprocessing version {VERSION}, got .* {VERSION + 1}: "),
        ({"card": make_card(preprocessing="1")}, "train it again, or use the release"),
        ({"card": make_card(labels=LABELS[:9])}, r"scores of shape \(N, 9\), one per label, got .*'N', 10\]"),
        ({"outputs": 11}, r"scores of shape \(N, 10\), one per label, got tensor\(float\) \['N', 11\]"),
        ({"flat_output": True}, r"scores of shape \(N, 10\), one per label, got tensor\(float\) \[\]"),
        ({"shape": (32, 32)}, r"uint8 input of shape \(N, 28, 28\), as its card says, got tensor\(uint8\) .* 32, 32"),
        ({"shape": (28, 28, 1)}, r"input of shape \(N, 28, 28\)"),
        ({"shape": (32, 32), "card": make_card(shape=(32, 32))}, r"a model for 28 x 28 pictures, got \(32, 32\)"),
        ({"input_type": TensorProto.FLOAT}, r"got tensor\(float\)"),
        ({"inputs": 2}, r"one uint8 input .* got tensor\(uint8\) .*, tensor\(float\)"),
        ({"batch": 1}, "Expected a dynamic batch, got a fixed one of 1"),
    ],
)
def test_files_that_cannot_be_used(write_model, changes, message):
    path = write_model(**changes)
    with pytest.raises(ModelError, match=message) as caught:
        open_model(path)
    assert str(path) in str(caught.value)
    assert not isinstance(caught.value, ModelNotFoundError)


@pytest.mark.parametrize("keep", [0, 7, 300, -10])
def test_files_that_are_cut_short(write_model, keep):
    path = write_model()
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ModelError, match=r"got something else or a damaged one: .*small\.onnx|without a card"):
        open_model(path)


def test_a_file_of_another_kind(tmp_path):
    path = tmp_path / "notes.onnx"
    path.write_text("no network")
    with pytest.raises(ModelError, match=r"Expected an ONNX model file, got something else .* again"):
        open_model(path)


def test_a_folder_in_the_place_of_a_file(tmp_path):
    (tmp_path / "x.onnx").mkdir()
    with pytest.raises(ModelNotFoundError, match="there is none at"):
        open_model(tmp_path / "x.onnx")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_file_that_may_not_be_read(write_model):
    path = write_model()
    path.chmod(0)
    with pytest.raises(ModelError, match=r"Cannot open the model file .*Permission denied"):
        open_model(path)


def test_missing_files(write_model):
    path = write_model("letters.onnx")
    with pytest.raises(ModelNotFoundError, match=r"none at '.*leters\.onnx'\. Did you mean 'letters\.onnx'\?"):
        find_model(path.with_name("leters.onnx"))
    with pytest.raises(ModelNotFoundError, match=r"none at '/nowhere/x\.onnx'\. The command inkread models lists"):
        find_model("/nowhere/x.onnx")


@pytest.mark.parametrize("name", ["x" * 5000 + ".onnx", "a\0b.onnx", ""])
def test_names_that_cannot_be(name):
    with pytest.raises(ModelNotFoundError):
        find_model(name)


@pytest.mark.parametrize("name", [None, 3, b"default", ["default"]])
def test_what_is_no_name(name):
    with pytest.raises(UsageError, match=r"Expected the name of a model or a path ending in '\.onnx', got "):
        Predictor(name)


def test_misspelt_names():
    with pytest.raises(ModelNotFoundError) as caught:
        find_model("defualt")
    assert str(caught.value).startswith("There is no model 'defualt'. Did you mean 'default'? Known are: ")
    assert str(caught.value).endswith("A path to a model file ends in '.onnx'.")


def test_only_models_of_the_kind_are_named(write_model):
    with pytest.raises(ModelNotFoundError) as caught:
        Predictor("lin")
    assert "line" not in str(caught.value)
    with pytest.raises(ModelNotFoundError, match=r"'lin'\. Did you mean 'line'\? Known are: line\. "):
        open_model("lin", kind="line")
    with pytest.raises(ModelNotFoundError, match=r"Did you mean 'line'\? Known are: .*default, line, "):
        open_model("lin", kind=None)
    folder = write_model("letters.onnx").parent
    (folder / "letterz.onnx").write_bytes(b"no model")
    with pytest.raises(ModelNotFoundError, match=r"Did you mean 'letters\.onnx'\?"):
        find_model(folder / "leterz.onnx")


def test_without_a_home_there_are_no_local_models(monkeypatch):
    def homeless(*_given, **_options):
        raise RuntimeError("could not determine the home directory")

    monkeypatch.delenv("INKREAD_MODELS", raising=False)
    monkeypatch.setattr("platformdirs.user_data_path", homeless)
    assert local_models() == {}
    assert find_model("default").name == "default.onnx"


def test_local_models(write_model, monkeypatch, tmp_path):
    path = write_model("mine.onnx")
    write_model("default.onnx")
    monkeypatch.setenv("INKREAD_MODELS", str(tmp_path))
    assert local_models()["mine"] == path
    assert find_model("mine") == path
    assert Predictor("mine").card.name == "small"
    # A local name hides no shipped one.
    assert find_model("default") == shipped_models()["default"]
    monkeypatch.setenv("INKREAD_MODELS", str(tmp_path / "nowhere"))
    assert local_models() == {}


CARD = make_card(
    calibration=Calibration(1.5, (Threshold(0.01, 0.9, 0.95), Threshold(0.1, 0.5, 1.0)), 0.05, 5000),
    recipe="default",
    config={"epochs": 3, "augmentation": {"shift": 1.5}},
    data={"name": "mnist", "n": 55_000},
    figures=(Figure("accuracy on MNIST's test pictures", 0.99, 10_000, 0.98, 0.995),),
    licence="MIT",
    created="2026-01-02",
    made_with={"keras": "3"},
)


@pytest.mark.parametrize(
    "card", [make_card(), CARD, make_card(preprocessing=None, shape=(32, 32, 3), labels=("a", "ß"))]
)
def test_cards_come_back_as_they_were(card):
    assert Card.from_json(card.to_json(), "here") == card


def test_a_card_in_a_file_comes_back_as_it_was(write_model):
    assert open_model(write_model(card=CARD)).card == CARD


def test_keys_of_later_releases_do_no_harm():
    text = CARD.to_json().replace('"name"', '"later": 1, "name"', 1)
    assert Card.from_json(text, "here") == CARD


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('"temperature": 1.5', '"temperature": 0'), "a temperature above 0, not 0"),
        (('"temperature": 1.5', '"temperature": NaN'), "a temperature above 0, not nan"),
        (('"temperature": 1.5', '"temperature": "warm"'), "'>' not supported"),
        (('"shape": [28, 28]', '"shape": null'), "not iterable"),
        (('"coverage": 0.95', '"cover": 0.95'), "unexpected keyword argument 'cover'"),
        (('"parameters": 7840, ', ""), "'parameters'"),
    ],
)
def test_faults_of_a_card_are_named(change, message):
    with pytest.raises(ModelError, match="Expected a complete card in here, .*" + message):
        Card.from_json(CARD.to_json().replace(*change), "here")


def test_labels_need_not_be_digits(write_model):
    card = replace(make_card(), labels=tuple("abcdefghij"))
    predictor = Predictor(write_model(card=card))
    assert predictor.labels == tuple("abcdefghij")
    assert predictor.predict(np.zeros((1, 28, 28), np.uint8)).dtype == np.int64
