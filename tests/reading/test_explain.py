from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from inkread import Predictor, normalize
from inkread.errors import ModelError, NoInkError, UsageError
from inkread.reading.card import CARD_KEY, Calibration, Rejection
from inkread.reading.explain import embed, explain, log_odds
from tests.model_files import make_card

REGION = (slice(6, 12), slice(8, 18))  # of the 28 x 28: the upper part of a digit
CLASS = 3


def save(path: Path, nodes: list, numbers: dict[str, np.ndarray], card=None, outputs: int = 10) -> Path:
    """Write a network from "floats", the pixels as (N, 28, 28), to "scores"."""
    nodes = [helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT), *nodes]
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["N", 28, 28])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", outputs])
    stored = [numpy_helper.from_array(array, name) for name, array in numbers.items()]
    graph = helper.make_graph(nodes, "small", [pixels], [scores], stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {CARD_KEY: (card or make_card()).to_json()})
    onnx.save(model, path)
    return path


@pytest.fixture
def region_only(tmp_path) -> Path:
    """Return a dense network whose one score depends on the ink of one region."""
    weights = np.zeros((28, 28, 10), np.float32)
    weights[(*REGION, CLASS)] = 1e-3
    nodes = [
        helper.make_node("Flatten", ["floats"], ["flat"], axis=1),
        helper.make_node("MatMul", ["flat", "weights"], ["scores"]),
    ]
    return save(tmp_path / "region.onnx", nodes, {"weights": weights.reshape(784, 10)})


def pooled(
    path: Path, pool: str = "GlobalMaxPool", *, last: str = "MatMul", nhwc: bool = False, card=None, weight: float = 0.5
) -> Path:
    """Write a network of two maps, the ink and the ink of the region, of which the class looks at the second alone."""
    mask = np.zeros((1, 1, 28, 28), np.float32)
    mask[(0, 0, *REGION)] = 1 / 255
    kernel = np.array([0.01, 1.0], np.float32).reshape(2, 1, 1, 1)
    weights = np.zeros((2, 10), np.float32)
    weights[1, CLASS], weights[0, 7] = 20 * weight, -weight
    numbers = {
        "shape": np.array([-1, 1, 28, 28]),
        "flat": np.array([-1, 2]),
        "mask": mask,
        "kernel": kernel,
        "weights": weights.T.copy() if last == "Gemm" else weights,
        "bias": np.linspace(0, 0.3, 10, dtype=np.float32),
    }
    nodes = [
        helper.make_node("Reshape", ["floats", "shape"], ["square"]),
        helper.make_node("Mul", ["square", "mask"], ["masked"]),
        helper.make_node("Conv", ["masked", "kernel"], ["maps"]),
        helper.make_node("Relu", ["maps"], ["rectified"]),
    ]
    if nhwc:
        nodes.append(helper.make_node("Transpose", ["rectified"], ["turned"], perm=[0, 2, 3, 1]))
    given = "turned" if nhwc else "rectified"
    reduced = {"axes": [1, 2] if nhwc else [2, 3], "keepdims": 0} if pool.startswith("Reduce") else {}
    if pool == "MaxPool":
        reduced = {"kernel_shape": [28, 14], "strides": [28, 14]}
    nodes += [
        helper.make_node(pool, [given], ["pooled"], **reduced),
        helper.make_node("Reshape", ["pooled", "flat"], ["features"]),
    ]
    if last == "Gemm":
        nodes.append(helper.make_node("Gemm", ["features", "weights", "bias"], ["scores"], transB=1))
    else:
        nodes.append(helper.make_node("MatMul", ["features", "weights"], ["product"]))
        nodes.append(helper.make_node("Add", ["product", "bias"], ["scores"]))
    return save(path, nodes, numbers, card)


@pytest.fixture(scope="module")
def digit(draw_digit) -> np.ndarray:
    return normalize(draw_digit(0, 100))


def around(margin: int) -> np.ndarray:
    """Return which pixels lie in the region or as near to it as that."""
    near = np.zeros((28, 28), bool)
    near[tuple(slice(s.start - margin, s.stop + margin) for s in REGION)] = True
    return near


@pytest.mark.parametrize(("patch", "stride"), [(1, 1), (5, 1), (5, 5), (4, 3)])
def test_occlusion_finds_the_only_region_that_counts(region_only, digit, patch, stride):
    found = explain(digit, region_only, patch=patch, stride=stride)
    assert found.heat.shape == (28, 28)
    assert found.heat.dtype == np.float32
    assert found.label == found.read_as == str(CLASS)
    assert found.heat[around(patch - 1) == 0] == pytest.approx(0, abs=1e-5)
    row, column = np.unravel_index(found.heat.argmax(), (28, 28))
    assert around(stride - 1)[row, column]
    assert found.heat.max() > 0.1


def test_a_pixel_alone_loses_what_it_gave(region_only, digit):
    """Of a linear network the score falls by weight x ink; the log-odds of one class against nine equal ones too."""
    found = explain(digit, region_only, patch=1)
    expected = np.where(around(0), digit * 1e-3, 0)
    assert found.heat == pytest.approx(expected, abs=1e-4)


def test_occlusion_is_the_mean_over_the_squares_that_cover_a_pixel(digit):
    """The same by loops, with the shipped network."""
    patch, stride, fill = 6, 4, 90
    found = explain(digit, patch=patch, stride=stride, fill=fill)
    predictor = Predictor()
    index = int(found.label)
    before = log_odds(predictor.predict_proba(digit[None]), index)[0]
    total, count = np.zeros((28, 28)), np.zeros((28, 28))
    for top in range(1 - patch, 28, stride):
        for left in range(1 - patch, 28, stride):
            area = (slice(max(0, top), top + patch), slice(max(0, left), left + patch))
            covered = digit.copy()
            covered[area] = fill
            total[area] += before - log_odds(predictor.predict_proba(covered[None]), index)[0]
            count[area] += 1
    assert found.heat == pytest.approx(total / count, abs=5e-3)


def test_another_class_may_be_asked_about(region_only, digit):
    for_it, against = explain(digit, region_only), explain(digit, region_only, label="8")
    assert against.label == "8"
    assert against.read_as == "3"
    assert against.heat.min() < 0
    assert np.unravel_index(against.heat.argmin(), (28, 28)) == np.unravel_index(for_it.heat.argmax(), (28, 28))


def test_what_it_says_is_what_the_predictor_says(digit):
    found = explain(digit)
    proba, known = Predictor().judge(digit[None])
    assert np.array_equal(found.seen, digit)
    assert found.probabilities == pytest.approx(proba[0], abs=1e-6)
    assert found.known is bool(known[0]) is True
    assert found.read_as == "0"
    assert found.confidence == pytest.approx(float(proba[0].max()), abs=1e-6)
    alternatives = found.alternatives(4)
    assert alternatives[0][0] == "0"
    assert [share for _, share in alternatives] == sorted((float(p) for p in found.probabilities), reverse=True)[:4]


def test_a_picture_that_the_network_takes_for_no_digit(write_model, digit):
    card = make_card(rejection=Rejection(score=-1e9, lost=0.0, n=10))
    found = explain(digit, write_model(card=card, outputs=11))
    assert not found.known
    assert len(found.probabilities) == 10


@pytest.mark.parametrize("last", ["MatMul", "Gemm"])
@pytest.mark.parametrize(
    ("pool", "nhwc", "method"),
    [
        ("GlobalMaxPool", False, "class-activation-at-maxima"),
        ("ReduceMax", True, "class-activation-at-maxima"),
        ("GlobalAveragePool", False, "class-activation"),
        ("ReduceMean", False, "class-activation"),
        ("ReduceMean", True, "class-activation"),
    ],
)
def test_class_activation_finds_the_only_region_that_counts(tmp_path, digit, pool, nhwc, method, last):
    path = pooled(tmp_path / "pooled.onnx", pool, nhwc=nhwc, last=last)
    found = explain(digit, path, method="class-activation", label=str(CLASS))
    assert found.method == method
    assert found.heat.dtype == np.float32
    assert np.all(found.heat[~around(0)] == 0)
    inside = np.where(around(0), digit, 0)
    if method == "class-activation":
        assert np.array_equal(found.heat > 0, inside > 0)
    else:
        assert np.array_equal(found.heat > 0, inside == inside.max())
    # The parts sum to the score without its bias: here the maps are as fine as the picture.
    value = inside.max() / 255 if method.endswith("maxima") else inside.sum() / 255 / 784
    assert found.heat.sum() == pytest.approx(10 * value, rel=1e-3)


def test_what_speaks_against_a_class_is_below_zero(tmp_path, digit):
    found = explain(digit, pooled(tmp_path / "pooled.onnx"), method="class-activation", label="7")
    assert found.heat.min() < 0
    assert found.heat.max() == 0


def test_class_activation_of_the_shipped_network(digit):
    found = explain(digit, method="class-activation")
    assert found.method == "class-activation-at-maxima"
    assert np.isfinite(found.heat).all()
    assert found.heat.max() > 0


def test_feature_maps_are_those_after_the_activation(tmp_path, digit):
    path = pooled(tmp_path / "pooled.onnx")
    ((name, maps),) = explain(digit, path).maps
    assert name == "convolution 1"
    assert maps.shape == (2, 28, 28)
    assert maps[1] == pytest.approx(np.where(around(0), digit / 255, 0), abs=1e-6)
    shapes = [maps.shape for _, maps in explain(digit).maps]
    assert shapes[0][1:] == (12, 12)
    assert all(maps.min() >= 0 for _, maps in explain(digit).maps)


def test_a_network_in_eight_bits_is_looked_into_as_well(tmp_path, draw_digit):
    from inkread.training.quantize import quantize

    source, target = pooled(tmp_path / "float.onnx", weight=0.1), tmp_path / "small.onnx"
    pictures = np.stack([normalize(draw_digit(label, 60 + i)) for i in range(16) for label in (0, 1, 2, 7)])
    quantize(source, target, pictures)
    small = onnx.load(target)
    helper.set_model_props(small, {CARD_KEY: make_card().to_json()})
    onnx.save(small, target)
    large = explain(pictures[0], source, method="class-activation", label=str(CLASS))
    found = explain(pictures[0], target, method="class-activation", label=str(CLASS))
    assert found.method == large.method
    assert found.heat.sum() == pytest.approx(large.heat.sum(), rel=0.1)
    assert [maps.dtype for _, maps in found.maps] == [np.float32]
    assert embed(pictures[:3], target).shape == (3, 2)


def test_a_network_without_convolutions_has_no_maps(region_only, digit):
    assert explain(digit, region_only).maps == ()


@pytest.mark.parametrize("method", ["class-activation"])
def test_networks_that_have_no_class_activation(region_only, tmp_path, digit, method):
    with pytest.raises(
        ModelError, match=r"of model 'small' it follows the pixels themselves\. Take method 'occlusion'"
    ):
        explain(digit, region_only, method=method)
    with pytest.raises(ModelError, match="'small' it follows MaxPool"):
        explain(digit, pooled(tmp_path / "local.onnx", "MaxPool"), method=method)


def test_a_network_that_ends_in_no_dense_layer(tmp_path, digit):
    nodes = [
        helper.make_node("Reshape", ["floats", "shape"], ["square"]),
        helper.make_node("Conv", ["square", "kernel"], ["maps"]),
        helper.make_node("ReduceMean", ["maps"], ["scores"], axes=[2, 3], keepdims=0),
    ]
    kernel = np.linspace(0, 1e-2, 10, dtype=np.float32).reshape(10, 1, 1, 1)
    path = save(tmp_path / "bare.onnx", nodes, {"shape": np.array([-1, 1, 28, 28]), "kernel": kernel})
    assert explain(digit, path).read_as == "9"
    for ask in (lambda: embed(digit[None], path), lambda: explain(digit, path, method="class-activation")):
        with pytest.raises(ModelError, match="'small' has no dense layer"):
            ask()


def test_embeddings_are_what_the_last_layer_is_given(tmp_path, digit):
    features = embed(np.stack([digit, np.zeros_like(digit)]), pooled(tmp_path / "pooled.onnx"))
    highest = np.where(around(0), digit, 0).max() / 255
    assert features == pytest.approx(np.array([[0.01 * highest, highest], [0, 0]]), abs=1e-6)


def test_embeddings_of_many_pictures_are_those_of_each(digit):
    x = np.random.default_rng(0).integers(0, 256, (300, 28, 28), dtype=np.uint8)
    x[299] = digit
    features = embed(x)
    assert features.shape == (300, len(explain(digit).maps[-1][1]))
    assert features.dtype == np.float32
    assert features[299] == pytest.approx(embed(digit[None])[0], abs=1e-4)


def test_embeddings_of_pictures_as_they_are(write_model):
    path = write_model(shape=(8, 6, 3), card=make_card(shape=(8, 6, 3), preprocessing=None))
    assert embed(np.zeros((2, 8, 6, 3), np.uint8), path).shape == (2, 144)
    with pytest.raises(ModelError, match=r"Expected a model of normalised digits to explain, got 'small'"):
        explain(np.zeros((8, 6, 3), np.uint8), path)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((28, 28), np.uint8), r"got uint8 \(28, 28\)"),
        (np.zeros((0, 28, 28), np.uint8), r"Expected at least one picture.* got uint8 \(0, 28, 28\)"),
        (np.zeros((2, 28, 28)), "got float64"),
        ([1], "got list"),
    ],
)
def test_what_cannot_be_embedded(x, message):
    with pytest.raises(UsageError, match=message):
        embed(x)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "oclusion"}, r"got 'oclusion'\. Did you mean 'occlusion'\?"),
        ({"label": "x"}, "Expected one of the model's classes, 0, 1, 2, .* got 'x'"),
        ({"patch": 0}, "Expected patch as a whole number from 1 to 28, got 0"),
        ({"patch": 29}, "from 1 to 28, got 29"),
        ({"patch": 2.0}, r"got 2\.0"),
        ({"patch": 3, "stride": 4}, "Expected stride as a whole number from 1 to 3, got 4"),
        ({"fill": 256}, "Expected fill as a whole number from 0 to 255, got 256"),
        ({"fill": True}, "got True"),
    ],
)
def test_options_that_cannot_be(digit, options, message):
    with pytest.raises(UsageError, match=message):
        explain(digit, **options)


def test_a_blank_picture(digit):
    with pytest.raises(NoInkError, match="got a blank one"):
        explain(np.full((40, 40), 255, np.uint8))


def test_log_odds_are_exact_where_the_probability_rounds_to_one():
    scores = np.array([[60.0, 0.0, 0.0], [0.0, 1.0, 2.0]])
    proba = np.exp(scores - scores.max(axis=1, keepdims=True)).astype(np.float32)
    proba /= proba.sum(axis=1, keepdims=True)
    assert proba[0, 0] == 1
    expected = [60 - np.log(2), -np.log(np.exp(1) + np.exp(2))]
    assert log_odds(proba, 0) == pytest.approx(expected, abs=1e-4)
    assert np.isfinite(log_odds(np.array([[1.0, 0.0]], np.float32), 0)).all()
    assert np.isfinite(log_odds(np.array([[1.0, 0.0]], np.float32), 1)).all()


def test_a_second_place_that_says_the_same_hides_the_first_from_occlusion(tmp_path, digit):
    """The highest value is reached at several places: no square covers them all, and the docs say so."""
    assert explain(digit, pooled(tmp_path / "pooled.onnx"), label=str(CLASS)).heat.max() == pytest.approx(0, abs=1e-5)


def test_the_temperature_counts(tmp_path, digit):
    plain = explain(digit, pooled(tmp_path / "a.onnx", "GlobalAveragePool"), label=str(CLASS))
    warm_card = make_card(calibration=Calibration(temperature=2.0))
    warm = explain(digit, pooled(tmp_path / "b.onnx", "GlobalAveragePool", card=warm_card), label=str(CLASS))
    assert warm.confidence < plain.confidence
    assert warm.heat.max() < plain.heat.max()
