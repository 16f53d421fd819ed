"""Every conversion between units, so that no other module writes one."""

from __future__ import annotations

import math

SILENCE_DB = -120.0  # what a level of nothing is called
STANDARD_GRAVITY = 9.80665  # m/s2 in a g (ISO 80000-3)


def db(ratio: float) -> float:
    """Amplitude ratio -> dB; nothing becomes SILENCE_DB."""
    return max(SILENCE_DB, 20.0 * math.log10(ratio)) if ratio > 0 else SILENCE_DB


def ratio(decibels: float) -> float:
    """DB -> amplitude ratio."""
    return float(10.0 ** (decibels / 20.0))


def bpm_to_period(bpm: float) -> float:
    """Beats a minute -> seconds a beat."""
    return 60.0 / bpm


def round_time(seconds: float) -> float:
    """To 0.1 ms: how finely a time enters the engine, so that a log of it replays exactly."""
    return round(seconds, 4)


def round_level(decibels: float) -> float:
    """To 0.1 dB: how finely a level enters the engine."""
    return round(decibels, 1)
