"""The shelf: the tracks of the show as seconds of sound in memory, fetched by a thread of its own before they are needed.

What is fetched, the most urgent first: where somebody waits; what is being played and what may come next (`heads`), AHEAD seconds
of each; the beginnings of the first tracks; and of those that stand by, READY seconds from each place that was named. What none
of these want is given back when there is more than MOST_BYTES. So a night of songs of any length takes the same memory, GO never
waits for a disk, and a disk that hangs for seconds is not heard.

A track is read by the callback while this thread puts seconds into it: a second is there or it is not, and where it is not, the
callback plays silence and counts. A file that cannot be read is told, and its track is silent there, until it can.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from showctl.model.player import Define, Part
from showctl.sound.player.decoder import Decoder
from showctl.sound.player.voice import Source

AHEAD = 10  # s of what plays and of what may come next
READY = 2  # s from each place of a track that stands by
STANDING_BY = 3  # tracks that do, the newest
MOST_BYTES = 192 << 20
MOST_TRACKS = 1000
BEGINNINGS = 100  # tracks whose first second is always there
MOST_OPEN = 32  # tracks whose files are open, those read last
LOOK_S = 2.0  # between two looks whether files are others by now
IDLE_S = 0.1  # between two looks at what the mixer reads
RESTS = 2.0  # times as long as a second of sound took to fetch, before the next that nobody waits for

Sound = NDArray[np.float32]


class Track:
    """A track in seconds of the device's rate. Source of a voice."""

    def __init__(self, asked: Define, width: int, rate: int) -> None:
        self.name, self.asked, self.rate, self.width = asked.track, asked, rate, width
        self.frames = 0  # 0 until it is open
        self.trouble = ""  # why it cannot be read, in words
        self._stamps: list[tuple[int, int, int] | None] = []  # of its files when they were opened first
        self._parts: list[tuple[Decoder, Part]] = []  # () where its files are not open
        self._holes: set[int] = set()  # seconds that could not be read: silent until they can
        self.seconds: list[Sound | None] = []

    @property
    def opened(self) -> bool:
        """Whether it is known how long it is."""
        return self.frames > 0

    def open(self) -> None:
        """Open its files: takes its time. `trouble` says why it cannot be."""
        parts: list[tuple[Decoder, Part]] = []
        if not self.opened:
            self._stamps = self._look()
        try:
            parts.extend((Decoder(part.file, self.rate), part) for part in self.asked.parts)
            if not parts:
                raise ValueError("it has no file")
        except Exception as error:  # whatever a library makes of a file: the thread that all tracks live by must not end
            self.trouble = str(error) or repr(error)
            for decoder, _ in parts:
                decoder.close()
            return
        self._parts = parts
        if not self.opened:
            frames = max(decoder.frames for decoder, _ in parts)
            self.seconds = [None] * math.ceil(frames / self.rate)
            self.frames = frames

    @property
    def torn(self) -> bool:
        """Whether some of what is in memory could not be read."""
        return bool(self._holes)

    @property
    def outdated(self) -> bool:
        """Whether its files are others by now, and all there: a song that was mixed anew."""
        stamps = self._look()
        return bool(self._stamps) and None not in stamps and stamps != self._stamps

    def _look(self) -> list[tuple[int, int, int] | None]:
        found: list[tuple[int, int, int] | None] = []
        for part in self.asked.parts:
            try:
                status = os.stat(part.file)
                found.append((status.st_ino, status.st_mtime_ns, status.st_size))
            except OSError:
                found.append(None)
        return found

    def close(self) -> None:
        """Give its files back; what is in memory stays."""
        for decoder, _ in self._parts:
            decoder.close()
        self._parts = []

    def fetch(self, k: int) -> None:
        """Read one second of it; its files are opened where they are not. What cannot be read is silent, see `mend`."""
        if not self._parts:
            self.open()
        out, whole = np.zeros((self.rate, self.width), np.float32), bool(self._parts)
        for decoder, part in self._parts:
            try:
                sound = decoder.second(k)
            except Exception as error:  # as above
                self.trouble, whole = str(error) or repr(error), False
                continue
            for place, line in enumerate(part.lines):
                if len(part.lines) == 1 and decoder.channels > 1:
                    out[:, line] += 0.5 * (sound[:, 0] + sound[:, 1])
                else:
                    out[:, line] += sound[:, place % decoder.channels]
        if self.asked.gain != 1.0:
            out *= np.float32(self.asked.gain)
        self.seconds[k] = out
        (self._holes.discard if whole else self._holes.add)(k)
        if not self._holes:
            self.trouble = ""

    def mend(self) -> None:
        """Try once more what could not be read, with its files opened anew: a disk that was pulled out may be back."""
        self.close()
        self._holes = {k for k in self._holes if self.seconds[k] is not None}
        for k in sorted(self._holes):
            self.fetch(k)
            if k in self._holes:
                return

    def there(self, first: float, seconds: float) -> bool:
        """Whether so much from frame `first` on can be read."""
        return self.opened and all(self.seconds[k] is not None for k in self.span(first, seconds))

    def span(self, first: float, seconds: float) -> range:
        """The seconds that so much from frame `first` on lies in."""
        low = max(0, math.floor(first / self.rate - 0.1))
        return range(low, min(len(self.seconds), math.floor(max(0.0, first) / self.rate + seconds) + 1))

    def read(self, start: int, out: Sound) -> int:
        """As of a Source."""
        done, missing, count = 0, 0, len(out)
        while done < count:
            at = start + done
            k, offset = divmod(at, self.rate)
            piece = min(count - done, self.rate - offset)
            if 0 <= at < self.frames:
                piece = min(piece, self.frames - at)
                sound = self.seconds[k]
                if sound is None:
                    out[done : done + piece], missing = 0.0, missing + piece
                else:
                    out[done : done + piece] = sound[offset : offset + piece]
            else:
                out[done : done + piece] = 0.0
            done += piece
        return missing


class Shelf:
    """All tracks. `heads` says what is read now (as Mixer.heads), `news` is called when something has been fetched."""

    def __init__(
        self,
        width: int,
        rate: int,
        heads: Callable[[], Iterable[tuple[Source, float]]],
        news: Callable[[], None],
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._width, self._rate, self._heads, self._news, self._most = width, rate, heads, news, most_bytes
        self._tracks: OrderedDict[str, Track] = OrderedDict()
        self._near: OrderedDict[str, float] = OrderedDict()  # what stands by, and from where (frame)
        self._urgent: tuple[Track, float] | None = None
        self._lock = threading.Lock()  # of the tables: the callback takes none
        self._wake, self._closing = threading.Event(), False
        self._looked = 0.0
        self.bytes = 0
        self.fault = ""  # why nothing is fetched now
        self._open: OrderedDict[int, Track] = OrderedDict()  # by id
        self._thread = threading.Thread(target=self._run, name="shelf", daemon=True)

    def start(self) -> None:
        """Begin to fetch."""
        self._thread.start()

    def close(self) -> None:
        """No more is fetched."""
        self._closing = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(1.0)

    # --- asked by the process ------------------------------------------------------------------------------------------------

    def define(self, asked: Define) -> None:
        """Take a track in. One that is the same but for its number stays; ValueError where there are too many."""
        with self._lock:
            old = self._tracks.get(asked.track)
            if old is not None and old.asked.parts == asked.parts and old.asked.gain == asked.gain:
                old.asked = asked
                return
            if old is None and len(self._tracks) >= MOST_TRACKS:
                raise ValueError(f"more than {MOST_TRACKS} tracks")
            self._tracks[asked.track] = Track(asked, self._width, self._rate)
        self._wake.set()

    def forget(self, name: str) -> None:
        """Leave a track out; what plays of it plays on from memory."""
        with self._lock:
            self._tracks.pop(name, None)
            self._near.pop(name, None)

    def again(self, name: str) -> None:
        """Somebody wants a track: where its files could not be opened, they are tried once more."""
        track = self.find(name)
        if track is not None and track.trouble and not track.opened:
            track.trouble = ""
            self._wake.set()

    def prepare(self, name: str, at: float) -> None:
        """Have a track stand by, from this frame."""
        self.again(name)
        with self._lock:
            self._near[name] = at
            self._near.move_to_end(name)
            while len(self._near) > STANDING_BY:
                self._near.popitem(last=False)
        self._wake.set()

    def find(self, name: str) -> Track | None:
        """A track by its name."""
        return self._tracks.get(name)

    def hurry(self, track: Track, at: float) -> None:
        """Somebody waits for this frame."""
        self._urgent = (track, at)
        self._wake.set()

    def troubles(self) -> tuple[tuple[str, str], ...]:
        """Tracks that cannot be read, and why."""
        return tuple((name, track.trouble) for name, track in list(self._tracks.items()) if track.trouble)

    # --- the thread --------------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        self._looked = time.monotonic()
        while not self._closing:
            try:
                self._turn()
            except Exception as error:  # no memory, or a mistake of ours: all tracks live by this thread
                self.fault = repr(error)
                time.sleep(IDLE_S)
            else:
                self.fault = ""

    def _turn(self) -> None:
        began = time.monotonic()
        if began >= self._looked + LOOK_S:
            self._looked = began
            self.look()
        more, urgent = self.work(), self._urgent
        pause = min(RESTS * (time.monotonic() - began), IDLE_S) if more else IDLE_S
        if not more or urgent is None or urgent[0].there(urgent[1], 1.0):
            self._wake.wait(pause)
            self._wake.clear()

    def work(self) -> bool:
        """Do the most urgent thing there is; whether there was any."""
        with self._lock:
            tracks, near = list(self._tracks.values()), list(self._near.items())
        closed = next((one for one in self._first(tracks) if not one.opened and not one.trouble), None)
        if closed is not None:
            closed.open()
            self._was_open(closed)
            self._news()
            return True
        wanted = list(self._wanted(tracks, near))
        for track, k in wanted:
            if track.seconds[k] is None:
                self._room(wanted, tracks)
                track.fetch(k)
                self._was_open(track)
                self.bytes += 4 * self._rate * self._width
                self._news()
                return True
        return False

    def look(self) -> None:
        """Begin anew with tracks whose files are others by now; what plays of them plays on as it was. What could not be read is
        tried once more."""
        with self._lock:
            tracks = list(self._tracks.items())
        for name, track in tracks:
            if track.outdated:
                with self._lock:
                    if self._tracks.get(name) is track:
                        self._tracks[name] = Track(track.asked, self._width, self._rate)
            elif track.torn:
                track.mend()
                self._was_open(track)
                self._news()
        kept = {id(track) for track in self._tracks.values()} | {id(source) for source, _ in self._heads()}
        for gone in [key for key in self._open if key not in kept]:
            self._open.pop(gone).close()

    def _was_open(self, track: Track) -> None:
        """Its files are open now; those of the track that was read longest ago are closed."""
        self._open[id(track)] = track
        self._open.move_to_end(id(track))
        while len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)[1].close()

    def _first(self, tracks: list[Track]) -> list[Track]:
        urgent = self._urgent
        return [urgent[0], *tracks] if urgent is not None else tracks

    def _wanted(self, tracks: list[Track], near: list[tuple[str, float]]) -> Iterator[tuple[Track, int]]:
        """Seconds that should be in memory, the most urgent first."""
        if (urgent := self._urgent) is not None:
            yield from ((urgent[0], k) for k in urgent[0].span(urgent[1], 1.0))
        heads = [(track, at) for track, at in self._heads() if isinstance(track, Track)]
        for ahead in range(AHEAD + 1):
            for track, at in heads:
                if 0 <= (k := math.floor(at / self._rate) + ahead) < len(track.seconds):
                    yield track, k
        yield from ((track, 0) for track in tracks[:BEGINNINGS] if track.opened)
        for name, at in reversed(near):
            if (one := self.find(name)) is not None:
                yield from self._ready(one, at)

    def _ready(self, track: Track, at: float) -> Iterator[tuple[Track, int]]:
        for place in (at, *(second * self._rate for second in track.asked.ready)):
            yield from ((track, k) for k in track.span(place, READY))

    def _room(self, wanted: list[tuple[Track, int]], tracks: list[Track]) -> None:
        """Give seconds back that nobody wants, where there are too many."""
        if self.bytes < self._most:
            return
        kept = {(id(track), k) for track, k in wanted}
        held = 0
        for track in tracks:
            for k, sound in enumerate(track.seconds):
                if sound is not None and (id(track), k) not in kept:
                    track.seconds[k] = None
                elif sound is not None:
                    held += sound.nbytes
        self.bytes = held
