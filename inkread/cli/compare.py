"""`inkread compare`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from inkread.training.compare import Comparison, Pictures, Result, Row
    from inkread.training.contestants import Contestant

__all__ = ["compare"]

_INTERRUPTED = 130


def compare(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Classifiers, recipes, models: knn, lenet, recipe:default, model:default, FILE.onnx; by default all.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[str, typer.Option(help="mnist, FILE.npz, FILE.csv, or a folder.")] = "mnist",
    train_size: Annotated[
        int | None, typer.Option(help="Labelled pictures to learn from, each class in proportion; by default all.")
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="For each training: what takes longer learns from fewer pictures."),
    ] = None,
    seeds: Annotated[str, typer.Option(help="A training for each: 0,1,2.")] = "0",
    output: Annotated[Path, typer.Option(help="Folder of the results; those that are there are taken.")] = Path(
        "compare"
    ),
    learning_curve: Annotated[
        bool, typer.Option("--learning-curve", help="Train on 100, 300, 1000, … pictures too.")
    ] = False,
) -> None:
    """Compare classic classifiers, recipes and models on the same pictures.

    Of the labelled pictures a twelfth is held out to set the confidence on; the figures are of the test part alone.
    Every result is kept in the output folder: a comparison that was interrupted goes on when it is called again.
    """
    from inkread import console
    from inkread.training.compare import Comparison, pictures_of
    from inkread.training.contestants import contestants

    comparison = Comparison(output, _seeds(seeds), budget)
    found = contestants(names or ())
    with console.progress("download") as report:
        pictures = pictures_of(data, train_size, progress=report)
    for note in pictures.notes:
        console.note(note)
    try:
        results = _measured(found, pictures, comparison)
        _show(results, pictures)
        _write(results, pictures, comparison)
        if learning_curve:
            _write_curve(found, pictures, comparison)
    except KeyboardInterrupt:
        console.note(f"Stopped. What was measured is kept in {output}; go on with the same command.")
        raise typer.Exit(_INTERRUPTED) from None


def _seeds(text: str) -> tuple[int, ...]:
    from inkread.errors import UsageError

    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise UsageError(
            f"Expected --seeds as whole numbers with commas between, such as 0,1,2; got {text!r}."
        ) from None


def _measured(found: Sequence[Contestant], pictures: Pictures, comparison: Comparison) -> list[Result]:
    """Measure all, and say so on the way."""
    from inkread import console
    from inkread.errors import UsageError
    from inkread.training.compare import compare as run

    results: list[Result] = []
    trainings = sum(len(comparison.seeds) if contestant.learns else 1 for contestant in found)
    with console.progress("compare") as report:

        def told(contestant: Contestant, size: int) -> None:
            report(len(results), trainings, f"{contestant.title}, {size:,} pictures" if size else contestant.title)

        for result in run(found, pictures, comparison, told=told):
            results.append(result)
            console.note(_told(result))
    there = {(result.kind, result.name) for result in results}
    for contestant in found:
        if (contestant.kind, contestant.name) not in there:
            console.note(f"{contestant.title}: left out, as it was not made for these pictures or classes.")
    if not results:
        raise UsageError("Expected a classifier, recipe or model that fits these pictures, got none. Name others.")
    return results


def _told(result: Result) -> str:
    m = result.measured
    trained = "as it is" if m.training_seconds is None else f"trained in {m.training_seconds:,.1f} s"
    fewer = f" on {m.trained_on:,} pictures: {result.why_fewer}" if result.why_fewer else ""
    return f"{result.name}, seed {result.seed}: {m.accuracy.value:.2%}, {trained}{fewer}"


def _show(results: Sequence[Result], pictures: Pictures) -> None:
    from inkread import console
    from inkread.training.compare import rows

    found = rows(results)
    titles = [f"{row.name} (model)" if row.kind == "model" else row.name for row in found]
    # Two tables, each of which fits a terminal of 80 columns.
    good = ("", "accuracy", "95 % interval", "log loss", "ECE")
    costs = ("", "pictures", "in", "each", "size", "parameters")
    title = f"{Path(pictures.labelled.source).name}, {len(pictures.test):,} test pictures"
    named = list(zip(titles, found, strict=True))
    console.table(title, good, [(name, *_good(row)) for name, row in named], numbers=range(1, 5))
    console.table(
        "Training, its pictures and time; reading, the time of each; size",
        costs,
        [(name, *_costs(row)) for name, row in named],
        numbers=range(1, 6),
    )
    for row in found:
        if row.note:
            console.note(f"{row.name} learned from {row.trained_on:,} pictures: {row.note}.")


def _good(row: Row) -> tuple[str, ...]:
    spread = f" ± {100 * row.spread:.2f}" if row.spread is not None else ""
    a = row.accuracy
    interval = f"{100 * a.low:.2f} to {100 * a.high:.2f}"
    return f"{a.value:.2%}{spread}", interval, f"{row.log_loss:.4f}", f"{row.calibration_error:.2%}"


def _costs(row: Row) -> tuple[str, ...]:
    return (
        f"{row.trained_on:,}" if row.trained_on is not None else "",
        f"{row.training_seconds:,.1f} s" if row.training_seconds is not None else "",
        f"{1e6 * row.picture_seconds:.3g} µs",
        f"{row.size / 1e6:,.2f} MB",
        f"{row.parameters:,}",
    )


def _write(results: Sequence[Result], pictures: Pictures, comparison: Comparison) -> None:
    from inkread import console
    from inkread.training.compare_files import write_comparison

    for path in write_comparison(results, pictures, comparison.folder):
        console.note(str(path))


def _write_curve(found: Sequence[Contestant], pictures: Pictures, comparison: Comparison) -> None:
    from inkread import console
    from inkread.training.compare import learning_curve
    from inkread.training.compare_files import write_curve

    results: list[Result] = []
    learners = [contestant for contestant in found if contestant.learns]
    if not learners:
        console.note("A finished model does not learn: there is no learning curve.")
        return
    with console.progress("learning curve") as report:

        def told(contestant: Contestant, size: int) -> None:
            done = len({(result.kind, result.name) for result in results})
            report(max(0, done - 1), len(learners), f"{contestant.title}, {size:,} pictures")

        for result in learning_curve(learners, pictures, comparison, told=told):
            results.append(result)
            console.note(f"{result.name}, {result.pictures:,} pictures: {result.measured.accuracy.value:.2%}")
    for path in write_curve(results, pictures, comparison.folder):
        console.note(str(path))
