"""What the tests share: digits drawn with a pen of one's own choice, and model files that are nearly right."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

# Polylines through a box of 1 x 1, x to the right and y downwards.
_STROKES = {
    0: [[(0.5, 0.0), (0.15, 0.2), (0.1, 0.6), (0.35, 1.0), (0.7, 0.95), (0.9, 0.5), (0.8, 0.1), (0.5, 0.0)]],
    1: [[(0.5, 0.0), (0.5, 1.0)]],
    2: [[(0.1, 0.2), (0.4, 0.0), (0.8, 0.1), (0.8, 0.4), (0.1, 1.0), (0.9, 1.0)]],
    3: [[(0.1, 0.1), (0.5, 0.0), (0.8, 0.2), (0.4, 0.45), (0.85, 0.7), (0.5, 1.0), (0.1, 0.9)]],
    4: [[(0.3, 0.0), (0.1, 0.6), (0.9, 0.6)], [(0.7, 0.2), (0.65, 1.0)]],
    7: [[(0.1, 0.0), (0.9, 0.0), (0.45, 1.0)]],
}


def drawn_digit(
    label: int, size: int = 64, *, ink: int = 0, paper: int = 255, pen: float = 0.08, share: float = 0.6
) -> np.ndarray:
    """Return a square gray picture of a digit; `pen` and `share` are parts of its side."""
    large = 8 * size if size < 256 else size
    picture = np.full((large, large), paper, np.uint8)
    height, width = share * large, 0.7 * share * large
    top, left = (large - height) / 2, (large - width) / 2
    for stroke in _STROKES[label]:
        points = np.array([(left + x * width, top + y * height) for x, y in stroke]).round().astype(np.int32)
        cv2.polylines(picture, [points], False, ink, max(1, round(pen * large)), cv2.LINE_AA)
    return picture if large == size else cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let several workers begin with what takes long, so that none is left alone with it at the end."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session")
def draw_digit() -> Callable[..., np.ndarray]:
    return drawn_digit


@pytest.fixture(scope="session")
def mnist_test() -> tuple[np.ndarray, np.ndarray]:
    """Return MNIST's test pictures and labels, or skip."""
    root = os.environ.get("INKREAD_DATA")
    if not root:
        pytest.skip("needs MNIST under INKREAD_DATA")
    if not (Path(root) / "mnist").is_dir():
        pytest.skip(f"there is no folder mnist in {root}")
    from inkread.datasets import load

    data = load(Path(root) / "mnist", "test")
    return data.images, data.labels


@pytest.fixture
def write_model(tmp_path) -> Callable[..., Path]:
    """Return a function that writes a small model file, right unless told otherwise."""
    from tests.model_files import write_model as write

    def into(name: str = "small.onnx", **changes: object) -> Path:
        return write(tmp_path / name, **changes)

    return into


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(monkeypatch, tmp_path_factory) -> Iterator[None]:
    """Keep models and colours of whoever runs the tests out of them."""
    monkeypatch.setenv("INKREAD_MODELS", str(tmp_path_factory.getbasetemp() / "no-models"))
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "INKREAD_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    yield
