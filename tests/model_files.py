"""Small ONNX files for tests: a network of one layer, with whatever is wrong that a test asks for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from inkread.imaging.preprocess import VERSION
from inkread.reading.card import CARD_KEY, Card

LABELS = tuple("0123456789")


def make_card(**changes: Any) -> Card:
    """Return a card that fits the network below."""
    card = Card(
        name="small",
        version="1",
        labels=LABELS,
        shape=(28, 28),
        preprocessing=VERSION,
        parameters=7840,
    )
    return replace(card, **changes)


def write_model(
    path: Path,
    *,
    card: Card | str | None = "fitting",
    batch: int | str = "N",
    shape: tuple[int, ...] = (28, 28),
    outputs: int = 10,
    input_type: int = TensorProto.UINT8,
    flat_output: bool = False,
    inputs: int = 1,
    seed: int = 0,
) -> Path:
    """Write a model file.

    Args:
        path: Where.
        card: A card, text in its place, None for no card, or "fitting" for one that fits.
        batch: The first dimension of the input.
        shape: The others.
        outputs: How many scores it gives.
        input_type: The type of its pixels.
        flat_output: Give one number for all instead of a row of scores for each picture.
        inputs: How many inputs it asks for.
        seed: Of its weights.
    """
    pixels = int(np.prod(shape))
    weights = np.random.default_rng(seed).normal(0, 2e-3, (pixels, outputs)).astype(np.float32)
    nodes = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["floats"], ["flat"], axis=1),
        helper.make_node("MatMul", ["flat", "weights"], ["sum" if flat_output else "scores"]),
    ]
    if flat_output:
        nodes.append(helper.make_node("ReduceSum", ["sum"], ["scores"], keepdims=0))
    given = [helper.make_tensor_value_info("pixels", input_type, [batch, *shape])]
    given += [helper.make_tensor_value_info(f"more{i}", TensorProto.FLOAT, [1]) for i in range(1, inputs)]
    nodes += [helper.make_node("Identity", [f"more{i}"], [f"unused{i}"]) for i in range(1, inputs)]
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, [] if flat_output else [batch, outputs])
    graph = helper.make_graph(nodes, "small", given, [scores], [numpy_helper.from_array(weights, "weights")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if card is not None:
        text = make_card().to_json() if card == "fitting" else card.to_json() if isinstance(card, Card) else card
        helper.set_model_props(model, {CARD_KEY: text})
    onnx.save(model, path)
    return path
