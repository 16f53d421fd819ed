"""Another version of the show in the place of the one that runs: what of it takes time, and what is done between two ticks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from showctl.app.light import Light, still
from showctl.app.night import Night
from showctl.changes import lit
from showctl.config.loaded import Loaded
from showctl.loader_client import Loader
from showctl.model import Happened
from showctl.model import Reload as ReloadEvent
from showctl.plan import Plan
from showctl.reload import Change, Reload
from showctl.remote.board import Shown
from showctl.show.engine import ShowEngine
from showctl.writing import Writer

log = logging.getLogger("showctl")


@dataclass(frozen=True, slots=True)
class Ready:
    """A version, with all made that takes time."""

    plan: Plan
    engine: ShowEngine
    shown: Shown
    safe: NDArray[np.uint8] | None


class Versions:
    """The part "show": takes up what is saved, and writes back what is held."""

    def __init__(
        self, night: Night, light: Light, loader: Loader, on_taken: Callable[[Loaded, ShowEngine, list[Happened]], None]
    ) -> None:
        """`on_taken` is told the version that is played from now on, its engine, and what that told as it took over."""
        self._night, self._light, self._on_taken = night, light, on_taken
        self.writes = loader.watched is not None
        self._writer = None if loader.watched is None else Writer(*loader.watched)
        self._reload = Reload(
            loader,
            night.loaded,
            playing=self._playing,
            lit=self._lit,
            prepare=self._prepare,
            between=lambda: night.ticker.between(),
            take_over=self._take_over,
            on_problems=night.board.tell,
            on_health=night.board.report,
            now=night.clock.now,
        )

    async def run(self) -> None:
        """Take up what is saved until cancelled. DeviceError when the process that reads is gone or hangs."""
        await self._reload.run()

    # --- what people ask for -------------------------------------------------------------------------------------------

    def ask(self, asked: ReloadEvent) -> None:
        """Read the files again, or undo."""
        if asked.do == "undo":
            self._reload.undo()
        else:
            self._reload.ask(force=asked.do == "force")

    async def write_back(self, palette: str) -> str:
        """What is held now becomes a palette of the files that are watched. Raises WireError."""
        assert self._writer is not None
        playback = self._night.board.playback
        said = await self._writer.write(palette, () if playback is None else playback.held)
        log.info("written back: %s", said)
        return said

    # --- what the reload asks ------------------------------------------------------------------------------------------

    def _playing(self) -> dict[str, str]:
        """The cue that each list is in."""
        playback = self._night.board.playback
        return {} if playback is None else {one.name: one.current for one in playback.lists}

    def _lit(self, fixtures: tuple[str, ...]) -> tuple[str, ...]:
        """Which of these fixtures give light now."""
        frame = self._night.board.frame
        return lit(self._night.plan, np.frombuffer(frame, np.uint8).reshape(-1, 512), fixtures) if frame else ()

    def _prepare(self, loaded: Loaded) -> Ready:
        """All of a version that takes time; called in a thread."""
        plan = self._night.options.sent(loaded.plan)
        engine = ShowEngine(plan)
        engine.prepare(self._night.engine)
        return Ready(plan, engine, Shown.of(plan), still(plan, plan.safe) if plan.safe else None)

    def _take_over(self, change: Change, ready: Ready) -> None:
        """Put a version in the place of the one that runs, between two ticks."""
        night, universes = self._night, self._night.plan.universes
        if ready.plan.universes != universes:
            self._light.set_universes(ready.plan.universes)
        try:
            at, told = night.ticker.take_over(ready.engine)
        except Exception:
            self._light.set_universes(universes)
            raise
        self._light.set_safe(ready.safe)
        night.plan, night.version, night.stepped = ready.plan, change.loaded.version, at
        night.board.load(ready.shown, change.loaded.warnings, change.loaded.version)
        self._on_taken(change.loaded, ready.engine, told)
