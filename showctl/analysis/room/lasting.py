"""What a microphone knows of the room while the band plays: for as long as the room stands, all of it; once it is another, how
it has changed.

Two demands contradict each other. An equaliser that follows each song's own errors wanders, so what is heard should count for
minutes. A room that fills should be known in half a minute, and a quiet song after a loud one must not be outweighed by it. So
the newest FRESH frames are kept apart, and what they say is compared with what all before them say, each with its own error: the
squares of the differences over those errors, over the bands that both know (a chi-square, by band at most MOST, so that no single
band decides), and, as people change a room by a little everywhere, how much of them one smooth course over all bands explains. As
long as the two agree they are one. Where they do not, what is older is dropped, and only the answer that was given last is kept:
what people and air do to a room is a smooth course over frequency, which few bands tell, long before each single one is known
anew. That course is added to the old answer, whose details it leaves, and each band is told by this and by what is known of it
anew, each as far as it can be believed.

Thresholds are from songs in a measured church, three microphones, a crowd as loud as the music (bench/results/room_loop.txt).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from showctl.analysis.room import spectra
from showctl.analysis.room.delay import Lag
from showctl.analysis.room.grid import BANDS
from showctl.analysis.room.spectra import Frames, Known, Segment
from showctl.analysis.room.transfer import Heard, summed

LONGEST = 16  # frames a segment holds: four minutes in all
FRESH = 24  # frames that are kept apart: half a minute
SPLITS = (6, 12, 23)  # of them the newest so many are compared with all before
EARLIER = 8  # frames that there must be before, at least
VAGUE = 2.5  # dB of error, above which a band has no say
OWN = 0.6  # dB that a band differs from song to song, whatever its error says: other notes sound other parts of it
LEAST = 4  # frames that stay
MOST = 9.0  # that one band may add
SURE, ALSO = 1.2, 0.8  # mean square above which the room is another, and above which it is so where another microphone is sure
FEWEST, FEW = 8, 4.5  # bands that there must be; by how much more, over the root of their number, few must show
# What a course explains (chi-square) above which the room is another: so much, and so much for each microphone, of which it
# is up to 25 while the room stands, together up to 15 each; and for one of them where all together are sure
ONE, EACH, FOLLOWS = 15.0, 15.0, 10.0
COURSES = np.polynomial.legendre.legvander(np.linspace(-1, 1, len(BANDS)), 2)  # (bands, 3): level, tilt, bow
STRETCH = np.array([3.0, 3.0, 2.0])  # dB that each may be
# A change of the room, in dB of standard deviation: of its level, of its course over SMOOTH bands, and of what is left besides
LEVEL, COURSE, ROUGH, SMOOTH = 6.0, 2.5, 0.5, 14.0
AGES = 60.0  # s in which its variance doubles: what was is of less and less use


@dataclass(frozen=True, slots=True)
class Evidence:
    """How far the newest frames are from all before them; of one microphone, or summed."""

    newest: int  # frames
    square: float  # sum over the bands of squared difference over squared error
    bands: int
    course: float  # of the squares, what a smooth course explains

    @property
    def mean(self) -> float:
        """Of the squares; about a half while the room stands."""
        return self.square / self.bands if self.bands else 0.0

    def sure(self, microphones: int = 1) -> bool:
        """Whether the room is another one. Where few bands are known their squares must show more."""
        rough = self.bands >= FEWEST and self.mean > SURE + FEW / self.bands**0.5
        return rough or self.course > ONE + EACH * microphones


class Lasting(Heard):
    """What one microphone has heard since the room is as it is."""

    def __init__(self, frames: Frames, lag: Lag) -> None:
        super().__init__(frames, lag, LONGEST)
        self._old: list[Segment] = []
        self._fresh: list[Segment] = []
        self._steady = math.inf  # ppm of standard error that the clock had when older segments were dropped
        self._before: tuple[float, Known] | None = None  # s, and what was known of the room that it was

    def add(self, frame: Segment) -> None:
        """Take a frame in."""
        self._fresh.append(frame)
        if len(self._fresh) > FRESH:
            self.segments = self._old
            super().add(self._fresh.pop(0))
            self._old = self.segments
        else:
            self.count += 1
        self._arrange()

    def turn(self, drift: float, middle: float) -> None:
        """Take out a drift (ppm) round a time (s)."""
        self.segments = [*self._old, *self._fresh]
        super().turn(drift, middle)
        self._arrange()

    def straighten(self, known: Known) -> bool:
        """As a clock is known; a room that has changed has not changed it."""
        return super()._unsteady(known) <= self._steady and super().straighten(known)

    def _unsteady(self, known: Known) -> float:
        return min(super()._unsteady(known), self._steady)

    def evidence(self, newest: int) -> Evidence:
        """That the newest so many frames are of another room than all before."""
        fresh = self._fresh
        if len(fresh) <= newest or (len(fresh) - newest < EARLIER and not self._old):
            return Evidence(newest, 0.0, 0, 0.0)
        before = [*self._old, *self._grouped(fresh[:-newest])]
        if len(before) < spectra.LEAST:
            before = fresh[:-newest]
        return _evidence(newest, self._of(before), self._of(fresh[-newest:]))

    def told(self, known: Known) -> Known:
        """What is known of the segments, helped by what was known of the room before."""
        if self._before is None:
            return known
        since, before = self._before
        return helped(known, before, 1 + (self.segments[-1].time - since) / AGES)

    def drop(self, newest: int, known: Known) -> None:
        """Forget all but the newest so many frames, and the answer that they led to; `known` is what all of them say."""
        newest = min(newest, len(self._fresh))
        self._steady = self._unsteady(known)
        self._before = self._fresh[-newest].time, self.told(known)
        self._old, self._fresh, self._span = [], self._fresh[-newest:], 1
        self._arrange()

    def _of(self, segments: list[Segment]) -> Known:
        return spectra.known(self.frames, segments, np.ones(len(segments)))

    def _arrange(self) -> None:
        self.segments = [*self._old, *self._grouped(self._fresh)]

    def _grouped(self, frames: list[Segment]) -> list[Segment]:
        """Frames summed to segments as long as the older ones are: errors are judged by segments that are alike."""
        size = self._span if self._old else max(1, -(-len(frames) // 12))
        groups = [frames[max(0, end - size) : end] for end in range(len(frames), 0, -size)]
        return [summed(group) for group in reversed(groups)]


def changed(heard: Sequence[Lasting], known: Sequence[Known]) -> list[int]:
    """Which of the microphones hear another room than before; of those all that is older than the change is forgotten.

    A room changes for all of them at once, so what they say counts together, too, and one that cannot tell follows the others.
    """
    for newest in SPLITS if heard else ():
        found = [one.evidence(newest) for one in heard]
        if any(one.sure() for one in found) or _together(found).sure(len(found)):
            break
    else:
        return []
    splits = [[one.evidence(newest) for one in heard] for newest in range(LEAST, FRESH, 2)]
    found = max(splits, key=lambda of: sum(one.course + one.square - one.bands for one in of))
    others = [n for n, one in enumerate(found) if one.bands < FEWEST or one.mean > ALSO or one.course > FOLLOWS]
    for n in others:
        heard[n].drop(found[n].newest, known[n])
    return others


def _together(found: Sequence[Evidence]) -> Evidence:
    sums = (sum(getattr(one, key) for one in found) for key in ("square", "bands", "course"))
    return Evidence(found[0].newest, *sums)


def _evidence(newest: int, before: Known, after: Known) -> Evidence:
    known = before.trusted & (after.error < VAGUE) & (after.power > 0)
    if not known.any():
        return Evidence(newest, 0.0, 0, 0.0)
    deviation = np.sqrt(before.error[known] ** 2 + after.error[known] ** 2 + OWN**2)
    apart = np.clip(10 * np.log10(after.power[known] / before.power[known]) / deviation, -(MOST**0.5), MOST**0.5)
    courses = COURSES[known] / deviation[:, None]
    along = courses.T @ apart
    course = along @ np.linalg.solve(courses.T @ courses + np.diag(STRETCH**-2), along)
    return Evidence(newest, float(apart @ apart), int(known.sum()), float(course))


def helped(known: Known, before: Known, more: float) -> Known:
    """What is known, helped by what was known of the room before: to that a change is added that is smooth, but for a rest.

    The change is taken as a Gaussian process over the bands (kriging: C. E. Rasmussen and C. Williams, "Gaussian Processes for
    Machine Learning", 2006, ch. 2). `more`: times that its variance is taken, the longer ago the more.
    """
    new, old = (10 * np.log10(np.maximum(one.power, 1e-30)) for one in (known, before))
    there = before.trusted & (before.power > 0)
    seen = there & (known.error < VAGUE) & (known.power > 0)
    if not seen.any():
        return known
    places = np.arange(len(new))
    change = (
        LEVEL**2 + COURSE**2 * np.exp(-0.5 * ((places[:, None] - places) / SMOOTH) ** 2) + np.diag(np.full(len(new), ROUGH**2))
    )
    prior = more * change + np.diag(np.where(there, before.error, 0.0) ** 2)
    noise = np.diag(known.error[seen] ** 2)
    gain = np.linalg.solve(prior[np.ix_(seen, seen)] + noise, prior[seen]).T
    level = old + gain @ (new - old)[seen]
    error = np.sqrt(np.maximum(np.diag(prior) - np.sum(gain * prior[:, seen], axis=1), 0.0))
    helps = there & (error < known.error)
    return replace(
        known,
        power=np.where(helps, 10 ** (level / 10), known.power),
        error=np.where(helps, error, known.error),
        trusted=known.trusted | (helps & (error < spectra.TRUSTED)),
    )
