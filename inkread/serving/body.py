"""What a request brings: one file as its body, or many as multipart; into memory, never onto a disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from inkread.errors import ImageTooLargeError, UsageError
from inkread.serving.problems import Problem, problem_of
from inkread.serving.settings import Settings

__all__ = ["Upload", "uploads"]


@dataclass(frozen=True, slots=True, eq=False)
class Upload:
    """One file.

    Attributes:
        name: As the client calls it; "" for a body without a name.
        data: Its bytes.
    """

    name: str
    data: bytes


async def uploads(request: Request, settings: Settings) -> list[Upload]:
    """Return the files of a request.

    Args:
        request: Of any content type: multipart/form-data is taken apart, all else is one file.
        settings: Its limits.

    Raises:
        Problem: The body is too large, too slow, compressed, or no proper multipart.
        UsageError: There is something among the parts that is no file, or none.
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(415, "UnsupportedMediaType", "Expected a body without Content-Encoding. Send the file as it is.")
    body = await _body(request, settings)
    if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return await _parts(request, body, settings)
    return [Upload("", body)]


async def _body(request: Request, settings: Settings) -> bytes:
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length) > settings.max_bytes:
        raise _too_large(settings)
    body = bytearray()
    try:
        async with asyncio.timeout(settings.max_seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > settings.max_bytes:
                    raise _too_large(settings)
    except TimeoutError as error:
        raise Problem(
            408,
            "RequestTimeout",
            f"Expected the body within {settings.max_seconds:g} seconds, got {len(body)} bytes by then. Try again.",
        ) from error
    except ClientDisconnect as error:
        raise Problem(400, "BadRequest", "Expected the whole body, but the connection ended before.") from error
    return bytes(body)


def _too_large(settings: Settings) -> Problem:
    return problem_of(
        ImageTooLargeError(
            f"Expected a body of at most {settings.max_bytes / 2**20:g} MiB, got a larger one. "
            "Send a smaller picture, or fewer at a time."
        )
    )


class _InMemory(MultiPartParser):
    """Keeps files where they are; the size of the body is limited already."""

    spool_max_size = 2**62


async def _parts(request: Request, body: bytes, settings: Settings) -> list[Upload]:
    async def whole() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        form = await _InMemory(request.headers, whole(), max_files=settings.max_pages, max_fields=0).parse()
    except (MultiPartException, ValueError) as error:
        raise UsageError(
            f"Expected multipart/form-data with at most {settings.max_pages} files and nothing else, got another body "
            f"({error}). Options go into the query."
        ) from error
    found = [
        Upload(part.filename or "", await part.read()) for _, part in form.multi_items() if isinstance(part, UploadFile)
    ]
    await form.close()
    if not found:
        raise UsageError("Expected at least one file in the multipart body, got none.")
    return found
