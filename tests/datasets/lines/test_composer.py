from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkread.datasets.lines import MARKS, SYMBOLS, Composer, DigitBank, Hand, Look
from inkread.datasets.lines.signs import LETTERS, UNLIKE, signs
from inkread.datasets.lines.text import write
from inkread.datasets.lines.thinning import thin
from inkread.errors import DatasetFormatError


def drawn(per_digit: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Return digits of a printed font, as a stand-in for handwritten ones."""
    images = np.zeros((10 * per_digit, 28, 28), np.uint8)
    for i, image in enumerate(images):
        cv2.putText(image, str(i % 10), (6, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.75, 255, 2, cv2.LINE_AA)
    return images, np.arange(10 * per_digit) % 10


@pytest.fixture(scope="module")
def bank() -> DigitBank:
    return DigitBank(*drawn())


CLEAN = Look()
WIDE = Hand(height=40, pen=0.08, gap=0.4)


def test_the_same_seed_gives_the_same_line(bank):
    a, b = (Composer(bank).line(np.random.default_rng(3)) for _ in range(2))
    assert a.symbols == b.symbols
    np.testing.assert_array_equal(a.pixels, b.pixels)
    np.testing.assert_array_equal(a.boxes, b.boxes)


@given(st.integers(0, 2**31))
@settings(max_examples=40, deadline=None)
def test_any_line_is_a_picture_with_its_truth(seed):
    line = Composer(_bank(), longest=6).line(np.random.default_rng(seed))
    assert line.pixels.dtype == np.uint8
    assert line.pixels.ndim == 2
    assert min(line.pixels.shape) >= 8
    assert set(line.symbols) <= set(SYMBOLS)
    assert len(line.digits) <= 6
    assert line.boxes.shape == (len(line.symbols), 4)
    assert (line.boxes[:, 2:] >= line.boxes[:, :2]).all()


_BANKS: list[DigitBank] = []


def _bank() -> DigitBank:
    if not _BANKS:
        _BANKS.append(DigitBank(*drawn()))
    return _BANKS[0]


def test_boxes_hold_the_ink_of_their_digits(bank):
    line = Composer(bank).compose("1234567890", WIDE, CLEAN, np.random.default_rng(0), tidy=True)
    ink = line.pixels < 128
    covered = np.zeros_like(ink)
    for left, top, right, bottom in line.boxes.round().astype(int):
        box = ink[max(top, 0) : bottom, max(left, 0) : right]
        assert box.any()
        covered[max(top - 1, 0) : bottom + 1, max(left - 1, 0) : right + 1] = True
    assert not (ink & ~covered).any()
    assert line.symbols == "1234567890"
    assert (np.diff(line.boxes[:, 0]) > 0).all()


def test_marks_are_in_the_truth_with_their_places(bank):
    line = Composer(bank).compose("22.970,-='#", WIDE, CLEAN, np.random.default_rng(0), tidy=True)
    assert line.symbols == "22.970,-='#"
    assert line.digits == "22970"
    dot, digit = line.boxes[2], line.boxes[1]
    assert dot[3] - dot[1] < 0.4 * (digit[3] - digit[1])
    assert dot[1] > digit[1]


@pytest.mark.parametrize("contour", [False, True])
def test_a_thick_pen_leaves_more_ink_than_a_thin_one(bank, contour):
    def ink(pen: float) -> float:
        hand = Hand(height=40, pen=pen, contour=contour, gap=0.4)
        line = Composer(bank).compose("2380", hand, CLEAN, np.random.default_rng(1), tidy=True)
        return float((line.pixels < 128).sum() / line.pixels.size)

    assert ink(0.15) > 1.15 * ink(0.08)


def test_wide_spacing_makes_wide_lines_and_none_at_all_makes_digits_touch(bank):
    def line(gap: float) -> np.ndarray:
        hand = Hand(height=40, pen=0.1, gap=gap, spread=0.0, kerning=1.0)
        return Composer(bank).compose("8888", hand, CLEAN, np.random.default_rng(1), tidy=True).pixels

    far, near = line(0.5), line(-0.05)
    assert far.shape[1] > near.shape[1]
    assert cv2.connectedComponents((far < 128).astype(np.uint8))[0] == 5
    assert cv2.connectedComponents((near < 128).astype(np.uint8))[0] < 5


def test_a_slant_leans_the_whole_line(bank):
    def lean(slant: float) -> float:
        hand = Hand(height=60, pen=0.08, slant=slant, gap=0.6)
        line = Composer(bank).compose("1111", hand, CLEAN, np.random.default_rng(1), tidy=True)
        left, top, right, bottom = line.boxes[1].round().astype(int)
        rows, columns = np.nonzero(line.pixels[top:bottom, left:right] < 128)
        return float(np.polyfit(rows, columns, 1)[0])

    assert lean(0.6) < lean(0.0) - 0.3


def test_light_ink_on_dark_is_the_same_picture_the_other_way_round(bank):
    a = Composer(bank).compose("47", WIDE, Look(), np.random.default_rng(1), tidy=True)
    b = Composer(bank).compose("47", WIDE, Look(inverted=True), np.random.default_rng(1), tidy=True)
    np.testing.assert_array_equal(a.pixels, 255 - b.pixels)


def test_boxes_of_a_form_are_printed_around_the_digits(bank):
    plain = Composer(bank).compose("1234", WIDE, CLEAN, np.random.default_rng(2))
    boxed = Composer(bank).compose("1234", WIDE, CLEAN, np.random.default_rng(2), boxed=True)
    assert boxed.symbols == plain.symbols == "1234"
    long_runs = (boxed.pixels < 200).mean(axis=1).max()
    assert long_runs > 0.5


def test_texts_have_marks_often_and_only_known_symbols():
    texts = [write(np.random.default_rng(seed), 8) for seed in range(400)]
    assert all(set(text) <= set(SYMBOLS + LETTERS + " ") for text in texts)
    assert any(set(text) & set(LETTERS) and any(c.isdigit() for c in text) for text in texts)
    assert all(sum(c.isdigit() for c in text) <= 8 for text in texts)
    assert sum(any(mark in text for mark in MARKS) for text in texts) > 150
    assert any(not any(c.isdigit() for c in text) for text in texts)


def test_words_are_told_from_digits_by_half_of_their_letters_at_least():
    texts = [write(np.random.default_rng(seed), 8) for seed in range(1500)]
    words = [word.strip(".") for text in texts for word in text.split() if set(word.strip(".")) <= set(LETTERS)]
    words = [word for word in words if word]
    assert len(words) > 50
    assert all(2 * sum(letter in UNLIKE for letter in word) >= len(word) for word in words)


@pytest.mark.parametrize("joined", [False, True])
def test_each_letter_of_a_word_is_another_sign(bank, joined):
    hand = Hand(height=40, pen=0.08, gap=0.4, joined=joined)
    line = Composer(bank).compose("Kilo 12", hand, CLEAN, np.random.default_rng(0), tidy=True)
    assert line.symbols == "####12"
    ink = (line.pixels[:, : int(line.boxes[4, 0])] < 128).astype(np.uint8)
    assert (cv2.connectedComponents(ink)[0] - 1 < 4) == joined  # the dot of the i stands for itself


def test_a_letter_that_is_one_stroke_is_no_bar(bank):
    for seed in range(10):
        line = Composer(bank).compose("l", Hand(height=60, pen=0.1), CLEAN, np.random.default_rng(seed), tidy=True)
        assert (line.pixels < 128).sum() < 0.5 * 60 * 60 * 0.5


def test_scribbles_are_among_the_signs():
    assert len(signs()) > 140


def test_filled_loops_stay_filled():
    """Redrawn along its middle, a disc on a stem would be a stick."""
    images, labels = drawn()
    nine = np.zeros((28, 28), np.uint8)
    cv2.circle(nine, (14, 9), 5, 255, -1)
    cv2.line(nine, (18, 9), (16, 24), 255, 2)
    images[[9, 19]] = nine
    bank = DigitBank(images, labels)

    def head(filled: bool) -> float:
        hand = Hand(height=60, pen=0.08, filled=filled)
        line = Composer(bank).compose("9", hand, CLEAN, np.random.default_rng(0), tidy=True)
        left, top, right, bottom = line.boxes[0].round().astype(int)
        return float((line.pixels[top : (top + bottom) // 2, left:right] < 128).mean())

    assert head(True) > 1.5 * head(False)


def test_thinning_leaves_lines_one_pixel_wide_that_hang_together():
    thick = np.zeros((1, 40, 40), np.uint8)
    cv2.circle(thick[0], (20, 20), 12, 1, 6)
    thinned = thin(thick)[0]
    assert cv2.connectedComponents(thinned)[0] == 2
    assert 40 < thinned.sum() < 100
    assert not (thinned & ~thick[0] & 1).any()


def test_a_bank_wants_all_ten_digits():
    images, labels = drawn()
    with pytest.raises(DatasetFormatError, match="each of the digits"):
        DigitBank(images[labels != 4], labels[labels != 4])
    with pytest.raises(DatasetFormatError, match="uint8 pictures"):
        DigitBank(images.astype(float), labels)  # type: ignore[arg-type]


def test_weights_say_how_often_a_picture_is_taken():
    images, labels = drawn()
    bank = DigitBank(images, labels, np.where(np.arange(20) < 10, 1.0, 0.0).tolist())
    rng = np.random.default_rng(0)
    assert {bank.draw(3, rng) for _ in range(20)} == {3}


def test_banks_of_pictures_of_different_sizes_can_be_joined(bank):
    large = DigitBank(np.kron(drawn()[0], np.ones((1, 3, 3), np.uint8)), drawn()[1])
    both = DigitBank.joined([bank, large], [3.0, 1.0])
    rng = np.random.default_rng(0)
    assert len(both) == 40
    assert np.mean([both.draw(5, rng) >= 20 for _ in range(400)]) == pytest.approx(0.25, abs=0.08)
    assert Composer(both).compose("1234", WIDE, CLEAN, rng, tidy=True).symbols == "1234"


def test_blank_pictures_are_left_out():
    images, labels = drawn()
    images[0] = 0
    assert len(DigitBank(images, labels)) == 19
