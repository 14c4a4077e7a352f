"""The drawings of an evaluation."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from inkread.errors import UsageError
from inkread.evaluation.calibration import reliability
from inkread.evaluation.plots import save
from inkread.evaluation.report_plots import misread_sheet, reliability_diagram, risk_coverage_curve
from inkread.evaluation.selective import judge, risk_coverage
from inkread.reading.card import Threshold


def answers(n: int = 2000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return confidences that are mostly high, and whether the answers are right."""
    rng = np.random.default_rng(seed)
    confidence = 1 - 0.5 * rng.uniform(size=n) ** 6
    return confidence, rng.uniform(size=n) < confidence


def texts(figure) -> list[str]:
    from matplotlib.text import Text

    figure.canvas.draw()
    return [text.get_text() for text in figure.findobj(Text) if text.get_visible() and text.get_text()]


def markers(axes) -> list:
    return [line for line in axes.get_lines() if line.get_marker() == "o" and len(line.get_xdata())]


def test_reliability_has_a_point_for_each_bin():
    bins = reliability(*answers())
    figure = reliability_diagram(bins, title="On noise")
    (axes,) = figure.axes
    assert [float(line.get_xdata()[0]) for line in markers(axes)] == pytest.approx([b.confidence for b in bins])
    assert (axes.get_xscale(), axes.get_yscale()) == ("logit", "logit")
    assert {"On noise", "confidence", "share of right answers", "90 %", "99 %"} <= set(texts(figure))


def test_a_bin_without_an_error_is_hollow_and_at_the_edge():
    bins = reliability(np.repeat([0.6, 0.99], 100), np.repeat([False, True], [40, 160]), 2)
    (axes,) = reliability_diagram(bins).axes
    low, high = markers(axes)
    assert low.get_markerfacecolor() != "white"
    assert high.get_markerfacecolor() == "white"
    assert high.get_ydata()[0] == pytest.approx(axes.get_ylim()[1])
    assert "no error" in texts(axes.figure)


@pytest.mark.parametrize(("confidence", "right"), [(1.0, True), (1.0, False), (0.0, False), (0.5, True), (0.1, False)])
def test_reliability_of_one_answer(confidence, right, tmp_path):
    figure = reliability_diagram(reliability(np.array([confidence]), np.array([right])))
    save(figure, tmp_path / "one.png")
    assert len(markers(figure.axes[0])) == 1


def test_reliability_of_nothing():
    with pytest.raises(UsageError, match="at least one bin"):
        reliability_diagram(())


def test_risk_over_coverage_with_the_promises():
    confidence, right = answers()
    curve = risk_coverage(confidence, ~right)
    promises = [
        judge(curve, Threshold(error, threshold, 1.0)) for error, threshold in ((0.005, 0.9), (0.1, 0.6), (0.2, 0.6))
    ]
    figure = risk_coverage_curve(curve, promises, title="Gain")
    (axes,) = figure.axes
    line = max(axes.get_lines(), key=lambda line: len(line.get_xdata()))
    assert np.array_equal(line.get_xdata(), curve.coverage)
    assert np.array_equal(line.get_ydata(), curve.risk)
    told = texts(figure)
    assert {"Gain", "0.5 % promised", "10 % promised"} <= set(told)
    assert "20 % promised" not in told  # it lies where the one before does
    assert axes.get_ylim()[0] == 0
    assert axes.get_ylim()[1] > curve.risk[-1]


@pytest.mark.parametrize("wrong", [[False], [True], [False] * 9, [True] * 9, [True] + [False] * 8])
def test_risk_over_coverage_of_few_answers(wrong, tmp_path):
    curve = risk_coverage(np.linspace(0.9, 0.1, len(wrong)), np.array(wrong))
    save(risk_coverage_curve(curve, [judge(curve, Threshold(0.01, 2.0, 0.0))]), tmp_path / "few.png")


def test_into_axes_that_are_given():
    from matplotlib.figure import Figure

    figure = Figure()
    left, right = figure.subplots(1, 2)
    confidence, good = answers()
    assert reliability_diagram(reliability(confidence, good), ax=left) is figure
    assert risk_coverage_curve(risk_coverage(confidence, ~good), ax=right) is figure
    assert left.get_xlabel() == "confidence"
    assert right.get_ylabel() == "share of wrong answers"


@pytest.mark.parametrize("count", [1, 2, 9, 42, 61])
@pytest.mark.parametrize("shape", [(28, 28), (9, 20, 3), (300, 200)])
def test_sheet_of_misread_pictures(count, shape, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (count, *shape), dtype=np.uint8)
    captions = [f"{i} as x" for i in range(count)]
    figure = misread_sheet(images, np.arange(count) + 500, captions, title="A title that is longer than two pictures")
    told = texts(figure)
    assert {"500", "0 as x"} <= set(told)
    assert sum(text.endswith("as x") for text in told) == min(60, count)
    assert any("the first 60 of 61" in text for text in told) == (count == 61)
    title = next(text for text in figure.axes[0].texts if text.get_text().startswith("A title"))
    assert title.get_window_extent().x1 <= figure.bbox.x1
    save(figure, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as picture:
        assert picture.format == "PNG"


def test_a_sheet_of_what_does_not_fit():
    for images, numbers, captions in ((0, 0, 0), (2, 1, 2), (2, 2, 3)):
        with pytest.raises(UsageError, match="a number and a caption for each"):
            misread_sheet(np.zeros((images, 5, 5), np.uint8), np.arange(numbers), ["x"] * captions)
