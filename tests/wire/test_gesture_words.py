"""What an operator says of performers, in the words of OSC and of a MIDI map."""

from __future__ import annotations

from dataclasses import replace

import pytest

from showctl.config.words import Words
from showctl.model import Arm, Confirm, ControlEvent, Disarm
from showctl.plan import GesturesPlan, Wearable
from showctl.remote.mqtt_words import WORDS, request
from showctl.wire.journal import decode, encode
from showctl.wire.midi_map import Deed, Way, deed
from showctl.wire.osc import Message, Value
from showctl.wire.osc_arguments import Refusal
from showctl.wire.osc_dictionary import control
from tests.wire.test_osc_dictionary import PLAN

WORN = (Wearable("left", "ngimu", "10.0.0.5", "anna"), Wearable("ring", "zigsim", "CD34", "ben"))
NAMES = Words(replace(PLAN, gestures=GesturesPlan(wearables=WORN)))


@pytest.mark.parametrize(
    ("address", "arguments", "event"),
    [
        ("arm", (), Arm(time=1.0, source="desk")),
        ("arm", (1,), Arm(time=1.0, source="desk")),
        ("arm", ("anna",), Arm(time=1.0, source="desk", performer="anna")),
        ("arm/anna", (1.0,), Arm(time=1.0, source="desk", performer="anna")),
        ("disarm", (), Disarm(time=1.0, source="desk")),
        ("disarm/ben", (), Disarm(time=1.0, source="desk", performer="ben")),
        ("confirm", (1,), Confirm(time=1.0, source="desk")),
        ("arm/anna", (0,), None),
        ("disarm/ana", (), Refusal.PERFORMER),
        ("disarm", ("ana",), Refusal.PERFORMER),
        ("arm", (-1,), Refusal.RANGE),
        ("arm/anna/left", (), Refusal.ADDRESS),
        ("fire", (), Refusal.ADDRESS),
    ],
)
def test_what_osc_says(address: str, arguments: tuple[Value, ...], event: ControlEvent | Refusal | None) -> None:
    assert control(Message(f"/showctl/gesture/{address}", arguments), 1.0, "desk", NAMES) == event


def test_a_pad_of_a_desk_arms() -> None:
    assert deed("gesture disarm") == Deed(Way.FIRES, "/showctl/gesture/disarm")
    assert control(deed("gesture arm anna").message(), 1.0, "midi", NAMES) == Arm(time=1.0, source="midi", performer="anna")
    with pytest.raises(ValueError, match="gesture confirm"):
        deed("gesture fire")


@pytest.mark.parametrize(("payload", "performer"), [(b"", None), (b"anna", "anna")])
def test_what_mqtt_says(payload: bytes, performer: str | None) -> None:
    asked = request("gesture/arm", payload)
    assert isinstance(asked, Message)
    assert control(asked, 1.0, "mqtt", NAMES) == Arm(time=1.0, source="mqtt", performer=performer)
    assert "gesture/+" in WORDS


@pytest.mark.parametrize("event", [Arm(time=1.0), Disarm(time=2.0, source="web", performer="anna"), Confirm(time=3.0)])
def test_the_journal_keeps_it(event: ControlEvent) -> None:
    assert decode(encode(event)) == event
