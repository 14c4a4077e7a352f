"""What the usual parts of recipes buy: kernels, stems, squeeze-excitation, Muon, averages, shifts, teachers, rounding.

Result, n = 2 seeds, 4 epochs, per cent of 10,000 held-out pictures right, mean and each seed (2026-11-22, two shared
cores of an AMD EPYC; seeds differ by 0.05 to 0.15, the same pictures by 0.07):

    default                       99.47   99.45 99.50
    AdamW for Muon                99.33   99.31 99.35
    kernels of 5                  99.45   99.43 99.48
    kernels of 7                  99.39   99.41 99.38
    stem pooled, not strided      99.48   99.41 99.56
    squeeze-excitation            99.52   99.52 99.52
    weights averaged, 0.99        99.47   99.42 99.51
    taught by a vote              99.48   99.49 99.47
    default, five shifts          99.51   99.47 99.55
    default, int8                 99.48   99.46 99.50
    tiny                          99.18   99.12 99.24
    tiny, depthwise               99.15   99.26 99.04
    tiny, taught by a vote        99.11   99.06 99.15
    tiny, int8                    99.17   99.11 99.23
    tiny, learned rounded, int8   99.16   99.20 99.11

Muon in the place of AdamW is what is surely worth it. Squeeze-excitation and five shifts may give 0.05 points, at 1.7
times the time of a step and at five times that of reading. Larger kernels, a pooled stem, averaged weights (in so few
steps) and a teacher (trained as shortly as its pupils) give nothing that two seeds can show; eight bits cost nothing,
so that learning rounded has nothing to win back. `tiny` of separable convolutions is as good as of plain ones, and
slower to train.

Command: python -m research.recipes [--seeds 0 1 2] [--epochs 4] [--only NAME ...] [--output FOLDER]
Needs INKREAD_DATA with mnist/. Of it the training part alone: 50,000 pictures to learn from, 10,000 to judge by.
What is done stands in FOLDER/results.csv; a cut run goes on behind it when the same command is given again.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean, stdev
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inkread.console import table
from inkread.datasets import Dataset, mnist
from inkread.training.backend import predict_logits, require_keras
from inkread.training.config import Config
from inkread.training.export import convert, file_logits
from inkread.training.fit import Fitted, fit
from inkread.training.folder import RunFolder
from inkread.training.quantize import MOST, quantize
from inkread.training.recipe import Build
from inkread.training.recipes import find_recipe

if TYPE_CHECKING:
    import keras

HELD_OUT = 10_000
Judge = Callable[[Fitted, Path], float]


@dataclass(frozen=True, slots=True)
class Variant:
    """A recipe with one thing changed.

    Attributes:
        base: Name of the recipe.
        build: Another network; None for the recipe's.
        changes: To its configuration.
        plain: Of which variant the trained networks are judged in another way; empty to train.
        judge: Gives the share of the held-out pictures that are right.
    """

    base: str
    build: Build | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    plain: str = ""
    judge: Judge | None = None


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--only", nargs="+", choices=list(VARIANTS))
    parser.add_argument("--output", type=Path, default=Path("runs/recipes"))
    options = parser.parse_args()
    require_keras()
    options.output.mkdir(parents=True, exist_ok=True)
    done = options.output / "results.csv"
    results = _read(done)
    data = mnist("train")
    for seed in options.seeds:
        for name in options.only or VARIANTS:
            if (name, seed) in results:
                continue
            right, seconds = judged(name, seed, options.epochs, data, options.output)
            results[name, seed] = (right, seconds)
            print(f"{name}, seed {seed}: {right:.2%}, {seconds:.0f} s", flush=True)
            with done.open("a", encoding="utf-8", newline="") as file:
                csv.writer(file).writerow((name, seed, right, seconds))
    _print(results)


def _read(path: Path) -> dict[tuple[str, int], tuple[float, float]]:
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {(name, int(seed)): (float(right), float(seconds)) for name, seed, right, seconds in csv.reader(file)}


def _print(results: dict[tuple[str, int], tuple[float, float]]) -> None:
    rows = []
    for name in VARIANTS:
        found = [value for (other, _), value in results.items() if other == name]
        if found:
            right = [100 * value for value, _ in found]
            spread = f"{stdev(right):.2f}" if len(right) > 1 else ""
            rows.append((name, f"{len(found)}", f"{mean(right):.2f}", spread, f"{mean(s for _, s in found):.0f}"))
    columns = ("recipe", "n", "held out, % right", "sd", "seconds")
    table("One thing changed", columns, rows, numbers=range(1, len(columns)))


def judged(name: str, seed: int, epochs: int, data: Dataset, output: Path) -> tuple[float, float]:
    """Train a variant, or take the network that it judges otherwise; return the share right, and seconds."""
    variant = VARIANTS[name]
    if "teacher" in variant.changes:
        _teacher(epochs, data, output)  # whose time is not the pupil's
    start = time.perf_counter()
    folder = output / f"{variant.plain or name}-{seed}".replace(" ", "-").replace(",", "")
    fitted = _fitted(VARIANTS[variant.plain or name], seed, epochs, data, folder, again=bool(variant.plain))
    assert fitted.validation is not None
    if variant.judge:
        right = variant.judge(fitted, folder)
    else:
        right = _share(predict_logits(fitted.model, fitted.validation.images), fitted)
    return right, time.perf_counter() - start


def _fitted(variant: Variant, seed: int, epochs: int, data: Dataset, folder: Path, *, again: bool) -> Fitted:
    recipe = find_recipe(variant.base)
    changes = dict(variant.changes)
    if "teacher" in changes:
        changes["teacher"] = str(_teacher(epochs, data, folder.parent))
    config = replace(recipe.config, epochs=epochs, seed=seed, validation=HELD_OUT, **changes)
    if variant.build:
        recipe = replace(recipe, build=variant.build)
    if again and folder.exists():
        return _loaded(folder, recipe.build, config, data)
    shutil.rmtree(folder, ignore_errors=True)
    return fit(recipe, data, config, folder=RunFolder.new(folder))


def _loaded(folder: Path, build: Build, config: Config, data: Dataset) -> Fitted:
    """Return a network that was trained before."""
    from inkread.training.held_out import parted

    model = build(data.images.shape[1:], len(data.names), config.dropout)
    model.load_weights(RunFolder(folder).weights)
    training, validation = parted(data, config)
    return Fitted(model, training, validation, None, (), 0.0)


def _teacher(epochs: int, data: Dataset, output: Path) -> Path:
    """Return the file of a vote of three networks that has not seen the held-out pictures either."""
    folder = output / "teacher"
    if not folder.exists():
        from inkread.training.run import train

        recipe = find_recipe("best")
        train(recipe, data, replace(recipe.config, epochs=epochs, seed=100, validation=HELD_OUT), folder=folder)
    return folder / "best.onnx"


def _share(logits: NDArray[np.float32], fitted: Fitted) -> float:
    assert fitted.validation is not None
    return float((logits.argmax(axis=1) == fitted.validation.labels).mean())


def shifted(fitted: Fitted, folder: Path) -> float:
    """Judge by the mean over the picture and its four shifts by a pixel."""
    del folder
    assert fitted.validation is not None
    images, total = fitted.validation.images, np.zeros(1, np.float32)
    for down, across in ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)):
        logits = predict_logits(fitted.model, np.roll(images, (down, across), (1, 2)))
        total = total + logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return _share(total, fitted)


def rounded(fitted: Fitted, folder: Path) -> float:
    """Judge the network in eight bits, as `inkread export --int8` writes it."""
    assert fitted.validation is not None
    model = fitted.model
    if any(isinstance(layer, _layers()["conv"]) for layer in model.layers):
        plain = find_recipe("tiny").build((28, 28), 10, 0.0)
        plain.set_weights(model.get_weights())
        model = plain
    shape = fitted.training.images.shape[1:]
    file, small = folder / "float.onnx", folder / "int8.onnx"
    convert(model, shape, file)
    quantize(file, small, fitted.training.images[:MOST])
    return _share(file_logits(small, fitted.validation.images), fitted)


def strided(shape: tuple[int, ...], classes: int, dropout: float = 0.0, **options: Any) -> keras.Model:
    """Build the network of the recipe `default` with other kernels, another stem or squeeze-excitation."""
    import keras
    from keras import layers

    from inkread.training.networks.pictures import convolution, logits, pictures

    kernel, excited = options.get("kernel", 3), options.get("excited", False)

    def block(x: Any, count: int) -> Any:
        x = convolution(x, count, kernel)
        if excited:  # Hu, Shen, Sun 2018: how strong each channel is, told from the mean of all
            weight = layers.Dense(count // 4, activation="relu")(layers.GlobalAveragePooling2D()(x))
            weight = layers.Dense(count, activation="sigmoid")(weight)
            x = layers.Multiply()([x, layers.Reshape((1, 1, count))(weight)])
        return x

    given, x = pictures(shape)
    x = convolution(x, 16, 5, stride=1 if options.get("pooled") else 2, padding="valid")
    if options.get("pooled"):
        x = layers.MaxPooling2D()(x)
    x = layers.MaxPooling2D()(block(x, 32))
    x = layers.MaxPooling2D()(block(block(x, 64), 64))
    x = layers.GlobalMaxPooling2D()(block(x, 128))
    return keras.Model(given, logits(x, classes, dropout))


def depthwise(shape: tuple[int, ...], classes: int, dropout: float = 0.0) -> keras.Model:
    """Build `tiny` of separable convolutions (a filter of 3 x 3 for each channel, then 1 x 1): 9,878 parameters."""
    import keras
    from keras import layers

    from inkread.training.networks.pictures import convolution, logits, pictures

    given, x = pictures(shape)
    x = convolution(x, 16, 5, stride=2, padding="valid")
    for place, count in enumerate((36, 56, 72)):
        x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
        x = convolution(layers.BatchNormalization(momentum=0.9)(x), count, 1)
        if place == 0:
            x = layers.MaxPooling2D()(x)
    return keras.Model(given, logits(layers.GlobalMaxPooling2D()(x), classes, dropout))


def rounding(shape: tuple[int, ...], classes: int, dropout: float = 0.0) -> keras.Model:
    """Build `tiny` to learn rounded: weights to seven bits, what flows to eight, gradients straight through."""
    import keras

    def cloned(layer: Any) -> Any:
        kind = _layers()
        if isinstance(layer, keras.layers.Conv2D):
            return kind["conv"].from_config(layer.get_config())
        return kind["relu"].from_config(layer.get_config()) if isinstance(layer, keras.layers.ReLU) else layer

    plain = find_recipe("tiny").build(shape, classes, dropout)
    return keras.models.clone_model(plain, clone_function=cloned)


def _layers() -> dict[str, Any]:
    """Return the layers that round, made once."""
    if not _made:
        import keras
        from keras import ops

        def straight(x: Any, step: Any) -> Any:
            return x + ops.stop_gradient(ops.round(x / step) * step - x)

        class RoundedConvolution(keras.layers.Conv2D):  # type: ignore[misc]
            def convolution_op(self, inputs: Any, kernel: Any) -> Any:
                most = ops.max(ops.abs(kernel), axis=(0, 1, 2), keepdims=True)
                return super().convolution_op(inputs, straight(kernel, most / 63 + 1e-9))

        class RoundedReLU(keras.layers.ReLU):  # type: ignore[misc]
            def call(self, inputs: Any) -> Any:
                x = super().call(inputs)
                return straight(x, ops.max(x) / 255 + 1e-9)

        _made.update(conv=RoundedConvolution, relu=RoundedReLU)
    return _made


_made: dict[str, Any] = {}


def _strided(**options: Any) -> Build:
    return lambda shape, classes, dropout=0.0: strided(shape, classes, dropout, **options)


VARIANTS = {
    "default": Variant("default"),
    "AdamW for Muon": Variant("default", changes={"optimizer": "adamw", "learning_rate": 0.008}),
    "kernels of 5": Variant("default", _strided(kernel=5)),
    "kernels of 7": Variant("default", _strided(kernel=7)),
    "stem pooled, not strided": Variant("default", _strided(pooled=True)),
    "squeeze-excitation": Variant("default", _strided(excited=True)),
    "weights averaged, 0.99": Variant("default", changes={"average": 0.99}),
    "taught by a vote": Variant("default", changes={"teacher": "vote"}),
    "default, five shifts": Variant("default", plain="default", judge=shifted),
    "default, int8": Variant("default", plain="default", judge=rounded),
    "tiny": Variant("tiny"),
    "tiny, depthwise": Variant("tiny", depthwise),
    "tiny, taught by a vote": Variant("tiny", changes={"teacher": "vote"}),
    "tiny, int8": Variant("tiny", plain="tiny", judge=rounded),
    "tiny, learned rounded, int8": Variant("tiny", rounding, judge=rounded),
}


if __name__ == "__main__":
    main()
