"""The sound of the room: the parts that hear it and set its equaliser, as the plan that is played has them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from showctl.app.night import Night
from showctl.model import EqCommand, WireError
from showctl.supervise import Supervisor, loaded

if TYPE_CHECKING:
    from showctl.pa import Pa

ANSWERS_S = 6.0  # in which the PA has done what it is asked for, or let it go
Sensed: TypeAlias = Callable[[bytes, bool], None]  # a payload, and whether the broker kept it


class Room:
    """The part "pa", which keeps its own parts. None of it is there, nor imported, until a plan has `pa`."""

    def __init__(self, night: Night, supervisor: Supervisor, boot: str) -> None:
        """`boot` tells this start of the machine from others."""
        self._night, self._supervisor, self._boot = night, supervisor, boot
        self.pa: Pa | None = None
        self.changed = asyncio.Event()  # another version of the files is played

    async def run(self) -> None:
        """Wait for a plan with a PA, and keep its parts until cancelled."""
        night = self._night
        while (plan := night.plan.pa) is None:
            await self.changed.wait()
            self.changed.clear()
        await loaded("showctl.pa")  # only a venue with a PA pays for the import
        from showctl.pa import Pa

        self.pa = self.pa or Pa(
            plan,
            now=night.clock.now,
            offset=night.clock.offset,
            runtime=night.options.runtime,
            kept=night.options.state / "equaliser.json",
            boot=self._boot,
            on_health=night.board.report,
            on_told=night.tell,
        )
        await self.pa.keep(self._supervisor.keep, lambda: night.plan.pa, self.changed, night.board.forget)

    async def ask(self, command: EqCommand) -> None:
        """Have done what somebody asks of the equaliser, within the second. Raises WireError, in words, where it is not done."""
        answer = asyncio.get_running_loop().create_future()
        if self.pa is None or not self.pa.ask(command, lambda why: None if answer.done() else answer.set_result(why)):
            raise WireError("there is no equaliser yet, or too much is asked of it at once: try again")
        try:
            why = await asyncio.wait_for(answer, ANSWERS_S)
        except TimeoutError:
            why = "nothing answers: see what the health says of `pa`"
        if why:
            raise WireError(f"{command.do.replace('_', ' ')} was refused: {why}")

    def sensors(self) -> dict[str, Sensed]:
        """Who wants to know what of MQTT: by topic, the sensors of the air."""
        climate = None if self._night.plan.pa is None else self._night.plan.pa.climate
        topics = () if climate is None or climate.sensor is None else climate.sensor
        return {topic: partial(self._sensed, topic) for topic in topics}

    def _sensed(self, topic: str, payload: bytes, kept: bool) -> None:
        if self.pa is not None:
            self.pa.sense(topic, payload, kept)

    def tend(self) -> None:
        """Once a second: how its parts are, and what is heard."""
        if self.pa is not None:
            for health in self.pa.polled():
                self._night.board.report(health)
            self._night.board.hear_room(self.pa.view())

    def forget(self) -> None:
        """This end was asked for: what the next run finds at the equaliser is its own, but for the engineer's bands."""
        if self.pa is not None:
            self.pa.forget()
