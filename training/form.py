"""Learns what tells a build and a coming drop, from songs composed here; writes showctl/analysis/hearing/form_weights.py.

    .venv/bin/python -m training.form --keep DIR [--songs 96] [--first 700000] [--out FILE]

Every song is heard by the whole ear once; what it says hop by hop is kept in DIR, so the work can be stopped and taken up again.
Each song counts twice: with the beats that the ear followed, as it will be, and with the true beats, their bars known, unknown
or wrong by turns, so that one bad phase does not teach that phrases mean nothing.

Two logistic regressions (Newton's method, a quadratic penalty): BUILD, whether a beat lies in a build; DROP, whether the beat
after the one that begins is the first of a drop. Both see the very terms that are computed at run time. Seeds below 800000 are
for learning; the same songs give the same weights. A song costs about 5 s of processor time, what follows a second.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.hearing.phrase import Phrase
from showctl.analysis.hearing.sections import Judge
from training.heard import GRID, HeardSong, heard_song, hops

STYLES = (
    "house", "progressive house", "trance", "techno", "drum and bass", "dubstep", "psytrance", "hardcore", "electro",
    "future bass", "breaks", "trap", "eurodance", "synthwave", "uk garage", "downtempo",
)  # fmt: skip
OUT = Path(__file__).resolve().parent.parent / "showctl" / "analysis" / "hearing" / "form_weights.py"
AS_HEARD = 1.5  # weight of a beat of what the ear followed, against one of the truth
SOON = 0.115  # s before a beat at which the ear tells it
SHRINK_BUILD, SHRINK_DROP = 3.0, 1.0  # penalties
HEAD = '''"""What tells a build and a coming drop: weights learned by `training/form.py` from songs that `training/` composes.

BUILD weighs 1 and the measures of a beat (`phrase.NAMES`); DROP weighs what `sections.Judge` gives. Sums are log-odds in nepers.
"""
'''
Floats = NDArray[np.float64]
Beats = list[tuple[tuple[float, ...], tuple[float, ...]]]  # measures and marks of each beat


def with_truth(it: HeardSong, seed: int) -> HeardSong:
    """The same sound with the true beats; their bars are right, unknown or shifted, as the seed has it."""
    rng = np.random.default_rng([seed, 79])
    rows, time = it.rows.copy(), it.rows[:, 0] + SOON
    at = np.clip(np.searchsorted(it.beats, time) - 1, 0, len(it.beats) - 2)
    shift = int(rng.choice([0, 0, 0, 1, 2, 2, 3]))
    places = (it.positions[at] - 1 + shift) % it.meter + 1 if rng.random() < 0.8 else np.zeros(len(at))
    meter, sure = np.full(len(at), it.meter), np.ones(len(at))
    rows[:, GRID:] = np.column_stack([it.beats[at], at, np.diff(it.beats)[at], places, meter, sure])
    rows[time < it.beats[0], GRID:] = 0.0
    return replace(it, rows=rows)


def summed_up(it: HeardSong) -> tuple[Beats, Floats, Floats]:
    """Measures and marks of every beat; whether it lay in a build, and whether a drop begins a beat after its end."""
    phrase = Phrase()
    beats: Beats = []
    builds, drops = [], []
    ends = np.append(it.starts[1:], np.inf)
    begins = np.array(it.begins("drop") or [-np.inf])
    for f in hops(it.rows):
        if phrase.feed(f):
            beats.append((phrase.measures(), phrase.marks()))
            middle = phrase.next - 1.5 * phrase.period
            part = int(np.clip(np.searchsorted(it.starts, middle, "right") - 1, 0, len(ends) - 1))
            builds.append(float(it.parts[part] == "build"))
            drops.append(float(np.abs(begins - phrase.next).min() < 0.35 * phrase.period))
    return beats, np.array(builds), np.array(drops)


def regressed(terms: Floats, truth: Floats, counts: Floats, shrink: float) -> Floats:
    """Weights of a logistic regression; the first term is the constant, which is not shrunk."""
    penalty = np.diag(np.r_[1e-6, np.full(terms.shape[1] - 1, shrink)])
    weights = np.zeros(terms.shape[1])
    for _ in range(20):
        likely = 1 / (1 + np.exp(-np.clip(terms @ weights, -30, 30)))
        slope = terms.T @ (counts * (truth - likely)) - penalty @ weights
        bend = (terms * (counts * likely * (1 - likely) + 1e-9)[:, None]).T @ terms + penalty
        weights = weights + np.linalg.solve(bend, slope)
    return weights


def terms_of(beats: Beats, build: tuple[float, ...]) -> Floats:
    """(beats, terms) of DROP, as they are at run time."""
    judge = Judge(build)
    return np.array([judge.feed(measures, marks) for measures, marks in beats])


def learned(songs: list[tuple[Beats, Floats, Floats, float]]) -> tuple[Floats, Floats]:
    """BUILD and DROP of summed-up songs, each with the weight of its beats."""
    counts = np.concatenate([np.full(len(beats), weight) for beats, _, _, weight in songs])
    measures = np.array([(1.0, *m) for beats, *_ in songs for m, _ in beats])
    build = regressed(measures, np.concatenate([b for _, b, _, _ in songs]), counts, SHRINK_BUILD)
    terms = np.concatenate([terms_of(beats, tuple(build)) for beats, *_ in songs])
    return build, regressed(terms, np.concatenate([d for _, _, d, _ in songs]), counts, SHRINK_DROP)


def written(build: Floats, drop: Floats) -> str:
    """The module."""
    out = HEAD
    for name, weights in (("BUILD", build), ("DROP", drop)):
        lines = [" ".join(f"{w:.3f}," for w in weights[at : at + 10]) for at in range(0, len(weights), 10)]
        out += f"\n{name} = (\n" + "".join(f"    {line}\n" for line in lines) + ")  # fmt: skip\n"
    return out


def main() -> None:
    """Hear, learn, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--keep", type=Path, required=True)
    parser.add_argument("--songs", type=int, default=96)
    parser.add_argument("--first", type=int, default=700_000)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    songs = []
    for n in range(options.songs):
        seed = options.first + n
        heard = heard_song(seed, STYLES[n % len(STYLES)], options.keep)
        for one, weight in ((heard, AS_HEARD), (with_truth(heard, seed), 1.0)):
            songs.append((*summed_up(one), weight))
        print(f"{n + 1} of {options.songs} songs", flush=True)
    options.out.write_text(written(*learned(songs)))


if __name__ == "__main__":
    main()
