from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

import inkread
from inkread.errors import (
    ImageError,
    ModelError,
    ModelNotFoundError,
    MultiplePagesError,
    UnreadableImageError,
    UsageError,
)
from inkread.reading.card import Calibration, Threshold
from inkread.reading.confidence import NEVER
from tests.model_files import make_card

LABELS = (0, 1, 2, 3, 4, 7)


@pytest.fixture(scope="module")
def reader() -> inkread.Reader:
    return inkread.Reader()


def png_of(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("size", [28, 64, 400])
@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (255, 0), (60, 170)])
def test_it_reads(reader, draw_digit, label, size, ink, paper):
    page = reader.read(draw_digit(label, size, ink=ink, paper=paper, pen=0.07))
    (line,) = page.lines
    (digit,) = line.digits
    assert page.text == line.text == digit.label == line.transcript == str(label)
    assert digit.value == label
    assert line.groups == (str(label),)
    assert line.answered
    assert 0.5 < digit.confidence == line.confidence == page.confidence <= 1
    assert digit.confidence == max(digit.probabilities) == digit.probabilities[label]
    assert sum(digit.probabilities) == pytest.approx(1, abs=1e-5)
    assert line.alternatives[0] == (str(label), digit.confidence)
    assert len(line.alternatives) == 3
    assert [p for _, p in line.alternatives] == sorted((p for _, p in line.alternatives), reverse=True)
    assert (page.width, page.height) == (size, size)
    assert page.error is None


def test_every_kind_of_source(tmp_path, draw_digit):
    pixels = draw_digit(7, 90)
    path = tmp_path / "seven.png"
    path.write_bytes(png_of(pixels))
    colour = np.dstack([pixels] * 3)
    layer = np.dstack([np.zeros_like(colour), 255 - pixels])
    for image in (path, str(path), path.read_bytes(), pixels, colour, layer, Image.fromarray(pixels)):
        assert inkread.read(image).text == "7"
    assert inkread.read(path).source == str(path)
    assert inkread.read(pixels).source == ""


def test_the_box_is_in_pixels_of_the_picture(reader, draw_digit):
    picture = np.full((300, 500), 255, np.uint8)
    picture[50:250, 250:450] = draw_digit(0, 200, pen=0.05)
    page = reader.read(picture)
    assert (page.width, page.height) == (500, 300)
    box = page.lines[0].box
    assert box == page.lines[0].digits[0].box
    assert box.left == pytest.approx(250 + 58 + 8 - 5, abs=8)
    assert box.top == pytest.approx(50 + 40 - 5, abs=8)
    assert box.height == pytest.approx(120 + 10, abs=8)


def test_a_picture_that_lies_on_its_side(reader, draw_digit):
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.fromarray(draw_digit(7, 90)[:, 10:]).rotate(90, expand=True).save(buffer, "PNG", exif=exif)
    page = reader.read(buffer.getvalue())
    assert page.text == "7"
    assert (page.width, page.height) == (80, 90)


@pytest.mark.parametrize("value", [0, 255, 128])
def test_a_blank_picture_has_no_lines(reader, value):
    page = reader.read(np.full((40, 60, 3), value, np.uint8))
    assert page.lines == ()
    assert page.text == ""
    assert page.confidence == 0.0
    assert page.error is None
    assert (page.width, page.height) == (60, 40)


def test_the_model_is_named(write_model, draw_digit):
    assert inkread.read(draw_digit(1)).model.startswith("default ")
    path = write_model()
    for model in (path, str(path)):
        assert inkread.read(draw_digit(1), model=model).model == "small 1"
    assert next(inkread.read_many(draw_digit(1), model=path)).model == "small 1"


@pytest.mark.parametrize("layout", ["digit", "auto"])
def test_layouts_there_are(reader, draw_digit, layout):
    assert reader.read(draw_digit(3), layout=layout).text == "3"


def test_a_misspelt_layout(reader, draw_digit):
    with pytest.raises(UsageError, match=r"got 'digits'\. Did you mean 'digit'\?"):
        reader.read(draw_digit(3), layout="digits")


def thresholds(*confidences: float) -> Calibration:
    return Calibration(thresholds=tuple(Threshold(0.01 * (i + 1), c, 0.5) for i, c in enumerate(confidences)))


def test_doubtful_digits_are_withheld(write_model, draw_digit):
    model = write_model(card=make_card(calibration=thresholds(NEVER, 0.0)))
    plain = inkread.read(draw_digit(4), model=model).lines[0]
    kept = inkread.read(draw_digit(4), model=model, max_error=0.02).lines[0]
    assert kept == plain
    held = inkread.read(draw_digit(4), model=model, max_error=0.01).lines[0]
    assert held.digits[0].value is None
    assert held.digits[0].label == held.text == held.transcript == "?"
    assert not held.answered
    assert held.confidence == plain.confidence == held.digits[0].confidence
    assert held.digits[0].probabilities == plain.digits[0].probabilities
    assert held.alternatives == plain.alternatives
    assert held.box == plain.box


def test_what_comes_in_the_form_of_the_network_is_held_to_its_own_thresholds(draw_digit, write_model):
    calibration = Calibration(thresholds=(Threshold(0.01, NEVER, 0.0),), native=(Threshold(0.01, 0.0, 1.0),))
    model = write_model(card=make_card(calibration=calibration))
    picture = draw_digit(4)
    assert not inkread.read(picture, model=model, max_error=0.01).lines[0].answered
    normal = inkread.normalize(picture)
    for native in (normal, np.stack([normal] * 3, axis=2)):
        assert inkread.read(native, model=model, max_error=0.01).lines[0].answered


def test_withholding_follows_the_confidence(draw_digit, write_model):
    first = inkread.read(draw_digit(4), model=write_model("a.onnx")).confidence
    for i, (least, answered) in enumerate([(first - 1e-6, True), (first, True), (first + 1e-6, False)]):
        model = write_model(f"b{i}.onnx", card=make_card(calibration=thresholds(least)))
        assert inkread.read(draw_digit(4), model=model, max_error=0.5).lines[0].answered is answered


def test_max_error_is_checked_before_the_picture(reader):
    with pytest.raises(UsageError, match="max_error"):
        reader.read("missing.png", max_error=2)
    with pytest.raises(UsageError, match="max_error"):
        reader.read_many([], max_error=0)  # at once, not while iterating


def test_many_in_order(reader, draw_digit):
    pages = list(reader.read_many([draw_digit(label) for label in LABELS]))
    assert [page.text for page in pages] == [str(label) for label in LABELS]
    assert list(reader.read_many([])) == []
    assert [page.text for page in reader.read_many(draw_digit(2))] == ["2"]


def test_many_are_read_one_at_a_time(reader, draw_digit):
    def sources():
        yield draw_digit(1)
        raise RuntimeError("a source of the user's own failed")

    pages = reader.read_many(sources())
    assert next(pages).text == "1"
    with pytest.raises(RuntimeError, match="own failed"):
        next(pages)


def test_errors_are_raised_in_their_turn(reader, draw_digit):
    pages = reader.read_many([draw_digit(1), b"no picture", draw_digit(2)])
    assert next(pages).text == "1"
    with pytest.raises(UnreadableImageError, match="something else"):
        next(pages)


def test_errors_are_kept_in_their_place(reader, draw_digit, tmp_path):
    missing = str(tmp_path / "missing.png")
    damaged = png_of(draw_digit(3))[:90]
    pages = list(reader.read_many([draw_digit(1), missing, damaged, None, draw_digit(2)], on_error="keep"))
    assert [page.text for page in pages] == ["1", "", "", "", "2"]
    assert [page.error is None for page in pages] == [True, False, False, False, True]
    assert pages[1].source == missing
    assert "there is no file" in pages[1].error
    assert "got a damaged one: the bytes given" in pages[2].error
    assert "got NoneType" in pages[3].error
    assert all(page.lines == () and page.confidence == 0.0 and page.model for page in pages[1:4])


def test_an_unknown_way_with_errors(reader):
    with pytest.raises(UsageError, match="Expected on_error 'raise' or 'keep', got 'ignore'"):
        reader.read_many([], on_error="ignore")


@pytest.mark.parametrize("kind", ["TIFF", "PDF"])
def test_files_of_several_pages(tmp_path, draw_digit, kind):
    path = tmp_path / f"form.{kind.lower()}"
    sheets = [Image.fromarray(draw_digit(label, 80, pen=0.06)) for label in (3, 2, 7)]
    sheets[0].save(path, save_all=True, append_images=sheets[1:])
    pages = list(inkread.read_many(path))
    assert [page.text for page in pages] == ["3", "2", "7"]
    assert [page.number for page in pages] == [1, 2, 3]
    assert {page.source for page in pages} == {str(path)}
    with pytest.raises(MultiplePagesError, match="read_many"):
        inkread.read(path)


def test_results_turn_into_json_and_back(reader, draw_digit):
    for page in reader.read_many([draw_digit(3), np.zeros((9, 9), np.uint8), b"x"], on_error="keep"):
        assert inkread.Page.from_dict(json.loads(json.dumps(page.to_dict(), allow_nan=False))) == page


def test_threads_share_a_reader(reader, draw_digit):
    pictures = [png_of(draw_digit(label, 60)) for label in LABELS] * 8
    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda data: reader.read(data).text, pictures))
    assert texts == [str(label) for label in LABELS] * 8


def test_models_that_cannot_read(write_model):
    path = write_model(shape=(32, 32, 3), card=make_card(shape=(32, 32, 3), preprocessing=None))
    with pytest.raises(ModelError, match=r"got 'small', which takes pictures of shape \(32, 32, 3\) as they are\. Use"):
        inkread.Reader(path)
    with pytest.raises(ModelNotFoundError, match="Did you mean 'default'"):
        inkread.read(np.zeros((9, 9), np.uint8), model="defalt")


@pytest.mark.parametrize("model", [None, 5, b"default", ["default"]])
def test_what_names_no_model(model):
    for call in (inkread.read, lambda x, model: list(inkread.read_many([x], model=model))):
        with pytest.raises(UsageError, match="Expected the name of a model"):
            call(np.zeros((9, 9), np.uint8), model=model)


def test_an_array_of_several_pictures_is_no_picture(reader):
    with pytest.raises(ImageError, match=r"got \(5, 28, 28\)\. Several pictures are a list, given to read_many"):
        reader.read(np.zeros((5, 28, 28), np.uint8))
