"""Onsets against the truth: pieces that the project composes, with seeds that training never sees, and what an ear said of them.

An onset is right within 50 ms of one that is there (mir_eval, announced time). The latency is `emitted` less the true time, for
those that are right: how long after the stroke a lamp can know of it. What is struck within 30 ms of an earlier stroke is one
onset to anybody's ear, so such strokes are one in the truth and such announcements are one in what was heard.
"""

from __future__ import annotations

import importlib
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import figures
import mir_eval
import numpy as np
import soundfile

FIRST_SEED = 900_000  # training counts up from 0 and never comes here
COMPOSERS = ("band", "electronic", "metal", "piano")
SECONDS = 30.0  # of each piece
WINDOW = 0.05  # s


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """A piece on disc, and its strokes (s): all of them, and by kind."""

    file: Path
    style: str
    composer: str
    onsets: np.ndarray
    kinds: dict[str, np.ndarray]


@dataclass(slots=True)
class Tally:
    """What one ear made of the pieces heard so far."""

    f: list[float] = field(default_factory=list)  # a piece each
    precision: list[float] = field(default_factory=list)
    recall: list[float] = field(default_factory=list)
    latency_ms: list[float] = field(default_factory=list)  # an onset each
    error_ms: list[float] = field(default_factory=list)
    found: dict[str, list[int]] = field(default_factory=dict)  # kind -> strokes found, strokes
    named: dict[str, list[int]] = field(default_factory=dict)  # kind -> onsets said to be one that are, onsets said to be one
    cpu: list[float] = field(default_factory=list)
    by_composer: dict[str, list[float]] = field(default_factory=dict)

    def add(self, truth: Truth, objects: list[dict[str, Any]], cpu: float) -> None:
        """Count one piece."""
        times, emitted = heard(objects)
        f, precision, recall = mir_eval.onset.f_measure(truth.onsets, times, window=WINDOW)
        for kept, value in ((self.f, f), (self.precision, precision), (self.recall, recall), (self.cpu, cpu)):
            kept.append(float(value))
        self.by_composer.setdefault(truth.composer, []).append(float(f))
        pairs = mir_eval.util.match_events(truth.onsets, times, WINDOW)
        self.latency_ms += [1000 * float(emitted[n] - truth.onsets[m]) for m, n in pairs]
        self.error_ms += [1000 * float(times[n] - truth.onsets[m]) for m, n in pairs]
        for kind, strokes in truth.kinds.items():
            said = np.array(sorted(o["time"] for o in objects if o.get("type") == "onset" and o.get("band") == kind))
            for counts, given, events in ((self.found, strokes, times), (self.named, said, strokes)):
                count = counts.setdefault(kind, [0, 0])
                count[0] += len(mir_eval.util.match_events(given, events, WINDOW)) if len(given) and len(events) else 0
                count[1] += len(given)

    def cells(self) -> dict[str, figures.Cell]:
        """A line of the table."""
        late = self.latency_ms or [float("nan")]
        line: dict[str, figures.Cell] = {
            "onset F": statistics.fmean(self.f),
            "precision": statistics.fmean(self.precision),
            "recall": statistics.fmean(self.recall),
            "error ms": statistics.median(self.error_ms or [float("nan")]),
            "latency ms": statistics.median(late),
            "90 % within ms": float(np.percentile(late, 90)),
            "CPU %": 100 * statistics.fmean(self.cpu),
        }
        line |= {f"F {name}": statistics.fmean(values) for name, values in self.by_composer.items()}
        line |= {f"{kind} found": found / count for kind, (found, count) in self.found.items() if count}
        return line | {f"{kind} so named": right / count for kind, (right, count) in self.named.items() if count}


def heard(objects: list[dict[str, Any]]) -> tuple[np.ndarray, np.ndarray]:
    """Times and emissions (s) of the onsets announced, in order; of those that are one stroke the first that was said."""
    told = sorted((o["time"], o["emitted"]) for o in objects if o.get("type") == "onset")
    times = np.array([time for time, _ in told])
    keep = figures.one_stroke(times)
    return times[keep], np.array([emitted for _, emitted in told])[keep]


def composers() -> dict[str, Callable[[int], Any]]:
    """Those of training/ that can compose here; ImportError, with what is missing, when none can."""
    found: dict[str, Callable[[int], Any]] = {}
    missing = ""
    for name in COMPOSERS:
        try:
            found[name] = importlib.import_module(f"training.{name}").compose
        except ImportError as error:
            missing = f"training.{name}: {error}"
    if not found:
        raise ImportError(missing)
    return found


def pieces(makers: dict[str, Callable[[int], Any]], count: int, folder: Path) -> Iterator[Truth]:
    """So many pieces, rendered into the folder, composers in turn. A file is the caller's to remove."""
    for n in range(count):
        name, compose = list(makers.items())[n % len(makers)]
        piece = compose(FIRST_SEED + n)
        kinds = {kind: np.sort(times[times < SECONDS - WINDOW]) for kind, times in piece.hits.items()}
        every = np.sort(np.concatenate([*kinds.values(), np.zeros(0)]))
        if not len(every):
            continue  # a piece that tells no hits says nothing about onsets
        file = folder / f"{name}-{FIRST_SEED + n}.wav"
        soundfile.write(file, piece.audio[: int(SECONDS * 44100)], 44100, subtype="PCM_16")
        yield Truth(file, piece.style, name, every[figures.one_stroke(every)], kinds)
