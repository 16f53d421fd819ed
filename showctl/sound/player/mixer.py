"""What the callback does: the voices of the tracks, mixed; joins, loops and jumps to the sample. Read `render` first.

One voice leads: its position is what is told, and what decides when something happens. A block is cut where the lead comes to a
place at which something is due, so that it happens on that very sample and not at the next block:

    a jump that waits for its bar    `when` of `play`
    the end of a loop                `loop`
    the end of the track             `follow`, sample to sample; so much before it where it is a crossfade

A jump, a stop and a pause take DECLICK, so that nothing steps; of a jump to a bar and of a loop that lies before the bar, which
is heard whole. What is stopped or paused is kept with its place, and `resume` goes on there. Volume and speed glide.

Pure: time is counted in frames of the device. All is called from one thread, the sound system's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from showctl.model.player import Mode
from showctl.sound.player.varispeed import MOST_RATE
from showctl.sound.player.voice import MOST, NEAR, Fade, Source, Voice

Sound = NDArray[np.float32]
_Deed: TypeAlias = Callable[[Voice, float], None]  # with the frames by which its place was passed
DECLICK_S = 0.006
VOLUME_S = 0.05  # from silence to full
GLIDE_S, GLIDE_PIECE = 0.3, 64  # s for a change of speed by 1; frames for which the speed is one
MOST_VOICES = 8  # more at once are cut off, the oldest first
SHORTEST_LOOP_S = 0.05
LATE_S = 0.1  # a jump that comes so late at most keeps the beat
MOST_DUE = 8  # things that may happen on one sample


@dataclass(frozen=True, slots=True)
class Start:
    """A voice that is to begin. Frames; `when` is a place of what leads."""

    source: Source
    take: int
    at: float
    into: int = 0
    out: int = 0
    when: float = math.inf
    power: bool = False


class Mixer:
    """Mixes into `width` lines at `rate` Hz. What is to follow, and a loop, are of the track that leads or is paused, and end
    with it."""

    def __init__(self, width: int, rate: int) -> None:
        self.width, self.rate = width, rate
        self.frames = 0  # of the device, made so far
        self.seq = 0  # of the last command that turned what plays, told back as it is
        self.starved = 0  # blocks for which a track had not been read in time
        self.mode = Mode.STOPPED
        self.speed = 1.0
        self._speed_wanted = 1.0
        self._volume = self._volume_wanted = 1.0
        self._declick = max(1, round(DECLICK_S * rate))
        self._voices: list[Voice] = []
        self._lead: Voice | None = None
        self._parked: tuple[Source, int, float] | None = None  # what is paused or stopped: track, take and place
        self._pending: Start | None = None
        self._follow: Start | None = None
        self._loop: tuple[float, float] | None = None
        self.heads: tuple[tuple[Source, float], ...] = ()  # what is read, and what may be next: for who fetches it

    # --- told ------------------------------------------------------------------------------------------------------------

    @property
    def take(self) -> int:
        """Number of the command that began what plays, or played last."""
        return self._lead.take if self._lead is not None else self._parked[1] if self._parked is not None else 0

    @property
    def source(self) -> Source | None:
        """The track that plays, or played last."""
        return self._lead.source if self._lead is not None else self._parked[0] if self._parked is not None else None

    @property
    def position(self) -> float:
        """Frame of the track that is made next, or at which it would go on."""
        if self._lead is not None and self.mode in (Mode.PLAYING, Mode.STOPPING):
            return self._lead.position
        return self._parked[2] if self._parked is not None else 0.0

    # --- asked -----------------------------------------------------------------------------------------------------------

    def play(self, start: Start) -> None:
        """Begin now, or when what leads comes to `start.when`."""
        if self.mode is Mode.PLAYING and start.when < math.inf:
            self._pending = start
            return
        self._pending = None
        self._begin(start, start.at)

    def stay(self) -> None:
        """What waits for its place is called off."""
        self._pending = None

    def pause(self) -> None:
        """Stand still."""
        if self._lead is None or self.mode not in (Mode.PLAYING, Mode.STOPPING):
            return
        if self.mode is Mode.PLAYING:
            self._parked = self._lead.source, self._lead.take, self._lead.position
        for voice in self._voices:
            voice.leave(self._declick)
        self._lead, self.mode = None, Mode.PAUSED

    def resume(self) -> None:
        """Go on from where it was paused or stopped."""
        if self._parked is None or self.mode in (Mode.PLAYING, Mode.ENDED):
            return
        source, take, at = self._parked
        self._begin(Start(source, take, at), at)

    def stop(self, out: int) -> None:
        """Go out in so many frames."""
        self._pending = self._follow = self._loop = None
        if self.mode is Mode.PAUSED:
            self.mode = Mode.STOPPED
        if self._lead is None or self.mode not in (Mode.PLAYING, Mode.STOPPING):
            return
        if self.mode is Mode.PLAYING:
            self._parked = self._lead.source, self._lead.take, self._lead.position
        for voice in self._voices:
            voice.leave(max(out, self._declick))
        self.mode = Mode.STOPPING

    def follow(self, start: Start | None) -> None:
        """What begins when what leads has ended, `start.into` before its end."""
        self._follow = start

    def loop(self, ends: tuple[float, float] | None) -> None:
        """At the second go on at the first (frames of what leads); None: no more."""
        if ends is not None and ends[1] - ends[0] < SHORTEST_LOOP_S * self.rate:
            return
        self._loop = ends

    def volume(self, gain: float) -> None:
        """Of all, as a factor; where nothing sounds there is nothing to glide."""
        self._volume_wanted = gain
        if not self._voices:
            self._volume = gain

    def run_at(self, speed: float) -> None:
        """Speed of all."""
        self._speed_wanted = speed

    # --- the callback ------------------------------------------------------------------------------------------------------

    def render(self, out: Sound) -> None:
        """Fill `out` (frames, lines) with what comes next."""
        out[:] = 0.0
        done, missing, count = 0, 0, len(out)
        while done < count:
            piece = out[done : done + min(count - done, MOST, self._until())]
            for voice in self._voices:
                missing += voice.add(piece, self.speed)
            self._glide()
            self._forget()
            done += len(piece)
        self.starved += missing > 0
        self.frames += count
        self._turn(out)
        ahead = ((one.source, one.at) for one in (self._pending, self._follow) if one is not None)
        looped = () if self._loop is None or self._lead is None else ((self._lead.source, self._loop[0]),)
        kept = () if self._parked is None else ((self._parked[0], self._parked[2]),)
        self.heads = (*((voice.source, voice.position) for voice in self._voices), *looped, *ahead, *kept)

    def _until(self) -> int:
        """Do what is due on this sample; how many frames there are until something may be due again."""
        for _ in range(MOST_DUE):
            lead = self._lead
            if lead is None or self.mode is not Mode.PLAYING:
                break
            place, what = self._due(lead)
            if lead.position < place - NEAR:
                frames = math.ceil((place - lead.position) / self.speed - NEAR) if place < math.inf else MOST
                return min(frames, GLIDE_PIECE) if self.speed != self._speed_wanted else max(1, frames)
            what(lead, max(0.0, lead.position - place))
        return GLIDE_PIECE if self.speed != self._speed_wanted else MOST

    def _due(self, lead: Voice) -> tuple[float, _Deed]:
        """The next place of the lead at which something happens, and what."""
        end, pending, loop, follow = float(lead.source.frames), self._pending, self._loop, self._follow
        found: list[tuple[float, _Deed]] = []  # of two on one sample the first
        leaves, turns = math.inf, math.inf if loop is None else min(loop[1], end)
        goes_round = loop is not None and lead.position < turns + MOST_RATE  # a step may end beyond it
        if pending is not None:
            leaves = min(pending.when, end)
            found.append((leaves - self._lead_in(pending.at), self._jump))
        if loop is not None and goes_round and leaves > turns:  # what waits for its end leaves it
            found.append((turns - self._lead_in(loop[0]), self._round))
        if follow is not None and follow.into > 0 and not goes_round:
            found.append((max(0.0, end - follow.into * self.speed), self._cross))
        return min((*found, (end, self._end)), key=lambda one: one[0])

    def _lead_in(self, at: float) -> float:
        """Frames before a place at which a jump there begins, so that the place itself is heard whole."""
        return min(self._declick * self.speed, at)

    def _jump(self, lead: Voice, over: float) -> None:
        assert self._pending is not None
        start, self._pending = self._pending, None
        early = self._lead_in(start.at)
        over = over if over < LATE_S * self.rate else 0.0  # whoever is later than that is off the beat anyhow
        self._begin(start, start.at - early + over, same=lead.source.name == start.source.name)

    def _round(self, lead: Voice, over: float) -> None:
        assert self._loop is not None
        first = self._loop[0]
        self._begin(Start(lead.source, lead.take, first), first - self._lead_in(first) + over, same=True)

    def _cross(self, lead: Voice, over: float) -> None:
        assert self._follow is not None
        start, self._follow, self._loop, self._pending = self._follow, None, None, None
        left = math.ceil((lead.source.frames - lead.position) / self.speed)  # less than that where somebody has jumped into it
        into = min(start.into, max(1, left))
        lead.leave(into, power=True)
        at = start.at + (over if over < MOST_RATE else 0.0)
        self._lead = Voice(start.source, start.take, at, Fade(into, "in", power=True), self.width)
        self._voices.append(self._lead)

    def _end(self, lead: Voice, over: float) -> None:
        start, self._follow, self._loop, self._pending = self._follow, None, None, None
        if start is None:
            self._parked = lead.source, lead.take, float(lead.source.frames)
            self._lead, self.mode = None, Mode.ENDED
            return
        self._lead = Voice(start.source, start.take, start.at + over, None, self.width)
        self._voices.append(self._lead)

    def _begin(self, start: Start, at: float, same: bool = False) -> None:
        """A voice leads from now on, those before it go out."""
        sounding = [voice for voice in self._voices if not voice.gone]
        power = start.into > 0 and not same
        for voice in sounding:
            voice.leave(start.out or self._declick, power)
        soft = start.into or (self._declick if at > NEAR else 0)  # the very beginning of a track is as it was recorded
        if self.source is None or self.source.name != start.source.name:
            self._loop = self._follow = None
        self._lead = Voice(start.source, start.take, at, Fade(soft, "in", power) if soft else None, self.width)
        self._voices = [*sounding, self._lead][-MOST_VOICES:]
        self.mode = Mode.PLAYING

    def _forget(self) -> None:
        """Leave out the voices that are over."""
        if self.mode is Mode.STOPPING and self._lead is not None and self._lead.gone:
            self._lead, self.mode = None, Mode.STOPPED
        if any(voice.gone for voice in self._voices):
            self._voices = [voice for voice in self._voices if not voice.gone or voice is self._lead]

    def _glide(self) -> None:
        apart = self._speed_wanted - self.speed
        most = GLIDE_PIECE / (GLIDE_S * self.rate)
        self.speed = self._speed_wanted if abs(apart) <= most else self.speed + math.copysign(most, apart)

    def _turn(self, out: Sound) -> None:
        """The volume, gliding."""
        apart = self._volume_wanted - self._volume
        if apart:
            steps = (np.arange(1, len(out) + 1) / (VOLUME_S * self.rate)).clip(None, abs(apart))
            out *= (self._volume + np.copysign(steps, apart)).astype(np.float32)[:, None]
            self._volume = self._volume_wanted if steps[-1] >= abs(apart) else self._volume + math.copysign(steps[-1], apart)
        elif self._volume != 1.0:
            out *= np.float32(self._volume)
