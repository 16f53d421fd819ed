"""What the engine hears of a track of our own: its map, read at the clock of the player, in place of the ear.

When we play the song ourselves nothing has to be guessed: a place of the track is heard at a known moment (PlayerClock, which
counts the way through the sound card), so each beat, stroke and section of its map has its time to the fraction of a millisecond,
at any speed, through loops and jumps. Each look gives what has come due since the last one, SOON ahead of time, dated with its
exact time: the engine keeps it until then.

The beat that is told is always the next one that lamps can still be sent for. Where a loop or a jump is about to come, or
another track that follows without a gap, the beat after it is that behind it. The engine takes all that is heard for late by
the latencies of sound and lamps; of a track only that of the lamps is so, and the rest is given back here.

Pure: show time in, Features out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from showctl.model import BeatGrid, BeatMap, Coming, Features, Section

SOON = 0.04  # s before its time that something is handed over
MARGIN = 0.03  # s before it must be sent that a beat is told
MOST = 200  # features of one look: more is a clock that jumped
NEAR = 1e-6  # s
SILENT = -120.0  # LUFS
_SECTIONS = tuple(Section)


@dataclass(frozen=True, slots=True)
class Moment:
    """Where the track is: `position` (s of it) is heard at show time `time`, and runs on at `rate`."""

    time: float
    position: float
    rate: float = 1.0
    turn: tuple[float, float] | None = None  # at the first place (s of the track) it goes on at the second
    into: BeatMap | None = None  # that of the second place, where it is of another track

    def when(self, place: float) -> float:
        """Show time at which a place is heard that lies before the turn."""
        return self.time + (place - self.position) / self.rate


class TrackBeat:
    """The features of a track from its map. `sound_latency` and `lamp_latency` (s) are those of the plan."""

    def __init__(self, found: BeatMap, sound_latency: float = 0.0, lamp_latency: float = 0.0, index: int = 0) -> None:
        """`index` of the last beat that was told before, of whatever track."""
        self.map, self.index = found, index
        self._sound, self._lamps = sound_latency, lamp_latency
        self._told: tuple[BeatMap, int] | None = None  # which beat of which map was told last
        self._from = 0.0  # place up to which all was handed over
        self._grid: BeatGrid | None = None
        self._last: Features | None = None

    def play(self, found: BeatMap) -> None:
        """Another track plays from now on."""
        self.map = found

    def jump(self, position: float) -> None:
        """The track goes on at another place: what lies between is not heard."""
        self._from = position

    def look(self, moment: Moment) -> list[Features]:
        """What has come due since the last look, in order of its time."""
        heard = self.map.heard
        end = moment.position + (SOON + self._lamps) * moment.rate
        if moment.turn is not None:
            end = min(end, moment.turn[0])
        if not self._from <= end <= self._from + 5.0:
            self._from = moment.position
        grid = self._next(moment)
        changed = grid != self._grid
        self._grid = grid
        out: list[Features] = []
        if heard is not None and len(heard):
            first, last = np.searchsorted(heard[:, 0], (self._from, end))
            out = [self._features(heard[k], moment) for k in range(first, min(last, first + MOST))]
            if changed and not out and last > 0:
                out = [self._still(heard[last - 1], moment)]
        elif changed:
            out = [Features(moment.time, SILENT, grid=grid, section=Section.STEADY)]
        self._from = max(end, self._from)
        return out

    def _features(self, row: np.ndarray[tuple[int], np.dtype[np.float64]], moment: Moment) -> Features:
        """What was heard there, at its time less what lamps take."""
        time = max(moment.when(float(row[0])) - self._lamps, moment.time - 0.5)
        level, low, middle, high, energy, onset, kick, snare, hat = (float(value) for value in row[1:10])
        coming = None
        if row[12] >= 0.0:
            begins = moment.when(float(row[13])) + self._sound
            coming = Coming(_SECTIONS[int(row[12])], begins, float(row[14]))
        section, sure = _SECTIONS[int(row[10])], float(row[11])
        return Features(time, level, (low, middle, high), energy, onset, self._grid, section, (kick, snare, hat), sure, coming)

    def _still(self, row: np.ndarray[tuple[int], np.dtype[np.float64]], moment: Moment) -> Features:
        """The same as before, only that another beat is told: no stroke."""
        quiet = row.copy()
        quiet[6:10] = 0.0
        quiet[0] = moment.position
        return self._features(quiet, moment)

    def _next(self, moment: Moment) -> BeatGrid | None:
        """The next beat that light can still be sent for, at its time."""
        found, place = self.map, moment.position + (self._lamps + MARGIN) * moment.rate
        beats = found.beats
        k, later = int(np.searchsorted(beats, place)), 0.0
        if moment.turn is not None and (k == len(beats) or beats[k] > moment.turn[0] - NEAR):
            at, to = moment.turn
            found = moment.into or found
            beats = found.beats
            k, later = int(np.searchsorted(beats, to + max(0.0, place - at) - NEAR)), (at - to) / moment.rate
        if k == len(beats) or len(beats) < 2:
            return None
        if self._told is None or k != self._told[1] or found is not self._told[0]:
            self.index += 1
            self._told = found, k
        step = beats[k + 1] - beats[k] if k + 1 < len(beats) else beats[k] - beats[k - 1]
        anchor = moment.when(float(beats[k])) + later + self._sound
        bar = int(found.positions[k])
        return BeatGrid(anchor, self.index, float(step) / moment.rate, bar, found.beats_per_bar, 1.0)


def silence(time: float) -> Features:
    """What is heard when the track has been stopped, where no ear says otherwise."""
    return Features(time, SILENT, (SILENT,) * 3)
