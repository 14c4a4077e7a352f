"""The page as a folder of files that reads in the browser alone, to be put on any file server."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
import urllib.error
import urllib.request
from pathlib import Path

from inkread.errors import ChecksumError, DownloadError, ModelError, OutputError
from inkread.files import replacing
from inkread.imaging.frame import SIZE
from inkread.reading.explain import feature_map_names
from inkread.reading.graph import Network, with_outputs
from inkread.reading.model_file import find_model
from inkread.serving.ink_graph import INK_GRAPH

__all__ = ["RUNTIME", "fetch_runtime", "write_site"]

RUNTIME = "onnxruntime-web-1.30.0.tgz"
_URL = f"https://registry.npmjs.org/onnxruntime-web/-/{RUNTIME}"
_SHA256 = "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71"
_PARTS = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
_MARK = "inkread-site.json"
_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'"
)


def fetch_runtime() -> bytes:
    """Return the tarball of onnxruntime-web as it is published, from the user's cache or downloaded, and checked.

    Raises:
        DownloadError: It can neither be found nor be fetched.
        ChecksumError: What came is not what was published.
    """
    from platformdirs import user_cache_path

    path = user_cache_path("inkread", appauthor=False) / RUNTIME
    if path.exists() and hashlib.sha256(data := path.read_bytes()).hexdigest() == _SHA256:
        return data
    try:
        with urllib.request.urlopen(_URL, timeout=60) as answer:
            data = answer.read()
    except (urllib.error.URLError, OSError) as error:
        raise DownloadError(
            f"Expected to fetch {_URL}, which failed: {error}. Fetch it by other means and put it at {path}."
        ) from error
    if hashlib.sha256(data).hexdigest() != _SHA256:
        raise ChecksumError(f"Expected {RUNTIME} as it was published, got other bytes from {_URL}. Try again.")
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part:
        part.write_bytes(data)
    return data


def write_site(folder: Path, model: str = "default", *, runtime: bytes | None = None) -> None:
    """Write the page, the model and what runs it.

    Args:
        folder: New, empty, or written by this function before.
        model: The name of a model of digits, or a path ending in `.onnx`.
        runtime: The tarball of onnxruntime-web; None to fetch it.

    Raises:
        ModelError: The model cannot be used.
        DownloadError: The runtime cannot be fetched.
        OutputError: The folder holds something else, or cannot be written.
    """
    network, data = _model(model)
    runtime = fetch_runtime() if runtime is None else runtime
    here = Path(__file__).parent
    try:
        _make_room(folder)
        shutil.copytree(here / "static", folder, dirs_exist_ok=True)
        (folder / "docs.css").unlink()
        shutil.copy(here / "browser" / "backend.js", folder)
        shutil.copy(INK_GRAPH, folder)
        (folder / "model.onnx").write_bytes(data)
        (folder / "model.json").write_text(json.dumps(network), encoding="utf-8")
        _write_page(folder / "index.html")
        _unpack(runtime, folder / "ort")
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(
            f"Expected a folder to write the page to, got {str(folder)!r}: {error.strerror or error}. Name another."
        ) from error


def _model(model: str) -> tuple[dict[str, object], bytes]:
    """Return what the page has to know of a model, and its file with the feature maps as outputs."""
    network = Network(model)
    card = network.card
    if card.preprocessing is None or card.shape != (SIZE, SIZE):
        raise ModelError(
            f"Expected a model of normalised digits, got {card.name!r}, which takes pictures of shape {card.shape} as "
            "they are."
        )
    maps = feature_map_names(network)
    about = {
        "name": card.name,
        "version": card.version,
        "labels": card.labels,
        "parameters": card.parameters,
        "temperature": card.calibration.temperature,
        "rejection": card.rejection.score if card.rejection else None,
        "output": network.output,
        "maps": maps,
        "licence": card.licence,
    }
    return about, with_outputs(find_model(model).read_bytes(), maps)


def _make_room(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / _MARK).exists():
        raise OutputError(
            f"Expected a new or empty folder, or one that inkread wrote the page to before, got {str(folder)!r}, which "
            "holds something else. Nothing was written; name another folder."
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).write_text(json.dumps({"runtime": RUNTIME}) + "\n", encoding="utf-8")


def _write_page(path: Path) -> None:
    """Put into the page the policy that a server would send with it."""
    page = path.read_text(encoding="utf-8")
    meta = f'<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    path.write_text(page.replace('<meta charset="utf-8">', meta, 1), encoding="utf-8")


def _unpack(runtime: bytes, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(runtime), mode="r:gz") as archive:
        for part in _PARTS:
            member = archive.extractfile(f"package/dist/{part}")
            if member is None:
                raise OutputError(f"Expected {part} in {RUNTIME}, which lacks it.")
            (folder / part).write_bytes(member.read())
