"""The vote of unlike networks: each learns as if it were alone."""

from __future__ import annotations

import numpy as np
import pytest

from inkread.errors import UsageError
from inkread.training.fit import _loss
from inkread.training.networks.vote import vote
from inkread.training.recipes import RECIPES


def log_softmax(scores):
    scores = scores - scores.max(axis=1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))


def parts(keras, model, images):
    """Return the log-probabilities of each member, worked out from its scores."""
    names = sorted(layer.name for layer in model.layers if layer.name.startswith("logits"))
    inner = keras.Model(model.input, [model.get_layer(name).output for name in names])
    return [log_softmax(np.asarray(scores)) for scores in inner(images)]


def test_it_gives_the_mean_of_the_log_probabilities_of_its_members(keras, drawn):
    keras.utils.set_random_seed(3)
    model = vote((28, 28), 10, members=4)
    images = drawn(8).images
    members = parts(keras, model, images)
    assert len(members) == 4
    assert not np.allclose(members[0], members[3])  # of one kind, but begun elsewhere
    assert np.allclose(model(images), np.mean(members, axis=0), atol=1e-5)


def test_its_loss_is_the_mean_of_the_losses_of_its_members(keras, drawn):
    keras.utils.set_random_seed(4)
    model, data = vote((28, 28), 10), drawn(8)
    targets = np.eye(10, dtype=np.float32)[data.labels] * 0.9 + 0.01
    found = np.asarray(_loss(RECIPES["best"])(targets, model(data.images)))
    alone = keras.losses.CategoricalCrossentropy(from_logits=True, reduction="none")
    wanted = np.mean([np.asarray(alone(targets, member)) for member in parts(keras, model, data.images)], axis=0)
    assert np.allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize("members", [0, 9])
def test_a_vote_of_none_or_too_many_is_refused(members):
    with pytest.raises(UsageError, match=rf"a vote of 1 to 8 members, got {members}\."):
        vote((28, 28), 10, members=members)
