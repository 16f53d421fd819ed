"""A stand-in for Ableton Live with AbletonOSC, made after its README and its handler of songs: an arrangement with locators.

It looks at its socket ten times a second, as Live lets it, and answers what asks for something to the port that it knows at the
address that asked. Setting and calling answer nothing.
"""

from __future__ import annotations

import asyncio
import time

from showctl.wire.osc import decode, encode

TICK_S = 0.1


class FakeAbleton(asyncio.DatagramProtocol):
    def __init__(self, songs, answers=0, tempo=120.0, tracks=("Drums", "showctl")):
        """`songs` are (locator, seconds where it stands, length)."""
        self.songs, self.answers, self.tempo, self.tracks = list(songs), answers, tempo, list(tracks)
        self.playing, self.volume = False, 0.85
        self.loop, self.loop_start, self.loop_length = 0, 0.0, 4.0
        self._at, self._since = 0.0, time.monotonic()
        self.awake, self.deaf_to = True, set()
        self.heard, self._waiting = [], []
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
    def beats(self):
        return self._at + ((time.monotonic() - self._since) * self.tempo / 60.0 if self.playing else 0.0)

    @property
    def repeat(self):
        return bool(self.loop)

    @property
    def sounds(self):
        if not self.playing:
            return None
        at = self.beats * 60.0 / self.tempo
        return next(((name, at - start) for name, start, length in self.songs if start <= at < start + length), ("", at))

    @property
    def amplitude(self):
        if self.volume >= 0.4:
            return 10.0 ** ((self.volume - 0.85) * 40.0 / 20.0)
        return 10.0 ** (-18.0 / 20.0) * (self.volume / 0.4) ** 2

    def by_hand(self, what, song=""):
        if what == "play":
            self._hold(next(at for name, at, _ in self.songs if name == song) * self.tempo / 60.0)
        self._hold()
        self.playing = what == "play"
        self._hold()

    def _hold(self, beats=None):
        self._at, self._since = self.beats if beats is None else beats, time.monotonic()

    async def _tick(self):
        while True:
            await asyncio.sleep(TICK_S / 10)
            if self.loop and self.playing and self.beats >= self.loop_start + self.loop_length:
                self._hold(self.loop_start)
            if self._waiting and time.monotonic() % TICK_S < TICK_S / 5:
                waiting, self._waiting = self._waiting, []
                for data, host in waiting:
                    for message in decode(data):
                        self._take(message.address, message.arguments, host)

    def datagram_received(self, data, addr):
        if self.awake:
            self._waiting.append((data, addr[0]))

    def _take(self, address, arguments, host):
        self.heard.append((address, *arguments))
        if address in self.deaf_to:
            return
        answer = self._do(address.removeprefix("/live/"), *arguments)
        if answer is not None:
            self._transport.sendto(encode(address, *answer), (host, self.answers))

    def _do(self, what, *values):
        match what:
            case "song/get/is_playing":
                return (self.playing,)
            case "song/get/tempo":
                return (self.tempo,)
            case "song/get/current_song_time":
                return (self.beats,)
            case "song/get/cue_points":
                return [part for name, at, _ in self.songs for part in (name, at * self.tempo / 60.0)]
            case "song/get/track_names":
                return self.tracks
            case "song/set/current_song_time":
                self._hold(values[0])
            case "song/continue_playing":
                self._hold()
                self.playing = True
            case "song/stop_playing":
                self._hold()
                self.playing = False
            case "song/set/loop" | "song/set/loop_start" | "song/set/loop_length":
                setattr(self, what.rpartition("/")[2], values[0])
            case "track/set/volume":
                assert self.tracks[values[0]] == "showctl"
                self.volume = values[1]
        return None
