"""Twenty kills at random moments: the training ends with the weights of one that was left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from inkread.training.checkpoint import read_checkpoint
from inkread.training.folder import RunFolder

KILLS = 20
EPOCHS = 60
RECIPE = """
from inkread.training import Augmentation, Config, Recipe


def build(shape, classes, dropout):
    import keras
    from keras import layers

    given = keras.Input(shape, dtype="uint8")
    x = layers.Rescaling(1 / 255)(layers.Reshape((*shape, 1))(given))
    x = layers.Conv2D(8, 5, strides=3)(x)
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.5)(x))
    x = layers.Flatten()(layers.ReLU()(layers.Conv2D(16, 3)(x)))
    x = layers.Dropout(dropout)(x)
    return keras.Model(given, layers.Dense(classes, dtype="float32")(x))


config = Config(
    epochs=EPOCHS, batch_size=40, dropout=0.2, average=0.9, validation=0.2, augmentation=Augmentation(shift=2, noise=9)
)
recipe = Recipe("killed", "a small network", build, config)
"""


def begin(*arguments: object) -> subprocess.Popen[str]:
    """Start `inkread train` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "inkread", "train", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for(process: subprocess.Popen[str], words: str) -> bool:
    """Read what a process says up to a line with these words; False when it ends without them."""
    assert process.stdout is not None
    return any(words in line for line in process.stdout)


def done(folder: Path) -> int:
    """Return how many epochs are safe."""
    checkpoint = read_checkpoint(RunFolder(folder).checkpoint) if folder.exists() else None
    return len(checkpoint.epochs) if checkpoint else 0


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is of POSIX")
@pytest.mark.usefixtures("keras")
def test_twenty_kills(drawn, tmp_path):
    (tmp_path / "mine.py").write_text(RECIPE.replace("EPOCHS", str(EPOCHS)), encoding="utf-8")
    data = drawn(400)
    np.savez(tmp_path / "digits.npz", x_train=data.images, y_train=data.labels)
    options = (tmp_path / "mine.py", "--data", tmp_path / "digits.npz", "--output")
    alone = begin(*options, tmp_path / "alone")
    assert wait_for(alone, "accuracy: ")
    alone.communicate()
    rng = np.random.default_rng(20)
    folder, reached = tmp_path / "killed", [0]
    for kill in range(KILLS):
        resumed = RunFolder(folder).config.exists()
        process = begin("--resume", folder) if resumed else begin(*options, folder)
        # Some fall into the start, where the network is built and compiled, the others among the epochs.
        words, longest = (("run folder", 2.0), (f"/{EPOCHS}", 0.7))[kill % 2]
        assert wait_for(process, words), "it ended before it was killed"
        time.sleep(float(rng.uniform(0, longest)))
        process.send_signal((signal.SIGTERM, signal.SIGKILL)[int(rng.integers(2))])
        process.communicate()
        reached.append(done(folder))
        assert reached[-1] >= reached[-2], "epochs were lost"
    assert 0 < reached[-1] < EPOCHS, f"the kills were to fall into the training; epochs after each: {reached[1:]}"
    last = begin("--resume", folder)
    said, _ = last.communicate()
    assert last.returncode == 0, said
    first, second = (read_checkpoint(RunFolder(tmp_path / name).checkpoint) for name in ("alone", "killed"))
    assert first is not None
    assert second is not None
    assert len(first.epochs) == len(second.epochs) == EPOCHS
    for group in ("network", "optimizer", "kept"):
        assert all(np.array_equal(a, b) for a, b in zip(getattr(first, group), getattr(second, group), strict=True))
