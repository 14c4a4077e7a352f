from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import inkread
from inkread.errors import InkreadError, NoInkError, UnreadableImageError
from inkread.imaging.preprocess import is_normalized, normalize, normalize_batch, to_digit

LABELS = (0, 1, 2, 3, 4, 7)
SHAPES = st.tuples(st.integers(1, 40), st.integers(1, 40))


def alike(a: np.ndarray, b: np.ndarray) -> float:
    """Return how much two digits have in common, from 0 to 1, a pixel's shift forgiven."""
    wide_a, wide_b = (cv2.dilate(x, np.ones((3, 3), np.uint8)).astype(float) for x in (a, b))
    return float(min(np.minimum(a, wide_b).sum() / a.sum(), np.minimum(b, wide_a).sum() / b.sum()))


def longest(picture: np.ndarray) -> int:
    rows, columns = np.flatnonzero(picture.any(axis=1)), np.flatnonzero(picture.any(axis=0))
    return int(max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1)


@pytest.fixture(params=LABELS)
def picture(request, draw_digit) -> np.ndarray:
    return draw_digit(request.param, 200, pen=0.06)


@pytest.fixture
def plain(picture) -> np.ndarray:
    return normalize(picture)


def test_the_form(plain):
    assert plain.shape == (28, 28)
    assert plain.dtype == np.uint8
    assert plain.max() == 255
    assert 19 <= longest(plain) <= 21
    assert is_normalized(plain[None])[0]


def test_what_is_normalized_stays(plain):
    assert np.array_equal(normalize(plain), plain)
    assert np.array_equal(normalize_batch(plain[None])[0], plain)


def test_both_polarities_are_the_same(picture, plain):
    assert alike(normalize(255 - picture), plain) > 0.98


@pytest.mark.parametrize("factor", [0.15, 0.5, 3])
def test_the_size_does_not_matter(picture, plain, factor):
    scaled = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA if factor < 1 else 1)
    assert alike(normalize(scaled), plain) > 0.9


def test_neither_does_the_place(picture, plain):
    moved = cv2.copyMakeBorder(picture, 10, 300, 150, 20, cv2.BORDER_CONSTANT, value=255)
    assert alike(normalize(moved), plain) > 0.95


def test_neither_does_faint_ink(picture, plain):
    faint = (200 - (255 - picture.astype(float)) * 0.2).astype(np.uint8)
    assert alike(normalize(faint), plain) > 0.95


def test_neither_does_colour(picture, plain):
    share = picture[..., None] / 255
    blue = (share * (250, 245, 220) + (1 - share) * (30, 40, 160)).astype(np.uint8)
    assert alike(normalize(blue), plain) > 0.95


def test_neither_does_uneven_light(picture, plain):
    light = np.linspace(0.45, 1.0, 200)[None] * np.linspace(0.8, 1.0, 200)[:, None]
    assert alike(normalize((picture * light).astype(np.uint8)), plain) > 0.85


def test_neither_does_noise(picture, plain):
    noise = np.random.default_rng(0).normal(0, 20, picture.shape)
    noisy = (picture * 0.7 + 40 + noise).clip(0, 255).astype(np.uint8)
    assert alike(normalize(noisy), plain) > 0.85


def test_neither_do_specks(picture, plain):
    chance = np.random.default_rng(1)
    for y, x in chance.integers(3, 195, (15, 2)):
        picture[y : y + 2, x : x + 2] = 0
    assert alike(normalize(picture), plain) > 0.85


def test_options(picture, plain):
    assert alike(normalize(picture, gaussian=True), plain) > 0.85
    upright = normalize(picture, deskew=True)
    assert 19 <= longest(upright) <= 21


def test_the_box_is_in_pixels_of_the_picture(draw_digit):
    picture = np.full((900, 700), 255, np.uint8)
    picture[500:700, 100:300] = draw_digit(4, 200, pen=0.06)
    _, (left, top, width, height) = to_digit(picture)
    # The digit takes 0.42 x 0.6 of its square, and half a pen beyond that on each side.
    assert left == pytest.approx(100 + 58 + 8 - 6, abs=10)
    assert top == pytest.approx(500 + 40 - 6, abs=8)
    assert width == pytest.approx(67 + 12, abs=14)
    assert height == pytest.approx(120 + 12, abs=10)


def test_the_box_of_a_normalized_picture(draw_digit):
    _, (left, top, width, height) = to_digit(normalize(draw_digit(0, 100)))
    assert 19 <= max(width, height) <= 21
    assert left + width / 2 == pytest.approx(14, abs=1.5)
    assert top + height / 2 == pytest.approx(14, abs=1.5)


@pytest.mark.parametrize("shape", [(28, 28), (50, 40, 3), (50, 40, 4), (1, 1)])
def test_blank_pictures(shape):
    blank = np.full(shape, 255, np.uint8)
    with pytest.raises(NoInkError, match="Expected a picture with a digit on it, got a blank one of shape"):
        normalize(blank)
    assert to_digit(blank) == (None, None)


def test_blank_pictures_in_a_batch_keep_their_places(draw_digit):
    batch = np.stack([np.full((64, 64), 255, np.uint8), draw_digit(3), np.zeros((64, 64), np.uint8)])
    out = normalize_batch(batch)
    assert out.shape == (3, 28, 28)
    assert out[1].max() == 255
    assert out[0].max() == out[2].max() == 0


@pytest.mark.parametrize("size", [28, 90])
def test_a_batch_equals_its_pictures(draw_digit, size):
    batch = np.stack(
        [draw_digit(label, size, ink=i % 2 * 255, paper=255 - i % 2 * 255) for i, label in enumerate(LABELS)]
    )
    one_by_one = np.stack([normalize(picture) for picture in batch])
    assert np.array_equal(normalize_batch(batch), one_by_one)
    # A mixture: what is in form already, and what is not.
    mixed = np.concatenate([one_by_one, cv2.resize(batch[0], (28, 28))[None]])
    assert np.array_equal(normalize_batch(mixed)[:-1], one_by_one)


def test_an_empty_batch():
    assert normalize_batch(np.zeros((0, 9, 9), np.uint8)).shape == (0, 28, 28)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((28, 28), np.uint8), r"shape \(N, H, W\), got uint8 \(28, 28\)"),
        (np.zeros((2, 28, 28)), "got float64"),
        (np.zeros((2, 28, 28, 3), np.uint8), r"got uint8 \(2, 28, 28, 3\)"),
        ([np.zeros((28, 28), np.uint8)], "got list"),
        (np.zeros((2, 0, 5), np.uint8), "Expected pictures with pixels"),
    ],
)
def test_what_is_no_batch(images, message):
    with pytest.raises(UnreadableImageError, match=message):
        normalize_batch(images)


@pytest.mark.parametrize("darkest", [0.6, 0.7, 0.95])
def test_a_photo_of_twelve_megapixels(draw_digit, darkest):
    digit = draw_digit(2, 500, ink=70, paper=190, pen=0.05)
    photo = np.full((4000, 3000), 190, np.uint8)
    photo[1500:2000, 800:1300] = digit
    ramp = np.linspace(darkest, 1.05, 3000, dtype=np.float32)
    photo = (photo * ramp).astype(np.uint8)
    assert alike(normalize(np.dstack([photo] * 3)), normalize(digit)) > 0.85
    page = inkread.read(photo)
    assert page.text == "2"
    assert page.lines[0].box.left == pytest.approx(800 + 145, abs=40)


def test_the_array_given_is_not_changed(picture):
    before = picture.copy()
    normalize(picture)
    normalize_batch(picture[None])
    assert np.array_equal(picture, before)
    out = normalize(before[:28, :28] * 0 + normalize(picture))
    out[:] = 0  # nor is the result a view of what was given
    assert np.array_equal(picture, before)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        arrays.arrays(np.uint8, SHAPES),
        arrays.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12), st.sampled_from([3, 4]))),
        arrays.arrays(np.uint8, st.just((28, 28))),
        arrays.arrays(np.uint8, SHAPES, elements=st.sampled_from([0, 255])),
    )
)
def test_any_picture_is_framed_or_refused(image):
    try:
        out = normalize(image)
    except InkreadError as error:
        assert str(error)
    else:
        assert out.shape == (28, 28)
        assert out.dtype == np.uint8
        assert longest(out) <= 21 or np.array_equal(out, image)


@settings(max_examples=60, deadline=None)
@given(arrays.arrays(np.uint8, st.tuples(st.integers(0, 3), st.integers(1, 30), st.integers(1, 30))))
def test_any_batch_equals_its_pictures(batch):
    out = normalize_batch(batch)
    for given_, made in zip(batch, out, strict=True):
        digit, _ = to_digit(given_)
        assert np.array_equal(made, np.zeros((28, 28), np.uint8) if digit is None else digit)


@pytest.mark.mnist
def test_mnist_is_left_alone(mnist_test):
    images, labels = mnist_test
    predictor = inkread.Predictor()
    raw = int((predictor.predict(images) == labels).sum())
    through = int((predictor.predict(normalize_batch(images)) == labels).sum())
    assert is_normalized(images).mean() > 0.999
    assert through >= raw - 5
