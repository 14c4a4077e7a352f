"""Marks of which only a line's way of writing tells whether they stand there."""

import numpy as np
import pytest

from inkread.reading.decode import align
from inkread.reading.documents.amount import Amount
from inkread.reading.written import likeliest

LABELS = (*"0123456789", ".", ",", "'", "-", "=", "#")


def lattice(*frames: dict[str, float]) -> np.ndarray:
    """Return frames with the given probabilities, and what is missing for the blank."""
    out = np.zeros((len(frames), 1 + len(LABELS)))
    for row, given in zip(out, frames, strict=True):
        for sign, p in given.items():
            row[1 + LABELS.index(sign)] = p
        row[0] = 1 - row.sum()
    return out


def written(probabilities: np.ndarray, digits: str, locale: str | None = "de") -> str:
    return likeliest(align(probabilities, digits, LABELS), probabilities, LABELS, Amount(locale).plausible)


def digits(text: str, **between: list[dict[str, float]]) -> list[dict[str, float]]:
    """Return frames of digits, with those of `after1` and the like behind the first digit and so on."""
    out: list[dict[str, float]] = []
    for place, digit in enumerate(text, start=1):
        out += [{digit: 0.98}, {}, *between.get(f"after{place}", []), {}]
    return out


def test_a_faint_mark_before_the_cents_is_believed():
    frames = lattice(*digits("11487", after3=[{",": 0.2}, {",": 0.15}]))
    assert align(frames, "11487", LABELS).symbols == "11487"
    assert written(frames, "11487") == "114,87"


def test_a_faint_mark_where_no_amount_has_one_is_not():
    assert written(lattice(*digits("11487", after1=[{",": 0.2}, {",": 0.15}])), "11487") == "11487"


def test_what_is_hardly_seen_is_not_written():
    assert written(lattice(*digits("11487", after3=[{",": 0.01}])), "11487") == "11487"


def test_a_doubtful_mark_that_breaks_an_amount_is_left_out():
    frames = lattice(*digits("97338", after3=[{",": 0.98}], after4=[{",": 0.7}]))
    assert align(frames, "97338", LABELS).symbols == "973,3,8"
    assert written(frames, "97338") == "973,38"


def test_clear_marks_and_what_stands_around_stay():
    frames = lattice({"#": 0.9}, {}, *digits("12345", after2=[{".": 0.99}], after5=[{",": 0.9}, {}, {"-": 0.9}]))
    assert written(frames, "12345") == "#12.345,-"


def test_another_sign_stays_what_it_is():
    assert written(lattice(*digits("640", after1=[{"#": 0.9}])), "640") == "6#40"


def test_many_doubtful_gaps_end():
    frames = lattice(*digits("1" * 40, **{f"after{i}": [{",": 0.5}] for i in range(1, 40)}))
    assert written(frames, "1" * 40).replace(",", "") == "1" * 40


@pytest.mark.parametrize(
    ("better", "worse"),
    [("1.234,50", "1.23450"), ("123,45", "12345"), ("12.345", "12.34.5"), ("17.699,-", "17,699,-"), ("5,00", "500")],
)
def test_plausible_amounts(better, worse):
    amount = Amount("de")
    assert 1 >= amount.plausible(better) > amount.plausible(worse) > 0


def test_no_amount_is_not_plausible():
    assert Amount().plausible("-.") == 0.0
