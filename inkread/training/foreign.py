"""Keras networks made elsewhere: loaded without trust, and wrapped so that they take pictures as inkread has them.

Such a network sees pixels in a range, a shape and a polarity of its own, and gives probabilities as often as logits.
Layers put around it take uint8 pictures to what it wants, and what it gives to logits.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import math
import platform
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread import __version__
from inkread.errors import ModelError, ModelNotFoundError, UsageError, did_you_mean
from inkread.imaging.frame import SIZE
from inkread.imaging.preprocess import VERSION
from inkread.reading.card import Card
from inkread.training.backend import precision, require_keras

if TYPE_CHECKING:
    import keras

__all__ = [
    "INKS",
    "OUTPUTS",
    "RANGES",
    "SUFFIXES",
    "Conventions",
    "foreign_card",
    "keras_file",
    "labels_from",
    "load_keras",
    "wrap",
]

RANGES = {"0..255": (1.0, 0.0), "0..1": (1 / 255, 0.0), "-1..1": (1 / 127.5, -1.0)}  # factor and addend for a pixel
INKS = ("light", "dark")
OUTPUTS = ("logits", "probabilities")
SUFFIXES = (".keras", ".h5", ".hdf5")

_DIGITS = tuple("0123456789")
_LEAST = 1e-30  # a probability: its logarithm is still exact in float32, and nothing is ever this sure


@dataclass(frozen=True, slots=True)
class Conventions:
    """How a network made elsewhere sees pictures and names what it sees.

    Attributes:
        labels: The names of its classes in the order of its outputs, parted by commas, or a text file with one a
            line; None for the digits 0 to 9 of ten outputs.
        pixels: The range of its pixels, one of `RANGES`; None where the network itself tells.
        ink: "light" for light ink on black, as MNIST has it, "dark" for dark ink on white.
        outputs: "logits" or "probabilities"; None where the last layer tells.
    """

    labels: str | None = None
    pixels: str | None = None
    ink: str = "light"
    outputs: str | None = None

    def __post_init__(self) -> None:
        """Refuse what none of the options can be."""
        _check_choice("range", self.pixels, tuple(RANGES))
        _check_choice("ink", self.ink, INKS)
        _check_choice("outputs", self.outputs, OUTPUTS)


def _check_choice(option: str, value: str | None, known: tuple[str, ...]) -> None:
    if value is not None and value not in known:
        raise UsageError(
            f"Expected --{option} as one of {', '.join(known)}, got {value!r}.{did_you_mean(value, known)}"
        )


def keras_file(path: Path) -> Path:
    """Return the path when there is a file with the ending of a Keras model.

    Raises:
        ModelNotFoundError: There is no such file.
        UsageError: The name has another ending.
    """
    if not path.is_file():
        near = did_you_mean(path.name, [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else [])
        raise ModelNotFoundError(f"Expected a run folder or a Keras model, but there is none at {str(path)!r}.{near}")
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"Expected a run folder or a file ending in {', '.join(SUFFIXES)}, got {str(path)!r}.")
    return path


def load_keras(path: Path) -> keras.Model:
    """Load a Keras model; no code that the file brings along is run.

    Args:
        path: A `.keras` file, or a whole model in Keras' older `.h5`.

    Raises:
        MissingExtraError: Keras is not installed.
        ModelNotFoundError: There is no such file.
        ModelError: It is no Keras model, is damaged, or needs code of its own.
        UsageError: The name has another ending.
    """
    keras_file(path)
    require_keras()
    import keras

    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever the part that fails raises
        raise ModelError(_why_not_loaded(path, str(error))) from error
    if not isinstance(model, keras.Model):
        raise ModelError(f"Expected a Keras model in {str(path)!r}, got a {type(model).__name__}.")
    return model


def _why_not_loaded(path: Path, reason: str) -> str:
    name = repr(str(path))
    if "Lambda" in reason or "unsafe" in reason:
        return (
            f"Expected a Keras model of layers alone, got one that brings Python code along (a Lambda layer): {name}. "
            "Such code is never run. Replace the Lambda by a layer or by keras.ops, and save the model again."
        )
    if "Unknown layer" in reason or "custom" in reason or "Could not locate" in reason:
        return (
            f"Expected a Keras model of Keras' own layers, got one with classes that only its author has: {name}. "
            "Build it from Keras' own layers, and save it again as .keras; .h5 holds no operations beside layers."
        )
    if "No model config" in reason:
        return f"Expected a whole Keras model, got weights alone: {name}. Save it with model.save('model.keras')."
    return f"Expected a Keras model, got something else or a damaged file: {name}. Save it again as .keras."


def labels_from(text: str | None, count: int) -> tuple[str, ...]:
    """Return the names of the classes.

    Args:
        text: As `Conventions.labels` has it.
        count: How many outputs the network has.

    Raises:
        UsageError: As many different names as outputs were expected and not given, or the file cannot be read.
    """
    if text is None:
        if count == len(_DIGITS):
            return _DIGITS
        raise UsageError(f"Expected --labels, the names of the {count} classes in the order of the outputs, got none.")
    names = tuple(name.strip() for name in _label_texts(text))
    if len(names) != count or len(set(names)) != count or not all(names):
        raise UsageError(
            f"Expected {count} different labels, one for each output of the network, got {len(names)}: "
            f"{', '.join(map(repr, names[:12]))}."
        )
    return names


def _label_texts(text: str) -> Sequence[str]:
    path, there = Path(text), False
    with suppress(OSError, ValueError):  # a list of labels may be no possible path at all
        there = path.is_file()
    if not there:
        if path.suffix == ".txt":
            raise UsageError(f"Expected a text file with one label a line, but there is no file {text!r}.")
        return text.split(",")
    try:
        return path.read_text(encoding="utf-8-sig").strip().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Expected a text file with one label a line, cannot open {text!r}: {error}.") from error


def foreign_card(model: keras.Model, labels: tuple[str, ...], name: str) -> Card:
    """Return the card of a wrapped network, with what can be known of it; its confidence is not calibrated.

    Pictures of 28 x 28 gray pixels whose classes are single digits are taken to be digits in MNIST's form, which any
    picture is brought into before it is read.

    Args:
        model: As `wrap` returns it.
        labels: One for each output.
        name: Of the model.
    """
    shape = tuple(int(side) for side in model.input_shape[1:])
    digits = shape == (SIZE, SIZE) and set(labels) <= set(_DIGITS)
    _thaw(model)  # layers that were frozen have learned numbers too
    return Card(
        name=name,
        version=__version__,
        labels=labels,
        shape=shape,
        preprocessing=VERSION if digits else None,
        parameters=int(sum(np.prod(weight.shape) for weight in model.trainable_weights)),
        licence="that of the training data",
        created=datetime.datetime.now(datetime.UTC).date().isoformat(),
        made_with={
            **{module: importlib.metadata.version(module) for module in ("keras", "numpy", "onnx")},
            "inkread": __version__,
            "python": platform.python_version(),
        },
    )


def _thaw(layer: Any) -> None:
    layer.trainable = True
    for inner in getattr(layer, "layers", ()):
        _thaw(inner)


def wrap(model: keras.Model, conventions: Conventions) -> keras.Model:
    """Put layers around a network, so that it takes uint8 pictures and gives logits.

    Inputs of shape (H, W), (H, W, 1), (1, H, W), flat squares such as (784,), (H, W, 3) and (3, H, W) are understood.
    Probabilities p become log p, whose softmax is p again; those of a sigmoid for each class are made to sum to 1.

    Args:
        model: With one input of a fixed shape and one output (N, C).
        conventions: What the network does not tell of itself.

    Returns:
        uint8 (N, H, W) or (N, H, W, 3), light ink on black, to logits float32 (N, C).

    Raises:
        ModelError: The network is of another kind.
        UsageError: Something has to be said of it that was not, or cannot be true.
    """
    import keras

    given, wanted = _picture_shape(model)
    _check_output(model)
    factor, addend = _scale(model, conventions)
    _prepare(model)
    probable = (conventions.outputs or _detected_outputs(model)) == "probabilities"
    with precision("float32"):
        pictures = keras.Input(given, dtype="uint8", name="pictures")
        x = keras.ops.cast(pictures, "float32")
        if (factor, addend) != (1.0, 0.0):
            x = keras.layers.Rescaling(factor, addend)(x)
        if len(given) == 3 and wanted != given:
            x = keras.layers.Permute((3, 1, 2))(x)
        elif wanted != given:
            x = keras.layers.Reshape(wanted)(x)
        try:
            # Layers that change pictures at random do so unless told that this is no training.
            scores = keras.ops.cast(model(x, training=False), "float32")
        except Exception as error:  # Keras raises whatever the layer that fails raises
            raise ModelError(
                f"Expected a network for pictures of shape {given}, got one that cannot take them: "
                f"{str(error).splitlines()[0]}"
            ) from error
        return keras.Model(pictures, _logarithm(scores) if probable else scores, name="wrapped")


def _prepare(layer: Any) -> None:
    """Change what a layer keeps in a form that ONNX does not take."""
    from keras import layers, ops

    if layer.dtype_policy.name.startswith("mixed"):
        layer.dtype_policy = "float32"  # as its weights are: ONNX Runtime computes in nothing less
    if isinstance(layer, layers.Normalization):
        # Tensors made outside of the network would become inputs of the file; arrays become constants.
        layer.mean, layer.variance = ops.convert_to_numpy(layer.mean), ops.convert_to_numpy(layer.variance)
    for inner in getattr(layer, "layers", ()):
        _prepare(inner)


def _logarithm(proba: Any) -> Any:
    import keras

    return keras.ops.log(keras.ops.clip(proba, _LEAST, 1.0))


def _picture_shape(model: keras.Model) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the shape of a picture, (H, W) or (H, W, 3), and that of the network's input."""
    inputs = _inputs(model)
    if len(inputs) != 1:
        raise ModelError(f"Expected a network with one input, a picture, got one with {len(inputs)}.")
    shape = tuple(inputs[0].shape[1:])
    if None in shape:
        raise ModelError(
            f"Expected a network for pictures of one size, got one for the shape {shape}. "
            "Build it with an Input of the size it was trained on, load its weights, and save it again."
        )
    return _as_picture(shape), shape


def _inputs(model: keras.Model) -> list[Any]:
    try:
        return list(model.inputs)
    except (AttributeError, TypeError, ValueError) as error:
        raise ModelError(
            "Expected a network that knows the shape of its input, got one that has never been called. "
            "Begin it with a keras.Input, and save it again."
        ) from error


def _as_picture(shape: tuple[int, ...]) -> tuple[int, ...]:
    match shape:
        case (pixels,) | (pixels, 1) if math.isqrt(pixels) ** 2 == pixels > 1:
            return math.isqrt(pixels), math.isqrt(pixels)
        case (height, width) if width > 1:
            return height, width
        case (height, width, 1):
            return height, width
        case (_, _, 3):
            return shape
        case (1, height, width):
            return height, width
        case (3, height, width):
            return height, width, 3
    raise ModelError(
        "Expected a network for pictures: an input of shape (H, W), (H, W, 1), (H, W, 3), (1, H, W), (3, H, W) or a "
        f"flat square such as (784,), got {shape}."
    )


def _check_output(model: keras.Model) -> None:
    if len(model.outputs) != 1:
        raise ModelError(f"Expected a network with one output, a score for each class, got {len(model.outputs)}.")
    shape = tuple(model.outputs[0].shape)
    if len(shape) != 2 or shape[1] is None or shape[1] < 2:
        raise ModelError(
            f"Expected a network that gives a score for each of two or more classes, shape (N, C), got {shape}."
        )


def _scale(model: keras.Model, conventions: Conventions) -> tuple[float, float]:
    """Return the factor and the addend that take a pixel to what the network wants of it."""
    whole = not str(model.inputs[0].dtype).startswith(("float", "bfloat"))
    pixels = conventions.pixels or ("0..255" if whole or _begins_with_rescaling(model) else None)
    if pixels is None:
        raise UsageError(
            "Expected --range, the range of the pixels that the network was trained with: 0..1 where they were divided "
            "by 255, as is usual, -1..1, or 0..255 as they are. The network itself does not tell, and a wrong range "
            "gives wrong answers."
        )
    if whole and pixels != "0..255":
        raise UsageError(f"Expected --range 0..255 for a network that takes whole numbers, got {pixels}.")
    factor, addend = RANGES[pixels]
    return (factor, addend) if conventions.ink == "light" else (-factor, addend + 255 * factor)


def _begins_with_rescaling(model: keras.Model) -> bool:
    from keras import layers

    for layer in model.layers:
        if hasattr(layer, "layers"):
            return _begins_with_rescaling(layer)
        if not isinstance(layer, (layers.InputLayer, layers.Reshape, layers.Permute, layers.Flatten)):
            return isinstance(layer, layers.Rescaling)
    return False


def _detected_outputs(model: keras.Model) -> str:
    last = list(getattr(model, "operations", model.layers))[-1]
    if hasattr(last, "layers"):
        return _detected_outputs(last)
    activation = getattr(getattr(last, "activation", None), "__name__", type(last).__name__).lower()
    if activation in ("softmax", "sigmoid"):
        return "probabilities"
    if activation in ("linear", "log_softmax", "logsoftmax"):
        return "logits"
    raise UsageError(
        f"Expected --outputs logits or --outputs probabilities: the network ends in {activation!r}, which does not "
        "tell what its scores are."
    )
