"""The map of a MIDI desk in a venue file: what stands on either side of it, and whether the show has what it names.

A venue is written for every show that comes by, so a name that this show does not have is a warning: that button does nothing
tonight. What cannot be meant in any show is a mistake.
"""

from __future__ import annotations

from collections.abc import Mapping

from showctl.config import values
from showctl.config.tree import Node, Report
from showctl.config.values import Bad
from showctl.config.words import Words
from showctl.model import Goto, SetHouse
from showctl.plan import Plan
from showctl.wire import midi_map
from showctl.wire.midi_map import FITS, VERBS, Deed, Knob, Way
from showctl.wire.osc_dictionary import Refusal, control

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
    try:
        return midi_map.deed(text)
    except ValueError as error:
        first = text.split()[0] if text.split() else ""
        near = "" if first in VERBS else values.did_you_mean(first, VERBS)
        raise Bad("E-midi", f"{error}{near}") from None


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
        if said := _lacks(entries[place], words, plan):
            report.warning(root.at("midi", "map", text), "W-midi", f"{said}; {place} does nothing in this show")


def _lacks(asked: Deed, words: Words, plan: Plan) -> str:
    """What of an entry the show does not know, empty if it knows all."""
    name = (*asked.address.split("/"), "main")[3]
    known = {Refusal.LIST: words.lists, Refusal.SUBMASTER: words.submasters, Refusal.FIXTURE: words.fixtures}
    match control(asked.message(*(() if asked.way is Way.FIRES else (1,))), 0.0, "", words):
        case Goto() as tried:
            there = {f"{values.plain(cue.number):f}" for one in plan.lists if one.name == tried.list for cue in one.cues}
            return "" if tried.cue in there else f"list {tried.list} has no cue {tried.cue}"
        case SetHouse() if not plan.house:
            return "the venue names no lights under `house`"
        case Refusal() as why if why in known:
            return f"{why} `{name}`{values.did_you_mean(name, known[why])}"
        case Refusal():
            return _misunderstood(asked, words)
    return ""


def _misunderstood(asked: Deed, words: Words) -> str:
    """Why words of the hands are not understood, in the sentence of whoever reads them."""
    try:
        if asked.way is Way.FOLLOWS:
            target, what = asked.address.split("/")[3:]
            words.level(target, what, 1.0)
        elif asked.address in ("/showctl/set", "/showctl/park"):
            words.asked(str(asked.arguments[0]), 0.0, "")
        else:
            words.keys(str(asked.arguments[0]))
    except Bad as bad:
        return str(bad)
    return f"`{asked.address}` is refused"
