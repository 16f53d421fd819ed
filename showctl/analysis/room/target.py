"""What a room is to sound like: a curve in dB over Hz, by name or from a file.

A file is a line for each point, `Hz dB`, rising in Hz; between points the curve is straight in pitch, before the first and
after the last it stays level. Blank lines and what follows `#`, `;` or `*` are comments; a comma or a tab parts the numbers as
well, and further columns (phase, in the files that measuring programs write) are left alone. Only the shape counts: the level
is the fader's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np

from showctl.analysis.room.biquad import Array
from showctl.analysis.room.grid import flat, house
from showctl.model import ConfigError, Problem

Target = Callable[[Array], Array]  # (points,) Hz -> (points,) dB
NAMED: dict[str, Target] = {"flat": flat, "house": house}
MOST_POINTS = 10_000
HIGHEST, LOUDEST = 200_000.0, 60.0  # Hz and dB that are no slip of the keyboard


def read(text: str, path: str) -> Target:
    """The curve of a file's text. ConfigError with the line and column of every mistake; `path` names the file in it."""
    problems: list[Problem] = []
    points: list[tuple[float, float]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if len(points) == MOST_POINTS:
            problems.append(_problem(path, number, 1, f"more than {MOST_POINTS} points: leave some out"))
            break
        if fields := list(re.finditer(r"[^\s,]+", re.split(r"[#;*]", line, maxsplit=1)[0])):
            try:
                points.append(_point(fields, points[-1][0] if points else 0.0))
            except _WrongError as wrong:
                problems.append(_problem(path, number, wrong.column, str(wrong)))
    if not problems and len(points) < 2:
        problems.append(_problem(path, 1, 1, "a target needs two points or more: a line for each, such as `80 5`"))
    if problems:
        raise ConfigError(problems)
    freqs, decibels = np.array(points).T
    return lambda at: np.interp(np.log(at), np.log(freqs), decibels)


class _WrongError(Exception):
    """A line that is not a point."""

    def __init__(self, column: int, text: str) -> None:
        super().__init__(text)
        self.column = column


def _point(fields: list[re.Match[str]], last: float) -> tuple[float, float]:
    """Hz and dB of a line; above `last` Hz."""
    if len(fields) < 2:
        raise _WrongError(fields[0].start() + 1, f"{fields[0][0]!r} stands alone: write Hz and dB, such as `80 5`")
    values = []
    for field, unit in zip(fields, ("Hz", "dB"), strict=False):
        try:
            value = float(field[0])
        except ValueError:
            raise _WrongError(field.start() + 1, f"{field[0]!r} is not a number of {unit}") from None
        if not math.isfinite(value):
            raise _WrongError(field.start() + 1, f"{field[0]!r} is not a number of {unit}")
        values.append(value)
    freq, decibel = values
    if not 0 < freq <= HIGHEST:
        raise _WrongError(fields[0].start() + 1, f"{freq:g} Hz is no frequency: it must be above 0 and at most {HIGHEST:g}")
    if freq <= last:
        raise _WrongError(
            fields[0].start() + 1, f"{freq:g} Hz does not lie above {last:g} Hz of the point before: sort the lines"
        )
    if abs(decibel) > LOUDEST:
        raise _WrongError(fields[1].start() + 1, f"{decibel:g} dB is more than {LOUDEST:g} dB: are the columns Hz and dB?")
    return freq, decibel


def _problem(path: str, line: int, column: int, text: str) -> Problem:
    return Problem(path, line, column, text, "target")
