"""What a cue file says of times, rates, loops, marks and blocks, and where each value says it comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from showctl.config.load import check, load
from showctl.plan import Cue, Plan, Span, Timing

VENUE = """showctl: 1
kind: venue
name: Room
universes: {1: {}}
fixtures:
  spot: {type: generic/spot, mode: 10ch, at: 1/1}
  par: {type: generic/rgbw, at: [1/21, 1/31]}
groups: {heads: [spot], wash: [par]}
"""
HEAD = "showctl: 1\nkind: show\npalettes: {colour: {blood: '#c00010'}}\n"
LIT = "intensity: 50%, colour: blood"


def files(tmp_path: Path, show: str) -> list[Path]:
    paths = [tmp_path / "venue.yaml", tmp_path / "show.yaml"]
    for path, text in zip(paths, (VENUE, HEAD + show), strict=True):
        path.write_text(text)
    return paths


def plan_of(tmp_path: Path, *cues: str) -> Plan:
    venue, show = files(tmp_path, "cues:\n" + "".join(f"  - {{{one}}}\n" for one in cues))
    return load(venue, show).plan


def cue_of(tmp_path: Path, text: str) -> tuple[Plan, Cue]:
    plan = plan_of(tmp_path, f"cue: 1, set: {{heads: {{{LIT}, pan: 9deg, tilt: 9deg}}}}, {text}")
    return plan, plan.lists[0].cues[0]


def problems(tmp_path: Path, *cues: str) -> list[str]:
    found = check(files(tmp_path, "cues:\n" + "".join(f"  - {{{one}}}\n" for one in cues)))
    return [f"{p.line}:{p.code}" for p in found if p.path.endswith("show.yaml") and p.code != "W-unused"]


def times(plan: Plan, cue: Cue) -> dict[str, tuple[float, float, float]]:
    return {plan.parameters[m.parameter].name: (m.up.amount, m.down.amount, m.delay.amount) for m in cue.moves}


def test_the_time_of_a_parameter_goes_before_that_of_its_category_before_that_of_the_cue(tmp_path: Path) -> None:
    found = times(*cue_of(tmp_path, "in: 8s, out: 9s, times: {position: 4s, pan: 2s, intensity: 1s}"))
    assert found["pan"] == (2.0, 2.0, 0.0)
    assert found["tilt"] == (4.0, 4.0, 0.0)
    assert found["intensity"] == (1.0, 1.0, 0.0)
    assert found["red"] == (8.0, 8.0, 0.0), "`out` is for intensity alone"


def test_delays_are_chosen_in_the_same_way_and_apart_from_times(tmp_path: Path) -> None:
    found = times(*cue_of(tmp_path, "in: 8s, times: {pan: 2s}, delay: {all: 1s, position: 3s, tilt: 5s}"))
    assert found["pan"] == (2.0, 2.0, 3.0)
    assert found["tilt"] == (8.0, 8.0, 5.0)
    assert found["red"] == found["intensity"] == (8.0, 8.0, 1.0)
    assert times(*cue_of(tmp_path, "delay: 2s"))["pan"] == (0.0, 0.0, 2.0)


def test_seconds_and_beats_are_mixed_in_one_cue(tmp_path: Path) -> None:
    plan, cue = cue_of(tmp_path, "in: 2s, out: 1 bar, times: {pan: 4 beats}, delay: {colour: 1/2 beat}")
    moves = {plan.parameters[m.parameter].name: m for m in cue.moves}
    assert (moves["intensity"].up, moves["intensity"].down) == (Span(2.0), Span(1.0, "bar"))
    assert moves["pan"].up == Span(4.0, "beat")
    assert (moves["red"].up, moves["red"].delay) == (Span(2.0), Span(0.5, "beat"))


def test_the_times_of_a_cue_are_kept_for_what_tracks_and_for_marks(tmp_path: Path) -> None:
    _, cue = cue_of(tmp_path, "in: 8s, out: 9s, times: {position: 4s}, delay: {pan: 1s}")
    assert dict(cue.times) == {
        "": Timing(Span(8.0), Span(9.0)),
        "position": Timing(Span(4.0), Span(4.0)),
        "pan": Timing(Span(4.0), Span(4.0), Span(1.0)),
    }


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("times: {pann: 2s}", "E-unknown-key"),
        ("delay: {colours: 2s}", "E-unknown-key"),
        ("times: {all: 2s}", "E-unknown-key"),
        ("times: {pan: 2}", "E-unit"),
        ("delay: {pan: -2s}", "E-range"),
        ("delay: 2", "E-unit"),
        ("rate: 2", "E-unit"),
        ("rate: fast", "E-rate"),
        ("rate: 2001%", "E-range"),
        ("goto: 1, rounds: 0", "E-number"),
        ("rounds: 2", "E-clash"),
        ("goto: 2, rounds: 2", "E-clash"),
        ("assert: yes", "E-truth"),
        ("mark: 1", "E-truth"),
        ("follow: 1s, hang: 1s", "E-clash"),
    ],
)
def test_mistakes_of_times_and_loops_are_found_at_their_place(tmp_path: Path, text: str, code: str) -> None:
    found = problems(tmp_path, f"cue: 1, set: {{wash: {{{LIT}}}}}, {text}", "cue: 2, set: {wash: {intensity: 10%}}")
    assert f"5:{code}" in found


def test_rate_rounds_assert_and_hang_below_zero(tmp_path: Path) -> None:
    plan = plan_of(
        tmp_path,
        f"cue: 1, set: {{wash: {{{LIT}}}}}, in: 4s, rate: 50%, hang: -1s",
        "cue: 2, set: {wash: {intensity: 10%}}, goto: 1, rounds: 3, assert: true",
    )
    first, second = plan.lists[0].cues
    assert (first.rate, first.asserts, first.rounds, first.hang) == (0.5, False, 0, Span(-1.0))
    assert (second.rate, second.asserts, second.rounds) == (1.0, True, 3)
    assert first.moves[0].up == Span(4.0), "the rate is the engine's"


def test_mark_of_a_list_is_that_of_its_cues_unless_they_say_otherwise(tmp_path: Path) -> None:
    text = "lists:\n  main:\n    mark: true\n    cues:\n"
    text += f"      - {{cue: 1, set: {{wash: {{{LIT}}}}}}}\n      - {{cue: 2, set: {{wash: {{intensity: 10%}}}}, mark: false}}\n"
    venue, show = files(tmp_path, text)
    assert [cue.mark for cue in load(venue, show).plan.lists[0].cues] == [True, False]
    assert [cue.mark for cue in plan_of(tmp_path, f"cue: 1, set: {{wash: {{{LIT}}}}}").lists[0].cues] == [False]


def test_what_a_list_does_not_write_is_as_on_a_console(tmp_path: Path) -> None:
    """Eos: priority 4, intensity LTP, release and BACK in 1 s; a second GO within 100 ms is a bounce."""
    plan = plan_of(tmp_path, f"cue: 1, set: {{wash: {{{LIT}}}}}")
    one = plan.lists[0]
    assert (one.priority, one.htp, one.loop, one.release) == (4, False, False, Span(1.0))
    assert (plan.back_time, plan.go_guard) == (Span(1.0), 0.1)


def test_every_value_knows_how_and_where_the_file_says_it(tmp_path: Path) -> None:
    plan, cue = cue_of(tmp_path, "in: 1s")
    said = {plan.parameters[m.parameter].name: m.origin for m in cue.moves}
    assert said["red"] == said["white"] == "heads colour blood"
    assert said["pan"] == "heads pan 9deg"
    assert (Path(cue.path).name, cue.line) == ("show.yaml", 5)
    reds = [m.origin for m in cue.moves if m.origin == "heads colour blood"]
    assert len({id(text) for text in reds}) == 1, "one text for all of a line"


def test_the_more_particular_target_is_the_origin_of_what_it_set(tmp_path: Path) -> None:
    show = HEAD + "venue: Room\ncues:\n  - {cue: 1, set: {par.1: {intensity: 20%}, wash: {intensity: 60%, colour: blood}}}\n"
    venue = files(tmp_path, "")[0]
    (tmp_path / "show.yaml").write_text(show)
    plan = load(venue, tmp_path / "show.yaml").plan
    said = {plan.parameters[m.parameter].key: m.origin for m in plan.lists[0].cues[0].moves}
    assert said["par.1/intensity"] == "par.1 intensity 20%"
    assert said["par.2/intensity"] == "wash intensity 60%"
    assert said["par.1/red"] == "wash colour blood"


def test_a_block_that_lets_something_lit_track_in_is_told(tmp_path: Path) -> None:
    first = f"cue: 1, set: {{wash: {{{LIT}}}}}"
    assert problems(tmp_path, first, "cue: 2, set: {wash: {intensity: 60%}}, block: true") == ["6:W-block"]
    assert problems(tmp_path, first, f"cue: 2, set: {{wash: {{{LIT}}}}}, block: true") == []
    assert problems(tmp_path, first, "cue: 2, set: {wash: {intensity: out}}, block: true") == [], "what is dark may track"
