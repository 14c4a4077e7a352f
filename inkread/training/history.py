"""The history of a training: what each epoch gave, as CSV and as events for TensorBoard."""

from __future__ import annotations

import csv
import math
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from inkread.files import replacing

__all__ = ["Epoch", "Events", "best_epoch", "columns", "write_history"]


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one pass over the training pictures gave.

    Attributes:
        number: From 1.
        loss: Mean over the training pictures as they were shown, augmented.
        accuracy: The same.
        validation_loss: On the validation pictures as they are; not a number where there are none.
        validation_accuracy: The same.
        seconds: Since the training began, compilation counted, pauses between a cut and its resumption not.
    """

    number: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    seconds: float

    @property
    def judged(self) -> bool:
        """Whether there were validation pictures."""
        return not math.isnan(self.validation_accuracy)


def best_epoch(epochs: Sequence[Epoch]) -> Epoch | None:
    """Return the epoch of best validation accuracy, among equals the one of least loss; None without validation."""
    judged = [epoch for epoch in epochs if epoch.judged]
    return max(judged, key=lambda e: (e.validation_accuracy, -e.validation_loss), default=None)


def columns(epochs: Sequence[Epoch]) -> dict[str, list[float]]:
    """Return the history by column."""
    return {f.name: [getattr(epoch, f.name) for epoch in epochs] for f in fields(Epoch)}


def write_history(path: Path, epochs: Sequence[Epoch]) -> None:
    """Write a CSV file with a line per epoch; what is not a number is left empty.

    Raises:
        OutputError: It cannot be written.
    """
    with replacing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns(()))
        for epoch in epochs:
            values = [getattr(epoch, f.name) for f in fields(Epoch)]
            writer.writerow("" if math.isnan(value) else value for value in values)


class Events:
    """Writes the history for TensorBoard, training and validation as two runs that share their plots.

    Args:
        folder: For the events; what is there of an earlier part of the training is written anew.
        epochs: Those that are over already.
    """

    def __init__(self, folder: Path, epochs: Sequence[Epoch]) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._folder = folder
        self._writers: dict[str, Any] = {}
        for epoch in epochs:
            self.add(epoch)

    def add(self, epoch: Epoch) -> None:
        """Append an epoch, on disk when this returns."""
        self._add("train", epoch.number, {"loss": epoch.loss, "accuracy": epoch.accuracy})
        if epoch.judged:
            values = {"loss": epoch.validation_loss, "accuracy": epoch.validation_accuracy}
            self._add("validation", epoch.number, values)

    def close(self) -> None:
        """Close the files."""
        for writer in self._writers.values():
            writer.close()

    def _add(self, part: str, number: int, values: Mapping[str, float]) -> None:
        # The writer for whole summaries hands its events to a thread, and they reach the disk minutes later.
        from tensorboardX.event_file_writer import EventsWriter
        from tensorboardX.proto.event_pb2 import Event
        from tensorboardX.summary import scalar

        if part not in self._writers:
            (self._folder / part).mkdir(parents=True)
            self._writers[part] = EventsWriter(str(self._folder / part / "events"))
        for name, value in values.items():
            self._writers[part].write_event(Event(wall_time=time.time(), step=number, summary=scalar(name, value)))
        self._writers[part].flush()
