"""What the loop over the PA decides: what is heard and what the console holds -> what is written to it, and what is fitted next.

No clock, no sockets and no processes (`pa` has those), so it can be closed in simulated time. A fit is asked for every
FIT_EVERY_S while nothing is frozen.

One zone is followed: the first that has an equaliser. What the programme says of the room is the sum of all zones, and of a sum
nobody can tell which zone would have to change.

What the air swallows on its way to the microphones is in what they hear, and so in the fit. What it swallows on from there to
listeners farther away is not: that is taken off what the microphones hear (`Weather`), as if they stood where people sit.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from showctl.analysis.room import target as targets
from showctl.analysis.room.air import Climate
from showctl.analysis.room.biquad import Array, cascade_db
from showctl.analysis.room.devices import DEVICES
from showctl.analysis.room.grid import BANDS
from showctl.analysis.room.weather import Weather
from showctl.model import (
    ConfigError,
    ConsoleState,
    DeviceError,
    EqBand,
    EqCommand,
    EqInputs,
    EqState,
    EqWanted,
    Howl,
    RoomCurves,
    RoomResponse,
    State,
)
from showctl.plan import PaClimate, PaPlan, PaZone
from showctl.show import eq_view
from showctl.show.eq_bands import NOTHING, Found
from showctl.show.eq_limits import EqSettings
from showctl.show.eq_policy import EqPolicy
from showctl.wire.fitting import FitAnswer, FitJob
from showctl.wire.room import RoomHeard

FIT_EVERY_S = 10.0
LEAST = 0.5  # dB, a band that does less is no standing equaliser
HOWLS = 16  # that wait for the next step
DECLINED_S = 20.0  # that the health says what was refused to whoever asked


def followed(plan: PaPlan) -> PaZone | None:
    """The zone whose equaliser is followed; None where there is none."""
    return next(filter(plan.equaliser, plan.zones), None)


def left_alone(plan: PaPlan, followed: PaZone) -> str:
    """Which zones have an equaliser that nothing follows, and why; empty where there are none."""
    others = [zone.name for zone in plan.zones if zone != followed and plan.equaliser(zone)]
    if not others:
        return ""
    still = "stands still" if len(others) == 1 else "stand still"
    return f"{', '.join(others)} {still}: microphones hear the sum of all zones, so only the first, {followed.name}, is followed"


def target_of(plan: PaPlan) -> Array:
    """(bands,) dB that is aimed at. DeviceError where its file cannot be read any more."""
    if plan.target in targets.NAMED:
        return targets.NAMED[plan.target](BANDS)
    try:
        return targets.read(Path(plan.target).read_text(encoding="utf-8"), plan.target)(BANDS)
    except (OSError, UnicodeDecodeError, ConfigError) as error:
        raise DeviceError(f"the target {plan.target} cannot be used: {error}") from None


def weather_of(climate: PaClimate | None) -> Weather | None:
    """The air as the venue file has it; None where it says nothing of it."""
    if climate is None:
        return None
    near = climate.distance if climate.microphones is None else climate.microphones
    judged = None if climate.judged is None else Climate(*climate.judged)
    typed = Climate(climate.temperature, climate.humidity)
    return Weather(typed, climate.distance, near, judged, climate.sensor is not None)


class Loop:
    """What is heard and what the console holds -> what is written to it, and what is to be fitted next."""

    def __init__(self, plan: PaPlan, zone: PaZone, target: Array, found: Found = NOTHING) -> None:
        """`found` is what a run before had found, where it ended without being asked to."""
        self._plan, self._zone, self._target = plan, zone, target
        self._device = DEVICES[zone.device]
        self._others = left_alone(plan, zone)
        self._names = tuple(one.name for one in plan.microphones)
        gain = self._device.gain
        self._settings = EqSettings(
            target,
            self._names,
            most_gain=plan.gain[1],
            least_gain=plan.gain[0],
            q=plan.q,
            most_boost=plan.boost,
            grain=(gain.high - gain.low) / (gain.count - 1),
            snap=self._on_steps,
            alone=plan.console == "internal",
            notches=plan.notches,
            notch_q=self._device.q.nearest(plan.q[1], high=plan.q[1]),
        )
        self._policy = EqPolicy(self._settings, cascade_db, plan.mode, found)
        self._times_found: int | None = None  # what the console said when it was first read
        self._heard: RoomHeard | None = None
        self._howls: list[Howl] = []
        self._problem = ""
        self._held: Array = np.zeros(len(BANDS))
        self._wanted: EqWanted | None = None
        self._refused = ""
        self._next_fit = 0.0
        self.weather = weather_of(plan.climate)
        self._air: Array = np.zeros(len(BANDS))  # dB that listeners hear less than the microphones do
        self._air_said = ""
        self._declined, self._declined_at = "", 0.0  # what somebody asked for in vain, and why
        self.state: EqState | None = None
        self.on = True  # the equaliser's own switch
        self.graphic = False  # a graphic one is heard in its place

    def _on_steps(self, band: EqBand) -> EqBand:
        """The nearest band that the device can be set to, its gain left to the policy."""
        return replace(band, freq=self._device.freq.nearest(band.freq), q=self._device.q.nearest(band.q))

    @property
    def found(self) -> Found:
        """What the next loop is to be told, and a crash must not lose."""
        return self._policy.found

    def hear(self, heard: RoomHeard) -> None:
        """What the room process said last, in show time."""
        self._heard = heard
        self._howls = (self._howls + list(heard.howls))[-HOWLS:]

    def step(self, now: float, console: ConsoleState, commands: tuple[EqCommand, ...] = (), problem: str = "") -> EqState:
        """One second: what becomes of the equaliser. `problem` is why nothing is heard."""
        if console.bands:
            if self._times_found not in (None, console.found):
                self._begin_anew(console)
            self._times_found = console.found
        heard, self._problem, self.on, self.graphic = self._heard, problem, console.on, console.graphic
        if self.weather is not None:
            self._air, self._air_said = self.weather.less(BANDS, now), self.weather.said(now)
        self._held = held = cascade_db(console.bands, BANDS) if console.on else np.zeros(len(BANDS))
        fitted = held - self._notched(console)
        responses = tuple(None if one is None else replace(one, magnitude=one.magnitude + fitted) for one in self._responses())
        troubles = (problem,) if problem else heard.troubles if heard is not None else ()
        programme = -120.0 if heard is None else heard.programme
        howls, self._howls = tuple(self._howls), []
        self.state = self._policy.step(now, EqInputs(console, responses, self._wanted, programme, troubles, commands, howls))
        self._note_declined(self.state)
        return self.state

    def _notched(self, console: ConsoleState) -> Array:
        """(bands,) dB of what notches do: a fit that knew of it would fill it, and an update be blamed for it."""
        owners = self._policy.found.owners
        if not console.on or len(owners) != len(console.bands):
            return np.zeros(len(BANDS))
        return cascade_db([band for band, owner in zip(console.bands, owners, strict=True) if owner == "notch"], BANDS)

    def _begin_anew(self, console: ConsoleState) -> None:
        """What it holds is no hand's doing, and nothing of what was moved before stands: of that only whose each band is stays,
        where they are as many, the mode that somebody asked for, and a bypass: who pressed it wants to hear none of it."""
        was = self._policy.found
        kept = Found(asked=was.asked)
        if was.bypassed:
            kept = replace(kept, snapshot=console.bands, bypassed=console.bands)
        if len(was.owners) == len(console.bands):
            kept = replace(kept, owners=was.owners, held=console.bands)
        self._policy, self._wanted = EqPolicy(self._settings, cascade_db, self._plan.mode, kept), None

    def _note_declined(self, state: EqState) -> None:
        """Whoever asked has had an answer long ago: here he sees why nothing came of it."""
        for data in (dict(event.data) for event in state.events):
            if data["did"] == "refused" and data["asked"] != "update":  # that one is the fit's
                self._declined, self._declined_at = (
                    f"{str(data['asked']).replace('_', ' ')} was refused: {data['why']}",
                    state.time,
                )
        if state.time - self._declined_at > DECLINED_S:
            self._declined = ""

    def _responses(self) -> tuple[RoomResponse | None, ...]:
        """One a microphone, of the room without equaliser as its listeners have it; None where nothing of it can be trusted: the
        others do not speak for its place, so the equaliser waits."""
        heard = () if self._heard is None else self._heard.responses
        well = (one is not None and len(one.freq) == len(BANDS) and one.trusted.any() for one in heard)
        known = [
            replace(one, magnitude=one.magnitude - self._air) if one is not None and fine else None
            for one, fine in zip(heard[: len(self._names)], well, strict=False)
        ]
        return (*known, *[None] * (len(self._names) - len(known)))

    def job(self, now: float) -> FitJob | None:
        """What is to be fitted now; None where there is nothing to fit, or it is too early."""
        state, known = self.state, [one for one in self._responses() if one is not None]
        if state is None or state.mode == "off" or state.frozen or not known or now < self._next_fit:
            return None
        pairs = list(zip(state.bands, state.owners, strict=True))
        ours = [band for band, owner in pairs if owner == "showctl"]
        if not ours:
            return None
        self._next_fit = now + FIT_EVERY_S
        theirs = cascade_db([band for band, owner in pairs if owner == "engineer"], BANDS)
        standing = tuple(band for band in ours if abs(band.gain) >= LEAST)
        if (not standing or state.mode == "advise") and self._wanted is not None and len(self._wanted.bands) <= len(ours):
            standing = self._wanted.bands  # nothing has moved yet: of what is proposed as little as may be changes
        return FitJob(
            min(one.time for one in known),
            tuple(BANDS.tolist()),
            tuple(tuple((one.magnitude + theirs - self._target).tolist()) for one in known),
            tuple(tuple(one.worth.tolist()) for one in known),
            self._device.name,
            len(ours),
            self._plan.gain,
            self._plan.boost,
            self._plan.q,
            standing,
        )

    def fitted(self, job: FitJob, answer: FitAnswer) -> None:
        """What came of a job."""
        self._refused = answer.refused
        if not answer.refused:
            self._wanted = EqWanted(job.time, answer.bands)

    def curves(self) -> RoomCurves:
        """What is shown over frequency, as of the last step."""
        state, wanted = self.state, None
        if state is not None and any(state.proposal):
            after = [new or old for new, old in zip(state.proposal, state.bands, strict=True)]
            wanted = cascade_db(after, BANDS)
        return eq_view.curves(BANDS, self._target, () if self._problem else self._responses(), self._held, wanted)

    def health(self) -> tuple[State, str]:
        """How the loop is, in words that say what to do."""
        state, detail = self._stands()
        if self.state is not None and self.state.notched:
            state = State.DEGRADED
        said = (self._notches(), detail, self._theirs(), self._declined, self._air_said, self._others)
        return state, "; ".join(filter(None, said))

    def _notches(self) -> str:
        """What stands against feedback, and what no notch can do; empty where there is neither."""
        if self.state is None or not self.state.bands:
            return ""
        owned = zip(self.state.bands, self.state.owners, strict=True)
        notches = [f"{band.freq:.0f} Hz {band.gain:+.4g} dB" for band, owner in owned if owner == "notch" and band.gain]
        still = ", and nothing releases it but auto" if self.state.mode != "auto" else ""
        return "; ".join(filter(None, (self.state.notched, f"notched: {', '.join(notches)}{still}" if notches else "")))

    def _theirs(self) -> str:
        """Which bands are the engineer's; empty where none is, or all are, which is why it stands still."""
        owners = () if self.state is None else self.state.owners
        theirs = [str(i) for i, owner in enumerate(owners, 1) if owner == "engineer"]
        return f"the engineer's: {', '.join(theirs)}" if 0 < len(theirs) < len(owners) else ""

    def _stands(self) -> tuple[State, str]:
        state = self.state
        if state is None:
            return State.STARTING, "the first second has not passed yet"
        error = "" if state.error is None else f"; what is heard is {state.error:.1f} dB RMS off the target"
        if state.stuck:
            bands = ", ".join(str(i + 1) for i in state.stuck)
            text = f"{state.mode}: band {bands} of {self._zone.name} does not become what is written, and is left alone"
            return State.DEGRADED, f"{text}: look at the console, then hand it back{error}"
        if state.frozen:
            return State.RUNNING, f"{state.mode}: {self._zone.name} stands still: {state.frozen}{error}"
        if self._refused:
            return State.DEGRADED, f"{state.mode}: no fit: {self._refused}"
        if state.doing:
            return State.RUNNING, f"{state.mode}: {self._zone.name}: {_DOING[state.doing]}{error}"
        changes = sum(one is not None for one in state.proposal)
        if changes and state.mode == "advise":
            return State.RUNNING, f"advise: {changes} bands would change: `showctl room apply` takes it over{error}"
        return State.RUNNING, f"{state.mode}: {self._zone.name} stands{error}"


_DOING = {
    "update": "bands move to what was fitted",
    "settle": "waits until the change is heard",
    "roll_back": "it became worse: the bands go back",
    "undo": "goes back to before the last change",
    "restore": "goes back to what was found at the start",
    "bypass": "becomes flat",
    "unbypass": "comes back from the bypass",
}
