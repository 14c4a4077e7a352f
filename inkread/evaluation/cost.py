"""What a model file costs: room, arithmetic and time."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkread.errors import ModelError, UsageError
from inkread.reading.model_file import find_model, open_model
from inkread.reading.predictor import Predictor

__all__ = ["Cost", "measure_cost", "multiply_adds"]

_WARM_UP = 10  # runs: the first ones allocate
_RUNS = 200
_SECONDS = 2.0  # for each of the three times, at most, after the first run
_BATCHES = 5
_PICTURES = 2048
_MOST_THREADS = 8  # as for `Predictor`

_Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a model file costs.

    Attributes:
        size: Of the file, in bytes.
        parameters: How many numbers were learned, from the card.
        multiply_adds: Of one picture, in convolutions and matrix products; None where they cannot be counted.
        most_multiply_adds: The same of a picture on which a second network is asked.
        latency: Median time for one picture on one thread, in ms, from normalised pixels to probabilities.
        throughput: Pictures a second, many at a time, on `threads` threads.
        throughput_single: The same on one thread.
        threads: As many as there are processors, at most 8.
    """

    size: int
    parameters: int
    multiply_adds: int | None
    most_multiply_adds: int | None
    latency: float
    throughput: float
    throughput_single: float
    threads: int


def measure_cost(model: str | Path, images: NDArray[np.uint8] | None = None) -> Cost:
    """Measure what a model file costs here; takes some seconds.

    Args:
        model: The name of a shipped or local model, or a path ending in `.onnx`.
        images: uint8 (N, *shape) in the model's form, to measure the times on; by default noise. They are repeated or
            cut to 2,048.

    Raises:
        ModelNotFoundError: There is no such model.
        ModelError: It cannot be used.
        UsageError: The images have another shape.
    """
    path = find_model(model)
    threads = min(_MOST_THREADS, os.cpu_count() or 1)
    single, many = Predictor(path, threads=1), Predictor(path, threads=threads)
    if images is None:
        images = np.random.default_rng(0).integers(0, 256, (_PICTURES, *single.card.shape), dtype=np.uint8)
    if len(images) == 0:
        raise UsageError("Expected at least one picture to measure times on, got none.")
    repeated = images[np.arange(_PICTURES) % len(images)]
    one = repeated[:1]
    for _ in range(_WARM_UP):
        single.predict_proba(one)
    return Cost(
        size=path.stat().st_size,
        parameters=single.card.parameters,
        multiply_adds=multiply_adds(path),
        most_multiply_adds=multiply_adds(path, most=True),
        latency=1000 * _time(lambda: single.predict_proba(one), _RUNS),
        throughput=len(repeated) / _time(lambda: many.predict_proba(repeated), _BATCHES),
        throughput_single=len(repeated) / _time(lambda: single.predict_proba(repeated), _BATCHES),
        threads=threads,
    )


def _time(work: Callable[[], object], runs: int) -> float:
    """Return the median time of a run in seconds; of fewer runs when they take long."""
    took: list[float] = []
    end = time.perf_counter() + _SECONDS
    while len(took) < runs and (not took or time.perf_counter() < end):
        start = time.perf_counter()
        work()
        took.append(time.perf_counter() - start)
    return median(took)


def multiply_adds(model: str | Path, *, most: bool = False) -> int | None:
    """Count the multiplications, each with its addition, that one picture takes.

    Counted are convolutions, plain and transposed, and matrix products, in float, as integers or in the QDQ form; what
    is done for each value (activations, pooling, biases, scales) is not, as is usual.

    Args:
        model: The name of a shipped or local model, or a path ending in `.onnx`.
        most: Whether of a picture that a second network is asked about, where there is one; else of one that the first
            network is sure of.

    Returns:
        None where the package `onnx` is missing, a shape is not known before the network runs, or it has loops,
        recurrent layers or other operators whose work cannot be told from shapes alone.

    Raises:
        ModelNotFoundError: There is no such model.
        ModelError: It cannot be used.
    """
    try:
        import onnx
    except ImportError:
        return None
    path = open_model(model).path  # refuses what is no model file
    try:
        network = onnx.load(path)
        first = network.graph.input[0].type.tensor_type.shape.dim[0]
        first.Clear()
        first.dim_value = 1
        # What the exporter noted may still carry the open batch.
        del network.graph.value_info[:]
        for output in network.graph.output:
            output.type.tensor_type.ClearField("shape")
        inferred = onnx.shape_inference.infer_shapes(network, data_prop=True)
    except Exception as error:  # onnx's errors share no base but Exception
        raise ModelError(f"Expected an ONNX model file that can be analysed, got {path} ({error}).") from error
    return _counted(inferred.graph, most)


def _counted(graph: Any, most: bool, outside: _Shapes | None = None) -> int | None:
    shapes = {**(outside or {}), **_shapes(graph)}
    total = 0
    for node in graph.node:
        branches = [a.g for a in node.attribute if a.HasField("g")]
        if node.op_type in _UNTOLD or (branches and node.op_type != "If"):
            return None
        if branches:
            counts = [_counted(branch, most, shapes) for branch in branches]
            if None in counts:
                return None
            total += (max if most else min)(count or 0 for count in counts)
        if node.op_type in _COUNTS:
            count, places = _COUNTS[node.op_type]
            names = [node.input[place] for place in places] + [node.output[0]]
            if not all(name in shapes for name in names):
                return None
            total += count({a.name: a.i for a in node.attribute}, *(shapes[name] for name in names))
    return total


def _shapes(graph: Any) -> _Shapes:
    """Return the shapes that are known to the last side, by the name of the tensor."""
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        tensor = value.type.tensor_type
        sides = tensor.shape.dim
        # How many pictures there are may be open: all that is counted is counted for one.
        if tensor.HasField("shape") and all(d.HasField("dim_value") for d in sides[1:]):
            shapes[value.name] = tuple(d.dim_value if d.HasField("dim_value") else 1 for d in sides)
    for node in graph.node:
        for attribute in node.attribute:
            if node.op_type == "Constant" and attribute.name == "value":
                shapes[node.output[0]] = tuple(attribute.t.dims)
    return shapes


def _of_convolution(_: Mapping[str, int], weights: tuple[int, ...], made: tuple[int, ...]) -> int:
    return math.prod(made) * math.prod(weights[1:])  # each value made sums over (C / groups, *kernel)


def _of_transposed(
    _: Mapping[str, int], given: tuple[int, ...], weights: tuple[int, ...], made: tuple[int, ...]
) -> int:
    del made
    return math.prod(given) * math.prod(weights[1:])  # each value given is spread over (C / groups, *kernel)


def _of_product(_: Mapping[str, int], first: tuple[int, ...], made: tuple[int, ...]) -> int:
    return math.prod(made) * first[-1]


def _of_gemm(attributes: Mapping[str, int], first: tuple[int, ...], made: tuple[int, ...]) -> int:
    return math.prod(made) * first[0 if attributes.get("transA") else 1]


# What counts the work of an operator, and which of its inputs it looks at beside the first output.
_COUNTS: dict[str, tuple[Callable[..., int], tuple[int, ...]]] = {
    "Conv": (_of_convolution, (1,)),
    "ConvInteger": (_of_convolution, (1,)),
    "QLinearConv": (_of_convolution, (3,)),
    "ConvTranspose": (_of_transposed, (0, 1)),
    "MatMul": (_of_product, (0,)),
    "MatMulInteger": (_of_product, (0,)),
    "QLinearMatMul": (_of_product, (0,)),
    "Gemm": (_of_gemm, (0,)),
    "QGemm": (_of_gemm, (0,)),
}
_UNTOLD = frozenset({"Attention", "Einsum", "GRU", "LSTM", "RNN", "DeformConv"})
