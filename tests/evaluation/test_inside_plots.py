from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from inkread.errors import MissingExtraError, UsageError
from inkread.evaluation.drawing import new_figure
from inkread.evaluation.inside import EmbeddingMap
from inkread.evaluation.inside_plots import (
    embedding_scatter,
    explanation_panel,
    feature_maps,
    heat_map,
    nearest_sheet,
)
from inkread.reading.explain import Explanation

BLUE, ORANGE = (0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)


def made(**changes) -> Explanation:
    rng = np.random.default_rng(0)
    heat = np.zeros((28, 28), np.float32)
    heat[4:10, 4:10], heat[18:22, 18:22] = 2.0, -2.0
    seen = np.zeros((28, 28), np.uint8)
    seen[6:22, 12:15] = 255
    whole = Explanation(
        seen=seen,
        labels=tuple("0123456789"),
        probabilities=np.array([0.004, 0.9, *[0.012] * 8], np.float32),
        known=True,
        label="1",
        method="occlusion",
        heat=heat,
        maps=(
            ("convolution 1", rng.random((40, 12, 12), dtype=np.float32)),
            ("convolution 2", rng.normal(size=(5, 3, 3)).astype(np.float32)),
        ),
    )
    return replace(whole, **changes)


def pixels(figure) -> np.ndarray:
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3]


def texts(figure) -> list[str]:
    from matplotlib.text import Text

    figure.canvas.draw()
    return [text.get_text() for text in figure.findobj(Text) if text.get_visible() and text.get_text()]


def near(figure, colour) -> int:
    """Return how many pixels are of about that colour."""
    return int((np.abs(pixels(figure).astype(int) - colour).sum(axis=-1) < 30).sum())


@pytest.mark.parametrize("shape", [(28, 28), (60, 40, 3), (3000, 2000, 4), (1, 1), (5, 900)])
def test_the_panel_shows_all_four(shape):
    figure = explanation_panel(made(), np.full(shape, 200, np.uint8), title="one.png")
    said = texts(figure)
    for text in ("given", "seen by the network", "what speaks for 1", "probability", "one.png", "90.0%", "1.2%"):
        assert text in said
    assert any("log-odds" in text for text in said)
    assert near(figure, BLUE) > 100


def test_the_panel_says_when_there_is_no_digit():
    assert "no digit; if it were" in texts(explanation_panel(made(known=False), np.zeros((9, 9), np.uint8)))


def test_what_is_transparent_is_paper():
    clear = np.zeros((90, 90, 4), np.uint8)
    clear[40:50, 40:50, 3] = 255
    drawn = np.asarray(explanation_panel(made(), clear).axes[0].images[0].get_array())
    assert sorted(np.unique(drawn)) == [0, 255]
    assert np.mean(drawn == 255) > 0.95


def test_many_classes_show_the_likeliest_ten():
    names = tuple(f"class {i}" for i in range(30))
    proba = np.full(30, 0.01, np.float32)
    proba[20] = 0.71
    said = texts(explanation_panel(made(labels=names, probabilities=proba, label=names[20]), np.ones((9, 9), np.uint8)))
    assert sum(text.startswith("class") for text in said) == 10
    assert "class 20" in said


@pytest.mark.parametrize("shape", [(9,), (9, 9, 2), (0, 9), (1, 9, 9, 3)])
def test_what_is_no_picture(shape):
    with pytest.raises(UsageError, match="Expected a picture of shape"):
        explanation_panel(made(), np.zeros(shape, np.uint8))


def test_heat_for_is_blue_and_against_is_orange():
    both = heat_map(made())
    only = heat_map(made(heat=np.maximum(made().heat, 0)))
    assert near(both, BLUE) > 1000
    # What is left of orange is the scale beside it.
    assert near(both, ORANGE) - near(only, ORANGE) > 500


def test_no_heat_and_no_ink_are_drawn_too():
    nothing = made(heat=np.zeros((28, 28), np.float32), seen=np.zeros((28, 28), np.uint8), method="of another kind")
    assert "what speaks for 1" in texts(heat_map(nothing))


def test_into_axes_of_ones_own():
    figure = new_figure(6, 3)
    left, right = figure.subplots(1, 2)
    assert heat_map(made(), ax=left) is figure
    placed = EmbeddingMap(np.arange(6), np.random.default_rng(0).random((6, 2)).astype(np.float32))
    assert embedding_scatter(placed, np.arange(6) % 2, ("a", "b"), ax=right) is figure
    assert {"what speaks for 1", "a", "b"} <= set(texts(figure))


def test_feature_maps_name_each_layer_and_say_what_is_left_out():
    said = texts(feature_maps(made(), most=32))
    assert "convolution 1\n32 of 40 maps\n12 x 12" in said
    assert "convolution 2\n5 maps\n3 x 3" in said
    assert "convolution 1\n40 maps\n12 x 12" in texts(feature_maps(made(), most=99))


def test_feature_maps_of_a_layer_share_one_scale():
    maps = np.zeros((3, 6, 6), np.float32)
    maps[0], maps[1] = 4.0, 2.0
    drawn = pixels(feature_maps(made(maps=(("convolution 1", maps),))))
    for level in (255, 128, 0):
        assert np.all(drawn == level, axis=-1).sum() >= 2000


@pytest.mark.parametrize("value", [0.0, -3.0, 1e-30])
def test_feature_maps_that_are_flat(value):
    assert pixels(feature_maps(made(maps=(("convolution 1", np.full((2, 4, 4), value, np.float32)),)))).size


def test_feature_maps_of_none():
    for explanation, most in ((made(maps=()), 5), (made(), 0)):
        with pytest.raises(UsageError, match="Expected a network with a convolution to draw maps of"):
            feature_maps(explanation, most=most)


def test_nearest_examples_say_in_orange_which_differ():
    images = np.zeros((3, 28, 28), np.uint8)
    captions = ["7 (no. 5)", "7 (no. 60)", "1 (no. 700)"]
    figure = nearest_sheet(images[0], images, captions, [False, False, True], title="most alike")
    assert {"this picture", "most alike", *captions} <= set(texts(figure))
    assert near(figure, ORANGE) > near(nearest_sheet(images[0], images, captions, [False] * 3), ORANGE)


@pytest.mark.parametrize(("count", "marks"), [(0, 0), (2, 2), (3, 2)])
def test_nearest_examples_that_do_not_fit(count, marks):
    with pytest.raises(UsageError, match="Expected at least one example to draw, and a caption and a mark for each"):
        nearest_sheet(np.zeros((5, 5), np.uint8), np.zeros((min(count, 3), 5, 5), np.uint8), ["x"] * 3, [False] * marks)


def test_a_map_names_each_class_once_where_its_points_are():
    labels = np.arange(60) % 12
    points = (np.array([10 * labels, labels % 3]).T + np.random.default_rng(0).normal(0, 0.1, (60, 2))).astype("f4")
    names = [f"n{i}" for i in range(12)]
    figure = embedding_scatter(EmbeddingMap(np.arange(60), points), labels, names, title="embeddings")
    assert sorted(text for text in texts(figure) if text.startswith("n")) == sorted(names)
    (axes,) = figure.axes
    places = {text.get_text(): text.get_position() for text in axes.texts}
    assert places["n11"] == pytest.approx((110, 2), abs=0.3)
    # No two classes share colour and marker.
    looks = {(tuple(c.get_facecolor()[0]), c.get_paths()[0].vertices.tobytes()) for c in axes.collections}
    assert len(looks) == 12


@pytest.mark.parametrize("labels", [np.arange(3), np.array([0, 1, 2, 5]), np.array([-1, 0, 0, 0])])
def test_a_map_whose_labels_do_not_fit(labels):
    placed = EmbeddingMap(np.arange(4), np.zeros((4, 2), np.float32))
    with pytest.raises(UsageError, match=r"Expected a label in 0\.\.2 for each of 4 points"):
        embedding_scatter(placed, labels, ("a", "b", "c"))


def test_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"matplotlib is missing.*inkread\[report\]"):
        heat_map(made())
