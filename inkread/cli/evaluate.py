"""`inkread evaluate`."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from inkread.datasets import Dataset, Progress
    from inkread.evaluation.evaluation import Comparison, Evaluation
    from inkread.evaluation.metrics import Share
    from inkread.evaluation.robustness import Robustness
    from inkread.evaluation.selective import Answered, Promise

__all__ = ["evaluate"]

_EXAMPLES = 20
_DAMAGED = 2000  # pictures of the robustness, unless told otherwise


class Split(StrEnum):
    """Which of a source's pictures."""

    train = "train"
    validation = "validation"
    test = "test"


def evaluate(
    model: Annotated[str, typer.Argument(help="Name of a model, or FILE.onnx.")],
    data: Annotated[str, typer.Option(help="mnist, FILE.npz, FILE.csv, or a folder.")] = "mnist",
    split: Annotated[
        Split | None,
        typer.Option(
            help="Which pictures; validation: those that the model's training held out. By default test, or train of a "
            "source without a test part."
        ),
    ] = None,
    compare: Annotated[str | None, typer.Option(metavar="OTHER", help="Another model, on the same pictures.")] = None,
    min_accuracy: Annotated[
        float | None, typer.Option(help="End with exit code 9 when fewer are right: 0.99 for 99 %.")
    ] = None,
    json: Annotated[str | None, typer.Option("--json", metavar="FILE|-", help="The figures as JSON.")] = None,
    report: Annotated[
        Path | None, typer.Option(help="New folder for a page (report.html) with figures, tables and drawings.")
    ] = None,
    robustness: Annotated[
        bool, typer.Option("--robustness", help="Measure too how well it reads pictures made worse in 25 ways.")
    ] = False,
    robustness_count: Annotated[
        int | None, typer.Option(metavar="N", help=f"How many pictures for that, {_DAMAGED} by default.")
    ] = None,
) -> None:
    """Measure a model file on labelled pictures.

    How often it is right, of which classes, what it takes for what, whether its confidence means what it says, how
    much it can answer at a wished error, and what it costs; with --robustness, how well it reads damaged pictures.
    """
    from inkread import console
    from inkread.evaluation.evaluate import require_accuracy

    _check(min_accuracy, json, report)
    count = _count(robustness, robustness_count)
    evaluation, damaged = _evaluated(model, data, split, compare, count)
    if json != "-":
        _show(evaluation)
        if damaged is not None:
            _show_robustness(damaged)
    for note in evaluation.notes:
        console.note(note)
    if json is not None:
        _write_json(evaluation, damaged, json)
    if report is not None:
        command = _command(model, data, split, compare, count, report)
        _write_report(evaluation, damaged, report, command, silent=json == "-")
    if min_accuracy is not None:
        require_accuracy(evaluation, min_accuracy)


def _check(min_accuracy: float | None, json: str | None, report: Path | None) -> None:
    """Refuse what cannot be done before the work begins."""
    from inkread.errors import OutputError, UsageError
    from inkread.evaluation.report_files import check_folder

    if min_accuracy is not None and not 0 <= min_accuracy <= 1:
        raise UsageError(f"Expected --min-accuracy from 0 to 1, such as 0.99 for 99 %, got {min_accuracy:g}.")
    if json is not None and json != "-":
        if Path(json).is_dir():
            raise OutputError(f"Expected the name of a file for --json, got the folder {json!r}. Add a name to it.")
        if not Path(json).absolute().parent.is_dir():
            raise OutputError(
                f"Expected a folder to write {Path(json).name} to, but there is none at {str(Path(json).parent)!r}."
            )
    if report is not None:
        check_folder(report)


def _count(wanted: bool, count: int | None) -> int | None:
    """Return how many pictures to damage; None for not at all."""
    from inkread.errors import UsageError

    if count is not None and not wanted:
        raise UsageError("Expected --robustness beside --robustness-count, which says for how many pictures.")
    if count is not None and count < 1:
        raise UsageError(f"Expected --robustness-count from 1, got {count}.")
    return (count or _DAMAGED) if wanted else None


def _evaluated(
    model: str, data: str, split: Split | None, other: str | None, damaged: int | None
) -> tuple[Evaluation, Robustness | None]:
    from inkread import console
    from inkread.evaluation import evaluate as evaluating
    from inkread.reading.model_file import open_model

    open_model(model)  # before a download
    if other is not None:
        open_model(other)
    with console.progress("download") as progress:
        dataset, part = _pictures(model, data, split, progress)
    # First what may not be possible with these pictures at all.
    robustness = _robustness(model, dataset, damaged) if damaged is not None else None
    evaluation = evaluating.evaluate(model, dataset, split_name=part)
    if other is None:
        return evaluation, robustness
    second = evaluating.evaluate(other, dataset, split_name=part, cost=False)
    for note in second.notes:
        if note not in evaluation.notes:
            console.note(f"{second.model.name}: {note}")
    return evaluating.compare(evaluation, second), robustness


def _robustness(model: str, dataset: Dataset, count: int) -> Robustness:
    from inkread import console
    from inkread.errors import UsageError
    from inkread.evaluation.robustness import robustness
    from inkread.imaging.frame import SIZE

    if dataset.images.shape[1:] != (SIZE, SIZE):
        form = " x ".join(map(str, dataset.images.shape[1:]))
        raise UsageError(
            f"Expected gray pictures of {SIZE} x {SIZE} for --robustness, as MNIST has them, got {form} from "
            f"{dataset.source}. Leave --robustness out, or name other pictures with --data."
        )
    with console.progress("robustness") as progress:
        return robustness(model, dataset, count=count, report=progress)


def _pictures(model: str, data: str, split: Split | None, progress: Progress) -> tuple[Dataset, str]:
    """Return the pictures and the name of the part that they are."""
    from inkread.cli.labelled import judged_on

    if split is Split.validation:
        return _held_out(model, data, progress), "validation"
    return judged_on(data, None if split is None else "train" if split is Split.train else "test", progress)


def _held_out(model: str, data: str, progress: Progress) -> Dataset:
    """Return the pictures that the training of the model held out, the very same ones."""
    from inkread.datasets import load
    from inkread.errors import DatasetError
    from inkread.reading.model_file import open_model
    from inkread.training.config import Config, config_from
    from inkread.training.held_out import parted

    card = open_model(model).card
    wanted = {key: card.config[key] for key in ("validation", "split_seed") if key in card.config}
    if "fingerprint" not in card.data or len(wanted) < 2:
        raise DatasetError(
            f"Expected a model whose card says what its training held out, but that of {card.name!r} does not. Name "
            "--split train or test."
        )
    dataset = load(data, progress=progress)
    if dataset.fingerprint != card.data["fingerprint"]:
        raise DatasetError(
            f"Expected the training data of model {card.name!r}, {card.data.get('source')!r}, to hold out from, got "
            f"other data in {data!r}. Name them with --data, or another --split."
        )
    _, validation = parted(dataset, config_from(wanted, Config()))
    if validation is None:
        raise DatasetError(
            f"Expected a model whose training held pictures out, but that of {card.name!r} took all. Name --split test."
        )
    return validation


def _show(evaluation: Evaluation) -> None:
    from inkread import console

    console.table(_title(evaluation), ("", ""), list(_summary(evaluation)))
    _show_classes(evaluation)
    if evaluation.confused:
        _show_confused(evaluation)
    _show_selective(evaluation)
    if evaluation.selective.promises:
        _show_promises(evaluation)
    if evaluation.comparison is not None:
        rows = list(_compared(evaluation, evaluation.comparison))
        console.table(f"Compared with {evaluation.comparison.other.name}", ("", ""), rows)


def _title(evaluation: Evaluation) -> str:
    data = evaluation.data
    return f"{evaluation.model.name} on {Path(data.source).name}, {data.split}: {data.n:,} picture" + "s" * (
        data.n != 1
    )


def _summary(evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    reliability = evaluation.reliability
    yield "accuracy", _with_interval(evaluation.accuracy)
    yield "wrong", f"{evaluation.accuracy.n - evaluation.accuracy.hits:,}"
    if evaluation.disputed is not None:
        d = evaluation.disputed
        yield (
            f"without {len(d.indices)} disputed labels",
            f"{_with_interval(d.accuracy)}; of the disputed, {len(d.wrong)} wrong",
        )
    if evaluation.rejected is not None:
        yield "taken for none of the classes", _with_interval(evaluation.rejected.all)
    if evaluation.top:
        yield "right one among the best", ", ".join(f"{k}: {s.value:.2%}" for k, s in evaluation.top.items())
    yield "precision, recall, F1", f"{_means(evaluation.macro)} (mean of classes)"
    if evaluation.numeric is not None:
        r2 = "" if evaluation.numeric.r2 is None else f", R2 {evaluation.numeric.r2:.4f}"
        yield "as numbers", f"mean squared error {evaluation.numeric.mse:.4f}{r2}"
    yield "log loss", f"{evaluation.log_loss:.4f}"
    yield "mean confidence", f"{reliability.confidence:.2%}"
    yield "calibration error", f"{reliability.calibration_error:.2%} ({len(reliability.bins)} bins of equal count)"
    yield "Brier score", f"{reliability.brier:.5f}"
    yield "risk over coverage", f"{evaluation.selective.area:.3g} (area; less is better)"
    yield from _costs(evaluation)


def _means(mean: object) -> str:
    return ", ".join(f"{getattr(mean, name):.2%}" for name in ("precision", "recall", "f1"))


def _costs(evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    cost = evaluation.cost
    if cost is None:
        return
    yield "file", f"{cost.size / 1000:,.0f} kB, {cost.parameters:,} parameters"
    if cost.multiply_adds is not None:
        more = cost.most_multiply_adds != cost.multiply_adds
        doubtful = f", of a doubtful one {cost.most_multiply_adds:,}" if more else ""
        yield "multiply-adds a picture", f"{cost.multiply_adds:,}{doubtful}"
    yield "one picture", f"{cost.latency:.3g} ms, on one thread"
    threads = f"; {cost.throughput:,.0f} on {cost.threads}" if cost.threads > 1 else ""
    yield "pictures a second", f"{cost.throughput_single:,.0f} on one thread{threads}"


def _show_classes(evaluation: Evaluation) -> None:
    from inkread import console

    rows = [
        (name, f"{s.support:,}", f"{s.support - s.hits:,}", *map(_percent, (s.precision, s.recall, s.f1)))
        for name, s in zip(evaluation.model.labels, evaluation.classes, strict=True)
        if s.support or s.predicted
    ]
    columns = ("class", "pictures", "misread", "precision", "recall", "F1")
    console.table("Classes", columns, rows, numbers=range(1, 6))


def _show_confused(evaluation: Evaluation) -> None:
    from inkread import console

    names = evaluation.model.labels
    rows = [(names[c.label], names[c.read_as], f"{c.count:,}", f"{c.share:.2%}") for c in evaluation.confused]
    console.table("Most confused", ("true", "read as", "pictures", "of its class"), rows, numbers=(2, 3))


def _show_selective(evaluation: Evaluation) -> None:
    from inkread import console

    rows = []
    for at in evaluation.selective.at_error:
        rows.append((f"{100 * at.error:g}%", *(_answered(at.best) if at.best else ("none", "", ""))))
        if at.best and at.best.coverage.hits == at.best.coverage.n:
            break  # with more errors allowed it is the same
    columns = ("error", "can answer", "from confidence", "wrong")
    console.table("At a wished error, with the labels known", columns, rows, numbers=range(4))


def _show_promises(evaluation: Evaluation) -> None:
    from inkread import console

    rows = [_promised(promise) for promise in evaluation.selective.promises]
    columns = ("max error", "answered", "from confidence", "wrong", "95 % up to", "promise")
    console.table("Thresholds of the card", columns, rows, numbers=range(5))


def _show_robustness(robustness: Robustness) -> None:
    from inkread import console
    from inkread.evaluation.robustness import robustness_tables

    for table in robustness_tables(robustness):
        console.table(table.title, table.columns, table.rows, numbers=table.numbers)


def _answered(answered: Answered) -> tuple[str, str, str]:
    wrong = f"{answered.error.hits:,}" if answered.error else ""
    return f"{answered.coverage.value:.2%}", f"{answered.threshold:.4f}", wrong


def _promised(promise: Promise) -> tuple[str, ...]:
    error = promise.answered.error
    covered, threshold, _ = _answered(promise.answered)
    measured = (f"{error.value:.2%}", f"{error.high:.2%}") if error else ("", "")
    return (f"{100 * promise.max_error:g}%", covered, threshold, *measured, promise.verdict)


def _compared(evaluation: Evaluation, comparison: Comparison) -> Iterator[tuple[str, str]]:
    test, names = comparison.test, (evaluation.model.name, comparison.other.name)
    if names[0] == names[1]:
        names = (evaluation.model.path, comparison.other.path)
    yield f"accuracy of {names[0]}", _with_interval(evaluation.accuracy)
    yield f"accuracy of {names[1]}", _with_interval(comparison.accuracy)
    yield "log loss", f"{evaluation.log_loss:.4f} and {comparison.log_loss:.4f}"
    for name, alone in zip(names, (test.only_first, test.only_second), strict=True):
        listed = ", ".join(map(str, alone[:_EXAMPLES])) + (", …" if len(alone) > _EXAMPLES else "")
        yield f"only {name} right", f"{len(alone):,}" + (f" (pictures {listed})" if alone else "")
    yield "both wrong", f"{test.both_wrong:,}"
    how = "exact" if test.exact else "chi-squared"
    told = "they differ" if test.p_value < 0.05 else "no difference shown"
    yield "McNemar's test", f"p = {test.p_value:.3g} ({how}): {told}"


def _with_interval(share: Share) -> str:
    return f"{share.value:.2%} ({share.low:.2%} to {share.high:.2%}, n = {share.n:,})"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.2%}"


def _write_json(evaluation: Evaluation, robustness: Robustness | None, target: str) -> None:
    from inkread import console
    from inkread.evaluation.report_files import to_json
    from inkread.files import replacing

    if target == "-":
        console.data(to_json(evaluation, robustness), end="")
        return
    with replacing(Path(target)) as partial:
        partial.write_text(to_json(evaluation, robustness), encoding="utf-8")
    console.note(f"The figures are in {target}.")


def _command(model: str, data: str, split: Split | None, other: str | None, damaged: int | None, report: Path) -> str:
    """Return the command that makes the report again."""
    words = ["inkread", "evaluate", model, "--data", data]
    words += ["--split", split.value] if split is not None else []
    words += ["--compare", other] if other is not None else []
    words += ["--robustness", "--robustness-count", str(damaged)] if damaged is not None else []
    return shlex.join([*words, "--report", str(report)])


def _write_report(
    evaluation: Evaluation, robustness: Robustness | None, folder: Path, command: str, *, silent: bool
) -> None:
    """Write the report, and its paths to stdout where that is not taken by the JSON."""
    from inkread import console
    from inkread.evaluation.report_files import write_report

    for path in write_report(evaluation, folder, robustness, command):
        if not silent:
            console.data(str(path))
