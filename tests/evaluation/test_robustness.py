from __future__ import annotations

import json

import numpy as np
import pytest

from inkread import Predictor, normalize_batch
from inkread.datasets import Dataset
from inkread.errors import ModelNotFoundError, UsageError
from inkread.evaluation.corruptions import CORRUPTIONS, MNIST_C, OURS, SEVERITIES, corrupt
from inkread.evaluation.intervals import wilson
from inkread.evaluation.robustness import WAYS, Cell, Robustness, Share, robustness, robustness_tables
from inkread.evaluation.robustness_plots import corruption_sheet, draw_robustness, robustness_plot
from tests.model_files import make_card

NAMES = tuple("0123456789")


@pytest.fixture(scope="module")
def data(draw_digit) -> Dataset:
    labels = [0, 1, 2, 3, 4, 7] * 4
    pens = np.linspace(0.06, 0.1, len(labels))
    drawn = [draw_digit(label, pen=pen) for label, pen in zip(labels, pens, strict=True)]
    return Dataset(normalize_batch(np.stack(drawn)), np.array(labels), NAMES, "drawn")


@pytest.fixture(scope="module")
def whole(data) -> Robustness:
    """Return what the shipped model gives on a few digits, all cells."""
    return robustness("default", data, count=8)


def texts(figure) -> list[str]:
    from matplotlib.text import Text

    figure.canvas.draw()
    return [text.get_text() for text in figure.findobj(Text) if text.get_visible() and text.get_text()]


def test_every_corruption_is_tried_at_every_severity_in_both_ways(whole):
    assert [(cell.name, cell.severity) for cell in whole.cells] == [(n, s) for n in CORRUPTIONS for s in SEVERITIES]
    for cell in (whole.clean, *whole.cells):
        for way in WAYS:
            share = cell.share(way)
            assert share.n == whole.n == 8
            assert share.interval == wilson(share.hits, 8)
    assert set(whole.seconds) == {"clean", *(corruption.family for corruption in CORRUPTIONS.values())}


def test_the_shipped_model_reads_clean_digits_and_inverted_ones_after_the_preprocessing(data):
    result = robustness("default", data, names=["inverted", "low_contrast", "stripe"], severities=[5, 1])
    assert result.severities == (1, 5)
    assert result.n == len(data)
    assert result.clean.raw.value >= 0.9
    assert result.cell("inverted", 5).normalized.value >= 0.9
    stripe = result.cell("stripe", 5)  # white bands, which the preprocessing takes for ink
    assert stripe.raw.value >= 0.9 > stripe.normalized.value
    assert result.cell("low_contrast", 1).normalized.value >= 0.9


def test_the_hits_are_those_of_the_predictor(write_model, data):
    path = write_model()
    result = robustness(path, data, count=1000, seed=3, names=["shot_noise"], severities=[5])
    worse = corrupt(data.images, "shot_noise", 5, seed=3)
    predictor = Predictor(path)
    assert result.cells[0].raw.hits == int((predictor.predict(worse) == data.labels).sum())
    after = predictor.predict(normalize_batch(worse)) == data.labels
    assert result.cells[0].normalized.hits == int(after.sum())
    assert result.model == "small 1"


def test_classes_are_matched_by_name(write_model, data):
    turned = make_card(labels=NAMES[::-1])
    straight = robustness(write_model(), data, names=["scale"], severities=[1])
    crossed = Dataset(data.images, 9 - data.labels, NAMES, "drawn")
    again = robustness(write_model("turned.onnx", card=turned), crossed, names=["scale"], severities=[1])
    assert again.clean == straight.clean
    assert again.cells == straight.cells


def test_blank_pictures_count_as_wrong(write_model):
    blank = Dataset(np.zeros((5, 28, 28), np.uint8), np.zeros(5, np.int64), NAMES, "blank")
    result = robustness(write_model(), blank, names=["scale"], severities=[1])
    # A network of one layer gives nothing for nothing, and the first of equal scores is class 0.
    assert result.clean.raw.hits == 5
    assert (result.clean.normalized.hits, result.clean.blank) == (0, 5)


def test_the_seed_chooses_the_pictures_and_repeats_the_figures(write_model, data):
    few = {"count": 10, "names": ["fog", "jpeg"], "severities": [2]}
    model = Predictor(write_model())
    first, again, other = (robustness(model, data, seed=seed, **few) for seed in (1, 1, 2))
    assert first == again
    assert first.to_dict()["cells"] == again.to_dict()["cells"]
    assert first != other


def test_progress_is_told_by_corruption(write_model, data):
    told = []
    robustness(
        write_model(),
        data,
        names=["scale", "jpeg"],
        severities=[1],
        report=lambda done, total, text="": told.append((done, total, text)),
    )
    assert told == [(0, 2, "scale"), (1, 2, "jpeg"), (2, 2, "")]


def made_up(names=tuple(CORRUPTIONS), severities=SEVERITIES) -> Robustness:
    """Return figures in which 60 + 5 * severity of 100 are right raw, and all after the preprocessing."""
    cells = tuple(Cell(n, s, Share(60 + 5 * s, 100), Share(100, 100), 0) for n in names for s in severities)
    clean = Cell("clean", 0, Share(99, 100), Share(98, 100), 0)
    return Robustness("small 1", "drawn", 100, 0, tuple(names), tuple(severities), clean, cells, {"clean": 0.1})


def test_means_are_taken_over_what_their_names_say():
    result = made_up()
    released = [CORRUPTIONS[name].released for name in MNIST_C]
    assert result.mnist_c_mean() == pytest.approx(np.mean([0.6 + 0.05 * severity for severity in released]))
    assert result.ours_mean() == result.mean() == pytest.approx(0.75)
    assert result.mnist_c_mean("normalized") == 1


def test_means_over_what_was_not_measured_are_none():
    assert made_up(severities=(3,)).mnist_c_mean() is None
    assert made_up(severities=(3,)).ours_mean() == pytest.approx(0.75)
    assert made_up(names=MNIST_C).ours_mean() is None
    assert made_up(names=OURS[:3]).mean() == pytest.approx(0.75)


def test_the_dict_is_json_and_has_the_intervals_and_means(whole):
    again = json.loads(json.dumps(whole.to_dict()))
    assert set(again["means"]) == {"mnist_c", "ours", "all"}
    assert again["means"]["mnist_c"]["raw"] == whole.mnist_c_mean()
    assert len(again["cells"]) == 125
    assert again["cells"][0]["raw"]["interval"] == list(whole.cells[0].raw.interval)


def test_tables_have_a_summary_and_a_row_for_each_corruption():
    summary, raw, normalized = robustness_tables(made_up())
    assert summary.rows[0][0] == "clean pictures"
    assert summary.rows[0][1].startswith("99.00 (")
    assert len(summary.rows) == 4
    assert [row[0] for row in raw.rows] == list(CORRUPTIONS)
    fog = dict(zip(raw.columns, raw.rows[MNIST_C.index("fog")], strict=True))
    assert fog["severity 5"] == "85.00*"
    assert fog["severity 4"] == "80.00 "
    assert normalized.rows[0][-1] == "100.00"
    for table in (summary, raw, normalized):
        assert all(len(row) == len(table.columns) for row in table.rows)
        assert max(table.numbers) < len(table.columns)


def test_a_mean_that_is_none_has_no_row():
    summary = robustness_tables(made_up(names=("fog",)))[0]
    assert [row[0] for row in summary.rows] == ["clean pictures", "all that was measured"]


def test_a_cell_that_was_not_measured_is_refused(whole):
    with pytest.raises(UsageError, match="which were measured; received 'fog' at 6"):
        whole.cell("fog", 6)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"names": ["brightnes"]}, "Did you mean 'brightness'?"),
        ({"names": []}, "at least one corruption"),
        ({"severities": [0]}, "severity from 1 to 5"),
        ({"severities": []}, "at least one corruption and one severity"),
        ({"count": 0}, "count as a whole number from 1"),
        ({"count": 2.5}, "count as a whole number from 1"),
    ],
)
def test_bad_options_are_refused_before_anything_is_read(options, text, data):
    with pytest.raises(UsageError) as caught:
        robustness("no such model", data, **options)
    assert text in str(caught.value)


def test_an_unknown_model_is_refused(data):
    with pytest.raises(ModelNotFoundError):
        robustness("no such model", data)


@pytest.mark.parametrize("shape", [(3, 32, 32), (3, 28, 28, 3)])
def test_data_of_another_shape_is_refused(write_model, shape):
    other = Dataset(np.zeros(shape, np.uint8), np.zeros(3, np.int64), NAMES, "elsewhere")
    with pytest.raises(UsageError, match="gray pictures of shape"):
        robustness(write_model(), other)


def test_a_model_for_other_pictures_is_refused(write_model, data):
    card = make_card(shape=(8, 8), preprocessing=None)
    with pytest.raises(UsageError, match="model for pictures of 28 x 28"):
        robustness(write_model(card=card, shape=(8, 8)), data)


def test_classes_the_model_does_not_know_are_refused(write_model):
    letters = Dataset(np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.int64), ("a", "7"), "letters")
    with pytest.raises(UsageError, match="received a from letters"):
        robustness(write_model(), letters)


def test_the_sheet_shows_every_corruption_and_severity(data):
    figure = corruption_sheet(data.images[:2])
    assert texts(figure) == [*CORRUPTIONS, "clean", "1", "2", "3", "4", "5"]
    assert len(figure.axes[0].get_lines()) == len(MNIST_C)
    alone = corruption_sheet(data.images[:1], names=["jpeg"])
    assert "jpeg" in texts(alone)
    assert not alone.axes[0].get_lines()


@pytest.mark.parametrize(
    ("count", "names", "text"),
    [(0, None, "0 digits"), (5, None, "5 digits"), (1, [], "0 corruptions"), (1, ["fogg"], "Did you mean 'fog'?")],
)
def test_a_sheet_of_nothing_or_too_much_is_refused(data, count, names, text):
    with pytest.raises(UsageError) as caught:
        corruption_sheet(data.images[:count], names=names)
    assert text in str(caught.value)


def test_the_plot_has_a_dot_for_each_cell_and_a_ring_for_each_published_one():
    figure = robustness_plot(made_up())
    assert len(figure.axes) == 2
    for axes in figure.axes:
        dots = {points.get_label(): len(points.get_offsets()) for points in axes.collections}
        assert dots == {**{f"severity {s}": 25 for s in SEVERITIES}, "published severity": 15}
    seen = texts(figure)
    assert set(CORRUPTIONS) <= set(seen)
    assert {"Pictures as they are", "After the preprocessing", "accuracy", "100%"} <= set(seen)


def test_one_way_or_axes_of_ones_own():
    assert len(robustness_plot(made_up(names=("jpeg",), severities=(2, 4)), ways=["raw"]).axes) == 1
    figure = robustness_plot(made_up(), ways=["raw"])
    axes = figure.add_axes((0, 0, 1, 1))
    draw_robustness(axes, made_up(names=("jpeg", "fog")), "normalized")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["jpeg", "fog"]


@pytest.mark.parametrize("ways", [[], ["both"], "raw"])
def test_ways_that_are_none_are_refused(ways):
    with pytest.raises(UsageError, match="Expected ways of raw, normalized"):
        robustness_plot(made_up(), ways=ways)
