"""The page of a report: whole in itself, readable by machines that read aloud, and harmless whatever the names are."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from inkread import normalize_batch
from inkread.datasets import Dataset
from inkread.errors import MissingExtraError
from inkread.evaluation.cost import multiply_adds
from inkread.evaluation.evaluate import compare, evaluate
from inkread.evaluation.evaluation import Evaluation
from inkread.evaluation.report_files import drawings
from inkread.evaluation.report_page import report_page
from inkread.evaluation.robustness import Robustness, robustness
from inkread.reading.card import Calibration, Rejection, Threshold
from tests.model_files import LABELS, make_card

VOID = {"meta", "link", "img", "br"}
DIGITS = (0, 1, 2, 3, 4, 7)


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if "style" not in self._open:
            self.text += f" {data}"

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def drawn(draw_digit) -> Dataset:
    pens = np.linspace(0.05, 0.14, 8)
    images = np.stack([draw_digit(d, pen=float(pen)) for pen in pens for d in DIGITS])
    return Dataset(normalize_batch(images), np.array([d for _ in pens for d in DIGITS]), LABELS, "drawn")


@pytest.fixture(scope="module")
def shipped(drawn) -> Evaluation:
    return evaluate("default", drawn, split_name="test")


@pytest.fixture(scope="module")
def damaged(drawn) -> Robustness:
    return robustness("default", drawn, count=10, names=["fog", "jpeg", "inverted"], severities=[1, 5])


@pytest.fixture
def noisy(write_model):
    """Return a function that measures a model for 12 x 12 noise."""

    def measured(labels=LABELS, seed=0, n=120, side=12, cost=False, **changes) -> Evaluation:
        card = make_card(shape=(12, 12), preprocessing=None, labels=labels, **changes)
        path = write_model(f"net{seed}.onnx", card=card, shape=(12, 12), outputs=card.outputs, seed=seed)
        rng = np.random.default_rng(0)
        images = rng.integers(0, 256, (n, side, side), dtype=np.uint8)
        return evaluate(path, Dataset(images, np.arange(n) % len(labels), labels, "noise.npz"), cost=cost)

    return measured


def page(evaluation: Evaluation, result: Robustness | None = None, command: str = "") -> str:
    return report_page(evaluation, drawings(evaluation, result), result, command)


def test_it_tells_everything_in_the_order_of_who_decides(shipped, damaged):
    html = page(shipped, damaged, "inkread evaluate default --report 'a folder'")
    shown = Page(html)
    wanted = ["confusions", "classes", "confidence", "robustness", "cost", "notes", "provenance", "again"]
    assert [section["id"] for section in shown.all("section")] == wanted
    for told in (
        f"Reads {100 * shipped.accuracy.value:.2f} % of 48 pictures right",
        f"95 % interval: {100 * shipped.accuracy.low:.2f} to {100 * shipped.accuracy.high:.2f} %, n = 48",
        "on drawn, test",
        f"at most {100 * shipped.selective.promises[0].max_error:.10g} % of wrong answers",
        "kept",
        "expected calibration error (ECE)",
        "area under risk over coverage (AURC)",
        "Hardest are",
        f"multiply-adds a picture {multiply_adds('default'):,}",
        "48 pictures are few",
        shipped.data.fingerprint,
        "CC BY-SA",
        "keras 3",
        "inkread evaluate default --report 'a folder'",
    ):
        assert told in shown.text
    for table in ("confusion", "per_class", "predictions", "reliability", "risk_coverage", "robustness"):
        assert f"{table}.csv" in shown.text


def test_it_needs_nothing_beside_itself(shipped, damaged):
    html = page(shipped, damaged)
    shown = Page(html)
    assert not {"script", "iframe", "object", "base", "form"} & {tag for tag, _ in shown.tags}
    loaded = [value for _, a in shown.tags for key, value in a.items() if key in ("src", "href", "xlink:href")]
    assert all(value.startswith(("data:", "#")) for value in loaded)
    assert "url(" not in re.sub(r"url\(#\w+\)", "", html)
    assert "@import" not in html
    assert len(html) < 1_500_000


def test_it_can_be_read_aloud_and_by_keyboard(shipped, damaged):
    shown = Page(page(shipped, damaged))
    assert shown.all("html") == [{"lang": "en"}]
    assert len(shown.all("h1")) == 1
    assert all(picture["alt"] for picture in shown.all("img"))
    assert all(drawing["aria-label"] and drawing["role"] == "img" for drawing in shown.all("svg"))
    assert len(shown.all("caption")) == len(shown.all("table"))
    scrolled = [part for part in shown.all("div") if "scroll" in (part.get("class") or "").split()]
    assert all(part["tabindex"] == "0" and part["aria-label"] for part in scrolled)
    ids = [attributes["id"] for _, attributes in shown.tags if "id" in attributes]
    named = [i for i in ids if not re.fullmatch(r"[a-zC]\w*[0-9a-f]{8,}\w*", i)]  # markers and clips of drawings
    assert len(named) == len(set(named))
    assert {link["href"][1:] for link in shown.all("a")} <= set(ids)


def test_it_is_for_light_dark_paper_and_telephone(shipped):
    html = page(shipped)
    for rule in ("prefers-color-scheme: dark", "@media print", "max-width: 40rem", 'name="viewport"'):
        assert rule in html
    drawings_alone = "".join(re.findall(r"<svg.*?</svg>", html, flags=re.DOTALL))
    assert "currentColor" in drawings_alone
    assert "#ffffff" not in drawings_alone


def test_names_that_are_markup_stay_text(noisy):
    evil = "<script>alert(1)</script>"
    labels = (evil, '"><img src=x onerror=alert(1)>', "&amp;", "{{ 7 * 7 }}", *"456789")
    found = noisy(labels, name=evil, licence=f"</style>{evil}", recipe=evil, data={"source": evil})
    found = replace(found, data=replace(found.data, source=f"/a/{evil}", split=evil), notes=(evil,))
    html = page(found, command=f"inkread evaluate {evil}")
    shown = Page(html)
    assert "script" not in {tag for tag, _ in shown.tags}
    assert all(key != "onerror" for _, attributes in shown.tags for key in attributes)
    assert "49" not in re.findall(r"<th scope=\"row\">(.*?)</th>", html)
    assert evil in shown.text
    assert "{{ 7 * 7 }}" in shown.text


def test_misread_pictures_stand_with_their_numbers_the_surest_first(noisy):
    found = noisy()
    shown = Page(page(found))
    wanted = [str(place) for place in found.answers.misread[:60]]
    assert re.findall(r"no\. (\d+)", shown.text) == wanted
    assert f"the first 60 of {len(found.answers.misread)}" in shown.text
    assert len([a for a in shown.all("img") if a["src"].startswith("data:image/png")]) == 60


def test_what_was_not_measured_is_not_there(noisy):
    shown = Page(page(noisy()))
    sections = {section["id"] for section in shown.all("section")}
    assert not {"robustness", "comparison", "cost", "again"} & sections
    assert "promises no error rate" in shown.text


def test_a_model_beside_it(noisy):
    found = compare(noisy(), noisy(seed=1, name="other"))
    shown = Page(page(found))
    assert "Compared with other" in shown.text
    assert f"only other right {len(found.comparison.test.only_second)}" in shown.text
    same = compare(noisy(), noisy(seed=1))
    assert "Compared with net1" in Page(page(same)).text


@pytest.mark.parametrize(
    ("threshold", "said"),
    [(0.0, "is broken here"), (1.0, "it answers none of the pictures")],
)
def test_promises_are_held_against_it(noisy, threshold, said):
    calibration = Calibration(1.0, (Threshold(0.01, threshold + 0.01, 1.0),), 0.05, 100)
    shown = Page(page(noisy(calibration=calibration)))
    assert said in shown.text


def test_odd_models_have_a_page_too(noisy):
    rejecting = Page(page(noisy(rejection=Rejection(0.0, 0.01, 100))))
    assert "taken for none of the classes" in rejecting.text
    one = Page(page(noisy(n=1)))
    assert "1 picture right" in one.text
    many = Page(page(noisy(tuple(f"class {i}" for i in range(40)))))
    assert any("Heat map of the confusion matrix of 40 classes" in picture["alt"] for picture in many.all("img"))


def test_a_model_file_that_is_gone(noisy, tmp_path):
    found = noisy()
    gone = replace(found, model=replace(found.model, path=str(tmp_path / "gone.onnx")))
    assert "gone.onnx" in Page(page(gone)).text


def test_without_jinja(noisy, monkeypatch):
    found = noisy()
    figures = drawings(found)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingExtraError, match=r"jinja2 is missing.*inkread\[report\]"):
        report_page(found, figures)
