"""Measuring microphones: what their calibration files say, how loud full scale is, whether they are well, how to set their gain.

A calibration file (FRD, .cal, .txt) has a line a frequency: Hz, dB, and perhaps a phase, parted by blanks, commas or semicolons;
lines that begin otherwise than with a number are remarks. Some state the sensitivity in one (`Sens Factor =-1.3dB`). What the
microphone hears is the sound plus that curve. Full scale in dB SPL is found with a calibrator: 1 kHz at 94 or 114 dB.

Mistakes in files and recordings are values, `Refused`, in words for people.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy import fft, signal

from showctl.analysis.room.arrival import Arrival

Sound = NDArray[np.float64]

MOST_DB, MOST_LINES, LEAST_POINTS = 60.0, 100_000, 2
TAPS = 512  # 10 ms
LEAST_FFT = 65_536  # points: a filter that a curve makes has died away by then
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
COMMA = re.compile(r"[+-]?\d+,\d+")  # a number where a comma stands for the point
SENSITIVITY = re.compile(r"sens\w*\s*factor\s*=?\s*([+-]?\d+(?:[.,]\d+)?)\s*dB", re.IGNORECASE)

CALIBRATORS = (94.0, 114.0)  # dB SPL
TONE, TONE_OFF, TONE_CLEAR_DB, TONE_STEADY_DB, TONE_S = 1000.0, 0.1, 20.0, 0.5, 2.0

FULL_SCALE, CLIP_RUN = 0.999, 3  # three samples in a row at full scale were cut off
DEAD_DB, HISS_DB = -110.0, -55.0  # dBFS, RMS: less is no microphone; more in a quiet room is hum, hiss or a gain far too high
CLEAR_DB = 20.0  # of a sweep over the noise
MOVED_S, MOVED_DB = 0.0003, 3.0  # 10 cm
PEAK_DB, FINE_DB, MOST_GAIN_DB = -12.0, 4.0, 40.0  # dBFS that a sweep's peak should have; within which nothing is turned


@dataclass(frozen=True, slots=True)
class Refused:
    """Why something cannot be used, with the next step; `line` counts from 1 in a file, 0 is all of it."""

    text: str
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """A microphone's curve."""

    freqs: Sound  # (points,) Hz, rising
    levels: Sound  # (points,) dB by which it hears too loud
    sensitivity: float | None = None  # dB, as its file states it

    def at(self, freqs: Sound) -> Sound:
        """(n,) Hz -> dB to subtract from what is heard; straight in pitch, beyond the ends as at them."""
        return np.asarray(np.interp(np.log(np.maximum(freqs, 1e-3)), np.log(self.freqs), self.levels))

    def taken_out(self, sound: Sound, rate: float) -> Sound:
        """(frames,) as it was heard -> as a microphone without any curve had heard it.

        The curve is taken to be of minimum phase, as those of microphones are: nothing comes earlier than it did.
        """
        size = fft.next_fast_len(max(LEAST_FFT, 2 * len(sound)), real=True)
        levels = -self.at(np.arange(size // 2 + 1) * rate / size) * math.log(10) / 20
        cepstrum = fft.irfft(levels, size)
        cepstrum[1 : (size + 1) // 2] *= 2
        cepstrum[size // 2 + 1 :] = 0.0
        return np.asarray(fft.irfft(fft.rfft(sound, size) * np.exp(fft.rfft(cepstrum, size)), size)[: len(sound)])

    def taps(self, rate: float) -> Sound:
        """(TAPS,) a filter that takes the curve out of a stream, and leaves 1 kHz as it is: there the sensitivity is told."""
        click = np.zeros(TAPS)
        click[0] = 1.0
        level = float(self.at(np.array([TONE]))[0])
        return Calibration(self.freqs, self.levels - level).taken_out(click, rate)


def calibration(text: str) -> Calibration | Refused:
    """The text of a calibration file -> its curve."""
    freqs, levels, sensitivity = list[float](), list[float](), None
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        if number > MOST_LINES:
            return Refused(f"more than {MOST_LINES} lines: this is no calibration file")
        fields = _fields(line)
        if not fields or not NUMBER.fullmatch(fields[0]):
            found = SENSITIVITY.search(line)
            sensitivity = float(found[1].replace(",", ".")) if found else sensitivity
            continue
        if len(fields) < 2 or not all(NUMBER.fullmatch(field) for field in fields[:2]):
            return Refused(f"write a frequency in Hz and a level in dB, not {line.strip()[:40]!r}", number)
        freq, level = float(fields[0]), float(fields[1])
        if not 0 < freq < 1e6:
            return Refused(f"{freq:g} Hz is no frequency of sound", number)
        if freqs and freq <= freqs[-1]:
            return Refused(f"frequencies must rise, but {freq:g} Hz comes after {freqs[-1]:g} Hz", number)
        if abs(level) > MOST_DB:
            return Refused(f"{level:g} dB is no microphone's: the second column is its level in dB", number)
        freqs.append(freq)
        levels.append(level)
    if len(freqs) < LEAST_POINTS:
        return Refused("no curve in it: a line each with a frequency in Hz and a level in dB is looked for")
    return Calibration(np.array(freqs), np.array(levels), sensitivity)


def _fields(line: str) -> list[str]:
    """The columns of a line; a comma is a point where it stands within numbers that something else parts."""
    parted = re.split(r"[;\s]+", line.strip())
    if len(parted) > 1 and all(COMMA.fullmatch(field) or NUMBER.fullmatch(field) for field in parted):
        return [field.replace(",", ".") for field in parted]
    return [field for field in re.split(r"[,;\s]+", line.strip()) if field]


# --- level -------------------------------------------------------------------------------------------------------------


def full_scale(sound: Sound, rate: float, calibrator: float) -> float | Refused:
    """(frames,) recorded with a calibrator of so many dB SPL on the microphone -> dB SPL of sound whose RMS is 1.0, as
    `level` takes it: a sine that just fits into full scale is 3 dB softer."""
    if calibrator not in CALIBRATORS:
        return Refused(f"calibrators give 94 or 114 dB, not {calibrator:g}: its switch says which")
    if len(sound) < TONE_S * rate:
        return Refused(f"only {len(sound) / rate:.1f} s of the calibrator: {TONE_S:g} s are needed")
    if clipped(sound):
        return Refused("the microphone clips with the calibrator on: turn its gain down")
    freq, share = _tone(sound, rate)
    if abs(freq / TONE - 1) > TONE_OFF or share < 1 - 10 ** (-TONE_CLEAR_DB / 10):
        return Refused("the calibrator's 1 kHz is not what is heard most: is it on, does it sit tight, is this its channel?")
    edges = [TONE / math.sqrt(2), TONE * math.sqrt(2)]
    tone = signal.sosfilt(signal.butter(3, edges, "bandpass", fs=rate, output="sos"), sound)[int(0.2 * rate) :]
    size = int(0.1 * rate)
    levels = 10 * np.log10(np.mean(tone[: len(tone) // size * size].reshape(-1, size) ** 2, axis=1) + 1e-30)
    if float(np.ptp(levels)) > TONE_STEADY_DB:
        return Refused(f"the calibrator's level wavers by {np.ptp(levels):.1f} dB: hold it still, wait a moment, once more")
    return calibrator - float(np.mean(levels))


def _tone(sound: Sound, rate: float) -> tuple[float, float]:
    """Hz of the strongest tone, and its share of all power above 50 Hz."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    power[: int(50 * len(sound) / rate)] = 0.0
    top = int(np.argmax(power))
    near = power[max(0, top - 4) : top + 5]
    return top * rate / len(sound), float(near.sum() / max(power.sum(), 1e-30))


# --- health ------------------------------------------------------------------------------------------------------------


class Ill(StrEnum):
    """What a microphone can have."""

    DEAD = "dead"
    NOISY = "noisy"
    CLIPPED = "clipped"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Fault:
    """What one has, and what to do about it."""

    kind: Ill
    text: str


def clipped(sound: Sound) -> bool:
    """Whether (frames,) was cut off at full scale."""
    for full in (sound >= FULL_SCALE, sound <= -FULL_SCALE):
        if len(sound) >= CLIP_RUN and np.convolve(full, np.ones(CLIP_RUN), "valid").max() >= CLIP_RUN:
            return True
    return False


def faults(name: str, quiet: Sound, swept: Sound, snr: Sound | None = None) -> list[Fault]:
    """What is wrong with a microphone that recorded (frames,) silence and (frames,) sweep; `snr` (octaves,) dB if it is known."""
    silence, loud = _rms(quiet), _rms(swept)
    if not swept.any() or loud < DEAD_DB:
        return [Fault(Ill.DEAD, f"{name} is dead: no sound at all; look at its cable, its phantom power, its channel")]
    found = []
    if clipped(swept) or clipped(quiet):
        found.append(Fault(Ill.CLIPPED, f"{name} clips: turn its gain down by 12 dB and begin again"))
    if silence > HISS_DB:
        found.append(Fault(Ill.NOISY, f"{name} is noisy: {silence:.0f} dBFS without a sweep; look for hum, a fan, too much gain"))
    elif snr is not None and np.nanmedian(snr) < 0:
        found.append(Fault(Ill.DEAD, f"{name} does not hear the sweep: is it the right channel, does the PA play?"))
    elif snr is not None and np.nanmedian(snr) < CLEAR_DB:
        found.append(Fault(Ill.NOISY, f"{name} hears the sweep only {np.nanmedian(snr):.0f} dB over its noise"))
    return found


def moved(name: str, before: dict[str, Arrival], now: dict[str, Arrival]) -> Fault | None:
    """Whether a microphone stands elsewhere than when its zones arrived as `before`.

    What all zones share is the sound card's delay and the gain; with one zone alone that cannot be told from a move.
    """
    both = [zone for zone in before if zone in now]
    later = np.array([now[zone].time - before[zone].time for zone in both])
    louder = np.array([now[zone].direct - before[zone].direct for zone in both])
    if len(both) > 1:
        later, louder = later - np.median(later), louder - np.median(louder)
    for zone, seconds, level in zip(both, later, louder, strict=True):
        if abs(seconds) > MOVED_S or abs(level) > MOVED_DB:
            what = f"{zone} arrives {1000 * abs(seconds):.1f} ms {'later' if seconds > 0 else 'earlier'}"
            what += f" and {abs(level):.1f} dB {'louder' if level > 0 else 'quieter'} than when it was measured"
            return Fault(Ill.MOVED, f"{name} has moved: {what}; put it back, or measure anew")
    return None


def gain(peak: float) -> float:
    """dBFS of a sweep's peak at the microphone -> dB by which to turn its gain; 0 where it is well."""
    off = PEAK_DB - peak
    return 0.0 if abs(off) <= FINE_DB else float(round(min(max(off, -MOST_GAIN_DB), MOST_GAIN_DB)))


def _rms(sound: Sound) -> float:
    """dBFS."""
    return 10 * math.log10(float(np.mean(sound**2)) + 1e-30) if len(sound) else -300.0
