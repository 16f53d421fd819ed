"""Digital zero, quiet, clipping: each is told, in time, and taken back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.model import AudioBlock
from showctl.sound.meter import Condition, Meter


def blocks(samples, size=480):
    """(frames,) cut into blocks."""
    return [AudioBlock(n, samples[n : n + size, None].astype(np.float32), 48000) for n in range(0, len(samples), size)]


def heard(meter, samples, size=480):
    """The condition after these samples."""
    for block in blocks(samples, size):
        meter.add(block)
    return meter.condition


def tone(seconds, level):
    """A tone of this peak."""
    return level * np.sin(2 * np.pi * 440 * np.arange(int(seconds * 48000)) / 48000)


def test_zeros_are_not_the_same_as_a_quiet_card():
    assert heard(Meter(), np.zeros(3 * 48000)) is Condition.ZERO
    assert heard(Meter(), tone(3, 0.0003)) is Condition.QUIET


def test_a_short_pause_is_no_fault():
    meter = Meter()
    assert heard(meter, np.concatenate((tone(3, 0.5), np.zeros(48000)))) is Condition.FINE
    assert heard(meter, np.zeros(2 * 48000)) is Condition.ZERO
    assert heard(meter, tone(0.1, 0.5)) is Condition.FINE


def test_clipping_is_a_run_at_full_scale_and_is_forgotten_after_a_while():
    meter = Meter()
    meter = Meter()
    single = tone(1, 0.5)
    single[1000] = 1.0
    assert heard(meter, single) is Condition.FINE
    assert heard(meter, np.clip(tone(1, 3.0), -1, 1)) is Condition.CLIPS
    assert heard(meter, tone(2.5, 0.5)) is Condition.CLIPS
    assert heard(meter, tone(1, 0.5)) is Condition.FINE


def test_full_scale_up_and_down_in_turn_is_no_run():
    square = np.where(np.arange(48000) % 2, 1.0, -1.0)
    assert heard(Meter(), square) is Condition.FINE


@given(st.integers(1, 5000))
def test_the_cut_into_blocks_does_not_matter_for_silence(size):
    assert heard(Meter(), np.zeros(48000 * 5 // 2), size) is Condition.ZERO


def test_the_peak_is_told_once():
    meter = Meter()
    heard(meter, tone(1, 0.5))
    assert meter.take_peak() == pytest.approx(-6.02, abs=0.01)
    assert meter.take_peak() == -120.0
