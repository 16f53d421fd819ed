"""Laws that hold for any show and any hand: made-up plans, made-up nights."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from showctl.model import (
    Back,
    BeatGrid,
    Blackout,
    ControlEvent,
    Downbeat,
    ExitLoop,
    Features,
    FreeBeat,
    Go,
    Goto,
    Hold,
    Inputs,
    LetGo,
    LockBeat,
    Nudge,
    Octave,
    Park,
    Pause,
    Release,
    Resume,
    Section,
    SetMaster,
    SetRate,
    StopAll,
    Tap,
)
from showctl.plan import (
    Category,
    Cue,
    CueList,
    Effect,
    EffectStart,
    Move,
    Parameter,
    Plan,
    Span,
    StrobeLimit,
    Submaster,
    Timing,
    Universe,
    When,
)
from showctl.show.cuelist import Track
from showctl.show.engine import ShowEngine
from showctl.show.moves import Traits
from showctl.show.ramps import CURVES
from tests.show.shows import Show, cue, cues, dimmer, move, plan

LONG = 8.0  # s of a made-up night
QUICK = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def examples(everyday: int) -> int:
    """How many examples a law has each of which is a whole night: so many every day, at most ten times as many in an accept."""
    return max(3, round(everyday * min(10.0, settings().max_examples / 50)))


PARAMETERS = (
    dimmer(1),
    dimmer(2, exempt=True),
    Parameter("wash", 0, "intensity", Category.INTENSITY),
    Parameter("wash", 0, "red", Category.COLOUR, 1, (3,), masters=(2,)),
    Parameter("head", 0, "pan", Category.POSITION, 1, (4, 5), default=0.5, invert=True),
    Parameter("head", 0, "gobo", Category.BEAM, 1, (6,), snap=True, low=0.1, high=0.9),
    dimmer(7, "head"),
)
levels = st.sampled_from([0.0, 0.2, 0.5, 0.7, 1.0])
spans = st.one_of(
    st.builds(Span, st.sampled_from([0.0, 0.3, 1.0, 2.5])),
    st.builds(Span, st.sampled_from([0.5, 1.0, 3.0]), st.sampled_from(["beat", "bar"])),
)
timings = st.builds(Timing, spans, spans, spans)
times = st.integers(0, int(LONG * 1000)).map(lambda ms: ms / 1000)
EFFECTS = (
    Effect("pulse", "pulse", "intensity", length=0.3),
    Effect("chase", "step", "intensity", every=Span(1.0, "bar"), chase=True, low=0.1, layer="scale", order="centre-out"),
    Effect("sway", "sine", "pan", sync="free", every=Span(3.0), low=-0.2, high=0.2, layer="add"),
    Effect("hit", "decay", "intensity", sync="onset", every=Span(0.5), layer="max"),
    Effect("breathe", "sine", "intensity", sync="energy", layer="scale"),
    Effect("dice", "random", "intensity", every=Span(0.5, "beat"), swing=0.6, seed=5, early=0.04),
)
TARGETS = {"sway": ((4,),)}
starts = st.sampled_from(EFFECTS).map(lambda e: EffectStart(e.name, TARGETS.get(e.name, ((0,), (1,), (2,)))))


@st.composite
def made_cues(draw: st.DrawFn) -> tuple[Cue, ...]:
    """Up to five cues of everything that a cue can be."""
    made = []
    count = draw(st.integers(1, 5))
    for number in range(1, count + 1):
        chosen = draw(st.lists(st.integers(0, len(PARAMETERS) - 1), unique=True, max_size=4))
        moves = tuple(
            Move(p, draw(levels), draw(spans), draw(spans), draw(spans), draw(st.sampled_from(sorted(CURVES)))) for p in chosen
        )
        by_itself = draw(st.sampled_from(["", "follow", "hang", "when"]))
        made.append(
            Cue(
                Decimal(number),
                moves=moves,
                starts=tuple(draw(st.lists(starts, max_size=2, unique_by=lambda s: s.effect))),
                stops=tuple(draw(st.lists(st.sampled_from([*(e.name for e in EFFECTS), "all"]), max_size=2))),
                follow=draw(spans) if by_itself == "follow" else None,
                hang=draw(spans) if by_itself == "hang" else None,
                when=When(draw(st.sampled_from(Section)), draw(st.sampled_from(["none", "beat", "bar"])))
                if by_itself == "when"
                else None,
                cue_only=draw(st.booleans()),
                block=draw(st.booleans()),
                goto=Decimal(draw(st.integers(1, count))) if draw(st.integers(0, 5)) == 0 else None,
                rounds=draw(st.integers(0, 2)),
                asserts=draw(st.integers(0, 4)) == 0,
                mark=draw(st.booleans()),
                rate=draw(st.sampled_from([1.0, 1.0, 0.5, 3.0])),
                times=tuple(draw(st.dictionaries(st.sampled_from(["", "position", "pan", "intensity"]), timings)).items()),
                tempo=draw(st.sampled_from([None, None, (50.0, 80.0), (180.0, 300.0)])),
            )
        )
    return tuple(made)


@st.composite
def made_plans(draw: st.DrawFn) -> Plan:
    """Three lists, three submasters, all effects; no strobe limit, which is a matter of frames (test_strobe.py)."""
    lists = tuple(
        CueList(name, draw(made_cues()), draw(st.integers(4, 6)), draw(st.booleans()), draw(st.booleans()), draw(spans))
        for name in ("main", "side", "top")
    )
    subs = (
        Submaster("add", "additive", ((0, 0.8), (2, 1.0))),
        Submaster("limit", "inhibitive", ((0, 1.0), (1, 0.5)), level=1.0),
        Submaster("fx", "effect", (), (EffectStart("pulse", ((0,), (2,))),)),
    )
    latency = {"sound_latency": draw(st.sampled_from([0.0, 0.03])), "lamp_latency": draw(st.sampled_from([0.0, 0.05]))}
    return Plan(
        PARAMETERS, (), (Universe(1),), lists, EFFECTS, subs, start=((0, 0.25),), back_time=draw(spans), strobe=None, **latency
    )


names = st.sampled_from(["main", "side", "top"])
HELD = {(("head/intensity", 0.6),), (("head/pan", 0.1), ("head/gobo", 1.0)), (("wash/red", 0.4), ("nobody/pan", 0.5))}


def made_controls() -> SearchStrategy[ControlEvent]:
    """Everything that a hand can do, and some that it cannot."""
    subs = st.sampled_from([None, "add", "limit", "fx", "nobody"])
    return st.one_of(
        *[st.builds(Go, time=times, list=names)] * 3,
        st.builds(Back, time=times, list=names),
        st.builds(Goto, time=times, list=names, cue=st.sampled_from(["0", "1", "2", "3", "7", "x"])),
        st.builds(Pause, time=times, list=names),
        st.builds(Resume, time=times, list=names),
        st.builds(Release, time=times, list=st.sampled_from(["main", "side", "nobody"])),
        st.builds(StopAll, time=times),
        st.builds(Blackout, time=times, on=st.booleans()),
        st.builds(SetMaster, time=times, level=st.sampled_from([0.0, 0.3, 1.0, 1.5, float("nan")]), submaster=subs),
        st.builds(Tap, time=times),
        st.builds(Nudge, time=times, by=st.sampled_from([-0.2, 0.01, 0.3, 9.0])),
        st.builds(Octave, time=times, step=st.sampled_from([-1, 1, 2])),
        st.builds(Downbeat, time=times),
        st.builds(LockBeat, time=times, on=st.booleans()),
        st.builds(FreeBeat, time=times),
        st.builds(ExitLoop, time=times, list=names),
        st.builds(SetRate, time=times, list=names, rate=st.sampled_from([0.0, 0.5, 1.0, 2.0, 25.0])),
        st.builds(Hold, time=times, values=st.sampled_from(sorted(HELD))),
        st.builds(LetGo, time=times),
        st.builds(Park, time=times, values=st.just((("head/pan", 0.7),))),
    )


@st.composite
def made_features(draw: st.DrawFn) -> list[Features]:
    """An ear that follows a beat, loses it, changes its mind and hears onsets and sections."""
    said, index, period, anchor = (
        [],
        0,
        draw(st.sampled_from([0.4, 0.5, 0.6])),
        draw(st.floats(0.0, 1.0).map(lambda x: round(x, 3))),
    )
    for i in range(int(LONG * 10)):
        t = i / 10
        while anchor <= t:
            anchor, index = round(anchor + period, 4), index + 1
        trouble = draw(st.integers(0, 30))
        if trouble == 0:
            anchor = round(anchor + draw(st.sampled_from([-0.15, 0.1, 0.25])), 4)
        grid = (
            None if trouble == 1 else BeatGrid(anchor, index, period, 1 + index % 4, 4, draw(st.sampled_from([0.05, 0.9, 0.9])))
        )
        section = Section.DROP if trouble == 2 else Section.STEADY
        onset = 1.0 if trouble == 3 else 0.0
        said.append(Features(t, -20.0 + i % 7, energy=i % 11 / 10, onset=onset, grid=grid, section=section))
    return said


@st.composite
def made_nights(draw: st.DrawFn) -> tuple[list[Features], list[ControlEvent]]:
    """What the ear says and what hands do, in the order of time."""
    controls = draw(st.lists(made_controls(), max_size=25))
    return draw(made_features()), sorted(controls, key=lambda c: c.time)


def played(
    of: Plan, night: tuple[list[Features], list[ControlEvent]], ticks: list[float]
) -> tuple[dict[float, bytes], list[str]]:
    """The slots at every tick, and all that happened."""
    engine = ShowEngine(of)
    features, controls = list(night[0]), list(night[1])
    looks, told = {}, []
    for now in ticks:
        heard = [f for f in features if f.time <= now]
        asked = [c for c in controls if c.time <= now]
        features, controls = features[len(heard) :], controls[len(asked) :]
        frame = engine.step(now, Inputs(tuple(heard), tuple(asked)))
        looks[now] = frame.slots.tobytes()
        told += [repr(h) for h in frame.events]
    return looks, told


AT_44 = [i / 44 for i in range(int(LONG * 44) + 1)]
AT_100 = [i / 100 for i in range(int(LONG * 100) + 1)]
IRREGULAR = sorted({*[i / 4 for i in range(int(LONG * 4) + 1)], 0.013, 0.9999, 1.0001, 3.33, 7.77})


@settings(QUICK, max_examples=examples(16))
@given(made_plans(), made_nights())
def test_the_tick_rate_never_changes_the_light(of: Plan, night: tuple[list[Features], list[ControlEvent]]) -> None:
    slow, told = played(of, night, AT_44)
    for ticks in (AT_100, IRREGULAR):
        other, told_there = played(of, night, ticks)
        shared = slow.keys() & other.keys()
        assert len(shared) >= 33
        for t in sorted(shared):
            assert slow[t] == other[t], f"at {t} s"
        assert told == told_there


@settings(QUICK, max_examples=examples(6))
@given(made_plans(), made_nights())
def test_the_same_events_give_the_same_bytes(of: Plan, night: tuple[list[Features], list[ControlEvent]]) -> None:
    for plan_ in (of, replace(of, strobe=StrobeLimit())):
        assert played(plan_, night, AT_44) == played(plan_, night, AT_44)


@pytest.mark.slow
@settings(QUICK, max_examples=examples(12))
@given(made_plans(), made_nights())
def test_the_strobe_limit_changes_nothing_until_it_is_told(of: Plan, night: tuple[list[Features], list[ControlEvent]]) -> None:
    free, held = played(of, night, AT_44), played(replace(of, strobe=StrobeLimit()), night, AT_44)
    begun = next((float(h.partition("time=")[2].partition(",")[0]) for h in held[1] if "'strobe_limit'" in h), LONG + 1.0)
    assert [look for t, look in free[0].items() if t < begun] == [look for t, look in held[0].items() if t < begun]


@pytest.mark.slow
@settings(QUICK, max_examples=40)
@given(made_plans(), st.lists(made_controls(), max_size=60), st.randoms(use_true_random=False))
def test_nothing_that_hands_do_ever_raises(of: Plan, controls: list[ControlEvent], chance: object) -> None:
    """In any order, late or early, all in one step or one at a time; levels stay within the venue's limits."""
    of = replace(of, strobe=StrobeLimit())
    chance.shuffle(controls)  # type: ignore[attr-defined]
    engine = ShowEngine(of)
    for i, control in enumerate(controls):
        frame = engine.step(i * 0.17, Inputs(controls=(control,)))
        assert 25 <= frame.slots[0, 5] <= 230
    frame = engine.step(100.0, Inputs(controls=tuple(controls)))
    again = ShowEngine(of)
    again.restore(frame.playback, 100.0)
    again.step(100.1, Inputs())


@given(
    st.lists(
        st.tuples(levels, levels, st.sampled_from(sorted(CURVES)), st.sampled_from([0.0, 0.7, 2.0])), min_size=1, max_size=6
    ),
    st.lists(times, min_size=1, max_size=40),
)
@settings(QUICK, max_examples=60)
def test_a_fade_never_leaves_the_interval_between_its_ends(
    made: list[tuple[float, float, str, float]], moments: list[float]
) -> None:
    """Each on a 16-bit parameter, looked at wherever; and it ends exactly where it should."""
    parameters = [
        Parameter(f"p{i}", 0, "pan", Category.POSITION, 1, (2 * i + 1, 2 * i + 2), default=m[0]) for i, m in enumerate(made)
    ]
    moves = [Move(i, m[1], Span(m[3]), Span(m[3]), curve=m[2]) for i, m in enumerate(made)]
    show = Show(plan(parameters, cues(cue(1, *moves))))
    show.at(0.0, Go(time=0.0))
    for t in [*sorted(moments), LONG + 3.0]:
        frame = show.at(t)
        for i, (start, end, _, length) in enumerate(made):
            raw = int(frame.slots[0, 2 * i]) * 256 + int(frame.slots[0, 2 * i + 1])
            low, high = sorted((int(start * 65535 + 0.5), int(end * 65535 + 0.5)))
            assert low <= raw <= high
            assert t < length or raw == int(end * 65535 + 0.5)


@pytest.mark.slow
@settings(QUICK, max_examples=60)
@given(made_cues())
def test_goto_is_what_walking_there_gives(walked: tuple[Cue, ...]) -> None:
    """For every cue: the light that tracks, what is marked in its dark, and the effects that run."""
    plain = tuple(replace(c, follow=None, hang=None, when=None, goto=None) for c in walked)
    of = Plan(PARAMETERS, (), (Universe(1),), (CueList("main", plain, release=Span(0.5)),), EFFECTS)
    walker = ShowEngine(of)
    for i, one in enumerate(plain):
        t = 100.0 * (i + 1)
        walker.step(t, Inputs(controls=(Go(time=t),)))
        there = walker.step(t + 99.0, Inputs())
        leaper = ShowEngine(of)
        leaper.step(0.0, Inputs(controls=(Goto(time=0.0, cue=str(len(plain))), Goto(time=0.0, cue=str(one.number)))))
        here = leaper.step(t + 99.0, Inputs())
        assert sorted(there.playback.effects) == sorted(here.playback.effects)
        assert _without_effects(of, plain, i, walk=True) == _without_effects(of, plain, i, walk=False)


def _without_effects(of: Plan, plain: tuple[Cue, ...], upto: int, walk: bool) -> bytes:
    silent = tuple(replace(c, starts=(), stops=()) for c in plain)
    engine = ShowEngine(Plan(of.parameters, (), of.universes, (CueList("main", silent, release=Span(0.5)),)))
    if walk:
        for i in range(upto + 1):
            engine.step(100.0 * i, Inputs(controls=(Go(time=100.0 * i),)))
    else:
        engine.step(0.0, Inputs(controls=(Goto(time=0.0, cue=str(silent[-1].number)),)))
        engine.step(0.3, Inputs(controls=(Goto(time=0.3, cue=str(silent[upto].number)),)))
    return engine.step(9999.0, Inputs()).slots.tobytes()


def calm(of: Plan) -> Plan:
    """Nothing comes by itself, and nothing is over the look of the cues."""
    quiet = {"follow": None, "hang": None, "when": None, "starts": (), "stops": ()}
    lists = tuple(replace(one, cues=tuple(replace(c, **quiet) for c in one.cues)) for one in of.lists)  # type: ignore[arg-type]
    return replace(of, lists=lists)


before_go = st.lists(
    st.one_of(
        st.builds(Go, time=st.just(0.0), list=names),
        st.builds(Goto, time=st.just(0.0), list=names, cue=st.sampled_from(["0", "1", "2"])),
        st.builds(Back, time=st.just(0.0), list=names),
        st.builds(Release, time=st.just(0.0), list=names),
        st.builds(ExitLoop, time=st.just(0.0), list=names),
    ),
    max_size=12,
)
APART = 50.0  # s: more than the slowest cue with its marks takes


@pytest.mark.slow
@settings(QUICK, max_examples=60)
@given(made_plans(), before_go, st.sampled_from([0.2, 0.9, 3.0, APART]), st.booleans())
def test_go_and_back_is_the_look_before(of: Plan, before: list[ControlEvent], wait: float, meddle: bool) -> None:
    """After the end of all fades; another list may have taken something in between, and keeps that."""
    show = Show(calm(of))
    for i, one in enumerate(before):
        show.at(APART * i, replace(one, time=APART * i))
    t = APART * len(before)
    look = show.at(t).slots.copy()
    told = len(show.told)
    show.at(t, Go(time=t))
    if [h.type for h in show.told[told:]] != ["cue"]:
        return  # paused or at its end: nothing was done that could be undone
    if meddle:
        show.at(t + 0.1, Go(time=t + 0.1, list="side"))
    show.at(t + wait, Back(time=t + wait))
    after = show.at(t + wait + 3 * APART).slots
    side = {m.parameter for c in show.plan.lists[1].cues for m in c.moves} if meddle else set()
    own = [slot - 1 for i, p in enumerate(PARAMETERS) if not side & {i, *p.masters} for slot in p.slots]
    assert (after[0, own] == look[0, own]).all()


@settings(QUICK, max_examples=examples(10))
@given(made_plans(), made_nights())
def test_the_output_is_always_within_the_limits_of_the_venue(of: Plan, night: tuple[list[Features], list[ControlEvent]]) -> None:
    """Whatever cues, effects, rates, hands and parked values ask for."""
    limited = tuple(replace(p, low=0.2, high=0.6) if p.name in ("pan", "red") else p for p in of.parameters)
    for look in played(replace(of, parameters=limited), night, AT_44)[0].values():
        slots = np.frombuffer(look, np.uint8)
        assert int(0.4 * 65535) - 1 <= int(slots[3]) * 256 + int(slots[4]) <= int(0.8 * 65535) + 1, "a pan that is inverted"
        assert slots[2] <= 153
        assert 25 <= slots[5] <= 230


@pytest.mark.slow
@settings(QUICK, max_examples=60)
@given(made_cues())
def test_tracking_is_the_last_move_of_all_that_track(walked: tuple[Cue, ...]) -> None:
    """Against a slow, plain statement of it."""
    of = Track(CueList("main", walked), PARAMETERS, Span(1.0), Traits(PARAMETERS))
    for i in range(len(walked)):
        expected: dict[int, Move] = {}
        for j, one in enumerate(walked[: i + 1]):
            if j == i or not one.cue_only:
                expected.update({m.parameter: m for m in one.moves})
        assert dict(of.state(i).moves) == expected


priorities = st.lists(st.tuples(st.integers(1, 10), levels), min_size=1, max_size=5)


@settings(QUICK, max_examples=80)
@given(priorities, st.randoms(use_true_random=False))
def test_highest_priority_wins_and_among_equals_the_latest(lists: list[tuple[int, float]], chance: object) -> None:
    of = plan([dimmer(1)], *[cues(cue(1, move(0, v)), name=f"l{i}", priority=p) for i, (p, v) in enumerate(lists)])
    order = list(range(len(lists)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    show = Show(of)
    show.at(99.0, *[Go(time=float(k), list=f"l{i}") for k, i in enumerate(order)])
    winner = max(range(len(order)), key=lambda k: (lists[order[k]][0], k))
    assert show.level(99.0, 0) == pytest.approx(lists[order[winner]][1], abs=0.003)


@settings(QUICK, max_examples=60)
@given(st.lists(levels, min_size=1, max_size=4), levels, st.randoms(use_true_random=False))
def test_htp_is_the_highest_whatever_the_order_and_however_often(inputs: list[float], beneath: float, chance: object) -> None:
    lists = [cues(cue(1, move(0, v)), cue(2, move(0, v)), name=f"l{i}", htp=True) for i, v in enumerate(inputs)]
    of = plan([dimmer(1)], cues(cue(1, move(0, beneath))), *lists)
    gos = [Go(time=0.0)] + [Go(time=float(k), list=f"l{i}") for k in (1, 2) for i in range(len(lists))]
    show = Show(of)
    chance.shuffle(gos)  # type: ignore[attr-defined]
    show.at(99.0, *gos)
    assert show.level(99.0, 0) == pytest.approx(max(beneath, *inputs), abs=0.003)


@settings(QUICK, max_examples=examples(12))
@given(made_plans(), made_nights(), st.booleans())
def test_blackout_and_master_touch_intensity_and_nothing_else(
    of: Plan, night: tuple[list[Features], list[ControlEvent]], by_master: bool
) -> None:
    quiet = (
        night[0],
        [c for c in night[1] if not isinstance(c, Blackout) and not (isinstance(c, SetMaster) and not c.submaster)],
    )
    out_of = SetMaster(time=0.0, level=0.0) if by_master else Blackout(time=0.0, on=True)
    dark = (quiet[0], [out_of, *quiet[1]])
    lit, out = played(of, quiet, AT_44)[0], played(of, dark, AT_44)[0]
    for t, look in lit.items():
        a, b = np.frombuffer(look, np.uint8), np.frombuffer(out[t], np.uint8)
        assert b[0] == 0
        assert b[2] == 0
        assert b[6] == 0
        assert (a[[1, 3, 4, 5]] == b[[1, 3, 4, 5]]).all(), "an exempt dimmer, a pan, a gobo"
