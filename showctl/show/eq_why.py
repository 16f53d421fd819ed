"""What the microphones say of the equaliser, in one figure; and why it must stand still, in words that say what to do.

The curve is the mean of what the microphones hear, in dB, over those that trust each band; a band counts where at least half of
them do. How far it is off is the RMS of its difference from what is aimed at, the difference of level taken out. Comparisons hold
only over the bands that count in both: a band that is trusted only now must not look like a change.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from showctl.model import ConsoleState, EqInputs, RoomResponse

Array = NDArray[np.float64]
ANSWERS = 5.0  # s without an answer: the console is gone
FRESH = 15.0  # s that a response may be old
SILENT = -50.0  # dBFS
COVERED = 0.5  # share of the bands that must be trusted
THAWS = 3.0  # s that a reason to freeze must be gone
WORSE = 1.0  # dB RMS
READING = "the console's equaliser is being read"
GRAPHIC = "the equaliser is in graphic mode (GEQ or TEQ), its parametric bands are not heard: set it to PEQ at the console"
MOVED = 0.002  # s that sound of a microphone may jump by: 0.7 m


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """The mean curve of the microphones."""

    time: float  # s, of the oldest response in it
    freq: Array  # (bands,) Hz
    level: Array  # (bands,) dB, the equaliser in it
    counts: NDArray[np.bool_]  # (bands,)


def heard(responses: tuple[RoomResponse | None, ...]) -> Heard | None:
    """The mean of what is known; None where nothing is."""
    known = [r for r in responses if r is not None]
    if not known or any(len(r.freq) != len(known[0].freq) for r in known):
        return None
    trusted = np.array([r.trusted & np.isfinite(r.magnitude) for r in known])
    levels = np.where(trusted, np.array([r.magnitude for r in known]), 0.0)
    votes = trusted.sum(axis=0)
    level = levels.sum(axis=0) / np.maximum(votes, 1)
    return Heard(min(r.time for r in known), known[0].freq, level, 2 * votes >= len(known))


def off(left: Array, counts: NDArray[np.bool_]) -> float:
    """dB RMS of a difference over the bands that count, its mean taken out."""
    return float(np.std(left[counts])) if counts.any() else 0.0


def worse(target: Array, before: Heard, after: Heard) -> float:
    """dB RMS by which what is heard has gone farther off what is aimed at, over the bands that count in both."""
    counts = before.counts & after.counts
    return off(after.level - target, counts) - off(before.level - target, counts)


def to_blame(target: Array, before: Heard, after: Heard, made: Array) -> bool:
    """Whether it has become worse, and what was changed is why: without it, (bands,) dB, it would be better, or what has happened
    is the opposite of it."""
    counts, by = before.counts & after.counts, worse(target, before, after)
    if by <= WORSE:
        return False
    without = off(after.level - target - made, counts)
    change, effect = (x[counts] - x[counts].mean() for x in (after.level - before.level, made))
    against = float(change @ effect) < -0.5 * float(np.linalg.norm(change) * np.linalg.norm(effect))
    return without < off(after.level - target, counts) - 0.5 * by or against


class Still:
    """Why nothing may move by itself: a reason holds until it has been gone for a while. And whether the microphones stand where
    they stood: their sound comes as late as it came."""

    def __init__(self, microphones: tuple[str, ...]) -> None:
        self._names = microphones
        self._delays: dict[int, float] = {}
        self._why, self._at = "", -math.inf

    def relearn(self) -> None:
        """The microphones stand well where they stand now."""
        self._delays.clear()

    def why(self, now: float, inputs: EqInputs, curve: Heard | None, bypassed: bool, ours: bool) -> str:
        """In words that say what to do, empty where it may. `ours` is whether any band is showctl's."""
        moved = self._moved(inputs.responses)
        why = unheard(now, inputs, curve, len(self._names)) or moved
        if not inputs.console.on:
            why = "the equaliser is switched off: switch it on at the console, or by `showctl room apply --switch-on`"
        if inputs.console.graphic:
            why = GRAPHIC
        if bypassed:
            why = "bypassed: end the bypass to go on"
        if not ours:
            why = "every band is the engineer's: hand one back to go on"
        if why:
            self._why, self._at = why, now
        return self._why if now - self._at < THAWS else ""

    def _moved(self, responses: tuple[RoomResponse | None, ...]) -> str:
        """Which one was moved, in words; empty where none was."""
        for i, response in enumerate(responses):
            if response is None or not response.delay_trusted or not math.isfinite(response.delay):
                continue
            late = response.delay - self._delays.setdefault(i, response.delay)
            if abs(late) > MOVED:
                name = self._names[i] if i < len(self._names) else str(i + 1)
                return f"microphone {name} hears the programme {1000 * late:+.1f} ms later than it did: put it back or relearn"
            self._delays[i] += 0.02 * late  # the air gets warmer
        return ""


def unreachable(now: float, console: ConsoleState, bands: int) -> str:
    """Why nothing at all can be written; empty where it can."""
    if console.answered is None:
        return "the console has not answered yet: is it on, and is its address in the venue file right?"
    if now - console.answered > ANSWERS:
        return f"no answer from the console for {now - console.answered:.0f} s: check its power and its network cable"
    if console.trouble:
        return console.trouble
    if not console.bands:
        return READING
    if bands and len(console.bands) != bands:
        return f"the console tells of {len(console.bands)} bands, it had {bands}: is it still the same console?"
    return ""


def unheard(now: float, inputs: EqInputs, curve: Heard | None, microphones: int) -> str:
    """Why what is heard must not be acted upon; empty where it may."""
    if inputs.troubles:
        return inputs.troubles[0]
    if not inputs.programme > SILENT:
        return "the programme is silent: it goes on when there is music"
    missing = microphones - sum(r is not None for r in inputs.responses)
    if missing > 0:
        return f"nothing is known yet from {missing} of {microphones} microphones: it takes some seconds of music"
    if curve is None:
        return "no microphone hears the programme yet: it takes some seconds of music"
    if now - curve.time > FRESH:
        return f"nothing new was heard for {now - curve.time:.0f} s: is the listening part running?"
    if curve.counts.mean() < COVERED:
        share = 100 * curve.counts.mean()
        return f"only {share:.0f} % of the bands can be trusted: is it loud round the microphones, do they hear something else?"
    return ""
