"""What caution costs the feedback watch: loops caught in time against notes taken for loops.

The watch tells of a peak when what is known of it is more than enough (`analysis.room.howl.Courses`: the surplus, in natural
logarithms of odds). Asked for a surplus of `caution` instead of none, it would tell less: what it weighed is kept, and told anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from showctl.analysis.room.howl import Told

WITHIN = 1.5  # s
AGAIN = 5.0  # s: alarms at one frequency that are closer are one
CAUTIONS = (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
Weighed = Sequence[tuple[float, float, float]]  # time, frequency, surplus: all peaks that were judged


@dataclass(frozen=True, slots=True)
class Case:
    """What the watch made of a loop, or of music: `raised` and `away` (s) are None where nothing ever howls."""

    weighed: Weighed
    seconds: float
    raised: float | None = None
    away: float | None = None
    howls: tuple[float, ...] = ()

    def told(self, caution: float) -> list[tuple[float, float]]:
        """Time and frequency of each alarm, a frequency once in AGAIN seconds."""
        told, kept = Told(), list[tuple[float, float]]()
        for time, freq, surplus in self.weighed:
            new = surplus > caution and told.new(time, freq, 0.0)
            if new and not any(abs(freq / f - 1) < 0.03 and time - t < AGAIN for t, f in kept):
                kept.append((time, freq))
        return kept

    def late(self, caution: float) -> float | None:
        """Seconds from running away to the alarm, None where there is none."""
        assert self.raised is not None
        assert self.away is not None
        known = (t for t, f in self.told(caution) if t >= self.raised and any(abs(f / h - 1) < 0.03 for h in self.howls))
        at = next(known, None)
        return None if at is None else at - self.away


def trade(cases: Iterable[Case]) -> None:
    """Print what each caution gives."""
    cases = list(cases)
    loops = [case for case in cases if case.away is not None]
    music = [case for case in cases if case.raised is None]
    minutes = sum(case.seconds for case in music) / 60
    print(f"{'caution':>7} {'caught within 1.5 s':>24} {'ever':>5} {'false, in ten minutes':>24}   ({minutes:.0f} minutes)")
    for caution in CAUTIONS:
        late = [case.late(caution) for case in loops]
        soon, ever = sum(a is not None and a <= WITHIN for a in late), sum(a is not None for a in late)
        false = sum(len(case.told(caution)) for case in music)
        caught, wrong = f"{soon} of {len(loops)} ({share(soon, len(loops))})", f"{false}: {rate(false, minutes)}"
        print(f"{caution:+7.1f} {caught:>24} {ever:5} {wrong:>24}")


def share(some: int, all_of: int) -> str:
    """In %, with its 95 % interval (Clopper and Pearson)."""
    if not all_of:
        return "none"
    low = stats.beta.ppf(0.025, some, all_of - some + 1) if some else 0.0
    high = stats.beta.ppf(0.975, some + 1, all_of - some) if some < all_of else 1.0
    return f"{100 * low:.0f}-{100 * high:.0f} %"


def rate(count: int, minutes: float) -> str:
    """In ten minutes, with its 95 % interval (Poisson, exact)."""
    if not minutes:
        return "none"
    low = stats.chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    high = stats.chi2.ppf(0.975, 2 * count + 2) / 2
    return f"{10 * count / minutes:.2f} ({10 * low / minutes:.2f}-{10 * high / minutes:.2f})"
