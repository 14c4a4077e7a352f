"""The registry of recipes, and recipes of one's own from files."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import replace
from pathlib import Path

from inkread.errors import UsageError, did_you_mean
from inkread.training.augment import Augmentation
from inkread.training.config import Config
from inkread.training.networks.dense import dense
from inkread.training.networks.pooled import cnn_2conv, cnn_3conv, cnn_dropout, lenet
from inkread.training.networks.strided import strided, tiny
from inkread.training.networks.vote import vote
from inkread.training.recipe import Expected, Recipe

__all__ = ["RECIPES", "Expected", "Recipe", "find_recipe", "load_recipes", "local_recipes"]

# What the five reports have in common: Adam as Keras gives it, pixels / 255, nothing else; all 60,000 pictures are
# trained on and the last epoch counts.
_REPORT = Config(
    optimizer="adam",
    learning_rate=0.001,
    schedule="constant",
    weight_decay=0.0,
    label_smoothing=0.0,
    validation=0.0,
    precision="float32",
)

_COMMAND = "python -m benchmarks reference_systems"

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="default",
            summary="five convolutions, under a minute",
            build=strided,
            config=Config(
                epochs=6,
                batch_size=512,
                learning_rate=0.045,
                augmentation=Augmentation(shift=1.5, rotation=8, zoom=0.07, shear=0.1, stroke=0.4),
            ),
            parameters=135_930,
            layers=(
                "conv 16 5x5 stride 2, conv 32 3x3, pool 2, conv 64 3x3, conv 64 3x3, pool 2, conv 128 3x3, global "
                "maximum, dense 10; batch normalisation and ReLU after each convolution"
            ),
            source="our own",
            expected=Expected(0.9966, 0.0004, 3, "python -m benchmarks time_to_accuracy"),
        ),
        Recipe(
            name="tiny",
            summary="four convolutions, 20 kB",
            build=tiny,
            config=Config(
                epochs=50,
                learning_rate=0.05,
                augmentation=Augmentation(
                    shift=1.5, rotation=10, zoom=0.1, stretch=0.05, shear=0.12, elastic=0.3, stroke=0.4
                ),
            ),
            parameters=9_816,
            layers=(
                "conv 10 5x5 stride 2, conv 16 3x3, pool 2, conv 24 3x3, conv 20 3x3, global maximum, dense 10; batch "
                "normalisation and ReLU after each convolution"
            ),
            source="our own",
            expected=Expected(0.9956, 0.0006, 3, "inkread train tiny --seed 0 (1, 2); inkread evaluate"),
        ),
        Recipe(
            name="best",
            summary="a vote of three unlike networks",
            build=vote,
            config=Config(
                epochs=24,
                learning_rate=0.03,
                augmentation=Augmentation(
                    shift=1.5, rotation=10, zoom=0.1, stretch=0.05, shear=0.1, elastic=0.3, stroke=0.4
                ),
            ),
            parameters=476_174,
            layers=(
                "three times: conv 16 5x5 and pool 2, or conv 32 5x5 stride 2, or conv 16 3x3, conv 24 3x3 and pool 2; "
                "then conv 48 3x3, conv 48 3x3, pool 2, conv 96 3x3, conv 96 3x3, global maximum, dense 10, "
                "log-softmax; batch normalisation and ReLU after each convolution; the mean of the three"
            ),
            source="our own",
            expected=Expected(0.9979, 0.0001, 2, "inkread train best --seed 2 (3); inkread evaluate"),
            log_probabilities=True,
        ),
        Recipe(
            name="dense",
            summary="one dense layer of sigmoids",
            build=dense,
            config=replace(_REPORT, epochs=5, batch_size=32),
            parameters=7_850,
            layers="flatten 784, dense 10 sigmoid",
            source="a report; its batch size is not given, 32 is Keras' own",
            reported='"high accuracy", no figure',
            expected=Expected(0.9252, 0.0009, 3, _COMMAND),
        ),
        Recipe(
            name="cnn-2conv",
            summary="two convolutions, a dense layer",
            build=cnn_2conv,
            config=replace(_REPORT, epochs=10, batch_size=200),
            parameters=225_034,
            layers="conv 32 3x3 relu, pool 2, conv 64 3x3 relu, pool 2, flatten, dense 128 relu, dense 10 softmax",
            source="a report, fully specified",
            reported="99.16 % (loss 0.0269)",
            expected=Expected(0.9915, 0.0002, 3, _COMMAND),
        ),
        Recipe(
            name="cnn-3conv",
            summary="three convolutions, a dense layer",
            build=cnn_3conv,
            config=replace(_REPORT, epochs=5, batch_size=32),
            parameters=93_322,
            layers=(
                "conv 32 3x3 relu, pool 2, conv 64 3x3 relu, pool 2, conv 64 3x3 relu, flatten, dense 64 relu, "
                "dense 10 logits"
            ),
            source=(
                "a report; the denoising and augmentation that it names as preprocessing are not specified and left "
                "out: MNIST has no noise to filter"
            ),
            reported="99.16 %",
            expected=Expected(0.9893, 0.0020, 10, _COMMAND),
        ),
        Recipe(
            name="lenet",
            summary="LeNet-5, maxima and rectifiers",
            build=lenet,
            config=replace(_REPORT, epochs=10, batch_size=128, learning_rate=0.002, schedule="cosine"),
            parameters=44_426,
            layers="conv 6 5x5, pool 2, relu, conv 16 5x5, pool 2, relu, flatten, dense 120, dense 84, dense 10",
            source=(
                "a report; the counts of filters and units are our reading, those of LeCun et al. 1998; optimizer, "
                "schedule and batch size are ours too, set on a tenth of the training pictures"
            ),
            reported='"remarkable", no figure',
            expected=Expected(0.9917, 0.0005, 3, _COMMAND),
        ),
        Recipe(
            name="cnn-dropout",
            summary="two convolutions with dropout",
            build=cnn_dropout,
            config=replace(
                _REPORT,
                epochs=15,
                batch_size=128,
                dropout=0.5,
                learning_rate=0.002,
                schedule="cosine",
                validation=0.1,
                augmentation=Augmentation(rotation=10, zoom=0.1),
            ),
            parameters=317_066,
            layers=(
                "conv 32 5x5 relu, pool 2, conv 64 5x5 relu, pool 2, flatten, dropout 0.25, dense 256 relu, "
                "dropout 0.5, dense 10 softmax"
            ),
            source=(
                "a report that names the kinds of layers, a validation split, rotation, zoom and flips, and tuning, "
                "but no counts: all counts are our reading, set on its validation split; flips, which change digits, "
                "are off"
            ),
            reported="95.34 %",
            expected=Expected(0.9953, 0.0004, 3, _COMMAND),
        ),
    )
}


def local_recipes() -> dict[str, Path]:
    """Return the recipe files in the user's folder by name: `INKREAD_RECIPES`, or `recipes` in the user's data folder.

    The files are Python and are not run by listing them.
    """
    return {path.stem: path for path in sorted(_local_folder().glob("*.py")) if not path.stem.startswith("_")}


def _local_folder() -> Path:
    if folder := os.environ.get("INKREAD_RECIPES"):
        return Path(folder)
    from platformdirs import user_data_path

    return user_data_path("inkread", appauthor=False) / "recipes"


def find_recipe(name: str) -> Recipe:
    """Return a recipe.

    Args:
        name: Of a recipe that comes with inkread, or of a file in the user's folder of recipes; or the path of a Python
            file, FILE.py, and where it has several recipes FILE.py:NAME. A local name hides none of inkread's.

    Raises:
        UsageError: There is none, or the file cannot be used.
    """
    if name in RECIPES:
        return RECIPES[name]
    file, _, wanted = name.partition(".py:") if ".py:" in name else (name.removesuffix(".py"), "", "")
    local = local_recipes()
    if name in local:
        return _one_of(local[name], "")
    if name.endswith(".py") or wanted:
        return _one_of(Path(f"{file}.py"), wanted)
    known = [*RECIPES, *local]
    raise UsageError(
        f"There is no recipe {name!r}.{did_you_mean(name, known)} Known are: {', '.join(known)}. One of your own is "
        "the path of a Python file, which ends in .py."
    )


def _one_of(path: Path, wanted: str) -> Recipe:
    found = load_recipes(path)
    if wanted and wanted not in found:
        raise UsageError(
            f"Expected a recipe {wanted!r} in {path}, got {', '.join(found)}.{did_you_mean(wanted, found)}"
        )
    if not wanted and len(found) > 1:
        raise UsageError(
            f"Expected one recipe in {path}, got {', '.join(found)}. Name one as {path}:{next(iter(found))}."
        )
    return found[wanted] if wanted else next(iter(found.values()))


def load_recipes(path: Path) -> dict[str, Recipe]:
    """Return the recipes that a Python file defines, by name; the file is run.

    Args:
        path: A Python file in which some variables are a `Recipe`.

    Raises:
        UsageError: There is no such file, it fails, or it has no recipe.

    Example:
        >>> import tempfile
        >>> text = '''
        ... from inkread.training import Config, Recipe
        ...
        ... def build(shape, classes, dropout):
        ...     import keras
        ...     given = keras.Input(shape, dtype="uint8")
        ...     x = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(given))
        ...     return keras.Model(given, keras.layers.Dense(classes, dtype="float32")(x))
        ...
        ... linear = Recipe("linear", "softmax regression", build, Config(optimizer="adam", learning_rate=0.001))
        ... '''
        >>> path = Path(tempfile.mkdtemp()) / "mine.py"
        >>> path.write_text(text) > 0
        True
        >>> list(load_recipes(path))
        ['linear']
    """
    if not path.is_file():
        near = did_you_mean(path.name, [p.name for p in path.parent.glob("*.py")]) if path.parent.is_dir() else ""
        raise UsageError(f"Expected a Python file with a recipe, but there is none at {str(path)!r}.{near}")
    spec = importlib.util.spec_from_file_location(f"inkread_recipe_{path.stem}", path)
    assert spec is not None and spec.loader is not None  # of a path that ends in .py
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise UsageError(f"The recipe file {str(path)!r} fails: {type(error).__name__}: {error}.") from error
    found = {r.name: replace(r, path=str(path.resolve())) for r in vars(module).values() if isinstance(r, Recipe)}
    if not found:
        raise UsageError(
            f"Expected a recipe in {str(path)!r}, got none: assign an inkread.training.Recipe to a variable there."
        )
    return found
