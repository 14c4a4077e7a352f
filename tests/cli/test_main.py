from __future__ import annotations

import pytest

import inkread as library
from inkread.errors import InkreadError, MissingExtraError
from inkread.reading import reader


def test_version(inkread):
    ended = inkread("--version")
    assert (ended.code, ended.stdout, ended.stderr) == (0, f"{library.__version__}\n", "")


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help(inkread, flag):
    ended = inkread(flag)
    assert ended.code == 0
    for verb in ("read", "train", "models"):
        assert verb in ended.stdout
    assert "--max-error" in inkread("read", flag).stdout


def test_no_verb_shows_help(inkread):
    ended = inkread()
    assert ended.code in (0, 2)
    assert "Usage: inkread" in ended.stdout + ended.stderr


def test_an_unknown_verb(inkread):
    ended = inkread("reed")
    assert ended.code == 2
    assert ended.stdout == ""
    assert "Expected a command of inkread, got 'reed'. Did you mean 'read'? Known are: read, form," in ended.stderr


def test_models(inkread, monkeypatch, tmp_path):
    from tests.model_files import write_model

    write_model(tmp_path / "mine.onnx")
    (tmp_path / "broken.onnx").write_text("no network")
    monkeypatch.setenv("INKREAD_MODELS", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    ended = inkread("models")
    assert ended.code == 0
    for word in ("default", "shipped", "mine", "local", "broken", "cannot be used", "7,840", "Recipes"):
        assert word in ended.stdout
    assert ended.stderr == ""


def test_models_fit_a_terminal_of_80_columns(inkread, monkeypatch):
    from inkread.training.recipes import RECIPES

    monkeypatch.setenv("COLUMNS", "80")
    shown = inkread("models").stdout.splitlines()
    assert max(map(len, shown)) <= 80
    for recipe in RECIPES.values():
        row = [line for line in shown if line.startswith(f"│ {recipe.name} ")][-1]
        assert recipe.summary in row
        assert f"{recipe.parameters:,}" in row


def test_the_card_of_a_model_tells_of_its_second_network(inkread, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    shown = " ".join(inkread("models", "default").stdout.split())
    assert "second network │ recipe best, asked where no class has 80%, with 50% of the vote" in shown
    assert "second network" not in inkread("models", "tiny").stdout


def test_models_without_a_local_folder(inkread, monkeypatch, tmp_path):
    monkeypatch.setenv("INKREAD_MODELS", str(tmp_path / "nowhere"))
    ended = inkread("models")
    assert ended.code == 0
    assert "local" not in ended.stdout


@pytest.fixture
def failing(monkeypatch):
    """Return a function that lets reading fail with an exception."""

    def fail_with(error: BaseException) -> None:
        def fail(*_: object, **__: object) -> None:
            raise error

        monkeypatch.setattr(reader, "Reader", fail)

    return fail_with


KINDS = [InkreadError, *(kind for kind in InkreadError.__subclasses__() if kind is not MissingExtraError)]


@pytest.mark.parametrize(
    ("error", "code"),
    [(kind("the reason"), kind.exit_code) for kind in KINDS]
    + [(MissingExtraError("Training", "train", "keras"), 7)],
)  # fmt: skip
def test_each_error_has_its_exit_code(inkread, failing, error, code):
    failing(error)
    ended = inkread("read", "x.png")
    assert ended.code == code
    assert ended.stdout == ""
    assert ended.stderr == f"Error: {error}\n"


def test_a_missing_extra_names_what_to_install(inkread, failing):
    failing(MissingExtraError("Training", "train", "keras"))
    assert "(keras is missing). Install it with: pip install 'inkread[train]'" in inkread("read", "x.png").stderr


def test_a_fault_of_our_own(inkread, failing):
    failing(RuntimeError("a bug"))
    ended = inkread("read", "x.png")
    assert ended.code == 70
    assert "Unexpected error: RuntimeError: a bug" in ended.stderr
    assert "Set INKREAD_DEBUG=1" in ended.stderr


def test_a_fault_of_our_own_with_its_traceback(inkread, failing, monkeypatch):
    monkeypatch.setenv("INKREAD_DEBUG", "1")
    failing(RuntimeError("a bug"))
    with pytest.raises(RuntimeError, match="a bug"):
        inkread("read", "x.png")


def test_interrupted(inkread, failing):
    failing(KeyboardInterrupt())
    assert inkread("read", "x.png").code == 130
