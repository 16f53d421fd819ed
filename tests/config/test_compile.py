"""Names and words become parameters, levels and times."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from showctl.config.load import load
from showctl.config.loaded import Loaded
from showctl.model import Section
from showctl.plan import Category, Cue, Plan, Span, When
from tests.fixtures.files import QXF

VENUE = """\
showctl: 1
kind: venue
name: Room
universes:
  1: {to: [10.0.0.5, 10.0.0.6], priority: 150, sync: 7}
  2: {to: multicast}
fixtures:
  par: {type: generic/rgbw, mode: drgbw, at: [1/1, 1/6, 1/11, 1/16]}
  raw: {type: generic/rgb, mode: rgb, at: 1/51}
  spot:
    type: generic/spot
    at: [2/1, 2/11]
    place: [{x: -2m, y: 3m, z: 5m}, {x: 2m, y: 3m, z: 5m, facing: 15deg}]
    invert: pan
    home: {tilt: 27deg}
    limits: {pan: [-135deg, 135deg]}
  bar: {type: generic/bar, mode: 8-cell-dimmer, at: 1/101}
  strip: {type: generic/bar, mode: 8-cell, at: 1/201}
  hazer: {type: generic/dimmer, at: 1/500, exempt: true}
  foyer: {type: generic/dimmer, at: 1/501}
groups:
  reverse: [par.4, par.3, par.2, par.1]
  wash: [par - par.3]
  twice: [wash, par.odd]
  heads: [spot]
house: [foyer]
positions: {singer: {spot: {pan: 27deg, tilt: 54deg}, spot.2: {pan: -27deg}}}
looks: {start: {wash: {intensity: 10%}}}
"""


def compiled(tmp_path: Path, show: str) -> Loaded:
    (tmp_path / "venue.yaml").write_text(VENUE)
    (tmp_path / "show.yaml").write_text(f"showctl: 1\nkind: show\nvenue: Room\n{show}")
    return load(tmp_path / "venue.yaml", tmp_path / "show.yaml")


def plan_of(tmp_path: Path, *cues: str, more: str = "") -> Plan:
    return compiled(tmp_path, more + "cues:\n" + "".join(f"  - {{{cue}}}\n" for cue in cues)).plan


def values(plan: Plan, cue: Cue) -> dict[str, float]:
    """ "par.1 red" -> value; cells as "bar/3 red"."""
    found = {}
    for move in cue.moves:
        p = plan.parameters[move.parameter]
        found[f"{p.fixture}{f'/{p.cell}' if p.cell else ''} {p.name}"] = pytest.approx(move.value, abs=1e-4)
    return found


def one(tmp_path: Path, setting: str, more: str = "") -> dict[str, float]:
    plan = plan_of(tmp_path, f"cue: 1, set: {{{setting}}}", more=more)
    return values(plan, plan.lists[0].cues[0])


def test_the_patch(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "cue: 1, set: {all: {intensity: full}}")
    table = {(p.fixture, p.cell, p.name): p for p in plan.parameters}
    assert table["par.2", 0, "red"].slots == (7,)
    assert table["spot.2", 0, "pan"].slots == (11, 12)
    assert table["spot.2", 0, "pan"].invert
    assert table["spot.1", 0, "tilt"].default == pytest.approx(0.6)  # 27 of -135..135 degrees
    assert (table["spot.1", 0, "pan"].low, table["spot.1", 0, "pan"].high) == (0.25, 0.75)
    assert table["spot.1", 0, "shutter"].snap
    assert table["bar", 8, "blue"].slots == (101 + 24,)
    assert table["par.1", 0, "white"].default == 1.0
    assert table["par.1", 0, "intensity"].category is Category.INTENSITY
    for fixture in plan.fixtures:
        assert all(plan.parameters[i].fixture == fixture.name for i in fixture.parameters)
    places = {f.name: f.place for f in plan.fixtures}
    assert (places["spot.2"].x, places["spot.2"].facing, places["par.1"].z) == (2.0, 15.0, 3.0)
    assert [f.cells for f in plan.fixtures if f.kind == "bar"] == [8, 8]


def test_fixtures_without_a_dimmer_get_one(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "cue: 1, set: {all: {intensity: full}}")
    index = {(p.fixture, p.cell, p.name): i for i, p in enumerate(plan.parameters)}
    raw = plan.parameters[index["raw", 0, "red"]]
    assert raw.masters == (index["raw", 0, "intensity"],)
    assert plan.parameters[index["raw", 0, "intensity"]].slots == ()
    assert plan.parameters[index["raw", 0, "intensity"]].default == 0.0
    # A cell has one of its own, at full until somebody moves it, and not for the grand master, which acts on the whole.
    cell = plan.parameters[index["bar", 3, "intensity"]]
    assert (cell.default, cell.exempt, cell.universe) == (1.0, True, 0)
    assert plan.parameters[index["bar", 3, "red"]].masters == (index["bar", 3, "intensity"],)
    assert plan.parameters[index["strip", 3, "red"]].masters == (index["strip", 0, "intensity"], index["strip", 3, "intensity"])
    assert not plan.parameters[index["strip", 0, "intensity"]].exempt


def test_universes_and_looks(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "cue: 1, set: {wash: {intensity: full}}")
    first, second = plan.universes
    assert (first.number, first.multicast, first.unicast) == (1, False, ("10.0.0.5", "10.0.0.6"))
    assert (first.priority, first.sync, second.multicast, second.unicast) == (150, 7, True, ())
    assert {plan.parameters[i].fixture: v for i, v in plan.start} == {"par.1": 0.1, "par.2": 0.1, "par.4": 0.1}


def test_all_leaves_out_house_and_exempt(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "cue: 1, set: {all: {intensity: full}}")
    reached = {plan.parameters[m.parameter].fixture for m in plan.lists[0].cues[0].moves}
    assert reached == {"par.1", "par.2", "par.3", "par.4", "raw", "spot.1", "spot.2", "bar", "strip"}
    assert {p.fixture for p in plan.parameters if p.exempt and not p.cell} == {"hazer", "foyer"}


@pytest.mark.parametrize(
    ("target", "fixtures"),
    [
        ("par", ["par.1", "par.2", "par.3", "par.4"]),
        ("par.2-3", ["par.2", "par.3"]),
        ("par.odd", ["par.1", "par.3"]),
        ("reverse.even", ["par.3", "par.1"]),
        ("reverse - par.odd", ["par.4", "par.2"]),
        ("twice", ["par.1", "par.2", "par.4", "par.3"]),
        ("heads + par.1", ["spot.1", "spot.2", "par.1"]),
    ],
)
def test_selections_keep_their_order(tmp_path: Path, target: str, fixtures: list[str]) -> None:
    plan = plan_of(tmp_path, f"cue: 1, start: {{e: {target}}}", more="effects: {e: {param: intensity}}\n")
    [start] = plan.lists[0].cues[0].starts
    assert [plan.parameters[p].fixture for (p,) in start.targets] == fixtures


def test_cells_are_elements_of_their_own(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "cue: 1, start: {e: bar.cells - bar.cells.8}", more="effects: {e: {param: intensity}}\n")
    [start] = plan.lists[0].cues[0].starts
    assert [plan.parameters[p].cell for (p,) in start.targets] == [1, 2, 3, 4, 5, 6, 7]
    plan = plan_of(tmp_path, "cue: 1, start: {e: bar}", more="effects: {e: {param: red}}\n")
    assert [len(t) for t in plan.lists[0].cues[0].starts[0].targets] == [8]


def test_the_more_particular_target_wins(tmp_path: Path) -> None:
    levels = one(tmp_path, "par.2: {intensity: 40%}, all: {intensity: 10%}, wash: {intensity: 20%}, par: {intensity: 30%}")
    assert [levels[f"par.{i} intensity"] for i in (1, 2, 3)] == [0.3, 0.4, 0.3]
    assert levels["raw intensity"] == 0.1


def test_between_equals_the_later_line_wins_with_a_warning(tmp_path: Path) -> None:
    loaded = compiled(tmp_path, "cues: [{cue: 1, set: {wash: {intensity: 20%}, reverse: {intensity: 30%}}}]\n")
    assert values(loaded.plan, loaded.plan.lists[0].cues[0])["par.1 intensity"] == 0.3
    assert "W-set-twice" in [w.code for w in loaded.warnings]


def test_colours(tmp_path: Path) -> None:
    palettes = "palettes: {colour: {ice: {blue: 100%, white: 40%}}}\n"
    assert one(tmp_path, "par.1: {colour: ice}", palettes) == {
        "par.1 red": 0.0,
        "par.1 green": 0.0,
        "par.1 blue": 1.0,
        "par.1 white": 0.4,
    }
    assert one(tmp_path, "par.1: {colour: '#ff8040'}") == {
        "par.1 red": pytest.approx(1 - 64 / 255),
        "par.1 green": pytest.approx(64 / 255),
        "par.1 blue": 0.0,
        "par.1 white": pytest.approx(64 / 255),
    }
    assert one(tmp_path, "raw: {colour: '#00ff00', red: 50%}")["raw red"] == 0.5
    assert len(one(tmp_path, "bar: {colour: '#00ff00'}")) == 24
    assert len(one(tmp_path, "bar.cells.2: {colour: '#00ff00'}")) == 3


def test_positions_and_labels(tmp_path: Path) -> None:
    found = one(tmp_path, "heads: {position: there, shutter: closed}", "palettes: {position: {there: singer}}\n")
    assert found == {
        "spot.1 pan": pytest.approx(0.55),
        "spot.1 tilt": pytest.approx(0.7),
        "spot.1 shutter": pytest.approx(15.5 / 255),
        "spot.2 pan": pytest.approx(0.45),
        "spot.2 tilt": pytest.approx(0.7),
        "spot.2 shutter": pytest.approx(15.5 / 255),
    }
    assert one(tmp_path, "heads: {position: {pan: 50%}}") == {"spot.1 pan": 0.5, "spot.2 pan": 0.5}


def test_times_by_direction_and_category(tmp_path: Path) -> None:
    plan = plan_of(
        tmp_path,
        "cue: 1, set: {heads: {intensity: 50%, colour: '#ff0000', pan: 0deg, shutter: open}}, in: 2s, out: 4 bars, "
        "delay: 500ms, times: {colour: 1/2 beat}, curve: s",
        "cue: 2, set: {heads: {intensity: out}}, in: 3s",
        "cue: 3, set: {heads: {intensity: 1%}}",
    )
    first, second, third = plan.lists[0].cues
    times = {plan.parameters[m.parameter].name: (m.up, m.down, m.delay, m.curve) for m in first.moves}
    assert times["intensity"] == (Span(2.0), Span(4.0, "bar"), Span(0.5), "s")
    assert times["red"] == (Span(0.5, "beat"), Span(0.5, "beat"), Span(0.5), "s")
    assert times["pan"] == times["shutter"] == (Span(2.0), Span(2.0), Span(0.5), "s")
    assert {(m.up, m.down) for m in second.moves} == {(Span(3.0), Span(3.0))}
    assert {(m.up, m.down) for m in third.moves} == {(Span(0.0), Span(0.0))}


def test_cues_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "cue: 10, set: {par: {red: 1%}}", "cue: 9.5, set: {par: {red: 2%}}", "cue: 1.10, goto: 10")
    assert [c.number for c in plan.lists[0].cues] == [Decimal("1.1"), Decimal("9.5"), Decimal(10)]
    assert plan.lists[0].cues[0].goto == Decimal(10)
    assert plan.lists[0].cues[2].line == 5


def test_what_fires_the_next_cue(tmp_path: Path) -> None:
    plan = plan_of(
        tmp_path,
        "cue: 1, set: {par: {red: 1%}}, follow: 8 bars, when: section drop, quantise: bar",
        "cue: 2, set: {par: {red: 2%}}, in: 2s, hang: -1s, cue_only: true, block: true",
    )
    first, second = plan.lists[0].cues
    assert first.follow == Span(8.0, "bar")
    assert first.when == When(Section.DROP, "bar")
    assert second.hang == Span(-1.0)
    assert second.cue_only
    assert second.block


def test_lists(tmp_path: Path) -> None:
    text = "lists: {a: {priority: 9, htp: true, loop: true, release: 1s, cues: [{cue: 1, set: {par: {red: 1%}}}]}}\n"
    plan = compiled(tmp_path, text + "cues: [{cue: 1, set: {par: {red: 2%}}}]\nback: 2s\n").plan
    main, a = plan.lists
    assert (main.name, main.priority, main.htp, main.loop) == ("main", 4, False, False)
    assert (a.name, a.priority, a.htp, a.loop, a.release) == ("a", 9, True, True, Span(1.0))
    assert plan.back_time == Span(2.0)


def test_effects(tmp_path: Path) -> None:
    more = (
        "effects:\n"
        "  sway: {param: pan, size: 54deg, every: 4 bars, spread: 180deg}\n"
        "  kick: {shape: decay, param: intensity, low: 20%, layer: scale, every: 1 bar, length: 1 beat, swing: 58%}\n"
        "  more: {param: red, size: 30%, parts: 2, order: centre-out, seed: 5, sync: onset}\n"
    )
    plan = plan_of(tmp_path, "cue: 1, start: {sway: heads, kick: wash, more: [par, raw]}", "cue: 2, stop: [sway, all]", more=more)
    effects = {e.name: e for e in plan.effects}
    sway, kick, other = effects["sway"], effects["kick"], effects["more"]
    assert (sway.low, sway.high, sway.layer, sway.spread) == (pytest.approx(-0.1), pytest.approx(0.1), "add", 0.5)
    assert (kick.low, kick.high, kick.layer, kick.length, kick.swing) == (0.2, 1.0, "scale", 0.25, 0.58)
    assert (other.low, other.high, other.layer, other.parts, other.order, other.seed) == (0.0, 0.3, "add", 2, "centre-out", 5)
    assert [len(s.targets) for s in plan.lists[0].cues[0].starts] == [2, 3, 5]
    assert plan.lists[0].cues[1].stops == ("sway", "all")


def test_when_an_effect_shows_and_how_it_runs(tmp_path: Path) -> None:
    more = (
        "effects:\n"
        "  a: {param: red, chase: true, segments: 2, direction: bounce, entry: 1 bar, exit: 2s, sections: [build, drop]}\n"
        "  b: {param: red, sync: low, sections: break}\n"
        "  c: {param: red, sync: free, every: 3s}\n"
        "  d: {shape: decay, param: red, sync: snare, every: 300ms}\n"
    )
    a, b, c, d = plan_of(tmp_path, "cue: 1, start: {a: wash, b: wash, c: wash, d: wash}", more=more).effects
    assert (d.sync, d.every) == ("snare", Span(0.3))
    assert (a.segments, a.direction, a.entry, a.exit) == (2, "bounce", Span(1.0, "bar"), Span(2.0))
    assert a.sections == (Section.BUILD, Section.DROP)
    assert (b.sync, b.sections, b.entry, b.exit) == ("low", (Section.BREAK,), None, None)
    assert (c.segments, c.direction, c.sections, c.every) == (0, "forward", (), Span(3.0))


def test_an_effect_on_a_mixed_group_keeps_the_places_of_the_group(tmp_path: Path) -> None:
    """25 degrees are another share of another head: two effects in the plan, one order."""
    (tmp_path / "fixtures" / "acme").mkdir(parents=True)
    (tmp_path / "fixtures" / "acme" / "wanderer-3.qxf").write_text(QXF.replace('PanMax="540"', 'PanMax="360"'))
    room = VENUE.replace("  hazer:", "  other: {type: acme/wanderer-3, mode: Full, at: 2/101}\n  hazer:")
    (tmp_path / "venue.yaml").write_text(room.replace("  heads: [spot]", "  heads: [spot.1, other, par.1, spot.2]"))
    show = "showctl: 1\nkind: show\neffects: {sway: {param: pan, size: 25deg, spread: 360deg}}\n"
    (tmp_path / "show.yaml").write_text(show + "cues:\n  - {cue: 1, start: {sway: heads}}\n  - {cue: 2, stop: sway}\n")
    plan = load(tmp_path / "venue.yaml", tmp_path / "show.yaml").plan
    assert [e.name for e in plan.effects] == ["sway", "sway~2"]
    assert plan.effects[0].high != plan.effects[1].high
    starts = plan.lists[0].cues[0].starts
    named = [[plan.parameters[t[0]].fixture if t else "" for t in s.targets] for s in starts]
    assert named == [["spot.1", "", "spot.2"], ["", "other", ""]], "the par has no pan, and no place"
    assert plan.lists[0].cues[1].stops == ("sway", "sway~2")


def test_a_submaster_of_effects_has_a_priority(tmp_path: Path) -> None:
    more = "effects: {e: {param: intensity}}\n"
    more += "submasters: {a: {start: {e: wash}}, b: {mode: effect, priority: 7, start: {e: wash}}}\n"
    a, b = plan_of(tmp_path, "cue: 1, set: {par: {red: 1%}}", more=more).submasters
    assert [(s.mode, s.priority) for s in (a, b)] == [("effect", 4), ("effect", 7)]


def test_submasters(tmp_path: Path) -> None:
    more = "effects: {e: {param: intensity}}\n"
    more += "submasters: {a: {group: wash}, b: {group: bar.cells, mode: inhibitive}, c: {start: {e: wash}}}\n"
    plan = plan_of(tmp_path, "cue: 1, set: {par: {red: 1%}}", more=more)
    a, b, c = plan.submasters
    assert (a.mode, a.level, [v for _, v in a.levels]) == ("additive", 0.0, [1.0, 1.0, 1.0])
    assert (b.mode, b.level, [plan.parameters[i].cell for i, _ in b.levels]) == ("inhibitive", 1.0, list(range(1, 9)))
    assert (c.mode, c.levels, len(c.starts)) == ("effect", (), 1)


def test_the_demo_is_what_the_probe_needs() -> None:
    """24 fixtures of 4 kinds over 4 universes; nothing but its own list and submaster touches the probe at 4/512."""
    demo = Path(__file__).resolve().parents[2] / "showctl" / "demo"
    plan = load(demo / "venue.yaml", demo / "show.yaml").plan
    assert len(plan.fixtures) >= 24
    assert {f.kind for f in plan.fixtures} == {"dimmer", "wash", "spot", "bar"}
    assert len(plan.universes) == 4
    assert all(u.unicast == ("127.0.0.1",) and not u.multicast for u in plan.universes)
    probe = next(i for i, p in enumerate(plan.parameters) if (p.universe, p.slots) == (4, (512,)))
    lists = {one.name: one for one in plan.lists}
    assert len(lists["main"].cues) >= 12
    assert [[(m.value, m.up, m.down, m.curve) for m in c.moves] for c in lists["probe"].cues] == [
        [(1.0, Span(0.0), Span(0.0), "linear")],
        [(0.0, Span(0.0), Span(0.0), "linear")],
    ]
    assert lists["probe"].loop
    assert probe not in {m.parameter for c in lists["main"].cues for m in c.moves}
    started = {p for c in lists["main"].cues for s in c.starts for t in s.targets for p in t}
    assert probe not in started
    assert [s.name for s in plan.submasters if probe in dict(s.levels)] == ["probe"]
    assert probe not in dict(plan.start)
    # The beat lamp pulses from the first cue on: no cue stops its effect.
    beat = next(i for i, p in enumerate(plan.parameters) if (p.universe, p.slots) == (1, (512,)))
    [effect] = [s.effect for s in lists["main"].cues[0].starts if s.targets == ((beat,),)]
    assert not any(effect in c.stops or "all" in c.stops for c in lists["main"].cues)
    # It runs by itself, round and round.
    assert lists["main"].loop
    assert all(c.follow is not None for c in lists["main"].cues)
    assert {c.when.section.value for c in lists["main"].cues if c.when} >= {"build", "drop", "break"}
