"""A cascade: a second network that is asked where the first one is in doubt, both in one model file.

What the first one is sure of costs nothing more (Viola and Jones 2001 have the idea for faces). Of the rest the answer
is the weighted geometric mean of both, as in a vote. Whether there is a digit at all is left to the first one: the
score of "none" stays where it was against the digits together, and what it takes for none is not asked about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from inkread.errors import ModelError, UsageError

__all__ = ["Doubt", "cascade"]

_SECOND, _OWN = "second/", "doubt/"  # before the names inside the second network, and of what joins the two


@dataclass(frozen=True, slots=True)
class Doubt:
    """When the second network is asked, and what its answer counts.

    Attributes:
        below: Probability of the likeliest class, before calibration, below which the second network is asked.
        share: Its weight in the mean of both; the rest is that of the first one.

    Raises:
        UsageError: One of them is out of range.
    """

    below: float = 0.8
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
    from onnx import TensorProto, helper, parser

    network, other = onnx.load(first), _renamed(onnx.load(second))
    graph, inner = network.graph, other.graph
    opsets = [{(one.domain, one.version) for one in model.opset_import} for model in (network, other)]
    if opsets[0] != opsets[1] or len(graph.output) != 1 or len(inner.output) != 1:
        raise ModelError(
            "Expected two networks of one output each, written for the same set of operators, got others. Export both "
            "with this release of inkread."
        )
    scores = graph.output[0].name
    _rename(graph.node, lambda name: f"{scores} of the first" if name == scores else name)
    links = {
        "first": f"{scores} of the first",
        "pictures": graph.input[0].name,
        "asked": inner.input[0].name,
        "told": inner.output[0].name,
    }

    def own(name: str) -> str:
        return links.get(name, f"{_OWN}{name}")

    before, asks, answers = (parser.parse_graph(text).node for text in (_BEFORE, _ASKS, _ANSWERS))
    for nodes in (before, asks, answers):
        _rename(nodes, own)
    places = {"start": 0, "classes": classes, "end": 2**31, "columns": 1}
    shares = {"limit": doubt.below, "share_of_first": 1 - doubt.share, "share_of_second": doubt.share}
    constants = {name: np.array([place], np.int64) for name, place in places.items()} | {
        name: np.array(share, np.float32) for name, share in shares.items()
    }
    graph.initializer.extend(onnx.numpy_helper.from_array(value, own(name)) for name, value in constants.items())
    answer, same = (helper.make_tensor_value_info(own(name), TensorProto.FLOAT, None) for name in ("answer", "same"))
    then = helper.make_graph([*asks, *inner.node, *answers], "doubt", [], [answer], inner.initializer)
    stays = helper.make_graph([helper.make_node("Identity", [links["first"]], [same.name])], "no doubt", [], [same])
    graph.node.extend(before)
    graph.node.append(helper.make_node("If", [own("any")], [scores], then_branch=then, else_branch=stays))
    del graph.value_info[:]
    onnx.checker.check_model(network)
    onnx.save(network, target)


# Every picture goes through this, so it is short: whether any of them is in doubt.
_BEFORE = """
before (float[N, M] first) => (bool any) {
    digits = Slice (first, start, classes, columns)
    shares = Softmax <axis = 1> (digits)
    likeliest = ReduceMax <axes = [1], keepdims = 0> (shares)
    least = ReduceMin <keepdims = 0> (likeliest)
    any = Less (least, limit)
}
"""
# Which ones; what none of the classes is likelier for is not asked about. (The digits are cut out again: ONNX Runtime
# would warn of a name from outside the condition that it cannot replace.)
_ASKS = """
asks (uint8[N, H, W] pictures) => (uint8[K, H, W] asked) {
    unsure = Less (likeliest, limit)
    of_digits = Slice (first, start, classes, columns)
    highest = ReduceMax <axes = [1], keepdims = 0> (of_digits)
    overall = ReduceMax <axes = [1], keepdims = 0> (first)
    known = Equal (highest, overall)
    doubtful = And (unsure, known)
    asked = Compress <axis = 0> (pictures, doubtful)
}
"""
# The digits together keep the weight that they had, so that what is none stays so.
_ANSWERS = """
answers (float[K, C] told) => (float[N, M] answer) {
    of_second = Slice (told, start, classes, columns)
    log_second = LogSoftmax <axis = 1> (of_second)
    whole = Compress <axis = 0> (first, doubtful)
    of_first = Slice (whole, start, classes, columns)
    log_first = LogSoftmax <axis = 1> (of_first)
    together = ReduceLogSumExp <axes = [1]> (of_first)
    weighed_first = Mul (log_first, share_of_first)
    weighed_second = Mul (log_second, share_of_second)
    sum = Add (weighed_first, weighed_second)
    mean = LogSoftmax <axis = 1> (sum)
    new = Add (mean, together)
    rest = Slice (whole, classes, end, columns)
    row = Concat <axis = 1> (new, rest)
    found = NonZero (doubtful)
    places = Transpose (found)
    answer = ScatterND (first, places, row)
}
"""


def _renamed(network: Any) -> Any:
    """Give everything inside a network names of its own."""
    for tensor in (*network.graph.initializer, *network.graph.input, *network.graph.output):
        tensor.name = _SECOND + tensor.name
    _rename(network.graph.node, lambda name: _SECOND + name)
    return network


def _rename(nodes: Any, named: Callable[[str], str]) -> None:
    """Give tensors other names."""
    for node in nodes:
        node.input[:] = [named(name) if name else "" for name in node.input]
        node.output[:] = [named(name) if name else "" for name in node.output]
