"""The effects that run, and over what: started and ended by cues and submasters, laid over the look beneath.

An effect belongs to the list whose cue started it, and has that list's place: where another list of a higher priority, or
one that moved later, owns a parameter, the effect does not touch it there. An effect of a submaster has the place of the
submaster's priority (4, as Eos has it, unless the file says otherwise): lists of a higher priority hide it, those of the
same do not, however late they move, because a fader that stands up asks again at every moment. Of effects over the same
parameter the one of the higher priority is laid on top, among equals the later.

Each grows by `entry` when it begins, and shrinks by `exit` when it ends: its size goes from 0 to 1 and back, as Eos's "fade
by size". With `sections` it does both whenever one of them begins and ends. Growing and shrinking begin from the size that
there is and take their whole time.

PAUSE of a list stops its effects where they are: phase, size and what they hear. On RESUME what moves heads goes on from
there; light that is tied to the beat is with the beat again at once, because beside the beat it would be worth nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from showctl.plan import EffectStart, Plan, Span
from showctl.show.bank import Bank
from showctl.show.beatclock import BeatClock
from showctl.show.effects import Lamps, compile_effect
from showctl.show.fade import Ints
from showctl.show.heard import Heard
from showctl.show.layering import Levels
from showctl.show.merge import Layers, rank

SUBMASTER = -1  # row of effects that no list owns
LAST = 2**48 - 1  # stamp above all others of its priority


@dataclass(frozen=True, slots=True)
class View:
    """All that the effects of one list see: frozen whole while the list is paused."""

    time: float  # s, show time
    seconds: float  # s, list time
    beats: float  # position of the beat
    clock: BeatClock
    heard: Heard


@dataclass(frozen=True, slots=True)
class Envelope:
    """A size that goes from `start` to `target`: at once where that takes no time."""

    start: float = 0.0
    target: float = 0.0
    began: float = 0.0  # s of show time, or position of the beat
    takes: float = 0.0  # s or beats
    by_beat: bool = False

    def at(self, view: View) -> float:
        """Size 0..1."""
        if self.takes <= 0.0:
            return self.target
        x = min(1.0, max(0.0, ((view.beats if self.by_beat else view.time) - self.began) / self.takes))
        return self.start * (1.0 - x) + self.target * x

    def towards(self, target: float, span: Span, view: View) -> Envelope:
        """From the size at this moment on to another."""
        by_beat = span.unit != "s"
        takes = span.amount * (view.clock.beats_per_bar if span.unit == "bar" else 1)
        start = self.at(view) if takes > 0.0 else target
        return Envelope(start, target, view.beats if by_beat else view.time, takes, by_beat)

    def done(self, view: View) -> bool:
        """Whether it is where it goes."""
        return self.takes <= 0.0 or (view.beats if self.by_beat else view.time) >= self.began + self.takes

    def later(self, seconds: float, beats: float) -> Envelope:
        """The same after a pause that took so long."""
        began = self.began + (beats if self.by_beat else seconds)
        return Envelope(self.start, self.target, began, self.takes, self.by_beat)


@dataclass(slots=True, eq=False)
class Running:
    """An effect that runs."""

    lamps: Lamps
    start: EffectStart
    row: int  # list, or SUBMASTER
    priority: int  # 1..10
    stamp: int
    begun: float  # s, list time
    origin: int  # bar line it counts from, if it glides
    submaster: str = ""
    lag: float = 0.0  # beats that pauses took, for what moves heads
    ended: bool = False
    envelope: Envelope = Envelope()

    @property
    def name(self) -> str:
        """Name of the effect."""
        return self.lamps.effect.name

    def hear(self, view: View) -> bool:
        """Grow or shrink if it should; whether it begins to."""
        sections = self.lamps.effect.sections
        target = float(not self.ended and (not sections or view.heard.section in sections))
        if target == self.envelope.target:
            return False
        self.envelope = self.envelope.towards(target, self.lamps.entry if target else self.lamps.exit, view)
        return True


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
        self._sub_priority = {sub.name: sub.priority for sub in plan.submasters}
        self.running: list[Running] = []
        self._frozen: dict[int, View] = {}
        self._bank: Bank | None = None  # None: another set of effects runs than when it was made
        self._hiding: tuple[Layers, Ints] | None = None  # who has what, to be looked at when the bank is made
        self._names: tuple[str, ...] | None = ()

    def made_for(self, start: EffectStart, row: int, sub: str) -> tuple[Lamps, int]:
        """The lamps of a start of this plan, and the priority that it has in a list or submaster."""
        return self._lamps[id(start)], self._sub_priority[sub] if sub else self._priority[row]

    def resumed(self, running: list[Running], frozen: dict[int, View]) -> None:
        """Go on with these, in the order in which they are laid; `frozen` by the rows of paused lists."""
        self.running, self._frozen, self._bank, self._names = running, frozen, None, None

    def leave(self, going: Running, view: View) -> None:
        """Let one more end, that no start of this plan began."""
        going.ended = True
        going.hear(self._frozen.get(going.row, view))
        self.running = sorted([*self.running, going], key=lambda r: (r.priority, r.stamp))
        self._bank, self._names = None, None

    def names(self) -> tuple[str, ...]:
        """What runs and was not ended, each once, as its file calls it."""
        if self._names is None:
            self._names = tuple(dict.fromkeys(r.name.partition("~")[0] for r in self.running if not r.ended))
        return self._names

    def of(self, row: int, sub: str = "") -> dict[str, EffectStart]:
        """What a list (or a submaster) has started and not ended."""
        return {r.name: r.start for r in self.running if r.row == row and r.submaster == sub and not r.ended}

    def start(self, start: EffectStart, row: int, stamp: int, view: View, sub: str = "") -> None:
        """Begin an effect; one of the same name in the same list gives way, one that is the very same goes on."""
        lamps = self._lamps[id(start)]
        same = [r for r in self.running if r.row == row and r.name == lamps.effect.name and r.submaster == sub]
        going = next((r for r in same if not r.ended), None)
        if going is not None and going.start == start:
            going.stamp = stamp
        else:
            if lamps.entry.amount <= 0.0:  # there is nothing to shrink under what is there at once
                self.running = [r for r in self.running if r not in same]
            for r in same:
                self._end(r, view)
            priority = self._sub_priority[sub] if sub else self._priority[row]
            new = Running(lamps, start, row, priority, stamp, view.seconds, view.clock.origin, sub)
            new.hear(view)
            self.running.append(new)
        self.running.sort(key=lambda r: (r.priority, r.stamp))
        self._bank, self._names = None, None

    def stop(self, row: int, name: str, view: View, sub: str = "") -> None:
        """End an effect of a list, or "all" of them."""
        for r in self.running:
            if r.row == row and r.submaster == sub and name in (r.name, "all"):
                self._end(r, view)

    def stop_all(self, view: View) -> None:
        """End every effect."""
        for r in self.running:
            self._end(r, view)

    def _end(self, r: Running, view: View) -> None:
        r.ended, self._names = True, None
        if r.hear(self._frozen.get(r.row, view)) and self._bank is not None:
            self._bank.refresh()

    def drop_gone(self, view: View) -> None:
        """Forget what has ended and shrunk to nothing."""
        stays = [r for r in self.running if not (r.ended and r.envelope.done(self._frozen.get(r.row, view)))]
        if len(stays) < len(self.running):
            self.running, self._bank, self._names = stays, None, None

    def hear(self, view: View) -> None:
        """Another section is heard."""
        turned = [r.hear(view) for r in self.running if r.row not in self._frozen]
        if any(turned) and self._bank is not None:
            self._bank.refresh()

    def freeze(self, row: int, view: View) -> None:
        """The list of this row is paused: its effects stay as they are."""
        self._frozen[row] = view

    def thaw(self, row: int, view: View) -> None:
        """The list goes on, if it was paused."""
        was = self._frozen.pop(row, None)
        if was is None:
            return
        seconds, beats = view.time - was.time, view.beats - was.beats
        for r in self.running:
            if r.row == row:
                r.lag += beats
                r.envelope = r.envelope.later(seconds, beats)
                r.hear(view)
        self._bank = None

    def arrange(self, layers: Layers, stamps: Ints) -> None:
        """Look anew where each may be seen, after something was moved."""
        self._hiding = (layers, stamps)
        if self._bank is not None:
            self._hide(self._bank)

    def _hide(self, bank: Bank) -> None:
        """Leave out of the bank what lists above own."""
        if self._hiding is None or not self.running or not self._priority:
            return
        layers, stamps = self._hiding
        count = [len(r.lamps.parameter) for r in self.running]
        p = np.concatenate([r.lamps.parameter for r in self.running])
        own = np.repeat([r.row for r in self.running], count)
        place = np.array([r.priority * 2**48 + (LAST if r.submaster else r.stamp) for r in self.running], dtype=np.int64)
        owner = layers.owner[p]
        hidden = (owner >= 0) & (owner != own) & (rank(layers.priority[owner], stamps[owner, p]) > np.repeat(place, count))
        parts = np.split(hidden, np.cumsum(count)[:-1]) if hidden.any() else []
        bank.hide({id(r): part for r, part in zip(self.running, parts, strict=False) if part.any()})

    def lay_over(self, out: Levels, views: list[View], free: View, levels: Mapping[str, float]) -> None:
        """Lay all effects over `out` (parameters,). `views` are those of the lists, `free` of submasters; `levels` theirs."""
        if not self.running:
            return
        if self._bank is None:
            self._bank = Bank(self.running)
            self._hide(self._bank)
        seen = {row: self._frozen.get(row, view) for row, view in enumerate(views)}
        seen[SUBMASTER] = free
        self._bank.lay_over(out, self._bank.facts(seen, levels))
