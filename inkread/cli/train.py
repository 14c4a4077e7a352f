"""`inkread train`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["train"]


def train(
    recipe: Annotated[str, typer.Argument(help="Name of the recipe; inkread models lists them.")] = "default",
    data: Annotated[str, typer.Option(help="mnist, FILE.npz, FILE.csv, or a folder.")] = "mnist",
    config: Annotated[Path | None, typer.Option(help="TOML file with what differs from the recipe.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the training pictures.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Pictures per step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Its peak.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of everything random.")] = None,
    precision: Annotated[str | None, typer.Option(help="auto, float32 or mixed_bfloat16.")] = None,
    output: Annotated[Path | None, typer.Option(help="Run folder; by default a new one below runs/.")] = None,
    name: Annotated[str, typer.Option(help="Of the model, for its card.")] = "",
) -> None:
    """Train a model into a run folder."""
    from inkread import console
    from inkread.datasets import load
    from inkread.training.batches import can_be_redrawn
    from inkread.training.config import config_from, read_config
    from inkread.training.recipes import find_recipe
    from inkread.training.run import train as run

    chosen = find_recipe(recipe)
    settings = read_config(config, chosen.config) if config else chosen.config
    flags: dict[str, Any] = {
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "seed": seed,
        "precision": precision,
    }
    settings = config_from({key: value for key, value in flags.items() if value is not None}, settings)
    with console.progress("download") as report:
        dataset = load(data, progress=report)
    if settings.redrawn == chosen.config.redrawn > 0 and not can_be_redrawn(dataset):
        console.note("The recipe redraws digits in other hands; these pictures are used as they are.")
        settings = replace(settings, redrawn=0.0)
    with console.progress(f"train {recipe}") as report:
        finished = run(
            chosen,
            dataset,
            settings,
            folder=output,
            name=name or recipe,
            report=report,
            on_epoch=lambda e: console.note(
                f"epoch {e.number:3d}/{settings.epochs}   loss {e.loss:.4f}   accuracy {e.accuracy:.2%}   "
                f"validation {e.validation_accuracy:.2%}   {e.seconds:6.1f} s"
            ),
        )
    figure = finished.card.figures[0]
    console.note(
        f"{figure.name}: {figure.value:.2%} (95 % interval {figure.low:.2%} to {figure.high:.2%}, n = {figure.n:,})"
    )
    console.data(str(finished.model))
