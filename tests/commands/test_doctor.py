"""`showctl doctor`: each examination against a real good and a real bad case."""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from showctl.__main__ import main
from showctl.commands import doctor
from showctl.inputs import midi
from showctl.model import DeviceError
from showctl.plan import PaPlan, PaZone
from showctl.sound import portaudio
from showctl.sound.portaudio import Device
from tests.config.test_pa import files
from tests.fakes.camilla import FakeCamilla, Served
from tests.wire.camilla_stand import config

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


def test_mdns_on_an_address_of_this_machine_and_on_none() -> None:
    assert doctor.mdns("127.0.0.1").word == "ok"
    assert doctor.mdns("localhost").word == "ok"
    missing = doctor.mdns("192.0.2.77")
    assert missing.word == "to do"
    assert "192.0.2.77" in missing.text
    assert doctor.mdns("::1").word == "note"


@pytest.mark.slow
def test_a_console_is_asked_what_it_holds_and_never_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeCamilla(config())
    assert fake.active is not None
    with running(fake) as port:
        plan = PaPlan(zones=(PaZone("main", (1,), "main"),), console="camilladsp", host="127.0.0.1", port=port)
        assert doctor.console(plan, 10.0) == ("ok", "console", f"127.0.0.1:{port}: CamillaDSP 4.1.3; main has 6 bands")
        fake.active["pipeline"].pop()
        found = doctor.console(plan, 1.0)
        assert found.word == "to do"
        assert "`main1` is in no step of the pipeline" in found.text
        assert not fake.patches
    found = doctor.console(plan, 0.5)
    assert found.word == "to do"
    assert "does CamillaDSP run there" in found.text
    assert doctor.console(PaPlan(console="camilladsp", host="127.0.0.1", port=1), 1.0).word == "note"
    lost = PaPlan(zones=(PaZone("main", (1,), "main", 6),), console="x32", host="255.255.255.255", port=10023)
    assert "cannot be reached" in doctor.console(lost, 1.0).text
    monkeypatch.setattr(doctor, "CONSOLE_S", 0.5)
    venue = "pa: {console: {type: camilladsp, address: 127.0.0.1:1}, zones: {main: {out: 1, console: main}}}\n"
    main(["doctor", str(files(tmp_path, venue)[0])])
    assert "console    127.0.0.1:1: nobody answers (connection refused)" in capsys.readouterr().out


@contextmanager
def running(fake: FakeCamilla) -> Iterator[int]:
    """CamillaDSP at a port, in a thread of its own: the doctor has a loop of its own."""
    loop, served = asyncio.new_event_loop(), Served(fake)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(served.start(), loop).result(10)
    finally:
        asyncio.run_coroutine_threadsafe(served.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


STRANGER = 65534  # a user who may nothing
AS_STRANGER = """
import os
from showctl import rank  # now: a stranger may not read where this stands
from showctl.commands import doctor
os.setuid({user})
print(*doctor.{what}(), sep="\\n")
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become a user who may nothing")
@pytest.mark.parametrize(("what", "limit"), [("first", "nice -10"), ("real_time", "rtprio 70")])
def test_a_rank_that_is_not_granted_is_a_note_with_its_cure(what: str, limit: str) -> None:
    def said(user: int) -> list[str]:
        command = [sys.executable, "-c", AS_STRANGER.format(user=user, what=what)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()

    word, _, text = said(STRANGER)
    assert word == "note"
    assert "not permitted" in text or "denied" in text
    assert "showctl service install" in text
    assert f"`@audio - {limit}`" in text
    word, _, text = said(0)
    if word == "ok":  # a container may forbid it even to root
        assert "is granted" in text


def test_to_ask_for_a_rank_leaves_it_as_it_was() -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0)
    assert {doctor.first().part, doctor.real_time().part} == {"rank", "real time"}
    assert (os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0)) == before


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
