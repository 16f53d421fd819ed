"""Notches against feedback: a few bands of the equaliser that are set aside for it. Pure, on show time.

A howl that is told gets a notch at its frequency, DEPTHS[0] deep and as narrow as the venue lets a band be. Where it still howls
a second later the notch goes deeper. What howls within a notch's width is that notch's, wherever in it. Once it has not howled
for HOLD seconds the notch is released step by step; where the howl comes back meanwhile it is as deep as before at once, and
is held twice as long, a quarter of an hour at most. There are never more notches than bands set aside: when all are taken, the
one that has been quiet the longest gives way, and where none has been quiet the level must come down, which is said.

The half decibel in ten seconds that holds for all else at the PA does not hold here: a howl is louder than any notch. A notch
never lifts. What was found at such a band, and is none of ours, goes to 0 dB as slowly as all else.

Where a notch stands is told by the bands themselves, as they are to be; here is only since when. So a bypass, a restore and what
a run before has left need no word of their own: a notch that nobody remembers is one that is released from now on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from showctl.model import EqBand, Howl

DEPTHS = (-3.0, -6.0, -12.0)  # dB, as far as the venue lets a band go
DEEPER_S = 0.9  # from one step down to the next: a watch tells of a howl once a second
OLD_S = 3.0  # a howl that was known so long ago is none any more
HOLD_S, LONGEST_S = 60.0, 900.0  # without a howl, until a notch is released
RELEASE, RELEASE_S = 3.0, 10.0  # dB at a time, and s between two
SLOWLY, SLOWLY_S = 0.5, 11.0  # the same of what is no notch of ours
QUIET_S = 30.0  # without a howl, after which a notch may give way to another: one that works is quiet, too
SAID_S = 20.0  # that it is said what a notch cannot do
NONE = 1e-6  # dB


@dataclass(slots=True)
class _Course:
    """Since when a notch is what it is. Times in s."""

    howled: float  # when it howled there last, or it was found
    moved: float  # when it was set or went deeper
    depth: float  # dB that it had before it was released
    hold: float = HOLD_S
    released: float = -math.inf  # the last step up
    ours: bool = True  # else it was found there, and nobody knows why


class Notches:
    """`q` and `least` (dB, at most 0) are how narrow and how deep a notch may be; `snap` gives the device's nearest frequency;
    `tell(did, **fields)` hears what becomes of them."""

    def __init__(self, q: float, least: float, snap: Callable[[EqBand], EqBand], tell: Callable[..., None]) -> None:
        self._depths = sorted({max(depth, least) for depth in DEPTHS}, reverse=True)
        self._q, self._snap, self._tell = q, snap, tell
        self._courses: dict[int, _Course] = {}
        self._said, self._said_at, self._told_at = "", -math.inf, -math.inf  # in the health, and in the night's record

    def said(self, now: float) -> str:
        """What no notch can do any more, in words that say what to do; empty where there is nothing."""
        return self._said if now - self._said_at <= SAID_S else ""

    def step(
        self, now: float, howls: Iterable[Howl], places: Mapping[int, EqBand], known: Iterable[int] = ()
    ) -> dict[int, EqBand]:
        """The bands that are to become another one now (s). `places` are the bands set aside, as they are to be; `known` those
        that a run before has left as notches."""
        stand = dict(places)
        self._meet(now, stand, set(known))
        for howl in howls:
            if -1.0 <= now - howl.time <= OLD_S:
                self._answer(now, howl, stand)
        for i in stand:
            self._release(now, i, stand)
        return {i: band for i, band in stand.items() if band != places[i]}

    def _meet(self, now: float, stand: Mapping[int, EqBand], known: set[int]) -> None:
        """What stands is what there is: others may have moved it, with a bypass or by hand."""
        for i in list(self._courses):
            if i not in stand or abs(stand[i].gain) < NONE:
                del self._courses[i]
        for i, band in stand.items():
            if abs(band.gain) >= NONE and i not in self._courses:
                self._courses[i] = _Course(now, now, band.gain, ours=i in known)

    def _answer(self, now: float, howl: Howl, stand: dict[int, EqBand]) -> None:
        """Something howls: deeper where there is a notch, else a new one."""
        near = [i for i in self._courses if stand[i].gain < 0 and abs(math.log2(howl.freq / stand[i].freq)) <= _half(stand[i].q)]
        if near:
            self._deepen(now, min(near, key=lambda i: abs(math.log(howl.freq / stand[i].freq))), stand)
        elif self._depths[0] > -NONE or not stand:
            self._say(now, f"it howls at {howl.freq:.0f} Hz, and no notch may be set: turn down")
        elif (place := self._place(now, stand)) is None:
            count = len(stand)
            every = "the notch is" if count == 1 else f"all {count} notches are"
            self._say(now, f"it howls at {howl.freq:.0f} Hz, and {every} in use: turn down")
        else:
            if place in self._courses:
                self._tell("gave_way", band=place + 1, freq=round(stand[place].freq), gain=stand[place].gain)
            stand[place] = self._snap(EqBand("peaking", howl.freq, self._depths[0], self._q))
            self._courses[place] = _Course(now, now, self._depths[0])
            self._tell("notch", band=place + 1, freq=round(howl.freq), gain=self._depths[0])

    def _deepen(self, now: float, i: int, stand: dict[int, EqBand]) -> None:
        course, band = self._courses[i], stand[i]
        course.howled, course.ours = now, True
        if now - course.moved < DEEPER_S:
            return
        if course.released > -math.inf:  # it was right as it was
            depth, course.hold = min(course.depth, band.gain), min(2 * course.hold, LONGEST_S)
        else:
            depth = next((one for one in self._depths if one < band.gain - NONE), band.gain)
        course.released, course.depth = -math.inf, depth
        if depth < band.gain:
            stand[i], course.moved = replace(band, gain=depth), now
            self._tell("notch", band=i + 1, freq=round(band.freq), gain=depth)
        else:
            self._say(now, f"it howls at {band.freq:.0f} Hz though there is a notch of {band.gain:g} dB: turn down")

    def _place(self, now: float, stand: Mapping[int, EqBand]) -> int | None:
        """Where a new notch goes: a band that does nothing, else that of the notch that has been quiet the longest."""
        free = [i for i in stand if i not in self._courses]
        quiet = [i for i, course in self._courses.items() if now - course.howled >= QUIET_S]
        return free[0] if free else min(quiet, key=lambda i: self._courses[i].howled) if quiet else None

    def _release(self, now: float, i: int, stand: dict[int, EqBand]) -> None:
        """One step up, where it is time."""
        course, band = self._courses.get(i), stand[i]
        if course is None:
            return
        size, every = (RELEASE, RELEASE_S) if course.ours and band.gain < 0 else (SLOWLY, SLOWLY_S)
        if now < max(course.howled + course.hold, course.released + every):
            return
        gain = 0.0 if abs(band.gain) <= size + NONE else band.gain - math.copysign(size, band.gain)
        stand[i], course.released = replace(band, gain=gain), now
        if gain == 0.0:
            del self._courses[i]
        if gain == 0.0 or course.ours:
            self._tell("released", band=i + 1, freq=round(band.freq), gain=gain)

    def _say(self, now: float, text: str) -> None:
        if now - self._told_at > SAID_S:
            self._tell("in_vain", why=text)
            self._told_at = now
        self._said, self._said_at = text, now


def _half(q: float) -> float:
    """Octaves from the middle of a band to where it does half of its dB (Audio EQ Cookbook)."""
    return math.asinh(1 / (2 * q)) / math.log(2)
