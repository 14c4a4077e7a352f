"""A line reader from its configuration to its model file."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inkread import __version__
from inkread.datasets import Dataset, mnist
from inkread.datasets.lines import SYMBOLS
from inkread.errors import UsageError
from inkread.evaluation.intervals import wilson
from inkread.evaluation.strings import score_strings
from inkread.files import replacing
from inkread.imaging.strip import ROWS, STRIP_VERSION
from inkread.reading.card import Calibration, Card, Figure, Threshold
from inkread.reading.confidence import NEVER, probabilities
from inkread.reading.decode import digit_lattice, n_best
from inkread.reading.line import LineReader
from inkread.training.calibrate import DELTA, ERRORS, fit_temperature, safe_threshold
from inkread.training.export import export, write_card
from inkread.training.lines.batches import pad
from inkread.training.lines.config import LineConfig
from inkread.training.lines.fit import FittedLine, Lines, averaged, fit_lines, made, validation_lines
from inkread.training.listener import Listener

__all__ = ["average_lines", "calibrate_lines", "calibrated", "put_in", "train_lines"]

_SAMPLE = 16  # strips on which the exported network must give what Keras gives
_LICENCE = "CC BY-SA 3.0 (trained on lines composed from MNIST, by Y. LeCun, C. Cortes and C. J. C. Burges)"
_TINY = 1e-9


def train_lines(
    config: LineConfig,
    folder: Path,
    *,
    name: str = "line",
    dataset: Dataset | None = None,
    listener: Listener | None = None,
    until: int | None = None,
) -> Path:
    """Train or go on, calibrate on composed lines of other digits, export.

    Args:
        config: How; a folder that holds a training is gone on with, and must have been begun with the same one.
        folder: Of the run.
        name: Of the model and its file.
        dataset: The digits; None for MNIST's training part.
        listener: Who is told what happens.
        until: The step to stop at before the end, for a first look.

    Returns:
        The path of the model file.

    Raises:
        UsageError: The folder holds a training of another configuration.
        TrainingError, OutputError, MissingExtraError: As `fit_lines` raises.
    """
    _note(config, made(folder) / "config.json")
    fitted = fit_lines(config, folder, dataset=dataset, listener=listener, until=until)
    return _finished(config, fitted, folder, name, dataset or mnist("train"))


def average_lines(
    config: LineConfig, folders: Sequence[Path], folder: Path, *, name: str = "line", dataset: Dataset | None = None
) -> Path:
    """Average trainings that began with each other's weights, calibrate, export; see `averaged`.

    Args:
        config: Of the last of them.
        folders: Where they are.
        folder: Of the result.
        name: As for `train_lines`, like `dataset` and what is returned and raised.
        dataset: As there.
    """
    fitted = averaged(config, folders, dataset=dataset)
    return _finished(config, fitted, made(folder), name, dataset or mnist("train"))


def _finished(config: LineConfig, fitted: FittedLine, folder: Path, name: str, digits: Dataset) -> Path:
    """Calibrate and export."""
    lines = validation_lines(digits, config)
    path = folder / f"{name}.onnx"
    card = _card(name, config, fitted, digits)
    sample = pad([strip for strip, _ in lines[-_SAMPLE:]])
    export(fitted.model, card, path, sample)
    calibration, figure = calibrate_lines(LineReader(path), lines)
    put_in(path, replace(card, calibration=calibration, figures=(figure,)))
    return path


def put_in(path: Path, card: Card) -> None:
    """Replace the card of a model file."""
    import onnx

    network = onnx.load(path)
    write_card(network, card)
    with replacing(path) as part:
        onnx.save(network, part)


def _note(config: LineConfig, path: Path) -> None:
    """Write the configuration, or hold it against the one that is there."""
    values = asdict(config)
    if not path.exists():
        with replacing(path) as part:
            part.write_text(json.dumps(values, indent=1), encoding="utf-8")
        return
    before = asdict(LineConfig()) | json.loads(path.read_text(encoding="utf-8"))
    other = [key for key, value in values.items() if before[key] != value and key != "workers"]
    if other:
        raise UsageError(
            f"Expected the configuration that the training in {str(path.parent)!r} began with, but these differ: "
            f"{', '.join(other)}. Give them as they were, or choose another folder."
        )


def calibrate_lines(reader: LineReader, lines: Lines) -> tuple[Calibration, Figure]:
    """Fit the confidence of whole lines.

    Args:
        reader: Of the model.
        lines: Strips with their symbols, of digits that were not trained on.

    Returns:
        The calibration, its unit a line; and the share of the lines that are read right.
    """
    lattices = reader.lattices([strip for strip, _ in lines])
    best = [(n_best(digit_lattice(lattice), 1) or [("", 0.0)])[0] for lattice in lattices]
    truth = ["".join(filter(str.isdigit, symbols)) for _, symbols in lines]
    numbers = [i for i, (text, _) in enumerate(best) if text]  # what is read as no number is not answered
    right = np.array([best[i][0] == truth[i] for i in numbers], bool)
    score = score_strings([text for text, _ in best], truth)
    figure = Figure("strings right, composed validation lines", score.share, score.n, *wilson(score.right, score.n))
    return calibrated([best[i][1] for i in numbers], right), figure


def calibrated(likely: Sequence[float], right: NDArray[np.bool_], temperature: float | None = None) -> Calibration:
    """Return the temperature and the thresholds for readings.

    Args:
        likely: Their probabilities.
        right: bool (N,), whether they are right.
        temperature: To be taken; None to fit it.
    """
    if len(right) == 0:
        return Calibration()
    p = np.clip(np.array(likely), _TINY, 1 - _TINY)
    logits = np.stack([np.log(p), np.log1p(-p)], axis=1).astype(np.float32)  # (N, 2): it is right, it is not
    temperature = temperature or fit_temperature(logits, np.where(right, 0, 1))
    confidence = probabilities(logits, temperature)[:, 0]
    thresholds = []
    for error in ERRORS:
        threshold = safe_threshold(confidence, ~right, error, DELTA)
        if threshold < NEVER:
            thresholds.append(Threshold(error, threshold, float((confidence >= threshold).mean())))
    return Calibration(temperature, tuple(thresholds), DELTA, len(right))


def _card(name: str, config: LineConfig, fitted: FittedLine, dataset: Dataset) -> Card:
    made_with = {m: importlib.metadata.version(m) for m in ("keras", "numpy", "onnx")}
    return Card(
        name=name,
        version=__version__,
        labels=tuple(SYMBOLS),
        shape=(ROWS, 0),
        preprocessing=STRIP_VERSION,
        parameters=int(sum(np.prod(w.shape) for w in fitted.model.trainable_weights)),
        recipe="line",
        config=asdict(config) | {"weights": Path(config.weights).name},  # a place means nothing elsewhere
        data={
            "source": dataset.source,
            "fingerprint": dataset.fingerprint,
            "seconds": round(fitted.seconds, 1),
            "steps": fitted.history[-1].number,
        },
        licence=_LICENCE if dataset.source == "mnist" else "that of the training data",
        created=datetime.datetime.now(datetime.UTC).date().isoformat(),
        made_with=made_with | {"inkread": __version__, "python": platform.python_version()},
        kind="line",
    )
