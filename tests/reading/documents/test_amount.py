from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkread.errors import UsageError
from inkread.reading.documents.amount import COUNTRIES, LOCALES, amount_field, parse_amount
from inkread.results import Box, Line

BOX = Box(0.0, 0.0, 10.0, 10.0)


@pytest.mark.parametrize(
    ("written", "locale", "value"),
    [
        ("1.234,50", None, "1234.50"),
        ("1,234.50", None, "1234.50"),
        ("1.234,50", "de", "1234.50"),
        ("1,234.50", "en-GB", "1234.50"),
        ("22.970.-", None, "22970"),
        ("22.970,-", "de-AT", "22970"),
        ("146.400 -.", None, "146400"),
        ("34 605=", None, "34605"),
        ("83215,=", None, "83215"),
        ("=500=", None, "500"),
        ("--500--", None, "500"),
        ("1.234.567", None, "1234567"),
        ("12 345,00", "fr", "12345.00"),
        ("12'345.60", "de-CH", "12345.60"),
        ("0,05", "de", "0.05"),
        ("007", None, "7"),
        ("12.50", None, "12.50"),
        ("12,50", None, "12.50"),
        ("$ 99.95", "en", "99.95"),
        ("1.234", "en", "1234"),
        ("5.000", "es-CL", "5000"),
    ],
)
def test_what_amounts_mean(written, locale, value):
    assert parse_amount(written, locale)[0].value == Decimal(value)
    assert str(parse_amount(written, locale)[0].value) == value


def test_readings_are_ranked():
    readings = parse_amount("12.5000", "de")
    assert readings[0].value == Decimal(125000)
    assert [r.probability for r in readings] == sorted((r.probability for r in readings), reverse=True)
    assert sum(r.probability for r in readings) == pytest.approx(1)
    sure = parse_amount("1.234,50")[0].probability
    assert sure > 0.9 > parse_amount("1 50")[0].probability


@pytest.mark.parametrize("written", ["", "-", "=", ".,", "12?0", "? ?"])
def test_what_is_no_amount(written):
    assert parse_amount(written) == ()


@given(st.text("0123456789.,'-= ?", max_size=14), st.sampled_from([None, *LOCALES]))
def test_any_writing_has_a_sane_meaning(written, locale):
    readings = parse_amount(written, locale)
    for reading in readings:
        assert reading.value >= 0
        assert 0 <= reading.probability <= 1
    assert (not readings) == ("?" in written or not any(sign.isdigit() for sign in written))


@given(st.decimals(0, 10**9, places=2), st.sampled_from([",.", ".,"]))
def test_what_is_written_regularly_is_understood(value, marks):
    thousands, cents = marks
    written = f"{value:,.2f}".replace(",", "x").replace(".", cents).replace("x", thousands)
    locale = "en" if marks == ",." else "de"
    assert parse_amount(written, locale)[0].value == value


@pytest.mark.parametrize(
    ("locale", "written", "value"),
    [
        ("us", "1,234", "1234"),
        ("gb", "1,234", "1234"),
        ("en-US", "1,234", "1234"),
        ("de_DE.UTF-8", "1,23", "1.23"),
        ("ch", "1'234.50", "1234.50"),
        ("BR", "1.234,50", "1234.50"),
        ("se", "1 234,50", "1234.50"),
        ("fr-CA", "1 234,50", "1234.50"),
    ],
)
def test_countries_stand_for_their_languages(locale, written, value):
    assert str(parse_amount(written, locale)[0].value) == value


def test_countries_are_no_languages_and_have_one():
    assert not set(COUNTRIES) & set(LOCALES)
    assert set(COUNTRIES.values()) <= set(LOCALES)


def test_an_unknown_locale():
    with pytest.raises(UsageError, match=r"Expected a language .* or a country .*, got 'xx'"):
        parse_amount("1", "xx")


def test_the_field_of_a_line():
    field = amount_field("amount", Line((), BOX, 0.9, transcript="22.970.-"), None)
    assert (field.name, field.kind, field.text, field.value) == ("amount", "amount", "22.970.-", "22970")
    assert 0.8 < field.confidence <= 0.9
    assert field.problems == ()
    doubtful = amount_field("amount", Line((), BOX, 0.9, transcript="1 50"), None)
    assert doubtful.problems == ("it may mean 150 instead of 1.50",)
    withheld = amount_field("amount", Line((), BOX, 0.9, transcript="1?0", answered=False), None)
    assert (withheld.value, withheld.answered) == (None, False)
    assert withheld.problems == ("the amount is withheld",)
