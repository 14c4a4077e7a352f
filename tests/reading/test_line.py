from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from inkread.datasets.lines import SYMBOLS
from inkread.errors import ModelError, ModelNotFoundError, UsageError
from inkread.imaging.strip import ROWS, STRIP_VERSION, NormalizedStrip
from inkread.reading.card import CARD_KEY, Calibration
from inkread.reading.line import LineReader, Whole
from inkread.reading.model_file import open_model
from inkread.reading.wanted import wanted
from tests.model_files import make_card

STEP = 15  # gray levels from one class to the next


def write_line_model(path: Path, **changes: object) -> Path:
    """Write a network that reads the gray level of two columns: 15 is a 0, 30 a 1, up to 240 for the last mark."""
    classes = 1 + len(SYMBOLS)
    constants = {
        "levels": np.arange(classes, dtype=np.float32) * STEP,
        "pairs": np.array([0, -1, 2], np.int64),
        "last": np.array([-1], np.int64),
        "scale": np.array(-0.2, np.float32),
    }
    nodes = [
        helper.make_node("Cast", ["strips"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMax", ["floats"], ["columns"], axes=[1], keepdims=0),
        helper.make_node("Reshape", ["columns", "pairs"], ["frames"]),
        helper.make_node("ReduceMax", ["frames"], ["values"], axes=[2], keepdims=1),
        helper.make_node("Sub", ["values", "levels"], ["off"]),
        helper.make_node("Mul", ["off", "off"], ["squares"]),
        helper.make_node("Mul", ["squares", "scale"], ["scores"]),
    ]
    graph = helper.make_graph(
        nodes,
        "line",
        [helper.make_tensor_value_info("strips", TensorProto.UINT8, ["N", ROWS, "W"])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", "T", classes])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    settings = {"labels": tuple(SYMBOLS), "shape": (ROWS, 0), "preprocessing": STRIP_VERSION, "kind": "line"}
    card = make_card(**(settings | changes))
    helper.set_model_props(model, {CARD_KEY: card.to_json()})
    onnx.save(model, path)
    return path


@pytest.fixture
def reader(tmp_path) -> LineReader:
    return LineReader(write_line_model(tmp_path / "line.onnx"))


def strip(text: str, *, gap: int = 8, wide: int = 8, scale: float = 0.5) -> NormalizedStrip:
    """Return a strip whose columns spell a text in gray levels, each symbol a bar of 20 rows."""
    columns = np.zeros((ROWS, gap + (gap + wide) * len(text)), np.uint8)
    for i, symbol in enumerate(text):
        left = gap + i * (gap + wide)
        if symbol != " ":
            columns[6:26, left : left + wide] = STEP * (SYMBOLS.index(symbol) + 1)
    return NormalizedStrip(columns, scale, 0.0, 10.0)


def read(reader: LineReader, one: NormalizedStrip):
    return reader.decode(Whole(one, reader.lattices([one.pixels])[0], np.eye(3)))


def test_digits_and_marks_are_read_in_their_order(reader):
    line = read(reader, strip("22.970.-"))
    assert line.text == "22970"
    assert line.transcript == "22.970.-"
    assert [digit.value for digit in line.digits] == [2, 2, 9, 7, 0]
    assert line.confidence > 0.99
    assert line.alternatives[0][0] == "22970"
    assert line.answered


def test_boxes_are_in_pixels_of_the_picture(reader):
    line = read(reader, strip("789", gap=8, wide=8, scale=0.5))  # 7 on: bright enough to count as ink
    for i, digit in enumerate(line.digits):
        assert digit.box.left == pytest.approx(2 * (8 + 16 * i), abs=4)
        assert digit.box.width == pytest.approx(16, abs=4)
        assert digit.box.top == pytest.approx(10 + 2 * 6, abs=2)
        assert digit.box.height == pytest.approx(40, abs=2)
    assert line.box.width == pytest.approx(2 * 40, abs=8)


def test_probabilities_are_of_the_ten_digits(reader):
    for digit in read(reader, strip("5062")).digits:
        assert len(digit.probabilities) == 10
        assert sum(digit.probabilities) == pytest.approx(1.0)
        assert digit.probabilities[digit.value] == digit.confidence == max(digit.probabilities)


def test_wide_gaps_part_groups(reader):
    assert read(reader, strip("789  98")).groups == ("789", "98")
    assert read(reader, strip("789", gap=40)).groups == ("789",)


def test_no_digit_is_no_line(reader):
    assert read(reader, strip("#=-")) is None
    assert reader.read(np.full((60, 200), 255, np.uint8)) is None


def test_a_constraint_is_kept(reader):
    one = strip("2297")
    whole = Whole(one, reader.lattices([one.pixels])[0], np.eye(3))
    assert reader.decode(whole, wanted(3, None)).text in {"229", "297", "227"}
    assert reader.decode(whole, wanted(None, r"22\d\d")).text == "2297"
    picture = np.full((60, 200), 255, np.uint8)
    with pytest.raises(UsageError, match="regular expression"):
        reader.read(picture, pattern="(")


def test_a_temperature_makes_answers_less_sure(tmp_path):
    plain = LineReader(write_line_model(tmp_path / "a.onnx"))
    doubting = LineReader(write_line_model(tmp_path / "b.onnx", calibration=Calibration(temperature=4.0)))
    one = strip("37")
    assert read(doubting, one).confidence < read(plain, one).confidence


def test_a_line_reads_the_same_among_others(reader):
    rng = np.random.default_rng(0)
    pictures = []
    for width in (80, 200, 120, 80):
        picture = np.full((50, width), 230, np.uint8)
        cv2.putText(picture, str(rng.integers(100)), (8, 38), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 20, 3)
        pictures.append(picture)
    together = reader.read_many(pictures)
    assert together == [reader.read(picture) for picture in pictures]


def test_a_line_model_is_no_digit_model_and_the_other_way_round(tmp_path, write_model):
    line = write_line_model(tmp_path / "line.onnx")
    with pytest.raises(ModelError, match="reads a digit, got one for 'line'"):
        open_model(line)
    with pytest.raises(ModelError, match="reads a line, got one for 'digit'"):
        LineReader(write_model())
    assert open_model(line, kind=None).card.kind == "line"


def test_a_line_model_of_another_preprocessing_is_refused(tmp_path):
    with pytest.raises(ModelError, match=f"preprocessing version {STRIP_VERSION}, got one for version 99"):
        LineReader(write_line_model(tmp_path / "line.onnx", preprocessing=99))


def test_a_card_that_says_other_labels_than_the_network_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"\(N, frames, 12\)"):
        LineReader(write_line_model(tmp_path / "line.onnx", labels=tuple("0123456789.")))


def test_a_model_that_is_not_there_is_said_to_be_missing():
    with pytest.raises(ModelNotFoundError, match="nowhere"):
        LineReader("nowhere.onnx")
