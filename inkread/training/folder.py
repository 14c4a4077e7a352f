"""The run folder: where everything of one training stands, and how it is written down."""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from inkread.errors import OutputError, UsageError
from inkread.files import discard_parts, replacing
from inkread.training.config import Config, config_from, to_toml

__all__ = ["Origin", "RunFolder", "read_toml"]


@dataclass(frozen=True, slots=True)
class Origin:
    """What a training began from, beside its configuration.

    Attributes:
        recipe: Its name, or the file it is in.
        data: The source of the labelled pictures.
        fingerprint: Of the training pictures.
        name: Of the model.
        weights: The run or .keras file that the weights were taken from at the start; empty for none.
    """

    recipe: str
    data: str
    fingerprint: str
    name: str
    weights: str = ""

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> Origin:
        """Return what the table [run] of a configuration says; what is missing there is empty."""
        return cls(**{f.name: str(table.get(f.name, "")) for f in fields(cls)})


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of a training.

    Attributes:
        path: The folder: config.toml, checkpoint.npz, history.csv, events/, weights.keras, samples.png, curves.png,
            card.json and NAME.onnx.
    """

    path: Path

    @classmethod
    def new(cls, path: Path) -> RunFolder:
        """Make the folder, or take an empty one.

        Raises:
            OutputError: It holds something, or cannot be made or written to.
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
            discard_parts(path)
            if any(path.iterdir()):
                raise OutputError(f"Expected a new or empty folder for the run, got one with files: {str(path)!r}.")
            if not os.access(path, os.W_OK):
                raise OutputError(f"Cannot write into the folder {str(path)!r}.")
        except (FileExistsError, NotADirectoryError, PermissionError) as error:
            raise OutputError(f"Cannot make the folder {str(path)!r}: {error.strerror}.") from error
        return cls(path)

    @classmethod
    def unused(cls, parent: Path, stem: str) -> Path:
        """Return the path of the first folder STEM-1, STEM-2, … that does not exist."""
        number = 1
        while (path := parent / f"{stem}-{number}").exists():
            number += 1
        return path

    @property
    def config(self) -> Path:
        """The configuration and the origin, which repeat the run."""
        return self.path / "config.toml"

    @property
    def checkpoint(self) -> Path:
        """The whole state after the last epoch."""
        return self.path / "checkpoint.npz"

    @property
    def history(self) -> Path:
        """A line per epoch."""
        return self.path / "history.csv"

    @property
    def events(self) -> Path:
        """The history for TensorBoard."""
        return self.path / "events"

    @property
    def weights(self) -> Path:
        """The network with the weights that count so far."""
        return self.path / "weights.keras"

    @property
    def card(self) -> Path:
        """The card, as it stands in the model file; written when the training is over."""
        return self.path / "card.json"

    @property
    def curves(self) -> Path:
        """Loss and accuracy, drawn."""
        return self.path / "curves.png"

    @property
    def samples(self) -> Path:
        """Pictures as the training saw them."""
        return self.path / "samples.png"

    def clear(self) -> None:
        """Remove what was begun, so that the folder is free."""
        self.config.unlink(missing_ok=True)
        shutil.rmtree(self.events, ignore_errors=True)
        discard_parts(self.path)

    def model(self, name: str) -> Path:
        """Return where the model file goes."""
        return self.path / f"{name}.onnx"

    def write_config(self, config: Config, origin: Origin) -> None:
        """Write down what repeats the run."""
        text = "# Repeats this run: inkread train --config config.toml\n" + to_toml(
            {**config.to_dict(), "run": asdict(origin)}
        )
        with replacing(self.config) as part:
            part.write_text(text, encoding="utf-8")

    def read_config(self) -> tuple[Config, Origin]:
        """Return what `write_config` wrote.

        Raises:
            UsageError: This is no run folder, or its configuration was changed into something else.
        """
        if not self.config.is_file():
            raise UsageError(f"Expected the folder of a run, got {str(self.path)!r} without a config.toml in it.")
        table = read_toml(self.config)
        origin = Origin.from_dict(table.pop("run", {}))
        if not (origin.recipe and origin.data and origin.name):
            raise UsageError(f"Expected recipe, data and name in the table [run] of {str(self.config)!r}.")
        return config_from(table, Config()), origin


def read_toml(path: Path) -> dict[str, Any]:
    """Return the tables of a TOML file.

    Raises:
        UsageError: It cannot be read, or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"Cannot open the configuration {str(path)!r}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"Expected TOML in {str(path)!r}, got something else: {error}.") from error
