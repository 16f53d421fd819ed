"""A changed plan takes the show over between two ticks: only what changed, never the look of what did not.

Everything goes on as it stands (`state`), found by name. Then, list by list, what the plan says of the list's cue is held
against what the plan before said: where the tracked value is another the light goes there as a fade in the back time, what is
tracked no more is let go in it, effects begin and end as their cue now says. What stands elsewhere than the plan before said (a
hand went BACK, a mark has moved on) is left alone. An effect whose definition is another goes on at its phase as the new one;
one that is gone shrinks. A released list is not touched. Nothing of this moves a parameter whose value did not change: its fade
goes on to the bit.

Where the cue of a list is gone the list stands at the cue before by number, and keeps its look: the next GO plays the whole
state. Levels that only hands move (masters, submasters, house lights) stay where they are, whatever the plan says they begin at.

What does not need to know where the old engine stands is done in `Takeover()`, beside the ticks: the maps of the names, and
what differs in the cues that the lists stand in and in those that come next. `done` is what is left for the instant between
two ticks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from showctl.show import transport
from showctl.show.cuelist import BLANK, Mode, Track
from showctl.show.fade import Floats, Ints
from showctl.show.moves import on_grid, together
from showctl.show.names import GONE, Maps
from showctl.show.playhead import Playhead
from showctl.show.running import SUBMASTER
from showctl.show.state import put, take

if TYPE_CHECKING:
    from showctl.show.engine import ShowEngine


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What is another in the tracked state of one cue, in the numbers of the new plan."""

    moved: Ints  # parameters that are tracked, and to where
    to: Floats
    was: Floats  # where the plan before had them; nan where it did not track them
    left: Ints  # parameters that are tracked no more
    left_was: Floats
    begun: frozenset[str]  # effects
    ended: frozenset[str]

    @property
    def nothing(self) -> bool:
        """Whether the cue is as it was."""
        return not (len(self.moved) or len(self.left) or self.begun or self.ended)


class Takeover:
    """From one engine to another, which has done nothing yet."""

    def __init__(self, new: ShowEngine, old: ShowEngine) -> None:
        self.new, self.old = new, old
        self.maps = Maps(old.names, new.names)
        self._same = [
            self.maps.same and self.maps.row[row] != GONE and of == new.plan.lists[self.maps.row[row]]
            for row, of in enumerate(old.plan.lists)
        ]
        self._name = {id(start): name for name, start in old.starts.items()}
        self._changes: dict[tuple[int, int], Change | None] = {}
        for row, head in enumerate(old._stage.heads):
            for index in {head.current, head.pending if head.pending is not None else BLANK}:
                self._change(row, index)

    def done(self, now: float) -> list[str]:
        """Take over, after the old engine's last step and before the new one's first, at `now` (s); what is gone, in words."""
        new, maps, stage = self.new, self.maps, self.new._stage
        state = take(self.old, now, copied=False)
        gone = put(new, state, maps)
        self._shrink(now)
        changes = [
            (head, change, row)
            for row, head in self._heads()
            if head.mode is not Mode.RELEASED and (change := self._change(row, self._was(row).current)) is not None
        ]
        stage.resumed()
        if any(not change.nothing for _, change, _ in changes):
            stage.settle(now)
            for head, change, _ in changes:
                self._move(head, change, now)
        for head, change, row in changes:
            self._play(head, change, row, now)
        for row, head in self._heads():
            if not self._same[row]:
                self._go_on(head, row, now)
        self._submasters(now)
        return gone

    def _heads(self) -> list[tuple[int, Playhead]]:
        """Old rows of the lists that both have, and the new lists."""
        return [(row, self.new._stage.heads[at]) for row, at in enumerate(self.maps.row) if at != GONE]

    def _was(self, row: int) -> Playhead:
        return self.old._stage.heads[row]

    # --- what differs --------------------------------------------------------------------------------------------------

    def _change(self, row: int, index: int) -> Change | None:
        """What is another in a cue of an old list; None where it is not there, or cannot be another."""
        if (row, index) not in self._changes:
            at = None if self.maps.row[row] == GONE or self._same[row] else self.maps.cue(row, index)
            made = None if at is None else self._compared(self._was(row).track, index, self._track(row), at)
            self._changes[row, index] = made
        return self._changes[row, index]

    def _track(self, row: int) -> Track:
        return self.new._stage.heads[self.maps.row[row]].track

    def _compared(self, before: Track, was: int, after: Track, now: int) -> Change:
        old, new = before.tracked(was), after.state(now)
        count = len(self.new.plan.parameters)
        said, says = np.full(count, np.nan), np.full(count, np.nan)
        at = self.maps.parameter[np.fromiter(old.moves, np.int64, len(old.moves))]
        values = np.fromiter((m.value for m in old.moves.values()), np.float64, len(old.moves))
        said[at[at >= 0]] = values[at >= 0]
        says[np.fromiter(new.moves, np.int64, len(new.moves))] = [m.value for m in new.moves.values()]
        tracked, moved = ~np.isnan(says), said != says
        moved, left = np.flatnonzero(tracked & moved), np.flatnonzero(~tracked & ~np.isnan(said))
        begun, ended = new.effects.keys() - old.effects.keys(), old.effects.keys() - new.effects.keys()
        return Change(moved, says[moved], said[moved], left, said[left], frozenset(begun), frozenset(ended))

    # --- what is done --------------------------------------------------------------------------------------------------

    def _move(self, head: Playhead, change: Change, now: float) -> None:
        """Fade to what the cue now tracks, where the list leads to what it tracked before."""
        stage, fades, row = self.new._stage, self.new._stage.fades, head.row
        holds = fades.held[row] & ~fades.leaving[row]
        target = fades.target[row]
        fresh = np.isnan(change.was) & ~holds[change.moved]
        stands = holds[change.moved] & (target[change.moved] == on_grid(change.was))
        leaves = holds[change.left] & (target[change.left] == on_grid(change.left_was))
        chosen, back, moment = fresh | stands, stage.plan.back_time, head.moment(now, stage.clock)
        moves = together(change.moved[chosen], change.to[chosen], back, stage.snaps)
        start = fades.at(row * len(target) + moves.parameter)
        if fresh.any():
            start = np.where(fresh[chosen], stage.start_of(head, moves), start)
            taken = change.moved[fresh]
            fades.stamp[row, taken] = fades.stamp[row].max(initial=0)  # its place is that of the list's last move
        fades.move(row, moves, start, None, moment)
        stage.layers.arrange(fades, row, moves.parameter)
        fades.release(row, change.left[leaves], back, moment)
        stage.layers.arrange(fades, row, change.left[leaves])
        stage.work_out_end(head)

    def _play(self, head: Playhead, change: Change, row: int, now: float) -> None:
        """Begin and end effects as the cue now says; those that were gone by its name begin anew."""
        stage = self.new._stage
        wanted = head.track.state(head.current).effects
        for name in change.ended & stage.effects.of(head.row).keys():
            stage.effects.stop(head.row, name, stage.view(head, now))
        lost = self.old._stage.effects.of(row).keys() - stage.effects.of(head.row).keys()
        for name, start in wanted.items():
            if name in change.begun or name in lost:
                stage.begin(head, start, now)

    def _go_on(self, head: Playhead, row: int, now: float) -> None:
        """What comes next in a list that is another than it was."""
        was, stage = self._was(row), self.new._stage
        head.adrift = was.adrift or self.maps.cue(row, was.current) is None
        before, waited, look_again = head.pending, head.waiting, head.look_again
        head.pending = head.track.next(head.current, head.followed, head.leaving)
        transport.await_dark(stage, head)
        if head.pending == before:  # what is not waited for any more has been moved
            moves = {one.lamp: one.moves for one in head.waiting}
            head.waiting = [replace(one, moves=moves[one.lamp]) for one in waited if one.lamp in moves]
            head.look_again = look_again
        head.reschedule(now, stage.clock, stage.heard)

    def _shrink(self, now: float) -> None:
        """Effects that the plan has no more end as they would have, as long as what they play on is there."""
        stage = self.new._stage
        for r in self.old._stage.effects.running:
            row = SUBMASTER if r.row == SUBMASTER else self.maps.row[r.row]
            at = self.maps.parameter[r.lamps.parameter]
            known = r.submaster in stage.masters.levels if r.submaster else row != GONE
            if known and (at >= 0).all() and self._name.get(id(r.start)) not in self.new.starts:
                head = None if r.row == SUBMASTER else stage.heads[row]
                going = replace(r, lamps=replace(r.lamps, parameter=at), row=row)
                stage.effects.leave(going, stage.view(head, now))

    def _submasters(self, now: float) -> None:
        """Effects that are new to a submaster that is up."""
        stage = self.new._stage
        new = {id(start) for name, start in self.new.starts.items() if name not in self.old.starts}
        for sub in self.new.plan.submasters:
            for start in sub.starts:
                if id(start) in new and stage.masters.acting[sub.name] > 0.0:
                    stage.begin_of_submaster(sub.name, start, now)
