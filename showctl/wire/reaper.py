"""REAPER by OSC, as its pattern file Default.ReaperOSC has it: a song is a region of the project, or a marker. PURE.

    /time SECONDS    /play  /pause  /stop    /loop/start/time  /loop/end/time  /repeat    /playrate/raw    /track/0/volume/db
    <- /time  /play 0|1  /pause  /stop  /repeat    <- /region/N/name  /region/N/time  /region/N/length    <- /marker/N/...

REAPER tells by itself, many times a second while it plays. It answers no questions, but tells all of it anew when it is asked to
refresh its control surfaces (action 41743): that is our question whether it is there. It tells regions and markers to a device
that has asked for a number of them, and has forgotten that number when it is started anew. Of all else that it would tell anew
we want none: it sends a packet every 10 ms, and what matters would wait behind. /pause and /repeat are switches, so they are sent
only where the other state was told, or sent last. Track 0 is the master.

Sources: reaper.fm/sdk/osc/osc.php; the comments of Default.ReaperOSC.
"""

from __future__ import annotations

import re

from showctl.wire.dialect import Said, Standing, decibels, number, text
from showctl.wire.osc import Message, encode

REFRESH = 41743  # the action that has it tell everything
TOLD = 64  # regions, and as many markers, that it is to tell
LOWEST, LOUDEST = -150.0, 4.0  # dB at which the master is silent, and the factor at which its fader ends
UNWANTED = ("send", "receive", "fx", "fxparam", "fxinstparam")  # of which it would tell many
_PLACE = re.compile(r"/(region|marker)/([0-9]{1,3})/(name|time|length)")
_SWITCHES = frozenset(("/play", "/pause", "/stop", "/repeat"))


class Reaper:
    """A REAPER project with a region or marker for each song."""

    title = "REAPER"
    setup = (
        "in its preferences, Control/OSC/web, add an OSC device with this machine's address, 9000 (where answers are heard) as "
        "device port, the port of the venue file as local listen port, and the pattern config Default"
    )
    cannot = "it has no crossfade, and one output here"
    rates = loops = True
    look_s = 0.0
    trouble = lacks = ""

    def __init__(self) -> None:
        self._on = dict.fromkeys(_SWITCHES, False)
        self._asked: Standing | None = None  # what it was told to do, until it says that it does
        self._time, self._count = 0.0, 0
        self._names: dict[tuple[str, int], str] = {}
        self._times: dict[tuple[str, int], float] = {}
        self._lengths: dict[tuple[str, int], float] = {}

    def greet(self) -> list[bytes]:
        """That it be brief; a number of regions that changes has it tell them."""
        brief = [encode(f"/device/{kind}/count", 0) for kind in (*UNWANTED, "region", "marker")]
        return [encode("/device/track/count", 1), *brief, *self.ask([])]

    def ask(self, _names: list[str]) -> list[bytes]:
        """All that it tells, anew, and of regions and markers also where it was started anew."""
        return [*(encode(f"/device/{kind}/count", TOLD) for kind in ("region", "marker")), encode("/action", REFRESH)]

    def look(self, _name: str) -> list[bytes]:
        """It tells by itself."""
        return []

    def take_in(self, message: Message) -> None:
        """A switch, its time, or a part of a region or marker."""
        address, value = message.address, number(message)
        if address in _SWITCHES and value is not None:
            before, self._on[address] = self._standing, value > 0.5
            if self._standing is self._asked or self._standing is not before:
                self._asked = None
        elif address == "/time" and value is not None:
            self._time, self._count = value, self._count + 1
        elif (match := _PLACE.fullmatch(address)) and 1 <= int(match[2]) <= TOLD:
            key, name = (match[1], int(match[2])), text(message)
            if match[3] == "name" and name is not None:
                self._names[key] = name
            elif match[3] != "name" and value is not None and value >= 0.0:
                (self._times if match[3] == "time" else self._lengths)[key] = value

    def _key(self, name: str) -> tuple[str, int] | None:
        """Of the region of that name, else of the marker."""
        found = [key for key, one in self._names.items() if one == name and key in self._times]
        return max(found, key=lambda key: (key[0] == "region", -key[1])) if found else None

    def names(self) -> list[str]:
        """Of regions and markers."""
        return sorted({name for key, name in self._names.items() if name and key in self._times})

    def length(self, name: str) -> float:
        """Of its region; a marker has none."""
        key = self._key(name)
        return 0.0 if key is None or key[0] == "marker" else self._lengths.get(key, 0.0)

    @property
    def _standing(self) -> Standing:
        if self._on["/pause"]:
            return Standing.PAUSED
        return Standing.PLAYING if self._on["/play"] else Standing.STOPPED

    def said(self, name: str) -> Said | None:
        """Its time, from where the region begins."""
        key = self._key(name)
        return None if key is None else Said(self._standing, self._time - self._times[key], self._count)

    def lost(self) -> None:
        """What it says holds."""
        self._asked = None

    def play(self, name: str, at: float) -> list[bytes]:
        """What plays is taken elsewhere; what is paused would stay there, so it is stopped first."""
        key = self._key(name)
        if key is None:
            return []
        first = [] if (self._asked or self._standing) is Standing.PLAYING else self.stop(name)
        self._asked = None if not first and self._asked is None else Standing.PLAYING
        return [*first, encode("/time", self._times[key] + at), encode("/play", 1.0)]

    def leave(self, _name: str) -> list[bytes]:
        """One timeline plays one song."""
        return []

    def pause(self, _name: str) -> list[bytes]:
        """A switch: only where it surely plays. Where it may, or was told already, it is stopped."""
        if self._asked is not None:
            return self.stop(_name)
        if self._standing is not Standing.PLAYING:
            return []
        self._asked = Standing.PAUSED
        return [encode("/pause", 1.0)]

    def resume(self, name: str, at: float) -> list[bytes]:
        """From where it is paused; else as `play`."""
        if (self._asked or self._standing) is not Standing.PAUSED:
            return self.play(name, at)
        self._asked = Standing.PLAYING
        return [encode("/play", 1.0)]

    def stop(self, _name: str) -> list[bytes]:
        """The whole project."""
        self._asked = Standing.STOPPED
        return [encode("/stop", 1.0)]

    def loud(self, _name: str, gain: float) -> list[bytes]:
        """Of the master."""
        return [encode("/track/0/volume/db", decibels(min(gain, LOUDEST), LOWEST))]

    def pace(self, _name: str, rate: float) -> list[bytes]:
        """Of the project."""
        return [encode("/playrate/raw", rate)]

    def loop(self, name: str, first: float | None, last: float | None) -> list[bytes]:
        """Its loop points, and its switch for them."""
        key = self._key(name)
        if first is None or last is None or key is None:
            return self._repeat(False)
        begin, end = (self._times[key] + one for one in (first, last))
        points = (("start", begin), ("end", end), ("start", begin))  # again: one behind the old end may have been taken otherwise
        return [*(encode(f"/loop/{which}/time", at) for which, at in points), *self._repeat(True)]

    def _repeat(self, on: bool) -> list[bytes]:
        """Turn its switch over, where it is otherwise; before it has told that, it is what it was turned to."""
        was, self._on["/repeat"] = self._on["/repeat"], on
        return [] if was is on else [encode("/repeat", 1.0)]
