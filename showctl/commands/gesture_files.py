"""Motion from CSV files, as the gesture commands read them: at any rate, with samples lost, brought to 50 a second."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

AXES = ["ax", "ay", "az", "gx", "gy", "gz"]
SLOWEST, FASTEST = 20.0, 1000.0  # samples a second
LARGEST = 1e5  # nothing a sensor says
PERSON = 5 * 60 * 50  # samples of a file of null motion that are held to be of one person, at most
PIECES = 6  # into which little of it is cut


def motion(path: Path) -> Any:
    """(n, 6) g and deg/s of a file with columns AXES; a lost sample is a row of NaN. ValueError in a line for people, OSError."""
    import numpy as np

    rows = [values for _, values in _rows(path, AXES)]
    if not rows:
        raise ValueError(f"{path}:2:1: error: there is no motion in it [empty]")
    return np.array(rows)


def examples(path: Path) -> list[tuple[str, Any]]:
    """(gesture, (n, 6) recording) of a file with columns gesture, rep and AXES, in the order of the file. Lost samples are
    bridged. ValueError in a line for people, OSError."""
    import numpy as np

    found: dict[tuple[str, str], list[list[float]]] = {}
    for (gesture, rep), values in _rows(path, ["gesture", "rep", *AXES]):
        found.setdefault((gesture, rep), []).append(values)
    if not found:
        raise ValueError(f"{path}:2:1: error: there are no examples in it [empty]")
    return [(gesture, bridged(np.array(values))) for (gesture, _), values in found.items()]


def bridged(motion: Any) -> Any:
    """Lost samples on straight lines between their neighbours; what is lost at the ends is left out."""
    import numpy as np

    known = np.flatnonzero(np.isfinite(motion).all(1))
    if not len(known):
        return motion[:0]
    at = np.arange(known[0], known[-1] + 1)
    return np.stack([np.interp(at, known, axis[known]) for axis in motion.T], 1)


def resampled(motion: Any, rate: float) -> Any:
    """(n, 6) at `rate` -> at 50 a second; each sample is made of the two about its time, and lost if one of them is."""
    import numpy as np

    if rate == 50:
        return motion
    at = np.arange(0, (len(motion) - 1) / rate + 1e-9, 1 / 50) * rate
    low = np.minimum(at.astype(np.int64), len(motion) - 1)
    high = np.minimum(low + 1, len(motion) - 1)
    share = (at - low)[:, None]
    return np.where(share > 1e-9, motion[low] * (1 - share) + motion[high] * share, motion[low])


def null_for(shown: list[tuple[str, Any]], more: list[Any], *, shipped_too: bool = True) -> list[list[Any]]:
    """Motion without gestures to hold examples against, person by person: what is shipped and `more` (n, 6), with gravity or
    without as the examples are. Who moves in a file is not known: some minutes of it count as a person. ValueError where that
    cannot be."""
    import numpy as np

    from showctl.analysis.gesture.corpus import has_gravity, shipped, without_gravity

    null = list(shipped().values()) if shipped_too else []
    piece = min(PERSON, sum(map(len, more)) // PIECES + 1)
    null += [[one[begin : begin + piece]] for one in more for begin in range(0, len(one), piece)]
    if not has_gravity(np.concatenate([one for _, one in shown])):
        return [[without_gravity(one) if has_gravity(one) else one for one in person] for person in null]
    if any(not has_gravity(one) for person in null for one in person):
        raise ValueError("--null: acceleration without gravity, but the examples have it: record them with the same device")
    return null


def _rows(path: Path, columns: list[str]) -> Iterator[tuple[tuple[str, ...], list[float]]]:
    """Of each row what stands before the axes, and their values."""
    words = len(columns) - len(AXES)
    with path.open(newline="", encoding="utf-8") as opened:
        rows = csv.reader(opened)
        if (header := next(rows, [])) != columns:
            raise ValueError(
                f"{path}:1:1: error: the columns are {','.join(header) or 'none'}, not {','.join(columns)} [columns]"
            )
        for row in rows:
            where = f"{path}:{rows.line_num}"
            if len(row) != len(columns):
                raise ValueError(f"{where}:1: error: {len(row)} fields instead of {len(columns)} [fields]")
            yield tuple(row[:words]), _values(row, words, where)


def _values(row: list[str], words: int, where: str) -> list[float]:
    if not any(row[words:]):
        return [float("nan")] * len(AXES)
    try:
        values = [float(field) for field in row[words:]]
    except ValueError as error:
        raise ValueError(f"{where}:{words + 1}: error: {error} [number]") from None
    if not all(abs(value) < LARGEST for value in values):
        raise ValueError(f"{where}:{words + 1}: error: no sensor says {max(values, key=abs):g} [range]")
    return values
