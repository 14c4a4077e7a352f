from __future__ import annotations

import numpy as np
import pytest

import inkread
from inkread.imaging.preprocess import to_digit
from inkread.training.stroke_templates import TEMPLATES
from inkread.training.templates import SIDE, draw_digit


def drawn(digit, count, seed=0):
    rng = np.random.default_rng(seed)
    return [draw_digit(digit, rng) for _ in range(count)]


@pytest.mark.parametrize("digit", range(10))
def test_every_digit_has_several_ways_to_be_written(digit):
    assert len(TEMPLATES[digit]) >= 8
    assert len(set(TEMPLATES[digit])) == len(TEMPLATES[digit])


@pytest.mark.parametrize("digit", range(10))
def test_a_drawing_is_all_on_its_sheet(digit):
    for picture in drawn(digit, 60):
        assert picture.shape == (SIDE, SIDE)
        assert picture.dtype == np.uint8
        assert not picture[[0, -1]].any()
        assert not picture[:, [0, -1]].any()
        rows = np.flatnonzero(picture.any(axis=1))
        assert rows[-1] - rows[0] > 40


def test_the_same_generator_gives_the_same_drawings_and_another_one_others():
    assert all(np.array_equal(a, b) for a, b in zip(drawn(3, 10), drawn(3, 10), strict=True))
    assert len({picture.tobytes() for picture in drawn(3, 40)}) == 40


def test_the_shipped_model_recognises_most_of_what_is_drawn():
    """A template whose digit nobody recognises teaches the wrong thing."""
    pictures, labels = [], []
    for digit in range(10):
        for picture in drawn(digit, 60, seed=7):
            normal, _ = to_digit(picture)
            pictures.append(normal)
            labels.append(digit)
    right = inkread.Predictor().predict(np.stack(pictures)) == np.array(labels)
    per_digit = right.reshape(10, 60).mean(axis=1)
    assert right.mean() > 0.85
    assert per_digit.min() > 0.6
