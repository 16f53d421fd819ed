"""A program that speaks OSC as the player of the tracks: REAPER, QLab or Ableton Live, each by its dialect (wire.dialect).

It plays what it has under a track's name there, from the place that is asked for, and says where it is: the light follows that
(`steady`). What it is told counts as done when it says so, because a packet may be lost: where it goes on to say something else,
a song is asked for once more; one that does not begin within ANSWER_S is refused and called off, so that nothing begins late; a
stop is said again and again until it is heeded. It is its own master: what somebody does at its own desk is followed, and what it
plays that nobody asked for here is none of ours. But nothing of ours sounds by itself: a track that it still plays when it is
connected to is stopped, and so is one when we end, or another player takes over.

It is asked something whenever it was silent for a second. After ANSWER_S without a word it is deaf: that is told, and nothing is
begun. After GONE_S it has gone (`line`), and is asked for anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable

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
from showctl.outputs import line
from showctl.outputs.later import STEPS_S, Later
from showctl.outputs.line import Line, dialect_of, passcode
from showctl.outputs.said import Due, lacks, status
from showctl.outputs.steady import Steady
from showctl.plan.tracks import Address, TracksPlan
from showctl.wire.dialect import Dialect, Said, Standing

STATUS_S = 1.0
AGAIN_S = 0.4  # in which it says that a song has begun, unless that was lost on its way
LATE_S = 0.5  # by which a word may come late, of what it did before it was told otherwise
YOUNG_S = 3.0  # after it has come, in which a track that it plays is one from before
END_S = 0.5  # before its end, in which a song that stops has ended


class External:
    """A player of tracks at an address of the network. What it says is told as outputs.player.PlayerProcess tells it."""

    def __init__(
        self,
        plan: TracksPlan,
        *,
        on_started: Callable[[], None],
        on_clock: Callable[[PlayerClock], None],
        on_status: Callable[[PlayerStatus], None],
    ) -> None:
        self._plan, self._address = plan, Address.of(plan.card)
        self._on_started, self._on_clock, self._on_status = on_started, on_clock, on_status
        self._later = Later()
        self._anew(dialect_of(plan))

    def _anew(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._line = Line(dialect, self._address, on_word=self._take_in, on_tick=self._tick, on_end=self._end)
        self._started = False  # that it is there has been told
        self._asked = self._looked = self._told = 0.0  # s, monotonic: the last question whether it is there, look and status
        self._tracks: dict[str, Define] = {}
        self._song: Define | None = None  # that plays, or should
        self._take = self._seq = 0
        self._mode = Mode.STOPPED
        self._due: Due | None = None
        self._expected = 0.0  # since when (s of the line)
        self._hasty = False  # it was told something else just before, and its words of that may still be on their way
        self._twice = False  # it was told so twice
        self._follow: Follow | None = None
        self._round: tuple[float, float] | None = None
        self._steady, self._count = Steady(), 0
        self._still: float | None = None  # s at which it stands, or stood when it was stopped
        self._volume = self._rate = 1.0
        self._refused, self._refused_seq = "", 0

    # --- running -----------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Talk to it until cancelled. Raises DeviceError when it does not answer, or has gone."""
        self._anew(dialect_of(self._plan, passcode(self._plan.passcode_file)))
        try:
            await self._line.run()
        finally:
            self._later.settle()

    def _end(self) -> None:
        """Nobody here could stop it any more: it is silent, and as loud as it was."""
        sounds = self._due is not None or self._mode in (Mode.PLAYING, Mode.STOPPING)
        if self._song is not None and sounds and self._line.answers:
            self._say(self._dialect.stop(self._song.there))
            self._loud()

    def _tick(self) -> None:
        now, due, song = time.monotonic(), self._due, self._song
        waited = self._line.clock.look() - self._expected
        if now >= self._asked + STATUS_S:
            self._asked = now
            if self._line.silent >= 0.8 * STATUS_S:
                self._ask()
            if due is not None and due.mode is not Mode.PLAYING and waited > 0.5 * STATUS_S and song is not None:
                self._say(self._order(due.mode, song.there))
        if song is not None and self._dialect.look_s and now >= self._looked + self._dialect.look_s and self._moves:
            self._looked = now
            self._say(self._dialect.look(song.there))
        if due is not None and due.mode is Mode.PLAYING and song is not None:
            if waited > line.ANSWER_S:
                self._fail(due)
            elif not self._twice and waited > AGAIN_S + LATE_S * self._hasty and self._line.silent < 0.5 * AGAIN_S:
                self._twice = True
                self._dialect.lost()
                self._say(self._dialect.play(song.there, due.at))
        if self._started and now >= self._told + STATUS_S:
            self._tell_status()
        if self._mode in (Mode.PLAYING, Mode.STOPPING) and not self._line.deaf:
            self._tell_clock()

    @property
    def _moves(self) -> bool:
        """Whether it matters where it is."""
        return self._due is not None or self._mode in (Mode.PLAYING, Mode.PAUSED, Mode.STOPPING)

    def _ask(self) -> None:
        self._say(self._dialect.ask([one.there for one in self._tracks.values()]))

    def _order(self, mode: Mode, there: str) -> list[bytes]:
        return self._dialect.pause(there) if mode is Mode.PAUSED else self._dialect.stop(there)

    def _say(self, packets: list[bytes]) -> None:
        self._line.say(packets)

    def _tell_status(self) -> None:
        self._told = time.monotonic()
        heard, refused = self._line, (self._refused, self._refused_seq)
        sure = heard.age > YOUNG_S
        self._on_status(status(self._dialect, self._tracks, deaf=heard.deaf, sure=sure, unread=heard.unread, refused=refused))

    # --- asked ---------------------------------------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Whether it is there, and answers."""
        return self._line.answers

    def send(self, command: Command) -> bool:
        """Hand a command over; False while it is not there: it would do it whenever it comes."""
        if not self._line.answers:
            return False
        match command:
            case Follow() | Loop() if 0 < command.of == self._refused_seq:
                pass  # what it belongs to cannot be played
            case Define():
                self._tracks[command.track] = command
                if self._dialect.said(command.there) is None:
                    self._say(self._dialect.ask([command.there]))
            case Forget():
                self._tracks.pop(command.track, None)
            case Prepare():
                pass  # it reads what it needs by itself
            case Play():
                self._play(command)
            case Stay():
                self._later.off("jump")
            case PausePlay():
                self._stand(Mode.PAUSED, command.seq)
            case ResumePlay():
                self._resume(command.seq)
            case StopPlay():
                self._stop(command)
            case Follow():
                self._follow = command if command.track in self._tracks else None
            case Loop():
                self._loop(command)
            case Volume():
                self._volume = command.gain
                if self._mode is not Mode.STOPPING:  # the next step of the fade has it
                    self._loud()
            case Speed():
                self._pace(command)
        return True

    def _play(self, command: Play) -> None:
        song = self._tracks.get(command.track)
        if why := f"there is no track {command.track!r}" if song is None else self._why_not(song):
            self._refuse(command.seq, why)
            return
        self._settle()
        if command.when is not None and self._mode is Mode.PLAYING:
            self._later.at("jump", (command.when - self._position()) / self._rate, lambda: self._begin(command))
        else:
            self._begin(command)

    def _begin(self, command: Play) -> None:
        if (song := self._tracks.get(command.track)) is not None:  # not forgotten while it waited
            self._load(song, command.at, command.seq, command.seq)

    def _load(self, song: Define, at: float, seq: int, take: int) -> None:
        """Have a song play from `at`; that is command `seq`, and what plays is of command `take`."""
        if why := self._why_not(song):
            self._refuse(take, why)
            return
        self._later.off("end")
        if self._song is not None and self._song.there != song.there:
            self._say(self._dialect.leave(self._song.there))
            self._follow = None
        self._song, self._still = song, None
        self._expect(Due(Mode.PLAYING, seq, take, time.monotonic(), at))
        self._loud()
        self._say(self._dialect.pace(song.there, self._rate) if self._dialect.rates else [])
        self._say(self._dialect.play(song.there, at))

    def _why_not(self, song: Define) -> str:
        """Why a song cannot begin; else nothing."""
        if why := self._line.deaf:
            return why
        if self._dialect.said(song.there) is None:
            self._ask()
            return lacks(self._dialect, song.there)
        return ""

    def _expect(self, due: Due) -> None:
        self._hasty = self._due is not None
        self._due, self._expected, self._twice = due, self._line.clock.look(), False

    def _resume(self, seq: int) -> None:
        song, at = self._song, self._still
        if song is None or at is None:
            self._seq = seq
        elif why := self._why_not(song):
            self._refuse(seq, why)
        else:
            self._settle()
            paused = self._mode is Mode.PAUSED
            self._expect(Due(Mode.PLAYING, seq, self._take, time.monotonic(), at))
            self._still = None
            self._loud()
            self._say(self._dialect.resume(song.there, at) if paused else self._dialect.play(song.there, at))

    def _stop(self, command: StopPlay) -> None:
        self._settle()
        self._follow = None
        if self._mode is Mode.PLAYING and self._due is None and command.out > STEPS_S:
            self._still = self._position()
            self._mode, self._seq = Mode.STOPPING, command.seq
            self._later.fade(command.out, self._loud, lambda: self._stand(Mode.STOPPED, command.seq))
            self._tell_clock()
        else:
            self._stand(Mode.STOPPED, command.seq)

    def _stand(self, mode: Mode, seq: int) -> None:
        """Have it pause, stop, or be silent at its end."""
        self._settle()
        self._later.off("end")
        if self._song is None:
            self._mode, self._seq = Mode.STOPPED, seq
            self._tell_clock()
            return
        if self._due is not None and self._due.mode is Mode.PLAYING:
            self._still = self._due.at
        elif self._mode is Mode.PLAYING or self._still is None:
            self._still = self._position()
        take = self._due.take if self._due is not None else self._take
        self._expect(Due(mode, seq, take, time.monotonic()))
        self._say(self._order(mode, self._song.there))

    def _settle(self) -> None:
        """What was on its way to happen does not: something else was asked for."""
        self._later.settle()
        self._wait_for_end()

    def _loop(self, command: Loop) -> None:
        if not self._dialect.loops:
            if command.first is not None:
                self._refuse(command.seq, f"{self._dialect.title} goes round in no track: {self._dialect.cannot}")
            return
        self._round = None if command.first is None or command.last is None else (command.first, command.last)
        self._steady.round(self._round)
        if self._song is not None:
            self._say(self._dialect.loop(self._song.there, command.first, command.last))
        self._wait_for_end()

    def _pace(self, command: Speed) -> None:
        if not self._dialect.rates:
            if command.rate != 1.0:
                self._refuse(command.seq, f"{self._dialect.title} has one speed here: {self._dialect.cannot}")
            return
        place, self._rate = self._position(), command.rate
        self._steady.anew(command.rate)
        if self._song is not None:
            self._steady.add(time.monotonic_ns(), place)
            self._say(self._dialect.pace(self._song.there, command.rate))
        self._wait_for_end()

    def _loud(self, share: float = 1.0) -> None:
        if self._song is not None:
            self._say(self._dialect.loud(self._song.there, self._volume * self._song.gain * share))

    # --- what it says --------------------------------------------------------------------------------------------------------

    def _take_in(self) -> None:
        ns = time.monotonic_ns()
        if not self._started:
            self._started = True
            self._on_started()
        if self._song is None:
            self._hush()
            return
        said = self._dialect.said(self._song.there)
        if said is None:
            return
        if self._due is not None:
            hasty = self._hasty and self._line.clock.look() < self._expected + LATE_S
            if not hasty and self._due.met(said, self._rate, ns / 1e9):
                self._arrive(self._due, said, ns)
            return
        if said.standing is Standing.PLAYING and self._mode in (Mode.PLAYING, Mode.STOPPING, Mode.PAUSED):
            if self._mode is Mode.PAUSED:  # somebody went on over there
                self._steady.anew(self._rate)
                self._steady.add(ns, self._position())  # what it said in the pause was perhaps where its cursor is
                self._mode, self._still, self._count = Mode.PLAYING, None, said.count
            if said.count != self._count:
                self._count = said.count
                self._steady.add(ns, said.place)
                self._wait_for_end()
        elif said.standing is not Standing.PLAYING and self._mode is Mode.PLAYING:
            if self._left() < END_S and self._round is None:
                self._over()
            else:  # somebody stopped it over there
                self._still, self._mode = self._position(), Mode.PAUSED
                self._later.settle()
                self._tell_clock()

    def _arrive(self, due: Due, said: Said, ns: int) -> None:
        """It does what it was told."""
        self._due = None
        self._mode, self._seq, self._take = due.mode, max(self._seq, due.seq), due.take
        if due.mode is Mode.PLAYING:
            self._count = said.count
            self._steady.anew(self._rate)
            self._steady.add(ns, said.place)
            self._wait_for_end()
        elif due.mode in (Mode.STOPPED, Mode.ENDED):
            self._loud()  # as it is found by whoever plays something there by hand
        self._tell_clock()

    def _hush(self) -> None:
        """What it plays of ours from before it was connected to is stopped."""
        if self._line.age > YOUNG_S:
            return
        for one in self._tracks.values():
            said = self._dialect.said(one.there)
            if said is not None and said.standing is Standing.PLAYING and 0.0 <= said.place <= self._length(one):
                self._say(self._dialect.stop(one.there))
                return

    def _length(self, song: Define) -> float:
        """Seconds: of the file, or of what is there, whichever ends first."""
        return min([one for one in (song.length, self._dialect.length(song.there)) if one > 0.0], default=float("inf"))

    def _left(self) -> float:
        """Seconds until the song has ended."""
        return float("inf") if self._song is None else (self._length(self._song) - self._position()) / self._rate

    def _wait_for_end(self) -> None:
        if self._mode is not Mode.PLAYING or self._due is not None or self._round is not None:
            self._later.off("end")
        elif (left := self._left()) < 2 * STATUS_S:
            self._later.at("end", left, self._over)

    def _over(self) -> None:
        """The song has come to its end."""
        follow, self._follow = self._follow, None
        song = None if follow is None or follow.track is None else self._tracks.get(follow.track)
        if follow is not None and song is not None and not self._why_not(song):
            self._load(song, follow.at, self._seq, follow.seq)
        else:
            self._stand(Mode.ENDED, self._seq)

    def _fail(self, due: Due) -> None:
        """It did not begin; it is not to do so any more."""
        self._due = None
        assert self._song is not None
        self._say(self._dialect.stop(self._song.there))
        self._mode = Mode.STOPPED
        self._tell_clock()
        self._refuse(max(due.seq, due.take), f"{self._dialect.title} did not begin {self._song.there!r}")

    # --- told ------------------------------------------------------------------------------------------------------------------

    def _position(self) -> float:
        if self._still is not None and self._mode is not Mode.STOPPING:
            return self._still
        return max(0.0, self._steady.place(time.monotonic_ns()))

    def _tell_clock(self) -> None:
        length = 0.0 if self._song is None else self._song.length
        parked = self._still if self._mode in (Mode.STOPPED, Mode.PAUSED) else None
        position = self._position() if parked is None else parked
        self._on_clock(PlayerClock(self._mode, self._take, self._seq, position, self._rate, time.monotonic_ns(), length))

    def _refuse(self, seq: int, why: str) -> None:
        self._refused, self._refused_seq = why, seq
        self._tell_status()
