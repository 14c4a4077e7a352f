"""A training that is cut goes on to the same result; nothing that was learned is lost."""

from __future__ import annotations

import dataclasses
import errno
import functools
import resource
import shutil

import numpy as np
import pytest

from inkread import Predictor
from inkread.errors import OutputError, TrainingError, UsageError
from inkread.training.augment import Augmentation
from inkread.training.checkpoint import read_checkpoint
from inkread.training.folder import RunFolder
from inkread.training.listener import Listener
from inkread.training.recipes import RECIPES
from inkread.training.run import resume, train

SETTINGS = {
    "muon": {},
    "adam, dropout, averaged weights": {"optimizer": "adam", "dropout": 0.3, "average": 0.9},
    "sgd, bent pictures": {"optimizer": "sgd", "augmentation": Augmentation(shift=2, elastic=1, noise=9)},
    "the best epoch": {"optimizer": "adam", "keep": "best", "learning_rate": 0.05},
    "bfloat16": {"precision": "mixed_bfloat16"},
}


@pytest.fixture
def known(tiny, monkeypatch):
    """The tiny recipe under its name, as a resumed run looks it up."""
    monkeypatch.setitem(RECIPES, "tiny", tiny)
    return tiny


@pytest.fixture(scope="module")
def digits(drawn):
    return drawn(300)


@pytest.fixture(scope="module")
def whole(tiny, digits, tmp_path_factory):
    """Return a function that trains without a cut; what is alike is made once: leave its folder as it is."""

    @functools.cache
    def trained(**changes):
        config = dataclasses.replace(tiny.config, **changes)
        return train(tiny, digits, config, folder=tmp_path_factory.mktemp("whole") / "run")

    return trained


@pytest.fixture
def finished(known, whole, tmp_path):
    """A finished run in a folder of its own."""
    run = whole()
    folder = shutil.copytree(run.folder, tmp_path / "run")
    return dataclasses.replace(run, folder=folder, model=folder / run.model.name)


def cut_after(number, cut=KeyboardInterrupt):
    def on_epoch(epoch):
        if epoch.number == number:
            raise cut

    return Listener(on_epoch=on_epoch)


def weights(run, keras):
    return keras.saving.load_model(run.folder / "weights.keras").get_weights()


def same(run, other, keras):
    pairs = zip(weights(run, keras), weights(other, keras), strict=True)
    pictures = np.random.default_rng(0).integers(0, 256, (50, 28, 28), dtype=np.uint8)
    answers = [Predictor(r.model).predict_proba(pictures) for r in (run, other)]
    return all(np.array_equal(a, b) for a, b in pairs) and np.array_equal(*answers)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_cut_training_goes_on_to_the_same_result(known, digits, keras, tmp_path, name):
    config = dataclasses.replace(known.config, epochs=4, **SETTINGS[name])
    whole = train(known, digits, config, folder=tmp_path / "whole")
    for number in (1, 3):
        with pytest.raises(KeyboardInterrupt):
            if number == 1:
                train(known, digits, config, folder=tmp_path / "cut", listener=cut_after(1))
            else:
                resume(tmp_path / "cut", digits, listener=cut_after(3))
    resumed = resume(tmp_path / "cut", digits)
    assert same(whole, resumed, keras)
    rows = [dataclasses.replace(epoch, seconds=0) for epoch in resumed.epochs]
    assert rows == [dataclasses.replace(epoch, seconds=0) for epoch in whole.epochs]
    assert all(a.seconds < b.seconds for a, b in zip(resumed.epochs, resumed.epochs[1:], strict=False))
    assert (tmp_path / "cut" / "history.csv").read_text(encoding="utf-8").count("\n") == 5


def test_a_blend_lies_between_the_weights_before_and_after(known, whole, digits, keras, tmp_path):
    before, config = whole(), dataclasses.replace(known.config, epochs=2, seed=1)
    after = train(known, digits, config, folder=tmp_path / "after", weights=before.folder)
    blend = dataclasses.replace(config, blend=0.25)
    blended = train(known, digits, blend, folder=tmp_path / "blended", weights=before.folder)
    for a, b, c in zip(*(weights(run, keras) for run in (before, after, blended)), strict=True):
        np.testing.assert_allclose(0.75 * a + 0.25 * b, c, atol=1e-6)
    moved = shutil.copytree(before.folder, tmp_path / "before")
    with pytest.raises(KeyboardInterrupt):
        train(known, digits, blend, folder=tmp_path / "cut", weights=moved, listener=cut_after(1))
    shutil.rmtree(moved)  # they are in the checkpoint
    assert same(blended, resume(tmp_path / "cut", digits), keras)


ENDING = {"epochs": 2, "learning_rate": 0.002, "blend": 0.5, "augmentation": {"shift": 0.0}}


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_training_with_an_ending(known, digits, keras, tmp_path, cut):
    bent = Augmentation(shift=2)
    main = dataclasses.replace(known.config, epochs=2, dropout=0.2, augmentation=bent)
    before = train(known, digits, main, folder=tmp_path / "before")
    config = dataclasses.replace(main, ending=ENDING)
    both = train(known, digits, config, folder=tmp_path / "both")
    assert len(both.epochs) == config.all_epochs == 4
    begun = [dataclasses.replace(epoch, seconds=0) for epoch in both.epochs[:2]]
    assert begun == [dataclasses.replace(epoch, seconds=0) for epoch in before.epochs]  # up to there as without it
    with pytest.raises(KeyboardInterrupt):
        train(known, digits, config, folder=tmp_path / "cut", listener=cut_after(cut))
    assert same(both, resume(tmp_path / "cut", digits), keras)
    config = dataclasses.replace(config, ending={**ENDING, "blend": 1.0})
    alone = train(known, digits, config, folder=tmp_path / "alone")
    for a, b, c in zip(*(weights(run, keras) for run in (before, alone, both)), strict=True):
        np.testing.assert_allclose((a + b) / 2, c, atol=1e-6)


def test_blends_and_endings_that_cannot_be(known, whole, digits, coloured, tmp_path):
    blend = dataclasses.replace(known.config, blend=0.5)
    with pytest.raises(UsageError, match="weights to begin with"):
        train(known, digits, blend, folder=tmp_path / "run")
    patient = dataclasses.replace(known.config, patience=2, ending=ENDING)
    with pytest.raises(UsageError, match="no patience with an ending"):
        train(known, digits, patient, folder=tmp_path / "run")
    others = dataclasses.replace(coloured, images=coloured.images[..., 0])
    with pytest.raises(TrainingError, match="the same classes"):
        train(known, others, blend, folder=tmp_path / "run", weights=whole().folder)


def test_a_cut_within_an_epoch_costs_that_epoch(known, whole, digits, keras, tmp_path):
    config = dataclasses.replace(known.config, epochs=3)

    def report(done, total, text):
        if text == "epoch 3":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(known, digits, config, folder=tmp_path / "cut", listener=Listener(report=report))
    assert len(read_checkpoint(RunFolder(tmp_path / "cut").checkpoint).epochs) == 2
    assert same(whole(epochs=3), resume(tmp_path / "cut", digits), keras)


def test_early_stopping_stops_at_the_same_epoch(known, digits, keras, tmp_path):
    config = dataclasses.replace(known.config, epochs=40, patience=2, learning_rate=0.05)
    whole = train(known, digits, config, folder=tmp_path / "whole")
    assert 3 <= len(whole.epochs) < 40
    with pytest.raises(KeyboardInterrupt):
        train(known, digits, config, folder=tmp_path / "cut", listener=cut_after(len(whole.epochs)))
    resumed = resume(tmp_path / "cut", digits)  # it was over already, and is not trained any further
    assert len(resumed.epochs) == len(whole.epochs)
    assert same(whole, resumed, keras)


def test_a_finished_run_is_finished_again_without_training(finished, digits, keras, tmp_path):
    finished.model.rename(tmp_path / "before.onnx")

    def trained(*_):
        pytest.fail("it was trained again")

    again = resume(finished.folder, digits, listener=Listener(report=trained, on_epoch=trained))
    assert same(dataclasses.replace(finished, model=tmp_path / "before.onnx"), again, keras)


def test_what_a_kill_left_half_written_is_removed(finished, digits):
    (finished.folder / ".part-17-checkpoint.npz").write_bytes(b"half")
    resume(finished.folder, digits)
    assert not list(finished.folder.glob(".part-*"))


def test_data_that_changed_since(finished, digits, drawn):
    before = (finished.folder / "checkpoint.npz").read_bytes()
    with pytest.raises(TrainingError, match=r"'drawn' is not the same: its fingerprint was .*--weights"):
        resume(finished.folder, drawn(300, seed=1))
    assert (finished.folder / "checkpoint.npz").read_bytes() == before


def test_a_folder_that_is_no_runs(digits, tmp_path):
    with pytest.raises(UsageError, match=r"Expected the folder of a run, got .* without a config\.toml"):
        resume(tmp_path, digits)
    (tmp_path / "config.toml").write_text("epochs = 3\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"recipe, data and name in the table \[run\]"):
        resume(tmp_path, digits)


@pytest.mark.parametrize(
    "damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b[:200] + b"\xff" * 50 + b[250:]]
)
def test_a_damaged_checkpoint(finished, digits, damage):
    path = finished.folder / "checkpoint.npz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(TrainingError, match=r"checkpoint .*damaged.*--weights"):
        resume(finished.folder, digits)


def test_a_checkpoint_of_another_network(finished, digits):
    text = finished.folder.joinpath("config.toml").read_text(encoding="utf-8")
    finished.folder.joinpath("config.toml").write_text(text.replace('"muon"', '"adam"'), encoding="utf-8")
    with pytest.raises(TrainingError, match="of another network or optimizer"):
        resume(finished.folder, digits)


def test_a_full_disk_leaves_the_last_checkpoint(known, whole, digits, keras, tmp_path):
    config = dataclasses.replace(known.config, epochs=3)
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(epoch):
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, unlimited[1]))  # no file may become larger from now on

    try:
        with pytest.raises(OutputError, match=r"Cannot write .*checkpoint.*up to epoch 1 is safe.*--resume"):
            train(known, digits, config, folder=tmp_path / "cut", listener=Listener(on_epoch=fill))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert not list((tmp_path / "cut").glob(".part-*"))
    assert same(whole(epochs=3), resume(tmp_path / "cut", digits), keras)


@pytest.mark.parametrize("file", ["weights.keras", "history.csv"])
def test_no_room_for_a_file_beside_the_checkpoint(known, whole, digits, keras, tmp_path, monkeypatch, file):
    """The checkpoint is written first: the epoch counts, and the other files are made from it again."""
    from inkread.training import watch

    config = dataclasses.replace(known.config, epochs=2)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(watch, "save" if file == "weights.keras" else "write_history", full)
        with pytest.raises(OutputError, match=r"No space left.*up to epoch 1 is safe"):
            train(known, digits, config, folder=tmp_path / "cut")
    assert same(whole(epochs=2), resume(tmp_path / "cut", digits), keras)
