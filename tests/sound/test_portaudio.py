"""Devices by name, found again, told in words; on a stand-in for PortAudio (the real one: tests/real/test_jack.py)."""

import builtins
import importlib
import os
import sys

import numpy as np
import pytest

from showctl.commands import devices as command
from showctl.model import DeviceError
from showctl.sound import portaudio
from showctl.sound.portaudio import Device, DeviceGone, Input, device_blocks, find
from tests.sound import fake_sounddevice


@pytest.fixture
def sd(monkeypatch):
    """The stand-in, in place of sounddevice."""
    fake = importlib.reload(fake_sounddevice)
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    monkeypatch.setattr(portaudio, "_ABANDONED", [])
    return fake


@pytest.fixture
def clock():
    """A clock that the test turns."""

    class Clock:
        now = 1000.0

        def __call__(self):
            return self.now

    return Clock()


@pytest.fixture
def missing(monkeypatch):
    """A machine without PortAudio."""
    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name == "sounddevice":
            raise OSError("PortAudio library not found")
        return real(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(builtins, "__import__", refuse)


LIST = [
    Device("HDMI", "ALSA", 0, 8, 48000),
    Device("Scarlett 2i2 USB", "ALSA", 2, 2, 48000),
    Device("scarlett", "ALSA", 2, 0, 44100),
]


@pytest.mark.parametrize(("wanted", "index"), [("2i2", 1), ("SCARLETT", 2), ("scarlett 2", 1), ("Scar", 1)])
def test_a_name_in_part_in_any_case_and_the_whole_name_wins(wanted, index):
    assert find(LIST, wanted) == index


@pytest.mark.parametrize("wanted", ["hdmi", "Behringer"])
def test_no_such_input_tells_what_there_is(wanted):
    with pytest.raises(DeviceError, match=r"there is 'Scarlett 2i2 USB', 'scarlett'"):
        find(LIST, wanted)


def test_no_portaudio_says_what_to_install_and_it_goes_on(missing, capsys):
    source = Input("any")
    source.tend()
    assert "apt install libportaudio2" in source.problem
    assert source.blocks() == []
    assert command.run(command.argparse.Namespace(json=False)) == 69
    assert "apt install libportaudio2" in capsys.readouterr().err


def test_a_device_is_looked_for_ever_more_slowly_and_found(sd, clock):
    source, scans = Input("desk", clock), []
    for _ in range(200):  # 20 s
        before = sd.scans
        source.tend()
        scans += [clock.now] if sd.scans > before else []
        clock.now += 0.1
    waits = np.diff(scans)
    assert waits.max() <= 2.7
    assert len(scans) < 13
    assert "no sound input at all" in source.problem
    sd.devices.append(sd.device("The Desk"))
    clock.now += 2.5
    source.tend()
    assert (source.problem, source.device) == ("", "The Desk (ALSA)")


def test_blocks_are_what_the_callback_brought_with_its_time(sd, clock, monkeypatch):
    monkeypatch.setattr(portaudio.time, "monotonic", clock)
    sd.devices.append(sd.device("desk", inputs=8))
    source = Input("desk", clock)
    source.tend()
    stream = sd.opened[0]
    assert stream.channels == 2
    for n in range(40):
        clock.now = 1000.0 + (n + 1) * 256 / 48000
        stream.feed(np.full((256, 2), n / 100))
    blocks = source.blocks()
    samples = np.concatenate([b.samples for b in blocks])
    assert [b.start for b in blocks] == list(np.cumsum([0] + [len(b.samples) for b in blocks[:-1]]))
    np.testing.assert_array_equal(samples[::256, 0], np.float32(np.arange(40) / 100))
    assert source.at(39 * 256) == pytest.approx(1000.0 + 39 * 256 / 48000, abs=1e-3)


@pytest.mark.parametrize(("inputs", "asked", "opened"), [(8, 2, 2), (8, 5, 5), (4, 5, 4), (1, 2, 1)])
def test_as_many_channels_are_opened_as_are_asked_for_and_there(sd, inputs, asked, opened):
    sd.devices.append(sd.device("desk", inputs=inputs))
    Input("desk", channels=asked).tend()
    assert sd.opened[0].channels == opened


def test_more_channels_than_are_open_begin_the_sound_anew(sd):
    sd.devices.append(sd.device("desk", inputs=8))
    source = Input("desk")
    source.tend()
    assert not source.reach(2)
    assert source.reach(5)
    assert sd.opened[0].closed
    source.tend()
    assert sd.opened[1].channels == 5
    assert not source.reach(3)
    assert len(sd.opened) == 2


def test_a_device_is_read_in_as_many_channels_as_are_asked_for(sd, monkeypatch):
    sd.devices.append(sd.device("desk", inputs=8))
    monkeypatch.setattr(portaudio.time, "sleep", lambda _: sd.opened[0].feed(np.ones((480, 4))))
    blocks = device_blocks("desk", 4)
    assert next(blocks).samples.shape == (480, 4)
    assert sd.opened[0].channels == 4
    blocks.close()
    assert sd.opened[0].closed


def test_its_own_rate_is_taken_and_another_tried(sd):
    sd.devices.append(sd.device("desk", rate=44100.0))
    source = Input("desk")
    source.tend()
    assert sd.opened[0].samplerate == source.rate == 44100
    sd.InputStream.refuse = {44100: "Invalid sample rate"}
    other = Input("desk")
    other.tend()
    assert sd.opened[-1].samplerate == 48000


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        ({48000: "Invalid sample rate", 44100: "Invalid sample rate"}, "set it to 48000 or 44100 Hz"),
        ({48000: "Device unavailable"}, "another program may be using it"),
    ],
)
def test_what_cannot_be_opened_is_told_with_the_next_step(sd, refused, words):
    sd.devices.append(sd.device("desk", rate=96000.0))
    sd.InputStream.refuse = refused
    source = Input("desk")
    source.tend()
    assert words in source.problem


def test_a_card_pulled_out_asks_for_a_new_process_and_is_never_touched_again(sd, clock, monkeypatch):
    monkeypatch.setattr(portaudio.time, "monotonic", clock)
    sd.devices.append(sd.device("desk"))
    source = Input("desk", clock)
    source.tend()
    sd.opened[0].feed(np.zeros((256, 2)))
    for _ in range(13):
        source.tend()
        clock.now += 0.25
    # no callback for 3.25 s now
    with pytest.raises(DeviceGone, match=r"desk .* has gone away"):
        source.tend()
    source.close()
    assert not sd.opened[0].closed


def test_a_sound_server_that_stands_still_for_two_seconds_is_told_and_the_same_stream_goes_on(sd, clock, monkeypatch):
    """Another process would have to find the beat anew."""
    monkeypatch.setattr(portaudio.time, "monotonic", clock)
    sd.devices.append(sd.device("desk"))
    source = Input("desk", clock)

    def plays(seconds):
        for _ in range(round(seconds * 100)):
            clock.now += 0.01
            sd.opened[0].feed(np.zeros((480, 2)))
            source.tend()
            source.blocks()

    source.tend()
    plays(3.0)
    assert source.problem == ""
    for _ in range(8):
        clock.now += 0.25
        source.tend()
    assert source.problem == "desk (ALSA) sends no sound any more: does its server stand still?"
    plays(0.01)
    assert source.problem == ""
    problems = set()
    for _ in range(50):
        plays(0.1)
        problems.add(source.problem)
    assert problems == {""}, "nor is its rate found wrong"
    assert len(sd.opened) == 1
    assert source.at(480 * 801) == pytest.approx(clock.now, abs=0.001)


def test_a_reader_that_stalls_loses_sound_and_knows_how_much(sd):
    sd.devices.append(sd.device("desk"))
    source = Input("desk")
    source.tend()
    for _ in range(5 * 48000 // 480):
        sd.opened[0].feed(np.zeros((480, 2)), overflow=True)
    assert source.lost == 48000
    assert source.overflows == 500
    total = 0
    while blocks := source.blocks():
        assert len(blocks) <= 100
        total += sum(len(b.samples) for b in blocks)
    assert total == 4 * 48000


def test_a_card_at_another_rate_than_it_says_is_told(sd, clock, monkeypatch):
    monkeypatch.setattr(portaudio.time, "monotonic", clock)
    sd.devices.append(sd.device("desk"))
    source = Input("desk", clock)
    source.tend()
    for _ in range(300):
        clock.now += 441 / 44100
        sd.opened[0].feed(np.zeros((441, 2)))
        source.blocks()
    source.tend()
    assert "says 48000 Hz and delivers 44100" in source.problem


def test_standard_error_is_silent_during_a_scan_and_comes_back(capfd):
    with portaudio.quiet():
        os.write(2, b"ALSA lib confmisc.c:855 no such card\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_devices_prints_what_to_write(sd, capsys):
    sd.devices += [sd.device("HDMI", inputs=0, outputs=2), sd.device("Bob's desk")]
    assert command.run(command.argparse.Namespace(json=False)) == 0
    out = capsys.readouterr().out
    assert "--audio 'device:Bob'\\''s desk'" in out
    assert "device:HDMI" not in out
    assert command.run(command.argparse.Namespace(json=True)) == 0
    assert '"audio": "device:Bob\'s desk"' in capsys.readouterr().out


def test_no_device_at_all_is_told_with_the_next_step(sd, capsys):
    assert command.run(command.argparse.Namespace(json=False)) == 0
    assert "--audio file:PATH" in capsys.readouterr().err
