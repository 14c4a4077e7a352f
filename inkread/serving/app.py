"""The HTTP API and the web page, as a FastAPI application."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

import inkread
from inkread.errors import InkreadError, UsageError
from inkread.reading.explain import Method
from inkread.reading.model_file import ModelFile
from inkread.reading.reader import Layout
from inkread.results import Box
from inkread.rounding import share
from inkread.serving import schemas
from inkread.serving.body import uploads
from inkread.serving.documentation import documentation
from inkread.serving.guard import Guard, State
from inkread.serving.metrics import CONTENT_TYPE, Metrics
from inkread.serving.problems import Problem, fault_of, problem_of, problem_response
from inkread.serving.settings import Settings
from inkread.serving.work import Asked, Desk, explanation_to_dict

__all__ = ["create_app"]

STATIC = Path(__file__).parent / "static"
_READING = (401, 404, 408, 413, 415, 422, 503)
_NAME = r"^[a-z][a-z0-9-]*(:[A-Za-z_-]{2,10})?$"  # of documents: names, and never paths of this machine

Model = Annotated[str | None, Query(description="One of those at /v1/models; by default the first.", max_length=200)]


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the application, to be run by any ASGI server.

    Args:
        settings: What it serves and refuses; None for the defaults.

    Raises:
        ModelError: One of its models cannot be used. They are opened here and kept open.

    Example:
        >>> app = create_app()
        >>> app.title
        'inkread'
    """
    settings = settings or Settings()
    desk, metrics, state = Desk(settings), Metrics(), State()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        desk.close()

    app = FastAPI(
        title="inkread",
        version=inkread.__version__,
        summary="Reads handwritten numbers from any picture.",
        description="Nothing of a request is stored. Errors are problem+json (RFC 9457).",
        license_info={"name": "MIT", "identifier": "MIT"},
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.serving = state
    app.add_middleware(Guard, settings=settings, metrics=metrics, state=state)
    _answer_problems(app)
    _add_readings(app, desk, settings, metrics)
    _add_explanations(app, desk, settings)
    _add_marks(app, desk, settings)
    _add_operations(app, desk, metrics, state)
    _describe_problems(app)
    app.router.default = _Page(directory=STATIC, html=True)  # after all routes, so that theirs are the methods allowed
    return app


def _add_readings(app: FastAPI, desk: Desk, settings: Settings, metrics: Metrics) -> None:
    @app.post(
        "/v1/read",
        summary="Read pictures and PDFs",
        openapi_extra=schemas.picture_body(many=True),
        responses={200: {"model": list[schemas.PageOut]}, **schemas.problems(*_READING)},
    )
    async def read(  # noqa: PLR0913  (a parameter per option)
        request: Request,
        model: Model = None,
        layout: Annotated[Layout, Query(description="What is on a picture; auto decides.")] = "auto",
        document: Annotated[
            str | None, Query(description="amount, amount:us, postcode, postcode:DE.", pattern=_NAME, max_length=40)
        ] = None,
        max_error: Annotated[
            float | None, Query(gt=0, lt=1, description="Withhold what would exceed this share of wrong answers.")
        ] = None,
        length: Annotated[int | None, Query(ge=1, le=100, description="How many digits a line has.")] = None,
        pattern: Annotated[str | None, Query(description="What a line may be.", max_length=200)] = None,
        on_error: Annotated[
            Literal["raise", "keep"], Query(description="keep: a page that tells the error in the place of a bad file.")
        ] = "raise",
    ) -> Response:
        """Send one file as the body, or several as multipart/form-data. The pages come back in order, always as a list.

        With curl: `curl --data-binary @seven.png localhost:8000/v1/read`, or
        `curl -F files=@one.png -F files=@form.pdf 'localhost:8000/v1/read?max_error=0.01'`
        """
        asked = Asked(model, layout, document, max_error, length, pattern, on_error)
        files = await uploads(request, settings)
        pages = await desk.run(partial(desk.read, files, asked))
        metrics.pages(pages)
        return Response(f"[{','.join(page.to_json() for page in pages)}]", media_type="application/json")


def _add_explanations(app: FastAPI, desk: Desk, settings: Settings) -> None:
    @app.post(
        "/v1/explain",
        summary="Look inside: what the network saw of a digit, and which part of it decided",
        openapi_extra=schemas.picture_body(many=False),
        responses={200: {"model": schemas.ExplanationOut}, **schemas.problems(*_READING)},
    )
    async def explain(  # noqa: PLR0913  (a parameter per option)
        request: Request,
        model: Model = None,
        method: Annotated[Method, Query(description="How to find out which part decided.")] = "occlusion",
        label: Annotated[str | None, Query(description="The class to ask about.", max_length=40)] = None,
        left: Annotated[float | None, Query(ge=0, le=1e6, description="Of the digit's box on the picture.")] = None,
        top: Annotated[float | None, Query(ge=0, le=1e6)] = None,
        width: Annotated[float | None, Query(gt=0, le=1e6)] = None,
        height: Annotated[float | None, Query(gt=0, le=1e6)] = None,
    ) -> Response:
        """Send a picture of one digit, or of several and the box of one of them, as /v1/read gives it.

        With curl: `curl --data-binary @seven.png localhost:8000/v1/explain`
        """
        box = _box(left, top, width, height)
        files = await uploads(request, settings)
        if len(files) != 1:
            raise UsageError(f"Expected one picture to explain, got {len(files)}.")
        found = await desk.run(lambda _: desk.explain(files[0], model, box, method, label))
        return _json(explanation_to_dict(found))


def _add_marks(app: FastAPI, desk: Desk, settings: Settings) -> None:
    @app.post(
        "/v1/marks",
        summary="Find the corner marks of an empty form, for its template",
        openapi_extra=schemas.picture_body(many=False),
        responses={200: {"model": schemas.MarksOut}, **schemas.problems(*_READING)},
    )
    async def marks(request: Request) -> Response:
        """Send a picture of the form, straight and whole.

        With curl: `curl --data-binary @blank.png localhost:8000/v1/marks`
        """
        files = await uploads(request, settings)
        if len(files) != 1:
            raise UsageError(f"Expected one picture of a form, got {len(files)}.")
        return _json(await desk.run(lambda _: desk.marks(files[0])))


def _add_operations(app: FastAPI, desk: Desk, metrics: Metrics, state: State) -> None:
    models = _json([_model_to_dict(name, opened) for name, opened in desk.models.items()]).body

    @app.get(
        "/v1/models",
        summary="List the models that can be asked for",
        responses={200: {"model": list[schemas.ModelOut]}, **schemas.problems(401, 503)},
    )
    async def list_models() -> Response:
        return Response(models, media_type="application/json")

    @app.get(
        "/health",
        summary="Ask whether the server takes requests",
        responses={200: {"model": schemas.Health}, **schemas.problems(503)},
    )
    async def health() -> Response:
        if state.draining:
            raise Problem(503, "Overloaded", "Expected a server that takes requests, but this one is about to stop.")
        return _json({"status": "ok", "version": inkread.__version__, "models": list(desk.models)})

    @app.get(
        "/metrics",
        summary="Counters for Prometheus",
        response_class=Response,
        responses={200: {"content": {"text/plain": {}}}, **schemas.problems(401)},
    )
    async def counters() -> Response:
        return Response(metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(documentation(app.openapi()))


def _answer_problems(app: FastAPI) -> None:
    @app.exception_handler(Problem)
    async def problem(_: Request, error: Problem) -> Response:
        return problem_response(error)

    @app.exception_handler(InkreadError)
    async def library(_: Request, error: InkreadError) -> Response:
        return problem_response(problem_of(error))

    @app.exception_handler(RequestValidationError)
    async def options(_: Request, error: RequestValidationError) -> Response:
        faults = "\n".join(map(fault_of, error.errors()))
        return problem_response(Problem(422, "UsageError", f"Expected other options:\n{faults}"))

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> Response:
        name = {404: "NotFound", 405: "MethodNotAllowed"}.get(error.status_code, "BadRequest")
        detail = {"NotFound": "Expected an address of this server. See /docs.", "BadRequest": str(error.detail)}
        text = detail.get(name, "Expected another method at this address. See /docs.")
        return problem_response(Problem(error.status_code, name, text, error.headers))

    @app.exception_handler(Exception)
    async def fault(_: Request, error: Exception) -> Response:
        text = f"This is a fault of inkread's ({type(error).__name__}). Report it with what you sent."
        return problem_response(Problem(500, "InternalError", text))


def _describe_problems(app: FastAPI) -> None:
    """Put the schema of problems into the document, in place of FastAPI's own kinds of errors."""
    made = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = made()
            known = document["components"]["schemas"]
            known["ProblemOut"] = schemas.ProblemOut.model_json_schema()
            for unused in ("HTTPValidationError", "ValidationError"):
                known.pop(unused, None)
        return app.openapi_schema or document

    app.openapi = described  # type: ignore[method-assign]


class _Page(StaticFiles):
    """The files of the page, asked for anew each time and sent when they have changed."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def _box(*sides: float | None) -> Box | None:
    given = [side for side in sides if side is not None]
    if not given:
        return None
    if len(given) != len(sides):
        raise UsageError("Expected left, top, width and height of the box, or none of them; got some.")
    return Box(*given)


def _model_to_dict(name: str, opened: ModelFile) -> dict[str, Any]:
    card = opened.card
    thresholds = [
        {
            "error": t.error,
            "confidence": round(t.confidence, 6) if math.isfinite(t.confidence) else None,
            "coverage": share(t.coverage),
        }
        for t in card.calibration.thresholds
    ]
    figures = [
        {"name": f.name, "value": share(f.value), "n": f.n, "low": share(f.low), "high": share(f.high)}
        for f in card.figures
    ]
    return {
        "name": name,
        "version": card.version,
        "labels": list(card.labels),
        "parameters": card.parameters,
        "bytes": opened.path.stat().st_size,
        "licence": card.licence,
        "figures": figures,
        "thresholds": thresholds,
    }


def _json(value: Any) -> Response:
    return Response(json.dumps(value, allow_nan=False), media_type="application/json")
