"""`inkread export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from inkread.training.convert import Converted

__all__ = ["export"]

_WORTH_A_WARNING = 0.005  # of the accuracy, lost by eight bits


def export(
    source: Annotated[Path, typer.Argument(metavar="RUN|FILE.keras", help="Run folder, or a Keras model.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Model file; by default NAME.onnx beside the network.")
    ] = None,
    int8: Annotated[bool, typer.Option("--int8", help="In eight bits: a third of the size, faster.")] = False,
    data: Annotated[
        str | None, typer.Option(help="Labelled pictures that set the confidence, and the ranges for --int8.")
    ] = None,
    name: Annotated[str, typer.Option(help="Of the model, for its card.")] = "",
    second: Annotated[
        Path | None, typer.Option(help="Run folder of a network that is asked where the first is in doubt.")
    ] = None,
    below: Annotated[
        float | None, typer.Option(help="With --second: probability below which it is asked.", show_default="0.8")
    ] = None,
    share: Annotated[
        float | None, typer.Option(help="With --second: of its answer, beside the first one's.", show_default="0.5")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    labels: Annotated[
        str | None, typer.Option(help="Classes of a Keras file: 0,1,2 or a text file with one a line.")
    ] = None,
    pixels: Annotated[
        str | None, typer.Option("--range", help="Pixels a Keras file wants: 0..255, 0..1 or -1..1.")
    ] = None,
    ink: Annotated[str, typer.Option(help="A Keras file was trained on light ink on black, or on dark.")] = "light",
    outputs: Annotated[str | None, typer.Option(help="A Keras file gives logits or probabilities.")] = None,
) -> None:
    """Make a model file of a trained network, a run's or a Keras model made elsewhere."""
    from inkread import console
    from inkread.errors import UsageError
    from inkread.training.cascade import Doubt
    from inkread.training.convert import Request, convert
    from inkread.training.foreign import Conventions

    given = {key: value for key, value in {"below": below, "share": share}.items() if value is not None}
    if given and second is None:
        raise UsageError(
            f"Expected --second with --{next(iter(given))}, got none. Name the run of another network, or leave it out."
        )
    request = Request(
        output=output,
        force=force,
        int8=int8,
        data=data,
        name=name,
        conventions=Conventions(labels=labels, pixels=pixels, ink=ink, outputs=outputs),
        second=second,
        doubt=Doubt(**given),
    )
    with console.progress("download") as report:
        made = convert(source, request, report=report)
    for text in _remarks(made, int8=int8):
        console.note(text)
    console.data(str(made.path))


def _remarks(made: Converted, *, int8: bool) -> list[str]:
    """Return what is to be said of a file beside its name."""
    said = []
    calibration = made.card.calibration
    if calibration.n == 0:
        said.append(
            "The confidence is as the network gives it, and no error rate can be promised: name --data to set it."
        )
    if made.before is None or made.after is None:
        return said
    figure = made.card.figures[0]
    said.append(
        f"{figure.name}: {figure.value:.2%} (95 % interval {figure.low:.2%} to {figure.high:.2%}, n = {figure.n:,})"
        + (f"; in float32 {made.before:.2%}" if int8 else "")
    )
    if made.before - made.after > _WORTH_A_WARNING:
        said.append(
            f"Warning: eight bits lose {100 * (made.before - made.after):.1f} points of accuracy. Export without "
            "--int8, or calibrate on more pictures like those to be read."
        )
    return said
