"""Whether drops are foretold: songs that `training/` composes, whose drops are known, and recordings, in which nothing may drop.

    .venv/bin/python bench/form.py [--songs 30] [--first 900000] [--recordings DIR] [--keep DIR]

Styles take turns. Every song is heard by the whole ear, as `listen` hears it. Ahead: foretold a beat or more before its first
beat, for a time within 0.1 s of it, and not taken back. Heard: told as `section` within two beats. False: foretold up to a time
at which no drop falls (half a beat off counts as none), or told as `section` where there is none; what lies within eight seconds
counts once. --keep: what was heard hop by hop stays in DIR, so that another way to judge it costs seconds; form alone is judged
anew then. --recordings: a folder of sound files without drops, each listed with what was told of it.

Seeds below 800000 were trained on, those from 900000 on never.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

sys.path.insert(1, str(Path(__file__).resolve().parent.parent))

from showctl.analysis.hearing.analyzer import Analyzer
from showctl.analysis.hearing.sections import SectionFinder
from showctl.model import AudioBlock, BeatGrid, Coming, Features, Section
from training.electronic import song
from training.piece import RATE

STYLES = ("house", "progressive house", "trance", "techno", "drum and bass", "dubstep")
BLOCK = 4410  # frames
NEAR = 0.1  # s
ONCE = 8.0  # s


@dataclass(frozen=True)
class Told:
    """What was told of one song."""

    foretold: list[tuple[float, float]] = field(default_factory=list)  # (s for which, s since when), and not taken back
    sections: list[tuple[float, Section]] = field(default_factory=list)
    seconds: float = 0.0


def hear(samples: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """(hops, 15) what the ear says of a song, without its form."""
    ear, rows = Analyzer(rate), []
    for start in range(0, len(samples), BLOCK):
        for f in ear.feed(AudioBlock(start, samples[start : start + BLOCK].reshape(-1, 1), rate)):
            g = f.grid or BeatGrid(0.0, 0, 0.0, 0, 0)
            grid = (g.anchor, g.index, g.period, g.bar_position, g.beats_per_bar, g.confidence)
            rows.append((f.time, f.level, *f.bands, f.onset, *f.strikes, *grid))
    return np.array(rows)


def hops(rows: NDArray[np.float64]) -> Iterator[Features]:
    """The same as Features."""
    for time, level, low, middle, high, onset, kick, snare, hat, anchor, index, period, place, bar, sure in rows.tolist():
        grid = BeatGrid(anchor, int(index), period, int(place), int(bar), sure) if period > 0 else None
        yield Features(time, level, (low, middle, high), onset=onset, grid=grid, strikes=(kick, snare, hat))


def told(rows: NDArray[np.float64]) -> Told:
    """Its form, as it is told now."""
    finder, out = SectionFinder(), Told(seconds=float(rows[-1, 0]))
    section, coming, since = None, None, 0.0
    for f in hops(rows):
        form = finder.feed(f)
        if form.section is not section:
            section = form.section
            out.sections.append((f.time, section))
        if coming is not None and coming.time <= f.time and (form.coming is None or form.coming.time != coming.time):
            out.foretold.append((coming.time, since))
        if form.coming is not None and (coming is None or not _same(coming, form.coming)):
            since = f.time
        coming = form.coming
    return out


def _same(one: Coming, other: Coming) -> bool:
    return abs(one.time - other.time) <= NEAR


def judged(it: Told, drops: list[float], beat: float) -> tuple[Counter[str], str]:
    """Counts of one song, and what there was to say of it."""
    ahead = [d for d in drops if any(abs(at - d) <= NEAR and since <= d - beat for at, since in it.foretold)]
    said = [at for at, section in it.sections if section is Section.DROP]
    heard = [d for d in drops if any(-NEAR < at - d < 2 * beat for at in said)]
    late = [min(at - d for at in said if at - d > -NEAR) for d in heard]
    wrong = [at for at, _ in it.foretold if all(abs(at - d) > beat / 2 for d in drops)]
    wrong += [at for at in said if not any(-beat / 2 < at - d < 4 * beat for d in drops)]
    once = [at for n, at in enumerate(sorted(wrong)) if n == 0 or at - sorted(wrong)[n - 1] > ONCE]
    counts = Counter(drops=len(drops), ahead=len(ahead), heard=len(heard), false=len(once))
    missed = " ".join(f"{d:.1f}" for d in drops if d not in ahead)
    false = " ".join(f"{at:.1f}" for at in once)
    delay = f" heard after {np.mean(late):.2f} s" if late else ""
    return counts, f"{len(ahead)}/{len(drops)} ahead{delay}" + f"; missed {missed}" * bool(missed) + f"; false {false}" * bool(
        once
    )


def composed(seed: int, style: str, keep: Path | None) -> tuple[NDArray[np.float64], list[float], float]:
    """(what is heard, drops (s), a beat (s)) of a song, from `keep` if it is there."""
    path = keep and keep / f"{style.replace(' ', '_')}_{seed}.npz"
    if path and path.exists():
        data = np.load(path)
        return data["rows"], data["drops"].tolist(), float(data["beat"])
    piece = song(seed, style)
    rows, beat = hear(piece.audio, RATE), float(np.median(np.diff(piece.beats)))
    drops = [at for at, name in piece.sections if name == "drop"]
    if path:
        np.savez_compressed(path, rows=rows, drops=np.array(drops), beat=beat)
    return rows, drops, beat


def recorded(path: Path, keep: Path | None) -> NDArray[np.float64]:
    """What is heard in a file."""
    kept = keep and keep / f"{path.stem}.npz"
    if kept and kept.exists():
        rows: NDArray[np.float64] = np.load(kept)["rows"]
        return rows
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    rows = hear(samples.mean(axis=1), rate)
    if kept:
        np.savez_compressed(kept, rows=rows)
    return rows


def main() -> int:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--songs", type=int, default=30)
    parser.add_argument("--first", type=int, default=900_000, help="seed of the first song")
    parser.add_argument("--recordings", type=Path)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    styles: dict[str, Counter[str]] = {style: Counter() for style in STYLES}
    minutes = 0.0
    for n in range(options.songs):
        style = STYLES[n % len(STYLES)]
        rows, drops, beat = composed(options.first + n, style, options.keep)
        counts, words = judged(told(rows), drops, beat)
        styles[style] += counts
        minutes += rows[-1, 0] / 60
        print(f"{style:20}{options.first + n}  {words}", flush=True)
    for style, c in styles.items():
        print(f"{style:20}drops {c['drops']:3}  ahead {c['ahead']:3}  heard {c['heard']:3}  false {c['false']:3}")
    total = sum(styles.values(), Counter())
    print(f"{options.songs} songs, {minutes:.0f} min: {total['ahead']} of {total['drops']} drops ahead, {total['heard']} heard, "
          f"{total['false'] * 10 / max(minutes, 1e-9):.1f} false in 10 minutes")  # fmt: skip
    for path in sorted(options.recordings.glob("*.ogg")) if options.recordings else ():
        it = told(recorded(path, options.keep))
        form = " ".join(f"{at:.1f} {section}" for at, section in it.sections)
        print(f"{path.stem:36}{judged(it, [], 0.5)[1].partition(';')[2] or ' nothing false'};  {form}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
