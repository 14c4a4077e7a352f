"""The pictures of `examples/form` are those that `examples/make_form.py` makes today."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("form")
    subprocess.run([sys.executable, str(EXAMPLES / "make_form.py"), str(folder)], check=True)
    return folder


def test_the_template_of_the_form_is_current(made):
    assert (made / "template.json").read_bytes() == (EXAMPLES / "form" / "template.json").read_bytes()


@pytest.mark.parametrize("name", ["blank.png", "filled.jpg", "amount.jpg"])
def test_the_pictures_of_the_form_are_current(made, name):
    now, kept = (np.asarray(Image.open(folder / name).convert("L"), int) for folder in (made, EXAMPLES / "form"))
    assert now.shape == kept.shape
    assert (abs(now - kept) > 64).mean() < 1e-4  # rims of letters and JPEG differ from version to version
