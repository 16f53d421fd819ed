"""Beside the light engine: what becomes of the equaliser at the console now. `step` about once a second, pure, on show time.

A fit (elsewhere, it takes its time) says which bands it wants. The policy decides whether to follow, and moves the bands there so
slowly that nobody hears it: by at most half a dB in ten seconds while people listen (eq_moves). What it follows it follows as an
update: the bands move until one of them has spent its budget; then it waits until what is heard has settled, and judges. If the
curve has become worse by more than 1 dB RMS and the update is to blame, the bands go back, and the next update waits a minute,
then two, then four: it cannot swing. To blame is an update without which it would be better by the filters' own curves, or one
whose effect is the opposite of what the filters do (a wrong bus); a room that fills while an update runs blames nobody, and
neither does an engineer who moves a band meanwhile.

Wants that differ from what is there by less than the dead band are left alone; so are those that change little over all, or for
the worse: many cascades do nearly the same, and each song tells of the room a little otherwise. Where a band would go back where
it came from, the change must be larger: a room that has become another one makes it so, and noise does not.

Modes: `off` nothing moves; `advise` proposes, and `apply` takes the proposal over once, as it stands at that moment; `auto`
follows. `apply_at_once` does the same faster, for a house that is empty: whoever asks for it says that. Frozen means that nothing
moves by itself, and says why (eq_why). What people command (bypass, undo, restore) moves although frozen, as long as the console
answers, and fast. Whose a band is and how it moves: eq_bands. What a fit may ask for: eq_limits. Bands that are set aside against
feedback go by what howls, at once, in `auto` only: eq_notches.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np

from showctl.model import ConsoleState, EqBand, EqCommand, EqInputs, EqMode, EqState, EqWanted, Happened
from showctl.show.eq_bands import NOTHING, REMEMBERED, Found, HeldBands
from showctl.show.eq_limits import Bands, EqSettings, Wants, brought_within
from showctl.show.eq_moves import BY_HAND, GRID, QUICK, SHOW, SMOOTHEST, Curve
from showctl.show.eq_notches import Notches
from showctl.show.eq_why import GRAPHIC, READING, Heard, Still, heard, off, to_blame, unreachable, worse

DEAD_BAND = 0.5  # dB
WORTH, BACK = 0.3, 0.5  # dB RMS by which an update changes what is heard at least, and where a band would turn round
TURNS = 0.5  # dB, less is no turn
PAUSE, LONGEST_PAUSE = 60.0, 3600.0  # s after a roll-back, doubled each time
LONGEST, LONGEST_ASKED = 180.0, 900.0  # s that an update moves
STUCK = 60.0  # s after which an update in which nothing moves any more is over: the slowest go a step in 55
QUICK_S = 30.0  # s that what was asked for at once goes fast: the house does not stay empty
STEP = 2.0  # s that one step counts for at most
_BY_COMMAND = {"undo", "restore", "bypass", "unbypass"}


@dataclass(frozen=True, slots=True, eq=False)
class Update:
    """Bands on their way to what a fit wants."""

    begun: float  # s
    before: Bands
    heard: Heard | None
    asked: Literal["", "apply", "apply_at_once"]  # by whom: "" it began by itself


class EqPolicy:
    """`curve` gives the level of bands at frequencies, `mode` is the venue file's; `found` is what a policy before this one has
    left: the mode that somebody asked for holds as long as the file says what it said then."""

    def __init__(self, settings: EqSettings, curve: Curve, mode: EqMode = "advise", found: Found = NOTHING) -> None:
        if settings.alone:  # what it held beyond limits that have become narrower it does not take any more
            kept = [brought_within(curve, one, settings) for one in (found.snapshot, found.bypassed, *found.undo)]
            found = replace(found, snapshot=kept[0], bypassed=kept[1], undo=tuple(kept[2:]))
        self._settings, self._curve, self._left = settings, curve, found
        self._written = mode
        self._mode = found.asked[1] if found.asked is not None and found.asked[0] == mode else mode
        self._wants = Wants(settings, curve, self._tell)
        self._bands = HeldBands(
            curve, settings.most_boost, settings.grain, found, self._tell, settings.snap, settings.alone, settings.notches
        )
        grain, least = settings.grain, min(0.0, settings.least_gain)
        least = math.ceil(least / grain - 1e-6) * grain if grain > 0 else least
        self._notches = Notches(settings.notch_q, least, settings.snap, partial(self._tell, kind="notch"))
        self._quick = False
        self._still = Still(settings.microphones)
        self._now = self._step = 0.0
        self._touched = set[int]()  # by hands, as far as the bands have not been read since
        self._doing = ""
        self._update: Update | None = None
        self._base: Update | None = None  # the last update since when it has only become worse
        self._done_at = 0.0  # s, since when the update's bands stand
        self._settling = 0.0  # s that the programme has been heard since
        self._before_bypass: Bands = ()
        self._undo: deque[Bands] = deque(maxlen=REMEMBERED)
        self._ways: list[float] = []  # dB that each band's gain went the last time that it went anywhere
        self._pause, self._paused = PAUSE, 0.0
        self._asked: Literal["", "apply", "apply_at_once"] = ""
        self._switch: Literal["", "on", "found"] = ""
        self._events: list[Happened] = []

    @property
    def found(self) -> Found:
        """What the next policy is to be told."""
        asked = None if self._mode == self._written else (self._written, self._mode)
        if not (held := self._bands).now:
            return replace(self._left, asked=asked)
        return Found(held.snapshot, tuple(held.owners), tuple(held.now), self._before_bypass, tuple(self._undo), asked)

    def step(self, now: float, inputs: EqInputs) -> EqState:
        """What is to be written now, and how all stands. A time before the last one counts as the last one."""
        before, self._now = self._now, max(self._now, now) if math.isfinite(now) else self._now
        self._step = min(self._now - before, STEP)
        self._events, self._switch = [], ""
        unreached = unreachable(self._now, inputs.console, len(self._bands.now))
        self._touched.update(inputs.console.touched)  # is told once, and it may have fallen silent since
        if not unreached:
            self._read(replace(inputs.console, touched=tuple(sorted(self._touched))))
            self._touched.clear()
            unreached = "" if self._bands.now else READING
        for command in inputs.commands:
            self._ask(command, inputs.console, unreached)
        curve = heard(inputs.responses)
        if curve is not None and len(curve.freq) != len(self._settings.target):
            raise ValueError(f"responses of {len(curve.freq)} bands against a target of {len(self._settings.target)}")
        free = self._bands.free
        frozen = self._still.why(self._now, inputs, curve, bool(self._before_bypass), free > 0 or bool(unreached))
        frozen, wanted = unreached or frozen, self._wants.eligible(self._now, inputs.wanted, free)
        writes = [] if unreached else self._notch(inputs)
        if not unreached and self._doing in _BY_COMMAND:
            writes = self._by_command()
        elif frozen and not self._doing:
            self._not_applied(frozen)
        elif not frozen:
            writes = sorted(writes + self._by_itself(wanted, curve))
        return EqState(
            self._now,
            self._mode,
            tuple(self._bands.now),
            tuple(self._bands.owners),
            tuple(writes),
            self._proposal(wanted),
            frozen,
            self._doing,  # type: ignore[arg-type]
            bool(self._before_bypass),
            self._paused,
            None if curve is None else off(curve.level - self._settings.target, curve.counts),
            self._bands.snapshot,
            tuple(sorted(self._bands.stuck)),
            self._notches.said(self._now),
            self._quick and bool(writes),
            self._switch,
            tuple(self._events),
        )

    def _read(self, console: ConsoleState) -> None:
        first = not self._bands.now
        if self._bands.read(self._now, console):
            self._wants.ignore(self._now)  # a fit for other bands
        if first and self._bands.now and len(self._left.snapshot) == len(self._bands.now):
            self._undo.extend(filter(self._may_be, self._left.undo))
            if before := self._left.bypassed:
                self._before_bypass = before if self._may_be(before) else self._bands.snapshot
                self._go("bypass", self._bands.flat())

    def _may_be(self, bands: Bands) -> bool:
        """Whether bands of an earlier policy are within the limits of this one."""
        held = self._bands
        return len(bands) == len(held.now) and (bands == held.snapshot or self._wants.allows(held.own(bands)))

    def _notch(self, inputs: EqInputs) -> list[tuple[int, EqBand]]:
        """Notches come and go although all else is frozen: a microphone that is dead does not howl, and silence may."""
        held = self._bands
        self._quick = False
        if self._mode != "auto" or not inputs.console.on or self._before_bypass or self._doing in _BY_COMMAND:
            return []
        left, held.left = held.left, set()
        bands = self._notches.step(self._now, inputs.howls, held.notches(), left)
        self._quick = any(band.gain < held.goal[i].gain for i, band in bands.items())
        return held.put(self._now, bands)

    # --- what people ask ---

    def _ask(self, command: EqCommand, console: ConsoleState, unreached: str) -> None:
        do, bands = command.do, self._bands
        if not bands.now and do not in {"off", "advise", "auto", "relearn"}:
            self._tell("refused", asked=do, why="the console has not been read yet")
            return
        if command.band is not None and not 0 <= command.band < len(bands.now):
            self._tell("refused", asked=do, why=f"there is no band {command.band + 1}, only 1 to {len(bands.now)}")
            return
        self._tell("asked", asked=do, source=command.source)
        match do:
            case "off" | "advise" | "auto":
                self._mode, self._asked = do, ""
                if do != "auto" and self._doing and self._doing not in _BY_COMMAND:
                    self._rest_here()
            case "mine" | "yours":
                for i in range(len(bands.now)) if command.band is None else (command.band,):
                    if bands.give(i, "engineer" if do == "mine" else "showctl"):
                        self._wants.ignore(self._now)
            case "relearn":  # what was heard before was heard elsewhere: nothing is judged by it
                self._still.relearn()
                self._wants.ignore(self._now)
                self._base = None
                self._update = None if self._update is None else replace(self._update, heard=None)
            case "apply" | "apply_at_once":
                why = "" if self._mode == "advise" else f"the mode is {self._mode}: proposals are applied in advise"
                if why := why or ("the bands are still on their way: wait until they stand" if self._doing else ""):
                    self._tell("refused", asked=do, why=why)
                else:
                    self._asked = do
            case "unbypass" if not self._before_bypass:
                self._tell("refused", asked=do, why="it is not bypassed")
            case "switch_on":
                self._switch_on(console, unreached)
            case _:
                self._move(do)

    def _move(self, do: str) -> None:
        match do:
            case "bypass":
                self._before_bypass = self._before_bypass or tuple(self._bands.now)
                self._go("bypass", self._bands.flat())
            case "unbypass":
                self._go("unbypass", self._before_bypass)
                self._before_bypass = ()
            case "undo":
                self._go("undo", self._bands.but_notches(self._undo.pop()) if self._undo else self._bands.snapshot)
                self._before_bypass = ()
                self._rest()
            case "restore":
                self._go("restore", self._bands.snapshot)
                self._before_bypass = ()
                self._undo.clear()
                self._mode = "advise" if self._mode == "auto" else self._mode

    def _switch_on(self, console: ConsoleState, unreached: str) -> None:
        if why := unreached or (GRAPHIC if console.graphic else "it is on already" if console.on else ""):
            self._tell("refused", asked="switch_on", why=why)
            return
        self._rest_here()
        self._bands.flattened(self._now, console.bands)
        self._before_bypass, self._switch = (), "on"

    def _go(self, doing: str, goal: Bands) -> None:
        self._update, self._base, self._asked, self._ways = None, None, "", []
        self._doing = doing
        self._bands.begin(goal)

    def _rest_here(self) -> None:
        """What moves stops where it is."""
        self._doing, self._update, self._asked = "", None, ""
        self._bands.stand()

    def _rest(self) -> None:
        self._paused = self._now + self._pause
        self._wants.ignore(self._now)

    # --- whether, and where to ---

    def _proposal(self, wanted: EqWanted | None) -> tuple[EqBand | None, ...]:
        if wanted is None or self._mode == "off":
            return ()
        return tuple(None if g == b else g for g, b in zip(self._bands.goal_of(wanted.bands), self._bands.now, strict=True))

    # --- moving ---

    def _by_command(self) -> list[tuple[int, EqBand]]:
        writes = self._bands.moves(self._now, BY_HAND)
        if self._bands.confirmed and not self._bands.going():
            self._tell("done", what=self._doing)
            self._switch = "found" if self._doing == "restore" else ""
            self._doing = ""
        return writes

    def _by_itself(self, wanted: EqWanted | None, curve: Heard | None) -> list[tuple[int, EqBand]]:
        if self._doing == "settle":
            self._judge(curve)
        if self._doing == "roll_back":
            return self._roll_back()
        if not self._doing and (self._asked or (self._mode == "auto" and self._now >= self._paused)):
            self._begin(wanted, curve)
        if self._doing != "update" or self._update is None:
            return []
        update, held = self._update, self._bands
        if wanted is not None and not update.asked:
            held.goal = held.goal_of(wanted.bands)
        ran, budget = self._now - update.begun, math.inf if update.asked else self._settings.budget
        writes = held.moves(self._now, QUICK if update.asked == "apply_at_once" and ran < QUICK_S else SHOW, budget)
        least = max(self._settings.grain, SMOOTHEST)  # less of a budget than this moves nothing
        late = ran > (LONGEST_ASKED if update.asked else LONGEST) or self._now - max(update.begun, held.moved_at) > STUCK
        going = held.going()
        if late or not going or any(spent + least > budget + 1e-6 for spent in going):
            self._doing, self._done_at, self._settling = "settle", self._now, 0.0
            went = [b.gain - a.gain for a, b in zip(self._undo[-1], held.now, strict=True)]
            ways = self._ways or [0.0] * len(went)
            self._ways = [new if abs(new) >= TURNS else old for new, old in zip(went, ways, strict=True)]
        return writes

    def _roll_back(self) -> list[tuple[int, EqBand]]:
        writes = self._bands.moves(self._now, SHOW)
        if self._bands.confirmed and not self._bands.going():
            self._doing = ""
            self._rest()
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
            self._tell("rolled_back", paused=self._paused - self._now)
        return writes

    def _begin(self, wanted: EqWanted | None, curve: Heard | None) -> None:
        held = self._bands
        if wanted is None:
            self._not_applied("there is no proposal yet: it takes a measurement and a fit")
            return
        change = self._curve(wanted.bands, GRID) - self._curve(held.own(held.now), GRID)
        if np.abs(change).max() < DEAD_BAND:
            self._not_applied(f"the proposal is within {DEAD_BAND:g} dB of what is there")
            return
        goal = held.goal_of(wanted.bands)
        if not self._asked and not self._worth(goal, curve):
            return
        before, known = (self._base.before, self._base.heard) if self._base else (tuple(held.now), curve)
        self._update, self._asked = Update(self._now, before, known, self._asked), ""
        self._undo.append(tuple(held.now))
        self._doing = "update"
        held.begin(goal)
        self._tell("update", change=round(float(np.abs(change).max()), 2))

    def _worth(self, goal: Sequence[EqBand], curve: Heard | None) -> bool:
        """Whether bands should move there by themselves: what is heard would come nearer to what is aimed at, and not by little.

        By how little is told by the change itself: beside what no equaliser mends, of which there is more, RMS hardly shows it.
        """
        if curve is None:
            return False
        held, target = self._bands, self._settings.target
        change = self._curve(held.own(goal), curve.freq) - self._curve(held.own(held.now), curve.freq)
        now, then = (off(level - target, curve.counts) for level in (curve.level, curve.level + change))
        turns = any(
            way * (g.gain - b.gain) < 0 and min(abs(way), abs(g.gain - b.gain)) >= TURNS
            for way, g, b in zip(self._ways, goal, held.now, strict=False)
        )
        return then < now and off(change, curve.counts) >= (BACK if turns else WORTH)

    def _not_applied(self, why: str) -> None:
        """Whoever asked for it is told; what goes by itself just goes on."""
        if self._asked:
            self._tell("refused", asked=self._asked, why=why)
            self._asked = ""

    def _judge(self, curve: Heard | None) -> None:
        """Whether the update did any good, once what is heard has settled: after so much of the programme, pauses left out."""
        self._settling += self._step
        settled = max(self._done_at, self._bands.moved_at) + self._settings.settle
        if self._update is None or curve is None or curve.time < settled or self._settling < self._settings.settle:
            return
        update, self._update, self._doing = self._update, None, ""
        owned = zip(self._bands.owners, self._bands.now, update.before, strict=True)
        if update.heard is None or any(owner == "engineer" and one != was for owner, one, was in owned):
            self._base = None  # what was heard meanwhile is the engineer's doing as well
            return
        before = self._bands.but_notches(update.before)  # they are in nothing that is heard here
        made = self._curve(self._bands.now, curve.freq) - self._curve(before, curve.freq)
        by = worse(self._settings.target, update.heard, curve)
        if to_blame(self._settings.target, update.heard, curve, made):
            self._doing, self._base = "roll_back", None
            self._bands.begin(before)
            self._tell("worse", by=round(by, 2))
        else:
            self._pause = PAUSE if by < 0 else self._pause
            self._base = update if by > 0 else None
            self._tell("judged", by=round(by, 2))

    def _tell(self, did: str, *, kind: str = "eq", **data: str | float | int | bool | None) -> None:
        self._events.append(Happened(self._now, kind, (("did", did), *data.items())))
