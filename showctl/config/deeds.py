"""Whether a show has what words of the dictionary of OSC name: `list probe go`, `sub front`, `track jump bar drop`.

A MIDI map of a venue and the bindings of a show are written in them; what is missing is said in the sentence of whoever reads it.
"""

from __future__ import annotations

from showctl.config import values
from showctl.config.values import Bad
from showctl.config.words import Words
from showctl.model import Goto, JumpTrack, SetHouse
from showctl.plan import Plan
from showctl.wire import midi_map
from showctl.wire.midi_map import VERBS, Deed, Way
from showctl.wire.osc_arguments import Refusal
from showctl.wire.osc_dictionary import control


def deed(text: str, code: str) -> Deed:
    """`list probe go`; Bad with the code if it is not in the dictionary."""
    try:
        return midi_map.deed(text)
    except ValueError as error:
        first = text.split()[0] if text.split() else ""
        near = "" if first in VERBS else values.did_you_mean(first, VERBS)
        raise Bad(code, f"{error}{near}") from None


def lacks(asked: Deed, words: Words, plan: Plan) -> str:
    """What of it the show does not know, empty if it knows all."""
    known = {
        Refusal.LIST: words.lists,
        Refusal.SUBMASTER: words.submasters,
        Refusal.FIXTURE: words.fixtures,
        Refusal.TRACK: words.tracks,
    }
    match control(asked.message(*(() if asked.way is Way.FIRES else (1,))), 0.0, "", words):
        case Goto() as tried:
            there = {f"{values.plain(cue.number):f}" for one in plan.lists if one.name == tried.list for cue in one.cues}
            return "" if tried.cue in there else f"list {tried.list} has no cue {tried.cue}"
        case SetHouse() if not plan.house:
            return "the venue names no lights under `house`"
        case JumpTrack() as tried:
            tracks = () if plan.tracks is None else plan.tracks.tracks
            markers = {marker.name for track in tracks for marker in track.markers}
            if tried.marker in markers:
                return ""
            return f"no track has a marker `{tried.marker}`{values.did_you_mean(tried.marker, markers)}"
        case Refusal.PERFORMER:
            worn = () if plan.gestures is None else plan.gestures.performers  # None: that is what is being read just now
            name = str(asked.arguments[0])
            return f"nobody called `{name}` wears anything{values.did_you_mean(name, worn)}" if worn else ""
        case Refusal() as why if why in known:
            named = (*asked.address.split("/"), "main")[3]
            name = str(asked.arguments[0]) if why is Refusal.TRACK else named
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
