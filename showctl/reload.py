"""The daemon's end of reading: starts the process that reads (`loader`), takes what it sends, and puts a new show in place.

What comes is taken in slices between other things, a line of `wire.plan` at a time. A good version is looked at against the one
that runs, made ready in a thread, and taken over just after a tick, when there is most time until the next. A version that is
not good changes nothing: its mistakes are told and the show goes on. One that would move or take away fixtures that are lit
waits until it is forced.

Everything that may go wrong here is health of the part "show", and never a fault of the light: a process that crashes or hangs
is ended and started again.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from showctl.changes import changes, moved
from showctl.config.loaded import Loaded, venue_of
from showctl.model import DeviceError, Health, Problem, State, WireError
from showctl.plan import Cue, Plan
from showctl.supervise import Quiet
from showctl.wire.plan import Reader

log = logging.getLogger("showctl")

SLICE = 16_384  # bytes that are taken at a time: a millisecond of work
SILENT_S = 30.0  # the loader speaks every 5 s, and compiles no show for so long
SWITCH_S = 0.0005  # how long the thread that makes an engine may keep the tick waiting for the interpreter
SHOWN = 5  # problems that are logged; all of them are on the page
CRUMB = 50  # cues of a version that are let go of at a time

AT_ONCE = {"audio": frozenset({"channels", "latency"})}  # settings of the venue that need no new start

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of reading the files."""

    why: str  # "saved", "asked"
    version: str
    problems: tuple[Problem, ...]
    more: int  # problems that are not among them
    loaded: Loaded | None  # None: it cannot be run
    seconds: float  # that it took


@dataclass(frozen=True, slots=True)
class Warnings:
    """All that is worth a warning in a version; it comes after the plan, which need not wait for it."""

    version: str
    problems: tuple[Problem, ...]


class Loader:
    """The process that reads. `start` it, `ask` it, `feed` what it writes."""

    def __init__(self, venue: Path, show: Path, history: Path, *, watch: bool) -> None:
        self.venue = venue
        self.watched = (venue, show) if watch else None
        self._command = [sys.executable, "-m", "showctl.loader", str(venue), str(show), str(history)]
        self._command += ["--watch"] if watch else []
        self._process: subprocess.Popen[bytes] | None = None
        self._reader, self._rest = Reader(), b""
        self._answer: Mapping[str, Any] | None = None  # whose plan is coming

    def start(self) -> None:
        """Begin anew with a process of its own, which ends when this one does. Raises DeviceError."""
        self.close()
        self._begin()
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
                env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            )
        except OSError as error:
            raise DeviceError(f"the process that reads the files cannot be started: {error}") from error

    def _begin(self) -> None:
        self._reader, self._rest, self._answer = Reader(), b"", None

    @property
    def running(self) -> bool:
        """Whether it was started and has not been closed."""
        return self._process is not None

    @property
    def output(self) -> int:
        """The file descriptor to read from."""
        assert self._process is not None
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def ask(self, **what: Any) -> None:
        """Have it do something; see `loader`. Nothing where it is gone: `feed` will say so."""
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.write(json.dumps(what).encode() + b"\n")
                self._process.stdin.flush()

    def feed(self, data: bytes) -> Iterator[Answer | Warnings | dict[str, Any]]:
        """What it says in these bytes: answers, warnings, other messages as they are. WireError if it talks nonsense."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"{"):
                message = json.loads(line)
                if "warnings" in message:
                    yield Warnings(message["warnings"], _problems(message))
                elif "answer" not in message:
                    yield message
                elif message["good"]:
                    self._answer = message
                else:
                    yield _answer(message, None)
            elif (plan := self._reader.take(line.decode())) is not None:
                if self._answer is None:
                    raise WireError("a plan that nobody announced")
                yield _answer(self._answer, plan)
                self._answer = None

    def first(self, **more: str) -> Answer:
        """Ask for a load and wait for it: for the start, when there is nothing else to do. Raises DeviceError."""
        if not self.running:
            self.start()
        self.ask(do="load", **more)
        until, answer = time.monotonic() + SILENT_S, None
        while select.select([self.output], [], [], max(0.0, until - time.monotonic()))[0]:
            data = os.read(self.output, 1 << 20)
            if not data:
                break
            for said in self.feed(data):
                if isinstance(said, Answer):
                    answer = said
                if isinstance(said, Warnings) and answer is not None and answer.loaded is not None:
                    return replace(answer, problems=said.problems, loaded=replace(answer.loaded, warnings=said.problems))
            if answer is not None and answer.loaded is None:
                return answer
        self.close()
        raise DeviceError("the process that reads the files has ended or hangs: start again, and see what it said above")

    def close(self) -> None:
        """End it."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):  # a line that nobody will read any more
                    pipe.close()
        process.wait()


def _answer(message: Mapping[str, Any], plan: Plan | None) -> Answer:
    problems = _problems(message)
    loaded = None
    if plan is not None:
        settings, files = message["settings"], tuple(map(Path, message["files"]))
        loaded = Loaded(plan, venue_of(plan.venue, settings), settings, problems, files, message["version"])
    return Answer(message["answer"], message["version"], problems, message["more"], loaded, message["seconds"])


def _problems(message: Mapping[str, Any]) -> tuple[Problem, ...]:
    return tuple(Problem(*one) for one in message["problems"])


@dataclass(frozen=True, slots=True)
class Change:
    """A version that takes the place of another."""

    loaded: Loaded
    words: str  # what it changes


class Reload(Generic[T]):
    """The part "show" of the daemon: takes up what is saved, undoes it, and says how the files are."""

    def __init__(
        self,
        loader: Loader,
        running: Loaded,
        *,
        playing: Callable[[], Mapping[str, str]],
        lit: Callable[[tuple[str, ...]], tuple[str, ...]],
        prepare: Callable[[Loaded], T],
        between: Callable[[], Any],
        take_over: Callable[[Change, T], None],
        on_problems: Callable[[tuple[Problem, ...]], None],
        on_health: Callable[[Health], None],
        now: Callable[[], float],
    ) -> None:
        """`playing` says the current cue of each list, `lit` which of some fixtures give light. `prepare` is called in a
        thread, with all that takes time; `between` is awaited before `take_over`, which must not take any."""
        self.running = running
        self.before: Loaded | None = None  # what ran before the last reload
        self._loader = loader
        self._playing, self._lit, self._prepare, self._between = playing, lit, prepare, between
        self._take_over, self._on_problems, self._on_health, self._now = take_over, on_problems, on_health, now
        self._wake = asyncio.Event()
        self._answer: Answer | None = None  # the newest that waits
        self._refused: Answer | None = None  # that waits to be forced
        self._amiss = False  # the last that was said of the files is what is wrong with them
        self._warnings: Warnings | None = None  # the newest that wait for their version to be played
        self._undo = self._force = False
        self._undone = ""  # version of the reload that was undone last
        self._again = False  # the next answer is that of a loader that was started again: nobody has saved anything
        self._heard = 0.0  # s of the loop
        self._ended = ""
        self._quiet = Quiet(now)

    # --- what people ask for -------------------------------------------------------------------------------------------

    def ask(self, force: bool = False) -> None:
        """Read the files now; `force` also takes what moves fixtures that are lit."""
        self._force |= force
        if force and self._refused is not None:
            self._answer, self._refused = self._refused, None
            self._wake.set()
        else:
            self._loader.ask(do="load")

    def undo(self) -> None:
        """Play what ran before the last reload, until a file is saved again."""
        self._undo = True
        self._wake.set()

    # --- the part ----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Take up what is saved until cancelled. DeviceError when the process that reads is gone or hangs."""
        loop = asyncio.get_running_loop()
        if not self._loader.running:
            self._loader.start()
            self._loader.ask(do="load")
            self._again = True
        self._ended, self._heard, self._force = "", loop.time(), False
        output = self._loader.output
        loop.add_reader(output, self._read, output)
        try:
            while not self._ended:
                with suppress(TimeoutError):
                    async with asyncio.timeout(SILENT_S / 2):
                        await self._wake.wait()
                self._wake.clear()
                await self._act()
                if loop.time() - self._heard > SILENT_S:
                    self._ended = f"has said nothing for {SILENT_S:.0f} s"
            raise DeviceError(f"the process that reads the files {self._ended}: the show goes on, and it is started again")
        finally:
            loop.remove_reader(output)
            self._loader.close()
            gc.enable()

    def _read(self, output: int) -> None:
        """A slice of what the loader writes."""
        self._heard = asyncio.get_running_loop().time()
        try:
            data = os.read(output, SLICE)
            for said in self._loader.feed(data):
                if isinstance(said, Answer):
                    self._answer = said  # whatever waited is out of date
                    self._wake.set()
                elif isinstance(said, Warnings):
                    self._warnings = said
                    self._wake.set()
                elif "reading" in said:
                    gc.disable()  # a look of the collector at a plan that grows costs more than a tick; see `_rest`
                elif "unkept" in said:
                    log.warning("%s", said["unkept"])
            self._ended = "" if data else "has ended"
        except (OSError, WireError, ValueError, KeyError, TypeError) as error:
            self._ended = f"talks nonsense ({type(error).__name__}: {error})"
        if self._ended:
            asyncio.get_running_loop().remove_reader(output)
            self._wake.set()

    async def _act(self) -> None:
        """Do what waits."""
        if self._undo:
            self._undo = False
            await self._go_back()
        while self._answer is not None:
            answer, self._answer = self._answer, None
            forced, self._force = self._force, False
            await self._consider(answer, forced)
            self._rest()
        if self._warnings is not None and self._warnings.version == self.running.version and self._refused is None:
            self._on_problems(self._warnings.problems)
            self.running, self._warnings = replace(self.running, warnings=self._warnings.problems), None

    def _rest(self) -> None:
        """What lives now lives long: the collector need not look at it in a tick."""
        gc.freeze()
        gc.enable()

    async def _consider(self, answer: Answer, forced: bool) -> None:
        """Take it over, or say why not."""
        again, self._again, self._refused = self._again, False, None
        if answer.loaded is None:
            self._tell_mistakes(answer)
        elif again and answer.version == self._undone:
            log.info("the files are those of the reload that was undone: the next save is taken up")
        elif answer.version == self.running.version:
            self._well(answer.loaded.warnings, f"version {answer.version}")
            if answer.why == "asked" or self._amiss:
                log.info("the files are as they are played: nothing changes")
            self._amiss = False
        else:
            old, new = self.running.plan, answer.loaded.plan
            lit = () if forced else self._lit(await self._beside(lambda: moved(old, new)))
            if lit:
                self._refuse(answer, lit)
            else:
                await self._try(answer.loaded, "reloaded")

    async def _try(self, loaded: Loaded, verb: str) -> bool:
        try:
            await self._change(loaded, verb)
        except Exception as error:  # a mistake of ours; the light must not have it
            text = f"version {loaded.version} cannot be played ({type(error).__name__}: {error}): the show before goes on"
            log.error("%s", text, exc_info=error)
            self._on_health(Health("show", State.DEGRADED, text, self._now()))
            return False
        return True

    async def _change(self, loaded: Loaded, verb: str) -> None:
        old, playing = self.running, dict(self._playing())
        words, ready = await self._beside(lambda: (_words(old, loaded, playing), self._prepare(loaded)))
        text = f"{verb}: {words}"
        await self._between()
        self._take_over(Change(loaded, text), ready)
        past, self.before, self.running, self._amiss = _cues(self.before), old, loaded, False
        self._well(loaded.warnings, f"version {loaded.version}, {text}")
        log.info("%s", text)
        self._loader.ask(do="keep", name=loaded.version, time=time.time(), changed=words)
        while past:  # to let go of all of it at once takes as long as a few ticks
            del past[-CRUMB:]
            await asyncio.sleep(0)

    async def _go_back(self) -> None:
        back, now = self.before, self.running
        if back is None:
            log.warning("undo: there is no reload to undo")
            return
        if await self._try(back, "the last reload is undone, the files stay as they are"):
            self.before, self._undone = None, now.version

    async def _beside(self, work: Callable[[], U]) -> U:
        """Work in a thread that lets the tick have the interpreter whenever it wants."""
        interval = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_S)
        try:
            return await asyncio.to_thread(work)
        finally:
            sys.setswitchinterval(interval)

    # --- what is told ------------------------------------------------------------------------------------------------

    def _well(self, warnings: tuple[Problem, ...], detail: str) -> None:
        self._on_problems(warnings)
        self._on_health(Health("show", State.RUNNING, detail, self._now()))

    def _tell_mistakes(self, answer: Answer) -> None:
        errors = [one for one in answer.problems if one.severity == "error"]
        for one in errors[:SHOWN]:
            self._log(str(one))
        count = f"{len(errors)}{'+' * bool(answer.more)} mistake{'s' * (len(errors) != 1)}"
        text = f"the files have {count}, the first at {place(errors[0])}: the show before goes on"
        self._log(text)
        self._on_problems(answer.problems)
        self._on_health(Health("show", State.DEGRADED, text, self._now()))

    def _refuse(self, answer: Answer, lit: tuple[str, ...]) -> None:
        assert answer.loaded is not None
        names = ", ".join(lit[:SHOWN]) + (f" and {len(lit) - SHOWN} more" if len(lit) > SHOWN else "")
        text = f"the patch of {names} changes, which give light now: put them out and save again, or: showctl reload --force"
        self._refused = answer
        self._log(text)
        problem = Problem(str(self._loader.venue), 1, 1, text, "E-lit")
        self._on_problems((problem, *answer.loaded.warnings))
        self._on_health(Health("show", State.DEGRADED, text, self._now()))

    def _log(self, text: str) -> None:
        more = self._quiet.line(text)
        self._amiss = True
        if more is not None:
            log.warning("%s%s", text, more)


def place(problem: Problem) -> str:
    """Where it is, as editors jump to it."""
    return f"{problem.path}:{problem.line}:{problem.column}"


def _words(old: Loaded, new: Loaded, playing: Mapping[str, str]) -> str:
    """What a version changes, and what of it only at the next start."""
    words = list(changes(old.plan, new.plan, playing))
    for key in sorted(old.settings.keys() | new.settings.keys()):
        was, now = _parts(old.settings.get(key), AT_ONCE.get(key)), _parts(new.settings.get(key), AT_ONCE.get(key))
        words += [f"`{key}: {one}` of the venue changed" for one in sorted(was[0] | now[0]) if was[0].get(one) != now[0].get(one)]
        if was[1] != now[1]:
            words.append(f"`{key}` of the venue takes effect at the next start")
    return "; ".join(words) or "nothing that is seen or heard"


def _parts(settings: Any, at_once: frozenset[str] | None) -> tuple[dict[str, Any], Any]:
    """What of these settings takes effect at once, and the rest."""
    if at_once is None:
        return {}, settings
    every = settings or {}
    return {k: v for k, v in every.items() if k in at_once}, {k: v for k, v in every.items() if k not in at_once}


def _cues(loaded: Loaded | None) -> list[Cue]:
    return [] if loaded is None else [cue for one in loaded.plan.lists for cue in one.cues]
