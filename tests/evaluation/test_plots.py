from __future__ import annotations

import math
import sys
import threading
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from inkread.errors import MissingExtraError, OutputError, UsageError
from inkread.evaluation.plots import class_histogram, confusion_heatmap, curves, mean_pictures, save, sheet

ODD_NAMES = ("price in $", "$x_{", "two\nlines", "\udcff", "", "七", "x" * 300)


def pixels(figure) -> np.ndarray:
    """Return what a figure looks like, (H, W, 3)."""
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3]


def texts(figure) -> list[str]:
    """Return every text of a figure."""
    from matplotlib.text import Text

    figure.canvas.draw()
    return [text.get_text() for text in figure.findobj(Text) if text.get_visible() and text.get_text()]


def png(path) -> bool:
    with Image.open(path) as picture:
        picture.load()
        return picture.format == "PNG"


def history(epochs: int, **changes) -> dict:
    number = np.arange(1, epochs + 1)
    columns = {"number": number, "loss": 1 / number, "accuracy": 1 - 0.1 / number}
    return columns | {"validation_loss": 1.2 / number, "validation_accuracy": 1 - 0.2 / number} | changes


def lines(axes) -> list[str]:
    return [line.get_label() for line in axes.get_lines() if not line.get_label().startswith("_")]


def test_curves_show_training_and_validation_and_the_best_epoch():
    figure = curves(history(12), best=9)
    loss, accuracy = figure.axes
    assert lines(loss) == lines(accuracy) == ["training", "validation"]
    assert texts(figure).count("best: epoch 9") == 2
    assert any(list(line.get_xdata()) == [9, 9] for line in loss.get_lines())
    assert any(text.endswith(" %") for text in texts(figure))


def test_without_validation_there_is_no_line_of_it():
    nothing = [math.nan] * 5
    whole = history(5, validation_loss=nothing, validation_accuracy=nothing)
    short = {key: whole[key] for key in ("number", "loss", "accuracy")}
    assert lines(curves(whole).axes[0]) == lines(curves(short).axes[1]) == ["training"]


def test_one_epoch_alone_is_seen():
    (marker,) = {line.get_marker() for line in curves(history(1)).axes[0].get_lines()}
    assert marker == "o"
    blue = np.abs(pixels(curves(history(1))).astype(int) - (0, 0x72, 0xB2)).sum(axis=-1) < 60
    assert blue.sum() > 20


@pytest.mark.parametrize("changes", [{"loss": []}, {"accuracy": [0.5]}])
def test_columns_that_do_not_fit(changes):
    with pytest.raises(
        UsageError, match=r"of one length and not empty, to draw curves of; received number \(3\), loss"
    ):
        curves(history(3, **changes))


def test_a_history_without_loss():
    with pytest.raises(UsageError, match="received no column"):
        curves({})


def test_bars_bear_number_and_share():
    shown = texts(class_histogram([3000, 1000, 0], ("a", "b", "c")))
    assert {"a", "b", "c", "3,000", "1,000", "0", "75.0%", "25.0%", "0.0%", "4,000 pictures in 3 classes"} <= {*shown}


def test_a_sheet_shows_pictures_pixel_for_pixel():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (6, 8, 8), dtype=np.uint8)
    figure = sheet(images, [0, 1, 0, 1, 0, 1], ("even", "odd"), per_class=3)
    seen = pixels(figure)
    first = images[0].repeat(9, axis=0).repeat(9, axis=1)
    windows = np.lib.stride_tricks.sliding_window_view(seen[..., 0], first.shape)[:40]
    assert (windows == first).all(axis=(2, 3)).any()
    assert {"even", "odd"} <= {*texts(figure)}


def test_a_sheet_is_the_same_each_time(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (500, 12, 12, 3), dtype=np.uint8)
    for name in ("a.png", "b.png"):
        save(sheet(images, np.arange(500) % 3, ("0", "1", "2"), title="some"), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_of_many_classes_the_first_are_on_the_sheet():
    images = np.zeros((80, 8, 8), np.uint8)
    shown = texts(sheet(images, np.arange(80) % 40, [f"c{i}" for i in range(40)], title="set", per_class=2))
    assert "c29" in shown
    assert "c30" not in shown
    assert "set (the first 30 of 40 classes)" in shown


@pytest.mark.parametrize("shape", [(1, 1), (28, 28), (20, 200), (200, 20), (1000, 900), (32, 32, 3)])
def test_pictures_of_any_size(shape):
    images = np.random.default_rng(0).integers(0, 256, (4, *shape), dtype=np.uint8)
    assert min(pixels(sheet(images, [0, 1, 1, 0], ("a", "b"))).shape[:2]) > 20
    seen = pixels(mean_pictures(images.astype(np.float32), "abcd"))
    assert max(seen.shape) < 3000


def test_mean_pictures_bear_their_names():
    assert texts(mean_pictures(np.zeros((3, 28, 28), np.float32), ("ripe", "unripe", "x"))) == ["ripe", "unripe", "x"]


def test_labels_of_neighbours_do_not_touch():
    names = ("Granny Smith apple, ripe", "Granny Smith apple, unripe", "a name that is longer than any label may be")
    figure = mean_pictures(np.zeros((3, 30, 10, 3), np.float32), names)
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
    assert boxes[0].x0 >= 0
    assert boxes[-1].x1 <= figure.bbox.width


def test_errors_are_seen_and_the_diagonal_is_blue():
    matrix = np.array([[9999, 1], [0, 500]])
    figure = confusion_heatmap(matrix, ("a", "b"), title="errors")
    cells = figure.axes[0].images[0].get_array()
    right, wrong, none = cells[0, 0], cells[0, 1], cells[1, 0]
    assert right[2] > right[0] + 0.5
    assert wrong[0] > wrong[2] + 0.15  # one in ten thousand has a colour
    assert np.ptp(none) == 0
    assert {"9,999", "1", "500", "errors", "true class", "read as"} <= {*texts(figure)}
    assert "0" not in texts(figure)


def test_numbers_stand_out_from_their_cells():
    rng = np.random.default_rng(0)
    figure = confusion_heatmap(rng.integers(0, 30, (12, 12)) ** 3, [str(i) for i in range(12)])
    cells = figure.axes[0].images[0].get_array()
    from matplotlib.colors import to_rgb

    def luminance(rgb):
        linear = np.where(
            np.asarray(rgb) <= 0.04045, np.asarray(rgb) / 12.92, ((np.asarray(rgb) + 0.055) / 1.055) ** 2.4
        )
        return linear @ (0.2126, 0.7152, 0.0722)

    for text in figure.axes[0].texts:
        column, row = (round(place) for place in text.get_position())
        low, high = sorted((luminance(to_rgb(text.get_color())), luminance(cells[row, column])))
        assert (high + 0.05) / (low + 0.05) > 3.0  # contrast as WCAG 2 has it


@pytest.mark.parametrize("classes", [1, 2, 30, 100])
def test_any_number_of_classes(classes, tmp_path):
    names = [f"class {i}" for i in range(classes)]
    rng = np.random.default_rng(0)
    matrix = np.diag(rng.integers(1, 90, classes)) + (rng.random((classes, classes)) < 0.02)
    figures = (confusion_heatmap(matrix, names), class_histogram(matrix.sum(axis=1), names))
    for figure in figures:
        save(figure, tmp_path / "figure.png")
        with Image.open(tmp_path / "figure.png") as picture:
            assert max(picture.size) < 6000


def test_odd_names(tmp_path):
    count = len(ODD_NAMES)
    figures = {
        "confusion": confusion_heatmap(np.eye(count, dtype=int), ODD_NAMES, title="$100 $x"),
        "classes": class_histogram(np.arange(count), ODD_NAMES),
        "sheet": sheet(np.zeros((count, 9, 9), np.uint8), np.arange(count), ODD_NAMES, title="$_"),
        "means": mean_pictures(np.zeros((count, 9, 9), np.float32), ODD_NAMES),
    }
    for name, figure in figures.items():
        save(figure, tmp_path / f"{name}.png")
        assert png(tmp_path / f"{name}.png")


@pytest.mark.parametrize(
    "draw",
    [
        lambda: confusion_heatmap(np.zeros((2, 3), int), ("a", "b")),
        lambda: confusion_heatmap(np.zeros((0, 0), int), ()),
        lambda: class_histogram([1, 2], ("a",)),
        lambda: mean_pictures(np.zeros((2, 4, 4), np.float32), ("a",)),
        lambda: sheet(np.zeros((3, 4, 4), np.uint8), [0, 1], ("a", "b")),
    ],
)
def test_counts_that_differ(draw):
    with pytest.raises(UsageError, match=r"Expected .* to fit the names or labels; received shape"):
        draw()


def test_a_sheet_of_no_pictures_per_class():
    with pytest.raises(UsageError, match="at least 1 picture of a class; received per_class=0"):
        sheet(np.zeros((1, 4, 4), np.uint8), [0], ("a",), per_class=0)


def test_the_settings_of_the_user_are_neither_used_nor_changed():
    import matplotlib

    plain = pixels(class_histogram([1, 2], ("a", "b")))
    theirs = {"font.size": 30.0, "axes.facecolor": "black", "text.parse_math": True, "figure.dpi": 33.0}
    with matplotlib.rc_context(theirs):
        assert np.array_equal(pixels(class_histogram([1, 2], ("a", "b"))), plain)
        assert {key: matplotlib.rcParams[key] for key in theirs} == theirs


def test_pyplot_is_not_needed(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    assert pixels(curves(history(3))).any()


def test_a_drawing_needs_no_main_thread():
    drawn = []
    thread = threading.Thread(target=lambda: drawn.append(pixels(curves(history(3)))))
    thread.start()
    thread.join()
    assert drawn


def test_saving_replaces_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "figure.png"
    path.write_text("old")
    save(class_histogram([1, 2], ("a", "b")), path)
    assert png(path)
    assert [file.name for file in tmp_path.iterdir()] == ["figure.png"]


def test_saving_into_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(OutputError, match=r"Cannot write .*classes\.png"):
        save(class_histogram([1, 2], ("a", "b")), tmp_path / "none" / "classes.png")


def test_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"Drawing needs.*matplotlib is missing.*inkread\[report\]"):
        class_histogram([1], ("a",))
