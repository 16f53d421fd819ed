"""What can be asked of a show that runs, by OSC: paths and what is told under each. PURE: how the show stands in, values out.

Each is told under the address of the fader or button that moves it, so that a surface which sends `/showctl/gm 0.8` shows what
comes back as `/showctl/gm 0.8` without anything being set up. The table is what docs/osc.md shows; NAME is a list, a submaster.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from showctl.model import ListState, PlaybackState, TrackView
from showctl.plan import Plan
from showctl.wire.osc import Value, encode

Values: TypeAlias = tuple[Value, ...]
Told: TypeAlias = Iterator[tuple[str, Values]]

MAIN = "main"
LONGEST_TEXT = 200  # characters


@dataclass(frozen=True, slots=True)
class Standing:
    """How a show stands. `cues` are the names of cues, by list and number."""

    time: float  # s, now
    playback: PlaybackState | None = None
    tracks: TrackView | None = None
    show: str = ""
    state: str = ""  # of the daemon: running, degraded or failed
    cues: Mapping[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """A line of the table: path, types of OSC, what they are, and how they are found."""

    path: str
    tags: str
    text: str
    of: Callable[[Standing], Told]


def cue_names(plan: Plan) -> dict[tuple[str, str], str]:
    """What cues are called, for `Standing`; cues without a name are left out."""
    return {(one.name, f"{cue.number.normalize():f}"): cue.name for one in plan.lists for cue in one.cues if cue.name}


def told(standing: Standing) -> dict[str, Values]:
    """Everything that can be asked for now: path and values."""
    return {path: values for answer in ANSWERS for path, values in answer.of(standing)}


def message(path: str, values: Values) -> bytes | None:
    """The packet that tells it. None where the path cannot be an address: a name that is not ASCII."""
    address = f"/showctl/{path}"
    if not (address.isascii() and address.isprintable()):
        return None
    return encode(address, *(plain(one) if isinstance(one, str) else one for one in values))


def plain(text: str) -> str:
    """Text as OSC can carry it: ASCII, not endless."""
    return text.replace("\0", " ").encode("ascii", "replace").decode("ascii")[:LONGEST_TEXT]


def covers(asked: str, path: str) -> bool:
    """Is `path` the one that was asked for, or below it? Nothing asked for is everything. No patterns."""
    return not asked or path == asked or path.startswith(asked + "/")


# --- how each is found ---------------------------------------------------------------------------------------------


def _lists(standing: Standing, word: str, of: Callable[[ListState], Values]) -> Told:
    for one in standing.playback.lists if standing.playback else ():
        yield f"list/{one.name}/{word}", of(one)
        if one.name == MAIN:
            yield word, of(one)


def _cue(standing: Standing) -> Told:
    return _lists(standing, "cue", lambda one: (one.current, standing.cues.get((one.name, one.current), "")))


def _next(standing: Standing) -> Told:
    def pending(one: ListState) -> Values:
        return (one.pending or "", standing.cues.get((one.name, one.pending or ""), ""), one.waiting)

    return _lists(standing, "next", pending)


def _state(standing: Standing) -> Told:
    return _lists(standing, "state", lambda one: (one.state,))


def _rate(standing: Standing) -> Told:
    return _lists(standing, "rate", lambda one: (_finite(one.rate),))


def _masters(standing: Standing) -> Told:
    if (playback := standing.playback) is not None:
        yield "gm", (_finite(playback.grand_master),)


def _blackout(standing: Standing) -> Told:
    if (playback := standing.playback) is not None:
        yield "blackout", (int(playback.blackout),)


def _house(standing: Standing) -> Told:
    if (playback := standing.playback) is not None and playback.house is not None:
        yield "house", (_finite(playback.house),)


def _submasters(standing: Standing) -> Told:
    if (playback := standing.playback) is not None:
        yield from ((f"sub/{name}", (_finite(level),)) for name, level in playback.submasters)


def _flashes(standing: Standing) -> Told:
    if (playback := standing.playback) is not None:
        yield from ((f"flash/{name}", (int(name in playback.flashed),)) for name, _ in playback.submasters)


def _bpm(standing: Standing) -> Told:
    if (playback := standing.playback) is not None:
        yield "bpm", (round(_finite(playback.bpm), 1),)


def _beat(standing: Standing) -> Told:
    if (playback := standing.playback) is not None:
        beats = playback.beats
        number = math.floor(_finite(playback.beat))
        yield "beat", (number % 2**31, 1 + (number - beats.bar) % beats.beats_per_bar if beats.counts else 0)


def _source(standing: Standing) -> Told:
    if (playback := standing.playback) is not None:
        yield "beat/source", (playback.beats.source,)


def _lock(standing: Standing) -> Told:
    if (playback := standing.playback) is not None:
        yield "beat/lock", (int(playback.beats.source == "lock"),)


def _track(standing: Standing) -> Told:
    if (tracks := standing.tracks) is not None:
        yield "track/state", (tracks.state, tracks.track or "")


def _track_next(standing: Standing) -> Told:
    if (tracks := standing.tracks) is not None:
        yield "track/next", (tracks.standby or "", tracks.following or "")


def _track_position(standing: Standing) -> Told:
    if (tracks := standing.tracks) is not None:
        moves = tracks.state in ("playing", "stopping")
        position = tracks.position + (standing.time - tracks.time) * tracks.rate if moves else tracks.position
        if tracks.length > 0:
            position = min(position, tracks.length)
        yield "track/position", (round(max(0.0, _finite(position)), 1), round(_finite(tracks.length), 1), tracks.bar)


def _track_volume(standing: Standing) -> Told:
    if (tracks := standing.tracks) is not None:
        yield "track/volume", (_finite(tracks.volume),)


def _track_rate(standing: Standing) -> Told:
    if (tracks := standing.tracks) is not None:
        yield "track/rate", (_finite(tracks.rate),)


def _show(standing: Standing) -> Told:
    yield "show", (standing.show,)


def _health(standing: Standing) -> Told:
    yield "health", (standing.state,)


def _finite(value: float) -> float:
    """A figure as it may be told: what is no number is told as 0, which only a mistake of ours can do."""
    return value if abs(value) < 1e12 else 0.0  # NaN is not


ANSWERS: tuple[Answer, ...] = (
    Answer("cue", "ss", "number and name of the cue that list `main` stands in; `0` before the first", _cue),
    Answer("next", "sss", "the cue that GO would fire: number, name, and what it waits for (`drop`) where it waits", _next),
    Answer("state", "s", "`idle`, `fading`, `paused` or `released`", _state),
    Answer("rate", "f", "how fast the list runs, 1 as it is written", _rate),
    Answer("list/NAME/cue", "ss", "of any list; so are `next`, `state` and `rate`", _cue),
    Answer("gm", "f", "grand master, 0..1", _masters),
    Answer("blackout", "i", "1 or 0", _blackout),
    Answer("house", "f", "house lights, 0..1, where the venue has some", _house),
    Answer("sub/NAME", "f", "submaster, 0..1", _submasters),
    Answer("flash/NAME", "i", "its flash button: 1 as long as it is down", _flashes),
    Answer("bpm", "f", "tempo, beats a minute", _bpm),
    Answer("beat", "ii", "told on each beat: its number, and its place in the bar from 1, 0 where that is not known", _beat),
    Answer("beat/source", "s", "whose the beat is: `none`, `ear`, `tap`, `lock`", _source),
    Answer("beat/lock", "i", "1 where it is locked", _lock),
    Answer("track/state", "ss", "`stopped`, `playing`, `paused` or `stopping`, and which track", _track),
    Answer("track/next", "ss", "the track that PLAY begins, and the one that follows by itself", _track_next),
    Answer("track/position", "ffi", "seconds of the track, its length (0: not known), and the bar", _track_position),
    Answer("track/volume", "f", "0..1", _track_volume),
    Answer("track/rate", "f", "how fast tracks run", _track_rate),
    Answer("show", "s", "the name of the show", _show),
    Answer("health", "s", "`running`, `degraded` or `failed`", _health),
)
