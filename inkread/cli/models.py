"""`inkread models`."""

from __future__ import annotations

__all__ = ["models"]


def models() -> None:
    """List the models to read with and the recipes to train."""
    from inkread import console
    from inkread.errors import ModelError
    from inkread.reading.model_file import local_models, open_model, shipped_models
    from inkread.training.recipes import RECIPES

    rows = []
    for kind, found in (("shipped", shipped_models()), ("local", local_models())):
        for name, path in found.items():
            size = f"{path.stat().st_size / 1000:,.0f} kB"
            try:
                card = open_model(path).card
            except ModelError as error:
                rows.append((name, kind, size, "", f"cannot be used: {error}"))
                continue
            figures = "; ".join(f"{f.name} {f.value:.2%}" for f in card.figures[:1])
            rows.append((name, kind, size, f"{card.parameters:,}", figures))
    console.table("Models", ("name", "kind", "size", "parameters", "measured"), rows, numbers=(2, 3))
    recipes = [(r.name, f"{r.parameters:,}", r.summary) for r in RECIPES.values()]
    console.table("Recipes", ("name", "parameters", "what"), recipes, numbers=(1,))
