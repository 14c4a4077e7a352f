"""The history on disk: as CSV, and as events that TensorBoard reads."""

from __future__ import annotations

import csv
import dataclasses
import math
import struct

import pytest

from inkread.training.history import Epoch, Events, best_epoch, columns, write_history

pytest.importorskip("tensorboardX")

NAN = math.nan
EPOCHS = [
    Epoch(1, 0.9, 0.5, 0.7, 0.6, 10.0),
    Epoch(2, 0.5, 0.75, 0.6, 0.8, 20.5),
    Epoch(3, 0.25, 0.9, 0.65, 0.8, 30.125),
]
UNJUDGED = [dataclasses.replace(epoch, validation_loss=NAN, validation_accuracy=NAN) for epoch in EPOCHS]


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_line_for_each_epoch(tmp_path):
    write_history(tmp_path / "history.csv", EPOCHS)
    read = [{key: float(value) for key, value in row.items()} for row in rows(tmp_path / "history.csv")]
    assert read == [dataclasses.asdict(epoch) for epoch in EPOCHS]
    assert list(read[0]) == ["number", "loss", "accuracy", "validation_loss", "validation_accuracy", "seconds"]
    assert [path.name for path in tmp_path.iterdir()] == ["history.csv"]


def test_numbers_are_written_to_the_last_digit(tmp_path):
    write_history(tmp_path / "history.csv", [Epoch(1, 1 / 3, 2 / 3, 1e-17, 0.1 + 0.2, 1e5)])
    row = rows(tmp_path / "history.csv")[0]
    assert [float(value) for value in row.values()] == [1, 1 / 3, 2 / 3, 1e-17, 0.1 + 0.2, 1e5]


def test_what_was_not_judged_is_empty(tmp_path):
    write_history(tmp_path / "history.csv", UNJUDGED)
    for row in rows(tmp_path / "history.csv"):
        assert row["validation_loss"] == row["validation_accuracy"] == ""
        assert float(row["loss"]) > 0


def test_a_longer_history_takes_the_place_of_a_shorter_one(tmp_path):
    for count in (0, 1, 3, 2):
        write_history(tmp_path / "history.csv", EPOCHS[:count])
        assert [int(row["number"]) for row in rows(tmp_path / "history.csv")] == [1, 2, 3][:count]


def test_the_history_by_column():
    assert columns(EPOCHS)["number"] == [1, 2, 3]
    assert columns(EPOCHS)["validation_accuracy"] == [0.6, 0.8, 0.8]
    assert columns(()) == {field.name: [] for field in dataclasses.fields(Epoch)}


def test_whether_an_epoch_was_judged():
    assert EPOCHS[0].judged
    assert not UNJUDGED[0].judged


def judged(*figures):
    return [Epoch(i, 1.0, 0.0, loss, accuracy, 1.0) for i, (accuracy, loss) in enumerate(figures, 1)]


@pytest.mark.parametrize(
    ("epochs", "best"),
    [
        (EPOCHS, 2),  # as many right as the third, with less loss
        (judged((0.5, 0.1), (0.6, 0.9), (0.55, 0.2)), 2),  # the accuracy counts first
        (judged((0.5, 0.4), (0.5, 0.3), (0.5, 0.5)), 2),
        (judged((0.5, 0.4), (0.5, 0.4)), 1),  # the first of equals, so that patience ends
        (judged((0.0, 9.0)), 1),
        ([UNJUDGED[0], EPOCHS[1], UNJUDGED[2]], 2),
    ],
)
def test_the_best_epoch(epochs, best):
    assert best_epoch(epochs) is epochs[best - 1]


@pytest.mark.parametrize("epochs", [[], UNJUDGED])
def test_nothing_judged_has_no_best(epochs):
    assert best_epoch(epochs) is None


def scalars(folder):
    """Read the event files of a folder, frame by frame: (step, tag) to all values that were written."""
    from tensorboardX.proto.event_pb2 import Event

    found = {}
    for path in sorted(folder.iterdir()):
        data, place = path.read_bytes(), 0
        while place < len(data):
            (length,) = struct.unpack_from("<Q", data, place)
            assert place + length + 16 <= len(data), "the last record is cut short"
            event = Event.FromString(data[place + 12 : place + 12 + length])
            place += length + 16  # the length, its checksum, the record, its checksum
            for value in event.summary.value:
                found.setdefault((event.step, value.tag), []).append(value.simple_value)
    return found


def expected(epochs, loss, accuracy):
    pairs = {
        (epoch.number, tag): getattr(epoch, name)
        for epoch in epochs
        for tag, name in zip(("loss", "accuracy"), (loss, accuracy), strict=True)
    }
    return {key: [pytest.approx(value)] for key, value in pairs.items()}


def holds(folder, epochs):
    assert scalars(folder / "train") == expected(epochs, "loss", "accuracy")
    assert scalars(folder / "validation") == expected(epochs, "validation_loss", "validation_accuracy")


def test_events_of_both_parts_can_be_read_again(tmp_path):
    events = Events(tmp_path / "events", [])
    for count, epoch in enumerate(EPOCHS, 1):
        events.add(epoch)
        holds(tmp_path / "events", EPOCHS[:count])  # on disk at once, not when the file is closed
    events.close()
    holds(tmp_path / "events", EPOCHS)
    assert {path.name for path in (tmp_path / "events").iterdir()} == {"train", "validation"}


def test_a_training_that_goes_on_leaves_no_doubles(tmp_path):
    first = Events(tmp_path / "events", [])
    for epoch in EPOCHS[:2]:
        first.add(epoch)
    first.close()
    # The cut fell after the second epoch's events and before its checkpoint.
    second = Events(tmp_path / "events", EPOCHS[:1])
    holds(tmp_path / "events", EPOCHS[:1])
    other = dataclasses.replace(EPOCHS[1], loss=0.125)
    second.add(other)
    second.close()
    holds(tmp_path / "events", [EPOCHS[0], other])


def test_without_validation_there_is_one_part(tmp_path):
    events = Events(tmp_path / "events", UNJUDGED)
    events.close()
    assert [path.name for path in (tmp_path / "events").iterdir()] == ["train"]
    assert scalars(tmp_path / "events" / "train") == expected(UNJUDGED, "loss", "accuracy")


def test_a_training_writes_them(keras, tiny, drawn, tmp_path):
    from inkread.training.fit import fit
    from inkread.training.folder import RunFolder

    folder = RunFolder.new(tmp_path / "run")
    fitted = fit(tiny, drawn(100), dataclasses.replace(tiny.config, epochs=2), folder=folder)
    holds(folder.events, fitted.epochs)
    assert [int(row["number"]) for row in rows(folder.history)] == [1, 2]
