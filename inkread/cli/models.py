"""`inkread models`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from inkread.reading.card import Calibration, Card, Threshold
    from inkread.training.recipe import Recipe

__all__ = ["models"]

_TELLING = (
    "MNIST test, as it is",
    "UNIPEN",
    "MNIST-C",
    "cheque amounts",
)  # of the figures of a card, what a list has room for


def models(
    name: Annotated[
        str | None, typer.Argument(help="Of a model or a recipe (or FILE.onnx, FILE.py): show its card.")
    ] = None,
) -> None:
    """List the models to read with and the recipes to train, or show the card of one."""
    if name is None:
        _list_models()
        _list_recipes()
    else:
        _show(name)


def _list_models() -> None:
    from inkread import console
    from inkread.errors import ModelError
    from inkread.reading.model_file import local_models, open_model, shipped_models

    rows = []
    for kind, found in (("shipped", shipped_models()), ("local", local_models())):
        for name, path in found.items():
            size = f"{path.stat().st_size / 1000:,.0f} kB"
            try:
                card = open_model(path, kind=None).card
            except ModelError as error:
                rows.append((name, kind, size, "", f"cannot be used: {error}"))
                continue
            measured = {figure.name: f"{figure.name} {figure.value:.2%}" for figure in card.figures}
            telling = [measured[figure] for figure in _TELLING if figure in measured] or list(measured.values())[:1]
            rows.append((name, kind, size, f"{card.parameters:,}", "; ".join(telling)))
    console.table("Models", ("name", "kind", "size", "parameters", "measured"), rows, numbers=(2, 3))


def _list_recipes() -> None:
    from inkread import console
    from inkread.training.recipes import RECIPES, local_recipes

    rows = [(r.name, f"{r.parameters:,}", _briefly(r), r.summary) for r in RECIPES.values()]
    rows += [(name, "", "", str(path)) for name, path in local_recipes().items()]
    # It fits a terminal of 80 columns; how many seeds there were, and what else is known, is on the card of each.
    console.table("Recipes", ("name", "parameters", "MNIST test", "what"), rows, numbers=(1, 2))


def _show(name: str) -> None:
    """Show the card of what has that name: the model, the recipe, or both."""
    from inkread import console
    from inkread.errors import UsageError, did_you_mean
    from inkread.reading.model_file import local_models, shipped_models
    from inkread.training.recipes import RECIPES, find_recipe, local_recipes

    listed, recipes = {**shipped_models(), **local_models()}, {**RECIPES, **local_recipes()}
    is_model, is_recipe = name in listed or name.endswith(".onnx"), name in recipes or ".py" in name
    if not (is_model or is_recipe):
        known = list(dict.fromkeys([*listed, *recipes]))
        raise UsageError(
            f"There is neither a model nor a recipe {name!r}.{did_you_mean(name, known)} Known are: {', '.join(known)}."
        )
    if is_model:
        _show_model(name)
    if is_recipe:
        recipe = find_recipe(name)
        rows = [
            ("what", recipe.summary),
            ("layers", recipe.layers),
            ("parameters", f"{recipe.parameters:,}" if recipe.parameters else ""),
            ("source", recipe.source),
            ("reported", recipe.reported),
            ("MNIST test", _expected(recipe)),
            ("file", recipe.path),
        ]
        console.table(f"Recipe {recipe.name}", ("", ""), [row for row in rows if row[1]])
        console.data("How it is trained, unless told otherwise:\n")
        console.data(recipe.config.to_toml(), end="")


def _promises(calibration: Calibration) -> list[tuple[str, str]]:
    """Return the errors that the model can keep, and what share of the pictures is answered then."""

    def steps(thresholds: tuple[Threshold, ...]) -> str:
        return "; ".join(f"{t.error:.2%}: {t.coverage:.1%} answered" for t in thresholds) or "none"

    rows = [("errors kept", steps(calibration.thresholds))]
    if calibration.native:
        rows.append(("the same on pictures in MNIST's form", steps(calibration.native)))
    return rows


def _show_model(name: str) -> None:
    from inkread import console
    from inkread.reading.model_file import find_model, open_model

    path = find_model(name)
    card = open_model(path, kind=None).card
    shape = " x ".join(str(side or "any") for side in card.shape)
    rows = [
        ("file", f"{path} ({path.stat().st_size / 1000:,.0f} kB)"),
        ("labels", ", ".join(card.labels)),
        ("pictures", f"{shape}, " + ("as they are" if card.preprocessing is None else "normalised by inkread")),
        ("parameters", f"{card.parameters:,}"),
        *((f.name, f"{f.value:.2%} ({f.low:.2%} to {f.high:.2%}, n = {f.n:,})") for f in card.figures),
        ("confidence", f"set on {card.calibration.n:,} pictures" if card.calibration.n else "as the network gives it"),
        *_promises(card.calibration),
        ("recipe", card.recipe),
        ("second network", _second(card)),
        ("licence", card.licence),
        ("made", f"{card.created}, with " + ", ".join(f"{k} {v}" for k, v in card.made_with.items())),
    ]
    console.table(f"Model {card.name}", ("", ""), [row for row in rows if row[1]])


def _second(card: Card) -> str:
    """Return when a second network is asked, where there is one."""
    if not card.second:
        return ""
    asked = f"asked where no class has {card.second['below']:.0%}, with {card.second['share']:.0%} of the vote"
    return f"recipe {card.second['recipe']}, {asked}"


def _briefly(recipe: Recipe) -> str:
    e = recipe.expected
    if e is None:
        return ""
    return f"{e.accuracy:.2%} ± {100 * e.spread:.2f}" if e.seeds > 1 else f"{e.accuracy:.2%}"


def _expected(recipe: Recipe) -> str:
    e = recipe.expected
    if e is None:
        return ""
    return (
        f"{e.accuracy:.2%} (sd {100 * e.spread:.2f}, {e.seeds} seeds)" if e.seeds > 1 else f"{e.accuracy:.2%} (1 seed)"
    )
