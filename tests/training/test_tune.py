"""`inkread tune`: what is tried, what is kept, and that the test part is never looked at."""

from __future__ import annotations

import importlib.util
import math
import multiprocessing
import sqlite3
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer

from inkread.cli.tune import tune as command
from inkread.errors import OutputError, TrainingError, UsageError
from inkread.evaluation.tune_plots import importance_bars, search_history
from inkread.training import tune as tuning
from inkread.training.config import Config, config_from
from inkread.training.history import Epoch
from inkread.training.network_options import checked_options, options_of
from inkread.training.networks.pooled import cnn_dropout
from inkread.training.recipes import RECIPES
from inkread.training.search_space import Choice, Range, configured, near, space_for
from inkread.training.tune import Search, best_toml, tune, tuned_from

NO_OPTUNA = importlib.util.find_spec("optuna") is None or importlib.util.find_spec("keras") is None
pytestmark = pytest.mark.skipif(NO_OPTUNA, reason="the extra [train] is not installed")

RECIPE = RECIPES["cnn-dropout"]


def pretended(trial, recipe, dataset, config, told):
    """Stand in for a training: the accuracy is a smooth function of the settings."""
    import optuna

    best = 0.0
    for number in range(1, config.epochs + 1):
        best = 0.99 - 0.1 * abs(math.log10(config.learning_rate) + 3) - 0.1 * config.dropout - 0.01 / number
        trial.report(best, number)
        told(f"epoch {number}")
        if trial.should_prune():
            raise optuna.TrialPruned
    return Epoch(config.epochs, 0.1, 0.9, 1 - best, best, 0.1)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(tuning, "_trained", pretended)


@pytest.fixture(scope="module")
def digits(drawn):
    return drawn(240)


@pytest.fixture
def storage(tmp_path):
    return tmp_path / "search.sqlite3"


def last(found):
    *_, tuned = found
    return tuned


def searched(digits, storage, recipe=RECIPE, base=RECIPE.config, **search):
    return last(tune(recipe, digits, base, Search(storage, **search)))


def test_the_space_has_width_and_depth_where_the_network_takes_them():
    space = space_for(RECIPE, RECIPE.config, pictures=55_000, epochs=15)
    assert space["network.width"] == Range(0.5, 2.0, log=True)
    assert space["network.depth"] == Range(1, 3)
    assert space["batch_size"] == Choice((32, 64, 128, 256, 512))
    assert space["epochs"] == Range(7, 15)
    lenet = space_for(RECIPES["lenet"], RECIPES["lenet"].config, pictures=300, epochs=1)
    assert not [name for name in lenet if name.startswith("network")]
    assert lenet["batch_size"] == Choice((32, 64))
    assert lenet["epochs"] == Range(1, 1)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_search_begins_near_the_recipe(recipe):
    base = tuned_from(recipe.config, Search(Path("search.sqlite3")))
    space = space_for(recipe, base, pictures=55_000, epochs=base.epochs)
    config = configured(near(recipe, base, space), base)
    assert (config.optimizer, config.epochs, config.learning_rate) == (base.optimizer, base.epochs, base.learning_rate)
    assert abs(config.weight_decay - base.weight_decay) <= 1e-5
    assert config.augmentation.rotation == base.augmentation.rotation
    usual = {name: value for name, value in options_of(recipe.build).items() if name in ("width", "depth")}
    assert checked_options(recipe.build, config.network, recipe.name) == usual


def test_another_optimizer_has_a_rate_of_its_own():
    base = Config(optimizer="adam", learning_rate=0.004)
    values = near(RECIPE, base, space_for(RECIPE, base, pictures=5000, epochs=3))
    assert configured(values | {"learning_rate": 2.0}, base).learning_rate == 0.008
    assert configured(values | {"learning_rate": 2.0, "optimizer": "sgd"}, base).learning_rate == 0.1


def test_what_a_recipe_trains_on_is_parted_where_it_is_not():
    assert tuned_from(RECIPES["dense"].config, Search(Path("a"), seed=3, epochs=2)).validation == 1 / 12
    kept = tuned_from(RECIPE.config, Search(Path("a"), seed=3, epochs=2))
    assert (kept.validation, kept.seed, kept.epochs) == (0.1, 3, 2)


def test_a_search_finds_what_is_better(quick, digits, storage):
    tuned = searched(digits, storage, trials=16, epochs=3)
    assert len(tuned.tried) == 16
    assert tuned.ranking[0].accuracy > tuned.tried[0].accuracy
    assert any(trial.pruned for trial in tuned.tried)
    assert tuned.importance
    assert sum(tuned.importance.values()) == pytest.approx(1)
    assert tuned.validation == 24
    assert [t.accuracy for t in tuned.ranking] == sorted((t.accuracy for t in tuned.ranking), reverse=True)


def test_a_search_that_was_stopped_goes_on_as_it_would_have(quick, digits, tmp_path):
    whole = searched(digits, tmp_path / "whole.sqlite3", trials=8, epochs=3)
    found = tune(RECIPE, digits, RECIPE.config, Search(tmp_path / "parts.sqlite3", trials=8, epochs=3))
    for _ in range(3):
        next(found)
    found.close()
    parts = searched(digits, tmp_path / "parts.sqlite3", trials=8, epochs=3)
    assert [t.config for t in parts.tried] == [t.config for t in whole.tried]
    again = searched(digits, tmp_path / "parts.sqlite3", trials=8, epochs=3)  # nothing is left to be done
    assert [t.accuracy for t in again.tried] == [t.accuracy for t in parts.tried]
    other = searched(digits, tmp_path / "other.sqlite3", trials=3, seed=1, epochs=3)
    assert other.tried[1].config != whole.tried[1].config


def test_what_was_interrupted_is_made_again(monkeypatch, digits, storage):
    def interrupted(trial, recipe, dataset, config, told):
        if trial.number == 1:
            raise KeyboardInterrupt
        return pretended(trial, recipe, dataset, config, told)

    monkeypatch.setattr(tuning, "_trained", interrupted)
    with pytest.raises(KeyboardInterrupt):
        searched(digits, storage, trials=3)
    tuned = searched(digits, storage, trials=3)
    assert [t.number for t in tuned.tried] == [0, 2, 3]


def test_the_trial_of_a_process_that_was_killed_is_made_again(quick, digits, storage):
    import optuna

    searched(digits, storage, trials=1)
    study = optuna.load_study(study_name="inkread-tune", storage=f"sqlite:///{storage}")
    lost = study.ask()
    lost.suggest_float("dropout", 0.0, 0.6)
    process = multiprocessing.get_context("spawn").Process(target=int)
    process.start()
    process.join()
    host = tuning._process().rpartition(":")[0]
    lost.set_user_attr("process", f"{host}:{process.pid}")
    tuned = searched(digits, storage, trials=2)
    assert [t.number for t in tuned.tried] == [0, 2]
    assert tuned.tried[1].config.dropout == pytest.approx(lost.params["dropout"], rel=1e-2)


def _share_the_work(images, labels, names, storage):
    from inkread.datasets import Dataset

    tuning._trained = pretended
    tuning.require_keras = lambda: None  # nothing is trained
    searched(Dataset(images, labels, names, "drawn"), Path(storage), trials=10, epochs=4)


def test_two_processes_share_a_search(digits, storage):
    context = multiprocessing.get_context("spawn")
    arguments = (np.array(digits.images), np.array(digits.labels), digits.names, str(storage))
    both = [context.Process(target=_share_the_work, args=arguments) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(180)
    assert [process.exitcode for process in both] == [0, 0]
    import optuna

    trials = optuna.load_study(study_name="inkread-tune", storage=f"sqlite:///{storage}").trials
    over = [trial for trial in trials if trial.state.is_finished()]
    assert 10 <= len(over) <= 11
    assert len({str(trial.params) for trial in over}) == len(over)  # neither tried what the other did


def test_a_loss_that_is_no_number_is_a_trial_that_was_bad(monkeypatch, digits, storage):
    def diverges(trial, *rest):
        if trial.number == 1:
            raise tuning._DivergedError
        return pretended(trial, *rest)

    monkeypatch.setattr(tuning, "_trained", diverges)
    tuned = searched(digits, storage, trials=3)
    assert [t.pruned for t in tuned.tried] == [False, True, False]


def test_real_trainings_are_judged_on_the_pictures_held_out(keras, tiny, digits, storage):
    told = []
    recipe = replace(tiny, config=replace(tiny.config, validation=0.0))
    found = tune(
        recipe, digits, recipe.config, Search(storage, trials=2, epochs=2), told=lambda *args: told.append(args)
    )
    tuned = last(found)
    assert tuned.validation == 20
    assert all(t.accuracy * 20 == pytest.approx(round(t.accuracy * 20)) for t in tuned.tried)
    assert told[0] == (0, 2, "trial 0")
    assert told[-1][2].startswith("trial 1: epoch ")
    assert not list(Path().glob("inkread-tune-*"))


def test_a_training_is_cut_short_by_the_listener(keras, tiny, digits, storage, monkeypatch):
    import optuna

    monkeypatch.setattr(optuna.trial.Trial, "should_prune", lambda trial: True)
    tuned = searched(digits, storage, recipe=tiny, base=tiny.config, trials=1)
    assert [t.pruned for t in tuned.tried] == [True]
    assert not math.isnan(tuned.tried[0].loss)
    with pytest.raises(TrainingError, match="Expected at least one trial that was trained to its end"):
        best_toml(tiny, "mnist", tuned, storage)


def test_ties_are_settled_by_the_loss():
    config = Config()
    tried = [tuning.Tried(n, 0.9, loss, False, 1.0, config) for n, loss in enumerate((0.3, 0.2, 0.4))]
    assert [t.number for t in tuning.Tuned(tuple(tried), {}, 10).ranking] == [1, 0, 2]


def test_the_best_configuration_can_be_trained(quick, digits, storage):
    tuned = searched(digits, storage, trials=3)
    text = best_toml(RECIPE, "mnist", tuned, storage)
    table = tomllib.loads(text)
    assert table.pop("run") == {"recipe": "cnn-dropout", "data": "mnist"}
    assert config_from(table, RECIPE.config) == tuned.ranking[0].config
    assert set(table["network"]) == {"width", "depth"}


@pytest.mark.parametrize(
    ("width", "depth", "parameters"), [(1.0, 2, 317_066), (0.5, 2, 80_202), (1.0, 1, 1_183_306), (1.0, 3, 390_922)]
)
def test_width_and_depth_of_the_network(keras, width, depth, parameters):
    assert cnn_dropout((28, 28), 10, 0.5).count_params() == 317_066
    assert cnn_dropout((28, 28), 10, 0.5, width=width, depth=depth).count_params() == parameters


@pytest.mark.parametrize("options", [{"width": 0.0}, {"width": 17.0}, {"depth": 0}, {"depth": 5}])
def test_a_network_that_cannot_be(keras, options):
    with pytest.raises(UsageError, match=r"width above 0 and at most 16\.0, and depth from 1 to 4"):
        cnn_dropout((28, 28), 10, 0.5, **options)


def test_options_of_the_network_are_checked():
    assert checked_options(cnn_dropout, {"width": 2}, "cnn-dropout") == {"width": 2.0}
    with pytest.raises(UsageError) as caught:
        checked_options(cnn_dropout, {"widht": 2, "depth": 1.5}, "cnn-dropout")
    assert "network.widht: no such option of recipe 'cnn-dropout'. Did you mean 'width'?" in str(caught.value)
    assert "network.depth: int (got 1.5)" in str(caught.value)
    with pytest.raises(UsageError, match="It takes none"):
        checked_options(RECIPES["lenet"].build, {"width": 2}, "lenet")


def test_options_of_the_network_in_a_configuration(keras, digits, tmp_path):
    from inkread.training.run import train

    config = config_from({"network": {"width": 0.25, "depth": 1}, "epochs": 1, "precision": "float32"}, RECIPE.config)
    assert config_from(tomllib.loads(config.to_toml()), Config()) == config
    run = train(RECIPE, digits, config, folder=tmp_path / "run")
    assert run.card.parameters < 100_000
    assert run.card.config["network"] == {"width": 0.25, "depth": 1}
    with pytest.raises(UsageError, match="no such option"):
        train(RECIPE, digits, replace(config, network={"deep": 1}), folder=tmp_path / "other")
    with pytest.raises(UsageError, match="network: a table"):
        config_from({"network": 3}, Config())


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Return a function that runs `inkread tune ARGUMENTS` in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command()(command)
    return lambda *arguments: app([str(argument) for argument in arguments], standalone_mode=False)


@pytest.fixture
def source(drawn, tmp_path):
    data, test = drawn(240), drawn(20, seed=1)
    np.savez(tmp_path / "d.npz", x_train=data.images, y_train=data.labels, x_test=test.images, y_test=test.labels)
    return tmp_path / "d.npz"


def test_the_command(quick, run, source, tmp_path, capsys):
    run("dense", "--data", source, "--trials", 4, "--epochs", 2)
    shown, told = capsys.readouterr()
    assert shown.splitlines()[-1] == str(Path("runs") / "tune-dense.toml")
    assert "dense: the best of 4 trials, 20 validation pictures" in shown
    assert "dense holds no pictures out: here a twelfth is, to judge by." in told
    table = tomllib.loads((tmp_path / "runs" / "tune-dense.toml").read_text(encoding="utf-8"))
    assert table["run"] == {"recipe": "dense", "data": str(source)}
    assert (tmp_path / "runs" / "tune-dense-history.png").read_bytes()[:4] == b"\x89PNG"
    run("dense", "--data", source, "--trials", 5, "--epochs", 2, "--output", "best.toml")
    assert "trial 4: " in capsys.readouterr().err
    assert (tmp_path / "best.toml").is_file()


def test_the_command_says_how_to_go_on(monkeypatch, run, source, tmp_path, capsys):
    def interrupted(trial, *rest):
        if trial.number == 2:
            raise KeyboardInterrupt
        return pretended(trial, *rest)

    monkeypatch.setattr(tuning, "_trained", interrupted)
    assert run("cnn-dropout", "--data", source, "--trials", 4) == 130
    shown, told = capsys.readouterr()
    assert "Stopped. 2 trials are safe in runs/tune-cnn-dropout.sqlite3; go on with the same command." in told
    assert shown.splitlines()[-1].endswith("tune-cnn-dropout.toml")  # the best so far


def test_the_test_part_is_never_loaded(quick, run, source, monkeypatch):
    import inkread.datasets

    parts = []
    load = inkread.datasets.load

    def spied(source, part="train", **options):
        parts.append(part)
        return load(source, part, **options)

    monkeypatch.setattr(inkread.datasets, "load", spied)
    run("cnn-dropout", "--data", source, "--trials", 1)
    assert parts == ["train"]


def test_no_trial_begins_after_the_time_is_over(quick, digits, storage):
    assert len(searched(digits, storage, trials=50, timeout=1e-9).tried) <= 1


def test_a_storage_of_another_search(quick, digits, drawn, storage):
    searched(digits, storage, trials=1)
    with pytest.raises(UsageError, match=r"got one with the recipe 'cnn-dropout'\. Name another with --storage"):
        searched(digits, storage, recipe=RECIPES["lenet"], base=RECIPES["lenet"].config)
    with pytest.raises(UsageError, match="other training pictures"):
        searched(drawn(240, seed=2), storage)
    with pytest.raises(UsageError, match="another configuration to begin with"):
        searched(digits, storage, epochs=3)


def test_a_storage_of_someone_elses(quick, digits, storage, tmp_path):
    import optuna

    optuna.create_study(study_name="theirs", storage=f"sqlite:///{storage}")
    with pytest.raises(UsageError, match="got one with the study 'theirs'"):
        searched(digits, storage)
    with sqlite3.connect(tmp_path / "tables.sqlite3") as database:
        database.execute("CREATE TABLE addresses (street TEXT)")
    database.close()
    with pytest.raises(UsageError, match="tables of another program"):
        searched(digits, tmp_path / "tables.sqlite3")


def test_a_storage_that_is_none(quick, digits, tmp_path):
    (tmp_path / "text.sqlite3").write_text("not a database at all")
    with pytest.raises(UsageError, match="something else or a damaged file"):
        searched(digits, tmp_path / "text.sqlite3")
    with pytest.raises(OutputError, match="Cannot open the storage"):
        searched(digits, tmp_path)
    assert (tmp_path / "text.sqlite3").read_text() == "not a database at all"


def test_all_faults_of_a_search_at_once():
    with pytest.raises(UsageError) as caught:
        Search(Path("a"), trials=0, timeout=-1, epochs=0, seed=-1)
    assert str(caught.value).count("\n") == 4


def test_drawings():
    figure = search_history([0, 1, 2, 5], [0.5, 0.9, 0.7, 0.95], [False, False, True, False], title="drawn")
    assert [line.get_label() for line in figure.axes[0].lines] == ["best so far", "trial", "cut short"]
    assert search_history([3], [0.9], [True]).axes
    bars = importance_bars({"learning_rate": 0.7, "dropout": 0.3})
    assert [text.get_text().strip() for text in bars.axes[0].texts] == ["70%", "30%"]
    with pytest.raises(UsageError, match="Expected a number, an accuracy"):
        search_history([1], [0.9, 0.8], [False])
    with pytest.raises(UsageError, match="Expected the importance"):
        importance_bars({})
