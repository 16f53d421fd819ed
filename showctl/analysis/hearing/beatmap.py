"""The beats of a whole track, known before it is played: the ear's own net heard once, then judged from both sides.

A tracker that announces beats has to guess at the beginning of a song, after a break and where the tempo moves. Who has the whole
file needs not guess. So the ear hears the track once, as it would live, which gives the tempo at each moment and all that lights
follow besides the beat; and what its net said of each hop (how likely a beat, a downbeat) is gone through once more for the chain
of beats that explains all of it best:

    tempo      what the tracker held, brought into one octave and made smooth over MEDIAN_S, before and after included
    beats      dynamic programming (as D. Ellis, 2007): evidence of the hops that are beats, less STIFF x log2(step / tempo)^2
    times      between two hops by a parabola through what the net said, then smoothed: a drummer's drift stays, its jitter goes
    bars       the likeliest walk through bars of 4, 3, 2 and 6 beats (Viterbi), that seldom begin anew

Beats are given where the music has any: from a little before the tracker trusted one, so that the first bars have theirs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.hearing.analyzer import Analyzer
from showctl.analysis.hearing.hops import HOPS_PER_SECOND
from showctl.analysis.hearing.net import DELAY, Heard
from showctl.analysis.hearing.onsets import LATE
from showctl.analysis.hearing.pointer import METRES
from showctl.model import AudioBlock, BeatMap, Features, Section
from showctl.model.track import HEARD

MEDIAN_S = 6.0  # s on either side
STIFF = 60.0  # nepers for a step that is an octave off
REACH = 0.35  # octaves that a step may be off at most
USUAL, FLOOR = 0.05, 0.01  # how often a hop is a beat; probabilities are held so far from 0 and 1
BEFORE_S, AFTER_S = 12.0, 3.0  # s of beats before the tracker first trusted one, and after the last time
GATE = -60.0  # LUFS; no beat falls where it is softer
SMOOTH = 0.25  # how much more a beat's own time counts than its neighbours' straight line
ANEW = 1e-4  # of the beats begin a bar that should not
EVERY = 5  # hops between two features that are kept where nothing happens
_SECTIONS = tuple(Section)
_Floats = NDArray[np.float64]


class Mapper:
    """Hears a track from its beginning to its end: `feed` it all, then ask for the `map`."""

    def __init__(self, rate: int) -> None:
        """`rate` as for the Analyzer."""
        self._rate, self._frames = rate, 0
        self._analyzer = Analyzer(rate, self._say)
        self.heard: list[Features] = []
        self._beat: list[float] = []
        self._down: list[float] = []

    def _say(self, said: Heard) -> None:
        self._beat.append(said.beat)
        self._down.append(said.down)

    def feed(self, block: AudioBlock) -> None:
        """The next block."""
        self._frames += len(block.samples)
        self.heard += self._analyzer.feed(block)

    def map(self) -> BeatMap:
        """All that was found."""
        beat, down = np.array(self._beat), np.array(self._down)
        heard = _table(self.heard)
        length = self._frames / self._rate
        hops = min(len(beat), len(self.heard))
        if hops < HOPS_PER_SECOND:
            return BeatMap(np.zeros(0), np.zeros(0, np.int64), 4, length, heard)
        period = tempo(self.heard[:hops])
        if period is None:
            return BeatMap(np.zeros(0), np.zeros(0, np.int64), 4, length, heard)
        found = chain(beat[:hops], period)
        found = found[_played(found, self.heard[:hops])]
        times = smoothed(between(beat, found))
        positions, per_bar = bars(down, beat, found)
        keep = (times >= 0.0) & (times < length)
        return BeatMap(times[keep], positions[keep], per_bar, length, heard)


def tempo(heard: list[Features]) -> _Floats | None:
    """(hops,) hops a beat, as the tracker had it, in one octave and smooth; None where it never had one."""
    periods = np.array([math.nan if one.grid is None else one.grid.period * HOPS_PER_SECOND for one in heard])
    known = np.flatnonzero(np.isfinite(periods))
    if not len(known):
        return None
    octaves = np.log2(periods[known])
    usual = float(np.median(octaves))
    octaves -= np.round(octaves - usual)
    wide = round(MEDIAN_S * HOPS_PER_SECOND)
    ends = np.searchsorted(known, known - wide), np.searchsorted(known, known + wide)
    some = range(0, len(known), HOPS_PER_SECOND // 4)
    medians = [float(np.median(octaves[ends[0][k] : ends[1][k]])) for k in some]
    smooth: _Floats = np.exp2(np.interp(np.arange(len(heard)), known[list(some)], medians))
    return smooth


def chain(beat: _Floats, period: _Floats) -> NDArray[np.intp]:
    """The hops that are beats: the chain that explains `beat` (hops,) best at `period` (hops,) hops a beat."""
    held = beat.clip(FLOOR, 1 - FLOOR)
    gain = np.log(held / (1 - held)) - math.log(USUAL / (1 - USUAL))
    best, came = gain.copy(), np.full(len(gain), -1)
    for t in range(len(gain)):
        low, high = math.ceil(period[t] * 2.0**-REACH), math.floor(period[t] * 2.0**REACH)
        first, last = t - high, t - low
        if last < 0:
            continue
        before = np.arange(max(0, first), last + 1)
        worth = best[before] - STIFF * np.log2((t - before) / period[t]) ** 2
        k = int(worth.argmax())
        if worth[k] > 0.0:
            best[t] += worth[k]
            came[t] = before[k]
    found = [int(len(best) - 1 - best[::-1][: max(1, round(2 * period[-1]))].argmax())]
    while came[found[-1]] >= 0:
        found.append(int(came[found[-1]]))
    return np.array(found[::-1], np.intp)


def between(beat: _Floats, hops: NDArray[np.intp]) -> _Floats:
    """(n,) s of beats at these hops, by a parabola through the logarithms of what was said there and beside."""
    inner = hops.clip(1, len(beat) - 2)
    left, middle, right = (np.log(beat[inner + k].clip(1e-4)) for k in (-1, 0, 1))
    bend = left - 2.0 * middle + right
    shift = np.where(bend < -1e-6, 0.5 * (left - right) / np.where(bend < -1e-6, bend, -1.0), 0.0).clip(-0.5, 0.5)
    times: _Floats = (hops + 1 + shift) / HOPS_PER_SECOND - DELAY
    return times


def smoothed(times: _Floats) -> _Floats:
    """The same without their jitter: each is drawn to the straight line of its neighbours (a penalised spline)."""
    count = len(times)
    if count < 4:
        return times
    from scipy.linalg import solveh_banded  # a second to import, and needed here alone

    bands = np.zeros((3, count))  # of 1 + D'D / SMOOTH, where D takes second differences: diagonal, and the two above it
    inner = np.convolve(np.ones(count - 2), (1.0, 4.0, 1.0))
    bands[2] = 1.0 + inner / SMOOTH
    bands[1, 1:] = -2.0 * np.convolve(np.ones(count - 2), (1.0, 1.0)) / SMOOTH
    bands[0, 2:] = 1.0 / SMOOTH
    out: _Floats = solveh_banded(bands, times)
    return out


def bars(down: _Floats, beat: _Floats, hops: NDArray[np.intp]) -> tuple[NDArray[np.int64], int]:
    """(n,) the position of each beat in its bar, from 1, and how many beats most bars have."""
    near = hops[:, None] + np.arange(-1, 2)
    near = near.clip(0, len(beat) - 1)
    best = beat[near].argmax(axis=1)
    at = near[np.arange(len(hops)), best]
    share = (down[at] / beat[at].clip(FLOOR)).clip(0.02, 0.98)
    usual = float(share.mean().clip(0.1, 0.5))
    first, other = np.log(share / usual), np.log((1 - share) / (1 - usual))
    states = [(metre, place) for metre, _ in METRES for place in range(metre)]
    prior = np.log([likely / metre for metre, likely in METRES for _ in range(metre)])
    goes_to = np.array([states.index((metre, (place + 1) % metre)) for metre, place in states])
    downs = np.array([place == 0 for _, place in states])
    score, came = prior.copy(), np.zeros((len(hops), len(states)), np.intp)
    for n in range(len(hops)):
        if n:
            moved = np.full(len(states), -np.inf)
            moved[goes_to] = score + math.log(1 - ANEW)
            came[n, goes_to] = np.arange(len(states))
            fresh = score.max() + math.log(ANEW) + prior
            better = fresh > moved
            came[n, better] = int(score.argmax())
            score = np.where(better, fresh, moved)
        score = score + np.where(downs, first[n], other[n])
    walk = np.zeros(len(hops), np.intp)
    for n in range(len(hops) - 1, -1, -1):
        walk[n] = score.argmax() if n == len(hops) - 1 else came[n + 1, walk[n + 1]]
    metres = np.array([states[one][0] for one in walk])
    counts = [(int((metres == metre).sum()), metre) for metre, _ in METRES]
    return np.array([states[one][1] + 1 for one in walk], np.int64), max(counts)[1]


def _played(hops: NDArray[np.intp], heard: list[Features]) -> NDArray[np.bool_]:
    """Which of these hops lie where the tracker trusted a beat, or shortly before or after, and it is not silent."""
    trusted = np.array([one.grid is not None for one in heard])
    known = np.flatnonzero(trusted)
    loud = np.array([one.level > GATE for one in heard])
    following = known[np.searchsorted(known, hops).clip(0, len(known) - 1)]
    previous = known[(np.searchsorted(known, hops, "right") - 1).clip(0, len(known) - 1)]
    before, after = following - hops, hops - previous
    near = ((before >= 0) & (before <= BEFORE_S * HOPS_PER_SECOND)) | ((after >= 0) & (after <= AFTER_S * HOPS_PER_SECOND))
    played: NDArray[np.bool_] = near & loud[hops]
    return played


def _table(heard: Iterable[Features]) -> _Floats:
    """(rows, len(HEARD)) of Features: all that say something new, and one in EVERY of the others. A stroke is where it fell."""
    rows: list[tuple[float, ...]] = []
    before: Features | None = None
    for n, one in enumerate(heard):
        coming, struck = one.coming, max(one.onset, *one.strikes) > 0.0
        news = struck or before is None or one.section is not before.section or (coming is None) != (before.coming is None)
        before = one
        if not news and n % EVERY:
            continue
        bands = (*one.bands, *[-120.0] * 3)[:3]
        fate = (-1.0, 0.0, 0.0) if coming is None else (_SECTIONS.index(coming.section), coming.time, coming.confidence)
        time = max(0.0, one.time - LATE) if struck else one.time
        kind = float(_SECTIONS.index(one.section))
        rows.append((time, one.level, *bands, one.energy, one.onset, *one.strikes, kind, one.sure, *fate))
    return np.array(sorted(rows), np.float64).reshape(len(rows), len(HEARD))
