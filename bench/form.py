"""Whether drops are foretold: songs that `training/` composes, whose drops are known, and recordings, in which nothing may drop.

    .venv/bin/python bench/form.py [--songs 30] [--first 900000] [--recordings DIR] [--keep DIR]

Styles take turns. Every song is heard by the whole ear, as `listen` hears it. Ahead: foretold a beat or more before its first
beat, for a time within 0.1 s of it, and not taken back. Heard: told as `section` within two beats. False: foretold up to a time
at which no drop falls (half a beat off counts as none), or told as `section` where there is none; what lies within eight seconds
counts once. Taken back: foretold, but no longer when its time came; neither right nor wrong, though whoever prepared for it did
so in vain. --keep: what was heard hop by hop stays in DIR, so that another way to judge it costs seconds; form alone is judged
anew then. --recordings: a folder of sound files without drops, each listed with what was told of it.

Seeds below 800000 were trained on, those from 900000 on never.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

sys.path.insert(1, str(Path(__file__).resolve().parent.parent))

from showctl.analysis.hearing.sections import SectionFinder
from showctl.model import Coming, Section
from training.heard import Rows, hear, heard_song, hops

STYLES = ("house", "progressive house", "trance", "techno", "drum and bass", "dubstep")
NEAR = 0.1  # s
ONCE = 8.0  # s


@dataclass(frozen=True)
class Told:
    """What was told of one song."""

    foretold: list[tuple[float, float]]  # (s for which, s since when), and not taken back
    sections: list[tuple[float, Section]]
    seconds: float
    back: int  # foretold and taken back


def told(rows: Rows) -> Told:
    """Its form, as it is told now."""
    finder, back = SectionFinder(), 0
    foretold: list[tuple[float, float]] = []
    sections: list[tuple[float, Section]] = []
    section, coming, since = None, None, 0.0
    for f in hops(rows):
        form = finder.feed(f)
        if form.section is not section:
            section = form.section
            sections.append((f.time, section))
        if coming is not None and coming.time <= f.time and (form.coming is None or form.coming.time != coming.time):
            foretold.append((coming.time, since))
        elif coming is not None and (form.coming is None or not _same(coming, form.coming)):
            back += 1
        if form.coming is not None and (coming is None or not _same(coming, form.coming)):
            since = f.time
        coming = form.coming
    return Told(foretold, sections, float(rows[-1, 0]), back)


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
    counts = Counter(drops=len(drops), ahead=len(ahead), heard=len(heard), false=len(once), back=it.back)
    missed = " ".join(f"{d:.1f}" for d in drops if d not in ahead)
    false = " ".join(f"{at:.1f}" for at in once)
    delay = f" heard after {np.mean(late):.2f} s" if late else ""
    return counts, f"{len(ahead)}/{len(drops)} ahead{delay}" + f"; missed {missed}" * bool(missed) + f"; false {false}" * bool(
        once
    )


def recorded(path: Path, keep: Path | None) -> Rows:
    """What is heard in a file."""
    kept = keep and keep / f"{path.stem}.npz"
    if kept and kept.exists():
        rows: Rows = np.load(kept)["rows"]
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
        heard = heard_song(options.first + n, style, options.keep)
        it = told(heard.rows)
        counts, words = judged(it, heard.begins("drop"), heard.beat)
        styles[style] += counts
        minutes += it.seconds / 60
        print(f"{style:20}{options.first + n}  {words}", flush=True)
    for style, c in styles.items():
        print(f"{style:20}drops {c['drops']:3}  ahead {c['ahead']:3}  heard {c['heard']:3}  false {c['false']:3}")
    total = sum(styles.values(), Counter())
    print(f"{options.songs} songs, {minutes:.0f} min: {total['ahead']} of {total['drops']} drops ahead, {total['heard']} heard, "
          f"in 10 minutes {total['false'] * 10 / max(minutes, 1e-9):.1f} false, "
          f"{total['back'] * 10 / max(minutes, 1e-9):.1f} taken back")  # fmt: skip
    for path in sorted(options.recordings.glob("*.ogg")) if options.recordings else ():
        it = told(recorded(path, options.keep))
        form = " ".join(f"{at:.1f} {section}" for at, section in it.sections)
        print(f"{path.stem:36}{judged(it, [], 0.5)[1].partition(';')[2] or ' nothing false'};  {form}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
