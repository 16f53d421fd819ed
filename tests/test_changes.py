"""What a reload changes, in words; and whom it would move while they are lit."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from showctl.changes import changes, lit, moved
from showctl.plan import (
    Category,
    Cue,
    CueList,
    Effect,
    EffectStart,
    Group,
    Move,
    PaClimate,
    Palette,
    PaPlan,
    Parameter,
    PatchedFixture,
    Place,
    Plan,
    Span,
    Submaster,
    Universe,
)


def dimmer(name: str, slot: int, universe: int = 1) -> Parameter:
    return Parameter(name, 0, "intensity", Category.INTENSITY, universe, (slot,))


def plan(names: str = "abc", **more: object) -> Plan:
    """Dimmers called by letters, in this order; two cues, and one thing of each other kind, all of which name `b`."""
    at = {name: i for i, name in enumerate(names)}
    slots = {"a": 1, "b": 2, "c": 3, "d": 4}
    b = at["b"]
    cues = tuple(Cue(Decimal(n), moves=(Move(b, n / 10, Span(1.0), Span(1.0)),), line=10 * n) for n in (1, 2))
    base = Plan(
        tuple(dimmer(name, slots[name]) for name in names),
        tuple(PatchedFixture(name, "dimmer", "generic/dimmer", Place(), (i,)) for name, i in at.items()),
        (Universe(1),),
        (CueList("main", cues),),
        (Effect("kick", "decay", "intensity"),),
        (Submaster("all", "additive", ((b, 1.0),), (EffectStart("kick", ((b,),)),)),),
        start=((b, 0.2),),
        venue="Hall",
        show="Night",
        groups=(Group("front", ((b,),)),),
        palettes=(Palette("intensity", "glow", ((b, 0.3),)),),
    )
    return replace(base, **more)  # type: ignore[arg-type]


def cues(of: Plan, *made: Cue) -> Plan:
    return replace(of, lists=(replace(of.lists[0], cues=made),))


def test_the_same_again_is_no_change() -> None:
    assert changes(plan(), plan(), {}) == ()


def test_another_place_in_the_file_is_no_change() -> None:
    one, two = plan().lists[0].cues
    assert changes(plan(), cues(plan(), replace(one, line=99, path="other.yaml"), two), {}) == ()


@pytest.mark.parametrize("names", ["dabc", "cba", "bca"])
def test_other_indices_are_no_change_of_what_they_mean(names: str) -> None:
    assert [line for line in changes(plan(), plan(names), {}) if "fixture new" not in line] == []


def test_cues_that_are_other_new_or_gone_are_named_and_who_plays_them() -> None:
    one, two = plan().lists[0].cues
    louder = replace(one, moves=(one.moves[0]._replace(value=0.9),))
    assert changes(plan(), cues(plan(), louder, two), {"main": "1"}) == ("1 cue changed: 1 (playing)",)
    assert changes(plan(), cues(plan(), one), {"main": "2"}) == ("1 cue gone: 2 (playing)",)
    three = replace(two, number=Decimal("2.5"))
    assert changes(plan(), cues(plan(), one, two, three), {}) == ("1 cue new: 2.5",)


def test_many_are_counted_and_a_few_of_them_named() -> None:
    one = plan().lists[0].cues[0]
    long = cues(plan(), *(replace(one, number=Decimal(n)) for n in range(1, 21)))
    assert changes(plan(), long, {}) == ("18 cues new: 3, 4, 5, 6, 7, 8 and 12 more", "1 cue changed: 2")


def test_a_change_is_seen_where_the_indices_are_others_too() -> None:
    found = changes(plan(), cues(plan("dabc"), *plan().lists[0].cues), {})  # index 1 is `a` now
    assert "2 cues changed: 1, 2" in found


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"effects": ()}, "1 effect gone: kick"),
        ({"effects": (Effect("kick", "sine", "intensity"),)}, "1 effect changed: kick"),
        ({"submasters": (Submaster("all", "additive", ()),)}, "1 submaster changed: all"),
        ({"groups": (Group("back", ()),)}, "1 group new: back"),
        ({"palettes": (Palette("intensity", "glow", ((1, 0.4),)),)}, "1 palette changed: intensity glow"),
        ({"universes": (Universe(1), Universe(2))}, "1 universe new: 2"),
        ({"universes": (Universe(1, multicast=True),)}, "1 universe changed: 1"),
        ({"start": ()}, "the look before the first cue changed"),
        ({"stop": ()}, "the look at the end changed"),
        ({"strobe": None}, "strobe changed"),
        ({"go_guard": 0.5}, "go guard changed"),
        ({"pa": PaPlan()}, "the room's sound is new"),
        ({"show": "Other"}, "now called Hall / Other"),
        ({"lists": ()}, "1 list gone: main"),
        ({"lists": (replace(plan().lists[0], priority=9),)}, "settings of list main changed"),
    ],
)
def test_every_other_change_has_its_words(change: dict[str, object], words: str) -> None:
    assert words in changes(plan(), plan(**change), {})


def test_what_changes_of_the_rooms_sound_is_named() -> None:
    air = PaClimate(20.0, 50.0, 20.0, sensor=("hall/temperature", "hall/humidity"))
    old, new = (plan(pa=pa) for pa in (PaPlan(), PaPlan(mode="auto", gain=(-6.0, 0.0), climate=air)))
    assert changes(old, new, {}) == (
        "of the room's sound changed: mode, gain, climate",
        "the sensor of the room's air takes effect at the next start",
    )
    assert changes(new, plan(), {}) == ("the room's sound is gone",)


def test_a_fixture_with_other_slots_is_repatched_and_moves() -> None:
    there = plan()
    other = replace(there, parameters=(there.parameters[0], dimmer("b", 9), there.parameters[2]))
    assert changes(there, other, {}) == ("1 fixture repatched: b",)
    assert moved(there, other) == ("b",)
    assert moved(there, replace(there, parameters=there.parameters[:2])) == ("c",)
    assert moved(there, plan("dcab")) == ()


def test_a_fixture_that_is_another_without_moving_is_changed() -> None:
    there = plan()
    limited = replace(there, parameters=(*there.parameters[:2], replace(there.parameters[2], high=0.5)))
    assert changes(there, limited, {}) == ("1 fixture changed: c",)
    assert moved(there, limited) == ()


def test_lit_are_those_whose_dimmers_or_else_colours_are_up() -> None:
    virtual = (
        Parameter("wash", 0, "intensity", Category.INTENSITY),
        Parameter("wash", 0, "red", Category.COLOUR, 2, (5,), masters=(2,)),
        Parameter("head", 0, "pan", Category.POSITION, 2, (7,)),
        replace(dimmer("shared", 9, 2), span=(0.5, 1.0)),
    )
    room = Plan((dimmer("a", 1), dimmer("b", 2), *virtual), universes=(Universe(1), Universe(2)))
    slots = np.zeros((2, 512), np.uint8)
    assert lit(room, slots, ["a", "b", "wash", "head", "shared"]) == ()
    slots[0, 0], slots[1, 4], slots[1, 6], slots[1, 8] = 1, 1, 255, 120
    assert lit(room, slots, ["a", "b", "wash", "head", "shared"]) == ("a", "wash")
    slots[1, 8] = 200
    assert lit(room, slots, ["shared", "b"]) == ("shared",)
