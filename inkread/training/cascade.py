"""A cascade: a second network that is asked where the first one is in doubt, both in one model file.

What the first one is sure of costs nothing more (Viola and Jones 2001 have the idea for faces). Of the rest the answer
is the weighted geometric mean of both, as in a vote. Whether there is a digit at all is left to the first one: the
score of "none" stays where it was against the digits together, and what it takes for none is not asked about.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from inkread.errors import ModelError, UsageError

__all__ = ["Doubt", "cascade"]

_PREFIX = "second/"  # of the names inside the second network


@dataclass(frozen=True, slots=True)
class Doubt:
    """When the second network is asked, and what its answer counts.

    Attributes:
        below: Probability of the likeliest class, before calibration, below which the second network is asked.
        share: Its weight in the mean of both; the rest is that of the first one.

    Raises:
        UsageError: One of them is out of range.
    """

    below: float = 0.85
    share: float = 0.5

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if not (0 < self.below <= 1 and 0 < self.share < 1):
            raise UsageError(
                "Expected a second network that is asked below a probability above 0 and up to 1, with a share between "
                f"0 and 1; got {self.below:g} and {self.share:g}."
            )


def cascade(first: Path, second: Path, target: Path, classes: int, doubt: Doubt) -> None:
    """Join two ONNX networks to one.

    Args:
        first: From pictures to scores, float32 (N, C), or (N, C + 1) with one for none of the classes.
        second: From the same pictures to scores of the same classes; one for none is left aside.
        target: Where the file goes, which may be `first`; metadata are lost.
        classes: C.
        doubt: When the second one is asked.

    Raises:
        ModelError: The networks do not fit each other.
    """
    import onnx
    from onnx import helper, parser

    network, other = onnx.load(first), _renamed(onnx.load(second))
    graph, inner = network.graph, other.graph
    opsets = [{(one.domain, one.version) for one in model.opset_import} for model in (network, other)]
    if opsets[0] != opsets[1] or len(graph.output) != 1 or len(inner.output) != 1:
        raise ModelError(
            "Expected two networks of one output each, written for the same set of operators, got others. Export both "
            "with this release of inkread."
        )
    pictures, scores = graph.input[0].name, graph.output[0].name
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = ["scores of the first" if name == scores else name for name in names]
    before, asks, answers = (parser.parse_graph(text) for text in _TEXTS)
    places = {"none": 0, "classes": classes, "every": 2**31, "columns": 1}
    shares = {"limit": doubt.below, "own": 1 - doubt.share, "other": doubt.share}
    constants = {name: np.array([place], np.int64) for name, place in places.items()} | {
        name: np.array(share, np.float32) for name, share in shares.items()
    }
    graph.initializer.extend(onnx.numpy_helper.from_array(value, name) for name, value in constants.items())
    asked = [*asks.node, *inner.node, *answers.node]
    _exchange(asked, {"pictures": pictures, "asked": inner.input[0].name, "told": inner.output[0].name})
    _exchange([*before.node, *asked], {"first": "scores of the first"})
    then = helper.make_graph(asked, "doubt", [], [_any("answer")], inner.initializer)
    otherwise = helper.make_graph(
        [helper.make_node("Identity", ["scores of the first"], ["same"])], "none", [], [_any("same")]
    )
    graph.node.extend(before.node)
    graph.node.append(helper.make_node("If", ["any"], [scores], then_branch=then, else_branch=otherwise))
    del graph.value_info[:]
    onnx.checker.check_model(network)
    onnx.save(network, target)


# Of the first network's scores: which pictures are doubtful; what none of the classes is likelier for is not.
_BEFORE = """
before (float[N, M] first) => (bool any) {
    digits = Slice (first, none, classes, columns)
    share = Softmax <axis = 1> (digits)
    likeliest = ReduceMax <axes = [1], keepdims = 0> (share)
    unsure = Less (likeliest, limit)
    highest = ReduceMax <axes = [1], keepdims = 0> (digits)
    overall = ReduceMax <axes = [1], keepdims = 0> (first)
    known = Equal (highest, overall)
    doubtful = And (unsure, known)
    counted = Cast <to = 1> (doubtful)
    most = ReduceMax <keepdims = 0> (counted)
    any = Cast <to = 9> (most)
}
"""
_ASKS = """
asks (uint8[N, H, W] pictures) => (uint8[K, H, W] asked) {
    asked = Compress <axis = 0> (pictures, doubtful)
}
"""
# The digits together keep the weight that they had, so that what is none stays so.
_ANSWERS = """
answers (float[K, C] told) => (float[N, M] answer) {
    of_second = Slice (told, none, classes, columns)
    log_second = LogSoftmax <axis = 1> (of_second)
    whole = Compress <axis = 0> (first, doubtful)
    of_first = Slice (whole, none, classes, columns)
    log_first = LogSoftmax <axis = 1> (of_first)
    together = ReduceLogSumExp <axes = [1]> (of_first)
    weighed_first = Mul (log_first, own)
    weighed_second = Mul (log_second, other)
    sum = Add (weighed_first, weighed_second)
    mean = LogSoftmax <axis = 1> (sum)
    new = Add (mean, together)
    rest = Slice (whole, classes, every, columns)
    row = Concat <axis = 1> (new, rest)
    found = NonZero (doubtful)
    places = Transpose (found)
    answer = ScatterND (first, places, row)
}
"""
_TEXTS = (_BEFORE, _ASKS, _ANSWERS)


def _renamed(network: Any) -> Any:
    """Give everything inside a network names of its own."""
    names = [tensor.name for tensor in network.graph.initializer]
    names += [name for node in network.graph.node for name in (*node.input, *node.output)]
    names += [value.name for value in (*network.graph.input, *network.graph.output)]
    exchange = {name: _PREFIX + name for name in names if name}
    for tensor in (*network.graph.initializer, *network.graph.input, *network.graph.output):
        tensor.name = exchange[tensor.name]
    _exchange(network.graph.node, exchange)
    return network


def _exchange(nodes: Any, names: dict[str, str]) -> None:
    """Give tensors other names."""
    for node in nodes:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]


def _any(name: str) -> Any:
    from onnx import TensorProto, helper

    return helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
