"""What a model file costs, with the multiply-adds counted by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from inkread.errors import ModelNotFoundError, UsageError
from inkread.evaluation.cost import measure_cost, multiply_adds
from inkread.reading.card import CARD_KEY
from tests.model_files import make_card


def write(path: Path, nodes: list, tensors: dict[str, np.ndarray]) -> Path:
    """Write a model file: `nodes` make "scores", (N, 10), from "picture", float (N, 1, 28, 28)."""
    first = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["floats", "form"], ["picture"]),
    ]
    tensors = {"form": np.array([-1, 1, 28, 28]), **tensors}
    graph = helper.make_graph(
        [*first, *nodes],
        "net",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["N", 28, 28])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", 10])],
        [numpy_helper.from_array(array, name) for name, array in tensors.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {CARD_KEY: make_card().to_json()})
    onnx.save(model, path)
    return path


def zeros(*shape: int, dtype: type = np.float32) -> np.ndarray:
    return np.zeros(shape, dtype)


def node(kind: str, inputs: str, output: str, **attributes: object) -> onnx.NodeProto:
    return helper.make_node(kind, inputs.split(), [output], **attributes)


DENSE = 784 * 10


def test_a_matrix_product(write_model):
    assert multiply_adds(write_model()) == DENSE


def test_convolutions_with_strides_pads_and_groups(tmp_path):
    nodes = [
        node("Conv", "picture w1", "a", strides=[2, 2], pads=[1, 1, 1, 1]),  # 8 x 14 x 14
        node("Conv", "a w2", "b", group=8),  # each channel its own 3 x 3: 8 x 12 x 12
        node("ConvTranspose", "b w3", "c", strides=[2, 2]),  # 4 x 24 x 24
        node("GlobalAveragePool", "c", "d"),
        node("Flatten", "d", "e"),
        node("Gemm", "e w4 bias", "scores", transB=1),
    ]
    tensors = {
        "w1": zeros(8, 1, 3, 3),
        "w2": zeros(8, 1, 3, 3),
        "w3": zeros(8, 4, 2, 2),
        "w4": zeros(10, 4),
        "bias": zeros(10),
    }
    wished = 8 * 14 * 14 * 9 + 8 * 12 * 12 * 9 + 8 * 12 * 12 * 4 * 4 + 4 * 10
    assert multiply_adds(write(tmp_path / "net.onnx", nodes, tensors)) == wished


def test_a_batched_product_and_weights_from_a_constant(tmp_path):
    nodes = [
        helper.make_node("Constant", [], ["w"], value=numpy_helper.from_array(zeros(28, 5))),
        node("MatMul", "picture w", "a"),  # (1, 1, 28, 5)
        node("Flatten", "a", "b"),
        node("MatMul", "b v", "scores"),
    ]
    assert multiply_adds(write(tmp_path / "net.onnx", nodes, {"v": zeros(140, 10)})) == 28 * 28 * 5 + 140 * 10


def test_in_eight_bits(tmp_path):
    one, nothing = np.array(0.1, np.float32), np.array(0, np.uint8)
    nodes = [
        node("QuantizeLinear", "picture scale zero", "q"),
        node("QLinearConv", "q scale zero w scale zero scale zero", "a"),  # 4 x 26 x 26
        node("DequantizeLinear", "a scale zero", "b"),
        node("Flatten", "b", "c"),
        node("DequantizeLinear", "v scale zero", "weights"),
        node("MatMul", "c weights", "scores"),
    ]
    tensors = {
        "scale": one,
        "zero": nothing,
        "w": zeros(4, 1, 3, 3, dtype=np.uint8),
        "v": zeros(4 * 26 * 26, 10, dtype=np.uint8),
    }
    path = write(tmp_path / "net.onnx", nodes, tensors)
    assert multiply_adds(path) == 4 * 26 * 26 * 9 + 4 * 26 * 26 * 10


def test_integer_products(tmp_path):
    nodes = [
        node("QuantizeLinear", "picture scale zero", "q"),
        node("ConvInteger", "q w", "a"),  # 2 x 26 x 26
        node("Cast", "a", "b", to=TensorProto.UINT8),
        node("Flatten", "b", "c"),
        node("MatMulInteger", "c v", "d"),
        node("QLinearMatMul", "e8 scale zero u scale zero scale zero", "f"),
        node("DequantizeLinear", "f scale zero", "scores"),
    ]
    nodes.insert(5, node("Cast", "d", "e8", to=TensorProto.UINT8))
    tensors = {
        "scale": np.array(0.1, np.float32),
        "zero": np.array(0, np.uint8),
        "w": zeros(2, 1, 3, 3, dtype=np.uint8),
        "v": zeros(2 * 26 * 26, 6, dtype=np.uint8),
        "u": zeros(6, 10, dtype=np.uint8),
    }
    assert multiply_adds(write(tmp_path / "net.onnx", nodes, tensors)) == 1352 * 9 + 1352 * 6 + 6 * 10


def test_what_cannot_be_told_from_shapes_is_not_guessed(tmp_path):
    nodes = [node("Flatten", "picture", "a"), node("Einsum", "a w", "scores", equation="ni,io->no")]
    assert multiply_adds(write(tmp_path / "net.onnx", nodes, {"w": zeros(784, 10)})) is None


def test_without_onnx_nothing_is_counted(write_model, monkeypatch):
    path = write_model()
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert multiply_adds(path) is None
    assert measure_cost(path).multiply_adds is None


def test_a_model_file(write_model):
    path = write_model()
    cost = measure_cost(path, np.zeros((3, 28, 28), np.uint8))
    assert cost.size == path.stat().st_size
    assert (cost.parameters, cost.multiply_adds) == (7840, DENSE)
    assert 0 < cost.latency < 1000
    assert cost.throughput > 0
    assert cost.throughput_single > 0
    assert 1 <= cost.threads <= 8


def test_the_shipped_model():
    # 24 of 5 x 5 and 48 of 3 x 3 on 12 x 12, twice 96 of 3 x 3 on 6 x 6, 192 of 3 x 3 on 3 x 3, and a dense layer.
    layers = (144 * 24 * 25, 144 * 48 * 9 * 24, 36 * 96 * 9 * 48, 36 * 96 * 9 * 96, 9 * 192 * 9 * 96, 192 * 11)
    assert multiply_adds("default") == sum(layers)


def test_faults(write_model):
    with pytest.raises(ModelNotFoundError):
        multiply_adds("defualt")
    with pytest.raises(UsageError, match="at least one picture to measure times on"):
        measure_cost(write_model(), np.zeros((0, 28, 28), np.uint8))
    with pytest.raises(UsageError, match=r"Expected a uint8 array of shape \(N, 28, 28\)"):
        measure_cost(write_model(), np.zeros((2, 20, 20), np.uint8))
