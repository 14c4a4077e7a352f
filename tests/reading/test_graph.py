from __future__ import annotations

import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from benchmarks.common import written
from inkread.errors import ModelError
from inkread.reading.graph import Network, read_nodes, with_outputs
from inkread.reading.model_file import shipped_models

SHIPPED = shipped_models()["default"]


def as_onnx_reads(data: bytes) -> list:
    nodes = onnx.load_from_string(data).graph.node
    numbers = [{a.name: a.i for a in node.attribute if a.type == onnx.AttributeProto.INT} for node in nodes]
    return [
        (node.op_type, tuple(node.input), tuple(node.output), found) for node, found in zip(nodes, numbers, strict=True)
    ]


def as_we_read(data: bytes) -> list:
    return [(node.operator, node.inputs, node.outputs, node.numbers) for node in read_nodes(data)]


def test_the_nodes_are_those_that_onnx_reads(write_model):
    for path in (SHIPPED, write_model()):
        assert as_we_read(path.read_bytes()) == as_onnx_reads(path.read_bytes())


def test_attributes_and_inputs_that_are_left_out():
    nodes = [
        helper.make_node("Gemm", ["a", "b", "c"], ["d"], transB=1, alpha=0.5),
        helper.make_node("Clip", ["d", "", "high"], ["e" * 300], name="n" * 20_000),
    ]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("a", "e" * 300)]
    data = helper.make_model(helper.make_graph(nodes, "g", values[:1], values[1:])).SerializeToString()
    assert as_we_read(data) == as_onnx_reads(data)
    assert read_nodes(data)[0].numbers == {"transB": 1}
    assert read_nodes(data)[1].inputs == ("d", "", "high")


def test_more_outputs_are_what_onnx_would_have_written():
    data = SHIPPED.read_bytes()
    names = ["strange " * 30, "x"]
    model = onnx.load_from_string(data)
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    assert onnx.load_from_string(with_outputs(data, names)) == model


def test_inner_tensors_and_stored_numbers_come_out(write_model):
    path = write_model()
    x = np.random.default_rng(0).integers(0, 256, (3, 28, 28), dtype=np.uint8)
    flat, weights, scores = Network(path).run(x, ["flat", "weights", "scores"])
    assert np.array_equal(flat, x.reshape(3, 784).astype(np.float32))
    assert weights.shape == (784, 10)
    assert scores == pytest.approx(flat @ weights, rel=1e-4, abs=1e-4)


def test_the_scores_stay_what_they_are():
    digits = np.stack([written(i % 10, seed=i) for i in range(300)])
    noise = np.random.default_rng(0).integers(0, 256, (300, 28, 28), dtype=np.uint8)
    network = Network("default")
    convolution = next(node for node in network.nodes if node.operator == "Conv")
    session = onnxruntime.InferenceSession(SHIPPED.read_bytes(), providers=["CPUExecutionProvider"])
    off = {}
    for name, x in (("digits", digits), ("noise", noise)):
        maps, scores = network.run(x, [convolution.outputs[0], network.output])
        (expected,) = session.run(None, {session.get_inputs()[0].name: x})
        assert len(maps) == 300
        off[name] = np.abs(scores - expected).max(axis=1)
    assert off["digits"].max() <= 1e-3
    # An output more keeps two layers from being made one: in eight bits a value in the middle of a step may then be
    # rounded the other way, in one picture of a hundred at most.
    assert (off["noise"] > 1e-3).mean() <= 0.01
    assert off["noise"].max() < 0.05


def test_a_tensor_that_is_not_there(write_model):
    with pytest.raises(ModelError, match="inner values ONNX Runtime can give out"):
        Network(write_model()).run(np.zeros((1, 28, 28), np.uint8), ["nowhere"])


@pytest.mark.parametrize("length", [1, 9, 1000, 200_000])
def test_files_that_are_cut_short(length):
    with pytest.raises(ModelError, match="Expected an ONNX file, got something else or a damaged one"):
        read_nodes(SHIPPED.read_bytes()[:length])


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n", b"PK\x03\x04" * 9, b"\xff" * 50])
def test_other_files(data):
    with pytest.raises(ModelError, match="Expected an ONNX file"):
        read_nodes(data)


def test_an_empty_file_has_no_nodes():
    assert read_nodes(b"") == ()


def test_looking_inside_needs_the_base_install_alone_and_reading_does_not_load_it():
    heavy = "onnx matplotlib sklearn keras tensorflow"
    script = (
        "import sys, inkread, inkread.cli.explain\n"
        "inkread.read('examples/seven.png')\n"
        "assert not {'inkread.reading.explain', 'inkread.reading.graph'} & set(sys.modules)\n"
        "from inkread.reading.explain import explain\n"
        "explain('examples/seven.png', method='class-activation')\n"
        f"assert not set('{heavy}'.split()) & set(sys.modules), sorted(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=SHIPPED.parents[2])
