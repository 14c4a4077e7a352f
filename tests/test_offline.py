"""Reading writes nothing into the user's home and tells nobody: ONNX Runtime would, unless it is told not to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_KEPT = ("PATH", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "SYSTEMROOT", "OMP_NUM_THREADS")


@pytest.mark.parametrize("first", ["from inkread.reading.model_file import open_model", "import inkread"])
def test_reading_leaves_no_trace(tmp_path, first):
    """A database of what is to be told, and the number of this machine, would lie in the home's cache."""
    code = f"{first}\nimport inkread; print(inkread.read('examples/seven.png').text)"
    environment = {key: os.environ[key] for key in _KEPT if key in os.environ} | {"HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=True)
    assert done.stdout.strip() == b"7"
    assert done.stderr == b""
    assert sorted(tmp_path.rglob("*")) == []


def test_what_the_user_says_of_it_stays():
    code = "import os, inkread; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    environment = {**os.environ, "ORT_DISABLE_TELEMETRY": "0"}
    assert subprocess.check_output([sys.executable, "-c", code], env=environment, text=True).strip() == "0"
