"""What a show binds to OSC and MIDI, at the doors: over the map of the venue, at once or with the beat, version by version."""

from __future__ import annotations

from showctl.inputs.midi import MidiInput
from showctl.inputs.osc import OscInput
from showctl.inputs.osc_routes import Routes
from showctl.model import ControlEvent, Flash, Go, PlaybackState, SetMaster, Tap
from showctl.plan import PlaceBinding, Quantise
from showctl.wire.bound import Bound
from showctl.wire.midi import Controller, Note, Stream, encode
from showctl.wire.midi_map import deed, knob
from showctl.wire.osc import encode as packet
from tests.wire.test_osc_dictionary import NAMES

STANDS = PlaybackState((), submasters=(("front", 0.5),))
VENUE = {knob("note 36"): deed("go"), knob("note 40"): deed("tap")}


class Doors:
    """Both doors, what comes through at once, and what is to wait."""

    def __init__(self, *bindings: PlaceBinding) -> None:
        self.bound = Bound(bindings)
        self.events: list[ControlEvent] = []
        self.waits: list[tuple[ControlEvent, Quantise, str]] = []
        self.room = True
        self.osc = OscInput(
            "127.0.0.1",
            0,
            emit=self.emit,
            now=lambda: 12.0,
            names=lambda: NAMES,
            routes=Routes(bound=lambda one, source, now: self.bound.osc(one, STANDS, now, source, NAMES), later=self.later),
        )
        self.osc.senders.local = True
        self.desk = MidiInput(
            "desk",
            VENUE,
            emit=self.emit,
            now=lambda: 12.0,
            playback=lambda: STANDS,
            names=lambda: NAMES,
            bound=lambda: self.bound,
            later=self.later,
        )

    def emit(self, one: ControlEvent) -> bool:
        self.events.append(one)
        return True

    def later(self, one: ControlEvent, on: Quantise, words: str) -> bool:
        self.waits.append((one, on, words))
        return self.room

    def hit(self, number: int, velocity: int = 100) -> None:
        self.desk._hear(encode(Note(1, number, velocity)), Stream())

    def send(self, address: str, *arguments: float | str) -> None:
        self.osc.take(packet(address, *arguments), ("127.0.0.1", 9000))


def counted(counters: tuple[tuple[str, float], ...]) -> dict[str, float]:
    return {name: count for name, count in counters if count}


def test_a_pad_of_the_show_goes_over_that_of_the_venue_and_the_others_stay() -> None:
    doors = Doors(PlaceBinding("midi", "note 36", "list probe go"))
    doors.hit(36)
    doors.hit(40)
    assert doors.events == [Go(time=12.0, source="midi:desk", list="probe"), Tap(time=12.0, source="midi:desk")]


def test_a_pad_waits_for_the_bar() -> None:
    doors = Doors(PlaceBinding("midi", "note 36", "list probe go", "bar"))
    doors.hit(36)
    assert doors.events == []
    assert doors.waits == [(Go(time=12.0, source="midi:desk", list="probe"), "bar", "list probe go")]
    doors.room = False
    doors.hit(36)
    assert counted(doors.desk.health().counters)["refused_full"] == 1


def test_a_fader_of_the_show_takes_over_where_it_meets_the_level() -> None:
    doors = Doors(PlaceBinding("midi", "cc 7", "sub front"))
    for value in (10, 70, 64):
        doors.desk._hear(encode(Controller(1, 7, value)), Stream())
    assert [one.submaster for one in doors.events if isinstance(one, SetMaster)] == ["front", "front"]


def test_with_another_version_of_the_show_what_is_held_is_let_go() -> None:
    doors = Doors(PlaceBinding("midi", "note 50", "flash front"))
    doors.hit(50)
    doors.bound = Bound((PlaceBinding("midi", "note 50", "tap"),))
    doors.hit(50)
    assert [(type(one), getattr(one, "on", None)) for one in doors.events] == [(Flash, True), (Flash, False), (Tap, None)]


def test_an_address_of_the_show() -> None:
    doors = Doors(PlaceBinding("osc", "/pad/1", "list probe go", "beat"), PlaceBinding("osc", "/fader", "sub front"))
    doors.send("/fader", 0.25)
    doors.send("/pad/1", 1.0)
    doors.send("/pad/1", 0.0)
    doors.send("/fader", 7.0)
    doors.send("/pad/2", 1.0)
    assert doors.events == [SetMaster(time=12.0, source="osc:127.0.0.1", submaster="front", level=0.25)]
    assert doors.waits == [(Go(time=12.0, source="osc:127.0.0.1", list="probe"), "beat", "list probe go")]
    assert counted(doors.osc.health().counters).items() >= {"fired": 2.0, "released": 1.0, "dropped_out_of_range": 1.0}.items()


def test_a_wearable_does_nothing_by_an_address_of_the_show() -> None:
    doors = Doors(PlaceBinding("osc", "/pad/1", "list probe go"))
    doors.osc.senders.wear(["127.0.0.1"])
    doors.osc.senders.local = False
    doors.send("/pad/1", 1.0)
    assert doors.events == []
