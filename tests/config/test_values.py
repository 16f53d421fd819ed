"""What a person writes, and what it means."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.config import colour, values
from showctl.plan import Span


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("2s", Span(2.0)),
        ("500ms", Span(0.5)),
        ("1:30", Span(90.0)),
        ("0:02.5", Span(2.5)),
        ("1/2 beat", Span(0.5, "beat")),
        ("1 beat", Span(1.0, "beat")),
        ("4 bars", Span(4.0, "bar")),
        ("1.5 beats", Span(1.5, "beat")),
    ],
)
def test_times(text: str, span: Span) -> None:
    assert values.time(text) == span


@pytest.mark.parametrize(
    ("parse", "text", "code"),
    [
        (values.time, "2", "E-unit"),
        (values.time, "-1s", "E-range"),
        (values.time, "1/0 beat", "E-time"),
        (values.time, "2 minutes", "E-time"),
        (values.time, "90000s", "E-range"),
        (values.time, "1:75", "E-time"),
        (values.seconds, "1 beat", "E-unit"),
        (values.level, "70", "E-unit"),
        (values.level, "101%", "E-range"),
        (values.level, "-1%", "E-level"),
        (values.level, "on", "E-level"),
        (values.angle, "25", "E-unit"),
        (values.angle, "25°", "E-angle"),
        (values.rgb, "#fff", "E-colour"),
        (values.rgb, "100K", "E-range"),
        (values.rgb, "gel L201", "E-colour"),
        (values.rgb, "xy(0.9, 0.3)", "E-colour"),
        (values.rgb, "xy(., 0.3)", "E-colour"),
        (values.cue_number, "0", "E-cue-number"),
        (values.cue_number, "10000", "E-cue-number"),
        (values.cue_number, "1.0001", "E-cue-number"),
        (values.cue_number, "1e3", "E-cue-number"),
        (values.cue_number, "١", "E-cue-number"),
        (values.address, "1.1", "E-address"),
        (values.address, "1/513", "E-slot"),
        (values.address, "0/1", "E-universe"),
        (values.address, "64000/1", "E-universe"),
        (values.truth, "yes", "E-truth"),
        (values.listener, "8080", "E-listen"),
        (values.listener, "localhost:0", "E-listen"),
        (values.listener, "host:80", "E-ip"),
    ],
)
def test_mistakes_name_what_to_write(parse, text: str, code: str) -> None:
    with pytest.raises(values.Bad) as caught:
        parse(text)
    assert caught.value.code == code
    assert text in str(caught.value)


def test_cue_numbers_are_decimals() -> None:
    assert values.cue_number("1.10") == values.cue_number("1.1") == Decimal("1.1")
    assert values.cue_number("1.9") < values.cue_number("1.95") < values.cue_number("10")
    assert str(values.cue_number("1000")) == "1000"
    assert str(values.cue_number("010")) == "10"


@given(st.floats(1000, 25_000))
def test_every_temperature_is_a_colour(kelvin: float) -> None:
    levels = colour.from_kelvin(kelvin)
    assert max(levels) == 1.0
    assert min(levels) >= 0.0


def test_temperatures_lie_where_the_tables_put_them() -> None:
    # CIE standard illuminants: A is a black body of 2856 K, D65 daylight of 6504 K.
    assert colour.planckian(2856) == pytest.approx((0.4476, 0.4074), abs=0.0006)
    assert colour.daylight(6504) == pytest.approx((0.3127, 0.3290), abs=0.0003)
    assert colour.from_kelvin(6504) == pytest.approx((1, 1, 1), abs=0.01)
    red, green, blue = colour.from_kelvin(2700)
    assert red > green > blue


def test_white_is_taken_out_of_the_colours() -> None:
    rgbw = frozenset(("red", "green", "blue", "white"))
    assert colour.emitters((1.0, 0.5, 0.25), rgbw) == {"red": 0.75, "green": 0.25, "blue": 0.0, "white": 0.25}
    assert colour.emitters((1.0, 0.5, 0.25), frozenset(("red", "green", "blue"))) == {"red": 1.0, "green": 0.5, "blue": 0.25}
    assert colour.emitters((1.0, 1.0, 1.0), frozenset(("red", "green", "blue", "amber")))["amber"] == 0.0


@given(st.text(max_size=30))
def test_no_text_raises_anything_but_bad(text: str) -> None:
    for parse in (
        values.time,
        values.level,
        values.angle,
        values.metres,
        values.hertz,
        values.rgb,
        values.cue_number,
        values.address,
        values.universe,
        values.listener,
        values.ipv4,
        values.network,
        values.name,
        values.label,
        values.whole(0, 9),
    ):
        with contextlib.suppress(values.Bad):
            parse(text)
