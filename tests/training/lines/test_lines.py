from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from inkread.datasets import Dataset
from inkread.datasets.lines import SYMBOLS
from inkread.errors import TrainingError, UsageError
from inkread.imaging.strip import ROWS
from inkread.reading.line import LineReader
from inkread.training.lines.batches import batches, compose_pool, composer_for, encode, pad
from inkread.training.lines.config import LineConfig
from inkread.training.lines.fit import averaged, best_path, fit_lines
from inkread.training.lines.run import average_lines, calibrate_lines, train_lines

TINY = LineConfig(
    steps=4, batch_size=4, width=0.25, digits=60, restyled=0, templates=20, validation=12, every=2, longest=3, workers=0
)


@pytest.fixture(scope="module")
def digits() -> Dataset:
    images = np.zeros((240, 28, 28), np.uint8)
    for i, image in enumerate(images):
        cv2.putText(image, str(i % 10), (6, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.75, 255, 1 + i % 3, cv2.LINE_AA)
    return Dataset(images, np.arange(240) % 10, tuple("0123456789"), "drawn")


def test_a_batch_depends_on_its_number_alone(digits):
    all_of_them = batches(digits, TINY)
    first = [next(all_of_them) for _ in range(11)]
    later = batches(digits, TINY, start=9)
    for wanted, found in zip(first[9:], (next(later), next(later)), strict=True):
        np.testing.assert_array_equal(wanted[0], found[0])
        np.testing.assert_array_equal(wanted[1], found[1])


def test_processes_beside_give_the_same_batches(digits):
    here, beside = batches(digits, TINY), batches(digits, replace(TINY, workers=1))
    try:
        np.testing.assert_array_equal(next(here)[0], next(beside)[0])
    finally:
        beside.close()


def test_batches_are_strips_with_their_classes(digits):
    for strips, classes in compose_pool(composer_for(digits, TINY), TINY, 0):
        assert strips.shape[:2] == (4, ROWS)
        assert strips.shape[2] % 16 == 0
        assert classes.shape[0] == 4
        assert classes.max() <= len(SYMBOLS)


def test_classes_and_symbols_are_each_other():
    logits = np.full((8, 1 + len(SYMBOLS)), -9.0, np.float32)
    for frame, k in enumerate([0, *encode("4"), *encode("4"), 0, *encode("4."), 0, *encode("#")]):
        logits[frame, k] = 9.0
    assert best_path(logits) == "44.#"


def test_padding_is_paper():
    padded = pad([np.full((ROWS, 5), 9, np.uint8), np.full((ROWS, 20), 7, np.uint8)])
    assert padded.shape == (2, ROWS, 32)
    assert padded[0, :, 5:].max() == 0


def test_a_training_that_was_cut_goes_on_to_the_same_weights(digits, tmp_path):
    straight = fit_lines(TINY, tmp_path / "straight", dataset=digits)
    fit_lines(TINY, tmp_path / "cut", dataset=digits, until=2)
    resumed = fit_lines(TINY, tmp_path / "cut", dataset=digits)
    assert [row.number for row in resumed.history] == [2, 4]
    assert resumed.history[-1].loss == straight.history[-1].loss
    for a, b in zip(straight.model.get_weights(), resumed.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_training_begins_with_the_weights_of_another(digits, tmp_path):
    first = fit_lines(TINY, tmp_path / "first", dataset=digits)
    still = replace(TINY, weights=str(tmp_path / "first"), learning_rate=1e-9, weight_decay=0.0, seed=1)
    second = fit_lines(still, tmp_path / "second", dataset=digits)
    for a, b in zip(first.model.trainable_weights, second.model.trainable_weights, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-5)


def test_trainings_are_averaged(digits, tmp_path):
    first = fit_lines(TINY, tmp_path / "first", dataset=digits)
    more = replace(TINY, weights=str(tmp_path / "first"), seed=1)
    second = fit_lines(more, tmp_path / "second", dataset=digits)
    path = average_lines(more, [tmp_path / "first", tmp_path / "second"], tmp_path / "mean", dataset=digits)
    fitted = averaged(more, [tmp_path / "first", tmp_path / "second"], dataset=digits)
    weights = [model.model.trainable_weights for model in (first, second, fitted)]
    for a, b, mean in zip(*weights, strict=True):
        np.testing.assert_allclose((a.numpy() + b.numpy()) / 2, mean.numpy(), atol=1e-6)
    card = LineReader(path).card
    assert (card.data["steps"], card.config["weights"]) == (8, "first")  # a name, and not where it lay
    with pytest.raises(TrainingError, match="no checkpoint"):
        averaged(more, [tmp_path / "missing"], dataset=digits)


@pytest.mark.parametrize("weights", ["missing", "other"])
def test_weights_to_begin_with_that_do_not_fit(digits, tmp_path, weights):
    if weights == "other":
        fit_lines(replace(TINY, width=0.5), tmp_path / "other", dataset=digits, until=1)
    config = replace(TINY, weights=str(tmp_path / weights))
    with pytest.raises(TrainingError, match="training of the same network"):
        fit_lines(config, tmp_path / "new", dataset=digits)


def test_the_model_file_reads_lines_of_any_width(digits, tmp_path):
    config = replace(TINY, steps=2)
    path = train_lines(config, tmp_path / "run", dataset=digits)
    reader = LineReader(path)
    assert reader.card.kind == "line"
    assert reader.card.labels == tuple(SYMBOLS)
    assert reader.card.figures[0].n == config.validation
    assert [len(lattice) for lattice in reader.lattices([np.zeros((ROWS, w), np.uint8) for w in (16, 100)])] == [8, 56]
    with pytest.raises(UsageError, match="longest"):
        train_lines(replace(config, longest=5), tmp_path / "run", dataset=digits)


def test_a_reader_that_is_right_is_sure():
    class Right:
        def lattices(self, strips):
            sure = np.full((20, 17), 1e-4)
            sure[:, 0] = 1.0
            sure[10, [0, 8]] = 0.0, 1.0
            return [sure / sure.sum(axis=1, keepdims=True)] * len(strips)

    blank = np.zeros((ROWS, 32), np.uint8)
    calibration, figure = calibrate_lines(Right(), [(blank, "7.")] * 600)  # type: ignore[arg-type]
    assert figure.value == 1.0
    assert calibration.n == 600
    assert any(threshold.error <= 0.02 for threshold in calibration.thresholds)
