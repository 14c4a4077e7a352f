"""What is said when a command line cannot be understood, in the words of all other errors.

Typer says such things in its own words, those of Click and of Pydantic. Here they are told anew, from the signature of
the command, whatever version of Typer is there.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from enum import Enum
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import typer

from inkread.errors import UsageError, did_you_mean

__all__ = ["App", "declared"]

# The base of all that Typer raises of a command line; which package it is in depends on Typer's version.
_Fault: Any = typer.BadParameter.__mro__[1]
_NUMBERS = {int: "a whole number", float: "a number", bool: "true or false"}


class App(typer.Typer):
    """A Typer application whose faults of usage are `inkread.errors.UsageError`."""

    def __call__(self, args: Sequence[str] | None = None, *, standalone_mode: bool = True, **options: Any) -> Any:
        """Run a command line.

        Args:
            args: The words after the program's name; None for those of this process.
            standalone_mode: End the process when the command has ended, as `typer.Typer` does.
            options: As `typer.Typer` takes them.

        Raises:
            UsageError: The command line cannot be understood.
        """
        try:
            ended = super().__call__(args, standalone_mode=False, **options)
        except _Fault as fault:
            if type(fault).__name__ == "NoArgsIsHelpError":
                fault.show()
                sys.exit(fault.exit_code)
            raise UsageError(_told(fault, sys.argv[1:] if args is None else args)) from None
        if standalone_mode:
            sys.exit(ended if isinstance(ended, int) else 0)
        return ended


def _told(fault: Any, args: Sequence[str]) -> str:
    """Return what was expected, what came, and what to do."""
    command = _command(fault, args)
    kind, advice = type(fault).__name__, f"See: {command} --help"
    if kind == "MissingParameter":
        return f"Expected {_name(fault.param)}, got none{_about(fault.param)}. {advice}"
    if kind == "NoSuchOption":
        known = [name for parameter in fault.ctx.command.params for name in parameter.opts if name.startswith("-")]
        near = did_you_mean(fault.option_name, known)
        return f"Expected an option of {command}, got {fault.option_name!r}.{near} {advice}"
    if kind == "BadOptionUsage":
        return f"{_value_or_none(fault.option_name, args)} {advice}"
    if kind == "BadParameter" and fault.param is not None:
        return f"{_wrong_value(fault, args)} {advice}"
    return _wrong_word(fault, args) or f"Expected another command line: {_sentence(fault)} {advice}"


def _value_or_none(option: str, args: Sequence[str]) -> str:
    with_value = next((word for word in args if word.startswith(f"{option}=")), None)
    if with_value is not None:
        return f"Expected {option} without a value, got {with_value!r}."
    return f"Expected a value after {option}, got none."


def _wrong_word(fault: Any, args: Sequence[str]) -> str:
    """Say of a word that is no command which there are; nothing when it is not that."""
    commands = getattr(fault.ctx.command, "commands", None) if fault.ctx is not None else None
    words = [word for word in args if not word.startswith("-") and f"'{word}'" in fault.message]
    if not (commands and words):
        return ""
    near = did_you_mean(words[0], commands)
    return f"Expected a command of {fault.ctx.command_path}, got {words[0]!r}.{near} Known are: {', '.join(commands)}."


def _command(fault: Any, args: Sequence[str]) -> str:
    if fault.ctx is not None:
        return str(fault.ctx.command_path)
    return " ".join(["inkread", *(word for word in args[:1] if not word.startswith("-"))])


def _sentence(fault: Any) -> str:
    text = str(fault.format_message()).strip().rstrip(".")
    return f"{text[:1].lower()}{text[1:]}."


def _name(parameter: Any) -> str:
    long = next((name for name in parameter.opts if name.startswith("--")), None)
    return long or str(parameter.metavar or parameter.name.upper())


def _about(parameter: Any) -> str:
    about = str(getattr(parameter, "help", None) or "").rstrip(".")
    return f" ({about[:1].lower()}{about[1:]})" if about else ""


def _wrong_value(fault: Any, args: Sequence[str]) -> str:
    """Say of an option what it may be, and what it was."""
    kind, least, most = declared(fault.ctx.command.callback, fault.param.name)
    came = _given(fault.param, args)
    got = f"got {came!r}" if came is not None else "got something else"
    if inspect.isclass(kind) and issubclass(kind, Enum):
        known = [str(member.value) for member in kind]
        return f"Expected {_name(fault.param)} as one of {', '.join(known)}, {got}.{did_you_mean(came or '', known)}"
    if kind not in _NUMBERS:
        return f"Expected another value of {_name(fault.param)}, {got}: {_sentence(fault)}"
    begin = "" if least is None else f" from {least:g}"
    end = "" if most is None else f" to {most:g}"
    return f"Expected {_name(fault.param)} as {_NUMBERS[kind]}{begin}{end}, {got}."


def declared(callback: Any, name: str) -> tuple[Any, float | None, float | None]:
    """Return the type that a command's signature gives a parameter, and its least and greatest value."""
    hint = get_type_hints(inspect.unwrap(callback), include_extras=True)[name]
    kind, *notes = get_args(hint)
    while get_origin(kind) in (Union, UnionType, list, tuple):
        kind = next(inner for inner in get_args(kind) if inner is not type(None))
    ends = [next((end for n in notes if (end := getattr(n, side, None)) is not None), None) for side in ("min", "max")]
    return kind, ends[0], ends[1]


def _given(parameter: Any, args: Sequence[str]) -> str | None:
    """Return the last value that an option was given on the command line."""
    came = None
    for place, word in enumerate(args):
        name, equals, value = word.partition("=")
        if name in parameter.opts:
            came = value if equals else args[place + 1] if place + 1 < len(args) else None
    return came
