from __future__ import annotations

import numpy as np
import pytest

RATE = 0.1


@pytest.fixture
def step(keras):
    """Return a function that takes steps on one variable and returns how far each of them went."""

    def take(shape, gradients, *, start=0.0, **settings):
        from inkread.training.muon import ConvolutionMuon

        settings = {"weight_decay": 0.0, "adam_weight_decay": 0.0, "momentum": 0.9} | settings
        optimizer = ConvolutionMuon(RATE, **settings)
        variable = keras.Variable(np.full(shape, start, np.float32))
        optimizer.build([variable])
        moves = []
        for gradient in gradients:
            before = variable.numpy().copy()
            optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
            moves.append(before - variable.numpy())
        return moves

    return take


@pytest.mark.parametrize("shape", [(3, 3, 16, 32), (3, 3, 64, 64), (1, 1, 4, 100)])
def test_the_step_of_a_convolution_is_a_scaled_orthogonal_matrix(step, shape):
    gradient = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    (move,) = step(shape, [gradient])
    inputs, filters = int(np.prod(shape[:-1])), shape[-1]
    scale = RATE * 0.2 * np.sqrt(max(inputs, filters))
    values = np.linalg.svd(move.reshape(inputs, filters), compute_uv=False) / scale
    # The band into which five Newton-Schulz steps bring singular values (Jordan et al. 2024).
    assert values.min() > 0.6
    assert values.max() < 1.3


def test_the_step_goes_down_the_gradient_and_does_not_care_how_steep_it_is(step):
    shape = (3, 3, 8, 24)
    gradient = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    (move,), (steep,) = step(shape, [gradient]), step(shape, [1000 * gradient])
    assert (move * gradient).sum() > 0
    assert np.allclose(move, steep, atol=1e-4)
    u, _, v = np.linalg.svd(gradient.reshape(72, 24), full_matrices=False)
    nearest = (u @ v).reshape(shape)
    cosine = (move * nearest).sum() / np.linalg.norm(move) / np.linalg.norm(nearest)
    assert cosine > 0.97


def test_the_step_is_as_large_as_that_of_adamw(step):
    (move,) = step((3, 3, 64, 64), [np.random.default_rng(2).standard_normal((3, 3, 64, 64)).astype(np.float32)])
    # Liu et al. 2025, section 2.2: a root mean square of 0.2 to 0.4 times the rate.
    assert 0.1 * RATE < np.sqrt((move**2).mean()) < 0.4 * RATE


def test_momentum_carries_a_step_on(step):
    shape = (3, 3, 8, 8)
    gradient = np.random.default_rng(3).standard_normal(shape).astype(np.float32)
    moves = step(shape, [gradient, 0 * gradient])
    assert np.allclose(moves[0], moves[1], atol=1e-3)  # what is left of the first gradient, made orthogonal again


@pytest.mark.parametrize("shape", [(128, 10), (10,), (5, 5, 1, 16), (5, 5, 3, 16)])
def test_the_rest_goes_the_way_of_adamw(step, shape):
    rng = np.random.default_rng(4)
    gradients = [rng.standard_normal(shape).astype(np.float32) for _ in range(3)]
    m = v = np.zeros(shape)
    for t, (gradient, move) in enumerate(zip(gradients, step(shape, gradients), strict=True), 1):
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        wanted = RATE * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-7)
        assert np.allclose(move, wanted, rtol=2e-3, atol=1e-5)


@pytest.mark.parametrize("shape", [(3, 3, 8, 8), (8, 4)])
def test_decay_is_decoupled_and_reaches_both_kinds(step, shape):
    (move,) = step(shape, [np.zeros(shape, np.float32)], start=2.0, weight_decay=0.25, adam_weight_decay=0.25)
    assert np.allclose(move, 2.0 * 0.25 * RATE, atol=1e-5)
