"""Beside the light engine: what becomes of the equaliser at the console now. `step` about once a second, pure, on show time.

A fit (elsewhere, it takes its time) says which bands it wants. The policy decides whether to follow, and moves the bands there so
slowly that nobody hears it: by at most half a dB in ten seconds while people listen (eq_moves). What it follows it follows as an
update: the bands move, by at most a budget each; then it waits until what is heard has settled, and judges. If the curve has
become worse by more than 1 dB RMS and the update is to blame, the bands go back, and the next update waits a minute, then two,
then four: it cannot swing. To blame is an update without which it would be better by the filters' own curves, or one whose effect
is the opposite of what the filters do (a wrong bus); a room that fills while an update runs blames nobody. Wants that differ from
what is there by less than the dead band are left alone.

Modes: `off` nothing moves; `advise` proposes, and `apply` takes the proposal over once; `auto` follows. Frozen means that nothing
moves by itself, and says why (eq_why). What people command (bypass, undo, restore) moves although frozen, as long as the console
answers, and fast.

Whose a band is: showctl writes only bands that the console's adapter lists, which are those that the venue file names, and of
them only its own. A band that somebody else changes is the engineer's until it is handed back. What is read back decides: a band
that stands at one of the values that were sent earlier has lost a write and is sent again, any other value is a touch.

The summed boost of showctl's bands never rises above its limit on the way either. Where a step would, cuts go first; where that
is not enough, boosts go to 0 first, then the cuts move, then the boosts come back (a detour), which is always possible.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from showctl.model import ConsoleState, EqBand, EqCommand, EqInputs, EqMode, EqOwner, EqState, EqWanted, Happened
from showctl.show.eq_moves import BEFORE, BY_HAND, GRID, SHOW, SMOOTHEST, Array, Curve, Pace, Slew, apart, assigned, step
from showctl.show.eq_why import Heard, Places, heard, off, unheard, unreachable

DEAD_BAND = 0.5  # dB
OVER = 0.07  # dB that a summed boost may be above its limit: fits round to 0.05, and from 0.1 on others refuse it
WORSE = 1.0  # dB RMS
PAUSE, LONGEST_PAUSE = 60.0, 3600.0  # s after a roll-back, doubled each time
STALE = 120.0  # s, wants that know of nothing newer are not followed
IN_FLIGHT = 3.0  # s that a write may take until it is read back
LONGEST = 180.0  # s that an update moves
THAWS = 3.0  # s that a reason to freeze must be gone
SHELF_Q = 0.75  # a steeper shelf changes by more than its gain does
REMEMBERED = 8  # writes of a band, and updates that can be undone
_Bands: TypeAlias = tuple[EqBand, ...]


@dataclass(frozen=True, slots=True, eq=False)
class EqSettings:
    """What the venue says. Gains and boost in dB."""

    target: Array  # (bands,) dB that is aimed at, on the responses' grid
    microphones: tuple[str, ...]
    most_gain: float = 3.0
    least_gain: float = -12.0
    most_boost: float = 0.0  # of the sum of showctl's bands
    grain: float = 0.25  # the device's steps of gain; 0 where it has none
    budget: float = 2.0  # that a band moves in one update
    settle: float = 10.0  # s until what is heard has followed a move


@dataclass(frozen=True, slots=True, eq=False)
class Update:
    """Bands on their way to what a fit wants."""

    begun: float  # s
    before: _Bands
    heard: Heard | None
    budget: float


class EqPolicy:
    """`curve` gives the level of bands at frequencies; `snapshot` and `owners` are those of the last state before a restart."""

    def __init__(
        self,
        settings: EqSettings,
        curve: Curve,
        mode: EqMode = "advise",
        snapshot: _Bands = (),
        owners: tuple[EqOwner, ...] = (),
    ) -> None:
        self._settings, self._curve, self._mode = settings, curve, mode
        self._snapshot, self._owners, self._bands = snapshot, list(owners), list[EqBand]()
        self._sent: list[deque[EqBand]] = []
        self._sent_at: list[float] = []
        self._pace = Pace(0)
        self._places = Places()
        self._now = 0.0
        self._goal: list[EqBand] = []
        self._doing = ""
        self._update: Update | None = None
        self._base: Update | None = None  # the last update since when it has only become worse
        self._spent: list[float] = []
        self._moved_at = -math.inf  # s, of the last write
        self._done_at = 0.0  # s, since when the update's bands stand
        self._before_bypass: _Bands | None = None
        self._undo: deque[_Bands] = deque(maxlen=REMEMBERED)
        self._ignored = -math.inf  # s, wants that know of nothing later are not followed
        self._pause, self._paused = PAUSE, 0.0
        self._applying, self._detour = False, False
        self._why, self._why_at = "", -math.inf
        self._refused = -math.inf  # s, time of the wants that were refused last
        self._events: list[Happened] = []

    def step(self, now: float, inputs: EqInputs) -> EqState:
        """What is to be written now, and how all stands. A time before the last one counts as the last one."""
        self._now = now = max(self._now, now) if math.isfinite(now) else self._now
        self._events = []
        unreached = unreachable(now, inputs.console, len(self._bands))
        if not unreached:
            self._read(inputs.console)
        for command in inputs.commands:
            self._ask(command)
        curve = heard(inputs.responses)
        if curve is not None and len(curve.freq) != len(self._settings.target):
            raise ValueError(f"responses of {len(curve.freq)} bands against a target of {len(self._settings.target)}")
        frozen = unreached or self._frozen(inputs, curve)
        wanted = self._eligible(inputs.wanted)
        writes: list[tuple[int, EqBand]] = []
        if not unreached and self._doing in {"undo", "restore", "bypass", "unbypass"}:
            writes = self._by_hand()
        elif frozen and not self._doing:
            self._not_applied(frozen)
        elif not frozen:
            writes = self._by_itself(wanted, curve, SHOW if inputs.live else BEFORE)
        return EqState(
            now,
            self._mode,
            tuple(self._bands),
            tuple(self._owners),
            tuple(writes),
            self._proposal(wanted),
            frozen,
            self._doing,  # type: ignore[arg-type]
            self._before_bypass is not None,
            self._paused,
            None if curve is None else off(curve.level - self._settings.target, curve.counts),
            self._snapshot,
            tuple(self._events),
        )

    # --- what the console says ---

    def _read(self, console: ConsoleState) -> None:
        if not self._bands:
            self._bands = list(console.bands)
            count = len(self._bands)
            if len(self._snapshot) != count:
                self._snapshot, self._owners = tuple(self._bands), ["showctl"] * count
            self._owners = self._owners if len(self._owners) == count else ["showctl"] * count
            self._sent, self._sent_at = [deque([b], REMEMBERED) for b in self._bands], [-math.inf] * count
            self._pace, self._goal, self._spent = Pace(count), list(self._bands), [0.0] * count
            self._tell("read", bands=count)
            return
        for i, theirs in enumerate(console.bands):
            touched = i in console.touched
            if self._owners[i] == "engineer":
                self._bands[i] = theirs
            elif not touched and (_same(theirs, self._bands[i]) or self._now - self._sent_at[i] < IN_FLIGHT):
                continue
            elif not touched and any(_same(theirs, b) for b in self._sent[i]):
                self._bands[i] = theirs
                self._tell("sent_again", band=i)
            else:
                self._bands[i] = theirs
                self._give(i, "engineer")

    def _give(self, band: int, to: EqOwner) -> None:
        if self._owners[band] != to:
            self._owners[band] = to
            self._sent[band] = deque([self._bands[band]], REMEMBERED)
            self._goal[band] = self._bands[band]
            self._ignored = max(self._ignored, self._now)  # a fit for other bands
            self._tell("owner", band=band, owner=to)

    # --- what people ask ---

    def _ask(self, command: EqCommand) -> None:
        do = command.do
        if not self._bands:
            if do in {"off", "advise", "auto"}:
                self._mode = do
            else:
                self._tell("refused", asked=do, why="the console has not been read yet")
            return
        if command.band is not None and not 0 <= command.band < len(self._bands):
            self._tell("refused", asked=do, why=f"there is no band {command.band + 1}, only 1 to {len(self._bands)}")
            return
        self._tell("asked", asked=do, source=command.source)
        match do:
            case "off" | "advise" | "auto":
                self._mode, self._applying = do, False
                if do != "auto":
                    self._stand()
            case "mine" | "yours":
                for i in range(len(self._bands)) if command.band is None else (command.band,):
                    self._give(i, "engineer" if do == "mine" else "showctl")
            case "relearn":
                self._places.relearn()
            case "apply":
                self._applying = self._mode == "advise"
                if not self._applying:
                    self._tell("refused", asked=do, why=f"the mode is {self._mode}: proposals are applied in advise")
            case "bypass":
                if self._before_bypass is None:
                    self._before_bypass = tuple(self._bands)
                self._go("bypass", tuple(replace(b, gain=0.0) for b in self._bands))
            case "unbypass":
                if self._before_bypass is not None:
                    self._go("unbypass", self._before_bypass)
                    self._before_bypass = None
            case "undo":
                self._go("undo", self._undo.pop() if self._undo else self._snapshot)
                self._before_bypass = None
                self._rest()
            case "restore":
                self._go("restore", self._snapshot)
                self._before_bypass = None
                self._undo.clear()
                self._mode = "advise" if self._mode == "auto" else self._mode

    def _go(self, doing: str, goal: _Bands) -> None:
        self._update, self._base, self._applying, self._detour = None, None, False, False
        self._doing, self._goal = doing, list(goal)

    def _stand(self) -> None:
        """What moves by itself stops where it is."""
        if self._doing in {"update", "settle", "roll_back"}:
            self._doing, self._update, self._applying, self._detour = "", None, False, False

    def _rest(self) -> None:
        self._ignored, self._paused = self._now, self._now + self._pause

    # --- whether, and where to ---

    def _frozen(self, inputs: EqInputs, curve: Heard | None) -> str:
        moved = self._places.moved(inputs.responses, self._settings.microphones)
        why = unheard(self._now, inputs, curve, len(self._settings.microphones)) or moved
        if not inputs.console.on:
            why = "the equaliser is switched off at the console: switch it on there"
        if self._before_bypass is not None:
            why = "bypassed: end the bypass to go on"
        if "showctl" not in self._owners:
            why = "every band is the engineer's: hand one back to go on"
        if why:
            self._why, self._why_at = why, self._now
        return self._why if self._now - self._why_at < THAWS else ""

    def _eligible(self, wanted: EqWanted | None) -> EqWanted | None:
        """What is wanted, in whole grains, if it may be followed at all."""
        if wanted is None or not self._bands or wanted.time <= self._ignored or not -1 <= self._now - wanted.time <= STALE:
            return None
        grain = self._settings.grain
        bands = tuple(_grained(b, grain) for b in wanted.bands)
        if self._boost(bands) > self._settings.most_boost + OVER:
            bands = tuple(_grained(b, grain, down=True) for b in wanted.bands)
        if why := self._bad(bands):
            if wanted.time != self._refused:
                self._refused = wanted.time
                self._tell("refused", asked="update", why=why)
            return None
        return EqWanted(wanted.time, bands)

    def _bad(self, bands: _Bands) -> str:
        s = self._settings
        free = self._owners.count("showctl")
        if len(bands) > free:
            return f"a fit of {len(bands)} bands, {free} are free: it has to be fitted again"
        for b in bands:
            if not (20 <= b.freq <= 20_000 and 0.1 <= b.q <= 20):
                return f"a fit wants a band at {b.freq:g} Hz with Q {b.q:g}"
            if b.kind != "peaking" and b.q > SHELF_Q:
                return f"a fit wants a shelf with Q {b.q:g}, which overshoots: at most {SHELF_Q:g}"
            if not s.least_gain - 1e-9 <= b.gain <= s.most_gain + 1e-9:
                return (
                    f"a fit wants {b.gain:+.1f} dB at {b.freq:.0f} Hz, the venue allows {s.least_gain:g} to {s.most_gain:+g} dB"
                )
        if (boost := self._boost(bands)) > s.most_boost + OVER:
            return f"a fit wants a summed boost of {boost:.1f} dB, the venue allows {s.most_boost:g} dB"
        return ""

    def _boost(self, bands: _Bands | list[EqBand]) -> float:
        fine = all(math.isfinite(b.gain + b.q + b.freq) and 0 < b.freq <= 20_000 and b.q > 0 for b in bands)
        return float(self._curve(bands, GRID).max()) if fine else math.inf

    def _own(self, bands: _Bands | list[EqBand]) -> list[EqBand]:
        return [b for b, owner in zip(bands, self._owners, strict=True) if owner == "showctl"]

    def _goal_of(self, wanted: EqWanted) -> list[EqBand]:
        """What each band becomes."""
        goals = iter(assigned(self._curve, self._own(self._bands), wanted.bands))
        return [next(goals) if owner == "showctl" else b for b, owner in zip(self._bands, self._owners, strict=True)]

    def _proposal(self, wanted: EqWanted | None) -> tuple[EqBand | None, ...]:
        if wanted is None or self._mode == "off":
            return ()
        return tuple(None if g == b else g for g, b in zip(self._goal_of(wanted), self._bands, strict=True))

    # --- moving ---

    def _by_hand(self) -> list[tuple[int, EqBand]]:
        writes = self._moves(BY_HAND, math.inf)
        if self._arrived():
            self._tell("done", what=self._doing)
            self._doing = ""
        return writes

    def _by_itself(self, wanted: EqWanted | None, curve: Heard | None, slew: Slew) -> list[tuple[int, EqBand]]:
        if self._doing == "settle":
            self._judge(curve)
        if self._doing == "roll_back":
            writes = self._moves(slew, math.inf)
            if self._arrived():
                self._doing = ""
                self._rest()
                self._pause = min(2 * self._pause, LONGEST_PAUSE)
                self._tell("rolled_back", paused=self._paused - self._now)
            return writes
        follows = self._applying or (self._mode == "auto" and self._now >= self._paused)
        if follows and not self._doing:
            self._begin(wanted, curve)
        if self._doing != "update" or self._update is None:
            return []
        if wanted is not None:
            self._goal = self._goal_of(wanted)
        writes = self._moves(slew, self._update.budget)
        going = [s for i, s in enumerate(self._spent) if self._owners[i] == "showctl" and self._bands[i] != self._goal[i]]
        least = max(self._settings.grain, SMOOTHEST)  # less of a budget than this moves nothing
        if all(s + least > self._update.budget + 1e-6 for s in going) or self._now - self._update.begun > LONGEST:
            self._doing, self._done_at = "settle", self._now
        return writes

    def _begin(self, wanted: EqWanted | None, curve: Heard | None) -> None:
        if wanted is None:
            self._not_applied("there is no proposal yet: it takes a measurement and a fit")
            return
        own = self._own(self._bands)
        change = self._curve(wanted.bands, GRID) - self._curve(own, GRID)
        if np.abs(change).max() < DEAD_BAND:
            self._not_applied(f"the proposal is within {DEAD_BAND:g} dB of what is there")
            return
        budget = math.inf if self._applying else self._settings.budget
        base = self._base if self._base is not None and self._base.heard is not None else None
        before, known = (base.before, base.heard) if base else (tuple(self._bands), curve)
        self._update = Update(self._now, before, known, budget)
        self._undo.append(tuple(self._bands))
        self._doing, self._spent, self._detour = "update", [0.0] * len(self._bands), False
        self._tell("update", change=round(float(np.abs(change).max()), 2))

    def _not_applied(self, why: str) -> None:
        """Whoever asked for it is told; what goes by itself just goes on."""
        if self._applying:
            self._applying = False
            self._tell("refused", asked="apply", why=why)

    def _judge(self, curve: Heard | None) -> None:
        """Whether the update did any good, once what is heard has settled."""
        settled = max(self._done_at, self._moved_at) + self._settings.settle
        if self._update is None or curve is None or self._now < settled or curve.time < settled:
            return
        update, self._update, self._doing, self._applying = self._update, None, "", False
        if update.heard is None:
            return
        counts = update.heard.counts & curve.counts
        made = self._curve(self._bands, curve.freq) - self._curve(update.before, curve.freq)
        before, after = (x.level - self._settings.target for x in (update.heard, curve))
        worse = off(after, counts) - off(before, counts)
        without = off(after - made, counts)
        change = (after - before)[counts] - (after - before)[counts].mean()
        effect = made[counts] - made[counts].mean()
        against = float(change @ effect) < -0.5 * float(np.linalg.norm(change) * np.linalg.norm(effect))
        if worse > WORSE and (without < off(after, counts) - 0.5 * worse or against):
            self._doing, self._goal, self._base = "roll_back", list(update.before), None
            self._tell("worse", by=round(worse, 2))
        else:
            self._pause = PAUSE if worse < 0 else self._pause
            self._base = update if worse > 0 else None
            self._tell("judged", by=round(worse, 2))

    def _arrived(self) -> bool:
        return all(b == g or o == "engineer" for b, g, o in zip(self._bands, self._goal, self._owners, strict=True))

    def _moves(self, slew: Slew, budget: float) -> list[tuple[int, EqBand]]:
        """One step of every band of ours towards its goal."""
        steps: dict[int, EqBand] = {}
        goals = self._way_round() if self._detour else self._goal
        for i, (band, goal) in enumerate(zip(self._bands, goals, strict=True)):
            if self._owners[i] == "engineer" or band == goal:
                continue
            left = min(self._pace.left(i, self._now, slew, self._settings.grain), budget - self._spent[i])
            after = step(self._curve, band, goal, left, self._settings.grain)
            if after != band:
                steps[i] = after
        allowed = self._within_boost(steps)
        self._detour = self._detour or (bool(steps) and not allowed)
        for i, band in allowed.items():
            size = apart(self._curve, self._bands[i], band)
            self._pace.moved(i, self._now, size)
            self._spent[i] += size
            self._bands[i], self._sent_at[i], self._moved_at = band, self._now, self._now
            self._sent[i].append(band)
        return sorted(allowed.items())

    def _within_boost(self, steps: dict[int, EqBand]) -> dict[int, EqBand]:
        """Those of the steps that do not lift the sum of our bands above its limit, or farther above it where it is already, or
        is to be: what was found may be."""
        now, goal = (self._curve(self._own(bands), GRID) for bands in (self._bands, self._goal))
        most = np.maximum(np.maximum(now, goal), self._settings.most_boost + OVER) + 1e-9

        def fits(some: dict[int, EqBand]) -> bool:
            after = [some.get(i, b) for i, b in enumerate(self._bands)]
            return bool(np.all(self._curve(self._own(after), GRID) <= most))

        if not steps or fits(steps):
            return steps
        chosen: dict[int, EqBand] = {}
        for i in sorted(steps, key=lambda i: steps[i].gain - self._bands[i].gain):
            if fits({**chosen, i: steps[i]}):
                chosen[i] = steps[i]
        return chosen

    def _way_round(self) -> list[EqBand]:
        """Boosts to 0, then cuts to their goals; when that is done there is no detour any more."""
        own = [i for i, owner in enumerate(self._owners) if owner == "showctl"]
        goals = list(self._bands)
        boosts = [i for i in own if self._bands[i].gain > 0]
        cuts = [i for i in own if self._goal[i].gain <= 0 and self._goal[i] != self._bands[i]]
        if boosts and cuts:
            for i in boosts:
                goals[i] = replace(self._bands[i], gain=0.0)
            return goals
        if cuts:
            for i in cuts:
                goals[i] = self._goal[i]
            return goals
        self._detour = False
        return self._goal

    def _tell(self, did: str, **data: str | float | int | bool | None) -> None:
        self._events.append(Happened(self._now, "eq", (("did", did), *data.items())))


def _same(one: EqBand, other: EqBand) -> bool:
    """Whether a console may have made one of the other: its steps are coarse."""
    if abs(one.gain - other.gain) > 0.13 or one.kind != other.kind:
        return False
    return abs(math.log(one.freq / other.freq)) < 0.03 and abs(math.log(one.q / other.q)) < 0.06


def _grained(band: EqBand, grain: float, down: bool = False) -> EqBand:
    """The same with its gain in whole grains: the nearest, or the next below."""
    if grain <= 0 or not math.isfinite(band.gain):
        return band
    return replace(band, gain=(math.floor if down else round)(band.gain / grain) * grain)
