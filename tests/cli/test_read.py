from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import inkread as library
from inkread import console
from inkread.results import Page


def test_text_of_several_pictures_says_whose_it_is(inkread, pictures):
    ended = inkread("read", "seven.png", "blank.png", "two.png")
    assert ended.code == 0
    assert ended.stdout == "seven.png: 7\nblank.png: (no number)\ntwo.png: 2\n"
    assert ended.stderr == ""


def test_text_of_one_picture_is_the_number_alone(inkread, pictures):
    assert inkread("read", "seven.png").stdout == "7\n"
    assert inkread("read", "blank.png").stdout == "\n"


def test_a_terminal_gets_a_table(inkread, pictures, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    ended = inkread("read", "seven.png", "blank.png")
    assert ended.code == 0
    assert [word in ended.stdout for word in ("picture", "seven.png", "no number")] == [True] * 3


def test_json_is_the_schema_of_the_library(inkread, pictures):
    ended = inkread("read", "seven.png", "blank.png", "--format", "json")
    assert ended.code == 0
    expected = [json.loads(page.to_json()) for page in library.read_many(["seven.png", "blank.png"])]
    assert json.loads(ended.stdout) == expected
    assert [Page.from_dict(data).text for data in expected] == ["7", ""]


def test_jsonl_is_one_object_a_line(inkread, pictures):
    ended = inkread("read", "seven.png", "two.png", "--format", "jsonl")
    assert [json.loads(line)["text"] for line in ended.stdout.splitlines()] == ["7", "2"]


def test_csv(inkread, pictures):
    ended = inkread("read", "seven.png", "blank.png", "damaged.png", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(ended.stdout)))
    assert [row["source"] for row in rows] == ["seven.png", "blank.png", "damaged.png"]
    assert [row["text"] for row in rows] == ["7", "", ""]
    assert [row["line"] for row in rows] == ["1", "", ""]
    assert rows[0]["answered"] == "true"
    assert 0.5 < float(rows[0]["confidence"]) <= 1
    assert len(rows[0]["confidence"]) <= len("0.9999")
    assert float(rows[0]["width"]) > 10
    assert rows[1]["error"] == ""
    assert "got a damaged one" in rows[2]["error"]


def test_one_bad_picture_among_many(inkread, pictures):
    ended = inkread("read", "one.png", "damaged.png", "missing.png", "two.png")
    assert ended.code == 3
    assert ended.stdout == "one.png: 1\ndamaged.png: (not read)\nmissing.png: (not read)\ntwo.png: 2\n"
    assert "damaged.png: Expected a whole picture, got a damaged one" in ended.stderr
    assert "missing.png: Expected a picture, but there is no file 'missing.png'." in ended.stderr


def test_errors_stand_in_the_json_too(inkread, pictures):
    ended = inkread("read", "damaged.png", "two.png", "--format", "json")
    assert ended.code == 3
    bad, good = json.loads(ended.stdout)
    assert "damaged" in bad["error"]
    assert (good["error"], good["text"]) == (None, "2")


def test_folders_and_globs(inkread, pictures):
    Path("damaged.png").unlink()
    assert inkread("read", ".").stdout == "blank.png: (no number)\none.png: 1\nseven.png: 7\ntwo.png: 2\n"
    assert inkread("read", "*e*.png").stdout == "one.png: 1\nseven.png: 7\n"
    assert inkread("read", "t*.png", pictures / "o*.png").stdout == f"two.png: 2\n{pictures / 'one.png'}: 1\n"


def test_standard_input(inkread, pictures):
    ended = inkread("read", "-", "--format", "jsonl", stdin=Path("seven.png").read_bytes())
    assert ended.code == 0
    assert json.loads(ended.stdout)["source"] == "-"
    assert json.loads(ended.stdout)["text"] == "7"
    ended = inkread("read", "-")
    assert ended.code == 3
    assert "got an empty file: standard input" in ended.stderr


def test_pages_of_a_file(inkread, pictures):
    sheets = [Image.open(f"{name}.png") for name in ("one", "two")]
    sheets[0].save("form.pdf", save_all=True, append_images=sheets[1:])
    assert inkread("read", "form.pdf").stdout == "form.pdf: 1\nform.pdf (page 2): 2\n"
    rows = csv.DictReader(io.StringIO(inkread("read", "form.pdf", "--format", "csv").stdout))
    assert [row["page"] for row in rows] == ["1", "2"]


def test_withholding(inkread, pictures, monkeypatch, tmp_path):
    from tests.model_files import write_model

    monkeypatch.setenv("INKREAD_MODELS", str(tmp_path))
    write_model(tmp_path / "unsure.onnx")
    ended = inkread("read", "two.png", "--model", "unsure", "--max-error", "0.01")
    assert (ended.code, ended.stdout) == (0, "?\n")


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "csv"])
def test_output_to_a_file(inkread, pictures, form):
    expected = inkread("read", "seven.png", "two.png", "--format", form).stdout
    Path("out").write_text("old")
    ended = inkread("read", "seven.png", "two.png", "--format", form, "--output", "out")
    assert (ended.code, ended.stdout) == (0, "")
    assert Path("out").read_text(encoding="utf-8") == expected
    assert not Path("out.part").exists()


def test_what_was_read_is_drawn(inkread, pictures):
    Path("seven.pdf").mkdir()
    shutil.copy("two.png", "seven.pdf/seven.png")
    ended = inkread("read", "seven.png", "seven.pdf", "damaged.png", "-", "--draw", "drawn", stdin=b"")
    assert ended.code == 3
    assert "What was read is drawn in drawn: 2 pictures." in ended.stderr
    assert sorted(path.name for path in Path("drawn").iterdir()) == ["seven-read-2.png", "seven-read.png"]
    with Image.open("drawn/seven-read.png") as drawn:
        assert (0, 128, 64) in {colour for _, colour in drawn.getcolors(1 << 24)}


def test_one_picture_is_drawn_into_a_file(inkread, pictures):
    ended = inkread("read", "-", "--draw", "seven.jpg", stdin=Path("seven.png").read_bytes())
    assert (ended.code, ended.stdout) == (0, "7\n")
    assert ended.stderr == "What was read is drawn in seven.jpg.\n"
    with Image.open("seven.jpg") as drawn:
        assert drawn.format == "JPEG"
    ended = inkread("read", "seven.png", "two.png", "--draw", "both.png", "--output", "out")
    assert ended.code == 2
    assert "Expected a folder for --draw" in ended.stderr
    assert not Path("out").exists()
    assert not Path("out.part").exists()
    assert inkread("read", "seven.png", "--draw", "seven.png/drawn").code == 8


def test_a_failure_leaves_the_old_file(inkread, pictures, monkeypatch):
    Path("out").write_text("old")

    def fail(page: Page) -> dict:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Page, "to_dict", fail)
    ended = inkread("read", "seven.png", "--format", "json", "--output", "out")
    assert ended.code == 8
    assert "Error: Cannot write 'out': No space left on device. Name another file" in ended.stderr
    assert Path("out").read_text() == "old"
    assert not Path("out.part").exists()


@pytest.mark.parametrize("output", ["nowhere/out", "seven.png/out", "", ".", "/", "x" * 5000])
def test_outputs_that_cannot_be(inkread, pictures, output):
    ended = inkread("read", "seven.png", "--output", output)
    assert ended.code == 8
    assert ended.stdout == ""
    assert ended.stderr.startswith("Error: ")
    assert library.read("seven.png").text == "7"  # not written over


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_closed_folder(inkread, pictures):
    Path("closed").mkdir(0o500)
    ended = inkread("read", "seven.png", "--output", "closed/out")
    assert ended.code == 8
    assert "Permission denied" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--model", "defualt"], 4, "There is no model 'defualt'. Did you mean 'default'?"),
        (["--model", "nowhere.onnx"], 4, "there is none at 'nowhere.onnx'"),
        (["--model", "seven.onnx"], 4, "got something else or a damaged one: seven.onnx"),
        (["--layout", "digits"], 2, "got 'digits'. Did you mean 'digit'?"),
        (["--document", "amuont"], 2, "Did you mean 'amount'?"),
        (["--length", "0"], 2, "got 0"),
        (["--pattern", "(1"], 2, "Expected pattern as a regular expression"),
        (["--length", "five"], 2, "Expected --length as a whole number, got 'five'. See: inkread read --help"),
        (["--max-error", "2"], 2, "Expected max_error between 0 and 1"),
        (["--max-error", "nan"], 2, "got nan"),
        (["--format", "jsn"], 2, "as one of text, json, jsonl, csv, got 'jsn'. Did you mean 'json'?"),
        (["--fromat", "json"], 2, "Expected an option of inkread read, got '--fromat'. Did you mean '--format'?"),
    ],
)
def test_options_that_cannot_be(inkread, pictures, arguments, code, message):
    Path("seven.onnx").write_text("no network")
    ended = inkread("read", "seven.png", *arguments)
    assert ended.code == code
    assert ended.stdout == ""
    assert message in " ".join(ended.stderr.split())


def test_no_picture(inkread):
    ended = inkread("read")
    assert ended.code == 2
    assert ended.stderr.startswith("Error: Expected IMAGE, got none (pictures, folders, globs;")


def test_a_file_whose_name_is_no_text(inkread, pictures):
    """Names are bytes: Python holds those that are no UTF-8 with surrogates, which no encoding takes."""
    name = os.fsdecode(b"b\xff.png")
    try:
        Path("seven.png").rename(name)
    except OSError:
        pytest.skip("this file system takes no such name")
    assert json.loads(inkread("read", name, "--format", "json").stdout)[0]["source"] == name
    for form in ("json", "csv"):
        assert inkread("read", name, "--format", form, "--output", "out").code == 0
    assert r"b\udcff.png" in Path("out").read_text()
    done = spawn("read", name, os.fsdecode(b"c\xff.png"), env=ROOT)
    assert done.returncode == 3
    assert done.stdout.splitlines() == [rb"b\udcff.png: 7", rb"c\udcff.png: (not read)"]
    assert rb"c\udcff.png" in done.stderr


def test_names_on_a_terminal_are_no_markup(pictures, monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    console.error("[/bold] went wrong", title="scan[1][/].png")
    shown = capsys.readouterr().err
    assert "scan[1][/].png" in shown
    assert "[/bold] went wrong" in shown


ROOT = {"PYTHONPATH": str(Path(library.__file__).parent.parent)}
ENVIRONMENT = {key: value for key, value in os.environ.items() if key not in ("FORCE_COLOR", "TTY_COMPATIBLE")}


def spawn(*arguments: str, **options) -> subprocess.CompletedProcess:
    environment = ENVIRONMENT | options.pop("env", {})
    return subprocess.run(
        [sys.executable, "-m", "inkread", *arguments],
        capture_output=True,
        timeout=60,
        check=False,
        env=environment,
        **options,
    )


def test_in_a_process_of_its_own(pictures):
    done = spawn("read", "seven.png", "damaged.png", env=ROOT)
    assert done.returncode == 3
    assert done.stdout.decode().split("\n") == ["seven.png: 7", "damaged.png: (not read)", ""]
    assert done.stderr.decode().startswith("damaged.png: Expected a whole picture")
    done = spawn("read", "-", env=ROOT, input=Path("two.png").read_bytes())
    assert (done.returncode, done.stdout.decode().strip()) == (0, "2")
    assert spawn("read", "two.png", "--model", "none", env=ROOT).returncode == 4


def test_a_terminal_without_letters(pictures):
    Path("seven.png").rename("zürich ☃.png")
    environment = ROOT | {"PYTHONIOENCODING": "ascii"}
    done = spawn("read", "zürich ☃.png", "--format", "csv", env=environment)
    assert done.returncode == 0, done.stderr
    assert rb"z\xfcrich" in done.stdout
    done = spawn("read", "zürich ☃.png", "--format", "json", env=environment)
    assert json.loads(done.stdout)[0]["source"] == "zürich ☃.png"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_full_disk_behind_stdout(pictures, form):
    environment = ENVIRONMENT | ROOT
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "inkread", "read", "seven.png", "--format", form],
            stdout=full, stderr=subprocess.PIPE, env=environment, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 8
    assert done.stderr.decode() == "Error: Cannot write the results to standard output: No space left on device.\n"
