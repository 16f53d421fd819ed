"""Palettes, presets and points from the file to the values of cues: by reference, on every kind of fixture, in cue order."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from showctl.config.load import Loaded, check, load
from showctl.config.points import aim, distance
from showctl.plan import Place, Plan

VENUE = """\
showctl: 1
kind: venue
name: Room
universes: {1: {}}
fixtures:
  par: {type: generic/rgbw, mode: drgbw, at: [1/1, 1/6]}
  spot:
    type: generic/spot
    at: [1/101, 1/111, 1/121]
    place: [{x: -2m, y: 3m, z: 5m}, {x: 2m, y: 3m, z: 5m, facing: 15deg}, {x: 0m, y: 4m, z: 0m, facing: 180deg}]
    home: {tilt: 30deg}
    limits: {tilt: [-100deg, 100deg]}
  nowhere: {type: generic/spot, at: 1/131}
  wheel: {type: acme/lamp, mode: wheel, at: 1/201}
  filters: {type: acme/lamp, mode: filters, at: 1/211}
  whites: {type: acme/lamp, mode: whites, at: 1/221}
  warmth: {type: acme/lamp, mode: warmth, at: 1/231}
  both: {type: acme/lamp, mode: both, at: 1/241}
groups: {wash: [par], heads: [spot], lost: [nowhere], mixed: [par, spot]}
positions: {singer: {spot: {pan: 10deg, tilt: 40deg}}}
points: {drums: {x: 1m, y: 6m, z: 1m}, edge: {x: 0m, y: -1m}, roof: {x: -2m, y: 3.2m, z: 9m}}
"""


def _capability(kind: str, **more: Any) -> dict[str, Any]:
    return {"capability": {"type": kind, **more}}


LAMP = {
    "name": "Lamp",
    "categories": ["Color Changer"],
    "wheels": {
        "Wheel": {
            "slots": [
                {"type": "Open"},
                {"type": "Color", "name": "Deep Red", "colors": ["#c00010"]},
                {"type": "Color", "name": "Sky", "colors": ["#1e78ff"]},
            ]
        }
    },
    "availableChannels": {
        "Dimmer": _capability("Intensity"),
        "Wheel": {
            "capabilities": [
                {"dmxRange": [0, 9], "type": "WheelSlot", "slotNumber": 1},
                {"dmxRange": [10, 19], "type": "WheelSlot", "slotNumber": 2},
                {"dmxRange": [20, 29], "type": "WheelSlot", "slotNumber": 3},
                {"dmxRange": [30, 255], "type": "WheelRotation", "speedStart": "slow CW", "speedEnd": "fast CW"},
            ]
        },
        **{name: _capability("ColorIntensity", color=name) for name in ("Cyan", "Magenta", "Yellow", "Warm White", "Cold White")},
        **{name: _capability("ColorIntensity", color=name) for name in ("Red", "Green", "Blue")},
        "CTO": _capability("ColorTemperature", colorTemperatureStart="8000K", colorTemperatureEnd="3000K"),
    },
    "modes": [
        {"name": "wheel", "channels": ["Dimmer", "Wheel"]},
        {"name": "filters", "channels": ["Dimmer", "Cyan", "Magenta", "Yellow", "CTO", "Wheel"]},
        {"name": "whites", "channels": ["Warm White", "Cold White"]},
        {"name": "warmth", "channels": ["Dimmer", "CTO"]},
        {"name": "both", "channels": ["Dimmer", "Red", "Green", "Blue", "Wheel"]},
    ],
}


@pytest.fixture(autouse=True)
def room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "nowhere"))
    (tmp_path / "fixtures" / "acme").mkdir(parents=True)
    (tmp_path / "fixtures" / "acme" / "lamp.json").write_text(json.dumps(LAMP))
    (tmp_path / "venue.yaml").write_text(VENUE)


def loaded(tmp_path: Path, show: str) -> Loaded:
    (tmp_path / "show.yaml").write_text(f"showctl: 1\nkind: show\nvenue: Room\n{show}")
    return load(tmp_path / "venue.yaml", tmp_path / "show.yaml")


def levels(plan: Plan, cue: str = "1") -> dict[str, float]:
    """Key -> value of what a cue moves."""
    [found] = [c for c in plan.lists[0].cues if c.number == Decimal(cue)]
    return {plan.parameters[m.parameter].key: pytest.approx(m.value, abs=2e-3) for m in found.moves}


def one(tmp_path: Path, setting: str, more: str = "") -> dict[str, float]:
    return levels(loaded(tmp_path, f"{more}cues: [{{cue: 1, set: {{{setting}}}}}]\n").plan)


def codes(tmp_path: Path, show: str) -> list[str]:
    (tmp_path / "show.yaml").write_text(f"showctl: 1\nkind: show\nvenue: Room\n{show}")
    found = check([tmp_path / "venue.yaml", tmp_path / "show.yaml"])
    return [p.code for p in found if "does not use the group" not in p.text and p.code.startswith(("E-", "W-wheel", "W-unreach"))]


def angles(plan: Plan, cue: str = "1") -> dict[str, tuple[float, float]]:
    """Fixture -> pan and tilt (deg) that a cue moves to."""
    [found] = [c for c in plan.lists[0].cues if c.number == Decimal(cue)]
    turned: dict[str, dict[str, float]] = {}
    for move in found.moves:
        p = plan.parameters[move.parameter]
        if p.degrees is not None:
            turned.setdefault(p.fixture, {})[p.name] = p.degrees[0] + move.value * (p.degrees[1] - p.degrees[0])
    return {name: (found["pan"], found["tilt"]) for name, found in turned.items()}


def places(plan: Plan) -> dict[str, Place]:
    return {f.name: f.place for f in plan.fixtures}


# --- colour on what the fixture has ----------------------------------------------------------------------------------


def test_a_wheel_turns_to_the_nearest_place(tmp_path: Path) -> None:
    found = loaded(tmp_path, "cues: [{cue: 1, set: {wheel: {colour: '#ff0020'}}}, {cue: 2, set: {wheel: {colour: '#ff0020'}}}]\n")
    assert levels(found.plan) == {"wheel/colour-wheel": 14.5 / 255}
    [warning] = [w for w in found.warnings if w.code == "W-wheel-colour"]  # once, not for every cue
    assert "`Deep Red`" in warning.text
    assert "#ff0020" in warning.text


def test_a_wheel_that_has_the_colour_says_nothing(tmp_path: Path) -> None:
    found = loaded(tmp_path, "cues: [{cue: 1, set: {wheel: {colour: '#1e78ff'}}}, {cue: 2, set: {wheel: {colour: '#ffffff'}}}]\n")
    assert [levels(found.plan, cue) for cue in "12"] == [{"wheel/colour-wheel": 24.5 / 255}, {"wheel/colour-wheel": 4.5 / 255}]
    assert not [w for w in found.warnings if w.code == "W-wheel-colour"]


def test_filters_beside_a_wheel(tmp_path: Path) -> None:
    free = {"filters/colour-wheel": 4.5 / 255}
    red = {"filters/cyan": 0.0, "filters/magenta": 1.0, "filters/yellow": 1.0}
    assert one(tmp_path, "filters: {colour: '#ff0000'}") == {**red, **free}
    # A temperature that its own channel runs through: 5000 K is three fifths of the way from 8000 to 3000.
    open_ = {"filters/cyan": 0.0, "filters/magenta": 0.0, "filters/yellow": 0.0}
    assert one(tmp_path, "filters: {colour: 5000K}") == {**open_, **free, "filters/cto": 0.6}
    assert "filters/cto" not in one(tmp_path, "filters: {colour: 2000K}")
    # By its own name the wheel goes over the colour.
    assert one(tmp_path, "filters: {colour: '#ff0000', colour-wheel: Sky}")["filters/colour-wheel"] == 24.5 / 255


def test_emitters_beside_a_wheel_free_it(tmp_path: Path) -> None:
    green = {"both/red": 0.0, "both/green": 1.0, "both/blue": 0.0, "both/colour-wheel": 4.5 / 255}
    assert one(tmp_path, "both: {colour: '#00ff00'}") == green


def test_whites(tmp_path: Path) -> None:
    assert one(tmp_path, "whites: {colour: 3000K}") == {"whites/warm-white": 1.0, "whites/cold-white": 0.0}
    assert one(tmp_path, "warmth: {colour: 3000K}") == {"warmth/cto": 1.0}
    assert one(tmp_path, "whites: {colour: {warm-white: 40%}}") == {"whites/warm-white": 0.4, "whites/cold-white": 0.0}
    assert codes(tmp_path, "cues: [{cue: 1, set: {warmth: {colour: '#ff0000'}}}]\n") == ["E-no-parameter"]


def test_colours_are_the_category_of_wheels_and_temperatures(tmp_path: Path) -> None:
    plan = loaded(tmp_path, "cues: [{cue: 1, set: {filters: {colour: 5000K}}, times: {colour: 3s}}]\n").plan
    assert {m.up.amount for m in plan.lists[0].cues[0].moves} == {3.0}


# --- presets ---------------------------------------------------------------------------------------------------------

PRESET = """\
palettes:
  intensity: {glow: 25%}
  colour: {warm: 2900K, blood: "#ff0000"}
  position: {there: drums}
  beam: {open: {shutter: open}}
presets:
  solo: {intensity: glow, colour: blood, position: there, beam: open, green: 10%}
  low: {intensity: 5%}
"""


def test_a_preset_is_what_it_holds(tmp_path: Path) -> None:
    by_hand = "{intensity: 25%, colour: '#ff0000', position: drums, shutter: open, green: 10%}"
    cues = f"cues: [{{cue: 1, set: {{heads: {{preset: solo}}}}}}, {{cue: 2, set: {{heads: {by_hand}, wash: solo}}}}]\n"
    plan = loaded(tmp_path, PRESET + cues).plan
    first, second = levels(plan), levels(plan, "2")
    assert first == {key: value for key, value in second.items() if key.startswith("spot")}
    assert {key for key in second if key.startswith("par.1")} == {
        f"par.1/{name}" for name in ("intensity", "red", "green", "blue", "white")
    }


def test_what_stands_beside_a_preset_goes_over_it(tmp_path: Path) -> None:
    found = one(tmp_path, "wash: {preset: solo, intensity: 80%}, par.2: low", PRESET)
    assert (found["par.1/intensity"], found["par.2/intensity"], found["par.2/red"]) == (0.8, 0.05, 1.0)


def test_a_palette_that_changes_changes_every_cue(tmp_path: Path) -> None:
    cues = "cues: [{cue: 1, set: {wash: {colour: blood}}}, {cue: 2, set: {wash: solo}}]\n"
    plan = loaded(tmp_path, PRESET.replace("#ff0000", "#0000ff") + cues).plan
    assert [levels(plan, cue)["par.1/blue"] for cue in "12"] == [1.0, 1.0]
    assert [levels(plan, cue)["par.1/red"] for cue in "12"] == [0.0, 0.0]


def test_presets_are_offered_to_hands(tmp_path: Path) -> None:
    plan = loaded(tmp_path, PRESET + "cues: [{cue: 1, set: {wash: low}}]\n").plan
    offered = {(p.category, p.name): {plan.parameters[i].key for i, _ in p.values} for p in plan.palettes}
    assert {"spot.1/pan", "spot.1/red", "par.1/intensity", "wheel/intensity"} <= offered["preset", "solo"]
    assert (
        offered["position", "there"]
        == offered["position", "drums"]
        == {f"spot.{i}/{n}" for i in (1, 2, 3) for n in ("pan", "tilt")}
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("presets: {a: {preset: b}, b: {intensity: 5%}}\ncues: [{cue: 1, set: {wash: a}}]\n", ["E-preset"]),
        ("presets: {a: {preset: a}}\ncues: [{cue: 1, set: {wash: a}}]\n", ["E-preset"]),
        ("presets: {a: {colour: blod}}\ncues: [{cue: 1, set: {wash: a}}]\n", ["E-unknown-palette"]),
        ("presets: {a: {colr: blod}}\ncues: [{cue: 1, set: {wash: a}}]\n", ["E-unknown-key"]),
        ("presets: {a: {intensity: 5}}\ncues: [{cue: 1, set: {wash: a}}]\n", ["E-unit"]),
        ("presets: {a: {}}\ncues: [{cue: 1, set: {wash: a}}]\n", ["E-empty"]),
        ("cues: [{cue: 1, set: {wash: a}}]\n", ["E-unknown-palette"]),
        ("cues: [{cue: 1, set: {wash: 50%}}]\n", ["E-unknown-palette"]),
        ("presets: {a: {position: singer}}\ncues: [{cue: 1, set: {wash: a}}]\n", ["E-no-parameter"]),
        ("presets: {a: {position: singer}}\ncues: [{cue: 1, set: {mixed: a}}]\n", []),
        ("cues: [{cue: 1, set: {heads: {position: {x: 1m}}}}]\n", ["E-missing-key"]),
        ("cues: [{cue: 1, set: {heads: {position: {x: 1m, y: 1m, pan: 5deg}}}}]\n", ["E-unknown-key"]),
        ("cues: [{cue: 1, set: {heads: {position: {x: 1ft, y: 1m}}}}]\n", ["E-place"]),
        ("cues: [{cue: 1, set: {heads: {position: {x: -2m, y: 3m, z: 5.1m}}}}]\n", ["E-point-inside"]),
        ("cues: [{cue: 1, set: {lost: {position: drums}}}]\n", ["E-no-place"]),
        ("cues: [{cue: 1, set: {spot.1: {position: roof}}}]\n", ["E-unreachable"]),
        ("cues: [{cue: 1, set: {heads: {position: roof}}}]\n", ["W-unreachable", "W-unreachable"]),
        ("palettes: {position: {a: {x: 1m}}}\ncues: [{cue: 1, set: {heads: {position: a}}}]\n", ["E-missing-key"]),
        ("palettes: {position: {a: nobody}}\ncues: [{cue: 1, set: {heads: {position: a}}}]\n", ["E-unknown-position"]),
        ("needs: {points: [drums, drumz]}\ncues: [{cue: 1, set: {heads: {position: drums}}}]\n", ["E-needs"]),
    ],
)
def test_mistakes(tmp_path: Path, text: str, wanted: list[str]) -> None:
    assert codes(tmp_path, text) == wanted


# --- points ----------------------------------------------------------------------------------------------------------


def test_every_head_looks_at_the_point(tmp_path: Path) -> None:
    plan = loaded(tmp_path, "cues: [{cue: 1, set: {heads: {position: drums}}}]\n").plan
    found = angles(plan)
    assert len(found) == 3
    for name, (pan, tilt) in found.items():
        place = places(plan)[name]
        far = distance(place, (1, 6, 1))
        wanted = ((1 - place.x) / far, (6 - place.y) / far, (1 - place.z) / far)
        assert aim(place, pan, tilt) == pytest.approx(wanted, abs=0.001)
    assert [places(plan)[f"spot.{i}"].mount for i in (1, 2, 3)] == ["hung", "hung", "standing"]


def test_a_point_by_a_palette_by_name_and_written_out_are_one(tmp_path: Path) -> None:
    palettes = "palettes: {position: {a: drums, b: {x: 1m, y: 6m, z: 1m}}}\n"
    ways = ("a", "b", "drums", "{x: 1m, y: 6m, z: 1}")
    found = [one(tmp_path, f"heads: {{position: {way}}}", palettes) for way in ways]
    assert all(each == found[0] for each in found)
    assert one(tmp_path, "heads: {position: edge}") == one(tmp_path, "heads: {position: {x: 0m, y: -1m}}")


def test_heads_take_the_short_way_from_the_cue_before(tmp_path: Path) -> None:
    """Behind the head lies nearer over the top: but one that has been turned round already goes on from there."""
    cues = """
  - {cue: 3, set: {spot.1: {position: {x: -1.9m, y: 6m, z: 1m}}}}
  - {cue: 1, set: {spot.1: {position: {x: -1.9m, y: 6m, z: 1m}}}}
  - {cue: 2, set: {spot.1: {pan: 170deg, tilt: 40deg}}}
"""
    plan = loaded(tmp_path, f"cues:{cues}").plan
    assert angles(plan, "1")["spot.1"] == pytest.approx((1.9, -36.9), abs=0.1)
    assert angles(plan, "3")["spot.1"] == pytest.approx((181.9, 36.9), abs=0.1)


def test_a_cue_only_is_where_it_comes_from_once(tmp_path: Path) -> None:
    """From a cue only a head comes where it stood in it; the cue after starts from what tracks again."""
    point = "{x: -1.9m, y: 6m, z: 1m}"
    cues = f"""
  - {{cue: 1, set: {{spot.1: {{pan: 0deg, tilt: -30deg}}}}}}
  - {{cue: 2, set: {{spot.1: {{pan: 175deg, tilt: 30deg}}}}, cue_only: true}}
  - {{cue: 3, set: {{spot.1: {{position: {point}}}}}, cue_only: true}}
  - {{cue: 4, set: {{wash: {{intensity: 5%}}}}}}
  - {{cue: 5, set: {{spot.1: {{position: {point}}}}}}}
"""
    plan = loaded(tmp_path, f"cues:{cues}").plan
    assert angles(plan, "3")["spot.1"][1] > 0
    assert angles(plan, "5")["spot.1"][1] < 0


def test_lists_do_not_know_of_one_another(tmp_path: Path) -> None:
    text = "lists:\n  a: {cues: [{cue: 1, set: {spot.1: {pan: 170deg, tilt: 40deg}}}]}\n"
    text += "  b: {cues: [{cue: 1, set: {spot.1: {position: drums}}}]}\n"
    plan = loaded(tmp_path, text).plan
    alone = loaded(tmp_path, "cues: [{cue: 1, set: {spot.1: {position: drums}}}]\n").plan
    assert [m.value for m in plan.lists[1].cues[0].moves] == [m.value for m in alone.lists[0].cues[0].moves]


def test_limits_hold(tmp_path: Path) -> None:
    (tmp_path / "venue.yaml").write_text(VENUE.replace("tilt: [-100deg, 100deg]", "tilt: [0deg, 100deg], pan: [-270deg, 0deg]"))
    plan = loaded(tmp_path, "cues: [{cue: 1, set: {heads: {position: drums}}}]\n").plan
    for pan, tilt in angles(plan).values():
        assert -270 <= pan <= 0 <= tilt <= 100


def test_swap_and_invert_turn_the_same_way(tmp_path: Path) -> None:
    cues = "cues: [{cue: 1, set: {spot.1: {position: drums}}}]\n"
    plain = angles(loaded(tmp_path, cues).plan)["spot.1"]
    for more in ("swap: true", "invert: [pan, tilt]"):
        (tmp_path / "venue.yaml").write_text(VENUE.replace("    home: {tilt: 30deg}", f"    home: {{tilt: 30deg}}\n    {more}"))
        assert angles(loaded(tmp_path, cues).plan)["spot.1"] == pytest.approx(plain, abs=0.01)


def test_a_point_may_not_be_called_like_a_position(tmp_path: Path) -> None:
    (tmp_path / "venue.yaml").write_text(VENUE.replace("points: {drums:", "points: {singer:"))
    assert "E-name-twice" in [p.code for p in check([tmp_path / "venue.yaml"])]


def test_a_look_of_the_venue_is_where_the_first_cue_comes_from(tmp_path: Path) -> None:
    (tmp_path / "venue.yaml").write_text(VENUE + "looks: {start: {spot.1: {pan: 170deg, tilt: 40deg}}}\n")
    plan = loaded(tmp_path, "cues: [{cue: 1, set: {spot.1: {position: {x: -1.9m, y: 6m, z: 1m}}}}]\n").plan
    assert angles(plan)["spot.1"][1] > 0
