"""Options of reading, model files, and the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from onnx import TensorProto
from PIL import Image

import inkread
from inkread.cli import app
from inkread.errors import ModelError, ModelNotFoundError, OutputError, UnreadableImageError, UsageError
from tests.bad_input.case import collector
from tests.model_files import make_card, write_model

READING, option = collector("Options of reading")
MODELS, model = collector("Model files")
COMMANDS, command = collector("The command line")

_BLANK = np.full((9, 9), 255, np.uint8)


def _run(*arguments: object) -> None:
    app([str(argument) for argument in arguments], standalone_mode=False, prog_name="inkread")


def _picture(folder: Path) -> Path:
    Image.fromarray(_BLANK).save(folder / "seven.png")
    return folder / "seven.png"


@option('layout="digits"', UsageError)
def _(folder: Path) -> None:
    inkread.read(_BLANK, layout="digits")


@option("a length for one digit", UsageError)
def _(folder: Path) -> None:
    inkread.read(_BLANK, layout="digit", length=5)


@option("a document of one digit", UsageError)
def _(folder: Path) -> None:
    inkread.read(_BLANK, layout="digit", document="amount")


@option("length=0", UsageError)
def _(folder: Path) -> None:
    inkread.read(_BLANK, length=0)


@option("a pattern that is no regular expression", UsageError, r"missing \)")
def _(folder: Path) -> None:
    inkread.read(_BLANK, pattern="(19")


@option("a pattern that no digits match", UsageError)
def _(folder: Path) -> None:
    inkread.read(_BLANK, pattern="[A-Z]+")


@option("a pattern as a number", UsageError)
def _(folder: Path) -> None:
    inkread.read(_BLANK, pattern=5)


@option("a misspelt document", UsageError)
def _(folder: Path) -> None:
    inkread.read(_BLANK, document="amuont")


@option("amounts of an unknown locale", UsageError, "Known are: .*")
def _(folder: Path) -> None:
    inkread.read(_BLANK, document="amount:xx")


@option("postal codes of an unknown country", UsageError, "Known are: .*")
def _(folder: Path) -> None:
    inkread.read(_BLANK, document="postcode:XX")


@option("a list of postal codes that is not there", UsageError)
def _(folder: Path) -> None:
    inkread.read(_BLANK, document=f"postcode:DE:{folder / 'codes.txt'}")


@option("a list of postal codes without any", UsageError)
def _(folder: Path) -> None:
    (folder / "codes.txt").write_text("none\n")
    inkread.read(_BLANK, document=f"postcode:DE:{folder / 'codes.txt'}")


@option("the template of a form that is not there", UsageError)
def _(folder: Path) -> None:
    inkread.read(_BLANK, document=str(folder / "form.json"))


@option("the template of a form that is damaged", UsageError, "Expecting .*")
def _(folder: Path) -> None:
    (folder / "form.json").write_text("{")
    inkread.read(_BLANK, document=str(folder / "form.json"))


@option("a scan without the corner marks of its form", UnreadableImageError)
def _(folder: Path) -> None:
    example = Path(__file__).parents[2] / "examples" / "form" / "template.json"
    inkread.read(_BLANK, document=str(example))


@option("max_error=1", UsageError)
def _(folder: Path) -> None:
    inkread.read(_BLANK, max_error=1)


@option('max_error="0.01"', UsageError)
def _(folder: Path) -> None:
    inkread.read(_BLANK, max_error="0.01")


@option("workers=0", UsageError)
def _(folder: Path) -> None:
    inkread.read_many([], workers=0)


@option('on_error="ignore"', UsageError)
def _(folder: Path) -> None:
    inkread.read_many([], on_error="ignore")


@option("model=None", UsageError)
def _(folder: Path) -> None:
    inkread.read(_BLANK, model=None)


@option("threads=0", UsageError)
def _(folder: Path) -> None:
    inkread.Predictor(threads=0)


@option("one picture, given to predict", UsageError)
def _(folder: Path) -> None:
    inkread.Predictor().predict(np.zeros((28, 28), np.uint8))


@option("pictures of another size, given to predict", UsageError)
def _(folder: Path) -> None:
    inkread.Predictor().predict(np.zeros((5, 32, 32), np.uint8))


@option("floats, given to predict_proba", UsageError)
def _(folder: Path) -> None:
    inkread.Predictor().predict_proba(np.zeros((5, 28, 28), np.float32))


@model("a misspelt name", ModelNotFoundError, "Known are: .*?\\.")
def _(folder: Path) -> None:
    inkread.Reader("defualt")


@model("a misspelt path", ModelNotFoundError)
def _(folder: Path) -> None:
    write_model(folder / "mine.onnx")
    inkread.Reader(folder / "mien.onnx")


@model("a file that is no ONNX", ModelError, r"\(.*\)")
def _(folder: Path) -> None:
    (folder / "mine.onnx").write_text("no network")
    inkread.Reader(folder / "mine.onnx")


@model("a file that is cut short", ModelError, r"\(.*\)")
def _(folder: Path) -> None:
    path = write_model(folder / "mine.onnx")
    path.write_bytes(path.read_bytes()[:5000])
    inkread.Reader(path)


@model("an ONNX file that inkread did not make", ModelError)
def _(folder: Path) -> None:
    inkread.Reader(write_model(folder / "mine.onnx", card=None))


@model("a card that is no JSON", ModelError, r"\(.*\)")
def _(folder: Path) -> None:
    inkread.Reader(write_model(folder / "mine.onnx", card="{"))


@model("a card of a later format", ModelError)
def _(folder: Path) -> None:
    inkread.Reader(write_model(folder / "mine.onnx", card='{"format": 9}'))


@model("a card without labels", ModelError)
def _(folder: Path) -> None:
    inkread.Reader(write_model(folder / "mine.onnx", card='{"format": 1, "name": "mine"}'))


@model("another version of the preprocessing", ModelError, r"(?<=preprocessing version )\d+")
def _(folder: Path) -> None:
    inkread.Reader(write_model(folder / "mine.onnx", card=make_card(preprocessing=99)))


@model("a network for other pictures than its card says", ModelError)
def _(folder: Path) -> None:
    inkread.Reader(write_model(folder / "mine.onnx", shape=(32, 32)))


@model("a network for floats", ModelError)
def _(folder: Path) -> None:
    inkread.Reader(write_model(folder / "mine.onnx", input_type=TensorProto.FLOAT))


@model("a network for one picture at a time", ModelError)
def _(folder: Path) -> None:
    inkread.Reader(write_model(folder / "mine.onnx", batch=1))


@model("a network with other outputs than labels", ModelError)
def _(folder: Path) -> None:
    inkread.Reader(write_model(folder / "mine.onnx", outputs=26))


@model("a model without preprocessing, given to Reader", ModelError)
def _(folder: Path) -> None:
    card = make_card(shape=(32, 32, 3), preprocessing=None)
    inkread.Reader(write_model(folder / "mine.onnx", shape=(32, 32, 3), card=card))


@command("inkread read --layout digits", UsageError)
def _(folder: Path) -> None:
    _run("read", _picture(folder), "--layout", "digits")


@command("inkread read --max-error 5", UsageError)
def _(folder: Path) -> None:
    _run("read", _picture(folder), "--max-error", "5")


@command("inkread read --model defalt", ModelNotFoundError, "Known are: .*?\\.")
def _(folder: Path) -> None:
    _run("read", _picture(folder), "--model", "defalt")


@command("inkread read --output in a folder that does not exist", OutputError)
def _(folder: Path) -> None:
    _run("read", _picture(folder), "--output", folder / "nowhere" / "out.csv")


@command("inkread read --output with the name of a folder", OutputError)
def _(folder: Path) -> None:
    _run("read", _picture(folder), "--output", folder)


@command("inkread train of a misspelt recipe", UsageError, "Known are: .*?\\.")
def _(folder: Path) -> None:
    _run("train", "defualt")


@command("inkread train --epochs 0 --precision half", UsageError)
def _(folder: Path) -> None:
    _run("train", "--epochs", "0", "--precision", "half")


@command("inkread train --config with a file that does not exist", UsageError)
def _(folder: Path) -> None:
    _run("train", "--config", folder / "run.toml")


@command("inkread read --length five", UsageError)
def _(folder: Path) -> None:
    _run("read", _picture(folder), "--length", "five")


@command("inkread read --format jsn", UsageError)
def _(folder: Path) -> None:
    _run("read", _picture(folder), "--format", "jsn")


@command("inkread read --fromat json", UsageError)
def _(folder: Path) -> None:
    _run("read", _picture(folder), "--fromat", "json")


@command("inkread read without a picture", UsageError)
def _(folder: Path) -> None:
    _run("read")


@command("inkread read --draw of two pictures into a file", UsageError)
def _(folder: Path) -> None:
    _run("read", _picture(folder), _picture(folder), "--draw", folder / "drawn.png", "--output", folder / "out")


@command("inkread serve --port 99999", UsageError)
def _(folder: Path) -> None:
    _run("serve", "--port", "99999")


@command("inkread reed", UsageError, "Known are: .*?\\.")
def _(folder: Path) -> None:
    _run("reed")
