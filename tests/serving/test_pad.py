"""The window under Xvfb, driven by events of Tk."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from tests.serving.browser import missing, needed
from tests.serving.hand import strokes

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
WAIT = 60.0


@pytest.fixture(scope="module")
def display():
    """Start a display of its own; Tk asks for it by its name in the environment."""
    program = needed("Xvfb", "xvfb")
    read, write = os.pipe()
    command = [program, "-displayfd", str(write), "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL) as process:
        os.close(write)
        with os.fdopen(read) as told:
            name = f":{told.readline().strip()}"
        before = os.environ.get("DISPLAY")
        os.environ["DISPLAY"] = name
        yield name
        process.terminate()
    del os.environ["DISPLAY"]
    if before is not None:
        os.environ["DISPLAY"] = before


@pytest.fixture
def root(display):
    try:
        import tkinter as tk
    except ModuleNotFoundError:
        missing("Tk (Debian's Python: apt-get install python3-tk)")
    root = tk.Tk()
    yield root
    with suppress(tk.TclError):  # closed by the test
        root.destroy()


@pytest.fixture
def pad(root):
    from inkread.serving.pad import Pad

    pad = Pad(root)
    root.update()
    return pad


def until(root, happened) -> None:
    end = time.monotonic() + WAIT
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        root.update()
        time.sleep(0.005)


def write(pad, label: int, left: float = 0.36) -> None:
    sheet = pad.sheet
    width, height = sheet.winfo_width(), sheet.winfo_height()
    for first, *others in strokes(label, (left * width, 0.18 * height, 0.24 * width, 0.62 * height)):
        sheet.event_generate("<ButtonPress-1>", x=first[0], y=first[1])
        for x, y in others:
            sheet.event_generate("<B1-Motion>", x=x, y=y)
        sheet.event_generate("<ButtonRelease-1>", x=others[-1][0], y=others[-1][1])
    sheet.update()


def texts(pad) -> list[str]:
    return [pad.sheet.itemcget(item, "text") for item in pad.sheet.find_withtag("caption")]


@pytest.mark.parametrize("label", range(10))
def test_it_reads_what_is_drawn(root, pad, label):
    write(pad, label)
    until(root, lambda: pad.page is not None)
    assert pad.page.text == str(label)
    (caption,) = texts(pad)
    assert caption.startswith(f"{label}  ")
    assert caption.endswith(" %")
    assert len(pad.sheet.find_withtag("box")) == 1


def test_it_reads_three_digits(root, pad):
    for label, left in ((3, 0.05), (1, 0.38), (4, 0.7)):
        write(pad, label, left)
    until(root, lambda: pad.page is not None)
    assert pad.page.text == "314"


def test_undo_and_clear(root, pad):
    write(pad, 1)
    until(root, lambda: pad.page is not None)
    pad.sheet.focus_force()
    root.update()
    root.event_generate("<Control-z>")
    root.update()
    assert pad.page is None
    assert texts(pad) == []
    write(pad, 7)
    until(root, lambda: pad.page is not None)
    assert pad.page.text == "7"
    root.event_generate("<Delete>")
    root.update()
    assert pad.sheet.find_all() == ()


def test_a_picture_is_opened_and_saved(root, pad, tmp_path):
    pad.open(EXAMPLES / "photo-of-3.jpg")
    until(root, lambda: pad.page is not None)
    assert pad.page.text == "3"
    pad.save(tmp_path / "read.png")
    with Image.open(tmp_path / "read.png") as saved:
        assert saved.size == (pad.page.width, pad.page.height)
    (box,) = pad.sheet.find_withtag("box")
    left, top, right, bottom = pad.sheet.coords(box)
    assert 0 <= left < right <= pad.sheet.winfo_width()
    assert 0 <= top < bottom <= pad.sheet.winfo_height()


def test_what_cannot_be_opened_or_saved_is_told_of(root, pad, tmp_path):
    pad.open(tmp_path / "nothing.png")
    assert "there is no file" in pad._said.get()
    pad.save(tmp_path / "picture.unknown")
    assert "Name a file that ends in .png" in pad._said.get()
    pad.save(tmp_path / "nowhere" / "picture.png")
    assert "Cannot save" in pad._said.get()


def test_a_reading_that_was_overtaken_is_not_shown(root, pad, monkeypatch):
    slow = pad._reader.read

    def read(image):
        time.sleep(0.3)
        return slow(image)

    monkeypatch.setattr(pad._reader, "read", read)
    write(pad, 1)
    until(root, lambda: pad._timer is None)
    pad.clear()
    write(pad, 7)
    until(root, lambda: pad.page is not None)
    assert pad.page.text == "7"


def test_dark_and_light(root, pad):
    light = pad.sheet.cget("background")
    pad._dark.set(True)
    pad._colour()
    assert pad.sheet.cget("background") != light


def test_a_screen_of_many_pixels(root):
    from inkread.serving.pad import Pad

    plain = Pad(root).sheet.winfo_reqwidth()
    for child in root.winfo_children():
        child.destroy()
    root.tk.call("tk", "scaling", 192 / 72)
    root.winfo_fpixels = lambda length: 192.0
    assert Pad(root).sheet.winfo_reqwidth() > 1.9 * plain


def test_closing_ends_it(root, pad):
    write(pad, 3)
    pad.close()
    assert pad._pool._shutdown


def test_without_a_display_it_says_so():
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    done = subprocess.run(
        [sys.executable, "-m", "inkread", "pad"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert "Expected a display" in done.stderr or "Python with Tk" in done.stderr
    assert "inkread serve" in done.stderr
