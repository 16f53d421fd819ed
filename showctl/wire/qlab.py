"""QLab 5 by OSC, as its OSC dictionary has it: a song is a cue, by its number. PURE: values only.

    /connect PASSCODE  /alwaysReply 1  /udpReplyPort PORT  /thump
    /cue/N/loadActionAt SECONDS  start  pause  resume  hardStop  sliderLevel/0/live DB  rate/live RATE  valuesForKeys [KEYS]
    <- /reply/ADDRESS {"status": "ok", "address": "/cue/N/valuesForKeys", "data": {...}}

It tells what it is asked, so it is asked LOOK_S times a second while that matters. A client that was silent for a minute has to
give the passcode again; we never are. Levels and rates are set `live`: they are forgotten when the cue is reset, and nothing of
the workspace changes. A cue plays beside others, so one is stopped when another begins. Where a cue goes round is a matter of its
slices there.

Source: qlab.app/docs/v5/scripting/osc-dictionary-v5.
"""

from __future__ import annotations

import json
import re
from typing import Any

from showctl.wire.dialect import MOST_S, Said, Standing, decibels
from showctl.wire.osc import Message, encode

KEYS = json.dumps(["isRunning", "isPaused", "actionElapsed", "currentDuration"])
LOWEST = -60.0  # dB, at which QLab's faders are silent
MOST_CUES = 1000  # that are remembered
AT_ONCE = 20  # cues that are asked for in one go
_REPLY = re.compile(r"/reply(?:/workspace/[^/]{1,100})?(/.+)")
_CUE = re.compile(r"/cue/([^/]{1,64})/valuesForKeys")
WORD = re.compile(r"[!-~]{1,64}")
UNFIT = frozenset("#*,/?[]{}")  # that an address of OSC cannot hold, or that mean something in it


class QLab:
    """The cues of a workspace. `passcode` where it has one; `answers` is the port that it replies to."""

    title = "QLab"
    setup = "in its workspace settings, Network, OSC access, let this machine view and control it"
    cannot = "it has no crossfade and no loop from here, and one output"
    rates, loops = True, False
    look_s = 0.1
    lacks = ""

    def __init__(self, passcode: str = "", answers: int = 53001) -> None:
        self._passcode, self._answers = passcode, answers
        self._cues: dict[str, tuple[Said, float, str]] = {}  # how each stands, its length (s), and of which workspace it is
        self._turn = 0
        self._denied = False  # it has forgotten us: it was started anew
        self.trouble = ""

    def greet(self) -> list[bytes]:
        """Say where to reply, and the passcode."""
        connect = [encode("/connect", self._passcode)] if self._passcode else [encode("/connect")]
        return [encode("/udpReplyPort", self._answers), *connect, encode("/alwaysReply", 1), encode("/thump")]

    def ask(self, names: list[str]) -> list[bytes]:
        """A sign of life, and cues that it has not told yet, some at a time."""
        unknown = [name for name in names if name not in self._cues]
        self._turn = 0 if self._turn >= len(unknown) else self._turn
        some = unknown[self._turn : self._turn + AT_ONCE]
        self._turn += AT_ONCE
        return [*self._again(), encode("/thump"), *(packet for name in some for packet in self.look(name))]

    def look(self, name: str) -> list[bytes]:
        """How a cue stands."""
        return [*self._again(), encode(f"/cue/{name}/valuesForKeys", KEYS)] if fits(name) else []

    def _again(self) -> list[bytes]:
        """The greeting, where it knows us no more."""
        denied, self._denied = self._denied, False
        return self.greet() if denied else []

    def take_in(self, message: Message) -> None:
        """A reply."""
        match, said = _REPLY.fullmatch(message.address), text_whole(message)
        if match is None or said is None:
            return
        try:
            body = json.loads(said)
        except (ValueError, RecursionError):
            return
        if not isinstance(body, dict):
            return
        if body.get("status") == "denied":
            self._denied = True
        if match[1] == "/connect":
            self._connected(body)
        elif cue := _CUE.fullmatch(match[1]):
            self._learn(cue[1], body)

    def _connected(self, body: dict[str, Any]) -> None:
        data, status = str(body.get("data", "")), body.get("status")
        if data.startswith("badpass") or status == "denied":
            self.trouble = "QLab refuses us: check `passcode_file` in the venue file, and that its passcode may view and control"
        elif data.startswith("ok:") and "control" not in data:
            self.trouble = "QLab lets us look, but not play: give this passcode control in its OSC access"

    def _learn(self, name: str, body: dict[str, Any]) -> None:
        data, workspace, before = body.get("data"), str(body.get("workspace_id", ""))[:100], self._cues.get(name)
        if before is None and len(self._cues) >= MOST_CUES:
            return
        if before is not None and workspace != before[2]:  # every workspace that is open replies; the first that has it counts
            return
        if body.get("status") != "ok" or not isinstance(data, dict):
            self._cues.pop(name, None)
            return
        place, length = _seconds(data.get("actionElapsed")), _seconds(data.get("currentDuration"))
        standing = Standing.PLAYING if data.get("isRunning") else Standing.STOPPED
        count = 1 if before is None else before[0].count + 1
        self._cues[name] = Said(Standing.PAUSED if data.get("isPaused") else standing, place, count), length, workspace

    def names(self) -> list[str]:
        """Of ours those that are there: all of its cues would not fit into a packet."""
        return sorted(self._cues)

    def length(self, name: str) -> float:
        """Of the cue's action."""
        return self._cues[name][1] if name in self._cues else 0.0

    def said(self, name: str) -> Said | None:
        """How the cue stands."""
        return self._cues[name][0] if name in self._cues else None

    def lost(self) -> None:
        """What it says holds always."""

    def play(self, name: str, at: float) -> list[bytes]:
        """Whatever it did is over; it is loaded to that second, and started."""
        return [*self.stop(name), _cue(name, "loadActionAt", at), _cue(name, "start"), *self.look(name)]

    def leave(self, name: str) -> list[bytes]:
        """It would play on beside the other."""
        return self.stop(name)

    def pause(self, name: str) -> list[bytes]:
        """It stands still."""
        return [_cue(name, "pause"), *self.look(name)]

    def resume(self, name: str, at: float) -> list[bytes]:
        """From where it is paused; else as `play`."""
        said = self.said(name)
        paused = said is not None and said.standing is Standing.PAUSED
        return [_cue(name, "resume"), *self.look(name)] if paused else self.play(name, at)

    def stop(self, name: str) -> list[bytes]:
        """At once: a fade was made by then."""
        return [_cue(name, "hardStop"), *self.look(name)]

    def loud(self, name: str, gain: float) -> list[bytes]:
        """The main level of the cue."""
        return [_cue(name, "sliderLevel/0/live", decibels(gain, LOWEST))]

    def pace(self, name: str, rate: float) -> list[bytes]:
        """Of the cue."""
        return [_cue(name, "rate/live", rate)]

    def loop(self, _name: str, _first: float | None, _last: float | None) -> list[bytes]:
        """It has slices for that."""
        return []


def fits(name: str) -> bool:
    """Whether a cue number can stand in an address."""
    return WORD.fullmatch(name) is not None and not UNFIT & set(name)


def text_whole(message: Message) -> str | None:
    """The first argument where it is text of any length."""
    value = message.arguments[0] if message.arguments else None
    return value if isinstance(value, str) else None


def _cue(name: str, what: str, *values: float) -> bytes:
    return encode(f"/cue/{name}/{what}", *values)


def _seconds(value: Any) -> float:
    return float(value) if type(value) in (int, float) and 0.0 <= value <= MOST_S else 0.0
