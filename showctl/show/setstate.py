"""Where the set list stands: what is kept of it over a crash, and how it is found again in another version of the show. PURE."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, fields
from typing import Literal, TypeAlias, get_args

from showctl.model.player import FASTEST, LONGEST_S, SLOWEST
from showctl.plan import SetEntry

Standing: TypeAlias = Literal["stopped", "playing", "paused"]


@dataclass(frozen=True, slots=True)
class Place:
    """A track, and where it stands in the set list (0..; None: it was asked for by its name)."""

    track: str
    index: int | None = None


@dataclass(frozen=True, slots=True)
class SetState:
    """All that a restart needs."""

    mode: Standing = "stopped"
    at: Place | None = None  # what plays, is paused, or was stopped
    position: float = 0.0  # s of it: where it is paused, or would go on
    resumes: bool = False  # stopped, and RESUME goes on
    standby: Place | None = None  # what PLAY begins
    volume: float = 1.0  # 0..1, the fader
    rate: float = 1.0


def place_at(entries: Sequence[SetEntry], index: int) -> Place | None:
    return Place(entries[index].track, index) if 0 <= index < len(entries) else None


def found_again(place: Place | None, entries: Sequence[SetEntry], tracks: Container[str]) -> Place | None:
    """Where a place is in another set list: the nearest of its track; None where the track is gone."""
    if place is None or place.track not in tracks:
        return None
    indices = [i for i, entry in enumerate(entries) if entry.track == place.track]
    index = place.index
    if index is None or not indices:
        return Place(place.track)
    return Place(place.track, min(indices, key=lambda i: abs(i - index)))


def standing_by(standby: Place | None, before: Sequence[SetEntry], entries: Sequence[SetEntry]) -> Place | None:
    """What stands by in another set list: the same, else what comes now after the last that did before it."""
    names = {entry.track for entry in entries}
    if standby is not None and standby.track in names:
        return found_again(standby, entries, names)
    first = len(before) if standby is None or standby.index is None else standby.index
    for index in range(first - 1, -1, -1):
        found = found_again(Place(before[index].track, index), entries, names)
        if found is not None and found.index is not None:
            return place_at(entries, found.index + 1)
    return place_at(entries, 0)


def found_from(track: str, entries: Sequence[SetEntry], standby: Place | None) -> Place:
    """Where a track stands in the set list: from what stands by onwards, else the first."""
    here = standby.index if standby is not None and standby.index is not None else 0
    indices = [i for i, entry in enumerate(entries) if entry.track == track]
    return Place(track, next((i for i in indices if i >= here), indices[0] if indices else None))


def unpacked(data: object) -> SetState:
    """The state that was kept as a mapping of its fields. ValueError for anything else."""
    if not isinstance(data, dict) or data.keys() - {field.name for field in fields(SetState)}:
        raise ValueError(f"no state of tracks: {str(data)[:80]}")
    places = {key: None if data.get(key) is None else Place(**data[key]) for key in ("at", "standby")}
    state = SetState(**{**data, **places})
    bounds = ((state.position, 0.0, LONGEST_S), (state.volume, 0.0, 1.0), (state.rate, SLOWEST, FASTEST))
    sound = all(isinstance(one, int | float) and least <= one <= most for one, least, most in bounds)
    if state.mode not in get_args(Standing) or not sound:
        raise ValueError(f"no state of tracks: {str(data)[:80]}")
    return state
