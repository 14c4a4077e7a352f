"""The page without a server: the way to 28 x 28 as a graph, and the folder that reads in the browser alone."""

from __future__ import annotations

import json
import random
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
import onnxruntime
import pytest

import inkread
from inkread.errors import ChecksumError, DownloadError, ModelError, OutputError
from inkread.serving import site
from inkread.serving.ink_graph import INK_GRAPH, SIDE, build
from tests.model_files import make_card, write_model
from tests.serving.browser import Sheet, chromium, missing
from tests.serving.hand import strokes

DRAWINGS = 500


def drawings(count: int, seed: int = 5) -> list[np.ndarray]:
    """Return digits drawn as a browser would, with pens from thin to wide, bent and slanted, as large as fits."""
    chance = random.Random(seed)
    return [_drawn(chance, number % 10) for number in range(count)]


def _drawn(chance: random.Random, label: int) -> np.ndarray:
    width = chance.uniform(40, 190)
    height = 190.0 if width < 150 else chance.uniform(60, 190)
    pen, slant = chance.randrange(4, 34), chance.uniform(-0.3, 0.3)
    picture = np.full((SIDE, SIDE), 255, np.uint8)
    room = 190 - pen
    for stroke in strokes(label, (-width / 2, -height / 2, width, height)):
        bent = [(x - slant * y + chance.gauss(0, 3), y + chance.gauss(0, 3)) for x, y in stroke]
        reach = max(1.0, *(2 * max(abs(x), abs(y)) / room for x, y in bent))
        points = np.array([[(x / reach + SIDE / 2) * 16, (y / reach + SIDE / 2) * 16] for x, y in bent])
        cv2.polylines(picture, [points.round().astype(np.int32)], False, 0, pen, cv2.LINE_AA, 4)
    return picture


@pytest.fixture(scope="module")
def graph():
    return onnxruntime.InferenceSession(str(INK_GRAPH), providers=["CPUExecutionProvider"])


def test_the_graph_gives_what_normalize_gives(graph):
    different = []
    for number, drawing in enumerate(drawings(DRAWINGS)):
        (seen,) = graph.run(None, {"drawing": drawing})
        different.append((np.abs(seen.astype(int) - inkread.normalize(drawing)).max(), number))
    assert max(different)[0] <= 1, sorted(different)[-5:]


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_blank_drawing_stays_blank(graph, value):
    (seen,) = graph.run(None, {"drawing": np.full((SIDE, SIDE), value, np.uint8)})
    assert seen.shape == (28, 28)
    assert value != 255 or not seen.any()


def test_the_graph_that_ships_is_the_one_that_is_built():
    import onnx

    assert onnx.load(INK_GRAPH) == build()


@pytest.fixture(scope="module")
def runtime() -> bytes:
    try:
        return site.fetch_runtime()
    except DownloadError as error:
        missing(str(error))


@pytest.fixture(scope="module")
def folder(tmp_path_factory, runtime):
    folder = tmp_path_factory.mktemp("site")
    site.write_site(folder, runtime=runtime)
    return folder


@pytest.fixture(scope="module")
def plain_server(folder):
    """Serve the folder as any file server does."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


def test_the_folder_reads_without_a_server(browser, plain_server):
    with browser.new_context() as context:
        sheet = Sheet(context.new_page(), plain_server).open()
        for label in range(10):
            sheet.draw(label)
            sheet.reads(str(label))
            sheet.page.click("#clear")
            sheet.reads("")
        for label, left in ((3, 0.04), (1, 0.38), (4, 0.7)):
            sheet.draw(label, left=left)
        sheet.reads("314")
        assert sheet.page.locator("#digits button").count() == 3
        sheet.page.locator("#digits button").nth(2).click()
        sheet.page.locator("#heat-caption", has_text="“4”").wait_for()
        assert sheet.page.locator("#layer option").count() == 5
        assert sheet.page.locator("#open").is_hidden()
        assert sheet.errors == []
        assert [url for url in sheet.requests if not url.startswith((plain_server, "blob:", "data:"))] == []


_BOTH = """async () => {
    const { drawing } = await import("./backend.js");
    const ort = await import("./ort/ort.wasm.min.mjs");
    const ink = await ort.InferenceSession.create("ink.onnx");
    const found = [];
    for (let k = 0; k < 12; k++) {
        const points = Array.from({ length: 24 }, (_, i) =>
            [400 + 150 * Math.cos(i * 0.2 + k) + 40 * Math.sin(i + k), 250 + 9 * i * Math.sin(k + 1), 0.5]);
        const stroke = { tool: "pen", thickness: 6 + 3 * k, points };
        const [xs, ys] = [points.map((p) => p[0]), points.map((p) => p[1])];
        const [left, top] = [Math.min(...xs) - 20, Math.min(...ys) - 20];
        const box = { left, top, width: Math.max(...xs) + 20 - left, height: Math.max(...ys) + 20 - top };
        const pixels = drawing({ strokes: [stroke] }, { strokes: [stroke], box });
        const { digit } = await ink.run({ drawing: new ort.Tensor("uint8", pixels, [256, 256]) });
        found.push({ pixels: [...pixels], digit: [...digit.data] });
    }
    return found;
}"""


def test_the_browser_sees_what_python_sees(browser, plain_server):
    with browser.new_context(bypass_csp=True) as context:
        sheet = Sheet(context.new_page(), plain_server).open()
        found = sheet.page.evaluate(_BOTH)
    for one in found:
        drawing = np.array(one["pixels"], np.uint8).reshape(SIDE, SIDE)
        seen = np.array(one["digit"]).reshape(28, 28)
        assert np.abs(seen - inkread.normalize(drawing)).max() <= 1


def test_the_folder_can_be_written_again_and_hides_nothing(folder, runtime, tmp_path):
    site.write_site(folder, runtime=runtime)
    about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    assert (about["name"], len(about["labels"])) == ("default", 10)
    assert "Content-Security-Policy" in (folder / "index.html").read_text(encoding="utf-8")
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="holds something else"):
        site.write_site(tmp_path, runtime=runtime)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(OutputError):
        site.write_site(tmp_path / "mine.txt", runtime=runtime)


def test_a_model_that_takes_no_digits(tmp_path, runtime):
    path = write_model(tmp_path / "raw.onnx", card=make_card(preprocessing=None))
    with pytest.raises(ModelError, match="normalised digits"):
        site.write_site(tmp_path / "site", str(path), runtime=runtime)


def test_a_runtime_that_is_not_the_published_one(tmp_path, monkeypatch):
    (tmp_path / "false.tgz").write_bytes(b"something else")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(site, "_URL", (tmp_path / "false.tgz").as_uri())
    with pytest.raises(ChecksumError):
        site.fetch_runtime()
    monkeypatch.setattr(site, "_URL", (tmp_path / "nowhere.tgz").as_uri())
    with pytest.raises(DownloadError, match="put it at"):
        site.fetch_runtime()
