"""Who may reach the show, and what it listens to: sound, OSC, the page, a MIDI desk, MQTT."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from showctl.address import is_loopback
from showctl.config import midi, tracks, values
from showctl.config.schema.base import Listener, Model, Name, Networks, Text, clash, one_or_more, typed
from showctl.config.tracks import MAIN
from showctl.plan.tracks import PlayerKind
from showctl.wire.midi_map import Deed, Knob

Outputs: TypeAlias = Annotated[
    list[Annotated[int, typed(values.whole(1, 64))]], BeforeValidator(one_or_more), Field(min_length=1, max_length=8)
]


class Audio(Model):
    input: Text | None = Field(None, alias="in")
    out: Annotated[dict[Name, Outputs], Field(max_length=8)] = Field(default_factory=dict)
    player: Annotated[tuple[PlayerKind, str], typed(tracks.player)] | None = None
    passcode_file: Text | None = None
    ltc: Annotated[int, typed(values.whole(1, 32))] | None = None
    rate: Annotated[int, typed(values.whole(8000, 192_000))] = 48_000
    channels: Annotated[list[Annotated[int, typed(values.whole(1, 32))]], BeforeValidator(one_or_more)] = Field(
        default_factory=list, max_length=32
    )
    latency: Annotated[float, typed(values.sound_latency)] = 0.0

    @model_validator(mode="after")
    def _sense(self) -> Audio:
        if self.ltc is not None and self.ltc in self.channels:
            raise clash("channels", f"channel {self.ltc} carries time code: leave it out of what is listened to")
        if len(set(self.channels)) < len(self.channels):
            raise clash("channels", "a channel stands there twice: each is listened to once")
        played = [channel for channels in self.out.values() for channel in channels]
        if len(set(played)) < len(played):
            raise clash("out", "a channel stands there twice: what is heard together is one output")
        if len(played) > 16:
            raise clash("out", "more than 16 channels in all")
        if self.passcode_file is not None and (self.player is None or self.player[0] != "qlab"):
            raise clash("passcode_file", "a passcode is QLab's: leave it out, or write `player: qlab:10.0.0.5`")
        if self.out and MAIN not in self.out:
            raise clash("out", f"one of them is `{MAIN}`, where the songs are heard: `out: {{main: [1, 2], click: 3}}`")
        return self


def _beyond(listener: str | None) -> bool:
    """Whether other machines can reach it."""
    return listener is not None and not is_loopback(values.host_port(listener)[0])


class Osc(Model):
    listen: Listener | None = None
    eos: Listener | None = None  # OSC over TCP as an Eos console speaks it
    feedback: Annotated[list[Listener], Field(max_length=8)] = Field(default_factory=list)  # UDP addresses that are told
    query: Listener | None = None  # HTTP, for OSCQuery; what is there is announced by mDNS
    allow: Networks
    rate: Annotated[int, typed(values.whole(10, 20_000))] = 500  # messages a second of one sender

    @model_validator(mode="after")
    def _guarded(self) -> Osc:
        for key, listener in (("listen", self.listen), ("eos", self.eos), ("query", self.query)):
            if _beyond(listener) and not self.allow:
                text = "OSC beyond this machine needs `allow`: name the networks that may send, like `allow: [10.0.0.0/24]`"
                raise PydanticCustomError("E-open-listener", "{text}", {"text": text, "key": key})
        return self


class Web(Model):
    listen: Listener | None = None
    allow: Networks
    tokens: list[Text] = Field(default_factory=list)

    @model_validator(mode="after")
    def _guarded(self) -> Web:
        if _beyond(self.listen) and not self.tokens:
            text = "the page beyond this machine needs `tokens`: write one of at least 12 characters that nobody can guess"
            raise PydanticCustomError("E-open-listener", "{text}", {"text": text, "key": "listen"})
        if any(len(token) < 12 for token in self.tokens):
            text = "a token this short can be guessed: use at least 12 characters"
            raise PydanticCustomError("E-token", "{text}", {"text": text, "key": "tokens", "whole": True})
        return self


def _mapped(value: Any) -> Any:
    if isinstance(value, dict) and (found := midi.clash(value)) is not None:
        raise PydanticCustomError("E-midi", "{text}", {"text": found[1], "key": found[0]})
    return value


MidiPlace: TypeAlias = Annotated[Knob, typed(midi.knob)]
MidiWords: TypeAlias = Annotated[Deed, typed(midi.deed)]


class ShowControl(Model):
    device: Annotated[int, typed(values.whole(0, 126))]


class Midi(Model):
    input: Text = Field(alias="in")
    channel: Annotated[int | None, typed(midi.channel)] = None  # None: any
    map: Annotated[dict[MidiPlace, MidiWords], BeforeValidator(_mapped)] = Field(default_factory=dict)
    msc: ShowControl | None = None


class Mqtt(Model):
    host: Text
    port: Annotated[int, typed(values.whole(1, 65535))] = 1883
    username: Text | None = None
    password_file: Text | None = None
    topic: Text = "showctl"
