"""Who is told what happens in a training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from inkread.training.history import Epoch

__all__ = ["Listener"]


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told what happens.

    Attributes:
        report: Called as (pictures shown, pictures to be shown, what is happening).
        on_start: Called with the run folder, and the epochs that are over already, before anything is trained.
        on_model: Called with a table of the network's layers when it is built.
        on_epoch: Called after each epoch, when it is safe on disk.
    """

    report: Callable[[int, int, str], None] = lambda done, total, text: None
    on_start: Callable[[Path, tuple[Epoch, ...]], None] = lambda folder, epochs: None
    on_model: Callable[[str], None] = lambda summary: None
    on_epoch: Callable[[Epoch], None] = lambda epoch: None
