"""The patch and the universes: what is there twice, goes nowhere, or hangs so that it will surprise."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from showctl.config import schema
from showctl.config.patch import Patch, Unit
from showctl.config.tree import Report
from showctl.fixtures.model import COLOURS

if TYPE_CHECKING:
    from showctl.config.compile import Source

_COLOUR = re.compile(r"\b(?:red|green|blue)\b", re.IGNORECASE)


def room(venue: schema.Venue, source: Source, patch: Patch, start: frozenset[int], report: Report) -> None:
    """What can be said of a venue by itself. `start` are the parameters that its start look sets."""
    _universes(venue, source, report)
    used = {universe for fixture in venue.fixtures.values() for universe, _ in fixture.at}
    if used and used <= venue.universes.keys() and not patch.names.broken:  # else a fixture may have been meant to be there
        for number in venue.universes.keys() - used:
            mark = source.root.key("universes", str(number))
            report.warning(mark, "W-universe-empty", f"nothing is patched in universe {number}, and it is sent all the same")
    seen: set[str] = set()
    for unit in patch.units:
        if unit.family not in seen:
            seen.add(unit.family)
            _home(unit, venue, source, start, report)
            _switching(unit, source, report)


def _universes(venue: schema.Venue, source: Source, report: Report) -> None:
    written: dict[int, str] = {}
    node, there = source.root.find(("universes",))
    for text in node.value if there and isinstance(node.value, dict) else ():  # the keys know those that were cut out, too
        mark = node.keys[text]
        if (first := written.setdefault(int(text), text)) != text:
            report.error(mark, "E-name-twice", f"universe {int(text)} is here twice, as `{first}` and as `{text}`: join them")
    for number, out in venue.universes.items():
        name = written.get(number, str(number))
        if out.sync in venue.universes:
            text = f"universe {number} is synchronised by universe {out.sync}, which carries light: choose a number that is free"
            report.error(source.root.at("universes", name, "sync"), "E-sync", text)
        if out.priority == 0:
            text = f"priority 0: any other source of universe {number} takes it over; 100 is usual"
            report.warning(source.root.at("universes", name, "priority"), "W-priority", text)


def _home(unit: Unit, venue: schema.Venue, source: Source, start: frozenset[int], report: Report) -> None:
    """A head that nobody has told where to rest stands straight, wherever that is in this room."""
    turning = {name: index for (name, _), index in unit.parameters.items() if name in ("pan", "tilt")}
    home = venue.fixtures[unit.family].home
    if turning and not turning.keys() & home.keys() and not start.intersection(turning.values()):
        text = f"`{unit.family}` turns and has no `home`: undriven it points straight ahead; write `home: {{tilt: 30deg}}`"
        report.warning(source.root.key("fixtures", unit.family), "W-no-home", text)


def _switching(unit: Unit, source: Source, report: Report) -> None:
    """A mode in which a slot is a colour only while another channel says so, and at rest that one does not say so."""
    for channel in unit.mode.channels:
        name = channel.name.rpartition("-")[0] if channel.name[-1:].isdigit() else channel.name
        hidden = [also for also in channel.also if _COLOUR.search(also.partition(" (")[0])]
        if hidden and name.removeprefix("master-") not in COLOURS:
            text = f"{unit.type.name} {unit.mode.name}: slot {channel.offsets[0] + 1} is `{channel.name}`, and a colour only as"
            mark = source.root.at("fixtures", unit.family, "mode")
            report.warning(mark, "W-switching", f"{text} {hidden[0]}: colours do nothing in this mode, choose another")
            return
