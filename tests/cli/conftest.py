"""The command line, in this process and in one of its own."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from inkread.__main__ import main


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str


@pytest.fixture
def inkread(monkeypatch, capsys) -> Callable[..., Ended]:
    """Return a function that runs the command as `main` does, and sees that it shows no traceback."""

    def run(*arguments: object, stdin: bytes = b"") -> Ended:
        monkeypatch.setattr(sys, "argv", ["inkread", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        shown = capsys.readouterr()
        assert "Traceback" not in shown.out + shown.err
        return Ended(code, shown.out, shown.err)

    return run


@pytest.fixture
def pictures(tmp_path, monkeypatch, draw_digit) -> Path:
    """Return a folder, the current one, with one.png, two.png, seven.png, blank.png and damaged.png."""
    monkeypatch.chdir(tmp_path)
    for name, label in (("one", 1), ("two", 2), ("seven", 7)):
        Image.fromarray(draw_digit(label, 80)).save(f"{name}.png")
    Image.new("L", (30, 20), 255).save("blank.png")
    Path("damaged.png").write_bytes(Path("seven.png").read_bytes()[:100])
    return tmp_path
