"""mpv as the player of the tracks, for who has it already: asked over its socket, in place of the player's process.

    mpv --idle --no-video --gapless-audio=yes --audio-pitch-correction=no --input-ipc-server=/run/showctl/mpv.sock

It plays what it can: one file a track (no click on an output of its own), gapless, but no crossfade; a stop fades, by steps of
its volume; a jump on a bar is a seek at the right moment, good to some hundredths of a second. Where the music is, is what mpv
says; the beat of the lights follows that. Whoever may open its socket may have it run programs: keep it in a folder of your own.

What it plays that nobody asked for here is none of ours, and is not told. But nothing of ours sounds by itself: a track that it
still plays when it is connected to, because it was away, or the daemon was, is stopped; it goes on when somebody asks for it.

A socket that is open says nothing of who is behind it. So mpv is asked its version once a second: what is not answered within
ANSWER_S is told, and from then on nothing is begun, since mpv would begin it whenever it wakes; a stop is handed over all the
same. After GONE_S it counts as gone. Of both only time counts in which we looked ourselves (`watched`). It is connected to again
and again, and told nothing before it has answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Callable

from showctl.model import DeviceError, State, WireError
from showctl.model.player import (
    Command,
    Define,
    Follow,
    Forget,
    Loop,
    Mode,
    PausePlay,
    Play,
    PlayerClock,
    PlayerStatus,
    Prepare,
    ResumePlay,
    Speed,
    Stay,
    StopPlay,
    Volume,
)
from showctl.outputs.later import STEPS_S, Later
from showctl.watched import LOOK_S, Watched
from showctl.wire import mpv as wire

OBSERVED = ("path", "time-pos", "pause", "duration", "idle-active", "speed")
STATUS_S = 1.0
OPEN_S = 2.0
ANSWER_S, GONE_S = 2.0, 10.0
MOST_ASKED = 2000  # commands that wait for their answers; more is dropped, but for a stop


class Mpv:
    """A player of tracks, at the socket `path`. What it says is told as outputs.player.PlayerProcess tells it."""

    def __init__(
        self,
        path: str,
        *,
        on_started: Callable[[], None],
        on_clock: Callable[[PlayerClock], None],
        on_status: Callable[[PlayerStatus], None],
    ) -> None:
        self._path = path
        self._on_started, self._on_clock, self._on_status = on_started, on_clock, on_status
        self._writer: asyncio.StreamWriter | None = None
        self._answers = False  # it has answered since it was connected to
        self._later = Later()
        self._anew()

    def _anew(self) -> None:
        self._tracks: dict[str, Define] = {}
        self._values: dict[str, wire.Value] = {}
        self._number = self._placed_ns = 0  # the latter: when it last said where it is
        self._watched = Watched(time.monotonic)
        self._answered = 0.0  # of those seconds, when it answered last
        self._asked: dict[int, tuple[int, str, float]] = {}  # number of ours -> of the command, what it was, when (of those s)
        self._take = self._seq = 0
        self._file = ""  # that should be playing
        self._next: tuple[int, str] | None = None  # command and file of what follows
        self._volume = self._gain = 1.0
        self._parked: tuple[str, float, int] | None = None  # file, place and take of what was stopped
        self._mode = Mode.STOPPED
        self._wanted = False  # something of ours is to be heard
        self._start = False  # the place at which files begin is set for the next one
        self._refused, self._refused_seq = "", 0

    # --- running -----------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Talk to mpv until cancelled. Raises DeviceError when it is not there, or has gone."""
        try:
            reader, writer = await asyncio.wait_for(asyncio.open_unix_connection(self._path), OPEN_S)
        except (OSError, TimeoutError) as error:
            text = f"mpv is not at {self._path} ({error}): start it with `mpv --idle --input-ipc-server={self._path}`"
            raise DeviceError(text) from error
        self._anew()
        self._writer = writer
        telling: asyncio.Task[None] | None = None
        try:
            lines = wire.Lines()
            for number, name in enumerate(OBSERVED, 1):
                self._do(0, "observe_property", number, name)
            while data := await self._read(reader):
                for said in lines.feed(data):
                    self._take_in(said)
                if telling is None and len(self._asked) < len(OBSERVED):
                    self._answers = True
                    self._on_started()
                    self._hush()
                    telling = asyncio.create_task(self._tell())
            raise DeviceError("mpv has gone: start it again")
        except (ConnectionError, WireError) as error:
            raise DeviceError(f"mpv cannot be understood, or has gone ({error}): start it again") from error
        finally:
            if telling is not None:
                telling.cancel()
            self._later.settle()
            if self._wanted and self._ours(None):  # an end, or another player: nobody here could stop it any more
                self._do(0, "stop")
            self._writer, self._answers = None, False
            writer.transport.abort()  # whoever hangs may never take what waits
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        """What it says next; empty where it has gone. DeviceError where it has not answered for too long."""
        while self._watched.look() - self._answered < (GONE_S if self._answers else OPEN_S):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    return await reader.read(1 << 16)
        raise DeviceError(f"mpv is at {self._path}, but does not answer: it hangs, end it and start it again")

    async def _tell(self) -> None:
        while True:
            self._tell_status()
            self._do(0, "get_version")
            await asyncio.sleep(STATUS_S)

    def _tell_status(self) -> None:
        parts = [name for name, one in self._tracks.items() if len(one.parts) > 1]
        state, detail = State.RUNNING, "plays through mpv"
        if why := self._deaf():
            state, detail = State.DEGRADED, f"{why}: is its sound device gone? If it stays so, end it and start it again"
        elif parts:
            detail += f"; of {parts[0]} only `file` is heard: mpv has one output"
        self._on_status(PlayerStatus(state, detail, refused=self._refused, refused_seq=self._refused_seq))

    def _deaf(self) -> str:
        """What mpv has not answered, where it should have; else nothing."""
        _, what, at = next(iter(self._asked.values()), (0, "", math.inf))
        silent = self._watched.look() - at
        return f"mpv has not answered `{what}` for {silent:.0f} s" if silent > ANSWER_S else ""

    # --- asked ---------------------------------------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Whether mpv is there, and answers."""
        return self._answers

    def send(self, command: Command) -> bool:
        """Hand a command over; False while mpv is not there, or has not answered yet: it would do it whenever it wakes."""
        if not self._answers:
            return False
        match command:
            case Follow() | Loop() if 0 < command.of == self._refused_seq:
                pass  # what it belongs to cannot be played
            case Define():
                self._tracks[command.track] = command
            case Forget():
                self._tracks.pop(command.track, None)
            case Prepare():
                pass  # mpv reads what is next by itself
            case Play():
                self._play(command)
            case Stay():
                self._later.off("jump")
            case PausePlay():
                self._settle()
                self._do(command.seq, "set_property", "pause", True)
            case ResumePlay():
                self._resume(command.seq)
            case StopPlay():
                self._stop(command)
            case Follow():
                self._follow(command)
            case Loop():
                self._do(0, "set_property", "ab-loop-a", "no" if command.first is None else command.first)
                self._do(0, "set_property", "ab-loop-b", "no" if command.last is None else command.last)
            case Volume():
                self._volume = command.gain
                if self._mode is not Mode.STOPPING:  # the next step of the fade has it
                    self._loud()
            case Speed():
                self._do(0, "set_property", "speed", command.rate)
        return True

    def _play(self, command: Play) -> None:
        if why := self._deaf() if command.track in self._tracks else f"there is no track {command.track!r}":
            self._refuse(command.seq, why)
            return
        self._settle()
        if command.when is not None and self._mode is Mode.PLAYING:
            since = (time.monotonic_ns() - self._placed_ns) / 1e9
            wait = max(0.0, (command.when - self._position()) / self._speed() - since)
            self._later.at("jump", wait, lambda: self._begin(command))
        else:
            self._begin(command)

    def _begin(self, command: Play) -> None:
        define = self._tracks.get(command.track)
        if define is None:  # forgotten while it waited
            return
        if why := self._deaf():
            self._refuse(command.seq, why)
            return
        file, self._gain = define.parts[0].file, define.gain
        self._loud()
        if file == self._values.get("path") and self._mode in (Mode.PLAYING, Mode.PAUSED):
            self._take = command.seq
            self._do(command.seq, "seek", command.at, "absolute+exact")
            self._do(0, "set_property", "pause", False)
            return
        self._load(command.seq, file, command.at)

    def _load(self, seq: int, file: str, at: float) -> None:
        self._take, self._file, self._next, self._start, self._wanted = seq, file, None, True, True
        self._do(0, "set_property", "start", f"{at:.3f}")
        self._do(seq, "loadfile", file, "replace")
        self._do(0, "set_property", "pause", False)

    def _resume(self, seq: int) -> None:
        if why := self._deaf():
            self._refuse(seq, why)
            return
        self._settle()
        if self._mode is Mode.STOPPED and self._parked is not None:
            file, at, take = self._parked
            self._load(seq, file, at)
            self._take = take
        else:
            self._do(seq, "set_property", "pause", False)

    def _stop(self, command: StopPlay) -> None:
        self._settle()
        if self._mode in (Mode.PLAYING, Mode.PAUSED):
            self._parked = (self._file, self._position(), self._take)
        self._next = None
        if self._mode is Mode.PLAYING and command.out > STEPS_S:
            self._mode = Mode.STOPPING
            self._seq = command.seq
            self._later.fade(command.out, self._loud, lambda: self._faded(command.seq))
            self._tell_clock()
        else:
            self._end(command.seq)

    def _end(self, seq: int) -> None:
        self._mode, self._wanted = Mode.STOPPED, False
        self._do(seq, "stop")

    def _faded(self, seq: int) -> None:
        self._end(seq)
        self._loud()

    def _settle(self) -> None:
        """What was on its way to happen does not: something else was asked for."""
        if self._later.settle():
            self._loud()

    def _follow(self, command: Follow) -> None:
        self._do(0, "playlist-clear")
        self._next = None
        if command.track in self._tracks:
            file = self._tracks[command.track or ""].parts[0].file
            self._next = (command.seq, file)
            self._do(0, "loadfile", file, "append")

    def _loud(self, share: float = 1.0) -> None:
        self._do(0, "set_property", "volume", wire.volume(self._volume * self._gain * share))

    def _do(self, seq: int, *words: wire.Value) -> None:
        """Say it; `seq` is the command that it does, where its reply is to be told."""
        assert self._writer is not None
        if len(self._asked) >= MOST_ASKED and words[0] != "stop":
            return
        self._number += 1
        self._asked[self._number] = (seq, str(words[0]), self._watched.look())
        self._writer.write(wire.command(self._number, *words))

    # --- what it says --------------------------------------------------------------------------------------------------------

    def _take_in(self, said: wire.Said) -> None:
        match said:
            case wire.Reply():
                self._replied(said)
            case wire.Change():
                first = said.name not in self._values
                self._values[said.name] = said.value
                if said.name == "time-pos":
                    self._placed_ns = time.monotonic_ns()
                if said.name == "path":
                    self._another()
                    if first:
                        self._hush()
                self._place()
            case wire.Event("end-file", "error"):
                if self._wanted:  # what played before it has gone as well
                    self._mode, self._wanted, self._start = Mode.STOPPED, False, False
                    self._tell_clock()
                self._refuse(self._take, f"mpv cannot play {self._file}")
            case wire.Event("file-loaded") if self._start:
                self._start = False
                self._do(0, "set_property", "start", "none")

    def _replied(self, reply: wire.Reply) -> None:
        self._answered = self._watched.look()
        seq, what, _ = self._asked.pop(reply.number, (0, "", 0.0))
        if not seq:
            return
        if reply.done:
            self._seq = max(self._seq, seq)
            self._place()
        else:
            self._refuse(seq, f"mpv says of {what}: {reply.error}")

    def _hush(self) -> None:
        """What it plays of ours from before it was connected to is stopped."""
        if not self._wanted and self._ours():
            self._do(0, "stop")

    def _ours(self, *others: wire.Value) -> bool:
        """Whether the file that it plays is one of the show's, or one of these."""
        path = self._values.get("path")
        return path in others or path in {part.file for track in self._tracks.values() for part in track.parts}

    def _another(self) -> None:
        """Another file plays: what was to follow, perhaps."""
        path = self._values.get("path")
        if self._next is not None and path == self._next[1] and path is not None and self._file != "":
            self._take, self._file = self._next[0], str(path)
            self._next = None

    def _place(self) -> None:
        """What it does now, by its properties."""
        values, before = self._values, self._mode
        if not self._wanted:
            pass
        elif values.get("idle-active") or values.get("path") is None:
            if before is Mode.PLAYING and values.get("idle-active") and not self._start:
                self._mode = Mode.ENDED
        elif values.get("path") == self._file and before is not Mode.STOPPING and values.get("time-pos") is not None:
            self._mode = Mode.PAUSED if values.get("pause") else Mode.PLAYING
        self._tell_clock()

    def _tell_clock(self) -> None:
        parked = self._parked if self._mode is Mode.STOPPED else None
        position = self._position() if parked is None else parked[1]
        length = self._values.get("duration")
        seconds = float(length) if isinstance(length, int | float) else 0.0
        self._on_clock(PlayerClock(self._mode, self._take, self._seq, position, self._speed(), self._placed_ns, seconds))

    def _position(self) -> float:
        place = self._values.get("time-pos")
        return max(0.0, float(place)) if isinstance(place, int | float) else 0.0

    def _speed(self) -> float:
        speed = self._values.get("speed")
        return float(speed) if isinstance(speed, int | float) and speed > 0 else 1.0

    def _refuse(self, seq: int, why: str) -> None:
        self._refused, self._refused_seq = why, seq
        self._tell_status()
