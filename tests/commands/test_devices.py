"""`showctl devices`: what is plugged in, and what to write to use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from showctl.__main__ import main
from showctl.inputs import midi
from showctl.inputs.midi import Port
from showctl.model import DeviceError
from showctl.sound import portaudio
from showctl.sound.portaudio import Device

CARD = Device("USB Audio: #1 (hw:1,0)", "ALSA", 2, 0, 48000)
MIXER = Device('Mixer "A"', "JACK", 18, 18, 48000)
DESK = Port('Desk "2"', "Desk", Path("/dev/snd/midiC1D0"))


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portaudio, "devices", lambda: [CARD, MIXER])
    monkeypatch.setattr(midi, "ports", lambda: [DESK])


@pytest.mark.usefixtures("plugged")
def test_what_to_write_stands_below_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devices"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == 'Desk "2"  (MIDI, card Desk, /dev/snd/midiC1D0)'
    assert yaml.safe_load(lines[1]) == {"midi": {"in": DESK.name}}
    assert lines[3].strip() == "--audio 'device:USB Audio: #1 (hw:1,0)'"
    assert yaml.safe_load(lines[6]) == {"audio": {"in": MIXER.name, "channels": [1, 2]}}


@pytest.mark.usefixtures("plugged")
def test_json_has_one_object_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devices", "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["name"], one["api"]) for one in found] == [(DESK.name, "MIDI"), (CARD.name, "ALSA"), (MIXER.name, "JACK")]
    assert found[0]["midi"] == DESK.name


@pytest.mark.usefixtures("plugged")
def test_desks_are_listed_where_portaudio_is_missing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def missing() -> list[Device]:
        raise DeviceError("install PortAudio")

    monkeypatch.setattr(portaudio, "devices", missing)
    assert main(["devices"]) == 69
    said = capsys.readouterr()
    assert DESK.name in said.out
    assert "install PortAudio" in said.err
