"""The equalisers in a filter-chain of PipeWire: a venue's PA that this machine plays by itself, without a process of ours.

What is said is decided in `wire.pipewire` and `wire.polled`; here are the two programs of PipeWire that say it, `pw-dump` and
`pw-cli`, each run for one question with a deadline and a bound on what it may print. The node is read every two seconds, since
to start a program holds up the daemon for some milliseconds; only while bands are on their way that goes on without a pause, a
piece each time: the filters swap their coefficients at once, and a large step would crack. So nothing is written that was not
read a moment before.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import suppress

from showctl.model import ConsoleState, EqBand, EqState, Health, State, WireError
from showctl.plan import PaPlan
from showctl.wire import pipewire
from showctl.wire.polled import Polled
from showctl.wire.x32 import Limits

EVERY_S = 2.0  # that it is read
SILENT_S = 3.0  # without an answer: one that is lost on a busy machine is nothing
PIECE_S = 0.05  # from one piece of a way to the next
DEADLINE_S = 3.0  # that a program may take
WORDS = 300  # characters of what it complains


class Unanswered(Exception):
    """A program of PipeWire that could not do what it was asked for; in words."""


class PipewireConsole:
    """The equalisers of one node as long as `run` runs, called as `PaZone.console` says."""

    def __init__(self, plan: PaPlan, now: Callable[[], float]) -> None:
        self._node, self._now = plan.node, now
        limits = Limits(plan.gain, plan.q)
        self._equalisers = {zone.console: Polled(limits) for zone in plan.zones if zone.console}
        self._wrong: Mapping[str, str] = {}  # equalisers that are not as they should be, in words
        self._unwritten = ""  # why the last write failed
        self._serial: int | None = None  # of the node
        self._answered: float | None = None
        self._asked = asyncio.Event()  # something is to be written
        self._health = (State.STARTING, "the filter-chain is looked for")
        self._since = now()
        self._counts = {"reads": 0, "failures": 0}

    # --- as of any console -----------------------------------------------------------------------------------------------

    def apply(self, name: str, state: EqState) -> None:
        """Have an equaliser become what the policy decided. It has no switch."""
        for index, band in state.writes:
            self._equalisers[name].write(index, band, state.snapshot[index] if state.snapshot else None)
        if state.writes:
            self._asked.set()

    def console(self, name: str) -> ConsoleState:
        """What an equaliser is, and what was touched since this was asked last."""
        if name in self._wrong:
            return ConsoleState(self._answered, trouble=self._wrong[name])
        return self._equalisers[name].take(self._answered)

    def settled(self, name: str) -> bool:
        """Whether it is read back that an equaliser is all that it was told to be."""
        return self._equalisers[name].settled

    def limit(self, plan: PaPlan) -> None:
        """The limits of another version of the venue file hold from now on."""
        for one in self._equalisers.values():
            one.limits = Limits(plan.gain, plan.q)

    def plays(self, plan: PaPlan) -> bool:
        """Whether it is what another version of the venue file names, limits aside."""
        names = [zone.console for zone in plan.zones if zone.console]
        return plan.console == "pipewire" and plan.node == self._node and names == list(self._equalisers)

    def health(self) -> Health:
        """How it is, in words that say what to do."""
        counts = dict(self._counts)
        for one in self._equalisers.values():
            for key, count in one.counts.items():
                counts[key] = counts.get(key, 0) + count
        return Health("console", *self._health, self._since, tuple((key, float(count)) for key, count in counts.items()))

    def end(self) -> None:
        """Nothing was started for it: the filter-chain is somebody else's, and plays on."""

    async def run(self) -> None:
        """Read and write until cancelled. What is missing is words in its health, and looked for again."""
        while True:
            self._asked.clear()
            try:
                moving = await self._round()
            except Unanswered as error:
                moving = False
                self._fail(str(error))
            if moving:
                await asyncio.sleep(PIECE_S)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY_S):  # wait_for may swallow a cancellation
                    await self._asked.wait()

    # --- a round ---------------------------------------------------------------------------------------------------------

    async def _round(self) -> bool:
        """Read the node, and write what is to be written next. Whether there is more to come."""
        said = await _ran("pw-dump", self._node)
        self._counts["reads"] += 1
        try:
            node = pipewire.seen(said, self._node, list(self._equalisers))
        except WireError as error:
            raise Unanswered(f"{error}: is the filter-chain loaded, and is its `node.name` what the venue file says?") from None
        self._answered = self._now()
        self._wrong = {name: bands for name, bands in node.equalisers.items() if isinstance(bands, str)}
        if self._serial not in (None, node.serial):  # it was started anew, and holds what its file says
            for one in self._equalisers.values():
                one.forget()
        self._serial = node.serial
        due: dict[str, dict[int, EqBand]] = {}
        for name, bands in node.equalisers.items():
            one = self._equalisers[name]
            if isinstance(bands, str):
                one.fall_silent()
            else:
                one.read(bands)
                if some := one.due():
                    due[name] = some
        try:
            for name, pieces in due.items():
                await _ran("pw-cli", "set-param", str(node.id), "Props", pipewire.props(name, pieces))
                self._unwritten = ""
        except Unanswered as error:
            self._unwritten, due = str(error), {}
            self._drop()
        self._tell(*self._words())
        return bool(due)

    def _drop(self) -> None:
        for one in self._equalisers.values():
            one.fall_silent()

    def _fail(self, words: str) -> None:
        self._counts["failures"] += 1
        if self._answered is not None and self._now() - self._answered < SILENT_S:
            return
        self._drop()
        self._tell(State.DEGRADED, f"{words[:WORDS]}; nothing is changed")

    def _words(self) -> tuple[State, str]:
        if self._unwritten:
            return State.DEGRADED, f"{self._unwritten[:WORDS]}; what was to be written is dropped"
        if self._wrong:
            return State.DEGRADED, f"{self._node}: {next(iter(self._wrong.values()))}"
        for name, one in self._equalisers.items():
            if one.refused:
                text = f"{self._node}: {name}: {next(iter(one.refused.values()))}"
                return State.DEGRADED, f"{text}: does another program set it, too? Then hand the band back"
        told = (f"{name} has {len(one.known)} bands" for name, one in self._equalisers.items())
        return State.RUNNING, f"filter-chain {self._node}: {'; '.join(told)}"

    def _tell(self, state: State, words: str) -> None:
        if (state, words) != self._health:
            if state is not self._health[0]:
                self._since = self._now()
            self._health = state, words


async def _ran(*command: str) -> bytes:
    """What a program prints. Unanswered, in words, where it cannot be run, fails, hangs, or does not come to an end."""
    environment = {**os.environ, "LC_ALL": "C"}  # numbers have a point
    environment.pop("PIPEWIRE_DEBUG", None)
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe, start_new_session=True, env=environment
        )
    except OSError as error:
        cure = "install PipeWire's programs (Debian: pipewire-bin)" if isinstance(error, FileNotFoundError) else str(error)
        raise Unanswered(f"{command[0]} cannot be run: {cure}") from None
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.timeout(DEADLINE_S):
            said, complaint = await asyncio.gather(_read(process, process.stdout), _read(process, process.stderr))
            code = await process.wait()
    except TimeoutError:
        raise Unanswered(
            f"{command[0]} took longer than {DEADLINE_S:.0f} s: PipeWire hangs, or this machine is too busy"
        ) from None
    finally:
        with suppress(ProcessLookupError):  # it has ended, as it should
            process.kill()
        with suppress(TimeoutError):  # what it leaves in its pipes is read, or they would stay open
            await asyncio.wait_for(process.communicate(), DEADLINE_S)
    if max(len(said), len(complaint)) > pipewire.LIMIT:
        raise Unanswered(f"{command[0]} says more than {pipewire.LIMIT} bytes")
    if code:
        words = " ".join(complaint.decode(errors="replace").split())[:WORDS] or f"it ended with {code}"
        raise Unanswered(f"{command[0]}: {words}: does PipeWire run, for the user that showctl runs as?")
    return said


async def _read(process: asyncio.subprocess.Process, stream: asyncio.StreamReader) -> bytes:
    """All that comes; a program that says more than anybody could mean is ended."""
    found = bytearray()
    while data := await stream.read(65_536):
        if len(found) <= pipewire.LIMIT:
            found += data
        else:
            with suppress(ProcessLookupError):
                process.kill()
    return bytes(found)
