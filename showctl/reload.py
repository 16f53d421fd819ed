"""Puts a new show in the place of the one that runs: takes what the process that reads sends (`loader_client`).

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
import logging
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from showctl.changes import changes, moved
from showctl.config.loaded import Loaded
from showctl.loader_client import SILENT_S, Answer, Loader, Warnings
from showctl.model import DeviceError, Health, Problem, State, WireError
from showctl.plan import Cue
from showctl.supervise import Quiet

log = logging.getLogger("showctl")

SLICE = 16_384  # bytes that are taken at a time: a millisecond of work
SHOWN = 5  # problems that are logged; all of them are on the page
CRUMB = 50  # cues of a version that are let go of at a time

AT_ONCE = {"audio": frozenset({"channels", "latency"})}  # settings of the venue that need no new start

T = TypeVar("T")


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
            lit = () if forced else self._lit(await asyncio.to_thread(lambda: moved(old, new)))
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
        words, ready = await asyncio.to_thread(lambda: (_words(old, loaded, playing), self._prepare(loaded)))
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
