"""One step of the gate: what performers did since the last one -> what is asked of the show, and what is told of it.

Whatever a performer does becomes a binding that is meant (`doing`), and is then asked, in this order: is it a stop; is the device
heard; is it armed; has the same just been done; how dangerous is it, and is there a second factor; does it wait for the beat. The
first no is told, with its reason.

A stop needs less: it is armed always, unless the show says otherwise, and it may come late. Where its performer is armed it acts
at once. Where not, a button or posture has to be held for a while, and a movement done twice: what nobody means is no stop, too,
but stopping is safe, and taken back (BACK, RESUME). Whatever waits is forgotten, and what was armed before it is armed no more.

Times: s of show time. Pure: no clock, no I/O.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from showctl.model import (
    Arm,
    Candidate,
    Confirm,
    ControlEvent,
    Disarm,
    Flash,
    Go,
    Goto,
    PerformerState,
    PlaybackState,
    Reading,
    StopAll,
)
from showctl.plan import Danger, GestureBinding, GesturesPlan, Plan, Quantise
from showctl.show.gate.arming import Arming
from showctl.show.gate.asks import AGAIN_S, ASK_S, Ask, Asks
from showctl.show.gate.doing import Doing, Done, Idle
from showctl.show.gate.factors import ORDER, Dangers, Factors, aimed, meant, standing
from showctl.show.gate.faders import Faders, PickUp
from showctl.show.gate.fingers import Fingers
from showctl.show.gate.holding import Holding
from showctl.show.gate.presence import FREEZE_S, Presence
from showctl.show.gate.repeats import PERFORMER_S, Repeats
from showctl.show.gate.step import GateInputs, GateStep
from showctl.show.gate.telling import Telling
from showctl.show.gate.view import performer_state
from showctl.show.gate.waiting import NOBODY, Beat, Waiting

LATE_S = 0.5  # what is older than this when it comes is over
STOP_UNARMED: Factors = frozenset(("again", "clutch"))


class Gate:
    """What comes of what performers do. ValueError for a plan in which nobody wears anything and nothing is bound."""

    def __init__(self, plan: Plan) -> None:
        if plan.gestures is None:
            raise ValueError("nobody wears anything in this plan")
        self.plan: GesturesPlan = plan.gestures
        self._wearables = {one.name: one for one in self.plan.wearables}
        self._fingers = Fingers({one.name: one.button_limit for one in self.plan.wearables})
        self._presence = Presence(self._wearables)
        self._arming = Arming(self.plan, self._fingers, self._presence)
        self._doing, self._dangers, self._faders = Doing(self._arming), Dangers(plan), Faders(self.plan.controls)
        self._waiting, self._repeats, self._telling = Waiting(), Repeats(), Telling()
        self._asks, self._holding = Asks(), Holding()
        self._out: list[ControlEvent] = []
        self._ahead = -math.inf  # s, the latest time of what was given away for its beat
        self._still = False  # nothing was asked for since the last stop
        self._stepped = -math.inf  # s

    # --- the step ------------------------------------------------------------------------------------------------------

    def step(
        self, now: float, inputs: GateInputs, playback: PlaybackState, at: float | None = None, frame: bool = True
    ) -> GateStep:
        """Take what came, and say what comes of it. `playback` is how the show stood at the time `at` (s; left out: now).

        Levels move with a `frame` alone: a step between two of them would be a second move in one. ValueError if `now` is no
        number.
        """
        if not math.isfinite(now):
            raise ValueError(f"the time of a step must be a number, not {now}")
        self._stepped = now
        self._out = self._holding.owed(now)
        beat = Beat.of(playback, now if at is None else at)
        for device in self._presence.hear(now, inputs.heard):
            self._telling.tell(now, "wearable_lost", device=device, performer=self._wearables[device].performer)
        self._fingers.listen(self._presence)
        presses = self._fingers.take(self._known(inputs, now))
        self._arming.follow(now, playback)
        self._moved_on(now, playback)
        stopped = self._others(now, inputs.asked, playback, beat)
        self._asks.expire(now)
        self._out += self._holding.ended(now, lambda name, binding: self._lasts(name, binding, now))
        done = self._meant(
            now,
            (*self._doing.recognised(inputs.candidates, now), *self._doing.pressed(presses, now), *self._doing.held(now)),
        )
        for one in sorted(done, key=lambda one: (not isinstance(one.binding.do, StopAll), one.time)):
            if stopped:
                self._refuse(one, now, "the show was stopped")
            else:
                stopped = self._judge(one, playback, beat, now) and isinstance(one.binding.do, StopAll)
        self._timed(inputs.timed, beat, now, stopped)
        self._due(playback, beat, now)
        pick_up = self._levels(inputs.shares, playback, now) if frame else []
        for wearable in self._wearables.values():
            self._telling.armed(now, wearable, self._doing.armed(wearable, now))
            self._telling.battery(now, wearable, inputs.readings)
        told, feedback = self._telling.take(now)
        return GateStep(tuple(self._out), told, feedback, tuple(pick_up))

    def _known(self, inputs: GateInputs, now: float) -> Iterator[Reading]:
        """The readings of wearables of this venue; of all others nothing comes."""
        everything: tuple[Reading | Candidate, ...] = (*inputs.readings, *inputs.candidates)
        for one in everything:
            if one.device not in self._wearables:
                self._telling.stranger(now, one.device)
            elif isinstance(one, Reading):
                yield one

    def _meant(self, now: float, some: Iterable[Done | Idle]) -> list[Done]:
        """What something may come of; the rest is told."""
        found = []
        for one in some:
            if isinstance(one, Done):
                found.append(one)
            else:
                self._telling.gesture(now, one.device, one.gesture, one.score, one.outcome, one.reason)
        return found

    # --- what others ask for -------------------------------------------------------------------------------------------

    def _others(self, now: float, asked: Iterable[ControlEvent], playback: PlaybackState, beat: Beat) -> bool:
        """The operator arms, disarms, confirms and stops; what he does himself needs no gesture any more. Was it a stop?

        The engine has his stop already, so nothing may come behind it, not even what he said yes to before.
        """
        asked = tuple(asked)
        stopped = any(isinstance(one, StopAll) for one in asked)
        for one in asked:
            if isinstance(one, StopAll):
                self._stop(now)
            elif isinstance(one, Arm):
                self._arming.arm(now, one.performer, playback)
            elif isinstance(one, Disarm):
                self._arming.disarm(one.performer)
                self._forget([name for name in self.plan.performers if one.performer in (None, name)], now)
            elif isinstance(one, Confirm) and not stopped:
                self._confirm(now, one, playback, beat)
            else:
                self._still = False
                self._waiting.passed_on(one, NOBODY, now)
                if isinstance(one, Go | Goto) and not one.source.startswith("gesture:"):
                    self._done_already(now, one)
        return stopped

    def _confirm(self, now: float, yes: Confirm, playback: PlaybackState, beat: Beat) -> None:
        """The operator's yes to what is asked for."""
        asks = [ask for name in self.plan.performers if yes.performer in (None, name) and (ask := self._asks.newest(name))]
        if not asks:
            self._telling.tell(now, "refused", control="gesture confirm", reason="nothing is asked for", source=yes.source)
        for ask in asks:
            done = Done(now, ask.device, ask.binding, held=True)
            if "operator" not in ask.needs:  # it stands as it did, so its performer is told nothing
                why = f"the operator's yes is none to it: {ask.in_words()}"
                self._telling.gesture(now, ask.device, ask.binding.gesture, None, "refused", why)
                continue
            if ask.unseen(now):
                self._refuse(done, now, "the yes came before anybody can have seen what it would be to")
                continue
            self._asks.drop(ask)
            why = (
                "it was asked too long ago" if ask.expired(now) else self._not_armed(done, now) or self._repeated(done, playback)
            )
            if why:
                self._refuse(done, now, why)
            else:
                self._accept(done, playback, beat, now, "alone")

    def _done_already(self, now: float, one: Go | Goto) -> None:
        """The operator has done himself what a performer asked for, or is about to."""
        self._repeats.went_on(one.list, now)
        for ask in self._asks.of_list(one.list):
            self._telling.gesture(now, ask.device, ask.binding.gesture, None, "done", f"{one.source or 'the operator'} did it")

    def _moved_on(self, now: float, playback: PlaybackState) -> None:
        """What was asked for of a list that has gone on meanwhile would be of another cue."""
        for ask in self._asks.moved_on(playback):
            self._telling.gesture(now, ask.device, ask.binding.gesture, None, "refused", "the list has gone on meanwhile")

    def _stop(self, now: float) -> None:
        """The show is stopped: nothing waits, nobody is armed, and of this step only what lets go is done besides.

        What was given away for a beat that is to come would act behind the stop: it is stopped then once more.
        """
        self._arming.stopped, self._still = now, True
        self._out = [one for one in self._out if isinstance(one, Flash) and not one.on]
        self._forget([*self.plan.performers, NOBODY], now)
        if self._ahead > now:
            self._out.append(StopAll(time=self._ahead, source="gesture:stop"))

    def _forget(self, whose: Collection[str], now: float) -> None:
        """What performers have asked for, and what waits for the beat."""
        self._asks.forget(whose)
        if (undone := self._waiting.forget(whose, now)) is not None:
            self._out.append(undone)

    # --- whether it may ------------------------------------------------------------------------------------------------

    def _judge(self, done: Done, playback: PlaybackState, beat: Beat, now: float) -> bool:
        """Do it, ask for more, or say why not; whether it was done."""
        if done.series and not self._second_time(done):
            self._telling.gesture(now, done.device, done.binding.gesture, done.score, "not recognised", done.series)
            return False
        if why := self._stale(done, now) or self._not_armed(done, now) or self._repeated(done, playback):
            self._refuse(done, now, why)
            return False
        needs = self._dangers.needs(done.binding, done.binding.do, playback)
        stop = isinstance(done.binding.do, StopAll) and done.binding.window.kind == "always"
        if stop and not needs and not done.held and not self._doing.armed(done.device, now):
            needs = STOP_UNARMED
        cleared: Danger | None = "" if not needs else self._second(done, needs, playback, now)
        return cleared is not None and self._accept(done, playback, beat, now, cleared)

    def _second_time(self, done: Done) -> bool:
        """Whether one of a series is what was asked for again, or the stop."""
        before = self._asks.same(done.binding, done.device)
        return isinstance(done.binding.do, StopAll) or (before is not None and "again" in before.needs)

    def _stale(self, done: Done, now: float) -> str:
        age = self._presence.age(done.device.name, now)
        if isinstance(done.binding.do, StopAll) and (done.fresh or now - done.time <= ASK_S):
            return ""
        if now - done.time > LATE_S:
            return f"it comes {now - done.time:.1f} s late"
        if age > FREEZE_S and not done.fresh:
            return f"{done.device.name} was not heard for {min(age, 999.0):.1f} s"
        return ""

    def _not_armed(self, done: Done, now: float) -> str:
        since = self._arming.since(done.binding.window, done.device, now)
        if since is None:
            return self._arming.why_not(done.binding.window, done.device, now)
        made_before = done.binding.window.kind != "always" and since > done.middle
        return "it was made before that was armed" if made_before else ""

    def _repeated(self, done: Done, playback: PlaybackState) -> str:
        do, performer = done.binding.do, done.device.performer
        if isinstance(do, StopAll):
            return "it was stopped just now" if self._still and done.time - self._arming.stopped < PERFORMER_S else ""
        if (waits := self._waiting.of(performer)) is not None:
            return f"`{waits.words}` waits for its beat"
        return self._repeats.refuses(do, done.binding.words, performer, playback, done.time)

    def _second(self, done: Done, needs: Factors, playback: PlaybackState, now: float) -> Danger | None:
        """Up to which danger there is a second factor; None where there is none, and it is asked for."""
        device, binding = done.device, done.binding
        clutch, since = self._arming.clutch(device.performer, now), max(self._arming.stopped, self._presence.lost_at(device.name))
        if "clutch" in needs and clutch is not None and since < clutch <= done.middle:
            return "alone"
        before = self._asks.same(binding, device)
        if before is not None and done.time - before.time < AGAIN_S:
            self._refuse(done, now, "the same as the one before")
            return None
        if before is not None:
            self._asks.drop(before)
            if "again" in needs and "again" in before.needs:
                return "danger"
        ask = Ask(binding, device, done.time, now, needs, standing(binding.do, playback))
        self._asks.add(ask)
        self._telling.both(now, device, binding, "again" if "again" in needs else "asked", ask.in_words(), done.score)
        return None

    def _refuse(self, done: Done, now: float, why: str) -> None:
        """Say why nothing came of it; to the performer only where something might have."""
        self._telling.gesture(now, done.device, done.binding.gesture, done.score, "refused", why)
        if self._arming.since(done.binding.window, done.device, now) is not None:
            self._telling.feel(now, done.device, "refused", why)

    # --- what is done --------------------------------------------------------------------------------------------------

    def _accept(self, done: Done, playback: PlaybackState, beat: Beat, now: float, cleared: Danger) -> bool:
        """Do it now, or on the beat; whether that could be."""
        binding, device = done.binding, done.device
        event = replace(meant(binding, device.performer, playback), time=done.time, source=f"gesture:{device.name}")
        self._asks.answered(binding, device.performer)
        if isinstance(event, StopAll):
            event = replace(event, time=now)  # however late it comes: behind everything that was done meanwhile
            self._stop(now)
        elif binding.on != "now":
            stands = standing(event, playback)
            if not self._waiting.add(event, binding.on, beat, now, device.performer, binding.words, cleared, stands):
                self._refuse(done, now, "too much waits for the beat")
                return False
            words = f"`{binding.words}` with the next {binding.on}"
            self._telling.both(now, device, binding, "waiting", words, done.score)
            return True
        else:
            self._still = False
            if binding.way == "holds" and isinstance(event, Flash):
                self._holding.begin(device.name, binding, event)
        self._out.append(aimed(event, playback))
        self._waiting.passed_on(event, device.performer, now)
        self._repeats.note(event, binding.words, device.performer, now)
        self._telling.both(now, device, binding, "heard", f"`{binding.words}`", done.score)
        return True

    def _lasts(self, name: str, binding: GestureBinding, now: float) -> bool:
        """What is held ends when it is let go, when the device is not heard, or when it is not armed."""
        device, gesture = self._wearables[name], self._doing.gestures[binding.gesture]
        down = self._doing.since(gesture, device, now) is not None and self._presence.fresh(name, now)
        return down and self._arming.since(binding.window, device, now) is not None

    def _timed(self, timed: Iterable[tuple[ControlEvent, Quantise, str]], beat: Beat, now: float, stopped: bool) -> None:
        """What the operator asked for, for a beat."""
        for event, on, words in timed:
            if on == "now":
                self._out.append(event)
            elif stopped or not self._waiting.add(event, on, beat, now, NOBODY, words, "alone"):
                reason = "the show was stopped" if stopped else "too much waits for the beat"
                self._telling.tell(now, "refused", control=words, reason=reason, source=event.source)

    def _due(self, playback: PlaybackState, beat: Beat, now: float) -> None:
        """What has waited for its beat: unless it has become more dangerous, or somebody else did it."""
        for one in self._waiting.due(now, beat):
            why = ""
            if ORDER.index(self._dangers.of(one.control, playback)) > ORDER.index(one.cleared):
                why = "it has become dangerous"
            elif one.performer != NOBODY:
                gone_on = one.meant != standing(one.control, playback)
                why = self._repeats.just_began(one.control, one.words, playback, one.control.time)
                why = "the list has gone on meanwhile" if gone_on else why
            if why:
                who = {"performer": one.performer} if one.performer != NOBODY else {}
                self._telling.tell(now, "refused", control=one.words, reason=why, source=one.control.source, **who)
                continue
            self._out.append(one.control if one.performer == NOBODY else aimed(one.control, playback))
            self._ahead, self._still = max(self._ahead, one.control.time), False
            if one.performer != NOBODY:
                self._repeats.note(one.control, one.words, one.performer, now)
            elif isinstance(one.control, Go | Goto):
                self._repeats.went_on(one.control.list, one.control.time)

    def _levels(self, shares: Mapping[tuple[str, str], float], playback: PlaybackState, now: float) -> list[PickUp]:
        made = list(self._faders.step(now, shares, self._arming, playback))
        self._out += [one for one in made if not isinstance(one, PickUp)]
        return [one for one in made if isinstance(one, PickUp)]

    # --- how it stands -------------------------------------------------------------------------------------------------

    def performers(self, now: float) -> tuple[PerformerState, ...]:
        """How each performer stands at `now` (s), for the page."""
        return tuple(
            performer_state(name, now, self._doing, self._arming, self._asks, self._waiting) for name in self.plan.performers
        )

    def pack(self, now: float) -> dict[str, Any]:
        """What a restart needs, as JSON has it. What is armed is no part of it."""
        return {
            "version": 1,
            "barred": sorted(self._arming.barred),
            "last": self._repeats.pack(now),
            "moving": [list(one) for one in self._faders.moving()],
            "flashing": self._holding.flashing,
        }

    def restore(self, packed: Mapping[str, Any], now: float) -> None:
        """Go on as `pack` says, with nobody armed. ValueError for what it never wrote."""
        try:
            if packed["version"] != 1:
                raise ValueError(f"it is of version {packed['version']}")
            barred = {str(one) for one in packed["barred"]}
            last = {str(key): min(float(at), now) for key, at in packed["last"].items()}
            moving = [(str(device), str(name), float(level)) for device, name, level in packed["moving"]]
            flashing = [str(one) for one in packed["flashing"]]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"this is no state of a gate: {error}") from error
        self._arming.barred = barred & set(self.plan.performers)
        self._repeats.restore(last)
        self._faders.moved(moving, now)
        self._holding.restore(flashing, now)

    def take_over(self, old: Gate) -> None:
        """Go on from the gate of another plan: what is as it was stays armed, what was asked for is forgotten, and so is what
        waits for the beat by a binding that is no more."""
        same = {name for name, one in self._wearables.items() if old._wearables.get(name) == one}
        self._fingers.take_over(old._fingers, same)
        self._doing.take_over(old._doing, same, old._stepped)
        self._presence.take_over(old._presence, same)
        self._arming.take_over(old._arming)
        self._faders.take_over(old._faders, same)
        self._stepped, self._ahead, self._still = old._stepped, old._ahead, old._still
        self._repeats, self._telling, self._waiting = old._repeats, old._telling, old._waiting
        self._waiting.keep({(who, one.words) for one in self.plan.bindings if one.on != "now" for who in one.performers})
        self._holding.take_over(old._holding, lambda name, binding: name in same and binding in self.plan.bindings)
