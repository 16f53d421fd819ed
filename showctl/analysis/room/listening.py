"""The room heard while the band plays: `transfer`, block by block, in bounded memory, for any number of microphones.

Ten seconds find the delay and the clock of a microphone; from then on every frame adds to what is known of it, and what is older
fades. Pauses are passed over: nothing fades while nothing plays. When the microphone no longer hears what the room should make of
the programme - it has been moved, its cable has, people came in - all of it is forgotten, and it begins anew.

Sound float32 at `rate` (Hz), delays in s. The same sound gives the same answers, however it is cut into blocks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.room import delay, spectra
from showctl.analysis.room.delay import Lag
from showctl.analysis.room.spectra import Frames, Known, Sound, Spectrum
from showctl.analysis.room.transfer import Heard
from showctl.model import RoomResponse

FADE = 45.0  # s after which what was heard counts e times less
ACQUIRE = 10.0  # s that a delay is looked for in
LONGEST = 4  # frames a segment holds: a minute in all
EARLY, OFTEN = (4, 6), 8  # frames after which the clock is looked at first, and from one look to the next
PAUSE = 1e-4  # of the programme's usual power: below, nothing plays
CHANGED = 0.3  # of the trusted bands that must be other than they were, in two frames one after the other
OTHER, SURELY = 0.25, 4.0  # by how much of itself, and by how many standard deviations


class Ring:
    """The last `frames` frames of a sound; places count from the first that ever came."""

    def __init__(self, frames: int) -> None:
        self._keep, self._sound = frames, np.zeros(2 * frames, dtype=np.float32)
        self._origin = self._filled = 0

    @property
    def end(self) -> int:
        """How many frames have come."""
        return self._origin + self._filled

    def append(self, sound: NDArray[np.floating]) -> None:
        """(frames,), not more than are kept."""
        if self._filled + len(sound) > len(self._sound):
            gone = self._filled - self._keep
            self._sound[: self._keep] = self._sound[gone : self._filled]
            self._origin, self._filled = self._origin + gone, self._keep
        self._sound[self._filled : self._filled + len(sound)] = sound
        self._filled += len(sound)

    def since(self, first: int) -> tuple[Sound, int]:
        """What there is from frame `first` on, and which frame it begins with: later, where that is forgotten."""
        first = max(first, self._origin)
        return self._sound[first - self._origin : self._filled], first


@dataclass(slots=True)
class _Place:
    """A microphone."""

    ring: Ring
    begun: int = 0  # frame from which it may be judged: nothing before counts any more
    next: int = 0  # frame that the next frame of spectra begins with
    heard: Heard | None = None
    known: Known | None = None
    others: int = 0  # frames, one after the other, that did not fit what is known
    answer: RoomResponse | None = None


class RoomListener:
    """Hears a programme and any number of microphones, and says about once a second what the room does to it."""

    def __init__(self, rate: int, microphones: int, fade: float = FADE) -> None:
        self._frames, self._rate, self._fade = Frames(rate), rate, fade
        keep = round((ACQUIRE + delay.PIECE + 0.5) * rate) + 2 * self._frames.size
        self._reference = Ring(keep)
        self._places = [_Place(Ring(keep)) for _ in range(microphones)]

    def feed(self, reference: NDArray[np.floating], microphones: NDArray[np.floating]) -> list[tuple[RoomResponse, ...]]:
        """(frames,) of the programme and (frames, microphones): every answer that falls due, of each microphone.

        ValueError where the blocks do not belong together. No number is as silence.
        """
        if reference.ndim != 1 or microphones.shape != (len(reference), len(self._places)):
            raise ValueError(f"{len(self._places)} microphones and {reference.shape} frames, but {microphones.shape} were given")
        answers, at, hop = [], 0, self._frames.hop
        while at < len(reference):
            end = at + min(len(reference) - at, hop - self._reference.end % hop)
            self._reference.append(np.nan_to_num(reference[at:end], posinf=0.0, neginf=0.0))
            for i, place in enumerate(self._places):
                place.ring.append(np.nan_to_num(microphones[at:end, i], posinf=0.0, neginf=0.0))
            if self._reference.end % hop == 0:
                spectra_of: dict[int, Spectrum] = {}
                answers.append(tuple(self._step(place, spectra_of) for place in self._places))
            at = end
        return answers

    def _step(self, place: _Place, programme: dict[int, Spectrum]) -> RoomResponse:
        """One microphone, one hop later. `programme`: spectra by first frame, which all microphones share."""
        if place.heard is None:
            self._acquire(place)
        fresh = False
        while place.heard is not None and self._due(place, place.heard):
            fresh = self._hear(place, place.heard, programme) or fresh
            if place.others >= 2:
                place.heard, place.known, place.others = None, None, 0
                place.begun = self._reference.end - self._frames.size
        if place.heard is not None and (fresh or place.answer is None):
            place.known = self._judge(place.heard)
            place.answer = place.heard.response(place.known, self._reference.end / self._rate)
        if place.answer is None or place.heard is None:
            place.answer = self._unknown(place.answer)
        return place.answer

    def _unknown(self, before: RoomResponse | None) -> RoomResponse:
        """Nothing is trusted; what was known last stands."""
        time = self._reference.end / self._rate
        if before is None:
            return Heard(self._frames, Lag(0.0, 0.0, 0.0), 1).response(spectra.nothing(self._frames), time)
        return replace(before, time=time, trusted=np.zeros_like(before.trusted), delay_trusted=False)

    def _acquire(self, place: _Place) -> None:
        """Look for the delay in the last seconds, once there are enough of them."""
        span = round(ACQUIRE * self._rate)
        if self._reference.end - place.begun < span or (self._reference.end // self._frames.hop) % 2:
            return
        reference, first = self._reference.since(self._reference.end - span)
        microphone, _ = place.ring.since(first)
        lag = delay.found(reference, microphone, self._rate)
        if lag is None or lag.clarity < delay.SURE:
            return
        # It was found as of `first`; from the beginning on, the clocks had drifted by so much until then.
        place.heard = Heard(self._frames, replace(lag, delay=lag.delay - first / self._rate * lag.drift * 1e-6), LONGEST)
        place.next = -(-first // self._frames.hop) * self._frames.hop

    def _due(self, place: _Place, heard: Heard) -> bool:
        end = place.next + self._frames.size
        return end <= self._reference.end and heard.end(place.next) <= place.ring.end

    def _hear(self, place: _Place, heard: Heard, programme: dict[int, Spectrum]) -> bool:
        """Take the next frame; whether it says anything."""
        start, frames = place.next, self._frames
        place.next += frames.hop
        if start not in programme:
            sound, _ = self._reference.since(start)
            programme[start] = frames.spectrum(sound[: frames.size])
        x = programme[start]
        usual = float(np.mean([float(s.xx.sum()) / s.frames for s in heard.segments])) if heard.segments else 0.0
        if float(spectra.product(x, x).sum()) <= PAUSE * usual:
            return False
        microphone, first = place.ring.since(int(heard.begin(start)) - delay.TAPS - 2)
        frame = heard.frame(start, x, microphone, first)
        place.others = place.others + 1 if place.known is not None and self._is_other(place.known, frame) else 0
        heard.add(frame)
        return True

    def _is_other(self, known: Known, frame: spectra.Segment) -> bool:
        """Whether in many bands a frame has not the level that the room should give it."""
        h, w, frames = known.response, known.worth, self._frames
        size = spectra.product(h, h)
        expected, met = size * frame.xx, spectra.product(frame.xy, h)
        # The response has its own noise, which the frame does not share.
        lean = np.minimum(1.0, known.power * frames.bands(w) / np.maximum(frames.bands(w * size), 1e-30))
        scale = np.maximum(frames.bands(w * expected) * lean, 1e-30)
        # All that the microphone has besides is the frame's own noise: a roar of the crowd is no other room.
        noise = frames.bands(np.maximum(frame.yy - 2 * met + expected, 0.0)) / np.maximum(frames.width(), 1)
        apart = np.abs(frames.bands(w * met) / scale - 1)
        deviation = np.sqrt(frames.bands(w * w * expected) * noise) / scale
        judged = known.trusted & (frames.bands(w * expected) > 0)
        other = judged & (apart > OTHER) & (apart > SURELY * deviation)
        return bool(judged.any()) and int(other.sum()) > CHANGED * int(judged.sum())

    def _judge(self, heard: Heard) -> Known:
        known = heard.known(self._fade)
        if (heard.count in EARLY or heard.count % OFTEN == 0) and heard.straighten(known):
            known = heard.known(self._fade)
        return known
