"""The part "state": keeps on disk where the show stands, and takes up where a run before was torn off.

What is kept is kept soon after each change, so a crash loses next to nothing. A disk that hangs holds up only this.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable

from showctl import resume
from showctl.app.night import Night
from showctl.model import Inputs, PlaybackState, ShowFrame, State
from showctl.show.engine import ShowEngine
from showctl.show.state import State as Stood

log = logging.getLogger("showctl")

SAVE_EVERY_S, SAVE_SHARE = 10.0, 20.0  # what changes by itself is kept so often; saving takes at most so small a part of the time
SAVES_APART_S = 0.2  # a cue is on disk so soon, and a fader that moves does not wear the disk out


class Keeper:
    """Where the show stands, from one run to the next."""

    def __init__(self, night: Night) -> None:
        self._night = night
        self._path = night.options.state / "standing.json"
        self.boot = resume.boot_id()
        self._changed = False  # since the standing was kept
        self._moved = asyncio.Event()  # the standing on disk may be out of date
        self._saving = threading.Lock()  # a thread that saves outlives the task that waited for it

    # --- the engine of a run before ----------------------------------------------------------------------------------

    def found(self, adopted: bool) -> resume.Standing | None:
        """What to take up: only what ended without being asked to, or what an output still holds (it is `adopted`)."""
        kept = resume.load(self._path)
        if kept is None or kept.show != self._night.show_id:
            return None
        return None if kept.clean and not adopted else kept

    def goes_on(self, kept: resume.Standing) -> ShowEngine:
        """The engine of a run before, where it stood; from now on show time is that of this run."""
        night = self._night
        night.clock.go_on(resume.origin_ns(kept, night.clock.now_ns()))
        night.board.origin, night.stepped = -night.clock.offset, kept.time
        log.info("the show goes on where it stood")
        try:
            if kept.state is None:
                raise ValueError("it is not there")
            engine, gone = ShowEngine.restored(night.plan, Stood.unpack(kept.state))
        except ValueError as error:
            log.warning("of how the show stood only cues and masters can be read: %s", error)
            return self.rebuilt(kept.playback, night.clock.now())
        for what in gone:
            log.warning("the show has no place any more for %s", what)
        return engine

    def rebuilt(self, playback: PlaybackState | None, at: float) -> ShowEngine:
        """An engine in the cues of this playback; all else of what was before is left behind."""
        engine = ShowEngine(self._night.plan)
        if playback is not None:
            for happened in engine.restore(playback, at):
                self._night.tell(happened)
        return engine

    # --- keeping -----------------------------------------------------------------------------------------------------

    def stepped(self, inputs: Inputs, frame: ShowFrame) -> None:
        """A step of the engine is done."""
        self._changed = self._changed or bool(inputs.features or inputs.controls or frame.events)
        if frame.events:
            self._moved.set()

    def moved(self) -> None:
        """Much of it has changed: it is to be kept soon."""
        self._changed = True
        self._moved.set()

    async def run(self) -> None:
        """Keep it until cancelled."""
        now = self._night.clock.now
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SAVE_EVERY_S):  # wait_for may swallow a cancellation
                    await self._moved.wait()
            self._moved.clear()
            began = now()
            if (kept := self._stands()) is not None:
                await asyncio.to_thread(self._save, kept)
            await asyncio.sleep(max(SAVES_APART_S, SAVE_SHARE * (now() - began)))

    def close(self) -> None:
        """Keep what has changed since."""
        if (kept := self._stands()) is not None:
            self._save(kept)

    def _stands(self) -> Callable[[], resume.Standing] | None:
        """What makes, in a thread, the standing after the last step; None where nothing has changed since it was kept."""
        night, playback = self._night, self._night.board.playback
        if playback is None or not (self._changed or night.clean):
            return None
        self._changed = False
        state, clean, origin, show = night.engine.state(night.stepped), night.clean, night.clock.origin_ns, night.show_id
        return lambda: resume.Standing(show, clean, playback, self.boot, origin, state.time, state.pack())

    def _save(self, standing: Callable[[], resume.Standing]) -> None:
        with self._saving:
            try:
                resume.save(self._path, standing())
            except OSError as error:
                self._changed = True
                self._night.report("state", State.DEGRADED, f"cannot keep the standing of the show: {error}")
            else:
                if "state" in self._night.board.health:
                    self._night.report("state", State.RUNNING, "the standing of the show is kept again")
