"""The card inside a model file: all that one needs to use it, and to judge whether one should."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from inkread.errors import ModelError

__all__ = ["CARD_KEY", "FORMAT", "Calibration", "Card", "Figure", "Rejection", "Threshold"]

CARD_KEY = "inkread.card"  # in the metadata of the ONNX file
FORMAT = 1  # of the card; rises when a key changes its meaning


@dataclass(frozen=True, slots=True)
class Threshold:
    """Above which confidence the wished share of wrong answers is kept.

    Attributes:
        error: The wished share of wrong ones among the answers.
        confidence: Answers of at least this confidence keep it; above 1 when none do.
        coverage: The share of the calibration pictures that is answered then.
    """

    error: float
    confidence: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How the scores of the network become probabilities that mean what they say.

    Attributes:
        temperature: The logits are divided by it (Guo et al. 2017).
        thresholds: By rising error, for pictures that went through the preprocessing.
        native: The same for pictures that came in the network's form and are read as they are: other people's digits
            are harder than those the network was trained on. Empty where `thresholds` are for all.
        delta: The probability with which a threshold may fail to keep its error.
        n: The pictures it was fitted on.
    """

    temperature: float = 1.0
    thresholds: tuple[Threshold, ...] = ()
    delta: float = 0.05
    n: int = 0
    native: tuple[Threshold, ...] = ()

    def of_form(self, *, native: bool) -> tuple[Threshold, ...]:
        """Return the thresholds for pictures that came in the network's form, or for all others."""
        return self.native if native and self.native else self.thresholds


@dataclass(frozen=True, slots=True)
class Rejection:
    """From where on a picture shows none of the classes.

    The network has one more output then, behind those of the labels: the score that there is none of them.

    Attributes:
        score: The log-odds of that, above which a picture is rejected.
        lost: The share of the validation pictures that is rejected.
        n: How many those are.
    """

    score: float
    lost: float
    n: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured figure.

    Attributes:
        name: What was measured, and on what.
        value: A share in [0, 1] unless the name says otherwise.
        n: The pictures it was measured on.
        low: Lower end of the 95 % interval (Wilson for shares).
        high: Upper end.
    """

    name: str
    value: float
    n: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Card:
    """What a model file says of itself.

    Attributes:
        name: Of the model.
        version: Of its weights.
        labels: The names of the classes, in the order of the outputs.
        shape: Of one input picture: (H, W), or (H, W, 3); W is 0 where any width goes, as for a line.
        preprocessing: The version of the path from picture to input; None when pictures go in as they are, so that
            `Predictor` can use the model and `read` cannot.
        parameters: How many numbers were learned.
        calibration: Of the confidences.
        rejection: Of pictures that show none of the classes; None when the network cannot tell.
        recipe: The name of the recipe.
        config: The whole configuration that repeats the training.
        second: Of a second network in the file, asked where the first is in doubt: its `recipe`, `config` and `data`,
            and `below` which probability it is asked with what `share` of the vote; empty where there is none.
        data: Name, fingerprint and size of the training and validation data.
        figures: What was measured.
        licence: Of the weights.
        created: The day, as YYYY-MM-DD.
        made_with: Versions of the programs.
        kind: "digit" for one class a picture, "line" for a score of the blank and of each class in every frame.
        format: Of the card.
    """

    name: str
    version: str
    labels: tuple[str, ...]
    shape: tuple[int, ...]
    preprocessing: int | None
    parameters: int
    calibration: Calibration = field(default_factory=Calibration)
    rejection: Rejection | None = None
    recipe: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    second: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    figures: tuple[Figure, ...] = ()
    licence: str = ""
    created: str = ""
    made_with: Mapping[str, str] = field(default_factory=dict)
    kind: str = "digit"
    format: int = FORMAT

    def to_json(self) -> str:
        """Return the card as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @property
    def outputs(self) -> int:
        """How many scores the network gives a picture, or a frame of a line."""
        return len(self.labels) + (self.rejection is not None or self.kind == "line")

    @classmethod
    def from_json(cls, text: str, where: str) -> Card:
        """Return the card that `to_json` wrote.

        Args:
            text: The JSON.
            where: The file it stands in, for the error.

        Raises:
            ModelError: It is no card, or of a format that this release does not know.
        """
        try:
            data = json.loads(text)
            found = data.get("format")
        except (ValueError, AttributeError, RecursionError) as error:
            raise ModelError(
                f"Expected a card as JSON in {where}, got damaged text ({error}). Export it again."
            ) from error
        if found != FORMAT:
            raise ModelError(
                f"Expected a model card of format {FORMAT}, got format {found!r} in {where}. "
                "Use the release of inkread that wrote the file, or a newer one."
            )
        try:
            return cls._from_dict(data)
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"Expected a complete card in {where}, but this is wrong or missing: {error}. Export it again."
            ) from error

    @classmethod
    def _from_dict(cls, data: Mapping[str, Any]) -> Card:
        known = {f.name for f in fields(cls)}
        values = {key: value for key, value in data.items() if key in known}
        calibration = dict(values.get("calibration", {}))
        for kind in ("thresholds", "native"):
            calibration[kind] = tuple(Threshold(**t) for t in calibration.get(kind, ()))
        values["calibration"] = Calibration(**calibration)
        rejection = values.get("rejection")
        values["rejection"] = Rejection(**rejection) if rejection is not None else None
        values["figures"] = tuple(Figure(**f) for f in values.get("figures", ()))
        values["labels"] = tuple(str(label) for label in values["labels"])
        values["shape"] = tuple(int(side) for side in values["shape"])
        if not values["calibration"].temperature > 0:
            raise ValueError(f"a temperature above 0, not {values['calibration'].temperature}")
        return cls(**values)
