"""`inkread compare`: the same pictures for all, results that are kept, budgets that hold."""

from __future__ import annotations

import csv
import importlib.util
import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import typer

from inkread.cli.compare import compare as command
from inkread.errors import DatasetNotFoundError, OutputError, UsageError
from inkread.evaluation.compare_plots import Dot, accuracy_and_cost, learning_curves
from inkread.evaluation.metrics import share
from inkread.training import compare as comparing
from inkread.training import contestants as making
from inkread.training.compare import Comparison, Pictures, compare, learning_curve, pictures_of, rows
from inkread.training.contestants import Contestant, Measured, compared_config, contestants, held_out_of
from inkread.training.recipes import RECIPES

NO_SKLEARN = importlib.util.find_spec("sklearn") is None
pytestmark = pytest.mark.skipif(NO_SKLEARN, reason="scikit-learn is not installed")


@pytest.fixture(scope="module")
def pictures(drawn):
    return Pictures(drawn(480), drawn(100, seed=1))


def sleeper(seconds_a_picture: float, power: float = 1.0, growth: float = 1.0, limit: int | None = None):
    """Return a contestant that only says how long it took, and the numbers of pictures that it was given."""
    given: list[int] = []

    def measure(pool, test, seed):
        given.append(len(pool))
        seconds = seconds_a_picture * len(pool) ** power
        return Measured(share(len(test) - seed, len(test)), 0.1, 0.01, seconds, 1e-5, 100, 10, len(pool), "its own")

    return Contestant("sleeper", "classic", "sleeps", {}, measure, limit, growth), given


@pytest.fixture
def run():
    """Return a function that runs `inkread compare ARGUMENTS`."""
    app = typer.Typer()
    app.command()(command)
    return lambda *arguments: app([str(argument) for argument in arguments], standalone_mode=False)


def table_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def test_names_and_their_kinds():
    kinds = [(c.kind, c.name) for c in contestants()]
    assert [name for kind, name in kinds if kind == "recipe"] == list(RECIPES)
    assert ("model", "default") in kinds
    assert ("classic", "knn") in kinds
    assert [(c.kind, c.name) for c in contestants(["default"])] == [("recipe", "default"), ("model", "default")]
    assert [(c.kind, c.name) for c in contestants(["model:default", "knn", "knn"])] == [
        ("model", "default"),
        ("classic", "knn"),
    ]


def test_unknown_names_are_told_at_once():
    with pytest.raises(UsageError, match=r"'kmn'\. Did you mean 'knn'\?; 'classic:lenet'\."):
        contestants(["kmn", "knn", "classic:lenet"])


def test_classifiers_and_the_shipped_model_on_the_same_pictures(pictures, tmp_path):
    found = contestants(["knn", "linear-svm", "model:default"])
    results = list(compare(found, pictures, Comparison(tmp_path)))
    knn, svm, model = results
    assert knn.measured.trained_on == svm.measured.trained_on == 440
    assert held_out_of(pictures.labelled) == 40
    assert model.measured.trained_on is None
    assert model.measured.training_seconds is None
    assert all(r.measured.accuracy.n == 100 for r in results)
    assert knn.measured.accuracy.value > 0.9
    assert all(r.measured.picture_seconds > 0 for r in results)
    # The best first; a mean over one seed has no spread.
    table = rows(results)
    assert [row.accuracy.value for row in table] == sorted((row.accuracy.value for row in table), reverse=True)
    assert {row.spread for row in table} == {None}


def test_a_recipe_is_trained_on_the_same_pictures(keras, tiny, pictures, monkeypatch, tmp_path):
    monkeypatch.setitem(RECIPES, "tiny", replace(tiny, config=replace(tiny.config, validation=0.0, epochs=2)))
    (result,) = compare(contestants(["recipe:tiny"]), pictures, Comparison(tmp_path))
    assert result.measured.trained_on == 440
    assert result.measured.training_seconds > 0
    assert result.measured.size > 1000
    assert "set on" in result.measured.confidence
    config = compared_config(RECIPES["tiny"].config, pictures.labelled, 5)
    assert (config.epochs, config.validation, config.split_seed, config.seed) == (2, 40, 0, 5)


def test_results_are_kept_and_made_once(pictures, tmp_path):
    contestant, given = sleeper(0.1)
    first = list(compare([contestant], pictures, Comparison(tmp_path, seeds=(0, 1))))
    assert given == [480, 480]
    assert list(compare([contestant], pictures, Comparison(tmp_path, seeds=(0, 1)))) == first
    assert given == [480, 480]
    # Other settings are another result, and so are other pictures.
    list(compare([replace(contestant, settings={"k": 3})], pictures, Comparison(tmp_path)))
    list(compare([contestant], Pictures(pictures.labelled, pictures.labelled), Comparison(tmp_path)))
    assert given == [480] * 4


def test_an_interrupted_comparison_goes_on(pictures, tmp_path):
    contestant, given = sleeper(0.1)
    begun = compare([contestant], pictures, Comparison(tmp_path, seeds=(0, 1, 2)))
    next(begun)
    begun.close()
    assert len(list(compare([contestant], pictures, Comparison(tmp_path, seeds=(0, 1, 2))))) == 3
    assert len(given) == 3


def test_a_damaged_result_is_measured_anew(pictures, tmp_path):
    contestant, given = sleeper(0.1)
    list(compare([contestant], pictures, Comparison(tmp_path)))
    (path,) = (tmp_path / "results").iterdir()
    for text in ("", "[]", '{"key": "other"}', path.read_text().replace('"low"', '"lower"')):
        path.write_text(text)
        list(compare([contestant], pictures, Comparison(tmp_path)))
    assert len(given) == 5


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        (1000.0, [40, 120, 480]),
        (49.0, [40, 120, 480]),
        (47.0, [40, 120]),
        (11.0, [40]),
        (0.001, [40]),  # something has to be trained
        (None, [480]),
    ],
)
def test_a_budget_of_seconds(pictures, tmp_path, budget, expected):
    contestant, given = sleeper(0.1)
    (result,) = compare([contestant], pictures, Comparison(tmp_path, budget=budget))
    assert given == expected
    assert result.pictures == expected[-1]
    assert ("more would take longer than" in result.why_fewer) == (expected[-1] < 480)


def test_a_budget_follows_how_the_time_grows(pictures, tmp_path):
    contestant, given = sleeper(0.001, power=2)  # 1.6 s, 14.4 s, 230.4 s
    list(compare([contestant], pictures, Comparison(tmp_path, budget=200)))
    assert given == [40, 120]  # in proportion it would have been 57.6 s
    told, given = sleeper(0.001, power=2, growth=2)
    list(compare([told], pictures, Comparison(tmp_path / "told", budget=14)))
    assert given == [40]


def test_what_does_not_scale_learns_from_fewer(pictures, tmp_path):
    contestant, given = sleeper(0.1, limit=200)
    (result,) = compare([contestant], pictures, Comparison(tmp_path))
    assert given == [200]
    assert rows([result])[0].note == "it is made for at most 200 labelled pictures"


def test_means_over_seeds(pictures, tmp_path):
    contestant, _ = sleeper(0.1)
    (row,) = rows(list(compare([contestant], pictures, Comparison(tmp_path, seeds=(0, 2, 4)))))
    assert row.accuracy.value == pytest.approx(0.98)
    assert row.spread == pytest.approx(0.02)
    assert row.seeds == 3
    assert row.accuracy.low < 0.98 < row.accuracy.high


def test_a_learning_curve_as_far_as_the_data_goes(pictures, tmp_path):
    contestant, given = sleeper(0.1)
    list(compare([contestant], pictures, Comparison(tmp_path)))
    results = list(learning_curve([contestant], pictures, Comparison(tmp_path)))
    assert [result.pictures for result in results] == [100, 300, 480]
    assert given == [480, 100, 300]  # all of them were measured before
    short, given = sleeper(0.1)
    list(learning_curve([short], pictures, Comparison(tmp_path / "short", budget=31)))
    assert given == [100, 300]


def test_a_model_of_other_classes_is_left_out(coloured, tmp_path):
    found = contestants(["knn", "model:default"])
    results = list(compare(found, Pictures(coloured, coloured), Comparison(tmp_path)))
    assert [result.name for result in results] == ["knn"]


def test_a_source_without_a_test_part(drawn, tmp_path):
    data = drawn(300)
    np.savez(tmp_path / "digits.npz", x=data.images, y=data.labels)
    pictures = pictures_of(str(tmp_path / "digits.npz"))
    assert (len(pictures.labelled), len(pictures.test)) == (240, 60)
    assert np.bincount(pictures.test.labels).tolist() == [6] * 10
    assert "has no test part: 60 of 300 pictures are taken for one" in pictures.notes[0]
    assert len(pictures_of(str(tmp_path / "digits.npz"), 100).labelled) == 100
    for size in (19, 241):
        with pytest.raises(UsageError, match="from 20, two of each class, to 240"):
            pictures_of(str(tmp_path / "digits.npz"), size)


def test_the_command(run, drawn, tmp_path, capsys):
    data, test = drawn(240), drawn(60, seed=1)
    np.savez(tmp_path / "d.npz", x_train=data.images, y_train=data.labels, x_test=test.images, y_test=test.labels)
    out = tmp_path / "out"
    run("knn", "linear-svm", "--data", tmp_path / "d.npz", "--output", out, "--learning-curve", "--seeds", "0,1")
    shown, told = capsys.readouterr()
    assert "knn" in shown
    assert "linear-svm, seed 1: " in told
    lines = table_of(out / "compare.csv")
    assert {line["name"] for line in lines} == {"knn", "linear-svm"}
    assert {line["trained_on"] for line in lines} == {"220"}
    kept = json.loads((out / "compare.json").read_text(encoding="utf-8"))
    assert kept["schema"] == 1
    assert (kept["data"]["labelled"], kept["data"]["test"]) == (240, 60)
    assert len(kept["results"]) == 4
    curve = table_of(out / "learning-curve.csv")
    assert {line["pictures"] for line in curve} == {"100", "240"}
    for name in ("compare.png", "learning-curve.png"):
        assert (out / name).read_bytes()[:4] == b"\x89PNG"


def test_the_command_says_how_to_go_on(run, drawn, tmp_path, capsys, monkeypatch):
    data = drawn(240)
    np.savez(tmp_path / "d.npz", x=data.images, y=data.labels)

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(making, "_measured_classic", interrupted)
    assert run("knn", "--data", tmp_path / "d.npz", "--output", tmp_path / "out") == 130
    assert "go on with the same command" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (("--seeds", "0,a"), UsageError),
        (("--seeds", "0,0"), UsageError),
        (("--seeds", "-1"), UsageError),
        (("--budget", "0"), UsageError),
        (("--budget", "nan"), UsageError),
        (("--data", "nowhere.npz"), DatasetNotFoundError),
        (("lenett",), UsageError),
    ],
)
def test_bad_options(run, options, error):
    with pytest.raises(error):
        run("knn", *options)


def test_an_output_that_is_a_file(pictures, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="Expected a folder for the results"):
        list(compare([sleeper(1)[0]], pictures, Comparison(tmp_path / "file")))


def test_drawings():
    dots = [Dot(f"name {i}", "classic" if i % 2 else "recipe", share(90 + i, 100), 0.1) for i in range(11)]
    texts = [text.get_text() for text in accuracy_and_cost(dots, "multiply-adds").axes[0].texts]
    assert set(texts) == {dot.name for dot in dots}
    curves = {f"name {i}": [(100, 0.9), (1000, 0.95)] for i in range(12)}
    figure = learning_curves(curves, title="drawn")
    heights = sorted(text.get_position()[1] for text in figure.axes[0].texts)
    assert len(heights) == 12
    assert min(b - a for a, b in pairwise(heights)) > 8  # points: equal curves, legible names
    for draw, nothing in ((accuracy_and_cost, []), (learning_curves, {}), (learning_curves, {"a": []})):
        with pytest.raises(UsageError, match="Expected at least one"):
            draw(nothing)


def test_the_sizes_of_a_curve_leave_each_class_something(drawn):
    data = drawn(480)
    rare = data.subset(np.flatnonzero((data.labels != 3) | (np.arange(480) < 40)))
    assert np.bincount(rare.labels)[3] == 4
    assert comparing._sizes(sleeper(1)[0], Pictures(rare, rare)) == [len(rare)]


def test_nothing_is_left_where_it_was_made(pictures, tmp_path):
    contestant, _ = sleeper(0.1)
    list(compare([contestant], pictures, Comparison(tmp_path)))
    assert [path.suffix for path in (tmp_path / "results").iterdir()] == [".json"]
    assert Path(tmp_path / "results").is_dir()
