"""An equaliser that is asked and told: what is wanted gets there in small steps, and hands go before."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showctl.analysis.room.biquad import cascade_db
from showctl.model import EqBand
from showctl.wire.polled import PIECE, TRIES, Polled, alike, size, within
from showctl.wire.x32 import Limits

LIMITS = Limits((-12.0, 3.0), (0.5, 8.0))
FLAT = tuple(EqBand("peaking", freq, 0.0, 1.0) for freq in (100.0, 400.0, 1600.0))
GRID = np.geomspace(20, 20_000, 600)
peaks = st.builds(
    EqBand, st.just("peaking"), st.floats(30, 16_000), st.floats(-15, 15), st.floats(math.log(0.3), math.log(10)).map(math.exp)
)
KINDS = ("peaking", "low_shelf", "high_shelf")
of_any_kind = st.tuples(peaks, st.sampled_from(KINDS)).map(lambda drawn: replace(drawn[0], kind=drawn[1]))


class Device:
    """Holds what it is sent, or not."""

    def __init__(self, bands: tuple[EqBand, ...] = FLAT, limits: Limits = LIMITS, kinds: tuple[str, ...] = ()) -> None:
        self.bands, self.takes = list(bands), True
        self.us = Polled(limits, kinds=kinds)
        self.steps: list[float] = []
        self.round(0)

    def round(self, count: int = 1) -> None:
        self.us.read(tuple(self.bands))
        for _ in range(count):
            for i, band in self.us.due().items():
                if not self.takes:
                    continue
                self.steps.append(float(np.abs(cascade_db([band], GRID) - cascade_db([self.bands[i]], GRID)).max()))
                self.bands[i] = band
            self.us.read(tuple(self.bands))


@given(of_any_kind, st.floats(-1, 1), st.floats(-0.2, 0.2), st.floats(-0.3, 0.3))
def test_what_is_heard_of_a_change_is_no_more_than_it_says(one: EqBand, gain: float, octaves: float, q: float) -> None:
    other = EqBand(one.kind, min(one.freq * 2**octaves, 20_000), one.gain + gain, one.q * 2**q)
    heard = float(np.abs(cascade_db([one], GRID) - cascade_db([other], GRID)).max())
    assert heard <= size(one, other) * 1.02 + 1e-6


@given(peaks)
def test_what_is_wanted_gets_there_within_the_limits_and_in_pieces(wanted: EqBand) -> None:
    device = Device()
    assert device.us.write(1, wanted)
    assert device.us.take(1.0).bands[1] == within(wanted, LIMITS, FLAT[1:2]), "what it is about to be"
    device.round(120)
    assert device.us.settled
    held = device.bands[1]
    assert held == within(wanted, LIMITS, FLAT[1:2])
    assert LIMITS.gain[0] <= held.gain <= LIMITS.gain[1]
    assert max(device.steps, default=0.0) <= PIECE + 0.02
    assert device.us.take(1.0).touched == ()
    assert device.bands[0] == FLAT[0]


@settings(max_examples=20)
@given(of_any_kind, of_any_kind)
def test_a_band_becomes_any_other_in_pieces_and_its_kind_changes_where_it_is_flat(one: EqBand, other: EqBand) -> None:
    device = Device((one,), Limits((-15.0, 15.0), (0.1, 20.0)), KINDS)
    assert device.us.write(0, other)
    for _ in range(400):
        if not device.us.settled:
            device.round()
    assert alike(device.bands[0], other)
    assert device.us.settled
    assert max(device.steps, default=0.0) <= PIECE + 0.02


def test_what_stands_beyond_a_limit_may_stay_and_goes_no_farther() -> None:
    device = Device((EqBand("peaking", 100.0, 6.0, 12.0),))
    device.us.write(0, EqBand("peaking", 100.0, 9.0, 20.0))
    device.round(50)
    assert (device.bands[0].gain, device.bands[0].q) == (6.0, 12.0)
    device.us.write(0, EqBand("peaking", 100.0, 0.0, 1.0))
    device.round(50)
    device.us.write(0, EqBand("peaking", 100.0, 9.0, 1.0), found=EqBand("peaking", 100.0, 4.0, 1.0))
    device.round(50)
    assert device.bands[0].gain == 6.0, "as it was at the start"


def test_a_hand_is_told_once_and_what_was_on_its_way_is_dropped() -> None:
    device = Device()
    device.us.write(1, replace(FLAT[1], gain=-6.0))
    device.us.write(2, replace(FLAT[2], gain=-1.0))
    device.round(3)
    device.bands[1] = replace(FLAT[1], gain=2.0)
    device.us.read(tuple(device.bands))
    assert not device.us.write(1, FLAT[1]), "nobody has been told yet"
    state = device.us.take(1.0)
    assert (state.touched, state.bands[1].gain) == ((1,), 2.0)
    device.round(20)
    assert device.us.take(1.0).touched == ()
    assert [band.gain for band in device.bands] == [0.0, 2.0, -1.0]
    assert device.us.write(1, FLAT[1]), "it was handed back"
    device.round(20)
    assert device.bands[1].gain == 0.0
    assert (device.us.counts["touched"], device.us.counts["dropped"]) == (1, 2)


def test_what_a_device_does_not_take_is_given_up_and_said() -> None:
    device = Device()
    device.takes = False
    device.us.write(0, replace(FLAT[0], gain=-3.0))
    device.round(TRIES)
    assert not device.us.settled
    device.round(1)
    assert device.us.settled
    assert "band 1 does not become 100 Hz, -0.50 dB" in device.us.refused[0]
    assert device.us.take(1.0).bands == FLAT
    assert device.us.take(1.0).touched == ()
    device.takes = True
    device.us.write(0, replace(FLAT[0], gain=-3.0))
    device.round(10)
    assert device.bands[0].gain == -3.0
    assert device.us.refused == {}


def test_what_arrived_before_it_fell_silent_is_ours() -> None:
    device = Device()
    device.us.write(0, replace(FLAT[0], gain=-3.0))
    (piece,) = device.us.due().values()
    device.us.fall_silent()
    assert device.us.settled
    device.bands[0] = piece
    device.round(5)
    assert device.us.take(1.0).touched == ()
    assert device.bands[0] == piece, "and nothing goes on by itself"


def test_another_number_of_bands_is_another_equaliser() -> None:
    device = Device()
    device.us.write(0, replace(FLAT[0], gain=-3.0))
    device.us.read(FLAT[:2])
    assert device.us.settled
    state = device.us.take(1.0)
    assert (state.bands, state.touched, state.found) == (FLAT[:2], (), 1)
    device.us.forget()
    assert device.us.take(1.0).bands == ()
    device.us.read(tuple(replace(band, gain=-1.0) for band in FLAT[:2]))
    assert (device.us.take(1.0).touched, device.us.take(1.0).found) == ((), 2)
    with pytest.raises(ValueError, match="there are 2 bands, and no band 3"):
        device.us.write(2, FLAT[2])


def test_no_band_is_no_band() -> None:
    device = Device()
    for wrong in (replace(FLAT[0], gain=math.nan), replace(FLAT[0], freq=0.0), replace(FLAT[0], q=math.inf)):
        with pytest.raises(ValueError, match="is no band"):
            device.us.write(0, wrong)
    assert not device.us.write(0, replace(FLAT[0], kind="low_shelf"))
    assert device.us.settled
