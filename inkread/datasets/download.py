"""Files fetched from mirrors into a cache: resumed after a cut, checked, named only when whole.

pooch does the fetching into a temporary file and the atomic rename; what is here adds mirrors, resuming, and
the check of the *uncompressed* contents, since mirrors compress the same contents to different bytes.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import platformdirs

from inkread.datasets.contents import read_verified
from inkread.datasets.lock import locked
from inkread.errors import ChecksumError, DownloadError, MissingExtraError, UsageError

if TYPE_CHECKING:
    import requests

__all__ = ["Progress", "RemoteFile", "cache_folder", "fetch"]

Progress = Callable[[int, int | None], None]
"""Called as progress(done, total), in bytes, while a file comes; total is None when it is not known."""

_CHUNK = 1 << 16
_ATTEMPTS = 5
_TIMEOUT = (10.0, 30.0)
# A gzip container of bytes that do not compress is a little larger than they are.
_SLACK = 1 << 20


@dataclass(frozen=True)
class RemoteFile:
    """A published file.

    Args:
        name: the file's name, on the mirrors and in the cache.
        size: bytes of the uncompressed contents.
        sha256: of the uncompressed contents, in hex.
    """

    name: str
    size: int
    sha256: str

    def read(self, path: Path, remedy: str) -> bytes:
        """Return the uncompressed contents of the copy at `path`, or raise ChecksumError if they differ."""
        return read_verified(path, self.size, self.sha256, remedy)


class _MirrorError(Exception):
    """A mirror failed."""


class _CutError(_MirrorError):
    """The connection failed; what came before is kept."""


class _TooLongError(_MirrorError):
    """The mirror serves more than the file can have."""


class _UnfitPartError(_MirrorError):
    """What was kept of an earlier download cannot be continued; it has been removed."""


def cache_folder(cache: Path | None = None) -> Path:
    """Return `cache`, else the environment's INKREAD_CACHE, else the user's cache folder."""
    if cache is not None:
        return cache.expanduser()
    named = os.environ.get("INKREAD_CACHE")
    return Path(named).expanduser() if named else platformdirs.user_cache_path("inkread")


def fetch(file: RemoteFile, mirrors: Sequence[str], folder: Path, *, progress: Progress | None = None) -> Path:
    """Download a file from the first mirror that serves it whole and right.

    What has come when a connection is cut stays in a `.part` file and is continued, by the same call and by
    later ones. Processes that want the same file wait for the one that is fetching it.

    Args:
        file: what to fetch.
        mirrors: folders on the web, https only (http on the own machine), in the order to try them.
        folder: where to keep the file; made when missing.
        progress: told of the bytes as they come.

    Returns:
        The path of the file, whole and checked.

    Raises:
        MissingExtraError: pooch is not installed.
        ChecksumError: every mirror served other contents.
        DownloadError: no mirror served the file, or the folder cannot be written.
        UsageError: a mirror is not https.
    """
    _require_pooch()
    for mirror in mirrors:
        _require_secure(mirror)
    target = folder / file.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / f".{file.name}.lock"):
            # Another process may have fetched it while this one waited.
            return target if target.exists() else _from_mirrors(file, mirrors, target, progress)
    except OSError as error:
        raise DownloadError(
            f"{file.name} cannot be stored in {folder} ({error.strerror or error}): expected a folder that "
            "can be written and has room. Name another in the environment variable INKREAD_CACHE."
        ) from error


def _from_mirrors(file: RemoteFile, mirrors: Sequence[str], target: Path, progress: Progress | None) -> Path:
    reasons: list[str] = []
    wrong: list[ChecksumError] = []
    for mirror in mirrors:
        url = f"{mirror.rstrip('/')}/{file.name}"
        try:
            _from_mirror(file, url, target, progress)
        except ChecksumError as error:
            wrong.append(error)
            reasons.append(f"  {url}: {error}")
        except _MirrorError as error:
            reasons.append(f"  {url}: {error}")
        else:
            for part in target.parent.glob(f"{file.name}.*.part"):
                part.unlink(missing_ok=True)
            return target
    if wrong and len(wrong) == len(mirrors):
        raise wrong[0]
    raise DownloadError(
        f"{file.name} cannot be downloaded: expected one of {len(mirrors)} mirrors to serve it, got\n"
        + "\n".join(reasons)
        + "\nCheck the network and try again (what has come is kept), or put the file by hand into "
        f"{target.parent}, or into the folder mnist of one that the environment variable INKREAD_DATA names."
    )


def _from_mirror(file: RemoteFile, url: str, target: Path, progress: Progress | None) -> None:
    """Fetch from one mirror, again from where it was cut as long as each attempt brings something."""
    part = _part_path(target, url)
    for attempt in count(1):
        before = _size(part)
        try:
            _retrieve(file, url, target, part, progress)
        except (_MirrorError, ChecksumError) as error:
            if attempt == _ATTEMPTS or not _worth_another(error, before, _size(part)):
                raise
        else:
            return


def _worth_another(error: Exception, before: int, after: int) -> bool:
    """Tell whether to try a mirror again, by its error and the sizes of the part before and after."""
    if isinstance(error, _CutError):
        return after > before
    # What an earlier call kept may be of an older file on the mirror: once more, from the start.
    return before > 0 and isinstance(error, (_UnfitPartError, ChecksumError))


def _retrieve(file: RemoteFile, url: str, target: Path, part: Path, progress: Progress | None) -> None:
    import pooch

    def downloader(url: str, output: str, _: Any) -> None:
        _continue_part(file, url, part, progress)
        try:
            file.read(part, "The mirror serves other contents, or the way to it changes them.")
        except ChecksumError:
            part.unlink()
            raise
        part.replace(output)

    with _quiet(pooch.get_logger()):
        pooch.retrieve(url, known_hash=None, fname=target.name, path=target.parent, downloader=downloader)


def _continue_part(file: RemoteFile, url: str, part: Path, progress: Progress | None) -> None:
    """Bring the part file to its whole length; raise _MirrorError when the mirror does not serve it."""
    import requests
    import urllib3

    have = _size(part)
    # identity: the bytes of the file itself, on which the offset counts.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    try:
        with (
            requests.Session() as session,
            session.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as response,
        ):
            if have and response.status_code == 416:
                _settle_refused_range(response, part, have)
            else:
                _check_response(response)
                start = have if _continues(response, part, have) else 0
                _store(response, part, start, file.size + _SLACK, progress)
    except _TooLongError:
        part.unlink(missing_ok=True)
        raise
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise _CutError(_plain(error)) from error


def _store(response: requests.Response, part: Path, start: int, limit: int, progress: Progress | None) -> None:
    """Write the answer's body into the part from `start` on."""
    length = response.headers.get("Content-Length", "")
    total = start + int(length) if length.isdecimal() else None
    too_long = _TooLongError(f"it serves more than the {limit} bytes that the file can have")
    if total is not None and total > limit:
        raise too_long
    done = start
    with part.open("r+b" if start else "wb") as out:
        out.seek(start)
        for piece in response.raw.stream(_CHUNK, decode_content=False):
            out.write(piece)
            done += len(piece)
            if done > limit:
                raise too_long
            if progress is not None:
                progress(done, total)
    # urllib3 sees to this from version 2 on; requests still allows older ones.
    if total is not None and done < total:
        raise _CutError(f"the connection was cut after {done} of {total} bytes")


def _check_response(response: requests.Response) -> None:
    try:
        _require_secure(response.url)
    except UsageError as error:
        raise _MirrorError(f"it redirects to an address that is not https ({response.url})") from error
    if response.status_code not in (200, 206):
        raise _MirrorError(f"HTTP {response.status_code} {response.reason}")


def _continues(response: requests.Response, part: Path, have: int) -> bool:
    """Tell whether the answer goes on where the part ends; a server that ignores Range answers 200."""
    if response.status_code != 206:
        return False
    if response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
        return True
    part.unlink(missing_ok=True)
    raise _UnfitPartError("it answered with another range than was asked for")


def _settle_refused_range(response: requests.Response, part: Path, have: int) -> None:
    """Accept a part that is whole already; anything else beyond the file's end is started over."""
    if response.headers.get("Content-Range", "") != f"bytes */{have}":
        part.unlink()
        raise _UnfitPartError("it refuses to continue what was kept of an earlier download")


def _part_path(target: Path, url: str) -> Path:
    """Return the part file of one mirror: as containers differ, another mirror cannot continue it."""
    return target.with_name(f"{target.name}.{hashlib.sha256(url.encode()).hexdigest()[:8]}.part")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _plain(error: Exception) -> str:
    """Return the innermost reason, such as "Connection refused": what is wrapped around it says less."""
    cause: BaseException = error
    while (inner := cause.__cause__ or cause.__context__) is not None:
        cause = inner
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__


def _require_pooch() -> None:
    try:
        import pooch  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("Downloading data", "train", "pooch") from error


def _require_secure(url: str) -> None:
    address = urlsplit(url)
    if address.scheme == "https" or (address.scheme == "http" and _is_loopback(address.hostname or "")):
        return
    raise UsageError(f"A mirror must have an https address; received {url!r}.")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Keep pooch from writing its progress to stderr."""
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
