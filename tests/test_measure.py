"""The driver of a measurement, on rooms that are reckoned: what is played how loud, what is told, what comes out."""

import numpy as np
import pytest
from scipy.signal import fftconvolve

from showctl import measure
from showctl.analysis.room.arrival import Arrival
from showctl.measure import Measurement, Stopped, planned, present
from showctl.plan import PaMicrophone, PaPlan, PaZone

RATE = 48_000
LEFT, RIGHT = PaZone("left", (1,)), PaZone("right", (2, 3))
FRONT, BACK = PaMicrophone("front", 1), PaMicrophone("back", 4)


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """A room of half a second needs no more."""
    monkeypatch.setattr(measure, "TAIL_S", 1.0)
    monkeypatch.setattr(measure, "SILENCE_S", 1.0)


def response(delay, gain=1.0, seconds=0.4, seed=1):
    """(frames,) a direct sound and a decay of half a second."""
    rng = np.random.default_rng(seed)
    frames = round(seconds * RATE)
    sound = 0.05 * rng.standard_normal(frames) * 10 ** (-3 * np.arange(frames) / RATE / 0.5)
    sound[:delay] = 0.0
    sound[delay] = 1.0
    return gain * sound


class Hall:
    """Plays takes: (output, input) -> impulse response, noise at each input, and what is to go wrong."""

    def __init__(self, responses, noise=1e-4, inputs=4):
        self.responses, self.noise, self.inputs = responses, noise, inputs
        self.levels, self.lost, self.events, self.rng = [], [], {}, np.random.default_rng(7)

    def __call__(self, take):
        signal, frames = take._signal, len(take._kept)
        heard = self.noise * self.rng.standard_normal((frames, self.inputs))
        for (output, into), sound in self.responses.items():
            if output in take.outputs and len(signal):
                came = fftconvolve(signal, sound)[:frames]
                heard[: len(came), into] += came
        heard = self.events.get(len(self.levels), lambda h: h)(heard)
        heard = np.clip(heard, -1, 1).astype(np.float32)
        self.levels.append(20 * np.log10(np.abs(signal).max()) if len(signal) else None)
        out = np.empty((1024, 4), np.float32)
        for at in range(0, frames, 1024):
            if not take.done:
                take.process(heard[at : at + 1024], out[: len(heard[at : at + 1024])])
        return take.taken, self.lost.pop(0) if self.lost else 0


def measured(hall, zones=(LEFT, RIGHT), microphones=(FRONT, BACK), **options):
    told = []
    measurement = Measurement(zones, microphones, RATE, hall, told.append, seconds=1.0, **options)
    return measurement, told


WELL = {
    (0, 0): response(480, 0.5, seed=1),
    (0, 3): response(960, 0.3, seed=2),
    (1, 0): response(720, 0.4, seed=3),
    (1, 3): response(600, 0.3, seed=4),
}


@pytest.mark.slow
def test_it_begins_quietly_is_as_loud_as_it_must_and_gives_the_responses_back():
    hall = Hall(WELL, noise=1e-3)
    measurement, told = measured(hall)
    measurement.run()
    levels = [level for level in hall.levels if level is not None]
    assert levels[0] == pytest.approx(-48, abs=0.1)
    assert max(np.diff(levels[: len(measurement.zones[0].levels)])) <= 6.1
    assert -48 < max(levels) < -12
    for one, output in zip(measurement.zones, (0, 1)):
        for m in (FRONT, BACK):
            found, _ = one.response(m.name)
            true = WELL[output, m.channel - 1]
            got = found.samples[found.lead :][: len(true)]
            freqs = np.fft.rfftfreq(len(true), 1 / RATE)
            inside = (freqs > 50) & (freqs < 16_000)
            ratio = np.abs(np.fft.rfft(got)[inside]) / np.abs(np.fft.rfft(true)[inside])
            assert np.sqrt(np.mean((20 * np.log10(ratio)) ** 2)) < 1.0, "bin by bin, noise included"
            assert one.arrival(m.name).time == pytest.approx(np.argmax(true != 0) / RATE, abs=1e-4)
            assert np.nanmin(one.snr(m.name)) > 30
    report = told.index("at front:")
    assert told[report + 1].startswith("  left: 9.9 ms with the sound card (the first), as sent")
    assert "5.0 ms after the first" in told[report + 2]
    assert sum(text.startswith("  left: -") for text in told[report:]) >= 1, "repeats come after the report"
    assert measurement.troubles == []


@pytest.mark.slow
def test_where_the_noise_is_too_loud_more_gain_or_more_level_is_asked_for():
    measurement, _ = measured(Hall({(0, 0): response(480, 0.003)}, noise=1e-4), (LEFT,), (FRONT,), limit=-30.0)
    measurement.run()
    (one,) = measurement.zones
    assert max(one.levels) == -30
    assert len(one.responses["front"]) == 16
    text = "\n".join(measurement.troubles)
    assert "left: " in text
    assert "35 are due: allow more level" in text
    assert "front (input 1): " in text
    assert "turn its gain up by " in text


@pytest.mark.slow
def test_a_zone_turned_round_and_a_microphone_without_cable_are_named():
    turned = {key: -sound if key[0] == 1 else sound for key, sound in WELL.items() if key[1] == 0}
    hall = Hall(turned)
    measurement, _ = measured(hall)
    measurement.run()
    text = "\n".join(measurement.troubles)
    assert "at front: right is turned round against the others" in text
    assert "back (input 4) hears no zone" in text
    assert len(hall.levels) < 24, "a microphone that hears nothing does not make it louder for ever"
    assert all(one.state.phase == "done" for one in measurement.zones)


@pytest.mark.slow
def test_a_subwoofer_is_not_played_ever_louder_for_octaves_that_it_has_not():
    sos_room = fftconvolve(response(480, seed=5), np.sinc(np.arange(-2000, 2000) * 0.008) * 0.008 * np.hanning(4000))
    measurement, _ = measured(Hall({(0, 0): sos_room}, noise=1e-5), (LEFT,), (FRONT,))
    measurement.run()
    (one,) = measurement.zones
    assert one.state.phase == "done"
    assert len(one.responses["front"]) <= 4
    assert max(one.levels) < -12


@pytest.mark.slow
def test_clipping_stops_everything_at_once_with_the_next_step():
    hall = Hall(WELL, noise=3e-3)
    hall.events[3] = lambda heard: np.where(np.arange(len(heard))[:, None] == 5000, 1.0, heard)
    measurement, _ = measured(hall)
    with pytest.raises(Stopped, match="front and back clipped at -36 dB in left: turn the gain down by 10 dB"):
        measurement.run()
    assert len(hall.levels) == 4


def test_a_microphone_that_clips_in_silence_is_left_out():
    hall = Hall(WELL)

    def broken(heard):
        heard[:, 3] = 1.0
        return heard

    hall.events[0] = broken
    hall.events[2] = lambda heard: np.ones_like(heard)  # and later the other one, so that it ends
    measurement, _ = measured(hall)
    with pytest.raises(Stopped, match="front clipped at -48 dB"):
        measurement.run()
    assert "back (input 4) clips while nothing is played" in measurement.troubles[0]


def test_without_any_microphone_nothing_is_played():
    hall = Hall({})
    for n in range(2):
        hall.events[n] = lambda heard: np.ones_like(heard)
    measurement, _ = measured(hall)
    with pytest.raises(Stopped, match="no microphone"):
        measurement.run()
    assert hall.levels == [None]


@pytest.mark.slow
def test_a_take_that_lost_sound_is_played_again_and_is_well_where_the_repeats_agree():
    hall = Hall(WELL)
    hall.lost = [0, 3, 0, *[2] * 60]
    measurement, _ = measured(hall, (LEFT,))
    measurement.run()
    (one,) = measurement.zones
    assert one.levels[:2] == [-48, -48]
    assert one.lost > 0
    assert measurement.troubles == []


@pytest.mark.slow
def test_repeats_that_differ_because_sound_was_lost_are_told():
    hall = Hall(WELL)
    hall.lost = [0] + [1] * 60
    hall.events = {n: lambda heard, n=n: np.delete(heard, slice(9000, 9000 + 256 * n), axis=0) for n in range(1, 20)}
    hall.events = {n: (lambda heard, cut=event: np.resize(cut(heard), heard.shape)) for n, event in hall.events.items()}
    measurement, _ = measured(hall, (LEFT,))
    measurement.run()
    assert any(
        "left at front and back: the repeats differ, begin again (the sound system lost" in t for t in measurement.troubles
    )


@pytest.mark.slow
def test_a_zone_that_nobody_hears_is_not_repeated_and_a_moved_microphone_is_named():
    before = {"front": {"left": Arrival(0.007, 1, -6.0, -6.0)}}
    hall = Hall({key: sound for key, sound in WELL.items() if key[0] == 0})
    measurement, _ = measured(hall, before=before)
    measurement.run()
    text = "\n".join(measurement.troubles)
    assert "right: no microphone hears it" in text
    assert "front has moved: left arrives 2.9 ms later" in text
    assert max(measurement.zones[1].levels) <= -12
    assert measurement.zones[1].state.kept == 1


def test_a_hand_ends_it():
    def play(take):
        take.stop("stopped by hand")
        out = np.empty((4800, 4), np.float32)
        while not take.done:
            take.process(np.zeros((4800, 4), np.float32), out)
        return take.taken, 0

    measurement, _ = measured(play)
    with pytest.raises(Stopped, match="by hand"):
        measurement.run()


def test_octaves_that_count():
    cells = np.array([[40.0, 5.0, np.nan], [38.0, 20.0, np.nan]])
    assert present(cells, 35.0) == (40.0, 38.0, 20.0)
    assert present(cells, 45.0) == (40.0, 5.0, 38.0, 20.0)
    assert present(np.full((1, 2), np.nan), 35.0) == ()


def test_the_plan_says_what_is_played_where_and_how_loud():
    text = "\n".join(planned(PaPlan(zones=(LEFT, RIGHT), microphones=(FRONT, BACK)), -20.0, 6.0))
    assert "front (input 1), back (input 4)" in text
    assert "right: sweeps of 6 s into outputs 2, 3, 30 Hz to 20 kHz, from -48 dB of full scale" in text
    assert "-20 dB at most" in text
