"""Silence, steady, build, drop, break: what part of a song is heard, from the outside, without knowing the song.

Sound is summed up a beat at a time (half a second where no beat is known). The low band says whether the kick is there: gone
by 6 dB against its median of eight bars for one and a half bars is a break; when it is back within a beat, after at least two
bars of break or a build, and the whole is as loud as usual, that is the drop. Brightness that keeps rising for four bars, or for
two with ever more onsets, is a build. Each way in is harder than the way to stay, so that a section does not flicker.
Levels in dBFS, loudness in LUFS.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median

from showctl.analysis.hearing.hops import HOPS_PER_SECOND
from showctl.model import Section

GATE, WAKE = -60.0, -55.0  # LUFS: silence below the one, sound again above the other
_GATE_HOPS = 3 * HOPS_PER_SECOND // 4
_MEDIAN_BEATS = 32
_GONE = 6.0  # dB by which the low band misses its median in a break
_BACK = 3.5  # dB below that median where it counts as being there
_LOUD = 1.5  # dB that the loudness may lack to be as usual
_BREAK_BEATS = 6  # the low band is gone for so long before it is a break
_DROP_AFTER = {Section.BREAK: 8, Section.BUILD: 2}  # beats that a section must have lasted before a drop
_CALM = 16  # beats
_DROP_BEATS = 96  # after so many a drop is simply how the song goes


@dataclass(frozen=True, slots=True)
class Beat:
    """One beat's worth of sound."""

    low: float  # dBFS
    high: float  # dBFS
    onsets: int
    level: float  # LUFS


class SectionFinder:
    """One hop in, the section out."""

    def __init__(self) -> None:
        self.section = Section.SILENCE
        self._quiet = 0
        self._restart()

    def feed(self, level: float, bands: tuple[float, float, float], onset: float, period: float | None) -> Section:
        """Loudness (LUFS), the three bands (dBFS), onset strength of the hop; s a beat, None where unknown."""
        self._quiet = self._quiet + 1 if level < GATE else 0
        if self.section is Section.SILENCE:
            if level > WAKE:
                self._restart()
                self._enter(Section.STEADY)
        elif self._quiet >= _GATE_HOPS:
            self._enter(Section.SILENCE)
        else:
            self._listen(level, bands, onset, period or 0.5)
        return self.section

    def _restart(self) -> None:
        self._beats: deque[Beat] = deque(maxlen=2 * _MEDIAN_BEATS)
        self._usual: deque[float] = deque(maxlen=_MEDIAN_BEATS)  # low band of beats outside breaks, dBFS
        self._loud: deque[float] = deque(maxlen=_MEDIAN_BEATS)  # their loudness, LUFS
        self._bright: deque[float] = deque(maxlen=_MEDIAN_BEATS)  # their high band, dBFS
        self._low: deque[float] = deque(maxlen=2 * HOPS_PER_SECOND)  # power, hop by hop
        self._high: deque[float] = deque(maxlen=2 * HOPS_PER_SECOND)
        self._onsets = self._hops = self._gone = self._age = 0

    def _enter(self, section: Section) -> None:
        self.section, self._age = section, 0
        self._gone = 0

    def _listen(self, level: float, bands: tuple[float, float, float], onset: float, period: float) -> None:
        self._low.append(10 ** (bands[0] / 10))
        self._high.append(10 ** (bands[2] / 10))
        self._onsets += onset > 0
        self._hops += 1
        length = min(2 * HOPS_PER_SECOND, max(25, round(period * HOPS_PER_SECOND)))
        if self.section in _DROP_AFTER and self._dropped(level, length):
            self._enter(Section.DROP)
        if self._hops >= length:
            beat = Beat(_mean_db(self._low, self._hops), _mean_db(self._high, self._hops), self._onsets, level)
            self._onsets = self._hops = 0
            self._beats.append(beat)
            self._age += 1
            self._step(beat)

    def _step(self, beat: Beat) -> None:
        """A beat is over."""
        present = self._present(beat)
        self._gone = 0 if present else self._gone + 1
        if present or self.section not in _DROP_AFTER:
            self._usual.append(beat.low)
            self._loud.append(beat.level)
            self._bright.append(beat.high)
        if self.section in (Section.STEADY, Section.DROP):
            if self._gone >= _BREAK_BEATS:
                self._forget_last(_BREAK_BEATS)
                self._enter(Section.BREAK)
            elif self._rising(5.0 if self.section is Section.STEADY else 8.0) and not self._fresh_drop():
                self._enter(Section.BUILD)
            elif self.section is Section.DROP and self._age >= _DROP_BEATS:
                self._enter(Section.STEADY)
        elif self.section is Section.BREAK and self._age >= 4 and self._rising(3.0):
            self._enter(Section.BUILD)
        elif self._over():
            self._enter(Section.STEADY)

    def _fresh_drop(self) -> bool:
        """A drop that began within four bars: its own swell is not the next build."""
        return self.section is Section.DROP and self._age < _CALM

    def _present(self, beat: Beat) -> bool:
        """The low band is there as usual (or it is not known yet what is usual)."""
        return len(self._usual) < 8 or beat.low > median(self._usual) - _GONE

    def _forget_last(self, beats: int) -> None:
        """What turned out to belong to the break does not say what is usual."""
        for _ in range(min(beats, len(self._usual))):
            self._usual.pop()
            self._loud.pop()
            self._bright.pop()

    def _rising(self, least: float) -> bool:
        """The high band climbs: slowly over four bars, or by `least` dB over two while onsets come closer together."""
        beats = list(self._beats)
        slow = _climb([b.high for b in beats[-16:]], 4, least - 1) if len(beats) >= 16 else False
        quick = _climb([b.high for b in beats[-10:]], 2, least) if len(beats) >= 10 else False
        return slow or (quick and sum(b.onsets for b in beats[-4:]) > sum(b.onsets for b in beats[-10:-6]))

    def _dropped(self, level: float, length: int) -> bool:
        """The low band is back, by a jump, over the beat that just ended, and the whole is as loud as usual."""
        if self._age < _DROP_AFTER[self.section] or len(self._usual) < 8 or len(self._beats) < 4:
            return False
        now = _mean_db(self._low, length)
        before = min(b.low for b in list(self._beats)[-4:])
        back = now > median(self._usual) - _BACK and now > before + _GONE
        whole = level > median(self._loud) - _LOUD and _mean_db(self._high, length) > median(self._bright) - _BACK
        return back and whole

    def _over(self) -> bool:
        """A break or build that went nowhere: the low band came back without a jump, or nothing rises any more."""
        if self.section is Section.BREAK:
            return self._age >= 2 and all(self._present(b) for b in list(self._beats)[-2:])
        return self._age >= 2 * _MEDIAN_BEATS or (self._age >= 16 and all(self._present(b) for b in list(self._beats)[-8:]))


def _mean_db(power: deque[float], hops: int) -> float:
    """Mean of the last `hops` powers, in dB."""
    values = list(power)[-hops:]
    return 10 * math.log10(max(1e-12, math.fsum(values) / max(1, len(values))))


def _climb(levels: list[float], beats: int, least: float) -> bool:
    """Means over so many beats rise at all but one step, and by `least` dB in all."""
    means = [fmean(levels[at : at + beats]) for at in range(0, len(levels), beats)]
    ups = sum(later > earlier + 0.3 for earlier, later in pairwise(means))
    return ups >= max(3, len(means) - 2) and means[-1] - means[0] >= least
