"""What the command line adds to the files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from showctl.plan import Plan


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line adds to the files."""

    audio: str = "none"  # file:PATH, device:NAME, song:SEED, none
    http: tuple[str, int] | None = None
    osc: tuple[str, int] | None = None
    sacn: str | None = None  # "off", "multicast" or an address instead of what the venue says
    state: Path = Path("state")
    runtime: Path = Path("run")
    seconds: float | None = None  # stop by itself after this long
    heard: bool = False  # play the sound on the default device, too
    begin: bool = False  # fire the first cue at once
    on_stop: str | None = None  # instead of the venue's
    orphan: float | None = None  # where the venue has none: after so long without a daemon (s) the output gives up
    service: bool = False  # run by a service manager: a taken port is retried, not refused

    def sent(self, plan: Plan) -> Plan:
        """The plan, its universes sent where the command line says."""
        if self.sacn in (None, "off"):
            return plan
        there = (self.sacn,) if self.sacn != "multicast" else ()
        return replace(plan, universes=tuple(replace(one, multicast=not there, unicast=there) for one in plan.universes))
