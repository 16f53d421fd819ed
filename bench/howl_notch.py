"""A loop that runs away, with the notches in it: what hears, what decides, and an equaliser between desk and loudspeaker.

    u = limit(gain x equaliser(source + response * u, delayed))

The watch hears the desk's input, in pieces of 0.1 s as the process that hears the room does; what it tells is decided upon (as in
`mode: auto`, with bands set aside) LATE seconds later, and the in-process equaliser fades to it, or a desk's jumps. The gain is
that of `howl_loops`: 8 dB below the margin, then raised past it at once, and stays there: so a notch is held as long as there is
something to hold. Brought back: from some moment on, up to the end, what the loop adds is below the programme again (as
`howl_loops.ran_away` has it), or it never came as far.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from howl_loops import BLOCK, RAISED, RATE, USUAL, Setting, ran_away
from howl_music import Sound
from scipy import signal

from showctl.analysis.room.biquad import coefficients
from showctl.analysis.room.howl import HowlWatch
from showctl.model import AudioBlock, EqBand, Howl
from showctl.show.eq_notches import Notches
from showctl.sound.equaliser import EqLimits, Equaliser

Way: TypeAlias = Literal["internal", "desk"]
LATE = 0.12  # s, from what the watch has heard to what the equaliser is told: two processes and a network
COUNT, Q = 2, 8.0
FLAT = EqBand("peaking", 1000.0, 0.0, Q)
EQUALISER = EqLimits(q=(0.3, 10.0))


class Notched:
    """Watch, notches and equaliser, block by block."""

    def __init__(self, count: int = COUNT, through: Way = "internal") -> None:
        self.told: list[tuple[float, str, float, float]] = []  # s, what, Hz, dB
        self._watch, self._now, self._frames, self._internal = HowlWatch(RATE), 0.0, 0, through == "internal"
        self._bands = dict.fromkeys(range(count), FLAT)
        self._machine = Notches(Q, -12.0, lambda band: band, self._tell)
        self._equaliser, self._zi = Equaliser(1, RATE, EQUALISER), np.zeros((count, 2))
        self._waiting: list[Sound] = []
        self._late: list[tuple[float, list[Howl]]] = []

    def _tell(self, did: str, *, freq: float = 0.0, gain: float = 0.0, **_: object) -> None:
        self.told.append((self._now, did, freq, gain))

    def hear(self, sound: Sound) -> None:
        """What the microphone has, and what comes of it."""
        self._waiting.append(sound)
        self._frames += len(sound)
        self._now = self._frames / RATE
        if sum(map(len, self._waiting)) >= RATE // 10:
            piece = np.concatenate(self._waiting).astype(np.float32)[:, None]
            self._waiting.clear()
            self._late.append((self._now, self._watch.feed(AudioBlock(self._frames - len(piece), piece, RATE))))
        while self._late and self._now >= self._late[0][0] + LATE:
            changed = self._machine.step(self._now, self._late.pop(0)[1], self._bands)
            self._bands |= changed
            if changed and self._internal:
                self._equaliser.set([tuple(self._bands.values())], quick=True)

    def through(self, sound: Sound) -> Sound:
        """What the microphone has -> what goes to the loudspeaker, gain and limiter aside."""
        self.hear(sound)
        if self._internal:
            out = np.empty((len(sound), 1), np.float32)
            self._equaliser.process(sound.astype(np.float32)[:, None], out)
            return out[:, 0].astype(np.float64)
        sections = np.array([coefficients(band, RATE) for band in self._bands.values()])
        heard, self._zi = signal.sosfilt(sections, sound, zi=self._zi)
        return heard


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a loop."""

    back: float  # s after the gain was raised, since when it is softer than the programme; 0: it never was louder; inf: it is
    told: list[tuple[float, str, float, float]]
    over: float  # dB that what the loop adds is over the programme in the last 4 s


def notched(made: Setting, count: int = COUNT, through: Way = "internal") -> tuple[Kept, Kept]:
    """What becomes of a loop without notches, and with them."""
    return _played(made, None), _played(made, Notched(count, through))


def _played(made: Setting, way: Notched | None) -> Kept:
    if way is not None:
        for k in range(0, made.raised, BLOCK):
            way.hear(made.quiet[k : k + BLOCK])
    expected = made.quiet * USUAL * made.soft / made.quiet[: made.raised].std()
    loud = np.concatenate([made.quiet[: made.raised], made.after(way)[0]]) * USUAL * made.soft / made.quiet[: made.raised].std()
    tail = slice(-4 * RATE, None)
    added, usual = np.mean((loud - expected)[tail] ** 2), np.mean(expected[tail] ** 2)
    over = 10 * math.log10((added + 1e-12) / (usual + 1e-12))
    return Kept(came_back(loud, expected), [] if way is None else way.told, over)


def came_back(watched: Sound, expected: Sound) -> float:
    """s after RAISED since when what the loop adds is softer than the programme, up to the end."""
    if ran_away(watched, expected) is not None:
        return math.inf
    width = int(0.4 * RATE)
    whole, usual = (np.cumsum(np.concatenate([[0.0], one**2])) for one in (watched - expected, expected))
    ends = np.arange(int(RAISED * RATE) + width, len(watched), RATE // 50)
    added = (whole[ends] - whole[ends - width]) / width
    long = 3 * RATE
    since = np.maximum(ends - long, 0)
    programme = np.maximum((usual[ends] - usual[since]) / (ends - since), 1e-4 * (expected**2).mean())
    louder = np.flatnonzero(added > programme)
    return 0.0 if not len(louder) else float(ends[louder[-1]] / RATE - RAISED)
