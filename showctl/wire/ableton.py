"""Ableton Live by AbletonOSC: a song is a locator of the arrangement. PURE: values only.

    /live/song/set/current_song_time BEATS    /live/song/continue_playing    /live/song/stop_playing
    /live/song/set/loop_start  loop_length  loop    /live/track/set/volume INDEX LEVEL
    /live/song/get/current_song_time  is_playing  tempo  cue_points  track_names    <- the same address with the answer

It tells what it is asked, to its port 11001 of whoever asks. It could tell by itself as well (start_listen), but that ends with
Live, is moved to whoever spoke to it last, and comes no sooner. Its times are beats: a song has the tempo that Live has while it
plays. It has no speed but that tempo. The master's volume is not in its reach, so songs that are to fade go through a track, or a
group, that is called `showctl`: without one a stop is at once, and a volume is not taken.

Source: the README and abletonosc/song.py, track.py of github.com/ideoforms/AbletonOSC.
"""

from __future__ import annotations

from showctl.wire.dialect import Said, Standing, decibels, number, text
from showctl.wire.osc import Message, encode

FADER = "showctl"  # name of the track that has the volume
MOST_LOCATORS, MOST_TRACKS = 128, 256  # what wire.osc reads of one message, and more than a set has
SLOWEST, FASTEST = 20.0, 999.0  # bpm that Live can have
UNITY, PER_DB = 0.85, 1.0 / 40.0  # of a fader in Live: where 0 dB is, and its way for one dB
LOWEST, LAST = -18.0, 0.4  # dB down to which that is so, and where that is; from there to silence it falls by its square root
_SONG = "/live/song/get/"


class Ableton:
    """A Live set with a locator for each song."""

    title = "Ableton Live"
    setup = "choose AbletonOSC as a control surface in its preferences, Link/Tempo/MIDI"
    cannot = "it has no crossfade and no other rate, and one output from here"
    rates, loops = False, True
    look_s = 0.1
    trouble = ""

    def __init__(self) -> None:
        self._beats: float | None = None
        self._count = 0
        self._playing: bool | None = None
        self._asked: bool | None = None  # whether it was told to play, until it says so
        self._tempo: float | None = None
        self._locators: dict[str, float] = {}
        self._fader: int | None = None
        self._tracks_told = False

    @property
    def lacks(self) -> str:
        """The track for volume."""
        if self._fader is not None or not self._tracks_told:
            return ""
        return f"Ableton Live has no track called {FADER!r}: stops are at once, and it plays as loud as it is set there"

    def greet(self) -> list[bytes]:
        """All that matters."""
        return self.ask([])

    def ask(self, _names: list[str]) -> list[bytes]:
        """What there is, and how it stands."""
        return [*(encode(_SONG + what) for what in ("cue_points", "track_names", "tempo")), *self.look("")]

    def look(self, _name: str) -> list[bytes]:
        """Where it is."""
        return [encode(_SONG + what) for what in ("is_playing", "tempo", "current_song_time")]

    def take_in(self, message: Message) -> None:
        """An answer."""
        what, value = message.address.removeprefix(_SONG), number(message)
        if what == "is_playing" and value is not None:
            before, self._playing = self._playing, value > 0.5
            if self._playing is self._asked or self._playing is not before:
                self._asked = None
        elif what == "tempo" and value is not None and SLOWEST <= value <= FASTEST:
            self._tempo = value
        elif what == "current_song_time" and value is not None:
            self._beats, self._count = value, self._count + 1
        elif what == "cue_points":
            self._locators = {}
            for i in range(0, min(len(message.arguments), 2 * MOST_LOCATORS) - 1, 2):
                name, beats = text(message, i), number(message, i + 1)
                if name and beats is not None:
                    self._locators.setdefault(name, beats)
        elif what == "track_names":
            names = [text(message, i) for i in range(min(len(message.arguments), MOST_TRACKS))]
            self._fader, self._tracks_told = (names.index(FADER) if FADER in names else None), True

    def names(self) -> list[str]:
        """Of locators."""
        return sorted(self._locators)

    def length(self, _name: str) -> float:
        """A locator has none."""
        return 0.0

    def said(self, name: str) -> Said | None:
        """Its beats from the locator on, at its tempo."""
        start = self._locators.get(name)
        if start is None or self._beats is None or self._tempo is None or self._playing is None:
            return None
        standing = Standing.PLAYING if self._playing else Standing.STOPPED
        return Said(standing, (self._beats - start) * 60.0 / self._tempo, self._count)

    def _at(self, name: str, seconds: float) -> float | None:
        """Beats of the arrangement at a second of the song."""
        if name not in self._locators or self._tempo is None:
            return None
        return max(0.0, self._locators[name] + seconds * self._tempo / 60.0)

    def lost(self) -> None:
        """What it says holds."""
        self._asked = None

    def play(self, name: str, at: float) -> list[bytes]:
        """From there on; what plays jumps."""
        beats = self._at(name, at)
        if beats is None:
            return []
        plays = self._playing if self._asked is None else self._asked
        begin = [] if plays else [encode("/live/song/continue_playing")]
        self._asked = None if plays and self._asked is None else True
        return [encode("/live/song/set/current_song_time", beats), *begin, *self.look(name)]

    def leave(self, _name: str) -> list[bytes]:
        """One arrangement plays one song."""
        return []

    def pause(self, name: str) -> list[bytes]:
        """It knows no pause: it stops, and goes on where it was."""
        return self.stop(name)

    def resume(self, name: str, at: float) -> list[bytes]:
        """As `play`."""
        return self.play(name, at)

    def stop(self, _name: str) -> list[bytes]:
        """The whole set."""
        self._asked = False
        return [encode("/live/song/stop_playing"), *self.look("")]

    def loud(self, _name: str, gain: float) -> list[bytes]:
        """By the fader of its track, where there is one."""
        return [] if self._fader is None else [encode("/live/track/set/volume", self._fader, fader(gain))]

    def pace(self, _name: str, _rate: float) -> list[bytes]:
        """It has a tempo, which is the song's."""
        return []

    def loop(self, name: str, first: float | None, last: float | None) -> list[bytes]:
        """Its loop brace, and the switch for it."""
        start = None if first is None else self._at(name, first)
        end = None if last is None else self._at(name, last)
        if start is None or end is None:
            return [encode("/live/song/set/loop", 0)]
        brace = [encode("/live/song/set/loop_start", start), encode("/live/song/set/loop_length", end - start)]
        return [*brace, encode("/live/song/set/loop", 1)]


def fader(gain: float) -> float:
    """A factor of amplitude -> the way of a fader in Live, 0..1."""
    if gain <= 0.0:
        return 0.0
    if (db := decibels(gain, -200.0)) >= LOWEST:
        return min(1.0, UNITY + db * PER_DB)
    return LAST * float((gain / 10.0 ** (LOWEST / 20.0)) ** 0.5)
