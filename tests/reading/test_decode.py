from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkread.datasets.lines import SYMBOLS
from inkread.errors import UsageError
from inkread.reading.decode import align, digit_lattice, n_best, softmax
from inkread.reading.wanted import wanted


def lattice(seed: int, frames: int, sharp: float = 2.0, classes: int = 17) -> np.ndarray:
    return softmax(np.random.default_rng(seed).normal(0, sharp, (frames, classes)).astype(np.float32))


def collapse(path: tuple[int, ...]) -> str:
    return "".join(SYMBOLS[k - 1] for i, k in enumerate(path) if k and (i == 0 or path[i - 1] != k))


def by_brute_force(probabilities: np.ndarray, used: tuple[int, ...]) -> dict[str, float]:
    """Return the probability of each string of digits, summed over every path through some of the classes."""
    out: dict[str, float] = {}
    for path in itertools.product(used, repeat=len(probabilities)):
        text = "".join(c for c in collapse(path) if c.isdigit())
        p = float(np.prod([frame[k] for frame, k in zip(probabilities, path, strict=True)]))
        out[text] = out.get(text, 0.0) + p
    return out


def few_classes(seed: int, frames: int) -> tuple[np.ndarray, tuple[int, ...]]:
    """Return a lattice in which only the blank, 0, 1 and a dot are possible."""
    used = (0, 1, 2, 11)
    p = np.zeros((frames, 17))
    p[:, used] = lattice(seed, frames, classes=4)
    return p, used


@given(st.integers(0, 10_000), st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_probabilities_are_those_of_every_path_summed_up(seed, frames):
    p, used = few_classes(seed, frames)
    wanted = by_brute_force(p, used)
    found = n_best(digit_lattice(p), 1000, beam=1000, least=0.0)
    assert {text for text, q in found if q > 1e-12} == {text for text, q in wanted.items() if q > 1e-12}
    for text, q in found:
        assert q == pytest.approx(wanted[text], rel=1e-6)
    assert [q for _, q in found] == sorted((q for _, q in found), reverse=True)


@given(st.integers(0, 10_000), st.sampled_from([(2, None), (None, "1.?"), (None, "(01)+"), (3, "0?1{2}")]))
@settings(max_examples=25, deadline=None)
def test_a_constraint_gives_the_best_of_what_it_allows(seed, asked):
    p, used = few_classes(seed, 5)
    allowed = wanted(*asked)
    possible = {text: q for text, q in by_brute_force(p, used).items() if allowed.allows(text)}
    found = n_best(digit_lattice(p), 3, beam=1000, allowed=allowed)
    best = max(possible.values())
    assert possible[found[0][0]] == pytest.approx(best)
    assert found[0][1] == pytest.approx(best, rel=1e-3)
    assert all(allowed.allows(text) for text, _ in found)


def test_a_narrow_beam_keeps_the_best_string():
    for seed in range(5):
        p = lattice(seed, 30, sharp=4.0)
        assert n_best(digit_lattice(p), 1)[0][0] == n_best(digit_lattice(p), 1, beam=300, least=0.0)[0][0]


def test_a_long_line_does_not_vanish():
    p = np.full((3000, 17), 1e-7)
    p[:, 0] = 1.0
    p[::10, 4], p[::10, 0] = 1.0, 1e-7
    found = n_best(digit_lattice(p / p.sum(axis=1, keepdims=True)), 1)
    assert found[0][0] == "3" * 300


def test_an_unlikely_length_is_found_all_the_same():
    p = np.full((40, 17), 1e-9)
    p[:, 0] = 1.0
    p[[5, 15, 25], [2, 3, 4]] = 1e6
    p[30, 5] = 1e-5
    p /= p.sum(axis=1, keepdims=True)
    assert n_best(digit_lattice(p), 1)[0][0] == "123"
    assert n_best(digit_lattice(p), 1, allowed=wanted(4, None))[0][0] == "1234"
    assert n_best(digit_lattice(p), 1, allowed=wanted(2, None))[0][0] in {"12", "13", "23"}


def test_nothing_is_found_where_nothing_is_allowed():
    p = np.zeros((2, 17))
    p[:, 0] = 1.0
    assert n_best(digit_lattice(p), allowed=wanted(3, None)) == []


def spell(classes: list[int]) -> np.ndarray:
    p = np.full((len(classes), 17), 1e-4)
    p[np.arange(len(classes)), classes] = 1.0
    return p / p.sum(axis=1, keepdims=True)


def test_marks_are_in_the_alignment_and_part_equal_digits():
    p = spell([0, 3, 3, 11, 0, 3, 3, 0, 14, 14, 0])
    found = n_best(digit_lattice(p), 1)
    assert found[0][0] == "22"
    path = align(p, "22", SYMBOLS)
    assert path.symbols == "2.2-"
    assert path.frames == ((1, 3), (3, 4), (5, 7), (8, 10))
    assert all(first <= peak < last for (first, last), peak in zip(path.frames, path.peaks, strict=True))


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_the_alignment_is_of_what_was_read(seed):
    p = lattice(seed, 25, sharp=3.0)
    text = n_best(digit_lattice(p), 1)[0][0]
    path = align(p, text, SYMBOLS)
    assert "".join(c for c in path.symbols if c.isdigit()) == text
    assert list(path.peaks) == sorted(path.peaks)


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_the_alignment_is_the_likeliest_path(seed):
    p, used = few_classes(seed, 5)
    text = n_best(digit_lattice(p), 1, beam=1000, least=0.0)[0][0]
    path = align(p, text, SYMBOLS)
    most = 0.0
    for way in itertools.product(used, repeat=5):
        if "".join(c for c in collapse(way) if c.isdigit()) == text:
            most = max(most, float(np.prod([f[k] for f, k in zip(p, way, strict=True)])))
    found = 1.0
    taken = {t: SYMBOLS.index(s) + 1 for s, span in zip(path.symbols, path.frames, strict=True) for t in range(*span)}
    for t, frame in enumerate(p):
        found *= frame[taken[t]] if t in taken else frame[0]
    assert found == pytest.approx(most)


def test_a_pattern_that_takes_for_ever_is_refused():
    allowed = wanted(None, r"(1|11)+0")
    with pytest.raises(UsageError, match="can be matched in"):
        allowed.allows("1" * 60)
