"""The policy of the equaliser: its laws whatever comes in, and a loop closed over rooms that change."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from showctl.analysis.room.biquad import cascade_db
from showctl.analysis.room.grid import BANDS
from showctl.model import ConsoleState, EqBand, EqCommand, EqDo, EqInputs, EqState, EqWanted, RoomResponse
from showctl.show.eq_limits import EqSettings
from showctl.show.eq_moves import GRID, SHOW, Pace, apart, assigned, step, way
from showctl.show.eq_policy import EqPolicy

FLAT = np.zeros(len(BANDS))
MICROPHONES = ("left", "right", "balcony")
SETTINGS = EqSettings(FLAT, MICROPHONES)
START = tuple(EqBand("peaking", f, 0.0, 2.0) for f in (80.0, 200.0, 500.0, 1250.0, 3000.0, 8000.0))
BY_HAND = {"undo", "restore", "bypass", "unbypass"}


def response(t: float, level: NDArray[np.float64], trusted: float = 1.0, delay: float = 0.02) -> RoomResponse:
    trust = np.arange(len(BANDS)) < trusted * len(BANDS)
    return RoomResponse(t, BANDS, level, np.where(trust, 0.9, 0.1), trust, delay, 0.0, True)


class Desk:
    """A console that does what it is told, and a room that hears it."""

    def __init__(self, bands: tuple[EqBand, ...] = START) -> None:
        self.bands, self.room, self.answers, self.works, self.touched = list(bands), FLAT.copy(), True, 1.0, list[int]()
        self.last: float | None = None
        self.history: deque[tuple[float, list[EqBand]]] = deque(maxlen=100_000)

    def inputs(self, now: float, wanted: EqWanted | None = None, *commands: EqCommand, **more: Any) -> EqInputs:
        self.last = now if self.answers else self.last
        heard = self.room + self.works * cascade_db(self.bands, BANDS)
        given = {"responses": (response(now, heard),) * 3, "programme": -20.0, **more}
        touched, self.touched = tuple(self.touched), []
        return EqInputs(ConsoleState(self.last, tuple(self.bands), True, touched), wanted=wanted, commands=commands, **given)

    def take(self, now: float, state: EqState) -> EqState:
        for i, band in state.writes:
            self.bands[i] = band
        self.history.append((now, list(self.bands)))
        return state


def run(policy: EqPolicy, desk: Desk, times: range, wanted: tuple[EqBand, ...] | None = None, **more: Any) -> list[EqState]:
    """Once a second, with a fit that knows of now."""
    wants = [None if wanted is None else EqWanted(float(t), wanted) for t in times]
    return [desk.take(t, policy.step(float(t), desk.inputs(float(t), w, **more))) for t, w in zip(times, wants, strict=True)]


def applied(policy: EqPolicy, desk: Desk, times: range, wanted: tuple[EqBand, ...]) -> list[EqState]:
    """What is wanted is taken over at once, as in an empty house."""
    first = float(times[0])
    states = [desk.take(first, policy.step(first, desk.inputs(first, EqWanted(first, wanted), ask("apply_at_once"))))]
    return states + run(policy, desk, times[1:], wanted)


def did(states: list[EqState]) -> list[str]:
    return [str(dict(e.data)["did"]) for s in states for e in s.events]


def ask(do: Any, band: int | None = None) -> EqCommand:
    return EqCommand(time=0.0, source="test", do=do, band=band)


def room_for(bands: tuple[EqBand, ...]) -> NDArray[np.float64]:
    """A room that these bands make flat."""
    room: NDArray[np.float64] = -cascade_db(bands, BANDS)
    return room


EMPTY = (EqBand("peaking", 110.0, -6.0, 3.0), EqBand("peaking", 420.0, -3.0, 1.5), EqBand("high_shelf", 6000.0, -2.0, 0.7))
FULL = (EqBand("peaking", 118.0, -3.0, 3.0), EqBand("peaking", 420.0, -4.0, 1.5), EqBand("peaking", 2500.0, -2.0, 2.0))


# --- laws ----------------------------------------------------------------------------------------------------------

bands_ = st.builds(
    EqBand,
    st.sampled_from(["peaking", "low_shelf", "high_shelf"]),
    st.sampled_from([50.0, 112.0, 120.0, 400.0, 1000.0, 1100.0, 6000.0]),
    st.sampled_from([-40.0, -12.0, -9.0, -6.0, -3.3, -1.0, -0.4, 0.0, 0.5, 1.5, 3.0, 7.0]),
    st.sampled_from([0.3, 0.7, 1.4, 4.0]),
)
steps_ = st.fixed_dictionaries(
    {
        "dt": st.sampled_from([0.2, 1.0, 1.0, 1.0, 3.0, 20.0, -5.0]),
        "times": st.integers(1, 12),
        "wanted": st.none() | st.lists(bands_, max_size=6).map(tuple),
        "old": st.sampled_from([0.0, 0.0, 0.0, 50.0, 1000.0]),
        "level": st.lists(st.floats(-9, 9), min_size=3, max_size=3),
        "trusted": st.sampled_from([1.0, 1.0, 1.0, 0.6, 0.2]),
        "programme": st.sampled_from([-20.0, -20.0, -20.0, -90.0, float("nan")]),
        "troubles": st.sampled_from([(), (), (), ("microphone left is clipped: turn its gain down",)]),
        "answers": st.sampled_from([True, True, True, False]),
        "on": st.sampled_from([True, True, True, False]),
        "touch": st.none() | st.none() | st.integers(0, 5),
        "lost": st.booleans(),
        "known": st.sampled_from([3, 3, 3, 1, 0]),
        "delay": st.sampled_from([0.02, 0.02, 0.02, 0.03]),
        "do": st.none() | st.sampled_from(["auto", *get_args(EqDo)]),
        "band": st.none() | st.integers(-1, 6),
        "anew": st.sampled_from([False, False, False, True]),
    }
)


def course(
    policies: list[EqPolicy], script: list[dict[str, Any]], another: Callable[[EqPolicy], EqPolicy]
) -> Iterator[tuple[float, EqInputs, list[EqBand], EqState]]:
    """Every step of a script, with the console's bands as they were before it. The last of the policies decides; where the script
    has it, `another` takes its place."""
    now, answered, desk, latest = 100.0, None, list(START), 0.0
    for part in script:
        if part["anew"]:
            policies.append(another(policies[-1]))
            now = max(now, latest)
        for n in range(part["times"]):
            now += part["dt"] if n else abs(part["dt"])
            latest = max(latest, now)
            answered = now if part["answers"] else answered
            touched: tuple[int, ...] = ()
            if part["touch"] is not None and n == 0 and part["answers"]:
                touched = (part["touch"],)
                desk[touched[0]] = replace(desk[touched[0]], gain=-4.75)
            level = np.interp(np.log(BANDS), np.log([40, 800, 16_000]), part["level"])
            heard = tuple(response(now, level, part["trusted"], part["delay"]) if i < part["known"] else None for i in range(3))
            wanted = None if part["wanted"] is None else EqWanted(now - part["old"], part["wanted"])
            commands = (ask(part["do"], part["band"]),) if part["do"] and n == 0 else ()
            console = ConsoleState(answered, tuple(desk) if answered else (), part["on"], touched)
            inputs = EqInputs(console, heard, wanted, part["programme"], part["troubles"], commands)
            before = list(desk)
            state = policies[-1].step(now, inputs)
            if state.switch == "on":
                desk = [replace(band, kind="peaking", gain=0.0) for band in desk]
            if part["answers"] and not part["lost"]:
                for i, band in state.writes:
                    desk[i] = band
            yield now, inputs, before, state


class Laws:
    """What holds for every step, whatever comes in."""

    def __init__(self, settings: EqSettings) -> None:
        self.settings = settings
        self.clock, self.free_since, self.quick = 0.0, -1e9, -1e9  # s; when fast moves were asked for last
        self.moved: dict[int, list[tuple[float, float]]] = {}  # s, dB: of each band
        self.met: dict[int, list[EqBand]] = {}  # all that a band was without our doing
        self.believed: tuple[EqBand, ...] = ()

    def hold(self, now: float, inputs: EqInputs, goal: list[EqBand], state: EqState) -> None:
        """One step: the bands that the console had told, what was decided."""
        self.clock = max(self.clock, now)
        before = self.believed or inputs.console.bands
        for i, band in enumerate(inputs.console.bands):
            met = self.met.setdefault(i, [])
            if not self.believed or i in inputs.console.touched or state.owners[i] == "engineer":
                met.append(band)
        by_command = bool(BY_HAND & ({state.doing} | {str(dict(e.data).get("what")) for e in state.events}))
        if any(command.do == "apply_at_once" for command in inputs.commands):
            self.quick = self.clock
        if by_command or self.clock - self.quick < 31.0:
            self.free_since = self.clock
        assert state.time == self.clock
        assert len({i for i, _ in state.writes}) == len(state.writes)
        if state.frozen and not by_command:
            assert state.writes == (), "it moves although it is frozen"
        if inputs.console.answered is None or self.clock - inputs.console.answered > 5:
            assert state.writes == ()
        for i, band in state.writes:
            assert 0 <= i < len(START), "a band that the venue does not name"
            assert state.owners[i] == "showctl", "a band of the engineer's"
            assert state.bands[i] == band
            self._within(i, band)
            self._slow(i, before, inputs, band)
        if state.writes:
            self._summed(before, goal, state)
        self.believed = state.bands

    def _within(self, i: int, band: EqBand) -> None:
        s, met = self.settings, self.met[i]
        assert np.isfinite([band.gain, band.freq, band.q]).all()
        gains = [s.least_gain - 1e-9, s.most_gain + 1e-9, *(b.gain for b in met)]
        assert min(gains) <= band.gain <= max(gains)
        if band.gain:
            assert min([s.q[0] / 1.03, *(b.q for b in met)]) <= band.q <= max([s.q[1] * 1.03, *(b.q for b in met)])

    def _slow(self, i: int, before: tuple[EqBand, ...], inputs: EqInputs, band: EqBand) -> None:
        size = apart(cascade_db, before[i], band)
        if size > 0.5 and i < len(inputs.console.bands):
            size = min(size, apart(cascade_db, inputs.console.bands[i], band))  # a lost write is sent again from where it stands
        moved = self.moved.setdefault(i, [])
        moved.append((self.clock, size))
        recent = sum(d for t, d in moved if t > self.clock - 10 and t > self.free_since)
        assert recent <= 0.5 + 1e-6, "faster than the show's slew"

    def _summed(self, before: tuple[EqBand, ...], goal: list[EqBand], state: EqState) -> None:
        ours = [i for i, owner in enumerate(state.owners) if owner == "showctl"]
        was = [b if i not in dict(state.writes) else before[i] for i, b in enumerate(state.bands)]
        after, base, aim = (cascade_db([b[i] for i in ours], GRID) for b in (state.bands, was, goal))
        limit = np.maximum(self.settings.most_boost + 0.1, aim)  # what was found, or was left by an engineer, may be beyond it
        assert np.all(after <= np.maximum(base, limit) + 1e-6), "the sum is boosted"


NARROW = replace(SETTINGS, q=(0.65, 3.0), least_gain=-9.0)


@pytest.mark.slow
@given(st.lists(steps_, min_size=1, max_size=8), st.sampled_from([SETTINGS, NARROW]), st.sampled_from(["auto", "advise"]))
@settings(max_examples=100, deadline=None)
def test_laws_hold_whatever_comes_in_and_bypass_and_undo_are_possible_after(
    script: list[dict[str, Any]], limits: EqSettings, mode: Any
) -> None:
    policies, laws = [EqPolicy(limits, cascade_db, mode)], Laws(limits)
    now, desk = 100.0, Desk()
    for now, inputs, bands, state in course(policies, script, lambda old: EqPolicy(limits, cascade_db, mode, old.found)):
        laws.hold(now, inputs, policies[-1]._bands.goal or list(bands), state)
        desk.bands = list(bands)
        for i, band in state.writes:
            desk.bands[i] = band
    now, policy = laws.clock, policies[-1]
    for do in ("bypass", "unbypass", "bypass", "undo", "restore"):
        seen = []
        for n in range(30):
            now += 1.0
            inputs = desk.inputs(now, None, *([ask(do)] if not n else []))
            state = policy.step(now, inputs)
            laws.hold(now, inputs, policy._bands.goal, state)
            seen.append(desk.take(now, state))
        ours = [b for b, owner in zip(desk.bands, state.owners, strict=True) if owner == "showctl"]
        assert not ours or do == "unbypass" or "done" in did(seen), f"{do} never ends"
        if do == "bypass":
            assert all(b.gain == 0.0 for b in ours)
        if do == "restore":
            snapshot = [b for b, owner in zip(state.snapshot, state.owners, strict=True) if owner == "showctl"]
            assert ours == snapshot


@given(st.lists(steps_, min_size=1, max_size=5), st.integers(0, 5))
@settings(max_examples=20, deadline=None)
def test_a_touched_band_is_never_written_again_until_it_is_handed_back(script: list[dict[str, Any]], band: int) -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    run(policy, desk, range(10), EMPTY)
    desk.touched, desk.bands[band] = [band], EqBand("peaking", 333.0, 5.0, 1.0)
    assert policy.step(10.0, desk.inputs(10.0)).owners[band] == "engineer"
    kept = [part for part in script if part["do"] != "yours"]
    for _, _, _, state in course([policy], kept, lambda old: EqPolicy(SETTINGS, cascade_db, "auto", old.found)):
        assert band not in dict(state.writes)
        assert state.owners[band] == "engineer"


# --- what it does ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_it_follows_a_room_that_fills_and_nobody_hears_it() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    desk.room = room_for(EMPTY)
    before = run(policy, desk, range(240), EMPTY)
    assert before[0].error is not None
    assert before[0].error > 1.0
    assert before[-1].error is not None
    assert before[-1].error < 0.3
    desk.room = room_for(FULL)
    during = run(policy, desk, range(240, 540), FULL)
    assert during[0].error is not None
    assert during[-1].error is not None
    assert during[0].error > 0.8
    assert during[-1].error < 0.3
    assert "worse" not in did(before + during)
    gains = np.array([[b.gain for b in bands] for t, bands in desk.history])
    for lag in range(1, 11):
        assert np.abs(gains[lag:] - gains[:-lag]).max() <= 0.5 + 1e-9
    quiet = [s for s in during[-60:] if s.writes]
    assert quiet == []


def test_advise_proposes_and_applies_once() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db), Desk()
    desk.room = room_for(EMPTY)
    states = run(policy, desk, range(10), EMPTY)
    assert all(s.writes == () for s in states)
    assert [b for b in states[-1].proposal if b is not None] != []
    desk.take(10, policy.step(10.0, desk.inputs(10.0, EqWanted(10.0, EMPTY), ask("apply"))))
    assert len(run(policy, desk, range(11, 40), FULL)[-1].writes) <= 6
    later = run(policy, desk, range(40, 240), FULL)
    assert cascade_db(desk.bands, BANDS) == pytest.approx(cascade_db(EMPTY, BANDS), abs=0.01), "what was asked for, nothing newer"
    assert all(s.writes == () for s in later[-30:])


def test_what_is_applied_at_once_goes_fast_for_as_long_as_the_house_may_be_empty() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db), Desk()
    desk.room = room_for(EMPTY)
    run(policy, desk, range(5))
    applied(policy, desk, range(5, 15), EMPTY)
    assert cascade_db(desk.bands, BANDS) == pytest.approx(cascade_db(EMPTY, BANDS), abs=0.01)
    desk.take(15, policy.step(15.0, desk.inputs(15.0, None, ask("bypass"))))
    late, desk = EqPolicy(SETTINGS, cascade_db), Desk()
    run(late, desk, range(5))
    applied(late, desk, range(5, 8), EMPTY)
    before = desk.bands[0]
    run(late, desk, range(8, 100), EMPTY, programme=-90.0)  # the music stops, people come in
    assert desk.bands[0] == before
    run(late, desk, range(100, 112), EMPTY)
    assert all(apart(cascade_db, b, was) <= 0.5 for b, was in zip(desk.bands, desk.history[-13][1], strict=True))


def test_apply_does_not_wait_for_the_pause_after_an_undo() -> None:
    """The pause is for what moves by itself: who asks twice would else see bands move a minute (or an hour) after he asked."""
    policy, desk = EqPolicy(SETTINGS, cascade_db), Desk()
    run(policy, desk, range(3))
    desk.take(3.0, policy.step(3.0, desk.inputs(3.0, None, ask("undo"))))
    states = run(policy, desk, range(4, 8), EMPTY)
    assert states[-1].paused > 60.0
    assert any(states[-1].proposal)
    state = desk.take(8.0, policy.step(8.0, desk.inputs(8.0, EqWanted(8.0, EMPTY), ask("apply"))))
    assert state.doing == "update"
    assert state.writes


def test_apply_is_refused_while_frozen_and_without_a_proposal() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db), Desk()
    policy.step(0.0, desk.inputs(0.0))
    assert "refused" in did([policy.step(1.0, desk.inputs(1.0, None, ask("apply")))])
    assert "refused" in did([policy.step(2.0, desk.inputs(2.0, EqWanted(2.0, EMPTY), ask("apply"), programme=-80.0))])
    assert all(s.writes == () for s in run(policy, desk, range(6, 30), EMPTY))
    assert "refused" in did([policy.step(30.0, desk.inputs(30.0, EqWanted(30.0, START), ask("apply")))])


@pytest.mark.slow
def test_what_made_it_worse_is_taken_back_and_the_pauses_grow() -> None:
    """A bus that does the opposite of what it is told: in half an hour it is tried less and less, and never swings."""
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    desk.room, desk.works = room_for(EMPTY), -1.0
    states = run(policy, desk, range(1800), EMPTY)
    told = [(s.time, name) for s in states for name in did([s])]
    backs = [t for t, name in told if name == "rolled_back"]
    assert 2 <= len(backs) <= 6
    assert all(later - earlier > 1.5 * pause for pause, earlier, later in zip((60, 120, 240, 480), backs, backs[1:]))
    assert desk.bands == list(START) or states[-1].doing in {"update", "settle", "roll_back"}


def test_a_fit_to_a_wrong_measurement_is_taken_back() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    wrong = (EqBand("peaking", 300.0, -10.0, 0.5), EqBand("peaking", 3000.0, -10.0, 0.5))
    states = run(policy, desk, range(300), wrong)
    assert "worse" in did(states)
    assert "rolled_back" in did(states)


def test_a_room_that_changes_meanwhile_blames_nobody() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    desk.room = room_for(EMPTY[1:])
    run(policy, desk, range(20), EMPTY[1:])
    desk.room = room_for((*FULL, EqBand("peaking", 5000.0, -8.0, 1.0)))
    assert "worse" not in did(run(policy, desk, range(20, 120), EMPTY[1:]))


def test_what_the_engineer_does_meanwhile_is_not_blamed_on_the_update() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    desk.room = room_for(EMPTY)
    assert run(policy, desk, range(6), EMPTY)[-1].doing == "update"
    desk.bands[5], desk.touched = EqBand("peaking", 300.0, 9.0, 0.7), [5]
    states = run(policy, desk, range(6, 120), EMPTY)
    assert "settle" in {s.doing for s in states}
    assert "worse" not in did(states)


def test_undo_restore_and_bypass() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db), Desk()
    desk.room = room_for(EMPTY)
    run(policy, desk, range(10))
    applied(policy, desk, range(10, 40), EMPTY)
    run(policy, desk, range(40, 100))
    fitted = list(desk.bands)
    assert fitted != list(START)

    def command(now: float, do: Any) -> list[EqState]:
        first = desk.take(now, policy.step(now, desk.inputs(now, EqWanted(now, EMPTY), ask(do))))
        return [first, *run(policy, desk, range(int(now) + 1, int(now) + 6), EMPTY)]

    assert "bypassed" in command(100.0, "bypass")[-1].frozen
    assert [b.gain for b in desk.bands] == [0.0] * 6
    command(110.0, "unbypass")
    assert desk.bands == fitted
    states = command(130.0, "undo")
    assert "done" in did(states)
    assert states[-1].paused > 130.0
    command(200.0, "restore")
    assert tuple(desk.bands) == START
    assert policy.step(210.0, desk.inputs(210.0)).mode == "advise"


def test_a_bypass_that_is_not_there_cannot_be_ended() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db), Desk()
    run(policy, desk, range(3))
    state = policy.step(3.0, desk.inputs(3.0, None, ask("unbypass")))
    assert "it is not bypassed" in str(state.events)
    assert (state.doing, state.writes) == ("", ())


def test_a_bypass_lifts_nothing_on_its_way() -> None:
    """A tall boost that cuts hold down: were all of them let go alike, the cuts would be gone before it."""
    held = tuple(EqBand("peaking", 1000.0, gain, 1.0) for gain in (12.0, -3.0, -3.0, -3.0, -3.0))
    policy, desk = EqPolicy(replace(SETTINGS, most_gain=12.0), cascade_db), Desk(held)
    run(policy, desk, range(3))
    desk.take(3.0, policy.step(3.0, desk.inputs(3.0, None, ask("bypass"))))
    run(policy, desk, range(4, 12))
    assert {band.gain for band in desk.bands} == {0.0}
    assert max(cascade_db(bands, GRID).max() for _, bands in desk.history) <= cascade_db(held, GRID).max() + 1e-6 < 1.0


def test_the_snapshot_outlives_a_restart() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db), Desk()
    desk.room = room_for(EMPTY)
    run(policy, desk, range(10))
    applied(policy, desk, range(10, 60), EMPTY)
    again = EqPolicy(SETTINGS, cascade_db, "auto", replace(policy.found, owners=("engineer", *policy.found.owners[1:])))
    found = list(desk.bands)
    desk.take(60, again.step(60.0, desk.inputs(60.0, None, ask("restore"))))
    run(again, desk, range(61, 70))
    assert desk.bands[1:] == list(START[1:])
    assert desk.bands[0] == found[0]


def test_a_lost_write_is_sent_again_and_another_value_is_a_touch() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    run(policy, desk, range(30), EMPTY)
    moving = next(i for i, b in enumerate(desk.bands) if b.gain <= -1)
    desk.bands[moving] = START[moving]  # as if nothing had arrived
    states = run(policy, desk, range(40, 60), EMPTY)
    assert "sent_again" in did(states)
    assert set(states[-1].owners) == {"showctl"}
    desk.bands[moving] = replace(desk.bands[moving], gain=-7.25)
    states = run(policy, desk, range(60, 70), EMPTY)
    assert states[-1].owners[moving] == "engineer"
    assert desk.bands[moving].gain == -7.25
    back = policy.step(70.0, desk.inputs(70.0, None, ask("yours", moving)))
    assert back.owners[moving] == "showctl"


def gone(desk: Desk) -> None:
    desk.answers = False


FROZEN: list[tuple[dict[str, Any], str]] = [
    ({"programme": -70.0}, "silent"),
    ({"troubles": ("microphone left is dead: check its cable",)}, "cable"),
    ({"responses": (None, None, None)}, "nothing is known yet"),
    ({"responses": (response(1e3, FLAT, 0.3),) * 3}, "% of the bands"),
    ({"responses": (response(30.0, FLAT),) * 3}, "listening part"),
    ({"responses": (response(1e3, FLAT, delay=0.031),) * 3}, "microphone left hears"),
]


@pytest.mark.parametrize(("more", "words"), FROZEN)
def test_it_freezes_and_says_why(more: dict[str, Any], words: str) -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    desk.room = room_for(EMPTY)
    run(policy, desk, range(20), EMPTY)
    states = run(policy, desk, range(50, 60), EMPTY, **more)
    assert all(words in s.frozen and s.writes == () for s in states)
    assert run(policy, desk, range(60, 100), EMPTY)[-1].frozen == ""


def test_a_dead_console_is_named_and_nothing_is_sent() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    run(policy, desk, range(20), EMPTY)
    gone(desk)
    states = run(policy, desk, range(20, 40), EMPTY)
    assert "network cable" in states[-1].frozen
    assert all(s.writes == () for s in states[6:])
    assert "address" in EqPolicy(SETTINGS, cascade_db).step(0.0, EqInputs(ConsoleState())).frozen


def test_a_microphone_that_stands_elsewhere_may_be_relearned() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    run(policy, desk, range(5))
    moved = (response(1e3, FLAT, delay=0.03),) * 3
    assert "put it back" in run(policy, desk, range(5, 9), responses=moved)[-1].frozen
    desk.take(9, policy.step(9.0, desk.inputs(9.0, None, ask("relearn"), responses=moved)))
    assert run(policy, desk, range(10, 20), responses=moved)[-1].frozen == ""


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ((EqBand("peaking", 100.0, -20.0, 1.0),), "-12 to"),
        ((EqBand("peaking", 100.0, 2.0, 1.0),), "summed boost"),
        ((EqBand("low_shelf", 100.0, -2.0, 2.0),), "overshoots"),
        ((EqBand("peaking", float("nan"), -2.0, 1.0),), "nan Hz"),
        ((EqBand("peaking", 100.0, -2.0, 1.0),) * 7, "7 bands, 6 are free"),
    ],
)
def test_a_fit_beyond_what_the_venue_allows_is_refused_once(wanted: tuple[EqBand, ...], words: str) -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    states = [policy.step(t, desk.inputs(t, EqWanted(0.5, wanted))) for t in (1.0, 2.0, 3.0, 4.0)]
    why = [str(dict(e.data).get("why")) for s in states for e in s.events if dict(e.data)["did"] == "refused"]
    assert len(why) == 1
    assert words in why[0]
    assert all(s.writes == () for s in states)


@pytest.mark.parametrize("freq", np.geomspace(980.0, 1020.0, 9))
def test_a_narrow_boost_does_not_hide_between_two_points(freq: float) -> None:
    """Two bands of 3 dB with a Q of 8 where 5.8 dB are allowed."""
    policy, desk = EqPolicy(replace(SETTINGS, most_boost=5.8), cascade_db, "auto"), Desk()
    states = run(policy, desk, range(5), (EqBand("peaking", freq, 3.0, 8.0),) * 2)
    assert "refused" in did(states)


def test_boosts_go_first_where_the_sum_would_be_too_much() -> None:
    """From one pair that cancels to another: on the way the sum stays below its limit, and it arrives."""
    start = (EqBand("peaking", 1000.0, 3.0, 1.0), EqBand("peaking", 1000.0, -3.0, 1.0))
    goal = (EqBand("peaking", 300.0, 3.0, 1.0), EqBand("peaking", 300.0, -6.0, 0.7))
    policy, desk = EqPolicy(SETTINGS, cascade_db), Desk(start)
    desk.room = room_for(goal)
    run(policy, desk, range(5))
    applied(policy, desk, range(5, 60), goal)
    assert all(cascade_db(bands, GRID).max() <= 0.1 + 1e-6 for _, bands in desk.history)
    assert sorted(b.gain for b in desk.bands) == [-6.0, 3.0]
    assert {b.freq for b in desk.bands} == {300.0}


# --- moves ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@given(bands_, bands_, st.sampled_from([0.25, 0.5, 1.0]), st.sampled_from([0.0, 0.25]))
@settings(max_examples=25, deadline=None)
def test_a_band_arrives_in_steps_that_nobody_hears(begin: EqBand, goal: EqBand, most: float, grain: float) -> None:
    if most < grain:
        return
    begin, goal = (b if b.kind == "peaking" else replace(b, q=min(b.q, 0.7)) for b in (begin, goal))  # as fits have shelves
    grained = [replace(b, gain=max(-12.0, round(b.gain / 0.25) * 0.25)) for b in (begin, goal)]
    now, far = grained[0], way(cascade_db, *grained)
    for _ in range(int(6 * far / max(most, 0.05)) + 60):
        after = step(cascade_db, now, grained[1], most, grain)
        assert apart(cascade_db, now, after) <= most + 1e-6
        if max(abs(now.gain), abs(after.gain)) > 0.5 and most <= 0.5 and now.freq != after.freq:
            assert abs(np.log2(after.freq / now.freq)) < 0.5
        now = after
        if now == grained[1]:
            break
    assert now == grained[1]


def test_each_wanted_band_goes_to_the_nearest() -> None:
    bands = [EqBand("peaking", 100.0, -6.0, 2.0), EqBand("peaking", 1000.0, -6.0, 2.0), EqBand("peaking", 5000.0, 0.0, 2.0)]
    wanted = (EqBand("peaking", 1050.0, -5.0, 2.0), EqBand("peaking", 105.0, -5.0, 2.0))
    assert [b.freq for b in assigned(cascade_db, bands, wanted)] == [105.0, 1050.0, 5000.0]


def test_the_pace_spreads_what_it_has() -> None:
    pace, total = Pace(1), 0.0
    for second in range(60):
        size = pace.left(0, second, SHOW, 0.25)
        if size:
            pace.moved(0, second, size)
            total += size
    assert 2.25 <= total <= 2.75
