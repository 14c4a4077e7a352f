"""The CTC loss equals Keras' own, empty lines too."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")
tensorflow = pytest.importorskip("tensorflow")

from inkread.training.lines.loss import ctc_loss  # noqa: E402

CLASSES = np.array([[3, 3, 1, 0], [0, 0, 0, 0], [5, 0, 0, 0], [2, 4, 2, 4]], np.int32)


def _both(classes, logits):
    out = []
    for loss_of in (ctc_loss, keras.losses.CTC()):
        with tensorflow.GradientTape() as tape:
            z = tensorflow.constant(logits)
            tape.watch(z)
            loss = loss_of(tensorflow.constant(classes), z)
        out.append((float(loss), tape.gradient(loss, z).numpy()))
    return out


def test_loss_and_gradient_are_those_of_keras():
    logits = np.random.default_rng(0).normal(0, 2, (4, 20, 6)).astype(np.float32)
    (ours, gradient), (theirs, expected) = _both(CLASSES, logits)
    assert ours == pytest.approx(theirs, rel=1e-5)
    np.testing.assert_allclose(gradient, expected, atol=1e-5)


def test_lines_that_are_all_empty():
    logits = np.random.default_rng(1).normal(0, 2, (3, 8, 6)).astype(np.float32)
    ours, theirs = _both(np.zeros((3, 4), np.int32), logits)
    assert ours[0] == pytest.approx(theirs[0], rel=1e-5)
    np.testing.assert_allclose(ours[1], theirs[1], atol=1e-5)
