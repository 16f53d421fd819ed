"""What the page is told, and how a slow page is kept from holding up the others.

A topic is one thing that the page keeps the latest of: "patch", "show", "playback", "music", "health", "clock" as JSON
objects `{topic: value}`, "room" and "level" in a venue whose sound is looked after, "performers" and "quarantine" where somebody
wears something, and "frame" as binary. A Client holds at most one message a topic, so that who reads slowly sees less often and
never costs memory; the Publisher makes each message once for all clients, and only when it changed.

A frame is 8 bytes, the show time that it is the look of (s, float64, little endian), then the 512 slots of each universe in
the order of the plan's universes: what was really sent.
"""

from __future__ import annotations

import asyncio
import json
import math
import struct
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from aiohttp import web

from showctl.model import Features, PerformersView, PlaybackState, RoomView, State
from showctl.plan import Parameter, PatchedFixture, Plan
from showctl.remote.board import Board, beats_json, finite
from showctl.remote.gestures import performers_json
from showctl.remote.room import level_json, room_json
from showctl.remote.web.guard import Scope
from showctl.wire.osc_senders import SenderView

Message: TypeAlias = str | bytes

SEND_TIMEOUT = 10.0  # s after which a client that takes nothing is let go
STRANGERS = 8  # in quarantine that the page shows
REPLIES = 8  # answers kept for a client that sends faster than it reads
HEADER = struct.Struct("<d")


class Client:
    """One open page: the messages that wait for it, and the task that writes them."""

    def __init__(self, socket: web.WebSocketResponse, scope: Scope) -> None:
        self.socket = socket
        self.scope = scope
        self.dropped = 0  # frames that it was too slow for
        self.flashing: set[str] = set()  # submasters whose flash button it holds down
        self._waiting: dict[str, Message] = {}
        self._replies: list[Message] = []
        self._ready = asyncio.Event()

    def offer(self, topic: str, message: Message) -> None:
        """Keep this message of a topic instead of an older one; newer topics go behind older ones."""
        if self._waiting.pop(topic, None) is not None and topic == "frame":
            self.dropped += 1
        self._waiting[topic] = message
        self._ready.set()

    def reply(self, value: dict[str, Any]) -> None:
        """Answer a message of this client; the oldest answers are dropped."""
        self._replies = [*self._replies[1 - REPLIES :], encode("reply", value)]
        self._ready.set()

    async def write(self) -> None:
        """Send what waits, until cancelled. Raises TimeoutError or ConnectionError when the client is gone."""
        while True:
            await self._ready.wait()
            self._ready.clear()
            batch = [*self._replies, *self._waiting.values()]
            self._replies, self._waiting = [], {}
            for message in batch:
                async with asyncio.timeout(SEND_TIMEOUT):
                    if isinstance(message, bytes):
                        await self.socket.send_bytes(message)
                    else:
                        await self.socket.send_str(message)


class Publisher:
    """The latest message of each topic, made from the board."""

    def __init__(self, board: Board, now: Callable[[], float]) -> None:
        self.latest: dict[str, Message] = {}
        self._board = board
        self._now = now
        self._plan: Plan | None = None
        self._problems: object = None
        self._frame = b""
        self._room: RoomView | None = None
        self._performers: PerformersView | None = None
        self._strange: object = None
        self._second = -1

    def refresh(self) -> list[str]:
        """Look at everything but the frame; returns the topics that changed."""
        board, changed = self._board, []
        if board.plan is not self._plan or board.problems is not self._problems:
            self._plan, self._problems, self._frame = board.plan, board.problems, b""
            self.latest.pop("frame", None)
            state = board.state_json()
            show = {key: state[key] for key in ("venue", "show", "cue_lists", "universes", "problems")}
            changed += self._put("patch", patch_json(board.plan)) + self._put("show", show)
        now = self._now()
        changed += self._put("playback", board.playback_json()["playback"])
        changed += self._put("music", music_json(board, now))
        changed += self._put("health", health_json(board))
        if board.room is not self._room:
            self._room = board.room
            changed += self._put("room", room_json(board.room)) + self._put("level", level_json(board.room))
        if board.performers is not self._performers:
            self._performers = board.performers
            changed += self._put("performers", performers_json(board.performers))
        if board.performers is not None and board.senders is not self._strange:
            self._strange = board.senders
            changed += self._put("quarantine", quarantine_json(board.senders))
        if int(now) != self._second:
            self._second = int(now)
            changed += self._put("clock", {"now": finite(now, 3)})
        return changed

    def refresh_frame(self) -> list[str]:
        """Take the newest frame if its slots differ from the last ones."""
        board = self._board
        if not board.frame or board.frame == self._frame or board.plan is not self._plan:
            return []
        self._frame = board.frame
        self.latest["frame"] = HEADER.pack(board.frame_time) + board.frame
        return ["frame"]

    def _put(self, topic: str, value: Any) -> list[str]:
        message = encode(topic, value)
        if self.latest.get(topic) == message:
            return []
        self.latest[topic] = message
        return [topic]


def encode(topic: str, value: Any) -> str:
    """One message as JSON: {topic: value}."""
    return json.dumps({topic: value}, separators=(",", ":"), allow_nan=False)


def patch_json(plan: Plan) -> dict[str, Any]:
    """Which slots make which fixture, and where it hangs (m): all the page needs to read a frame."""
    rows = {universe.number: row for row, universe in enumerate(plan.universes)}
    return {
        "universes": [universe.number for universe in plan.universes],
        "fixtures": [_fixture(plan, fixture, rows) for fixture in plan.fixtures],
        "submasters": [{"name": one.name, "mode": one.mode} for one in plan.submasters],
        "house": bool(plan.house),
    }


def _fixture(plan: Plan, fixture: PatchedFixture, rows: dict[int, int]) -> dict[str, Any]:
    place = fixture.place
    return {
        "name": fixture.name,
        "kind": fixture.kind,
        "type": fixture.type,
        "x": place.x,
        "y": place.y,
        "z": place.z,
        "facing": place.facing,
        "mount": place.mount,
        "cells": fixture.cells,
        "parameters": [_parameter(plan.parameters[index], index, rows) for index in fixture.parameters],
    }


def _parameter(parameter: Parameter, index: int, rows: dict[int, int]) -> dict[str, Any]:
    """`at`: offsets into the slots of a frame, most significant first; empty for a virtual dimmer."""
    row = rows.get(parameter.universe)
    return {
        "index": index,
        "name": parameter.name,
        "cell": parameter.cell,
        "category": parameter.category.value,
        "universe": parameter.universe,
        "slots": list(parameter.slots),
        "at": [] if row is None else [row * 512 + slot - 1 for slot in parameter.slots],
        "invert": parameter.invert,
        "span": list(parameter.span),
        "degrees": None if parameter.degrees is None else list(parameter.degrees),
        "closed": [list(edges) for edges in parameter.closed],
        "default": parameter.default,
        "masters": list(parameter.masters),
    }


def quarantine_json(senders: Iterable[SenderView]) -> list[dict[str, Any]]:
    """Who sends OSC and is not listened to, with what it looks like."""
    strange = [one for one in senders if one.state == "quarantine"][:STRANGERS]
    return [{"name": one.name, "like": one.like} for one in strange]


def health_json(board: Board) -> dict[str, Any]:
    """How each part is, without what it counts: that changes all the time, and the page has no use for it."""
    health = board.health_json()
    ill = {State.DEGRADED, State.FAILED}
    kept = [
        ("name", "state", "detail", "since") if part["state"] in ill else ("name", "state", "detail") for part in health["parts"]
    ]
    return {
        "state": health["state"],
        "parts": [{key: part[key] for key in keys} for keys, part in zip(kept, health["parts"], strict=True)],
    }


def music_json(board: Board, now: float) -> dict[str, Any]:
    """What is heard and where the beats are. Times count from the present, so that the page needs no clock of ours."""
    playback, heard = board.playback, board.features
    return {
        "bpm": None if playback is None else finite(playback.bpm, 2),
        "confidence": None if playback is None else finite(playback.confidence, 3),
        "beat": None if playback is None else _beat(playback, board.frame_time, now),
        "beats": None if playback is None else beats_json(playback.beats),
        "heard": None if heard is None else _heard(heard, now),
    }


def _beat(playback: PlaybackState, at: float, now: float) -> dict[str, Any] | None:
    """The beat that lights flash to, as of the frame at `at` (s), seen from `now`; None while they do not."""
    beats, period = playback.beats, 60.0 / playback.bpm
    if not beats.flashes:
        return None
    position = playback.beat + (now - at) / period
    following = math.floor(position) + 1
    return {
        "in": finite((following - position) * period),
        "period": finite(period, 5),
        "bpm": finite(playback.bpm, 2),
        "bar": (following - beats.bar) % beats.beats_per_bar + 1 if beats.counts else 0,
        "beats": beats.beats_per_bar,
        "confidence": finite(playback.confidence, 3),
    }


def _heard(heard: Features, now: float) -> dict[str, Any]:
    return {
        "age": finite(max(0.0, now - heard.time), 1),
        "level": finite(heard.level, 1),
        "bands": [finite(band, 1) for band in heard.bands],
        "energy": finite(heard.energy, 2),
        "section": heard.section.value,
    }
