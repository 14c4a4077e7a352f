"""Compare classifiers on the same pictures: each is trained, or measured as it is, and every result is kept."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, stdev

import numpy as np

from inkread.datasets import Dataset, load, split
from inkread.datasets.download import Progress
from inkread.errors import DatasetError, DatasetNotFoundError, OutputError, UsageError
from inkread.evaluation.metrics import Share, share
from inkread.files import discard_parts, replacing
from inkread.training.contestants import Contestant, Measured, fingerprint

__all__ = ["CURVE", "Comparison", "Pictures", "Result", "Row", "compare", "learning_curve", "pictures_of", "rows"]

CURVE = (100, 300, 1000, 3000, 10_000, 30_000, 60_000)
"""The numbers of labelled pictures at which a learning curve is measured, as far as the data goes."""

_TEST = 0.2  # of a source that has no test part
_SEED = 0  # of the choice of pictures, which is the same for every contestant and seed
_LONGEST_NAME = 60  # in the name of a file
_STEPS = (16, 4, 1)  # the parts of the pictures by which the time of a training is found out


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """What all are trained and measured on.

    Attributes:
        labelled: To learn from; a twelfth is held out to set the confidence on.
        test: Those that the figures are of.
        notes: What was done to get there, in whole sentences.
    """

    labelled: Dataset
    test: Dataset
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """One training, or a finished model, measured.

    Attributes:
        name: Of the contestant.
        kind: Of the contestant.
        seed: Of the training.
        pictures: Labelled pictures that it was given; 0 for a finished model.
        of: Labelled pictures that there were.
        measured: What it gave.
        why_fewer: Why it was given fewer than there were; empty where it was not.
    """

    name: str
    kind: str
    seed: int
    pictures: int
    of: int
    measured: Measured
    why_fewer: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """The results of a contestant over its seeds, as means.

    Attributes:
        name: Of the contestant.
        kind: Of the contestant.
        accuracy: Mean over the seeds, with the interval of the test pictures alone.
        spread: Standard deviation of the accuracy over the seeds; None for a single one.
        log_loss: On the test pictures, in nats.
        calibration_error: In [0, 1].
        training_seconds: None for a finished model.
        picture_seconds: Of a batch.
        size: Bytes.
        parameters: Numbers that the training set, or kept.
        trained_on: Pictures that it learned from; None for a finished model.
        seeds: How many.
        note: Why it learned from fewer pictures than the others.
    """

    name: str
    kind: str
    accuracy: Share
    spread: float | None
    log_loss: float
    calibration_error: float
    training_seconds: float | None
    picture_seconds: float
    size: int
    parameters: int
    trained_on: int | None
    seeds: int
    note: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison under way: where its results are kept, and what bounds it.

    Attributes:
        folder: Made when it is not there; results that are in it already are not measured again.
        seeds: A training for each.
        budget: Seconds that each training may take; None for any time.
    """

    folder: Path
    seeds: tuple[int, ...] = (0,)
    budget: float | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        if not self.seeds or any(seed < 0 for seed in self.seeds) or len(set(self.seeds)) < len(self.seeds):
            raise UsageError(
                f"Expected seeds as different whole numbers from 0, got {', '.join(map(str, self.seeds))}."
            )
        if self.budget is not None and not 0 < self.budget < math.inf:
            raise UsageError(f"Expected a budget in seconds, above 0, got {self.budget:g}.")


def pictures_of(source: str, train_size: int | None = None, *, progress: Progress | None = None) -> Pictures:
    """Load what all are trained and measured on.

    Args:
        source: As `inkread.datasets.load` takes it. Where it has no test part, a fifth of the pictures is taken for
            one, each class in proportion.
        train_size: Labelled pictures to learn from, each class in proportion; by default all.
        progress: Called as (done, total) in bytes while a file is downloaded.

    Raises:
        DatasetError: The source cannot be used.
        UsageError: There are fewer pictures than asked for, or too few to be parted.
    """
    labelled = load(source, progress=progress)
    notes: list[str] = []
    try:
        test = load(source, "test", progress=progress)
    except DatasetNotFoundError:
        labelled, test = split(labelled, _TEST, _SEED)
        notes.append(
            f"{source} has no test part: {len(test):,} of {len(labelled) + len(test):,} pictures are taken for one, "
            "each class in proportion."
        )
    if train_size is None:
        return Pictures(labelled, test, tuple(notes))
    least = 2 * len(np.unique(labelled.labels))
    if not least <= train_size <= len(labelled):
        raise UsageError(
            f"Expected a number of training pictures from {least}, two of each class, to {len(labelled):,}, got "
            f"{train_size:,}."
        )
    return Pictures(_some(labelled, train_size), test, tuple(notes))


def compare(
    contestants: Sequence[Contestant],
    pictures: Pictures,
    comparison: Comparison,
    *,
    told: Callable[[Contestant, int], None] = lambda contestant, pictures: None,
) -> Iterator[Result]:
    """Train and measure each contestant on as many of the pictures as its limit and the budget allow.

    With a budget a training begins on a sixteenth of the pictures, goes on to a fourth and to all of them, as long as
    the time that the larger one would take, by what the smaller ones took, is within the budget; the sixteenth is
    trained in any case.

    Args:
        contestants: In the order in which they are measured.
        pictures: For all the same.
        comparison: Where results are kept, and what bounds it.
        told: Called with a contestant, and the number of labelled pictures, before it is trained.

    Yields:
        A result for each contestant and seed, when it is on disk; a finished model has one. A finished model that does
        not know the classes is left out.

    Raises:
        OutputError: The folder cannot be written to.
        TrainingError: A training cannot start or go on.
        MissingExtraError: What a contestant needs is not installed.
    """
    _make(comparison.folder)
    for contestant in contestants:
        for seed in comparison.seeds if contestant.learns else (0,):
            try:
                yield _within_budget(contestant, pictures, comparison, seed, told)
            except DatasetError:
                if contestant.learns:
                    raise


def learning_curve(
    contestants: Sequence[Contestant],
    pictures: Pictures,
    comparison: Comparison,
    *,
    told: Callable[[Contestant, int], None] = lambda contestant, pictures: None,
) -> Iterator[Result]:
    """Train and measure each contestant that learns on more and more pictures, the numbers of `CURVE` and all.

    The arguments and the errors are those of `compare`; a size that a contestant's limit or the budget do not allow is
    left out, and all larger ones.
    """
    _make(comparison.folder)
    for contestant in contestants:
        for seed in comparison.seeds if contestant.learns else ():
            took: list[tuple[int, float]] = []
            for size in _sizes(contestant, pictures):
                if took and _too_long(took, size, contestant, comparison.budget):
                    break
                result = _kept(contestant, pictures, size, comparison, seed, told)
                took.append((size, result.measured.training_seconds or 0.0))
                yield result


def rows(results: Sequence[Result]) -> list[Row]:
    """Return the results of each contestant as one row, the most accurate first."""
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        groups.setdefault((result.kind, result.name), []).append(result)
    return sorted((_row(group) for group in groups.values()), key=lambda row: (-row.accuracy.value, row.log_loss))


def _row(group: Sequence[Result]) -> Row:
    all_measured = [result.measured for result in group]
    values = [m.accuracy.value for m in all_measured]
    n = all_measured[0].accuracy.n
    interval = share(round(mean(values) * n), n)
    trainings = [m.training_seconds for m in all_measured if m.training_seconds is not None]
    fewest = min(group, key=lambda result: result.pictures)
    return Row(
        name=fewest.name,
        kind=fewest.kind,
        accuracy=Share(interval.hits, n, mean(values), interval.low, interval.high),
        spread=stdev(values) if len(values) > 1 else None,
        log_loss=mean(m.log_loss for m in all_measured),
        calibration_error=mean(m.calibration_error for m in all_measured),
        training_seconds=mean(trainings) if trainings else None,
        picture_seconds=mean(m.picture_seconds for m in all_measured),
        size=round(mean(m.size for m in all_measured)),
        parameters=round(mean(m.parameters for m in all_measured)),
        trained_on=fewest.measured.trained_on,
        seeds=len(group),
        note=fewest.why_fewer,
    )


def _within_budget(
    contestant: Contestant,
    pictures: Pictures,
    comparison: Comparison,
    seed: int,
    told: Callable[[Contestant, int], None],
) -> Result:
    there = len(pictures.labelled)
    whole = min(there, contestant.limit or there)
    why = f"it is made for at most {whole:,} labelled pictures" if whole < there else ""
    if comparison.budget is None or not contestant.learns:
        return _kept(contestant, pictures, whole, comparison, seed, told, why)
    least = 4 * len(np.unique(pictures.labelled.labels))
    took: list[tuple[int, float]] = []
    result: Result | None = None
    for size in dict.fromkeys(max(min(least, whole), whole // part) for part in _STEPS):
        if took and _too_long(took, size, contestant, comparison.budget):
            break
        fewer = why if size == whole else f"more would take longer than {comparison.budget:g} s"
        result = _kept(contestant, pictures, size, comparison, seed, told, fewer)
        took.append((size, result.measured.training_seconds or 0.0))
    assert result is not None  # the first step is never left out
    return result


def _too_long(took: Sequence[tuple[int, float]], size: int, contestant: Contestant, budget: float | None) -> bool:
    """Tell whether a training would exceed the budget, by how the times of the smaller ones grew."""
    if budget is None:
        return False
    (before, seconds), power = took[-1], contestant.growth
    if len(took) > 1 and took[-2][1] > 0 and seconds > 0:
        smaller, less = took[-2]
        # What a start costs hides the growth of small trainings: it is at least in proportion.
        power = max(1.0, math.log(seconds / less) / math.log(before / smaller))
    return seconds * (size / before) ** power > budget


def _sizes(contestant: Contestant, pictures: Pictures) -> list[int]:
    classes = np.bincount(pictures.labelled.labels)
    there = len(pictures.labelled)
    most = min(there, contestant.limit or there)
    # Below it some class would have a single picture, or none, to learn from and to be held out.
    least = max(2 * np.count_nonzero(classes), math.ceil(3 * there / classes[classes > 0].min()))
    return [*(size for size in CURVE if least <= size < most), most]


def _kept(
    contestant: Contestant,
    pictures: Pictures,
    size: int,
    comparison: Comparison,
    seed: int,
    told: Callable[[Contestant, int], None],
    why_fewer: str = "",
) -> Result:
    """Return a result from the folder, or measure it and keep it there."""
    pool = _some(pictures.labelled, size)
    key = fingerprint(contestant, pool, pictures.test, seed)
    name = re.sub(r"[^\w.-]", "_", contestant.name)[:_LONGEST_NAME]
    path = comparison.folder / "results" / f"{contestant.kind}-{name}-{key[:16]}.json"
    measured = _read(path, key)
    if measured is None:
        told(contestant, size if contestant.learns else 0)
        measured = contestant.measure(pool, pictures.test, seed)
        with replacing(path) as part:
            part.write_text(json.dumps({"key": key, **asdict(measured)}, indent=1) + "\n", encoding="utf-8")
    given = size if contestant.learns else 0
    return Result(contestant.name, contestant.kind, seed, given, len(pictures.labelled), measured, why_fewer)


def _read(path: Path, key: str) -> Measured | None:
    """Return what was measured before; None where nothing was, or what is there is of something else or damaged."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values.pop("key") != key:
            return None
        return Measured(**(values | {"accuracy": Share(**values["accuracy"])}))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _some(labelled: Dataset, size: int) -> Dataset:
    """Return so many of the pictures, each class in proportion; the same ones for equal sizes."""
    return labelled if size >= len(labelled) else split(labelled, size, _SEED)[1]


def _make(folder: Path) -> None:
    try:
        (folder / "results").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"Expected a folder for the results that is there or can be made, got {str(folder)!r} "
            f"({error.strerror or error}). Name another."
        ) from error
    discard_parts(folder / "results")
