"""What a show binds to OSC and MIDI means what the dictionary means."""

from __future__ import annotations

from dataclasses import replace

import pytest

from showctl.model import Blackout, ControlEvent, Flash, Go, Goto, JumpTrack, NextTrack, PlaybackState, SetMaster
from showctl.plan import PlaceBinding
from showctl.wire.bound import Bound
from showctl.wire.midi_map import Deed, Knob, Way
from showctl.wire.osc import Message, Value
from showctl.wire.osc_arguments import Refusal
from tests.wire.test_osc_dictionary import NAMES

STANDS = PlaybackState(())
BOUND = Bound(
    (
        PlaceBinding("osc", "/pad/1", "go", "bar"),
        PlaceBinding("osc", "/pad/2", "goto 3"),
        PlaceBinding("osc", "/pad/3", "blackout"),
        PlaceBinding("osc", "/fader/1", "sub front"),
        PlaceBinding("osc", "/pad/4", "flash front"),
        PlaceBinding("midi", "note 36", "tap"),
        PlaceBinding("midi", "cc 7", "list probe go", "beat"),
    )
)


@pytest.mark.parametrize(
    ("address", "arguments", "event"),
    [
        ("/pad/1", (), Go(time=1.0, source="osc")),
        ("/pad/1", (1.0,), Go(time=1.0, source="osc")),
        ("/pad/1", (0.0,), None),
        ("/pad/2", (1,), Goto(time=1.0, source="osc", cue="3")),
        ("/pad/2", (), Goto(time=1.0, source="osc", cue="3")),
        ("/pad/2", (0,), None),
        ("/pad/2", ("x",), Refusal.TYPE),
        ("/pad/3", (), Blackout(time=1.0, source="osc", on=True)),
        ("/pad/3", (0,), Blackout(time=1.0, source="osc", on=False)),
        ("/fader/1", (0.25,), SetMaster(time=1.0, source="osc", level=0.25, submaster="front")),
        ("/fader/1", (1.5,), Refusal.RANGE),
        ("/pad/4", (1,), Flash(time=1.0, source="osc", submaster="front", on=True)),
    ],
)
def test_an_address_means_what_it_is_bound_to(
    address: str, arguments: tuple[Value, ...], event: ControlEvent | Refusal | None
) -> None:
    asked = BOUND.osc(Message(address, arguments), STANDS, 1.0, "osc", NAMES)
    assert asked is not None
    assert asked.event == event
    assert asked.on == ("bar" if address == "/pad/1" else "now")


def test_what_is_on_turns_over_and_what_is_not_bound_is_none() -> None:
    asked = BOUND.osc(Message("/pad/3", ()), replace(STANDS, blackout=True), 1.0, "osc", NAMES)
    assert asked is not None
    assert asked.event == Blackout(time=1.0, source="osc", on=False)
    assert BOUND.osc(Message("/pad/9", ()), STANDS, 1.0, "osc", NAMES) is None


def test_a_place_of_the_desk_goes_over_the_map_of_the_venue() -> None:
    venue = {Knob("note", 36): Deed(Way.FIRES, "/showctl/go"), Knob("note", 40): Deed(Way.FIRES, "/showctl/stop")}
    both = {**venue, **BOUND.map}
    assert both[Knob("note", 36)] == Deed(Way.FIRES, "/showctl/tap")
    assert both[Knob("note", 40)] == venue[Knob("note", 40)]
    go = Go(time=1.0, list="probe")
    assert BOUND.midi(Knob("cc", 7), go) == (go, "beat", "list probe go")
    assert BOUND.midi(Knob("note", 40), go) == (go, "now", "")
    assert BOUND.midi(Knob("cc", 7), None).event is None


def test_a_track_keeps_to_its_own_beat() -> None:
    bound = Bound((PlaceBinding("osc", "/next", "track next", "bar"), PlaceBinding("midi", "note 1", "track jump drop", "beat")))
    asked = bound.osc(Message("/next", ()), STANDS, 1.0, "osc", NAMES)
    assert asked == (NextTrack(time=1.0, source="osc", quantise="bar"), "now", "track next")
    jump = JumpTrack(time=1.0, marker="drop")
    assert bound.midi(Knob("note", 1), jump) == (replace(jump, quantise="beat"), "now", "track jump drop")
