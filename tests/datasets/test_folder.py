from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import inkread
from inkread.datasets import load
from inkread.errors import DatasetFormatError, DatasetNotFoundError

GRAY = np.arange(20, dtype=np.uint8).reshape(4, 5)


@pytest.fixture
def put(tmp_path):
    """Return a function that saves a picture below the folder of the set."""

    def put(name, picture=GRAY, **options):
        path = tmp_path / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        picture.save(path, **options)
        return tmp_path / "set"

    return put


def test_classes_are_in_natural_order(put):
    for name in ("10/a.png", "2/a.png", "b/a.png", "A/a.png", "2/b10.png", "2/b9.png"):
        folder = put(name, np.full((4, 5), len(name), np.uint8))
    data = load(folder)
    assert data.names == ("2", "10", "A", "b")
    assert data.labels.tolist() == [0, 0, 0, 1, 2, 3]
    assert data.images[:3, 0, 0].tolist() == [len("2/a.png"), len("2/b9.png"), len("2/b10.png")]
    assert data.images.shape == (6, 4, 5)


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif", "gif", "pgm"])
def test_formats_without_loss(put, suffix):
    assert np.array_equal(load(put(f"0/a.{suffix}")).images[0], GRAY)


@pytest.mark.parametrize("suffix", ["jpg", "webp"])
def test_formats_with_loss(put, suffix):
    images = load(put(f"0/a.{suffix}", np.full((16, 16), 90, np.uint8))).images
    assert np.allclose(images[0].astype(int), 90, atol=3)


def test_the_kinds_of_gray(put):
    gray = np.array([[0, 255, 255], [255, 0, 0]], np.uint8)
    folder = put("0/1.png", Image.fromarray(gray).convert("1"))
    put("0/8.png", Image.fromarray(gray))
    put("0/16.png", Image.fromarray(gray.astype(np.uint16) * 257))
    put("0/p.png", Image.fromarray(gray).convert("P"))
    put("0/la.png", Image.merge("LA", [Image.fromarray(gray), Image.new("L", (3, 2), 255)]))
    data = load(folder)
    assert data.images.shape == (5, 2, 3)
    assert all(np.array_equal(image, gray) for image in data.images)


def test_sixteen_bits_are_rounded(put):
    values = np.array([[0, 128, 129, 257, 65534, 65535, 32896]], np.uint16)
    images = load(put("0/a.png", Image.fromarray(values))).images
    assert images[0, 0].tolist() == [0, 0, 1, 1, 255, 255, 128]


def test_one_picture_in_colour_makes_all_rgb(put):
    red = Image.new("RGB", (5, 4), (255, 0, 0))
    folder = put("0/a.png", red)
    put("1/b.png", GRAY)
    put("1/c.png", red.convert("P", palette=Image.Palette.ADAPTIVE))
    images = load(folder).images
    assert images.shape == (3, 4, 5, 3)
    assert images[0, 0, 0].tolist() == images[2, 0, 0].tolist() == [255, 0, 0]
    assert np.array_equal(images[1], np.stack([GRAY] * 3, axis=-1))


def test_what_is_transparent_is_white(put):
    clear = Image.new("LA", (5, 4), (0, 0))
    clear.putpixel((1, 2), (0, 255))
    images = load(put("0/a.png", clear)).images
    assert images.shape == (1, 4, 5)
    assert images[0, 2, 1] == 0
    assert np.count_nonzero(images == 255) == 19
    colour = load(put("0/a.png", Image.new("RGBA", (5, 4), (200, 0, 0, 0)))).images
    assert colour.shape == (1, 4, 5, 3)
    assert np.all(colour == 255)


def test_exif_orientation_is_applied(put):
    exif = Image.Exif()
    exif[0x0112] = 6
    images = load(put("0/a.png", GRAY, exif=exif)).images
    assert np.array_equal(images[0], np.rot90(GRAY, -1))


def test_parts(put):
    for name in ("train/a/1.png", "train/a/2.png", "train/c/1.png", "test/b/1.png", "val/d/1.png"):
        folder = put(name)
    train, test = load(folder), load(folder, "test")
    # Both know the classes of both; val is not used.
    assert train.names == test.names == ("a", "b", "c")
    assert train.labels.tolist() == [0, 0, 2]
    assert test.labels.tolist() == [1]


def test_missing_parts(put):
    folder = put("train/a/1.png")
    with pytest.raises(DatasetNotFoundError, match="has no part 'test': it has only 'train'"):
        load(folder, "test")
    with pytest.raises(DatasetNotFoundError, match=r"not divided into parts.* a folder with train/ and test/ in it"):
        load(folder / "train", "test")


def test_a_class_called_test(put):
    put("exam/1.png")
    assert load(put("test/1.png")).names == ("exam", "test")


def test_hidden_files_and_litter_are_passed_over(put):
    folder = put("0/a.png")
    (folder / ".git").mkdir()
    (folder / "0" / ".DS_Store").write_bytes(b"x")
    (folder / "0" / "Thumbs.db").write_bytes(b"x")
    (folder / "README.txt").write_text("about the set")
    data = load(folder)
    assert len(data) == 1
    assert data.names == ("0",)


def test_sizes_that_differ_name_both_files(put):
    put("0/a.png")
    folder = put("1/b.png", np.zeros((7, 6), np.uint8))
    with pytest.raises(DatasetFormatError) as caught:
        load(folder)
    first, second = folder / "0" / "a.png", folder / "1" / "b.png"
    assert f"expected pictures of one size, got 5 x 4 in {first} and 6 x 7 in {second}" in str(caught.value)
    assert "Resize them to one size first" in str(caught.value)


def test_sizes_that_differ_are_brought_into_one_form_where_asked(put, draw_digit):
    folder = put("0/a.png", np.full((9, 9), 255, np.uint8))
    put("7/b.png", draw_digit(7, 80))
    put("7/c.png", Image.fromarray(draw_digit(7, 40)).convert("RGB"))
    data = load(folder, any_size=True)
    assert data.images.shape == (3, 28, 28)
    assert "The 3 pictures differ in size" in data.note
    assert data.subset([0]).note == data.note
    assert np.array_equal(data.images[1], inkread.normalize(draw_digit(7, 80)))  # the one path
    assert data.images[0].max() == 0  # blank
    (folder / "0" / "a.png").unlink()
    put("0/a.png", draw_digit(0, 80))
    (folder / "7" / "c.png").unlink()
    same = load(folder, any_size=True)
    assert (same.images.shape, same.note) == ((2, 80, 80), "")


@pytest.mark.parametrize("contents", [b"", b"no picture", b"%!PS-Adobe-3.0\n", None])
def test_an_unreadable_picture_is_named(put, contents):
    folder = put("0/a.png")
    bad = folder / "0" / "b.png"
    bad.write_bytes((folder / "0" / "a.png").read_bytes()[:-30] if contents is None else contents)
    with pytest.raises(
        DatasetFormatError, match=r"expected a picture .* got a file that cannot be read as one"
    ) as caught:
        load(folder)
    assert str(caught.value).startswith(str(bad))


def test_several_frames(put):
    frames = [Image.new("L", (5, 4), value) for value in (0, 99)]
    folder = put("0/a.gif", frames[0], save_all=True, append_images=frames[1:])
    with pytest.raises(DatasetFormatError, match="expected a file of one picture, got one of 2"):
        load(folder)


def test_floats(put):
    folder = put("0/a.tif", Image.fromarray(np.zeros((4, 5), np.float32)))
    with pytest.raises(DatasetFormatError, match="expected 8 or 16 bits a pixel, got floats"):
        load(folder)


def test_values_beyond_sixteen_bits(put):
    folder = put("0/a.tif", Image.fromarray(np.full((4, 5), 70_000, np.int32)))
    with pytest.raises(DatasetFormatError, match=r"got values 70000\.\.70000"):
        load(folder)


def test_a_picture_too_large(put, monkeypatch):
    folder = put("0/a.png")
    monkeypatch.setattr("inkread.datasets.folder._MAX_PIXELS", 19)
    with pytest.raises(DatasetFormatError, match="expected a picture of at most 19 pixels, got 5 x 4"):
        load(folder)


def test_a_decompression_bomb(put, monkeypatch):
    folder = put("0/a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 15)
    with pytest.raises(DatasetFormatError, match="decompression bomb"):
        load(folder)


def test_a_set_too_large(put, monkeypatch):
    put("0/a.png")
    folder = put("0/b.png")
    monkeypatch.setattr("inkread.datasets.folder.MAX_BYTES", 39)
    with pytest.raises(DatasetFormatError, match="expected at most 39 bytes of pixels, got 2 pictures of 5 x 4"):
        load(folder)


def test_a_folder_within_a_class(put):
    with pytest.raises(DatasetFormatError, match="expected only pictures in a class folder, got the folder 'deep'"):
        load(put("0/deep/a.png"))


def test_classes_without_pictures(tmp_path):
    (tmp_path / "0").mkdir()
    with pytest.raises(DatasetFormatError, match="expected pictures in a folder for each class, got 1 folders without"):
        load(tmp_path)
