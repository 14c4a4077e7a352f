"""`inkread data`: get, show and export labelled pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from inkread.datasets import Dataset, Part, Progress
    from inkread.datasets.describe import Description

__all__ = ["app"]

_SOURCE = "mnist, FILE.npz, FILE.csv, or a folder."
_BAR = 12
_EXAMPLES = 5
# From here on a model that never names the small class looks good by its accuracy alone.
_UNBALANCED = 3.0

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Parts(StrEnum):
    """Which of a source's parts."""

    train = "train"
    test = "test"
    all = "all"


@app.command("get")
def get(
    name: Annotated[str, typer.Argument(help="Of the published set: mnist.")],
    cache: Annotated[Path | None, typer.Option(help="Where downloads are kept; by default the user's cache.")] = None,
) -> None:
    """Download a published set and check it.

    What is there already is checked and not downloaded again. The paths of the files are printed.
    """
    from inkread import console
    from inkread.datasets.download import cache_folder
    from inkread.datasets.mnist import FILES, locate, mnist
    from inkread.datasets.parts import PARTS
    from inkread.errors import UsageError, did_you_mean

    if name != "mnist":
        raise UsageError(f"There is no published set {name!r}.{did_you_mean(name, ['mnist'])} Known are: mnist.")
    with console.progress("download") as report:
        found = {part: len(mnist(part, cache, progress=report)) for part in PARTS}
    console.note(f"mnist: {_counts(found)}; the checksums of its files are right.")
    for file in (file for part in PARTS for file in FILES[part]):
        located = locate(file, cache_folder(cache) / "mnist")
        if located is not None:
            console.data(str(located[0]))


@app.command("show")
def show(
    source: Annotated[str, typer.Argument(help=_SOURCE)],
    part: Annotated[Parts, typer.Option(help="Which pictures.")] = Parts.all,
    output: Annotated[Path | None, typer.Option(help="Folder for drawings and description.json.")] = None,
) -> None:
    """Say what is in a set, and what may be wrong with it.

    With --output, drawings are written too: sample pictures, mean pictures, and the sizes of the classes.
    """
    from inkread import console
    from inkread.datasets.describe import describe, shared

    with console.progress("download") as report:
        datasets = _load(source, part, report)
    described = {name: describe(dataset) for name, dataset in datasets.items()}
    _show_facts(source, described)
    _show_classes(described)
    for name, description in described.items():
        for remark in _remarks(description, datasets[name]):
            console.note(f"{name}: {remark}")
    if len(datasets) == 2:
        both = shared(datasets["train"], datasets["test"])
        if both:
            console.note(
                f"test: {_pictures(len(both))} of it are in train too ({_examples(both)}): the result of a test will "
                "look better than it is. Take them out of one of the two."
            )
    if output is not None:
        for path in _draw(datasets, described, output):
            console.data(str(path))


@app.command("export")
def export(
    source: Annotated[str, typer.Argument(help=_SOURCE)],
    folder: Annotated[Path, typer.Argument(help="New, empty, or left by the same export.")],
    part: Annotated[Parts, typer.Option(help="Which pictures.")] = Parts.all,
) -> None:
    """Write a set as PNG files, a folder for each class.

    Two parts go to FOLDER/train and FOLDER/test, a single one straight into FOLDER. An export that was interrupted
    goes on when it is called again.
    """
    from inkread import console
    from inkread.datasets.export import export_folder, export_parts

    with console.progress("download") as report:
        datasets = _load(source, part, report)
    with console.progress("export") as report:
        if len(datasets) > 1:
            export_parts(datasets, folder, report=report)
        else:
            (dataset,) = datasets.values()
            export_folder(dataset, folder, report=report)
    console.note(f"{source}: {_counts({name: len(dataset) for name, dataset in datasets.items()})}.")
    console.data(str(folder))


def _load(source: str, wanted: Parts, report: Progress) -> dict[Part, Dataset]:
    """Return the wanted parts of a source; of all parts those that it has."""
    from inkread.datasets import load
    from inkread.datasets.parts import PARTS
    from inkread.errors import DatasetNotFoundError

    if wanted is not Parts.all:
        return {name: load(source, name, progress=report) for name in PARTS if name == wanted}
    found: dict[Part, Dataset] = {}
    missing: list[DatasetNotFoundError] = []
    for name in PARTS:
        try:
            found[name] = load(source, name, progress=report)
        except DatasetNotFoundError as error:
            missing.append(error)
    if not found:
        raise missing[0]
    return found


def _show_facts(source: str, described: Mapping[Part, Description]) -> None:
    from inkread import console

    facts = [_facts(description) for description in described.values()]
    rows = [(what, *(fact[what] for fact in facts)) for what in facts[0]]
    columns = range(1, len(described) + 1)
    console.table(source, ("", *described), rows, numbers=tuple(columns))


def _facts(description: Description) -> dict[str, str]:
    height, width = description.shape[:2]
    return {
        "pictures": f"{len(description):,}",
        "classes": f"{len(description.names):,}",
        "size": f"{width} x {height}, {'gray' if len(description.shape) == 2 else 'RGB'}",
        "values": f"{description.low} to {description.high}, {description.dtype}",
        "mean of x / 255": _numbers(description.mean),
        "standard deviation": _numbers(description.deviation),
        "blank pictures": f"{len(description.blank):,}",
        "repeated pictures": f"{_repeated(description.duplicates):,}",
        "labelled differently": f"{len(description.conflicts):,}",
        "fingerprint": description.fingerprint[:16],
    }


def _numbers(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.4f}" for value in values)


def _repeated(groups: Sequence[Sequence[int]]) -> int:
    """Return how many pictures are there again, the first of each group not counted."""
    return sum(len(group) - 1 for group in groups)


def _show_classes(described: Mapping[Part, Description]) -> None:
    from inkread import console

    columns = ["class"]
    for part in described:
        columns += [part, "share", ""]
    names = next(iter(described.values())).names
    rows = [
        (name, *(cell for description in described.values() for cell in _class_cells(description, label)))
        for label, name in enumerate(names)
    ]
    numbers = [i for i in range(1, len(columns)) if i % 3]
    console.table("", columns, rows, numbers=numbers)


def _class_cells(description: Description, label: int) -> tuple[str, str, str]:
    from inkread import console

    count = description.counts[label]
    # At least a stump where there is a picture: none at all is another matter.
    length = max(round(_BAR * count / max(description.counts)), 1 if count else 0)
    return f"{count:,}", f"{description.shares[label]:.1%}", console.writable("█", "#") * length


def _remarks(description: Description, dataset: Dataset) -> Iterator[str]:
    """Say what a person should know before training with it."""
    if description.empty:
        yield f"there are no pictures of {_list([repr(name) for name in description.empty])}."
    if description.blank:
        count = len(description.blank)
        yield f"{_pictures(count)} {'is' if count == 1 else 'are'} blank ({_examples(description.blank)})."
    repeated = _repeated(description.duplicates)
    if repeated:
        again = [index for group in description.duplicates for index in group[1:]]
        yield f"{_pictures(repeated)} repeat{'s' * (repeated == 1)} an earlier one ({_examples(sorted(again))})."
    if description.conflicts:
        groups = [_labelled(group, dataset) for group in description.conflicts]
        yield f"equal pictures have different labels, of which one at most is right: {_list(groups, '; ')}."
    if description.imbalance > _UNBALANCED:
        yield (
            f"the classes are unbalanced: the largest has {description.imbalance:.1f} times as many pictures as the "
            "smallest. Judge a model by each class, not by its accuracy alone."
        )


def _labelled(group: Sequence[int], dataset: Dataset) -> str:
    return _list([f"{index} is {dataset.names[dataset.labels[index]]!r}" for index in group])


def _counts(found: Mapping[Part, int]) -> str:
    return " and ".join(f"{_pictures(count)} in {part}" for part, count in found.items())


def _pictures(count: int) -> str:
    return f"{count:,} picture" + "s" * (count != 1)


def _examples(indices: Sequence[int]) -> str:
    return f"number{'s' * (len(indices) > 1)} {_list([str(index) for index in indices])}"


def _list(texts: Sequence[str], between: str = ", ") -> str:
    """Return the first few."""
    more = len(texts) - _EXAMPLES
    return between.join(texts[:_EXAMPLES]) + (f" and {more:,} more" if more > 0 else "")


def _draw(datasets: Mapping[Part, Dataset], described: Mapping[Part, Description], folder: Path) -> Iterator[Path]:
    """Write the drawings and the numbers of each part; yield each path once it is there."""
    import json

    from inkread.evaluation import plots
    from inkread.files import replacing

    for part, dataset in datasets.items():
        description = described[part]
        figures = {
            "samples": plots.sheet(dataset.images, dataset.labels, dataset.names, title=f"{dataset.source}, {part}"),
            "means": plots.mean_pictures(description.means, description.names),
            "classes": plots.class_histogram(description.counts, description.names),
        }
        _make(folder)
        for name, figure in figures.items():
            path = folder / f"{part}-{name}.png"
            plots.save(figure, path)
            yield path
        path = folder / f"{part}-description.json"
        with replacing(path) as partial:
            partial.write_text(json.dumps(description.to_dict(), indent=1) + "\n", encoding="utf-8")
        yield path


def _make(folder: Path) -> None:
    from inkread.errors import OutputError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"Expected a folder for --output that is there or can be made, got {str(folder)!r} "
            f"({error.strerror or error}). Name another."
        ) from error
