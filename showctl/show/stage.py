"""The stage: all that makes light, brought from state to slots.

Holds the fades of all lists, who has which parameter, the effects, the masters and the patch, and what the music is doing.
The transport moves things here; `draw` is a formula of the state and the moment and changes nothing that can be seen later.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from showctl.model import ListState, PlaybackState
from showctl.plan import EffectStart, Plan
from showctl.show import beathands
from showctl.show.beatclock import BeatClock
from showctl.show.cuelist import Step, Track
from showctl.show.fade import Bools, Fades, Floats, Moment, Singles
from showctl.show.hands import Asked, Hands
from showctl.show.heard import Heard
from showctl.show.mark import Lamps
from showctl.show.masters import Masters, dimmer_steps
from showctl.show.merge import Layers
from showctl.show.moves import Moves, Traits
from showctl.show.patch import Patch, Slots
from showctl.show.playhead import Playhead, Snapshot
from showctl.show.running import SUBMASTER, Effects, View
from showctl.show.strobe import Limiter


class Stage:
    """The light of one show. ValueError for a plan that contradicts itself."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        rest = np.array([p.default for p in plan.parameters], dtype=np.float64)
        for parameter, value in plan.start:
            rest[parameter] = value
        self.traits = Traits(plan.parameters)
        self.heads = [Playhead(i, Track(lst, plan.parameters, plan.back_time, self.traits)) for i, lst in enumerate(plan.lists)]
        for head in self.heads:
            head.await_next(0.0)
        self.lamps = Lamps(plan.parameters)
        self.fades = Fades(len(plan.lists), len(plan.parameters))
        self.layers = Layers(plan, rest)
        self.effects = Effects(plan)
        self.masters = Masters(plan)
        self.hands = Hands(plan)
        self.clock, self.heard = BeatClock(), Heard()
        self._dimmers = dimmer_steps(plan.parameters)
        self._patch = Patch(plan)
        self._limiter = None if plan.strobe is None else Limiter(plan, plan.strobe, self._patch)
        self._stamp = 0
        self.drawn = 0.0  # s, of the look drawn last
        self._shown = -math.inf  # position of the beat that was shown last: late news never turn it back
        self._base: Singles = self.layers.rest
        self._live = self._base.copy()
        self._settled = False  # the cues' look needs no new computation
        self._drawn = False  # nor does anything after it
        self._arranged = False  # who has what is known to the effects
        for name in self.masters.levels:
            self.submaster_effects(name, 0.0)

    # --- moving things -----------------------------------------------------------------------------------------------

    @property
    def snaps(self) -> Bools:
        """Which parameters jump."""
        return self.traits.snaps

    def settle(self, t: float) -> None:
        """Bring fades and layers to time t, before something is moved there."""
        self.fades.look(self._list_times(t))
        self._drop_gone()
        self.effects.drop_gone(self.view(None, t))
        self._settled = False

    def play(self, head: Playhead, step: Step, t: float, fresh: bool = True, of_cue: bool = True) -> Moment:
        """Begin the fades of a step from where the light is; `settle` first. `fresh` moves take what they move.

        Those of a cue say when it is complete.
        """
        now = head.moment(t, self.clock)
        stamp = self._next_stamp() if fresh else None
        moved = self.fades.move(head.row, step.moves, self.start_of(head, step.moves), stamp, now)
        self.layers.arrange(self.fades, head.row, step.moves.parameter)
        let_go = self.fades.release(head.row, step.let_go, step.span, now)
        self.layers.arrange(self.fades, head.row, step.let_go)
        if of_cue:
            head.cue_ends = (max(moved[0], let_go[0]), max(moved[1], let_go[1]))
        self.work_out_end(head)
        self._settled = self._drawn = self._arranged = False
        return now

    def work_out_end(self, head: Playhead) -> None:
        """When nothing of a list moves any more, after its fades were changed."""
        head.fades_end = self.fades.end(head.row)

    def snapshot(self, head: Playhead) -> Snapshot:
        """How a list stands now; `settle` first."""
        row, fades = head.row, self.fades
        owned = (self.layers.owner == row) | self.layers.htp[row]
        held = fades.held[row] & ~fades.leaving[row]
        effects = self.effects.of(row)
        target, stamp = fades.target[row].copy(), fades.stamp[row].copy()
        waiting = frozenset(one.lamp for one in head.waiting)
        return Snapshot(head.current, owned, held, target, stamp, effects, dict(head.followed), head.leaving, waiting)

    def leads_to(self, head: Playhead) -> Singles:
        """Where a list leads every parameter: at rest what it does not hold."""
        holds = self.fades.held[head.row] & ~self.fades.leaving[head.row]
        return np.where(holds, self.fades.target[head.row], self.layers.rest)

    def lights(self, t: float) -> Singles:
        """All that makes light at t (s), before the masters; 1 where an effect plays. `settle` at t first."""
        levels = self.layers.compose(self.fades)[0].copy()
        self.masters.join_additive(levels)
        for running in self.effects.running:
            if running.lamps.effect.layer != "scale":  # which brings no light where there is none
                levels[running.lamps.parameter] = 1.0
        self.hands.lay(levels, self._moment(t))
        return levels

    def resumed(self) -> None:
        """All that it holds was written: work out anew what follows from it."""
        self.layers.restart(self.fades)
        self._settled = self._drawn = self._arranged = False

    def retime(self) -> None:
        """The clock of a list has changed: nothing that was shown says what is to be shown."""
        self._settled = self._drawn = False

    def begin(self, head: Playhead, start: EffectStart, t: float) -> None:
        """Start an effect of a list, with the place that the list's last move has."""
        self.effects.start(start, head.row, self._stamp, self.view(head, t))
        self._arranged = False

    def become(self, head: Playhead, wanted: Mapping[str, EffectStart], t: float) -> None:
        """End the effects of a list that are not wanted, start those that are."""
        for name in self.effects.of(head.row).keys() - wanted.keys():
            self.effects.stop(head.row, name, self.view(head, t))
        for start in wanted.values():
            self.begin(head, start, t)

    def fader(self, name: str | None, level: float, t: float) -> None:
        """Set the grand master (None) or a submaster, 0..1. Refused where that cannot be."""
        self.masters.fader(name, level)
        if name is not None:
            self.submaster_effects(name, t)
        self._drawn = False

    def flash(self, name: str, on: bool, t: float) -> None:
        """The flash button of a submaster goes down or up. Refused where there is none."""
        self.masters.flash(name, on)
        self.submaster_effects(name, t)
        self._drawn = False

    def hand(self, one: Asked, t: float) -> dict[str, str | int]:
        """Hold, park or show something by hand; -> what is worth telling. Refused where that cannot be."""
        told = self.hands.take(one, self._moment(t))
        self._drawn = False
        return told

    def house(self, level: float, fade: float, t: float) -> None:
        """The house lights go to a level, 0..1, in so many seconds from time t. Refused where that cannot be."""
        self.masters.house(level, fade, t)
        self._drawn = False

    def blackout(self, on: bool) -> None:
        """All light out, or back."""
        self.masters.blackout = on
        self.masters.refresh()
        self._drawn = False

    def submaster_effects(self, name: str, t: float) -> None:
        """Effects of a submaster run while it is up."""
        up = self.masters.acting[name] > 0.0
        running = self.effects.of(SUBMASTER, name)
        for start in self.masters.submasters[name].starts:
            if up and start.effect not in running:
                self.begin_of_submaster(name, start, t)
            elif not up:
                self.effects.stop(SUBMASTER, start.effect, self.view(None, t), name)

    def begin_of_submaster(self, name: str, start: EffectStart, t: float) -> None:
        """Start an effect of a submaster."""
        self.effects.start(start, SUBMASTER, self._next_stamp(), self.view(None, t), name)
        self._arranged = False

    def view(self, head: Playhead | None, t: float) -> View:
        """What the effects of a list (None: of the submasters) see at time t."""
        seconds = t if head is None else head.moment(t, self.clock).seconds
        return View(t, seconds, max(self._shown, self.clock.position(t)), self.clock, self.heard)

    def start_of(self, head: Playhead, moves: Moves) -> Singles:
        """Where fades of a list begin: the stage as it is without the lists above this one; `settle` first."""
        return self.layers.beneath(self.fades, head.row, moves.parameter)

    def _next_stamp(self) -> int:
        self._stamp += 1
        return self._stamp

    def _drop_gone(self) -> None:
        """Forget the layers that have faded out."""
        for row, parameters in self.fades.drop_gone():
            self.layers.arrange(self.fades, row, parameters)
            self._settled = self._arranged = False

    def standing(self, now: float, lists: tuple[ListState, ...], track_volume: float) -> PlaybackState:
        """Where the show stands, for people and for other programs."""
        masters, hands, clock = self.masters, self.hands, self.clock
        return PlaybackState(
            lists=lists,
            grand_master=masters.grand,
            blackout=masters.blackout,
            submasters=tuple(masters.levels.items()),
            effects=self.effects.names(),
            beat=clock.position(now),
            bpm=clock.bpm,
            confidence=clock.confidence,
            house=masters.house_at(now) if self.plan.house else None,
            held=hands.held,
            parked=hands.parked,
            flashed=tuple(sorted(masters.flashed)),
            identified=tuple(hands.identified),
            checked=hands.checked,
            track_volume=track_volume,
            beats=beathands.state(clock, self.plan, now),
        )

    # --- the look of now -----------------------------------------------------------------------------------------------

    def _moment(self, t: float) -> Moment:
        """An instant as what belongs to no list sees it."""
        return Moment(t, self.clock.position(t), self.clock.period, self.clock.beats_per_bar)

    def _list_times(self, t: float) -> Floats:
        """List times of all lists, in seconds, then in beats."""
        moments = [head.moment(t, self.clock) for head in self.heads]
        return np.array([*(m.seconds for m in moments), *(m.beats for m in moments)], dtype=np.float64)

    def draw(self, now: float) -> Slots:
        """The look of `now` as slots: what the lists make, what grows on it, what the strobe limit lets out."""
        self.drawn = now
        self._compose(now)
        if not self._arranged:
            self.effects.arrange(self.layers, self.fades.stamp)
            self._arranged = True
        if self._drawn and not self.effects.running and not self.held:
            return self._patch.slots
        moment = self._moment(now)
        self._drawn = not (self.effects.running or self.hands.moving(moment) or self.masters.house_moves(now))
        if self.effects.running:
            self.effects.drop_gone(self.view(None, now))
        for _ in self._grow(self._live, now):
            pass
        if self.effects.running:
            self._shown = max(self._shown, self.clock.position(now))
        steps = self._patch.steps(self._live)
        if self._limiter is not None:
            self._limiter.hold(steps, now)
        slots = self._patch.write(steps)
        self.hands.write(slots, moment)
        return slots

    def _grow(self, live: Singles, now: float) -> Iterator[str]:
        """Make the look of `now` in an array of all parameters; the name of every step, after it."""
        moment = self._moment(now)
        np.copyto(live, self._base)
        yield "lists"
        self.masters.join_additive(live)
        yield "submasters"
        if self.effects.running:
            views = [self.view(head, now) for head in self.heads]
            self.effects.lay_over(live, views, self.view(None, now), self.masters.acting)
            np.clip(live, 0.0, 1.0, out=live)
        yield "effects"
        live[self.masters.house_lights] = self.masters.house_at(now)
        yield "house"
        self.hands.lay(live, moment)
        yield "hands"
        if self.masters.scales:
            live *= self.masters.scale
        yield "masters"
        self.hands.park(live, moment)
        yield "park"
        for scaled, by in self._dimmers:
            live[scaled] *= live[by]
            self.hands.park(live, moment)  # a parked dimmer scales; a parked colour is not scaled
        yield "dimmers"

    def growing(self) -> Iterator[tuple[str, Singles]]:
        """The look drawn last, as it grew: after each step of `draw` its name and all values.

        The array is the same each time, and not the stage's own. Of the strobe limit, which remembers, it has what it did.
        """
        live = np.empty_like(self._live)
        for step in self._grow(live, self.drawn):
            yield step, live
        if self.held and self._limiter is not None:
            left = self._limiter.steps
            held = np.flatnonzero(self._patch.steps(live) != left)
            live[held] = self._patch.values(left)[held]
        yield "strobe limit", live

    def _compose(self, now: float) -> None:
        """The look of the lists, where it is another than it was."""
        if self._settled and not self.fades.ramps.running():
            return
        moved = self.fades.look(self._list_times(now))
        if self.fades.ramps.ended:
            self._drop_gone()
        if moved or not self._settled:
            self._base, moves = self.layers.compose(self.fades)
            self._drawn = self._drawn and self._settled and not moves
            self._settled = True

    @property
    def live(self) -> Singles:
        """The values of all parameters as of what was drawn last; not to be written to."""
        return self._live

    @property
    def slots(self) -> Slots:
        """What was drawn last; not to be written to."""
        return self._patch.slots

    @property
    def held(self) -> int:
        """How many lamps the strobe limit holds, as of what was drawn last."""
        return 0 if self._limiter is None else self._limiter.held
