"""The ear's analysis as one call: blocks of sound in, one Features a hop (10 ms) out.

    hops -> view -> net -> pointer -> beats --------------.
         |      `-> bands ----------------> sections -----+-> Features
         |-> short view -> onsets --------------^         |
         `-> loudness -> energy --------------------------'

Causal: Features.time is the end of the last sound that was listened to. Exact: the same sound gives the same Features however it
is cut into blocks. About two percent of a core and a few megabytes, whatever the length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from showctl.analysis.hearing.follow import BeatTracker
from showctl.analysis.hearing.hops import HOPS_PER_SECOND, Hop, Hopper
from showctl.analysis.hearing.loudness import Energy, Loudness
from showctl.analysis.hearing.net import DELAY, HOPS, Heard, Net
from showctl.analysis.hearing.onsets import OnsetDetector
from showctl.analysis.hearing.sections import SectionFinder
from showctl.analysis.hearing.spectrum import Bands, View
from showctl.analysis.hearing.weights import weights
from showctl.model import AudioBlock, BeatGrid, Features

# Hops after a loss from which on all that is heard is of sound alone: the window of the view, as far as its rise looks back
# before that, and the first of the hops that the net takes together.
_SETTLE = HOPS_PER_SECOND // View.BIN + View.LAG + HOPS
_TOGETHER = 40  # hops that are worked on together, at most: a long block takes no more memory than that


class Analyzer:
    """Hears one stream at one rate."""

    def __init__(self, rate: int, on_said: Callable[[Heard], object] = lambda _: None) -> None:
        """`rate` (Hz): 44100 and 48000 are meant; any multiple of 100 from 32000 on works, else ValueError.

        `on_said` is told what the net says of each hop, for who judges a whole song afterwards.
        """
        self.rate, self._on_said = rate, on_said
        self._hopper = Hopper(rate)
        self._begin(-1)

    def _begin(self, index: int) -> None:
        """Everything anew but the count of beats: `index` of the last one."""
        self._view = View(self.rate)
        self._bands = Bands(self._view.size, self.rate)
        self._net = Net(weights())
        self._beats = BeatTracker(DELAY, index)
        self._onsets = OnsetDetector(self.rate)
        self._loudness = Loudness(self.rate)
        self._energy = Energy()
        self._sections = SectionFinder()
        self._grid: BeatGrid | None = None
        self._level = -120.0
        self._deaf = 0  # hops until the windows hold nothing but sound again

    def feed(self, block: AudioBlock) -> list[Features]:
        """The Features of every hop that is complete with this block. ValueError when the block has another rate."""
        return [heard for hops in _together(self._hopper.push(block)) for heard in self._hear(hops)]

    def _hear(self, hops: list[Hop]) -> list[Features]:
        """Hops that follow each other, stage by stage: the weights of the nets throw all else out of the processor's cache."""
        if hops[0].anew:
            self._begin(self._beats.index)
        settled = [self._settled(hop) for hop in hops]
        views = [self._view.feed(hop.mono) for hop in hops]
        bands = [self._bands.apply(magnitudes) for magnitudes, _, _ in views]
        struck = [self._onsets.feed(hop.mono, sure) for hop, sure in zip(hops, settled, strict=True)]
        levels = [self._loud(hop) for hop in hops]
        said = [self._net.feed(compressed, rise) for _, compressed, rise in views]
        for one in (each for some in said for each in some):
            self._on_said(one)
        heard = []
        for hop, sure, low_to_high, stroke, level, beats in zip(hops, settled, bands, struck, levels, said, strict=True):
            grid = self._beat(hop.time, level, beats if sure else tuple(None for _ in beats))
            first = (hop.time, level, low_to_high, self._energy.feed(level), stroke.onset, grid)
            form = self._sections.feed(Features(*first, strikes=stroke.strikes))
            heard.append(Features(*first, form.section, stroke.strikes, form.sure, form.coming))
        return heard

    def _settled(self, hop: Hop) -> bool:
        self._deaf = max(0, self._deaf - 1) if hop.heard else _SETTLE
        return self._deaf == 0

    def _loud(self, hop: Hop) -> float:
        """LUFS; a hop that was not heard is as loud as the one before."""
        if hop.heard:
            self._level = self._loudness.feed(hop.samples)
        return self._level

    def _beat(self, time: float, level: float, heard: Iterable[Heard | None]) -> BeatGrid | None:
        """The grid after the hop that ends at `time` (s). The net speaks of HOPS hops together: in between nothing is new."""
        for ago, one in zip(range(HOPS - 1, -1, -1), heard, strict=False):
            known = (None, None, None, None) if one is None else (one.beat, one.down, one.music, one.tempo)
            self._grid = self._beats.feed(time - ago / HOPS_PER_SECOND, level, *known)
        return self._grid


def _together(hops: Iterator[Hop]) -> Iterator[list[Hop]]:
    """At most _TOGETHER of them; where hearing begins anew, so does a list."""
    together: list[Hop] = []
    for hop in hops:
        if together and (hop.anew or len(together) == _TOGETHER):
            yield together
            together = []
        together.append(hop)
    if together:
        yield together
