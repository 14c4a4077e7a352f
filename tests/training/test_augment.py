from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from inkread.training.augment import Augmentation, augment

ALL = Augmentation(1.5, 10, 0.1, 0.1, 0.1, 1.0, 1.0, 8.0, 0.3, 0.3, 0.5, 0.5, 0.5)
N = 400


def changed(images, seed=0, **amounts):
    return augment(images, Augmentation(**amounts), np.random.default_rng(seed))


def repeated(picture, n=N):
    return np.repeat(picture[None], n, axis=0)


def bar(width, height, side=28):
    """A light bar with soft ends in the middle of a black picture."""
    fine = np.zeros((side * 8, side * 8), np.uint8)
    middle = side * 4
    fine[middle - 4 * height : middle + 4 * height, middle - 4 * width : middle + 4 * width] = 255
    return cv2.resize(fine, (side, side), interpolation=cv2.INTER_AREA)


def disc():
    fine = np.zeros((224, 224), np.uint8)
    cv2.circle(fine, (223 * 8, 223 * 8), 48 * 16, 255, -1, shift=4)  # about 111.5, the middle, in sixteenths
    return cv2.resize(fine, (28, 28), interpolation=cv2.INTER_AREA)


def moments(images):
    """Return centre (N, 2) as x, y from the middle of the picture, and the second moments xx, yy, xy (N,)."""
    weight = images.astype(float)
    mass = weight.sum(axis=(1, 2))
    places = np.arange(images.shape[1]) - (images.shape[1] - 1) / 2
    x, y = weight.sum(axis=1) @ places / mass, weight.sum(axis=2) @ places / mass
    xx = weight.sum(axis=1) @ places**2 / mass - x**2
    yy = weight.sum(axis=2) @ places**2 / mass - y**2
    xy = np.einsum("nij,i,j->n", weight, places, places) / mass - x * y
    return np.stack([x, y], axis=1), xx, yy, xy


@pytest.mark.parametrize("shape", [(5, 28, 28), (5, 28, 28, 3), (3, 20, 40), (1, 64, 64, 3)])
@pytest.mark.parametrize("field", [*(f.name for f in dataclasses.fields(Augmentation)), "all"])
def test_shape_and_dtype_stay_and_the_input_is_not_touched(shape, field):
    images = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    kept = images.copy()
    images.flags.writeable = False
    settings = ALL if field == "all" else Augmentation(**{field: getattr(ALL, field)})
    out = augment(images, settings, np.random.default_rng(1))
    assert out.shape == shape
    assert out.dtype == np.uint8
    assert np.array_equal(images, kept)


def test_no_amount_is_no_change(drawn):
    images = drawn(20).images
    assert np.array_equal(changed(images), images)


def test_the_same_generator_gives_the_same_pictures(drawn):
    images = drawn(50).images
    first, again = (augment(images, ALL, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, augment(images, ALL, np.random.default_rng(4)))


@pytest.mark.parametrize("field", ["shift", "rotation", "zoom", "stretch", "shear", "elastic", "stroke", "noise"])
def test_every_picture_is_changed_in_its_own_way(field):
    out = changed(repeated(bar(6, 14), 50), **{field: getattr(ALL, field)})
    assert len(np.unique(out.reshape(50, -1), axis=0)) >= 40


def test_colours_are_bent_together(drawn):
    gray = drawn(40).images
    colour = np.stack([gray, gray // 2, 255 - gray], axis=-1)
    settings = dataclasses.replace(ALL, noise=0.0, disturbed=0.0)
    out = augment(colour, settings, np.random.default_rng(5))
    assert np.array_equal(out[..., 0], augment(gray, settings, np.random.default_rng(5)))
    # Where the first channel's ink went, the second's went.
    assert np.abs(out[..., 1].astype(int) - out[..., 0] // 2).max() <= 2


def test_a_shift_moves_the_centre_by_no_more_than_it_says():
    centre, *_ = moments(changed(repeated(disc()), shift=3))
    assert np.abs(centre).max() <= 3.05
    assert (centre.max(axis=0) > 2.5).all()
    assert (centre.min(axis=0) < -2.5).all()
    assert np.abs(centre.mean(axis=0)).max() < 0.4  # drawn evenly
    assert abs(np.corrcoef(centre.T)[0, 1]) < 0.2  # both directions on their own


def test_a_rotation_turns_by_no_more_than_it_says_and_both_ways():
    centre, xx, yy, xy = moments(changed(repeated(bar(20, 4)), rotation=15))
    degrees = np.degrees(np.arctan2(2 * xy, xx - yy) / 2)
    assert np.abs(degrees).max() <= 15.5
    assert degrees.max() > 13
    assert degrees.min() < -13
    assert np.abs(centre).max() < 0.2


def test_a_zoom_changes_the_size_alone():
    _, xx, yy, _ = moments(changed(repeated(bar(14, 14)), zoom=0.2))
    _, before, _, _ = moments(bar(14, 14)[None])
    size = np.sqrt(xx / before)
    assert 0.78 < size.min() < 0.84
    assert 1.16 < size.max() < 1.22
    assert np.allclose(xx, yy, rtol=0.02)


def test_a_stretch_changes_the_aspect_and_keeps_the_area():
    out = changed(repeated(bar(14, 14)), stretch=0.3)
    _, xx, yy, _ = moments(out)
    aspect = np.sqrt(xx / yy)
    assert 0.68 < aspect.min() < 0.76
    assert 1.24 < aspect.max() < 1.32
    mass = out.sum(axis=(1, 2)) / bar(14, 14).sum()
    assert np.allclose(mass, 1, atol=0.04)


def test_a_shear_slants_by_no_more_than_its_tangent():
    centre, _, yy, xy = moments(changed(repeated(bar(4, 20)), shear=0.3))
    slant = xy / yy
    assert np.abs(slant).max() < 0.32
    assert slant.max() > 0.25
    assert slant.min() < -0.25
    assert np.abs(centre).max() < 0.2


def test_an_elastic_field_moves_each_place_by_about_its_pixels():
    dot = np.zeros((28, 28), np.uint8)
    dot[12:16, 12:16] = 255
    centre, *_ = moments(changed(repeated(dot), elastic=2))
    # A cubic overshoots the noise it goes through by some.
    assert np.abs(centre).max() < 2 * 1.9
    assert 0.3 < np.abs(centre).mean() < 1.5
    # Places far apart move on their own; a rigid shift would move them together.
    two = np.zeros((28, 28), np.uint8)
    two[4:8, 4:8] = two[20:24, 20:24] = 255
    out = changed(repeated(two), elastic=2)
    first, *_ = moments(out[:, :14, :14])
    second, *_ = moments(out[:, 14:, 14:])
    assert abs(np.corrcoef(first[:, 0], second[:, 0])[0, 1]) < 0.3


def test_a_stroke_thickens_and_thins_but_moves_nothing():
    picture = bar(6, 18)
    out = changed(repeated(picture), stroke=1)
    mass = out.sum(axis=(1, 2)) / picture.sum()
    assert mass.max() > 1.1
    assert mass.min() < 0.9
    assert abs(mass.mean() - 1) < 0.05
    centre, *_ = moments(out)
    assert np.abs(centre).max() < 0.05
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    assert (out <= cv2.dilate(picture, cross)).all()
    assert (out >= cv2.erode(picture, cross)).all()


def test_the_greatest_stroke_is_a_whole_dilation_and_no_overflow():
    picture = bar(6, 18)
    mass = changed(repeated(picture, 2000), stroke=2).sum(axis=(1, 2)) / picture.sum()
    assert mass.max() == pytest.approx((8 * 20 - 4) / (6 * 18), rel=0.02)
    assert mass.min() == pytest.approx((4 * 16) / (6 * 18), rel=0.05)


def test_noise_has_its_standard_deviation_and_stays_in_range():
    gray = np.full((N, 28, 28), 128, np.uint8)
    assert changed(gray, noise=10).std() == pytest.approx(10, rel=0.02)
    out = changed(np.zeros((N, 28, 28), np.uint8), noise=10)
    assert out.max() < 80  # nothing wraps around to white
    assert (changed(np.full((N, 28, 28), 255, np.uint8), noise=10) > 175).all()


def test_an_erased_box_is_black_and_small_and_only_in_its_share():
    white = np.full((2000, 28, 28), 255, np.uint8)
    out = changed(white, erase=0.3)
    assert set(np.unique(out)) == {0, 255}
    black = out == 0
    hit = black.any(axis=(1, 2))
    assert hit.mean() == pytest.approx(0.3, abs=0.04)
    rows, columns = black.any(axis=2).sum(axis=1)[hit], black.any(axis=1).sum(axis=1)[hit]
    assert rows.max() == columns.max() == 8
    assert (black.sum(axis=(1, 2))[hit] == rows * columns).all()  # a box, without gaps
    assert changed(white, erase=1.0).min(axis=(1, 2)).max() == 0


def test_neighbours_look_in_at_the_sides_of_their_share_and_only_add():
    rng = np.random.default_rng(0)
    images = np.zeros((2000, 28, 28), np.uint8)
    images[:, 4:24, 4:24] = rng.integers(1, 256, (2000, 20, 20))
    out = changed(images, neighbours=0.4)
    touched = (out != images).any(axis=(1, 2))
    assert 0.2 < touched.mean() <= 0.45
    assert (out >= images).all()
    assert np.array_equal(out[:, :, 8:20], images[:, :, 8:20])
    assert (out[:, :, 0] > 0).any()
    assert (out[:, :, -1] > 0).any()


@pytest.fixture
def scribbles():
    """Pictures that no mirror leaves as they are."""
    return np.random.default_rng(0).integers(0, 256, (2000, 28, 20)).astype(np.uint8)


@pytest.mark.parametrize(("way", "axis"), [("flip_horizontal", 2), ("flip_vertical", 1)])
def test_a_flip_mirrors_its_share_of_the_pictures_one_way(scribbles, way, axis):
    mirrored = np.flip(scribbles, axis)
    assert np.array_equal(changed(scribbles, **{way: 1.0}), mirrored)
    out = changed(scribbles, **{way: 0.3})
    hit = (out == mirrored).all(axis=(1, 2))
    assert hit.mean() == pytest.approx(0.3, abs=0.04)
    assert np.array_equal(out[~hit], scribbles[~hit])


def test_the_two_flips_fall_on_their_own(scribbles):
    out = changed(scribbles, flip_horizontal=0.5, flip_vertical=0.5)
    kinds = [scribbles, scribbles[:, :, ::-1], scribbles[:, ::-1], scribbles[:, ::-1, ::-1]]
    shares = [(out == kind).all(axis=(1, 2)).mean() for kind in kinds]
    assert sum(shares) == 1  # each picture is one of the four
    assert shares == pytest.approx([0.25] * 4, abs=0.05)
    turned = changed(scribbles, flip_horizontal=1.0, flip_vertical=1.0)
    assert np.array_equal(turned, np.rot90(scribbles, 2, axes=(1, 2)))


def test_flips_keep_colours_together(scribbles):
    colour = np.stack([scribbles, scribbles // 2, 255 - scribbles], axis=-1)
    assert np.array_equal(changed(colour, flip_horizontal=1.0), colour[:, :, ::-1])
    out = changed(colour, flip_horizontal=0.5, flip_vertical=0.5)
    assert np.array_equal(out[..., 1], out[..., 0] // 2)


def test_whether_pictures_are_flipped():
    assert not Augmentation(shift=1).flips
    assert Augmentation(flip_horizontal=0.1).flips
    assert Augmentation(flip_vertical=0.1).flips
    assert not Augmentation(flip_vertical=1.0).bends


def test_pictures_do_not_bleed_into_each_other():
    images = np.zeros((9, 28, 28), np.uint8)
    images[[0, 4, 8]] = 255
    black = [1, 2, 3, 5, 6, 7]
    settings = Augmentation(shift=9, rotation=90, zoom=0.5, stretch=0.5, shear=1, elastic=6, erase=1.0)
    for seed in range(30):
        out = augment(images, settings, np.random.default_rng(seed))
        assert not out[black].any()
        assert out[[0, 4, 8]].any(axis=(1, 2)).all()


def test_the_pen_does_not_bleed_where_the_border_is_black():
    images = np.zeros((9, 28, 28), np.uint8)
    images[4, 1:-1, 1:-1] = 255
    out = changed(images, stroke=2)
    assert not np.delete(out, 4, axis=0).any()


def test_more_pictures_than_one_remap_can_address():
    # OpenCV's remap addresses 32,767 rows, which are 1,170 pictures.
    images = repeated(disc(), 2500)
    images[::2] //= 2
    centre, *_ = moments(changed(images, shift=2, rotation=10, stroke=0.5))
    assert np.abs(centre).max() < 2 * (np.cos(np.radians(10)) + np.sin(np.radians(10))) + 0.1
    out = changed(images, shift=2, rotation=10, stroke=0.5)
    assert (out[::2].max(axis=(1, 2)) <= 128).all()  # each picture is in its own place
    assert (out[1::2].max(axis=(1, 2)) > 250).all()
    assert len(np.unique(out[1::2].reshape(1250, -1), axis=0)) > 1200  # none repeats an earlier part's amounts
