"""The map of a MIDI desk in a venue file: what stands on either side of it, and whether the show has what it names.

A venue is written for every show that comes by, so a name that this show does not have is a warning: that button does nothing
tonight. What cannot be meant in any show is a mistake.
"""

from __future__ import annotations

from collections.abc import Mapping

from showctl.config import deeds
from showctl.config.deeds import lacks
from showctl.config.tree import Node, Report
from showctl.config.values import Bad
from showctl.config.words import Words
from showctl.plan import Plan
from showctl.wire import midi_map
from showctl.wire.midi_map import FITS, Deed, Knob, Way

_CANNOT = {
    ("note", Way.FOLLOWS): "a note is a button and has no level: put it on a fader (`cc`, `pitch`), or write `flash NAME`",
    ("program", Way.FOLLOWS): "a program is a button and has no level: put it on a fader (`cc`, `pitch`)",
    ("program", Way.HOLDS): "a program is never let go: put it on a `note` or a `cc`",
}
_PITCH = "the pitch wheel is a fader: put buttons on a `note` or a `cc`"


def knob(text: str) -> Knob:
    """`note 36`; Bad if it is no place of a desk."""
    try:
        return midi_map.knob(text)
    except ValueError as error:
        raise Bad("E-midi", str(error)) from None


def deed(text: str) -> Deed:
    """`list probe go`; Bad if it is not in the dictionary."""
    return deeds.deed(text, "E-midi")


def channel(text: str) -> int | None:
    """`any`, or 1 to 16."""
    if text == "any":
        return None
    if text not in map(str, range(1, 17)):
        raise Bad("E-number", f"`{text[:40]}`: a MIDI channel is 1 to 16, or `any`")
    return int(text)


def clash(entries: Mapping[str, object]) -> tuple[str, str] | None:
    """Of a map as it is written: the first key whose place is in it already, or cannot do what is asked of it, and why."""
    seen: dict[Knob, str] = {}
    for text, words in entries.items():
        try:
            place, asked = midi_map.knob(text), midi_map.deed(str(words))
        except ValueError:
            continue  # said where each is read
        if place in seen:
            return text, f"`{text}` is `{seen[place]}`, which is in the map already: keep one"
        if asked.way not in FITS[place.kind]:
            return text, _CANNOT.get((place.kind, asked.way), _PITCH)
        seen[place] = text
    return None


def check(entries: Mapping[Knob, Deed], root: Node, plan: Plan, report: Report) -> None:
    """Warn of what a show has not that the map of its venue names."""
    words = Words(plan)
    node, way = root.find(("midi", "map"))
    for text in node.value if len(way) == 2 and isinstance(node.value, dict) else ():
        place = midi_map.knob(text)
        if said := lacks(entries[place], words, plan):
            report.warning(root.at("midi", "map", text), "W-midi", f"{said}; {place} does nothing in this show")
