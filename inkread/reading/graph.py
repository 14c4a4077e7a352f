"""What flows inside a network: the graph of an ONNX file, and any tensor of it, with ONNX Runtime alone.

Two facts about Protocol Buffers (protobuf.dev/programming-guides/encoding) spare the package `onnx`:

- a message is a row of (field number, kind, value), so that the nodes of a graph are found by passing over everything
  else, the weights too;
- a message field that comes twice is merged, its lists joined end to end. So bytes that name more outputs of the graph
  can stand behind the file as it is, and ONNX Runtime gives those tensors out as well, even constant ones.

The numbers of the fields are those of onnx.proto (github.com/onnx/onnx).
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inkread.errors import ModelError
from inkread.reading.model_file import open_model

if TYPE_CHECKING:
    from inkread.reading.card import Card

__all__ = ["Network", "Node", "read_nodes", "with_outputs"]

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # the kinds of values on the wire
_MODEL_GRAPH = 7
_GRAPH_NODE, _GRAPH_OUTPUT = 1, 12
_NODE_INPUT, _NODE_OUTPUT, _NODE_OPERATOR, _NODE_ATTRIBUTE = 1, 2, 4, 5
_ATTRIBUTE_NAME, _ATTRIBUTE_INT = 1, 3
_VALUE_NAME = 1

_BATCH = 256  # pictures at a time: what flows between all layers need not be in memory for all of them


@dataclass(frozen=True, slots=True)
class Node:
    """One operation of a network.

    Attributes:
        operator: Such as "Conv".
        inputs: The names of the tensors it takes; "" where an optional one is left out.
        outputs: The names of those it makes.
        numbers: Its attributes that are whole numbers; where an attribute is left out, so is its name.
    """

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    numbers: dict[str, int]


def read_nodes(data: bytes) -> tuple[Node, ...]:
    """Return the operations of an ONNX file in their order, in which each comes after those it depends on.

    Args:
        data: The file.

    Raises:
        ModelError: It is cut short or no such file.
    """
    try:
        return tuple(
            _node(inner)
            for number, graph in _fields(memoryview(data))
            if number == _MODEL_GRAPH and isinstance(graph, memoryview)
            for field, inner in _fields(graph)
            if field == _GRAPH_NODE and isinstance(inner, memoryview)
        )
    except (IndexError, ValueError) as error:
        raise ModelError(
            f"Expected an ONNX file, got something else or a damaged one ({error}). Copy it again, or export it again "
            "with inkread."
        ) from error


def with_outputs(data: bytes, names: Sequence[str]) -> bytes:
    """Return an ONNX file that also gives out the tensors of those names.

    Args:
        data: The file.
        names: Of tensors inside it, none of them an output already.
    """
    outputs = b"".join(_message(_GRAPH_OUTPUT, _message(_VALUE_NAME, name.encode())) for name in names)
    return data + _message(_MODEL_GRAPH, outputs)


class Network:
    """A model whose inner tensors can be had.

    Args:
        model: The name of a shipped or local model, or a path ending in `.onnx`.

    Raises:
        ModelNotFoundError: There is no such model.
        ModelError: It cannot be used.
    """

    def __init__(self, model: str | os.PathLike[str]) -> None:
        opened = open_model(model)  # with all of its checks
        self._data = opened.path.read_bytes()
        self._input = opened.input
        self.card: Card = opened.card
        self.output: str = opened.session.get_outputs()[0].name
        self._outputs = {output.name for output in opened.session.get_outputs()}
        self.nodes = read_nodes(self._data)
        self._makers = {name: node for node in self.nodes for name in node.outputs}
        self._users: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in node.inputs:
                self._users.setdefault(name, []).append(node)

    def maker(self, tensor: str) -> Node | None:
        """Return the operation that makes a tensor; None of an input or of stored numbers."""
        return self._makers.get(tensor)

    def users(self, tensor: str) -> Sequence[Node]:
        """Return the operations that take a tensor."""
        return self._users.get(tensor, ())

    def nearest(self, tensor: str, wanted: Callable[[Node], bool]) -> Node | None:
        """Return the operation nearest before a tensor that is wanted, or None."""
        waiting, seen = deque([tensor]), {tensor}
        while waiting:
            node = self.maker(waiting.popleft())
            if node is None:
                continue
            if wanted(node):
                return node
            new = [name for name in node.inputs if name not in seen]
            seen.update(new)
            waiting.extend(new)
        return None

    def run(self, x: NDArray[np.uint8], names: Sequence[str]) -> list[NDArray[np.float32]]:
        """Return tensors of those names for pictures.

        Args:
            x: uint8 (N, *card.shape), N at least 1.
            names: Of tensors, whose first dimension is that of the pictures when N is above 256.

        Returns:
            As the network makes them.
        """
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4
        data = with_outputs(self._data, sorted(set(names) - self._outputs))
        try:
            session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
            parts = [
                session.run(list(names), {self._input: np.ascontiguousarray(x[start : start + _BATCH])})
                for start in range(0, len(x), _BATCH)
            ]
        except Exception as error:  # ONNX Runtime's errors share no base but Exception
            raise ModelError(
                f"Expected a network whose inner values ONNX Runtime can give out, got one where it cannot: {error}. "
                "It can still be read with; export it again with inkread to look inside."
            ) from error
        return parts[0] if len(parts) == 1 else [np.concatenate(columns) for columns in zip(*parts, strict=True)]


def _node(data: memoryview) -> Node:
    texts: dict[int, list[str]] = {_NODE_INPUT: [], _NODE_OUTPUT: [], _NODE_OPERATOR: []}
    numbers: dict[str, int] = {}
    for field, value in _fields(data):
        if isinstance(value, int):
            continue
        if field in texts:
            texts[field].append(bytes(value).decode())
        elif field == _NODE_ATTRIBUTE:
            numbers.update(_attribute(value))
    operator = "".join(texts[_NODE_OPERATOR])
    return Node(operator, tuple(texts[_NODE_INPUT]), tuple(texts[_NODE_OUTPUT]), numbers)


def _attribute(data: memoryview) -> dict[str, int]:
    """Return the name and value of an attribute that is a whole number, of others nothing."""
    name, number = "", None
    for field, value in _fields(data):
        if field == _ATTRIBUTE_NAME and isinstance(value, memoryview):
            name = bytes(value).decode()
        elif field == _ATTRIBUTE_INT and isinstance(value, int):
            number = value
    return {} if number is None else {name: number}


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield the number of each field of a message with its value; bytes stay where they are in memory."""
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, place = _varint(data, place)
            yield number, value
            continue
        if kind not in (_BYTES, _FIXED32, _FIXED64):
            raise ValueError(f"a field of the unknown kind {kind}")
        length = 4 if kind == _FIXED32 else 8
        if kind == _BYTES:
            length, place = _varint(data, place)
        if place + length > len(data):
            raise ValueError("a field that ends behind the file")
        yield number, data[place : place + length]
        place += length


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    """Return a number, written in sevens of bits with the lowest first, and the place behind it."""
    number = shift = 0
    while True:
        byte = data[place]
        number |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return number, place


def _message(number: int, contents: bytes) -> bytes:
    """Return a field that holds bytes."""
    return _written(number << 3 | _BYTES) + _written(len(contents)) + contents


def _written(number: int) -> bytes:
    sevens = []
    while number > 0x7F:
        sevens.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*sevens, number])
