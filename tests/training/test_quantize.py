"""Networks in eight bits."""

from __future__ import annotations

import logging

import numpy as np
import onnx
import pytest

from inkread.errors import ModelError
from inkread.training.export import file_logits
from inkread.training.quantize import quantize
from tests.model_files import write_model


@pytest.fixture(scope="module")
def trained(keras, tiny, drawn, tmp_path_factory):
    """Return the path of a network in float32 that knows drawn digits."""
    from inkread.reading.card import Card
    from inkread.training.export import export

    data = drawn(600)
    keras.utils.set_random_seed(0)
    model = tiny.build((28, 28), 10)
    model.compile(keras.optimizers.Adam(3e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(data.images, data.labels, batch_size=50, epochs=4, verbose=0)
    path = tmp_path_factory.mktemp("float") / "model.onnx"
    export(model, Card("x", "0", data.names, (28, 28), None, 1), path, data.images[:5])
    return path


def kinds(path):
    return [node.op_type for node in onnx.load(path).graph.node]


def test_the_answers_stay_and_the_file_shrinks(trained, drawn, tmp_path, capfd, caplog):
    before = trained.read_bytes()
    with caplog.at_level(logging.DEBUG):
        quantize(trained, tmp_path / "int8.onnx", drawn(128, seed=1).images)
    assert capfd.readouterr() == ("", "")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert trained.read_bytes() == before
    fresh = drawn(500, seed=2)
    wanted, given = (file_logits(path, fresh.images) for path in (trained, tmp_path / "int8.onnx"))
    assert (wanted.argmax(axis=1) == fresh.labels).mean() > 0.9
    assert (wanted.argmax(axis=1) == given.argmax(axis=1)).mean() >= 0.98
    assert given.dtype == np.float32
    network = onnx.load(tmp_path / "int8.onnx")
    weights = [tensor for tensor in network.graph.initializer if tensor.data_type == onnx.TensorProto.INT8]
    assert weights
    assert all(np.abs(onnx.numpy_helper.to_array(w).astype(int)).max() <= 64 for w in weights)  # seven bits
    assert network.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.UINT8
    assert {opset.domain for opset in network.opset_import} <= {"", "ai.onnx.ml"}
    inner = {name for node in network.graph.node for name in (node.name, *node.input, *node.output)}
    assert all(len(name) < 5 for name in inner - {"pictures", network.graph.output[0].name})  # no room for long names


def test_scores_are_not_rounded_to_eight_bits(trained, drawn, tmp_path):
    quantize(trained, tmp_path / "int8.onnx", drawn(128, seed=1).images)
    scores = file_logits(tmp_path / "int8.onnx", drawn(500, seed=2).images)
    assert len(np.unique(scores[:, 0])) > 300


def test_the_one_layer_of_a_network_is_quantised(tmp_path):
    pictures = np.random.default_rng(0).integers(0, 256, (128, 28, 28), dtype=np.uint8)
    path = write_model(tmp_path / "model.onnx")
    quantize(path, tmp_path / "int8.onnx", pictures)
    assert (tmp_path / "int8.onnx").stat().st_size < 0.5 * path.stat().st_size
    wanted, given = (file_logits(p, pictures) for p in (path, tmp_path / "int8.onnx"))
    assert np.abs(wanted - given).max() < 0.05 * np.abs(wanted).max()
    assert any(kind == "QuantizeLinear" for kind in kinds(tmp_path / "int8.onnx"))


def test_probabilities_inside_stay_in_float(keras, tmp_path):
    from keras import layers

    from inkread.reading.card import Card
    from inkread.training.export import export
    from inkread.training.foreign import Conventions, wrap

    keras.utils.set_random_seed(0)
    hidden = [layers.Flatten(), layers.Dense(64, "relu"), layers.Dense(64, "relu"), layers.Dense(10, "softmax")]
    model = wrap(keras.Sequential([keras.Input((28, 28)), *hidden]), Conventions(pixels="0..1"))
    pictures = np.random.default_rng(0).integers(0, 256, (256, 28, 28), dtype=np.uint8)
    labels = tuple("0123456789")
    export(model, Card("x", "0", labels, (28, 28), None, 1), tmp_path / "model.onnx", pictures[:9])
    quantize(tmp_path / "model.onnx", tmp_path / "int8.onnx", pictures[:128])
    wanted, given = (np.exp(file_logits(tmp_path / name, pictures)) for name in ("model.onnx", "int8.onnx"))
    assert np.allclose(given.sum(axis=1), 1, atol=1e-5)
    assert np.abs(wanted - given).max() < 0.03
    network = onnx.load(tmp_path / "int8.onnx")
    rounded = {name for node in network.graph.node if node.op_type == "QuantizeLinear" for name in node.input}
    assert not [n for n in network.graph.node if n.op_type in ("Softmax", "Log", "Clip") and n.output[0] in rounded]


def test_a_network_without_layers(tmp_path):
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Cast", ["pixels"], ["scores"], "cast", to=onnx.TensorProto.FLOAT)],
        "none",
        [onnx.helper.make_tensor_value_info("pixels", onnx.TensorProto.UINT8, ["N", 4])],
        [onnx.helper.make_tensor_value_info("scores", onnx.TensorProto.FLOAT, ["N", 4])],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "model.onnx")
    with pytest.raises(ModelError, match="Expected a network with a convolution or a dense layer"):
        quantize(tmp_path / "model.onnx", tmp_path / "int8.onnx", np.zeros((64, 4), np.uint8))
