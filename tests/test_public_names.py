from __future__ import annotations

import inspect
import json
import subprocess
import sys

import pytest

import inkread
from inkread import errors

TRAINING = {"keras", "tensorflow", "torch", "jax", "sklearn", "matplotlib", "tkinter", "fastapi", "onnx", "tf2onnx"}
HEAVY = TRAINING | {"cv2", "onnxruntime", "numpy", "PIL", "pypdfium2"}
MAX_HELP_SECONDS = 1.5  # of processor time; the aim is 0.3, the machines of tests are slow and busy

_RUN_AND_TELL = """
import json, sys, time
sys.argv = ["inkread", *sys.argv[1:]]
from inkread.__main__ import main
try:
    main()
except SystemExit as end:
    code = end.code
else:
    code = 0
told = {"code": code, "seconds": time.process_time(), "modules": sorted({name.split(".")[0] for name in sys.modules})}
print(json.dumps(told), file=sys.stderr)
"""


def run_and_tell(*arguments: str) -> dict:
    """Run the command in a process of its own; return its exit code, processor time and the modules it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", _RUN_AND_TELL, *arguments], capture_output=True, text=True, timeout=60, check=True
    )
    return json.loads(done.stderr.splitlines()[-1]) | {"stdout": done.stdout}


@pytest.mark.parametrize("module", [inkread, errors])
def test_all_is_sorted_and_true(module):
    names = module.__all__
    assert list(names) == sorted(set(names))
    for name in names:
        assert getattr(module, name) is not None


def test_every_public_name_is_explained():
    for name in set(inkread.__all__) - {"__version__"}:
        text = inspect.getdoc(getattr(inkread, name))
        assert text, name
        assert text.splitlines()[0].endswith((".", ":", "calls.")), name


@pytest.mark.parametrize("owner", ["Reader", "Predictor", "Page", "Line", "Digit", "Field", "Box"])
def test_every_public_method_is_explained(owner):
    for name, member in inspect.getmembers(getattr(inkread, owner)):
        if not name.startswith("_") and (callable(member) or isinstance(member, property)):
            assert inspect.getdoc(member), f"{owner}.{name}"


def test_functions_say_what_they_take_and_give():
    for name in ("read", "read_many", "normalize", "normalize_batch", "draw"):
        function = getattr(inkread, name)
        signature = inspect.signature(function)
        assert signature.return_annotation is not inspect.Signature.empty, name
        for parameter in signature.parameters.values():
            assert parameter.annotation is not inspect.Parameter.empty, (name, parameter.name)
            assert f"{parameter.name}:" in function.__doc__, (name, parameter.name)


def test_the_contract_of_read():
    parameters = inspect.signature(inkread.read).parameters
    assert list(parameters) == ["image", "model", "layout", "document", "max_error", "length", "pattern"]
    assert all(p.kind is p.KEYWORD_ONLY for name, p in parameters.items() if name != "image")
    many = inspect.signature(inkread.read_many).parameters
    assert set(many) - set(parameters) == {"sources", "on_error", "workers"}
    assert many["on_error"].default == "raise"


def test_dir_lists_the_public_names():
    assert set(dir(inkread)) == set(inkread.__all__)


def test_an_unknown_name():
    with pytest.raises(AttributeError, match="module 'inkread' has no attribute 'reed'"):
        _ = inkread.reed


def test_names_come_from_one_place():
    assert inkread.errors is errors
    assert inkread.read is inkread.read
    assert inkread.read.__module__ == "inkread.reading.read"


def test_errors_have_exit_codes_and_fit_the_built_in_ones():
    kinds = [getattr(errors, name) for name in errors.__all__]
    assert all(issubclass(kind, errors.InkreadError) for kind in kinds)
    assert {kind.exit_code for kind in kinds} == set(range(1, 10))
    assert issubclass(errors.ImageError, ValueError)
    assert issubclass(errors.ModelError, ValueError)
    assert issubclass(errors.MissingExtraError, ImportError)
    assert issubclass(errors.OutputError, OSError)
    assert issubclass(errors.QualityError, ValueError)
    # The table at the top of the module names each.
    assert all(name in errors.__doc__ for name in errors.__all__)


def test_help_loads_nothing_heavy(record_property):
    told = run_and_tell("--help")
    assert told["code"] == 0
    assert "read" in told["stdout"]
    assert HEAVY.isdisjoint(told["modules"])
    record_property("seconds", told["seconds"])
    assert told["seconds"] < MAX_HELP_SECONDS


@pytest.mark.parametrize(
    "arguments", [("read", "--help"), ("train", "--help"), ("serve", "--help"), ("pad", "--help"), ("--version",)]
)
def test_asking_loads_nothing_heavy(arguments):
    told = run_and_tell(*arguments)
    assert told["code"] == 0
    assert HEAVY.isdisjoint(told["modules"])


def test_the_runtime_half_reaches_no_training_half(tmp_path, draw_digit):
    from PIL import Image

    path = tmp_path / "seven.png"
    Image.fromarray(draw_digit(7)).save(path)
    told = run_and_tell("read", str(path), "--format", "json")
    assert told["code"] == 0
    assert json.loads(told["stdout"])[0]["text"] == "7"
    assert TRAINING.isdisjoint(told["modules"])
    assert {"cv2", "onnxruntime"} <= set(told["modules"])  # so that the check above looks at the right process


def test_listing_models_needs_no_training_framework():
    told = run_and_tell("models")
    assert told["code"] == 0
    assert TRAINING.isdisjoint(told["modules"])
