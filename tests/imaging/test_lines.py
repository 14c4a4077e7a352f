from __future__ import annotations

import numpy as np
import pytest

from inkread.imaging.lines import find_lines, in_reading_order, one_line
from inkread.imaging.sheet import find_sheet
from inkread.imaging.upright import skew, turned
from tests.reading.test_numbers import number, sheet


def test_each_line_is_a_strip_of_its_own_ink():
    strips = find_lines(find_sheet(sheet("12340", "72")))
    assert len(strips) == 2
    assert strips[0].level.shape[1] > strips[1].level.shape[1]
    for strip in strips:
        assert strip.level.dtype == np.uint8
        assert strip.level.max() == 255
        assert strip.tall == 40
        assert 35 <= strip.level.shape[0] <= 60


def test_a_strip_knows_where_it_was():
    picture = np.full((300, 500), 255, np.uint8)
    line = number("2743", margin=0)
    picture[120 : 120 + line.shape[0], 200 : 200 + line.shape[1]] = line
    (strip,) = find_lines(find_sheet(picture))
    height, width = strip.level.shape
    left, top, w, h = strip.box(0, 0, width, height)
    assert (left, top) == pytest.approx((200, 126), abs=5)
    assert (w, h) == pytest.approx((line.shape[1] - 15, 50), abs=9)


def test_columns_are_read_one_after_the_other():
    column = [(0, y, 100, y + 20) for y in (0, 40, 80)]
    other = [(400, y, 500, y + 20) for y in (0, 40, 80)]
    mixed = [box for pair in zip(column, other, strict=True) for box in pair]
    assert in_reading_order(mixed, 20) == [0, 2, 4, 1, 3, 5]
    assert in_reading_order([(0, 50, 10, 60), (0, 0, 10, 10), (20, 0, 30, 10)], 10) == [1, 2, 0]
    assert in_reading_order([], 10) == []


def test_one_line_takes_all():
    assert len(one_line(find_sheet(sheet("1234", "7")))) == 1


@pytest.mark.parametrize("value", [0, 90, 255])
def test_blank_paper_has_no_sheet(value):
    assert find_sheet(np.full((80, 120), value, np.uint8)) is None


def test_noise_has_no_lines():
    rng = np.random.default_rng(0)
    paper = np.clip(rng.normal(200, 6, (300, 400)), 0, 255).astype(np.uint8)
    found = find_sheet(paper)
    assert found is None or find_lines(found) == []


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_turning_keeps_track_of_places(quarters):
    picture = np.full((200, 300), 255, np.uint8)
    picture[40:60, 240:250] = 0
    sheet_ = turned(find_sheet(picture), quarters)
    y, x = np.argwhere(sheet_.mask > 0).mean(axis=0)
    there = sheet_.matrix @ np.array([x, y, 1.0])
    assert there[:2] / there[2] == pytest.approx((244.5, 49.5), abs=1.5)


def test_no_skew_where_there_is_none():
    assert abs(skew(find_sheet(sheet("2743427", "4273427")).mask)) < 1
    assert skew(np.zeros((30, 40), np.uint8)) == 0
