"""What was heard, as the effects see it: onsets, section, energy, loudness and the three bands as functions of time.

The ear speaks some ten times a second; light is computed more often. Between two words what is a level glides for GLIDE
seconds, so that it is no staircase. When the ear falls silent (no word for LOSS seconds) it sinks to 0 within FALL
seconds: a level that is tied to what was lost goes to its rest. An onset, kick, snare or hat runs from its own time.

Loudness and bands become 0..1 by a straight line in decibels over 40 dB, below and above which they stay: loudness from -50
to -10 LUFS, low and middle from -46 to -6 dBFS, high from -54 to -14 dBFS, because music has less there. Recordings of bands,
mixes and drums then stand between a half and three quarters in the middle of a bar, and touch 1 on a kick.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TypeAlias

from showctl.model import Coming, Features, Section
from showctl.plan import STROKES

GLIDE = 0.1  # s
LOSS, FALL = 1.0, 1.0  # s
QUIET, LOUD = -50.0, -10.0  # LUFS that are 0 and 1
BANDS = ((-46.0, -6.0), (-46.0, -6.0), (-54.0, -14.0))  # dBFS that are 0 and 1 of low, middle and high
Levels: TypeAlias = tuple[float, ...]
SILENT: Levels = (0.0,) * 5


@dataclass(frozen=True, slots=True)
class Heard:
    """State of the ear after its last word."""

    time: float = 0.0  # s of the last word
    before: Levels = SILENT  # 0..1 of energy, loudness, low, middle and high, from which they glide
    said: Levels = SILENT  # and to which
    struck: tuple[float | None, ...] = (None,) * len(STROKES)  # s of the last of each of STROKES
    strokes: tuple[int, ...] = (0,) * len(STROKES)  # how many there were
    section: Section | None = None
    section_since: float = 0.0  # s
    coming: Coming | None = None  # what is foretold, at the time at which light has to change for it

    def after(self, t: float, features: Features, early: float = 0.0) -> Heard:
        """The state after a word at time t; what is foretold is to be seen `early` (s) before the ear would hear it."""
        bands = (*features.bands, *[-math.inf] * len(BANDS))  # who hears none hears silence
        said = (
            _share(features.energy, 0.0, 1.0),
            _share(features.level, QUIET, LOUD),
            *(_share(band, quiet, loud) for band, (quiet, loud) in zip(bands, BANDS, strict=False)),
        )
        coming = features.coming and replace(features.coming, time=features.coming.time - early)
        word = replace(self, time=t, before=self.levels_at(t), said=said, coming=coming)
        strengths = (features.onset, *features.strikes)
        if max(strengths) > 0.0:
            struck = tuple([t if now > 0.0 else last for now, last in zip(strengths, self.struck, strict=True)])
            strokes = tuple([count + (now > 0.0) for now, count in zip(strengths, self.strokes, strict=True)])
            word = replace(word, struck=struck, strokes=strokes)
        if features.section is not self.section:
            word = replace(word, section=features.section, section_since=t)
        return word

    def levels_at(self, t: float) -> Levels:
        """Energy, loudness, low, middle and high at time t, 0..1."""
        since = max(0.0, t - self.time)
        x = min(1.0, since / GLIDE)
        held = min(1.0, max(0.0, 1.0 - (since - LOSS) / FALL))
        return tuple([((1.0 - x) * a + x * b) * held for a, b in zip(self.before, self.said, strict=True)])


def _share(level: float, low: float, high: float) -> float:
    """0..1 of the way from low to high; 0 for what is no number."""
    return min(1.0, max(0.0, (level - low) / (high - low)))
