"""What people say of the beat beside what is heard: a nudge, an octave, where the bar begins, the range of a cue.

A tracker hears where beats are better than which of them count: half and double tempo and the place of the bar are matters of
taste. So what is heard is bent by a few small numbers before the show follows it, and every one of them is relative to the ear:
it goes on hearing the tempo drift, the operator has only said what to make of it.

Octaves: the show's tempo is the heard one times 2 to the power of `asked` (HALF and DOUBLE) plus `folded` (the range that the
current cue says, `tempo: 80-110 bpm`). An ear that afterwards changes its own octave must not be corrected twice: as long as
something is asked, a jump of the ear by a whole octave is taken out of `asked`, and the tempo of the show stays. What a cue's
range says is worked out anew from each tempo that is heard; a folded tempo may leave the range by STAYS before it is folded
elsewhere, so that a tempo on its edge does not flicker between two octaves. The ear itself is not told: bound to a range it hears
as many beats right as are right when folded, but in a range that does not fit the song it hears a tempo that is not there; and
what it hears must not depend on the show, so that a render hears what the night heard.

Units: s, beats a minute, octaves (+1 is twice the tempo). All of it ends with the song (`BeatClock.new_song`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

MOST_NUDGE = 1.0  # s to either side
MOST_ASKED = 2  # octaves to either side
ALIKE = 0.06  # octaves (4 %): tempi that are the same but for whole octaves
STAYS = 0.1  # octaves (7 %) by which a folded tempo may leave the range
TAP_GAPS = (0.2, 2.0)  # s between two taps that belong together: 300 to 30 bpm
TAPS = 16  # so many of the last taps give the tempo
PHASE_TAPS = 4  # and so many the phase
ANOTHER = 0.25  # share by which the gaps of another tempo differ
STEADY = 0.15  # share by which two gaps of one tempo may differ


@dataclass(frozen=True, slots=True)
class BeatHelp:
    """All that people have said of this song's beat."""

    nudge: float = 0.0  # s that the beat is later than heard
    asked: int = 0  # octaves, by hand
    folded: int = 0  # octaves, by the range
    tempo: tuple[float, float] | None = None  # bpm, the range that the current cue says
    downbeat: bool = False  # a hand has said where the bar begins
    shift: int | None = None  # beats that it begins after the ear's; None until the ear says one
    bpm: float = 0.0  # heard last, 0 before

    @property
    def octaves(self) -> int:
        """From the heard tempo to that of the show."""
        return self.asked + self.folded

    def heard(self, bpm: float) -> BeatHelp:
        """After the ear said this tempo: folded into the range; where it has changed its octave `asked` is less by that."""
        folded, asked = fold(bpm, self.tempo, self.folded), self.asked
        jump = octaves_between(self.bpm, bpm) if asked else None
        if jump:
            asked = max(-MOST_ASKED, min(MOST_ASKED, self.octaves - jump - folded))
        return replace(self, bpm=bpm, folded=folded, asked=asked)

    def within(self, tempo: tuple[float, float] | None) -> BeatHelp:
        """With another range, or none: it stands above what was asked before."""
        return replace(self, tempo=tempo, asked=0, folded=fold(self.bpm, tempo, 0))

    def agreed(self, bpm: float, octaves: int) -> BeatHelp:
        """The ear says this tempo, and a tapped one is so many octaves above it."""
        folded = fold(bpm, self.tempo, self.folded)
        return replace(self, bpm=bpm, folded=folded, asked=octaves - folded)

    def forgotten(self) -> BeatHelp:
        """Nothing said by hand any more; the range of the cue stays."""
        return BeatHelp(folded=fold(self.bpm, self.tempo, 0), tempo=self.tempo, bpm=self.bpm)


NOTHING = BeatHelp()


def fold(bpm: float, tempo: tuple[float, float] | None, now: int) -> int:
    """Octaves that bring a tempo into the range, or nearest to it; `now` if that will do, else as few as possible."""
    if tempo is None or bpm <= 0.0:
        return 0
    if _outside(bpm * 2.0**now, tempo) <= STAYS and (now == 0 or _outside(bpm, tempo) > -STAYS):
        return now
    return min(range(-3, 4), key=lambda k: (max(0.0, _outside(bpm * 2.0**k, tempo)), abs(k)))


def _outside(bpm: float, tempo: tuple[float, float]) -> float:
    """How far (octaves) a tempo is from the range; below 0 within it."""
    low, high = tempo
    return max(math.log2(low / bpm), math.log2(bpm / high))


def octaves_between(first: float, second: float) -> int | None:
    """How many octaves the second tempo is above the first; None where they are no whole octaves apart, or one is 0."""
    if first <= 0.0 or second <= 0.0:
        return None
    apart = math.log2(second / first)
    return round(apart) if abs(apart - round(apart)) <= ALIKE else None


# --- taps ------------------------------------------------------------------------------------------------------------


def with_tap(taps: tuple[float, ...], t: float) -> tuple[float, ...]:
    """The taps that belong together after one at t (s): the same where it bounced, those of a new tempo where it is another."""
    low, high = TAP_GAPS
    if taps and t - taps[-1] < low:
        return taps
    if not taps or t - taps[-1] > high:
        return (t,)
    taps = (*taps, t)[-TAPS:]
    if len(taps) < 5:
        return taps
    gaps = [b - a for a, b in pairwise(taps)]
    usual, one, two = median(gaps[:-2]), gaps[-2], gaps[-1]
    apart = min(abs(one - usual), abs(two - usual)) > ANOTHER * usual and (one > usual) == (two > usual)
    return taps[-3:] if apart and abs(one - two) < STEADY * max(one, two) else taps


def tapped_line(taps: tuple[float, ...]) -> tuple[float, float]:
    """Time (s) of the last tap as all of them say it, and s from beat to beat. At least two taps.

    The period is the median slope over half of the taps, so that one that is missed or wrong changes next to nothing; the
    phase is that of the last few. A gap of about twice the usual is a tap that was missed.
    """
    gaps = [b - a for a, b in pairwise(taps)]
    usual = median(gaps)
    beats = [0]
    for gap in gaps:
        beats.append(beats[-1] + max(1, round(gap / usual)))
    half = len(taps) // 2
    slopes = [(taps[i + half] - taps[i]) / (beats[i + half] - beats[i]) for i in range(len(taps) - half)]
    period = median(slopes)
    late = [t - (n - beats[-1]) * period for t, n in zip(taps, beats, strict=True)]
    return median(late[-PHASE_TAPS:]), period
