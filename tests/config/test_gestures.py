"""Wearables, gestures and bindings in the files: what they may say, what they mean, and every mistake at its place."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from showctl.config import signs
from showctl.config.load import check, load
from showctl.config.loaded import venue_of
from showctl.config.signs import Motion
from showctl.config.values import Bad
from showctl.config.wearables import profiles_of
from showctl.model import Blackout, Go, Goto, JumpTrack, SetMaster, SetRate, StopAll, TrackRate
from showctl.plan import GesturesPlan, Posture, Sign, Wearable, Window
from showctl.wire.plan import decode, encode
from tests.config.test_mistakes import find

DEMO = Path(__file__).resolve().parents[2] / "showctl" / "demo"
VENUE = """\
name: Room
universes: {1: {to: 127.0.0.1}}
fixtures: {par: {type: generic/rgbw, mode: drgbw, at: [1/1, 1/6]}, lamp: {type: generic/dimmer, at: 1/20}}
groups: {wash: [par]}
house: [lamp]
wearables:
  anna-left: {profile: plain, address: left, performer: anna, worn: left, clutch: button 1}
  anna-right: {profile: zigsim, address: AB12, performer: anna, worn: right}
  ben: {profile: ngimu, address: 10.0.0.22, performer: ben}
"""
LIGHT = """\
submasters: {swell: {group: wash, mode: additive}}
lists:
  main: {cues: [{cue: 1, set: {wash: {intensity: 5%}}}, {cue: 5, set: {wash: {intensity: 15%}}}]}
  film: {cues: [{cue: 1, set: {wash: {intensity: 5%}}}, {cue: 2, set: {wash: {intensity: 9%}}, danger: pyro}]}
"""
GESTURES = "gestures: {swipe: movement, fist: button 2, up: height above 0.8, far: event far}\n"
ONE = "gestures: {swipe: movement}\n"


def bound(*rows: str) -> str:
    return LIGHT + ONE + "bind:\n" + "".join(f"  - {row}\n" for row in rows)


def test_the_files_of_these_tests_are_right(tmp_path: Path) -> None:
    wanted, found = find(tmp_path, VENUE, bound("{gesture: swipe, by: anna, do: go}"))
    assert found == wanted == []


def plan(folder: Path, *rows: str, gestures: str = GESTURES) -> GesturesPlan:
    (folder / "venue.yaml").write_text("showctl: 1\nkind: venue\n" + VENUE)
    body = LIGHT + gestures + "bind:\n" + "".join(f"  - {row}\n" for row in rows)
    (folder / "show.yaml").write_text("showctl: 1\nkind: show\n" + body)
    loaded = load(folder / "venue.yaml", folder / "show.yaml").plan
    assert decode(encode(loaded)) == loaded
    assert loaded.gestures is not None
    return loaded.gestures


# --- what it means ------------------------------------------------------------------------------------------------------


def test_who_wears_what(tmp_path: Path) -> None:
    made = plan(tmp_path, "{gesture: swipe, do: go}")
    left, right, ben = made.wearables
    assert left == Wearable("anna-left", "plain", "left", "anna", "left", Sign("button", "1"))
    assert (right.worn, ben.worn, right.clutch) == ("right", "", None)
    assert made.performers == ("anna", "ben")


def test_where_a_device_listens_and_how_long_its_buttons_count(tmp_path: Path) -> None:
    def ben(said: str) -> Wearable:
        (tmp_path / "venue.yaml").write_text(
            "showctl: 1\nkind: venue\n" + VENUE.replace("performer: ben", f"performer: ben{said}")
        )
        (tmp_path / "show.yaml").write_text("showctl: 1\nkind: show\n" + bound("{gesture: swipe, by: anna, do: go}"))
        made = load(tmp_path / "venue.yaml", tmp_path / "show.yaml").plan
        assert decode(encode(made)) == made
        assert made.gestures is not None
        return made.gestures.wearables[2]

    assert (ben("").feedback, ben("").button_limit) == (None, 10.0)
    assert ben(", feedback: 9001").feedback == ("", 9001)
    assert ben(", feedback: 10.0.0.30:9001").feedback == ("10.0.0.30", 9001)
    assert ben(", button_limit: 45s").button_limit == 45.0


@pytest.mark.parametrize("where", ["127.0.0.1", "::1", "127.0.0.7"])
def test_this_machine_as_a_wearable_is_warned_of(tmp_path: Path, where: str) -> None:
    def warned(address: str, allow: str = "") -> list[str]:
        venue = VENUE.replace("10.0.0.22", f'"{address}"') + f"osc: {{allow: [{allow}]}}\n"
        (tmp_path / "venue.yaml").write_text("showctl: 1\nkind: venue\n" + venue)
        (tmp_path / "show.yaml").write_text("showctl: 1\nkind: show\n" + bound("{gesture: swipe, by: anna, do: go}"))
        return [one.code for one in load(tmp_path / "venue.yaml", tmp_path / "show.yaml").warnings]

    assert warned(where) == ["W-this-machine"]
    assert warned(where, "127.0.0.0/8") == ["W-this-machine"]
    assert warned(where, f'"{where}"') == []
    assert warned(f"[{where}]:9000" if ":" in where else f"{where}:9000") == []


def test_a_gesture_by_itself_wants_the_clutch_and_is_for_who_has_one(tmp_path: Path) -> None:
    [one] = plan(tmp_path, "{gesture: swipe, do: go}").bindings
    assert (one.window, one.performers) == (Window("clutch"), ("anna",))
    assert (one.do, one.words, one.line) == (Go(time=0.0), "go", 9)


def test_cues_arm_everybody_who_can(tmp_path: Path) -> None:
    one, other, third = plan(
        tmp_path,
        "{gesture: swipe, do: list film go, armed: cue 1 of film for 20s}",
        "{gesture: swipe, do: goto 5.0, armed: cue 1-4, by: [ben], on: bar, with: again}",
        "{gesture: fist, do: go, armed: operator for 1:00}",
    ).bindings
    assert one.window == Window("cue", "film", Decimal(1), Decimal(1), 20.0)
    assert (one.do, one.performers) == (Go(time=0.0, list="film"), ("anna", "ben"))
    assert (other.do, other.on, other.factor, other.window.last) == (Goto(time=0.0, cue="5"), "bar", "again", 4)
    assert (third.window, third.performers) == (Window("operator", seconds=60.0), ("anna",))  # ben's device has no button


def test_stop_is_always_armed_and_a_blackout_always_dangerous(tmp_path: Path) -> None:
    stop, out = plan(tmp_path, "{gesture: fist, do: stop}", "{gesture: up, do: blackout, by: anna}").bindings
    assert (stop.do, stop.window.kind, stop.danger) == (StopAll(time=0.0), "always", "")
    assert (out.do, out.way, out.danger) == (Blackout(time=0.0, on=True), "turns", "alone")


def test_what_is_dangerous_unless_it_is_said_not_to_be(tmp_path: Path) -> None:
    rows = ("{gesture: fist, do: set wash red 50%}", "{gesture: far, do: goto 5, danger: true}")
    assert [one.danger for one in plan(tmp_path, *rows, gestures=GESTURES.replace("event far", "touch")).bindings] == [
        "danger"
    ] * 2
    rows = ("{gesture: fist, do: set wash red 50%, danger: false}", "{gesture: swipe, do: goto 5}")
    assert [one.danger for one in plan(tmp_path, *rows).bindings] == ["", ""]


def test_a_track_waits_for_its_own_beat(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "opener.wav", np.zeros((96_000, 2)), 48_000)
    tracks = "tracks: {opener: {file: opener.wav, markers: {drop: 1s}}}\n"
    rows = ("{gesture: fist, do: track jump drop, on: bar}", "{gesture: swipe, do: go, on: beat}")
    jump, go = plan(tmp_path, *rows, gestures=tracks + GESTURES).bindings
    assert (jump.do, jump.on, jump.danger) == (JumpTrack(time=0.0, marker="drop", quantise="bar"), "now", "danger")
    assert (go.do, go.on) == (Go(time=0.0), "beat")


def test_gestures_have_a_hold_of_their_own(tmp_path: Path) -> None:
    text = "gestures: {up: height above 0.8, fist: {sign: button 2, hold: 500ms, worn: left}}\n"
    row = "{gesture: fist, do: go}"
    up, fist = plan(tmp_path, row, "{gesture: up, by: anna, do: tap}", gestures=text).gestures
    assert (up.sign, up.hold) == (Sign("posture", "height above 0.8", Posture("height", 0.8, 1.0)), 0.3)
    assert (fist.sign, fist.hold, fist.worn) == (Sign("button", "2"), 0.5, "left")


def test_motion_moves_a_level(tmp_path: Path) -> None:
    swell, glow, rate = plan(
        tmp_path,
        "{control: tilt of anna.left, to: sub swell, from: [-30deg, 60deg], range: [out, 70%], rest: 30%, slew: 50%}",
        "{control: roll of anna.left, to: sub swell, armed: always}",
        "{control: energy of ben, to: list film rate 1, range: [50%, 200%], armed: cue 1-5}",
        gestures="",
    ).controls
    assert (swell.device, swell.do) == ("anna-left", SetMaster(time=0.0, level=1.0, submaster="swell"))
    assert (swell.low, swell.high, swell.range, swell.rest, swell.slew) == (-30.0, 60.0, (0.0, 0.7), 0.3, 0.5)
    assert (glow.window.kind, glow.rest) == ("always", None)
    assert (rate.device, rate.do, rate.range) == ("ben", SetRate(time=0.0, list="film", rate=1.0), (0.5, 2.0))
    assert len({swell.name, glow.name}) == 2


def test_the_speed_of_tracks_is_a_level_of_motion_alone(tmp_path: Path) -> None:
    row = "{control: tilt of anna.left, to: track rate 1, range: [80%, 120%]}"
    [one] = plan(tmp_path, row, gestures="").controls
    assert (one.do, one.range) == (TrackRate(time=0.0, rate=1.0), (0.8, 1.2))


def test_places_of_osc_and_midi(tmp_path: Path) -> None:
    rows = ("{osc: /pad/1, do: list film go, on: bar}", "{midi: note 36, do: sub swell}", "{midi: cc 7, do: sub swell}")
    with pytest.raises(Exception, match="cannot be that"):
        plan(tmp_path, *rows, gestures="")
    one, other = plan(tmp_path, rows[0], rows[2], gestures="").places
    assert (one.kind, one.place, one.words, one.on) == ("osc", "/pad/1", "list film go", "bar")
    assert (other.kind, other.place, other.words) == ("midi", "cc 7", "sub swell")


def test_nothing_bound_and_nobody_there_is_no_plan_of_gestures(tmp_path: Path) -> None:
    (tmp_path / "v.yaml").write_text("showctl: 1\nkind: venue\n" + VENUE[: VENUE.index("wearables")])
    (tmp_path / "s.yaml").write_text("showctl: 1\nkind: show\n" + LIGHT)
    assert load(tmp_path / "v.yaml", tmp_path / "s.yaml").plan.gestures is None


def test_danger_of_a_cue(tmp_path: Path) -> None:
    plan(tmp_path, "{gesture: swipe, do: go}")
    loaded = load(tmp_path / "venue.yaml", tmp_path / "show.yaml").plan
    assert [[cue.danger for cue in one.cues] for one in loaded.lists] == [["", ""], ["", "alone"]]


def test_a_profile_of_the_venue(tmp_path: Path) -> None:
    own = 'profiles: {glove: {rate: 100, timed: true, axes: "-y x z", routes: {"/{id}/imu": "rate deg/s, acceleration g"}}}\n'
    venue = VENUE.replace("profile: ngimu, address: 10.0.0.22", "profile: glove, address: G7") + own
    wanted, found = find(tmp_path, venue, bound("{gesture: swipe, by: ben, do: go, armed: cue 1-5}"))
    assert found == wanted == []
    loaded = load(tmp_path / "venue.yaml", tmp_path / "show.yaml")
    glove = profiles_of(venue_of("Room", loaded.settings))["glove"]
    assert (glove.rate, glove.timed, glove.identified) == (100.0, True, True)


# --- mistakes -------------------------------------------------------------------------------------------------------------

IN_VENUE = {
    "unknown profile": VENUE.replace("profile: zigsim", "profile: ⟦E-unknown-profile⟧zigsm"),
    "two devices nobody could tell apart": VENUE.replace("  ben:", "  ⟦E-name-twice⟧ben:").replace(
        "er: ben", "er: anna, worn: left"
    ),
    "one device twice": VENUE.replace("zigsim, address: AB12", "plain, address: ⟦E-name-twice⟧left"),
    "a clutch that has no end": VENUE.replace("clutch: button 1", "clutch: ⟦E-clash⟧press 1"),
    "a clutch that the device has not": VENUE.replace("performer: ben", "performer: ben, clutch: ⟦E-sign⟧touch"),
    "no sign": VENUE.replace("clutch: button 1", "clutch: ⟦E-sign⟧knob 1"),
    "no address": VENUE.replace("address: AB12", "address: ⟦E-address⟧/AB12/x"),
    "no port": VENUE.replace("performer: ben", "performer: ben, feedback: ⟦E-address⟧70000"),
    "no place": VENUE.replace("performer: ben", "performer: ben, feedback: ⟦E-ip⟧ben:9001"),
    "a button that hardly counts": VENUE.replace("performer: ben", "performer: ben, button_limit: ⟦E-clash⟧0.2s"),
    "a button that is down for ever": VENUE.replace("performer: ben", "performer: ben, button_limit: ⟦E-clash⟧150s"),
    "a profile that is none": VENUE + 'profiles: {⟦E-profile⟧glove: {routes: {"/a": "force g"}}}\n',
    "a profile that is known": VENUE + 'profiles: {⟦E-profile⟧ngimu: {routes: {"/a": "button"}}}\n',
    "a truth in a profile": VENUE + 'profiles: {⟦E-profile⟧glove: {timed: yes, routes: {"/a": "button"}}}\n',
}
IN_SHOW = {
    "unknown gesture": bound("{gesture: ⟦E-unknown-gesture⟧swpe, do: go}").replace("{swipe", "{⟦W-unused⟧swipe"),
    "unknown performer": bound("{gesture: swipe, by: ⟦E-unknown-performer⟧ana, do: go, armed: cue 1}"),
    "one of several unknown": bound("{gesture: swipe, by: [anna, ⟦E-unknown-performer⟧x], do: go, armed: cue 1}").replace(
        "[anna, ⟦E-unknown-performer⟧x]", "⟦E-unknown-performer⟧[anna, x]"
    ),
    "nothing": bound("{by: ⟦E-clash⟧anna, do: go}"),
    "two sources": bound("{gesture: swipe, osc: ⟦E-clash⟧/a, do: go}"),
    "a key of another": bound("{gesture: swipe, do: go, rest: ⟦E-clash⟧30%}"),
    "to instead of do": bound("{gesture: swipe, to: ⟦E-clash⟧sub swell}"),
    "nothing to do": bound("{gesture: ⟦E-clash⟧swipe, by: anna}"),
    "no words": bound("{gesture: swipe, do: ⟦E-bind⟧gogo}"),
    "unknown list": bound("{gesture: swipe, do: ⟦E-bind⟧list flim go}"),
    "unknown cue": bound("{gesture: swipe, do: ⟦E-bind⟧goto 7}"),
    "unknown track": bound("{gesture: swipe, do: ⟦E-bind⟧track play opener}"),
    "unknown marker": bound("{gesture: swipe, do: ⟦E-bind⟧track jump bar drop}"),
    "a level": bound("{gesture: swipe, do: ⟦E-bind⟧sub swell}"),
    "the operator's": bound("{gesture: swipe, do: ⟦E-bind⟧reload}"),
    "arming oneself": bound("{gesture: swipe, do: ⟦E-bind⟧gesture arm}"),
    "house lights": bound("{gesture: swipe, do: ⟦E-bind⟧set house 30%}"),
    "holding what is over": bound("{gesture: swipe, do: ⟦E-bind⟧flash swell}"),
    "the clutch itself": LIGHT + "gestures: {a: button}\nbind: [{gesture: a, by: ⟦E-sign⟧anna, do: go}]\n",
    "no window": bound("{gesture: swipe, do: go, armed: ⟦E-armed⟧sometimes}"),
    "cues that are not there": bound("{gesture: swipe, do: go, armed: ⟦E-armed⟧cue 6-9}"),
    "list that is not there": bound("{gesture: swipe, do: go, armed: ⟦E-armed⟧cue 1 of flim}"),
    "cues backwards": bound("{gesture: swipe, do: go, armed: ⟦E-armed⟧cue 5-1}"),
    "a window for a blink": bound("{gesture: swipe, do: go, armed: ⟦E-range⟧operator for 10ms}"),
    "a clutch with an end": bound("{gesture: swipe, do: go, armed: ⟦E-armed⟧clutch for 5s}"),
    "always": bound("{gesture: swipe, do: go, armed: ⟦E-armed⟧always}"),
    "no clutch": bound("{gesture: swipe, by: ⟦E-armed⟧ben, do: go}"),
    "no clutch as second": bound("{gesture: swipe, by: ⟦E-armed⟧ben, do: go, armed: cue 1, with: clutch}"),
    "one factor twice": bound("{gesture: swipe, do: go, with: ⟦E-danger⟧clutch}"),
    "a blackout by gestures alone": bound("{gesture: swipe, do: blackout, armed: cue 1, with: ⟦E-danger⟧again}"),
    "a blackout that is harmless": bound("{gesture: swipe, do: blackout, danger: ⟦E-danger⟧false}"),
    "a stop that waits": bound("{gesture: swipe, do: stop, on: ⟦E-bind⟧bar}"),
    "twice": bound("{gesture: swipe, by: anna, do: go}", "{gesture: ⟦E-bind-twice⟧swipe, do: tap}"),
    "twice in a cue": bound("{gesture: swipe, do: go, armed: cue 1-5}", "{gesture: ⟦E-bind-twice⟧swipe, do: tap, armed: cue 5}"),
    "twice, and never at once": bound("{gesture: swipe, do: go, armed: cue 1-4}", "{gesture: swipe, do: tap, armed: cue 5}"),
    "unused": LIGHT + "gestures: {⟦W-unused⟧swipe: movement}\n",
    "a sign that no device gives": LIGHT + "gestures: {a: press 9}\nbind: [{gesture: a, by: ⟦E-sign⟧anna, do: go}]\n",
    "a hold of a movement": LIGHT + "gestures: {a: {sign: movement, hold: ⟦E-clash⟧1s}}\n",
    "no posture": LIGHT + "gestures: {a: ⟦E-sign⟧energy above 0.5}\nbind: [{gesture: a, do: go}]\n",
    "a posture without unit": LIGHT + "gestures: {a: ⟦E-unit⟧tilt above 60}\nbind: [{gesture: a, do: go}]\n",
    "a posture that cannot be": LIGHT + "gestures: {a: ⟦E-range⟧tilt above 100deg}\nbind: [{gesture: a, do: go}]\n",
    "a danger that is none": LIGHT.replace("danger: pyro", "danger: ⟦E-choice⟧yes"),
    "whose": LIGHT + "bind: [{control: ⟦E-unknown-performer⟧tilt of ana.left, to: sub swell}]\n",
    "which": LIGHT + "bind: [{control: ⟦E-unknown-performer⟧tilt of anna, to: sub swell}]\n",
    "no motion": LIGHT + "bind: [{control: ⟦E-sign⟧yaw of anna.left, to: sub swell}]\n",
    "the grand master": LIGHT + "bind: [{control: tilt of anna.left, to: ⟦E-bind⟧gm}]\n",
    "a level that would jump": LIGHT + "bind: [{control: tilt of anna.left, to: ⟦E-bind⟧set wash red}]\n",
    "not a level": LIGHT + "bind: [{control: tilt of anna.left, to: ⟦E-bind⟧go}]\n",
    "unknown submaster": LIGHT + "bind: [{control: tilt of anna.left, to: ⟦E-bind⟧sub swel}]\n",
    "a rate without range": LIGHT + "bind: [{control: tilt of anna.left, to: ⟦E-bind⟧rate 1}]\n",
    "beyond full": LIGHT + "bind: [{control: tilt of anna.left, to: sub swell, range: ⟦E-range⟧[out, 120%]}]\n",
    "no range": LIGHT + "bind: [{control: tilt of anna.left, to: sub swell, range: ⟦E-range⟧[50%, 50%]}]\n",
    "a rest beyond": LIGHT + "bind: [{control: tilt of anna.left, to: sub swell, rest: ⟦E-range⟧120%}]\n",
    "degrees": LIGHT + "bind: [{control: tilt of anna.left, to: sub swell, from: ⟦E-unit⟧[0, 30deg]}]\n",
    "too quick": LIGHT + "bind: [{control: tilt of anna.left, to: sub swell, slew: ⟦E-range⟧900%}]\n",
    "no clutch for a level": LIGHT + "bind: [{control: ⟦E-armed⟧tilt of ben, to: sub swell}]\n",
    "music by whoever moves": LIGHT + "bind: [{control: tilt of ben, to: track volume, armed: ⟦E-armed⟧always}]\n",
    "a pattern": LIGHT + "bind: [{osc: ⟦E-osc⟧/pad/*, do: go}]\n",
    "our own address": LIGHT + "bind: [{osc: ⟦E-osc⟧/showctl/go, do: go}]\n",
    "a place twice": LIGHT + "bind: [{osc: /a, do: go}, {osc: ⟦E-bind-twice⟧/a, do: tap}]\n",
    "a level that waits": LIGHT + "bind: [{osc: /a, do: sub swell, on: ⟦E-bind⟧bar}]\n",
    "no place of a desk": LIGHT + "bind: [{midi: ⟦E-midi⟧note 200, do: go}]\n",
}
MANY = "gestures: {a: movement, b: movement, c: movement, d: movement, e: movement, f: movement}\nbind:\n"


@pytest.mark.parametrize("body", IN_VENUE.values(), ids=IN_VENUE)
def test_mistakes_in_a_venue(tmp_path: Path, body: str) -> None:
    wanted, found = find(tmp_path, body, "name: nothing\n")
    assert found == wanted


@pytest.mark.parametrize("body", IN_SHOW.values(), ids=IN_SHOW)
def test_mistakes_in_a_show(tmp_path: Path, body: str) -> None:
    wanted, found = find(tmp_path, VENUE, body)
    assert found == wanted


@pytest.mark.parametrize(
    ("clutch", "far", "near"),
    [
        ("roll above 90deg", "roll above 120deg", "roll between 0deg and 45deg"),
        ("height above 0.8", "tilt above 60deg", "tilt between 0deg and 45deg"),  # a raised arm, whatever it is called
    ],
)
def test_a_posture_that_is_part_of_the_clutch_is_the_clutch(tmp_path: Path, clutch: str, far: str, near: str) -> None:
    """One movement would be the gesture and its second factor."""
    venue = VENUE.replace("performer: ben", f"performer: ben, clutch: {clutch}")
    rows = f"gestures: {{far: {far}, near: {near}}}\nbind:\n"
    rows += "  - {gesture: far, by: ⟦E-sign⟧ben, do: go}\n  - {gesture: near, by: ben, do: go}\n"
    wanted, found = find(tmp_path, venue, LIGHT + rows)
    assert found == wanted


def test_six_gestures_at_once_are_too_many_and_in_two_places_are_not(tmp_path: Path) -> None:
    rows = [f"  - {{gesture: {name}, do: go, armed: cue 1-5}}\n" for name in "abcde"]
    last = "  - {gesture: ⟦E-too-many-gestures⟧f, do: list film go, by: anna}\n"
    wanted, found = find(tmp_path, VENUE, LIGHT + MANY + "".join(rows) + last)
    assert found == wanted
    apart = [row.replace("cue 1-5", "cue 1") if i < 3 else row.replace("cue 1-5", "cue 5") for i, row in enumerate(rows)]
    wanted, found = find(tmp_path, VENUE, LIGHT + MANY + "".join(apart) + last.replace("⟦E-too-many-gestures⟧", ""))
    assert found == wanted == []


def test_a_show_by_itself_is_checked_for_what_it_says_of_itself(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("showctl: 1\nkind: show\n" + bound("{gesture: swpe, by: anna, do: go}"))
    assert sorted(problem.code for problem in check([tmp_path / "s.yaml"])) == ["E-unknown-gesture", "W-unused"]


def test_a_device_with_a_mistake_does_not_make_its_performer_unknown(tmp_path: Path) -> None:
    venue = VENUE.replace("profile: ngimu", "profile: ⟦E-unknown-profile⟧ngimoo")
    wanted, found = find(tmp_path, venue, bound("{gesture: swipe, by: ben, do: go, armed: cue 1}"))
    assert found == wanted


# --- words ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("tilt of anna", Motion("tilt", "", "anna")),
        ("yaw_rate of anna.left", Motion("yaw_rate", "", "anna", "left")),
        ("value swell of ben", Motion("value", "swell", "ben")),
        ("value ry.1 of ben.right", Motion("value", "ry.1", "ben", "right")),
    ],
)
def test_motions(text: str, made: Motion) -> None:
    assert signs.motion(text) == made


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("tilt between -10deg and 10deg", -10, 10), ("roll below -90deg", -180, -90), ("height above -0.5", -0.5, 1)],
)
def test_postures(text: str, low: float, high: float) -> None:
    posture = signs.sign(text).posture
    assert posture is not None
    assert (posture.low, posture.high) == (low, high)


@given(st.text(max_size=30))
def test_whatever_is_written_is_a_value_or_a_sentence(text: str) -> None:
    for parse in (signs.sign, signs.motion, signs.window, signs.share, signs.danger, signs.osc_address, signs.device_address):
        said = ""
        try:
            parse(text)
        except Bad as bad:
            said = f"{bad.code} {bad}"
        assert said == "" or re.match(r"E-[a-z-]+ .{10}", said, re.DOTALL)


def test_a_posture_is_no_wider_than_it_can_be() -> None:
    assert replace(signs.sign("roll above 0deg"), name="") == Sign("posture", "", Posture("roll", 0.0, 180.0))


def test_the_example_of_the_demo_is_right(tmp_path: Path) -> None:
    paths = []
    for name in ("venue.yaml", "show.yaml"):
        text = (DEMO / name).read_text()
        before, _, example = text.rpartition("\n\n# ")
        lines = example.split("\n")[1:]
        assert [line for line in lines if line and not line.startswith("# ")] == []
        paths.append(tmp_path / name)
        paths[-1].write_text(before + "\n" + "\n".join(line.removeprefix("# ") for line in lines))
    assert [str(one) for one in check(paths)] == []
    assert load(*paths).plan.gestures is not None


BLOCK = re.compile(r"^```yaml\n((?:wearables|gestures):\n.*?)^```", re.MULTILINE | re.DOTALL)
NIGHT = """\
submasters: {swell: {group: wash, mode: additive}}
tracks: {opener: {file: opener.wav, markers: {drop: 1s}}}
lists:
  main: {cues: [{cue: 5, set: {wash: {intensity: 5%}}}, {cue: 10, cue_only: false}, {cue: 12}]}
  film: {cues: [{cue: 1, set: {wash: {intensity: 5%}}}]}
"""


@pytest.mark.parametrize("document", ["files.md", "performer.md"])
def test_the_examples_of_the_documents_are_right(document: str, tmp_path: Path) -> None:
    text = (DEMO.parents[1] / "docs" / document).read_text()
    [worn] = [one for one in BLOCK.findall((DEMO.parents[1] / "docs" / "files.md").read_text()) if one.startswith("wearables")]
    [bound] = [one for one in BLOCK.findall(text) if one.startswith("gestures")]
    soundfile.write(tmp_path / "opener.wav", np.zeros((96_000, 2)), 48_000)
    venue, show = tmp_path / "v.yaml", tmp_path / "s.yaml"
    venue.write_text("showctl: 1\nkind: venue\n" + VENUE[: VENUE.index("wearables")] + worn)
    show.write_text("showctl: 1\nkind: show\n" + NIGHT + bound)
    assert [str(one) for one in check([venue, show]) if one.severity == "error"] == []
