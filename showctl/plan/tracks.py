"""What we play ourselves, from the show file, and through what, from the venue file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

PlayerKind: TypeAlias = Literal["device", "mpv", "reaper", "qlab", "ableton"]


class Address(NamedTuple):
    """Where a program that speaks OSC is, and the port of this machine that it answers to."""

    host: str
    port: int
    answers: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}:{self.answers}"

    @classmethod
    def of(cls, text: str) -> Address:
        """What `str` made."""
        host, port, answers = text.split(":")
        return cls(host, int(port), int(answers))


@dataclass(frozen=True, slots=True)
class TrackPart:
    """A file of a track, and the lines of the player that it is heard on."""

    file: str  # its path
    lines: tuple[int, ...]  # from 0


@dataclass(frozen=True, slots=True)
class Marker:
    """A place of a track that has a name."""

    name: str
    at: float | None = None  # s
    bar: int = 0  # 1..; where `at` is None


@dataclass(frozen=True, slots=True)
class TrackPlan:
    """A song that we play ourselves: files that run in step."""

    name: str
    parts: tuple[TrackPart, ...]  # the first is what is heard for the beat
    length: float  # s, of the longest of them
    gain: float = 1.0  # factor
    markers: tuple[Marker, ...] = ()
    tempo: float | None = None  # bpm, where a person says that it is steady; None: it is heard
    downbeat: float = 0.0  # s, where bar 1 begins then
    beats_per_bar: int = 4
    line: int = 0  # in the show file, for messages
    path: str = ""  # of that file
    there: str = ""  # what a player that has songs of its own calls it; empty: by its name


@dataclass(frozen=True, slots=True)
class SetEntry:
    """A place in the set list, and what comes when its track has ended."""

    track: str
    then: Literal["stop", "hold", "next"] = "stop"  # stop: the next stands by; hold: this one does; next: the next follows
    crossfade: float = 0.0  # s in which the next comes in before the end; 0: sample to sample


@dataclass(frozen=True, slots=True)
class TracksPlan:
    """What we play ourselves, and through what."""

    tracks: tuple[TrackPlan, ...]
    setlist: tuple[SetEntry, ...]
    player: PlayerKind = "device"
    card: str = ""  # a part of the sound card's name, empty: the usual one; of mpv the path of its socket; else an Address
    channels: tuple[int, ...] = (0, 1)  # of the card, from 0, for each line
    fade: float = 2.0  # s of a stop
    passcode_file: str = ""  # of QLab; its path
