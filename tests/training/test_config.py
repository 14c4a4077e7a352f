from __future__ import annotations

import dataclasses
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkread.errors import UsageError
from inkread.training.augment import Augmentation
from inkread.training.config import Config, config_from, read_config
from inkread.training.recipes import RECIPES

OTHER = Config(
    epochs=3,
    batch_size=64,
    learning_rate=1e-05,
    warmup=0.0,
    weight_decay=0.5,
    label_smoothing=0.0,
    validation=0.25,
    seed=7,
    split_seed=8,
    precision="float32",
    redrawn=1.0,
    photographed=0.5,
    augmentation=Augmentation(1.5, 10.0, 0.1, 0.2, 0.3, 0.4, 0.5, 6.0, 0.7, 0.8),
)


@pytest.fixture
def toml(tmp_path):
    def write(text):
        path = tmp_path / "config.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.mark.parametrize("config", [Config(), OTHER, *(recipe.config for recipe in RECIPES.values())])
def test_toml_and_back(toml, config):
    assert read_config(toml(config.to_toml()), Config()) == config
    # Nothing is left to the base: a run folder repeats its run whatever the defaults become.
    assert read_config(toml(config.to_toml()), OTHER) == config


def test_the_toml_names_every_field():
    data = tomllib.loads(OTHER.to_toml())
    assert data == OTHER.to_dict()
    assert set(data) == {field.name for field in dataclasses.fields(Config)}
    assert set(data["augmentation"]) == {field.name for field in dataclasses.fields(Augmentation)}


@given(
    learning_rate=st.floats(min_value=0, exclude_min=True, max_value=1e30),
    validation=st.one_of(st.integers(1, 10**6), st.floats(0, 1, exclude_min=True)),
    seed=st.integers(0, 2**63),
)
def test_odd_numbers_survive_the_toml(learning_rate, validation, seed):
    config = Config(learning_rate=learning_rate, validation=validation, seed=seed)
    assert config_from(tomllib.loads(config.to_toml()), Config()) == config


def test_a_file_changes_only_what_it_names(toml):
    base = Config(epochs=4, augmentation=Augmentation(shift=2, rotation=5))
    config = read_config(toml("seed = 3\n[augmentation]\nrotation = 9\n"), base)
    assert config == dataclasses.replace(base, seed=3, augmentation=Augmentation(shift=2, rotation=9))


def test_a_whole_number_may_stand_for_a_float(toml):
    config = read_config(toml("validation = 500\nlearning_rate = 1\n"), Config())
    assert (config.validation, config.learning_rate) == (500, 1)
    assert isinstance(config.learning_rate, float)


def test_unknown_keys_are_named_all_at_once_with_near_names(toml):
    text = 'epoch = 3\nlearning_rat = 1.0\nzzz = 0\n[augmentation]\nrotatoin = 3\n[optimizer]\nname = "sgd"\n'
    with pytest.raises(UsageError) as caught:
        read_config(toml(text), Config())
    message = str(caught.value)
    assert "epoch: no such key. Did you mean 'epochs'?" in message
    assert "learning_rat: no such key. Did you mean 'learning_rate'?" in message
    assert "augmentation.rotatoin: no such key. Did you mean 'rotation'?" in message
    assert "zzz: no such key.\n" in message
    assert "optimizer: no such key." in message


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("epochs = 2.5", "epochs: int (got 2.5)"),
        ("epochs = true", "epochs: int (got True)"),
        ("learning_rate = false", "learning_rate: float (got False)"),
        ('learning_rate = "fast"', "learning_rate: float (got 'fast')"),
        ("precision = 16", "precision: str (got 16)"),
        ("augmentation = 3", "augmentation: a table (got 3)"),
        ('augmentation.shift = "far"', "augmentation.shift: float (got 'far')"),
    ],
)
def test_types(toml, line, expected):
    with pytest.raises(UsageError) as caught:
        read_config(toml(line), Config())
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("key", "bad", "good"),
    [
        ("epochs", [0, -1], [1]),
        ("batch_size", [0], [1]),
        ("learning_rate", [0.0, -1.0, float("nan")], [1e-9]),
        ("warmup", [-0.1, 1.0], [0.0, 0.99]),
        ("weight_decay", [-1e-9], [0.0]),
        ("label_smoothing", [-0.1, 1.0], [0.0, 0.99]),
        ("validation", [0.0, -5.0], [0.1, 1, 5000]),
        ("seed", [-1], [0]),
        ("split_seed", [-1], [0]),
        ("precision", ["float16", ""], ["auto", "float32", "mixed_bfloat16"]),
        ("redrawn", [-0.1, 20.5], [0.0, 1.5, 20.0]),
        ("photographed", [-0.1, 1.1], [0.0, 1.0]),
    ],
)
def test_ranges(key, bad, good):
    for value in bad:
        with pytest.raises(UsageError, match=f"{key}: .*got"):
            Config(**{key: value})
    for value in good:
        assert getattr(Config(**{key: value}), key) == value


@pytest.mark.parametrize(
    ("amount", "value"),
    [
        *((field.name, -0.1) for field in dataclasses.fields(Augmentation)),
        *((field.name, float("nan")) for field in dataclasses.fields(Augmentation)),
        ("zoom", 1.0),  # a picture of no size
        ("stretch", 1.0),
        ("stroke", 2.5),  # the pen has no more to gain
        ("erase", 1.5),  # shares
        ("neighbours", 1.5),
    ],
)
def test_ranges_of_the_augmentation(amount, value):
    with pytest.raises(UsageError, match=f"augmentation.{amount}: .*got"):
        Config(augmentation=Augmentation(**{amount: value}))


def test_all_faults_at_once_of_every_kind():
    changes = {"epochs": 0, "seed": -3, "warmup": "long", "batchsize": 8, "augmentation": {"shift": -1.0, "zom": 1}}
    with pytest.raises(UsageError) as caught:
        config_from(changes, Config())
    message = str(caught.value)
    for fault in ("epochs: ", "seed: ", "warmup: ", "batchsize: ", "augmentation.shift: ", "augmentation.zom: "):
        assert fault in message
    assert "\n  split_seed" not in message


def test_a_missing_file(tmp_path):
    with pytest.raises(UsageError, match=r"Cannot open the configuration '.*nowhere.toml': No such file"):
        read_config(tmp_path / "nowhere.toml", Config())
    with pytest.raises(UsageError, match="Cannot open the configuration"):
        read_config(tmp_path, Config())


@pytest.mark.parametrize("text", ["epochs = ", "epochs = 1\nepochs = 2", b"\xff\xfe\x00", '{"epochs": 1}'])
def test_broken_toml(toml, text):
    with pytest.raises(UsageError, match=r"Expected TOML in '.*config.toml', got something else: "):
        read_config(toml(text), Config())
