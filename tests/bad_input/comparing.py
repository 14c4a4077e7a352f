"""The verbs compare and tune."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import typer

from inkread.cli.compare import compare
from inkread.cli.tune import tune
from inkread.errors import DatasetNotFoundError, OutputError, UsageError
from inkread.training.config import config_from
from inkread.training.network_options import checked_options
from inkread.training.recipes import RECIPES
from tests.bad_input.case import collector

COMPARING, comparing = collector("The verb compare")
TUNING, tuning = collector("The verb tune")

_APP = typer.Typer()
_APP.command("compare")(compare)
_APP.command("tune")(tune)


def _run(*arguments: object) -> None:
    _APP([str(argument) for argument in arguments], standalone_mode=False)


def _digits(folder: Path) -> Path:
    x = np.random.default_rng(0).integers(0, 255, (60, 28, 28), dtype=np.uint8)
    np.savez(folder / "digits.npz", x=x, y=np.arange(60) % 10)
    return folder / "digits.npz"


@comparing("inkread compare of a misspelt classifier", UsageError, theirs=r"Known are: .*")
def _(folder: Path) -> None:
    _run("compare", "random-forrest")


@comparing("inkread compare --seeds with a word among them", UsageError)
def _(folder: Path) -> None:
    _run("compare", "dense", "--seeds", "0,one")


@comparing("inkread compare --seeds with one twice", UsageError)
def _(folder: Path) -> None:
    _run("compare", "dense", "--seeds", "1,1")


@comparing("inkread compare --budget 0", UsageError)
def _(folder: Path) -> None:
    _run("compare", "dense", "--budget", "0")


@comparing("inkread compare --data of a file that does not exist", DatasetNotFoundError)
def _(folder: Path) -> None:
    _run("compare", "dense", "--data", folder / "digits.npz")


@comparing("inkread compare --train-size larger than the data", UsageError)
def _(folder: Path) -> None:
    _run("compare", "dense", "--data", _digits(folder), "--train-size", "1000")


@tuning("inkread tune of a misspelt recipe", UsageError, theirs=r"Known are: [^.]*\.")
def _(folder: Path) -> None:
    _run("tune", "lenett")


@tuning("inkread tune --trials 0 --timeout -1 --epochs 0", UsageError)
def _(folder: Path) -> None:
    _run("tune", "cnn-dropout", "--trials", "0", "--timeout", "-1", "--epochs", "0")


@tuning("inkread tune --output to a folder", OutputError)
def _(folder: Path) -> None:
    _run("tune", "cnn-dropout", "--storage", folder / "search.sqlite3", "--output", folder)


@tuning("inkread tune --storage of a file that is no SQLite", UsageError)
def _(folder: Path) -> None:
    (folder / "search.sqlite3").write_text("trial,accuracy\n0,0.98\n", encoding="utf-8")
    _run("tune", "cnn-dropout", "--data", _digits(folder), "--storage", folder / "search.sqlite3")


@tuning("inkread tune --storage of another program's tables", UsageError)
def _(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "search.sqlite3")) as database:
        database.execute("CREATE TABLE addresses (street TEXT)")
    _run("tune", "cnn-dropout", "--data", _digits(folder), "--storage", folder / "search.sqlite3")


@tuning("options of a network that are misspelt and of a wrong type", UsageError)
def _(folder: Path) -> None:
    recipe = RECIPES["cnn-dropout"]
    checked_options(recipe.build, {"widht": 2.0, "depth": "two"}, recipe.name)


@tuning("options of a network as no table", UsageError)
def _(folder: Path) -> None:
    config_from({"network": 2}, RECIPES["cnn-dropout"].config)
