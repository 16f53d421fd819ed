"""How sure is sure enough: the score above which null motion deceives the recogniser only so often.

The highest scores of some hours of null motion, a minute apart at least, fall off about exponentially (the tail of any
well-behaved score: Pickands 1975), so the few hours there are tell of rates below one in all of them. Scores are log odds as a
stranger would have got (enrolment.py). What one person does again and again within a minute is one habit, and the recogniser
hears it once. A score or two far out would make the tail look long: how fast it falls is known of many performers, and counts as
much as so many peaks. Below the tail what is there is counted.

Who makes one performer's tail high in one hour is not who does in the next: over forty performers one threshold for all finds as
much, at the same rate, as any that follows each of them. So it is raised only where the tail says that too much would come, and
not far.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
APART = 1500  # frames, a minute: nearer ones are one habit
MOST = 40  # peaks of a stream that are looked at
TAIL = 8  # peaks that the tail is fitted to
USUAL, WORTH = 0.9, 16  # the fall of most performers, and how many peaks that is worth
LEAST = 0.4  # of the fall
LOWEST, HIGHEST = 3.2, 4.5  # log odds between which a threshold lies: 25 and 90 to one


@dataclass(frozen=True, slots=True)
class Tail:
    """rate(score) = count / hours x exp(-(score - level) / fall), false decisions an hour, above `level`; `lower` are the peaks
    below it, the highest first."""

    level: float
    fall: float
    count: int
    hours: float
    lower: tuple[float, ...] = ()

    @classmethod
    def of(cls, scores: Array, hours: float) -> Tail:
        """Of peaks (n,) in so many hours."""
        high = np.sort(scores)[::-1]
        count = min(TAIL, len(high) - 1)
        if count < 1:  # nothing in all of it came near a gesture
            return cls(LOWEST, LEAST, max(1, len(high)), hours)
        fall = (float(np.sum(high[:count] - high[count])) + WORTH * USUAL) / (count + WORTH)
        return cls(float(high[count]), max(LEAST, fall), count, hours, tuple(high[count:].tolist()))

    def rate(self, score: float) -> float:
        """False decisions an hour above a score."""
        if score < self.level:
            return (self.count + sum(one > score for one in self.lower)) / self.hours
        return self.count / self.hours * math.exp(-(score - self.level) / self.fall)

    def threshold(self, rate: float) -> float:
        """The score with so many false decisions an hour."""
        return min(HIGHEST, max(LOWEST, self.level + self.fall * math.log(self.count / self.hours / rate)))


def peaks(frame: NDArray[np.int64], score: Array) -> NDArray[np.int64]:
    """Which of (n,) scores at frames are the highest of their movement, the highest first."""
    found: list[int] = []
    for one in np.argsort(-score, kind="stable"):
        if all(abs(int(frame[one]) - int(frame[other])) > APART for other in found):
            found.append(int(one))
            if len(found) == MOST:
                break
    return np.array(found, np.int64)
