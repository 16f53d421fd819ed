"""A stand-in for REAPER's OSC device, made after its page on OSC and the comments of Default.ReaperOSC: a project over UDP.

It tells by itself, in bundles: its time while it plays, its switches when they change, all of it when its surfaces are refreshed;
regions and markers only to a device that has asked for a number of them.
"""

from __future__ import annotations

import asyncio
import time

from showctl.wire.osc import bundle, decode, encode


class FakeReaper(asyncio.DatagramProtocol):
    def __init__(self, regions, markers=(), answers=0):
        """`regions` are (name, time, length); `answers` is the port that it tells."""
        self.regions, self.markers, self.answers = list(regions), list(markers), answers
        self.counts = {"region": 0, "marker": 0}
        self.playing = self.paused = self.repeat = False
        self.rate, self.volume, self.loop = 1.0, 0.0, [0.0, 0.0]
        self.cursor, self._at, self._since = 0.0, 0.0, time.monotonic()
        self.heard = []
        self.awake = True  # else it hangs: it takes nothing, and says nothing
        self.deaf_to = set()  # addresses that are lost on their way
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

    @property
    def position(self):
        runs = self.playing and not self.paused
        return self._at + ((time.monotonic() - self._since) * self.rate if runs else 0.0)

    @property
    def told(self):
        """What it says where it is: in a pause its cursor."""
        return self.position if self.playing and not self.paused else self.cursor

    @property
    def sounds(self):
        """The song that is heard, and where; None in silence."""
        if not self.playing or self.paused:
            return None
        at = self.position
        return next(((name, at - start) for name, start, length in self.regions if start <= at < start + length), ("", at))

    @property
    def amplitude(self):
        return 10.0 ** (self.volume / 20.0)

    def begin_anew(self):
        """The program is ended, and started again."""
        self.counts = dict.fromkeys(self.counts, 0)
        self.playing = self.paused = self.repeat = False

    def by_hand(self, what, song=""):
        """Somebody at its own desk."""
        if what == "play":
            self._do("/time", next(at for name, at, _ in self.regions if name == song))
        self._do(f"/{what}")

    def _hold(self, position=None):
        self._at, self._since = self.position if position is None else position, time.monotonic()

    async def _tick(self):
        while True:
            await asyncio.sleep(0.03)
            if self.repeat and self.playing and self.position >= self.loop[1]:
                self._hold(self.loop[0])
            if self.awake and self.playing and not self.paused:
                self.say(encode("/time", self.position), encode("/beat/str", "1.1.00"))

    def say(self, *messages):
        self._transport.sendto(bundle(*messages), ("127.0.0.1", self.answers))

    def _switches(self):
        on = {"/play": self.playing, "/pause": self.paused, "/stop": not self.playing, "/repeat": self.repeat}
        self.say(*(encode(address, float(value)) for address, value in on.items()), encode("/time", self.told))

    def _places(self):
        for kind, places in (("region", self.regions), ("marker", self.markers)):
            for n, (name, at, *length) in enumerate(places[: self.counts[kind]], 1):
                told = [encode(f"/{kind}/{n}/name", name), encode(f"/{kind}/{n}/time", at)]
                self.say(*told, *(encode(f"/{kind}/{n}/length", one) for one in length))
            none = [encode(f"/{kind}/{n}/name", "") for n in range(len(places) + 1, self.counts[kind] + 1)]
            for at in range(0, len(none), 30):
                self.say(*none[at : at + 30])

    def datagram_received(self, data, _addr):
        if not self.awake:
            return
        for message in decode(data):
            self.heard.append((message.address, *message.arguments))
            if message.address not in self.deaf_to:
                self._do(message.address, *message.arguments)

    def _do(self, address, value=1.0):
        self._hold()
        match address:
            case "/device/region/count" | "/device/marker/count":
                self.counts[address.split("/")[2]] = value
                self._places()
            case "/action" if value == 41743:
                self._switches()
                self._places()
            case "/play":
                if not self.paused:
                    self._hold(self.cursor)
                self.playing, self.paused = True, False
                self._hold()
                self._switches()
            case "/pause":
                self.paused = not self.paused and self.playing
                self._switches()
            case "/stop":
                self.playing = self.paused = False
                self._hold(self.cursor)
                self._switches()
            case "/time":
                self.cursor = value
                if not self.paused:
                    self._hold(value)
                self.say(encode("/time", self.position))
            case "/repeat":
                self.repeat = not self.repeat
                self._switches()
            case "/loop/start/time" | "/loop/end/time":
                self.loop[address.startswith("/loop/end")] = value
                self.loop.sort()
            case "/playrate/raw":
                self.rate = value
            case "/track/0/volume/db":
                self.volume = value
