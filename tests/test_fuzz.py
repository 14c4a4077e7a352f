"""Ten thousand damaged files: each is read, or refused with an error that says so."""

from __future__ import annotations

import resource
import sys
import time
import warnings

import pytest

import inkread
from inkread.errors import ImageError
from tests.damage import SEED, damaged, small_pictures

COUNT = 10_000
PARTS = 8
MAX_GROWTH = 1 << 30  # bytes
MAX_SECONDS = 5.0  # of processor time for one file; all of them take less than a fifth of one


def _peak() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


@pytest.mark.parametrize("part", range(PARTS))
def test_any_bytes_are_read_or_refused(part):
    files = damaged(small_pictures(), COUNT // PARTS, SEED + part)
    reader = inkread.Reader()
    reader.read(small_pictures()[0])
    before, read = _peak(), 0
    for number, data in enumerate(files):
        start = time.process_time()
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                page = reader.read(data)
            except ImageError as error:
                assert len(str(error)) > 20, number
            else:
                assert isinstance(page, inkread.Page), number
                read += 1
        assert not said, (number, [str(w.message) for w in said])
        assert time.process_time() - start < MAX_SECONDS, number
    assert _peak() - before < MAX_GROWTH
    # Neither is everything refused, nor is the damage too small to matter.
    assert 0.1 < read / len(files) < 0.9


def test_the_undamaged_ones_are_read():
    pages = list(inkread.read_many(small_pictures()))
    assert len(pages) == len(small_pictures()) + 1  # one TIFF has two pages
    # Two are strokes that lie, which are no digits, and one is of three pixels.
    assert sum(page.text != "" for page in pages) >= len(pages) - 3
