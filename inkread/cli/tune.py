"""`inkread tune`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from inkread.datasets import Dataset
    from inkread.training.config import Config
    from inkread.training.recipe import Recipe
    from inkread.training.tune import Search, Tried, Tuned

__all__ = ["tune"]

_INTERRUPTED = 130
_BEST = 5


def tune(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe (inkread models lists them), or FILE.py.")],
    data: Annotated[str, typer.Option(help="mnist, FILE.npz, FILE.csv, or a folder.")] = "mnist",
    trials: Annotated[int, typer.Option(help="Trainings in all, those in the storage counted.")] = 30,
    timeout: Annotated[float | None, typer.Option(metavar="SECONDS", help="Begin no trial after so long.")] = None,
    storage: Annotated[
        Path | None,
        typer.Option(help="SQLite file; several processes may share it.", show_default="runs/tune-RECIPE.sqlite3"),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file with what differs from the recipe.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Of a training, at most; by default the recipe's.")] = None,
    seed: Annotated[int, typer.Option(help="Of the search and of the trainings.")] = 0,
    output: Annotated[
        Path | None,
        typer.Option(help="For the best configuration, as TOML.", show_default="the storage's name, with .toml"),
    ] = None,
) -> None:
    """Search for better settings of a recipe: rate, batches, epochs, optimizer, regularisation, augmentation.

    Where the recipe's network takes width and depth, those too. Trials are judged on pictures held out of the training
    part; the test part is never looked at. A search that was stopped goes on with the same command, and several
    processes with the same command share the work.
    """
    from inkread import console
    from inkread.training.recipes import find_recipe
    from inkread.training.tune import Search, require_optuna

    found = find_recipe(recipe)
    kept = storage or Path("runs") / f"tune-{found.name}.sqlite3"
    search = Search(kept, trials, timeout, epochs, seed)
    base = _base(found, config)
    target = output or kept.with_suffix(".toml")
    _check_target(target)
    require_optuna()
    if base.validation == 0:
        console.note(f"{found.name} holds no pictures out: here a twelfth is, to judge by.")
    with console.progress("download") as report:
        dataset = _loaded(data, report)
    tuned, stopped = _searched(found, dataset, base, search)
    if tuned is not None and tuned.ranking:
        _show(found, tuned)
        _write(found, data, tuned, kept, target)
    if stopped:
        done = len(tuned.tried) if tuned else 0
        console.note(f"Stopped. {done} trials are safe in {kept}; go on with the same command.")
        raise typer.Exit(_INTERRUPTED)
    if tuned is not None and not tuned.ranking:
        console.note("No trial was trained to its end: raise --trials or --timeout.")


def _base(recipe: Recipe, config: Path | None) -> Config:
    from inkread.training.config import config_from
    from inkread.training.folder import read_toml

    changes = read_toml(config) if config else {}
    changes.pop("run", None)
    return config_from(changes, recipe.config)


def _check_target(target: Path) -> None:
    """Refuse before the work begins what could not be written after it."""
    from inkread.errors import OutputError

    if target.is_dir():
        raise OutputError(
            f"Expected the name of a file for --output, got the folder {str(target)!r}. Add a name to it."
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"Expected a folder to write {target.name} to, but {str(target.parent)!r} cannot be made "
            f"({error.strerror or error}). Name another."
        ) from error


def _loaded(source: str, report: object) -> Dataset:
    from inkread.datasets import load

    return load(source, progress=report)  # type: ignore[arg-type]


def _searched(recipe: Recipe, dataset: Dataset, base: Config, search: Search) -> tuple[Tuned | None, bool]:
    """Search; return what was found, and whether the search was stopped."""
    from inkread import console
    from inkread.training.tune import tune as run

    tuned: Tuned | None = None
    with console.progress(f"tune {recipe.name}") as report:
        try:
            for now in run(recipe, dataset, base, search, told=report):
                if tuned is None or len(now.tried) > len(tuned.tried):
                    _tell(now)
                tuned = now
        except KeyboardInterrupt:
            return tuned, True
    return tuned, False


def _tell(tuned: Tuned) -> None:
    from inkread import console

    if not tuned.tried:
        return
    last, ranking = tuned.tried[-1], tuned.ranking
    ended = "cut short at" if last.pruned else ""
    best = f"; best {ranking[0].accuracy:.2%} (trial {ranking[0].number})" if ranking else ""
    console.note(f"trial {last.number}: {ended} {last.accuracy:.2%}{best}".replace(":  ", ": "))


def _show(recipe: Recipe, tuned: Tuned) -> None:
    from inkread import console

    rows = [
        (str(t.number), f"{t.accuracy:.2%}", f"{t.loss:.4f}", f"{t.seconds:,.1f}", _settings(t))
        for t in tuned.ranking[:_BEST]
    ]
    title = f"{recipe.name}: the best of {len(tuned.tried)} trials, {tuned.validation:,} validation pictures"
    console.table(title, ("trial", "accuracy", "loss", "seconds", "settings"), rows, numbers=range(4))
    if tuned.importance:
        told = ", ".join(f"{name} {share:.0%}" for name, share in list(tuned.importance.items())[:_BEST])
        console.note(f"What matters most: {told}.")


def _settings(tried: Tried) -> str:
    """Return what was searched of a configuration, on a few lines."""
    c, a = tried.config, tried.config.augmentation
    parts = [
        f"{c.optimizer} {c.learning_rate:g}",
        f"{c.epochs} epochs of batches of {c.batch_size}",
        f"decay {c.weight_decay:.2g}",
        f"dropout {c.dropout:.2g}",
        f"smoothing {c.label_smoothing:.2g}",
        f"rotation {a.rotation:.2g}, zoom {a.zoom:.2g}, shift {a.shift:.2g}, shear {a.shear:.2g}",
        *(f"{name} {value:.3g}" for name, value in c.network.items() if isinstance(value, (int, float))),
    ]
    return ", ".join(parts)


def _write(recipe: Recipe, source: str, tuned: Tuned, storage: Path, target: Path) -> None:
    """Write the best configuration and the drawings beside it; the configuration's path goes to stdout."""
    from inkread import console
    from inkread.evaluation import plots, tune_plots
    from inkread.files import replacing
    from inkread.training.tune import best_toml

    figures = {
        "history": tune_plots.search_history(
            [t.number for t in tuned.tried],
            [t.accuracy for t in tuned.tried],
            [t.pruned for t in tuned.tried],
            title=f"{recipe.name}, {tuned.validation:,} validation pictures",
        )
    }
    if tuned.importance:
        figures["importance"] = tune_plots.importance_bars(tuned.importance, title=f"What matters for {recipe.name}")
    for name, figure in figures.items():
        path = target.with_name(f"{target.stem}-{name}.png")
        plots.save(figure, path)
        console.note(str(path))
    with replacing(target) as part:
        part.write_text(best_toml(recipe, source, tuned, storage), encoding="utf-8")
    console.data(str(target))
