"""The songs that we play ourselves: the player and the set list, as the plan that is played has them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from showctl.app.hearing import Hearing
from showctl.app.night import Night
from showctl.model import StopAll, TrackControl, TrackVolume
from showctl.supervise import Supervisor, loaded

if TYPE_CHECKING:
    from showctl.playing.tracks import Tracks


class Songs:
    """The part "tracks", which keeps its own parts. None of it is there, nor imported, until a plan has tracks."""

    def __init__(self, night: Night, supervisor: Supervisor, hearing: Hearing) -> None:
        self._night, self._supervisor, self._hearing = night, supervisor, hearing
        self.tracks: Tracks | None = None
        self.changed = asyncio.Event()  # another version of the files is played

    async def run(self) -> None:
        """Wait for a plan with tracks, and keep the player until cancelled."""
        night = self._night
        while (plan := night.plan).tracks is None:
            await self.changed.wait()
            self.changed.clear()
        await loaded("showctl.playing.tracks")  # only a show with tracks pays for the import
        from showctl.playing.tracks import Tracks

        if self.tracks is None:
            self.tracks = Tracks(
                plan,
                now=night.clock.now,
                offset=night.clock.offset,
                state=night.options.state,
                on_features=self._hearing.played,
                on_health=night.board.report,
                on_told=night.tell,
                on_view=night.board.hear_tracks,
            )
            self._hearing.outspoken = lambda: self.tracks is not None and self.tracks.leads
            if (volume := self.tracks.list.state.volume) != 1.0:  # where a fader has to meet it
                night.ticker.emit(TrackVolume(time=night.clock.now(), source="restore", level=volume))
        await self.tracks.run(self._supervisor.keep, lambda: night.plan, self.changed)

    def ask(self, control: TrackControl | StopAll) -> None:
        """What a hand or a cue asks of the tracks; nothing where there are none."""
        if self.tracks is not None:
            self.tracks.ask(control)

    def forget(self) -> None:
        """This end was asked for: the next run begins the set list anew."""
        if self.tracks is not None:
            self.tracks.forget()
