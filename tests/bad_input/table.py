"""The table of bad inputs as docs/errors.md; `python -m tests.bad_input.table` writes it."""

from __future__ import annotations

import re
import sys
import tempfile
from itertools import groupby
from pathlib import Path

from inkread.errors import InkreadError
from tests.bad_input.case import Case
from tests.bad_input.comparing import COMPARING, TUNING
from tests.bad_input.data import DATA_COMMANDS, EXPORTS
from tests.bad_input.evaluating import EVALUATE_COMMANDS, EVALUATIONS
from tests.bad_input.explaining import EXPLAINING
from tests.bad_input.exporting import NETWORKS
from tests.bad_input.options import COMMANDS, MODELS, READING
from tests.bad_input.pictures import ARRAYS, FILES
from tests.bad_input.serving import SERVING
from tests.bad_input.training import CONFIGS, DATASETS

CASES: tuple[Case, ...] = (
    *FILES,
    *ARRAYS,
    *READING,
    *MODELS,
    *DATASETS,
    *CONFIGS,
    *NETWORKS,
    *EXPORTS,
    *DATA_COMMANDS,
    *EVALUATIONS,
    *EVALUATE_COMMANDS,
    *COMPARING,
    *TUNING,
    *EXPLAINING,
    *COMMANDS,
    *SERVING,
)
PATH = Path(__file__).parents[2] / "docs" / "errors.md"
COMMAND = "python -m tests.bad_input.table"

_HEAD = f"""# Errors

What inkread says to bad input: {{count}} kinds of it, the class of the error, the exit code of the `inkread` command
and the message. All classes derive from `inkread.errors.InkreadError`; those of exit code 7 and 8 are also an
`ImportError` and an `OSError`, the others a `ValueError`. Exit code 1 is kept for `InkreadError` itself, 7 means that
an optional part is not installed. In messages, `…` stands for what another library words.

Made from the tests by `{COMMAND}`; a test compares.
"""


def message(case: Case, folder: Path) -> str:
    """Provoke the error of a case in an empty folder and return its message, the same wherever it runs."""
    try:
        case.provoke(folder)
    except InkreadError as error:
        text = str(error).replace(str(folder), "folder")
        return re.sub(case.theirs, _hidden, text, count=1) if case.theirs else text
    raise LookupError(f"{case.id}: expected {case.error.__name__}, but nothing was raised.")


def _hidden(found: re.Match[str]) -> str:
    text = found[0]
    return "(…)" if text.startswith("(") else "Known are: …." if text.startswith("Known") else "…"


def render() -> str:
    """Return the text of docs/errors.md."""
    parts = [_HEAD.format(count=len(CASES))]
    for group, cases in groupby(CASES, key=lambda case: case.group):
        parts += [f"\n## {group}\n", "| given | error | exit code | message |", "|---|---|---|---|"]
        for case in cases:
            with tempfile.TemporaryDirectory() as folder:
                said = message(case, Path(folder).resolve())
            cell = said.replace("|", "\\|").replace("<", "&lt;").replace("\n  ", "<br>").replace("\0", "\\0")
            parts.append(f"| {case.given} | `{case.error.__name__}` | {case.error.exit_code} | {cell} |")
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    PATH.write_text(render(), encoding="utf-8")
    sys.stdout.write(f"{PATH}: {len(CASES)} cases\n")
