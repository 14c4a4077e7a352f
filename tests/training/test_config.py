from __future__ import annotations

import dataclasses
import tomllib
from typing import ClassVar

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inkread.errors import UsageError
from inkread.training.augment import Augmentation
from inkread.training.config import KEPT, OPTIMIZERS, SCHEDULES, Config, config_from, overridden, to_toml
from inkread.training.folder import read_toml
from inkread.training.recipes import RECIPES

OTHER = Config(
    epochs=3,
    network={"width": 2.0},
    non_digits=0.1,
    batch_size=64,
    optimizer="rmsprop",
    learning_rate=1e-05,
    momentum=0.5,
    schedule="cosine",
    warmup=0.0,
    weight_decay=0.5,
    dropout=0.4,
    label_smoothing=0.0,
    average=0.999,
    blend=0.7,
    validation=0.25,
    keep="best",
    patience=5,
    seed=7,
    split_seed=8,
    precision="float32",
    redrawn=1.0,
    drawn=0.3,
    photographed=0.5,
    teacher="another.onnx",
    ending={"epochs": 2, "non_digits": 0.05, "augmentation": {"zoom": 0.2}},
    augmentation=Augmentation(1.5, 10.0, 0.1, 0.2, 0.3, 0.4, 0.5, 6.0, 0.7, 0.8, 0.35, 0.25, 0.75),
)

ENDING = {"epochs": 3, "redrawn": 0, "blend": 0.4, "augmentation": {"shift": 0.5}}


@pytest.fixture
def toml(tmp_path):
    def write(text):
        path = tmp_path / "config.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.mark.parametrize("config", [Config(), OTHER, *(recipe.config for recipe in RECIPES.values())])
def test_toml_and_back(toml, config):
    assert config_from(read_toml(toml(config.to_toml())), Config()) == config
    # Nothing is left to the base: a run folder repeats its run whatever the defaults become.
    assert config_from(read_toml(toml(config.to_toml())), OTHER) == config


def test_the_toml_names_every_field():
    data = tomllib.loads(OTHER.to_toml())
    usual = Config().to_dict()
    assert [key for key in data if data[key] == usual[key]] == []  # so that none of them could be left out unseen
    assert data == OTHER.to_dict()
    assert set(data) == {field.name for field in dataclasses.fields(Config)}
    assert set(data["augmentation"]) == {field.name for field in dataclasses.fields(Augmentation)}


@given(
    learning_rate=st.floats(min_value=0, exclude_min=True, max_value=1e30),
    validation=st.one_of(st.integers(0, 10**6), st.floats(0, 1)),
    seed=st.integers(0, 2**63),
)
def test_odd_numbers_survive_the_toml(learning_rate, validation, seed):
    config = Config(learning_rate=learning_rate, validation=validation, seed=seed)
    assert config_from(tomllib.loads(config.to_toml()), Config()) == config


def test_a_file_changes_only_what_it_names(toml):
    base = Config(epochs=4, augmentation=Augmentation(shift=2, rotation=5))
    config = config_from(read_toml(toml("seed = 3\n[augmentation]\nrotation = 9\n")), base)
    assert config == dataclasses.replace(base, seed=3, augmentation=Augmentation(shift=2, rotation=9))


def test_a_whole_number_may_stand_for_a_float(toml):
    config = config_from(read_toml(toml("validation = 500\nlearning_rate = 1\n")), Config())
    assert (config.validation, config.learning_rate) == (500, 1)
    assert isinstance(config.learning_rate, float)


def test_unknown_keys_are_named_all_at_once_with_near_names(toml):
    text = 'epoch = 3\nlearning_rat = 1.0\nzzz = 0\n[augmentation]\nrotatoin = 3\n[schedules]\nname = "sgd"\n'
    with pytest.raises(UsageError) as caught:
        config_from(read_toml(toml(text)), Config())
    message = str(caught.value)
    assert "epoch: no such key. Did you mean 'epochs'?" in message
    assert "learning_rat: no such key. Did you mean 'learning_rate'?" in message
    assert "augmentation.rotatoin: no such key. Did you mean 'rotation'?" in message
    assert "zzz: no such key.\n" in message
    assert "schedules: no such key. Did you mean 'schedule'?" in message


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
        ("optimizer = 1", "optimizer: str (got 1)"),
        ('optimizer.name = "sgd"', "optimizer: str (got {'name': 'sgd'})"),
        ('keep = ["best"]', "keep: str (got ['best'])"),
        ("patience = 1.0", "patience: int (got 1.0)"),
        ('momentum = "0.9"', "momentum: float (got '0.9')"),
        ("augmentation.flip_vertical = true", "augmentation.flip_vertical: float (got True)"),
    ],
)
def test_types(toml, line, expected):
    with pytest.raises(UsageError) as caught:
        config_from(read_toml(toml(line)), Config())
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("key", "bad", "good"),
    [
        ("epochs", [0, -1], [1]),
        ("batch_size", [0], [1]),
        ("optimizer", ["lion", "Adam", ""], [*OPTIMIZERS]),
        ("learning_rate", [0.0, -1.0, float("nan"), float("inf")], [1e-9]),
        ("momentum", [-0.1, 1.0, float("nan")], [0.0, 0.99]),
        ("schedule", ["linear", ""], [*SCHEDULES]),
        ("warmup", [-0.1, 1.0], [0.0, 0.99]),
        ("weight_decay", [-1e-9, float("inf")], [0.0]),
        ("dropout", [-0.1, 1.0], [0.0, 0.99]),
        ("label_smoothing", [-0.1, 1.0], [0.0, 0.99]),
        ("average", [-0.1, 1.0], [0.0, 0.9999]),
        ("blend", [-0.1, 0.0, 1.1], [0.001, 1.0]),
        ("validation", [-0.1, -5.0, float("nan"), float("inf")], [0.0, 0.1, 1, 5000]),
        ("keep", ["first", ""], [*KEPT]),
        ("patience", [-1], [0, 1]),
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
        ("flip_horizontal", 1.5),
        ("flip_vertical", 1.5),
    ],
)
def test_ranges_of_the_augmentation(amount, value):
    with pytest.raises(UsageError, match=f"augmentation.{amount}: .*got"):
        Config(augmentation=Augmentation(**{amount: value}))


def test_all_faults_at_once_of_every_kind():
    changes = {
        "epochs": 0,
        "seed": -3,
        "warmup": "long",
        "batchsize": 8,
        "optimizer": "adm",
        "validation": 0,
        "patience": 3,
        "augmentation": {"shift": -1.0, "zom": 1, "flip_vertical": 2, "erase": "all"},
    }
    with pytest.raises(UsageError) as caught:
        config_from(changes, Config())
    faults = [line.split(":")[0].strip() for line in str(caught.value).splitlines()[1:]]
    inner = ("augmentation.shift", "augmentation.zom", "augmentation.flip_vertical", "augmentation.erase")
    assert sorted(faults) == sorted(["epochs", "seed", "warmup", "batchsize", "optimizer", "validation", *inner])


@pytest.mark.parametrize(
    ("key", "value", "near"),
    [
        ("optimizer", "adm", "adam"),
        ("optimizer", "mun", "muon"),
        ("optimizer", "rms", "rmsprop"),
        ("schedule", "cosin", "cosine"),
        ("schedule", "onecycle", "one-cycle"),
        ("keep", "bets", "best"),
        ("precision", "float16", "float32"),
    ],
)
def test_a_value_that_is_none_of_the_known_ones_is_refused_with_a_near_one(key, value, near):
    with pytest.raises(UsageError, match=rf"{key}: one of .*{near}.* \(got '{value}'\)\. Did you mean '{near}'\?"):
        config_from({key: value}, Config())


@pytest.mark.parametrize("judging", [{"keep": "best"}, {"patience": 2}])
def test_nothing_can_be_judged_without_validation_pictures(judging):
    with pytest.raises(UsageError, match="validation: above 0 for keep = 'best' or patience"):
        Config(validation=0, **judging)
    with pytest.raises(UsageError, match="validation: above 0"):
        config_from({"validation": 0}, Config(**judging))


def test_patience_and_keep_both_keep_the_best():
    assert not Config().keeps_best
    assert Config(keep="best").keeps_best
    assert Config(patience=1).keeps_best


class TestAnotherOptimizer:
    base = Config(learning_rate=0.3, weight_decay=0.4)

    @pytest.mark.parametrize("name", [name for name in OPTIMIZERS if name != "muon"])
    def test_it_brings_its_usual_rate_and_decay(self, name):
        config = config_from({"optimizer": name}, self.base)
        assert (config.learning_rate, config.weight_decay) == OPTIMIZERS[name]

    def test_those_that_are_given_too_stay(self):
        config = config_from({"optimizer": "sgd", "learning_rate": 0.7}, self.base)
        assert (config.learning_rate, config.weight_decay) == (0.7, OPTIMIZERS["sgd"][1])
        config = config_from({"optimizer": "sgd", "weight_decay": 0.7}, self.base)
        assert (config.learning_rate, config.weight_decay) == (OPTIMIZERS["sgd"][0], 0.7)

    def test_the_same_one_brings_nothing(self):
        assert config_from({"optimizer": "muon"}, self.base) == self.base

    def test_back_to_muon(self):
        config = config_from({"optimizer": "muon"}, config_from({"optimizer": "adam"}, self.base))
        assert (config.learning_rate, config.weight_decay) == OPTIMIZERS["muon"]


class TestOverridden:
    file: ClassVar = {"optimizer": "sgd", "learning_rate": 0.5, "weight_decay": 0.1, "epochs": 3}

    def test_what_comes_later_wins_and_the_rest_stays(self):
        assert overridden(self.file, {"epochs": 9, "seed": 2}) == self.file | {"epochs": 9, "seed": 2}
        assert overridden(self.file, {}) == self.file
        assert overridden({}, {"seed": 2}) == {"seed": 2}

    def test_tables_are_joined_key_by_key(self):
        file = {"augmentation": {"shift": 2, "zoom": 0.1}}
        joined = overridden(file, {"augmentation": {"zoom": 0.2, "erase": 0.5}})
        assert joined == {"augmentation": {"shift": 2, "zoom": 0.2, "erase": 0.5}}
        assert overridden({}, {"augmentation": {"zoom": 0.2}}) == {"augmentation": {"zoom": 0.2}}

    def test_another_optimizer_leaves_the_rate_of_the_one_before_behind(self):
        changes = overridden(self.file, {"optimizer": "adam"})
        assert changes == {"optimizer": "adam", "epochs": 3}
        config = config_from(changes, Config())
        assert (config.learning_rate, config.weight_decay) == OPTIMIZERS["adam"]

    def test_its_own_rate_is_kept(self):
        changes = overridden(self.file, {"optimizer": "adam", "learning_rate": 0.003})
        assert changes == {"optimizer": "adam", "epochs": 3, "learning_rate": 0.003}
        assert overridden(self.file, {"optimizer": "sgd"}) == self.file

    def test_what_is_given_is_not_touched(self):
        file = {"augmentation": {"shift": 2}, "epochs": 3}
        overridden(file, {"augmentation": {"shift": 3}, "epochs": 4})
        assert file == {"augmentation": {"shift": 2}, "epochs": 3}


@given(st.text(st.characters(exclude_categories=["Cs"])))
@example('a "quoted" \\ name\\')
@example("C:\\Users\\Åsa\\ziffern.npz")
@example("tab\tline\nreturn\r\x00\x1f\x7f\x85\u2028 数字 ✎ \U0001f58b")
@example("'''\"\"\"#[run]")
def test_any_text_survives_the_toml(text):
    tables = {"plain": text, "yes": True, "table": {"text": text}}
    assert tomllib.loads(to_toml(tables)) == tables


def test_a_missing_file(tmp_path):
    with pytest.raises(UsageError, match=r"Cannot open the configuration '.*nowhere.toml': No such file"):
        read_toml(tmp_path / "nowhere.toml")
    with pytest.raises(UsageError, match="Cannot open the configuration"):
        read_toml(tmp_path)


@pytest.mark.parametrize("text", ["epochs = ", "epochs = 1\nepochs = 2", b"\xff\xfe\x00", '{"epochs": 1}'])
def test_broken_toml(toml, text):
    with pytest.raises(UsageError, match=r"Expected TOML in '.*config.toml', got something else: "):
        config_from(read_toml(toml(text)), Config())


class TestEnding:
    """The last epochs, in which something is otherwise."""

    def test_it_changes_what_it_names(self):
        config = config_from({"redrawn": 2, "augmentation": {"shift": 2, "zoom": 0.1}, "ending": ENDING}, Config())
        main, ending = config.parts
        assert main == dataclasses.replace(config, ending={})
        bent = Augmentation(shift=0.5, zoom=0.1)
        assert ending == dataclasses.replace(main, epochs=3, redrawn=0.0, blend=0.4, augmentation=bent)
        assert config.all_epochs == main.epochs + 3

    def test_the_blend_of_what_comes_before_is_not_its_own(self):
        config = Config(blend=0.5, ending={"epochs": 1})
        assert [part.blend for part in config.parts] == [0.5, 1.0]

    def test_without_it_there_is_one_part(self):
        assert Config().parts == (Config(),)
        assert Config(epochs=7).all_epochs == 7

    def test_toml_and_back(self):
        config = config_from({"ending": ENDING}, Config())
        assert config_from(tomllib.loads(config.to_toml()), Config()) == config

    @pytest.mark.parametrize(
        ("ending", "fault"),
        [
            ({"epochs": 1, "seed": 3, "network": {}}, r"ending\.seed: the same as before it.*\n.*ending\.network"),
            ({"learning_rate": 0.1}, r"ending\.epochs: a whole number from 1 \(got none\)"),
            ({"epochs": 1, "non_digits": 0.1}, r"ending\.non_digits: above 0 where non_digits is"),
            ({"epochs": 1, "blend": 0}, "blend: above 0, at most 1"),
            ({"epochs": 1, "average": 1}, "average: 0 or more and below 1"),
            ({"epochs": 1, "ending": {}}, r"ending\.ending"),
            ({"epochs": 1, "rat": 1}, "rat: no such key"),
            (3, r"ending: a table \(got 3\)"),
        ],
    )
    def test_what_it_cannot_be(self, ending, fault):
        with pytest.raises(UsageError, match=fault):
            config_from({"ending": ending}, Config())
