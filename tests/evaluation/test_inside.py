from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkread.errors import MissingExtraError, UsageError
from inkread.evaluation import inside
from inkread.evaluation.inside import doubtful, embedding_map, misread, nearest

RNG = np.random.default_rng(5)
EXAMPLES = RNG.normal(size=(200, 7)).astype(np.float32)
LABELS = np.arange(200) % 10


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_the_nearest_are_those_of_scikit_learn(metric):
    neighbors = pytest.importorskip("sklearn.neighbors")
    asked = np.random.default_rng(6).normal(size=(31, 7))
    found = nearest(asked, EXAMPLES, LABELS, 4, metric=metric)
    model = neighbors.NearestNeighbors(n_neighbors=4, metric=metric).fit(EXAMPLES)
    distances, indices = model.kneighbors(asked)
    assert np.array_equal(found.indices, indices)
    assert found.distances == pytest.approx(distances, abs=1e-5)
    assert np.array_equal(found.labels, LABELS[indices])
    assert (found.indices.dtype, found.distances.dtype, found.labels.dtype) == (np.int64, np.float32, np.int64)


def test_in_parts_as_in_one(monkeypatch):
    whole = nearest(EXAMPLES, EXAMPLES, LABELS, 3)
    monkeypatch.setattr(inside, "_CHUNK", 450)  # two rows and a bit
    parts = nearest(EXAMPLES, EXAMPLES, LABELS, 3)
    assert np.array_equal(parts.indices, whole.indices)
    assert np.array_equal(parts.indices[:, 0], np.arange(200))
    assert parts.distances == pytest.approx(whole.distances, abs=1e-6)


def test_of_equally_near_ones_the_earlier_comes_first():
    same = np.ones((5, 2))
    assert nearest(same[:1], same, np.arange(5), 5).indices.tolist() == [[0, 1, 2, 3, 4]]


def test_length_counts_for_one_metric_only():
    examples, labels = np.array([[100.0, 0.0], [0.0, 1.0]]), np.array([3, 4])
    assert nearest(np.array([[1.0, 0.1]]), examples, labels, 1).labels.tolist() == [[3]]
    assert nearest(np.array([[1.0, 0.1]]), examples, labels, 1, metric="euclidean").labels.tolist() == [[4]]


def test_features_that_are_all_zero():
    assert np.isfinite(nearest(np.zeros((1, 7)), EXAMPLES, LABELS).distances).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((EXAMPLES[:, :3], EXAMPLES, LABELS), r"received \(200, 3\), \(200, 7\) and \(200,\)"),
        ((EXAMPLES[0], EXAMPLES, LABELS), r"received \(7,\)"),
        ((EXAMPLES[:0], EXAMPLES, LABELS), "M at least 1"),
        ((EXAMPLES, EXAMPLES, LABELS[:5]), r"and \(5,\)"),
        ((EXAMPLES, EXAMPLES, LABELS, 0), "Expected count from 1 to 200, the number of examples, got 0"),
        ((EXAMPLES, EXAMPLES, LABELS, 201), "got 201"),
    ],
)
def test_what_has_no_nearest(arguments, message):
    with pytest.raises(UsageError, match=message):
        nearest(*arguments)


def test_a_metric_that_there_is_not():
    with pytest.raises(UsageError, match="Expected metric 'cosine' or 'euclidean', got 'manhattan'"):
        nearest(EXAMPLES, EXAMPLES, LABELS, metric="manhattan")


def test_a_map_keeps_apart_what_is_apart_and_is_the_same_again():
    pytest.importorskip("sklearn")
    centres = 30 * np.eye(3, 60)
    labels = np.arange(90) % 3
    features = centres[labels] + np.random.default_rng(0).normal(size=(90, 60))
    placed = embedding_map(features, seed=3)
    assert np.array_equal(placed.indices, np.arange(90))
    assert placed.points.shape == (90, 2)
    apart = np.linalg.norm(placed.points[:, None] - placed.points, axis=2)
    np.fill_diagonal(apart, np.inf)
    assert np.array_equal(labels[apart.argmin(axis=1)], labels)
    assert np.array_equal(embedding_map(features, seed=3).points, placed.points)


def test_a_map_of_at_most_so_many():
    pytest.importorskip("sklearn")
    placed = embedding_map(EXAMPLES, most=20)
    assert placed.points.shape == (20, 2)
    assert len(set(placed.indices.tolist())) == 20
    assert np.array_equal(placed.indices, np.sort(placed.indices))
    assert not np.array_equal(embedding_map(EXAMPLES, most=20, seed=1).indices, placed.indices)
    assert embedding_map(EXAMPLES[:5]).points.shape == (5, 2)


@pytest.mark.parametrize(("features", "most"), [(EXAMPLES[:4], 2000), (EXAMPLES, 4), (EXAMPLES[0], 2000)])
def test_too_few_for_a_map(features, most):
    with pytest.raises(UsageError, match=r"Expected features of shape \(N, D\) for at least 5 pictures"):
        embedding_map(features, most=most)


def test_a_map_without_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.decomposition", None)
    with pytest.raises(MissingExtraError, match=r"scikit-learn is missing.*inkread\[report\]"):
        embedding_map(EXAMPLES)


def test_labels_that_are_all_right_are_not_less_than_none():
    proba, labels, _ = blurred(3000, 10, seed=0, wrong=0.0)  # whose joint sums to less than one by rounding
    found = doubtful(proba, labels)
    assert (found.flagged, f"{found.wrong:.2%}") == (0, "0.00%")


def test_misread_ones_come_the_surest_first():
    proba = np.array([[0.6, 0.4], [0.1, 0.9], [0.3, 0.7], [0.9, 0.1], [0.1, 0.9]])
    found = misread(proba, np.array([1, 1, 0, 1, 0]))
    assert [(m.index, m.label, m.read_as, m.confidence) for m in found] == [
        (3, 1, 0, 0.9),
        (4, 0, 1, 0.9),
        (2, 0, 1, 0.7),
        (0, 1, 0, 0.6),
    ]
    assert misread(proba, proba.argmax(axis=1)) == ()


def blurred(n: int, classes: int, seed: int, wrong: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return probabilities of a good model, labels of which some are wrong, and which those are."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, n)
    scores = rng.normal(size=(n, classes))
    scores[np.arange(n), truth] += 6
    proba = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    turned = rng.random(n) < wrong
    return proba, np.where(turned, (truth + rng.integers(1, classes, n)) % classes, truth), turned


def counted_by_loops(proba, labels) -> tuple[list[int], np.ndarray]:
    """The confident joint as Northcutt et al. write it (equations 1 to 3), a picture at a time."""
    n, classes = proba.shape
    threshold = {
        j: sum(proba[i, j] for i in range(n) if labels[i] == j) / list(labels).count(j)
        for j in range(classes)
        if j in labels
    }
    joint, wrong = np.zeros((classes, classes)), []
    for i in range(n):
        able = [j for j in threshold if proba[i, j] >= threshold[j] - 1e-6]
        if able:
            j = max(able, key=lambda j: proba[i, j])
            joint[labels[i], j] += 1
            if j != labels[i]:
                wrong.append(i)
    for j in range(classes):
        if joint[j].sum() == 0:
            joint[j, j] = 1
        joint[j] *= list(labels).count(j) / joint[j].sum()
    return wrong, joint / joint.sum()


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 80), st.integers(2, 6), st.integers(0, 1000), st.sampled_from([0.0, 0.1, 0.4]))
def test_doubts_are_those_of_the_paper_counted_by_loops(n, classes, seed, wrong):
    proba, labels, _ = blurred(n, classes, seed, wrong)
    expected, joint = counted_by_loops(proba, labels)
    found = doubtful(proba, labels)
    assert sorted(d.index for d in found.ranked) == list(range(n))
    assert sorted(d.index for d in found.ranked if d.flagged) == expected
    assert found.flagged == len(expected)
    assert found.joint == pytest.approx(joint, abs=1e-12)
    assert found.joint.sum() == pytest.approx(1)


def test_wrong_labels_are_found():
    proba, labels, turned = blurred(2000, 5, 1, 0.05)
    found = doubtful(proba, labels)
    first = [d.index for d in found.ranked[: int(turned.sum())]]
    assert np.mean(turned[first]) > 0.97
    assert found.wrong == pytest.approx(turned.mean(), abs=0.01)
    right = [d.suggested == proba[d.index].argmax() for d in found.ranked[:50]]
    assert all(right)


def test_the_order_is_flagged_first_then_by_the_probability_of_the_label():
    proba, labels, _ = blurred(300, 4, 2, 0.1)
    ranked = doubtful(proba, labels).ranked
    assert [(not d.flagged, d.own) for d in ranked] == sorted((not d.flagged, d.own) for d in ranked)
    for d in ranked:
        assert d.label == labels[d.index] != d.suggested
        assert (d.own, d.confidence) == (proba[d.index, d.label], proba[d.index, d.suggested])
    assert doubtful(proba, labels, 7).ranked == ranked[:7]
    assert doubtful(proba, labels, 7).flagged == doubtful(proba, labels).flagged


def test_a_class_without_a_picture_is_not_suggested_as_sure():
    proba = np.array([[0.5, 0.0, 0.5], [0.9, 0.1, 0.0], [0.1, 0.9, 0.0]])
    found = doubtful(proba, np.array([0, 0, 1]))
    assert found.flagged == 0
    assert np.isfinite(found.joint).all()


def test_no_doubtful_label_at_all_may_be_asked_for_by_no_number():
    with pytest.raises(UsageError, match="Expected to list at least 1 doubtful label, got most=0"):
        doubtful(np.eye(2), np.array([0, 1]), 0)
    with pytest.raises(UsageError, match="Expected probabilities of shape"):
        doubtful(np.eye(2), np.array([0, 2]))


def test_disputed_pictures_of_mnist_are_among_the_most_doubtful(mnist_test):
    """The figures of docs/looking-inside.md, for the shipped model."""
    from inkread import Predictor
    from inkread.datasets import load
    from inkread.datasets.disputed import DISPUTED

    disputed = DISPUTED[load("mnist", "test").fingerprint]
    images, labels = mnist_test
    ranked = doubtful(Predictor().predict_proba(images), labels, 100).ranked
    among = [len(set(disputed) & {d.index for d in ranked[:top]}) for top in (20, 50, 100)]
    assert among[0] >= 5
    assert among[1] >= 7
    assert among[2] >= 8


def test_neighbours_of_mnist_agree_with_the_label(mnist_test):
    from inkread.reading.explain import embed

    images, labels = mnist_test
    features = embed(images[:1000])
    found = nearest(features[:200], features[200:], labels[200:1000], 1)
    assert np.mean(found.labels[:, 0] == labels[:200]) > 0.97
