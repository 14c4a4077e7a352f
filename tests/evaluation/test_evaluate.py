"""A model file measured on pictures, with every figure counted again from the probabilities it gives."""

from __future__ import annotations

import json
import math
from dataclasses import fields, replace

import numpy as np
import pytest

from inkread import Predictor, normalize_batch
from inkread.datasets import Dataset
from inkread.errors import DatasetError, QualityError, UsageError
from inkread.evaluation.evaluate import compare, evaluate, require_accuracy
from inkread.evaluation.evaluation import SCHEMA, Evaluation, EvaluationDict
from inkread.evaluation.prepare import prepare
from inkread.reading.card import Calibration, Rejection, Threshold
from tests.model_files import LABELS, make_card

DIGITS = (0, 1, 2, 3, 4, 7)


@pytest.fixture(scope="module")
def drawn(draw_digit) -> Dataset:
    """Return 120 drawn digits of 64 x 64, dark ink on light, some thick, some thin."""
    pens = np.linspace(0.05, 0.14, 20)
    images = np.stack([draw_digit(d, pen=float(pen), share=0.5 + pen) for pen in pens for d in DIGITS])
    return Dataset(images, np.array([d for _ in pens for d in DIGITS]), LABELS, "drawn")


@pytest.fixture(scope="module")
def noise() -> Dataset:
    """Return pictures of nothing with random labels, in the form of a model that takes any 12 x 12."""
    rng = np.random.default_rng(0)
    return Dataset(rng.integers(0, 256, (300, 12, 12), dtype=np.uint8), rng.integers(0, 10, 300), LABELS, "noise")


@pytest.fixture
def plain(write_model):
    """Return a function that writes a model for any 12 x 12 pictures."""

    def write(name: str = "plain.onnx", seed: int = 0, **changes: object):
        card = make_card(shape=(12, 12), preprocessing=None, **changes)
        return write_model(name, card=card, shape=(12, 12), outputs=card.outputs, seed=seed)

    return write


def test_the_shipped_model_reads_drawn_digits(drawn):
    evaluation = evaluate("default", drawn, split_name="train", cost=False)
    proba = Predictor().predict_proba(normalize_batch(drawn.images))
    assert np.array_equal(evaluation.answers.proba, proba)
    assert evaluation.accuracy.hits == int((proba.argmax(axis=1) == drawn.labels).sum()) > 100
    assert (evaluation.data.normalized, evaluation.data.blank, evaluation.data.n) == (120, 0, 120)
    assert any("120 pictures were brought into MNIST's form" in note for note in evaluation.notes)
    assert any("no pictures of these classes of the model: '5', '6', '8', '9'" in note for note in evaluation.notes)
    assert evaluation.cost is None


def test_inverted_and_coloured_pictures_give_the_same(drawn):
    light = Dataset(255 - drawn.images, drawn.labels, drawn.names, "light")
    coloured = Dataset(np.repeat(drawn.images[..., None], 3, axis=3), drawn.labels, drawn.names, "coloured")
    hits = [evaluate("default", data, cost=False).accuracy.hits for data in (drawn, light, coloured)]
    assert hits[0] == hits[2]
    assert abs(hits[0] - hits[1]) <= 2


def test_every_figure_again_from_the_probabilities(plain, noise):
    path = plain()
    evaluation = evaluate(path, noise, split_name="test")
    proba = Predictor(path).predict_proba(noise.images).astype(np.float64)
    best = proba.argmax(axis=1)
    right = best == noise.labels
    assert evaluation.accuracy.hits == right.sum()
    assert evaluation.log_loss == pytest.approx(-np.log(np.maximum(proba[range(300), noise.labels], 1e-30)).mean())
    assert evaluation.numeric.mse == pytest.approx(((best - noise.labels) ** 2).mean())
    assert set(evaluation.top) == {2, 3, 5}
    assert evaluation.confusion.sum() == 300
    assert np.trace(evaluation.confusion) == right.sum()
    assert [score.support for score in evaluation.classes] == np.bincount(noise.labels, minlength=10).tolist()
    assert evaluation.weighted.recall == pytest.approx(evaluation.accuracy.value)
    assert evaluation.reliability.confidence == pytest.approx(proba.max(axis=1).mean())
    assert sum(b.right.n for b in evaluation.reliability.bins) == 300
    assert evaluation.selective.at_coverage[-1].best.error.hits == (~right).sum()
    assert evaluation.cost.multiply_adds == 144 * 10
    misread = evaluation.answers.misread
    assert sorted(misread) == np.flatnonzero(~right).tolist()
    assert np.all(np.diff(proba.max(axis=1)[misread]) <= 1e-6)


def test_classes_are_matched_by_name(plain, noise):
    order = np.random.default_rng(1).permutation(10)
    # The same pictures under another order of the names, with one more that no picture has.
    renamed = Dataset(noise.images, np.argsort(order)[noise.labels], (*(LABELS[i] for i in order), "x"), "other order")
    first, second = evaluate(plain(), noise, cost=False), evaluate(plain(), renamed, cost=False)
    assert np.array_equal(first.confusion, second.confusion)
    assert first.log_loss == second.log_loss


def test_names_that_are_no_numbers(plain, noise):
    names = tuple("abcdefghij")
    evaluation = evaluate(plain(labels=names), Dataset(noise.images, noise.labels, names, "letters"), cost=False)
    assert evaluation.numeric is None


def test_calibrated_probabilities_and_promises(plain, noise):
    calibration = Calibration(3.0, (Threshold(0.01, 0.0, 1.0), Threshold(0.95, 0.0, 1.0)), 0.05, 100)
    evaluation = evaluate(plain(calibration=calibration), noise, cost=False)
    assert evaluation.model.temperature == 3.0
    assert evaluation.reliability.confidence < evaluate(plain(), noise, cost=False).reliability.confidence
    assert [(p.max_error, p.verdict) for p in evaluation.selective.promises] == [(0.01, "broken"), (0.95, "kept")]
    assert not any("as the network gives it" in note for note in evaluation.notes)


def test_pictures_that_are_rejected(plain, noise):
    evaluation = evaluate(plain(rejection=Rejection(0.0, 0.002, 500)), noise, cost=False)
    assert evaluation.answers.proba.shape == (300, 10)
    assert evaluation.rejected.all.n == 300
    assert 0 < evaluation.rejected.all.hits < 300
    assert evaluation.rejected.right.n == evaluation.rejected.all.hits == (~evaluation.answers.known).sum()
    assert evaluation.accuracy.n == 300
    assert evaluate(plain(), noise, cost=False).rejected is None


def test_notes_on_sets_that_say_little(plain, noise):
    few = evaluate(plain(), noise.subset(np.flatnonzero(noise.labels == 3)[:5]), cost=False)
    assert any(note.startswith("5 pictures are few") for note in few.notes)
    assert any("All pictures are of one class, '3'" in note for note in few.notes)
    assert few.numeric.r2 is None
    assert any("The confidence is as the network gives it" in note for note in few.notes)
    blank = Dataset(np.zeros((2, 12, 12), np.uint8), np.array([0, 1]), LABELS, "blank")
    assert any("2 pictures were blank" in note for note in evaluate(plain(), blank, cost=False).notes)


def test_notes_on_pictures_that_the_model_knows(plain, noise):
    def notes(**data: object) -> str:
        return " ".join(evaluate(plain(data=data), noise, cost=False).notes)

    assert "was trained on these pictures" in notes(fingerprint=noise.fingerprint)
    assert "was trained on these pictures" in notes(training={"n": 300, "fingerprint": noise.fingerprint})
    assert "The confidence was set on these pictures" in notes(validation={"fingerprint": noise.fingerprint})
    assert "these pictures" not in notes(fingerprint="another", source="mnist")


def test_classes_that_the_model_does_not_know(plain, noise):
    strange = Dataset(noise.images, noise.labels, (*LABELS[:8], "b", "a"), "strange")
    with pytest.raises(DatasetError, match=r"strange: expected pictures of the classes .* got others too: 'b', 'a'\."):
        evaluate(plain(), strange)


def test_another_size_for_a_model_of_no_preprocessing(plain, drawn):
    with pytest.raises(DatasetError, match=r"expected pictures of shape \(12, 12\), .* got \(64, 64\)"):
        evaluate(plain(), drawn)


def test_a_set_mostly_in_the_form_goes_in_as_it_is(drawn):
    form = normalize_batch(drawn.images)
    shifted = np.concatenate([form[:70], np.roll(form[70:], 4, axis=2)])
    prepared = prepare(Dataset(shifted, drawn.labels, LABELS, "mostly"), make_card())
    assert np.array_equal(prepared.images, shifted)
    assert prepared.normalized == 0
    rolled = np.concatenate([form[:20], np.roll(form[20:], 4, axis=2)])
    prepared = prepare(Dataset(rolled, drawn.labels, LABELS, "rolled"), make_card())
    assert np.array_equal(prepared.images[:20], form[:20])
    assert not np.array_equal(prepared.images, rolled)
    assert 80 <= prepared.normalized <= 120


def test_the_json_has_all_but_the_answers(plain, noise):
    evaluation = compare(evaluate(plain(), noise), evaluate(plain("two.onnx", seed=1), noise, cost=False))
    told = evaluation.to_dict()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["schema"] == SCHEMA
    assert set(told) == set(EvaluationDict.__annotations__)
    assert set(told) - {"schema"} == {f.name for f in fields(Evaluation)} - {"answers"}
    assert told["accuracy"]["hits"] == evaluation.accuracy.hits
    assert len(told["confusion"]) == 10
    assert set(told["selective"]["curve"]) == {"threshold", "coverage", "risk"}
    assert len(told["selective"]["curve"]["risk"]) == 200
    assert told["selective"]["curve"]["coverage"][-1] == 1
    assert told["comparison"]["test"]["n"] == 300


def test_no_infinity_in_the_json(plain, noise):
    calibration = Calibration(1.0, (Threshold(0.01, math.inf, 0.0),), 0.05, 100)
    told = evaluate(plain(calibration=calibration), noise, cost=False).to_dict()
    assert told["selective"]["promises"][0]["answered"]["threshold"] is None
    json.dumps(told, allow_nan=False)


def test_two_models(plain, noise):
    first, second = (evaluate(plain(f"{seed}.onnx", seed=seed), noise, cost=False) for seed in (0, 1))
    test = compare(first, second).comparison.test
    assert len(test.only_first) - len(test.only_second) == first.accuracy.hits - second.accuracy.hits
    assert all(first.answers.right[i] and not second.answers.right[i] for i in test.only_first)
    assert compare(first, first).comparison.test.p_value == 1
    other = evaluate(plain(), noise.subset(np.arange(200)), cost=False)
    with pytest.raises(UsageError, match="Expected evaluations on the same pictures"):
        compare(first, other)


def test_an_accuracy_asked_for(plain, noise):
    evaluation = evaluate(plain(), noise, cost=False)
    require_accuracy(evaluation, 0.0)
    require_accuracy(evaluation, evaluation.accuracy.value)
    with pytest.raises(
        QualityError, match=r"at least 99\.95%, measured .* \(95 % interval .* n = 300\) of model 'small'"
    ):
        require_accuracy(evaluation, 0.9995)
    nearly = replace(evaluation, accuracy=replace(evaluation.accuracy, value=0.5, low=0.4, high=0.6))
    with pytest.raises(QualityError, match="The interval holds the wish"):
        require_accuracy(nearly, 0.55)


@pytest.mark.mnist
def test_the_disputed_test_pictures_are_counted_apart(mnist_test):
    images, labels = mnist_test
    evaluation = evaluate("default", Dataset(images, labels, LABELS, "mnist"), split_name="test", cost=False)
    disputed = evaluation.disputed
    assert len(disputed.indices) == 15
    assert disputed.accuracy.n == 9985
    wrong = evaluation.accuracy.n - evaluation.accuracy.hits
    assert disputed.accuracy.n - disputed.accuracy.hits + len(disputed.wrong) == wrong
    assert set(disputed.wrong) <= set(evaluation.answers.misread.tolist())
    assert evaluation.accuracy.value > 0.995
    assert evaluation.reliability.calibration_error < 0.01


@pytest.mark.mnist
def test_other_pictures_have_none_disputed(mnist_test):
    images, labels = mnist_test
    part = Dataset(images[:500], labels[:500], LABELS, "mnist")
    assert evaluate("default", part, split_name="test", cost=False).disputed is None
