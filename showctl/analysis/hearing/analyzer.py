"""The ear's analysis as one call: blocks of sound in, one Features a hop (10 ms) out.

    hops -> long view -> activation -> bar pointer -> beats ---.
         |           `-> bands ------------------> sections ---+-> Features
         |-> short view -> onsets --------------------^        |
         `-> loudness -> energy -------------------------------'

Causal: Features.time is the end of the last sound that was listened to. Exact: the same sound gives the same Features however it
is cut into blocks. About two percent of a core and a few megabytes, whatever the length.
"""

from __future__ import annotations

from showctl.analysis.hearing.activation import Activation
from showctl.analysis.hearing.beats import BeatTracker
from showctl.analysis.hearing.hops import Hop, Hopper
from showctl.analysis.hearing.loudness import Energy, Loudness
from showctl.analysis.hearing.onsets import OnsetDetector
from showctl.analysis.hearing.sections import SectionFinder
from showctl.analysis.hearing.spectrum import Bands, LongView
from showctl.model import AudioBlock, Features

_SETTLE = 5  # hops after a loss until the long window holds nothing but sound again


class Analyzer:
    """Hears one stream at one rate."""

    def __init__(self, rate: int) -> None:
        """`rate` (Hz): 44100 and 48000 are meant; any multiple of 100 from 8000 on works, else ValueError."""
        self.rate = rate
        self._hopper = Hopper(rate)
        self._begin(-1)

    def _begin(self, index: int) -> None:
        """Everything anew but the count of beats: `index` of the last one."""
        self._long = LongView(self.rate)
        self._bands = Bands(LongView.SIZE, self.rate)
        self._activation = Activation(self._long.centres)
        self._beats = BeatTracker(index)
        self._onsets = OnsetDetector(self.rate)
        self._loudness = Loudness(self.rate)
        self._energy = Energy()
        self._sections = SectionFinder()
        self._level = -120.0
        self._deaf = 0  # hops until the windows hold nothing but sound again

    def feed(self, block: AudioBlock) -> list[Features]:
        """The Features of every hop that is complete with this block. ValueError when the block has another rate."""
        return [self._hear(hop) for hop in self._hopper.push(block)]

    def _hear(self, hop: Hop) -> Features:
        if hop.anew:
            self._begin(self._beats.index)
        self._deaf = max(0, self._deaf - 1) if hop.heard else _SETTLE
        settled = self._deaf == 0
        magnitudes, _, rise = self._long.feed(hop.mono)
        struck = self._onsets.feed(hop.mono, settled)
        if hop.heard:
            self._level = self._loudness.feed(hop.samples)
        grid = self._beats.feed(hop.time, self._level, self._activation.feed(rise) if settled else None)
        bands = self._bands.apply(magnitudes)
        section = self._sections.feed(self._level, bands, struck.onset, grid.period if grid else None)
        energy = self._energy.feed(self._level)
        return Features(hop.time, self._level, bands, energy, struck.onset, grid, section, struck.strikes)
