"""Silence, steady, build, drop, break: what part of a song is heard, and the drop a beat before it falls.

A song is heard beat by beat (`phrase`), and a small recurrent net (`form_net`), trained on composed songs, says of each beat what
part it belongs to and how likely a drop begins on the next ones: by rolls that thicken, noise that climbs, the low band gone for
whole bars, the place in the phrase. What is likely enough is foretold (`coming`) one or two beats ahead, follows the grid, is
judged again with every beat, and is taken back when it is no longer likely: the last time shortly before it would fall.

Heard is a drop when the low band is there on the foretold beat, or comes back after bars of a build, within a tenth of a second;
else a beat after it began, when the net is sure of it. Any other section has to be likely for some beats, so that none flickers.
Levels in dBFS, loudness in LUFS.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from statistics import fmean

from showctl.analysis.hearing.form_net import FormNet, Said
from showctl.analysis.hearing.hops import HOPS_PER_SECOND
from showctl.analysis.hearing.phrase import Phrase
from showctl.analysis.hearing.weights import weights
from showctl.model import Coming, Features, Section

GATE, WAKE = -60.0, -55.0  # LUFS: silence below the one, sound again above the other
_GATE_HOPS = 3 * HOPS_PER_SECOND // 4
TOLD = {1: 0.2, 2: 0.3}  # probability of a drop so many beats ahead from which on it is foretold
KEPT = 0.2  # below which it is taken back
HEARD = 0.4  # that a drop began with the last beat, from which on it is heard though it was not foretold
IN, _FIRM = 0.6, 3  # probability of another section, and for how many beats, until it is entered: a short stop is no break
_BACK, _BACK_HOPS = 4.0, 8  # dB below the usual low band where it is back, and for how many hops
_GONE, BUILT = 6, 0.8  # beats without the low band, and probability of a build, after which it comes back with a drop
_FRESH = 16  # beats: so long no drop follows another
_MOVED = 0.005  # s by which the grid must move a foretold drop


@dataclass(frozen=True, slots=True)
class Form:
    """What is heard of the form of a song."""

    section: Section = Section.SILENCE
    sure: float = 1.0  # 0..1
    coming: Coming | None = None


class SectionFinder:
    """One hop in, the form out."""

    def __init__(self) -> None:
        self.form = Form()
        self._quiet = 0
        self._restart()

    def _restart(self) -> None:
        self._phrase, self._net = Phrase(), FormNet(weights("form_weights.npz"))
        self._low: deque[float] = deque(maxlen=_BACK_HOPS)  # dBFS
        self._age = 0  # beats of the section
        self._other = 0  # beats for which another section has been likelier
        self._left = 0  # beats until what is foretold, not counting the one that is heard now

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
        self.form, self._age, self._other = Form(section, sure), 0, 0

    def _listen(self, heard: Features) -> None:
        self._low.append(heard.bands[0])
        over = self._phrase.feed(heard)
        self._follow(heard.time, over)
        if self._dropped(heard.time):
            self._enter(Section.DROP, 0.9)
        if over:
            self._age += 1
            said = self._net.feed(self._phrase.view())
            self._step(said)
            self._foretell(said)

    def _follow(self, time: float, over: bool) -> None:
        """What is foretold follows the grid until its time; half a beat after it, it is let go of."""
        coming, phrase = self.form.coming, self._phrase
        if coming is None:
            return
        if time > coming.time + phrase.period / 2:
            self.form = replace(self.form, coming=None)
        elif self._left > 0 and not over:
            falls = phrase.next + (self._left - 1) * phrase.period
            if abs(falls - coming.time) > _MOVED:
                self.form = replace(self.form, coming=replace(coming, time=falls))

    def _dropped(self, time: float) -> bool:
        """The low band is there on the beat on which a drop was foretold to the last, or again after bars of a build."""
        coming, phrase = self.form.coming, self._phrase
        foretold = coming is not None and self._left == 0 and time >= coming.time
        built = self.form.section is Section.BUILD and phrase.gone >= _GONE and self.form.sure > BUILT
        return (foretold or built) and fmean(self._low) > phrase.top[0] - _BACK

    def _step(self, said: Said) -> None:
        """A beat is over: is this another section?"""
        section, parts = self.form.section, dict(said.parts)
        fresh = section is Section.DROP and self._age < _FRESH
        if section is not Section.DROP:  # a drop is heard at its beginning; later on loud and full is how the song goes
            parts[Section.STEADY] += parts.pop(Section.DROP)
        likeliest = max(parts, key=parts.__getitem__)
        self._other = self._other + 1 if likeliest is not section and parts[likeliest] > IN else 0
        if fresh:
            self.form = replace(self.form, sure=parts[section])
        elif said.drops[-1] > HEARD:
            self._enter(Section.DROP, said.drops[-1])
        elif self._other >= _FIRM:
            coming = self.form.coming
            self._enter(likeliest, parts[likeliest])
            self.form = replace(self.form, coming=coming)
        else:
            self.form = replace(self.form, sure=parts[section])

    def _foretell(self, said: Said) -> None:
        """What is foretold from now on: the likeliest of what was, if it is likely still, and of what is likely enough now."""
        before, phrase = self.form.coming, self._phrase
        fresh = self.form.section is Section.DROP and self._age < _FRESH
        likely = {beats: said.drops[beats] for beats, least in TOLD.items() if said.drops[beats] > least and not fresh}
        if before is not None and self._left > 0 and said.drops[self._left - 1] > KEPT:
            likely[self._left - 1] = said.drops[self._left - 1]
        coming = None
        if likely:
            self._left = max(likely, key=likely.__getitem__)
            falls = phrase.last if self._left == 0 else phrase.next + (self._left - 1) * phrase.period
            coming = Coming(Section.DROP, falls, likely[self._left])
        self.form = replace(self.form, coming=coming)
