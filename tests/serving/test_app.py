from __future__ import annotations

import base64
import io
import json
import logging
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

import inkread
from inkread import errors
from inkread.reading import reader as reader_module
from inkread.reading.reader import Reader
from inkread.serving import schemas
from inkread.serving.app import create_app
from inkread.serving.problems import STATUS
from inkread.serving.settings import Settings
from tests.model_files import make_card, write_model

KEY = "a-long-enough-key"


@pytest.fixture(scope="module")
def client():
    with TestClient(create_app()) as opened:
        yield opened


def client_of(**settings) -> TestClient:
    return TestClient(create_app(Settings(**settings)))


def refused(response, status: int, name: str) -> str:
    """Return the detail of a problem, after a look at its form."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert set(problem) == {"type", "title", "status", "detail", "error"}
    assert (problem["status"], problem["error"]) == (status, name)
    assert problem["title"].endswith(".")
    return problem["detail"]


@pytest.mark.parametrize("media", ["image/png", "application/octet-stream", "application/x-www-form-urlencoded", None])
def test_a_picture_as_the_body(client, png, media):
    response = client.post("/v1/read", content=png(7), headers={"content-type": media} if media else {})
    assert response.status_code == 200
    (page,) = response.json()
    assert page["text"] == "7"
    assert page == json.loads(inkread.read(png(7)).to_json())  # one schema for HTTP and the library


def test_the_answer_is_what_the_command_writes(client, png, inkread_command, tmp_path):
    (tmp_path / "two.png").write_bytes(png(2))
    written = json.loads(inkread_command("read", tmp_path / "two.png", "--format", "json"))
    answered = client.post("/v1/read", files={"files": (str(tmp_path / "two.png"), png(2))}).json()
    assert answered == written


@pytest.fixture
def inkread_command(monkeypatch, capsys):
    from inkread.cli import app

    def run(*arguments: object) -> str:
        app([str(argument) for argument in arguments], standalone_mode=False)
        return capsys.readouterr().out

    return run


def test_many_files_in_order(client, png):
    files = [("files", (f"{label}.png", png(label), "image/png")) for label in (3, 1, 4)]
    pages = client.post("/v1/read", files=files).json()
    assert [(page["source"], page["text"]) for page in pages] == [("3.png", "3"), ("1.png", "1"), ("4.png", "4")]


@pytest.mark.parametrize("kind", ["PDF", "TIFF"])
def test_pages_of_a_file(client, draw_digit, kind):
    sheets = [Image.fromarray(draw_digit(label, 80, pen=0.06)) for label in (3, 2)]
    buffer = io.BytesIO()
    sheets[0].save(buffer, kind, save_all=True, append_images=sheets[1:])
    pages = client.post("/v1/read", content=buffer.getvalue()).json()
    assert [(page["number"], page["text"]) for page in pages] == [(1, "3"), (2, "2")]


def test_a_blank_picture_is_a_page_without_lines(client):
    (page,) = client.post("/v1/read", content=_png_of_size(60, 40)).json()
    assert (page["lines"], page["text"], page["width"], page["height"]) == ([], "", 60, 40)


def _png_of_size(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (width, height), 255).save(buffer, "PNG")
    return buffer.getvalue()


def test_bad_files_are_refused_or_kept(client, png):
    files = [("files", ("a.png", png(1))), ("files", ("b.png", png(3)[:90])), ("files", ("c.txt", b"no picture"))]
    assert "damaged" in refused(client.post("/v1/read", files=files), 422, "UnreadableImageError")
    pages = client.post("/v1/read", params={"on_error": "keep"}, files=files).json()
    assert [page["text"] for page in pages] == ["1", "", ""]
    assert pages[0]["error"] is None
    assert "got something else" in pages[2]["error"]
    assert pages[2]["model"] == pages[0]["model"]


def test_options_reach_the_reader(client, png, monkeypatch):
    seen = []

    def read(self, image, **options):
        seen.append(options)
        return inkread.Page("", 1, 1, 1)

    monkeypatch.setattr(Reader, "read", read)
    asked = {"layout": "line", "document": "amount:de-CH", "max_error": 0.01, "length": 4, "pattern": "####"}
    assert client.post("/v1/read", params=asked, content=png()).status_code == 200
    assert seen == [asked]


def test_lines_and_digits_of_any_number_are_answered(client, png, monkeypatch):
    """The answer has as many lines and digits as the reader found."""
    one = inkread.read(png()).lines[0]
    two = inkread.Line(one.digits * 3, one.box, 0.5, ("77", "7"), "77.7", (("777", 0.5), ("717", 0.2)))
    page = inkread.Page("", 1, 90, 90, (one, two), model="some 1")
    monkeypatch.setattr(Reader, "read", lambda self, image, **options: page)
    (answered,) = client.post("/v1/read", content=png()).json()
    assert answered == json.loads(page.to_json())
    assert inkread.Page.from_dict(answered).text == page.text
    schemas.PageOut.model_validate(answered)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"max_error": 2}, ["max_error: a number below 1 (got '2')"]),
        (
            {"layout": "digits", "on_error": "ignore"},
            ["layout: one of 'digit', 'line', 'page' or 'auto' (got 'digits')", "on_error: one of 'raise' or 'keep'"],
        ),
        ({"length": 0}, ["length: a number from 1 (got '0')"]),
        ({"length": "five"}, ["length: a whole number (got 'five')"]),
        ({"document": "../template.json"}, ["document: another value (got '../template.json'). See /docs."]),
        ({"document": "amount:nowhere"}, ["'nowhere'", "countries"]),
        ({"pattern": "x" * 201}, ["pattern: at most 200 characters (got 'xxx", "…"]),
    ],
)
def test_options_that_cannot_be(client, png, options, names):
    detail = refused(client.post("/v1/read", params=options, content=png()), 422, "UsageError")
    assert all(name in detail for name in names)


def test_an_option_that_the_library_refuses(client, png, monkeypatch):
    def refuse(*_, **__):
        raise errors.UsageError("Expected another layout.")

    monkeypatch.setattr(reader_module.Reader, "read", refuse)
    assert refused(client.post("/v1/read", content=png()), 422, "UsageError") == "Expected another layout."


def test_only_served_models_and_never_paths(client, png, tmp_path):
    path = write_model(tmp_path / "small.onnx")
    for model in ("defualt", str(path), "../small.onnx"):
        detail = refused(client.post("/v1/read", params={"model": model}, content=png()), 404, "ModelNotFoundError")
        assert "It serves: default." in detail
    with client_of(models=("default", str(path))) as both:
        (page,) = both.post("/v1/read", params={"model": "small"}, content=png()).json()
        assert page["model"] == "small 1"
        assert [model["name"] for model in both.get("/v1/models").json()] == ["default", "small"]
        explained = both.post("/v1/explain", params={"model": "small"}, content=png()).json()
        assert explained["maps"] == []


def test_two_models_of_one_name(tmp_path):
    (tmp_path / "a").mkdir()
    paths = [str(write_model(tmp_path / name)) for name in ("small.onnx", "a/small.onnx")]
    with pytest.raises(errors.UsageError, match="two called 'small'"):
        create_app(Settings(models=tuple(paths)))


def test_a_model_that_cannot_be_used_is_told_of_at_start():
    with pytest.raises(errors.ModelNotFoundError):
        create_app(Settings(models=("defualt",)))


def test_looking_inside(client, png):
    body = client.post("/v1/explain", content=png(7, 200)).json()
    schemas.ExplanationOut.model_validate(body)
    assert (body["read_as"], body["label"], body["known"], body["method"]) == ("7", "7", True, "occlusion")
    assert np.array_equal(body["seen"], inkread.normalize(png(7, 200)))
    assert np.shape(body["heat"]) == (28, 28)
    first = body["maps"][0]
    data = base64.b64decode(first["data"])
    assert len(data) == first["channels"] * first["height"] * first["width"]
    assert max(data) == 255
    assert first["low"] < first["high"]


def test_looking_inside_one_of_several(client, draw_digit):
    picture = np.full((100, 300), 255, np.uint8)
    for i, label in enumerate((3, 1, 4)):
        picture[:, 100 * i : 100 * i + 100] = draw_digit(label, 100, share=0.7)
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    for i, label in enumerate((3, 1, 4)):
        box = {"left": 100 * i + 20, "top": 10, "width": 60, "height": 80}
        body = client.post("/v1/explain", params=box, content=buffer.getvalue()).json()
        assert body["read_as"] == str(label)


def test_a_box_that_cannot_be(client, png):
    some = client.post("/v1/explain", params={"left": 3, "top": 3}, content=png())
    assert "or none of them" in refused(some, 422, "UsageError")
    outside = {"left": 500, "top": 3, "width": 10, "height": 10}
    assert "outside" in refused(client.post("/v1/explain", params=outside, content=png()), 422, "UsageError")


def test_what_cannot_be_looked_into(client, png):
    refused(client.post("/v1/explain", content=_png_of_size(30, 30)), 422, "NoInkError")
    refused(client.post("/v1/explain", params={"label": "x"}, content=png()), 422, "UsageError")
    two = [("files", ("a.png", png())), ("files", ("b.png", png()))]
    refused(client.post("/v1/explain", files=two), 422, "UsageError")


def test_models_are_listed(client):
    (model,) = client.get("/v1/models").json()
    schemas.ModelOut.model_validate(model)
    assert (model["name"], model["labels"]) == ("default", list("0123456789"))
    assert model["figures"]


def test_a_threshold_that_no_answer_reaches_is_no_number(tmp_path):
    from inkread.reading.card import Calibration, Threshold
    from inkread.reading.confidence import NEVER

    card = make_card(calibration=Calibration(thresholds=(Threshold(0.01, NEVER, 0.0),)))
    with client_of(models=(str(write_model(tmp_path / "small.onnx", card=card)),)) as opened:
        assert opened.get("/v1/models").json()[0]["thresholds"][0]["confidence"] is None


def test_too_many_bytes(png):
    with client_of(max_bytes=1000) as small:
        assert "at most" in refused(small.post("/v1/read", content=png(7, 400)), 413, "ImageTooLargeError")

        def endless():
            for _ in range(20):
                yield b"x" * 100

        refused(small.post("/v1/read", content=endless()), 413, "ImageTooLargeError")


def test_too_many_pixels_before_they_are_decoded():
    with client_of(max_pixels=10_000) as small:
        assert small.post("/v1/read", content=_png_of_size(100, 100)).status_code == 200
        bomb = _png_of_size(3000, 3000)
        started = time.perf_counter()
        refused(small.post("/v1/read", content=bomb), 413, "ImageTooLargeError")
        assert time.perf_counter() - started < 1


def test_too_many_pages(png):
    with client_of(max_pages=2) as small:
        files = [("files", ("x.png", png())) for _ in range(3)]
        refused(small.post("/v1/read", files=files), 422, "UsageError")
        buffer = io.BytesIO()
        sheet = Image.new("L", (20, 20), 255)
        sheet.save(buffer, "TIFF", save_all=True, append_images=[sheet])
        two = [("files", ("x.tiff", buffer.getvalue())), ("files", ("y.png", png()))]
        refused(small.post("/v1/read", files=two), 413, "ImageTooLargeError")
        refused(small.post("/v1/read", params={"on_error": "keep"}, files=two), 413, "ImageTooLargeError")


def test_too_long(png, monkeypatch):
    def slow(*_, **__):
        time.sleep(0.4)
        return inkread.Page("", 1, 1, 1)

    with client_of(max_seconds=1) as hasty:
        monkeypatch.setattr(Reader, "read", slow)
        response = hasty.post("/v1/read", files=[("files", ("x.png", png())) for _ in range(6)])
        refused(response, 503, "TookTooLong")
        assert response.headers["retry-after"] == "1"


def test_compressed_bodies_are_not_unpacked(client, png):
    response = client.post("/v1/read", content=png(), headers={"content-encoding": "gzip"})
    refused(response, 415, "UnsupportedMediaType")


@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"no parts"),
        ("multipart/form-data; boundary=x", b"--x--\r\n"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\nsmall\r\n--x--\r\n',
        ),
    ],
)
def test_multipart_that_is_none(client, media, body):
    refused(client.post("/v1/read", content=body, headers={"content-type": media}), 422, "UsageError")


def test_the_key(png):
    with client_of(api_key=KEY) as locked:
        for path in ("/", "/health", "/docs"):
            assert locked.get(path).status_code == 200
        for headers in ({}, {"authorization": "Bearer wrong"}, {"x-api-key": ""}, {"authorization": f"Basic {KEY}"}):
            response = locked.post("/v1/read", content=png(), headers=headers)
            refused(response, 401, "Unauthorized")
            assert response.headers["www-authenticate"] == "Bearer"
        assert locked.get("/metrics").status_code == locked.get("/v1/models").status_code == 401
        for headers in ({"authorization": f"Bearer {KEY}"}, {"x-api-key": KEY}):
            assert locked.post("/v1/read", content=png(), headers=headers).status_code == 200


def test_settings_that_cannot_be():
    with pytest.raises(errors.UsageError) as caught:
        Settings(models=(), api_key="short", max_bytes=0, max_seconds="3", threads=-1)
    assert all(name in str(caught.value) for name in ("models", "api_key", "max_bytes", "max_seconds", "threads"))


def test_unknown_addresses_and_methods(client):
    refused(client.get("/nowhere"), 404, "NotFound")
    refused(client.get("/../../pyproject.toml"), 404, "NotFound")
    response = client.put("/v1/read")
    refused(response, 405, "MethodNotAllowed")
    assert response.headers["allow"] == "POST"


def test_a_fault_of_ours_shows_nothing(png, monkeypatch):
    def break_down(*_, **__):
        raise RuntimeError("secret")

    with TestClient(create_app(), raise_server_exceptions=False) as opened:
        monkeypatch.setattr(Reader, "read", break_down)
        detail = refused(opened.post("/v1/read", content=png()), 500, "InternalError")
    assert "secret" not in detail


def test_every_error_of_the_library_has_a_status():
    kinds = [getattr(errors, name) for name in errors.__all__ if name.endswith("Error")]
    assert all(any(base in STATUS for base in kind.__mro__) for kind in kinds)


@pytest.mark.parametrize("path", ["/", "/health", "/nowhere", "/docs"])
def test_headers_that_keep_a_browser_safe(client, path):
    headers = client.get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_the_counters(png):
    with client_of() as fresh:
        fresh.post("/v1/read", content=png())
        fresh.post("/v1/read", content=b"x")
        fresh.get("/some/address/of/its/own")
        text = fresh.get("/metrics").text
    assert 'inkread_requests_total{method="POST",route="/v1/read",status="200"} 1.0' in text
    assert 'inkread_requests_total{method="POST",route="/v1/read",status="422"} 1.0' in text
    assert 'inkread_pages_total{outcome="read"} 1.0' in text
    assert 'inkread_digits_total{outcome="answered"} 1.0' in text
    assert "own" not in text


def test_the_log_holds_size_time_and_outcome_alone(client, png, caplog):
    with caplog.at_level(logging.INFO, "inkread.serving"):
        client.post("/v1/read?model=secret", files={"files": ("secret.png", png())})
        client.get("/secret")
    lines = [record.getMessage() for record in caplog.records if record.name == "inkread.serving"]
    assert lines[0].startswith("POST /v1/read 404, ")
    assert "secret" not in " ".join(lines)


def test_health_says_when_the_server_is_about_to_stop():
    app = create_app()
    with TestClient(app) as opened:
        assert opened.get("/health").json() == {"status": "ok", "version": inkread.__version__, "models": ["default"]}
        app.state.serving.draining = True
        response = opened.get("/health")
        refused(response, 503, "Overloaded")
        assert response.headers["connection"] == "close"


def test_the_corner_marks_of_a_form(client, png):
    form = Path(__file__).parents[2] / "examples" / "form"
    found = client.post("/v1/marks", content=(form / "blank.png").read_bytes()).json()
    schemas.MarksOut.model_validate(found)
    template = json.loads((form / "template.json").read_text(encoding="utf-8"))
    scale = found["width"] / template["width"]
    for name in ("corners", "upright", "mark"):
        assert np.allclose(found[name], scale * np.array(template[name]), atol=2), name
    none = client.post("/v1/marks", content=png(7)).json()
    assert (none["corners"], none["mark"], none["upright"]) == (None, None, None)
    refused(client.post("/v1/marks", files=[("files", ("x.png", png()))] * 2), 422, "UsageError")


def test_the_document_of_the_api(client):
    document = client.get("/openapi.json").json()
    assert set(document["paths"]) == {"/v1/read", "/v1/explain", "/v1/marks", "/v1/models", "/health", "/metrics"}
    assert "HTTPValidationError" not in json.dumps(document)
    shown = client.get("/docs").text
    assert all(path in shown for path in document["paths"])
    assert 'id="unreadable-image-error"' in shown
    assert "<script" not in shown
    assert "://" not in shown.replace("http://localhost:8000", "")
