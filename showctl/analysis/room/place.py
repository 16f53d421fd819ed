"""Where a microphone stands, told by what it hears of the PA: the early part of its impulse response is like no other's.

The direct sound and the first reflections come to each place in an order of their own. Two such patterns are compared by their
normalised correlation: every sixth of an octave counts alike, only the first 60 ms after the strongest arrival count, and only
bands that are trusted in both. In measured rooms and simulated ones it is 0.9 and more for the same place, empty or full of
people, with a crowd as loud as the music; about 0.7 at 5 cm from it, 0.4 and less from 30 cm on, and between different places. It
needs no clear direct sound, as comparing arrival times does: in a church these are within 2 ms of the truth only now and then.

`Places` remembers the pattern of every microphone and says which of them hears now what another one heard, whose sound has turned
round or changed its level, and which stands where none stood. What it remembers is kept while a microphone is dead.

Seconds, Hz, dB.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.room.delay import Lag
from showctl.analysis.room.grid import BANDS
from showctl.analysis.room.spectra import Frames, Known

Floats = NDArray[np.float64]

LOW, TOP, STEP = 90.0, 3000.0, 5.0  # Hz
GRID: Floats = np.arange(LOW, TOP, STEP)
INSIDE = (BANDS > LOW) & (BANDS < TOP)
BEFORE, LASTS = 0.04, 0.1  # s that a pattern begins before the strongest arrival, and its length
SOFT = 0.01  # s at its begin, and four times that at its end, that are faded
NEAR = np.arange(-5, 6) * 1e-4  # s that it may come later or earlier: the air gets warmer
ALIKE, UNLIKE, SURELY = 0.6, 0.4, 0.7  # likeness: the same place, another one, and enough to be remembered in its stead
COMMON, ENOUGH = 200.0, 400.0  # Hz of bandwidth that both must know, and that must be known of one that is remembered
RENEWED, MORE = 60.0, 1.5  # s after which what is remembered is renewed, and so many times the bandwidth with which it is at once
LASTING = 3  # patterns one after the other that must say so, where it may be chance
GAIN = 6.0  # dB that a microphone may become louder or softer beside the others
SETTLES = 30.0  # s after which a room that has changed for all microphones is taken for what it is


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """What tells a place."""

    time: float  # s, of the newest sound in it
    begins: float  # s after the programme at that time
    drift: float  # ppm: how it begins later and later
    spectrum: NDArray[np.complex128]  # (GRID,) of the early sound, every band as strong as the others
    counts: Floats  # (GRID,) 0..1, how far it is known
    level: Floats  # (BANDS,) dB
    trusted: NDArray[np.bool_]  # (BANDS,)

    @property
    def bandwidth(self) -> float:
        """Hz that are known."""
        return float(self.counts.sum()) * STEP

    @property
    def strongest(self) -> float:
        """s after the programme at which the strongest arrival comes."""
        return self.begins + BEFORE


def pattern(frames: Frames, known: Known, lag: Lag, before: float, time: float) -> Pattern | None:
    """Of a microphone whose frames begin `before` s ahead of its strongest arrival; None where nothing of it is trusted."""
    trusted = known.trusted & INSIDE
    if not trusted.any():
        return None
    power = np.maximum(known.power, 1e-30)
    weights = frames.bins(trusted / np.sqrt(power)) * np.sqrt(known.worth)
    impulse = frames.impulse((known.response * weights).astype(np.complex64))
    skip = round((before - BEFORE) * frames.rate)
    early = np.roll(impulse, -skip)[: round(LASTS * frames.rate)].astype(np.float64)
    soft = round(SOFT * frames.rate)
    early[:soft] *= np.linspace(0.0, 1.0, soft)
    early[-4 * soft :] *= np.linspace(1.0, 0.0, 4 * soft)
    size = round(frames.rate / STEP)
    spectrum = np.fft.rfft(early, size)[round(LOW / STEP) :][: len(GRID)]
    begins = lag.delay + time * lag.drift * 1e-6 - BEFORE
    return Pattern(time, begins, lag.drift, spectrum, _counts(trusted), 10 * np.log10(power), trusted)


def _counts(trusted: NDArray[np.bool_]) -> Floats:
    return np.asarray(np.interp(np.log(GRID), np.log(BANDS), trusted.astype(np.float64)))


_HEAD, _SPECTRUM = struct.Struct("<d"), 2 * len(GRID)
_PACKED = _HEAD.size + _SPECTRUM + len(BANDS) * 5


def packed(one: Pattern) -> bytes:
    """For a process that begins anew, without its time. The spectrum to 1/127 of its largest: it is as like for that."""
    parts = np.stack([one.spectrum.real, one.spectrum.imag])
    rough = np.rint(127 * parts / max(float(np.abs(parts).max()), 1e-30)).astype("<i1")
    return _HEAD.pack(one.begins) + rough.tobytes() + one.level.astype("<f4").tobytes() + one.trusted.astype("<u1").tobytes()


def unpacked(data: bytes) -> Pattern:
    """What `packed` was given, at time 0. ValueError for what is none."""
    if len(data) != _PACKED:
        raise ValueError(f"a place is {_PACKED} bytes, not {len(data)}")
    (begins,) = _HEAD.unpack_from(data)
    rough = np.frombuffer(data, "<i1", _SPECTRUM, _HEAD.size).reshape(2, -1).astype(np.float64)
    level = np.frombuffer(data, "<f4", len(BANDS), _HEAD.size + _SPECTRUM).astype(np.float64)
    trusted = np.frombuffer(data, "<u1", len(BANDS), _PACKED - len(BANDS)) > 0
    if not np.isfinite([begins, *level]).all():
        raise ValueError("a place of no numbers")
    return Pattern(0.0, begins, 0.0, rough[0] + 1j * rough[1], _counts(trusted), level, trusted)


def likeness(one: Pattern, other: Pattern) -> float:
    """-1..1; negative where one is the other turned round, 0 where there is too little to compare. `one` is the newer."""
    if not comparable(one, other):
        return 0.0
    counts = one.counts * other.counts
    apart = one.begins - other.begins - max(0.0, one.time - other.time) * other.drift * 1e-6
    cross = one.spectrum * other.spectrum.conj() * counts
    size = float(np.sqrt((np.abs(one.spectrum) ** 2 * counts).sum() * (np.abs(other.spectrum) ** 2 * counts).sum()))
    found = np.real(np.exp(2j * np.pi * np.outer(NEAR - apart, GRID)) @ cross)
    return float(found[np.argmax(np.abs(found))]) / max(size, 1e-30)


def comparable(one: Pattern, other: Pattern) -> bool:
    """Whether they know enough in common."""
    return float((one.counts * other.counts).sum()) * STEP >= COMMON


class Is(StrEnum):
    """How a microphone is, beside what was remembered of it."""

    WELL = "well"
    TAKEN = "taken"  # it hears what another one heard
    ELSEWHERE = "elsewhere"
    TURNED = "turned"  # the other way round
    GAIN = "gain"


@dataclass(frozen=True, slots=True)
class Stand:
    """Of one microphone."""

    kind: Is = Is.WELL
    other: int = -1  # whose sound it hears, TAKEN
    by: float = 0.0  # dB louder than it was, GAIN


@dataclass(slots=True)
class _One:
    """What is remembered of one, and what it looked like lately."""

    stood: Pattern | None = None
    now: Pattern | None = None
    looked: Stand = Stand()  # in the newest pattern
    times: int = 0  # patterns that looked like that, one after the other
    told: Stand = Stand()
    gain: float = 0.0  # dB louder than remembered


class Places:
    """All microphones of a venue."""

    def __init__(self, count: int) -> None:
        self._all = [_One() for _ in range(count)]
        self._since: float | None = None  # s, since when every microphone stands elsewhere

    def relearn(self) -> None:
        """They stand well where they stand now."""
        for one in self._all:
            one.stood, one.looked, one.times, one.told = None, Stand(), 0, Stand()
        self._since = None

    def begun(self) -> None:
        """The sound begins anew, at time 0, with the same microphones."""
        for one in self._all:
            one.now = None
            if one.stood is not None:
                one.stood = replace(one.stood, time=0.0, drift=0.0)
        self._since = None

    @property
    def stood(self) -> tuple[Pattern | None, ...]:
        """What is remembered."""
        return tuple(one.stood for one in self._all)

    def remember(self, stood: Sequence[Pattern | None]) -> None:
        """What was remembered before this began; as many as there are microphones."""
        for one, before in zip(self._all, stood, strict=True):
            one.stood = before

    def hear(self, time: float, patterns: Sequence[Pattern | None], well: bool = True) -> tuple[Stand, ...]:
        """What the microphones sound like at `time`, None for one of which nothing is known now -> how each stands.

        `well` is whether nothing else is wrong: only then a room that is another for all of them is learnt.
        """
        before = [one.now for one in self._all]
        for one, new in zip(self._all, patterns, strict=True):
            one.now = new
        for i, (one, old) in enumerate(zip(self._all, before, strict=True)):
            if one.now is not None and (old is None or one.now.time > old.time):
                self._look(i, one)
        self._other_room(time, well)
        for one in self._all:
            self._remember(one)
        return tuple(one.told for one in self._all)

    def _look(self, i: int, one: _One) -> None:
        """What the newest pattern of one says."""
        if one.stood is None or one.now is None or not comparable(one.now, one.stood):
            return
        own = likeness(one.now, one.stood)
        one.gain = _louder(one.now, one.stood)
        if abs(own) >= ALIKE:
            looked = Stand(Is.TURNED) if own < 0 else self._of_level(i, one)
        elif abs(own) < UNLIKE:
            looked = self._strange(i, one.now)
        else:
            return
        same = looked.kind is one.looked.kind and looked.other == one.looked.other
        one.times = one.times + 1 if same else 1
        one.looked = looked
        if one.times >= (1 if looked.kind in (Is.WELL, Is.TAKEN) else LASTING):
            one.told = looked

    def _of_level(self, i: int, one: _One) -> Stand:
        """The gain of one beside that of the others: a PA that is turned down is no microphone's fault."""
        others = [two.gain for j, two in enumerate(self._all) if j != i and two.now is not None and two.looked.kind is Is.WELL]
        apart = one.gain - float(np.median(others)) if others else 0.0
        return Stand(Is.GAIN, by=one.gain) if min(abs(apart), abs(one.gain)) >= GAIN else Stand()

    def _strange(self, i: int, now: Pattern) -> Stand:
        """Whose place it is that one hears; nobody's."""
        others = [(abs(likeness(now, two.stood)), j) for j, two in enumerate(self._all) if j != i and two.stood is not None]
        best, j = max(others, default=(0.0, -1))
        return Stand(Is.TAKEN, j) if best >= ALIKE else Stand(Is.ELSEWHERE)

    def _other_room(self, time: float, well: bool) -> None:
        """Where all of them hear another place than before, and none that of another one, it is the PA or the room that has
        changed, not a microphone: nothing is wrong, and after a while that is what is remembered."""
        known = [one for one in self._all if one.now is not None and one.stood is not None]
        if not known or any(one.looked.kind is not Is.ELSEWHERE for one in known):
            self._since = None
            return
        for one in known:
            one.told = Stand()
        self._since = time if self._since is None else self._since
        if well and time - self._since >= SETTLES and len(known) == len(self._all):
            self.relearn()

    def _remember(self, one: _One) -> None:
        """What stands well is renewed now and then; what is seen for the first time is remembered once enough is known."""
        now, stood = one.now, one.stood
        if now is None or now.bandwidth < ENOUGH:
            return
        if stood is None:
            one.stood = now
        elif one.told.kind is Is.WELL and (now.time - stood.time >= RENEWED or now.bandwidth > MORE * stood.bandwidth):
            one.stood = now if likeness(now, stood) >= SURELY else stood


def _louder(now: Pattern, stood: Pattern) -> float:
    """dB by which it has become louder, over the bands that are trusted in both."""
    both = now.trusted & stood.trusted
    return float(np.median((now.level - stood.level)[both])) if both.any() else 0.0
