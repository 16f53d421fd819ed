"""A stand-in for QLab 5, made after its OSC dictionary: cues by number over UDP, each with its own time.

It replies in JSON to the port that the client has named, to every message once it was asked to; who has not given the passcode is
denied. Cues play beside each other.
"""

from __future__ import annotations

import asyncio
import json
import time

from showctl.wire.osc import decode, encode


class Cue:
    def __init__(self, length):
        self.length, self.state, self.loaded, self.rate, self.level, self.kept = length, "stopped", 0.0, 1.0, 0.0, 0.0
        self._at, self._since = 0.0, time.monotonic()

    @property
    def elapsed(self):
        return self._at + ((time.monotonic() - self._since) * self.rate if self.state == "running" else 0.0)

    def hold(self, at=None):
        self._at, self._since = self.elapsed if at is None else at, time.monotonic()

    def become(self, state, at=None):
        self.hold(at)
        self.state = state


class FakeQLab(asyncio.DatagramProtocol):
    def __init__(self, songs, answers=0, passcode=None, access="view|edit|control"):
        """`songs` are (number, anything, length); `answers` is the port that clients are expected at, unless they say another."""
        self.cues = {number: Cue(length) for number, _, length in songs}
        self.answers, self.passcode, self.access = 53_001, passcode, access
        self.expected = answers
        self.connected, self.always = passcode is None, False
        self.awake, self.deaf_to = True, set()
        self.heard = []
        self.port = 0

    async def __aenter__(self):
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", self.port))
        self.port = self._transport.get_extra_info("sockname")[1]
        self._ticking = asyncio.create_task(self._tick())
        return self

    async def __aexit__(self, *_):
        self._ticking.cancel()
        self._transport.close()

    async def _tick(self):
        while True:
            await asyncio.sleep(0.01)
            for cue in self.cues.values():
                if cue.state == "running" and cue.elapsed >= cue.length:
                    cue.become("stopped", 0.0)

    @property
    def sounds(self):
        running = [(number, cue.elapsed) for number, cue in self.cues.items() if cue.state == "running"]
        assert len(running) <= 1, "two songs at once"
        return running[0] if running else None

    @property
    def volume(self):
        return self.cues["two"].level

    @property
    def amplitude(self):
        return 0.0 if self.volume <= -60.0 else 10.0 ** (self.volume / 20.0)

    def begin_anew(self):
        """The program is ended, and started again: it knows nobody."""
        self.answers, self.connected, self.always = 53_001, self.passcode is None, False
        self.by_hand("stop")

    def by_hand(self, what, song=""):
        for number, cue in self.cues.items():
            if song in ("", number):
                cue.become("running" if what == "play" else "stopped", 0.0)

    def datagram_received(self, data, addr):
        if not self.awake:
            return
        for message in decode(data):
            self.heard.append((message.address, *message.arguments))
            if message.address.rpartition("/")[2] not in self.deaf_to:
                self._take(message.address, message.arguments, addr[0])

    def _take(self, address, arguments, host):
        status, data = self._do(address, arguments)
        if data is not None or self.always or status != "ok":
            body = {"workspace_id": "5C1F", "address": address, "status": status}
            if data is not None:
                body["data"] = data
            reply = f"/reply/workspace/5C1F{address}" if address.startswith("/cue/") else f"/reply{address}"
            self._transport.sendto(encode(reply, json.dumps(body)), (host, self.answers))

    def _do(self, address, arguments):
        match address.split("/")[1:]:
            case ["udpReplyPort"]:
                self.answers = arguments[0]
            case ["connect"]:
                self.connected = self.passcode is None or arguments == (self.passcode,)
                return "ok", f"ok:{self.access}" if self.connected else "badpass"
            case ["alwaysReply"]:
                self.always = bool(arguments[0])
            case _ if not self.connected:
                return "denied", None
            case ["thump"]:
                return "ok", "thump"
            case ["cue", number, *what] if number in self.cues:
                return self._cue(self.cues[number], "/".join(what), *arguments)
            case _:
                return "error", None
        return "ok", None

    def _cue(self, cue, what, *values):
        match what:
            case "valuesForKeys":
                known = {
                    "isRunning": cue.state == "running",
                    "isPaused": cue.state == "paused",
                    "actionElapsed": cue.elapsed,
                    "currentDuration": cue.length,
                }
                return "ok", {key: known[key] for key in json.loads(values[0])}
            case "start":
                if cue.state != "running":
                    cue.become("running", cue.elapsed if cue.state == "paused" else cue.loaded)
                cue.loaded = 0.0
            case "pause" if cue.state == "running":
                cue.become("paused")
            case "resume" if cue.state == "paused":
                cue.become("running")
            case "hardStop":
                cue.become("stopped", 0.0)
                cue.loaded = 0.0
            case "loadActionAt":
                cue.loaded = float(values[0])
            case "sliderLevel/0/live":
                cue.level = float(values[0])
            case "rate/live":
                cue.hold()
                cue.rate = float(values[0])
            case "pause" | "resume":
                pass
            case _:
                return "error", None
        return "ok", None
