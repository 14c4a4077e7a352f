"""Reading in several processes gives what reading in one does."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from inkread.errors import UnreadableImageError, UsageError
from inkread.imaging.source import Picture
from inkread.reading import workers as module
from inkread.reading.reader import Reader
from inkread.reading.workers import Opened

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
PICTURES = sorted(EXAMPLES.glob("*.png"))[:6]


def test_workers_read_what_one_reads_in_order():
    reader, many = Reader(), [*PICTURES, "missing.png", *PICTURES] * 2
    alone = list(reader.read_many(many, on_error="keep", max_error=0.05))
    beside = list(reader.read_many(many, on_error="keep", max_error=0.05, workers=2))
    assert alone == beside
    assert [page.error is not None for page in beside].count(True) == 2


def test_pictures_come_with_their_pages():
    pairs = list(Reader().read_pictures([PICTURES[0], "missing.png"], workers=2))
    assert [picture is None for _, picture in pairs] == [False, True]


def test_an_error_is_raised_as_it_is():
    pages = Reader().read_many([PICTURES[0], "missing.png"], workers=2)
    assert next(pages).text
    with pytest.raises(UnreadableImageError, match=r"missing\.png"):
        next(pages)


@pytest.mark.parametrize("workers", [0, -1, True, 1.5, "2", 100_000])
def test_numbers_of_workers_that_cannot_be(workers):
    with pytest.raises(UsageError, match="workers as a whole number from 1 to"):
        Reader().read_many(PICTURES, workers=workers)


def test_options_are_refused_before_a_worker_starts(monkeypatch):
    monkeypatch.setattr(module, "ProcessPoolExecutor", None)
    with pytest.raises(UsageError, match="layout"):
        Reader().read_many(PICTURES, workers=2, layout="lines")


def test_a_reader_that_cannot_be_sent():
    class Local:
        def read(self, strips, wanted):
            return [None for _ in strips]

    with pytest.raises(UsageError, match="can be pickled"):
        list(Reader(line_model=Local()).read_many(PICTURES, workers=2))


def test_few_large_pictures_go_at_once():
    small, large = (Opened("", 1, Picture(np.zeros(shape, np.uint8))) for shape in ((10, 10), (3000, 3000)))
    sizes = [len(parcel) for parcel in module._parcels([*[small] * 20, large, large, small])]
    assert sizes == [16, 5, 1, 1]


def test_a_script_without_a_guard_is_told_so(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(f"import inkread\nprint(len(list(inkread.read_many([{str(PICTURES[0])!r}] * 3, workers=2))))\n")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert "has to guard what it does" in done.stderr


def test_workers_end_before_their_error_is_raised():
    pages = Reader().read_many([PICTURES[0], "missing.png"] * 20, workers=2)
    with pytest.raises(UnreadableImageError) as caught:
        list(pages)
    assert caught.value.__traceback__ is not None  # which keeps what it passed through alive
    assert multiprocessing.active_children() == []
