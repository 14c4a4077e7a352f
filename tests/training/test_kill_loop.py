"""Twenty kills at random moments: the training ends with the weights of one that was left alone."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest

from inkread.training.checkpoint import read_checkpoint
from inkread.training.folder import RunFolder

KILLS = 20
EPOCHS = 50  # more than the kills leave time for
ROW = f"/{EPOCHS} "  # of each epoch on the terminal
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
    """Start `inkread train` as a user does."""
    return subprocess.Popen(
        [sys.executable, "-m", "inkread", "train", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def command(said: Connection, arguments: list[str]) -> None:
    """Run `inkread train` in this process, and send what goes to the terminal."""
    from inkread.__main__ import main

    for stream in (1, 2):
        os.dup2(said.fileno(), stream)
    sys.argv = ["inkread", "train", *arguments]
    main()


class Victims:
    """Starts processes that have imported Keras already: its seconds, twenty times, are most of what they would take.

    They come from a server that has imported it and has one thread, so that nothing is lost when it forks.
    """

    def __init__(self) -> None:
        self._server = multiprocessing.get_context("forkserver")
        self._server.set_forkserver_preload(["keras", "tensorflow", "inkread.training.watch", __name__])

    def killed(self, arguments: tuple[object, ...], words: str, times: int, pause: float, kind: int) -> bool:
        """Run `inkread train` until it has said some words so many times, and kill it after a pause.

        It is killed when the next epoch is over at the latest: it may be faster by now than when the pause was chosen.
        Returns whether it had not ended before.
        """
        received, sent = self._server.Pipe(duplex=False)
        process = self._server.Process(target=command, args=(sent, [*map(str, arguments)]))
        process.start()
        sent.close()
        with received, os.fdopen(os.dup(received.fileno()), encoding="utf-8", errors="replace") as said:
            alive = all(wait_for(said, words) for _ in range(times))
            blow = threading.Timer(pause, kill, (process.pid, kind))
            blow.start()
            wait_for(said, ROW)
            blow.cancel()
            blow.join()
            kill(process.pid, kind)
            process.join()
        alive = alive and process.exitcode == -kind
        process.close()
        return alive


def kill(number: int | None, kind: int) -> None:
    """Send a signal to a process that may have ended."""
    assert number
    with suppress(ProcessLookupError):
        os.kill(number, kind)


def wait_for(said: Iterator[str], words: str) -> bool:
    """Read what a process says up to a line with these words; False when it ends without them."""
    return any(words in line for line in said)


def done(folder: Path) -> int:
    """Return how many epochs are safe."""
    checkpoint = read_checkpoint(RunFolder(folder).checkpoint) if folder.exists() else None
    return len(checkpoint.epochs) if checkpoint else 0


def left_alone(*options: object) -> tuple[float, float]:
    """Train without a kill; return how many seconds the start took, and an epoch."""
    process = begin(*options)
    times = []
    assert process.stdout is not None
    for words in ("run folder", f"1/{EPOCHS}", f"{EPOCHS}/{EPOCHS}"):
        assert wait_for(process.stdout, words)
        times.append(time.monotonic())
    process.communicate()
    assert process.returncode == 0
    return times[1] - times[0], (times[2] - times[1]) / (EPOCHS - 1)


@pytest.mark.long
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is of POSIX")
@pytest.mark.usefixtures("keras")
def test_twenty_kills(drawn, tmp_path):
    (tmp_path / "mine.py").write_text(RECIPE.replace("EPOCHS", str(EPOCHS)), encoding="utf-8")
    data = drawn(400)
    np.savez(tmp_path / "digits.npz", x_train=data.images, y_train=data.labels)
    options = (tmp_path / "mine.py", "--data", tmp_path / "digits.npz", "--output")
    start, epoch = left_alone(*options, tmp_path / "alone")
    rng = np.random.default_rng(20)
    folder, reached, victims = tmp_path / "killed", [0], Victims()
    for number in range(KILLS):
        arguments = ("--resume", folder) if RunFolder(folder).config.exists() else (*options, folder)
        # Some fall into the start, where the network is built and compiled, the others among the epochs.
        words, longest = (("run folder", start), (ROW, epoch))[number % 2]
        times = int(rng.integers(1, 3)) if number % 2 else 1
        kind = (signal.SIGTERM, signal.SIGKILL)[int(rng.integers(2))]
        pause = float(rng.uniform(0, longest))
        assert victims.killed(arguments, words, times, pause, kind), "it ended before it was killed"
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
