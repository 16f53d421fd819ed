"""Microphones: calibration files as they are found, level by a calibrator, what is wrong with one, and its gain."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showctl.analysis.room.arrival import Arrival
from showctl.analysis.room.level import LevelMeter
from showctl.analysis.room.microphone import (
    PEAK_DB,
    Calibration,
    Fault,
    Ill,
    Refused,
    calibration,
    faults,
    full_scale,
    gain,
    moved,
)
from showctl.model import AudioBlock

RATE = 48_000
FRD = "* made by REW\n20 -1.5 0.0\n1000 0.0 0.0\n20000 3.0 -12.5\n"
CAL = '"Sens Factor =-1.28dB, SERNO: 7012345"\n20.00\t-1.5\n1000.0\t0\n20000\t3\n'
COMMAS = "Freq, dB\n20, -1.5\n1000,0\n20000 ,3.0\n"
EUROPE = "Hz;dB\n20,0;-1,5\n1000;0\n20000,0;3,0\n"


@pytest.mark.parametrize("text", [FRD, CAL, COMMAS, EUROPE, "\ufeff" + FRD.replace("\n", "\r\n")])
def test_files_of_every_kind_have_the_same_curve(text: str) -> None:
    found = calibration(text)
    assert isinstance(found, Calibration)
    assert found.freqs.tolist() == [20, 1000, 20000]
    assert found.levels.tolist() == [-1.5, 0, 3]
    assert found.sensitivity == (-1.28 if text == CAL else None)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 0, "no curve"),
        ("hello\nworld", 0, "no curve"),
        ("1000 0\n", 0, "no curve"),
        ("20 0\n10 0\n", 2, "must rise"),
        ("* x\n20 0\n20 1\n", 3, "must rise"),
        ("20 0\n30\n", 2, "write a frequency"),
        ("20 0\n30 loud\n", 2, "'30 loud'"),
        ("20 0\n30 94\n", 2, "no microphone's"),
        ("0 0\n30 1\n", 1, "no frequency"),
        ("20 0\n30 0\n" * 60_000, 3, "must rise"),
        ("*\n" * 100_001, 0, "no calibration file"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_with_its_line(text: str, line: int, said: str) -> None:
    found = calibration(text)
    assert isinstance(found, Refused)
    assert found.line == line
    assert said in found.text


@given(text=st.text(max_size=200) | st.text("0123456789.,;+-eE \t\n*", max_size=200))
def test_any_text_is_a_curve_that_rises_or_is_refused(text: str) -> None:
    found = calibration(text)
    if isinstance(found, Calibration):
        assert len(found.freqs) == len(found.levels) >= 2
        assert (np.diff(found.freqs) > 0).all()
        assert np.isfinite(found.at(np.array([20.0, 1000.0, 20_000.0]))).all()
    else:
        assert found.text


def test_between_points_a_curve_is_straight_in_pitch_and_beyond_them_level() -> None:
    found = calibration(FRD)
    assert isinstance(found, Calibration)
    assert found.at(np.array([5.0, 20.0, np.sqrt(20 * 1000), np.sqrt(1000 * 20000), 40_000.0])) == pytest.approx(
        [-1.5, -1.5, -0.75, 1.5, 3.0]
    )


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_a_curve_that_is_taken_out_lowers_where_the_microphone_hears_too_loud_and_moves_nothing_ahead(rate: int) -> None:
    """A microphone that hears 10 kHz 2 dB too loud and the bass 3 dB too softly."""
    curve = Calibration(np.array([30.0, 100.0, 1000.0, 10_000.0]), np.array([-3.0, 0.0, 0.0, 2.0]))
    click = np.zeros(rate // 2)
    click[1000] = 1.0
    flat = curve.taken_out(click, rate)
    assert len(flat) == len(click)
    heard = 20 * np.log10(np.abs(np.fft.rfft(flat)))
    at = (np.array([30.0, 316.0, 3162.0, 10_000.0, 16_000.0]) * len(click) / rate).round().astype(int)
    assert heard[at] == pytest.approx([3.0, 0.0, -1.0, -2.0, -2.0], abs=0.05)
    assert np.abs(flat[:1000]).max() < 1e-4
    assert np.abs(flat).argmax() == 1000


def calibrator(level: float = -20.0, freq: float = 1000.0, seconds: float = 3.0) -> np.ndarray:
    """A sine whose peak is at so many dBFS, and a little noise."""
    times = np.arange(int(seconds * RATE)) / RATE
    hiss = 1e-4 * np.random.default_rng(1).normal(size=len(times))
    return 10 ** (level / 20) * np.sin(2 * np.pi * freq * times) + hiss


@pytest.mark.slow
@settings(max_examples=10)
@given(level=st.floats(-45, -1), calibrated=st.sampled_from([94.0, 114.0]), freq=st.floats(950, 1050))
def test_a_meter_with_the_full_scale_of_a_calibrator_reads_the_calibrator(level: float, calibrated: float, freq: float) -> None:
    sound = calibrator(level, freq)
    found = full_scale(sound, RATE, calibrated)
    assert isinstance(found, float)
    said = LevelMeter(RATE, found).feed(AudioBlock(0, sound[:, None].astype(np.float32), RATE))
    assert said[-1].laeq_1 == pytest.approx(calibrated, abs=0.25)  # A weighs 950 to 1050 Hz by so much


@pytest.mark.parametrize(
    ("sound", "level", "said"),
    [
        (calibrator(), 100.0, "94 or 114"),
        (calibrator(seconds=1.0), 94.0, "only 1.0 s"),
        (np.clip(calibrator(6.0), -1, 1), 94.0, "gain down"),
        (calibrator(freq=250.0), 94.0, "is it on"),
        (calibrator(-75), 94.0, "is it on"),
        (np.zeros(3 * RATE), 94.0, "is it on"),
        (calibrator() * np.linspace(1, 0.7, 3 * RATE), 94.0, "wavers"),
    ],
)
def test_what_is_no_calibrator_is_refused(sound: np.ndarray, level: float, said: str) -> None:
    found = full_scale(sound, RATE, level)
    assert isinstance(found, Refused)
    assert said in found.text


def hiss(level: float, seed: int = 1) -> np.ndarray:
    return 10 ** (level / 20) * np.random.default_rng(seed).normal(size=RATE)


def test_a_microphone_that_is_well_has_no_faults() -> None:
    assert faults("mic 1", hiss(-75), hiss(-25), np.array([38.0, 45.0, np.nan])) == []


@pytest.mark.parametrize(
    ("quiet", "swept", "snr", "kind"),
    [
        (np.zeros(RATE), np.zeros(RATE), None, Ill.DEAD),
        (hiss(-130), hiss(-130, 2), None, Ill.DEAD),
        (hiss(-75), hiss(-75, 2), np.array([-3.0, -8.0]), Ill.DEAD),
        (hiss(-75), hiss(-65, 2), np.array([12.0, 8.0]), Ill.NOISY),
        (hiss(-40), hiss(-30, 2), None, Ill.NOISY),
        (hiss(-75), np.clip(hiss(0, 2), -1, 1), None, Ill.CLIPPED),
    ],
)
def test_a_bad_microphone_is_named_with_what_it_has(
    quiet: np.ndarray, swept: np.ndarray, snr: np.ndarray | None, kind: Ill
) -> None:
    (fault,) = faults("mic 1", quiet, swept, snr)
    assert fault.kind is kind
    assert fault.text.startswith("mic 1 ")


BEFORE = {"left": Arrival(0.020, 1, -10, -6), "right": Arrival(0.024, 1, -11, -7), "sub": Arrival(0.022, 1, -9, -5)}


def shifted(zones: dict[str, tuple[float, float]]) -> dict[str, Arrival]:
    return {z: Arrival(BEFORE[z].time + s, 1, BEFORE[z].level + db, BEFORE[z].direct + db) for z, (s, db) in zones.items()}


def test_another_delay_of_the_sound_card_and_another_gain_are_no_move() -> None:
    assert moved("mic 1", BEFORE, shifted(dict.fromkeys(BEFORE, (0.010, -6.0)))) is None
    assert moved("mic 1", BEFORE, {}) is None


@pytest.mark.parametrize(
    ("zones", "said"),
    [
        ({"left": (0.001, 0), "right": (0, 0), "sub": (0, 0)}, "left arrives 1.0 ms later"),
        ({"left": (0, 0), "right": (0, 5.0), "sub": (0, 0)}, "right arrives 0.0 ms earlier and 5.0 dB louder"),
        ({"left": (-0.002, 0)}, "left arrives 2.0 ms earlier"),
    ],
)
def test_a_microphone_that_moved_is_named(zones: dict[str, tuple[float, float]], said: str) -> None:
    fault = moved("mic 1", BEFORE, shifted(zones))
    assert isinstance(fault, Fault)
    assert fault.kind is Ill.MOVED
    assert said in fault.text


@given(peak=st.floats(-120, 20))
def test_gain_brings_the_peak_near_where_it_should_be(peak: float) -> None:
    turned = gain(peak)
    assert abs(turned) <= 40
    if abs(turned) < 40:
        assert abs(peak + turned - PEAK_DB) <= 4
