"""What a person writes, and what it means."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.config import values
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
        (values.tint, "#fff", "E-colour"),
        (values.tint, "100K", "E-range"),
        (values.tint, "gel L9999", "E-gel"),
        (values.tint, "gel blue", "E-gel"),
        (values.tint, "gel", "E-colour"),
        (values.tint, "xy(0.9, 0.3)", "E-colour"),
        (values.tint, "xy(., 0.3)", "E-colour"),
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


@given(st.text(max_size=30))
def test_no_text_raises_anything_but_bad(text: str) -> None:
    for parse in (
        values.time,
        values.level,
        values.angle,
        values.metres,
        values.hertz,
        values.tint,
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


@pytest.mark.parametrize(("text", "meant"), [("30", "30%"), ("0.5", "50%"), ("1.0", "100%"), ("128", "50%"), ("-3", "-3%")])
def test_a_level_without_its_unit_is_told_what_was_probably_meant(text: str, meant: str) -> None:
    with pytest.raises(values.Bad, match=f"write `{meant}`"):
        values.level(text)
