"""What a program that plays songs says, made use of: whether it does what it was told, what it lacks, how it is in words.

Pure: times are arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from showctl.model import State
from showctl.model.player import Define, Mode, PlayerStatus
from showctl.wire.dialect import Dialect, Said, Standing

EARLY_S, SOON_S = 0.25, 0.75  # around a place, in which a song that has just begun there is found
MOST_NAMED = 12  # of the names that there are, in words


@dataclass(frozen=True, slots=True)
class Due:
    """What it has been told, and has not said yet that it does."""

    mode: Mode
    seq: int  # that is acted upon with it
    take: int
    since: float  # s, monotonic
    at: float = 0.0  # s of the song

    def met(self, said: Said, rate: float, now: float) -> bool:
        """Whether it is done."""
        if self.mode is not Mode.PLAYING:
            return said.standing is not Standing.PLAYING
        latest = self.at + (now - self.since) * rate + SOON_S
        return said.standing is Standing.PLAYING and self.at - EARLY_S <= said.place <= latest


def lacks(dialect: Dialect, there: str) -> str:
    """That it has no song of that name, and which it has."""
    names = dialect.names()
    known = ", ".join(names[:MOST_NAMED]) + " ..." * (len(names) > MOST_NAMED)
    return f"{dialect.title} has no {there!r}; there is {known or 'nothing that we know of'}"


def status(
    dialect: Dialect, tracks: Mapping[str, Define], *, deaf: str, sure: bool, unread: str, refused: tuple[str, int]
) -> PlayerStatus:
    """How it is. `deaf`: that it says nothing; `sure`: it has had time to say what it has; `unread`: why something of it cannot
    be read; `refused`: why the last command could not be done, and its number."""
    state, detail = State.RUNNING, f"plays through {dialect.title}; {dialect.cannot}"
    unknown = [(name, one.there) for name, one in tracks.items() if dialect.said(one.there) is None] if sure else []
    missing = tuple((name, lacks(dialect, there)) for name, there in unknown[:MOST_NAMED])
    parts = [name for name, one in tracks.items() if len(one.parts) > 1]
    if deaf:
        state, detail = State.DEGRADED, f"{deaf}: look after it; nothing is begun meanwhile"
    elif missing:
        state, detail = State.DEGRADED, missing[0][1]
    elif dialect.lacks:
        state, detail = State.DEGRADED, dialect.lacks
    elif unread:
        detail += f"; some of what it says cannot be read ({unread})"
    elif parts:
        detail += f"; of {parts[0]} it has no `parts` from here"
    return PlayerStatus(state, detail, troubles=missing, refused=refused[0], refused_seq=refused[1])
