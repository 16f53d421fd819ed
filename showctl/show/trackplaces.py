"""Places of a track by what people call them: a marker, the next beat or bar, so many bars from here. PURE: seconds of the track.

What is not there, or not known yet, is Refused in words.
"""

from __future__ import annotations

import math

from showctl.model import BeatMap
from showctl.model.player import Define, Part
from showctl.plan import TrackPlan
from showctl.show.refused import Refused

MOST_BARS = 256  # of a loop
MOST_READY = 64  # places of a track that are kept in memory


def defined(track: TrackPlan, found: BeatMap | None, number: int) -> Define:
    """A track as the player is told of it: with the places that it may be asked for at any moment."""
    places = (one.at if one.at is not None else None if found is None else found.bar(one.bar) for one in track.markers)
    ready = tuple(at for at in places if at is not None)[:MOST_READY]
    parts = tuple(Part(part.file, part.lines) for part in track.parts)
    return Define(number, track.name, parts, track.gain, ready, track.there or track.name, track.length)


def marker(track: TrackPlan, name: str, found: BeatMap | None) -> float:
    """Where a marker is."""
    for one in track.markers:
        if one.name == name:
            at = one.at if one.at is not None else known(track.name, found).bar(one.bar)
            if at is None:
                raise Refused(f"{track.name} has no bar {one.bar}, where its marker {name} should be")
            return at
    raise Refused(f"{track.name} has no marker {name!r}")


def line_from(track: str, quantise: str, found: BeatMap | None, earliest: float, latest: float = math.inf) -> float:
    """The first beat or bar at or after a place; `latest` where there is none before that."""
    beats = known(track, found)
    line = beats.next_beat(earliest) if quantise == "beat" else beats.next_bar(earliest)
    if line is None and latest == math.inf:
        raise Refused(f"{track} has no {quantise} any more")
    return latest if line is None else min(line, latest)


def bars_from(track: str, count: int, found: BeatMap | None, heard: float, earliest: float) -> tuple[float, float]:
    """So many bars from the one that is heard; from the next where this one is over by `earliest`."""
    if not 1 <= count <= MOST_BARS:
        raise Refused(f"a loop has 1 to {MOST_BARS} bars, not {count}")
    beats = known(track, found)
    number = max(1, beats.bar_at(heard))
    last = beats.bar(number + count)
    if last is not None and last < earliest:
        number, last = number + 1, beats.bar(number + 1 + count)
    first = beats.bar(number)
    if first is None or last is None:
        raise Refused(f"{track} has no {count} bars from here")
    return first, last


def known(track: str, found: BeatMap | None) -> BeatMap:
    """The map, where there is one."""
    if found is None:
        raise Refused(f"the beats of {track} are not known yet: they are worked out when the show is loaded")
    return found
