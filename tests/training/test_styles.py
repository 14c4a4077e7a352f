from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkread.imaging.preprocess import is_normalized
from inkread.training import styles
from inkread.training.styles import restyle

MARKED = sorted(styles._STROKES)
PLAIN = sorted(set(range(10)) - set(MARKED))


def holes(image):
    """Count the areas of paper that ink encloses."""
    paper = cv2.copyMakeBorder((image < 100).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    return cv2.connectedComponents(paper, connectivity=4)[0] - 2


def redrawn(images, labels, seed=0, **kwargs):
    return restyle(images, labels, np.random.default_rng(seed), **kwargs)


@pytest.fixture(scope="module")
def set_of_ten(drawn):
    return drawn(300)


def test_the_result_has_the_form_of_mnist(set_of_ten):
    out = redrawn(set_of_ten.images, set_of_ten.labels, share=0.8)
    assert out.shape == set_of_ten.images.shape
    assert out.dtype == np.uint8
    assert is_normalized(out).mean() > 0.95
    assert out.any(axis=(1, 2)).all()


def test_the_same_generator_gives_the_same_pictures(set_of_ten):
    images, labels = set_of_ten.images, set_of_ten.labels
    kept = images.copy()
    first = redrawn(images, labels)
    assert np.array_equal(first, redrawn(images, labels))
    assert not np.array_equal(first, redrawn(images, labels, seed=1))
    assert np.array_equal(images, kept)


def test_the_digits_that_europeans_write_otherwise_are_among_the_marked():
    assert {0, 1, 7, 9} <= set(MARKED)
    assert PLAIN


def test_the_other_digits_keep_their_mass_and_their_holes(set_of_ten):
    chosen = np.isin(set_of_ten.labels, PLAIN)
    images, labels = set_of_ten.images[chosen], set_of_ten.labels[chosen]
    out = redrawn(images, labels, share=1.0)
    mass = out.sum(axis=(1, 2)) / images.sum(axis=(1, 2))
    assert mass.min() > 0.5
    assert mass.max() < 2.0
    same = [holes(a) == holes(b) for a, b in zip(images, out, strict=True)]
    assert np.mean(same) > 0.9


def as_it_was(image, label, share, times=150):
    """Return how often redrawing a picture gives what it most often gives without marks."""
    images, labels = np.repeat(image[None], times, axis=0), np.full(times, label)
    plain = redrawn(images, labels, share=0.0).reshape(times, -1)
    rows, counts = np.unique(plain, axis=0, return_counts=True)
    usual = rows[counts.argmax()]
    out = redrawn(images, labels, share=share).reshape(times, -1)
    return float((out == usual).all(axis=1).mean())


@pytest.mark.parametrize("label", MARKED)
def test_marks_change_the_picture_as_often_as_they_are_asked_for(set_of_ten, label):
    image = set_of_ten.images[label]
    never, seldom, always = (as_it_was(image, label, share) for share in (0.0, 0.3, 1.0))
    assert never > 0.5  # the others are stretched
    assert always < seldom < never
    assert always < 0.45


@pytest.mark.parametrize("label", PLAIN)
def test_the_other_digits_get_no_marks(set_of_ten, label):
    assert as_it_was(set_of_ten.images[label], label, 1.0) > 0.5


def test_photographed_pictures_have_come_through_the_whole_path(set_of_ten):
    images, labels = set_of_ten.images, set_of_ten.labels
    out = redrawn(images, labels, share=0.0, photographed=1.0)
    assert np.array_equal(out, redrawn(images, labels, share=0.0, photographed=1.0))
    assert is_normalized(out).mean() > 0.95
    plain = redrawn(images, labels, share=0.0)
    assert (out != plain).any(axis=(1, 2)).mean() > 0.9
    # They still show what they showed: most of the ink lies where it lay, give or take a pixel.
    kernel = np.ones((5, 5), np.uint8)
    near = [
        ((a > 100) & (cv2.dilate(b, kernel) > 100)).sum() / (a > 100).sum() for a, b in zip(out, images, strict=True)
    ]
    assert np.median(near) > 0.85


def drawn_with(draw):
    picture = np.zeros((28, 28), np.uint8)
    draw(picture)
    return np.repeat(picture[None], 100, axis=0)


def test_a_slash_parts_the_hole_of_a_zero():
    images = drawn_with(lambda p: cv2.ellipse(p, (14, 14), (8, 9), 0, 0, 360, 255, 2, cv2.LINE_AA))
    before = [holes(p) for p in redrawn(images, np.zeros(100, np.int64), share=0.0)]
    after = [holes(p) for p in redrawn(images, np.zeros(100, np.int64), share=1.0)]
    assert set(before) == {1}
    assert np.mean(np.array(after) >= 2) > 0.3


def test_an_upstroke_or_a_foot_widens_a_one():
    images = drawn_with(lambda p: cv2.line(p, (14, 4), (14, 23), 255, 2, cv2.LINE_AA))
    ones = np.ones(100, np.int64)

    def width(pictures):
        return np.median((pictures > 100).any(axis=1).sum(axis=1))

    assert width(redrawn(images, ones, share=1.0)) > width(redrawn(images, ones, share=0.0)) + 2


def test_a_bar_or_a_serif_adds_ink_to_a_seven():
    def seven(picture):
        cv2.polylines(picture, [np.array([[7, 5], [20, 5], [12, 23]])], False, 255, 2, cv2.LINE_AA)

    images, sevens = drawn_with(seven), np.full(100, 7)
    with_marks, without = (redrawn(images, sevens, share=share).mean() for share in (1.0, 0.0))
    assert with_marks > 1.05 * without


@pytest.mark.parametrize("label", range(10))
@pytest.mark.parametrize("kind", ["blank", "dot", "full", "line"])
def test_no_picture_is_too_odd(label, kind):
    picture = np.zeros((28, 28), np.uint8)
    if kind == "dot":
        picture[13, 13] = 255
    elif kind == "full":
        picture[:] = 255
    elif kind == "line":
        picture[:, 27] = 255
    images = np.repeat(picture[None], 30, axis=0)
    out = redrawn(images, np.full(30, label), share=1.0)
    assert out.shape == images.shape
    if kind == "blank":
        assert not out.any()
