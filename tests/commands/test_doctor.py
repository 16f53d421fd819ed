"""`showctl doctor`: each examination against a real good and a real bad case."""

from __future__ import annotations

import argparse
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from showctl.commands import doctor
from showctl.inputs import midi
from showctl.model import DeviceError
from showctl.sound import portaudio
from showctl.sound.portaudio import Device

CARD = Device("USB Audio: #1 (hw:1,0)", "ALSA", 2, 2, 48000)


@pytest.fixture
def taken() -> Iterator[tuple[str, int]]:
    """A TCP port that somebody listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        yield s.getsockname()


def test_a_free_port_and_a_taken_one(taken: tuple[str, int]) -> None:
    busy = doctor.port("page", taken, socket.SOCK_STREAM, "--http")
    assert busy.word == "to do"
    assert f"--http 127.0.0.1:{taken[1] + 1}" in busy.text
    assert doctor.port("OSC", ("127.0.0.1", 0), socket.SOCK_DGRAM, "--osc").word == "ok"


def test_a_port_on_an_address_of_another_machine() -> None:
    assert doctor.port("page", ("192.0.2.77", 8080), socket.SOCK_STREAM, "--http").word == "to do"


def test_a_broker_that_answers_and_one_that_does_not(taken: tuple[str, int]) -> None:
    assert doctor.broker(*taken).word == "ok"
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))  # bound, but nobody listens
        assert doctor.broker(*s.getsockname()).word == "to do"


def test_missing_packages_are_named() -> None:
    assert doctor.libraries(("numpy",)).word == "ok"
    lacking = doctor.libraries(("numpy", "no_such_package"))
    assert lacking.word == "to do"
    assert "no_such_package" in lacking.text
    assert "numpy" not in lacking.text


def test_without_portaudio_only_a_venue_with_sound_has_something_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> list[Device]:
        raise DeviceError(portaudio.MISSING)

    monkeypatch.setattr(portaudio, "devices", missing)
    assert [finding.word for finding in doctor.sound(None)] == ["note"]
    (finding,) = doctor.sound("USB")
    assert finding.word == "to do"
    assert "libportaudio2" in finding.text


def test_the_device_of_the_venue_is_looked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portaudio, "devices", lambda: [CARD])
    assert {finding.word for finding in doctor.sound("usb audio")} == {"ok"}
    assert [finding.word for finding in doctor.sound("Scarlett")] == ["ok", "to do"]


def test_loopback_is_among_the_addresses() -> None:
    assert "127.0.0.1" in doctor.addresses().values()
    assert doctor.network({"lo": "127.0.0.1"}).word == "note"
    assert "10.0.0.5" in doctor.network({"lo": "127.0.0.1", "eth0": "10.0.0.5"}).text


def test_every_line_says_something(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portaudio, "devices", lambda: [CARD])
    parser = argparse.ArgumentParser()
    doctor.arguments(parser)
    code = doctor.run(parser.parse_args([]))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= 7
    assert all(line.startswith(("ok ", "note ", "to do ")) for line in lines)
    assert code == any(line.startswith("to do") for line in lines)


VENUE = """showctl: 1
kind: venue
name: Club
network: {interface: nowhere0}
universes: {1: {to: multicast}}
audio: {in: Scarlett}
midi: {in: nanoKONTROL}
fixtures: {par: {type: generic/dimmer, at: 1/1}}
"""


def test_what_a_venue_asks_for_and_the_machine_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(portaudio, "devices", lambda: [CARD])
    path = tmp_path / "venue.yaml"
    path.write_text(VENUE)
    assert doctor.run(argparse.Namespace(venue=path)) == 1
    to_do = [line for line in capsys.readouterr().out.splitlines() if line.startswith("to do")]
    assert any("nowhere0" in line for line in to_do)
    assert any("Scarlett" in line for line in to_do)
    assert any("nanoKONTROL" in line for line in to_do)


def test_a_midi_desk_that_is_there_and_one_that_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = tmp_path / "midiC1D0"
    there.touch()
    monkeypatch.setattr(midi, "ports", lambda: [midi.Port("Launchpad Mini", "Mini", there)])
    assert [one.word for one in doctor.desks(None)] == ["ok"]
    assert [one.word for one in doctor.desks("launchpad")] == ["ok", "ok"]
    [_, missing] = doctor.desks("nano")
    assert (missing.word, "'Launchpad Mini'" in missing.text) == ("to do", True)
    [_, missing] = doctor.desks(str(tmp_path / "midiC2D0"))
    assert (missing.word, "midiC2D0 is not there" in missing.text) == ("to do", True)
    monkeypatch.setattr(doctor.os, "access", lambda *_: False)
    [_, locked] = doctor.desks("Mini")
    assert (locked.word, "group audio" in locked.text) == ("to do", True)


def test_a_venue_with_mistakes_is_not_examined(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "venue.yaml"
    path.write_text(VENUE.replace("network:", "netwrk:"))
    assert doctor.run(argparse.Namespace(venue=path)) == 1
    said = capsys.readouterr()
    assert "netwrk" in said.err
    assert said.out == ""
