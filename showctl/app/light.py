"""Where the looks go: the output process, or nowhere; and what the light does when the daemon ends."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from showctl.app.night import Night
from showctl.model import Health, Inputs, State
from showctl.outputs.sacn.client import Output
from showctl.plan import Plan, Universe
from showctl.show.engine import ShowEngine
from showctl.tick import Nowhere

log = logging.getLogger("showctl")


class Light:
    """The part "output". `sink` is what the tick hands its looks to."""

    def __init__(self, night: Night) -> None:
        self._night = night
        self.sink = self._open()

    def _open(self) -> Output | Nowhere:
        night, options, venue = self._night, self._night.options, self._night.venue
        if options.sacn == "off":
            night.board.report(Health("output", State.RUNNING, "off: nothing leaves this machine (--sacn off)"))
            return Nowhere()
        output = Output.open(
            options.runtime,
            night.plan.universes,
            source_name=f"showctl {venue.name}"[:63],
            interface=venue.network.interface,
            ttl=venue.network.ttl,
            state_dir=options.state,
            on_stop=self.on_stop,
            orphan=venue.orphan or options.orphan,
        )
        night.board.report(output.health())
        if night.plan.safe:
            output.set_safe(still(night.plan, night.plan.safe))
        return output

    @property
    def on_stop(self) -> str:
        """What the light does when the daemon is asked to stop: hold or terminate."""
        return self._night.options.on_stop or ("terminate" if self._night.venue.on_stop == "terminate" else "hold")

    @property
    def adopted(self) -> bool:
        """Whether it is that of a daemon before this one, and has its last look."""
        return isinstance(self.sink, Output) and self.sink.adopted

    def set_universes(self, universes: tuple[Universe, ...]) -> None:
        """Send these from now on."""
        if isinstance(self.sink, Output):
            self.sink.set_universes(universes)

    def set_safe(self, slots: NDArray[np.uint8] | None) -> None:
        """The look for when there is no daemon; None leaves the one that is known."""
        if isinstance(self.sink, Output) and slots is not None:
            self.sink.set_safe(slots)

    def tend(self) -> None:
        """Once a second: an output that is gone is replaced, and how it is is told."""
        if isinstance(self.sink, Output):
            self.sink.tend()
            self._night.board.report(self.sink.health())

    def lives(self) -> bool:
        """Whether the output passed through its loop since it was last asked."""
        return not isinstance(self.sink, Output) or self.sink.taken_over()

    def close(self) -> None:
        """Leave the light as the venue says; if nobody asked for this end leave it as it is, for the next daemon to adopt."""
        output, night = self.sink, self._night
        if not isinstance(output, Output):
            return
        policy = self.on_stop if night.clean else "hold"
        if not night.clean and not output.adopted and not night.ticker.ticks:
            policy = "terminate"  # a start that failed: there is no light to hold
        if night.clean and night.plan.stop is not None and policy == "hold":
            output.submit(still(night.plan, night.plan.stop), night.clock.now_ns(), early=True)
        pid = output.pid
        output.close(policy)
        if policy == "hold" and not night.options.service:
            log.info("the light holds its last look: process %d sends it until another run takes over, or `kill %d`", pid, pid)


def still(plan: Plan, look: tuple[tuple[int, float], ...]) -> NDArray[np.uint8]:
    """The slots of a look of the venue file, with nothing playing over it."""
    return ShowEngine(replace(plan, start=look, lists=(), submasters=())).step(0.0, Inputs()).slots.copy()
