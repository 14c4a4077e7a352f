"""`inkread explain` and `inkread doubtful`: looking inside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from inkread.evaluation.inside import Doubtful
    from inkread.reading.explain import Explanation

__all__ = ["doubtful", "explain"]

_SOURCE = "mnist, FILE.npz, FILE.csv, or a folder."
_NEAREST = 8


class How(StrEnum):
    """How it is found out which part of the picture decided."""

    occlusion = "occlusion"
    class_activation = "class-activation"


class Split(StrEnum):
    """Which of a source's parts."""

    train = "train"
    test = "test"


@dataclass(frozen=True, slots=True, eq=False)
class _Like:
    """The examples nearest to a picture, with what to say of each and whether it is of another class."""

    images: NDArray[np.uint8]
    captions: tuple[str, ...]
    differing: tuple[bool, ...]


def explain(
    image: Annotated[str, typer.Argument(help="A picture; - is standard input.")],
    model: Annotated[str, typer.Option(help="Name of a model, or a path ending in .onnx.")] = "default",
    method: Annotated[How, typer.Option(help="How to find out which part decided.")] = How.occlusion,
    label: Annotated[str | None, typer.Option(help="The class to ask about; by default the one read.")] = None,
    digit: Annotated[
        int | None, typer.Option(metavar="N", help="Which digit of several, as they are read, from 1.")
    ] = None,
    box: Annotated[
        str | None, typer.Option(metavar="LEFT,TOP,WIDTH,HEIGHT", help="Where the digit is, in pixels.")
    ] = None,
    nearest: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="Show the training pictures most alike.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Folder for drawings, or FILE.png for one of them.")] = None,
) -> None:
    """Show what the network saw of a picture, what it read, and which part of it decided.

    With --output, drawings are written: explanation.png, feature-maps.png of the convolutions, and nearest.png with
    --nearest; to FILE.png the first of them alone.
    """
    from inkread import console
    from inkread.cli.one_digit import one_digit
    from inkread.evaluation import plots
    from inkread.imaging.source import open_picture
    from inkread.reading.explain import METHODS
    from inkread.reading.explain import explain as explained

    pixels = one_digit(open_picture(image).pixels, model, digit, box)
    (chosen,) = (name for name in METHODS if name == method)
    explanation = explained(pixels, model, method=chosen, label=label)
    single = output is not None and output.suffix.lower() == ".png"
    if output is not None:
        _make(output.parent if single else output)
    like = _nearest(explanation, model, nearest) if nearest is not None else None
    console.table(image, ("", ""), [*_rows(explanation), *_like_rows(like)])
    if output is None:
        return
    for name, figure in _drawings(explanation, pixels, like, single=single):
        path = output if single else output / f"{name}.png"
        plots.save(figure, path)
        console.data(str(path))


def doubtful(
    source: Annotated[str, typer.Argument(help=_SOURCE)],
    model: Annotated[str, typer.Option(help="Name of a model, or a path ending in .onnx.")] = "default",
    split: Annotated[
        Split | None, typer.Option(help="Which pictures. By default test, or train of a source without a test part.")
    ] = None,
    top: Annotated[int, typer.Option(help="How many to list.")] = 20,
    output: Annotated[Path | None, typer.Option(help="Folder for a drawing of those listed.")] = None,
) -> None:
    """List the labels of a set that are most probably wrong, by what a model says of the pictures.

    The model must not have been trained on them: one that was agrees with wrong labels too.
    """
    from inkread import console
    from inkread.cli.labelled import judged_on
    from inkread.evaluation import inside, plots
    from inkread.evaluation.prepare import prepare
    from inkread.evaluation.report_plots import misread_sheet
    from inkread.reading.predictor import Predictor

    predictor = Predictor(model)
    with console.progress("download") as report:
        dataset, part = judged_on(
            source, None if split is None else "train" if split is Split.train else "test", report
        )
    if output is not None:
        _make(output)
    prepared = prepare(dataset, predictor.card)
    found = inside.doubtful(predictor.predict_proba(prepared.images), prepared.labels, top)
    names = predictor.labels
    columns = ("number", "label", "perhaps", "confidence", "of the label", "")
    rows = [_doubt(doubt, names) for doubt in found.ranked]
    console.table(f"{source}, {part}: the most doubtful labels", columns, rows, numbers=(0, 3, 4))
    console.note(
        f"{found.flagged:,} of {len(dataset):,} labels count as wrong; {found.wrong:.2%} of all are estimated to be."
    )
    if predictor.card.data.get("fingerprint") == dataset.fingerprint:
        console.note(
            f"Model {predictor.card.name!r} was trained on these pictures: wrong labels that it has learned are missed."
        )
    for note in prepared.notes:
        console.note(note)
    if output is not None:
        listed = [doubt.index for doubt in found.ranked]
        captions = [f"{names[d.label]}, perhaps {names[d.suggested]}" for d in found.ranked]
        figure = misread_sheet(dataset.images[listed], listed, captions, title=f"{source}, {part}: doubtful labels")
        path = output / "doubtful.png"
        plots.save(figure, path)
        console.data(str(path))


def _nearest(explanation: Explanation, model: str, source: str) -> _Like:
    from inkread import console
    from inkread.datasets import load
    from inkread.evaluation import inside
    from inkread.evaluation.prepare import prepare
    from inkread.reading.explain import embed
    from inkread.reading.model_file import open_model

    with console.progress("download") as report:
        dataset = load(source, "train", progress=report)
    prepared = prepare(dataset, open_model(model).card)
    examples = embed(prepared.images, model)
    count = min(_NEAREST, len(examples))
    found = inside.nearest(embed(explanation.seen[None], model), examples, prepared.labels, count)
    places, labels = found.indices[0], [explanation.labels[label] for label in found.labels[0]]
    captions = [f"{label} (no. {place})" for label, place in zip(labels, places.tolist(), strict=True)]
    return _Like(prepared.images[places], tuple(captions), tuple(label != explanation.read_as for label in labels))


def _rows(explanation: Explanation) -> Iterator[tuple[str, str]]:
    best, *others = explanation.alternatives()
    yield "read as", best[0] if explanation.known else f"no digit; if it were one, {best[0]}"
    yield "confidence", f"{best[1]:.1%}"
    yield "or else", ", ".join(f"{label} {share:.1%}" for label, share in others if share >= 0.001) or "-"
    yield "asked about", f"{explanation.label}, by {explanation.method}"
    yield "decided most by", _where(explanation)
    yield "convolutions", ", ".join(" x ".join(map(str, maps.shape)) for _, maps in explanation.maps) or "none"


def _where(explanation: Explanation) -> str:
    """Return in words where the heat is greatest."""
    import numpy as np

    heat = explanation.heat
    if heat.max() <= 0:
        return "no one place"
    # Their middle, as the cells of class activation are many pixels wide.
    row, column = np.argwhere(heat >= 0.999 * heat.max()).mean(axis=0).astype(int).tolist()
    down = ("upper", "middle", "lower")[3 * row // heat.shape[0]]
    across = ("left", "middle", "right")[3 * column // heat.shape[1]]
    place = "the middle" if down == across else f"the {down} {across}"
    return f"{place} (row {row}, column {column} of {heat.shape[0]} x {heat.shape[1]})"


def _like_rows(like: _Like | None) -> Sequence[tuple[str, str]]:
    return () if like is None else (("most alike", ", ".join(like.captions)),)


def _drawings(
    explanation: Explanation, given: NDArray[np.uint8], like: _Like | None, *, single: bool
) -> Iterator[tuple[str, Figure]]:
    from inkread.evaluation import inside_plots

    yield "explanation", inside_plots.explanation_panel(explanation, given)
    if single:
        return
    if explanation.maps:
        yield "feature-maps", inside_plots.feature_maps(explanation)
    if like is not None:
        title = "the training pictures most alike to the network"
        yield (
            "nearest",
            inside_plots.nearest_sheet(explanation.seen, like.images, like.captions, like.differing, title=title),
        )


def _doubt(doubt: Doubtful, names: Sequence[str]) -> tuple[str, ...]:
    numbers = f"{doubt.confidence:.1%}", f"{doubt.own:.1%}"
    return str(doubt.index), names[doubt.label], names[doubt.suggested], *numbers, "counts as wrong" * doubt.flagged


def _make(folder: Path) -> None:
    from inkread.errors import OutputError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"Expected a folder for --output that is there or can be made, got {str(folder)!r} "
            f"({error.strerror or error}). Name another."
        ) from error
