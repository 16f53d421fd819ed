"""What an enrolment is worth, told to the performer before the show: gesture by gesture, and which two cannot be told apart.

Each repetition of the rehearsal was judged without the example that it came from, and the null motion by strangers' classifiers
(enrolment.py). Below are shares of repetitions, and false decisions an hour with the interval in which nine of ten such
predictions should lie (the number of peaks of the tail is all that is known of it: gamma).

The rehearsal bends examples further than performers do, so that few of its repetitions are found need not mean much. A gesture is
refused as too weak only if most of the examples are not found either as they were shown, each by who had not seen it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.gesture.threshold import Tail

Array = NDArray[np.float64]
CONFUSED = 0.2  # share of repetitions taken for another gesture from which two are confusable
LIKELY = 0.0  # log odds: a repetition of the rehearsal, bent more than performers do, need not be as sure as in the show
WEAK = 0.6  # share of repetitions found, under which it is asked whether the examples themselves are
OFTEN = 1.0  # false decisions an hour from which a gesture is too much like what people do


@dataclass(frozen=True, slots=True)
class GestureAudit:
    """recall: share of repetitions found; taken_for: the gesture most often said instead, and the share; false an hour."""

    gesture: str
    recall: float
    taken_for: str
    wrong: float
    false_per_hour: float


@dataclass(frozen=True, slots=True)
class Audit:
    """Of a whole enrolment; `refused` says in words what must be changed, empty where nothing must."""

    gestures: tuple[GestureAudit, ...]
    false_per_hour: float
    interval: tuple[float, float]  # false decisions an hour, 90 %
    tail: Tail  # of the scores that they come from
    refused: tuple[str, ...]


def audited(
    gestures: tuple[str, ...], said: Array, peaks: Array, tail: Tail, threshold: float, odd: Sequence[int | None]
) -> Audit:
    """said (k, 2 + C): whose a repetition is, whether as it was shown, and each gesture's score; peaks (n, 2): scores in null
    motion and whose; odd: of each gesture the one example that is unlike the others, by its place, if there is one."""
    rows, lost = [], []
    rate = tail.rate(threshold)
    highest = peaks[np.argsort(-peaks[:, 0], kind="stable")[: tail.count], 1]
    for number, name in enumerate(gestures):
        mine, shown = said[said[:, 0] == number, 2:], said[said[:, 0] == number, 1] > 0
        best = mine.argmax(1) if len(mine) else np.zeros(0, np.int64)
        heard = mine.max(1, initial=-np.inf) > LIKELY
        wrong = np.bincount(best[heard & (best != number)], minlength=len(gestures)) / max(1, len(mine))
        other = int(wrong.argmax())
        found = heard & (best == number)
        lost.append(bool((~found[shown]).sum() > found[shown].sum()))
        rows.append(
            GestureAudit(
                name,
                float(found.sum() / max(1, len(mine))),
                gestures[other] if wrong[other] > 0 else "",
                float(wrong[other]),
                rate * (float((highest == number).mean()) if len(highest) else 1 / len(gestures)),
            )
        )
    spread = 1.645 / math.sqrt(max(1, tail.count))
    interval = (rate * math.exp(-spread * 2), rate * math.exp(spread * 2))
    return Audit(tuple(rows), rate, interval, tail, tuple(_refused(rows, lost, odd)))


def _refused(rows: list[GestureAudit], lost: list[bool], odd: Sequence[int | None]) -> list[str]:
    """`lost`: of each gesture, whether most of its examples as they were shown are not found."""
    words = []
    for row, unfound, unlike in zip(rows, lost, odd, strict=True):
        if row.wrong >= CONFUSED:
            words.append(
                f"{row.gesture!r} is taken for {row.taken_for!r} in {100 * row.wrong:.0f} % of its repetitions: "
                "make one of them another"
            )
        elif row.false_per_hour > OFTEN:
            words.append(
                f"{row.gesture!r} is too much like what people do anyway: about {row.false_per_hour:.1f} false decisions an "
                "hour; record another, larger or with a turn more"
            )
        elif row.recall < WEAK and unfound and unlike is not None:
            words.append(
                f"{row.gesture!r} is found in only {100 * row.recall:.0f} % of its repetitions: its example {unlike + 1} is "
                "unlike the others; show that one again"
            )
        elif row.recall < WEAK and unfound:
            words.append(
                f"{row.gesture!r} is found in only {100 * row.recall:.0f} % of its repetitions: its examples differ too much, or "
                "it is too much like what people do anyway; record it again, larger or with a turn more"
            )
    return words
