"""The loop over the PA closed on real programs: sound by JACK, the console by UDP, the daemon as people start it.

bench/room_loop.py has the figures, in measured rooms and for long; here is what must never break: the equaliser follows the room
slowly, leaves a band that a hand has touched, and stands still when a microphone's cable is out.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
from scipy import signal

from showctl.analysis.room.biquad import cascade_db, coefficients
from showctl.model import EqBand
from tests.real.conftest import need, until
from tests.real.hall import concert, fake_console
from tests.real.jack import RATE, jack

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(300)]
HUMP = EqBand("peaking", 300.0, 7.0, 1.0)  # of the loudspeaker, at every seat
BRIGHT = EqBand("peaking", 4000.0, 6.0, 1.0)
STANDING = tuple(EqBand("peaking", freq, 0.0, 1.0) for freq in (60.0, 120.0, 300.0, 1000.0, 4000.0, 9000.0))
TOUCHED = 2  # the band that stands where the hump is
POINTS = np.geomspace(20.0, 20_000.0, 200)


def song(seconds: float = 40.0) -> np.ndarray:
    """(frames,) pink noise in bursts: music that has every band. RMS 0.1."""
    draw, count = np.random.default_rng(4), round(seconds * RATE)
    spectrum = np.fft.rfft(draw.normal(size=count)) / np.sqrt(np.maximum(1, np.arange(count // 2 + 1)))
    bursts = np.interp(np.arange(count) / RATE, np.arange(0, seconds + 1, 0.25), draw.uniform(0.1, 1, int((seconds + 1) * 4)))
    sound = np.fft.irfft(spectrum, count) * bursts
    return np.asarray(0.1 * sound / sound.std())


def room(*system: EqBand) -> np.ndarray:
    """(1, 2, frames): a loudspeaker of such a colour, two seats."""
    found = np.zeros((1, 2, round(0.4 * RATE)))
    for n, late in enumerate((0.012, 0.021)):
        draw, begin = np.random.default_rng(n), round(late * RATE)
        taps = 0.01 * draw.normal(size=found.shape[2] - begin) * np.exp(-np.arange(found.shape[2] - begin) / (0.05 * RATE))
        taps[0] = 0.7
        found[0, n, begin:] = signal.sosfilt(np.array([coefficients(one) for one in system]), taps)
    return found


def farthest(held: list[tuple[float, bool, tuple[EqBand, ...]]]) -> float:
    """dB that any band's curve changes by within ten seconds at most."""
    curves = [(at, np.array([cascade_db([band], POINTS) for band in bands])) for at, _, bands in held]
    return max((float(np.abs(b - a).max()) for s, a in curves for t, b in curves if 0 <= t - s < 10), default=0.0)


def test_the_loop_follows_the_room_respects_a_hand_and_stands_still_without_a_microphone(tmp_path: Path) -> None:
    need("jackd", "jack_lsp", "jack_connect", "jack_disconnect")
    crowd = 0.05 * np.random.default_rng(9).normal(size=(2, 17 * RATE))
    with (
        jack(f"showctl-hall-{os.getpid()}", 3),
        fake_console() as console,
        concert(tmp_path, song(), room(HUMP, BRIGHT), [crowd], console=console, bands=STANDING, target="flat") as hall,
    ):

        def level(freq: float) -> float:
            """dB of the console's equaliser."""
            return float(cascade_db(hall.bands()[-1][2], np.array([freq]))[0])

        until(lambda: level(300) < -0.1, 60, "the equaliser to move", every=0.25)
        hall.hand.turns(TOUCHED, "g", 0.6)  # +3 dB, where it would never go
        until(lambda: abs(hall.bands()[-1][2][TOUCHED].gain - 3) < 0.01, 10, "the hand's value")
        at = hall.bands()[-1][0]
        until(lambda: level(4000) - level(1000) < -0.6, 60, "the equaliser to follow", every=0.25)
        held = hall.bands()
        assert {round(bands[TOUCHED].gain, 3) for since, _, bands in held if since >= at} == {3.0}, "the engineer's band is his"

        def his() -> list[int]:
            return [one["number"] for one in hall.state()["room"]["bands"] if one["owner"] == "engineer"]

        until(lambda: his() == [TOUCHED + 1], 10, "the band to be told as the engineer's", every=0.25)
        assert max(farthest([one for one in held if one[0] < at]), farthest([one for one in held if one[0] >= at])) <= 0.51
        hall.cable(0, 1, None)
        until(lambda: "mic1 is dead" in hall.health()["pa"]["detail"], 20, "the dead microphone to be told", every=0.25)
        count, since = len(hall.bands()), time.monotonic()
        until(lambda: time.monotonic() - since > 6.5, 20, "time in which it would move", every=0.25)
        assert len(hall.bands()) == count, "it moved although a microphone was dead"
