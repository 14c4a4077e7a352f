"""The command line: one short file per verb."""

from __future__ import annotations

from typing import Annotated

import typer

from inkread.cli import compare, data, evaluate, explain, export, form, models, pad, read, serve, train, tune
from inkread.cli.usage import App

__all__ = ["app"]

app = App(
    name="inkread",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
)
app.command("read")(read.read)
app.command("form")(form.form)
app.command("train")(train.train)
app.add_typer(data.app, name="data", help="Get, show and export labelled pictures.")
app.command("evaluate")(evaluate.evaluate)
app.command("compare")(compare.compare)
app.command("tune")(tune.tune)
app.command("explain")(explain.explain)
app.command("doubtful")(explain.doubtful)
app.command("export")(export.export)
app.command("models")(models.models)
app.command("serve")(serve.serve)
app.command("pad")(pad.pad)


def _version(show: bool) -> None:
    if show:
        from inkread import __version__, console

        console.data(__version__)
        raise typer.Exit


@app.callback()
def _inkread(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Read handwritten numbers from any picture, offline, with a confidence that means what it says."""
