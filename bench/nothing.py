"""False beats where nobody plays: speech, crowds, applause, knocks, hum and silence of seeds that no net was trained on.

    .venv/bin/python bench/nothing.py [--scenes 60] [--first 700000]

Half of the scenes are heard through a poor microphone in a room. Each goes through the whole ear, as `listen` hears it; every
beat that is announced and not withdrawn before its time is false. Steady footsteps, and a drone whose tones beat, are in it,
too: of those a listener would say that they have a beat.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parent.parent))

from showctl.analysis.hearing.analyzer import Analyzer
from showctl.analysis.hearing.announce import Announcer
from showctl.model import AudioBlock
from training import nothing, spoil
from training.piece import RATE, Piece

BLOCK = 4410  # frames


def beats(piece: Piece) -> int:
    """How many were announced and stood."""
    ear, announcer, told = Analyzer(RATE), Announcer(), set()
    for start in range(0, len(piece.audio), BLOCK):
        for heard in ear.feed(AudioBlock(start, piece.audio[start : start + BLOCK].reshape(-1, 1), RATE)):
            for news in announcer.feed(heard):
                if news["type"] == "beat":
                    told.add(news["index"])
                elif news["type"] == "withdraw":
                    told.discard(news["index"])
    return len(told)


def main() -> int:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenes", type=int, default=60)
    parser.add_argument("--first", type=int, default=700_000, help="seed of the first scene")
    options = parser.parse_args()
    minutes, false = 0.0, defaultdict[str, float](float)
    for seed in range(options.first, options.first + options.scenes):
        piece = spoil.spoil(nothing.compose(seed), seed, mild=seed % 2 == 0)
        count = beats(piece)
        minutes += len(piece.audio) / RATE / 60
        false[f"{seed} {piece.style}"] += count
        if count:
            print(f"{count:4} in {seed} {piece.style}", flush=True)
    worst = max(false, key=lambda name: false[name])
    rest = sum(false.values()) - false[worst]
    some = sum(count > 0 for count in false.values())
    print(f"{options.scenes} scenes, {minutes:.0f} minutes: {sum(false.values()) / minutes:.2f} false beats a minute, ", end="")
    print(f"in {some} of them; without the worst {rest / minutes:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
