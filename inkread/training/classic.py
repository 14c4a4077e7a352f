"""Classic classifiers of scikit-learn on flat pixels / 255: the registry, and how one is fitted.

Nothing is searched: each has fixed settings that are known to do on MNIST. A fitted one is never written to disk, so
that nothing has to be unpickled.
"""

from __future__ import annotations

import importlib.util
import io
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkread.datasets import Dataset
from inkread.errors import MissingExtraError, TrainingError
from inkread.reading.confidence import probabilities
from inkread.training.calibrate import fit_temperature

__all__ = ["CLASSICS", "Classic", "FittedClassic", "fit_classic", "flat", "require_sklearn"]

_ABSENT = -1e6  # the score of a class that the training pictures had none of
_ENOUGH_TO_STOP_EARLY = 5000  # training pictures: a tenth of fewer says little of when to stop


@dataclass(frozen=True, slots=True)
class Classic:
    """A classifier's card.

    Attributes:
        name: As one asks for it.
        summary: What it is, in a line.
        source: Where method and settings come from, and what they are known to give on MNIST's test pictures.
        build: Called as build(seed, pictures), the number of training pictures; returns an unfitted estimator.
        count: Returns how many numbers a fitted estimator keeps of its training.
        max_training: Training pictures at most, where time or memory grow faster than they do; None for any number.
        growth: The training time grows about as the number of pictures to this power.
    """

    name: str
    summary: str
    source: str
    build: Callable[[int, int], Any]
    count: Callable[[Any], int]
    max_training: int | None = None
    growth: float = 1.0

    def settings(self) -> dict[str, str]:
        """Return the estimator's parameters as text, the same for the same settings."""
        parameters = self.build(0, _ENOUGH_TO_STOP_EARLY).get_params()
        return {key: repr(value) for key, value in sorted(parameters.items()) if key not in ("random_state", "n_jobs")}


@dataclass(frozen=True, slots=True, eq=False)
class FittedClassic:
    """A fitted classifier.

    Attributes:
        estimator: Of scikit-learn.
        classes: Of the data, also those that the training pictures had none of.
        temperature: That the scores of its decision function are divided by before a softmax makes them probabilities;
            None where it gives probabilities itself.
        seconds: That the fit took; setting the temperature not counted.
        parameters: How many numbers it keeps of its training.
    """

    estimator: Any
    classes: int
    temperature: float | None
    seconds: float
    parameters: int

    def predict_proba(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the probability of each class for each picture.

        Args:
            images: uint8 (N, *shape), as those of the training.

        Returns:
            float32 (N, C); each row sums to 1.
        """
        if self.temperature is not None:
            return probabilities(_scores(self.estimator, images, self.classes), self.temperature)
        given = np.asarray(self.estimator.predict_proba(flat(images)), dtype=np.float32)
        proba = np.zeros((len(images), self.classes), np.float32)
        proba[:, self.estimator.classes_] = given
        return proba

    @property
    def confidence(self) -> str:
        """How its probabilities come about, in words."""
        if self.temperature is None:
            return "its own"
        return f"softmax of its decision function / {self.temperature:.3g}, set on the validation pictures"

    def size(self) -> int:
        """Return how many bytes its arrays need, by what joblib makes of it, uncompressed; in memory alone."""
        import joblib  # type: ignore[import-untyped]

        kept = io.BytesIO()
        joblib.dump(self.estimator, kept)
        return kept.tell()


def fit_classic(classic: Classic, training: Dataset, validation: Dataset, seed: int) -> FittedClassic:
    """Fit a classifier.

    One without probabilities of its own gets them from its decision function: a softmax, with the temperature of least
    negative log-likelihood on the validation pictures (Guo et al. 2017, section 4.2), as the networks here.

    Args:
        classic: Which.
        training: The pictures to learn from.
        validation: Other pictures of the same classes; used for the temperature alone.
        seed: Of what is random in it.

    Raises:
        MissingExtraError: scikit-learn is not installed.
        TrainingError: It cannot learn from these pictures.
    """
    require_sklearn()
    from sklearn.exceptions import ConvergenceWarning

    estimator = classic.build(seed, len(training))
    x = flat(training.images)
    start = time.perf_counter()
    try:
        with warnings.catch_warnings():
            # Where the steps are bounded that is part of the settings, and nothing to be told anew each time.
            warnings.simplefilter("ignore", ConvergenceWarning)
            estimator.fit(x, training.labels)
    except ValueError as error:
        raise TrainingError(
            f"Expected pictures that {classic.name} can learn from, got {len(training)} of "
            f"{len(np.unique(training.labels))} classes: {str(error).splitlines()[0]} Give it more."
        ) from error
    seconds = time.perf_counter() - start
    classes = len(training.names)
    temperature = None
    if not hasattr(estimator, "predict_proba"):
        temperature = fit_temperature(_scores(estimator, validation.images, classes), validation.labels)
    return FittedClassic(estimator, classes, temperature, seconds, classic.count(estimator))


def flat(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return pictures as rows of pixels / 255, float32 (N, pixels) in [0, 1]."""
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)


def require_sklearn() -> None:
    """Raise MissingExtraError unless scikit-learn is installed; call it before anything of it is imported."""
    if importlib.util.find_spec("sklearn") is None:
        raise MissingExtraError("Comparing with classic classifiers", "report", "scikit-learn")
    # Threads of OpenMP that wait for each other spin otherwise: beside other work seconds become minutes.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def _scores(estimator: Any, images: NDArray[np.uint8], classes: int) -> NDArray[np.float32]:
    """Return the decision function (N, C), with a column for each class of the data."""
    given = np.asarray(estimator.decision_function(flat(images)), dtype=np.float32)
    if given.ndim == 1:  # of two classes: one number, positive for the second
        given = np.stack([-given / 2, given / 2], axis=1)
    scores = np.full((len(images), classes), _ABSENT, np.float32)
    scores[:, estimator.classes_] = given
    return scores


def _knn(seed: int, pictures: int) -> Any:
    from sklearn.neighbors import KNeighborsClassifier

    del seed  # nothing is random
    return KNeighborsClassifier(n_neighbors=min(3, pictures), weights="distance", algorithm="brute")


def _logistic(seed: int, pictures: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    del pictures
    return LogisticRegression(C=1.0, solver="lbfgs", max_iter=100, random_state=seed)


def _linear_svm(seed: int, pictures: int) -> Any:
    from sklearn.svm import LinearSVC

    del pictures
    return LinearSVC(C=0.01, loss="squared_hinge", dual=True, tol=1e-3, max_iter=1000, random_state=seed)


def _rbf_svm(seed: int, pictures: int) -> Any:
    from sklearn.svm import SVC

    del pictures
    return SVC(C=10.0, kernel="rbf", gamma="scale", cache_size=1000, random_state=seed)


def _forest(seed: int, pictures: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    del pictures
    return RandomForestClassifier(n_estimators=100, max_features="sqrt", random_state=seed, n_jobs=-1)


def _boosting(seed: int, pictures: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    del pictures
    return HistGradientBoostingClassifier(
        max_iter=100, learning_rate=0.1, max_leaf_nodes=31, max_bins=32, early_stopping=False, random_state=seed
    )


def _mlp(seed: int, pictures: int) -> Any:
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier(
        hidden_layer_sizes=(100, 100),
        solver="adam",
        learning_rate_init=0.001,
        alpha=1e-4,
        early_stopping=pictures >= _ENOUGH_TO_STOP_EARLY,
        max_iter=400 if pictures >= _ENOUGH_TO_STOP_EARLY else 100,
        random_state=seed,
    )


def _of_neighbours(estimator: Any) -> int:
    return int(estimator.n_samples_fit_ * estimator.n_features_in_)


def _of_weights(estimator: Any) -> int:
    return int(estimator.coef_.size + estimator.intercept_.size)


def _of_vectors(estimator: Any) -> int:
    return int(estimator.support_vectors_.size + estimator.dual_coef_.size + estimator.intercept_.size)


def _of_trees(estimator: Any) -> int:
    """Count a pixel and a threshold for each inner node, a share of each class for each leaf."""
    trees = [tree.tree_ for tree in estimator.estimators_]
    leaves = sum(int(tree.n_leaves) for tree in trees)
    return 2 * (sum(int(tree.node_count) for tree in trees) - leaves) + leaves * len(estimator.classes_)


def _of_boosted_trees(estimator: Any) -> int:
    """Count a pixel and a threshold for each inner node, a value for each leaf; they are shown nowhere else."""
    nodes = [tree.nodes for trees in estimator._predictors for tree in trees]
    leaves = sum(int(node["is_leaf"].sum()) for node in nodes)
    return 2 * (sum(len(node) for node in nodes) - leaves) + leaves


def _of_layers(estimator: Any) -> int:
    return sum(array.size for array in (*estimator.coefs_, *estimator.intercepts_))


_BENCHMARK = "scikit-learn's benchmark of MNIST, benchmarks/bench_mnist.py"

CLASSICS = {
    classic.name: classic
    for classic in (
        Classic(
            name="knn",
            summary="the three nearest training pictures vote, the nearer the more",
            source=(
                "Cover and Hart 1967; LeCun et al. 1998 report 5.0 % errors by Euclidean distance, the list of results "
                "beside the data 3.1 % for three neighbours"
            ),
            build=_knn,
            count=_of_neighbours,
        ),
        Classic(
            name="logistic-regression",
            summary="one linear layer and a softmax, 100 steps of L-BFGS",
            source=(
                "scikit-learn's own settings; LeCun et al. 1998 report 12 % errors of a linear classifier, 8.4 % on "
                "deskewed pictures"
            ),
            build=_logistic,
            count=_of_weights,
        ),
        Classic(
            name="linear-svm",
            summary="a widest margin for each class against the others, straight in the pixels",
            source=(
                "Fan et al. 2008 (LIBLINEAR), dual, squared hinge; C = 0.01 is ours, for pixels in [0, 1]; linear "
                "classifiers have 8.4 to 12 % errors (LeCun et al. 1998)"
            ),
            build=_linear_svm,
            count=_of_weights,
        ),
        Classic(
            name="rbf-svm",
            summary="a widest margin for each pair of classes, bent by a Gaussian kernel",
            source=(
                "Cortes and Vapnik 1995; gamma = 1 / (pixels * variance), on MNIST 0.013, close to the 0.015 of "
                f"{_BENCHMARK}; the list of results beside the data has 1.4 % errors for a Gaussian kernel"
            ),
            build=_rbf_svm,
            count=_of_vectors,
            # LIBSVM's time grows as the square or faster: some 5 s for 8,250 pictures, minutes for MNIST's 55,000.
            max_training=60_000,
            growth=2.0,
        ),
        Classic(
            name="random-forest",
            summary="a hundred trees, each grown on a sample of the pictures with a few pixels to choose from",
            source=f"Breiman 2001; scikit-learn's own settings, as in {_BENCHMARK}, which reports 3.2 % errors",
            build=_forest,
            count=_of_trees,
        ),
        Classic(
            name="gradient-boosting",
            summary="a hundred rounds of a tree for each class, each mending what the others leave, over binned pixels",
            source=(
                "Friedman 2001; Ke et al. 2017 (LightGBM) for the bins; scikit-learn's own settings, but for 32 bins, "
                "not 255, which halve the time: MNIST's pixels are nearly black or nearly white"
            ),
            build=_boosting,
            count=_of_boosted_trees,
        ),
        Classic(
            name="mlp",
            summary="two hidden layers of a hundred units, Adam, stopped when a held-out tenth no longer gets better",
            source=f"Rumelhart et al. 1986; the settings of MLP-adam in {_BENCHMARK}, which reports 2.2 % errors",
            build=_mlp,
            count=_of_layers,
        ),
    )
}
