"""Make the pictures of looking-inside.md anew, from the examples and MNIST: python docs/make_inside.py."""

from __future__ import annotations

import tempfile
from pathlib import Path

from PIL import Image

from inkread.cli.explain import How, doubtful, explain
from inkread.datasets import load
from inkread.evaluation.inside import embedding_map
from inkread.evaluation.inside_plots import embedding_scatter
from inkread.evaluation.plots import save
from inkread.reading.explain import embed

HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "examples"


def main() -> None:
    """Write all of them: what the commands of the page write, and the map, in 256 colours."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        explain(str(EXAMPLES / "slashed-zero-drawing.png"), nearest="mnist", output=folder)
        explain(str(EXAMPLES / "photo-of-3.jpg"), method=How.class_activation, output=folder / "activation.png")
        doubtful("mnist", output=folder)
        draw_map(folder / "map.png")
        for path in sorted(folder.glob("*.png")):
            with Image.open(path) as picture:
                picture.convert("RGB").quantize(256).save(HERE / f"inside-{path.name}", optimize=True)


def draw_map(path: Path) -> None:
    """Draw 2,000 test pictures of MNIST as the shipped network keeps them apart."""
    test = load("mnist", "test")
    placed = embedding_map(embed(test.images))
    save(embedding_scatter(placed, test.labels[placed.indices], test.names), path)


if __name__ == "__main__":
    main()
