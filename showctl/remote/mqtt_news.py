"""What MQTT tells of the show, and how often.

    TOPIC/status    "online", or "offline" once we are gone, said by the broker in our name (last will); retained
    TOPIC/health    as GET /api/health; retained, when a part changes and every 30 s
    TOPIC/state     where the cue lists stand, grand master, blackout, bpm and whose it is; retained, when it changes
    TOPIC/room      as `room` of GET /api/state: curves, bands and whose they are, why the equaliser stands still; retained,
                    when it changes, every 5 s at most (1 s where it is more than figures). Only of a venue with `pa`, as is
    TOPIC/level     as `level` of GET /api/state: LAeq and LCpeak at each microphone, limits and warnings; likewise
    TOPIC/track     as `track` of GET /api/state: what plays, how far it is, what stands by; likewise, of a show with tracks

All of it is retained: who comes later finds the same. Where a venue has no `pa` (any more), or a show no tracks, what the
broker still holds of an earlier night's is taken back; not what somebody else tells there, or what is not as we say it.
"""

from __future__ import annotations

import json

from showctl.model import RoomView
from showctl.remote.board import Board, Json, finite, track_json
from showctl.remote.room import level_json, room_json

CHANGE_S, REPEAT_S = 1.0, 30.0  # how often to tell of small changes, to repeat the health
FIGURES_S = 5.0  # how often to tell of figures of the room
AT_TIMES = {"room": "mode", "level": "warnings", "track": "standby"}  # what only some shows have, each with a field of it
SETTLED_S = 2 * FIGURES_S + 1.0  # after that whoever was going to tell of them has done so


class News:
    """What is worth publishing: remembers what one connection was told, and when."""

    def __init__(self) -> None:
        self._health: object = None
        self._state: Json = {}
        self._health_at = self._state_at = -float("inf")
        self._room, self._level, self._track = (_Slow(word) for word in AT_TIMES)

    def heard(self, word: str, payload: bytes, retained: bool) -> None:
        """The broker has one of AT_TIMES: from before this connection where it is `retained`, said just now where not."""
        for one in (self._room, self._level, self._track):
            if one.word == word:
                one.heard(payload, retained)

    def of(self, board: Board, now: float) -> list[tuple[str, str]]:
        """Words and payloads that are due now."""
        due = []
        health = board.health_json()
        without_counters = [health["state"], *((part["name"], part["state"], part["detail"]) for part in health["parts"])]
        if now - self._health_at >= (CHANGE_S if without_counters != self._health else REPEAT_S):
            self._health, self._health_at = without_counters, now
            due.append(("health", json.dumps(health, allow_nan=False)))
        state = state_json(board)
        if state is not None and self._tells(state, now):
            self._state, self._state_at = state, now
            due.append(("state", json.dumps(state, allow_nan=False)))
        if (view := board.room) is not None:
            due += self._sound(view, now)
        else:
            due += self._room.gone(now) + self._level.gone(now)
        return due + self._playing(board, now)

    def _playing(self, board: Board, now: float) -> list[tuple[str, str]]:
        """What plays is told when it is another, how far it is once in a while."""
        if (body := track_json(board.tracks)) is None:
            return self._track.gone(now)
        body.pop("time")
        facts = [body[key] for key in ("state", "track", "standby", "next", "loop", "volume", "rate", "troubles")]
        return self._track.told(body, facts, now)

    def _sound(self, view: RoomView, now: float) -> list[tuple[str, str]]:
        room, level = room_json(view) or {}, level_json(view) or {}
        facts = [room[key] for key in ("zone", "mode", "on", "doing", "bypassed", "howl")]
        facts += [bool(room["frozen"]), [band["owner"] for band in room["bands"]]]
        facts += [(band["freq"], band["gain"]) for band in room["bands"] if band["owner"] == "notch"]
        warned = [[warning["of"], warning["over"]] for warning in level["warnings"]]
        return self._room.told(room, facts, now) + self._level.told(level, warned, now)

    def _tells(self, state: Json, now: float) -> bool:
        """A cue is told at once, a tempo that wanders once in a while."""
        if now - self._state_at < CHANGE_S:
            state = state | {"bpm": self._state["bpm"]}
        return state != self._state


class _Slow:
    """A topic whose figures change all the time: they are told every FIGURES_S at most, its facts every CHANGE_S."""

    def __init__(self, word: str) -> None:
        self.word, self._body, self._at = word, Json(), -float("inf")
        self.left = False  # by an earlier night
        self._without: float | None = None  # since when there is nothing to be told, s
        self._facts: object = None

    def heard(self, payload: bytes, retained: bool) -> None:
        """What an earlier night left is ours to take back; not what others tell, which comes although we tell nothing."""
        if retained:
            self.left = _is_ours(self.word, payload)
        elif not self._body:
            self.left = False

    def told(self, body: Json, facts: object, now: float) -> list[tuple[str, str]]:
        """What is to be published now: nothing, or one message."""
        if body == self._body or now - self._at < (CHANGE_S if facts != self._facts else FIGURES_S):
            return []
        self._body, self._facts, self._at, self.left = body, facts, now, False
        return [(self.word, json.dumps(body, allow_nan=False))]

    def gone(self, now: float) -> list[tuple[str, str]]:
        """There is nothing of it (any more): what is retained is taken back, by an empty message."""
        self._without = now if self._without is None else self._without
        if not self._body and not (self.left and now - self._without >= SETTLED_S):
            return []
        self._body, self._facts, self._at, self.left = {}, None, -float("inf"), False
        return [(self.word, "")]


def _is_ours(word: str, payload: bytes) -> bool:
    """Whether it is what we say there."""
    try:
        body = json.loads(payload)
    except (ValueError, RecursionError):
        return False
    return isinstance(body, dict) and AT_TIMES[word] in body


def state_json(board: Board) -> Json | None:
    """What TOPIC/state holds; None before the first frame."""
    playback = board.playback
    if playback is None:
        return None
    lists = {
        one.name: {"current": one.current, "pending": one.pending, "state": one.state, "waiting": one.waiting}
        for one in playback.lists
    }
    return {
        "lists": lists,
        "grand_master": finite(playback.grand_master),
        "blackout": playback.blackout,
        "bpm": finite(playback.bpm, 1),
        "beat": playback.beats.source,
    }
