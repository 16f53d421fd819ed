"""Silence, steady, build, drop, break: what part of a song is heard, and the drop a beat before it falls.

A song is heard beat by beat (`phrase`). Two sums of its measures, learned from composed songs (`training/form.py`), say how
likely this is a build, and how likely the beat after this one is the first of a drop: a roll that thickens, noise that
climbs, the low band gone for whole bars, the place in four and sixteen beats from where the music changed before. What is
likely enough is foretold (`coming`) a beat ahead, follows the grid until its time, and is let go of half a beat after it.

Heard is a drop when the low band is back after a build, within a tenth of a second; where the kick had played on through the
build, when the climbing is over on the foretold beat. A kick that comes back after a break without a build is no drop. Low band
gone for one and a half bars is a break. Each way in is harder than the way to stay, so that a section does not flicker.
Levels in dBFS, loudness in LUFS.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import fmean, median

from showctl.analysis.hearing.form_weights import BUILD, DROP
from showctl.analysis.hearing.hops import HOPS_PER_SECOND
from showctl.analysis.hearing.phrase import EARLY, Phrase
from showctl.model import Coming, Features, Section

GATE, WAKE = -60.0, -55.0  # LUFS: silence below the one, sound again above the other
_GATE_HOPS = 3 * HOPS_PER_SECOND // 4
_BREAK_BEATS = 6  # the low band is gone for so long before it is a break
_SMOOTH = 0.4  # share of the last beat in how likely a build is
IN, OUT = 0.5, 0.2  # of that likelihood: a build begins above the one and is over below the other
RISES = 0.6  # what it counts that the high band climbs and climbs
BUILT = 0.7  # of that likelihood within _AFTER beats: a drop may be heard that was not foretold
TOLD = 0.4  # probability of a drop from which on it is foretold
_BACK, _BACK_HOPS = 4.0, 8  # dB below the usual low band where it is back, and for how many hops of the last of them
_DULL = 5.0  # dB by which the high band may miss what is usual: where only the kick is back, it is no drop
_AFTER = 8  # beats after a build in which a drop may still come
_LONG_GONE = 4  # beats for which the low band must have been gone in a weak build: a drummer leaves his kick out for two
_SETTLED = 8  # beats after which a build is one, however weak
_FRESH, _STALE = 16, 96  # beats: so long no drop follows another; after so many a drop is simply how the song goes
_LONGEST = 128  # beats of a build
_STEP = 0.3  # dB that it has to climb in each bar
_CLIMB = {Section.STEADY: 4.0, Section.DROP: 7.0, Section.BREAK: 2.0, Section.BUILD: 2.0, Section.SILENCE: math.inf}  # dB in all
_MOVED = 0.005  # s by which the grid must move a foretold drop
_CALMER = 2.0  # dB that the high band falls when the climbing is over


@dataclass(frozen=True, slots=True)
class Form:
    """What is heard of the form of a song."""

    section: Section = Section.SILENCE
    sure: float = 1.0  # 0..1
    coming: Coming | None = None


class Judge:
    """How likely a build is, and a drop on the beat after the one that begins."""

    def __init__(self, weights: tuple[float, ...] = BUILD) -> None:
        self.build = 0.0  # probability, smoothed
        self._weights = weights
        self._age = 0  # beats of the build

    def feed(self, measures: tuple[float, ...], marks: tuple[float, ...]) -> tuple[float, ...]:
        """A beat is over, of which a Phrase has these; what the weights DROP weigh."""
        measures = (1.0, *measures)
        now = likely(self._weights, measures)
        self.build += _SMOOTH * (now - self.build)
        self._age = self._age + 1 if self.build > IN else 0
        return (
            *(*measures, now, self.build, min(1.2, math.log2(1 + self._age) / 5)),
            *(*marks, *(mark * self.build for mark in marks)),
        )


def likely(weights: tuple[float, ...], terms: tuple[float, ...]) -> float:
    """The probability that is the sum of terms in log-odds."""
    return 1 / (1 + math.exp(-sum(w * x for w, x in zip(weights, terms, strict=True))))


class SectionFinder:
    """One hop in, the form out."""

    def __init__(self) -> None:
        self.form = Form()
        self._quiet = 0
        self._restart()

    def _restart(self) -> None:
        self._phrase, self._judge = Phrase(), Judge()
        self._drop = 0.0  # probability of one on the beat after the one that begins
        self._low: deque[float] = deque(maxlen=_BACK_HOPS)  # dBFS
        self._high: deque[float] = deque(maxlen=HOPS_PER_SECOND)
        self._age = 0  # beats of the section
        self._bright: deque[float] = deque(maxlen=2 * _FRESH)  # dBFS, the high band of beats with a low one, outside builds
        self._built: deque[float] = deque(maxlen=_AFTER)  # how likely a build was, of the last beats

    def feed(self, heard: Features) -> Form:
        """What is heard in this hop, whose section is not known yet."""
        self._quiet = self._quiet + 1 if heard.level < GATE else 0
        if self.form.section is Section.SILENCE:
            if heard.level > WAKE:
                self._restart()
                self._enter(Section.STEADY, 0.5)
        elif self._quiet >= _GATE_HOPS:
            self._enter(Section.SILENCE, 1.0)
        else:
            self._listen(heard)
        return self.form

    def _enter(self, section: Section, sure: float) -> None:
        self.form, self._age = Form(section, sure), 0

    def _listen(self, heard: Features) -> None:
        coming, phrase = self.form.coming, self._phrase
        self._low.append(heard.bands[0])
        self._high.append(heard.bands[2])
        over = phrase.feed(heard)
        if coming is not None and heard.time > coming.time + phrase.period / 2:
            coming = None
        elif coming is not None and not over and heard.time < coming.time - EARLY and abs(coming.time - phrase.next) > _MOVED:
            coming = replace(coming, time=phrase.next)
        if coming is not self.form.coming:
            self.form = replace(self.form, coming=coming)
        if self._dropped(heard.time):
            self._enter(Section.DROP, 0.9)
        if over:
            self._drop = likely(DROP, self._judge.feed(phrase.measures(), phrase.marks()))
            self._age += 1
            self._step()
            self._foretell()

    def _step(self) -> None:
        """A beat is over: is this another section?"""
        build, without, section = self._judge.build, self._phrase.without, self.form.section
        self._built.append(max(build, RISES if self._rising() else 0.0))
        rises = self._built[-1]
        if not without and section is not Section.BUILD:
            self._bright.append(self._phrase.beats[-1].high)
        fresh = section is Section.DROP and self._age < _FRESH
        if section is Section.BUILD:
            if max(self._built) < OUT or self._age > _LONGEST:
                self._enter(Section.BREAK if without >= 2 else Section.STEADY, 1 - build)
        elif rises > IN and not fresh:
            self._enter(Section.BUILD, rises)
        elif section is Section.BREAK:
            if not without and self._age >= 2:
                self._enter(Section.STEADY, 1 - build)
        elif without >= _BREAK_BEATS:
            self._enter(Section.BREAK, 1 - build)
        elif section is Section.DROP and self._age >= _STALE:
            self._enter(Section.STEADY, 1 - build)
        sure = build if self.form.section is Section.BUILD else 0.9 if self.form.section is Section.DROP else 1 - build
        self.form = replace(self.form, sure=sure)

    def _rising(self) -> bool:
        """The high band climbs steadily over four bars, whatever else there is: also where no roll or noise is as was learned."""
        least = _CLIMB[self.form.section]
        high = [beat.high for beat in self._phrase.beats][-16:]
        means = [fmean(high[at : at + 4]) for at in range(0, len(high), 4)]
        ups = sum(later > earlier + _STEP for earlier, later in pairwise(means))
        return len(high) == 16 and ups == 3 and means[-1] - means[0] >= least

    def _foretell(self) -> None:
        """Say so where a drop is likely on the beat after the one that begins now."""
        fresh = self.form.section is Section.DROP and self._age < _FRESH
        before = self.form.coming
        if not fresh and self._drop > (before.confidence if before else TOLD):
            self.form = replace(self.form, coming=Coming(Section.DROP, self._phrase.next, self._drop))

    def _dropped(self, time: float) -> bool:
        """The low band is back after a build, or the climbing is over where a drop had been foretold."""
        coming, phrase = self.form.coming, self._phrase
        fresh = self.form.section is Section.DROP and self._age < _FRESH
        strong = max(self._built, default=0.0) >= BUILT
        weak = self.form.section is Section.BUILD and self._age >= _SETTLED
        if fresh or len(self._low) < _BACK_HOPS or (coming is None and not strong and not weak):
            return False
        here = coming is not None and abs(time - coming.time) < phrase.period / 2
        lately = list(self._high)[-_BACK_HOPS:]
        whole = len(self._bright) < _AFTER or fmean(lately) > median(self._bright) - _DULL
        back = whole and fmean(self._low) > phrase.top - _BACK
        if phrase.without >= (1 if here else 2 if strong else _LONG_GONE):
            return back
        calm = here and coming is not None and time > coming.time + 0.4 * phrase.period
        lately = list(self._high)[-round(0.3 * phrase.period * HOPS_PER_SECOND) :]
        return calm and back and bool(phrase.beats) and fmean(lately) < phrase.beats[-1].high - _CALMER
