"""A performer shows gestures, one example after the other: what they are told, and what is kept of it.

Each example begins out of stillness, is counted in, and ends when the device is still again, so that nobody has to press
anything. One in which there is no movement, or that is lost on the way, is asked for again. Text is all there is: a stage is no
place for beeps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.gesture.segment import STILL, moving_part, turning
from showctl.model import MOTION_HZ, MotionSample

Motion = NDArray[np.float64]  # (n, 6) g and deg/s at MOTION_HZ
Phase = Literal["still", "count", "show", "done"]

STILL_S = 0.6  # that the device is held still before and after
MOVED = 60.0  # deg/s: from here on it is a movement
COUNT = ("3", "2", "1")
COUNT_S = 0.6  # from one to the next
LONGEST_S = 8.0  # of an example
PATIENCE_S = 4.0  # for it to begin
MOST_LOST = 0.2  # of an example


class Showing:
    """What is asked for, and what came. Feed it every sample of the device, and print what it says."""

    def __init__(self, gestures: Sequence[str], examples: int) -> None:
        self.examples: list[tuple[str, Motion]] = []
        self._asked = [(gesture, n + 1, examples) for gesture in gestures for n in range(examples)]
        self._phase: Phase = "still"
        self._rows: list[list[float]] = []
        self._since = 0.0  # s, of the phase
        self._quiet = 0  # samples in a row that are still
        self._lost = 0
        self._begun = False  # it has moved since the count
        self._told = False
        self._counted = 0  # of COUNT

    @property
    def done(self) -> bool:
        """Is everything there?"""
        return not self._asked

    def feed(self, sample: MotionSample) -> list[str]:
        """A sample; lines for the performer."""
        if self.done:
            return []
        speed = float(np.linalg.norm(sample.rate))
        self._quiet = 0 if sample.lost or not speed < STILL else self._quiet + 1
        if self._phase == "still":
            return self._wait(sample)
        if self._phase == "count":
            return self._count(sample)
        return self._show(sample, speed)

    def _wait(self, sample: MotionSample) -> list[str]:
        said = []
        if not self._told:
            self._told = True
            gesture, number, of = self._asked[0]
            said.append(f"{gesture}, {number} of {of}: hold still")
        if self._quiet >= STILL_S * MOTION_HZ:
            self._phase, self._since, self._counted = "count", sample.time, 0
            self._rows.clear()
        return said

    def _count(self, sample: MotionSample) -> list[str]:
        self._rows.append([*sample.acceleration, *sample.rate])
        due = int((sample.time - self._since) / COUNT_S)
        if due >= len(COUNT):
            self._phase, self._since, self._lost, self._begun = "show", sample.time, 0, False
            del self._rows[: -int(STILL_S * MOTION_HZ)]
            return [f"now: {self._asked[0][0]}"]
        said = list(COUNT[self._counted : due + 1])
        self._counted = due + 1
        return said

    def _show(self, sample: MotionSample, speed: float) -> list[str]:
        self._rows.append([*sample.acceleration, *sample.rate])
        self._lost += sample.lost
        self._begun = self._begun or (not sample.lost and speed > MOVED)
        passed = sample.time - self._since
        if self._begun and self._quiet >= STILL_S * MOTION_HZ:
            return self._took(np.array(self._rows))
        if passed > LONGEST_S:
            return self._again(f"it took longer than {LONGEST_S:g} s; end it by holding still")
        if not self._begun and passed > PATIENCE_S:
            return self._again("nothing moved")
        return []

    def _took(self, motion: Motion) -> list[str]:
        try:
            part = moving_part(motion)
        except ValueError as error:
            return self._again(str(error))
        if self._lost > MOST_LOST * len(motion):
            return self._again("too much of it was lost on the way: nearer to the access point")
        self.examples.append((self._asked.pop(0)[0], motion))
        self._phase, self._told = "still", False
        return [f"  good: {(part.stop - part.start) / MOTION_HZ:.1f} s, up to {turning(motion[part]).max():.0f} deg/s"]

    def _again(self, why: str) -> list[str]:
        self._phase, self._told = "still", False
        return [f"  once more: {why}"]
