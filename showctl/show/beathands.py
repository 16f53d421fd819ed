"""What hands do to the beat: each control becomes another BeatClock; and what a display says of it.

Everything acts at its own time. What cannot be is Refused and changes nothing: a nudge beyond a second, a tempo more than four
times the heard one or less than a quarter of it, a tempo that nobody would follow.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeAlias

from showctl.model import BeatGrid, BeatState, Downbeat, FreeBeat, LockBeat, Nudge, Octave, Section, Tap
from showctl.plan import Plan
from showctl.show.beatclock import BeatClock
from showctl.show.beathelp import MOST_ASKED, MOST_NUDGE
from showctl.show.cuelist import Mode
from showctl.show.heard import Heard
from showctl.show.playhead import Playhead
from showctl.show.refused import Refused

Asked: TypeAlias = Tap | Nudge | Octave | Downbeat | LockBeat | FreeBeat
Told: TypeAlias = dict[str, str | float | int | bool | None]
NEW_SONG = 2.0  # s of silence after which what was said of a song is forgotten
SLOWEST, FASTEST = 10.0, 1000.0  # bpm


def ask(clock: BeatClock, one: Asked, t: float, lag: float) -> tuple[BeatClock, Told]:
    """The clock after a control at t (s), and what is worth telling of it. `lag` (s) is what lamps take."""
    match one:
        case Tap():
            return clock.tapped(t, lag), {}
        case Nudge():
            return _nudge(clock, one.by, t)
        case Octave():
            return _octave(clock, one.step, t)
        case Downbeat():
            return clock.on_downbeat(t, lag), {"did": "downbeat"}
        case LockBeat():
            after = clock.lock(t) if one.on else clock.unlock(t)
            return after, {"did": "lock" if one.on else "unlock", "bpm": round(after.bpm, 2)}
        case FreeBeat():
            return clock.free(t), {"did": "free"}


def _nudge(clock: BeatClock, by: float, t: float) -> tuple[BeatClock, Told]:
    if not (math.isfinite(by) and abs(clock.help.nudge + by) <= MOST_NUDGE + 1e-9):
        raise Refused(f"the beat is nudged by at most {MOST_NUDGE:g} s: lock it, or tap")
    after = clock.nudged(t, by)
    return after, {"did": "nudge", "by": by, "nudge": after.help.nudge}


def _octave(clock: BeatClock, step: int, t: float) -> tuple[BeatClock, Told]:
    if step not in (-1, 1):
        raise Refused(f"half is -1 and double is 1, not {step}")
    if abs(clock.help.asked + step) > MOST_ASKED or not SLOWEST <= clock.bpm * 2.0**step <= FASTEST:
        raise Refused(f"the tempo is {clock.bpm:.0f} bpm, {2.0**clock.help.octaves:g} times what is heard: no further")
    after = clock.multiplied(t, step)
    return after, {"did": "double" if step > 0 else "half", "bpm": round(after.bpm, 2)}


def earlier(grid: BeatGrid | None, by: float) -> BeatGrid | None:
    """What is heard, so much (s) earlier: when light has to leave that is to be seen on the beat."""
    return grid if grid is None or by == 0.0 else replace(grid, anchor=grid.anchor - by)


def new_song(before: Heard, t: float, heard: Heard) -> bool:
    """Whether it has just been silent for so long that another song will come."""
    silent_for = heard.section_since + NEW_SONG
    return heard.section is Section.SILENCE and before.time < silent_for <= t


def tempo_of(heads: Iterable[Playhead]) -> tuple[float, float] | None:
    """The range (bpm) of the cue that was fired last among those that lists are in and that say one."""
    found = [head for head in heads if head.mode is not Mode.RELEASED and head.cue is not None and head.cue.tempo is not None]
    last = max(found, key=lambda head: head.fired, default=None)
    return None if last is None or last.cue is None else last.cue.tempo


def state(clock: BeatClock, plan: Plan, now: float) -> BeatState:
    """What an operator sees at `now` (s)."""
    said, heard = clock.help, clock.grid if clock.apart is None else clock.apart
    return BeatState(
        source=clock.source(now),
        flashes=clock.gain(clock.position(now)) > 0.0,
        nudge=said.nudge,
        octaves=said.asked,
        folded=said.folded,
        tempo=said.tempo,
        downbeat=said.downbeat,
        counts=said.downbeat or (heard is not None and heard.bar_position > 0),
        bar=clock.origin,
        beats_per_bar=clock.beats_per_bar,
        early=plan.sound_latency + plan.lamp_latency,
    )
