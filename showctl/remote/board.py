"""The board: the latest of everything that a remote may show.

The daemon writes it, the web server and MQTT read it; all of them live in one thread, so there is nothing to lock. It keeps
only the latest of each thing, never a queue: who looks rarely sees less, and nobody can hold the daemon up. No I/O and no
clock: every time on it is show time (s) that was handed in. What it says as JSON has no NaN and no infinity in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from showctl.config.words import Words
from showctl.model import (
    BeatState,
    Features,
    Health,
    ListState,
    PerformersView,
    PlaybackState,
    Problem,
    RoomView,
    ShowFrame,
    State,
    TrackView,
)
from showctl.plan import Cue, CueList, Plan, Span, Universe, When
from showctl.remote.gestures import performers_json
from showctl.remote.room import level_json, room_json
from showctl.wire.osc_senders import SenderView

Json = dict[str, Any]

_RANK = {State.RUNNING: 0, State.STARTING: 1, State.DEGRADED: 1, State.FAILED: 2}


@dataclass(frozen=True, slots=True)
class Shown:
    """What remotes make of a plan: of a long one it takes longer than a tick may wait, so it is made beside."""

    plan: Plan
    words: Words  # what hands may say
    cue_lists: list[Json]

    @classmethod
    def of(cls, plan: Plan) -> Shown:
        return cls(plan, Words(plan), [_cue_list(one) for one in plan.lists])


class Board:
    """What is known now. `vital` names the parts without which there is no show; losing any other only degrades it."""

    def __init__(self, plan: Plan, vital: frozenset[str] = frozenset(), origin: float = 0.0) -> None:
        """`origin` is CLOCK_MONOTONIC (s) at show time 0, so that whoever watches the wire can tell what belongs together."""
        self.origin = origin
        self.vital = vital
        self.frame = b""  # (universes, 512) slots in the order of plan.universes, empty before the first frame
        self.frame_time = 0.0  # s, the moment that the frame is the look of
        self.playback: PlaybackState | None = None
        self.features: Features | None = None
        self.room: RoomView | None = None  # None where the venue file says nothing of its sound
        self.performers: PerformersView | None = None  # None where nobody wears anything
        self.senders: tuple[SenderView, ...] = ()  # of OSC, those in quarantine first
        self.tracks: TrackView | None = None  # None where the show plays none
        self.health: dict[str, Health] = {}
        self.problems: tuple[Problem, ...] = ()
        self.load(Shown.of(plan))

    # --- written by the daemon -------------------------------------------------------------------------------------

    def load(self, shown: Shown, problems: tuple[Problem, ...] = (), version: str = "") -> None:
        """Another plan is played from now on; `problems` are what was found in its files, `version` which they are."""
        self.plan, self.words, self._cue_lists = shown.plan, shown.words, shown.cue_lists
        self.problems, self.frame = problems, b""
        self.version: Json = {"name": version, "since": finite(self.frame_time, 3)}

    def tell(self, problems: tuple[Problem, ...]) -> None:
        """What was found in the files, whether they are played or not."""
        self.problems = problems

    def show(self, frame: ShowFrame) -> None:
        """Keep the frame that was just sent."""
        self.frame, self.frame_time, self.playback = frame.slots.tobytes(), frame.time, frame.playback

    def hear(self, features: Features) -> None:
        """Keep what the ear heard last."""
        self.features = features

    def hear_room(self, view: RoomView | None) -> None:
        """Keep what is known of the room's sound."""
        self.room = view

    def hear_tracks(self, view: TrackView | None) -> None:
        """Keep how the tracks stand; None where the show has none."""
        self.tracks = view

    def see_performers(self, view: PerformersView) -> None:
        """Keep how performers and their wearables stand."""
        self.performers = view

    def report(self, health: Health) -> None:
        """Keep how a part is; the names of parts are the daemon's own, so there are few of them."""
        self.health[health.part] = health

    def forget(self, part: str) -> None:
        """There is no such part any more."""
        self.health.pop(part, None)

    # --- read by remotes -------------------------------------------------------------------------------------------

    def overall(self) -> State:
        """The worst of all parts, where a part that is not vital counts as degraded at most.

        Only running, degraded and failed are ever returned: a vital part that still starts is not running yet, hence
        degraded; another one that starts is no reason to say anything.
        """
        worst = 0
        for part in self.health.values():
            rank = _RANK[part.state]
            if part.part not in self.vital:
                rank = 0 if part.state is State.STARTING else min(rank, 1)
            worst = max(worst, rank)
        return (State.RUNNING, State.DEGRADED, State.FAILED)[worst]

    def health_json(self) -> Json:
        """What GET /api/health answers."""
        parts = [
            {
                "name": part.part,
                "state": part.state.value,
                "detail": part.detail,
                "since": finite(part.since),
                "counters": {name: finite(value) for name, value in part.counters},
            }
            for part in self.health.values()
        ]
        return {"state": self.overall().value, "parts": parts}

    def state_json(self) -> Json:
        """What GET /api/state answers: the show as it stands, without the slots themselves."""
        return {
            "time": finite(self.frame_time),
            "origin": finite(self.origin, 6),
            "venue": self.plan.venue,
            "show": self.plan.show,
            "version": self.version,
            **self.playback_json(),
            "heard": _heard(self.features),
            "room": room_json(self.room),
            "level": level_json(self.room),
            "track": track_json(self.tracks),
            "performers": performers_json(self.performers),
            "senders": [_sender(one) for one in self.senders],
            "cue_lists": self._cue_lists,
            "universes": [_universe(one) for one in self.plan.universes],
            "problems": [str(problem) for problem in self.problems],
        }

    def playback_json(self) -> Json:
        """The part of the state that moves while a show runs: `playback` and `beat`, both null before the first frame."""
        state = self.playback
        if state is None:
            return {"playback": None, "beat": None}
        playback = {
            "lists": [_list_state(one) for one in state.lists],
            "grand_master": finite(state.grand_master),
            "blackout": state.blackout,
            "submasters": {name: finite(level) for name, level in state.submasters},
            "effects": list(state.effects),
            "house": None if state.house is None else finite(state.house),
            "held": {key: finite(value) for key, value in state.held},
            "parked": {key: finite(value) for key, value in state.parked},
            "flashed": list(state.flashed),
            "identified": list(state.identified),
            "checked": state.checked,
        }
        beat = {"position": finite(state.beat), "bpm": finite(state.bpm), "confidence": finite(state.confidence)}
        beat |= beats_json(state.beats)
        return {"playback": playback, "beat": beat}


def _sender(view: SenderView) -> Json:
    """Somebody who sends OSC, as GET /api/state tells him."""
    return {
        "name": view.name,
        "state": view.state,
        "packets": view.packets,
        "cut_off": view.cut_off,
        "first": finite(view.first, 1),
        "last": finite(view.last, 1),
        "like": view.like,
    }


def beats_json(beats: BeatState) -> Json:
    """Where the beat comes from, and what hands have said of it: times in ms."""
    return {
        "source": beats.source,
        "flashes": beats.flashes,
        "nudge_ms": finite(1000 * beats.nudge, 1),
        "octaves": beats.octaves,
        "folded": beats.folded,
        "tempo": None if beats.tempo is None else [finite(bpm, 2) for bpm in beats.tempo],
        "downbeat": beats.downbeat,
        "beats_per_bar": beats.beats_per_bar,
        "early_ms": finite(1000 * beats.early, 1),
    }


def track_json(view: TrackView | None) -> Json | None:
    """What plays, what stands by and what comes; times in seconds of the track, `time` is show time."""
    if view is None:
        return None
    return {
        "state": view.state,
        "track": view.track,
        "position": finite(view.position, 3),
        "time": finite(view.time, 3),
        "length": finite(view.length, 3),
        "rate": finite(view.rate),
        "volume": finite(view.volume),
        "bar": view.bar,
        "loop": None if view.loop is None else [finite(one, 3) for one in view.loop],
        "standby": view.standby,
        "next": view.following,
        "resume": None if view.resume is None else finite(view.resume, 3),
        "beats_known": view.mapped,
        "troubles": dict(view.troubles),
    }


def finite(value: float, digits: int = 4) -> float | None:
    """A number that JSON has a word for, or None: NaN and infinity have none."""
    return round(value, digits) if math.isfinite(value) else None


def number_words(number: Decimal) -> str:
    """A cue number as people write it: no zeros behind, no exponent."""
    return f"{number.normalize():f}"


def span_words(span: Span) -> str:
    """A length of time as a cue file says it: "2 s", "0.5 beat", "4 bars"."""
    plural = "s" if span.unit != "s" and abs(span.amount) != 1 else ""
    return f"{span.amount:g} {span.unit}{plural}"


def when_words(when: When | None) -> str:
    """What a cue waits for: "drop, on the next bar"; empty where it waits for GO."""
    if when is None:
        return ""
    return when.section.value if when.quantise == "none" else f"{when.section.value}, on the next {when.quantise}"


def follow_words(cue: Cue) -> str:
    """When the next cue comes by itself; empty where it does not."""
    if cue.follow is not None:
        return f"{span_words(cue.follow)} after its GO"
    if cue.hang is not None:
        return f"{span_words(cue.hang)} after its end"
    return ""


def _cue_list(cue_list: CueList) -> Json:
    cues = [
        {"number": number_words(cue.number), "name": cue.name, "when": when_words(cue.when), "follow": follow_words(cue)}
        for cue in sorted(cue_list.cues, key=lambda cue: cue.number)
    ]
    return {"name": cue_list.name, "priority": cue_list.priority, "cues": cues}


def _list_state(state: ListState) -> Json:
    return {
        "name": state.name,
        "current": state.current,
        "pending": state.pending,
        "state": state.state,
        "started": finite(state.started),
        "ends": finite(state.ends),
        "waiting": state.waiting,
        "rate": finite(state.rate),
    }


def _heard(features: Features | None) -> Json | None:
    if features is None:
        return None
    return {
        "time": finite(features.time),
        "level": finite(features.level, 1),
        "bands": [finite(band, 1) for band in features.bands],
        "energy": finite(features.energy),
        "onset": finite(features.onset),
        "section": features.section.value,
        "beat": features.grid is not None,
    }


def _universe(universe: Universe) -> Json:
    to = (["multicast"] if universe.multicast else []) + list(universe.unicast)
    return {"number": universe.number, "to": to, "priority": universe.priority, "sync": universe.sync}
