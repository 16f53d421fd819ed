"""What is asked of a player of tracks, and what it tells: the nouns between the set list and whatever plays.

They are imported from here, not from `showctl.model`: `Play` and `Loop` would be too much for a namespace of light.

Times inside a track are seconds of the track, whatever rate its file or the device has; times of the clock are CLOCK_MONOTONIC
nanoseconds, at which a position of the track leaves the loudspeakers. `seq` is a running number of the commands.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from showctl.model.report import State

SLOWEST, FASTEST = 0.5, 2.0  # rates
LONGEST_S = 86_400.0  # of a track, and of whatever else is counted in seconds


@dataclass(frozen=True, slots=True)
class PlayerSetup:
    """What the process is started for: which sound card, and the channel (from 0) that each line of the mixer goes to."""

    card: str  # a part of the name; empty: the usual one
    channels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a track, and the lines that it is heard on: one channel of the file for each, in turn."""

    file: str
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Define:
    """A track: parts that run in step. `ready` are the seconds from which it can be asked to play at any moment.

    `there` is what a player that has songs of its own calls it, and `length` how long it is here.
    """

    seq: int
    track: str
    parts: tuple[Part, ...]
    gain: float = 1.0  # factor
    ready: tuple[float, ...] = ()
    there: str = ""
    length: float = 0.0  # s


@dataclass(frozen=True, slots=True)
class Forget:
    """A track that is not wanted any more; where it plays it plays on."""

    seq: int
    track: str


@dataclass(frozen=True, slots=True)
class Prepare:
    """Have this place ready to play: called before it is needed."""

    seq: int
    track: str
    at: float = 0.0  # s


@dataclass(frozen=True, slots=True)
class Play:
    """Play a track from `at`; what plays goes out in `out`. With `when` it waits until what plays is there, to the sample."""

    seq: int
    track: str
    at: float = 0.0  # s
    into: float = 0.0  # s in which it comes in, at equal power with what goes out; 0: at once
    out: float = 0.0  # s; 0: as short as can be without a click
    when: float | None = None  # s of what plays now


@dataclass(frozen=True, slots=True)
class Stay:
    """A Play that waits for its `when` is called off."""

    seq: int


@dataclass(frozen=True, slots=True)
class PausePlay:
    """Stand still, without a click."""

    seq: int


@dataclass(frozen=True, slots=True)
class ResumePlay:
    """Go on from where it stands."""

    seq: int


@dataclass(frozen=True, slots=True)
class StopPlay:
    """Go out, and then be silent."""

    seq: int
    out: float = 0.0  # s


@dataclass(frozen=True, slots=True)
class Follow:
    """What comes when the track that plays has ended: sample to sample, or in a crossfade before. No track: silence.

    `of` is the number of the Play whose track that is: where it was refused, what played before keeps what follows it.
    """

    seq: int
    track: str | None = None
    at: float = 0.0  # s
    crossfade: float = 0.0  # s
    of: int = 0  # 0: of what plays


@dataclass(frozen=True, slots=True)
class Loop:
    """At `last` what plays goes on at `first`, over and over; without them it goes on to its end."""

    seq: int
    first: float | None = None  # s
    last: float | None = None  # s
    of: int = 0  # as of Follow


@dataclass(frozen=True, slots=True)
class Volume:
    """Of all that is played, as a factor 0..1."""

    seq: int
    gain: float


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast tracks run, and so how high they sound."""

    seq: int
    rate: float  # SLOWEST..FASTEST


Command: TypeAlias = Define | Forget | Prepare | Play | Stay | PausePlay | ResumePlay | StopPlay | Follow | Loop | Volume | Speed


class Mode(StrEnum):
    """What the player does."""

    STOPPED = "stopped"
    PLAYING = "playing"
    PAUSED = "paused"
    STOPPING = "stopping"  # it goes out
    ENDED = "ended"  # the track came to its end, and nothing followed


@dataclass(frozen=True, slots=True)
class PlayerClock:
    """Where the music is: `position` of what plays is heard at `at_ns`, and it runs on at `rate` while it plays."""

    mode: Mode
    take: int  # number of the Play or Follow that began what plays; 0: nothing has played
    seq: int  # of the last Play, PausePlay, ResumePlay or StopPlay that was acted upon
    position: float = 0.0  # s of the track
    rate: float = 1.0
    at_ns: int = 0
    length: float = 0.0  # s of the track

    def position_at(self, ns: int) -> float:
        """Seconds of the track that are heard at monotonic `ns`."""
        if self.mode not in (Mode.PLAYING, Mode.STOPPING):
            return self.position
        return self.position + (ns - self.at_ns) / 1e9 * self.rate


@dataclass(frozen=True, slots=True)
class PlayerStatus:
    """How the process is, in words with the next step."""

    state: State  # FAILED: it ends, and `detail` says why
    detail: str
    rate: int = 0  # Hz of the device
    latency: float = 0.0  # s from a block's making to its leaving, as the sound system says
    lost: int = 0  # times that the sound system says that sound was lost
    late: int = 0  # blocks whose making took us longer than they last
    starved: int = 0  # blocks for which the file had not been read in time
    memory: int = 0  # bytes of sound
    troubles: tuple[tuple[str, str], ...] = ()  # track, and why it cannot be played
    refused: str = ""  # why a command could not be done, the last of those
    refused_seq: int = 0  # and its number
