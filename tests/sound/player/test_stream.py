"""The stream of the tracks over a stand-in for PortAudio: channels, drop-outs by their cause, mistakes of ours."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from showctl.model import DeviceError
from showctl.model.player import Mode
from showctl.sound import portaudio
from showctl.sound.player.mixer import Start
from showctl.sound.player.stream import MOST_DEEDS, Stream
from showctl.sound.portaudio import DeviceGone
from showctl.sound.pulse import DEAD_S
from tests.sound import fake_sounddevice as fake
from tests.sound.player.sources import noise


@pytest.fixture
def card(monkeypatch):
    """Two cards; the second is the usual one."""
    monkeypatch.setattr(portaudio, "library", lambda: fake)
    monkeypatch.setattr("showctl.sound.player.stream.library", lambda: fake)
    monkeypatch.setattr(fake, "opened", [])
    monkeypatch.setattr(fake, "usual", {"output": 1})
    monkeypatch.setattr(fake.InputStream, "refuse", {})
    monkeypatch.setattr(fake, "devices", [fake.device("X32 USB", 0, 8), fake.device("HDMI", 0, 2, 44_100.0)])
    return fake


def test_lines_go_to_their_channels_and_all_others_are_silent(card):
    stream = Stream("x32", (4, 5, 0))
    assert (stream.rate, stream.device) == (48_000, "X32 USB (ALSA)")
    assert card.opened[0].channels == 6
    one = noise(1000, lines=3)
    stream.ask(lambda mixer: mixer.play(Start(one, 7, 0.0)))
    out = card.opened[0].pull(256)
    assert np.array_equal(out[:, [4, 5, 0]], one.samples[:256])
    assert not out[:, 1:4].any()
    snapshot = stream.snapshot
    assert (snapshot.began, snapshot.frames, snapshot.position, snapshot.take) == (0, 256, 256.0, 7)
    assert (snapshot.mode, snapshot.length) == (Mode.PLAYING, 1000)
    assert snapshot.latency == pytest.approx(0.01)


def test_without_a_name_it_is_the_usual_card_at_its_own_rate(card):
    stream = Stream("", (0, 1))
    assert (stream.rate, stream.device) == (44_100, "HDMI (ALSA)")


def test_nothing_is_louder_than_full_scale(card):
    stream = Stream("", (0, 1))
    one = noise(1000)
    one.samples *= 100.0
    stream.ask(lambda mixer: mixer.play(Start(one, 1, 0.0)))
    assert np.abs(card.opened[0].pull(500)).max() == 1.0


def test_any_length_of_block_will_do(card):
    stream = Stream("", (0, 1))
    one = noise(30_000)
    stream.ask(lambda mixer: mixer.play(Start(one, 1, 0.0)))
    out = np.concatenate([card.opened[0].pull(frames) for frames in (1, 64, 20_000, 333)])
    assert np.array_equal(out, one.samples[: len(out)])


def test_drop_outs_are_counted_by_their_cause(card):
    stream = Stream("", (0, 1))
    card.opened[0].pull(441)
    assert (stream.lost, stream.late) == (0, 0)
    card.opened[0].pull(441, lost=True)
    assert (stream.lost, stream.late) == (1, 0)
    card.opened[0].pull(441, took=0.0101)
    assert (stream.lost, stream.late) == (1, 1)
    card.opened[0].pull(441, took=5.0)
    assert stream.late == 1, "a clock that means something else"


def test_what_is_asked_for_too_often_is_refused(card):
    stream = Stream("", (0, 1))
    done = []
    assert all(stream.ask(done.append) for _ in range(MOST_DEEDS))
    assert not stream.ask(done.append)
    card.opened[0].pull(64)
    assert len(done) == MOST_DEEDS
    assert stream.ask(done.append)


def test_a_mistake_of_ours_is_silence_and_said(card):
    stream = Stream("", (0, 1))
    stream.ask(lambda _: 1 / 0)
    assert not card.opened[0].pull(64).any()
    assert "ZeroDivisionError" in stream.fault
    assert not card.opened[0].pull(64).any()


def test_a_card_that_went_away_is_left_alone(card, monkeypatch):
    now = [0.0]
    stream = Stream("", (0, 1), now=lambda: now[0])
    card.opened[0].pull(64)
    for _ in range(round(DEAD_S / 0.25) + 1):
        stream.tend()
        now[0] += 0.25
    with pytest.raises(DeviceGone, match="HDMI"):
        stream.tend()
    stream.close()
    assert not card.opened[0].closed


@pytest.mark.parametrize(
    ("name", "channels", "refuse", "why"),
    [
        ("nothing", (0, 1), {}, "no sound output called 'nothing'"),
        ("HDMI", (0, 2), {}, "has 2 outputs, the venue file wants number 3"),
        ("HDMI", (0, 1), {44_100: "Device unavailable"}, "another program may be using it"),
        ("HDMI", (0, 1), {44_100: "Invalid sample rate", 48_000: "Invalid sample rate"}, "set it to 48000 or 44100 Hz"),
    ],
)
def test_a_card_that_cannot_be_had_is_said_with_the_cure(card, monkeypatch, name, channels, refuse, why):
    monkeypatch.setattr(card.InputStream, "refuse", refuse)
    with pytest.raises(DeviceError, match=why):
        Stream(name, channels)


def test_a_card_that_takes_only_the_other_rate_has_that(card, monkeypatch):
    monkeypatch.setattr(card.InputStream, "refuse", {44_100: "Invalid sample rate"})
    assert Stream("", (0, 1)).rate == 48_000


def test_a_sound_server_that_stood_still_for_a_second_goes_on(card):
    now = [0.0]
    stream = Stream("", (0, 1), now=lambda: now[0])
    card.opened[0].pull(64)
    for _ in range(8):
        stream.tend()
        now[0] += 0.25
    assert stream.stands, "and it is told meanwhile"
    card.opened[0].pull(64)
    stream.tend()
    assert not stream.stands


def test_a_clock_of_the_sound_system_that_fails_does_not_end_the_stream(card, monkeypatch):
    """PortAudio has no time at its very beginning, and each day or so, when JACK's frames begin anew; sounddevice raises then."""
    stream = Stream("", (0, 1))
    one = noise(1000)
    stream.ask(lambda mixer: mixer.play(Start(one, 1, 0.0)))

    def none(self):
        raise card.PortAudioError("Error getting stream time")

    monkeypatch.setattr(card.OutputStream, "time", property(none))
    info = SimpleNamespace(currentTime=5.0, outputBufferDacTime=5.01)
    out = np.full((256, 2), 9.0, np.float32)
    card.opened[0].callback(out, 256, info, False)
    assert np.array_equal(out, one.samples[:256])
    assert (stream.late, stream.fault) == (0, "")
