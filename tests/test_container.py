"""The Dockerfile names what there is; no container is built here."""

from __future__ import annotations

import fnmatch
import inspect
import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from inkread.cli.serve import serve
from inkread.serving.app import create_app

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
IGNORED = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def instructions(name: str) -> list[str]:
    return re.findall(rf"^{name}\s+(.*)$", DOCKERFILE, re.MULTILINE)


def is_ignored(path: str) -> bool:
    """Tell whether a path, or a folder that it is in, is left out of what is built."""
    parts = path.split("/")
    heads = ["/".join(parts[: i + 1]) for i in range(len(parts))]
    return any(fnmatch.fnmatch(head, rule.removeprefix("**/")) for rule in IGNORED for head in heads)


def test_what_is_copied_is_there():
    copied = [words for line in instructions("COPY") if not (words := shlex.split(line))[0].startswith("--from")]
    assert copied
    for *sources, _ in copied:
        for source in sources:
            assert (ROOT / source).exists(), source
            assert source == "." or not is_ignored(source), source


@pytest.mark.parametrize(
    "folder", ["inkread", "inkread/weights", "inkread/serving/static", "inkread/serving/templates"]
)
def test_no_file_of_the_package_is_left_out(folder):
    files = [path for path in (ROOT / folder).iterdir() if path.is_file()]
    assert files
    assert [path.name for path in files if is_ignored(path.relative_to(ROOT).as_posix())] == []


def test_what_the_build_reads_is_not_left_out():
    for name in ("pyproject.toml", PROJECT["readme"], *PROJECT["license-files"]):
        assert (ROOT / name).exists(), name
        assert not is_ignored(name), name


def test_what_is_large_or_secret_is_left_out():
    for name in (".git/config", ".venv/bin/python", "runs/default/model.onnx", "tests/conftest.py"):
        assert is_ignored(name), name


def test_the_extras_that_are_installed_exist():
    (extras,) = re.findall(r"/source\[([\w,]+)\]", DOCKERFILE)
    assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])


def test_what_is_run_exists_and_is_asked_for_its_health():
    (entry,), (port,), (health,) = (instructions(name) for name in ("ENTRYPOINT", "EXPOSE", "HEALTHCHECK"))
    command = json.loads(entry)
    assert command[:2] == ["inkread", "serve"]
    assert command[0] in PROJECT["scripts"]
    assert int(port) == inspect.signature(serve).parameters["port"].default
    asked = re.search(r"http://127\.0\.0\.1:(\d+)(/\w+)", health)
    assert asked
    assert asked[1] == port
    assert asked[2] in {route.path for route in create_app().routes}


def test_it_is_no_root_that_runs_it():
    (user,) = instructions("USER")
    assert any(f"useradd --system --no-create-home --uid 10001 {user}" in line for line in instructions("RUN"))
