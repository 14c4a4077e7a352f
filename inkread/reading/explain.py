"""What the network saw of a picture, what it made of it, and which part of it decided.

Numbers alone; `evaluation/inside_plots` draws them. Two ways to ask which part decided:

- "occlusion" (Zeiler and Fergus 2014, Visualizing and Understanding Convolutional Networks, section 4.2) covers a small
  square, reads again, and goes on to the next one. It asks nothing of the network but its answers.
- "class-activation" (Zhou et al. 2016, Learning Deep Features for Discriminative Localization, section 2) reads the
  parts of the class's score off the network, where that is one dense layer over globally pooled maps. After a global
  mean each place of a map carries its part of the score. After a global maximum, which the paper compares but does not
  map, only the place of the maximum does: the whole weight is laid there. Either way the map's sum is the score
  without its bias. Its cells are as coarse as the last maps, so it tells about where and no more.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.errors import ModelError, UsageError, did_you_mean
from inkread.imaging.frame import SIZE
from inkread.imaging.preprocess import normalize
from inkread.imaging.source import Source
from inkread.reading.graph import Network, Node
from inkread.reading.predictor import Predictor

__all__ = ["METHODS", "Explanation", "Method", "embed", "explain", "feature_map_names", "log_odds"]

Method = Literal["occlusion", "class-activation"]
METHODS: tuple[Method, ...] = get_args(Method)

_DENSE = ("MatMul", "Gemm")
# What may stand between a convolution and what it passes on.
_ACTIVATIONS = ("Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Gelu", "Sigmoid", "Tanh", "Clip", "HardSigmoid")
_AFTER_CONVOLUTION = (*_ACTIVATIONS, "HardSwish", "BatchNormalization", "QuantizeLinear", "DequantizeLinear")
# What may stand between the pooling and the last layer without changing the values.
_RESHAPING = ("Squeeze", "Flatten", "Reshape", "Identity", "Dropout", "Cast", "QuantizeLinear", "DequantizeLinear")
_MAXIMUM, _MEAN = ("GlobalMaxPool", "ReduceMax"), ("GlobalAveragePool", "ReduceMean")

_LEAST = 1e-45  # the smallest float32 above 0


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """What the network made of one picture.

    Attributes:
        seen: uint8 (28, 28), what the network saw: ink 255 on 0.
        labels: The names of the classes.
        probabilities: float32 (C,), calibrated.
        known: False when the network takes the picture to show none of the classes.
        label: The class that the heat is about: the likeliest, unless another was asked for.
        method: How the heat came about: "occlusion", "class-activation" after a global mean, or
            "class-activation-at-maxima" after a global maximum.
        heat: float32 (28, 28). Of occlusion, by how much the log-odds of the class fall, in nats, when a pixel is
            covered, the mean over the squares that cover it. Of class activation, the parts of the class's score.
            Above 0: speaks for the class; below 0: against it.
        maps: The name of each convolution and its maps after the activation, float32 (channels, height, width).
    """

    seen: NDArray[np.uint8]
    labels: tuple[str, ...]
    probabilities: NDArray[np.float32]
    known: bool
    label: str
    method: str
    heat: NDArray[np.float32]
    maps: tuple[tuple[str, NDArray[np.float32]], ...]

    @property
    def read_as(self) -> str:
        """The likeliest class."""
        return self.labels[int(self.probabilities.argmax())]

    @property
    def confidence(self) -> float:
        """The calibrated probability of the likeliest class, in [0, 1]."""
        return float(self.probabilities.max())

    def alternatives(self, most: int = 3) -> tuple[tuple[str, float], ...]:
        """Return the likeliest classes with their probabilities, the likeliest first."""
        order = np.argsort(-self.probabilities, kind="stable")[:most]
        return tuple((self.labels[i], float(self.probabilities[i])) for i in order)


def explain(
    image: Source,
    model: str | os.PathLike[str] = "default",
    *,
    method: Method = "occlusion",
    label: str | None = None,
    patch: int = 5,
    stride: int = 1,
    fill: int = 0,
) -> Explanation:
    """Say what the network saw, what it read, and which part of the picture decided.

    Args:
        image: As `inkread.read` takes it; one digit.
        model: The name of a shipped or local model of digits, or a path ending in `.onnx`.
        method: "occlusion" or "class-activation".
        label: The class to ask about; by default the likeliest.
        patch: Side of the square that occlusion covers, in pixels of the 28 x 28, from 1.
        stride: From one square to the next, 1 to `patch`: every pixel is covered.
        fill: What the square is painted with, 0..255; 0 is paper.

    Raises:
        UsageError: An option has a value it cannot have.
        ImageError: The picture cannot be read, or is blank.
        ModelError: The model cannot be used, or its network has no class activation.

    Example:
        >>> found = explain("examples/seven.png")
        >>> found.read_as, found.heat.shape
        ('7', (28, 28))
    """
    _check(method, patch, stride, fill)
    predictor, network = Predictor(model), Network(model)
    if predictor.card.preprocessing is None or predictor.card.shape != (SIZE, SIZE):
        raise ModelError(
            f"Expected a model of normalised digits to explain, got {predictor.card.name!r}, which takes pictures of "
            f"shape {predictor.card.shape} as they are. Use it with inkread.Predictor and `embed`."
        )
    index = _index(label, predictor.labels)
    seen = normalize(image)
    proba, known = predictor.judge(seen[None])
    index = int(proba[0].argmax()) if index is None else index
    if method == "occlusion":
        name, heat = str(method), _occlusion(predictor, seen, index, (patch, stride, fill))
    else:
        name, heat = _class_activation(network, seen, index)
    maps = _feature_maps(network, seen)
    return Explanation(seen, predictor.labels, proba[0], bool(known[0]), predictor.labels[index], name, heat, maps)


def embed(x: NDArray[np.uint8], model: str | os.PathLike[str] = "default") -> NDArray[np.float32]:
    """Return what the last layer is given of each picture: where near means alike to the network.

    Args:
        x: uint8 (N, *card.shape): for digits (N, 28, 28) as `inkread.normalize_batch` makes it; N at least 1.
        model: The name of a shipped or local model, or a path ending in `.onnx`.

    Returns:
        float32 (N, D); of the shipped model D is 192.

    Raises:
        UsageError: Another dtype or shape.
        ModelError: The model cannot be used, or does not end in a dense layer.

    Example:
        >>> embed(np.zeros((3, 28, 28), np.uint8)).shape
        (3, 192)
    """
    network = Network(model)
    shape = network.card.shape
    if not isinstance(x, np.ndarray) or x.dtype != np.uint8 or x.shape[1:] != shape or len(x) == 0:
        got = f"{x.dtype} {x.shape}" if isinstance(x, np.ndarray) else type(x).__name__
        raise UsageError(
            f"Expected at least one picture, as a uint8 array of shape (N, {', '.join(map(str, shape))}), got {got}. "
            "inkread.normalize and normalize_batch make it from any picture."
        )
    (features,) = network.run(x, [_last_layer(network).inputs[0]])
    return np.asarray(features, np.float32).reshape(len(x), -1)


def log_odds(proba: NDArray[np.floating], index: int) -> NDArray[np.float64]:
    """Return the log-odds of a class, log(p / (1 - p)), exact also where p rounds to 1.

    Args:
        proba: float (N, C), rows that sum to 1.
        index: The class, 0..C-1.

    Returns:
        float64 (N,), in nats.
    """
    wide = np.asarray(proba, np.float64)
    # The other classes' sum and not 1 - p: float32 tells 1e-30 from 0, but 1 - 1e-30 not from 1.
    others = np.delete(wide, index, axis=1).sum(axis=1)
    return np.asarray(np.log(np.maximum(wide[:, index], _LEAST)) - np.log(np.maximum(others, _LEAST)))


def feature_map_names(network: Network) -> list[str]:
    """Return the names of the tensors that hold the maps of each convolution after its activation."""
    return [_passed_on(network, node) for node in network.nodes if node.operator == "Conv"]


def _check(method: str, patch: int, stride: int, fill: int) -> None:
    if method not in METHODS:
        raise UsageError(
            f"Expected method 'occlusion' or 'class-activation', got {method!r}.{did_you_mean(str(method), METHODS)}"
        )
    for name, value, low, high in (("patch", patch, 1, SIZE), ("stride", stride, 1, patch), ("fill", fill, 0, 255)):
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise UsageError(f"Expected {name} as a whole number from {low} to {high}, got {value!r}.")


def _index(label: str | None, labels: tuple[str, ...]) -> int | None:
    if label is None:
        return None
    if label not in labels:
        raise UsageError(f"Expected one of the model's classes, {', '.join(labels)}, got {label!r}.")
    return labels.index(label)


def _occlusion(
    predictor: Predictor, seen: NDArray[np.uint8], index: int, square: tuple[int, int, int]
) -> NDArray[np.float32]:
    patch, stride, fill = square
    # From half outside: a pixel of the border is covered as often as one of the middle.
    starts = np.arange(1 - patch, SIZE, stride)
    lines = np.arange(SIZE)
    inside = (lines >= starts[:, None]) & (lines < starts[:, None] + patch)  # (S, 28)
    covered = (inside[:, None, :, None] & inside[None, :, None, :]).reshape(-1, SIZE, SIZE)  # (S * S, 28, 28)
    pictures = np.where(covered, np.uint8(fill), seen)
    before = log_odds(predictor.predict_proba(seen[None]), index)[0]
    drops = before - log_odds(predictor.predict_proba(pictures), index)  # (S * S,)
    return np.asarray(np.tensordot(drops, covered, axes=1) / covered.sum(axis=0), np.float32)


def _class_activation(network: Network, seen: NDArray[np.uint8], index: int) -> tuple[str, NDArray[np.float32]]:
    dense = _last_layer(network)
    pool = _pooling(network, dense)
    names = [pool.inputs[0], pool.outputs[0], dense.inputs[1]]
    maps, pooled, weights = network.run(seen[None], names)
    maximum = pool.operator in _MAXIMUM
    maps = _channels_first(network, maps, pooled, maximum)
    weights = weights.T if dense.numbers.get("transB") else weights  # (D, C)
    if len(weights) != len(maps):
        raise _no_class_activation(network, f"{len(maps)} maps meet a layer of {len(weights)} inputs")
    if maximum:
        name, parts = "class-activation-at-maxima", _at_maxima(maps)
    else:
        name, parts = "class-activation", maps / maps[0].size
    heat = np.tensordot(weights[:, index], parts, axes=1).astype(np.float32)  # (h, w)
    return name, np.asarray(cv2.resize(heat, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR), np.float32)


def _at_maxima(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return maps that are 0 but for their maximum, which is parted among equal places: no one of them is it."""
    highest = maps == maps.max(axis=(1, 2), keepdims=True)
    return np.asarray(np.where(highest, maps, 0) / highest.sum(axis=(1, 2), keepdims=True), np.float32)


def _channels_first(
    network: Network, maps: NDArray[np.float32], pooled: NDArray[np.float32], maximum: bool
) -> NDArray[np.float32]:
    """Return the maps of the one picture as (C, h, w), whichever way round the network has them."""
    if maps.ndim == 4:
        for found in (maps[0], maps[0].transpose(2, 0, 1)):
            values = found.max(axis=(1, 2)) if maximum else found.mean(axis=(1, 2))
            if values.size == pooled.size and np.allclose(values, pooled.ravel(), rtol=1e-3, atol=1e-4):
                return found
    raise _no_class_activation(network, "its pooling is not over the whole of each map")


def _last_layer(network: Network) -> Node:
    """Return the dense layer that makes the scores."""
    dense = network.nearest(network.output, lambda node: node.operator in _DENSE)
    if dense is None:
        raise ModelError(
            f"Expected a network that ends in a dense layer, whose inputs are the features; model "
            f"{network.card.name!r} has no dense layer. Explain it by occlusion."
        )
    return dense


def _pooling(network: Network, dense: Node) -> Node:
    """Return the global pooling whose values are what the last layer weighs."""
    node = network.maker(dense.inputs[0])
    while node is not None and node.operator in _RESHAPING:
        node = network.maker(node.inputs[0])
    if node is None or node.operator not in _MAXIMUM + _MEAN:
        found = f"it follows {node.operator}" if node is not None else "it follows the pixels themselves"
        raise _no_class_activation(network, found)
    return node


def _no_class_activation(network: Network, found: str) -> ModelError:
    return ModelError(
        f"Expected a network whose last layer follows a global maximum or mean of each map, as class activation needs; "
        f"of model {network.card.name!r} {found}. Take method 'occlusion', which any network can be asked by."
    )


def _feature_maps(network: Network, seen: NDArray[np.uint8]) -> tuple[tuple[str, NDArray[np.float32]], ...]:
    names = feature_map_names(network)
    if not names:
        return ()
    found = [maps[0] for maps in network.run(seen[None], names) if maps.ndim == 4]
    return tuple((f"convolution {i}", np.asarray(maps, np.float32)) for i, maps in enumerate(found, start=1))


def _passed_on(network: Network, convolution: Node) -> str:
    """Return the name of what a convolution gives after its activation, as a float."""
    tensor = last = convolution.outputs[0]
    while len(users := network.users(tensor)) == 1 and users[0].operator in _AFTER_CONVOLUTION:
        if users[0].inputs[0] != tensor:
            break
        tensor = users[0].outputs[0]
        if users[0].operator != "QuantizeLinear":
            last = tensor
    return last
