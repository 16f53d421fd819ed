"""A stand-in for mpv, made after the chapter on JSON IPC of its manual: a socket, a playlist, a place that runs with the clock.

Files are as long as `lengths` says; what is not there cannot be loaded. It answers every command by its number, tells changes of
what is observed, and `file-loaded` and `end-file`.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from time import monotonic


class FakeMpv:
    def __init__(self, path, lengths):
        self.path, self.lengths = str(path), lengths
        self.properties = {"pause": False, "speed": 1.0, "volume": 100.0, "start": "none", "ab-loop-a": "no", "ab-loop-b": "no"}
        self.playlist, self.playing = [], None
        self.commands = []
        self._at, self._since = 0.0, monotonic()
        self._watchers, self._told = [], {}
        self.awake = asyncio.Event()  # cleared, it hangs: its socket is open, and nothing comes of it
        self.awake.set()

    async def __aenter__(self):
        self._server = await asyncio.start_unix_server(self._serve, self.path)
        self._ticking = asyncio.create_task(self._tick())
        return self

    async def __aexit__(self, *_):
        self._ticking.cancel()
        self._server.close()
        for writer, _ in self._watchers:
            writer.close()
        with suppress(asyncio.CancelledError):
            await self._ticking

    @property
    def position(self):
        runs = self.playing is not None and not self.properties["pause"]
        return self._at + ((monotonic() - self._since) * self.properties["speed"] if runs else 0.0)

    @property
    def connections(self):
        return len(self._watchers)

    def _hold(self, position=None):
        self._at, self._since = self.position if position is None else position, monotonic()

    async def _tick(self):
        while True:
            await asyncio.sleep(0.01)
            loop = self.properties["ab-loop-a"], self.properties["ab-loop-b"]
            if self.playing is not None and "no" not in loop and self.position >= loop[1]:
                self._hold(loop[0])
            if self.playing is not None and self.position >= self.lengths[self.playing]:
                self._end("eof")
            if self.awake.is_set():
                self._tell()

    def _end(self, reason):
        self._event({"event": "end-file", "reason": reason})
        self.playing = None
        if self.playlist:
            self._load(self.playlist.pop(0))

    def _load(self, file):
        self._event({"event": "start-file"})
        if file not in self.lengths:
            self._end("error")
            return
        self.playing = file
        start = self.properties["start"]
        self._hold(0.0 if start == "none" else float(start))
        self._event({"event": "file-loaded"})

    def _event(self, body):
        for writer, _ in self._watchers:
            writer.write(json.dumps(body).encode() + b"\n")

    def _tell(self):
        there = self.playing is not None
        values = {
            **self.properties,
            "path": self.playing,
            "time-pos": round(self.position, 4) if there else None,
            "duration": self.lengths[self.playing] if there else None,
            "idle-active": not there,
        }
        for writer, observed in self._watchers:
            for number, name in observed.items():
                if self._told.get((id(writer), name), "never") != values.get(name):
                    self._told[id(writer), name] = values.get(name)
                    body = {"event": "property-change", "id": number, "name": name}
                    if values.get(name) is not None:
                        body["data"] = values[name]
                    writer.write(json.dumps(body).encode() + b"\n")

    async def _serve(self, reader, writer):
        observed = {}
        self._watchers.append((writer, observed))
        with suppress(ConnectionError):
            while line := await reader.readline():
                await self.awake.wait()
                body = json.loads(line)
                error = self._do(body["command"], observed)
                writer.write(json.dumps({"request_id": body["request_id"], "error": error}).encode() + b"\n")
                self._tell()
        self._watchers = [one for one in self._watchers if one[0] is not writer]
        writer.close()

    def _do(self, words, observed):
        self.commands.append(words)
        match words:
            case ["get_version"]:
                pass
            case ["observe_property", number, name]:
                observed[number] = name
            case ["set_property", name, value] if name in self.properties:
                self._hold()
                self.properties[name] = value
            case ["loadfile", file, "replace"]:
                self.playlist = []
                if self.playing is not None:
                    self.playing = None
                    self._event({"event": "end-file", "reason": "stop"})
                self._load(file)
            case ["loadfile", file, "append"]:
                self.playlist.append(file)
            case ["playlist-clear"]:
                self.playlist = []
            case ["seek", to, "absolute+exact"]:
                if self.playing is None:
                    return "error running command"
                self._hold(float(to))
            case ["stop"]:
                self.playlist = []
                self._end("stop")
            case _:
                return "invalid parameter"
        return "success"
