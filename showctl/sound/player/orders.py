"""What the daemon asks of the player, done in its order: on the shelf at once, on the mixer with the next block of the card.

What waits for a file (`play` of a place that is not in memory) holds up only what depends on it, and is given up when something
else is asked for, or after PATIENCE_S. What cannot be done is refused by its number, in words; so is what belongs to it, unsaid.

Without a card what holds for any is kept for the one that comes, and what would sound is refused. The rest is done already: where
nothing plays there is nothing to stop.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TypeAlias

from showctl.model import player as nouns
from showctl.sound.player.mixer import Mixer, Start
from showctl.sound.player.shelf import Shelf, Track
from showctl.sound.player.stream import Deed, Stream

PATIENCE_S = 5.0  # with a file that is asked for
ENOUGH_S = 0.5  # of sound that must be in memory before it is begun

Waits: TypeAlias = nouns.Play | nouns.Follow | nouns.Loop


class Refused(Exception):
    """A command that cannot be done, in words."""


class Orders:
    """Commands in, deeds for a stream and wishes of a shelf out, once there are both (`open`). `now` is monotonic seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._card: tuple[Stream, Shelf] | None = None
        self._defined: dict[str, nouns.Define] = {}
        self._standing: dict[type, nouns.Command] = {}  # what holds for any card: the last Volume, Speed and Prepare
        self._waits_until = 0.0
        self._void = 0  # the Play that was refused last
        self.waiting: deque[Waits] = deque()
        self.refused, self.refused_seq = "", 0  # why a command could not be done, the last of those, and its number

    def open(self, stream: Stream, shelf: Shelf) -> None:
        """There is a card: what was said before holds for it."""
        self._card = stream, shelf
        for command in (*self._defined.values(), *self._standing.values()):
            self.take(command)

    def take(self, command: nouns.Command, problem: str = "") -> None:
        """Do a command, or have it wait; `problem` says why there is no card, where there is none."""
        try:
            self._do(command, problem)
        except (Refused, ValueError) as refused:
            self._give_up(command, str(refused))

    def refuse(self, seq: int, why: str) -> None:
        """A command cannot be done."""
        self.refused, self.refused_seq = why, seq

    def _give_up(self, command: nouns.Command, why: str) -> None:
        """It cannot be done; nor can what belongs to it."""
        if isinstance(command, nouns.Play):
            self._void = command.seq
            self.waiting = deque(one for one in self.waiting if not self._is_void(one))
        self.refuse(command.seq, why)

    def _is_void(self, command: nouns.Command) -> bool:
        return isinstance(command, nouns.Follow | nouns.Loop) and 0 < command.of == self._void

    def _do(self, command: nouns.Command, problem: str) -> None:
        if self._is_void(command):
            return
        match command:
            case nouns.Define():
                self._defined[command.track] = command
            case nouns.Forget():
                self._defined.pop(command.track, None)
            case nouns.Volume() | nouns.Speed() | nouns.Prepare():
                self._standing[type(command)] = command
            case nouns.Play() | nouns.Follow() | nouns.ResumePlay() if self._card is None:
                raise Refused(f"nothing can be played: {problem}")
        if self._card is not None:
            self._do_on(*self._card, command)

    def _do_on(self, stream: Stream, shelf: Shelf, command: nouns.Command) -> None:
        seq = command.seq
        match command:
            case nouns.Define():
                shelf.define(command)
            case nouns.Forget():
                shelf.forget(command.track)
            case nouns.Prepare():
                shelf.prepare(command.track, command.at * stream.rate)
            case nouns.Volume():
                self._ask(stream, lambda mixer: mixer.volume(command.gain))
            case nouns.Speed():
                self._ask(stream, lambda mixer: mixer.run_at(command.rate))
            case nouns.Play():
                self._leave_out()
                if command.when is None:
                    self.waiting.clear()  # it does not wait behind what follows another
                shelf.again(command.track)
                self._wait(command)
            case nouns.Follow() | nouns.Loop():
                self._wait(command)
            case nouns.Stay():
                self.waiting = deque(one for one in self.waiting if not (isinstance(one, nouns.Play) and one.when is not None))
                self._ask(stream, Mixer.stay)
            case nouns.PausePlay():
                self._leave_out()
                self._ask(stream, Mixer.pause, seq)
            case nouns.ResumePlay():
                self._leave_out()
                self._ask(stream, Mixer.resume, seq)
            case nouns.StopPlay():
                self.waiting.clear()
                frames = round(command.out * stream.rate)
                self._ask(stream, lambda mixer: mixer.stop(frames), seq)

    def _leave_out(self) -> None:
        """What waits to begin does not; what follows what plays still does."""
        plays = {one.seq for one in self.waiting if isinstance(one, nouns.Play)}
        self.waiting = deque(one for one in self.waiting if not isinstance(one, nouns.Play) and one.of not in plays)

    def _ask(self, stream: Stream, deed: Deed, turns: int = 0) -> None:
        """Have it done. `turns` is the number of a command after which something else plays, or nothing: the clock tells it."""

        def do(mixer: Mixer) -> None:
            deed(mixer)
            mixer.seq = turns or mixer.seq

        if not stream.ask(do):
            raise Refused("too many commands wait for the sound card")

    def _wait(self, command: Waits) -> None:
        if not self.waiting:
            self._waits_until = self._now() + PATIENCE_S
        self.waiting.append(command)
        self.advance()

    def advance(self) -> None:
        """Do what waits, in order, as far as it is ready."""
        while self.waiting and self._card is not None:
            command, (stream, shelf) = self.waiting[0], self._card
            try:
                deed = self._deed(command, shelf, stream.rate)
                if deed is None and self._now() < self._waits_until:
                    return
                if deed is None:
                    raise Refused(f"its file has not been read within {PATIENCE_S:g} s: is the disk there?")
                self.waiting.popleft()
                self._ask(stream, deed, command.seq if isinstance(command, nouns.Play) else 0)
            except Refused as refused:
                if self.waiting and self.waiting[0] is command:
                    self.waiting.popleft()
                self._give_up(command, str(refused))
            self._waits_until = self._now() + PATIENCE_S

    def _deed(self, command: Waits, shelf: Shelf, rate: int) -> Deed | None:
        """What is to be done, None while it has to wait."""
        if isinstance(command, nouns.Loop):
            ends = None if command.first is None or command.last is None else (command.first * rate, command.last * rate)
            whole = None if ends is None else (float(round(ends[0])), float(round(ends[1])))
            return lambda mixer: mixer.loop(whole)
        if command.track is None:
            return lambda mixer: mixer.follow(None)
        track, at = self._track(command.track, shelf), float(round(command.at * rate))
        if track.opened and at >= track.frames:
            raise Refused(f"{command.track} is {track.frames / rate:.1f} s long, and {command.at:.1f} s was asked for")
        if not track.there(at, ENOUGH_S) and (isinstance(command, nouns.Play) or not track.opened):
            shelf.hurry(track, at)
            return None
        if isinstance(command, nouns.Follow):
            cross = round(command.crossfade * rate)
            start = Start(track, command.seq, at, into=cross, out=cross, power=True)
            return lambda mixer: mixer.follow(start)
        when = float("inf") if command.when is None else float(round(command.when * rate))
        start = Start(track, command.seq, at, round(command.into * rate), round(command.out * rate), when)
        return lambda mixer: mixer.play(start)

    def _track(self, name: str, shelf: Shelf) -> Track:
        track = shelf.find(name)
        if track is None:
            raise Refused(f"there is no track {name!r}")
        if not track.opened and track.trouble:
            raise Refused(track.trouble)
        return track
