"""The whole state of a training after an epoch, in one file that is either the old one or the new one."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inkread.errors import TrainingError
from inkread.files import replacing
from inkread.training.history import Epoch

if TYPE_CHECKING:
    import keras

__all__ = ["Checkpoint", "read_checkpoint", "write_checkpoint"]

Arrays = list[NDArray[Any]]
_GROUPS = ("network", "optimizer", "kept", "first")


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A training between two epochs.

    Attributes:
        epochs: The history.
        network: The network's variables, the states of its random generators among them.
        optimizer: The optimizer's variables, its step and its averages among them.
        kept: The weights that count so far: the best epoch's, or the last one's.
        first: Those that the training began with, where they are blended with; none elsewhere.
    """

    epochs: tuple[Epoch, ...]
    network: Arrays
    optimizer: Arrays
    kept: Arrays
    first: Arrays

    @classmethod
    def of(
        cls, model: keras.Model, epochs: Sequence[Epoch], kept: Arrays, first: Sequence[NDArray[Any]] = ()
    ) -> Checkpoint:
        """Return the state of a compiled model."""
        return cls(tuple(epochs), _values(model.variables), _values(model.optimizer.variables), kept, list(first))

    def restore(self, model: keras.Model) -> None:
        """Put the state into a compiled model whose optimizer is built."""
        for variables, values in ((model.variables, self.network), (model.optimizer.variables, self.optimizer)):
            if [tuple(v.shape) for v in variables] != [a.shape for a in values]:
                raise TrainingError(
                    "The checkpoint is of another network or optimizer than the configuration and the recipe make now. "
                    "Resume it with the release and the recipe that began it, or begin a new run."
                )
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)


def _values(variables: Sequence[Any]) -> Arrays:
    from keras import ops

    return [np.array(ops.convert_to_numpy(variable)) for variable in variables]


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write the state; the file before stays until the new one is whole.

    Raises:
        OutputError: It cannot be written, the disk is full for instance.
    """
    arrays = {f"{group}/{i:04d}": array for group in _GROUPS for i, array in enumerate(getattr(checkpoint, group))}
    epochs = json.dumps([asdict(epoch) for epoch in checkpoint.epochs])
    with replacing(path) as part, part.open("wb") as file:
        np.savez(file, epochs=np.array(epochs), **arrays)


def read_checkpoint(path: Path) -> Checkpoint | None:
    """Return the state that `write_checkpoint` wrote; None when there is no file.

    Raises:
        TrainingError: The file is damaged.
    """
    if not path.exists():
        return None
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            groups: dict[str, Arrays] = {group: [] for group in _GROUPS}
            for name in sorted(data.files):
                if name != "epochs":
                    groups[name.partition("/")[0]].append(data[name])
            epochs = tuple(Epoch(**row) for row in json.loads(str(data["epochs"])))
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise TrainingError(
            f"Expected a checkpoint in {str(path)!r}, got a damaged file ({error}). The weights beside it are those of "
            "the best or last epoch: begin a new run from them with --weights."
        ) from error
    return Checkpoint(epochs, **groups)
