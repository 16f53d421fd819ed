"""What every console of the PA has in common, and the one place that makes the console a plan names.

A console holds equalisers, called by what the venue file calls them. It is read before it is written; what it says may be old,
and then says when it was; nothing here waits for an answer. It is told the limits of the venue, which it keeps whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, assert_never

from showctl.model import ConsoleState, EqState, Health
from showctl.outputs.pa.camilla import CamillaConsole
from showctl.outputs.pa.internal import InternalConsole
from showctl.outputs.pa.pipewire import PipewireConsole
from showctl.outputs.pa.template import TemplateConsole
from showctl.outputs.pa.x32 import X32Console
from showctl.plan import PaPlan


class Console(Protocol):
    """Equalisers that are told what to be. `name` is one of `PaPlan.equaliser`."""

    def apply(self, name: str, state: EqState) -> None:
        """Have an equaliser become what the policy decided, as soon as it can be; at once where it is only to be noted."""

    def console(self, name: str) -> ConsoleState:
        """What an equaliser is, and what was touched since this was asked last: for the next step of the policy."""

    def settled(self, name: str) -> bool:
        """Whether it is confirmed that an equaliser is all that it was told to be."""

    def limit(self, plan: PaPlan) -> None:
        """The limits of another version of the venue file hold from now on."""

    def plays(self, plan: PaPlan) -> bool:
        """Whether it is what another version of the venue file names, limits aside."""

    async def run(self) -> None:
        """Talk to it until cancelled. Raises DeviceError where only a new beginning can help."""

    def health(self) -> Health:
        """How it is, in words that say what to do. The name of its part is always the same."""

    def end(self) -> None:
        """The venue has it no more: what was started for it ends."""


def console_of(plan: PaPlan, runtime: Path, now: Callable[[], float]) -> Console | None:
    """The console that a plan names; None where it names none, or no equaliser of it. Each type is a module of this folder and a
    case here."""
    if not any(plan.equaliser(zone) for zone in plan.zones):
        return None
    match plan.console:
        case "x32" | "xr18":
            return X32Console.of(plan.console, plan, now)
        case "camilladsp":
            return CamillaConsole(plan, now)
        case "pipewire":
            return PipewireConsole(plan, now)
        case "template":
            return None if plan.template is None else TemplateConsole(plan.template, plan, now)
        case "internal":
            return InternalConsole(plan, runtime / "equaliser.sock", now)
        case None:
            return None
        case _:
            assert_never(plan.console)
