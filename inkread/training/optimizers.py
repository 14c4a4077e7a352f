"""The optimizer and the schedule that a configuration asks for."""

from __future__ import annotations

from typing import Any

import keras

from inkread.training.config import Config
from inkread.training.muon import ConvolutionMuon
from inkread.training.schedule import OneCycle

__all__ = ["optimizer_for"]


def optimizer_for(config: Config, steps: int) -> keras.optimizers.Optimizer:
    """Return the optimizer of a configuration.

    Args:
        config: Whose optimizer, learning rate, momentum, schedule, weight decay and average count.
        steps: Of the whole training, which the schedule is laid over.
    """
    rate = _rate(config, steps)
    decay = config.weight_decay or None
    average: dict[str, Any] = {"use_ema": True, "ema_momentum": config.average} if config.average > 0 else {}
    match config.optimizer:
        case "muon":
            return ConvolutionMuon(
                rate,
                weight_decay=config.weight_decay,
                adam_weight_decay=config.weight_decay,
                momentum=config.momentum,
                **average,
            )
        case "sgd":
            nesterov = config.momentum > 0
            return keras.optimizers.SGD(rate, config.momentum, nesterov, weight_decay=decay, **average)
        case "rmsprop":
            return keras.optimizers.RMSprop(rate, weight_decay=decay, **average)
        case "adamw":
            return keras.optimizers.AdamW(rate, weight_decay=config.weight_decay, **average)
        case _:
            return keras.optimizers.Adam(rate, weight_decay=decay, **average)


def _rate(config: Config, steps: int) -> Any:
    if config.schedule == "constant":
        return config.learning_rate
    return OneCycle(config.learning_rate, steps, config.warmup if config.schedule == "one-cycle" else 0.0)
