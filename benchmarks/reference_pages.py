"""Writes what `reference_systems` measured into the pages about the systems, `docs/recipes`, and draws it.

Between two comments of a page everything is made here; what is around them is written by hand.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.common import percent
from benchmarks.reference_systems import KEPT, VARIANTS, runs_of, spread_of
from inkread.evaluation import drawing, plots
from inkread.evaluation.intervals import wilson
from inkread.training.recipes import RECIPES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["BEGIN", "END", "between", "write_pages"]

COMMAND = "python -m benchmarks reference_systems"
BEGIN = f"<!-- measured: made by `{COMMAND} --pages`, do not edit -->"
END = "<!-- measured: end -->"
# What the reports say, as they say it; an empty text where they say nothing.
REPORTED = {
    "dense": {"accuracy": '"high accuracy"', "epochs": "5"},
    "cnn-2conv": {
        "accuracy": "99.16 %",
        "loss": "0.0269",
        "epochs": "10",
        "parameters": "225,034",
        "an epoch": "48 to 98 s",
    },
    "cnn-3conv": {"accuracy": "99.16 %", "epochs": "5"},
    "lenet": {"accuracy": '"remarkable"', "epochs": "10"},
    "cnn-dropout": {"accuracy": "95.34 %", "epochs": "tuned"},
}
DIGITS = tuple("0123456789")
MOST_CONFUSED = 6
COLOURS = 256
WORDS = {1: "one core", 2: "two cores", 4: "four cores"}
BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"  # Okabe and Ito's

Run = dict[str, Any]


def write_pages(kept: dict[str, Any], folder: Path = KEPT.parent) -> None:
    """Write tables and drawings of the systems that were measured; print what the registry of recipes should expect.

    Args:
        kept: The runs by system and seed.
        folder: The pages, NAME.md and README.md; those that are not there are passed over.
    """
    kept = {name: {seed: {**run, "seed": seed} for seed, run in found.items()} for name, found in kept.items()}
    measured = [name for name in REPORTED if runs_of(kept, name)]
    for name in measured:
        runs = {variant: runs_of(kept, variant) for variant in variants_of(name) if runs_of(kept, variant)}
        _save(curves(runs), folder / f"{name}-curves.png")
        _save(confusion(name, runs[name]), folder / f"{name}-confusion.png")
        _write(folder / f"{name}.md", _page(name, runs))
    _write(folder / "README.md", _overview({name: runs_of(kept, name) for name in VARIANTS if runs_of(kept, name)}))
    for name in measured:
        accuracies = [run["accuracy"] for run in runs_of(kept, name)]
        numbers = f"{mean(accuracies):.4f}, {spread_of(accuracies):.4f}, {len(accuracies)}"
        print(f'{name}: expected=Expected({numbers}, "{COMMAND}"),')


def variants_of(name: str) -> list[str]:
    """Return the ways in which a system is trained, the recipe's own first."""
    return [variant for variant, (recipe, _) in VARIANTS.items() if recipe == name]


def between(text: str, made: str) -> str:
    """Return the text of a page with what stands between its two comments replaced; as it is where it has none."""
    pattern = re.escape(BEGIN) + ".*?" + re.escape(END)
    return re.sub(pattern, lambda _: f"{BEGIN}\n\n{made}\n\n{END}", text, flags=re.DOTALL)


def _save(figure: Figure, path: Path) -> None:
    """Write a drawing in few colours, which looks the same and is a third as large."""
    plots.save(figure, path)
    Image.open(path).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def _write(path: Path, made: str) -> None:
    if path.exists():
        path.write_text(between(path.read_text(encoding="utf-8"), made), encoding="utf-8")


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown; the first row is its head."""
    head, *others = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([head, "|" + "---|" * len(rows[0]), *others])


def _page(name: str, runs: dict[str, list[Run]]) -> str:
    parts = [
        _side_by_side(name, runs),
        f"The times are wall-clock times, on {_machine(runs)}.",
        _by_epoch(runs),
        f"![Loss and accuracy of {name} over the epochs, a line for each seed and their mean]({name}-curves.png)",
        "Thin lines are seeds, thick ones their mean; the marks at the end of the loss are the test loss.",
        f"![Which digits {name} takes for which]({name}-confusion.png)",
        _confused(name, runs[name]),
    ]
    return "\n\n".join(parts)


def _side_by_side(name: str, runs: dict[str, list[Run]]) -> str:
    reported = REPORTED[name]
    columns = ["reproduced" if variant == name else variant.removeprefix(f"{name} ") for variant in runs]
    figures = [_figures(RECIPES[name].parameters, found) for found in runs.values()]
    rows = [[what, reported.get(what, ""), *(figure[what] for figure in figures)] for what in figures[0]]
    rows[0][0] = "accuracy, 10,000 test pictures"
    return _table([["", "reported", *columns], *rows])


def _figures(parameters: int, runs: Sequence[Run]) -> dict[str, str]:
    accuracies = [run["accuracy"] for run in runs]
    seconds, epochs = mean(run["seconds"] for run in runs), len(runs[0]["epochs"])
    tested = int(np.sum(runs[0]["confusion"]))
    low, high = wilson(round(mean(accuracies) * tested), tested)
    return {
        "accuracy": f"**{percent(mean(accuracies))}**",
        "standard deviation over the seeds": _deviation(accuracies),
        "seeds": str(len(runs)),
        "95 % interval of one training": f"{100 * low:.2f} to {100 * high:.2f} %",
        "loss": f"{mean(run['loss'] for run in runs):.4f}",
        "epochs": str(epochs),
        "parameters": f"{parameters:,}",
        "an epoch": _seconds(seconds / epochs),
        "the whole training": _seconds(seconds),
    }


def _deviation(accuracies: Sequence[float]) -> str:
    return f"{100 * spread_of(accuracies):.2f} points" if len(accuracies) > 1 else ""


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def _machine(runs: dict[str, list[Run]]) -> str:
    """Return the machine, how busy it was, and the versions that matter."""
    lines = [run["machine"] for found in runs.values() for run in found]
    loads = [float(load) for line in lines for load in re.findall(r"load ([\d.]+)", line)]
    processors = " and ".join(dict.fromkeys(line.partition(",")[0] for line in lines))
    cores = int((re.search(r"(\d+) cores", lines[0]) or [0, 0])[1])
    versions = [
        f"{title} {version}"
        for title, package in (("Python", "Python"), ("Keras", "keras"), ("TensorFlow", r"tensorflow(?:-cpu)?"))
        for version in dict.fromkeys(v for line in lines for v in re.findall(rf"\b{package} ([\d.]+\d)", line))
    ]
    ends = dict.fromkeys(f"{load:.1f}" for load in sorted(loads)[:: max(1, len(loads) - 1)])
    busy = f" (load {' to '.join(ends)})" if loads else ""
    return f"{processors}, {WORDS.get(cores, f'{cores} cores')}, shared{busy}; {', '.join(versions)}"


def _by_epoch(runs: dict[str, list[Run]]) -> str:
    """Return the test accuracy after each epoch, a column for each run and the mean of each variant."""
    head, columns = ["epoch"], []
    for variant, found in runs.items():
        sort = "" if len(runs) == 1 else f"{shortened(variant)}, "
        shares = np.array([[epoch["test_accuracy"] for epoch in run["epochs"]] for run in found])  # (seeds, epochs)
        head += [f"{sort}seed {run['seed']}" for run in found] + [f"{sort}mean"] * (len(found) > 1)
        columns += [*shares, *([shares.mean(axis=0)] if len(found) > 1 else [])]
    epochs = max(len(column) for column in columns)
    rows = [[str(i + 1), *(percent(column[i]) if i < len(column) else "" for column in columns)] for i in range(epochs)]
    return "Test accuracy after each epoch:\n\n" + _table([head, *rows])


def shortened(variant: str) -> str:
    return variant.rpartition(" with ")[2] if " with " in variant else "Adam"


def _confused(name: str, runs: Sequence[Run]) -> str:
    matrix = _summed(runs)
    wrong = Counter({(t, f): int(matrix[t, f]) for t in range(10) for f in range(10) if t != f and matrix[t, f]})
    most = ", ".join(f"{t} read as {f} ({count})" for (t, f), count in wrong.most_common(MOST_CONFUSED))
    total, shown = sum(wrong.values()), int(matrix.sum())
    share = 1 - matrix.diagonal() / matrix.sum(axis=1)
    hardest, easiest = int(share.argmax()), int(share.argmin())
    return (
        f"Of {shown:,} answers ({_seeds(runs)}, 10,000 pictures each) {total:,} are wrong. The commonest errors of "
        f"{name}: {most}. The digit most often wrong is {hardest} ({100 * share[hardest]:.1f} % of its pictures), the "
        f"one least often wrong {easiest} ({100 * share[easiest]:.1f} %)."
    )


def _seeds(runs: Sequence[Run]) -> str:
    return "1 seed" if len(runs) == 1 else f"{len(runs)} seeds"


def _overview(runs: dict[str, list[Run]]) -> str:
    rows = [["system", "parameters", "epochs", "reported", "reproduced", "sd, points", "seeds", "training"]]
    for variant, found in runs.items():
        name = VARIANTS[variant][0]
        accuracies = [run["accuracy"] for run in found]
        rows.append(
            [
                variant.replace(name, f"[{name}]({name}.md)"),
                f"{RECIPES[name].parameters:,}",
                str(len(found[0]["epochs"])),
                REPORTED[name]["accuracy"],
                percent(mean(accuracies)),
                _deviation(accuracies).removesuffix(" points"),
                str(len(found)),
                _seconds(mean(run["seconds"] for run in found)),
            ]
        )
    return f"{_table(rows)}\n\nMachine: {_machine(runs)}."


def _summed(runs: Sequence[Run]) -> NDArray[np.int64]:
    return np.sum([run["confusion"] for run in runs], axis=0)


def confusion(name: str, runs: Sequence[Run]) -> Figure:
    """Draw what was read as what, in all runs together."""
    seeds = "1 seed" if len(runs) == 1 else f"sum of {len(runs)} seeds"
    return plots.confusion_heatmap(_summed(runs), DIGITS, title=f"{name}: MNIST's test pictures, {seeds}")


def curves(runs: dict[str, list[Run]]) -> Figure:
    """Draw loss and accuracy over the epochs: thin lines for the seeds, a thick one for their mean.

    Args:
        runs: By variant; the second one is dashed.
    """
    with drawing.calm_style():
        figure = drawing.new_figure(9.0, 3.6)
        loss, accuracy = figure.subplots(1, 2)
        for (variant, found), style in zip(runs.items(), ("-", (0, (4, 2))), strict=False):
            sort = "" if len(runs) == 1 else f", {shortened(variant)}"
            for axes, key, label, colour in _lines(loss, accuracy):
                _draw(axes, [[epoch.get(key) for epoch in run["epochs"]] for run in found], label + sort, colour, style)
            at = [len(found[0]["epochs"])] * len(found)
            loss.plot(at, [run["loss"] for run in found], "o" if style == "-" else "s", color=ORANGE, alpha=0.8)
        for axes, title in ((loss, "Loss"), (accuracy, "Accuracy")):
            axes.set_title(title)
            axes.set_xlabel("epoch")
            axes.grid(axis="y")
            axes.set_xticks(_ticks(max(len(run["epochs"]) for found in runs.values() for run in found)))
        plots._as_percent(accuracy)
        handles, labels = accuracy.get_legend_handles_labels()
        each = len(handles) // len(runs)  # a legend is filled column by column: each sort of line gets one
        order = [variant * each + line for line in range(each) for variant in range(len(runs))]
        figure.legend([handles[i] for i in order], [labels[i] for i in order], loc="outside lower center", ncols=each)
    return figure


def _lines(loss: Axes, accuracy: Axes) -> Iterator[tuple[Axes, str, str, str]]:
    yield loss, "loss", "training", BLUE
    yield loss, "validation_loss", "validation", GREEN
    yield accuracy, "accuracy", "training", BLUE
    yield accuracy, "validation_accuracy", "validation", GREEN
    yield accuracy, "test_accuracy", "test", ORANGE


def _draw(axes: Axes, lines: list[list[float | None]], label: str, colour: str, style: Any) -> None:
    if any(value is None for line in lines for value in line):
        return
    values = np.array(lines, np.float64)  # (seeds, epochs)
    epochs = np.arange(1, values.shape[1] + 1)
    if len(values) > 1:
        axes.plot(epochs, values.T, color=colour, linewidth=0.7, alpha=0.45, linestyle=style)
    axes.plot(epochs, values.mean(axis=0), color=colour, label=label, linestyle=style)


def _ticks(epochs: int) -> list[int]:
    step = 1 if epochs <= 10 else 2
    return list(range(1, epochs + 1, step))
