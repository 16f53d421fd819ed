"""A room is measured: sweeps into each zone of the PA, all microphones at once, from what cannot hurt up to what suffices.

    silence       every microphone is listened to; one that clips without any sweep is named and left out
    first round   each zone from quiet to as loud as need be (analysis.room.louder), until one sweep of it is kept
    told          when each zone arrives, which way round, how loud: before anything else is made of it
    second round  repeats, until their mean is far enough over the noise in every octave that the zone plays
    judged        microphones that are dead, noisy, moved or set badly; distortion; sound that the system lost

This is the driver alone: what plays and records is handed in as `play` (a take in, what came of it out), so it runs on a sound
card and in a test alike. A take of which the sound system says that it lost sound is played again, RETRIES times; after that
the repeats tell: where they differ, sound was lost, or something else was heard.

Responses are those of full scale: what was recorded is divided by the level that was played, and the microphone's calibration is
taken out. Their time counts from the moment in which the sweep left, the way through the sound card included.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.room import arrival, louder, microphone, sweep
from showctl.analysis.room.arrival import Arrival
from showctl.analysis.room.microphone import Calibration
from showctl.plan import PaMicrophone, PaPlan, PaZone
from showctl.sound.take import Take, Taken
from showctl.units import db, ratio

Sound = NDArray[np.float64]
Play = Callable[[Take], tuple[Taken, int]]  # -> what came, and how many times the sound system said that it lost sound

SILENCE_S, TAIL_S = 2.0, 3.0
RETRIES = 1
PRESENT_DB = 12.0  # of an octave over its noise: less than that is noise alone, whatever is played
BODY_S, ALIKE = 0.1, 0.1  # of a response: its first part, and the share of its energy by which repeats may differ there
DISTORTED_DB = -26.0  # harmonics of the response, 5 %


class Stopped(Exception):
    """A hand, or a microphone at full scale, has ended the measurement; the text says why."""


@dataclass(slots=True)
class Measured:
    """One zone, as far as it was measured."""

    zone: PaZone
    state: louder.Levels
    sent: sweep.Sweep
    responses: dict[str, list[sweep.Response]] = field(default_factory=dict)  # by microphone, one a kept sweep
    levels: list[float] = field(default_factory=list)  # dB of full scale of every sweep that was played
    swept: dict[str, Sound] = field(default_factory=dict)  # (frames,) what each microphone recorded of the last sweep
    lost: int = 0  # times that the sound system said so in what was kept

    def response(self, name: str) -> tuple[sweep.Response, list[int]]:
        """The mean of the repeats that agree, and which did not."""
        return sweep.averaged(self.responses[name])

    def arrival(self, name: str) -> Arrival | None:
        """When, which way round, how loud at a microphone; seconds from the moment of leaving. None where it is not heard."""
        return arrived(self.response(name)[0], self.sent.rate) if name in self.responses else None

    def peak(self, name: str) -> float:
        """dBFS at a microphone, of the last sweep."""
        return db(float(np.abs(self.swept[name]).max(initial=0.0))) if name in self.swept else db(0.0)

    def snr(self, name: str) -> Sound:
        """(octaves,) dB of the mean over its noise; NaN where that is not known: one sweep alone."""
        some = self.responses[name]
        return sweep.snr_of_repeats(some, self.sent.rate) if len(some) > 1 else np.full(len(sweep.OCTAVES), np.nan)

    def differs(self, name: str) -> bool:
        """Whether the repeats at a microphone are nothing like each other where they are loudest."""
        mean, left_out = self.response(name)
        size = round(BODY_S * self.sent.rate)
        at = max(0, int(np.abs(mean.samples).argmax()) - size // 10)
        kept = [r.samples[at : at + size] for n, r in enumerate(self.responses[name]) if n not in left_out]
        body = mean.samples[at : at + size]
        apart = float(np.mean([np.sum((one - body) ** 2) for one in kept]))
        return apart > ALIKE * float(np.sum(body * body))


class Measurement:
    """Of these zones by these microphones. `tell` is handed lines for people; `play` raises Stopped when a hand says so.

    `limit` is the loudest level, dB of full scale, and `seconds` the length of a sweep; `before` is when the zones arrived at
    each microphone in the last measurement. `calibrations`, by microphone, are taken out of its responses; one without is taken
    as flat.
    """

    def __init__(
        self,
        zones: Sequence[PaZone],
        microphones: Sequence[PaMicrophone],
        rate: int,
        play: Play,
        tell: Callable[[str], None],
        limit: float = louder.LIMIT_DB,
        seconds: float = sweep.SECONDS,
        before: Mapping[str, dict[str, Arrival]] | None = None,
        calibrations: Mapping[str, Calibration] | None = None,
    ) -> None:
        self.microphones, self.rate = list(microphones), rate
        self.sent = sweep.sweep(rate, seconds)
        self.first = min(louder.FIRST_DB, limit)
        self.zones = [Measured(zone, louder.Levels(level=self.first, limit=limit), self.sent) for zone in zones]
        self.troubles: list[str] = []  # what an engineer must look after, in words
        self._play, self._tell = play, tell
        self.noise: dict[str, Sound] = {}  # (frames,) what each microphone recorded of the silence
        self._before, self.calibrations = before or {}, calibrations or {}

    def run(self) -> None:
        """All of it. Raises Stopped where it ends early; what was measured until then is kept."""
        self._listen()
        for one in self.zones:
            while one.state.phase is louder.Phase.PLAY and not one.state.kept:
                self._sweep(one)
        self._report()
        for one in self.zones:
            if not any(one.arrival(m.name) for m in self.microphones):
                one.state = one.state.stopped("no microphone hears it, so it is not repeated")
            while one.state.phase is louder.Phase.PLAY:
                self._sweep(one)
            if one.state.why:
                self._trouble(f"{one.zone.name}: {one.state.why}")
        self._judge()

    def _trouble(self, text: str) -> None:
        self.troubles.append(text)
        self._tell(f"  ! {text}")

    # --- the steps ---------------------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        """Silence: the noise of each microphone, and which of them cannot be used."""
        self._tell(f"silence for {SILENCE_S:g} s, please")
        while self.microphones:
            taken, _ = self._take(np.zeros(0), ())
            if not taken.clipped:
                break
            for one in [m for m in self.microphones if m.channel - 1 in taken.clipped]:
                self._trouble(f"{one.name} (input {one.channel}) clips while nothing is played: it is left out")
                self.microphones.remove(one)
        if not self.microphones:
            raise Stopped("there is no microphone that can be used")
        self.noise = self._by_name(taken)

    def _by_name(self, taken: Taken) -> dict[str, Sound]:
        """(frames,) of each microphone."""
        return dict(zip((m.name for m in self.microphones), taken.samples.T.astype(np.float64), strict=True))

    def _sweep(self, one: Measured) -> None:
        """One sweep into a zone; what follows from it."""
        level, kept = one.state.level, one.state.kept
        gain = ratio(level)
        for _ in range(1 + RETRIES):
            taken, lost = self._take(self.sent.samples * gain, [channel - 1 for channel in one.zone.channels])
            one.levels.append(level)
            if taken.clipped:
                self._clipped(one, taken)
            if not lost:
                break
        one.swept = self._by_name(taken)
        responses = {name: sweep.deconvolved(sound / gain, self.sent, TAIL_S) for name, sound in one.swept.items()}
        cells = np.array([sweep.snr(responses[name], self.noise[name] / gain, self.sent) for name in responses])
        peak = max(one.peak(name) for name in responses)
        one.state = one.state.heard(louder.Heard(peak, False, present(cells, one.state.enough)))
        self._tell(f"  {one.zone.name}: {level:g} dB, at most {peak:.0f} dBFS at a microphone, {over(cells)}")
        if one.state.kept > kept:
            one.lost += lost
            for name, response in responses.items():
                one.responses.setdefault(name, []).append(replace(response, samples=self._flat(name, response.samples)))

    def _flat(self, name: str, sound: Sound) -> Sound:
        """(frames,) without the microphone's curve."""
        curve = self.calibrations.get(name)
        return sound if curve is None else curve.taken_out(sound, self.rate)

    def _clipped(self, one: Measured, taken: Taken) -> None:
        names = " and ".join(m.name for m in self.microphones if m.channel - 1 in taken.clipped)
        why = f"{names} clipped at {one.state.level:g} dB in {one.zone.name}: turn the gain down by 10 dB and begin again"
        one.state = one.state.stopped(why)
        self.troubles.append(why)
        raise Stopped(why)

    def _take(self, signal: Sound, outputs: Sequence[int]) -> tuple[Taken, int]:
        tail = round((TAIL_S if len(signal) else SILENCE_S) * self.rate)
        inputs = [m.channel - 1 for m in self.microphones]
        taken, lost = self._play(Take(signal.astype(np.float32), outputs, inputs, tail, self.rate))
        if taken.stopped and not taken.clipped:
            raise Stopped(taken.stopped)
        return taken, lost

    # --- what is told --------------------------------------------------------------------------------------------------------

    def _report(self) -> None:
        """Arrival, polarity and level of the zones at each microphone, and what is wrong with them."""
        for m in self.microphones:
            here = {one.zone.name: one.arrival(m.name) for one in self.zones}
            self._tell(f"at {m.name}:")
            for line in table(here):
                self._tell(f"  {line}")
            if any(here.values()):
                for text in arrival.told(here):
                    self._trouble(f"at {m.name}: {text}")

    def _judge(self) -> None:
        for m in self.microphones:
            for text in self._ills(m):
                self._trouble(text)
        for one in self.zones:
            if names := [name for name in one.responses if one.arrival(name) is not None and one.differs(name)]:
                lost = f"the sound system lost sound {one.lost} times" if one.lost else "was there something else to be heard?"
                self._trouble(f"{one.zone.name} at {' and '.join(names)}: the repeats differ, begin again ({lost})")
            harmonics = [one.response(name)[0].harmonics for name in one.responses if one.arrival(name) is not None]
            if harmonics and (most := 10 * math.log10(float(np.sum(10 ** (np.min(harmonics, axis=0) / 10))))) > DISTORTED_DB:
                self._trouble(f"{one.zone.name}: harmonics at {most:.0f} dB: something distorts, allow it less level")

    def _ills(self, m: PaMicrophone) -> list[str]:
        """What is wrong with a microphone, judged by the zone that it hears loudest; in words."""
        name, noise = f"{m.name} (input {m.channel})", self.noise[m.name]
        best = max(self.zones, key=lambda one: one.peak(m.name))
        arrivals = {one.zone.name: came for one in self.zones if (came := one.arrival(m.name)) is not None}
        flat = self._flat(m.name, noise) / ratio(best.levels[-1])
        snr = sweep.snr(best.responses[m.name][-1], flat, best.sent) if arrivals else None
        found = [fault.text for fault in microphone.faults(name, noise, best.swept[m.name], snr)]
        if not arrivals:
            return found or [f"{name} hears no zone: is it the right input, does the PA play?"]
        peak = best.peak(m.name)
        turn = microphone.gain(peak)
        if not found and (turn < 0 or (turn > 0 and best.state.why)):  # a quiet microphone that is clear enough is well
            found.append(f"{name}: {peak:.0f} dBFS at most: turn its gain {'up' if turn > 0 else 'down'} by {abs(turn):g} dB")
        moved = microphone.moved(m.name, self._before.get(m.name, {}), arrivals)
        return found if moved is None else [*found, moved.text]


def arrived(response: sweep.Response, rate: int) -> Arrival | None:
    """As analysis.room.arrival has it, with the time from the moment at which the sweep left."""
    found = arrival.arrival(response.samples, rate)
    return None if found is None else replace(found, time=found.time - response.lead / rate)


def present(cells: Sound, enough: float) -> tuple[float, ...]:
    """(microphones, octaves) dB -> those that count: an octave in which nothing rises out of the noise is one that the zone does
    not play, or a microphone that does not hear, as soon as others are clear enough. Octaves that the rate does not hold: never.
    """
    values = cells[np.isfinite(cells)]
    if not len(values) or values.max() < enough:
        return tuple(float(v) for v in values)
    return tuple(float(v) for v in values if v >= PRESENT_DB)


def over(cells: Sound) -> str:
    """The same in words, for people."""
    values = cells[np.isfinite(cells)]
    return f"{values.min():.0f} to {values.max():.0f} dB over the noise" if len(values) else "no octave can be told"


def table(zones: dict[str, Arrival | None]) -> list[str]:
    """A line a zone: when, which way round, how loud, against the first one."""
    first = min((one.time for one in zones.values() if one is not None), default=0.0)
    lines = []
    for name, one in zones.items():
        if one is None:
            lines.append(f"{name}: not heard")
            continue
        way = {1: "as sent", -1: "turned round", None: "polarity unknown"}[one.polarity]
        after = f"{1000 * (one.time - first):.1f} ms after the first" if one.time > first else "the first"
        lines.append(f"{name}: {1000 * one.time:.1f} ms with the sound card ({after}), {way}, {one.level:.1f} dB")
    return lines


def planned(pa: PaPlan, limit: float, seconds: float) -> list[str]:
    """What would be played where, and how loud at most; in words."""
    first = min(louder.FIRST_DB, limit)
    lines = [f"{SILENCE_S:g} s of silence, recorded by " + ", ".join(f"{m.name} (input {m.channel})" for m in pa.microphones)]
    for zone in pa.zones:
        where = ("output " if len(zone.channels) == 1 else "outputs ") + ", ".join(map(str, zone.channels))
        loud = f"from {first:g} dB of full scale in steps of {louder.STEP_DB:g} dB to {limit:g} dB at most"
        lines.append(f"{zone.name}: sweeps of {seconds:g} s into {where}, {sweep.LOW:g} Hz to {sweep.HIGH / 1000:g} kHz, {loud}")
    times = f"{louder.LEAST_REPEATS} to {louder.MOST_REPEATS} times"
    lines.append(f"each zone {times} at its last level, until it is {louder.ENOUGH_DB:g} dB over the noise")
    lines.append("a microphone at full scale, any key or Ctrl-C stops it within a block")
    return lines
