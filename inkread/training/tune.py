"""Search for a better configuration of a recipe, by Optuna, judged on validation pictures alone."""

from __future__ import annotations

import importlib.util
import os
import socket
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkread.datasets import Dataset
from inkread.errors import MissingExtraError, TrainingError, UsageError
from inkread.training.backend import require_keras
from inkread.training.config import Config, config_from, to_toml
from inkread.training.fit import fit
from inkread.training.folder import RunFolder
from inkread.training.held_out import parted
from inkread.training.history import Epoch, best_epoch
from inkread.training.listener import Listener
from inkread.training.network_options import checked_options
from inkread.training.recipe import Recipe
from inkread.training.run import _absolute
from inkread.training.search_space import Space, configured, near, space_for, suggested
from inkread.training.tune_storage import check_file, opened, storage_errors

if TYPE_CHECKING:
    import optuna

__all__ = ["Search", "Tried", "Tuned", "best_toml", "require_optuna", "tune"]

_STUDY = "inkread-tune"
_HELD_OUT = 1 / 12  # of recipes that hold nothing out themselves
_STARTUP = 10  # trials that are drawn at random, before there is something to learn from
_UNPRUNED = 5  # trials that are trained to their end, before others are measured against them


@dataclass(frozen=True, slots=True)
class Search:
    """How long to look, and where what was found is kept.

    Attributes:
        storage: A file of SQLite; made when it is not there. What is in it already is gone on with.
        trials: How many in all, those in the storage counted.
        timeout: Seconds after which no trial is begun; None for any time.
        epochs: Of a training, at most; None for those of the configuration to begin with.
        seed: Of the search and of the trainings.
    """

    storage: Path
    trials: int = 30
    timeout: float | None = None
    epochs: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what finds nothing; all faults at once."""
        rules = {
            f"trials: a whole number from 1 (got {self.trials})": self.trials >= 1,
            f"timeout: seconds above 0 (got {self.timeout})": self.timeout is None or self.timeout > 0,
            f"epochs: a whole number from 1 (got {self.epochs})": self.epochs is None or self.epochs >= 1,
            f"seed: a whole number from 0 (got {self.seed})": self.seed >= 0,
        }
        faults = [rule for rule, kept in rules.items() if not kept]
        if faults:
            raise UsageError("Expected another search:\n  " + "\n  ".join(faults))


@dataclass(frozen=True, slots=True)
class Tried:
    """One trial.

    Attributes:
        number: From 0, in the order in which the trials of a storage began.
        accuracy: On the validation pictures, in [0, 1]; of a trial that was cut short, when it was.
        loss: On the validation pictures, in nats; not a number where no epoch was over.
        pruned: Whether it was cut short, as others were better by then.
        seconds: That it took.
        config: What was tried.
    """

    number: int
    accuracy: float
    loss: float
    pruned: bool
    seconds: float
    config: Config


@dataclass(frozen=True, slots=True)
class Tuned:
    """What a search has found so far.

    Attributes:
        tried: All trials that are over, in the order of their numbers.
        importance: How much each setting matters for the accuracy, the most first, summing to 1; empty while the
            search goes on, and where there are too few trials to tell.
        validation: Pictures that each is judged on.
    """

    tried: tuple[Tried, ...]
    importance: dict[str, float]
    validation: int

    @property
    def ranking(self) -> list[Tried]:
        """The trials that were trained to their end, best accuracy first, of equal ones that of least loss."""
        return sorted((t for t in self.tried if not t.pruned), key=lambda t: (-t.accuracy, t.loss))


Told = Callable[[int, int, str], None]


def tune(
    recipe: Recipe,
    dataset: Dataset,
    base: Config,
    search: Search,
    *,
    told: Told = lambda done, trials, text: None,
) -> Iterator[Tuned]:
    """Try configurations, the first one near `base`, the next ones by tree-structured Parzen estimators.

    Bergstra et al. 2011; several processes may share a storage, each counting what the others try as bad until it is
    known (constant liar); together they may begin a trial more than asked for. After five trials a training is cut
    short when after an epoch it is worse than the median of the others after as many. What a trial tries depends on the
    seed, its number and the trials that are over when it begins; one that was interrupted is made again.

    Args:
        recipe: Whose network is trained.
        dataset: Training pictures, of which those are held out that `base` says, a twelfth where it says none.
        base: What is not searched is as it is here.
        search: How long, and where it is kept.
        told: Called as (trials that are over, trials in all, what is happening).

    Yields:
        What is found so far, after each trial; and once more at the end, with the importance of the settings.

    Raises:
        MissingExtraError: Keras or Optuna is not installed.
        UsageError: The storage is no SQLite, of another study, recipe, configuration or of other pictures.
        OutputError: The storage cannot be written to.
        TrainingError: The recipe cannot learn from these pictures.
    """
    require_keras()
    require_optuna()
    check_file(search.storage)
    base = tuned_from(base, search)
    checked_options(recipe.build, base.network, recipe.name)
    training, validation = parted(dataset, base)
    assert validation is not None  # `tuned_from` sees to it
    space = space_for(recipe, base, pictures=len(training), epochs=base.epochs)
    study = _study(recipe, dataset, base, search, space)
    end = time.monotonic() + search.timeout if search.timeout else None
    while _wanted(study, search) and (end is None or time.monotonic() < end):
        with storage_errors(search.storage):
            _try(study, recipe, dataset, base, search, space, told)
        yield Tuned(_tried(study, base), {}, len(validation))
    yield Tuned(_tried(study, base), _importance(study), len(validation))


def tuned_from(base: Config, search: Search) -> Config:
    """Return the configuration that a search varies: with something held out, its epochs and its seed."""
    changes: dict[str, Any] = {"seed": search.seed}
    if search.epochs is not None:
        changes["epochs"] = search.epochs
    if base.validation == 0:
        changes["validation"] = _HELD_OUT
    return config_from(changes, base)


def best_toml(recipe: Recipe, source: str, tuned: Tuned, storage: Path) -> str:
    """Return the best configuration as TOML, ready for `inkread train --config`.

    Raises:
        TrainingError: No trial was trained to its end.
    """
    if not tuned.ranking:
        raise TrainingError(
            "Expected at least one trial that was trained to its end, got none: raise --trials or --timeout."
        )
    best = tuned.ranking[0]
    head = (
        f"# The best of {len(tuned.tried)} trials, number {best.number} of {storage.name}: {best.accuracy:.2%} of "
        f"{tuned.validation:,} validation pictures.\n# Train with it: inkread train --config FILE\n"
    )
    named = f"{recipe.path}:{recipe.name}" if recipe.path else recipe.name
    return head + to_toml({**best.config.to_dict(), "run": {"recipe": named, "data": _absolute(source)}})


def require_optuna() -> None:
    """Raise MissingExtraError unless Optuna is installed."""
    if importlib.util.find_spec("optuna") is None:
        raise MissingExtraError("Tuning", "train", "optuna")


def _try(
    study: optuna.Study,
    recipe: Recipe,
    dataset: Dataset,
    base: Config,
    search: Search,
    space: Space,
    told: Told,
) -> None:
    """Make one trial."""
    import optuna

    trial = study.ask()
    state = optuna.trial.TrialState
    try:
        trial.set_user_attr("process", _process())
        # Drawn anew for each trial: the same for equal seeds whoever makes it, and whenever.
        study.sampler = _sampler((search.seed * 1_000_003 + trial.number) % 2**32)
        config = configured(suggested(trial, space), base)
        trial.set_user_attr("config", config.to_dict())
        epoch = _trained(trial, recipe, dataset, config, lambda text: told(_over(study), search.trials, text))
        trial.set_user_attr("loss", epoch.validation_loss)
        study.tell(trial, epoch.validation_accuracy)
    except optuna.TrialPruned:
        study.tell(trial, state=state.PRUNED)
    except _DivergedError:
        study.tell(trial, state=state.PRUNED)  # the search learns that it was bad
    except BaseException as error:
        study.tell(trial, state=state.FAIL)
        if isinstance(error, KeyboardInterrupt):
            study.enqueue_trial(trial.params)
        raise


def _sampler(seed: int) -> optuna.samplers.TPESampler:
    import optuna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what Optuna may change in a later release
        return optuna.samplers.TPESampler(n_startup_trials=_STARTUP, constant_liar=True, seed=seed)


class _DivergedError(Exception):
    """A loss that is no number: of these settings, not of the pictures."""


def _trained(
    trial: optuna.Trial, recipe: Recipe, dataset: Dataset, config: Config, told: Callable[[str], None]
) -> Epoch:
    """Train in a folder that is removed, and return the epoch that counts."""
    import keras
    import optuna

    epochs: list[Epoch] = []

    def on_epoch(epoch: Epoch) -> None:
        epochs.append(epoch)
        trial.set_user_attr("loss", epoch.validation_loss)
        trial.report(epoch.validation_accuracy, epoch.number)
        told(f"trial {trial.number}: epoch {epoch.number}/{config.all_epochs}, {epoch.validation_accuracy:.2%}")
        if trial.should_prune():
            raise optuna.TrialPruned

    told(f"trial {trial.number}")
    with tempfile.TemporaryDirectory(prefix="inkread-tune-") as folder:
        try:
            fitted = fit(recipe, dataset, config, folder=RunFolder(Path(folder)), listener=Listener(on_epoch=on_epoch))
        except TrainingError as error:
            if "no longer a number" in str(error):
                raise _DivergedError from error
            raise
        finally:
            keras.utils.clear_session()  # else the networks of all trials stay in memory
    best = best_epoch(fitted.epochs) if config.keeps_best else None
    return best or fitted.epochs[-1]


def _study(recipe: Recipe, dataset: Dataset, base: Config, search: Search, space: Space) -> optuna.Study:
    """Open the study of a storage, or begin it."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with storage_errors(search.storage):
        storage = opened(search.storage)
        others = [name for name in optuna.get_all_study_names(storage) if name != _STUDY]
        if others:
            raise UsageError(
                f"Expected a storage of inkread's in {str(search.storage)!r}, got one with the study {others[0]!r}. "
                "Name another with --storage."
            )
        study = optuna.create_study(
            storage=storage,
            study_name=_STUDY,
            direction="maximize",
            pruner=optuna.pruners.MedianPruner(n_startup_trials=_UNPRUNED, n_warmup_steps=1),
            load_if_exists=True,
        )
        _check_study(study, recipe, dataset, base, search)
        _give_up_lost_trials(study)
        study.enqueue_trial(near(recipe, base, space), skip_if_exists=True)
    return study


def _check_study(study: optuna.Study, recipe: Recipe, dataset: Dataset, base: Config, search: Search) -> None:
    """Hold a study against what is asked for, and write that into a new one."""
    wanted = {"recipe": recipe.name, "fingerprint": dataset.fingerprint, "base": base.to_dict()}
    words = {
        "recipe": "the recipe {!r}",
        "fingerprint": "other training pictures",
        "base": "another configuration to begin with, other epochs or another seed",
    }
    found = study.user_attrs
    for key, value in wanted.items():
        if key not in found:
            study.set_user_attr(key, value)
        elif found[key] != value:
            raise UsageError(
                f"Expected a search for the recipe {recipe.name!r} with these pictures and settings in "
                f"{str(search.storage)!r}, got one with {words[key].format(found[key])}. Name another with --storage."
            )


def _wanted(study: optuna.Study, search: Search) -> bool:
    """Tell whether another trial is to begin; those that other processes are making count."""
    import optuna

    state = optuna.trial.TrialState
    counted = study.get_trials(deepcopy=False, states=(state.COMPLETE, state.PRUNED, state.RUNNING))
    return len(counted) < search.trials


def _over(study: optuna.Study) -> int:
    import optuna

    state = optuna.trial.TrialState
    return len(study.get_trials(deepcopy=False, states=(state.COMPLETE, state.PRUNED)))


def _process() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _give_up_lost_trials(study: optuna.Study) -> None:
    """Take the trials of processes that were killed for failed, and make them again."""
    import optuna

    for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
        host, _, process = str(trial.user_attrs.get("process", "")).rpartition(":")
        if host == socket.gethostname() and not _runs(int(process)):
            study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
            study.enqueue_trial(trial.params)


def _runs(process: int) -> bool:
    if os.name != "posix":  # where to ask would end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _tried(study: optuna.Study, base: Config) -> tuple[Tried, ...]:
    import optuna

    state = optuna.trial.TrialState
    trials = study.get_trials(deepcopy=False, states=(state.COMPLETE, state.PRUNED))
    return tuple(_read(trial, base) for trial in sorted(trials, key=lambda trial: trial.number))


def _read(trial: optuna.trial.FrozenTrial, base: Config) -> Tried:
    import optuna

    pruned = trial.state is optuna.trial.TrialState.PRUNED
    last = trial.intermediate_values.get(trial.last_step or 0, 0.0)
    took = trial.duration.total_seconds() if trial.duration else 0.0
    loss = float(trial.user_attrs.get("loss", "nan"))
    config = config_from(trial.user_attrs["config"], base) if "config" in trial.user_attrs else base
    return Tried(trial.number, last if pruned else float(trial.value or 0.0), loss, pruned, took, config)


def _importance(study: optuna.Study) -> dict[str, float]:
    """Return how much each setting matters (PED-ANOVA, Watanabe et al. 2023); empty where that cannot be told."""
    import optuna

    done = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
    if len({trial.value for trial in done}) < 2:
        return {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what Optuna may change in a later release
            found = optuna.importance.get_param_importances(
                study, evaluator=optuna.importance.PedAnovaImportanceEvaluator()
            )
    except (RuntimeError, ValueError):  # too few trials that differ
        return {}
    return {name: value for name, value in found.items() if value > 0}
