"""Looking inside by numbers: what a picture resembles, a map of what the network keeps apart, doubtful labels.

`inside_plots` draws what comes out of here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from inkread.errors import MissingExtraError, UsageError
from inkread.evaluation.metrics import Floats, Labels, check

__all__ = [
    "Doubtful",
    "Doubts",
    "EmbeddingMap",
    "Metric",
    "Misread",
    "Neighbours",
    "doubtful",
    "embedding_map",
    "misread",
    "nearest",
]

Metric = Literal["cosine", "euclidean"]
_METRICS: tuple[Metric, ...] = get_args(Metric)

_CHUNK = 2**22  # distances in memory at a time
_COMPONENTS = 50  # that t-SNE is given, as van der Maaten and Hinton 2008, section 4, do
_FEWEST = 5  # points that can be told apart on a map


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The nearest examples of M pictures, the nearest first.

    Attributes:
        indices: int64 (M, K), into the examples.
        distances: float32 (M, K): 1 - cosine, in 0..2, or Euclidean, from 0.
        labels: int64 (M, K), of the examples.
    """

    indices: NDArray[np.int64]
    distances: NDArray[np.float32]
    labels: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingMap:
    """Points of a plane in which near ones were near in many dimensions; distances between far ones mean nothing.

    Attributes:
        indices: int64 (K,), which of the features were placed.
        points: float32 (K, 2).
    """

    indices: NDArray[np.int64]
    points: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Misread:
    """A picture that was read as another class than its label.

    Attributes:
        index: Its number in the data.
        label: The class it is labelled as.
        read_as: The likeliest class.
        confidence: Its probability.
    """

    index: int
    label: int
    read_as: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A picture whose label may be wrong.

    Attributes:
        index: Its number in the data.
        label: The class it is labelled as.
        suggested: The class it may be instead.
        confidence: The probability of that one.
        own: The probability of its label, in [0, 1]: the lower, the more doubtful.
        flagged: Whether confident learning counts it among the wrong ones.
    """

    index: int
    label: int
    suggested: int
    confidence: float
    own: float
    flagged: bool


@dataclass(frozen=True, slots=True, eq=False)
class Doubts:
    """What confident learning says of labels.

    Attributes:
        ranked: The most doubtful pictures, those flagged before all others, then by the probability of the label.
        flagged: How many of all are flagged.
        joint: float64 (C, C), the estimated share of pictures labelled i that in truth are j; sums to 1.
    """

    ranked: tuple[Doubtful, ...]
    flagged: int
    joint: NDArray[np.float64]

    @property
    def wrong(self) -> float:
        """The estimated share of wrong labels, in [0, 1]."""
        return float(self.joint[~np.eye(len(self.joint), dtype=bool)].sum())


def nearest(
    features: Floats, examples: Floats, labels: Labels, count: int = 5, *, metric: Metric = "cosine"
) -> Neighbours:
    """Return the examples nearest to each picture, by comparing with every one.

    Args:
        features: float (M, D), of the pictures, as `inkread.reading.explain.embed` gives them.
        examples: float (N, D), of the examples.
        labels: int (N,), of the examples.
        count: How many, 1 to N.
        metric: "cosine", for the direction alone, or "euclidean".

    Raises:
        UsageError: Shapes do not fit, `count` is out of range, or there is no such metric.

    Example:
        >>> found = nearest(np.array([[0.0, 2.0]]), np.array([[1.0, 0.0], [0.1, 1.0]]), np.array([3, 7]), 1)
        >>> found.labels.tolist()
        [[7]]
    """
    _check_nearest(features, examples, labels, count, metric)
    asked, known = np.asarray(features, np.float32), np.asarray(examples, np.float32)
    if metric == "cosine":
        asked, known = _unit(asked), _unit(known)
    indices = np.empty((len(features), count), np.int64)
    distances = np.empty((len(features), count), np.float32)
    for rows, squared in _squared_distances(asked, known):
        # By number before they are put in order of nearness: of equally near ones the earlier comes first.
        chosen = np.sort(np.argpartition(squared, count - 1, axis=1)[:, :count], axis=1)
        near = np.take_along_axis(squared, chosen, axis=1)
        order = np.argsort(near, axis=1, kind="stable")
        indices[rows] = np.take_along_axis(chosen, order, axis=1)
        distances[rows] = np.take_along_axis(near, order, axis=1)
    # Between directions of length 1 the square is 2 - 2 cosine.
    apart = distances / 2 if metric == "cosine" else np.sqrt(distances)
    return Neighbours(indices, np.asarray(apart, np.float32), np.asarray(labels, np.int64)[indices])


def embedding_map(features: Floats, *, most: int = 2000, seed: int = 0, perplexity: float = 30.0) -> EmbeddingMap:
    """Lay features out on a plane: PCA, then t-SNE (van der Maaten and Hinton 2008) by scikit-learn.

    Args:
        features: float (N, D), N at least 5.
        most: How many are placed at most, drawn at random; t-SNE takes about 10 s for 2,000.
        seed: Of the choice and of the layout.
        perplexity: How many neighbours count for each, about; of few points a third of them at most.

    Raises:
        UsageError: There are too few features, or none may be placed.
        MissingExtraError: scikit-learn is not installed.
    """
    if features.ndim != 2 or len(features) < _FEWEST or most < _FEWEST:
        raise UsageError(
            f"Expected features of shape (N, D) for at least {_FEWEST} pictures, and most at least {_FEWEST}; received "
            f"{features.shape} and {most}."
        )
    try:
        from sklearn.decomposition import PCA
        from sklearn.manifold import TSNE
    except ImportError as error:
        raise MissingExtraError("A map of embeddings", "report", "scikit-learn") from error
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # comes with scikit-learn

    count = min(most, len(features))
    chosen = np.sort(np.random.default_rng(seed).choice(len(features), count, replace=False))
    wide = np.asarray(features[chosen], np.float64)
    pca = PCA(min(_COMPONENTS, *wide.shape), random_state=seed)
    tsne = TSNE(2, perplexity=min(perplexity, (count - 1) / 3), init="pca", random_state=seed)
    # Its threads wait for each other a thousand times: where others work too, one alone was eight times as fast as two.
    with threadpool_limits(1):
        plane = tsne.fit_transform(pca.fit_transform(wide))
    return EmbeddingMap(chosen.astype(np.int64), np.asarray(plane, np.float32))


def misread(proba: Floats, labels: Labels) -> tuple[Misread, ...]:
    """Return the pictures read as another class than their label, the surest first.

    Args:
        proba: float (N, C), calibrated, in [0, 1].
        labels: int (N,), in 0..C-1.

    Raises:
        UsageError: The shapes do not fit, or a label is out of range.

    Example:
        >>> misread(np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0, 0]))
        (Misread(index=1, label=0, read_as=1, confidence=0.8),)
    """
    check(proba, labels)
    read_as, confidence = proba.argmax(axis=1), proba.max(axis=1)
    places = np.flatnonzero(read_as != labels)
    order = places[np.argsort(-confidence[places], kind="stable")]
    return tuple(Misread(int(i), int(labels[i]), int(read_as[i]), float(confidence[i])) for i in order)


def doubtful(proba: Floats, labels: Labels, most: int | None = None) -> Doubts:
    """Find labels that are probably wrong by confident learning (Northcutt, Jiang and Chuang 2021, sections 3.1, 3.2).

    The threshold of a class is the mean probability that its own pictures have for it. A picture that reaches the
    threshold of another class than its label, and of no likelier one, counts as wrong ("C confusion" there); pictures
    are ranked by the probability of their label ("self-confidence").

    Args:
        proba: float (N, C), calibrated, in [0, 1], by a model that was not trained on these pictures: one that was
            agrees with wrong labels too.
        labels: int (N,), in 0..C-1.
        most: How many are returned at most; by default all N.

    Raises:
        UsageError: The shapes do not fit, a label is out of range, or `most` is below 1.

    Example:
        >>> proba = np.array([[0.9, 0.1], [0.8, 0.2], [0.95, 0.05], [0.1, 0.9], [0.2, 0.8]])
        >>> [(doubt.index, doubt.suggested) for doubt in doubtful(proba, np.array([0, 0, 1, 1, 1]), most=1).ranked]
        [(2, 0)]
    """
    check(proba, labels)
    if most is not None and most < 1:
        raise UsageError(f"Expected to list at least 1 doubtful label, got most={most}.")
    places = np.arange(len(labels))
    truth = _confident_class(proba, labels)
    flagged = (truth >= 0) & (truth != labels)
    others = np.array(proba, np.float64)
    others[places, labels] = -1
    suggested = np.where(flagged, truth, others.argmax(axis=1))
    own = proba[places, labels]
    ranked = tuple(
        Doubtful(i, int(labels[i]), int(suggested[i]), float(proba[i, suggested[i]]), float(own[i]), bool(flagged[i]))
        for i in np.lexsort((own, ~flagged))[:most].tolist()
    )
    return Doubts(ranked, int(flagged.sum()), _joint(truth, labels, proba.shape[1]))


def _confident_class(proba: Floats, labels: Labels) -> NDArray[np.int64]:
    """Return the likeliest class whose threshold each picture reaches; -1 where it reaches none."""
    classes = proba.shape[1]
    counts = np.bincount(labels, minlength=classes)
    own = np.bincount(labels, weights=proba[np.arange(len(labels)), labels], minlength=classes)
    # Of a class without pictures nothing is known, so nothing is taken for it.
    thresholds = np.where(counts > 0, own / np.maximum(counts, 1), np.inf)
    # A mean of equal numbers may be rounded to just above them.
    reached = proba >= thresholds - 1e-6
    truth = np.where(reached, proba, -1).argmax(axis=1)
    return np.where(reached.any(axis=1), truth, -1)


def _joint(truth: NDArray[np.int64], labels: Labels, classes: int) -> NDArray[np.float64]:
    """Return the shares of given and true classes, their rows made to fit the labels (equation 3 there)."""
    sure = truth >= 0
    cells = labels[sure].astype(np.int64) * classes + truth[sure]
    counted = np.bincount(cells, minlength=classes * classes).reshape(classes, classes).astype(np.float64)
    # Of a class of which no picture is sure, the labels are taken to be right.
    silent = counted.sum(axis=1) == 0
    counted[silent, silent] = 1
    rows = counted / counted.sum(axis=1, keepdims=True) * np.bincount(labels, minlength=classes)[:, np.newaxis]
    return np.asarray(rows / rows.sum(), np.float64)


def _unit(features: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    return np.asarray(features / np.where(lengths > 0, lengths, 1), np.float32)


def _squared_distances(
    features: NDArray[np.float32], examples: NDArray[np.float32]
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Yield some rows at a time with their squared distances to all examples, (rows, N)."""
    squares = (examples**2).sum(axis=1)  # (N,)
    step = max(1, _CHUNK // len(examples))
    for start in range(0, len(features), step):
        rows = slice(start, start + step)
        part = features[rows]
        squared = (part**2).sum(axis=1, keepdims=True) - 2 * part @ examples.T + squares
        # Rounding takes what is 0 to below it.
        yield rows, np.asarray(np.maximum(squared, 0), np.float32)


def _check_nearest(features: Floats, examples: Floats, labels: Labels, count: int, metric: str) -> None:
    fits = features.ndim == examples.ndim == 2 and features.shape[1] == examples.shape[1]
    if not fits or len(features) == 0 or labels.shape != examples.shape[:1]:
        raise UsageError(
            "Expected features of shape (M, D) and (N, D), M at least 1, and N labels; received "
            f"{features.shape}, {examples.shape} and {labels.shape}."
        )
    if not 1 <= count <= len(examples):
        raise UsageError(f"Expected count from 1 to {len(examples)}, the number of examples, got {count}.")
    if metric not in _METRICS:
        raise UsageError(f"Expected metric 'cosine' or 'euclidean', got {metric!r}.")
