"""What the documents say is true: their Python runs, their links lead somewhere, doctests hold."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
WITH_EXAMPLES = [
    "inkread",
    "inkread.datasets.dataset",
    "inkread.datasets.splits",
    "inkread.datasets.describe",
    "inkread.evaluation.inside",
    "inkread.evaluation.intervals",
    "inkread.evaluation.strings",
    "inkread.imaging.preprocess",
    "inkread.reading.explain",
    "inkread.reading.predictor",
    "inkread.reading.read",
    "inkread.reading.reader",
    "inkread.serving.app",
    "inkread.training.recipes",
]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_python_of_a_document_runs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), flags=re.DOTALL):
        exec(compile(block, str(path), "exec"), names)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_links_of_a_document_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8"))
    missing = [t for t in targets if "://" not in t and not (path.parent / t).exists()]
    assert missing == []


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_in_docstrings_hold(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    module = importlib.import_module(name)
    outcome = doctest.testmod(module, extraglobs=vars(module))
    assert outcome.attempted > 0
    assert outcome.failed == 0


def test_the_examples_are_read_right(monkeypatch: pytest.MonkeyPatch) -> None:
    import csv

    import inkread

    with (ROOT / "examples" / "truth.csv").open(encoding="utf-8", newline="") as file:
        truth = {row["file"]: row["truth"] for row in csv.DictReader(file)}
    pages = inkread.read_many([ROOT / "examples" / name for name in truth])
    assert {Path(page.source).name: page.text for page in pages} == truth
