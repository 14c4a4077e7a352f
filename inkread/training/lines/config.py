"""How the training of a line reader goes."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LineConfig"]


@dataclass(frozen=True, slots=True)
class LineConfig:
    """One training of a line reader.

    Attributes:
        steps: Batches in all.
        batch_size: Lines per batch.
        learning_rate: The peak of the one-cycle schedule, of Muon.
        warmup: Share of the steps until the peak.
        weight_decay: Decoupled.
        average: Decay per step of the exponential mean of the weights, which is what counts.
        width: Factor on the network's channels.
        dropout: Share of channels left out before the scores.
        longest: The most digits of a line.
        restyled: How often each digit is in the bank once more, redrawn as other hands write it.
        templates: How many digits are drawn from templates of strokes.
        template_share: How often a digit of a line is one of those.
        digits: How many digits of the data make the bank.
        validation: Composed lines, of other digits of the data, to judge by and to set the confidence on.
        every: Steps between two checkpoints.
        seed: Of everything.
        precision: As Keras calls its policies; "auto" for bfloat16 where the processor has it.
        workers: Processes that compose beside the training; 0 to compose between the steps.
        weights: The folder of another such training, with whose weights to begin; empty to begin anew.
    """

    steps: int = 12_000
    batch_size: int = 64
    learning_rate: float = 0.01
    warmup: float = 0.05
    weight_decay: float = 0.01
    average: float = 0.998
    width: float = 1.0
    dropout: float = 0.1
    longest: int = 10
    restyled: int = 1
    templates: int = 10_000
    template_share: float = 0.3
    digits: int = 30_000
    validation: int = 1_000
    every: int = 500
    seed: int = 0
    precision: str = "auto"
    workers: int = 1
    weights: str = ""
