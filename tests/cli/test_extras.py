"""Commands without the optional part that they need: each names the line that installs it."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

COMMANDS = [
    ("train --data digits", "keras", "train"),
    ("train --data digits", "tf2onnx", "train"),
    ("tune cnn-2conv --data digits --trials 1", "optuna", "train"),
    ("compare knn --data digits", "sklearn", "report"),
    ("compare recipe:dense --data digits", "keras", "train"),
    ("explain seven.png --output why", "matplotlib", "report"),
    ("data show digits --output sheets", "matplotlib", "report"),
    ("serve", "uvicorn", "serve"),
    ("serve", "prometheus_client", "serve"),
    ("serve", "jinja2", "serve"),
]


@pytest.fixture(scope="module")
def digits(tmp_path_factory, draw_digit) -> Path:
    """Return a folder with seven.png and digits, one folder of pictures for each of three classes."""
    folder = tmp_path_factory.mktemp("extras")
    for label in (1, 2, 7):
        (folder / "digits" / str(label)).mkdir(parents=True)
        for place in range(30):
            Image.fromarray(draw_digit(label, 28)).save(folder / "digits" / str(label) / f"{place}.png")
    Image.fromarray(draw_digit(7, 80)).save(folder / "seven.png")
    return folder


@pytest.mark.parametrize(("command", "missing", "extra"), COMMANDS, ids=[f"{c}, {m}" for c, m, _ in COMMANDS])
def test_a_missing_extra_is_named(digits, command, missing, extra):
    code = f"import sys; sys.modules[{missing!r}] = None; from inkread.__main__ import main; main()"
    run = [sys.executable, "-c", code, *command.split()]
    ended = subprocess.run(run, cwd=digits, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 7, ended.stderr
    assert f"({'scikit-learn' if missing == 'sklearn' else missing} is missing)" in ended.stderr
    assert f"pip install 'inkread[{extra}]'" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("command", ["read seven.png", "form {template} --output check.png"])
def test_reading_and_forms_need_no_extra(digits, command):
    template = Path(__file__).parents[2] / "examples" / "form" / "template.json"
    extras = ("keras", "tensorflow", "onnx", "optuna", "matplotlib", "sklearn", "jinja2", "fastapi", "pooch")
    code = f"import sys; sys.modules |= dict.fromkeys({extras}); from inkread.__main__ import main; main()"
    run = [sys.executable, "-c", code, *command.format(template=template).split()]
    ended = subprocess.run(run, cwd=digits, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
