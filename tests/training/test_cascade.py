"""A second network is asked where the first is in doubt, and only there."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from inkread.errors import ModelError, UsageError
from inkread.training.cascade import Doubt, cascade

SIDE, CLASSES = 4, 3


@pytest.fixture
def network(tmp_path):
    """Return a function that writes a network whose scores are a matrix times the pixels."""

    def write(name, outputs, seed, opset=17):
        weights = np.random.default_rng(seed).normal(0, 0.01, (SIDE * SIDE, outputs)).astype(np.float32)
        nodes = [
            helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
            helper.make_node("Flatten", ["floats"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weights"], ["scores"]),
        ]
        graph = helper.make_graph(
            nodes,
            "net",
            [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["N", SIDE, SIDE])],
            [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", outputs])],
            [numpy_helper.from_array(weights, "weights")],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
        onnx.save(model, tmp_path / name)
        return tmp_path / name, weights

    return write


def answers(path, pictures):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {"pixels": pictures})[0]


def log_softmax(scores):
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)


@pytest.mark.parametrize(("outputs", "others"), [(CLASSES, CLASSES), (CLASSES + 1, CLASSES), (CLASSES, CLASSES + 1)])
def test_doubtful_pictures_get_the_mean_of_both_and_sure_ones_stay(network, tmp_path, outputs, others):
    (first, weights), (second, other) = network("first.onnx", outputs, 0), network("second.onnx", others, 1)
    cascade(first, second, tmp_path / "both.onnx", CLASSES, Doubt(0.8, 0.3))
    pictures = np.random.default_rng(2).integers(0, 256, (500, SIDE, SIDE), dtype=np.uint8)
    flat = pictures.reshape(len(pictures), -1).astype(np.float32)
    alone, asked = flat @ weights, (flat @ other)[:, :CLASSES]
    given = answers(tmp_path / "both.onnx", pictures)
    digits = log_softmax(alone[:, :CLASSES])
    doubtful = (np.exp(digits.max(axis=1)) < 0.8) & (alone.argmax(axis=1) < CLASSES)
    assert 20 < doubtful.sum() < 450
    np.testing.assert_allclose(given[~doubtful], alone[~doubtful], rtol=1e-5)
    mean = log_softmax(0.7 * digits + 0.3 * log_softmax(asked))
    np.testing.assert_allclose(log_softmax(given[:, :CLASSES])[doubtful], mean[doubtful], atol=1e-4)
    # What none of them is likelier than, or not, stays so.
    weight = np.logaddexp.reduce(alone[:, :CLASSES], axis=1), np.logaddexp.reduce(given[:, :CLASSES], axis=1)
    np.testing.assert_allclose(*weight, atol=1e-4)
    np.testing.assert_array_equal(given[:, CLASSES:], alone[:, CLASSES:])


def test_any_number_of_pictures_none_of_them_doubtful_too(network, tmp_path, capfd):
    (first, _), (second, _) = network("first.onnx", CLASSES, 0), network("second.onnx", CLASSES, 1)
    cascade(first, second, first, CLASSES, Doubt())  # in its place
    for count in (0, 1, 7):
        blank = np.zeros((count, SIDE, SIDE), np.uint8)
        assert answers(first, blank).shape == (count, CLASSES)
    sure = np.full((5, SIDE, SIDE), 255, np.uint8)
    assert answers(first, sure).shape == (5, CLASSES)
    assert capfd.readouterr().err == ""  # ONNX Runtime warns of nothing


def test_networks_for_other_operators(network, tmp_path):
    (first, _), (second, _) = network("first.onnx", CLASSES, 0), network("second.onnx", CLASSES, 1, opset=16)
    with pytest.raises(ModelError, match="the same set of operators"):
        cascade(first, second, tmp_path / "both.onnx", CLASSES, Doubt())


@pytest.mark.parametrize(("below", "share"), [(0, 0.5), (1.1, 0.5), (0.5, 0), (0.5, 1)])
def test_doubts_that_cannot_be(below, share):
    with pytest.raises(UsageError, match="a share between 0 and 1"):
        Doubt(below, share)
