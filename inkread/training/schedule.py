"""The schedule of the learning rate: up in a line, then down along half a cosine."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

__all__ = ["OneCycle"]


class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """Rises in a line from a twentieth of the peak, then falls along a cosine to a thousandth (Smith and Topin 2018).

    Args:
        peak: The greatest learning rate.
        steps: Of the whole training.
        warmup: Share of the steps until the peak, 0 or more and below 1.
    """

    def __init__(self, peak: float, steps: int, warmup: float) -> None:
        self.peak, self.steps, self.warmup = peak, steps, warmup

    def __call__(self, step: Any) -> Any:
        """Return the learning rate of a step."""
        done = ops.cast(step, "float32") / self.steps
        rising = 0.05 + 0.95 * done / max(self.warmup, 1e-9)
        fallen = ops.clip((done - self.warmup) / (1.0 - self.warmup), 0.0, 1.0)
        falling = 0.001 + 0.999 * 0.5 * (1.0 + ops.cos(math.pi * fallen))
        return self.peak * ops.where(done < self.warmup, rising, falling)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, as Keras asks for them."""
        return {"peak": self.peak, "steps": self.steps, "warmup": self.warmup}
