"""What was heard, as the effects see it: onsets, energy, loudness and section as functions of time.

The ear speaks some ten times a second; light is computed more often. Between two words energy and loudness glide for GLIDE
seconds, so that they are no staircase. When the ear falls silent (no word for LOSS seconds) they sink to 0 within FALL
seconds: a level that is tied to what was lost goes to its rest. An onset runs from its own time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from showctl.model import Features, Section

GLIDE = 0.1  # s
LOSS, FALL = 1.0, 1.0  # s
QUIET, LOUD = -50.0, -10.0  # LUFS that are 0 and 1


@dataclass(frozen=True, slots=True)
class Heard:
    """State of the ear after its last word."""

    time: float = 0.0  # s of the last word
    energy: tuple[float, float] = (0.0, 0.0)  # from, to
    loudness: tuple[float, float] = (0.0, 0.0)
    onset: float | None = None  # s of the last onset
    onsets: int = 0
    section: Section | None = None
    section_since: float = 0.0  # s

    def after(self, t: float, features: Features) -> Heard:
        """The state after a word at time t."""
        loudness = min(1.0, max(0.0, (features.level - QUIET) / (LOUD - QUIET)))
        energy = min(1.0, max(0.0, features.energy))
        word = replace(
            self,
            time=t,
            energy=(self.energy_at(t), energy),
            loudness=(self.loudness_at(t), loudness),
        )
        if features.onset > 0.0:
            word = replace(word, onset=t, onsets=self.onsets + 1)
        if features.section is not self.section:
            word = replace(word, section=features.section, section_since=t)
        return word

    def energy_at(self, t: float) -> float:
        """Energy 0..1 at time t."""
        return self._glide(self.energy, t)

    def loudness_at(self, t: float) -> float:
        """Loudness 0..1 at time t."""
        return self._glide(self.loudness, t)

    def _glide(self, ends: tuple[float, float], t: float) -> float:
        since = max(0.0, t - self.time)
        x = min(1.0, since / GLIDE)
        held = min(1.0, max(0.0, 1.0 - (since - LOSS) / FALL))
        return ((1.0 - x) * ends[0] + x * ends[1]) * held
