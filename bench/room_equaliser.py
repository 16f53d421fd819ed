"""What the in-process equaliser costs, and what is heard when it moves.

    python bench/room_equaliser.py [--blocks 2000]

Cost: CPU of the thread for one block of sound against the block's length, median and 99th of a hundred, for 2, 4 and 8
channels of ten bands, each channel with bands of its own; at rest, and while it fades from one set of bands to another (two
filters run). Beside it scipy.signal.sosfilt, a call a channel.

Artefacts: a tone in the middle of the band that is stepped by -6 dB, the energy far from it against the tone's, at the worst
moment (4096 frames, Kaiser 24). The tone alone shows what float32 samples allow.

Exit code 1 if 8 channels of 256 frames take more than LIMIT of a core at rest, or an artefact is above HEARD dB.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable

import numpy as np
from scipy.signal import sosfilt

from showctl.analysis.room.biquad import coefficients
from showctl.model import EqBand
from showctl.sound.equaliser import Equaliser

RATE, BANDS = 48_000, 10
LIMIT, HEARD = 0.03, -100.0


def bands(channels: int, cut: float) -> list[list[EqBand]]:
    """Ten cuts for each channel, everywhere a little different."""
    return [
        [EqBand("peaking", f * (1 + 0.01 * c), -cut * (1 + 0.03 * c), 2.0) for f in np.geomspace(50, 12_000, BANDS)]
        for c in range(channels)
    ]


def cost(work: Callable[[], None], blocks: int, frames: int) -> tuple[float, float, float]:
    """Microseconds a block (median), and share of a core: median and 99th of a hundred."""
    spent = []
    for _ in range(blocks):
        began = time.thread_time_ns()
        work()
        spent.append(time.thread_time_ns() - began)
    median, high = np.percentile(spent, [50, 99])
    return median / 1e3, median / 1e9 * RATE / frames, high / 1e9 * RATE / frames


def costs(frames: int, channels: int, blocks: int) -> list[tuple[float, float, float]]:
    """At rest, moving, scipy."""
    eq = Equaliser(channels, RATE, slew=0.1)
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, (frames, channels)).astype(np.float32)
    out = np.empty_like(samples)
    eq.set(bands(channels, 0.001))
    while eq.moving:
        eq.process(samples, out)
    rest = cost(lambda: eq.process(samples, out), blocks, frames)
    eq.set(bands(channels, 6.0))
    moving = cost(lambda: eq.process(samples, out), blocks, frames)
    sections = [np.array([coefficients(b, RATE) for b in some]) for some in bands(channels, 6.0)]
    states = [np.zeros((BANDS, 2)) for _ in range(channels)]

    def peer() -> None:
        for c in range(channels):
            out[:, c], states[c] = sosfilt(sections[c], samples[:, c].astype(float), zi=states[c])

    return [rest, moving, cost(peer, blocks // 4, frames)]


def tone(freq: float, seconds: float) -> np.ndarray:
    """A sine of half full scale, (frames, 1)."""
    return (0.5 * np.sin(2 * np.pi * freq * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)[:, None]


def far(samples: np.ndarray, low: float) -> float:
    """dB of the energy above `low` Hz against all, at the worst moment."""
    window, worst = np.kaiser(4096, 24), 0.0
    above = np.fft.rfftfreq(4096, 1 / RATE) >= low
    for at in range(0, len(samples) - 4096, 256):
        power = np.abs(np.fft.rfft(samples[at : at + 4096, 0] * window)) ** 2
        worst = max(worst, power[above].sum() / power.sum())
    return 10 * math.log10(worst)


def step(freq: float, kind: str, block: int, bypass: bool = False) -> np.ndarray:
    """A tone while its band goes by -6 dB, and for a bypass flat and back."""
    eq, samples = Equaliser(1, RATE), tone(freq, 3.0)
    out = np.empty_like(samples)
    q = 2.0 if kind == "peaking" else 0.7
    change: list[tuple[int, float]] = [(4800, -6.0)]
    if bypass:
        change += [(60_000, 0.0), (110_000, -6.0)]
    for at in range(0, len(samples), block):
        while change and at >= change[0][0]:
            eq.set([[EqBand(kind, freq, change.pop(0)[1], q)]])
        eq.process(samples[at : at + block], out[at : at + block])
    return out


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--blocks", type=int, default=2000)
    args = parser.parse_args()
    print(f"cost of {BANDS} bands a channel, each channel its own: us a block (median), share of one core p50 / p99")
    print("frames channels |        at rest         |         moving         | sosfilt, a call a channel")
    asked = 0.0
    for frames in (64, 128, 256, 1024):
        for channels in (2, 4, 8):
            found = costs(frames, channels, args.blocks)
            if (frames, channels) == (256, 8):
                asked = found[0][1]
            print(
                f"{frames:6d} {channels:8d} |"
                + " |".join(f"{us:7.0f}  {100 * p50:4.1f} / {100 * p99:4.1f} %" for us, p50, p99 in found)
            )
    print(f"allowed: 8 channels of 256 frames, {100 * LIMIT:g} % p50; found {100 * asked:.1f} %\n")
    print("a band goes by -6 dB under a tone on it: energy far above it against the tone")
    print(f"  the tone alone                            315 Hz  above 3 kHz  {far(tone(315, 3.0), 3000):6.0f} dBc")
    worst = -999.0
    for freq, kind, block, low in [
        (315, "peaking", 256, 3000),
        (315, "peaking", 1024, 3000),
        (315, "low_shelf", 256, 3000),
        (315, "high_shelf", 256, 3000),
        (50, "peaking", 256, 400),
        (1000, "high_shelf", 256, 3000),
        (4000, "peaking", 256, 8000),
    ]:
        heard = far(step(freq, kind, block), low)
        worst = max(worst, heard)
        print(f"  {kind:10s} {block:5d} frames a block  {freq:10d} Hz  above {low / 1000:g} kHz  {heard:6.0f} dBc")
    heard = far(step(315, "peaking", 256, bypass=True), 3000)
    worst = max(worst, heard)
    print(f"  the same, then bypass and back            315 Hz  above 3 kHz  {heard:6.0f} dBc")
    print(f"allowed: {HEARD:g} dBc; found {worst:.0f}")
    return int(asked > LIMIT or worst > HEARD)


if __name__ == "__main__":
    sys.exit(main())
