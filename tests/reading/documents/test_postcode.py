from __future__ import annotations

import pytest

import inkread
from inkread.errors import UsageError
from inkread.reading.documents.postcode import COUNTRIES, Postcode, postcode_field, read_codes
from inkread.results import Box, Digit, Line
from tests.reading.test_numbers import number

BOX = Box(0.0, 0.0, 10.0, 10.0)


def line(text: str) -> Line:
    digits = tuple(Digit(int(sign), sign, 0.9, (0.9,), BOX) for sign in text)
    return Line(digits, BOX, 0.8, (text,), text)


@pytest.mark.parametrize(
    ("country", "code", "written"),
    [
        ("DE", "01067", "01067"), ("US", "941032345", "94103-2345"), ("US", "94103", "94103"),
        ("jp", "1500001", "150-0001"), ("PL", "00950", "00-950"), ("SE", "11455", "114 55"),
        ("BR", "01310100", "01310-100"), ("FR", "75008", "75008"), ("CH", "8001", "8001"),
    ],
)  # fmt: skip
def test_how_codes_are_written(country, code, written):
    field = postcode_field("postcode", line(code), Postcode(country))
    assert (field.text, field.value, field.problems) == (written, written, ())


@pytest.mark.parametrize(("country", "code"), [("DE", "00123"), ("FR", "99000"), ("ES", "53000"), ("US", "9410")])
def test_what_is_no_code(country, code):
    field = postcode_field("postcode", line(code), Postcode(country))
    assert field.value is None
    assert field.problems == (f"{code} is no postal code of {country}",)


def test_every_country_has_codes():
    for country in COUNTRIES:
        wanted = Postcode(country).wanted
        assert any(wanted.may_begin(digit) for digit in "0123456789")


def test_a_list_of_codes(tmp_path):
    path = tmp_path / "codes.csv"
    path.write_text("1723;Marly\n17-24, Le Mouret\n\n", encoding="utf-8")
    codes = read_codes(str(path))
    assert codes == {"1723", "1724"}
    picture = number("1723")
    page = inkread.read(picture, document=Postcode("CH", codes))
    assert [field.value for field in page.fields] == ["1723"]
    # What is not on the list is not read, however clearly it is written.
    strict = inkread.read(picture, document=Postcode("CH", frozenset({"1724"})))
    assert strict.fields[0].value in (None, "1724")
    assert strict.fields[0].confidence < 0.5


def test_through_read():
    page = inkread.read(number("30123"), document="postcode:US")
    (field,) = page.fields
    assert (field.name, field.kind, field.value) == ("postcode", "postcode", "30123")
    assert page.lines[0].text == "30123"
    assert field.box == page.lines[0].box


def test_countries_and_lists_that_cannot_be(tmp_path):
    with pytest.raises(UsageError, match="Expected a country by two letters for a postal code, got 'XX'"):
        Postcode("XX")
    with pytest.raises(UsageError, match="cannot open"):
        read_codes(str(tmp_path / "none.txt"))
