"""From rows of measures to the tables of the bench. PURE: no sound, no files, no processes.

A row is one excerpt as heard by one ear: what score_beats.score says of it, and id, style, kind, cpu, memory_mb, `notices`
(ms that each beat which stood was told ahead of its time) and `positions` (whether any bar position was told).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Row = dict[str, Any]
Cell = float | int | str | None
KEPT_BY = 0.9  # share of beats that have at least the notice that the table names
ONE_STROKE = 0.03  # s, within which strokes are one onset to the ear


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs over the same sound: what was announced in both, and how far apart it was."""

    first: int  # beats that stood
    second: int
    same: int  # of them, those with a partner within the tolerance
    apart_ms: float  # the largest difference of time or emission between partners

    @property
    def holds(self) -> bool:
        return self.first == self.second == self.same


def notice_of_most(notices: Sequence[float], share: float = KEPT_BY) -> float | None:
    """The notice that at least `share` of the beats have; None without beats."""
    if not notices:
        return None
    falling = sorted(notices, reverse=True)
    return falling[math.ceil(share * len(falling) - 1e-9) - 1]  # rounded up: the share is never less than it says


def clean(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row["kind"] == "clean"]


def without_piano(rows: Iterable[Row]) -> list[Row]:
    return [row for row in clean(rows) if "piano" not in row["style"]]


def venue(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row["kind"].startswith("venue") and "F" in row]


def family(style: str) -> str:
    """The style as a row of a table: "EDM: trance" and "EDM: 80s" are one, "jazz band" is its own."""
    return style.partition(":")[0].strip()


def row_of(rows: list[Row], summary: Callable[[list[Row]], dict[str, float]]) -> dict[str, Cell]:
    """The measures of one ear, by the title of their column. `summary` is that of score_beats: over excerpts."""
    every, band, hall, whole = summary(clean(rows)), summary(without_piano(rows)), summary(venue(rows)), summary(rows)
    notices = [one for row in clean(rows) for one in row["notices"]]
    tells_bars = any(row["positions"] for row in rows)
    return {
        "F no piano": band.get("F"),
        "F clean": every.get("F"),
        "F venue": hall.get("F"),
        "AMLt": band.get("AMLt"),
        "tempo": band.get("tempo_right"),
        "lock s": every.get("lock_s"),
        "error ms": every.get("error_ms"),
        "spread ms": every.get("spread_ms"),
        "notice ms": statistics.median(notices) if notices else None,
        "90 % have ms": notice_of_most(notices),
        "downbeat F": every.get("downbeat_F") if tells_bars else None,
        "false/min": whole.get("false_per_min"),
        "CPU %": 100 * statistics.fmean(row["cpu"] for row in rows),
        "MB": statistics.median(row["memory_mb"] for row in rows),
    }


def by_family(rows: list[Row], measure: str = "F") -> dict[str, tuple[int, float]]:
    """For each family of styles, most excerpts first: how many clean excerpts have the measure, and its mean."""
    groups: dict[str, list[float]] = {}
    for row in clean(rows):
        if measure in row:
            groups.setdefault(family(row["style"]), []).append(row[measure])
    return {
        name: (len(values), statistics.fmean(values)) for name, values in sorted(groups.items(), key=lambda g: (-len(g[1]), g[0]))
    }


def worst(rows: list[Row], count: int = 8) -> list[Row]:
    """The excerpts with the lowest F, the venue's among them."""
    return sorted((row for row in rows if "F" in row), key=lambda row: row["F"])[:count]


def same_beats(first: list[Row], second: list[Row], tolerance: float = 0.001) -> Comparison:
    """Beats that stood, one run against another; they are partners when time and emission differ by no more (s)."""
    same, apart, left = 0, 0.0, list(second)
    for beat in first:
        near = min(left, key=lambda one: distance(beat, one), default=None)
        if near is not None and distance(beat, near) <= tolerance + 1e-9:
            left.remove(near)
            same, apart = same + 1, max(apart, distance(beat, near))
    return Comparison(len(first), len(second), same, 1000 * apart)


def distance(one: Row, other: Row) -> float:
    """Seconds between two announcements, of what they say or of when they said it."""
    return float(max(abs(one["time"] - other["time"]), abs(one["emitted"] - other["emitted"])))


def one_stroke(times: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of these rising times (s) to keep, so that none follows a kept one within ONE_STROKE. (n,)."""
    keep, last = np.zeros(len(times), np.bool_), -math.inf
    for n, time in enumerate(times):
        if time - last > ONE_STROKE:
            keep[n], last = True, time
    return keep


def text(value: Cell, title: str = "") -> str:
    """A cell as people read it, milliseconds to a tenth; nothing is a dash."""
    if value is None:
        return "–"
    if isinstance(value, str | int):
        return str(value)
    if value == float("inf"):
        return "never"
    if title.endswith(" ms"):
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.0f}"


def table(first: str, rows: dict[str, dict[str, Cell]]) -> str:
    """Markdown: a line a row, columns in the order in which they first appear."""
    columns = list(dict.fromkeys(title for cells in rows.values() for title in cells))
    lines = [[first, *columns]]
    lines += [[name, *(text(cells.get(title), title) for title in columns)] for name, cells in rows.items()]
    widths = [max(len(line[n]) for line in lines) for n in range(len(columns) + 1)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )
