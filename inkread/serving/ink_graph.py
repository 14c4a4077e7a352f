"""The way from a drawing to 28 x 28 as one ONNX graph: what `imaging` does to it with OpenCV, for where there is none.

A browser runs it. It does to a drawing what `imaging.ink` and `imaging.frame` do, step by step and with their
roundings, so that both give the same pixels; tests hold that on 500 drawings. What a clean drawing needs nothing of is
left out: polarity, paper, printed rules and specks. The file that ships is made by
`python -m inkread.serving.ink_graph`, which needs the package `onnx`.

The drawing is SIDE x SIDE pixels, ink 0 on 255, with paper along all its edges. Its ink is at a place and of a size
that only the drawing tells; so that all shapes are fixed all the same, pieces lie in the corner of larger arrays of
zeros, and what resizes or moves them are matrices that are computed too.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.imaging.frame import BOX, SIZE

if TYPE_CHECKING:
    import onnx

__all__ = ["INK_GRAPH", "SIDE", "build"]

SIDE = 256  # pixels of the drawing
INK_GRAPH = Path(__file__).parent / "browser" / "ink.onnx"

_SIGMA = 2.5  # that a picture of this size is smoothed with, see imaging.ink
_FINE = 80  # pixels of the finely drawn digit, see imaging.frame
_MARGIN = 10
_GRID = _FINE + 2 * _MARGIN
_PEN = (2.1, 3.5)
_MOST = 32  # pixels of the fine digit by which a pen is changed at most; more would leave nothing of it
_KERNEL = 2 * _MOST + 1
_FAINT = 1e-3  # of a pixel: OpenCV leaves out what covers less


class _Graph:
    """Writes nodes one after the other: `graph.Add(a, b)` gives the name of the sum; numbers become constants."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, value: Any, kind: Any = np.float32) -> str:
        from onnx import numpy_helper

        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, kind), name))
        return name

    def __getattr__(self, operator: str) -> Any:
        from onnx import helper

        def node(*inputs: Any, outputs: int = 1, **attributes: Any) -> Any:
            names = [one if isinstance(one, str) else self.constant(one) for one in inputs]
            made = [f"t{len(self.nodes)}_{i}" for i in range(outputs)]
            self.nodes.append(helper.make_node(operator, names, made, **attributes))
            return made[0] if outputs == 1 else made

        return node

    def cast(self, tensor: str, kind: str) -> str:
        from onnx import TensorProto

        return str(self.Cast(tensor, to=getattr(TensorProto, kind)))

    def whole(self, *values: int) -> str:
        return self.constant(values, np.int64)

    def sum(self, tensor: str, *axes: int) -> str:
        return str(self.ReduceSum(tensor, self.whole(*axes), keepdims=1))


def build() -> onnx.ModelProto:
    """Return the graph: uint8 (SIDE, SIDE) to uint8 (28, 28), ink 255 on 0; all zeros for a blank drawing."""
    from onnx import TensorProto, checker, helper

    graph = _Graph()
    light = graph.Sub(255.0, graph.cast("drawing", "FLOAT"))
    level, box = _ink(graph, _smooth(graph, _median(graph, light)))
    fine = _with_pen(graph, _finely(graph, level, box))
    digit = _centred(graph, fine)
    graph.nodes.append(helper.make_node("Cast", [digit], ["digit"], to=TensorProto.UINT8))
    given = helper.make_tensor_value_info("drawing", TensorProto.UINT8, [SIDE, SIDE])
    made = helper.make_tensor_value_info("digit", TensorProto.UINT8, [SIZE, SIZE])
    whole = helper.make_graph(graph.nodes, "ink", [given], [made], graph.constants)
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    checker.check_model(model)
    return model


def _median(graph: _Graph, light: str) -> str:
    """Return the median of each 3 x 3 (cv2.medianBlur), by exchanges that leave it in the middle of nine."""
    around = graph.Pad(light, graph.whole(1, 1, 1, 1), mode="edge")
    nine = [
        graph.Slice(around, graph.whole(y, x), graph.whole(y + SIDE, x + SIDE), graph.whole(0, 1))
        for y in range(3)
        for x in range(3)
    ]
    # Paeth, Median Finding on a 3 x 3 Grid, Graphics Gems 1990.
    for low, high in (
        *((1, 2), (4, 5), (7, 8), (0, 1), (3, 4), (6, 7), (1, 2), (4, 5), (7, 8), (0, 3)),
        *((5, 8), (4, 7), (3, 6), (1, 4), (2, 5), (4, 7), (4, 2), (6, 4), (4, 2)),
    ):
        nine[low], nine[high] = graph.Min(nine[low], nine[high]), graph.Max(nine[low], nine[high])
    return str(nine[4])


def _smooth(graph: _Graph, light: str) -> str:
    """Return cv2.GaussianBlur of 8 bits: whole 256ths across, then down, and rounded once."""
    kernel = _gaussian()
    reach = len(kernel) // 2
    plane = graph.Pad(light, graph.whole(reach, reach, reach, reach), mode="reflect")
    plane = graph.Reshape(plane, graph.whole(1, 1, SIDE + 2 * reach, SIDE + 2 * reach))
    across = graph.Conv(plane, kernel.reshape(1, 1, 1, -1))
    down = graph.Conv(across, kernel.reshape(1, 1, -1, 1))  # whole numbers below 2^24: exact in float32
    return str(graph.Reshape(graph.Floor(graph.Div(graph.Add(down, 32768.0), 65536.0)), graph.whole(SIDE, SIDE)))


def _gaussian() -> NDArray[np.float32]:
    """Return OpenCV's kernel for 8 bits in 256ths, found by smoothing one point."""
    point = np.zeros((1, 64), np.uint8)
    point[0, 32] = 255
    row = cv2.GaussianBlur(point, (0, 0), _SIGMA, sigmaY=1e-6, borderType=cv2.BORDER_CONSTANT)[0].astype(np.float32)
    used = np.flatnonzero(row)
    kernel = np.round(row[used[0] : used[-1] + 1] * 256 / 255)
    kernel[len(kernel) // 2] += 256 - kernel.sum()
    return np.asarray(kernel, np.float32)


def _ink(graph: _Graph, light: str) -> tuple[str, tuple[str, str, str, str]]:
    """Return the ink as `Ink.level` has it, on the whole drawing, and its box as the first and last row and column."""
    cut = _otsu(graph, light)
    mask = graph.Greater(light, cut)
    plane = graph.Reshape(graph.cast(mask, "FLOAT"), graph.whole(1, 1, SIDE, SIDE))
    near = graph.MaxPool(plane, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    level = graph.Min(255.0, graph.Round(graph.Mul(light, graph.Div(127.5, graph.Max(cut, 1.0)))))
    return str(graph.Mul(level, graph.Reshape(near, graph.whole(SIDE, SIDE)))), _box(graph, mask)


def _otsu(graph: _Graph, light: str) -> str:
    """Return the threshold between ink and paper (Otsu 1979), as OpenCV finds it."""
    flat = graph.Reshape(graph.cast(light, "INT64"), graph.whole(-1))
    ones = graph.Expand(1.0, graph.whole(SIDE * SIDE))
    counts = graph.ScatterElements(np.zeros(256, np.float32), flat, ones, axis=0, reduction="add")
    share = graph.Div(graph.cast(counts, "DOUBLE"), graph.constant(SIDE * SIDE, np.float64))
    levels = graph.constant(np.arange(256), np.float64)
    below = graph.CumSum(share, graph.constant(0, np.int64))
    above = graph.Sub(graph.constant(1, np.float64), below)
    moment = graph.CumSum(graph.Mul(share, levels), graph.constant(0, np.int64))
    whole = graph.sum(graph.Mul(share, levels), 0)
    tiny = graph.constant(np.finfo(np.float32).eps, np.float64)
    means = graph.Sub(
        graph.Div(moment, graph.Max(below, tiny)), graph.Div(graph.Sub(whole, moment), graph.Max(above, tiny))
    )
    spread = graph.Mul(graph.Mul(below, above), graph.Mul(means, means))
    there = graph.And(graph.Greater(below, tiny), graph.Greater(above, tiny))
    spread = graph.Where(there, spread, graph.constant(0, np.float64))
    return graph.cast(graph.ArgMax(spread, axis=0, keepdims=0), "FLOAT")


def _box(graph: _Graph, mask: str) -> tuple[str, str, str, str]:
    """Return the first and last row and column of what is True, float32 (1,); where there is none, of all."""
    sides: list[str] = []
    ink = graph.cast(mask, "FLOAT")
    for axis in (1, 0):
        there = graph.ReduceMax(ink, graph.whole(axis), keepdims=0)
        first = graph.ArgMax(there, axis=0, keepdims=1)
        last = graph.ArgMax(there, axis=0, keepdims=1, select_last_index=1)
        sides += [graph.cast(first, "FLOAT"), graph.cast(last, "FLOAT")]
    return sides[0], sides[1], sides[2], sides[3]


def _finely(graph: _Graph, level: str, box: tuple[str, str, str, str]) -> str:
    """Return the digit with 80 pixels on its longer side, 0 or 1, in the middle of a grid with a margin."""
    top, bottom, left, right = box
    height, width = (graph.Add(graph.Sub(end, start), 1.0) for start, end in ((top, bottom), (left, right)))
    rows, columns = _sizes(graph, height, width, _FINE)
    down = _area(graph, (rows, _FINE), (height, SIDE), top)
    across = _area(graph, (columns, _FINE), (width, SIDE), left)
    small = graph.MatMul(graph.MatMul(down, level), graph.Transpose(across, perm=[1, 0]))
    fine = graph.cast(graph.Greater(graph.Round(small), 127.0), "FLOAT")
    return str(graph.Pad(fine, graph.whole(_MARGIN, _MARGIN, _MARGIN, _MARGIN)))


def _sizes(graph: _Graph, height: str, width: str, side: int) -> list[str]:
    """Return height and width scaled so that the longer is `side`, in whole pixels."""
    scale = graph.Div(graph.constant([side], np.float64), graph.cast(graph.Max(height, width), "DOUBLE"))
    rounded = [graph.Round(graph.Mul(graph.cast(extent, "DOUBLE"), scale)) for extent in (height, width)]
    return [graph.cast(graph.Max(one, graph.constant(1, np.float64)), "FLOAT") for one in rounded]


def _area(graph: _Graph, to: tuple[str, int], given: tuple[str, int], start: str) -> str:
    """Return the matrix that resizes as cv2.INTER_AREA: by how much each pixel lies in what becomes one.

    Args:
        graph: To write to.
        to: The extent of the result, and the rows of the matrix; those beyond the extent are zero.
        given: The extent of what is resized, and the columns of the matrix.
        start: Where that begins.
    """
    extent, rows = to
    length, columns = given
    place = graph.constant(np.arange(rows)[:, None], np.float64)
    scale = graph.Div(graph.cast(length, "DOUBLE"), graph.cast(extent, "DOUBLE"))
    low = graph.Mul(place, scale)
    high = graph.Add(low, scale)
    pixel = graph.Sub(graph.constant(np.arange(columns)[None, :], np.float64), graph.cast(start, "DOUBLE"))
    one, none = graph.constant(1, np.float64), graph.constant(0, np.float64)
    common = graph.Sub(graph.Min(high, graph.Add(pixel, one)), graph.Max(low, pixel))
    common = graph.Where(graph.Greater(common, graph.constant(_FAINT, np.float64)), common, none)
    inside = graph.And(
        graph.Less(place, graph.cast(extent, "DOUBLE")),
        graph.And(graph.GreaterOrEqual(pixel, none), graph.Less(pixel, graph.cast(length, "DOUBLE"))),
    )
    cell = graph.Min(scale, graph.Sub(graph.cast(length, "DOUBLE"), low))
    cell = graph.Max(cell, graph.constant(_FAINT, np.float64))  # beyond the extent, where nothing is inside
    return graph.cast(graph.Where(inside, graph.Div(common, cell), none), "FLOAT")


def _with_pen(graph: _Graph, fine: str) -> str:
    """Bring the strokes into the range of pens: dilated or eroded by what they lack, see imaging.frame."""
    ink = graph.sum(fine, 0, 1)
    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.float32)
    inner = graph.sum(_eroded(graph, fine, graph.constant(cross.reshape(1, 1, 3, 3)), 1), 0, 1)
    width = graph.Div(graph.Mul(2.0, ink), graph.Mul(4.0, graph.Max(graph.Sub(ink, inner), 1.0)))
    wanted = graph.Min(graph.Max(width, _PEN[0]), _PEN[1])
    change = graph.Round(graph.Mul(4.0, graph.Sub(wanted, width)))
    by = graph.cast(graph.Min(graph.Abs(change), float(_MOST)), "INT64")
    chosen = graph.Gather(graph.constant(_ellipses(), np.uint8), graph.Reshape(by, graph.whole(1)))
    kernel = graph.Reshape(graph.cast(chosen, "FLOAT"), graph.whole(1, 1, _KERNEL, _KERNEL))
    # To erode the ink is to dilate the paper: one convolution serves both.
    grows = graph.Greater(change, 0.0)
    counted = _counted(graph, graph.Where(grows, fine, graph.Sub(1.0, fine)), kernel, _MOST)
    wider, thinner = (graph.cast(compare(counted, 0.5), "FLOAT") for compare in (graph.Greater, graph.Less))
    # A pen stroke that would vanish is left as it is.
    thinner = graph.Where(graph.Greater(graph.Mul(4.0, graph.sum(thinner, 0, 1)), ink), thinner, fine)
    return str(graph.Where(grows, wider, graph.Where(graph.Less(change, 0.0), thinner, fine)))


def _counted(graph: _Graph, plane: str, kernel: str, reach: int) -> str:
    image = graph.Reshape(plane, graph.whole(1, 1, _GRID, _GRID))
    return str(graph.Reshape(graph.Conv(image, kernel, pads=[reach] * 4), graph.whole(_GRID, _GRID)))


def _eroded(graph: _Graph, fine: str, kernel: str, reach: int) -> str:
    paper = _counted(graph, graph.Sub(1.0, fine), kernel, reach)
    return graph.cast(graph.Less(paper, 0.5), "FLOAT")


def _ellipses() -> NDArray[np.uint8]:
    """Return OpenCV's ellipses of 1 to 33 pixels, each with its anchor in the middle."""
    bank = np.zeros((_MOST + 1, _KERNEL, _KERNEL), np.uint8)
    for change in range(_MOST + 1):
        size = change + 1
        start = _MOST - size // 2
        ellipse = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
        bank[change, start : start + size, start : start + size] = ellipse
    return bank


def _centred(graph: _Graph, fine: str) -> str:
    """Return the digit with 20 pixels on its longer side, its centre of mass on the centre of 28 x 28."""
    top, bottom, left, right = _box(graph, graph.Greater(fine, 0.5))
    height, width = (graph.Add(graph.Sub(end, start), 1.0) for start, end in ((top, bottom), (left, right)))
    rows, columns = _sizes(graph, height, width, BOX)
    down = _area(graph, (rows, BOX), (height, _GRID), top)
    across = _area(graph, (columns, BOX), (width, _GRID), left)
    bright = graph.Mul(255.0, fine)
    small = graph.Round(graph.MatMul(graph.MatMul(down, bright), graph.Transpose(across, perm=[1, 0])))
    mass = graph.Max(graph.sum(small, 0, 1), 1.0)
    moved = []
    for axis, extent in ((1, rows), (0, columns)):
        by_place = graph.Reshape(graph.sum(small, axis), graph.whole(BOX))
        centre = graph.Div(graph.sum(graph.Mul(by_place, np.arange(BOX)), 0), graph.Reshape(mass, graph.whole(1)))
        start = graph.Round(graph.Sub((SIZE - 1) / 2, centre))
        start = graph.Min(graph.Max(start, 0.0), graph.Sub(float(SIZE), extent))
        moved.append(_shift(graph, start))
    return str(graph.MatMul(graph.MatMul(moved[0], small), graph.Transpose(moved[1], perm=[1, 0])))


def _shift(graph: _Graph, start: str) -> str:
    """Return the (28, 20) matrix that lays the first of 20 at `start`."""
    places = graph.Sub(np.arange(SIZE)[:, None], graph.Add(start, np.arange(BOX)[None, :]))
    return graph.cast(graph.Less(graph.Abs(places), 0.5), "FLOAT")


if __name__ == "__main__":
    import onnx

    onnx.save(build(), INK_GRAPH)
