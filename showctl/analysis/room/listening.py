"""The room heard while the band plays: `transfer`, block by block, in bounded memory, for any number of microphones.

Ten seconds find the delay and the clock of a microphone; from then on every frame adds to what is known of it, and what is older
fades over minutes, and at once where the room has become another one (`lasting`). Pauses are passed over: nothing fades while
nothing plays. When the microphone no longer hears what the room should make of the programme - it has been moved, its cable has -
all of it is forgotten, and it begins anew. Where a microphone was dead, its delay is looked for only in what it has heard since;
and one that leads to nothing is looked for again.

Sound float32 at `rate` (Hz), delays in s. The same sound gives the same answers, however it is cut into blocks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.room import delay, lasting, spectra
from showctl.analysis.room.delay import Lag
from showctl.analysis.room.lasting import Lasting
from showctl.analysis.room.place import Pattern, pattern
from showctl.analysis.room.spectra import Frames, Known, Sound, Spectrum
from showctl.analysis.room.transfer import BEFORE, Heard
from showctl.model import RoomResponse

FADE = 180.0  # s after which what was heard counts e times less, while the room stands
ACQUIRE = 10.0  # s that a delay is looked for in
EVERY = 2  # hops after which the newest are compared with those before
EARLY, OFTEN = (4, 6), 8  # frames after which the clock is looked at first, and from one look to the next
PAUSE = 1e-4  # of the programme's usual power: below, nothing plays
CHANGED = 0.3  # of the trusted bands that must be other than they were, in two frames one after the other
OTHER, SURELY = 0.25, 4.0  # by how much of itself, and by how many standard deviations
OTHERWISE, LEAST = 0.5, 0.1  # by how much all bands together must be other, and the standard deviation that a band has at least
PIECE_S = 0.25  # s of sound that is looked at together
PLAYS, GONE = 1e-3, 1e-5  # of the loudest piece's power: the programme plays above, a microphone is dead below
HOPELESS, JUMPS = 12, 0.002  # frames that a delay may lead to nothing before another is looked for; s that it must be another by
CLEARLY, TRIES = 12.0, 1  # clarity of a delay that has rivals; how often one that is less clear is looked for again


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
    tries: int = 0  # delays, one after the other, that were not clear
    patience: int = HOPELESS
    next: int = 0  # frame that the next frame of spectra begins with
    heard: Lasting | None = None
    known: Known | None = None
    others: int = 0  # frames, one after the other, that did not fit what is known
    answer: RoomResponse | None = None
    pattern: Pattern | None = None  # of its place; stands while what is known is found anew


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
                if (self._reference.end // hop) % EVERY == 0:
                    self._compare()
            at = end
        return answers

    def _step(self, place: _Place, programme: dict[int, Spectrum]) -> RoomResponse:
        """One microphone, one hop later. `programme`: spectra by first frame, which all microphones share."""
        if place.known is not None and place.known.trusted.any():
            place.patience = HOPELESS
        elif place.heard is None or place.heard.count >= place.patience:
            self._acquire(place)
        fresh = False
        while place.heard is not None and self._due(place, place.heard):
            fresh = self._hear(place, place.heard, programme) or fresh
            if place.others >= 2:
                place.heard, place.known, place.others = None, None, 0
                place.begun = self._reference.end - self._frames.size
        if place.heard is not None and (fresh or place.answer is None):
            place.known = self._judge(place.heard)
            place.answer = place.heard.response(place.heard.told(place.known), self._reference.end / self._rate)
        if place.answer is None or place.heard is None:
            place.answer = self._unknown(place.answer)
        return place.answer

    def _compare(self) -> None:
        """Forget what is older where the room has become another one."""
        places = [(one, one.heard, one.known) for one in self._places if one.heard is not None and one.known is not None]
        for n in lasting.changed([heard for _, heard, _ in places], [known for _, _, known in places]):
            places[n][0].known = None  # it is of the room that was

    def patterns(self) -> list[Pattern | None]:
        """What tells each microphone's place, as far as it is known now."""
        for one in self._places:
            if one.heard is None:
                one.pattern = None
            elif one.known is not None and one.heard.segments:
                one.pattern = pattern(self._frames, one.known, one.heard.lag, BEFORE, one.heard.segments[-1].time)
        return [one.pattern for one in self._places]

    def _unknown(self, before: RoomResponse | None) -> RoomResponse:
        """Nothing is trusted; what was known last stands."""
        time = self._reference.end / self._rate
        if before is None:
            return Heard(self._frames, Lag(0.0, 0.0, 0.0), 1).response(spectra.nothing(self._frames), time)
        return replace(
            before, time=time, trusted=np.zeros_like(before.trusted), worth=np.zeros_like(before.worth), delay_trusted=False
        )

    def _acquire(self, place: _Place) -> None:
        """Look for the delay in the last seconds, once there are enough of them."""
        span = round(ACQUIRE * self._rate)
        if self._reference.end - place.begun < span or (self._reference.end // self._frames.hop) % 2:
            return
        reference, first = self._reference.since(self._reference.end - span)
        microphone, _ = place.ring.since(first)
        if dead := _dead_until(reference, microphone, round(PIECE_S * self._rate)):
            # A piece of it would answer to what had sounded before: the hall's tail, taken for a long delay.
            place.begun = first + dead
            return
        lag = delay.found(reference, microphone, self._rate)
        if lag is None or lag.clarity < delay.SURE:
            return
        place.tries += 1
        if not lag.sure and (place.heard is not None or (lag.clarity < CLEARLY and place.tries <= TRIES)):
            return
        # It was found as of `first`; from the beginning on, the clocks had drifted by so much until then.
        lag = replace(lag, delay=lag.delay - first / self._rate * lag.drift * 1e-6)
        if place.heard is not None:
            if abs(lag.delay - place.heard.lag.delay) < JUMPS:
                return
            place.patience = min(2 * place.patience, 8 * HOPELESS)  # under a loud crowd it takes its time
        place.heard, place.known, place.pattern, place.tries = Lasting(self._frames, lag), None, None, 0
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
        if place.known is not None and self._is_other(place.known, frame):
            place.others += 1
            return False  # kept out: it would make what is known fit what comes next
        place.others = 0
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
        if not judged.any() or int(other.sum()) > CHANGED * int(judged.sum()):
            return bool(judged.any())
        # No band alone may be sure under a loud crowd, and all together: sound that comes at another time has nothing in common.
        share = frames.bands(w * met)[judged] / scale[judged]
        sure = 1 / np.maximum(deviation[judged], LEAST) ** 2
        mean = float((share * sure).sum() / sure.sum())
        return abs(mean - 1) > max(OTHERWISE, SURELY / float(np.sqrt(sure.sum())))

    def _judge(self, heard: Heard) -> Known:
        known = heard.known(self._fade)
        if (heard.count in EARLY or heard.count % OFTEN == 0) and heard.straighten(known):
            known = heard.known(self._fade)
        return known


def _dead_until(programme: Sound, microphone: Sound, piece: int) -> int:
    """The frame up to which a microphone was dead while the programme played, both (frames,); 0 where it was not."""
    count = len(programme) // piece
    played, heard = (np.square(s[: count * piece]).reshape(count, piece).mean(axis=1) for s in (programme, microphone))
    dead = np.flatnonzero((played > PLAYS * played.max(initial=0.0)) & (heard < GONE * heard.max(initial=0.0)))
    return int(dead[-1] + 1) * piece if len(dead) else 0
