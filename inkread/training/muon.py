"""Muon for convolutions.

Muon (Jordan et al. 2024) replaces the momentum of a weight matrix by the nearest orthogonal matrix, found with a few
Newton-Schulz steps. Keras' own does so for dense kernels only; a convolution's kernel is a matrix too, from all its
inputs to its filters.
"""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

__all__ = ["ConvolutionMuon"]


class ConvolutionMuon(keras.optimizers.Muon):
    """Muon on the kernels of convolutions, AdamW on the rest.

    The stem, which sees one channel or three, and the last dense layer are left to AdamW, as Muon's authors advise.
    """

    def _should_use_adamw(self, variable: Any) -> bool:
        return len(variable.shape) != 4 or variable.shape[2] <= 3

    def _muon_update_step(self, gradient: Any, variable: Any, lr: Any, m: Any) -> None:
        self.assign(m, self.momentum * m + gradient)
        ahead = gradient + self.momentum * m  # Nesterov
        filters = variable.shape[-1]
        inputs = math.prod(variable.shape[:-1])
        matrix = ops.reshape(ahead, (inputs, filters))
        update = ops.reshape(self.zeropower_via_newtonschulz5(matrix, self.ns_steps), variable.shape)
        # So scaled, an update is as large as AdamW's (Liu et al. 2025, Muon is scalable, section 2.2).
        self.assign_sub(variable, update * (lr * self.rms_rate * math.sqrt(max(inputs, filters))))
