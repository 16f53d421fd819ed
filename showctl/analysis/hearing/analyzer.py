"""The ear's analysis as one call: blocks of sound in, one Features a hop (10 ms) out.

    hops -> view -> net -> pointer -> beats --------------.
         |      `-> bands ----------------> sections -----+-> Features
         |-> short view -> onsets --------------^         |
         `-> loudness -> energy --------------------------'

Causal: Features.time is the end of the last sound that was listened to. Exact: the same sound gives the same Features however it
is cut into blocks. About two percent of a core and a few megabytes, whatever the length.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.hearing.follow import BeatTracker
from showctl.analysis.hearing.hops import HOPS_PER_SECOND, Hop, Hopper
from showctl.analysis.hearing.loudness import Energy, Loudness
from showctl.analysis.hearing.net import DELAY, HOPS, Net
from showctl.analysis.hearing.onsets import OnsetDetector
from showctl.analysis.hearing.sections import SectionFinder
from showctl.analysis.hearing.spectrum import Bands, View
from showctl.analysis.hearing.weights import weights
from showctl.model import AudioBlock, BeatGrid, Features

_SETTLE = 5  # hops after a loss until the long window holds nothing but sound again


class Analyzer:
    """Hears one stream at one rate."""

    def __init__(self, rate: int) -> None:
        """`rate` (Hz): 44100 and 48000 are meant; any multiple of 100 from 32000 on works, else ValueError."""
        self.rate = rate
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
        return [self._hear(hop) for hop in self._hopper.push(block)]

    def _hear(self, hop: Hop) -> Features:
        if hop.anew:
            self._begin(self._beats.index)
        self._deaf = max(0, self._deaf - 1) if hop.heard else _SETTLE
        settled = self._deaf == 0
        magnitudes, compressed, rise = self._view.feed(hop.mono)
        struck = self._onsets.feed(hop.mono, settled)
        if hop.heard:
            self._level = self._loudness.feed(hop.samples)
        grid = self._beat(hop.time, compressed, rise, settled)
        bands = self._bands.apply(magnitudes)
        energy = self._energy.feed(self._level)
        heard = Features(hop.time, self._level, bands, energy, struck.onset, grid, strikes=struck.strikes)
        form = self._sections.feed(heard)
        return replace(heard, section=form.section, sure=form.sure, coming=form.coming)

    def _beat(self, time: float, compressed: NDArray[np.float32], rise: NDArray[np.float32], settled: bool) -> BeatGrid | None:
        """The grid after the hop that ends at `time` (s). The net speaks of HOPS hops together: in between nothing is new."""
        heard = self._net.feed(compressed, rise)
        for ago, one in zip(range(HOPS - 1, -1, -1), heard, strict=False):
            known = (one.beat, one.down, one.music, one.tempo) if settled else (None, None, None, None)
            self._grid = self._beats.feed(time - ago / HOPS_PER_SECOND, self._level, *known)
        return self._grid
