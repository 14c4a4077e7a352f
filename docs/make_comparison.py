"""Put a comparison of classifiers into judging.md: python docs/make_comparison.py FOLDER (of `inkread compare`)."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
PAGE = DOCS / "judging.md"
BEGIN = "<!-- compare: made by `python docs/make_comparison.py`, do not edit -->"
END = "<!-- /compare -->"
HEAD = (
    "| | right | 95 % interval | log loss | ECE | trained in | a picture | size |\n|---|---|---|---|---|---|---|---|\n"
)
DRAWINGS = {
    "compare.png": "Accuracy against the time a picture takes, one point a classifier",
    "learning-curve.png": "Accuracy against the number of training pictures",
}


def main(folder: Path) -> None:
    """Write the table, the best first, and copy the drawings that there are."""
    found = json.loads((folder / "compare.json").read_text(encoding="utf-8"))
    data = found["data"]
    parts = [
        f"Trained on {data['labelled']:,} pictures of {Path(data['source']).name}, a twelfth of them held out, judged "
        f"on {data['test']:,} test pictures; {found['machine']['processors']} cores:",
        HEAD + "\n".join(_row(row) for row in sorted(found["rows"], key=lambda row: -row["accuracy"]["value"])),
    ]
    for name, said in DRAWINGS.items():
        if (folder / name).is_file():
            shutil.copyfile(folder / name, DOCS / name)
            parts.append(f"![{said}]({name})")
    section = "\n\n".join([BEGIN, *parts, END])
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(
        re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: section, page, flags=re.S), encoding="utf-8"
    )


def _row(row: dict[str, Any]) -> str:
    kind = {"recipe": "recipe ", "model": "shipped model ", "classic": ""}[row["kind"]]
    right, training = row["accuracy"], row["training_seconds"]
    spread = f" ± {100 * row['spread']:.2f} ({row['seeds']} seeds)" if row["spread"] is not None else ""
    reading = 1e6 * row["picture_seconds"]
    cells = (
        f"{kind}`{row['name']}`",
        f"{100 * right['value']:.2f} %{spread}",
        f"{100 * right['low']:.2f} to {100 * right['high']:.2f}",
        f"{row['log_loss']:.4f}",
        f"{100 * row['calibration_error']:.2f} %",
        f"{training:,.0f} s" if training is not None else "",
        f"{reading:,.0f} µs" if reading >= 100 else f"{reading:.3g} µs",
        f"{row['size'] / 1e6:,.2f} MB",
    )
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
