"""Colours by every name people give them, on everything that makes colour."""

from __future__ import annotations

import colorsys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.config import colour, gels, values
from showctl.fixtures.model import COLOURS

RGB = frozenset(("red", "green", "blue"))
CMY = frozenset(("cyan", "magenta", "yellow"))
TEXTS = st.one_of(
    st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}"),
    st.integers(1000, 25_000).map(lambda n: f"{n}K"),
    st.sampled_from(sorted(gels.GELS)).map(lambda n: f"gel {n}"),
    st.tuples(st.floats(0.01, 0.7), st.floats(0.01, 0.29)).map(lambda p: f"xy({p[0]:.3f}, {p[1]:.3f})"),
)


def mixed(text: str, present: str) -> dict[str, float]:
    return {n: pytest.approx(v, abs=1e-3) for n, v in colour.mix(values.tint(text), frozenset(present.split())).items() if v}


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


@given(TEXTS, st.frozensets(st.sampled_from([*COLOURS, "hue", "saturation"])))
def test_every_colour_on_everything(text: str, present: frozenset[str]) -> None:
    """What can mix gets a level for all it has, 0..1; amber, lime, UV and indigo only light when they are named."""
    levels = colour.mix(values.tint(text), present)
    assert levels.keys() in (set(), present)
    assert all(0 <= level <= 1 for level in levels.values())
    assert not any(levels.get(name) for name in ("amber", "lime", "uv", "indigo"))
    if present >= RGB:
        assert levels.keys() == present


@given(TEXTS, st.frozensets(st.sampled_from(["white", "amber", "uv", "lime", "indigo"])))
def test_white_is_what_the_three_have_in_common(text: str, more: frozenset[str]) -> None:
    """Taken out and put back, the colour is the same."""
    tint = values.tint(text)
    levels = colour.mix(tint, RGB | more)
    white = levels.get("white", 0.0)
    assert tuple(levels[name] + white for name in ("red", "green", "blue")) == pytest.approx(tint.rgb)
    assert "white" not in more or min(levels["red"], levels["green"], levels["blue"]) == 0.0


@given(TEXTS)
def test_filters_take_away_what_emitters_would_not_give(text: str) -> None:
    tint = values.tint(text)
    levels = colour.mix(tint, CMY)
    assert tuple(1 - levels[name] for name in ("cyan", "magenta", "yellow")) == pytest.approx(tint.rgb)


@given(st.integers(0, 0xFFFFFF))
def test_hue_and_saturation(number: int) -> None:
    tint = values.tint(f"#{number:06x}")
    levels = colour.mix(tint, frozenset(("hue", "saturation")))
    assert colorsys.hsv_to_rgb(levels["hue"], levels["saturation"], max(tint.rgb)) == pytest.approx(tint.rgb)


@pytest.mark.parametrize(
    ("text", "present", "wanted"),
    [
        ("#ff8040", "red green blue white amber uv", {"red": 0.749, "green": 0.251, "white": 0.251}),
        ("#ffffff", "red green blue warm-white cold-white", {"cold-white": 1.0}),
        ("#ff0000", "red green blue cyan magenta yellow", {"red": 1.0}),
        ("#ff0000", "cyan magenta yellow", {"magenta": 1.0, "yellow": 1.0}),
        ("3000K", "warm-white cold-white", {"warm-white": 1.0}),
        ("6500K", "warm-white cold-white", {"cold-white": 1.0}),
        ("2000K", "warm-white cold-white", {"warm-white": 1.0}),
        ("6500K", "red green blue warm-white cold-white", {"cold-white": 1.0}),
        ("#ff0000", "warm-white cold-white", {}),
        ("#ff0000", "white", {}),
        ("2700K", "white amber", {}),
    ],
)
def test_how_a_fixture_mixes(text: str, present: str, wanted: dict[str, float]) -> None:
    assert mixed(text, present) == wanted


@given(st.floats(3001, 6499))
def test_two_whites_meet_the_temperature(kelvin: float) -> None:
    """The x of the mixed light is that of the temperature; y is within what a straight line leaves."""
    levels = colour.mix(values.tint(f"{kelvin:.0f}K"), frozenset(("warm-white", "cold-white")))
    ends = {"warm-white": colour.planckian(colour.WARM), "cold-white": colour.daylight(colour.COLD)}
    big_x = sum(levels[n] * x / y for n, (x, y) in ends.items())
    big_y = sum(levels.values())
    big_z = sum(levels[n] * (1 - x - y) / y for n, (x, y) in ends.items())
    total = big_x + big_y + big_z
    share = min(1.0, max(0.0, (kelvin - 4000) / 1000))
    wanted = [p + share * (d - p) for p, d in zip(colour.planckian(kelvin), colour.daylight(max(kelvin, 4000.0)), strict=True)]
    assert big_x / total == pytest.approx(wanted[0], abs=0.001)
    assert big_y / total == pytest.approx(wanted[1], abs=0.012)
    assert max(levels.values()) == 1.0


def test_differences_are_those_of_the_tables() -> None:
    """L*a*b* of the primaries of sRGB (IEC 61966-2-1 through CIE 15): red 53.2, 80.1, 67.2; white 100, 0, 0."""
    white, red = values.tint("#ffffff"), values.tint("#ff0000")
    assert colour._lab(red.light) == pytest.approx((53.24, 80.09, 67.20), abs=0.05)
    assert colour._lab(white.light) == pytest.approx((100, 0, 0), abs=0.05)
    assert colour.difference(red, white) == pytest.approx((46.76**2 + 80.09**2 + 67.20**2) ** 0.5, abs=0.1)
    assert colour.difference(values.tint("#000080"), values.tint("#0000ff")) == pytest.approx(0)  # only darker


@given(TEXTS, TEXTS)
def test_a_difference_is_one(one: str, other: str) -> None:
    a, b = values.tint(one), values.tint(other)
    assert colour.difference(a, a) == 0
    assert colour.difference(a, b) == colour.difference(b, a) >= 0


def test_gels() -> None:
    # L201 makes daylight of tungsten and L204 a candle of it; R80 and L119 are deep blues, L106 is red.
    assert colour.difference(values.tint("gel L201"), values.tint("5600K")) < 8
    assert values.tint("gel l0201") == values.tint("gel L201")
    red, _, blue = values.tint("gel R80").rgb
    assert blue == 1.0
    assert red == 0.0
    assert values.tint("gel L106").rgb == (1.0, 0.0, 0.0)
    with pytest.raises(values.Bad, match="near it are L181 Congo Blue, L182 Light Red, L183"):
        values.tint("gel L185")


def test_the_table_of_gels() -> None:
    """Every one is written as the reader reads it, and lies within the chromaticities there are."""
    assert len(gels.GELS) > 150
    for key, (name, x, y) in gels.GELS.items():
        assert gels.find(key) == (x, y)
        assert name.strip() == name != ""
        assert 0.1 < x < 0.735
        assert 0.03 < y < 0.84
        assert x + y <= 1.003  # three digits, rounded one by one
