"""Make the tables of options in training.md anew, from the docstrings of the settings: python docs/make_options.py."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from pathlib import Path

from inkread.training import Augmentation, Config
from inkread.training.config import OPTIMIZERS, PRECISIONS, SCHEDULES
from inkread.training.recipes import RECIPES

__all__ = ["BEGIN", "END", "made"]

PAGE = Path(__file__).parent / "training.md"
BEGIN = "<!-- options: made by `python docs/make_options.py`, do not edit -->"
END = "<!-- options: end -->"
# What a reader of the docstrings looks up in the code.
NAMED = {
    "One of `OPTIMIZERS`": ", ".join(f"`{name}`" for name in OPTIMIZERS),
    "One of `SCHEDULES`": ", ".join(f"`{name}`" for name in SCHEDULES),
    "How many doubles `styles.restyle` draws of each training picture": (
        "How many doubles of each training picture are drawn in other hands"
    ),
    '"auto" is mixed bfloat16': f"{', '.join(f'`{name}`' for name in PRECISIONS)}: `auto` is mixed bfloat16",
    'the "last" or the "best"': "`last` or `best`",
}


def main() -> None:
    """Write the tables into the page."""
    text = PAGE.read_text(encoding="utf-8")
    pattern = re.escape(BEGIN) + ".*?" + re.escape(END)
    PAGE.write_text(re.sub(pattern, lambda _: made(), text, flags=re.DOTALL), encoding="utf-8")


def made() -> str:
    """Return what stands in the page, the two comments counted."""
    return "\n\n".join([BEGIN, _settings(), _augmentation(), _optimizers(), END])


def _settings() -> str:
    plain, default = Config(), RECIPES["default"].config
    rows = [
        (f"`{name}`", _flag(name), _value(getattr(plain, name)), _value(getattr(default, name)), text)
        for name, text in described(Config).items()
        if name not in ("augmentation", "ending", "network")
    ]
    network = (
        "In the table `[network]` of a file stands what else a recipe's builder takes, such as `width = 1.5` and "
        "`depth = 3` for `cnn-dropout`."
    )
    return f"{_table(('key', 'flag', 'plain `Config()`', 'in `default`', 'what'), rows)}\n\n{network}"


def _augmentation() -> str:
    default = RECIPES["default"].config.augmentation
    rows = [
        (f"`{name}`", _flag(name), _value(getattr(default, name)), text)
        for name, text in described(Augmentation).items()
    ]
    lead = (
        "In the table `[augmentation]` of a file; every amount is drawn evenly from -x to +x, anew for each picture "
        "each time it is shown. In a plain `Augmentation()` all are 0, which changes nothing."
    )
    return f"{lead}\n\n{_table(('key', 'flag', 'in `default`', 'what'), rows)}"


def _optimizers() -> str:
    rows = [(f"`{name}`", _value(rate), _value(decay)) for name, (rate, decay) in OPTIMIZERS.items()]
    lead = "Another optimizer than the recipe's brings its usual rate and decay with it, unless you set them:"
    return f"{lead}\n\n{_table(('optimizer', 'learning_rate', 'weight_decay'), rows)}"


def described(kind: type) -> dict[str, str]:
    """Return what the docstring of a dataclass says of each of its fields, in their order."""
    text = inspect.cleandoc(kind.__doc__ or "").partition("Attributes:\n")[2]
    found = {
        name: " ".join(words.split())
        for name, words in re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", text, re.MULTILINE)
    }
    for short, long in NAMED.items():
        found = {name: words.replace(short, long) for name, words in found.items()}
    return {f.name: found[f.name] for f in fields(kind)}


def _flag(name: str) -> str:
    return f"`--{name.replace('_', '-')}`"


def _value(value: object) -> str:
    """Return a value as the page shows it."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"`{value}`" if isinstance(value, str) else str(value)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


if __name__ == "__main__":
    main()
