"""Every form of the words, against the built-in venue and show; and every way in which they are not understood."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.config.load import load
from showctl.config.setting import setting
from showctl.config.values import Bad
from showctl.config.words import Words
from showctl.fixtures.generic import SHUTTER
from showctl.fixtures.model import Channel
from showctl.model import Hold, Park, SetHouse
from showctl.plan import Category, Group, Palette, Parameter, PatchedFixture, Place, Plan, Universe

DEMO = Path(__file__).resolve().parents[2] / "showctl" / "demo"


@cache
def demo() -> tuple[Plan, Words]:
    plan = load(DEMO / "venue.yaml", DEMO / "show.yaml").plan
    return plan, Words(plan)


def say(text: str) -> dict[str, float]:
    return dict(demo()[1].hold(text))


def small() -> Plan:
    """One fixture with emitters and a wheel, one bar of two cells, a house light, with a group and palettes of their own."""
    one = [
        Parameter("par.1", 0, "intensity", Category.INTENSITY, 1, (1,)),
        *(Parameter("par.1", 0, n, Category.COLOUR, 1, (2 + i,)) for i, n in enumerate(("red", "green", "blue", "white"))),
        Parameter("par.1", 0, "colour-wheel", Category.COLOUR, 1, (6,), default=0.1),
        Parameter("par.1", 0, "tilt", Category.POSITION, 1, (7,), degrees=(-90.0, 90.0)),
        Parameter("bar", 1, "red", Category.COLOUR, 1, (11,)),
        Parameter("bar", 2, "red", Category.COLOUR, 1, (12,)),
        Parameter("hall", 0, "intensity", Category.INTENSITY, 1, (20,)),
    ]
    fixtures = (
        PatchedFixture("par.1", "wash", "", Place(), tuple(range(7))),
        PatchedFixture("bar", "bar", "", Place(), (7, 8), cells=2),
        PatchedFixture("hall", "dimmer", "", Place(), (9,)),
    )
    groups = (Group("some", (tuple(range(7)), (8,))),)
    palettes = (Palette("colour", "blood", ((1, 0.9), (7, 0.8), (8, 0.8))), Palette("intensity", "glow", ((0, 0.25), (9, 0.25))))
    return Plan(tuple(one), fixtures, (Universe(1),), groups=groups, palettes=palettes, house=(9,), venue="v")


def test_levels_by_group_fixture_and_arithmetic() -> None:
    assert say("back intensity 70%") == {f"wash.{i}/intensity": 0.7 for i in range(1, 7)}
    assert say("wash.odd intensity full") == {f"wash.{i}/intensity": 1.0 for i in (1, 3, 5)}
    assert say("wash - wash.2-6 + key.1 intensity out") == {"wash.1/intensity": 0.0, "key.1/intensity": 0.0}
    assert set(say("all intensity 5%")) >= {"wash.1/intensity", "bar.4/intensity"}
    assert "probe/intensity" not in say("all intensity 5%")
    assert say("probe intensity 5%") == {"probe/intensity": 0.05}


def test_cells() -> None:
    assert len(say("cells red 50%")) == 32
    assert say("bar.2.cells.3 red 50%") == {"bar.2:3/red": 0.5}
    assert say("bar.1 red 50%") == {f"bar.1:{cell}/red": 0.5 for cell in range(1, 9)}


def test_palettes_are_what_the_plan_says() -> None:
    plan, words = demo()
    blood = next(p for p in plan.palettes if (p.category, p.name) == ("colour", "violet"))
    wanted = {plan.parameters[p].key: v for p, v in blood.values if plan.parameters[p].fixture.startswith("wash.")}
    assert dict(words.hold("back colour violet")) == wanted
    assert say("spot.1 position tail").keys() == {"spot.1/pan", "spot.1/tilt"}
    assert say("back intensity half") == {f"wash.{i}/intensity": 0.5 for i in range(1, 7)}
    assert dict(Words(small()).hold("some colour blood")) == {"par.1/red": 0.9, "bar:2/red": 0.8}  # a cell of it alone


def test_colours_by_what_mixes_them() -> None:
    wheel = {"par.1/colour-wheel": 0.1}
    for text in ("#ff8000", '"#ff8000"', "'#ff8000'"):
        found = dict(Words(small()).hold(f"par.1 colour {text}"))
        assert found == pytest.approx({"par.1/red": 1.0, "par.1/green": 128 / 255, "par.1/blue": 0.0, "par.1/white": 0.0} | wheel)
    assert dict(Words(small()).hold("par.1 colour #ffffff"))["par.1/white"] == 1.0
    for text in ("2900K", "xy(0.3, 0.3)", "gel L201"):
        assert set(say(f"wash.1 colour {text}")) == {f"wash.1/{n}" for n in ("red", "green", "blue", "white")}


LABELS = (("Open", 0.02), ("Gobo 3", 0.5), ("gobo 3", 0.6), ("Shake 1", 0.9), ("slot", 0.5))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("open", 0.02),
        ('"Gobo 3"', 0.5),
        ("Gobo 3", 0.5),
        ("gobo 3", 0.6),
        ("GOBO 3", 0.5),
        ("slot", 0.5),
        ("70%", 0.7),
    ],
)
def test_a_range_by_what_it_is_called(text: str, value: float) -> None:
    one = Parameter("spot", 0, "gobo", Category.BEAM, 1, (1,), snap=True, labels=LABELS)
    words = Words(Plan((one,), (PatchedFixture("spot", "spot", "", Place(), (0,)),)))
    assert words.hold(f"spot gobo {text}") == (("spot/gobo", value),)
    for wrong, answer in (("gob 3", "did you mean `gobo 3`"), ("full", "gobo has Open, Gobo 3,"), ("0.5", "or write a level")):
        with pytest.raises(Bad, match=answer):
            words.hold(f"spot gobo {wrong}")


def test_files_and_hands_say_the_same_words() -> None:
    plan, words = demo()
    spots = [p for p in plan.parameters if p.name == "shutter"]
    assert len(spots) > 1
    assert len({id(p.labels) for p in spots}) == 1  # however many there are
    for label in ("closed", "open", "strobe", "OPEN"):
        channel = Channel("shutter", (0,), ranges=SHUTTER, snap=True)
        assert set(dict(words.hold(f"all shutter {label}")).values()) == {setting(label, channel)}


def test_angles_and_slots() -> None:
    plan = small()
    assert dict(Words(plan).hold("par.1 tilt 45deg")) == {"par.1/tilt": 0.75}
    assert dict(Words(plan).hold("par.1 tilt 50%")) == {"par.1/tilt": 0.5}
    assert dict(Words(plan).hold("1/101 128")) == {"1/101": 128 / 255}
    assert dict(Words(plan).hold("1/101 50%")) == {"1/101": 0.5}


def test_house_and_park() -> None:
    words = Words(small())
    assert words.asked("house 30%", 2.0, "web") == SetHouse(time=2.0, source="web", level=0.3)
    assert words.asked("house full 3s", 2.0, "web") == SetHouse(time=2.0, source="web", level=1.0, fade=3.0)
    assert words.asked("par.1 intensity glow", 2.0, "web") == Hold(time=2.0, source="web", values=(("par.1/intensity", 0.25),))
    assert words.parked("1/7 full", 2.0, "web") == Park(time=2.0, source="web", values=(("1/7", 1.0),))
    assert "hall/intensity" not in dict(words.hold("all intensity 5%"))
    with pytest.raises(Bad, match="nothing in `hall`"):
        words.keys("hall")
    for text in ("hall intensity 5%", "par + hall intensity 5%"):
        with pytest.raises(Bad, match="hall is a house light"):
            words.hold(text)


def test_house_lights_that_are_called_house() -> None:
    light = Parameter("house", 0, "intensity", Category.INTENSITY, 1, (1,), exempt=True)
    words = Words(Plan((light,), (PatchedFixture("house", "dimmer", "", Place(), (0,)),), (Universe(1),), house=(0,)))
    assert words.asked("house full", 1.0, "") == SetHouse(time=1.0, level=1.0)
    for text, why in (("house", "how bright"), ("house 30", "needs a unit"), ("house intensity 30%", "house light")):
        with pytest.raises(Bad, match=why):
            words.asked(text, 1.0, "")


def test_what_to_let_go() -> None:
    words = Words(small())
    assert len(words.keys("par")) == 7
    assert words.keys("par.1 colour") == tuple(f"par.1/{n}" for n in ("red", "green", "blue", "white", "colour-wheel"))
    assert words.keys("par.1 tilt") == words.keys("par position") == ("par.1/tilt",)
    assert words.keys("1/101") == ("1/101",)


def test_a_fader_says_a_level() -> None:
    words = Words(small())
    assert words.level("par", "intensity", 0.25) == (("par.1/intensity", 0.25),)
    assert words.level("par.1", "tilt", 0.25) == (("par.1/tilt", 0.25),)
    assert words.level("1", "101", 0.25) == (("1/101", 0.25),)
    with pytest.raises(Bad, match="no fader") as bad:
        words.level("par", "colour", 0.5)
    assert bad.value.code == "E-words"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", "nothing was said"),
        ("wash", "target, what and value"),
        ("wash intensity", "target, what and value"),
        ("wsh intensity 50%", "did you mean `wash`"),
        ("wash.9 intensity 50%", "1 to 6"),
        ("wash intensty 50%", "did you mean `intensity`"),
        ("key pan 50%", "nothing in `key`"),
        ("wash intensity 50", "write `50%`"),
        ("wash intensity 101%", "above 100%"),
        ("wash intensity hlf", "did you mean `half`"),
        ("wash colour violte", "did you mean `violet`"),
        ("wash colour #ff80", "no colour"),
        ("wash position nowhere", "no position palette"),
        ("spot pan 20", "write `20deg`"),
        ("spot pan 999deg", "goes from"),
        ("key colour #ff0000", "nothing in `key`"),
        ("9/1 128", "no universe 9"),
        ("1/513 128", "1 to 512"),
        ("1/5 256", "0 to 255"),
        ("1/5", "1/5 128"),
        ("1/5 1.5", "level needs a unit"),
        ("x" * 600, "500 characters"),
    ],
)
def test_what_is_not_understood_is_answered(text: str, answer: str) -> None:
    with pytest.raises(Bad, match=answer):
        demo()[1].hold(text)


@pytest.mark.slow
def test_more_values_than_a_control_takes_are_refused() -> None:
    parameters = tuple(Parameter(f"dim.{i}", 0, "intensity", Category.INTENSITY, 1, (1,)) for i in range(1, 5001))
    fixtures = tuple(PatchedFixture(f"dim.{i}", "dimmer", "", Place(), (i - 1,)) for i in range(1, 5001))
    words = Words(Plan(parameters, fixtures))
    assert len(words.hold("dim.1-4096 intensity 5%")) == 4096
    with pytest.raises(Bad, match="5000 values, and 4096"):
        words.hold("dim intensity 5%")
    with pytest.raises(Bad, match="5000 values, and 4096"):
        words.keys("dim")


def test_what_is_said_wrongly_has_a_code() -> None:
    for text, code in (("wash", "E-words"), ("wsh intensity 5%", "E-unknown-group"), ("wash intensity 5", "E-unit")):
        with pytest.raises(Bad) as bad:
            demo()[1].hold(text)
        assert bad.value.code == code


@pytest.mark.parametrize("text", ["", "wsh", "wash pan", "wash colour red", "9/1", "house"])
def test_what_cannot_be_let_go(text: str) -> None:
    with pytest.raises(Bad):
        demo()[1].keys(text)


@given(st.text(max_size=80))
def test_nothing_but_bad_comes_out(text: str) -> None:
    for ask in (demo()[1].hold, demo()[1].keys, lambda line: demo()[1].asked(line, 0.0, "")):
        with suppress(Bad):
            assert ask(text)


@given(
    st.lists(
        st.sampled_from(["wash", "spot.1", "all", "-", "+", "colour", "pan", "70%", "violet", "1/5", "128", "house", "#ffffff"])
    )
)
def test_every_value_that_comes_out_can_be_held(parts: list[str]) -> None:
    plan, words = demo()
    keys = {p.key for p in plan.parameters}
    try:
        found = words.hold(" ".join(parts))
    except Bad:
        return
    assert found
    assert all(0.0 <= value <= 1.0 and (key in keys or key == "1/5") for key, value in found)


def test_words_need_neither_yaml_nor_the_schema() -> None:
    code = (
        "import sys, showctl.config.words\nsys.exit(' '.join(m for m in ('yaml', 'pydantic', 'numpy') if m in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.strip() in ("", "numpy")  # which the nouns need
