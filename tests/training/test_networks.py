"""What every network promises: any named classes, gray or in colour, from pictures to a model file that names them."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import inkread
from inkread.__main__ import main
from inkread.datasets import Dataset, load
from inkread.training.recipes import RECIPES

pytestmark = pytest.mark.usefixtures("keras")

NAMES = ("ankle boot", "bag", "trouser")
RED, GREEN, BLUE = (255, 60, 60), (60, 255, 60), (80, 80, 255)
_OUTLINES = {
    "ankle boot": [(8, 4), (15, 4), (16, 15), (25, 18), (25, 23), (7, 23)],
    "bag": [(3, 11), (24, 11), (25, 24), (2, 24)],
    "trouser": [(8, 3), (19, 3), (21, 25), (15, 25), (13, 10), (11, 25), (6, 25)],
}


def wear(name, rng):
    """Draw a thing to wear, light on black, (28, 28)."""
    picture = np.zeros((28, 28), np.uint8)
    outline = np.array(_OUTLINES[name]) + rng.integers(-2, 3, (1, 2)) + rng.uniform(-1, 1, (len(_OUTLINES[name]), 2))
    shade = int(rng.integers(120, 256))
    cv2.fillPoly(picture, [(16 * outline).round().astype(np.int32)], shade, cv2.LINE_AA, 4)
    if name == "bag":
        cv2.ellipse(picture, (13, 11), (6, 7), 0, 180, 360, shade, 2, cv2.LINE_AA)
    return picture


def closet(count, seed=0):
    """Gray pictures in the form of Fashion-MNIST."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(NAMES)
    return Dataset(np.stack([wear(NAMES[label], rng) for label in labels]), labels, NAMES, "drawn")


def flags(count, seed=0):
    """Colour pictures of squares, whose class is their colour and nothing else."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    images = rng.integers(0, 50, (count, 28, 28, 3)).astype(np.uint8)
    for picture, label in zip(images, labels, strict=True):
        x, y = rng.integers(2, 8, 2)
        cv2.rectangle(picture, (int(x), int(y)), (int(x) + 16, int(y) + 16), (RED, GREEN, BLUE)[label], -1)
    return Dataset(images, labels, ("red", "green", "blue"), "drawn")


def as_npz(data, folder):
    """Named as text, so that the order of the classes is not that of the numbers here."""
    np.savez(folder / "set.npz", x_train=data.images, y_train=np.array(data.names)[data.labels])
    return folder / "set.npz"


def as_folders(data, folder):
    for i, (picture, label) in enumerate(zip(data.images, data.labels, strict=True)):
        (folder / "set" / data.names[label]).mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(folder / "set" / data.names[label] / f"{i}.png")
    return folder / "set"


# Every recipe is trained on one kind of set, every kind of set with two recipes.
TRAININGS = [
    ("default", closet, as_npz),
    ("cnn-2conv", flags, as_npz),
    ("cnn-3conv", closet, as_folders),
    ("lenet", flags, as_folders),
    ("cnn-dropout", closet, as_npz),
    ("dense", flags, as_folders),
    ("tiny", closet, as_folders),
    ("best", flags, as_npz),
]


def test_every_recipe_is_trained_here():
    assert {name for name, *_ in TRAININGS} == set(RECIPES)


@pytest.mark.parametrize(("name", "make", "store"), TRAININGS, ids=[f"{n}, {m.__name__}" for n, m, _ in TRAININGS])
def test_named_classes_from_the_command_to_the_model_file(name, make, store, tmp_path, monkeypatch, capsys):
    source = store(make(300), tmp_path)
    usual = ("--epochs", 6, "--batch-size", 16, "--validation", 0.1, "--precision", "float32", "--learning-rate", 0.003)
    arguments = ("train", name, "--data", source, "--output", tmp_path / "run", *usual)
    monkeypatch.setattr(sys, "argv", ["inkread", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        main()
    out, err = capsys.readouterr()
    assert not caught.value.code, err
    predictor = inkread.Predictor(Path(out.strip()))
    fresh = make(150, seed=1)
    assert set(predictor.labels) == set(fresh.names)
    assert predictor.card.shape == fresh.images.shape[1:]
    assert predictor.card.preprocessing is None  # pictures go in as they are
    named = [predictor.labels[answer] for answer in predictor.predict(fresh.images)]
    right = [given == fresh.names[label] for given, label in zip(named, fresh.labels, strict=True)]
    assert np.mean(right) > 0.9
    assert np.allclose(predictor.predict_proba(fresh.images).sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(("make", "store"), [(closet, as_npz), (flags, as_folders)])
def test_both_ways_to_store_a_set_give_the_same_names(make, store, tmp_path):
    data, read = make(30), load(store(make(30), tmp_path))
    assert sorted(read.names) == sorted(data.names)
    assert read.images.shape == data.images.shape
    before = {(image.tobytes(), data.names[label]) for image, label in zip(data.images, data.labels, strict=True)}
    assert {
        (image.tobytes(), read.names[label]) for image, label in zip(read.images, read.labels, strict=True)
    } == before


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize(("shape", "classes"), [((28, 28), 3), ((28, 28, 3), 3), ((28, 28), 26), ((20, 36, 3), 2)])
def test_every_recipe_takes_the_shape_and_the_classes(name, shape, classes):
    from inkread.training.backend import predict_logits

    recipe = RECIPES[name]
    model = recipe.build(shape, classes, recipe.config.dropout)
    images = np.random.default_rng(0).integers(0, 256, (5, *shape)).astype(np.uint8)
    logits = predict_logits(model, images)
    assert logits.shape == (5, classes)
    assert np.isfinite(logits).all()
    assert len(np.unique(logits[:, 0])) == 5  # the pictures count
    if len(shape) == 3:
        assert not np.allclose(logits, predict_logits(model, np.ascontiguousarray(images[..., ::-1])))  # so do colours


def test_a_last_class_without_a_picture_keeps_its_name(tiny, tmp_path):
    from inkread.training.run import train

    data = closet(90)
    data = Dataset(data.images, data.labels, (*NAMES, "sandal"), "drawn")
    run = train(tiny, data, dataclasses.replace(tiny.config, validation=0.1), folder=tmp_path / "run")
    predictor = inkread.Predictor(run.model)
    assert predictor.labels == (*NAMES, "sandal")
    assert predictor.predict_proba(data.images).shape == (90, 4)
