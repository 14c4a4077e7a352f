from __future__ import annotations

import errno
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkread.datasets import Dataset, load
from inkread.datasets.export import export_folder, export_parts
from inkread.errors import DatasetFormatError, OutputError


@pytest.fixture
def drawn(pictures) -> Dataset:
    return Dataset(pictures(12, 5, 7), np.arange(12) * 5 % 3, ("2", "10", "b"), "drawn")


def _pairs(dataset) -> list[tuple[str, bytes]]:
    pairs = zip(dataset.labels, dataset.images, strict=True)
    return sorted((dataset.names[label], image.tobytes()) for label, image in pairs)


def _files(folder) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_exported_is_loaded_again(drawn, tmp_path):
    export_folder(drawn, tmp_path / "out")
    back = load(tmp_path / "out")
    assert back.names == drawn.names
    assert _pairs(back) == _pairs(drawn)
    # Class by class, and within a class in the order of the dataset.
    order = np.argsort(drawn.labels, kind="stable")
    assert np.array_equal(back.images, drawn.images[order])
    assert np.array_equal(back.labels, drawn.labels[order])


def test_files_bear_the_index_of_their_picture(drawn, tmp_path):
    export_folder(drawn, tmp_path)
    assert sorted(path.name for path in (tmp_path / "2").iterdir()) == ["00.png", "03.png", "06.png", "09.png"]


def test_colours_and_classes_without_pictures(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (4, 6, 3, 3), dtype=np.uint8)
    export_folder(Dataset(images, np.array([2, 0, 2, 0]), ("apple", "none", "Äpfel, süß"), "fruit"), tmp_path)
    back = load(tmp_path)
    assert back.names == ("apple", "none", "Äpfel, süß")
    assert np.array_equal(back.images, images[[1, 3, 0, 2]])


def test_parts(drawn, tmp_path):
    test = drawn.subset([4, 5])
    export_parts({"train": drawn, "test": test}, tmp_path)
    for part, dataset in (("train", drawn), ("test", test)):
        back = load(tmp_path, part)
        assert back.names == drawn.names
        assert _pairs(back) == _pairs(dataset)


def test_an_interrupted_export_goes_on(drawn, tmp_path, monkeypatch):
    written = 0
    replace = Path.replace

    def interrupted(path, target):
        nonlocal written
        written += 1
        if written == 8:
            raise KeyboardInterrupt
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        export_folder(drawn, tmp_path)
    monkeypatch.undo()
    assert len(load(tmp_path)) == 7  # what there is, is whole
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("[!.]*.png")}
    told = []
    export_folder(drawn, tmp_path, report=lambda done, total: told.append((done, total)))
    assert told == [(done, 12) for done in range(7, 13)]
    assert all(path.stat().st_mtime_ns == then for path, then in times.items())
    assert _pairs(load(tmp_path)) == _pairs(drawn)
    assert not list(tmp_path.rglob(".*"))


def test_pictures_that_another_encoder_packed_are_kept(drawn, tmp_path):
    export_folder(drawn, tmp_path)
    path = tmp_path / "2" / "00.png"
    path.write_bytes(cv2.imencode(".png", drawn.images[0], (cv2.IMWRITE_PNG_COMPRESSION, 9))[1].tobytes())
    before = _files(tmp_path)
    export_folder(drawn, tmp_path)
    assert _files(tmp_path) == before


def _other_pixels(folder, dataset):
    (folder / "b").mkdir()
    cv2.imwrite(str(folder / "b" / "01.png"), 255 - dataset.images[1])


def _other_size(folder, dataset):
    (folder / "b").mkdir()
    cv2.imwrite(str(folder / "b" / "01.png"), np.zeros((9, 9), np.uint8))


def _cut_short(folder, dataset):
    (folder / "b").mkdir()
    (folder / "b" / "01.png").write_bytes(cv2.imencode(".png", dataset.images[1])[1].tobytes()[:20])


def _another_class(folder, dataset):
    (folder / "c").mkdir()


def _another_picture(folder, dataset):
    (folder / "b").mkdir()
    cv2.imwrite(str(folder / "b" / "holiday.png"), dataset.images[1])


def _a_file(folder, dataset):
    (folder / "notes.txt").write_text("mine")


@pytest.mark.parametrize(
    "put", [_other_pixels, _other_size, _cut_short, _another_class, _another_picture, _a_file], ids=lambda p: p.__name__
)
def test_other_contents_are_left_alone(drawn, tmp_path, put):
    put(tmp_path, drawn)
    before, folders = _files(tmp_path), sorted(tmp_path.iterdir())
    with pytest.raises(OutputError, match=r"Expected a new or empty folder.*Nothing was written"):
        export_folder(drawn, tmp_path)
    assert (_files(tmp_path), sorted(tmp_path.iterdir())) == (before, folders)


def test_hidden_files_do_not_matter(drawn, tmp_path):
    (tmp_path / ".DS_Store").write_bytes(b"x")
    export_folder(drawn, tmp_path)
    assert len(load(tmp_path)) == 12


def test_parts_beside_classes_are_refused(drawn, tmp_path):
    export_folder(drawn, tmp_path)
    with pytest.raises(OutputError, match="holds something else: '10'"):
        export_parts({"train": drawn, "test": drawn}, tmp_path)


def test_nothing_of_the_first_part_is_written_when_the_second_cannot_be(drawn, tmp_path):
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "mine.txt").touch()
    with pytest.raises(OutputError, match=r"'mine\.txt'"):
        export_parts({"train": drawn, "test": drawn}, tmp_path)
    assert not (tmp_path / "train").exists()


def test_a_full_disk(drawn, tmp_path, monkeypatch):
    def full(path, contents):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match=r"No space left on device.*export again: what is written already is kept"):
        export_folder(drawn, tmp_path)
    assert not _files(tmp_path)


@pytest.mark.parametrize("name", ["file", "file/below", "nul\0byte"])
def test_a_folder_that_cannot_be(drawn, tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"Cannot export to .*expected a folder that can be written"):
        export_folder(drawn, tmp_path / name)


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "..", ".hidden", "a/b", "a\\b", "a\0b", "x" * 256, "ä" * 128, "a:b", "what?", "a\nb", "dot.", "space ",
        "nul", "COM1", "con.txt", "\udcff",
    ],
)  # fmt: skip
def test_names_that_no_folder_can_have(tmp_path, name):
    dataset = Dataset(np.zeros((2, 2, 2), np.uint8), np.array([0, 1]), ("fine", name), "drawn")
    with pytest.raises(DatasetFormatError, match="folders can have on every system, got") as caught:
        export_folder(dataset, tmp_path / "out")
    assert f"got {name!r}." in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("pair", [("a", "A"), ("straße", "STRASSE"), ("é", "e\u0301")])
def test_names_that_some_system_takes_for_one(tmp_path, pair):
    dataset = Dataset(np.zeros((2, 2, 2), np.uint8), np.array([0, 1]), pair, "drawn")
    with pytest.raises(DatasetFormatError) as caught:
        export_folder(dataset, tmp_path / "out")
    assert all(repr(name) in str(caught.value) for name in pair)


@given(st.lists(st.text(max_size=12), min_size=1, max_size=5, unique=True))
def test_any_names_are_refused_or_come_back(tmp_path_factory, names):
    folder = tmp_path_factory.mktemp("names")
    images = np.arange(len(names), dtype=np.uint8)[:, None, None].repeat(2, axis=1)
    dataset = Dataset(images, np.arange(len(names)), tuple(names), "drawn")
    try:
        export_folder(dataset, folder)
    except DatasetFormatError:
        return
    assert _pairs(load(folder)) == _pairs(dataset)


def test_a_report_ends_with_all(drawn, tmp_path):
    told = []
    many = drawn.subset(np.arange(3000) % 12)
    export_folder(many, tmp_path, report=lambda done, total: told.append((done, total)))
    assert told[0] == (0, 3000)
    assert told[-1] == (3000, 3000)
    assert len(told) < 600
