"""A device in both directions: takes that are sample-exact and spare ears, the way through the equaliser, what goes wrong."""

import importlib
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.model import DeviceError, EqBand
from showctl.sound import portaudio
from showctl.sound.duplex import Duplex
from showctl.sound.equaliser import Equaliser
from showctl.sound.portaudio import DeviceGone
from showctl.sound.take import Take
from showctl.sound.through import Through
from tests.sound import fake_sounddevice

RATE = 48_000


@pytest.fixture
def sd(monkeypatch):
    """The stand-in, in place of sounddevice, with one card of eight channels each way."""
    fake = importlib.reload(fake_sounddevice)
    fake.devices.append(fake.device("card", inputs=8, outputs=8))
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    monkeypatch.setattr(portaudio, "_ABANDONED", [])
    return fake


def tone(frames, level=0.5):
    return (level * np.sin(np.arange(frames) * 0.1)).astype(np.float32)


def looped(take, cuts, delay, gain=0.5, channels=4):
    """Play the take through a cable from every output to the input of the same number, `delay` frames long."""
    cable = np.zeros((delay, channels), np.float32)
    sizes, n = [], 0
    while not take.done:
        size = cuts[n % len(cuts)]
        out = np.full((size, channels), 9.0, np.float32)
        # what comes in now went out `delay` frames ago; a block is at most as long as the cable
        take.process(cable[:size], out)
        cable = np.concatenate((cable[size:], gain * out))
        sizes.append(size)
        n += 1
        assert n < 10_000
    return take.taken


@given(st.lists(st.integers(1, 300), min_size=1, max_size=5), st.integers(300, 700), st.integers(0, 900))
def test_a_take_is_sample_exact_however_it_is_cut(cuts, delay, tail):
    signal = tone(2000)
    taken = looped(Take(signal, [1, 2], [2, 0, 1], tail, RATE), cuts, delay)
    assert taken.stopped == ""
    assert taken.samples.shape == (2000 + tail, 3)
    expected = np.zeros(2000 + tail, np.float32)
    heard = min(2000, 2000 + tail - delay)
    expected[delay : delay + heard] = 0.5 * signal[:heard]
    np.testing.assert_array_equal(taken.samples[:, 0], expected)
    np.testing.assert_array_equal(taken.samples[:, 2], expected)
    assert not taken.samples[:, 1].any(), "outputs that are not the take's are silent"


def test_an_input_at_full_scale_stops_the_take_within_a_block_and_without_a_click():
    take = Take(np.full(48_000, 0.5, np.float32), [0], [1], 0, RATE)
    out, quiet, loud = np.empty((256, 2), np.float32), np.zeros((256, 2), np.float32), np.zeros((256, 2), np.float32)
    loud[100, 1] = -1.0
    take.process(quiet, out)
    assert (out[:, 0] == 0.5).all()
    played = []
    for block in [loud, quiet, quiet, quiet]:
        take.process(block, out)
        played.append(out[:, 0].copy())
    played = np.concatenate(played)
    assert take.done
    assert take.taken.stopped == "input 2 clips: turn its gain down"
    assert take.taken.clipped == (1,)
    assert np.abs(np.diff(played)).max() < 0.5 / 400, "it fades"
    assert np.count_nonzero(played) <= 480


def test_a_clipping_input_that_is_not_the_takes_stops_nothing():
    take = Take(tone(1000), [0], [0], 0, RATE)
    take.process(np.ones((500, 2), np.float32) * [[0, 1]], np.empty((500, 2), np.float32))
    take.process(np.zeros((500, 2), np.float32), np.empty((500, 2), np.float32))
    assert take.done
    assert take.taken.stopped == ""


def test_a_hand_stops_the_take_and_the_first_reason_stays():
    take = Take(tone(48_000), [0], [0], 4800, RATE)
    out = np.empty((256, 1), np.float32)
    take.process(np.zeros((256, 1), np.float32), out)
    take.stop("stopped by hand")
    take.stop("again")
    for _ in range(3):
        take.process(np.zeros((256, 1), np.float32), out)
    assert take.done
    assert not out.any()
    assert take.taken.stopped == "stopped by hand"
    assert len(take.taken.samples) == 256 + 480


def test_an_input_that_sends_no_number_stops_the_take():
    take = Take(tone(4800), [0], [0], 0, RATE)
    take.process(np.full((256, 1), np.nan, np.float32), np.empty((256, 1), np.float32))
    assert "input 1 clips" in take.taken.stopped


@pytest.mark.parametrize("signal", [np.array([0.0, 1.5]), np.array([np.nan])])
def test_what_is_beyond_full_scale_is_not_played(signal):
    with pytest.raises(ValueError, match="full scale"):
        Take(signal.astype(np.float32), [0], [0], 0, RATE)


def test_through_routes_inputs_to_outputs_with_bands_of_their_own():
    through = Through([(2, 0), (2, 3)], Equaliser(2, RATE))
    through.equaliser.set([[], [EqBand("low_shelf", 20_000.0, -12.0, 0.7)]])
    samples = np.zeros((24_000, 4), np.float32)
    samples[:, 2] = tone(24_000)
    out = np.empty((24_000, 5), np.float32)
    for _ in range(10):
        through.process(samples, out)
    np.testing.assert_array_equal(out[:, 0], samples[:, 2])
    assert np.abs(out[-4800:, 3]).max() == pytest.approx(0.5 * 10 ** (-12 / 20), rel=0.02)
    assert not out[:, [1, 2, 4]].any()


def test_a_mistake_in_the_equaliser_leaves_the_sound_as_it_came_in(monkeypatch):
    through = Through([(0, 1)], Equaliser(1, RATE))
    monkeypatch.setattr(Equaliser, "process", lambda *_: 1 / 0)
    out = np.empty((100, 2), np.float32)
    for _ in range(2):
        through.process(tone(100)[:, None], out)
        np.testing.assert_array_equal(out[:, 1], tone(100))
    assert "ZeroDivisionError" in through.fault


def test_routes_must_fit():
    with pytest.raises(ValueError, match="two routes"):
        Through([(0, 1), (2, 1)], Equaliser(2, RATE))
    with pytest.raises(ValueError, match="1 routes for 2"):
        Through([(0, 1)], Equaliser(2, RATE))


def test_the_stream_does_its_work_and_is_silent_without(sd):
    duplex = Duplex("CARD", "car", 2, 3)
    (stream,) = sd.opened
    assert (stream.channels, stream.device, duplex.rate, duplex.device) == ((2, 3), (0, 0), 48_000, "card (ALSA)")
    assert not stream.exchange(np.ones((64, 2))).any()
    duplex.play(Through([(1, 2)], Equaliser(1, RATE)))
    np.testing.assert_array_equal(stream.exchange(np.full((64, 2), 0.25), way=0.03)[:, 2], 0.25)
    assert duplex.way == pytest.approx(0.03)
    assert duplex.lost == 0
    stream.exchange(np.zeros((64, 2)), lost=True)
    assert duplex.lost == 1
    stream.exchange(np.zeros((64, 2)), way=-1e6)
    assert duplex.way == pytest.approx(0.02) or duplex.way == pytest.approx(0.03)
    duplex.close()
    assert stream.closed


def test_work_that_raises_is_dropped_and_told(sd):
    class Broken:
        def process(self, samples, out):
            raise KeyError("mine")

    duplex = Duplex("card", "card", 1, 1)
    duplex.play(Broken())
    assert not sd.opened[0].exchange(np.ones((64, 1))).any()
    assert not sd.opened[0].exchange(np.ones((64, 1))).any()
    assert duplex.fault == "KeyError('mine')"
    duplex.close()


def test_input_and_output_may_be_two_devices_of_one_name(sd):
    sd.devices[:] = [sd.device("USB in", 4, 0), sd.device("HDMI", 0, 8), sd.device("USB out", 0, 4)]
    duplex = Duplex("usb", "usb", 4, 4)
    assert sd.opened[0].device == (0, 2)
    assert duplex.device == "USB in and USB out (ALSA)"
    duplex.close()


def test_without_names_the_usual_devices_are_taken(sd):
    sd.devices[:] = [sd.device("HDMI", 0, 8), sd.device("webcam", 1, 0), sd.device("USB", 4, 4)]
    sd.usual.update(input=2, output=2)
    assert Duplex("", "", 4, 4).device == "USB (ALSA)"
    sd.usual.clear()
    assert Duplex("", "", 1, 8).device == "webcam and HDMI (ALSA)"


@pytest.mark.parametrize(
    ("prepare", "channels", "words"),
    [
        (lambda _: None, (9, 2), "'card' has 8 inputs, the venue file wants number 9"),
        (lambda _: None, (2, 12), "'card' has 8 outputs, the venue file wants number 12"),
        (lambda sd: sd.devices.clear(), (1, 1), "no sound input called 'card'"),
        (lambda sd: sd.devices.__setitem__(0, sd.device("card", 2, 0)), (1, 1), "no sound output called 'card'"),
        (lambda sd: sd.Stream.refuse.update({48000: "busy"}), (1, 1), r"\(busy\): another program may be using it"),
        (lambda sd: sd.Stream.refuse.update({48000: "Invalid sample rate", 44100: "Invalid sample rate"}), (1, 1), "set it to"),
    ],
)
def test_what_cannot_be_had_is_said_in_words(sd, prepare, channels, words):
    prepare(sd)
    with pytest.raises(DeviceError, match=words):
        Duplex("card", "card", *channels)


def test_a_device_that_went_away_is_noticed_and_never_touched_again(sd):
    now = [100.0]
    duplex = Duplex("card", "card", 1, 1, now=lambda: now[0])
    stood = []
    for _ in range(13):
        duplex.tend()
        stood.append(duplex.stands)
        now[0] += 0.25
    assert stood == [False] * 3 + [True] * 10, "a server that stands still is waited for: it alone has the sound"
    with pytest.raises(DeviceGone, match=r"card .* has gone away"):
        duplex.tend()
    duplex.close()
    assert sd.opened[0].active
    assert not sd.opened[0].closed
