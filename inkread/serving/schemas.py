"""What the OpenAPI document says of requests and answers. The answers themselves are the library's own JSON."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from inkread.serving.problems import MEDIA_TYPE

__all__ = [
    "PICTURES",
    "ExplanationOut",
    "Health",
    "MarksOut",
    "ModelOut",
    "PageOut",
    "ProblemOut",
    "picture_body",
    "problems",
]

PICTURES = ("image/png", "image/jpeg", "image/webp", "image/tiff", "image/bmp", "image/gif", "image/avif")


# Not a tuple: the document would name its items one by one, which is no schema that OpenAPI 3.1 knows.
Point = Annotated[list[float], Field(min_length=2, max_length=2, description="Across and down, in pixels.")]


class _Schema(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BoxOut(_Schema):
    """A rectangle in pixels of the picture, origin top left."""

    left: float
    top: float
    width: float
    height: float


class DigitOut(_Schema):
    """One digit."""

    value: int | None = Field(description="None when it is withheld.")
    label: str = Field(description='"?" when it is withheld.')
    confidence: float = Field(ge=0, le=1, description="The calibrated probability that the best reading is right.")
    probabilities: list[float] = Field(description="One per class of the model, in the order of its labels.")
    box: BoxOut


class AlternativeOut(_Schema):
    """Another reading of a line."""

    text: str
    probability: float


class LineOut(_Schema):
    """One line of digits."""

    text: str
    confidence: float = Field(ge=0, le=1, description="The calibrated probability that the whole text is right.")
    answered: bool = Field(description="False when it is withheld for being more doubtful than asked for.")
    box: BoxOut
    groups: list[str]
    transcript: str
    alternatives: list[AlternativeOut]
    digits: list[DigitOut]


class FieldOut(_Schema):
    """One field of a document."""

    name: str
    kind: str
    text: str
    value: str | None
    confidence: float = Field(ge=0, le=1)
    box: BoxOut
    answered: bool
    problems: list[str]


class PageOut(_Schema):
    """What was read from one picture, or from one page of a file; as `inkread read --format json` writes it."""

    schema_: int = Field(alias="schema")
    source: str
    number: int = Field(ge=1)
    width: int
    height: int
    text: str
    confidence: float = Field(ge=0, le=1)
    lines: list[LineOut]
    fields: list[FieldOut]
    error: str | None
    model: str


class MapsOut(_Schema):
    """The feature maps of one convolution."""

    name: str
    channels: int
    height: int
    width: int
    low: float = Field(description="The value that byte 0 stands for.")
    high: float = Field(description="The value that byte 255 stands for.")
    data: str = Field(description="Base64 of channels x height x width bytes.")


class ExplanationOut(_Schema):
    """What the network made of one digit."""

    schema_: int = Field(alias="schema")
    read_as: str
    confidence: float = Field(ge=0, le=1)
    known: bool = Field(description="False when the network takes it for no digit.")
    labels: list[str]
    probabilities: list[float]
    seen: list[list[int]] = Field(description="28 rows of 28 gray levels: what the network saw, ink 255.")
    label: str = Field(description="The class that the heat is about.")
    method: str
    heat: list[list[float]] = Field(description="28 rows of 28: above 0 speaks for the class, below 0 against it.")
    maps: list[MapsOut]


class MarksOut(_Schema):
    """The corner marks of a form, as its template names them; all null when there are none."""

    width: int = Field(description="Of the picture, in pixels, as one looks at it.")
    height: int
    corners: list[Point] | None = Field(
        description="The centres of four filled squares, from the upper left one clockwise."
    )
    mark: float | None = Field(description="Their side.")
    upright: Point | None = Field(description="The centre of the fifth, which tells which side is up.")


class ThresholdOut(_Schema):
    """From which confidence on a wished error is kept."""

    error: float
    confidence: float | None
    coverage: float


class FigureOut(_Schema):
    """A measured figure with its 95 % interval."""

    name: str
    value: float
    n: int
    low: float
    high: float


class ModelOut(_Schema):
    """A model that this server reads with."""

    name: str
    version: str
    labels: list[str]
    parameters: int
    bytes: int
    licence: str
    figures: list[FigureOut]
    thresholds: list[ThresholdOut]


class Health(_Schema):
    """How the server is."""

    status: str
    version: str
    models: list[str]


class ProblemOut(_Schema):
    """What went wrong (RFC 9457)."""

    type: str = Field(description="Where the documentation of this server explains it.")
    title: str
    status: int
    detail: str = Field(description="What was expected, what came, and what to do.")
    error: str = Field(description="The name that the library gives to this kind of error.")


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the entries of OpenAPI's `responses` for problems of those statuses."""
    schema = {"$ref": "#/components/schemas/ProblemOut"}
    return {status: {"description": _WORDS[status], "content": {MEDIA_TYPE: {"schema": schema}}} for status in statuses}


_WORDS = {
    400: "The request is not as HTTP wants it.",
    401: "The key is missing or wrong.",
    404: "There is no such model.",
    408: "The body took too long to arrive.",
    413: "Too many bytes, pixels or pages.",
    415: "The body is compressed.",
    422: "The picture cannot be read, or an option has a value it cannot have.",
    503: "The server has enough to do, or is about to stop. Try again after Retry-After seconds.",
}


def picture_body(*, many: bool) -> dict[str, Any]:
    """Return OpenAPI's `requestBody` for pictures, as the body itself or in parts."""
    raw: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
    content = dict.fromkeys((*PICTURES, *(["application/pdf"] if many else []), "application/octet-stream"), raw)
    if many:
        files = {"type": "array", "minItems": 1, "items": {"type": "string", "format": "binary"}}
        parts = {"type": "object", "required": ["files"], "properties": {"files": files}}
        content["multipart/form-data"] = {"schema": parts}
    return {"requestBody": {"required": True, "content": content}}
