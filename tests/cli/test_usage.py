"""Whatever cannot be understood of a command line is told in inkread's own words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import typer

from inkread.cli import app
from inkread.cli.usage import declared
from inkread.errors import UsageError


def options() -> Iterator[tuple[str, ...]]:
    """Yield each option of each command, after the words that name the command."""
    group = typer.main.get_command(app)
    for name, command in group.commands.items():
        for below, inner in (getattr(command, "commands", None) or {"": command}).items():
            for parameter in inner.params:
                if parameter.opts[0].startswith("--") and parameter.name != "help":
                    kind, _, _ = declared(inner.callback, parameter.name)
                    if kind in (int, float):
                        yield (name, *([below] if below else []), parameter.opts[0])


@pytest.mark.parametrize("words", list(options()), ids=" ".join)
def test_a_number_that_is_none(words):
    with pytest.raises(UsageError) as caught:
        app([*words, "many"], standalone_mode=False, prog_name="inkread")
    said = str(caught.value)
    assert f"Expected {words[-1]} as a" in said
    assert f"got 'many'. See: inkread {' '.join(words[:-1])} --help" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["serve", "--port", "99999"], "Expected --port as a whole number from 0 to 65535, got '99999'."),
        (["serve", "--port=-1"], "Expected --port as a whole number from 0 to 65535, got '-1'."),
        (["serve", "--port", "1", "--port", "x"], "Expected --port as a whole number from 0 to 65535, got 'x'."),
        (["serve", "--port"], "Expected a value after --port, got none. See: inkread serve --help"),
        (["pad", "--dark=3"], "Expected --dark without a value, got '--dark=3'."),
        (["data", "get"], "Expected NAME, got none (of the published set: mnist). See: inkread data get --help"),
        (["data", "gett"], "Expected a command of inkread data, got 'gett'. Did you mean 'get'?"),
        (["train", "a", "b"], "Expected another command line: got unexpected extra argument"),
        (["--verison"], "Expected an option of inkread, got '--verison'. Did you mean '--version'?"),
    ],
)
def test_what_is_said(inkread, words, said):
    ended = inkread(*words)
    assert ended.code == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith(f"Error: {said}")
