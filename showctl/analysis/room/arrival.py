"""When the sound of a PA zone arrives, which way round, and how loud: read from the zone's impulse response at a microphone.

The direct sound begins at the first sample within 20 dB of the highest (ISO 3382-1), as long as that is well above the noise at
the end of the response. Polarity is the sign of the strongest sample of the direct sound, below 1 kHz where that is clear: a horn
may ring either way, but a swapped cable turns the low end. The level is that of the whole response between 250 Hz and 4 kHz, dB,
as pink noise would be heard: equal weight to every octave.

What is compared are zones at one microphone, so absolute delay of the sound card falls out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

Sound = NDArray[np.float64]

HEARD = 0.1  # of the highest sample: the direct sound
CLEAR = 6.0  # times the noise (RMS): what is lower may be noise, however long one waits
DIRECT_S = 0.005  # how long the direct sound lasts, before the first reflection of a floor
LOW, BODY = 1000.0, (250.0, 4000.0)  # Hz
ONE_SIDED = 1.4  # how much higher the one sign must be than the other
SAME_LEVEL_DB, LATE_S = 10.0, 0.1  # zones that differ more are told


@dataclass(frozen=True, slots=True)
class Arrival:
    """One zone at one microphone; None where it cannot be known."""

    time: float  # s from the start of the response
    polarity: int | None  # 1 as it was sent, -1 turned round
    level: float  # dB of 250 Hz to 4 kHz
    direct: float  # dB of the highest sample


def onset(sound: Sound) -> int | None:
    """(frames,) -> the sample at which the direct sound begins; None where nothing rises out of the noise at its end."""
    size = np.abs(sound)
    peak = float(size.max(initial=0.0))
    end = sound[-max(1, len(sound) // 10) :]
    noise = math.sqrt(float(np.mean(end * end))) if len(sound) else 0.0
    if not peak > CLEAR * noise:
        return None
    return int(np.argmax(size >= max(HEARD * peak, CLEAR * noise)))


def arrival(sound: Sound, rate: float) -> Arrival | None:
    """(frames,) impulse response -> when, which way round, how loud; None where no direct sound rises out of the noise."""
    start = onset(sound)
    if start is None:
        return None
    return Arrival(start / rate, _polarity(sound, rate, start), _level(sound, rate), 20 * math.log10(float(np.abs(sound).max())))


def _polarity(sound: Sound, rate: float, start: int) -> int | None:
    """The sign of the direct sound's low end; where that rings evenly, of all of it; None where both do."""
    piece = sound[max(0, start - int(DIRECT_S * rate)) : start + int(DIRECT_S * rate)]
    low = signal.sosfiltfilt(signal.butter(2, min(LOW, 0.4 * rate), fs=rate, output="sos"), np.pad(piece, 64))
    for part in (low, piece):
        up, down = float(part.max()), -float(part.min())
        if max(up, down) > ONE_SIDED * max(min(up, down), 0.0):
            return 1 if up > down else -1
    return None


def _level(sound: Sound, rate: float) -> float:
    """dB of the response over BODY, every octave alike."""
    freqs = np.fft.rfftfreq(len(sound), 1 / rate)
    inside = (freqs >= BODY[0]) & (freqs <= BODY[1])
    power = np.abs(np.fft.rfft(sound))[inside] ** 2 / freqs[inside]
    return float(10 * np.log10(max(power.sum() / np.sum(1 / freqs[inside]), 1e-30))) if inside.any() else -300.0


def told(zones: dict[str, Arrival | None]) -> list[str]:
    """What an engineer must know of these zones at one microphone before anything is fitted; in words, empty if all is well."""
    heard = {name: one for name, one in zones.items() if one is not None}
    lines = [f"{name} is not heard: is it muted, is its amplifier on?" for name, one in zones.items() if one is None]
    first = min((one.time for one in heard.values()), default=0.0)
    loudest = max((one.level for one in heard.values()), default=0.0)
    sides = {one.polarity for one in heard.values()} - {None}
    for name, one in heard.items():
        if one.polarity == -1 and 1 in sides:
            lines.append(f"{name} is turned round against the others: swap its cable's poles or the console's phase switch")
        if one.time - first > LATE_S:
            lines.append(
                f"{name} comes {1000 * (one.time - first):.0f} ms after the first zone: heard as an echo, delay the others"
            )
        if loudest - one.level > SAME_LEVEL_DB:
            lines.append(f"{name} is {loudest - one.level:.0f} dB quieter here than the loudest zone")
    if heard and sides == {-1}:
        lines.append("every zone is turned round: more likely the microphone's cable than the loudspeakers'")
    return lines
