"""The effects that run, and over what: started and ended by cues and submasters, laid over the look beneath.

An effect belongs to the list whose cue started it, and has that list's place: where another list of a higher priority, or
one that moved later, owns a parameter, the effect does not touch it there. Effects of submasters are the operator's own
hand and stand above all lists.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from showctl.plan import EffectStart, Plan
from showctl.show.beatclock import BeatClock
from showctl.show.effects import QUICK_OUT, STEADY_IN, STEADY_OUT, Instant, Lamps, compile_effect, lay, shape_of
from showctl.show.fade import Bools, Floats, Ints
from showctl.show.heard import Heard
from showctl.show.merge import Layers, rank

SUBMASTER = -1  # row of effects that no list owns


@dataclass(frozen=True, slots=True)
class View:
    """All that the effects of one list see: frozen whole while the list is paused."""

    time: float  # s, show time
    seconds: float  # s, list time
    beats: float  # position of the beat
    clock: BeatClock
    heard: Heard


@dataclass(slots=True, eq=False)
class Running:
    """An effect that runs."""

    lamps: Lamps
    start: EffectStart
    row: int  # list, or SUBMASTER
    stamp: int
    begun: float  # s, show time
    begun_list: float  # s, list time
    origin: int  # bar line it counts from, for those that glide
    fade_in: float = 0.0  # s
    submaster: str = ""
    ended: float = math.inf  # s, when it was ended
    visible: Bools | None = None  # where no list above owns the parameter; None for everywhere

    @property
    def name(self) -> str:
        """Name of the effect."""
        return self.lamps.effect.name

    @property
    def fade_out(self) -> float:
        """Seconds from its end until nothing of it is left."""
        return STEADY_OUT if self.lamps.steady else QUICK_OUT

    def size(self, t: float) -> float:
        """0..1 at show time t."""
        size = 1.0 if self.fade_in <= 0.0 else min(1.0, max(0.0, (t - self.begun) / self.fade_in))
        return size if t < self.ended else size * max(0.0, 1.0 - (t - self.ended) / self.fade_out)


class Effects:
    """All effects that run."""

    def __init__(self, plan: Plan) -> None:
        known = {e.name: e for e in plan.effects}
        starts = [s for lst in plan.lists for cue in lst.cues for s in cue.starts]
        starts += [s for sub in plan.submasters for s in sub.starts]
        unknown = sorted({s.effect for s in starts} - known.keys())
        if unknown:
            raise ValueError(f"a cue or submaster starts the effect {unknown[0]!r}, which the plan does not have")
        self._lamps = {id(s): compile_effect(known[s.effect], s, plan.parameters) for s in starts}
        self._priority = [lst.priority for lst in plan.lists]
        self.running: list[Running] = []
        self._frozen: dict[int, View] = {}

    def names(self) -> tuple[str, ...]:
        """What runs and was not ended, each once."""
        return tuple(dict.fromkeys(r.name for r in self.running if r.ended == math.inf))

    def of(self, row: int, sub: str = "") -> dict[str, EffectStart]:
        """What a list (or a submaster) has started and not ended."""
        return {r.name: r.start for r in self.running if r.row == row and r.submaster == sub and r.ended == math.inf}

    def start(self, start: EffectStart, row: int, stamp: int, view: View, sub: str = "") -> None:
        """Begin an effect; one of the same name in the same list gives way, one that is the very same goes on."""
        t, seconds, clock = view.time, view.seconds, view.clock
        lamps = self._lamps[id(start)]
        same = [r for r in self.running if r.row == row and r.name == lamps.effect.name and r.submaster == sub]
        going = next((r for r in same if r.ended == math.inf), None)
        if going is not None and going.start == start:
            going.stamp = stamp
        else:
            for r in same:
                r.ended = min(r.ended, t)
            gone = [] if lamps.steady else same
            fade_in = STEADY_IN if lamps.steady else 0.0
            new = Running(lamps, start, row, stamp, t, seconds, clock.origin, fade_in, sub)
            self.running = [*(r for r in self.running if r not in gone), new]
        self.running.sort(key=self._place)

    def stop(self, row: int, name: str, t: float, sub: str = "") -> None:
        """End an effect of a list, or "all" of them."""
        for r in self.running:
            if r.row == row and r.submaster == sub and name in (r.name, "all") and r.ended == math.inf:
                r.ended = t

    def stop_all(self, t: float) -> None:
        """End every effect."""
        for r in self.running:
            r.ended = min(r.ended, t)

    def freeze(self, row: int, view: View) -> None:
        """The list of this row is paused: its effects stay as they are."""
        self._frozen[row] = view

    def thaw(self, row: int) -> None:
        """The list goes on; what is tied to the beat is with the beat again at once."""
        self._frozen.pop(row, None)

    def drop_gone(self, t: float) -> None:
        """Forget what has ended."""
        self.running = [r for r in self.running if t < r.ended + r.fade_out]

    def arrange(self, layers: Layers, stamps: Ints) -> None:
        """Work out anew where each may be seen, after something was moved."""
        for r in self.running:
            r.visible = None
            if r.row == SUBMASTER:
                continue
            p = r.lamps.parameter
            owner = layers.owner[p]
            above = rank(layers.priority[owner], stamps[owner, p]) > self._priority[r.row] * 2**48 + r.stamp
            hidden = (owner >= 0) & (owner != r.row) & above
            r.visible = ~hidden if hidden.any() else None

    def _place(self, r: Running) -> tuple[int, int]:
        return (11 if r.row == SUBMASTER else self._priority[r.row], r.stamp)

    def lay_over(self, out: Floats, t: float, views: list[View], free: View, levels: Mapping[str, float]) -> None:
        """Lay all effects over `out` (parameters,) at show time t; `views` are those of the lists, `free` of submasters."""
        for r in self.running:
            view = free if r.row == SUBMASTER else self._frozen.get(r.row, views[r.row])
            size = r.size(t) * (levels[r.submaster] if r.submaster else 1.0)
            if r.lamps.effect.sync == "beat" and not r.lamps.steady:
                size *= view.clock.gain(view.beats)
            if size <= 0.0:
                continue
            p = r.lamps.parameter
            beneath = out[p]
            value = lay(r.lamps.effect, shape_of(r.lamps, _instant(r, view)), beneath, size)
            out[p] = value if r.visible is None else np.where(r.visible, value, beneath)


def _instant(r: Running, view: View) -> Instant:
    clock, heard = view.clock, view.heard
    glides = r.lamps.effect.shape in ("sine", "ramp")  # a new bar line must not make it jump
    return Instant(
        seconds=view.seconds - r.begun_list,
        beats=view.beats,
        since_bar=view.beats - (r.origin if glides else clock.origin),
        period=clock.period,
        beats_per_bar=clock.beats_per_bar,
        since_onset=None if heard.onset is None else view.time - heard.onset,
        onsets=heard.onsets,
        energy=heard.energy_at(view.time),
        loudness=heard.loudness_at(view.time),
    )
