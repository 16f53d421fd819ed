"""The bands of the equaliser: what the console holds, whose each is, where it is going. Read back every step, moved step by step.

Whose a band is: showctl writes only bands that the console's adapter lists, which are those that the venue file names, and of
them only its own. The last ones may be set aside for notches (`eq_notches`): no fit has them, and they move by themselves alone.
A band that somebody else changes is the engineer's until it is handed back. What is read back decides: a band that stands at one
of the values that were sent earlier has lost a write and is sent again, any other value is a touch. One that loses write after
write is left alone as if it were the engineer's: it cannot be had.

The summed boost of showctl's bands never rises above its limit on the way either. Where a step would, cuts go first; where that
is not enough, boosts give way step by step until the others pass, and come back when those have arrived: that always goes.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, TypeVar

import numpy as np

from showctl.model import ConsoleState, EqBand, EqMode, EqOwner
from showctl.show.eq_limits import OVER, Bands
from showctl.show.eq_moves import GRID, SHOW, Curve, Pace, Slew, along, apart, assigned, step, way

IN_FLIGHT = 3.0  # s that a write may take until it is read back
LOST = 3  # writes in turn that a band may lose
SLOWEST = 0.1  # of the pace: half a dB in two minutes
MISSED = 0.6  # dB that a band may have been moved by ourselves since it was written down where it stands
SAME = 1e-3  # dB, less is no move
REMEMBERED = 8  # writes of a band, and updates that can be undone
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found:
    """What must not be lost when a policy ends and another takes its place. Bands in dB, Hz."""

    snapshot: Bands = ()  # the equaliser as it was before any of it was moved
    owners: tuple[EqOwner, ...] = ()
    held: Bands = ()  # as it stood last
    bypassed: Bands = ()  # what a bypass that stands has made flat; () where there is none
    undo: tuple[Bands, ...] = ()  # before each update, the newest last
    asked: tuple[EqMode, EqMode] | None = None  # the mode of the venue file, and the other one that somebody asked for

    def left(self) -> Found:
        """What of it outlives an end that was asked for: whose the bands are, as they stand, where any is the engineer's or
        a notch."""
        kept = any(o == "engineer" or (o == "notch" and b.gain) for o, b in zip(self.owners, self.held, strict=False))
        return Found(owners=self.owners, held=self.held) if kept else NOTHING


NOTHING = Found()


class HeldBands:
    """The bands that the console holds. `tell(what, **fields)` hears what became of them."""

    def __init__(
        self,
        curve: Curve,
        most_boost: float,
        grain: float,
        found: Found,
        tell: Callable[..., None],
        snap: Callable[[EqBand], EqBand] = lambda band: band,
        alone: bool = False,
        notches: int = 0,
    ) -> None:
        self._snap, self._alone, self._notches = snap, alone, notches
        self.left = set[int]()  # notches that another policy has left, until they are taken over
        # Where a band stands, and where it is between two steps of the device.
        self._course: dict[int, tuple[EqBand, EqBand]] = {}
        self._curve, self._most_boost, self._grain, self._found, self._tell = curve, most_boost, grain, found, tell
        self._heading = lru_cache(maxsize=64)(self._next)  # bands stand for seconds between two steps
        self.snapshot, self.owners = found.snapshot, list(found.owners)
        self.now: list[EqBand] = []  # none until they have been read
        self.goal: list[EqBand] = []
        self.spent: list[float] = []  # dB that each has moved since `begin`
        self.moved_at = -math.inf  # s, of the last write
        self.stuck = set[int]()  # given up
        self.confirmed = False  # the console holds what was written
        self._sent: list[deque[EqBand]] = []
        self._sent_at: list[float] = []
        self._lost: list[int] = []
        self._lost_at: list[float] = []
        self._pace = Pace(0)
        self._yields = False  # boosts wait until the others have arrived
        self._since, self._hands = math.inf, set[int]()  # until it has been read

    # --- what the console says ---

    def read(self, now: float, console: ConsoleState) -> list[int]:
        """What it holds now (s); the bands that became the engineer's."""
        if not self.now:
            return self._first(now, console)
        looked = [i for i in range(len(self.now)) if console.on or i in console.touched]  # what is off shows nothing of its bands
        lost = [i for i in looked if self._read(now, i, console.bands[i], i in console.touched)]
        ours = (i for i, owner in enumerate(self.owners) if owner != "engineer")
        self.confirmed = all(_same(console.bands[i], self.now[i]) for i in ours)
        return lost

    def _first(self, now: float, console: ConsoleState) -> list[int]:
        """What another policy left may still be on its way: then nothing is known yet."""
        bands, found = console.bands, self._found if len(self._found.held) == len(console.bands) else NOTHING
        self._since, count = min(self._since, now), len(bands)
        self._hands.update(console.touched)
        moved = {i for i, was in enumerate(found.held) if console.on and apart(self._curve, bands[i], was) > MISSED}
        if moved - self._hands and now - self._since < IN_FLIGHT:
            return []
        self.now, self.goal, self.spent = list(bands), list(bands), [0.0] * count
        anew = len(self.snapshot) != count
        if anew:  # the engineer's of an earlier run are his as long as they stand as he left them
            theirs = {i for i, owner in enumerate(found.owners) if owner == "engineer" and i not in moved}
            self.snapshot, self.owners = tuple(bands), ["engineer" if i in theirs else "showctl" for i in range(count)]
        self._set_aside(found, moved, anew)
        self._sent, self._sent_at = [deque([b], REMEMBERED) for b in bands], [-math.inf] * count
        self._lost, self._lost_at, self._pace = [0] * count, [-math.inf] * count, Pace(count)
        self._tell("read", bands=count)
        for i in range(len(found.held)):
            self._pace.moved(i, now, SHOW.most)  # it may have moved a moment ago
        known = anew or self._alone  # alone: it has begun anew, or its limits are narrower
        touched = self._hands if known else moved | self._hands
        return [i for i in sorted(touched) if self.give(i, "engineer")]

    def _set_aside(self, found: Found, moved: set[int], anew: bool) -> None:
        """The last bands are for notches, and one at least for a fit. A notch that was left is no part of what was found."""
        self.left = {i for i, owner in enumerate(found.owners) if owner == "notch" and i not in moved}
        if anew:
            self.snapshot = tuple(replace(b, gain=0.0) if i in self.left else b for i, b in enumerate(self.snapshot))
        self.owners = [owner if owner == "engineer" else self._ours(i) for i, owner in enumerate(self.owners)]

    def _ours(self, band: int) -> EqOwner:
        """Whose a band is that is not the engineer's."""
        count = len(self.now)
        return "notch" if band >= count - min(self._notches, count - 1) else "showctl"

    def _read(self, now: float, i: int, theirs: EqBand, touched: bool) -> bool:
        """Whether a band became the engineer's."""
        if self.owners[i] == "engineer":
            self.now[i] = theirs
            return False
        if not touched and _same(theirs, self.now[i]):
            self._lost[i] = 0 if self._sent_at[i] > self._lost_at[i] else self._lost[i]
            return False
        if not touched and now - self._sent_at[i] < IN_FLIGHT:
            return False
        again = not touched and any(_same(theirs, b) for b in self._sent[i])
        self.now[i] = theirs
        if again:
            self._lost[i], self._lost_at[i] = self._lost[i] + 1, now
            if self._lost[i] <= LOST:
                self._tell("sent_again", band=i + 1)
                return False
            self._tell("given_up", band=i + 1)
        self.give(i, "engineer")
        self.stuck |= {i} if again else set()
        return True

    def give(self, band: int, to: Literal["showctl", "engineer"]) -> bool:
        """Whose it is from now on; False where it is so already."""
        owner: EqOwner = self._ours(band) if to == "showctl" else to
        if self.owners[band] == owner:
            return False
        self.owners[band], self.goal[band], self._lost[band] = owner, self.now[band], 0
        self._sent[band] = deque([self.now[band]], REMEMBERED)
        self.stuck.discard(band)
        self._tell("owner", band=band + 1, owner=owner)
        return True

    def flattened(self, now: float, bands: Bands) -> None:
        """The console makes all that it holds flat, by another way."""
        for i, band in enumerate(bands):
            self.now[i] = self.goal[i] = replace(band, kind="peaking", gain=0.0)
            self._sent[i].append(self.now[i])
            self._sent_at[i] = now

    # --- what is ours ---

    @property
    def free(self) -> int:
        """How many are showctl's."""
        return self.owners.count("showctl") if self.now else 0

    def own(self, bands: Iterable[T]) -> list[T]:
        """Of as many bands (or anything else, one a band) those in the places that are showctl's."""
        return [b for b, owner in zip(bands, self.owners, strict=True) if owner == "showctl"]

    def flat(self) -> Bands:
        """The same with no gain."""
        return tuple(replace(b, gain=0.0) for b in self.now)

    def goal_of(self, wanted: Bands) -> list[EqBand]:
        """What each band becomes where ours become these."""
        goals = iter(assigned(self._curve, self.own(self.now), wanted))
        return [next(goals) if owner == "showctl" else b for b, owner in zip(self.now, self.owners, strict=True)]

    def going(self) -> list[float]:
        """Of each of ours that is not where it is going, how far it has moved since `begin` (dB)."""
        every = zip(self.spent, self.now, self.goal, self.owners, strict=True)
        return [spent for spent, b, goal, owner in every if owner != "engineer" and b != goal]

    def notches(self) -> dict[int, EqBand]:
        """The bands that are set aside, as they are to be."""
        return {i: self.goal[i] for i, owner in enumerate(self.owners) if owner == "notch"}

    def but_notches(self, bands: Bands) -> Bands:
        """As many bands, those that are set aside as they are to be now."""
        return tuple(self.notches().get(i, b) for i, b in enumerate(bands))

    # --- moving ---

    def begin(self, goal: Iterable[EqBand]) -> None:
        """From now on they go there."""
        self.goal, self.spent, self._yields = list(goal), [0.0] * len(self.now), False

    def stand(self) -> None:
        """From now on they stay."""
        self.begin(self.now)

    def put(self, now: float, bands: dict[int, EqBand]) -> list[tuple[int, EqBand]]:
        """These become so at once: what is to be written now (s), what was lost of them before, too."""
        for i, band in bands.items():
            self.goal[i] = band
        writes = [(i, band) for i, band in self.notches().items() if not _same(band, self.now[i]) or i in bands]
        for i, band in writes:
            self.now[i], self._sent_at[i] = band, now
            self._sent[i].append(band)
        self.confirmed = self.confirmed and not writes
        return writes

    def moves(self, now: float, slew: Slew, budget: float = math.inf) -> list[tuple[int, EqBand]]:
        """One step of every band of ours towards its goal: what is to be written now (s)."""
        steps: dict[int, EqBand] = {}
        paces = enumerate(zip(self.spent, self._shares(), strict=True))
        left = [min(self._pace.left(i, now, slew, self._grain, share), budget - spent) for i, (spent, share) in paces]
        for i, (band, goal) in enumerate(zip(self.now, self.goal, strict=True)):
            if self.owners[i] == "engineer" or band == goal:
                continue
            after = self._stepped(i, goal, left[i], self._pace.room(i, now, slew), slew)
            if after != band:
                steps[i] = after
        allowed = self._within_boost(steps, left)
        for i, band in allowed.items():
            size = apart(self._curve, self.now[i], band)
            self._pace.moved(i, now, size)
            self.spent[i] += size
            self.now[i], self._sent_at[i], self.moved_at = band, now, now
            self._sent[i].append(band)
        self.confirmed = self.confirmed and not allowed
        return sorted(allowed.items())

    def _shares(self) -> list[float]:
        """How fast each of ours goes beside the one that has the longest way. So they arrive together, and what is heard on the
        way lies between start and goal: of neighbours, one up and one down, it would be far from both were one there first."""
        ours = (owner != "engineer" and band != goal for owner, band, goal in zip(self.owners, self.now, self.goal, strict=True))
        pairs = zip(ours, self.now, self.goal, strict=True)
        ways = [way(self._curve, band, goal) if going else 0.0 for going, band, goal in pairs]
        longest = max(ways)
        return [max(SLOWEST, one / longest) if longest > 0 else 1.0 for one in ways]

    def _stepped(self, i: int, goal: EqBand, left: float, room: float, slew: Slew) -> EqBand:
        """What a band becomes next, on the device's steps. Its course goes on between them; a step of the device that is larger
        than what is left has to wait, and one that is larger than the slew itself is made at a smaller gain."""
        band, goal = self.now[i], self._heading(self.now[i], goal, slew.most)
        stood, course = self._course.get(i, (band, band))
        if stood != band:
            course = band
        if apart(self._curve, self._on_steps(course, goal), band) < SAME:
            course = step(self._curve, course, goal, left, self._grain)
        self._course[i] = band, course
        after = self._on_steps(course, goal)
        ways = [after, replace(band, freq=after.freq), replace(band, q=after.q), replace(band, gain=after.gain)]
        ways = [one for one in ways if apart(self._curve, one, band) >= SAME] if after.kind == band.kind else [after]
        chosen = next((one for one in ways if apart(self._curve, one, band) <= room + 1e-9), None)
        return after if not ways and course == goal else band if chosen is None else chosen

    def _next(self, band: EqBand, goal: EqBand, most: float) -> EqBand:
        """Where a band goes first. A deep, narrow one changes by several dB with one of the device's steps of frequency: it goes
        down until a step is `most` (dB), over at that gain, and up again."""
        if band.kind != goal.kind:
            return goal
        here, there = (self._largest(replace(band, gain=one.gain), goal) <= most for one in (band, goal))
        if not here:
            return replace(band, gain=0.0)
        return goal if there else replace(goal, gain=band.gain)

    def _largest(self, band: EqBand, goal: EqBand) -> float:
        """dB of the device's next step of frequency or Q on the way, whichever is larger."""
        sizes = [0.0]
        for end in (replace(band, freq=goal.freq), replace(band, q=goal.q)):
            stands, low, high = self._snap(band), 0.0, 1.0
            if self._snap(end) == stands:
                continue
            for _ in range(10):
                middle = (low + high) / 2
                low, high = (middle, high) if self._snap(along(band, end, middle)) == stands else (low, middle)
            sizes.append(apart(self._curve, self._snap(along(band, end, high)), band))
        return max(sizes)

    def _on_steps(self, course: EqBand, goal: EqBand) -> EqBand:
        return course if course == goal else self._snap(course)

    def _within_boost(self, steps: dict[int, EqBand], left: list[float]) -> dict[int, EqBand]:
        """What of the steps does not lift the sum of our bands above its limit, or farther above it where it is already, or is to
        be: what was found may be. `left` (dB) is what each band may move."""
        now, goal = (self._curve(self.own(bands), GRID) for bands in (self.now, self.goal))
        most = np.maximum(np.maximum(now, goal), self._most_boost + OVER) + 1e-9

        def fits(some: dict[int, EqBand]) -> bool:
            after = [some.get(i, b) for i, b in enumerate(self.now)]
            return bool(np.all(self._curve(self.own(after), GRID) <= most))

        def rises(i: int) -> bool:
            return steps[i].gain > max(0.0, self.now[i].gain)

        self._yields = self._yields and any(
            b != g and not (g.gain > b.gain and g.gain > 0) for b, g in self.own(zip(self.now, self.goal, strict=True))
        )
        if not self._yields and (not steps or fits(steps)):
            return steps
        chosen: dict[int, EqBand] = {}
        for i in sorted((i for i in steps if not (self._yields and rises(i))), key=lambda i: steps[i].gain - self.now[i].gain):
            if fits({**chosen, i: steps[i]}):
                chosen[i] = steps[i]
        if any(i not in chosen and not rises(i) for i in steps):
            self._yields = True
            lower = {
                i: step(self._curve, b, replace(b, gain=0.0), left[i], self._grain)
                for i, b in enumerate(self.now)
                if b.gain > 0 and self.owners[i] == "showctl"
            }
            chosen = {i: b for i, b in chosen.items() if i not in lower} | {i: b for i, b in lower.items() if b != self.now[i]}
        return chosen


def _same(one: EqBand, other: EqBand) -> bool:
    """Whether a console may have made one of the other: its steps are coarse."""
    if abs(one.gain - other.gain) > 0.13 or one.kind != other.kind:
        return False
    return abs(math.log(one.freq / other.freq)) < 0.03 and abs(math.log(one.q / other.q)) < 0.06
