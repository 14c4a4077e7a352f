"""Make docs/models.md anew: python docs/make_models.py [NAME ...], with the digit models that ship, or those named.

The figures go into the cards of the models too, where `inkread models` finds them.

Everything is measured here but what needs trainings: the accuracy of the reference recipes, and the means over seeds,
which the recipes tell with their commands. Speed does not depend on weights: that of a recipe without a shipped model
is of its network as it is built.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.calibration import Judged, judged
from benchmarks.common import machine
from benchmarks.other_hands import into_card, measured
from inkread import Predictor
from inkread.datasets import Dataset, mnist
from inkread.datasets.disputed import DISPUTED
from inkread.evaluation import calibration, plots
from inkread.evaluation.compare_plots import Dot, accuracy_and_cost
from inkread.evaluation.corruptions import CORRUPTIONS, MNIST_C
from inkread.evaluation.cost import Cost, measure_cost
from inkread.evaluation.metrics import Share, share
from inkread.evaluation.robustness import robustness
from inkread.reading.card import Card, Figure
from inkread.reading.confidence import threshold_for
from inkread.reading.model_file import find_model, open_model, shipped_models

DOCS = Path(__file__).resolve().parent
PAGE, PLOT = DOCS / "models.md", DOCS / "models.png"
BEGIN, END = "<!-- made by `python docs/make_models.py`, do not edit -->", "<!-- /made -->"
DAMAGED = 1000  # digits for each corruption
WISH = 0.001
TEST = 10_000  # pictures: intervals are drawn as of one training's

# Name, millions of multiply-adds, error in per cent: as published, the arithmetic counted by us from the layers given.
PUBLISHED = (
    ("LeNet-5, 1998", 0.42, 0.95),
    ("Cireșan, 2012", 66.0, 0.23),
    ("Deotte, 2018", 15.1, 0.35),
    ("Deotte, vote", 227.0, 0.26),
)


@dataclass(frozen=True)
class Shipped:
    """What was measured of a model that ships."""

    name: str
    card: Card
    cost: Cost
    test: Judged
    alone: tuple[float, float]  # right by class alone, of all and without the disputed labels
    promised: tuple[float, int, int]  # share answered at WISH; wrong among them; answered
    corrupted: dict[str, float]
    hands: list[Figure]

    def figures(self) -> list[Figure]:
        """Return what belongs into the card."""
        found = [_of_test(self.alone[0]), share(round(DAMAGED * sum(self.corrupted.values())), DAMAGED * len(MNIST_C))]
        named = zip(("MNIST test, as it is", "MNIST-C"), found, strict=True)
        return [*(Figure(name, s.value, s.n, s.low, s.high) for name, s in named), *self.hands]


def main() -> None:
    """Measure and write."""
    from inkread.training.recipes import RECIPES

    names = sys.argv[1:] or [
        name for name, path in shipped_models().items() if open_model(path, kind=None).card.kind == "digit"
    ]
    test = mnist("test")
    shipped = [_measured(name, test) for name in names]
    for model in shipped:
        into_card(model.figures(), find_model(model.name))
    built = {name: _built(name) for name in RECIPES if name not in ("default", *names)}
    parts = [
        f"Machine: {machine()}.",
        "## What they cost\n\n" + _costs(shipped, built),
        "## What they read\n\n" + _accuracy(shipped, RECIPES),
        "## Corrupted, and of other hands\n\n" + _robust(shipped),
        f"![Error against multiply-adds]({PLOT.name})",
    ]
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    PAGE.write_text(head + BEGIN + "\n\n" + "\n\n".join(parts) + "\n\n" + END + tail, encoding="utf-8")
    plots.save(_drawn(shipped, built, RECIPES), PLOT)


def _measured(name: str, test: Dataset) -> Shipped:
    predictor = Predictor(name)
    found = judged(predictor, list(test.images), test.labels)
    right = predictor.predict(test.images) == test.labels
    sure = np.delete(np.arange(len(test)), DISPUTED[test.fingerprint])
    threshold = threshold_for(predictor.card.calibration, WISH, native=True)
    answered = found.known & (found.confidence >= threshold)
    corrupted = {}
    for corruption in MNIST_C:
        severity = CORRUPTIONS[corruption].released
        assert severity is not None
        result = robustness(predictor, test, count=DAMAGED, names=[corruption], severities=[severity])
        corrupted[corruption] = result.cell(corruption, severity).raw.value
    return Shipped(
        name,
        predictor.card,
        measure_cost(name, test.images),
        found,
        (float(right.mean()), float(right[sure].mean())),
        (float(answered.mean()), int((answered & ~found.right).sum()), int(answered.sum())),
        corrupted,
        measured(name),
    )


def _built(name: str) -> Cost:
    """Return the cost of a recipe's network, without any training."""
    from inkread.training.export import export
    from inkread.training.recipes import RECIPES

    recipe = RECIPES[name]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.onnx"
        card = Card(name, "0", tuple("0123456789"), (28, 28), preprocessing=1, parameters=recipe.parameters)
        export(recipe.build((28, 28), 10), card, path, np.zeros((64, 28, 28), np.uint8))
        return measure_cost(path)


def _table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [columns, ("---",) * len(columns), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _costs(shipped: list[Shipped], built: dict[str, Cost]) -> str:
    rows = [_cost(f"**`{s.name}`**", s.cost) for s in shipped]
    rows += [_cost(f"recipe `{name}`", cost) for name, cost in built.items()]
    threads = shipped[0].cost.threads
    columns = ("", "parameters", "multiply-adds", "file", "one picture, one thread", "a second, one thread")
    return _table((*columns, f"a second, {threads} threads"), rows)


def _cost(name: str, cost: Cost) -> tuple[str, ...]:
    return (
        name,
        f"{cost.parameters:,}",
        f"{_millions(cost.multiply_adds):.2f} M"
        + (f", in doubt {_millions(most):.2f} M" if (most := cost.most_multiply_adds) != cost.multiply_adds else ""),
        f"{cost.size / 1000:,.0f} kB",
        f"{cost.latency:.3f} ms",
        f"{cost.throughput_single:,.0f}",
        f"{cost.throughput:,.0f}",
    )


def _accuracy(shipped: list[Shipped], recipes: Any) -> str:
    rows = []
    for s in shipped:
        proba, labels = s.test.proba[s.test.known], s.test.labels[s.test.known]
        bins = calibration.reliability(proba.max(axis=1), proba.argmax(axis=1) == labels)
        answered, wrong, n = s.promised
        rows.append(
            (
                f"**`{s.name}`**, the file",
                f"{100 * s.alone[0]:.2f} %",
                f"{100 * s.alone[1]:.2f} %",
                f"{100 * float(s.test.right.mean()):.2f} %",
                f"{100 * calibration.calibration_error(bins):.2f} %",
                f"{100 * answered:.1f} %, {wrong} of {n:,} wrong" if n else "not promised",
            )
        )
    for recipe in recipes.values():
        if recipe.expected:
            e = recipe.expected
            several = f" ± {100 * e.spread:.2f}, {e.seeds} trainings" if e.seeds > 1 else ", one training"
            said = f"{100 * e.accuracy:.2f} %{several}"
            rows.append((f"recipe `{recipe.name}`", said, "", "", "", ""))
    columns = ("", "MNIST test, class alone", "without 15 disputed labels", "rejected ones counted as wrong", "ECE")
    return _table((*columns, f"answered at max_error {100 * WISH:g} %"), rows)


def _robust(shipped: list[Shipped]) -> str:
    rows = []
    for s in shipped:
        lowest = min(s.corrupted, key=lambda name: s.corrupted[name])
        mean = float(np.mean(list(s.corrupted.values())))
        hands = [f"{100 * f.value:.2f} %" for f in s.hands]
        rows.append((f"**`{s.name}`**", f"{100 * mean:.1f} %", f"{100 * s.corrupted[lowest]:.1f} % ({lowest})", *hands))
    names = [f"{f.name} ({f.n:,})" for f in shipped[0].hands]
    return _table(("", f"MNIST-C, mean of 15 ({DAMAGED:,} each)", "lowest", *names), rows)


def _drawn(shipped: list[Shipped], built: dict[str, Cost], recipes: Any) -> Any:
    """Draw error against multiply-adds."""
    dots = [Dot(s.name, "shipped", _of_test(s.alone[0]), _millions(s.cost.multiply_adds)) for s in shipped]
    dots += [
        Dot(name, "recipe", _of_test(recipes[name].expected.accuracy), _millions(cost.multiply_adds))
        for name, cost in built.items()
        if recipes[name].expected
    ]
    dots += [Dot(name, "published", _of_test(1 - error / 100), work) for name, work, error in PUBLISHED]
    return accuracy_and_cost(dots, "millions of multiply-adds a picture", title="Errors on MNIST's test pictures")


def _millions(count: int | None) -> float:
    return (count or 0) / 1e6


def _of_test(accuracy: float) -> Share:
    return share(round(accuracy * TEST), TEST)


if __name__ == "__main__":
    main()
