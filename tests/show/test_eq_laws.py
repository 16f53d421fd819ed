"""What holds for the policy of the equaliser whatever comes in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showctl.analysis.room.biquad import cascade_db
from showctl.analysis.room.grid import BANDS
from showctl.model import ConsoleState, EqBand, EqDo, EqInputs, EqState, EqWanted
from showctl.show.eq_limits import EqSettings
from showctl.show.eq_moves import GRID, apart
from showctl.show.eq_policy import EqPolicy
from tests.show.eq_desk import (
    EMPTY,
    SETTINGS,
    START,
    Desk,
    ask,
    did,
    drawn_bands,
    response,
    run,
)

BY_HAND = {"undo", "restore", "bypass", "unbypass"}
steps_ = st.fixed_dictionaries(
    {
        "dt": st.sampled_from([0.2, 1.0, 1.0, 1.0, 3.0, 20.0, -5.0]),
        "times": st.integers(1, 12),
        "wanted": st.none() | st.lists(drawn_bands, max_size=6).map(tuple),
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
    for _ in range(4):  # one that is new may wait for writes that were on their way
        now += 1.0
        inputs = desk.inputs(now, None)
        state = policy.step(now, inputs)
        laws.hold(now, inputs, policy._bands.goal, state)
        desk.take(now, state)
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
