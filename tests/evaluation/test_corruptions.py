from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from inkread import normalize_batch
from inkread.errors import UsageError
from inkread.evaluation.corruptions import CORRUPTIONS, MNIST_C, OURS, SEVERITIES, corrupt
from inkread.evaluation.corruptions.operations import gaussian_blur

EVERY = pytest.mark.parametrize("name", CORRUPTIONS)
RANDOM = [name for name, corruption in CORRUPTIONS.items() if corruption.random]

# Published severities that do not go further from the clean picture at each step: at the end a longer trail is as
# dark as the last, fog grows coarser and not denser, mud comes in smaller drops.
NOT_RISING = {"motion_blur": (1, 2, 3), "fog": (1, 2, 3, 5), "spatter": (1, 2, 3)}


@pytest.fixture(scope="module")
def digits(draw_digit) -> np.ndarray:
    """Return 60 digits as MNIST has them, (60, 28, 28)."""
    drawn = [draw_digit(label, pen=pen) for pen in (0.06, 0.08, 0.1) for label in (0, 1, 2, 3, 4, 7)]
    return np.tile(normalize_batch(np.stack(drawn)), (4, 1, 1))[:60]


def centre(images: np.ndarray) -> np.ndarray:
    """Return the centres of mass, (N, 2) as (row, column)."""
    weights = images.astype(np.float64)
    mass = weights.sum(axis=(1, 2))
    places = np.arange(images.shape[1])
    return np.stack([(weights.sum(axis=2) @ places) / mass, (weights.sum(axis=1) @ places) / mass], axis=1)


def distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(int) - b).mean())


def mass(images: np.ndarray) -> float:
    return float(images.sum(dtype=np.float64))


def test_the_registry_has_the_fifteen_of_the_paper_and_ten_of_ours():
    assert tuple(CORRUPTIONS) == MNIST_C + OURS
    assert (len(MNIST_C), len(OURS)) == (15, 10)
    for name, corruption in CORRUPTIONS.items():
        assert corruption.name == name
        assert corruption.summary
        assert corruption.family in {"noise", "blur", "geometry", "light", "lines", "surface", "pen"}
        assert ("Gilmer" in corruption.source) == (name in MNIST_C)
        assert (corruption.released in SEVERITIES) == (name in MNIST_C)


def test_the_published_severities_are_those_of_the_released_code():
    released = [CORRUPTIONS[name].released for name in MNIST_C]
    assert released == [5, 4, 1, 1, 2, 3, 2, 5, 3, 3, 5, 4, 3, 3, 3]


@EVERY
def test_pictures_in_pictures_out_and_the_input_stays(name, digits):
    given = digits.copy()
    given.flags.writeable = False
    for severity in SEVERITIES:
        worse = corrupt(given, name, severity)
        assert (worse.dtype, worse.shape) == (np.uint8, digits.shape)
        assert not np.shares_memory(worse, given)
        assert not np.array_equal(worse, digits)
    assert np.array_equal(given, digits)


@EVERY
def test_the_same_seed_gives_the_same_bytes(name, digits):
    first, again, other = (corrupt(digits, name, 3, seed=seed) for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert np.array_equal(first, other) != CORRUPTIONS[name].random


@pytest.mark.parametrize("name", RANDOM)
def test_equal_pictures_do_not_meet_the_same_chance(name, digits):
    worse = corrupt(np.repeat(digits[:1], 40, axis=0), name, 3)
    assert len(np.unique(worse.reshape(40, -1), axis=0)) > 1


@EVERY
def test_a_higher_severity_goes_further_from_the_clean_picture(name, digits):
    tried = NOT_RISING.get(name, SEVERITIES)
    rising = [distance(corrupt(digits, name, severity), digits) for severity in tried]
    assert all(low < high for low, high in pairwise(rising)), rising


@EVERY
@pytest.mark.parametrize("level", [0, 255])
def test_plain_pictures_and_single_ones_go_through(name, level):
    for count in (1, 3):
        assert corrupt(np.full((count, 28, 28), level, np.uint8), name, 5).shape == (count, 28, 28)


@EVERY
def test_more_pictures_than_are_handled_at_once(name):
    images = np.random.default_rng(0).integers(0, 256, (501, 28, 28), dtype=np.uint8)
    worse = corrupt(images, name, 1)
    assert worse.shape == images.shape
    assert np.array_equal(worse[:500], corrupt(images[:500], name, 1))


def test_shot_noise_keeps_the_mean_and_leaves_black_alone():
    gray = np.full((100, 28, 28), 64, np.uint8)
    noisy = corrupt(gray, "shot_noise", 1)
    assert abs(noisy.mean() - 64) < 0.5
    assert noisy.std() / 255 == pytest.approx(np.sqrt(64 / 255 / 60), rel=0.05)
    assert not corrupt(np.zeros_like(gray), "shot_noise", 5).any()


@pytest.mark.parametrize(("severity", "share"), [(1, 0.03), (4, 0.17), (5, 0.27)])
def test_impulse_noise_breaks_its_share_of_the_pixels(severity, share):
    gray = np.full((100, 28, 28), 100, np.uint8)
    noisy = corrupt(gray, "impulse_noise", severity)
    assert set(np.unique(noisy)) == {0, 100, 255}
    assert (noisy == 0).mean() == pytest.approx(share / 2, rel=0.1)
    assert (noisy == 255).mean() == pytest.approx(share / 2, rel=0.1)


def test_glass_blur_only_moves_ink_about():
    dot = np.zeros((50, 28, 28), np.uint8)
    dot[:, 12:16, 12:16] = 255
    glass = corrupt(dot, "glass_blur", 1)
    assert mass(glass) == pytest.approx(mass(dot), rel=0.02)
    assert glass.max() < 255
    assert not glass[:, :3].any()


def test_motion_blur_smears_along_its_direction_to_one_side():
    dot = np.zeros((200, 28, 28), np.uint8)
    dot[:, 14, 20] = 255
    smeared = corrupt(dot, "motion_blur", 1)
    moved = centre(smeared) - (14, 20)
    assert np.all(moved[:, 1] < 0)
    assert np.all(np.abs(moved[:, 0]) <= np.abs(moved[:, 1]) + 0.5)  # -45 to 45 degrees
    assert moved[:, 0].min() < -0.5 < 0.5 < moved[:, 0].max()
    assert not smeared[:, :, 21:].any()


@pytest.mark.parametrize("severity", SEVERITIES)
def test_rotate_turns_by_the_stated_angle(severity):
    bar = np.zeros((40, 28, 28), np.uint8)
    bar[:, 13:15, 4:24] = 255
    angles = []
    for picture in corrupt(bar, "rotate", severity):
        m = cv2.moments(picture)
        angles.append(0.5 * np.arctan2(2 * m["mu11"], m["mu20"] - m["mu02"]))
    angle = 0.2 * severity
    if angle > np.pi / 4:  # of the axis a moment knows no more
        angles = np.abs(angles)
    assert np.abs(angles) == pytest.approx(angle, abs=0.02)
    if severity < 4:
        assert {round(float(np.sign(a))) for a in angles} == {-1, 1}


def test_shear_slants_and_keeps_the_middle():
    bar = np.zeros((40, 28, 28), np.uint8)
    bar[:, 8:20, 13:15] = 255
    slanted = corrupt(bar, "shear", 2)
    assert centre(slanted) == pytest.approx(np.full((40, 2), 13.5), abs=0.1)
    slants = [cv2.moments(p)["mu11"] / cv2.moments(p)["mu02"] for p in slanted]
    assert np.abs(slants) == pytest.approx(np.sin(0.4), abs=0.01)
    assert min(slants) < 0 < max(slants)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_scale_shrinks_the_area_by_the_square(severity, digits):
    shares = [1, 0.9, 0.8, 0.7, 0.6, 0.5]
    assert mass(corrupt(digits, "scale", severity)) / mass(digits) == pytest.approx(shares[severity] ** 2, rel=0.08)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_translate_moves_the_centre_by_as_many_pixels(severity):
    dot = np.zeros((60, 28, 28), np.uint8)
    dot[:, 10:18, 10:18] = 200
    moved = centre(corrupt(dot, "translate", severity)) - 13.5
    assert np.abs(moved) == pytest.approx(severity)
    assert len(np.unique(np.sign(moved), axis=0)) == 4


def test_off_centre_ends_at_the_edges_with_all_of_the_ink(digits):
    moved = corrupt(digits, "off_centre", 5)
    assert np.array_equal((moved > 64).sum(axis=(1, 2)), (digits > 64).sum(axis=(1, 2)))
    ink = moved > 64
    assert (ink[:, [0, -1]].any(axis=(1, 2)) & ink[:, :, [0, -1]].any(axis=(1, 2))).all()


@pytest.mark.parametrize("severity", SEVERITIES)
def test_brightness_lifts_black_by_its_share(severity, digits):
    brighter = corrupt(digits, "brightness", severity)
    assert brighter[digits == 0] == pytest.approx(25.5 * severity, abs=1)
    assert np.all(brighter >= digits)


def test_stripe_inverts_seven_columns_on_either_side(digits):
    striped = corrupt(digits, "stripe", 3)
    assert np.array_equal(striped[:, :, :7], 255 - digits[:, :, :7])
    assert np.array_equal(striped[:, :, 21:], 255 - digits[:, :, 21:])
    assert np.array_equal(striped[:, :, 7:21], digits[:, :, 7:21])


def test_fog_is_smooth_and_keeps_the_digit_lighter_than_its_surroundings(digits):
    foggy = corrupt(digits, "fog", 5)
    assert foggy[digits == 0].mean() > 40
    assert foggy[digits == 255].mean() - foggy[digits == 0].mean() > 40
    # On its own: neighbours differ by less than ink from paper does.
    clouds = foggy[:, :3].astype(int)
    assert np.abs(np.diff(clouds, axis=2)).mean() < 10
    assert clouds.mean(axis=(1, 2)).std() > 10


def test_thin_fog_is_finer_grained_at_a_slower_decay():
    white = np.full((200, 28, 28), 1, np.uint8)
    white[:, 0, 0] = 255
    rough = [np.abs(np.diff(corrupt(white, "fog", s).astype(int), axis=2)).mean() for s in (2, 5)]
    assert rough[0] < rough[1]


def test_spatter_covers_ink_and_ground_with_gray():
    white, black = np.full((20, 28, 28), 255, np.uint8), np.zeros((20, 28, 28), np.uint8)
    on_white, on_black = corrupt(white, "spatter", 4), corrupt(black, "spatter", 4)
    assert on_black.max() == 63
    assert on_white.min() < 63 + 0.2 * 192 + 1
    assert np.array_equal(on_black > 0, on_white < 255)
    assert 0.02 < (on_black > 0).mean() < 0.6


def test_a_dotted_line_adds_ink_on_one_dashed_line():
    black = np.zeros((100, 28, 28), np.uint8)
    dotted = corrupt(black, "dotted_line", 3)
    inked = np.flatnonzero(dotted.any(axis=(0, 1)))
    assert inked.tolist() == [2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26]
    rows = np.arange(28)
    for picture in dotted:
        columns = np.flatnonzero(picture.max(axis=0) > 200)
        if len(columns) < 6:  # too steep: between two pixels in most columns
            continue
        at = (picture[:, columns] * rows[:, None]).sum(axis=0) / picture[:, columns].sum(axis=0)
        slope, start = np.polyfit(columns, at, 1)
        assert np.abs(at - start - slope * columns).max() < 0.8


def test_a_zigzag_goes_up_and_down_all_the_way():
    black = np.zeros((100, 28, 28), np.uint8)
    drawn = corrupt(black, "zigzag", 3)
    assert not drawn[:, :, :2].any()
    whole = drawn[(~drawn[:, :1].any(axis=(1, 2))) & (~drawn[:, -1:].any(axis=(1, 2)))]  # none that is cut off
    assert len(whole) > 30
    for picture in whole:
        heights = centre(picture.T[2:25, None].swapaxes(1, 2).repeat(28, axis=2))[:, 0]
        turns = np.sign(np.diff(heights - np.polyval(np.polyfit(np.arange(23), heights, 1), np.arange(23))))
        assert 5 <= np.count_nonzero(np.diff(turns[turns != 0])) <= 8
        assert picture[:, 3:24].max(axis=0).min() > 100


def test_canny_edges_are_black_and_white_and_go_around(digits):
    edges = corrupt(digits, "canny_edges", 3)
    assert set(np.unique(edges)) == {0, 255}
    square = np.zeros((1, 28, 28), np.uint8)
    square[0, 8:20, 8:20] = 255
    outline = corrupt(square, "canny_edges", 3)[0] > 0
    assert not outline[11:17, 11:17].any()
    assert not outline[:6].any()
    contour, _ = cv2.findContours(outline.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    assert len(contour) == 1
    assert cv2.contourArea(contour[0]) == pytest.approx(11.5**2, rel=0.15)


def test_weak_edges_stay_only_where_they_touch_strong_ones():
    faint = np.zeros((2, 28, 28), np.uint8)
    faint[:, 5:23, 10:] = 10  # a step that is above the lower threshold and below the higher
    faint[1, 8:14, 10:] = 255
    alone, touched = corrupt(faint, "canny_edges", 3)
    assert not alone.any()
    assert touched.any()


def test_pens_change_the_width_and_leave_the_stroke_whole(digits):
    for name, less in (("pen_thin", True), ("pen_thick", False)):
        areas = [mass(digits), *(mass(corrupt(digits, name, severity)) for severity in SEVERITIES)]
        assert areas == sorted(areas, reverse=less)
    before = [cv2.connectedComponents((p > 64).astype(np.uint8))[0] for p in digits]
    thin = corrupt(digits, "pen_thin", 5)
    assert [cv2.connectedComponents((p > 64).astype(np.uint8))[0] for p in thin] == before


@pytest.mark.parametrize(("name", "change"), [("pen_thin", -0.5), ("pen_thick", 0.8)])
def test_a_bar_becomes_as_much_wider_or_narrower_as_stated(name, change):
    bar = np.zeros((1, 28, 28), np.uint8)
    bar[0, 4:24, 11:17] = 255
    width = corrupt(bar, name, 2)[0, 14].sum() / 255
    assert width == pytest.approx(6 + 2 * change, abs=0.26)


def test_inverted_is_255_minus_the_picture_at_last(digits):
    assert np.array_equal(corrupt(digits, "inverted", 5), 255 - digits)
    assert [int(corrupt(digits, "inverted", s).max()) for s in SEVERITIES] == [115, 150, 185, 220, 255]


@pytest.mark.parametrize(("severity", "contrast"), [*zip(SEVERITIES, (120, 72, 40, 24, 14), strict=True)])
def test_low_contrast_leaves_as_many_gray_levels(severity, contrast, digits):
    pale = corrupt(digits, "low_contrast", severity)
    assert int(pale.max()) - int(pale.min()) == pytest.approx(contrast, abs=1)


@pytest.mark.parametrize(("severity", "grain"), [*zip(SEVERITIES, (6, 12, 18, 26, 36), strict=True)])
def test_paper_texture_has_the_stated_grain(severity, grain):
    paper = corrupt(np.zeros((100, 28, 28), np.uint8), "paper_texture", severity)
    assert paper.mean() == pytest.approx(2 * grain, rel=0.05)
    assert paper.std() == pytest.approx(grain, rel=0.05)


def test_a_ruled_line_runs_through_the_foot_from_edge_to_edge(digits):
    ruled = corrupt(digits, "ruled_line", 5).astype(int) - digits
    assert ruled.min() >= 0
    assert not ruled[:, :15].any()
    assert (ruled[:, :, [0, -1]].max(axis=1) > 100).all()


def test_box_edges_are_as_many_as_stated(digits):
    for severity, edges, inset in ((1, 1, 0), (2, 2, 1), (3, 3, 2), (4, 4, 2), (5, 4, 3)):
        drawn = corrupt(np.zeros_like(digits), "box_edge", severity)
        found = np.stack(
            [
                drawn[:, inset].min(axis=1),
                drawn[:, -1 - inset].min(axis=1),
                drawn[:, :, inset].min(axis=1),
                drawn[:, :, -1 - inset].min(axis=1),
            ]
        )
        assert ((found > 100).sum(axis=0) == edges).all()


def test_jpeg_of_all_in_one_is_that_of_each(digits):
    at_once = corrupt(digits, "jpeg", 4)
    for picture, worse in zip(digits[:10], at_once, strict=False):
        _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 8])
        assert np.array_equal(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), worse)


def test_a_light_gradient_rises_from_black_to_its_veil():
    lit = corrupt(np.zeros((50, 28, 28), np.uint8), "light_gradient", 3)
    assert lit.min(axis=(1, 2)).max() <= 1
    assert lit.max(axis=(1, 2)) == pytest.approx(130, abs=1)
    assert np.array_equal(corrupt(np.full((2, 28, 28), 255, np.uint8), "light_gradient", 3)[0, 0], np.full(28, 255))


def test_the_gaussian_keeps_plain_pictures_plain_and_sums_to_one():
    plain = np.ones((1, 28, 28), np.float32)
    assert gaussian_blur(plain, 1.5) == pytest.approx(plain)
    dot = np.zeros((1, 28, 28), np.float32)
    dot[0, 14, 14] = 1
    blurred = gaussian_blur(dot, 1.5)
    assert blurred.sum() == pytest.approx(1)
    spread = (blurred[0].sum(axis=0) * (np.arange(28) - 14) ** 2).sum()
    assert spread == pytest.approx(1.5**2, rel=0.01)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("glas_blur", "Did you mean 'glass_blur'?"), ("nothing like it", "Known are: shot_noise"), (3, "no corruption 3")],
)
def test_an_unknown_name_is_refused_with_the_nearest(name, hint, digits):
    with pytest.raises(UsageError) as caught:
        corrupt(digits, name, 1)
    assert hint in str(caught.value)


@pytest.mark.parametrize("severity", [0, 6, -1, 2.5, "3", True, None])
def test_a_severity_out_of_range_is_refused(severity, digits):
    with pytest.raises(UsageError, match="severity from 1 to 5"):
        corrupt(digits, "fog", severity)


@pytest.mark.parametrize("seed", [-1, 0.5, None, True])
def test_a_seed_that_is_none_is_refused(seed, digits):
    with pytest.raises(UsageError, match="seed as a whole number"):
        corrupt(digits, "fog", 1, seed=seed)


@pytest.mark.parametrize(
    ("images", "hint"),
    [
        (np.zeros((28, 28), np.uint8), r"x\[None\]"),
        (np.zeros((2, 32, 32), np.uint8), r"\(2, 32, 32\).*normalize_batch"),
        (np.zeros((2, 28, 28, 3), np.uint8), "normalize_batch"),
        (np.zeros((0, 28, 28), np.uint8), "N at least 1"),
        (np.zeros((2, 28, 28), np.float32), "float32"),
        ([[0]], "list"),
    ],
)
def test_other_pictures_are_refused(images, hint):
    with pytest.raises(UsageError, match=hint):
        corrupt(images, "fog", 1)
