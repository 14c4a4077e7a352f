"""Every kind of bad input ends in the error that the table of docs/errors.md promises."""

from __future__ import annotations

import re

import pytest

from inkread import errors
from tests.bad_input.table import CASES, COMMAND, PATH, message, render


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_bad_input(case, tmp_path, capsys):
    with pytest.raises(case.error) as caught:
        case.provoke(tmp_path)
    assert type(caught.value) is case.error
    said = str(caught.value)
    # What was expected, or that it cannot be found or opened; in whole sentences, not a single word.
    assert re.search(r"[Ee]xpected|[Tt]here is no|must be|Cannot (open|write)|has no part", said), said
    assert len(said.split()) >= 6
    assert "Traceback" not in said
    assert "Error(" not in said
    # Nothing is shown beside the error, and nothing is given out as a result.
    assert capsys.readouterr() == ("", "")


def test_there_are_many_and_each_is_one():
    assert len(CASES) >= 45
    assert len({case.id for case in CASES}) == len(CASES)


def test_the_kinds_of_errors_a_user_can_provoke_are_covered():
    covered = {case.error for case in CASES}
    elsewhere = {
        errors.ChecksumError,  # tests/datasets
        errors.DownloadError,
        errors.MissingExtraError,  # tests/cli
        errors.TrainingError,  # tests/training
    }
    kinds = {getattr(errors, name) for name in errors.__all__}
    leaves = {kind for kind in kinds if not kind.__subclasses__()}
    assert leaves - elsewhere <= covered


def test_messages_do_not_depend_on_the_folder(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    case = CASES[0]
    assert message(case, tmp_path / "a") == message(case, tmp_path / "b")


def test_the_page_is_up_to_date():
    assert PATH.read_text(encoding="utf-8") == render(), f"Make docs/errors.md again with: {COMMAND}"
