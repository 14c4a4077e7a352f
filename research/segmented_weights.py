"""How much each trait of a piece of a line speaks for it to be one whole digit.

The weights of `inkread/reading/segmented.py`. A line is a lattice of pieces; a way through it has the sum of its
pieces' worths as its score, and the weights maximise the probability, among all ways, of those that cut and name the
digits as they were composed (a semi-Markov conditional random field: Sarawagi and Cohen 2004). Lines are composed of
the validation pictures of the model's own training, which the network has not learned, by the composer of the
benchmarks; no development picture is looked at.

Command: python -m research.segmented_weights [--model default] [--lines 2500]
Needs INKREAD_DATA with mnist/.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.composed import Manner, compose_with_owners
from inkread.datasets import mnist
from inkread.imaging.lines import one_line
from inkread.imaging.sheet import find_sheet
from inkread.reading.pieces import TRAITS, CutLine, cut_line, traits
from inkread.reading.predictor import Predictor

PENALTY = 0.02  # on the squares of the weights
STEPS, RATE = 400, 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """A line for fitting: edges (start, end, digit it is or -1), their traits, and what its text says."""

    cuts: int
    edges: list[tuple[int, int, int]]
    traits: NDArray[np.float64]  # (E, T)
    scores: NDArray[np.float64]  # (E, C)
    truth: NDArray[np.int64]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m research.segmented_weights", description=__doc__)
    parser.add_argument("--model", default="default")
    parser.add_argument("--lines", type=int, default=2500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    predictor = Predictor(options.model)
    lattices = made(predictor, options.lines, np.random.default_rng(options.seed))
    held = len(lattices) // 5
    weights = fitted(lattices[held:])
    told = predictor.card.rejection is not None
    print(f"{options.model}: {len(lattices)} of {options.lines} lines can be read at all; tells non-digits: {told}")
    print(f"held out: {likelihood(lattices[:held], weights):.3f} nats a line")
    for name, weight in zip((*TRAITS, "class", "left unread"), weights, strict=True):
        print(f'    "{name}": {weight:.3f},')


def made(predictor: Predictor, count: int, rng: np.random.Generator) -> list[Lattice]:
    """Compose lines and find their lattices; lines that no way through the lattice reads right are left out."""
    from inkread.training.config import Config, config_from
    from inkread.training.held_out import parted
    from inkread.training.styles import restyle

    _, digits = parted(mnist("train"), config_from(predictor.card.config, Config()))
    order = rng.permutation(len(digits))[:4000]
    redrawn = restyle(digits.images[order], digits.labels[order], rng)
    images, labels = np.concatenate([digits.images, redrawn]), np.concatenate([digits.labels, digits.labels[order]])
    found = []
    for _ in range(count):
        chosen = rng.integers(0, len(labels), int(rng.integers(1, 8)))
        low = float(rng.uniform(-0.16, 0.25))
        spread, noise = float(rng.uniform(0.02, 0.35)), float(rng.choice([0.0, 0.5, 1.0]))
        manner = Manner((low, low + spread), noise, (float(rng.uniform(0.6, 0.95)), 1.15), 0.15)
        picture, owners = compose_with_owners(images[chosen], manner, rng)
        lattice = _lattice(picture, owners, labels[chosen], predictor)
        if lattice is not None:
            found.append(lattice)
    return found


def _lattice(
    picture: NDArray[np.uint8], owners: NDArray[np.uint8], truth: NDArray[np.int64], predictor: Predictor
) -> Lattice | None:
    sheet = find_sheet(picture)
    strips = one_line(sheet) if sheet else []
    if not strips:
        return None
    line = cut_line(strips[0])
    if not line.pieces:
        return None
    proba, none = predictor.weigh(np.stack([piece.picture for piece in line.pieces]))
    height, width = line.strip.level.shape
    there = cv2.warpPerspective(owners, np.linalg.inv(line.strip.matrix), (width, height), flags=cv2.INTER_NEAREST)
    owned = [_owner(line, place, there, len(truth)) for place in range(len(line.pieces))]
    edges = [(p.start, p.end, owner) for p, owner in zip(line.pieces, owned, strict=True)]
    scores = np.log(np.maximum(proba.astype(np.float64), 1e-9))
    lattice = Lattice(len(line.cuts.paths), edges, traits(line, proba, none), scores, truth)
    return lattice if np.isfinite(_forward(lattice, np.zeros(len(TRAITS) + 2), True)) else None


def _owner(line: CutLine, place: int, owners: NDArray[np.uint8], digits: int) -> int:
    """Return the digit, from 0, that a piece is all of and no more; -1 for none."""
    piece = line.pieces[place]
    mask = cv2.threshold(line.strip.level, 127, 255, cv2.THRESH_BINARY)[1]
    first, last = line.cuts.paths[[piece.start, piece.end]][:, :, None]
    columns = np.arange(mask.shape[1])
    counts = np.bincount(owners[(mask > 0) & (columns >= first) & (columns < last)], minlength=digits + 1)[1:]
    best = int(counts.argmax())
    whole = np.count_nonzero(owners == best + 1)
    enough = counts[best] >= 0.82 * whole and counts[best] >= 0.85 * max(1, counts.sum())
    return best if enough else -1


def _ways(lattice: Lattice, weights: NDArray[np.float64], right: bool) -> list[tuple[int, int, int, int, float]]:
    """Return the edges as (from, to, place or -1 for skipping, digits done or -1, score)."""
    worth = lattice.traits @ weights[: len(TRAITS)]
    ways = []
    for place, (start, end, owner) in enumerate(lattice.edges):
        if right and owner < 0:
            continue
        classes = weights[-2] * lattice.scores[place]
        score = classes[lattice.truth[owner]] if right else float(np.logaddexp.reduce(classes))
        ways.append((start, end, place, owner if right else -1, worth[place] + score))
    return [*ways, *((start, start + 1, -1, -1, float(weights[-1])) for start in range(lattice.cuts - 1))]


def _forward(lattice: Lattice, weights: NDArray[np.float64], right: bool) -> float:
    return _forward_backward(lattice, weights, right)[0]


def _forward_backward(lattice: Lattice, weights: NDArray[np.float64], right: bool) -> tuple[float, NDArray[np.float64]]:
    """Return the log of the sum over ways of exp(score), and its gradient."""
    states = len(lattice.truth) + 1 if right else 1
    ways = sorted(_ways(lattice, weights, right), key=lambda way: way[0])
    ahead = np.full((lattice.cuts, states), -np.inf)
    behind = ahead.copy()
    ahead[0, 0] = behind[-1, -1] = 0.0
    for start, end, _, owner, score in ways:
        here, there = _states(owner)
        ahead[end, there] = np.logaddexp(ahead[end, there], ahead[start, here] + score)
    for start, end, _, owner, score in reversed(ways):
        here, there = _states(owner)
        behind[start, here] = np.logaddexp(behind[start, here], behind[end, there] + score)
    total, gradient = float(ahead[-1, -1]), np.zeros(len(weights))
    if np.isfinite(total):
        for start, end, place, owner, score in ways:
            here, there = _states(owner)
            share = float(np.exp(ahead[start, here] + score + behind[end, there] - total).sum())
            if share > 1e-6:
                _add(gradient, share, lattice, weights, place, owner)
    return total, gradient


def _states(owner: int) -> tuple[slice, slice]:
    """Return how many digits are done before and after an edge: one more, or as many where that is not counted."""
    return (slice(None), slice(None)) if owner < 0 else (slice(owner, owner + 1), slice(owner + 1, owner + 2))


def _add(
    gradient: NDArray[np.float64], share: float, lattice: Lattice, weights: NDArray[np.float64], place: int, owner: int
) -> None:
    """Add what an edge that carries a share of all ways gives to the gradient."""
    if place < 0:
        gradient[-1] += share
        return
    gradient[: len(TRAITS)] += share * lattice.traits[place]
    if owner >= 0:
        gradient[-2] += share * lattice.scores[place][lattice.truth[owner]]
        return
    classes = weights[-2] * lattice.scores[place]
    gradient[-2] += share * float(np.exp(classes - np.logaddexp.reduce(classes)) @ lattice.scores[place])


def likelihood(lattices: list[Lattice], weights: NDArray[np.float64]) -> float:
    """Return the mean log probability of the right ways."""
    return float(np.mean([_forward(x, weights, True) - _forward(x, weights, False) for x in lattices]))


def fitted(lattices: list[Lattice]) -> NDArray[np.float64]:
    """Maximise the likelihood (Adam, Kingma and Ba 2015, in batches of 64 lines)."""
    weights = np.array([0.0, 0.5, 1.0, -4, -2, -2, -2, 0, -2, -0.5, -0.5, -0.5, -0.2, -0.5, -0.5, -0.5, 1.0, -6.0])
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    rng = np.random.default_rng(0)
    for step in range(1, STEPS + 1):
        gradient = -PENALTY * weights
        for i in rng.integers(0, len(lattices), 64):
            gradient += (
                _forward_backward(lattices[i], weights, True)[1] - _forward_backward(lattices[i], weights, False)[1]
            ) / 64
        first = 0.9 * first + 0.1 * gradient
        second = 0.99 * second + 0.01 * gradient**2
        rate = RATE * min(1.0, 2 * (1 - step / STEPS))
        weights += rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
    return weights


if __name__ == "__main__":
    main()
