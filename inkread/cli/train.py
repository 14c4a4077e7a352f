"""`inkread train`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from inkread.console import Progress
    from inkread.datasets import Dataset
    from inkread.training.config import Config
    from inkread.training.history import Epoch
    from inkread.training.listener import Listener
    from inkread.training.run import Run

__all__ = ["train"]

_NOT_OF_THE_CONFIG = ("recipe", "data", "config", "output", "name", "resume", "weights")
_AUGMENTATION = (
    *("shift", "rotation", "zoom", "stretch", "shear", "elastic", "stroke"),
    *("noise", "erase", "neighbours", "disturbed", "flip_horizontal", "flip_vertical"),
)
_INTERRUPTED = 130


def train(
    recipe: Annotated[
        str | None,
        typer.Argument(help="Name of a recipe (inkread models lists them), or FILE.py.", show_default="default"),
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="mnist, FILE.npz, FILE.csv, or a folder.", show_default="mnist")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file with what differs from the recipe.")] = None,
    output: Annotated[Path | None, typer.Option(help="Run folder; by default a new one below runs/.")] = None,
    name: Annotated[str | None, typer.Option(help="Of the model, for its file and card.")] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Run folder of a training to go on with; takes --data only.")
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="Run folder or .keras file whose weights to begin with.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the training pictures, at most.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Pictures per step.")] = None,
    optimizer: Annotated[str | None, typer.Option(help="muon, sgd, adam, adamw or rmsprop.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Its peak.")] = None,
    momentum: Annotated[float | None, typer.Option(help="Of muon and sgd.")] = None,
    schedule: Annotated[str | None, typer.Option(help="Of the learning rate: constant, cosine or one-cycle.")] = None,
    warmup: Annotated[float | None, typer.Option(help="Share of the steps until one-cycle's peak.")] = None,
    weight_decay: Annotated[float | None, typer.Option(help="Decoupled.")] = None,
    dropout: Annotated[float | None, typer.Option(help="Before the last layer.")] = None,
    label_smoothing: Annotated[float | None, typer.Option(help="Share of the target spread over all classes.")] = None,
    average: Annotated[
        float | None, typer.Option(help="Decay of the exponential mean of the weights, as 0.999.")
    ] = None,
    blend: Annotated[
        float | None, typer.Option(help="Share of the trained weights, beside those of --weights.")
    ] = None,
    validation: Annotated[float | None, typer.Option(help="Pictures held out, a share or a number.")] = None,
    keep: Annotated[str | None, typer.Option(help="Which epoch counts: last or best (by validation).")] = None,
    patience: Annotated[int | None, typer.Option(help="Stop after so many epochs without a better one.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of everything random, but for the split.")] = None,
    split_seed: Annotated[int | None, typer.Option(help="Of the choice of validation pictures.")] = None,
    precision: Annotated[str | None, typer.Option(help="auto, float32 or mixed_bfloat16.")] = None,
    redrawn: Annotated[float | None, typer.Option(help="Doubles of each digit, with strokes MNIST lacks.")] = None,
    drawn: Annotated[float | None, typer.Option(help="Share of the doubles drawn from templates of strokes.")] = None,
    photographed: Annotated[float | None, typer.Option(help="Share of the doubles that go over paper.")] = None,
    non_digits: Annotated[
        float | None, typer.Option(help="Pictures of no digit added to a batch, a share of it.")
    ] = None,
    teacher: Annotated[str | None, typer.Option(help="Model whose probabilities are learned, not labels.")] = None,
    shift: Annotated[float | None, typer.Option(help="Augmentation: pixels.")] = None,
    rotation: Annotated[float | None, typer.Option(help="Augmentation: degrees.")] = None,
    zoom: Annotated[float | None, typer.Option(help="Augmentation: share of the size.")] = None,
    stretch: Annotated[float | None, typer.Option(help="Augmentation: width against height.")] = None,
    shear: Annotated[float | None, typer.Option(help="Augmentation: tangent of the slant.")] = None,
    elastic: Annotated[float | None, typer.Option(help="Augmentation: pixels of smooth displacement.")] = None,
    stroke: Annotated[float | None, typer.Option(help="Augmentation: pixels that the pen gains or loses.")] = None,
    noise: Annotated[float | None, typer.Option(help="Augmentation: deviation in gray levels.")] = None,
    erase: Annotated[float | None, typer.Option(help="Augmentation: share that loses a box.")] = None,
    neighbours: Annotated[float | None, typer.Option(help="Augmentation: share that shows a neighbour's rim.")] = None,
    disturbed: Annotated[float | None, typer.Option(help="Augmentation: share hazed, blurred, lined...")] = None,
    flip_horizontal: Annotated[float | None, typer.Option(help="Augmentation: share mirrored. Changes digits!")] = None,
    flip_vertical: Annotated[
        float | None, typer.Option(help="Augmentation: share upside down. Changes digits!")
    ] = None,
) -> None:
    """Train a model into a run folder.

    What a flag says goes before what the file of --config says, and that before the recipe. Ctrl-C, a kill or a power
    cut cost at most the epoch that was under way: --resume goes on to the same result.
    """
    flags = {key: value for key, value in locals().items() if value is not None}
    from inkread import console

    finished = _resumed(resume, flags) if resume else _begun(flags)
    for figure in finished.card.figures:
        interval = f"95 % interval {figure.low:.2%} to {figure.high:.2%}, n = {figure.n:,}"
        console.note(f"{figure.name}: {figure.value:.2%} ({interval})")
    console.data(str(finished.model))


def _begun(flags: Mapping[str, Any]) -> Run:
    """Begin a training."""
    from inkread import console
    from inkread.training.batches import can_be_redrawn
    from inkread.training.config import config_from, overridden
    from inkread.training.folder import Origin, read_toml
    from inkread.training.recipes import find_recipe
    from inkread.training.run import train as run

    file = read_toml(flags["config"]) if "config" in flags else {}
    origin = Origin.from_dict(file.pop("run", {}))
    recipe = find_recipe(flags.get("recipe") or origin.recipe or "default")
    config = config_from(overridden(file, _changes(flags)), recipe.config)
    dataset = _loaded(flags.get("data") or origin.data or "mnist")
    ours = {key: 0.0 for key in ("redrawn", "non_digits") if getattr(config, key) == getattr(recipe.config, key) > 0}
    if ours and not can_be_redrawn(dataset):
        console.note("The recipe redraws digits and tells them from what is none; these pictures are used as they are.")
        config = config_from(ours, config)
    weights = flags.get("weights") or (Path(origin.weights) if origin.weights else None)
    with _telling(recipe.name, config, dataset) as listener:
        return run(
            recipe,
            dataset,
            config,
            folder=flags.get("output"),
            name=flags.get("name") or origin.name,
            weights=weights,
            listener=listener,
        )


def _resumed(folder: Path, flags: Mapping[str, Any]) -> Run:
    """Go on with a training."""
    from inkread.errors import UsageError
    from inkread.training.folder import RunFolder
    from inkread.training.run import resume

    others = [f"--{key.replace('_', '-')}" for key in flags if key not in ("resume", "data")]
    if others:
        raise UsageError(
            f"Expected --resume alone or with --data, got {', '.join(others)} too: a run goes on as it began. For "
            "other settings begin a new run from its weights, with --weights."
        )
    config, origin = RunFolder(folder).read_config()
    dataset = _loaded(flags.get("data") or origin.data)
    with _telling(origin.name, config, dataset) as listener:
        return resume(folder, dataset, listener=listener)


def _changes(flags: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the flags change of a configuration, nested as in the TOML."""
    flat = {key: value for key, value in flags.items() if key not in (*_NOT_OF_THE_CONFIG, *_AUGMENTATION)}
    bent = {key: flags[key] for key in _AUGMENTATION if key in flags}
    return flat | ({"augmentation": bent} if bent else {})


def _loaded(source: str) -> Dataset:
    from inkread import console
    from inkread.datasets import load

    with console.progress("download") as report:
        return load(source, progress=report)


@contextmanager
def _telling(title: str, config: Config, dataset: Dataset) -> Iterator[Listener]:
    """Show a training on its way: a bar, the network, a row per epoch, and how to go on when it is cut."""
    from inkread import console
    from inkread.training.batches import can_be_redrawn
    from inkread.training.listener import Listener

    if config.augmentation.flips and can_be_redrawn(dataset):
        console.note("Warning: flips change digits. A mirrored 3 is none, and a 6 upside down is a 9 to its reader.")
    with console.progress(f"train {title}") as report:
        told = _Told(config, report)
        try:
            yield Listener(report, told.on_start, told.on_model, told.on_epoch)
        except KeyboardInterrupt:
            console.note(told.how_to_go_on())
            raise typer.Exit(_INTERRUPTED) from None


class _Told:
    """What was told of a training so far."""

    def __init__(self, config: Config, report: Progress) -> None:
        self._config, self._report = config, report
        self._folder = Path()
        self._epochs: list[Epoch] = []
        self._headed = False

    def on_start(self, folder: Path, epochs: tuple[Epoch, ...]) -> None:
        from inkread import console

        self._folder, self._epochs = folder, list(epochs)
        gone = f", {len(epochs)} of {self._config.all_epochs} epochs are there already" if epochs else ""
        console.note(f"run folder {folder}{gone}")

    def on_model(self, summary: str) -> None:
        from inkread import console

        console.note(summary)

    def on_epoch(self, epoch: Epoch) -> None:
        from inkread import console
        from inkread.training.history import best_epoch

        if not self._headed:
            self._headed = True
            judged = "  val. loss  val. accuracy" if epoch.judged else ""
            console.note(f"  epoch      loss  accuracy{judged}   seconds")
        self._epochs.append(epoch)
        judged = f"  {epoch.validation_loss:9.4f}  {epoch.validation_accuracy:13.2%}" if epoch.judged else ""
        best = "  best" if best_epoch(self._epochs) is epoch else ""
        console.note(
            f"{epoch.number:4d}/{self._config.all_epochs:<3d}{epoch.loss:9.4f}  {epoch.accuracy:8.2%}{judged}"
            f"  {epoch.seconds:8.1f}{best}"
        )

    def how_to_go_on(self) -> str:
        if not self._epochs:
            return "Stopped before the first epoch was over: nothing is kept."
        return f"Stopped. {len(self._epochs)} epochs are safe; go on with: inkread train --resume {self._folder}"
